//! TAO lent to hotkeys: pools, delegation, take, children. spec staking
//!
//! # What it is
//!
//! A coldkey stakes TAO on a hotkey. All stake on a hotkey is in one pool, of which coldkeys hold shares, so that
//! paying a hundred thousand nominators is one addition (`myelin_economics::pool`). The pallet also knows which hotkeys
//! are delegates and what they take, and who lends stake weight to whom. Who owns a hotkey is in `myelin-pallet-keys`.
//!
//! Staked TAO is in no account. It leaves pallet-balances when it is staked and comes back when it is not; meanwhile
//! [`TotalStake`] says how much there is, and the total issuance counts it.
//!
//! # How it is used
//!
//! | Who | Through |
//! |---|---|
//! | coldkeys | the calls |
//! | consensus, weights, emission | [`traits::ReadStake`], [`traits::PayStake`] |
//! | seats | [`traits::ReleaseStake`] |
//! | keys | `ReadKeyUse` and `OnKeySwap` of the keys pallet |
//! | runtime APIs | [`Pallet::positions`], [`Pallet::delegated`], [`Pallet::stakers`] |
//! | the transaction pool | [`Pallet::check_free_call`] |
//!
//! While a swap of its coldkey is announced or disputed, every call fails first with the error of the keys pallet that
//! says so.
//!
//! # Why it is this way
//!
//! * Pools have names of their own ([`PoolId`](myelin_records::stake::PoolId)). A hotkey swap then moves one entry,
//!   however many nominators there are, and a hotkey that loses its last seat parts with its pool in one step: nothing
//!   is staked on it any more, and the pool pays its holders back, a page at a time, at the end of this block and the
//!   next ones.
//! * Nominations are listed under their coldkey, stake on own hotkeys is not: it is found through the list of owned
//!   hotkeys. So a payout to an owner never depends on how many others the owner has nominated.
//! * Every change of stake passes through one function, which keeps the totals: `change` in `state.rs`.
//!
//! # What it does not do
//!
//! It knows no seats, no weights and no epochs: root seats are asked for through [`traits::RootSeats`], and what is
//! paid to whom, and when, is decided by who calls [`traits::PayStake`].

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
mod checks;
mod children;
mod free;
mod genesis;
mod hooks;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
mod listeners;
#[cfg(test)]
mod mock;
mod moves;
mod payout;
mod reads;
mod release;
mod state;
#[cfg(test)]
mod tests;
pub mod traits;
pub mod types;
mod views;
pub mod weights;

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
        traits::RootSeats,
        types::{MaxChildrenRead, NominationSweep, SortedBlock, StakeActivity},
        weights::WeightInfo,
    };
    use alloc::vec::Vec;
    use frame_support::{pallet_prelude::*, traits::fungible::Balanced, weights::WeightMeter};
    use frame_system::pallet_prelude::*;
    use myelin_economics::pool::Holding;
    use myelin_pallet_keys::traits::Keys;
    use myelin_pallet_subnets::traits::ReadSubnets;
    use myelin_primitives::{Amount, BlockNumber, NetUid, Take, Tao};
    use myelin_records::{
        bounds::{MAX_NETWORKS, MaxNominations},
        stake::{Children, Family, FamilyMember, HotkeyRecord, PoolId, StakePool},
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Where TAO is while it is not staked.
        type Currency: Balanced<Self::AccountId, Balance = u64>;

        /// Pairs of keys, and the lock of a coldkey swap.
        type Keys: Keys<Self::AccountId>;

        /// Which networks exist, and how they are set.
        type Subnets: ReadSubnets<Self::AccountId>;

        /// Who has a seat.
        type Seats: RootSeats<Self::AccountId>;

        /// The least that a stake operation moves. spec staking §3
        #[pallet::constant]
        type MinStake: Get<Amount<Tao>>;

        /// Whether stake is returned when its hotkey has lost its last seat. spec subnets-and-neurons §10.1
        #[pallet::constant]
        type UnstakeOnDeregistration: Get<bool>;

        /// What calls and hooks cost.
        type WeightInfo: WeightInfo;

        /// Makes the networks and seats that benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    /// The pool and the delegation of each hotkey that has either of them.
    ///
    /// Written by the first stake and by changes of the take. Moved by a hotkey swap. Removed when the stake of a
    /// hotkey is released that is no delegate.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type Hotkeys<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, HotkeyRecord>;

    /// The pools that each coldkey holds a part of without owning their hotkey, and those that are on their way back
    /// to it. At most [`MaxNominations`].
    ///
    /// An entry comes with the first and goes with the last share in a pool.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type Nominations<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, BoundedVec<PoolId, MaxNominations>, ValueQuery>;

    /// When each coldkey last did what is limited in time.
    ///
    /// Written by stake operations, by becoming a delegate and by swaps; windows that have ended leave with the next
    /// operation. Moved by a coldkey swap, kept otherwise.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type Activities<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, StakeActivity, ValueQuery>;

    /// The name of the next pool.
    #[pallet::storage]
    pub type NextPool<T: Config> = StorageValue<_, PoolId, ValueQuery>;

    /// Every pool of stake. It is the pool of the hotkey that names it, or else in [`Releases`].
    ///
    /// Written by whatever changes stake. Removed once it was released and has paid everybody back; one that is only
    /// empty stays with its hotkey.
    // `Identity`: the key is a counter that only the chain assigns.
    #[pallet::storage]
    pub type Pools<T: Config> = StorageMap<_, Identity, PoolId, StakePool<T::AccountId>>;

    /// What each coldkey holds of each pool. No entry holds nothing.
    // `Identity` and `Blake2_128Concat`: the chain assigns pools, users choose their accounts.
    #[pallet::storage]
    pub type Holdings<T: Config> =
        StorageDoubleMap<_, Identity, PoolId, Blake2_128Concat, T::AccountId, Holding, ValueQuery>;

    /// The value of all pools together: a part of the total issuance. spec tokenomics §9.1
    #[pallet::storage]
    pub type TotalStake<T: Config> = StorageValue<_, Amount<Tao>, ValueQuery>;

    /// Whom each hotkey lends stake weight to on each subnet, whom it borrows from, and its terms.
    ///
    /// Written by the calls about children, by their activation and by hotkey swaps. Removed with the subnet, a page
    /// per block.
    // `Identity` and `Blake2_128Concat`: the chain assigns netuids, users choose their accounts.
    #[pallet::storage]
    pub type Families<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Blake2_128Concat, T::AccountId, Family<T::AccountId>, ValueQuery>;

    /// The hotkeys with pending children, by subnet and then in the order of time.
    ///
    /// An entry comes and goes with `pending` in [`Families`].
    // `Identity`: the chain assigns netuids and blocks, and their order is used. `Blake2_128Concat`: users choose their
    // accounts.
    #[pallet::storage]
    pub type Activations<T: Config> = StorageNMap<
        _,
        (NMapKey<Identity, NetUid>, NMapKey<Identity, SortedBlock>, NMapKey<Blake2_128Concat, T::AccountId>),
        (),
    >;

    /// The pools that pay their holders back, because their hotkey has left its last seat.
    ///
    /// An entry goes when the pool is empty.
    // `Identity`: the key is a counter that only the chain assigns.
    #[pallet::storage]
    pub type Releases<T: Config> = StorageMap<_, Identity, PoolId, ()>;

    /// How far a raised nomination minimum has been applied to what was staked before. spec staking §4.1
    #[pallet::storage]
    pub type MinimumSweep<T: Config> = StorageValue<_, NominationSweep<T::AccountId>, ValueQuery>;

    /// Stake that exists from the first block on, without coming from an account.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Coldkey, hotkey and what the one has staked on the other. The first coldkey to name a hotkey owns it; with
        /// the next one the hotkey becomes a delegate.
        pub stakes: Vec<(T::AccountId, T::AccountId, Amount<Tao>)>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            self.write();
        }
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Stake of a coldkey on a hotkey grew by a call.
        StakeAdded {
            /// Whose stake.
            coldkey: T::AccountId,
            /// On which hotkey.
            hotkey: T::AccountId,
            /// By how much.
            added: Amount<Tao>,
            /// What this coldkey has on this hotkey afterwards.
            total: Amount<Tao>,
        },
        /// Stake of a coldkey on a hotkey fell, by a call, because the nomination became too small, or because the
        /// hotkey lost its last seat.
        StakeRemoved {
            /// Whose stake.
            coldkey: T::AccountId,
            /// On which hotkey.
            hotkey: T::AccountId,
            /// By how much.
            removed: Amount<Tao>,
            /// What this coldkey has on this hotkey afterwards.
            total: Amount<Tao>,
        },
        /// Stake that went back to a coldkey was less than its account needs to exist, so it was recycled.
        StakeRecycled {
            /// Whose stake it was.
            coldkey: T::AccountId,
            /// How much.
            amount: Amount<Tao>,
        },
        /// A coldkey moved stake from one hotkey to another.
        StakeMoved {
            /// Whose stake.
            coldkey: T::AccountId,
            /// Where it was.
            origin_hotkey: T::AccountId,
            /// Where it is.
            destination_hotkey: T::AccountId,
            /// How much.
            amount: Amount<Tao>,
        },
        /// A coldkey gave stake to another.
        StakeTransferred {
            /// Whose it was.
            origin_coldkey: T::AccountId,
            /// Whose it is.
            destination_coldkey: T::AccountId,
            /// On which hotkey.
            hotkey: T::AccountId,
            /// How much.
            amount: Amount<Tao>,
        },
        /// A hotkey that left its last seat no longer has this pool; it pays its holders back from now on.
        StakeReleased {
            /// The hotkey.
            hotkey: T::AccountId,
            /// What nominators get back. The owner has got the rest already.
            amount: Amount<Tao>,
            /// How many nominators there are.
            nominators: u32,
        },
        /// Stake on a hotkey could not go back to whom it belongs. It is kept in its pool.
        StakeReturnFailed {
            /// On which hotkey.
            hotkey: T::AccountId,
            /// Why.
            reason: DispatchError,
        },
        /// A hotkey accepts nominations from now on.
        DelegateAdded {
            /// The owner.
            coldkey: T::AccountId,
            /// The delegate.
            hotkey: T::AccountId,
            /// What it takes.
            take: Take,
        },
        /// A delegate takes more.
        TakeIncreased {
            /// The owner.
            coldkey: T::AccountId,
            /// The delegate.
            hotkey: T::AccountId,
            /// What it takes now.
            take: Take,
        },
        /// A delegate takes less.
        TakeDecreased {
            /// The owner.
            coldkey: T::AccountId,
            /// The delegate.
            hotkey: T::AccountId,
            /// What it takes now.
            take: Take,
        },
        /// A hotkey asked for children.
        SetChildrenScheduled {
            /// Who lends.
            hotkey: T::AccountId,
            /// On which subnet.
            netuid: NetUid,
            /// The block after which they take effect, with the next epoch.
            after: BlockNumber,
            /// To whom.
            children: Children<T::AccountId>,
        },
        /// Other children of a hotkey took effect.
        SetChildren {
            /// Who lends.
            hotkey: T::AccountId,
            /// On which subnet.
            netuid: NetUid,
            /// To whom from now on.
            children: Children<T::AccountId>,
        },
        /// Pending children will not take effect.
        PendingChildrenDropped {
            /// Who would have lent.
            hotkey: T::AccountId,
            /// On which subnet.
            netuid: NetUid,
            /// Why not.
            reason: DispatchError,
        },
        /// A hotkey takes another part of what it earns for its parents.
        ChildKeyTakeSet {
            /// The child.
            hotkey: T::AccountId,
            /// On which subnet.
            netuid: NetUid,
            /// What it takes.
            take: Take,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// Nobody owns this hotkey; it is known once it is registered or associated.
        HotKeyAccountNotExists,
        /// The hotkey belongs to another coldkey; sign with its owner or name another hotkey.
        NonAssociatedColdKey,
        /// The coldkey has stake on as many foreign hotkeys as it can; take it off one of them first.
        TooManyNominations,
        /// There is no network with this netuid.
        SubNetworkDoesNotExist,
        /// Root has no children; name a subnet.
        RegistrationNotPermittedOnRootSubnet,
        /// Root is full and no member has less stake than this hotkey.
        StakeTooLowForRoot,

        /// The free balance is below the amount.
        NotEnoughBalanceToStake,
        /// The coldkey has less than this on the hotkey.
        NotEnoughStakeToWithdraw,
        /// The amount is below the least of a stake operation, or too little for an account to exist.
        AmountTooLow,
        /// Nothing can be taken from the account, which has to keep the existential deposit.
        InsufficientBalance,
        /// The nomination would be below the minimum of nominations; stake more at once.
        NomStakeBelowMinimumThreshold,
        /// The hotkey is no delegate and belongs to another coldkey.
        HotKeyNotDelegateAndSignerNotOwnHotKey,
        /// The coldkey has changed its stake on this hotkey too recently; wait for the next stake interval.
        StakingRateLimitExceeded,
        /// Origin and destination are the same.
        SameNetuid,
        /// Stake cannot be given to another coldkey at present.
        TransferDisallowed,
        /// A sum of stake leaves its range, or a holding does not match its pool. Neither can happen to a sound state.
        InconsistentStake,

        /// The hotkey is a delegate already.
        HotKeyAlreadyDelegate,
        /// The hotkey is no delegate; let it become one first.
        HotKeyNotDelegate,
        /// The take is below the minimum, or does not change in the direction of the call.
        DelegateTakeTooLow,
        /// The take is above the maximum.
        DelegateTakeTooHigh,
        /// The last change is too recent; wait for the rate limit.
        DelegateTxRateLimitExceeded,

        /// The hotkey has asked for children within the last 150 blocks.
        TxRateLimitExceeded,
        /// A hotkey has at most 5 children on a subnet.
        TooManyChildren,
        /// A child is listed twice.
        DuplicateChild,
        /// A hotkey cannot be its own child.
        InvalidChild,
        /// The proportions sum to more than the whole.
        ProportionOverflow,
        /// A child is a parent of the hotkey; weight is not lent in both directions.
        ChildParentInconsistency,
        /// The hotkey has less stake than lending takes.
        NotEnoughStakeToSetChildkeys,
        /// A child has 32 parents that lend it more than this one would.
        TooManyParents,
        /// The take is outside of its bounds.
        InvalidChildkeyTake,
        /// The take of this child was changed too recently to be raised.
        TxChildkeyTakeRateLimitExceeded,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Returns released stake and applies a raised nomination minimum, with what the block has left.
        ///
        /// Ordinary transactions cannot fill a block, so there is always something left.
        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            let mut meter = WeightMeter::with_limit(remaining);
            Self::return_released(&mut meter);
            Self::sweep_nominations(&mut meter);
            meter.consumed()
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call(weight(<T as Config>::WeightInfo))]
    impl<T: Config> Pallet<T> {
        /// Stake TAO on a hotkey, from the caller's free balance.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that stakes.
        ///
        /// ## Details
        /// The account is kept alive: of a whole balance all but the existential deposit is staked. Adding and
        /// removing together are limited per hotkey and interval.
        ///
        /// ## Errors
        /// In this order: [`Error::AmountTooLow`], [`Error::NotEnoughBalanceToStake`],
        /// [`Error::HotKeyAccountNotExists`], [`Error::HotKeyNotDelegateAndSignerNotOwnHotKey`],
        /// [`Error::NomStakeBelowMinimumThreshold`], [`Error::StakingRateLimitExceeded`],
        /// [`Error::InsufficientBalance`], [`Error::TooManyNominations`].
        ///
        /// ## Events
        /// [`Event::StakeAdded`], with what was really staked.
        #[pallet::call_index(0)]
        pub fn add_stake(origin: OriginFor<T>, hotkey: T::AccountId, amount: Amount<Tao>) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_add_stake(&coldkey, &hotkey, amount)
        }

        /// Take stake off a hotkey. It is free in the same block.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey whose stake it is. Free of fees, because a coldkey may have earned stake and nothing
        /// else.
        ///
        /// ## Details
        /// A nomination that would be left below the minimum is returned as a whole. Pending children of a hotkey whose
        /// stake falls below the threshold are dropped.
        ///
        /// ## Errors
        /// In this order: [`Error::HotKeyAccountNotExists`], [`Error::AmountTooLow`] for nothing,
        /// [`Error::NotEnoughStakeToWithdraw`], [`Error::AmountTooLow`] for less than the least operation or too little
        /// for an account to exist, [`Error::StakingRateLimitExceeded`].
        ///
        /// ## Events
        /// [`Event::StakeRemoved`], twice if the rest is returned; [`Event::PendingChildrenDropped`].
        #[pallet::call_index(1)]
        #[pallet::feeless_if(|_: &OriginFor<T>, _: &T::AccountId, _: &Amount<Tao>| -> bool { true })]
        #[pallet::weight(<T as Config>::WeightInfo::remove_stake(MAX_NETWORKS))]
        pub fn remove_stake(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            amount: Amount<Tao>,
        ) -> DispatchResultWithPostInfo {
            let coldkey = ensure_signed(origin)?;
            let networks = Self::do_remove_stake(&coldkey, &hotkey, amount)?;
            Ok(Some(<T as Config>::WeightInfo::remove_stake(networks)).into())
        }

        /// Take all stake off a hotkey.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey whose stake it is. Free of fees, as `remove_stake`.
        ///
        /// ## Details
        /// Succeeds without effect if there is nothing, or nothing that can be removed now; the transaction pool
        /// refuses such a call.
        ///
        /// ## Errors
        /// [`Error::HotKeyAccountNotExists`].
        ///
        /// ## Events
        /// [`Event::StakeRemoved`]; [`Event::PendingChildrenDropped`].
        #[pallet::call_index(2)]
        #[pallet::feeless_if(|_: &OriginFor<T>, _: &T::AccountId| -> bool { true })]
        #[pallet::weight(<T as Config>::WeightInfo::remove_stake(MAX_NETWORKS))]
        pub fn unstake_all(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResultWithPostInfo {
            let coldkey = ensure_signed(origin)?;
            let networks = Self::do_unstake_all(&coldkey, &hotkey)?;
            Ok(Some(<T as Config>::WeightInfo::remove_stake(networks)).into())
        }

        /// Move stake from one hotkey to another.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey whose stake it is.
        ///
        /// ## Details
        /// Counts as an operation on the origin hotkey, and its rest follows the nomination minimum.
        ///
        /// ## Errors
        /// In this order: [`Error::SameNetuid`], [`Error::HotKeyAccountNotExists`],
        /// [`Error::HotKeyNotDelegateAndSignerNotOwnHotKey`], [`Error::NotEnoughStakeToWithdraw`],
        /// [`Error::AmountTooLow`], [`Error::StakingRateLimitExceeded`], [`Error::TooManyNominations`].
        ///
        /// ## Events
        /// [`Event::StakeRemoved`], [`Event::StakeAdded`], [`Event::StakeMoved`].
        #[pallet::call_index(3)]
        #[pallet::weight(<T as Config>::WeightInfo::move_stake(MAX_NETWORKS))]
        pub fn move_stake(
            origin: OriginFor<T>,
            origin_hotkey: T::AccountId,
            destination_hotkey: T::AccountId,
            amount: Amount<Tao>,
        ) -> DispatchResultWithPostInfo {
            let coldkey = ensure_signed(origin)?;
            let networks = Self::do_move_stake(&coldkey, &origin_hotkey, &destination_hotkey, amount)?;
            Ok(Some(<T as Config>::WeightInfo::move_stake(networks)).into())
        }

        /// Give stake to another coldkey; it stays on its hotkey.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey whose stake it is.
        ///
        /// ## Details
        /// Counts as an operation of the origin coldkey, and its rest follows the nomination minimum.
        ///
        /// ## Errors
        /// In this order: [`Error::SameNetuid`], [`Error::HotKeyAccountNotExists`],
        /// [`Error::HotKeyNotDelegateAndSignerNotOwnHotKey`], [`Error::NotEnoughStakeToWithdraw`],
        /// [`Error::TransferDisallowed`], [`Error::AmountTooLow`], [`Error::StakingRateLimitExceeded`],
        /// [`Error::TooManyNominations`].
        ///
        /// ## Events
        /// [`Event::StakeRemoved`], [`Event::StakeAdded`], [`Event::StakeTransferred`].
        #[pallet::call_index(4)]
        pub fn transfer_stake(
            origin: OriginFor<T>,
            destination_coldkey: T::AccountId,
            hotkey: T::AccountId,
            amount: Amount<Tao>,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_transfer_stake(&coldkey, &destination_coldkey, &hotkey, amount)
        }

        /// Let a hotkey accept nominations, with the highest take.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Details
        /// There is no way back.
        ///
        /// ## Errors
        /// In this order: [`Error::HotKeyAccountNotExists`], [`Error::NonAssociatedColdKey`],
        /// [`Error::HotKeyAlreadyDelegate`], [`Error::DelegateTxRateLimitExceeded`].
        ///
        /// ## Events
        /// [`Event::DelegateAdded`].
        #[pallet::call_index(5)]
        pub fn become_delegate(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_become_delegate(&coldkey, &hotkey)
        }

        /// Let a delegate take more.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Details
        /// At most once in a long while, counted from any change of the take, so that nominators can see it coming.
        ///
        /// ## Errors
        /// In this order: [`Error::HotKeyAccountNotExists`], [`Error::NonAssociatedColdKey`],
        /// [`Error::HotKeyNotDelegate`], [`Error::DelegateTakeTooLow`], [`Error::DelegateTakeTooHigh`],
        /// [`Error::DelegateTxRateLimitExceeded`].
        ///
        /// ## Events
        /// [`Event::TakeIncreased`].
        #[pallet::call_index(6)]
        pub fn increase_take(origin: OriginFor<T>, hotkey: T::AccountId, take: Take) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_increase_take(&coldkey, &hotkey, take)
        }

        /// Let a delegate take less.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Errors
        /// In this order: [`Error::HotKeyAccountNotExists`], [`Error::NonAssociatedColdKey`],
        /// [`Error::HotKeyNotDelegate`], [`Error::DelegateTakeTooLow`].
        ///
        /// ## Events
        /// [`Event::TakeDecreased`].
        #[pallet::call_index(7)]
        pub fn decrease_take(origin: OriginFor<T>, hotkey: T::AccountId, take: Take) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_decrease_take(&coldkey, &hotkey, take)
        }

        /// Lend parts of a hotkey's stake weight on a subnet to other hotkeys.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Details
        /// Takes effect with the first epoch after the cool-down, in place of the children before. An empty list
        /// revokes all. Stake does not move.
        ///
        /// ## Errors
        /// In this order: [`Error::TxRateLimitExceeded`], [`Error::RegistrationNotPermittedOnRootSubnet`],
        /// [`Error::SubNetworkDoesNotExist`], [`Error::NonAssociatedColdKey`], [`Error::DuplicateChild`],
        /// [`Error::InvalidChild`], [`Error::TooManyChildren`], [`Error::ProportionOverflow`],
        /// [`Error::ChildParentInconsistency`], [`Error::NotEnoughStakeToSetChildkeys`].
        ///
        /// ## Events
        /// [`Event::SetChildrenScheduled`] now; [`Event::SetChildren`] or [`Event::PendingChildrenDropped`] later.
        #[pallet::call_index(8)]
        pub fn set_children(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            children: BoundedVec<FamilyMember<T::AccountId>, MaxChildrenRead>,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_set_children(&coldkey, &hotkey, netuid, children)
        }

        /// Set what a hotkey takes of what it earns for its parents on a subnet.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Details
        /// Lowering it is not limited in time; every change restarts the time to wait before it can be raised.
        ///
        /// ## Errors
        /// In this order: [`Error::NonAssociatedColdKey`], [`Error::SubNetworkDoesNotExist`],
        /// [`Error::InvalidChildkeyTake`], [`Error::TxChildkeyTakeRateLimitExceeded`].
        ///
        /// ## Events
        /// [`Event::ChildKeyTakeSet`].
        #[pallet::call_index(9)]
        pub fn set_childkey_take(
            origin: OriginFor<T>,
            hotkey: T::AccountId,
            netuid: NetUid,
            take: Take,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_set_childkey_take(&coldkey, &hotkey, netuid, take)
        }

        /// Take a seat on root with a hotkey.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that owns the hotkey, or is to own it.
        ///
        /// ## Details
        /// Costs nothing but the fee. On a full root the member with the least stake makes room if it has less than
        /// this hotkey. The hotkey becomes a delegate with the highest take if it is none yet.
        ///
        /// ## Errors
        /// In this order: of the pallet of seats `RootNetworkDoesNotExist`, `TooManyRegistrationsThisBlock`,
        /// `TooManyRegistrationsThisInterval`, `HotKeyAlreadyRegisteredInSubNet`; of the keys pallet
        /// `NonAssociatedColdKey`, `CannotUseSystemAccount`, `TooManyHotkeys`; [`Error::StakeTooLowForRoot`].
        ///
        /// ## Events
        /// `HotkeyAssociated` and [`Event::DelegateAdded`] if new; `NeuronRegistered`.
        #[pallet::call_index(10)]
        pub fn root_register(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_root_register(&coldkey, &hotkey)
        }
    }
}
