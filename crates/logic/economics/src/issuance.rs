//! The TAO that a block creates, as a function of the issuance. spec tokenomics §2.
//!
//! The block number plays no part: recycled TAO leaves the issuance and is issued again later.

use codec::{Decode, Encode};
use myelin_primitives::{Amount, Tao};
use scale_info::TypeInfo;

/// The maximum supply: 21 million TAO. spec tokenomics §1.
pub const MAX_SUPPLY: Amount<Tao> = Amount::from_rao(21_000_000_000_000_000);

/// The block emission before the first halving. spec tokenomics §1.
pub const INITIAL_EMISSION: Amount<Tao> = Amount::ONE_TAO;

/// Returns the number of halvings before this issuance, or `None` once all TAO is issued. spec tokenomics §2.1.
pub fn halvings(issuance: Amount<Tao>) -> Option<u32> {
    let missing = MAX_SUPPLY.checked_sub(issuance).ok()?;
    // The largest k with missing * 2^k <= supply is the logarithm of the quotient, and rounding the quotient down
    // never crosses a power of two.
    MAX_SUPPLY.rao().checked_div(missing.rao())?.checked_ilog2()
}

/// Returns the block emission at this issuance. spec tokenomics §2.1.
///
/// The emission never exceeds the part of [`MAX_SUPPLY`] that is missing.
///
/// ```
/// use myelin_economics::issuance::block_emission;
/// use myelin_primitives::{Amount, Tao};
///
/// assert_eq!(block_emission(Amount::ZERO), Amount::ONE_TAO);
/// assert_eq!(block_emission(Amount::from_tao(10_500_000).unwrap()).rao(), 500_000_000);
/// ```
pub fn block_emission(issuance: Amount<Tao>) -> Amount<Tao> {
    let emission = halvings(issuance).and_then(|halvings| INITIAL_EMISSION.rao().checked_shr(halvings)).unwrap_or(0);
    let missing = MAX_SUPPLY.checked_sub(issuance).unwrap_or_default();
    Amount::from_rao(emission).min(missing)
}

/// Returns the issuance at which this many halvings have happened. spec tokenomics §2.2.
///
/// Each halving takes half of the TAO that was missing.
pub fn halving_threshold(halvings: u32) -> Amount<Tao> {
    let missing = MAX_SUPPLY.rao().checked_shr(halvings).unwrap_or(0);
    MAX_SUPPLY.checked_sub(Amount::from_rao(missing)).unwrap_or(MAX_SUPPLY)
}

/// The distance from an issuance to the next halving.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct NextHalving {
    /// The issuance from which a block creates half as much.
    pub threshold: Amount<Tao>,
    /// The TAO still to be issued until then, never zero.
    pub missing: Amount<Tao>,
    /// The number of blocks until then if no TAO is recycled meanwhile, never zero.
    pub blocks: u64,
}

