//! The result of an epoch.

use alloc::vec::Vec;
use myelin_primitives::{Amount, Entry, Q32, Tao};

/// The result of an epoch. Every vector has one element per neuron, by uid. spec yuma §3.13, §3.14.
///
/// Numbers of type `u16` are fractions `v / 65535`, rounded down.
#[must_use = "an epoch has no other effect than its outcome"]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EpochOutcome {
    /// True for each neuron whose last update is recent enough.
    pub active: Vec<bool>,
    /// True for each neuron that may set weights in the next epoch.
    pub permits: Vec<bool>,
    /// Part of all stake, `S`.
    pub stake_weight: Vec<u16>,
    /// Consensus weight as a miner, `C`.
    pub consensus: Vec<u16>,
    /// The part of its weights that consensus left to each validator.
    pub validator_trust: Vec<u16>,
    /// Part of the incentive of all miners, `I`.
    pub incentive: Vec<u16>,
    /// Part of the dividends of all validators, `D`.
    pub dividends: Vec<u16>,
    /// Part of the emission as miner and validator together.
    ///
    /// The sum may be less than the divided emission.
    pub emission: Vec<Amount<Tao>>,
    /// Part of the emission as a miner.
    pub server_emission: Vec<Amount<Tao>>,
    /// Part of the emission as a validator.
    pub validator_emission: Vec<Amount<Tao>>,
    /// Rows to store for the next epoch, with ascending uids.
    ///
    /// The row of a neuron without a new permit is empty. Values that round to zero are kept.
    pub bonds: Vec<Vec<Entry>>,
    /// The same shares before they were rounded to 16 bits.
    pub exact: ExactShares,
}

/// Shares with 32 binary places, by which callers divide money. spec yuma §3.12.
///
/// Each vector sums to one, less the rounding, or is all zero. Miners are paid by incentive, validators by dividends.
/// If both are zero, validators are paid by active stake, and if active stake is zero too, by stake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExactShares {
    /// Part of all stake, `S`.
    pub stake: Vec<Q32>,
    /// Part of the stake that is active and held a permit, `A`.
    pub active_stake: Vec<Q32>,
    /// Part of the incentive of all miners, `I`.
    pub incentive: Vec<Q32>,
    /// Part of the dividends of all validators, `D`.
    pub dividends: Vec<Q32>,
}
