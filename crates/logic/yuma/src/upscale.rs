//! The scale in which submitted weights are stored, and the limit of the largest weight.

use myelin_primitives::{Entry, Q32, U16_ONE};

/// Scales a submitted row so that its largest value is 65535. spec yuma §4.
///
/// A row of zeros stays as it is. Values are rounded to nearest, halves up. Above a maximum of 32768 they are
/// multiplied by a truncated factor, so most exact halves are rounded down there.
///
/// ```
/// use myelin_primitives::{Entry, Uid};
///
/// let mut row = [3, 5, 7].map(|value| Entry::new(Uid::new(value), value));
/// myelin_yuma::max_upscale(&mut row);
/// assert_eq!(row.map(|entry| entry.value), [28_086, 46_811, 65_535]);
/// ```
pub fn max_upscale(row: &mut [Entry]) {
    let largest = row.iter().map(|entry| u64::from(entry.value)).max().unwrap_or(0);
    for entry in row {
        entry.value = upscaled(entry.value.into(), largest);
    }
}

/// Returns true if no value of a scaled row is more than `limit / 65535` of their sum. spec weights §3.2.
pub fn is_spread(scaled: &[Entry], limit: u16) -> bool {
    let parts = |entry: &Entry| u64::from(entry.value);
    let sum = scaled.iter().map(parts).fold(0, u64::saturating_add);
    // 16 bits times the sum of a row, which has at most 256 values of 16 bits.
    let most = u64::from(limit).saturating_mul(sum);
    limit == U16_ONE || scaled.iter().all(|entry| parts(entry).saturating_mul(U16_ONE.into()) <= most)
}

/// The largest maximum for which values are divided one by one.
const DIVIDED: u64 = 32_768;

/// Returns `value * 65535 / largest` for `value <= largest <= 65535`, rounded as [`max_upscale`] says.
fn upscaled(value: u64, largest: u64) -> u16 {
    // Below 2^32 times 2^32, so nothing here leaves 64 bits.
    let one = u64::from(U16_ONE) << Q32::FRACTION_BITS;
    let scaled = if largest <= DIVIDED {
        value.saturating_mul(one).checked_div(largest)
    } else {
        one.checked_div(largest).map(|factor| value.saturating_mul(factor))
    };
    let nearest = scaled.unwrap_or(0).saturating_add(1 << 31) >> Q32::FRACTION_BITS;
    u16::try_from(nearest).unwrap_or(U16_ONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the exact quotient, rounded to nearest with halves up.
    fn plain(value: u64, largest: u64) -> u64 {
        (2 * value * 65_535 + largest) / (2 * largest)
    }

    #[test]
    fn up_to_the_limit_upscaling_is_plain_rounding() {
        for largest in (1..=DIVIDED).step_by(97).chain([DIVIDED]) {
            for value in (0..=largest).step_by(13).chain([largest]) {
                assert_eq!(u64::from(upscaled(value, largest)), plain(value, largest), "{value} of {largest}");
            }
        }
    }

    #[test]
    fn above_it_a_half_goes_down_unless_the_factor_is_exact() {
        assert_eq!((upscaled(3_277, 32_770), plain(3_277, 32_770)), (6_553, 6_554));
        assert_eq!((upscaled(1, 43_690), plain(1, 43_690)), (2, 2));
    }

    #[test]
    fn the_largest_becomes_one_and_zeros_stay() {
        for largest in 1..=65_535 {
            assert_eq!(upscaled(largest, largest), U16_ONE);
        }
        assert_eq!(upscaled(0, 0), 0);
    }
}
