//! The terms by which one neuron came to its pay.

use super::{LoanRow, PaymentRow};
use crate::{
    page::{Page, Render, Side, Table, TableCell, Tone},
    share::percent,
};
use myelin_explain::NeuronAudit;
use myelin_primitives::{Amount, Q32, Tao};
use myelin_yuma::{BondTrace, WeightTrace};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A number between nought and one, in counts of 2^-32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ShareValue(u64);

impl ShareValue {
    /// In percent.
    pub(super) fn percent(self) -> String {
        percent(self.0, 1 << Q32::FRACTION_BITS)
    }
}

impl From<Q32> for ShareValue {
    fn from(number: Q32) -> Self {
        // Shares are never below zero.
        Self(u64::try_from(number.to_bits()).unwrap_or(0))
    }
}

/// What a validator says of a miner.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OpinionRow {
    /// Who says it.
    validator: u16,
    /// Of whom.
    miner: u16,
    /// The validator's part of the active stake.
    active_stake: ShareValue,
    /// The part of the validator's weights.
    weight: ShareValue,
    /// What consensus leaves of it.
    clipped: ShareValue,
    /// What it adds to the rank: the clipped weight times the active stake.
    adds: ShareValue,
}

/// What a validator holds of a miner after the epoch, and earns by it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BondRow {
    /// On whom.
    miner: u16,
    /// The bond.
    bond: ShareValue,
    /// Its part of all bonds on the miner.
    share: ShareValue,
    /// That part of the miner's incentive.
    pays: ShareValue,
}

/// How one neuron came to its pay.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NeuronDerivation {
    /// Its seat.
    pub(super) uid: u16,
    /// Its hotkey.
    pub(super) hotkey: String,
    /// Who owns that.
    coldkey: Option<String>,
    /// What is staked on it, in rao.
    #[schemars(with = "u64")]
    staked: Amount<Tao>,
    /// What it lends to its children.
    lent: Vec<LoanRow>,
    /// What its parents lend to it.
    borrowed: Vec<LoanRow>,
    /// What it weighs with, in rao.
    #[schemars(with = "u64")]
    weight: Amount<Tao>,
    /// Its part of all stake on the subnet.
    stake: ShareValue,
    /// Whether it was heard of lately enough to count.
    active: bool,
    /// Whether it might validate in this epoch.
    permitted: bool,
    /// Its part of the stake that is active and permitted.
    active_stake: ShareValue,
    /// What validators say of it.
    received: Vec<OpinionRow>,
    /// The weight that holders of enough stake agree on.
    consensus: ShareValue,
    /// The sum of what stands behind it.
    rank: ShareValue,
    /// Its part of all ranks, and so of what miners earn.
    incentive: ShareValue,
    /// What it says of others.
    given: Vec<OpinionRow>,
    /// How much of its weights consensus left to it.
    validator_trust: ShareValue,
    /// What it holds of miners that earned.
    bonds: Vec<BondRow>,
    /// Its part of what validators earn.
    dividends: ShareValue,
    /// What it earns for mining, in rao.
    #[schemars(with = "u64")]
    mining: Amount<Tao>,
    /// What it earns for validating, in rao.
    #[schemars(with = "u64")]
    validating: Amount<Tao>,
    /// Into which pools of stake that goes.
    payments: Vec<PaymentRow>,
    /// What the chain noted that it paid, in rao. Nothing if the seat changed hands in the same block.
    #[schemars(with = "Option<u64>")]
    paid: Option<Amount<Tao>>,
    /// What the chain paid more than the rules say, in rao.
    difference: Option<i64>,
}

impl NeuronDerivation {
    /// Of this neuron. `active_stakes` are by uid.
    pub(super) fn of(neuron: &NeuronAudit, active_stakes: &BTreeMap<u16, Q32>) -> Self {
        let opinion = |opinion: &WeightTrace| OpinionRow {
            validator: opinion.validator.get(),
            miner: opinion.miner.get(),
            active_stake: active_stakes.get(&opinion.validator.get()).copied().unwrap_or_default().into(),
            weight: opinion.weight.into(),
            clipped: opinion.clipped.into(),
            adds: opinion.backed.into(),
        };
        let bond = |bond: &BondTrace| BondRow {
            miner: bond.miner.get(),
            bond: bond.bond.into(),
            share: bond.share.into(),
            pays: bond.pays.into(),
        };
        Self {
            uid: neuron.uid.get(),
            hotkey: neuron.hotkey.to_string(),
            coldkey: neuron.coldkey.map(|coldkey| coldkey.to_string()),
            staked: neuron.weight.own,
            lent: neuron.weight.lent.iter().map(LoanRow::from).collect(),
            borrowed: neuron.weight.borrowed.iter().map(LoanRow::from).collect(),
            weight: neuron.weight.total,
            stake: neuron.stake.into(),
            active: neuron.active,
            permitted: neuron.permitted,
            active_stake: neuron.active_stake.into(),
            received: neuron.received.iter().map(opinion).collect(),
            consensus: neuron.consensus.into(),
            rank: neuron.rank.into(),
            incentive: neuron.incentive.into(),
            given: neuron.given.iter().map(opinion).collect(),
            validator_trust: neuron.validator_trust.into(),
            bonds: neuron.bonds.iter().map(bond).collect(),
            dividends: neuron.dividends.into(),
            mining: neuron.emission.miner,
            validating: neuron.emission.validator,
            payments: neuron.payments.iter().map(PaymentRow::from).collect(),
            paid: neuron.paid,
            difference: neuron.difference(),
        }
    }

