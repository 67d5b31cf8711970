//! Products and quotients of shares.
//!
//! An epoch multiplies and divides numbers from 0 to 1 for every entry. Numbers below one fit into 32 bits, so that one
//! machine operation replaces the 128 bits of [`Q32`]. The results equal those of [`Q32`] to the last bit, for all
//! numbers.

use myelin_primitives::Q32;

/// One, as a u16 fraction.
const U16_ONE: u64 = 65_535;

/// Returns the number that a u16 fraction stands for, rounded down.
#[inline]
pub(crate) fn fraction(value: u16) -> Q32 {
    Q32::from_bits(((u64::from(value) << Q32::FRACTION_BITS) / U16_ONE).cast_signed())
}

/// Returns `a * b`.
#[inline]
pub(crate) fn product(a: Q32, b: Q32) -> Q32 {
    match (u32::try_from(a.to_bits()), u32::try_from(b.to_bits())) {
        (Ok(a), Ok(b)) => Q32::from_bits((u64::from(a).wrapping_mul(b.into()) >> Q32::FRACTION_BITS).cast_signed()),
        _ => a * b,
    }
}

/// A divisor, with its reciprocal for fast division.
///
/// Rows, columns and vectors are divided by their sum, so one division serves all their elements.
#[derive(Clone, Copy)]
pub(crate) struct Divisor {
    whole: Q32,
    /// The number `floor((2^64 - 1) / whole)` in units of 2^-32 squared, and 0 unless `whole` is positive.
    reciprocal: u64,
}

impl Divisor {
    pub(crate) fn new(whole: Q32) -> Self {
        let positive = u64::try_from(whole.to_bits()).unwrap_or(0);
        Self { whole, reciprocal: u64::MAX.checked_div(positive).unwrap_or(0) }
    }

    /// Returns `value / whole`, and zero for a divisor of zero.
    #[inline]
    pub(crate) fn divide(self, value: Q32) -> Q32 {
        match u32::try_from(value.to_bits()) {
            Ok(value) if self.reciprocal > 0 => self.divide_share(value),
            _ => value / self.whole,
        }
    }

    /// Returns the quotient of a value from 0 to less than one by a positive number.
    #[inline]
    fn divide_share(self, value: u32) -> Q32 {
        // The reciprocal is short by at most one and the value is below 2^32. The estimate is therefore short by less
        // than one: it is exact, or one too small. Neither product exceeds that of the true quotient, so nothing wraps.
        let whole = self.whole.to_bits().cast_unsigned();
        let value = u64::from(value);
        let (upper, lower) = (self.reciprocal >> 32, self.reciprocal & u64::from(u32::MAX));
        let estimate = value.wrapping_mul(upper).wrapping_add(value.wrapping_mul(lower) >> 32);
        let rest = (value << 32).wrapping_sub(estimate.wrapping_mul(whole));
        let bits = estimate.wrapping_add(u64::from(rest >= whole));
        Q32::from_bits(i64::try_from(bits).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CORNERS: [i64; 12] =
        [i64::MIN, -1, 0, 1, 2, 3, 65_535, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, i64::MAX - 1, i64::MAX];

    fn agrees(value: i64, whole: i64) -> bool {
        let (value, whole) = (Q32::from_bits(value), Q32::from_bits(whole));
        Divisor::new(whole).divide(value) == value / whole
    }

    #[test]
    fn fractions_are_those_of_q32() {
        for value in 0..=u16::MAX {
            assert_eq!(fraction(value), Q32::from_u16_fraction(value));
        }
    }

    #[test]
    fn corners_multiply_as_q32_does() {
        for (a, b) in CORNERS.iter().flat_map(|a| CORNERS.map(|b| (Q32::from_bits(*a), Q32::from_bits(b)))) {
            assert_eq!(product(a, b), a * b, "{a:?} * {b:?}");
        }
    }

    #[test]
    fn corners_divide_as_q32_does() {
        for value in CORNERS {
            for whole in CORNERS {
                assert!(agrees(value, whole), "{value} / {whole}");
            }
        }
    }

    proptest! {
        #[test]
        fn shares_divide_as_q32_does(value in 0..1_i64 << 32, whole in 1..1_i64 << 49, small in 1..1_i64 << 20) {
            prop_assert!(agrees(value, whole));
            prop_assert!(agrees(value, small));
            // Just below, at and above a whole quotient.
            let multiple = i64::try_from((i128::from(value) << 32) / i128::from(whole)).unwrap();
            prop_assert!(agrees(value, multiple.max(1)));
        }

        #[test]
        fn shares_multiply_as_q32_does(a in 0..1_i64 << 33, b in 0..1_i64 << 33) {
            let (a, b) = (Q32::from_bits(a), Q32::from_bits(b));
            prop_assert_eq!(product(a, b), a * b);
        }

        #[test]
        fn anything_divides_as_q32_does(value: i64, whole: i64) {
            prop_assert!(agrees(value, whole));
        }
    }
}
