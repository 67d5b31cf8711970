//! The price and the difficulty of a seat, which follow the demand for seats. spec subnets-and-neurons §8.4.
//!
//! After each adjustment interval the registrations are compared with their target. Above the target, the busier way of
//! registering becomes more expensive. Otherwise the less busy way becomes cheaper.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::cmp::Ordering;
use myelin_primitives::{Amount, Tao};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The inertia of a new subnet: an adjusted value keeps 97 % of its predecessor. spec subnets-and-neurons §4.
pub const INERTIA: u64 = 17_893_341_751_498_265_066;

/// The registrations of one adjustment interval. spec subnets-and-neurons §8.4.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Registrations {
    /// The number of all registrations, which exceeds the sum of the two below on root, where a seat takes stake.
    pub total: u16,
    /// The number of registrations by proof of work.
    pub by_work: u16,
    /// The number of registrations by burning TAO.
    pub by_burn: u16,
}

/// The terms that an interval adjusts. spec subnets-and-neurons §8.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdjustedPrice {
    /// The burn, in rao.
    Burn,
    /// The difficulty of the proof of work.
    Difficulty,
    /// The burn and the difficulty.
    Both,
}

impl Registrations {
    /// Returns the terms that are adjusted for a target of registrations.
    ///
    /// Above the target the term of the busier way rises. Otherwise the term of the less busy way falls. If both ways
    /// were equally busy, both terms are adjusted. spec subnets-and-neurons §8.4.
    ///
    /// | registrations | more by work | more by burn | equal |
    /// |---|---|---|---|
    /// | above the target | A: difficulty | B: burn | F: both |
    /// | at most the target | C: burn | D: difficulty | E: both |
    pub fn adjusts(&self, target: u16) -> AdjustedPrice {
        match (self.total > target, self.by_work.cmp(&self.by_burn)) {
            (true, Ordering::Greater) | (false, Ordering::Less) => AdjustedPrice::Difficulty,
            (true, Ordering::Less) | (false, Ordering::Greater) => AdjustedPrice::Burn,
            (_, Ordering::Equal) => AdjustedPrice::Both,
        }
    }
}

/// The price of a seat at present.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct SeatPrice {
    /// The amount that a burned registration burns.
    pub burn: Amount<Tao>,
    /// The difficulty that the seal of a registration by work must meet.
    pub difficulty: u64,
}

/// The least and the greatest value of a term. If they are crossed, the greatest wins.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Bounds<T> {
    /// The least value.
    pub min: T,
    /// The greatest value.
    pub max: T,
}

/// The parameters of the adjustment.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct AdjustmentRule {
    /// The registrations of an interval that leave the terms unchanged. With 0 only the bounds apply.
    pub target: u16,
    /// The part of its predecessor that an adjusted value keeps, as a fraction of `u64::MAX`.
    pub inertia: u64,
    /// The bounds of the burn.
    pub burn: Bounds<Amount<Tao>>,
    /// The bounds of the difficulty.
    pub difficulty: Bounds<u64>,
}

impl AdjustmentRule {
    /// Returns the terms of the next interval. spec subnets-and-neurons §8.4.
    ///
    /// A term that is not adjusted stays as it is.
    pub fn adjust(&self, terms: SeatPrice, registrations: Registrations) -> SeatPrice {
        let SeatPrice { burn, difficulty } = terms;
        let next_burn = || {
            let bounds = Bounds { min: self.burn.min.rao(), max: self.burn.max.rao() };
            Amount::from_rao(self.next(burn.rao(), registrations.total, bounds))
        };
        let next_difficulty = || self.next(difficulty, registrations.total, self.difficulty);
        match registrations.adjusts(self.target) {
            AdjustedPrice::Burn => SeatPrice { burn: next_burn(), difficulty },
            AdjustedPrice::Difficulty => SeatPrice { burn, difficulty: next_difficulty() },
            AdjustedPrice::Both => SeatPrice { burn: next_burn(), difficulty: next_difficulty() },
        }
    }

