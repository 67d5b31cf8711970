//! The authorities: accounts that make and finalise blocks, each with session keys of its own. Root can replace them.
//!
//! The session pallet reads the list when a session ends, so a change takes effect without a restart, two sessions
//! after it was made. Until the first change the authorities of genesis stay. The length of a session is part of
//! genesis, so that a local chain can have short sessions.

use frame_support::{pallet_prelude::*, traits::ConstU32};
use frame_system::pallet_prelude::*;
use myelin_pallet_keys::traits::OnKeySwap;
use myelin_primitives::BlockNumber;
use sp_runtime::traits::OpaqueKeys;
use sp_staking::SessionIndex;

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::{collections::BTreeSet, vec::Vec};

    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>>
        + pallet_session::Config<ValidatorId = <Self as frame_system::Config>::AccountId>
    {
        /// The most authorities.
        #[pallet::constant]
        type MaxAuthorities: Get<u32>;
    }

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// The authorities of the sessions to come. Written by root; absent until the first change.
    #[pallet::storage]
    pub type Authorities<T: Config> =
        StorageValue<_, BoundedVec<T::ValidatorId, <T as Config>::MaxAuthorities>, OptionQuery>;

    /// Blocks in a session on the main network: an hour.
    const MAIN_SESSION: BlockNumber = 300;

    /// Blocks in a session. Written at genesis only.
    #[pallet::storage]
    pub type SessionBlocks<T: Config> = StorageValue<_, BlockNumber, ValueQuery, ConstU32<MAIN_SESSION>>;

    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// Blocks in a session, at least 1.
        pub session_blocks: BlockNumber,
        /// The marker of the runtime.
        #[serde(skip)]
        pub _marker: PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self { session_blocks: MAIN_SESSION, _marker: PhantomData }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            assert!(self.session_blocks > 0, "authorities.sessionBlocks must be at least 1");
            SessionBlocks::<T>::put(self.session_blocks);
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(fn deposit_event)]
    pub enum Event<T: Config> {
        /// The authorities were replaced, with effect from the session after the next.
        AuthoritiesSwapped {
            /// The new authorities.
            authorities: Vec<T::ValidatorId>,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The list is empty; without an authority no block would follow.
        NoAuthorities,
        /// There are more authorities than a session can have.
        TooManyAuthorities,
        /// An account is listed twice; each is one authority.
        DuplicateAuthority,
        /// An account has no session keys; it must set them first.
        NoSessionKeys,
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Replaces the authorities.
        ///
        /// ## Dispatch origin
        /// Root.
        ///
        /// ## Details
        /// Takes effect two sessions later. Each account must have set session keys before.
        ///
        /// ## Errors
        /// [`Error::NoAuthorities`], [`Error::TooManyAuthorities`], [`Error::DuplicateAuthority`],
        /// [`Error::NoSessionKeys`].
        ///
        /// ## Events
        /// [`Event::AuthoritiesSwapped`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::DbWeight::get().reads_writes(authorities.len() as u64, 1))]
        pub fn swap_authorities(origin: OriginFor<T>, authorities: Vec<T::ValidatorId>) -> DispatchResult {
            ensure_root(origin)?;
            ensure!(!authorities.is_empty(), Error::<T>::NoAuthorities);
            let bounded = BoundedVec::try_from(authorities.clone()).map_err(|_| Error::<T>::TooManyAuthorities)?;
            let distinct: BTreeSet<Vec<u8>> = authorities.iter().map(Encode::encode).collect();
            ensure!(distinct.len() == authorities.len(), Error::<T>::DuplicateAuthority);
            for authority in &authorities {
                ensure!(pallet_session::NextKeys::<T>::contains_key(authority), Error::<T>::NoSessionKeys);
            }
            Authorities::<T>::put(bounded);
            Self::deposit_event(Event::AuthoritiesSwapped { authorities });
            Ok(())
        }
    }

    impl<T: Config> pallet_session::SessionManager<T::ValidatorId> for Pallet<T> {
        fn new_session(_index: SessionIndex) -> Option<Vec<T::ValidatorId>> {
            Authorities::<T>::get().map(BoundedVec::into_inner)
        }

        fn start_session(_index: SessionIndex) {}

        fn end_session(_index: SessionIndex) {}
    }
}

/// The move of an authority and its session keys with its coldkey. spec staking §10.2
impl<T: Config> OnKeySwap<T::AccountId> for Pallet<T> {
    fn hotkey_swapped(_: &T::AccountId, _: &T::AccountId, _: &T::AccountId) -> Result<Weight, DispatchError> {
        Ok(Weight::zero())
    }

    fn coldkey_swapped(old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        // Session keys need an account. Without one the old account stays the authority.
        if pallet_session::NextKeys::<T>::contains_key(new)
            || !pallet_session::NextKeys::<T>::contains_key(old)
            || frame_system::Pallet::<T>::inc_consumers(new).is_err()
        {
            return Ok(());
        }
        if let Some(keys) = pallet_session::NextKeys::<T>::take(old) {
            for id in <T as pallet_session::Config>::Keys::key_ids() {
                pallet_session::KeyOwner::<T>::insert((*id, keys.get_raw(*id).to_vec()), new);
            }
            pallet_session::NextKeys::<T>::insert(new, keys);
            frame_system::Pallet::<T>::dec_consumers(old);
        }
        // Before the first change the authorities are those of the session.
        let present = Authorities::<T>::get();
        let listed = present.map_or_else(pallet_session::Validators::<T>::get, BoundedVec::into_inner);
        if listed.contains(old) {
            let listed = listed.into_iter().map(|authority| if authority == *old { new.clone() } else { authority });
            Authorities::<T>::put(BoundedVec::truncate_from(listed.collect()));
        }
        Ok(())
    }

    fn hotkey_swap_weight() -> Weight {
        Weight::zero()
    }

    fn coldkey_swap_weight() -> Weight {
        let keys = u64::try_from(<T as pallet_session::Config>::Keys::key_ids().len()).unwrap_or(u64::MAX);
        T::DbWeight::get().reads_writes(6, keys.saturating_add(5))
    }
}

/// The blocks in a session, for the session pallet.
pub struct SessionLength<T>(PhantomData<T>);

impl<T: Config> Get<BlockNumber> for SessionLength<T> {
    fn get() -> BlockNumber {
        SessionBlocks::<T>::get()
    }
}
