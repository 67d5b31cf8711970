//! What an epoch saw on its way, for whoever explains its outcome.

use crate::{
    consensus::contribution,
    sparse::{Cell, Columns},
};
use alloc::vec::Vec;
use myelin_primitives::{Q32, Uid};

/// What an epoch saw on its way to its [`EpochOutcome`](crate::EpochOutcome). Miners ascend, and validators for each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The consensus weight of each miner by uid, `C`, before it was rounded to 16 bits. spec yuma §3.6
    pub consensus: Vec<Q32>,
    /// What each validator says of each miner, as far as it counts.
    pub opinions: Vec<WeightTrace>,
    /// The bonds on miners with an incentive.
    pub bonds: Vec<BondTrace>,
}

/// What a validator says of a miner. spec yuma §3.5, §3.7
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightTrace {
    /// Who says it.
    pub validator: Uid,
    /// Of whom.
    pub miner: Uid,
    /// The part of the validator's row, `W`.
    pub weight: Q32,
    /// What consensus leaves of it, `Wc`.
    pub clipped: Q32,
    /// What it adds to the miner's rank: the clipped weight times the validator's active stake.
    pub backed: Q32,
}

/// What a validator holds of a miner after the epoch, and earns by it. spec yuma §3.10, §3.11
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BondTrace {
    /// Whose it is.
    pub validator: Uid,
    /// On whom.
    pub miner: Uid,
    /// The bond, `E`.
    pub bond: Q32,
    /// Its part of all bonds on the miner.
    pub share: Q32,
    /// That part of the miner's incentive. Per-pair bonds are weighed by active stake after these are added up.
    pub pays: Q32,
}

impl BondTrace {
    #[inline]
    pub(crate) fn new(cell: Cell, miner: u16, share: Q32, pays: Q32) -> Self {
        Self { validator: Uid::new(cell.row()), miner: Uid::new(miner), bond: cell.value(), share, pays }
    }
}

/// Who is shown bonds while they are renewed.
pub(crate) trait BondObserver {
    fn bond(&mut self, bond: BondTrace);
}

/// Nobody.
impl BondObserver for () {
    #[inline]
    fn bond(&mut self, _: BondTrace) {}
}

impl BondObserver for Vec<BondTrace> {
    fn bond(&mut self, bond: BondTrace) {
        self.push(bond);
    }
}

/// Every entry that counts. spec yuma §3.5, §3.7
pub(crate) fn opinions(weights: &Columns, consensus: &[Q32], active_stake: &[Q32]) -> Vec<WeightTrace> {
    let columns = (0..=u16::MAX).zip(weights.iter()).zip(consensus);
    let opinions = columns.flat_map(|((miner, column), consensus)| {
        column.iter().map(move |cell| {
            let (clipped, backed) = contribution(*cell, *consensus, active_stake);
            let (validator, miner) = (Uid::new(cell.row()), Uid::new(miner));
            WeightTrace { validator, miner, weight: cell.value(), clipped, backed }
        })
    });
    opinions.collect()
}
