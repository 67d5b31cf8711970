//! The room of free calls in a block: at most a third, and a fifth is left by payers. spec events-and-errors §8.2
//!
//! No fee bounds free calls, so a bound on their room does. The bound on payers keeps weights from being shut out by
//! transactions of a higher priority.

use frame_support::{
    dispatch::{DispatchClass, DispatchInfo, PostDispatchInfo},
    pallet_prelude::*,
};
use frame_system::pallet_prelude::*;
use sp_runtime::Perbill;

pub use pallet::*;

/// The greatest part of the Normal class that free calls take.
pub const FREE_SHARE: Perbill = Perbill::from_parts(333_333_333);

/// The greatest part of the Normal class that calls with a fee take.
pub const PAID_SHARE: Perbill = Perbill::from_percent(80);

/// Execution time and bytes in a block.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct BlockRoom {
    /// Execution time, in picoseconds.
    pub ref_time: u64,
    /// Length, in bytes.
    pub bytes: u32,
}

impl BlockRoom {
    /// Returns a part of this room.
    fn part(self, share: Perbill) -> Self {
        Self { ref_time: share * self.ref_time, bytes: share * self.bytes }
    }

    /// Returns the sum of this room and another.
    fn with(self, other: Self) -> Self {
        Self { ref_time: self.ref_time.saturating_add(other.ref_time), bytes: self.bytes.saturating_add(other.bytes) }
    }

    /// Returns this room without another.
    fn without(self, other: Self) -> Self {
        Self { ref_time: self.ref_time.saturating_sub(other.ref_time), bytes: self.bytes.saturating_sub(other.bytes) }
    }

    /// Fails if this room is more than `limit`.
    fn ensure_within(self, limit: Self) -> Result<(), InvalidTransaction> {
        let fits = self.ref_time <= limit.ref_time && self.bytes <= limit.bytes;
        if fits { Ok(()) } else { Err(InvalidTransaction::ExhaustsResources) }
    }
}

/// A payment for a transaction of the Normal class, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallPayment {
    /// None: the call is free.
    Free,
    /// A fee.
    Fee,
}

#[frame_support::pallet]
pub mod pallet {
    use super::*;

    #[pallet::config]
    pub trait Config: frame_system::Config {
        /// The weight of a block's free transactions if each seat of each network sends as often as it may.
        type GreatestDemand: Get<Weight>;
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(if cfg!(feature = "next-version") { 2 } else { 1 });

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The room that free calls have taken in this block. Removed when a block begins.
    #[pallet::storage]
    pub type Used<T: Config> = StorageValue<_, BlockRoom, ValueQuery>;

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Used::<T>::kill();
            T::DbWeight::get().writes(1)
        }

