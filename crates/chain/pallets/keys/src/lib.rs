//! Pairs of coldkeys and hotkeys, key swaps, identities. spec staking §2 and §10
//!
//! A *coldkey* owns TAO and hotkeys. A *hotkey* works for a neuron and has exactly one owner. This pallet stores the
//! pairs, replaces keys, and locks a coldkey whose swap is announced. All other pallets stand above it and read owners
//! and the lock from it.
//!
//! | Question | Where | spec |
//! |---|---|---|
//! | Which coldkey owns a hotkey? | [`Keys::owner`], [`Owners`] | staking §2 |
//! | How does a hotkey get an owner? | [`Keys::pair`], [`Call::try_associate_hotkey`] | staking §2 |
//! | How do both keys agree to a pair? | [`KeyConsent`], [`VerifyConsent`] | staking §2 |
//! | How is a hotkey replaced? | [`Call::swap_hotkey`], [`OnKeySwap`] | staking §10.1 |
//! | How is a coldkey replaced? | [`Call::announce_coldkey_swap`], [`Call::swap_coldkey_announced`] | staking §10.2, §10.3 |
//! | Which coldkeys may not act? | [`Keys::ensure_not_swapping`], [`Keys::swap_code`] | staking §10.3 |
//! | Which account is reserved for a swap? | [`Announced`] | staking §10.3 |
//! | Which identity does a coldkey publish? | [`Identities`] | subnets-and-neurons §15.2 |
//!
//! # Swaps
//!
//! A swap makes all its checks first. They read the pallets above: seats through [`ReadSeated`], stake through
//! [`ReadKeyUse`], rate limits and delays through [`ReadKeyRules`]. Then the pair moves. Then the listeners move their
//! data of the old key, in the order in which the runtime lists them. A listener that fails undoes the call.
//!
//! A coldkey whose swap is announced has no TAO in its account: it is in escrow, which is in no account, and what
//! arrives later is frozen. So no call can spend it, however it is wrapped.
//!
//! # What is not here
//!
//! Stake, delegation and families are in `myelin-pallet-staking`, seats in `myelin-pallet-neurons`. The parameters of
//! swaps are in `myelin-pallet-subnets`.
//!
//! [`KeyConsent`]: myelin_records::consent::KeyConsent
//! [`Keys::ensure_not_swapping`]: traits::Keys::ensure_not_swapping
//! [`Keys::owner`]: traits::Keys::owner
//! [`Keys::pair`]: traits::Keys::pair
//! [`Keys::swap_code`]: traits::Keys::swap_code
//! [`OnKeySwap`]: traits::OnKeySwap
//! [`ReadKeyRules`]: traits::ReadKeyRules
//! [`ReadKeyUse`]: traits::ReadKeyUse
//! [`ReadSeated`]: traits::ReadSeated
//! [`VerifyConsent`]: traits::VerifyConsent

#![cfg_attr(not(feature = "std"), no_std)]
#![allow(missing_docs, reason = "FRAME's macros generate public items without documentation")]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
    )
)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
mod calls;
mod coldkeys;
mod consent;
mod free;
mod identity;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
#[cfg(test)]
mod mock;
mod reads;
mod state;
#[cfg(test)]
mod tests;
pub mod traits;
pub mod types;
pub mod weights;

pub use consent::MAX_SUCCESSIONS;
pub use pallet::*;
pub use weights::WeightInfo;

