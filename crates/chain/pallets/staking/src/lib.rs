//! TAO lent to hotkeys: pools, delegation, take, children, key pairs. spec staking
//!
//! # What it is
//!
//! A coldkey stakes TAO on a hotkey. All stake on a hotkey is in one pool, of which coldkeys hold shares, so that
//! paying a hundred thousand nominators is one addition (`myelin_economics::pool`). The pallet also knows which coldkey
//! owns which hotkey, which hotkeys are delegates and what they take, and who lends stake weight to whom.
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
//! | seats | [`traits::ReleaseStake`], [`traits::MoveHotkey`] and `Keys` of the subnets pallet |
//! | runtime APIs | [`Pallet::positions`], [`Pallet::delegates`], [`Pallet::stakers`] |
//! | the transaction pool | [`Pallet::check_free_call`] |
//!
//! While a swap of its coldkey is announced or disputed, every call but the four about the swap fails first with
//! [`Error::ColdkeySwapAnnounced`] or [`Error::ColdkeySwapDisputed`].
//!
//! # Why it is this way
//!
//! * Pools have names of their own ([`types::PoolId`]). A hotkey swap then moves one entry, however many nominators
//!   there are, and a hotkey that loses its last seat parts with its pool in one step: nothing is staked on it any
//!   more, and the pool pays its holders back, a page at a time, at the end of this block and the next ones.
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
mod coldkeys;
mod free;
mod genesis;
mod hooks;
#[cfg(any(test, feature = "try-runtime"))]
mod invariants;
mod keys;
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
        traits::{OnKeySwap, RootSeats},
        types::{
            ChainIdentity, Children, ColdkeyHash, ColdkeySwap, Family, FamilyMember, HotkeyRecord, MaxChildrenRead,
            MaxHotkeys, MaxNominations, NominationSweep, PoolId, SortedBlock, StakeActivity, StakePool,
            StoredChainIdentity,
        },
        weights::WeightInfo,
    };
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{
            Contains, EnsureOrigin,
            fungible::{Balanced, Inspect, Mutate},
        },
        weights::WeightMeter,
    };
    use frame_system::pallet_prelude::*;
    use myelin_economics::pool::Holding;
    use myelin_pallet_subnets::{traits::ReadSubnets, types::MAX_NETWORKS};
    use myelin_primitives::{Amount, BlockNumber, NetUid, Take, Tao};

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who may swap a coldkey without its signature, and settle a dispute about one.
        type Governance: EnsureOrigin<Self::RuntimeOrigin>;

        /// Where TAO is while it is not staked.
        type Currency: Inspect<Self::AccountId, Balance = u64> + Balanced<Self::AccountId> + Mutate<Self::AccountId>;

        /// Which networks exist, and how they are set.
        type Subnets: ReadSubnets<Self::AccountId>;

        /// Who has a seat.
        type Seats: RootSeats<Self::AccountId>;

        /// Who is told when keys change.
        type OnKeySwap: OnKeySwap<Self::AccountId>;

        /// The accounts of the runtime itself, which cannot be hotkeys. spec staking §2
        type SystemAccounts: Contains<Self::AccountId>;

        /// The least that a stake operation moves. spec staking §3
        #[pallet::constant]
        type MinStake: Get<Amount<Tao>>;

        /// What a swap of a hotkey, or the first announcement of a coldkey swap, costs. spec staking §10
        #[pallet::constant]
        type KeySwapCost: Get<Amount<Tao>>;

        /// Whether stake is returned when its hotkey has lost its last seat. spec subnets-and-neurons §10.1
        #[pallet::constant]
        type UnstakeOnDeregistration: Get<bool>;

        /// What calls and hooks cost.
        type WeightInfo: WeightInfo;

        /// Makes the networks and seats that benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    /// Every hotkey: who owns it, the name of its pool, whether it is a delegate.
    ///
    /// Written when a pair is made, by the first stake, by changes of the take and by swaps. Moved by a hotkey swap,
    /// never removed otherwise: an owner stays an owner without a seat. spec staking §2
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type Hotkeys<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, HotkeyRecord<T::AccountId>>;

    /// The hotkeys of each coldkey, in the order in which they came. At most [`MaxHotkeys`].
    ///
    /// Written when a pair is made and by swaps. Removed by a coldkey swap.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type OwnedHotkeys<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, BoundedVec<T::AccountId, MaxHotkeys>, ValueQuery>;

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

    /// The hotkey that each swapped hotkey goes by now, for lists of pending children that still name the old one.
    ///
    /// Written by hotkey swaps, which are paid for; removed when the old key becomes a hotkey again.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type Successors<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId>;

    /// The coldkeys that are to be swapped. spec staking §10.3
    ///
    /// Written by announcement and dispute. Removed by the swap, by withdrawing it and by governance.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type ColdkeySwaps<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ColdkeySwap>;

    /// Who coldkeys say they are. Overwritten by themselves, moved by a coldkey swap.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type Identities<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, StoredChainIdentity>;

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
        /// A hotkey has an owner from now on.
        HotkeyAssociated {
            /// The owner.
            coldkey: T::AccountId,
            /// The hotkey.
            hotkey: T::AccountId,
        },
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
        /// A hotkey was swapped for another.
        HotkeySwapped {
            /// The owner.
            coldkey: T::AccountId,
            /// What it was.
            old_hotkey: T::AccountId,
            /// What it is.
            new_hotkey: T::AccountId,
        },
        /// A coldkey is to be swapped.
        ColdkeySwapAnnounced {
            /// The coldkey.
            who: T::AccountId,
            /// The hash of the one to take its place.
            new_coldkey_hash: ColdkeyHash,
            /// The block from which on it can.
            due: BlockNumber,
        },
        /// A coldkey was swapped for another.
        ColdkeySwapped {
            /// What it was.
            old_coldkey: T::AccountId,
            /// What it is.
            new_coldkey: T::AccountId,
        },
        /// The holder of a coldkey says that its swap was announced by somebody else.
        ColdkeySwapDisputed {
            /// The coldkey.
            coldkey: T::AccountId,
        },
        /// The announcement of a coldkey swap was withdrawn.
        ColdkeySwapCleared {
            /// The coldkey.
            who: T::AccountId,
        },
        /// Governance removed announcement and dispute of a coldkey swap.
        ColdkeySwapReset {
            /// The coldkey.
            who: T::AccountId,
        },
        /// A coldkey said who it is.
        ChainIdentitySet {
            /// The coldkey.
            coldkey: T::AccountId,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// Nobody owns this hotkey; it is known once it is registered or associated.
        HotKeyAccountNotExists,
        /// The hotkey belongs to another coldkey; sign with its owner or name another hotkey.
        NonAssociatedColdKey,
        /// The account belongs to the runtime; a hotkey needs a key that somebody holds.
        CannotUseSystemAccount,
        /// The coldkey owns as many hotkeys as it can; use another coldkey.
        TooManyHotkeys,
        /// The coldkey has stake on as many foreign hotkeys as it can; take it off one of them first.
        TooManyNominations,
        /// There is no network with this netuid.
        SubNetworkDoesNotExist,
        /// Root has no children; name a subnet.
        RegistrationNotPermittedOnRootSubnet,
        /// None of the coldkey's hotkeys has a seat; register one first.
        HotKeyNotRegisteredInNetwork,
        /// The new hotkey has a seat; swap to one that has none.
        HotKeyAlreadyRegisteredInSubNet,
        /// Root is full and no member has less stake than this hotkey.
        StakeTooLowForRoot,
        /// A field is longer than 256 bytes, or 1 024 for image, description and additional.
        InvalidIdentity,

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
        /// The coldkey is to be swapped and can do nothing else meanwhile.
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
        /// Make a hotkey one's own, without registering it.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that is to own it.
        ///
        /// ## Details
        /// Does nothing if somebody owns the hotkey already.
        ///
        /// ## Errors
        /// [`Error::CannotUseSystemAccount`], [`Error::TooManyHotkeys`].
        ///
        /// ## Events
        /// [`Event::HotkeyAssociated`].
        #[pallet::call_index(0)]
        pub fn try_associate_hotkey(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_try_associate_hotkey(&coldkey, &hotkey)
        }

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
        #[pallet::call_index(1)]
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
        #[pallet::call_index(2)]
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
        #[pallet::call_index(3)]
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
        #[pallet::call_index(4)]
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
        #[pallet::call_index(5)]
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
        #[pallet::call_index(6)]
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
        #[pallet::call_index(7)]
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
        #[pallet::call_index(8)]
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
        #[pallet::call_index(9)]
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
        #[pallet::call_index(10)]
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
        /// `TooManyRegistrationsThisInterval`, `HotKeyAlreadyRegisteredInSubNet`; [`Error::NonAssociatedColdKey`],
        /// [`Error::CannotUseSystemAccount`], [`Error::TooManyHotkeys`], [`Error::StakeTooLowForRoot`].
        ///
        /// ## Events
        /// [`Event::HotkeyAssociated`] and [`Event::DelegateAdded`] if new; `NeuronRegistered`.
        #[pallet::call_index(11)]
        pub fn root_register(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_root_register(&coldkey, &hotkey)
        }

        /// Announce that the caller is to be replaced by another coldkey.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey to replace.
        ///
        /// ## Details
        /// The hash is BLAKE2-256 of the encoded new account. From now on the coldkey can do nothing but carry out,
        /// dispute, repeat or withdraw this. The first announcement costs 0.1 TAO, which is recycled; repeating is
        /// free, possible a while after the swap was due, and restarts the delay.
        ///
        /// ## Errors
        /// [`Error::ColdkeySwapDisputed`], [`Error::ColdkeySwapReannouncedTooEarly`],
        /// [`Error::NotEnoughBalanceToPaySwapColdKey`].
        ///
        /// ## Events
        /// [`Event::ColdkeySwapAnnounced`].
        #[pallet::call_index(12)]
        pub fn announce_coldkey_swap(origin: OriginFor<T>, new_coldkey_hash: ColdkeyHash) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_announce_coldkey_swap(&coldkey, new_coldkey_hash)
        }

        /// Replace the caller by the coldkey it has announced.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey to replace.
        ///
        /// ## Details
        /// Moves all stake, hotkeys, subnets, the identity unless the new coldkey has one, and the free balance.
        ///
        /// ## Errors
        /// In this order: [`Error::ColdkeySwapDisputed`], [`Error::ColdkeySwapAnnouncementNotFound`],
        /// [`Error::AnnouncedColdkeyHashDoesNotMatch`], [`Error::ColdkeySwapTooEarly`],
        /// [`Error::ColdKeyAlreadyAssociated`], [`Error::NewColdKeyIsHotkey`].
        ///
        /// ## Events
        /// [`Event::ColdkeySwapped`].
        #[pallet::call_index(13)]
        #[pallet::weight(<T as Config>::WeightInfo::swap_coldkey())]
        pub fn swap_coldkey_announced(origin: OriginFor<T>, new_coldkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_swap_coldkey_announced(&coldkey, &new_coldkey)
        }

        /// Say that the swap of the caller was announced by somebody else.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey with the announcement.
        ///
        /// ## Details
        /// Everything the coldkey signs fails from now on, until governance has decided.
        ///
        /// ## Errors
        /// [`Error::ColdkeySwapAlreadyDisputed`], [`Error::ColdkeySwapAnnouncementNotFound`].
        ///
        /// ## Events
        /// [`Event::ColdkeySwapDisputed`].
        #[pallet::call_index(14)]
        pub fn dispute_coldkey_swap(origin: OriginFor<T>) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_dispute_coldkey_swap(&coldkey)
        }

        /// Withdraw the announcement that the caller is to be replaced.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey with the announcement.
        ///
        /// ## Details
        /// Possible a while after the swap was due.
        ///
        /// ## Errors
        /// [`Error::ColdkeySwapDisputed`], [`Error::ColdkeySwapAnnouncementNotFound`],
        /// [`Error::ColdkeySwapClearTooEarly`].
        ///
        /// ## Events
        /// [`Event::ColdkeySwapCleared`].
        #[pallet::call_index(15)]
        pub fn clear_coldkey_swap_announcement(origin: OriginFor<T>) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_clear_coldkey_swap_announcement(&coldkey)
        }

        /// Remove announcement and dispute of a coldkey swap.
        ///
        /// ## Dispatch origin
        /// Governance.
        ///
        /// ## Events
        /// [`Event::ColdkeySwapReset`].
        #[pallet::call_index(16)]
        #[pallet::weight((<T as Config>::WeightInfo::reset_coldkey_swap(), DispatchClass::Operational))]
        pub fn reset_coldkey_swap(origin: OriginFor<T>, coldkey: T::AccountId) -> DispatchResult {
            T::Governance::ensure_origin(origin)?;
            Self::do_reset_coldkey_swap(&coldkey);
            Ok(())
        }

        /// Replace a coldkey by another at once.
        ///
        /// ## Dispatch origin
        /// Governance.
        ///
        /// ## Details
        /// `cost` is taken from the old coldkey and recycled. Announcement and dispute are removed.
        ///
        /// ## Errors
        /// [`Error::NotEnoughBalanceToPaySwapColdKey`], [`Error::ColdKeyAlreadyAssociated`],
        /// [`Error::NewColdKeyIsHotkey`].
        ///
        /// ## Events
        /// [`Event::ColdkeySwapped`].
        #[pallet::call_index(17)]
        #[pallet::weight((<T as Config>::WeightInfo::swap_coldkey(), DispatchClass::Operational))]
        pub fn swap_coldkey(
            origin: OriginFor<T>,
            old_coldkey: T::AccountId,
            new_coldkey: T::AccountId,
            cost: Amount<Tao>,
        ) -> DispatchResult {
            T::Governance::ensure_origin(origin)?;
            Self::do_swap_coldkey(&old_coldkey, &new_coldkey, cost)
        }

        /// Say who one is.
        ///
        /// ## Dispatch origin
        /// Signed by a coldkey that owns a hotkey with a seat.
        ///
        /// ## Details
        /// Replaces what was said before. The content is not interpreted.
        ///
        /// ## Errors
        /// In this order: [`Error::HotKeyNotRegisteredInNetwork`], [`Error::InvalidIdentity`].
        ///
        /// ## Events
        /// [`Event::ChainIdentitySet`].
        #[pallet::call_index(18)]
        pub fn set_identity(origin: OriginFor<T>, identity: ChainIdentity) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_set_identity(&coldkey, identity)
        }
    }
}