    fn weighs(&self, page: &mut Page) {
        heading(page, "How much it weighs");
        let weight = format!("{}, {} of all on the subnet", self.weight, self.stake.percent());
        let counts = match (self.active, self.permitted) {
            (true, true) => TableCell::from(format!("{} of what is active and permitted", self.active_stake.percent())),
            (false, _) => TableCell::new("nothing: it has not set weights for too long", Tone::Warning),
            (true, false) => TableCell::new("nothing as a validator: it has no permit", Tone::Faint),
        };
        page.fields([
            ("  staked on it", self.staked.to_string().into()),
            ("  weighs", weight.into()),
            ("  counts as", counts),
        ]);
        for loan in &self.lent {
            page.line(format!("  lends {} of that, {}, to {}", loan.part(), loan.amount(), loan.hotkey()));
        }
        for loan in &self.borrowed {
            page.line(format!("  borrows {}, {} of what {} has", loan.amount(), loan.part(), loan.hotkey()));
        }
    }

    fn mines(&self, page: &mut Page) {
        heading(page, "What validators say of it");
        if self.received.is_empty() {
            page.line("  nothing");
            return;
        }
        let mut table = Table::new([
            ("  BY", Side::Right),
            ("ACTIVE STAKE", Side::Right),
            ("WEIGHT", Side::Right),
            ("AFTER CONSENSUS", Side::Right),
            ("ADDS", Side::Right),
        ]);
        for opinion in &self.received {
            table.row([
                opinion.validator.to_string().into(),
                opinion.active_stake.percent().into(),
                opinion.weight.percent().into(),
                opinion.after_consensus(),
                opinion.adds.percent().into(),
            ]);
        }
        page.table(&table);
        page.fields([
            ("  consensus", self.consensus.percent().into()),
            ("  rank", format!("{}, the sum", self.rank.percent()).into()),
            ("  incentive", format!("{} of all ranks", self.incentive.percent()).into()),
        ]);
    }

    fn validates(&self, page: &mut Page) {
        heading(page, "What it says of others");
        if self.given.is_empty() {
            page.line("  nothing that counts");
        } else {
            let mut table =
                Table::new([("  OF", Side::Right), ("WEIGHT", Side::Right), ("AFTER CONSENSUS", Side::Right)]);
            for opinion in &self.given {
                table.row([
                    opinion.miner.to_string().into(),
                    opinion.weight.percent().into(),
                    opinion.after_consensus(),
                ]);
            }
            page.table(&table);
            page.fields([("  validator trust", format!("{}, the sum", self.validator_trust.percent()).into())]);
        }
        if self.bonds.is_empty() {
            return;
        }
        heading(page, "What it holds of miners that earned");
        let mut table = Table::new([
            ("  OF", Side::Right),
            ("BOND", Side::Right),
            ("OF ALL BONDS", Side::Right),
            ("OF ITS INCENTIVE", Side::Right),
        ]);
        for bond in &self.bonds {
            let parts = [bond.bond, bond.share, bond.pays].map(|part| TableCell::from(part.percent()));
            let [held, share, pays] = parts;
            table.row([bond.miner.to_string().into(), held, share, pays]);
        }
        page.table(&table);
        page.fields([("  dividends", format!("{} of what validators earn", self.dividends.percent()).into())]);
    }

    fn earns(&self, page: &mut Page) {
        heading(page, "What it earns");
        page.fields([
            ("  mining", self.mining.to_string().into()),
            ("  validating", self.validating.to_string().into()),
        ]);
        if !self.payments.is_empty() {
            heading(page, "Into which stake that goes");
            page.table(&PaymentRow::table(&self.payments));
        }
        let paid = match (self.paid, self.difference) {
            (Some(paid), Some(0)) => TableCell::new(format!("{paid}, as the rules say"), Tone::Good),
            (Some(paid), Some(difference)) => {
                TableCell::new(format!("{paid}, which differs from the rules by {difference} rao"), Tone::Bad)
            }
            _ => TableCell::new("not to be seen: the seat changed hands in the same block", Tone::Warning),
        };
        page.fields([("paid", paid)]);
    }
}

impl OpinionRow {
    fn after_consensus(&self) -> TableCell {
        let tone = if self.clipped == self.weight { Tone::Plain } else { Tone::Warning };
        TableCell::new(self.clipped.percent(), tone)
    }
}

fn heading(page: &mut Page, text: &str) {
    page.line("");
    page.line(Tone::Label.paint(text));
}

impl Render for NeuronDerivation {
    fn render(&self, page: &mut Page) {
        self.weighs(page);
        self.mines(page);
        self.validates(page);
        self.earns(page);
    }
}
