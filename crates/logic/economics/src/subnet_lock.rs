//! The part of a subnet's lock that comes back when the subnet ends. spec subnets-and-neurons §5.3.

use myelin_primitives::{Amount, BlockNumber, Tao};

/// Blocks in which a lock vests: 28 days, after which the price of a subnet is back at its minimum.
pub const VESTING: BlockNumber = 201_600;

/// Returns the part of a lock that the owner gets back if the subnet ends at this age. The rest is recycled.
///
/// `vesting` is the time after which all of it comes back. With 0 all of it comes back at once.
///
/// ```
/// use myelin_economics::subnet_lock::{VESTING, vested};
/// use myelin_primitives::Amount;
///
/// let lock = Amount::from_rao(100_000_000_000);
/// assert_eq!(vested(lock, 50_400, VESTING).rao(), 25_000_000_000);
/// ```
pub fn vested(locked: Amount<Tao>, age: BlockNumber, vesting: BlockNumber) -> Amount<Tao> {
    let held = u128::from(locked.rao()).saturating_mul(age.min(vesting).into());
    let part = held.checked_div(vesting.into()).and_then(|part| u64::try_from(part).ok());
    part.map_or(locked, Amount::from_rao)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn back(locked: u64, age: BlockNumber, vesting: BlockNumber) -> u64 {
        vested(Amount::from_rao(locked), age, vesting).rao()
    }

    #[test]
    fn a_lock_comes_back_in_proportion_to_its_age() {
        let lock = 100_000_000_001;
        for (age, expected) in [
            (0, 0),
            (1, 496_031),
            (VESTING / 4, 25_000_000_000),
            (VESTING / 2, 50_000_000_000),
            (VESTING - 1, 99_999_503_969),
            (VESTING, lock),
            (VESTING + 1, lock),
        ] {
            assert_eq!(back(lock, age, VESTING), expected, "at age {age}");
        }
    }

    #[test]
    fn without_vesting_all_comes_back() {
        assert_eq!([0, 1, BlockNumber::MAX].map(|age| back(7, age, 0)), [7; 3]);
    }

    proptest! {
        #[test]
        fn waiting_never_costs(locked: u64, vesting: BlockNumber, one: BlockNumber, other: BlockNumber) {
            let (early, late) = (one.min(other), one.max(other));
            prop_assert!(back(locked, early, vesting) <= back(locked, late, vesting));
            prop_assert!(back(locked, late, vesting) <= locked);
        }
    }
}
