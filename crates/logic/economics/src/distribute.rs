//! Division of an amount in proportion to weights, with parts that sum to the amount exactly.
//!
//! Rounding all parts down leaves a remainder of fewer rao than there are parts. The two rules of the network differ in
//! the receiver of the remainder: [`by_largest_remainder`] spreads it, [`remainder_to_heaviest`] gives it to one part.

use alloc::vec::Vec;
use core::{cmp::Reverse, fmt, num::NonZeroU128};
use myelin_primitives::Amount;

/// An error for a division without a weight above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoWeight;

impl fmt::Display for NoWeight {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("no weight is above zero, so there is nobody to divide among")
    }
}

impl core::error::Error for NoWeight {}

/// Divides `whole` by largest remainder. spec tokenomics §5.4, step 3.
///
/// Each missing rao goes to the part that rounding shortened most. Among equals the lower index comes first. The result
/// has one part for each weight. The parts sum to `whole`, and each is within one rao of its exact share.
///
/// # Errors
/// [`NoWeight`] if no weight is above zero.
///
/// ```
/// use myelin_economics::distribute::by_largest_remainder;
/// use myelin_primitives::{Amount, Tao};
///
/// let parts = by_largest_remainder(Amount::<Tao>::from_rao(10), &[3, 3, 1]).unwrap();
/// assert_eq!(parts, [4, 4, 2].map(Amount::from_rao));
/// ```
pub fn by_largest_remainder<U>(whole: Amount<U>, weights: &[u64]) -> Result<Vec<Amount<U>>, NoWeight> {
    let RoundedPart { mut parts, missing } = round_down(whole.parts(), weights)?;
    let mut by_remainder: Vec<&mut Part> = parts.iter_mut().collect();
    // Stable, so that equal remainders stay in the order of their index.
    by_remainder.sort_by_key(|part| Reverse(part.remainder));
    for (part, _) in by_remainder.into_iter().zip(0..missing) {
        part.floor = part.floor.saturating_add(1);
    }
    Ok(amounts(&parts))
}

/// Divides `whole`, rounding down, and gives the remainder to the heaviest part. spec tokenomics §6.2, step 6.
///
/// Among equals the lowest index is the heaviest. The result has one part for each weight, and the parts sum to
/// `whole`.
///
/// # Errors
/// [`NoWeight`] if no weight is above zero.
///
/// ```
/// use myelin_economics::distribute::remainder_to_heaviest;
/// use myelin_primitives::{Amount, Tao};
///
/// let parts = remainder_to_heaviest(Amount::<Tao>::from_rao(11), &[1, 3, 3]).unwrap();
/// assert_eq!(parts, [1, 6, 4].map(Amount::from_rao));
/// ```
pub fn remainder_to_heaviest<U>(whole: Amount<U>, weights: &[u64]) -> Result<Vec<Amount<U>>, NoWeight> {
    let RoundedPart { mut parts, missing } = round_down(whole.parts(), weights)?;
    // The last of several maxima counts, hence the reversal.
    if let Some((heaviest, _)) = parts.iter_mut().zip(weights).rev().max_by_key(|(_, weight)| **weight) {
        heaviest.floor = heaviest.floor.saturating_add(missing);
    }
    Ok(amounts(&parts))
}

struct RoundedPart {
    parts: Vec<Part>,
    missing: u64,
}

struct Part {
    floor: u64,
    /// The rest that rounding cut off, in units of one over the sum of the weights.
    remainder: u128,
}

fn round_down(whole: u64, weights: &[u64]) -> Result<RoundedPart, NoWeight> {
    // 64 bits each, so neither the sum nor a product leaves 128 bits.
    let total = weights.iter().map(|&weight| u128::from(weight)).fold(0, u128::saturating_add);
    let total = NonZeroU128::new(total).ok_or(NoWeight)?;
    let mut missing = whole;
    let parts = weights
        .iter()
        .map(|&weight| {
            let exact = u128::from(whole).saturating_mul(u128::from(weight));
            // A weight is at most the total, so its part is at most the whole.
            let floor = u64::try_from(exact / total).unwrap_or(whole);
            missing = missing.saturating_sub(floor);
            Part { floor, remainder: exact % total }
        })
        .collect();
    Ok(RoundedPart { parts, missing })
}

