//! The trace of an epoch, which explains its outcome.

use crate::{
    consensus::contribution,
    sparse::{Cell, Columns},
};
use alloc::vec::Vec;
use myelin_primitives::{Q32, Uid};

/// The terms of an [`EpochOutcome`](crate::EpochOutcome).
///
/// Miners ascend, and validators ascend for each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The consensus weight of each miner by uid, `C`, before it was rounded to 16 bits. spec yuma §3.6.
    pub consensus: Vec<Q32>,
    /// The weights that count.
    pub opinions: Vec<WeightTrace>,
    /// The bonds on miners with an incentive.
    pub bonds: Vec<BondTrace>,
}

/// The weight that a validator gives a miner. spec yuma §3.5, §3.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightTrace {
    /// The validator.
    pub validator: Uid,
    /// The miner.
    pub miner: Uid,
    /// The part of the validator's row, `W`.
    pub weight: Q32,
    /// The weight after clipping to the consensus, `Wc`.
    pub clipped: Q32,
    /// The term of the miner's rank: the clipped weight times the validator's active stake.
    pub backed: Q32,
}

/// The bond of a validator on a miner after the epoch, and its earnings. spec yuma §3.10, §3.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BondTrace {
    /// The validator that holds the bond.
    pub validator: Uid,
    /// The miner.
    pub miner: Uid,
    /// The bond, `E`.
    pub bond: Q32,
    /// Its part of all bonds on the miner.
    pub share: Q32,
    /// The same part of the miner's incentive. Per-pair bonds are summed first and then weighted by active stake.
    pub pays: Q32,
}

impl BondTrace {
    #[inline]
    pub(crate) fn new(cell: Cell, miner: u16, share: Q32, pays: Q32) -> Self {
        Self { validator: Uid::new(cell.row()), miner: Uid::new(miner), bond: cell.value(), share, pays }
    }
}

/// An observer of bonds while they are renewed.
pub(crate) trait BondObserver {
    fn bond(&mut self, bond: BondTrace);
}

/// Ignores all bonds.
impl BondObserver for () {
    #[inline]
    fn bond(&mut self, _: BondTrace) {}
}

impl BondObserver for Vec<BondTrace> {
    fn bond(&mut self, bond: BondTrace) {
        self.push(bond);
    }
}

/// Returns the trace of each weight that counts. spec yuma §3.5, §3.7.
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
