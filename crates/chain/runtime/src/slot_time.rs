//! The slot time, set once at genesis.
//!
//! The slot time is state and not a constant, so that one runtime blob makes 12-second blocks on the main network and
//! 250-millisecond blocks in a test. No call changes it later: Aura computes the number of a slot as the time divided
//! by the slot time, and these numbers must not jump.

use frame_support::{pallet_prelude::*, traits::ConstU64};

pub use pallet::*;

/// The shortest slot, in milliseconds: below this, a block cannot be made and spread in time.
pub const SHORTEST_MILLIS: u64 = 100;

/// The longest slot, in milliseconds.
pub const MAX_MILLIS: u64 = 60_000;

#[frame_support::pallet]
pub mod pallet {
    use super::*;

    /// The slot time of the main network, in milliseconds. spec tokenomics §1
    const MAIN_MILLIS: u64 = 12_000;

    #[pallet::config]
    pub trait Config: frame_system::Config {}

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// Milliseconds in a slot. Written at genesis only.
    #[pallet::storage]
    pub type Millis<T: Config> = StorageValue<_, u64, ValueQuery, ConstU64<MAIN_MILLIS>>;

    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// Milliseconds in a slot, from [`SHORTEST_MILLIS`] to [`MAX_MILLIS`].
        pub millis: u64,
        /// The marker of the runtime.
        #[serde(skip)]
        pub _marker: PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self { millis: MAIN_MILLIS, _marker: PhantomData }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            assert!(
                (SHORTEST_MILLIS..=MAX_MILLIS).contains(&self.millis),
                "slotTime.millis is {}, and must be from {SHORTEST_MILLIS} to {MAX_MILLIS}",
                self.millis,
            );
            Millis::<T>::put(self.millis);
        }
    }
}

/// The slot time, for Aura.
impl<T: Config> Get<u64> for Pallet<T> {
    fn get() -> u64 {
        Millis::<T>::get()
    }
}

/// The minimum time between two blocks: half a slot, so that a late block does not delay the next one.
pub struct HalfASlot<T>(PhantomData<T>);

impl<T: Config> Get<u64> for HalfASlot<T> {
    fn get() -> u64 {
        Millis::<T>::get() / 2
    }
}