        fn integrity_test() {
            let (demand, limit) = (T::GreatestDemand::get().ref_time(), Self::limit(CallPayment::Free).ref_time);
            assert!(demand <= limit, "all seats together send {demand} ps a block, and free calls have {limit} ps");
            // A demand far below the limit would be counted wrongly, or the least rate limit be too great.
            assert!(demand > limit / 2, "all seats together send {demand} ps a block, less than half of {limit} ps");
        }
    }

    impl<T: Config> Pallet<T> {
        /// Checks that a transaction fits into an empty block.
        ///
        /// # Errors
        /// `ExhaustsResources` if it takes more than all transactions of its payment may take.
        pub fn ensure_fits(payment: CallPayment, info: &DispatchInfo, length: usize) -> Result<(), InvalidTransaction> {
            if info.class != DispatchClass::Normal {
                return Ok(());
            }
            Self::room(info, length).ensure_within(Self::limit(payment))
        }

        /// Takes room in the block for a transaction whose weight the block has counted already.
        ///
        /// # Errors
        /// `ExhaustsResources` if the transactions of its payment would take more than their part of the block.
        pub fn take(payment: CallPayment, info: &DispatchInfo, length: usize) -> Result<(), InvalidTransaction> {
            if info.class != DispatchClass::Normal {
                return Ok(());
            }
            let used = Used::<T>::get();
            match payment {
                CallPayment::Free => {
                    let used = used.with(Self::room(info, length));
                    used.ensure_within(Self::limit(payment))?;
                    Used::<T>::put(used);
                    Ok(())
                }
                CallPayment::Fee => Self::taken().without(used).ensure_within(Self::limit(payment)),
            }
        }

        /// Gives back the execution time that a free call did not need.
        pub fn give_back(info: &DispatchInfo, actual: &PostDispatchInfo) {
            let unspent = BlockRoom { ref_time: actual.calc_unspent(info).ref_time(), bytes: 0 };
            if unspent.ref_time > 0 {
                Used::<T>::mutate(|used| *used = used.without(unspent));
            }
        }

        /// Returns the most room of all transactions of this payment in a block.
        pub fn limit(payment: CallPayment) -> BlockRoom {
            Self::normal().part(match payment {
                CallPayment::Free => FREE_SHARE,
                CallPayment::Fee => PAID_SHARE,
            })
        }

        /// Returns the part of the Normal class that free calls have taken in this block, of its time or of its length,
        /// as one of them is the greater.
        pub fn share() -> Perbill {
            let (used, normal) = (Used::<T>::get(), Self::normal());
            let time = Perbill::from_rational(used.ref_time, normal.ref_time);
            time.max(Perbill::from_rational(used.bytes, normal.bytes))
        }

        /// Returns the room of the Normal class in a block.
        fn normal() -> BlockRoom {
            let weights = T::BlockWeights::get();
            let normal = weights.get(DispatchClass::Normal).max_total.unwrap_or(weights.max_block);
            let bytes = *T::BlockLength::get().max.get(DispatchClass::Normal);
            BlockRoom { ref_time: normal.ref_time(), bytes }
        }

        /// Returns the room of one transaction, as the block counts it.
        fn room(info: &DispatchInfo, length: usize) -> BlockRoom {
            let base = T::BlockWeights::get().get(info.class).base_extrinsic;
            BlockRoom {
                ref_time: info.total_weight().saturating_add(base).ref_time(),
                bytes: u32::try_from(length).unwrap_or(u32::MAX),
            }
        }

        /// Returns the room that all transactions of the Normal class have taken, with the bytes of all classes.
        fn taken() -> BlockRoom {
            let ref_time = frame_system::Pallet::<T>::block_weight().get(DispatchClass::Normal).ref_time();
            BlockRoom { ref_time, bytes: frame_system::Pallet::<T>::block_size() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FreeCalls, Runtime, System};
    use frame_support::{assert_ok, dispatch::Pays};
    use frame_system::limits::BlockWeights;
    use sp_io::TestExternalities;

    const EXHAUSTED: Result<(), InvalidTransaction> = Err(InvalidTransaction::ExhaustsResources);

    fn info(ref_time: u64, class: DispatchClass) -> DispatchInfo {
        let weights: BlockWeights = <Runtime as frame_system::Config>::BlockWeights::get();
        let base = weights.get(class).base_extrinsic;
        let call_weight = Weight::from_parts(ref_time, 0).saturating_sub(base);
        DispatchInfo { call_weight, extension_weight: Weight::zero(), class, pays_fee: Pays::Yes }
    }

    fn free(ref_time: u64) -> DispatchInfo {
        info(ref_time, DispatchClass::Normal)
    }

    #[test]
    fn free_calls_take_a_third_of_weight_and_length() {
        TestExternalities::default().execute_with(|| {
            let limit = FreeCalls::limit(CallPayment::Free);
            assert_eq!((limit.ref_time, limit.bytes), (499_999_999_500, 1_310_720));
            assert_ok!(FreeCalls::take(CallPayment::Free, &free(limit.ref_time), 10));
            assert_eq!(FreeCalls::take(CallPayment::Free, &free(1_000_000_000), 0), EXHAUSTED);
            Used::<Runtime>::kill();
            let bytes = limit.bytes as usize;
            assert_ok!(FreeCalls::take(CallPayment::Free, &free(1_000_000_000), bytes));
            assert_eq!(FreeCalls::take(CallPayment::Free, &free(1_000_000_000), 1), EXHAUSTED);
            assert_eq!(FreeCalls::share(), Perbill::from_rational(1_310_720_u32, 3_932_160), "of the length");
            FreeCalls::on_initialize(1);
            assert!(FreeCalls::share().is_zero());
            assert_ok!(FreeCalls::take(CallPayment::Free, &free(1_000_000_000), 1));
            assert_eq!(FreeCalls::share(), Perbill::from_rational(1_u64, 1_500), "of the time");
            let unspent = PostDispatchInfo { actual_weight: Some(Weight::zero()), pays_fee: Pays::Yes };
            let before = Used::<Runtime>::get();
            FreeCalls::give_back(&free(1_000_000_000), &unspent);
            assert!(Used::<Runtime>::get().ref_time < before.ref_time);
        });
    }

    #[test]
    fn all_seats_together_stay_below_the_third_with_all_that_a_block_counts() {
        let demand = <Runtime as Config>::GreatestDemand::get().ref_time() / 1_000_000_000;
        // Milliseconds of 500. docs/decisions/0010
        assert_eq!(demand, 360);
    }

    #[test]
    fn payers_take_four_fifths_beside_free_calls() {
        TestExternalities::default().execute_with(|| {
            let limit = FreeCalls::limit(CallPayment::Fee);
            assert_eq!(limit.ref_time, 1_200_000_000_000);
            let taken = |ref_time| System::set_block_consumed_resources(Weight::from_parts(ref_time, 0), 0);
            let small = free(1_000_000_000);
            taken(limit.ref_time);
            assert_ok!(FreeCalls::take(CallPayment::Fee, &small, 0));
            taken(limit.ref_time + 1);
            assert_eq!(FreeCalls::take(CallPayment::Fee, &small, 0), EXHAUSTED);
            assert_ok!(FreeCalls::take(CallPayment::Free, &small, 0));
            assert_ok!(FreeCalls::take(CallPayment::Fee, &small, 0));
            taken(u64::MAX);
            assert_ok!(FreeCalls::take(CallPayment::Fee, &info(1_000_000_000, DispatchClass::Operational), 0));
        });
    }

    #[test]
    fn a_transaction_that_fits_into_no_block_is_refused_at_once() {
        TestExternalities::default().execute_with(|| {
            for payment in [CallPayment::Free, CallPayment::Fee] {
                let limit = FreeCalls::limit(payment);
                assert_ok!(FreeCalls::ensure_fits(payment, &free(limit.ref_time), 1));
                assert_eq!(FreeCalls::ensure_fits(payment, &free(limit.ref_time + 1), 1), EXHAUSTED);
                assert_eq!(FreeCalls::ensure_fits(payment, &free(limit.ref_time), limit.bytes as usize + 1), EXHAUSTED);
            }
        });
    }
}
