//! Rates at which bonds follow weights.

use crate::params::{LiquidAlpha, q32};
use myelin_primitives::Q32;

/// The number of terms of the exponential series.
const TERMS: i64 = 32;

/// The limit of exponents: a larger one counts as this one.
const MAX_EXPONENT: Q32 = Q32::from_int(20);

/// e, with 23 binary places: the value of the exponential at exactly one.
const E: Q32 = Q32::from_bits(22_802_600 << 9);

/// Returns `from + ratio * (to - from)`, with the product rounded down. spec yuma §1.
pub fn mix(from: Q32, to: Q32, ratio: Q32) -> Q32 {
    from + ratio * (to - from)
}

/// Returns `1 / (1 + exp(-slope * (x - centre)))`, with the exponent limited to ±20. spec yuma §3.10.
pub fn logistic(x: Q32, slope: Q32, centre: Q32) -> Q32 {
    let exponent = (Q32::ZERO - slope) * (x - centre);
    Q32::ONE / (Q32::ONE + exponential(exponent.clamp(Q32::ZERO - MAX_EXPONENT, MAX_EXPONENT)))
}

/// Returns the exponential as its power series, with all terms truncated. spec yuma §3.10.
fn exponential(exponent: Q32) -> Q32 {
    if exponent == Q32::ONE {
        return E;
    }
    let magnitude = exponent.max(Q32::ZERO - exponent);
    let mut sum = Q32::ONE;
    let mut term = Q32::ONE;
    for k in 1..TERMS {
        // The count of 2^-32 is divided by `k`, which rounds as a division of the number does.
        term = Q32::from_bits((term * magnitude).to_bits().checked_div(k).unwrap_or(0));
        if term == Q32::ZERO {
            break;
        }
        sum = sum + term;
    }
    if exponent < Q32::ZERO { Q32::ONE / sum } else { sum }
}

/// Individual rates of one subnet, read from its parameters. spec yuma §3.10.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    low: Q32,
    high: Q32,
    slope: Q32,
}

impl From<LiquidAlpha> for Rates {
    fn from(alpha: LiquidAlpha) -> Self {
        Self {
            low: q32(alpha.low),
            high: q32(alpha.high),
            slope: Q32::from_int(alpha.steepness.into()) / Q32::from_int(100),
        }
    }
}

impl Rates {
    /// Returns the rate of one pair, which grows with the gap between the validator and its target.
    ///
    /// A validator that buys is compared with the consensus, one that sells with its own weight.
    pub fn rate(&self, consensus: Q32, weight: Q32, bond: Q32) -> Q32 {
        let gap = if weight >= bond { weight - consensus } else { bond - weight };
        let rate = logistic(gap.clamp(Q32::ZERO, Q32::ONE), self.slope, Q32::HALF);
        // Not `clamp`, which refuses limits in the wrong order: here the lower one then decides.
        mix(self.low, self.high, rate).min(self.high).max(self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_primitives::Fraction;

    fn rates(low: u16, high: u16, steepness: i16) -> Rates {
        Rates::from(LiquidAlpha { low: Fraction::from_u16(low), high: Fraction::from_u16(high), steepness })
    }

    #[test]
    fn a_weight_that_equals_the_bond_buys() {
        let rates = rates(0, 65_535, 1_000);
        let bought = rates.rate(Q32::ZERO, Q32::ONE, Q32::ONE);
        assert_eq!(bought, rates.rate(Q32::ZERO, Q32::ONE, Q32::ZERO));
        assert!(bought > Q32::HALF);
    }

    #[test]
    fn limits_in_the_wrong_order_leave_the_lower() {
        let rates = rates(40_000, 20_000, 1_000);
        assert_eq!(rates.rate(Q32::ZERO, Q32::ONE, Q32::ZERO), Q32::from_u16_fraction(40_000));
    }

    #[test]
    fn the_exponential_is_the_series_except_at_zero_and_one() {
        assert_eq!(exponential(Q32::ZERO), Q32::ONE);
        assert_eq!(exponential(Q32::ONE).to_bits(), 11_674_931_200);
        assert_eq!(exponential(Q32::from_int(-1)), Q32::ONE / Q32::from_bits(11_674_931_549));
    }

    #[test]
    fn exponents_are_limited() {
        let steep = Q32::from_int(1_000);
        assert_eq!(logistic(Q32::ONE, steep, Q32::HALF), logistic(Q32::ONE, Q32::from_int(40), Q32::HALF));
        assert_eq!(logistic(Q32::ZERO, steep, Q32::HALF), logistic(Q32::ZERO, Q32::from_int(40), Q32::HALF));
    }
}
