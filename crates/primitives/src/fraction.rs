//! Fractions.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One, in parts per million.
pub const MILLION: u32 = 1_000_000;

/// One, as a u16 fraction: `v` stands for `v / 65535`.
pub const U16_ONE: u16 = u16::MAX;

/// A fraction of a whole, from 0 to 1, held exactly.
///
/// ```
/// use myelin_primitives::Fraction;
///
/// assert_eq!(Fraction::from_u16(5_898).of(1_000), 89);
/// assert_eq!(Fraction::HALF.of(7), 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fraction {
    numerator: u32,
    /// The denominator, which is never 0 and never below the numerator.
    denominator: u32,
}

/// An error for parts that exceed their whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FractionError;

impl fmt::Display for FractionError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a fraction is at most one")
    }
}

impl core::error::Error for FractionError {}

impl Fraction {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };

    /// One half.
    pub const HALF: Self = Self { numerator: 1, denominator: 2 };

    /// Returns the fraction of this many parts per million.
    ///
    /// # Errors
    /// [`FractionError`] above one million.
    pub const fn from_ppm(parts: u32) -> Result<Self, FractionError> {
        if parts > MILLION {
            return Err(FractionError);
        }
        Ok(Self { numerator: parts, denominator: MILLION })
    }

    /// Returns the fraction `parts / 65535`.
    pub const fn from_u16(parts: u16) -> Self {
        Self { numerator: parts as u32, denominator: U16_ONE as u32 }
    }

    /// Returns this fraction of `whole`, rounded down.
    #[expect(clippy::cast_possible_truncation, reason = "the part was compared with a u64")]
    pub const fn of(self, whole: u64) -> u64 {
        // 64 bits times 32 bits fit in 128, and a fraction is at most one, so the part fits in 64 again.
        let scaled = (whole as u128).saturating_mul(self.numerator as u128);
        match scaled.checked_div(self.denominator as u128) {
            Some(part) if part <= whole as u128 => part as u64,
            _ => whole,
        }
    }

    /// Returns this fraction of `whole`, rounded up.
    #[expect(clippy::cast_possible_truncation, reason = "the part was compared with a u64")]
    pub const fn of_rounded_up(self, whole: u64) -> u64 {
        let scaled = (whole as u128).saturating_mul(self.numerator as u128);
        let denominator = self.denominator as u128;
        // The sum is below 2^97.
        match scaled.saturating_add(denominator.saturating_sub(1)).checked_div(denominator) {
            Some(part) if part <= whole as u128 => part as u64,
            _ => whole,
        }
    }
}

/// The part of the validator emission that a delegate keeps before its nominators are paid, as a u16 fraction.
///
/// spec staking §6.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Take(u16);

impl Take {
    /// Returns a take of `parts / 65535`.
    pub const fn new(parts: u16) -> Self {
        Self(parts)
    }

    /// Returns the take as a u16 fraction.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns the take as a fraction.
    pub const fn fraction(self) -> Fraction {
        Fraction::from_u16(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn more_than_one_is_refused() {
        assert!(Fraction::from_ppm(MILLION).is_ok());
        assert_eq!(Fraction::from_ppm(MILLION + 1).unwrap_err(), FractionError);
    }

    #[test]
    fn nothing_and_everything_are_exact() {
        assert_eq!(Fraction::from_u16(0).of(u64::MAX), 0);
        assert_eq!((Fraction::ZERO.of(u64::MAX), Fraction::ZERO.of_rounded_up(u64::MAX)), (0, 0));
        assert_eq!(Fraction::from_u16(U16_ONE).of(u64::MAX), u64::MAX);
        assert_eq!(Take::new(U16_ONE).fraction().of(u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn a_part_never_exceeds_the_whole_and_grows_with_it(parts: u16, whole: u64, more: u64) {
            let fraction = Fraction::from_u16(parts);
            prop_assert!(fraction.of(whole) <= whole);
            prop_assert!(fraction.of(whole) <= fraction.of(whole.saturating_add(more)));
        }

        #[test]
        fn rounding_up_adds_one_to_what_is_no_whole_number(parts: u16, whole: u64) {
            let fraction = Fraction::from_u16(parts);
            let is_exact = u128::from(whole) * u128::from(parts) % u128::from(U16_ONE) == 0;
            prop_assert_eq!(fraction.of_rounded_up(whole), fraction.of(whole) + u64::from(!is_exact));
        }
    }
}
