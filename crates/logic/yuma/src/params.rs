//! The parameters of a subnet's epochs.

use myelin_primitives::{BlockNumber, Fraction, MILLION, Q32, U16_ONE};

/// The parameters of an epoch; the defaults are those of a new subnet. spec yuma §2.
#[derive(Clone, Copy, Debug)]
pub struct Params {
    /// The part of the active stake that must give a neuron a weight for it to count as consensus.
    pub kappa: Fraction,
    /// The blocks after its last update in which a neuron is still active, see [`activity_cutoff`].
    pub activity_cutoff: BlockNumber,
    /// The number of permits given by stake, `K`.
    pub max_allowed_validators: u16,
    /// The least stake that counts, in whole units.
    pub stake_threshold: u64,
    /// The blocks between two epochs, by which the first epoch finds recent registrations.
    pub tempo: BlockNumber,
    /// The distance, from the given to the clipped weight, of the weight that bonds follow; beta.
    pub bonds_penalty: Fraction,
    /// The part of the old bond that stays at the common rate.
    pub bonds_moving_average: Fraction,
    /// The form of the bonds.
    pub bonds: Bonds,
}

/// The two forms of bonds. spec yuma §3.10, §3.11.
#[derive(Clone, Copy, Debug)]
pub enum Bonds {
    /// Shares of a miner that validators buy with stake. Each column sums to one.
    Classic,
    /// A moving average of the weight that each validator gives each miner, independent of the validator's stake.
    PerPair {
        /// The individual rates of change. Without them all pairs move at the common rate.
        liquid_alpha: Option<LiquidAlpha>,
    },
}

/// Limits of the rate at which the bond of one pair follows the weight. spec yuma §3.10.
#[derive(Clone, Copy, Debug)]
pub struct LiquidAlpha {
    /// The slowest rate.
    pub low: Fraction,
    /// The fastest rate.
    pub high: Fraction,
    /// The slope of the logistic between them, in hundredths. A negative slope reverses the rates.
    pub steepness: i16,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            kappa: Fraction::from_u16(32_767),
            activity_cutoff: 5_000,
            max_allowed_validators: 64,
            stake_threshold: 0,
            tempo: 360,
            bonds_penalty: Fraction::from_u16(U16_ONE),
            bonds_moving_average: const {
                match Fraction::from_ppm(MILLION / 10 * 9) {
                    Ok(nine_tenths) => nine_tenths,
                    Err(_) => panic!("nine tenths are less than one"),
                }
            },
            bonds: Bonds::PerPair { liquid_alpha: None },
        }
    }
}

impl Default for LiquidAlpha {
    fn default() -> Self {
        Self { low: Fraction::from_u16(45_875), high: Fraction::from_u16(58_982), steepness: 1_000 }
    }
}

/// Returns the blocks of activity for a cutoff in thousandths of a tempo, at least one. spec yuma §2.
///
/// ```
/// assert_eq!(myelin_yuma::activity_cutoff(13_889, 360), 5_000);
/// ```
pub fn activity_cutoff(factor_milli: u32, tempo: BlockNumber) -> BlockNumber {
    let blocks = u64::from(factor_milli).saturating_mul(u64::from(tempo)) / 1_000;
    BlockNumber::try_from(blocks).unwrap_or(BlockNumber::MAX).max(1)
}

/// Returns a fraction as a fixed-point number, rounded down. spec yuma §1.
pub(crate) fn q32(fraction: Fraction) -> Q32 {
    // A fraction is at most one, so its count of 2^-32 is at most 2^32.
    Q32::from_bits(i64::try_from(fraction.of(1 << Q32::FRACTION_BITS)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_round_down_to_q32() {
        assert_eq!(q32(Fraction::from_u16(U16_ONE)), Q32::ONE);
        assert_eq!(q32(Fraction::from_u16(32_767)), Q32::ratio(32_767, 65_535));
        assert_eq!(q32(Params::default().bonds_moving_average), Q32::ratio(900_000, 1_000_000));
    }

    #[test]
    fn a_cutoff_is_at_least_one_block_and_never_wraps() {
        assert_eq!(activity_cutoff(1_000, 0), 1);
        assert_eq!(activity_cutoff(0, 360), 1);
        assert_eq!(activity_cutoff(u32::MAX, u32::MAX), BlockNumber::MAX);
    }
}
