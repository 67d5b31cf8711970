//! Several mechanisms in one subnet.

use crate::EpochOutcome;
use alloc::vec::Vec;
use myelin_primitives::{Amount, Fraction, Tao};

/// The division of a subnet's emission among its mechanisms. spec yuma §4.
#[derive(Clone, Copy, Debug)]
pub enum MechanismShares<'a> {
    /// Equal parts, of this number.
    Equal(u16),
    /// Parts by these shares.
    Fixed(&'a [Fraction]),
}

/// Divides the emission among mechanisms; the amounts sum to the emission. spec yuma §4.
///
/// All shares are rounded down. The remainder goes to mechanism 0, which always exists. If shares sum to more than one,
/// later mechanisms get the rest.
///
/// ```
/// use myelin_primitives::Amount;
/// use myelin_yuma::{MechanismShares, split_emission};
///
/// let parts = split_emission(Amount::from_rao(10), MechanismShares::Equal(4));
/// assert_eq!(parts.iter().map(|part| part.rao()).collect::<Vec<_>>(), [4, 2, 2, 2]);
/// ```
pub fn split_emission(emission: Amount<Tao>, shares: MechanismShares<'_>) -> Vec<Amount<Tao>> {
    let whole = emission.rao();
    let mut parts: Vec<u64> = match shares {
        MechanismShares::Equal(count) => {
            let count = count.max(1);
            let part = whole.checked_div(count.into()).unwrap_or(0);
            (0..count).map(|_| part).collect()
        }
        MechanismShares::Fixed(shares) => shares.iter().map(|share| share.of(whole)).collect(),
    };
    let mut rest = whole;
    for part in &mut parts {
        *part = (*part).min(rest);
        rest = rest.saturating_sub(*part);
    }
    match parts.first_mut() {
        Some(first) => *first = first.saturating_add(rest),
        None => parts.push(rest),
    }
    parts.into_iter().map(Amount::from_rao).collect()
}

/// The outcome of the epochs of all mechanisms together. spec yuma §4.
///
/// Incentive and bonds stay with their mechanism. Vectors have one element per neuron, by uid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CombinedOutcome {
    /// True for each neuron that is active in at least one mechanism.
    pub active: Vec<bool>,
    /// True for each neuron with a new permit in at least one mechanism.
    pub permits: Vec<bool>,
    /// Part of all stake.
    pub stake_weight: Vec<u16>,
    /// Consensus weights, each weighted by its mechanism's part of the emission.
    pub consensus: Vec<u16>,
    /// Validator trust, weighted in the same way.
    pub validator_trust: Vec<u16>,
    /// Dividends, weighted in the same way.
    pub dividends: Vec<u16>,
    /// Emission, summed over all mechanisms.
    pub emission: Vec<Amount<Tao>>,
    /// Emission as a miner, summed over all mechanisms.
    pub server_emission: Vec<Amount<Tao>>,
    /// Emission as a validator, summed over all mechanisms.
    pub validator_emission: Vec<Amount<Tao>>,
}

/// Adds up the epochs of all mechanisms, in order, each with the emission it divided. spec yuma §4.
///
/// The number of neurons is that of the longest outcome. Amounts beyond 64 bits stay at the limit, which parts of one
/// emission never reach.
pub fn combine<'a>(mechanisms: impl IntoIterator<Item = (Amount<Tao>, &'a EpochOutcome)> + Clone) -> CombinedOutcome {
    let emission = mechanisms.clone().into_iter().fold(0, |total: u64, (part, _)| total.saturating_add(part.rao()));
    let mut combined = CombinedOutcome::default();
    for (number, (part, outcome)) in mechanisms.into_iter().enumerate() {
        let weight = MechanismWeight::new(part.rao(), emission, number == 0);
        merge(&mut combined.active, &outcome.active, |all, one| all || one);
        merge(&mut combined.permits, &outcome.permits, |all, one| all || one);
        let counted = |all: u16, one: u16| u16::try_from(weight.add(all.into(), one.into())).unwrap_or(u16::MAX);
        merge(&mut combined.stake_weight, &outcome.stake_weight, counted);
        merge(&mut combined.consensus, &outcome.consensus, counted);
        merge(&mut combined.validator_trust, &outcome.validator_trust, counted);
        merge(&mut combined.dividends, &outcome.dividends, counted);
        merge(&mut combined.emission, &outcome.emission, |all, one| Amount::from_rao(weight.add(all.rao(), one.rao())));
        let sum = |all: Amount<Tao>, one| all.checked_add(one).unwrap_or(Amount::MAX);
        merge(&mut combined.server_emission, &outcome.server_emission, sum);
        merge(&mut combined.validator_emission, &outcome.validator_emission, sum);
    }
    combined
}