    /// Moves `current` towards `current * (registrations + target) / (2 * target)`, as far as the inertia allows.
    ///
    /// The part of the inertia, the goal and the result are rounded down to multiples of 2^-18, in this order.
    fn next(&self, current: u64, registrations: u16, bounds: Bounds<u64>) -> u64 {
        // 64 bits of value, 16 bits of registrations and twice 18 bits of fraction stay below 128 bits.
        const ONE: u128 = 1 << 18;
        let current = u128::from(current);
        let pressure = u128::from(registrations.saturating_add(self.target));
        let balance = u128::from(self.target.saturating_add(self.target));
        let goal = (current.saturating_mul(pressure) << 18).checked_div(balance).unwrap_or(current << 18);
        let kept = (u128::from(self.inertia) << 18).checked_div(u128::from(u64::MAX)).unwrap_or(0);
        let moved = goal.saturating_mul(ONE.saturating_sub(kept)) >> 18;
        let next = kept.saturating_mul(current).saturating_add(moved) >> 18;
        u64::try_from(next).unwrap_or(u64::MAX).max(bounds.min).min(bounds.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WIDE: Bounds<u64> = Bounds { min: 0, max: u64::MAX };

    fn rule(target: u16, inertia: u64, bounds: Bounds<u64>) -> AdjustmentRule {
        let burn = Bounds { min: Amount::from_rao(bounds.min), max: Amount::from_rao(bounds.max) };
        AdjustmentRule { target, inertia, burn, difficulty: bounds }
    }

    fn terms(value: u64) -> SeatPrice {
        SeatPrice { burn: Amount::from_rao(value), difficulty: value }
    }

    /// Returns `total` registrations, half by either way, so that both terms move.
    fn both_ways(total: u16) -> Registrations {
        Registrations { total, ..Registrations::default() }
    }

    #[test]
    fn values_follow_the_registrations() {
        let min_1 = Bounds { min: 1, ..WIDE };
        let max_10_000 = Bounds { max: 10_000, ..WIDE };
        for (current, registrations, target, inertia, bounds, expected) in [
            (1_000, 2, 1, 58_000, WIDE, 1_500),
            (1_000, 2, 1, u64::MAX / 2, WIDE, 1_250),
            (20_000, 3, 1, 58_000, WIDE, 40_000),
            (40_000, 6, 3, 58_000, WIDE, 60_000),
            (4, 0, 1, 58_000, min_1, 2),
            (2, 0, 1, 58_000, min_1, 1),
            (1, 0, 1, 58_000, min_1, 1),
            (5_000, 4, 3, 58_000, max_10_000, 5_833),
            (9_000, 4, 1, 58_000, max_10_000, 10_000),
        ] {
            let next = rule(target, inertia, bounds).adjust(terms(current), both_ways(registrations));
            assert_eq!(next, terms(expected), "{current} with {registrations} of {target}");
        }
    }

    #[test]
    fn the_inertia_counts_in_steps_of_two_to_the_minus_eighteen() {
        let next = |inertia| rule(1, inertia, WIDE).adjust(terms(1 << 18), both_ways(3)).difficulty;
        assert_eq!(next(0), 1 << 19);
        assert_eq!(next(INERTIA), (1 << 19) - 254_279);
        assert_eq!(next(u64::MAX), 1 << 18);
    }

    #[test]
    fn the_busier_way_rises_and_the_quieter_way_falls() {
        for (case, total, by_work, by_burn, expected) in [
            ('A', 3, 2, 1, AdjustedPrice::Difficulty),
            ('B', 3, 1, 2, AdjustedPrice::Burn),
            ('C', 2, 2, 0, AdjustedPrice::Burn),
            ('D', 2, 0, 2, AdjustedPrice::Difficulty),
            ('E', 2, 1, 1, AdjustedPrice::Both),
            ('E', 0, 0, 0, AdjustedPrice::Both),
            ('F', 4, 2, 2, AdjustedPrice::Both),
        ] {
            let registrations = Registrations { total, by_work, by_burn };
            assert_eq!(registrations.adjusts(2), expected, "case {case}");
            let next = rule(2, 0, WIDE).adjust(terms(1_000), registrations);
            assert_eq!(
                next.burn != Amount::from_rao(1_000),
                total != 2 && expected != AdjustedPrice::Difficulty,
                "{case}"
            );
            assert_eq!(next.difficulty != 1_000, total != 2 && expected != AdjustedPrice::Burn, "{case}");
        }
    }

    #[test]
    fn without_a_target_values_only_meet_their_bounds() {
        let next = |current| rule(0, 0, Bounds { min: 10, max: 20 }).adjust(terms(current), both_ways(7)).difficulty;
        assert_eq!([5, 15, 25].map(next), [10, 15, 20]);
    }

    #[test]
    fn crossed_bounds_give_the_greatest() {
        let crossed = rule(1, 0, Bounds { min: 20, max: 10 });
        assert_eq!(crossed.adjust(terms(15), both_ways(1)), terms(10));
    }

    proptest! {
        #[test]
        fn values_stay_within_their_bounds(
            current: u64, registrations: u16, target: u16, inertia: u64, one: u64, other: u64,
        ) {
            let bounds = Bounds { min: one.min(other), max: one.max(other) };
            let next = rule(target, inertia, bounds).adjust(terms(current), both_ways(registrations));
            prop_assert!((bounds.min..=bounds.max).contains(&next.difficulty));
            prop_assert_eq!(next.burn.rao(), next.difficulty);
        }

        #[test]
        fn more_registrations_never_lower_a_value(
            current: u64, target: u16, inertia: u64, one: u16, other: u16,
        ) {
            let next = |total| rule(target, inertia, WIDE).adjust(terms(current), both_ways(total)).difficulty;
            prop_assert!(next(one.min(other)) <= next(one.max(other)));
        }

        #[test]
        fn a_met_target_moves_nothing(current: u64, target in 1..=u16::MAX / 2, inertia: u64) {
            let next = rule(target, inertia, WIDE).adjust(terms(current), both_ways(target)).difficulty;
            prop_assert_eq!(next, current);
        }
    }
}