#[allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::if_not_else,
    reason = "FRAME's macros write so; no rule stands in this module"
)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        traits::{OnKeySwap, ReadKeyRules, ReadKeyUse, ReadSeated, VerifyConsent},
        types::ColdkeyHash,
        weights::WeightInfo,
    };
    use frame_support::{
        pallet_prelude::*,
        traits::{
            Contains, EnsureOrigin,
            fungible::{Balanced, Mutate, MutateFreeze},
        },
    };
    use frame_system::pallet_prelude::*;
    use myelin_primitives::{Amount, BlockNumber, Tao};
    use myelin_records::{
        bounds::MaxHotkeys,
        consent::KeyConsent,
        key::{ChainIdentity, ColdkeySwap, StoredChainIdentity},
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The origin that may swap a coldkey without its signature, and settle a disputed swap.
        type Governance: EnsureOrigin<Self::RuntimeOrigin>;

        /// Free TAO, which pays for swaps and moves with a coldkey.
        type Currency: Mutate<Self::AccountId, Balance = u64>
            + Balanced<Self::AccountId>
            + MutateFreeze<Self::AccountId, Id: From<FreezeReason>>;

        /// The rate limits and delays of swaps.
        type Rules: ReadKeyRules;

        /// The hotkeys with seats.
        type Seats: ReadSeated<Self::AccountId>;

        /// The use of keys for stake.
        type Uses: ReadKeyUse<Self::AccountId>;

        /// The listeners to swaps.
        type OnKeySwap: OnKeySwap<Self::AccountId>;

        /// The signatures with which keys agree to pairs.
        type Signatures: VerifyConsent<Self::AccountId>;

        /// The accounts of the runtime itself, which cannot be hotkeys. spec staking §2
        type SystemAccounts: Contains<Self::AccountId>;

        /// The price of a hotkey swap, and of the first announcement of a coldkey swap. spec staking §10
        #[pallet::constant]
        type KeySwapCost: Get<Amount<Tao>>;

        /// The price of a pair that a coldkey makes. spec staking §2
        #[pallet::constant]
        type PairCost: Get<Amount<Tao>>;

        /// The price of an identity. spec subnets-and-neurons §15.2
        #[pallet::constant]
        type IdentityCost: Get<Amount<Tao>>;

        /// The weights of calls.
        type WeightInfo: WeightInfo;

        /// The seats that benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    /// The reasons for which this pallet freezes TAO.
    #[pallet::composite_enum]
    pub enum FreezeReason {
        /// The swap of the coldkey is announced.
        Swap,
    }

    /// The coldkey that owns each hotkey.
    ///
    /// Written when a pair is made and by swaps. Moved by a hotkey swap, never removed otherwise: a pair stays when the
    /// hotkey has no seat. spec staking §2
    // `Blake2_128Concat`, here and below: users choose their accounts.
    #[pallet::storage]
    pub type Owners<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId>;

    /// The hotkeys of each coldkey, in the order in which they came. At most [`MaxHotkeys`].
    ///
    /// Written when a pair is made and by swaps. Removed by a coldkey swap.
    #[pallet::storage]
    pub type OwnedHotkeys<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, BoundedVec<T::AccountId, MaxHotkeys>, ValueQuery>;

    /// The hotkey that replaced each swapped hotkey, for lists that still name the old one.
    ///
    /// Written by hotkey swaps, which are paid for; removed when the old key becomes a hotkey again, which the owner of
    /// its latest successor alone can do.
    #[pallet::storage]
    pub type Successors<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId>;

    /// The announced swaps of coldkeys. spec staking §10.3
    ///
    /// Written by announcement and dispute. Removed by the swap, by withdrawing it and by governance.
    #[pallet::storage]
    pub type ColdkeySwaps<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ColdkeySwap>;

    /// The TAO of all coldkeys under swap, which is in no account.
    ///
    /// Grows with announcements, and shrinks when a swap is carried out or ends.
    #[pallet::storage]
    pub type TotalEscrowed<T: Config> = StorageValue<_, Amount<Tao>, ValueQuery>;

    /// The coldkey that announced each hash. The account of the hash is reserved for the swap. spec staking §10.3
    ///
    /// Written and removed with [`ColdkeySwaps`].
    #[pallet::storage]
    pub type Announced<T: Config> = StorageMap<_, Blake2_128Concat, ColdkeyHash, T::AccountId>;

    /// The identities of coldkeys. Overwritten by themselves, moved by a coldkey swap.
    #[pallet::storage]
    pub type Identities<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, StoredChainIdentity>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A hotkey got an owner.
        HotkeyAssociated {
            /// The owner.
            coldkey: T::AccountId,
            /// The hotkey.
            hotkey: T::AccountId,
        },
        /// A hotkey was swapped for another.
        HotkeySwapped {
            /// The owner.
            coldkey: T::AccountId,
            /// The hotkey before.
            old_hotkey: T::AccountId,
            /// The hotkey from now on.
            new_hotkey: T::AccountId,
        },
        /// The swap of a coldkey was announced.
        ColdkeySwapAnnounced {
            /// The coldkey.
            who: T::AccountId,
            /// The hash of the new coldkey.
            new_coldkey_hash: ColdkeyHash,
            /// The first block in which the swap is possible.
            due: BlockNumber,
        },
        /// A coldkey was swapped for another.
        ColdkeySwapped {
            /// The coldkey before.
            old_coldkey: T::AccountId,
            /// The coldkey from now on.
            new_coldkey: T::AccountId,
        },
        /// The announced swap of a coldkey was disputed.
        ColdkeySwapDisputed {
            /// The coldkey.
            coldkey: T::AccountId,
        },
        /// The announcement of a coldkey swap was withdrawn.
        ColdkeySwapCleared {
            /// The coldkey.
            who: T::AccountId,
        },
        /// Governance removed the announcement and the dispute of a coldkey swap.
        ColdkeySwapReset {
            /// The coldkey.
            who: T::AccountId,
        },
        /// A coldkey published its identity.
        ChainIdentitySet {
            /// The coldkey.
            coldkey: T::AccountId,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The hotkey belongs to another coldkey; sign with its owner or name another hotkey.
        NonAssociatedColdKey,
        /// The account belongs to the runtime; a hotkey needs a key that a person holds.
        CannotUseSystemAccount,
        /// The coldkey owns as many hotkeys as it can; use another coldkey.
        TooManyHotkeys,
        /// None of the coldkey's hotkeys has a seat; register one first.
        HotKeyNotRegisteredInNetwork,
        /// The new hotkey has a seat; swap to one that has none.
        HotKeyAlreadyRegisteredInSubNet,
        /// A field is longer than 256 bytes, or 1 024 for image, description and additional.
        InvalidIdentity,

        /// The new hotkey is the old one.
        NewHotKeyIsSameWithOld,
        /// The new hotkey has stake or lends or borrows stake weight; swap to a fresh one.
        NewHotKeyInUse,
        /// The last key or stake operation of the coldkey is too recent.
        HotKeySetTxRateLimitExceeded,
        /// The free balance does not cover the cost of a hotkey swap.
        NotEnoughBalanceToPaySwapHotKey,
        /// The free balance does not cover the cost of a coldkey swap.
        NotEnoughBalanceToPaySwapColdKey,
        /// The new coldkey has stake or hotkeys; swap to a fresh one.
        ColdKeyAlreadyAssociated,
        /// The new coldkey is a hotkey; swap to a fresh one.
        NewColdKeyIsHotkey,
        /// A swap of the coldkey is announced; only the calls about the swap are possible until it is done.
        ColdkeySwapAnnounced,
        /// The swap of the coldkey is disputed; governance has to decide.
        ColdkeySwapDisputed,
        /// No swap of this coldkey is announced.
        ColdkeySwapAnnouncementNotFound,
        /// Another coldkey was announced.
        AnnouncedColdkeyHashDoesNotMatch,
        /// The delay since the announcement is not over.
        ColdkeySwapTooEarly,
        /// The delay before another announcement is not over.
        ColdkeySwapReannouncedTooEarly,
        /// The delay before the announcement can be withdrawn is not over.
        ColdkeySwapClearTooEarly,
        /// The swap is disputed already.
        ColdkeySwapAlreadyDisputed,
        /// A coldkey will be swapped for the account; until then it can have neither hotkeys nor stake.
        ColdkeyReserved,
        /// The other key of the pair did not agree to it; add its signature of the pair.
        KeyConsentMissing,
        /// The key was swapped for another one; only the owner of its latest successor can use it again.
        HotKeyRetired,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call(weight(<T as Config>::WeightInfo))]
    impl<T: Config> Pallet<T> {
        /// Pairs a hotkey with the caller, without registering it.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that will own the hotkey.
        ///
        /// ## Details
        /// `consent` is the hotkey's signature of the pair, see [`KeyConsent`]. An account that is both keys needs
        /// none. The cost of 0.005 TAO is recycled. Does nothing if the hotkey has an owner already.
        ///
        /// ## Errors
        /// In this order: [`Error::CannotUseSystemAccount`], [`Error::ColdkeyReserved`], [`Error::HotKeyRetired`],
        /// [`Error::TooManyHotkeys`], [`Error::KeyConsentMissing`], and that of a balance that does not cover the cost.
        ///
        /// ## Events
        /// [`Event::HotkeyAssociated`].
        #[pallet::call_index(0)]
        pub fn try_associate_hotkey(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            consent: Option<KeyConsent>,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_try_associate_hotkey(&coldkey, &hotkey, consent.as_ref())
        }

        /// Swaps a hotkey for another one without a seat.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that owns the hotkey.
        ///
        /// ## Details
        /// Seats, stake, delegation, children and announcements move to the new hotkey. Weights, bonds and records stay
        /// with the seats. The cost is recycled. `consent` is the new hotkey's signature of the pair, see
        /// [`KeyConsent`]. A hotkey of the caller, and the caller itself, need none.
        ///
        /// ## Errors
        /// In this order: [`Error::NonAssociatedColdKey`], [`Error::CannotUseSystemAccount`],
        /// [`Error::ColdkeyReserved`], [`Error::HotKeyRetired`], [`Error::KeyConsentMissing`],
        /// [`Error::NewHotKeyIsSameWithOld`], [`Error::HotKeySetTxRateLimitExceeded`],
        /// [`Error::HotKeyAlreadyRegisteredInSubNet`], [`Error::NewHotKeyInUse`],
        /// [`Error::NotEnoughBalanceToPaySwapHotKey`], and those of the listeners.
        ///
        /// ## Events
        /// Those of the listeners, then [`Event::HotkeySwapped`].
        #[pallet::call_index(1)]
        #[pallet::weight(<T as Config>::WeightInfo::swap_hotkey().saturating_add(T::OnKeySwap::hotkey_swap_weight()))]
        pub fn swap_hotkey(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            new_hotkey: T::AccountId,
            consent: Option<KeyConsent>,
        ) -> DispatchResultWithPostInfo {
            let coldkey = ensure_signed(origin)?;
            let listeners = Self::do_swap_hotkey(&coldkey, &hotkey, &new_hotkey, consent.as_ref())?;
            Ok(Some(<T as Config>::WeightInfo::swap_hotkey().saturating_add(listeners)).into())
        }

        /// Announces the swap of the caller for another coldkey.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey to replace.
        ///
        /// ## Details
        /// The hash is BLAKE2-256 of the encoded new account. From now on the coldkey can only carry out, dispute,
        /// repeat or withdraw this announcement, without fees. Its TAO is in escrow until then, and what arrives later
        /// is frozen. The first announcement costs 0.1 TAO, which is recycled. Repeating is free, possible after the
        /// reannouncement delay since the swap was due, and restarts the announcement delay.
        ///
        /// ## Errors
        /// [`Error::ColdkeySwapDisputed`], [`Error::ColdkeySwapReannouncedTooEarly`], [`Error::ColdkeyReserved`],
        /// [`Error::NotEnoughBalanceToPaySwapColdKey`].
        ///
        /// ## Events
        /// [`Event::ColdkeySwapAnnounced`].
        #[pallet::call_index(2)]
        #[pallet::feeless_if(|origin: &OriginFor<T>, _: &ColdkeyHash| -> bool { Pallet::<T>::is_under_swap(origin) })]
        pub fn announce_coldkey_swap(origin: OriginFor<T>, new_coldkey_hash: ColdkeyHash) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_announce_coldkey_swap(&coldkey, new_coldkey_hash)
        }

        /// Swaps the caller for the coldkey that it has announced.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey to replace.
        ///
        /// ## Details
        /// Moves all stake, hotkeys, subnets, the identity unless the new coldkey has one, and all TAO. TAO that is too
        /// little to open the new account stays.
        ///
        /// ## Errors
        /// In this order: [`Error::ColdkeySwapDisputed`], [`Error::ColdkeySwapAnnouncementNotFound`],
        /// [`Error::AnnouncedColdkeyHashDoesNotMatch`], [`Error::ColdkeySwapTooEarly`],
        /// [`Error::ColdKeyAlreadyAssociated`], [`Error::NewColdKeyIsHotkey`], and those of the listeners.
        ///
        /// ## Events
        /// Those of the listeners, then [`Event::ColdkeySwapped`].
        #[pallet::call_index(3)]
        #[pallet::feeless_if(|origin: &OriginFor<T>, _: &T::AccountId| -> bool { Pallet::<T>::is_under_swap(origin) })]
        #[pallet::weight(<T as Config>::WeightInfo::swap_coldkey().saturating_add(T::OnKeySwap::coldkey_swap_weight()))]
        pub fn swap_coldkey_announced(origin: OriginFor<T>, new_coldkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_swap_coldkey_announced(&coldkey, &new_coldkey)
        }

        /// Disputes the announced swap of the caller.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey with the announcement.
        ///
        /// ## Details
        /// From now on each call of the coldkey fails, until governance has decided.
        ///
        /// ## Errors
        /// [`Error::ColdkeySwapAlreadyDisputed`], [`Error::ColdkeySwapAnnouncementNotFound`].
        ///
        /// ## Events
        /// [`Event::ColdkeySwapDisputed`].
        #[pallet::call_index(4)]
        #[pallet::feeless_if(|origin: &OriginFor<T>| -> bool { Pallet::<T>::is_under_swap(origin) })]
        pub fn dispute_coldkey_swap(origin: OriginFor<T>) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_dispute_coldkey_swap(&coldkey)
        }

        /// Withdraws the announced swap of the caller.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey with the announcement.
        ///
        /// ## Details
        /// Possible after the reannouncement delay since the swap was due. The escrow returns.
        ///
        /// ## Errors
        /// [`Error::ColdkeySwapDisputed`], [`Error::ColdkeySwapAnnouncementNotFound`],
        /// [`Error::ColdkeySwapClearTooEarly`].
        ///
        /// ## Events
        /// [`Event::ColdkeySwapCleared`].
        #[pallet::call_index(5)]
        #[pallet::feeless_if(|origin: &OriginFor<T>| -> bool { Pallet::<T>::is_under_swap(origin) })]
        pub fn clear_coldkey_swap_announcement(origin: OriginFor<T>) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_clear_coldkey_swap_announcement(&coldkey)
        }

        /// Removes the announcement and the dispute of a coldkey swap.
        ///
        /// ## Dispatch origin
        /// Governance.
        ///
        /// ## Details
        /// The escrow returns.
        ///
        /// ## Events
        /// [`Event::ColdkeySwapReset`].
        #[pallet::call_index(6)]
        #[pallet::weight((<T as Config>::WeightInfo::reset_coldkey_swap(), DispatchClass::Operational))]
        pub fn reset_coldkey_swap(origin: OriginFor<T>, coldkey: T::AccountId) -> DispatchResult {
            T::Governance::ensure_origin(origin)?;
            Self::do_reset_coldkey_swap(&coldkey)
        }

        /// Swaps a coldkey for another one at once.
        ///
        /// ## Dispatch origin
        /// Governance.
        ///
        /// ## Details
        /// `cost` is taken from the old coldkey and recycled. Announcement and dispute are removed.
        ///
        /// ## Errors
        /// In this order: [`Error::NotEnoughBalanceToPaySwapColdKey`], [`Error::ColdKeyAlreadyAssociated`],
        /// [`Error::NewColdKeyIsHotkey`], [`Error::ColdkeyReserved`], and those of the listeners.
        ///
        /// ## Events
        /// Those of the listeners, then [`Event::ColdkeySwapped`].
        #[pallet::call_index(7)]
        #[pallet::weight((
            <T as Config>::WeightInfo::swap_coldkey().saturating_add(T::OnKeySwap::coldkey_swap_weight()),
            DispatchClass::Operational,
        ))]
        pub fn swap_coldkey(
            origin: OriginFor<T>,
            old_coldkey: T::AccountId,
            new_coldkey: T::AccountId,
            cost: Amount<Tao>,
        ) -> DispatchResult {
            T::Governance::ensure_origin(origin)?;
            Self::do_swap_coldkey(&old_coldkey, &new_coldkey, cost)
        }

        /// Publishes the identity of the caller.
        ///
        /// ## Dispatch origin
        /// Signed by a coldkey that owns a hotkey with a seat.
        ///
        /// ## Details
        /// Replaces the identity published before. The chain does not interpret the content. The cost of 0.01 TAO is
        /// recycled.
        ///
        /// ## Errors
        /// In this order: [`Error::HotKeyNotRegisteredInNetwork`], [`Error::InvalidIdentity`], and that of a balance
        /// that does not cover the cost.
        ///
        /// ## Events
        /// [`Event::ChainIdentitySet`].
        #[pallet::call_index(8)]
        pub fn set_identity(origin: OriginFor<T>, identity: ChainIdentity) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_set_identity(&coldkey, identity)
        }
    }
}
