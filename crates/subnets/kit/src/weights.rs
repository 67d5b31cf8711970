//! Conversion of averages to weights that a subnet accepts.

use myelin_primitives::{Entry, U16_ONE, Uid};
use myelin_yuma::is_spread;
use std::collections::BTreeSet;

/// The bounds of a subnet for weights (spec weights §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeightBounds {
    /// The smallest number of weights, zeros included.
    pub least_entries: u16,
    /// The largest share of one weight, as a u16 fraction.
    pub largest_share: u16,
    /// The number of seats that are taken.
    pub neurons: u16,
}

/// The cause of averages that give no weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoWeights {
    /// No miner has earned anything.
    #[error("no miner has earned anything yet")]
    NoAverage,
    /// The largest share of the subnet needs more miners than have earned something.
    #[error("the maximum weight limit of the subnet needs {needed} miners with a positive average; {rated} have one")]
    TooFew {
        /// The number of miners with a positive average.
        rated: usize,
        /// The number of miners that the limit needs.
        needed: usize,
    },
}

/// Returns weights in proportion to these averages, by uid, as the chain stores them (spec weights §3).
///
/// The largest weight is 65535. The excess of an average above the largest share is divided among the others in
/// proportion.
///
/// # Errors
/// [`NoWeights::NoAverage`] without a positive average, [`NoWeights::TooFew`] if the largest share cannot be met.
pub fn weights(averages: &[(Uid, u64)], bounds: WeightBounds) -> Result<Vec<Entry>, NoWeights> {
    let mut rated: Vec<_> = averages.iter().copied().filter(|(_, average)| *average > 0).collect();
    if rated.is_empty() {
        return Err(NoWeights::NoAverage);
    }
    let largest = u128::from(bounds.largest_share);
    let all = u128::from(U16_ONE);
    if count(rated.len()).saturating_mul(largest) < all {
        let needed = all.div_ceil(largest.max(1));
        return Err(NoWeights::TooFew { rated: rated.len(), needed: usize::try_from(needed).unwrap_or(usize::MAX) });
    }
    rated.sort_unstable_by_key(|(uid, average)| (std::cmp::Reverse(*average), *uid));
    // Values are rounded, so a share at the limit may exceed it. A slightly lower limit is then tried. Equal shares
    // always satisfy it, because there are enough miners.
    let spread = (0..=largest).rev().take(TRIES).find_map(|limit| {
        let row = scaled(&rated, limit)?;
        is_spread(&row, bounds.largest_share).then_some(row)
    });
    let mut row = spread.unwrap_or_else(|| rated.iter().map(|(uid, _)| Entry::new(*uid, U16_ONE)).collect());
    let listed: BTreeSet<Uid> = row.iter().map(|entry| entry.uid).collect();
    let missing = usize::from(bounds.least_entries.min(bounds.neurons)).saturating_sub(row.len());
    let others = (0..bounds.neurons).map(Uid::new).filter(|uid| !listed.contains(uid));
    row.extend(others.take(missing).map(|uid| Entry::new(uid, 0)));
    row.sort_unstable_by_key(|entry| entry.uid);
    Ok(row)
}

/// The number of lower limits that are tried.
const TRIES: usize = 64;

fn count(items: usize) -> u128 {
    u128::try_from(items).unwrap_or(u128::MAX)
}