/// Returns the distance to the next halving, or `None` once blocks create nothing.
///
/// ```
/// use myelin_economics::issuance::next_halving;
/// use myelin_primitives::Amount;
///
/// assert_eq!(next_halving(Amount::ZERO).unwrap().blocks, 10_500_000);
/// ```
pub fn next_halving(issuance: Amount<Tao>) -> Option<NextHalving> {
    let emission = block_emission(issuance);
    if emission.is_zero() {
        return None;
    }
    let threshold = halving_threshold(halvings(issuance)?.checked_add(1)?);
    let missing = threshold.checked_sub(issuance).ok()?;
    let whole = missing.rao().checked_div(emission.rao())?;
    let rounded_up = u64::from(!missing.rao().is_multiple_of(emission.rao()));
    Some(NextHalving { threshold, missing, blocks: whole.checked_add(rounded_up)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn emission(issuance: u64) -> u64 {
        block_emission(Amount::from_rao(issuance)).rao()
    }

    /// Threshold and emission from it on, in rao, by number of halvings.
    const ERAS: [(u64, u64); 31] = [
        (0, 1_000_000_000),
        (10_500_000_000_000_000, 500_000_000),
        (15_750_000_000_000_000, 250_000_000),
        (18_375_000_000_000_000, 125_000_000),
        (19_687_500_000_000_000, 62_500_000),
        (20_343_750_000_000_000, 31_250_000),
        (20_671_875_000_000_000, 15_625_000),
        (20_835_937_500_000_000, 7_812_500),
        (20_917_968_750_000_000, 3_906_250),
        (20_958_984_375_000_000, 1_953_125),
        (20_979_492_187_500_000, 976_562),
        (20_989_746_093_750_000, 488_281),
        (20_994_873_046_875_000, 244_140),
        (20_997_436_523_437_500, 122_070),
        (20_998_718_261_718_750, 61_035),
        (20_999_359_130_859_375, 30_517),
        (20_999_679_565_429_688, 15_258),
        (20_999_839_782_714_844, 7_629),
        (20_999_919_891_357_422, 3_814),
        (20_999_959_945_678_711, 1_907),
        (20_999_979_972_839_356, 953),
        (20_999_989_986_419_678, 476),
        (20_999_994_993_209_839, 238),
        (20_999_997_496_604_920, 119),
        (20_999_998_748_302_460, 59),
        (20_999_999_374_151_230, 29),
        (20_999_999_687_075_615, 14),
        (20_999_999_843_537_808, 7),
        (20_999_999_921_768_904, 3),
        (20_999_999_960_884_452, 1),
        (20_999_999_980_442_226, 0),
    ];

    #[test]
    fn every_era_begins_at_its_threshold() {
        for (k, (threshold, from_there)) in (0..).zip(ERAS) {
            assert_eq!(halving_threshold(k).rao(), threshold, "threshold {k}");
            assert_eq!(halvings(Amount::from_rao(threshold)), Some(k));
            assert_eq!(emission(threshold), from_there, "emission {k}");
        }
        for (k, (threshold, _)) in (0..).zip(&ERAS[1..]) {
            assert_eq!(halvings(Amount::from_rao(threshold - 1)), Some(k));
        }
    }

    #[test]
    fn emissions_between_thresholds() {
        for (issuance, expected) in [
            (0, 1_000_000_000),
            (1_776_000_000_000, 1_000_000_000),
            (10_499_999_999_999_999, 1_000_000_000),
            (10_500_000_000_000_000, 500_000_000),
            (12_000_999_000_000_000, 500_000_000),
            (15_749_999_000_000_000, 500_000_000),
            (15_800_000_000_000_000, 250_000_000),
            (19_906_249_000_000_000, 62_500_000),
            (20_900_000_000_000_000, 7_812_500),
            (20_979_493_000_000_000, 976_562),
            (20_999_990_500_000_000, 476),
            (20_999_999_000_000_000, 59),
            (21_000_000_000_000_000, 0),
            (u64::MAX, 0),
        ] {
            assert_eq!(emission(issuance), expected, "at {issuance}");
        }
    }

    #[test]
    fn a_hundred_eras_of_equal_length_end_below_the_supply() {
        let end = (0..100).fold(0, |issuance, _| issuance + 10_500_000 * emission(issuance));
        assert_eq!(end, 20_999_999_989_500_000);
    }

    #[test]
    fn the_first_ten_eras_last_equally_long_and_the_next_a_little_longer() {
        let length = |k| next_halving(halving_threshold(k)).unwrap().blocks;
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(length), [10_500_000; 10]);
        assert_eq!(length(10), 10_500_006);
    }

    #[test]
    fn issuance_ends_where_a_block_creates_less_than_a_rao() {
        let mut issuance = Amount::ZERO;
        while let Some(next) = next_halving(issuance) {
            let issued = block_emission(issuance).rao() * next.blocks;
            issuance = issuance.checked_add(Amount::from_rao(issued)).unwrap();
        }
        assert_eq!(issuance.rao(), 20_999_999_980_442_226);
    }

    #[test]
    fn thresholds_beyond_the_last_halving_approach_the_supply() {
        assert_eq!(halving_threshold(54).rao(), MAX_SUPPLY.rao() - 1);
        assert_eq!(halving_threshold(55), MAX_SUPPLY);
        assert_eq!(halving_threshold(u32::MAX), MAX_SUPPLY);
        assert_eq!(halvings(Amount::from_rao(MAX_SUPPLY.rao() - 1)), Some(54));
        assert_eq!(halvings(MAX_SUPPLY), None);
    }

    prop_compose! {
        /// Returns issuances spread over all eras, not over all amounts.
        fn issuance()(halvings in 0..56_u32, parts: u64) -> Amount<Tao> {
            let missing = MAX_SUPPLY.rao().checked_shr(halvings).unwrap();
            Amount::from_rao(MAX_SUPPLY.rao() - parts.checked_rem(missing + 1).unwrap())
        }
    }

    proptest! {
        #[test]
        fn halvings_are_the_thresholds_passed(issuance in issuance()) {
            let passed = (1..64).filter(|&k| halving_threshold(k) <= issuance && issuance < MAX_SUPPLY).count();
            prop_assert_eq!(halvings(issuance).map_or(0, |k| k as usize), passed);
        }

        #[test]
        fn a_block_never_leaves_the_supply_behind(issuance in issuance()) {
            let after = issuance.checked_add(block_emission(issuance)).unwrap();
            prop_assert!(after <= MAX_SUPPLY);
        }

        #[test]
        fn the_emission_never_rises_with_the_issuance(one in issuance(), other in issuance()) {
            prop_assert!(block_emission(one.min(other)) >= block_emission(one.max(other)));
        }

        #[test]
        fn the_next_halving_comes_with_the_last_of_its_blocks(issuance in issuance()) {
            if let Some(next) = next_halving(issuance) {
                let emission = block_emission(issuance).rao();
                prop_assert_eq!(issuance.checked_add(next.missing).unwrap(), next.threshold);
                prop_assert!(emission * next.blocks >= next.missing.rao());
                prop_assert!(emission * (next.blocks - 1) < next.missing.rao());
            }
        }

        #[test]
        fn no_issuance_panics(rao: u64, k: u32) {
            let _ = (block_emission(Amount::from_rao(rao)), next_halving(Amount::from_rao(rao)), halving_threshold(k));
        }
    }
}
