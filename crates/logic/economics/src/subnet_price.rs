//! The price of a new subnet. spec subnets-and-neurons §2.1.
//!
//! Each creation doubles the price, and time lowers it. It is back at the last price after one reduction interval, and
//! at the minimum after two at the latest.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_primitives::{Amount, BlockNumber, Tao};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The lowest price of a subnet, which is also the first: 100 TAO. spec subnets-and-neurons §2.1.
pub const MINIMUM: Amount<Tao> = Amount::from_rao(100_000_000_000);

/// Blocks in which a doubled price returns to the last price paid: 14 days. spec subnets-and-neurons §2.1.
pub const REDUCTION_INTERVAL: BlockNumber = 100_800;

/// The parameters of the price.
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
pub struct PriceRule {
    /// The lowest price of a subnet.
    pub minimum: Amount<Tao>,
    /// Blocks in which the price falls by the last price paid. With 0 it never falls.
    pub reduction_interval: BlockNumber,
}

impl Default for PriceRule {
    fn default() -> Self {
        Self { minimum: MINIMUM, reduction_interval: REDUCTION_INTERVAL }
    }
}

/// The last creation of a subnet.
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
pub struct LastCreation {
    /// The price that was paid for it.
    pub paid: Amount<Tao>,
    /// The block of the creation.
    pub block: BlockNumber,
}

impl PriceRule {
    /// Returns the price of a subnet in `block`. spec subnets-and-neurons §2.1.
    ///
    /// `last` is the last creation before. Without one the price is the minimum.
    ///
    /// ```
    /// use myelin_economics::subnet_price::{LastCreation, MINIMUM, PriceRule};
    ///
    /// let rule = PriceRule::default();
    /// assert_eq!(rule.price_at(7, None), MINIMUM);
    /// let last = LastCreation { paid: MINIMUM, block: 7 };
    /// assert_eq!(rule.price_at(7, Some(last)).rao(), 200_000_000_000);
    /// ```
    pub fn price_at(&self, block: BlockNumber, last: Option<LastCreation>) -> Amount<Tao> {
        let Some(last) = last else { return self.minimum };
        let doubled = u128::from(last.paid.rao()).saturating_mul(2);
        let per_block = last.paid.rao().checked_div(u64::from(self.reduction_interval)).unwrap_or(0);
        let reduction = u128::from(per_block).saturating_mul(u128::from(block.saturating_sub(last.block)));
        let price = doubled.saturating_sub(reduction);
        // Twice the supply fits into 64 bits. No account can pay a price that does not.
        u64::try_from(price).map_or(Amount::MAX, Amount::from_rao).max(self.minimum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_price_falls_from_double_to_the_minimum() {
        let last = LastCreation { paid: MINIMUM, block: 1_000 };
        for (elapsed, expected) in [
            (0, 200_000_000_000),
            (1, 199_999_007_937),
            (50_400, 150_000_024_800),
            (100_800, 100_000_049_600),
            (100_801, 100_000_000_000),
            (1_000_000, 100_000_000_000),
        ] {
            assert_eq!(PriceRule::default().price_at(1_000 + elapsed, Some(last)).rao(), expected, "after {elapsed}");
        }
    }

    #[test]
    fn a_sequence_of_creations() {
        enum Step {
            Quote(u32, u64),
            Create(u32, u64),
        }
        use Step::{Create, Quote};

        let rule = PriceRule { reduction_interval: 2, ..PriceRule::default() };
        let mut last = None;
        let price = |block, last| rule.price_at(block, last).rao();
        for step in [
            Quote(0, 100_000_000_000),
            Create(1, 100_000_000_000),
            Quote(1, 200_000_000_000),
            Quote(2, 150_000_000_000),
            Quote(3, 100_000_000_000),
            Quote(4, 100_000_000_000),
            Create(4, 100_000_000_000),
            Quote(4, 200_000_000_000),
            Create(5, 150_000_000_000),
            Quote(5, 300_000_000_000),
            Create(6, 225_000_000_000),
            Quote(6, 450_000_000_000),
            Create(7, 337_500_000_000),
            Quote(7, 675_000_000_000),
            Create(7, 675_000_000_000),
            Quote(7, 1_350_000_000_000),
            Create(7, 1_350_000_000_000),
            Quote(7, 2_700_000_000_000),
            Quote(8, 2_025_000_000_000),
            Quote(9, 1_350_000_000_000),
            Quote(10, 675_000_000_000),
            Quote(11, 100_000_000_000),
        ] {
            match step {
                Quote(block, expected) => assert_eq!(price(block, last), expected, "quote in block {block}"),
                Create(block, expected) => {
                    assert_eq!(price(block, last), expected, "creation in block {block}");
                    last = Some(LastCreation { paid: Amount::from_rao(expected), block });
                }
            }
        }
    }

    #[test]
    fn without_an_interval_the_price_stays_doubled() {
        let rule = PriceRule { reduction_interval: 0, ..PriceRule::default() };
        let last = LastCreation { paid: MINIMUM, block: 0 };
        assert_eq!(rule.price_at(BlockNumber::MAX, Some(last)).rao(), 200_000_000_000);
    }

    prop_compose! {
        fn rule()(minimum: u64, reduction_interval: BlockNumber) -> PriceRule {
            PriceRule { minimum: Amount::from_rao(minimum), reduction_interval }
        }
    }

    prop_compose! {
        fn last_creation()(paid: u64, block: BlockNumber) -> LastCreation {
            LastCreation { paid: Amount::from_rao(paid), block }
        }
    }

    proptest! {
        #[test]
        fn waiting_never_costs_more(rule in rule(), last in last_creation(), one: BlockNumber, other: BlockNumber) {
            let price = |block| rule.price_at(block, Some(last));
            prop_assert!(price(one.min(other)) >= price(one.max(other)));
            prop_assert!(price(one) >= rule.minimum);
        }
    }
}
