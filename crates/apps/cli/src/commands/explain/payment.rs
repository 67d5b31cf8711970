//! Stake that is lent, and stake that is paid.

use crate::{
    page::{Side, Table, TableCell},
    share::{percent, u16_percent},
};
use myelin_explain::{Credit, Loan, Payment};
use myelin_primitives::{Amount, Take, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// Stake weight that one hotkey lends to another.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LoanRow {
    /// The other hotkey.
    hotkey: String,
    /// The part of the lender's stake, in counts of 1 / (2^64 - 1).
    proportion: u64,
    /// How much that is, in rao.
    #[schemars(with = "u64")]
    amount: Amount<Tao>,
}

impl From<&Loan> for LoanRow {
    fn from(loan: &Loan) -> Self {
        Self { hotkey: loan.hotkey.to_string(), proportion: loan.proportion.parts(), amount: loan.amount }
    }
}

impl LoanRow {
    pub(super) fn hotkey(&self) -> &str {
        &self.hotkey
    }

    pub(super) const fn amount(&self) -> Amount<Tao> {
        self.amount
    }

    pub(super) fn part(&self) -> String {
        percent(self.proportion, u64::MAX)
    }
}

/// What is paid into the pool of one hotkey.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PaymentRow {
    /// On which hotkey: the neuron's, or one that lends to it.
    hotkey: String,
    /// Who owns that.
    coldkey: String,
    /// What is for the owner alone, in rao: what was earned by mining, and what a child takes.
    #[schemars(with = "u64")]
    alone: Amount<Tao>,
    /// What is to be shared, in rao.
    #[schemars(with = "u64")]
    to_share: Amount<Tao>,
    /// What the hotkey takes of what is to be shared, of 65535. Nothing if it is no delegate and shares nothing.
    take: Option<u16>,
    /// What is shared after the take, in rao.
    #[schemars(with = "u64")]
    shared: Amount<Tao>,
    /// By how much the owner's stake grows, in rao.
    #[schemars(with = "u64")]
    owner: Amount<Tao>,
    /// By how much the stake of the nominators grows, in rao.
    #[schemars(with = "u64")]
    nominators: Amount<Tao>,
}

impl From<&Payment> for PaymentRow {
    fn from(payment: &Payment) -> Self {
        // Each payment of an audit has its growth.
        let growth = payment.growth.unwrap_or_default();
        Self {
            hotkey: payment.hotkey.to_string(),
            coldkey: payment.coldkey.to_string(),
            alone: payment.emission.miner,
            to_share: payment.emission.validator,
            take: payment.take.map(Take::get),
            shared: payment.payout.shared,
            owner: growth.owner,
            nominators: growth.nominators,
        }
    }
}

impl PaymentRow {
    pub(super) fn table(payments: &[Self]) -> Table {
        let mut table = Table::new([
            ("  ON", Side::Left),
            ("FOR THE OWNER", Side::Right),
            ("TO SHARE", Side::Right),
            ("TAKE", Side::Right),
            ("OWNER GETS", Side::Right),
            ("NOMINATORS GET", Side::Right),
        ]);
        for payment in payments {
            let amounts = [payment.alone, payment.to_share, payment.owner, payment.nominators];
            let [alone, to_share, owner, nominators] = amounts.map(|amount| TableCell::from(amount.to_string()));
            let take = TableCell::optional(payment.take.map(u16_percent));
            table.row([format!("  {}", payment.hotkey).into(), alone, to_share, take, owner, nominators]);
        }
        table
    }
}

/// What became of a pool of stake that was paid into.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PoolRow {
    /// On which hotkey.
    hotkey: String,
    /// What was in it before the block, in rao.
    #[schemars(with = "u64")]
    before: Amount<Tao>,
    /// What the epochs of the block pay by the rules, in rao.
    #[schemars(with = "u64")]
    expected: Amount<Tao>,
    /// What transactions of the block added, in rao.
    #[schemars(with = "u64")]
    added: Amount<Tao>,
    /// What transactions of the block removed, in rao.
    #[schemars(with = "u64")]
    removed: Amount<Tao>,
    /// What was in it after the block, in rao. Nothing if it was moved or given back within the block.
    #[schemars(with = "Option<u64>")]
    after: Option<Amount<Tao>>,
    /// By how much it grew more than all that, in rao.
    difference: Option<i64>,
}

impl From<&Credit> for PoolRow {
    fn from(credit: &Credit) -> Self {
        Self {
            hotkey: credit.hotkey.to_string(),
            before: credit.before,
            expected: credit.expected,
            added: credit.added,
            removed: credit.removed,
            after: credit.after,
            difference: credit.difference(),
        }
    }
}