fn merge<T: Copy + Default>(all: &mut Vec<T>, one: &[T], with: impl Fn(T, T) -> T) {
    if all.len() < one.len() {
        all.resize(one.len(), T::default());
    }
    for (all, one) in all.iter_mut().zip(one) {
        *all = with(*all, *one);
    }
}

/// A mechanism's part of the emission, with 64 binary places.
#[derive(Clone, Copy)]
struct MechanismWeight(u128);

impl MechanismWeight {
    fn new(part: u64, emission: u64, first: bool) -> Self {
        let nothing_to_divide = if first { 1 << 64 } else { 0 };
        Self((u128::from(part) << 64).checked_div(emission.into()).unwrap_or(nothing_to_divide))
    }

    /// Returns `floor(all + one * weight)`.
    fn add(self, all: u64, one: u64) -> u64 {
        // A weight is at most one, so the product stays below 2^128.
        let counted = u128::from(one).saturating_mul(self.0) >> 64;
        all.saturating_add(u64::try_from(counted).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::{collection::vec, prelude::*};

    fn rao(amounts: &[u64]) -> Vec<Amount<Tao>> {
        amounts.iter().copied().map(Amount::from_rao).collect()
    }

    #[test]
    fn shares_beyond_the_whole_are_served_in_order() {
        let half = Fraction::HALF;
        assert_eq!(split_emission(Amount::from_rao(9), MechanismShares::Fixed(&[half, half, half])), rao(&[4, 4, 1]));
    }

    #[test]
    fn there_is_always_a_mechanism() {
        assert_eq!(split_emission(Amount::from_rao(9), MechanismShares::Fixed(&[])), rao(&[9]));
        assert_eq!(split_emission(Amount::from_rao(9), MechanismShares::Equal(0)), rao(&[9]));
    }

    #[test]
    fn shares_count_by_their_part_and_amounts_in_full() {
        let outcome = |dividend, amount, permit| EpochOutcome {
            dividends: vec![dividend],
            validator_emission: rao(&[amount]),
            permits: vec![permit],
            ..EpochOutcome::default()
        };
        let (first, second) = (outcome(101, 30, false), outcome(201, 12, true));
        let combined = combine([(Amount::from_rao(1), &first), (Amount::from_rao(1), &second)]);
        assert_eq!(combined.dividends, [50 + 100]);
        assert_eq!(combined.validator_emission, rao(&[42]));
        assert_eq!(combined.permits, [true]);
        let idle = combine([(Amount::ZERO, &first), (Amount::ZERO, &second)]);
        assert_eq!(idle.dividends, [101]);
    }

    proptest! {
        #[test]
        fn a_split_loses_nothing(emission: u64, shares in vec(any::<u16>(), 0..6), count: u8) {
            let shares: Vec<Fraction> = shares.into_iter().map(Fraction::from_u16).collect();
            for shares in [MechanismShares::Fixed(&shares), MechanismShares::Equal(count.into())] {
                let parts = split_emission(Amount::from_rao(emission), shares);
                prop_assert_eq!(Amount::checked_sum(parts), Ok(Amount::from_rao(emission)));
            }
        }
    }
}
