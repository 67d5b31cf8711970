//! Rows of loans of stake weight, and of payments into stake pools.

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
    /// Address of the other hotkey.
    hotkey: String,
    /// Part of the lender's stake, in units of 1 / (2^64 - 1).
    proportion: u64,
    /// Stake weight that is lent, in rao.
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

/// Payment into the stake pool of one hotkey.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PaymentRow {
    /// Address of the hotkey: the neuron's, or that of a parent that lends to it.
    hotkey: String,
    /// Address of the coldkey that owns the hotkey.
    coldkey: String,
    /// Amount for the owner alone, in rao: the pay for mining, and the take of a child.
    #[schemars(with = "u64")]
    alone: Amount<Tao>,
    /// Amount to be shared, in rao.
    #[schemars(with = "u64")]
    to_share: Amount<Tao>,
    /// Take of the hotkey, of 65 535; absent if the hotkey is no delegate and shares nothing.
    take: Option<u16>,
    /// Amount that is shared after the take, in rao.
    #[schemars(with = "u64")]
    shared: Amount<Tao>,
    /// Growth of the owner's stake, in rao.
    #[schemars(with = "u64")]
    owner: Amount<Tao>,
    /// Growth of the nominators' stake, in rao.
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

/// Audit of a stake pool that was paid into.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PoolRow {
    /// Address of the hotkey of the pool.
    hotkey: String,
    /// Stake in the pool before the block, in rao.
    #[schemars(with = "u64")]
    before: Amount<Tao>,
    /// Payments of the block's epochs by the rules, in rao.
    #[schemars(with = "u64")]
    expected: Amount<Tao>,
    /// Stake that transactions of the block added, in rao.
    #[schemars(with = "u64")]
    added: Amount<Tao>,
    /// Stake that transactions of the block removed, in rao.
    #[schemars(with = "u64")]
    removed: Amount<Tao>,
    /// Stake in the pool after the block, in rao; absent if it was moved or returned within the block.
    #[schemars(with = "Option<u64>")]
    after: Option<Amount<Tao>>,
    /// Growth of the pool beyond these amounts, in rao; absent without the stake after the block.
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