fn amounts<U>(parts: &[Part]) -> Vec<Amount<U>> {
    parts.iter().map(|part| Amount::from_parts(part.floor)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_primitives::Tao;
    use proptest::{collection::vec, prelude::*};

    type Rule = fn(Amount<Tao>, &[u64]) -> Result<Vec<Amount<Tao>>, NoWeight>;
    const RULES: [Rule; 2] = [by_largest_remainder, remainder_to_heaviest];

    fn divided(rule: Rule, whole: u64, weights: &[u64]) -> Vec<u64> {
        rule(Amount::from_rao(whole), weights).unwrap().into_iter().map(Amount::rao).collect()
    }

    #[test]
    fn the_largest_remainders_are_rounded_up() {
        assert_eq!(divided(by_largest_remainder, 10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(divided(by_largest_remainder, 11, &[1, 1, 1]), [4, 4, 3]);
        assert_eq!(divided(by_largest_remainder, 100, &[1, 2, 4]), [14, 29, 57]);
        assert_eq!(divided(by_largest_remainder, 1, &[0, 5, 5]), [0, 1, 0]);
        assert_eq!(divided(by_largest_remainder, 3, &[0, 0, 7]), [0, 0, 3]);
    }

    #[test]
    fn the_heaviest_takes_the_remainder() {
        assert_eq!(divided(remainder_to_heaviest, 11, &[1, 1, 1]), [5, 3, 3]);
        assert_eq!(divided(remainder_to_heaviest, 100, &[1, 4, 2]), [14, 58, 28]);
        assert_eq!(divided(remainder_to_heaviest, 1, &[0, 5, 5]), [0, 1, 0]);
        assert_eq!(divided(remainder_to_heaviest, 3, &[0, 0, 7]), [0, 0, 3]);
    }

    #[test]
    fn without_weight_there_is_nobody() {
        for rule in RULES {
            assert_eq!(rule(Amount::from_rao(5), &[]), Err(NoWeight));
            assert_eq!(rule(Amount::from_rao(5), &[0, 0]), Err(NoWeight));
        }
    }

    #[test]
    fn the_widest_values_fit() {
        for rule in RULES {
            assert_eq!(divided(rule, u64::MAX, &[u64::MAX; 3]), [u64::MAX / 3; 3]);
            assert_eq!(divided(rule, u64::MAX, &[u64::MAX, 0]), [u64::MAX, 0]);
        }
    }

    fn weights() -> impl Strategy<Value = Vec<u64>> {
        let weight = prop_oneof![Just(0), 1..10_u64, any::<u64>(), Just(u64::MAX)];
        vec(weight, 1..40).prop_filter("some weight", |weights| weights.iter().any(|&weight| weight > 0))
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole_and_follow_the_weights(whole: u64, weights in weights()) {
            let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
            for rule in RULES {
                let parts = divided(rule, whole, &weights);
                prop_assert_eq!(parts.iter().map(|&part| u128::from(part)).sum::<u128>(), u128::from(whole));
                for (part, &weight) in parts.iter().zip(&weights) {
                    prop_assert!(u128::from(*part) >= u128::from(whole) * u128::from(weight) / total);
                    prop_assert!(weight > 0 || *part == 0);
                }
            }
        }

        #[test]
        fn a_largest_remainder_part_is_within_one_of_its_share(whole: u64, weights in weights()) {
            let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
            for (part, &weight) in divided(by_largest_remainder, whole, &weights).iter().zip(&weights) {
                prop_assert!(u128::from(*part) <= (u128::from(whole) * u128::from(weight)).div_ceil(total));
            }
        }

        #[test]
        fn a_heavier_part_is_never_the_smaller(whole: u64, weights in weights()) {
            for rule in RULES {
                let parts = divided(rule, whole, &weights);
                for (one, &light) in parts.iter().zip(&weights) {
                    for (other, &heavy) in parts.iter().zip(&weights) {
                        prop_assert!(light >= heavy || one <= other);
                    }
                }
            }
        }
    }
}
