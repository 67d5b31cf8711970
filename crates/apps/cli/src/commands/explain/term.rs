//! Terms from which the emission of one neuron follows.

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

/// A number from 0 to 1, in units of 2^-32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct ShareValue(u64);

impl ShareValue {
    /// Formats the number in percent.
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

/// A weight that a validator gives to a miner, and its effect.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct OpinionRow {
    /// Uid of the validator.
    validator: u16,
    /// Uid of the miner.
    miner: u16,
    /// Part of the active stake that the validator has.
    active_stake: ShareValue,
    /// Part of the validator's weights that the miner has.
    weight: ShareValue,
    /// Weight after clipping by consensus.
    clipped: ShareValue,
    /// Contribution to the rank: the clipped weight times the active stake.
    adds: ShareValue,
}

/// A bond of a validator on a miner after the epoch, and its pay.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BondRow {
    /// Uid of the miner.
    miner: u16,
    /// Size of the bond.
    bond: ShareValue,
    /// Part of all bonds on the miner.
    share: ShareValue,
    /// Part of the miner's incentive that the bond pays.
    pays: ShareValue,
}

/// Derivation of the emission of one neuron.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NeuronDerivation {
    /// Uid of the neuron.
    pub(super) uid: u16,
    /// Address of the hotkey.
    pub(super) hotkey: String,
    /// Address of the coldkey that owns the hotkey.
    coldkey: Option<String>,
    /// Stake on the hotkey, in rao.
    #[schemars(with = "u64")]
    staked: Amount<Tao>,
    /// Stake weight that it lends to children.
    lent: Vec<LoanRow>,
    /// Stake weight that it borrows from parents.
    borrowed: Vec<LoanRow>,
    /// Stake weight, in rao.
    #[schemars(with = "u64")]
    weight: Amount<Tao>,
    /// Part of all stake weight on the subnet.
    stake: ShareValue,
    /// True if the neuron voted: it had a permit, and its weights were recent enough and rated a miner.
    active: bool,
    /// True if the neuron had a validator permit in this epoch.
    permitted: bool,
    /// True if it missed the reveal of a commit newer than its weights, so that it did not vote.
    missed_reveal: bool,
    /// Part of the stake that is active and permitted.
    active_stake: ShareValue,
    /// Weights that validators give to the neuron.
    received: Vec<OpinionRow>,
    /// Consensus weight, on which holders of enough stake agree.
    consensus: ShareValue,
    /// Rank, which is the sum of the contributions.
    rank: ShareValue,
    /// Incentive, which is the part of all ranks and of the miners' emission.
    incentive: ShareValue,
    /// Weights that the neuron gives to miners.
    given: Vec<OpinionRow>,
    /// Validator trust, which is the part of its weights that consensus left.
    validator_trust: ShareValue,
    /// Bonds on miners that earned.
    bonds: Vec<BondRow>,
    /// Dividends, which are the part of the validators' emission.
    dividends: ShareValue,
    /// Emission for mining, in rao.
    #[schemars(with = "u64")]
    mining: Amount<Tao>,
    /// Emission for validating, in rao.
    #[schemars(with = "u64")]
    validating: Amount<Tao>,
    /// Payments into stake pools.
    payments: Vec<PaymentRow>,
    /// Emission that the chain recorded, in rao; absent if the seat changed hands in the same block.
    #[schemars(with = "Option<u64>")]
    paid: Option<Amount<Tao>>,
    /// Recorded emission less the emission by the rules, in rao.
    difference: Option<i64>,
}

impl NeuronDerivation {
    /// Makes the derivation of a neuron from its audit and the active stakes by uid.
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
            missed_reveal: neuron.missed_reveal,
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
        heading(page, "Stake weight");
        let weight = format!("{}, {} of all on the subnet", self.weight, self.stake.percent());
        let counts = match (self.active, self.permitted) {
            (true, true) => TableCell::from(format!("{} of what is active and permitted", self.active_stake.percent())),
            (false, true) if self.missed_reveal => {
                TableCell::new("nothing: it missed the reveal of its last commit", Tone::Warning)
            }
            (false, true) => TableCell::new("nothing: it has no recent weights for a miner", Tone::Warning),
            (_, false) => TableCell::new("nothing as a validator: it has no permit", Tone::Faint),
        };
        page.fields([
            ("  staked on it", self.staked.to_string().into()),
            ("  stake weight", weight.into()),
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
        heading(page, "Weights from validators");
        if self.received.is_empty() {
            page.line("  none");
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
        heading(page, "Weights for miners");
        if self.given.is_empty() {
            page.line("  none that count");
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
        heading(page, "Bonds on miners that earned");
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
        heading(page, "Emission");
        page.fields([
            ("  mining", self.mining.to_string().into()),
            ("  validating", self.validating.to_string().into()),
        ]);
        if !self.payments.is_empty() {
            heading(page, "Payments into stake pools");
            page.table(&PaymentRow::table(&self.payments));
        }
        let paid = match (self.paid, self.difference) {
            (Some(paid), Some(0)) => TableCell::new(format!("{paid}, as the rules say"), Tone::Good),
            (Some(paid), Some(difference)) => {
                TableCell::new(format!("{paid}, which differs from the rules by {difference} rao"), Tone::Bad)
            }
            _ => TableCell::new("unknown: the seat changed hands in the same block", Tone::Warning),
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
