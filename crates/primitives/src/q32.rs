//! The fixed-point number of the consensus.

use core::{
    fmt,
    iter::Sum,
    ops::{Add, Div, Mul, Sub},
};

/// A fixed-point number: a signed count of 2^-32, with the roundings of spec yuma §1.
///
/// Products round down, quotients round towards zero, and a quotient by zero is zero. A result beyond 64 bits stays at
/// the limit, which valid inputs never reach. Every operation is total. Sums of values in range are exact, so the order
/// of a sum never changes it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Q32(i64);

impl Q32 {
    /// Binary places after the point.
    pub const FRACTION_BITS: u32 = 32;

    /// Zero.
    pub const ZERO: Self = Self(0);

    /// One half.
    pub const HALF: Self = Self(1 << 31);

    /// One.
    pub const ONE: Self = Self(1 << Self::FRACTION_BITS);

    /// Returns the number `bits / 2^32`.
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits)
    }

    /// Returns the number as a count of 2^-32.
    pub const fn to_bits(self) -> i64 {
        self.0
    }

    /// Returns the whole number `value`, for |value| < 2^31.
    pub const fn from_int(value: i32) -> Self {
        Self((value as i64) << Self::FRACTION_BITS)
    }

    /// Returns `numerator / denominator`, rounded down and saturated, and zero for a zero denominator.
    #[inline]
    pub fn ratio(numerator: u64, denominator: u64) -> Self {
        let wide = u128::from(numerator) << Self::FRACTION_BITS;
        let quotient = wide.checked_div(u128::from(denominator)).unwrap_or(0);
        Self(i64::try_from(quotient).unwrap_or(i64::MAX))
    }

    /// Returns `value / 65535`, rounded down.
    #[inline]
    pub fn from_u16_fraction(value: u16) -> Self {
        Self::ratio(u64::from(value), u64::from(u16::MAX))
    }

    /// Returns true if the number is above zero.
    #[inline]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Returns this part of `whole`, `floor(self * whole)`, saturated, and zero for a negative number.
    #[inline]
    pub fn of(self, whole: u64) -> u64 {
        let parts = u128::from(self.0.unsigned_abs());
        if self.0 < 0 {
            return 0;
        }
        // 63 bits times 64 bits fit in 128.
        u64::try_from(parts.saturating_mul(u128::from(whole)) >> Self::FRACTION_BITS).unwrap_or(u64::MAX)
    }

    /// Returns the number as a u16 fraction, rounded down and limited to `0..=65535`.
    #[inline]
    pub fn to_u16_fraction(self) -> u16 {
        u16::try_from(self.of(u64::from(u16::MAX))).unwrap_or(u16::MAX)
    }

    #[inline]
    fn narrow(wide: i128) -> Self {
        Self(i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl Add for Q32 {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Q32 {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Rounds down, also below zero.
impl Mul for Q32 {
    type Output = Self;

    #[inline]
    #[expect(clippy::suspicious_arithmetic_impl, reason = "the shift brings the product back to 32 binary places")]
    fn mul(self, other: Self) -> Self {
        Self::narrow(i128::from(self.0).saturating_mul(i128::from(other.0)) >> Self::FRACTION_BITS)
    }
}

/// Rounds towards zero. A quotient by zero is zero.
impl Div for Q32 {
    type Output = Self;

    #[inline]
    #[expect(clippy::suspicious_arithmetic_impl, reason = "the shift keeps 32 binary places in the quotient")]
    fn div(self, divisor: Self) -> Self {
        let wide = i128::from(self.0) << Self::FRACTION_BITS;
        Self::narrow(wide.checked_div(i128::from(divisor.0)).unwrap_or(0))
    }
}

impl Sum for Q32 {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Debug for Q32 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/2^32", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn roundings_are_those_of_the_specification() {
        let least = Q32::from_bits(1);
        assert_eq!(least * Q32::HALF, Q32::ZERO);
        assert_eq!(Q32::from_bits(-1) * Q32::HALF, Q32::from_bits(-1));
        assert_eq!(Q32::from_bits(-1) / Q32::from_int(2), Q32::ZERO);
        assert_eq!(Q32::ONE / Q32::ZERO, Q32::ZERO);
        assert_eq!(Q32::ratio(1, 3).to_bits(), 1_431_655_765);
        assert_eq!(Q32::ratio(1, 0), Q32::ZERO);
    }

    #[test]
    fn u16_fractions_lose_one_on_the_way_back_except_at_the_ends() {
        assert_eq!(Q32::from_u16_fraction(u16::MAX), Q32::ONE);
        assert_eq!(Q32::ONE.to_u16_fraction(), u16::MAX);
        assert_eq!(Q32::from_u16_fraction(12_603).to_u16_fraction(), 12_602);
        assert_eq!(Q32::from_int(2).to_u16_fraction(), u16::MAX);
        assert_eq!(Q32::from_int(-1).to_u16_fraction(), 0);
    }

    proptest! {
        #[test]
        fn a_product_is_the_exact_one_rounded_down(a in -(1_i64 << 40)..1 << 40, b in -(1_i64 << 40)..1 << 40) {
            let exact = (i128::from(a) * i128::from(b)).div_euclid(1 << 32);
            prop_assert_eq!(i128::from((Q32::from_bits(a) * Q32::from_bits(b)).to_bits()), exact);
        }

        #[test]
        fn no_operation_panics(a: i64, b: i64, n: u64, d: u64) {
            let (x, y) = (Q32::from_bits(a), Q32::from_bits(b));
            let _ = (x * y, x / y, x + y, x - y, x.of(n), Q32::ratio(n, d), x.to_u16_fraction());
        }

        #[test]
        fn a_share_of_a_whole_never_exceeds_it(bits in 0..=1_i64 << 32, whole: u64) {
            prop_assert!(Q32::from_bits(bits).of(whole) <= whole);
        }
    }
}