/// Returns values in proportion to these descending averages, none above the limit of 65535 parts.
///
/// The largest value is 65535. Returns `None` if there are too few averages.
fn scaled(rated: &[(Uid, u64)], limit: u128) -> Option<Vec<Entry>> {
    let mut rest = u128::from(U16_ONE);
    let mut sum: u128 = rated.iter().map(|(_, average)| u128::from(*average)).sum();
    let mut limited = 0;
    // From the highest average down: each one above the limit gets the limit, and leaves the rest to the others.
    for (_, average) in rated {
        if u128::from(*average).saturating_mul(rest) <= limit.saturating_mul(sum) {
            break;
        }
        rest = rest.checked_sub(limit)?;
        sum = sum.saturating_sub(u128::from(*average));
        limited += 1;
    }
    if limited == rated.len() && rest > 0 {
        return None;
    }
    // The shares are in parts of `65535 * sum`, so that no share is rounded.
    let share = |place: usize, average: u64| {
        if place < limited { limit.saturating_mul(sum.max(1)) } else { u128::from(average).saturating_mul(rest) }
    };
    let largest = rated.iter().enumerate().map(|(place, (_, average))| share(place, *average)).max()?;
    let all = u128::from(U16_ONE);
    let entry = |(place, (uid, average)): (usize, &(Uid, u64))| {
        let nearest = share(place, *average).saturating_mul(all).saturating_add(largest / 2).checked_div(largest)?;
        Some(Entry::new(*uid, u16::try_from(nearest).ok()?))
    };
    rated.iter().enumerate().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_yuma::max_upscale;
    use proptest::prelude::*;

    const OPEN: WeightBounds = WeightBounds { least_entries: 1, largest_share: U16_ONE, neurons: 8 };

    fn of(averages: &[u64], bounds: WeightBounds) -> Result<Vec<(u16, u16)>, NoWeights> {
        let averages: Vec<_> = (0..).map(Uid::new).zip(averages.iter().copied()).collect();
        let row = weights(&averages, bounds)?;
        Ok(row.into_iter().map(|entry| (entry.uid.get(), entry.value)).collect())
    }

    #[test]
    fn weights_are_in_proportion_and_nothing_is_left_out() {
        assert_eq!(of(&[0, 10, 30, 0, 20], OPEN), Ok(vec![(1, 21_845), (2, 65_535), (4, 43_690)]));
        assert_eq!(of(&[7], OPEN), Ok(vec![(0, 65_535)]));
        assert_eq!(of(&[0, 0], OPEN), Err(NoWeights::NoAverage));
        assert_eq!(of(&[], OPEN), Err(NoWeights::NoAverage));
    }

    #[test]
    fn too_short_a_row_is_filled_with_zeros_that_say_nothing() {
        let bounds = |least_entries, neurons| WeightBounds { least_entries, neurons, ..OPEN };
        assert_eq!(of(&[0, 9], bounds(3, 8)), Ok(vec![(0, 0), (1, 65_535), (2, 0)]));
        // The minimum exceeds the number of seats.
        assert_eq!(of(&[0, 9], bounds(256, 2)), Ok(vec![(0, 0), (1, 65_535)]));
    }

    #[test]
    fn nobody_has_more_than_the_largest_share() {
        let half = WeightBounds { largest_share: 32_768, ..OPEN };
        assert_eq!(of(&[98, 1, 1], half), Ok(vec![(0, 65_535), (1, 32_767), (2, 32_767)]));
        let third = WeightBounds { largest_share: 21_845, ..OPEN };
        assert_eq!(of(&[98, 1, 1], third), Ok(vec![(0, 65_535), (1, 65_535), (2, 65_535)]));
        let less = WeightBounds { largest_share: 21_844, ..OPEN };
        assert_eq!(of(&[98, 1, 1], less), Err(NoWeights::TooFew { rated: 3, needed: 4 }));
        let none = WeightBounds { largest_share: 0, ..OPEN };
        assert!(matches!(of(&[98, 1, 1], none), Err(NoWeights::TooFew { .. })));
    }

    proptest! {
        #[test]
        fn the_chain_accepts_what_comes_out(
            averages in proptest::collection::vec(0..=1_u64 << 32, 1..40),
            least_entries in 0..300_u16,
            largest_share: u16,
        ) {
            let neurons = u16::try_from(averages.len()).unwrap();
            let given: Vec<_> = (0..).map(Uid::new).zip(averages.iter().copied()).collect();
            let Ok(row) = weights(&given, WeightBounds { least_entries, largest_share, neurons }) else { return Ok(()) };
            let mut stored = row.clone();
            max_upscale(&mut stored);
            prop_assert!(is_spread(&stored, largest_share));
            prop_assert_eq!(&stored, &row, "the chain stores the submitted weights");
            prop_assert!(row.len() >= usize::from(least_entries.min(neurons)));
            prop_assert!(row.windows(2).all(|two| two[0].uid < two[1].uid));
            // A higher average never gives a lower weight.
            let value = |uid: usize| row.iter().find(|entry| usize::from(entry.uid) == uid).map_or(0, |entry| entry.value);
            for (one, first) in averages.iter().enumerate() {
                for (other, second) in averages.iter().enumerate().skip(one) {
                    prop_assert!(first == second || (first < second) == (value(one) < value(other)) || value(one) == value(other));
                }
            }
        }
    }
}
