//! The division of the emission among neurons.

use crate::{share::Divisor, vector};
use alloc::vec::Vec;
use myelin_primitives::{Amount, Q32, Tao};

/// Each neuron's part of the emission, by role. spec yuma §3.12.
pub(crate) struct EmissionParts {
    /// The part as a miner.
    pub(crate) server: Vec<Q32>,
    /// The part as a validator.
    pub(crate) validator: Vec<Q32>,
    /// The sum of both parts.
    pub(crate) combined: Vec<Q32>,
}

/// Divides the emission by incentive and dividends, or by stake if both are zero. spec yuma §3.12.
pub(crate) fn payout(incentive: &[Q32], dividends: &[Q32], active_stake: &[Q32], stake: &[Q32]) -> EmissionParts {
    let both = || incentive.iter().zip(dividends).map(|(incentive, dividend)| *incentive + *dividend);
    let total: Q32 = both().sum();
    if total.is_positive() {
        let total = Divisor::new(total);
        return EmissionParts {
            server: incentive.iter().map(|incentive| total.divide(*incentive)).collect(),
            validator: dividends.iter().map(|dividend| total.divide(*dividend)).collect(),
            combined: both().map(|both| total.divide(both)).collect(),
        };
    }
    let by = if vector::is_zero(active_stake) { stake } else { active_stake };
    EmissionParts { server: incentive.to_vec(), validator: by.to_vec(), combined: by.to_vec() }
}

/// Returns the amounts of these parts of the emission, each rounded down. spec yuma §3.12.
pub(crate) fn amounts(parts: &[Q32], emission: Amount<Tao>) -> Vec<Amount<Tao>> {
    parts.iter().map(|part| Amount::from_rao(part.of(emission.rao()))).collect()
}
