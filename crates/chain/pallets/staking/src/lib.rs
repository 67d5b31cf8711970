//! Stake of coldkeys on hotkeys: pools, delegation, take, children. spec staking
//!
//! # Model
//!
//! A coldkey stakes TAO on a hotkey. All stake on a hotkey is in one stake pool, of which coldkeys hold shares, so that
//! paying a hundred thousand nominators is one addition (`myelin_economics::pool`). The pallet also stores delegates
//! with their takes, and the families of hotkeys that lend and borrow stake weight. Owners of hotkeys are in
//! `myelin-pallet-keys`.
//!
//! Staked TAO is in no account. It leaves pallet-balances when it is staked and comes back when it is removed. Until
//! then [`TotalStake`] counts it as a part of the issuance.
//!
//! # Interfaces
//!
//! | Caller | Interface |
//! |---|---|
//! | coldkeys | the calls |
//! | consensus, weights, emission | [`traits::ReadStake`], [`traits::PayStake`] |
//! | seats | [`traits::ReleaseStake`] |
//! | keys | `ReadKeyUse` and `OnKeySwap` of the keys pallet |
//! | the runtime API | [`Pallet::positions`] |
//! | readers of the specification §11 | [`Pallet::stakers`], [`Pallet::delegated`] |
//! | the transaction pool | [`Pallet::check_free_call`] |
//!
//! While a swap of its coldkey is announced or disputed, each call fails first with the error of the keys pallet for
//! this.
//!
//! # Design
//!
//! * Pools have ids of their own ([`PoolId`](myelin_records::stake::PoolId)). A hotkey swap then moves one entry, for
//!   any number of nominators. A hotkey that loses its last seat loses its pool in one step: nothing is staked on it
//!   any more, and the pool pays its holders back, a page at a time, at the end of this block and the next ones.
//! * Nominations are listed under their coldkey. Stake on own hotkeys is not listed: it is found through the list of
//!   owned hotkeys. So the cost of a payout to an owner does not depend on the owner's nominations.
//! * Each change of stake passes through one function: `change_holding` in `state.rs`. Its two callers keep the total
//!   stake: `change` for one holding, and the payout for all payments of an epoch.
//!
//! # What is not here
//!
//! The pallet has no seats, no weights and no epochs. It takes root seats through [`traits::RootSeats`]. The caller of
//! [`traits::PayStake`] decides the time, the receivers and the amounts of payouts.

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
        types::{MaxChildrenRead, NominationSweep, ReleasePosition, SortedBlock, StakeActivity},
        weights::WeightInfo,
    };
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::fungible::{Balanced, Mutate},
        weights::WeightMeter,
    };
    use frame_system::pallet_prelude::*;
    use myelin_economics::pool::Holding;
    use myelin_pallet_keys::traits::Keys;
    use myelin_pallet_subnets::traits::ReadSubnets;
    use myelin_primitives::{Amount, BlockNumber, NetUid, Take, Tao};
    use myelin_records::{
        bounds::{MAX_NETWORKS, MaxNetworks, MaxNominations},
        stake::{Children, Family, FamilyMember, HotkeyRecord, PoolId, StakePool},
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The free balances, from which TAO is staked and burnt.
        type Currency: Balanced<Self::AccountId, Balance = u64> + Mutate<Self::AccountId>;

        /// Pairs of keys, and the lock of a coldkey swap.
        type Keys: Keys<Self::AccountId>;

        /// The networks and their parameters.
        type Subnets: ReadSubnets<Self::AccountId>;

        /// The seats of root.
        type Seats: RootSeats<Self::AccountId>;

        /// The least that a stake operation moves. spec staking §3
        #[pallet::constant]
        type MinStake: Get<Amount<Tao>>;

        /// True if stake is returned when its hotkey has lost its last seat. spec subnets-and-neurons §10.1
        #[pallet::constant]
        type UnstakeOnDeregistration: Get<bool>;

        /// The most block weight for the activation of children in a block.
        ///
        /// It holds at least the look at all networks and one list.
        #[pallet::constant]
        type MaxActivationWeight: Get<Weight>;

        /// The block weights of calls, hooks and listeners.
        type WeightInfo: WeightInfo;

        /// The networks and seats that benchmarks need.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    /// The pool and the delegation of each hotkey that has either of them.
    ///
    /// Written by the first stake and by changes of the take. Moved by a hotkey swap. Removed when the stake is
    /// released and the hotkey is no delegate.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type Hotkeys<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, HotkeyRecord>;

    /// The nominations of each coldkey: pools in which it has a holding without owning their hotkey.
    ///
    /// Released pools that still have to pay the coldkey are included. At most [`MaxNominations`]. An entry is added
    /// with the first share in a pool and removed with the last.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type Nominations<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, BoundedVec<PoolId, MaxNominations>, ValueQuery>;

    /// The last rate-limited operations of each coldkey.
    ///
    /// Written by stake operations, by becoming a delegate and by swaps. The next operation removes windows that have
    /// ended. Moved by a coldkey swap, kept otherwise.
    // `Blake2_128Concat`: users choose their accounts.
    #[pallet::storage]
    pub type Activities<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, StakeActivity, ValueQuery>;

    /// The id of the next pool.
    #[pallet::storage]
    pub type NextPool<T: Config> = StorageValue<_, PoolId, ValueQuery>;

    /// The stake pools. Each belongs to the hotkey that names it, or is in [`Releases`].
    ///
    /// Written by each change of stake. Removed once it was released and has paid all holders back. An empty pool that
    /// is not released stays with its hotkey.
    // `Identity`: the key is a counter that only the chain assigns.
    #[pallet::storage]
    pub type Pools<T: Config> = StorageMap<_, Identity, PoolId, StakePool<T::AccountId>>;

    /// The holding of each coldkey in each pool. No entry is empty.
    // `Identity` and `Blake2_128Concat`: the chain assigns pools, users choose their accounts.
    #[pallet::storage]
    pub type Holdings<T: Config> =
        StorageDoubleMap<_, Identity, PoolId, Blake2_128Concat, T::AccountId, Holding, ValueQuery>;

    /// The value of all pools together: a part of the issuance. spec tokenomics §9.1
    #[pallet::storage]
    pub type TotalStake<T: Config> = StorageValue<_, Amount<Tao>, ValueQuery>;

    /// The family of each hotkey on each subnet: children, parents, pending children and take.
    ///
    /// Written by the calls about children, by their activation and by hotkey swaps. Removed with the subnet, a page
    /// per block.
    // `Identity` and `Blake2_128Concat`: the chain assigns netuids, users choose their accounts.
    #[pallet::storage]
    pub type Families<T: Config> =
        StorageDoubleMap<_, Identity, NetUid, Blake2_128Concat, T::AccountId, Family<T::AccountId>, ValueQuery>;

    /// The hotkeys with pending children, by subnet and then by block.
    ///
    /// An entry is added and removed with `pending` in [`Families`].
    // `Identity`: the chain assigns netuids and blocks, and their order is used. `Blake2_128Concat`: users choose their
    // accounts.
    #[pallet::storage]
    pub type Activations<T: Config> = StorageNMap<
        _,
        (NMapKey<Identity, NetUid>, NMapKey<Identity, SortedBlock>, NMapKey<Blake2_128Concat, T::AccountId>),
        (),
    >;

    /// The subnets with pending children that are due, each with the block of its last epoch.
    ///
    /// Lists that were due before this block take effect, as many per block as there is room for. An entry is added
    /// after an epoch, and removed with the last of these lists or with the subnet.
    #[pallet::storage]
    pub type ActivationBacklog<T: Config> =
        StorageValue<_, BoundedBTreeMap<NetUid, BlockNumber, MaxNetworks>, ValueQuery>;

    /// The pools that pay their holders back, because their hotkey has lost its last seat, in the order of payment.
    ///
    /// The value is the last holder to whom a return failed; payment goes on behind it. An entry is removed when all
    /// holders had their turn.
    // `Identity`: only the chain assigns blocks and pools, and their order is used.
    #[pallet::storage]
    pub type Releases<T: Config> = StorageMap<_, Identity, ReleasePosition, Option<T::AccountId>>;

    /// The coldkeys to which stake could not be returned, by pool. Their stake stays in the pool.
    ///
    /// Empty on a sound chain. An entry is an alarm of `try_state`, and a migration has to end it.
    // `Identity` and `Blake2_128Concat`: the chain assigns pools, users choose their accounts.
    #[pallet::storage]
    pub type FailedReturns<T: Config> = StorageDoubleMap<_, Identity, PoolId, Blake2_128Concat, T::AccountId, ()>;

    /// The progress of the sweep that applies a raised nomination minimum to earlier stake. spec staking §4.1
    #[pallet::storage]
    pub type MinimumSweep<T: Config> = StorageValue<_, NominationSweep<T::AccountId>, ValueQuery>;

    /// The stake that exists from the first block on. No account pays for it.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Coldkey, hotkey and stake.
        ///
        /// The first coldkey to name a hotkey owns it; with the next one the hotkey becomes a delegate.
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
            /// The coldkey.
            coldkey: T::AccountId,
            /// The hotkey.
            hotkey: T::AccountId,
            /// The amount that was added.
            added: Amount<Tao>,
            /// The stake of this coldkey on this hotkey afterwards.
            total: Amount<Tao>,
        },
        /// Stake of a coldkey on a hotkey fell.
        ///
        /// The cause is a call, a nomination below the minimum, or a hotkey that lost its last seat.
        StakeRemoved {
            /// The coldkey.
            coldkey: T::AccountId,
            /// The hotkey.
            hotkey: T::AccountId,
            /// The amount that was removed.
            removed: Amount<Tao>,
            /// The stake of this coldkey on this hotkey afterwards.
            total: Amount<Tao>,
        },
        /// Returned stake was below the existential deposit of the coldkey's account, so it was recycled.
        StakeRecycled {
            /// The coldkey.
            coldkey: T::AccountId,
            /// The amount.
            amount: Amount<Tao>,
        },
        /// A coldkey moved stake from one hotkey to another.
        StakeMoved {
            /// The coldkey.
            coldkey: T::AccountId,
            /// The hotkey before.
            origin_hotkey: T::AccountId,
            /// The hotkey from now on.
            destination_hotkey: T::AccountId,
            /// The amount.
            amount: Amount<Tao>,
        },
        /// A coldkey transferred stake to another coldkey.
        StakeTransferred {
            /// The coldkey before.
            origin_coldkey: T::AccountId,
            /// The coldkey from now on.
            destination_coldkey: T::AccountId,
            /// The hotkey.
            hotkey: T::AccountId,
            /// The amount.
            amount: Amount<Tao>,
        },
        /// A hotkey lost its last seat and its pool; the pool pays its holders back from now on.
        StakeReleased {
            /// The hotkey.
            hotkey: T::AccountId,
            /// The amount that nominators get back. The owner has been paid already.
            amount: Amount<Tao>,
            /// The number of nominators.
            nominators: u32,
        },
        /// Stake on a hotkey could not be returned to its coldkey. The stake stays in its pool.
        StakeReturnFailed {
            /// The hotkey.
            hotkey: T::AccountId,
            /// The reason.
            reason: DispatchError,
        },
        /// A hotkey accepts nominations from now on.
        DelegateAdded {
            /// The owner.
            coldkey: T::AccountId,
            /// The delegate.
            hotkey: T::AccountId,
            /// The take.
            take: Take,
        },
        /// The owner of a delegate or child announced a higher take.
        TakeRaiseAnnounced {
            /// The delegate, or the child.
            hotkey: T::AccountId,
            /// The subnet of a child's take. `None` for the take of a delegate.
            netuid: Option<NetUid>,
            /// The take.
            take: Take,
            /// The first block in which it is in force.
            from: BlockNumber,
        },
        /// The take of a delegate fell.
        TakeDecreased {
            /// The owner.
            coldkey: T::AccountId,
            /// The delegate.
            hotkey: T::AccountId,
            /// The new take.
            take: Take,
        },
        /// Other children of a hotkey were requested.
        SetChildrenScheduled {
            /// The hotkey that lends.
            hotkey: T::AccountId,
            /// The subnet.
            netuid: NetUid,
            /// The block after which the children take effect, with the next epoch.
            after: BlockNumber,
            /// The requested children.
            children: Children<T::AccountId>,
        },
        /// Other children of a hotkey took effect.
        SetChildren {
            /// The hotkey that lends.
            hotkey: T::AccountId,
            /// The subnet.
            netuid: NetUid,
            /// The children from now on.
            children: Children<T::AccountId>,
        },
        /// Pending children were dropped and will not take effect.
        PendingChildrenDropped {
            /// The hotkey that would have lent.
            hotkey: T::AccountId,
            /// The subnet.
            netuid: NetUid,
            /// The reason.
            reason: DispatchError,
        },
        /// The take of a child changed.
        ChildKeyTakeSet {
            /// The child.
            hotkey: T::AccountId,
            /// The subnet.
            netuid: NetUid,
            /// The new take.
            take: Take,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// No coldkey owns this hotkey; register or associate it first.
        HotKeyAccountNotExists,
        /// The hotkey belongs to another coldkey; sign with its owner or name another hotkey.
        NonAssociatedColdKey,
        /// The coldkey has 256 nominations, or 128 if another one would be a gift; end one of them first.
        TooManyNominations,
        /// There is no network with this netuid.
        SubNetworkDoesNotExist,
        /// Root has no children; name a subnet.
        RegistrationNotPermittedOnRootSubnet,
        /// Root is full and no member has less stake than this hotkey.
        StakeTooLowForRoot,

        /// The free balance is below the amount, or does not cover the burn of root; fund the coldkey.
        NotEnoughBalanceToStake,
        /// The coldkey has less stake than this amount on the hotkey.
        NotEnoughStakeToWithdraw,
        /// The amount is below the minimum of a stake operation, or below the existential deposit of a new account.
        AmountTooLow,
        /// The account has nothing to stake, because it must keep the existential deposit.
        InsufficientBalance,
        /// The nomination would be below the minimum of nominations; stake more at once.
        NomStakeBelowMinimumThreshold,
        /// The hotkey is no delegate and belongs to another coldkey.
        HotKeyNotDelegateAndSignerNotOwnHotKey,
        /// The coldkey has changed its stake on this hotkey too recently; wait for the next stake interval.
        StakingRateLimitExceeded,
        /// Origin and destination are the same.
        SameNetuid,
        /// Transfers of stake to another coldkey are switched off.
        TransferDisallowed,
        /// A sum of stake overflows, or a holding does not match its pool. The invariants exclude both.
        InconsistentStake,

        /// The hotkey is a delegate already.
        HotKeyAlreadyDelegate,
        /// The hotkey is no delegate; make it one first.
        HotKeyNotDelegate,
        /// The take is below the minimum, or does not change in the direction of the call.
        DelegateTakeTooLow,
        /// The take is above the maximum.
        DelegateTakeTooHigh,
        /// The last change is too recent; wait for the rate limit.
        DelegateTxRateLimitExceeded,

        /// Children of the hotkey were requested within the last 150 blocks.
        TxRateLimitExceeded,
        /// A hotkey has at most 5 children on a subnet.
        TooManyChildren,
        /// A child is listed twice.
        DuplicateChild,
        /// A hotkey cannot be its own child.
        InvalidChild,
        /// The proportions sum to more than the whole.
        ProportionOverflow,
        /// A child is a parent of the hotkey; stake weight is not lent in both directions.
        ChildParentInconsistency,
        /// The hotkey has less stake than lending needs; stake more on it.
        NotEnoughStakeToSetChildkeys,
        /// A child has 32 parents that lend it more than this one would.
        TooManyParents,
        /// The take is outside of its bounds.
        InvalidChildkeyTake,
        /// The take of this child was changed too recently to be raised.
        TxChildkeyTakeRateLimitExceeded,
        /// Root is closed in the launch phase of the chain; wait for its end.
        LaunchPhase,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Returns released stake and applies a raised nomination minimum, with what the block has left.
        ///
        /// Normal transactions cannot fill a block, so some weight is always left.
        fn on_idle(_: BlockNumberFor<T>, remaining: Weight) -> Weight {
            let mut meter = WeightMeter::with_limit(remaining);
            Self::return_released(&mut meter);
            Self::sweep_nominations(&mut meter);
            meter.consumed()
        }

        /// Checks that the most expensive list of children can be activated. Otherwise it would wait for ever.
        fn integrity_test() {
            let looks = T::WeightInfo::next_activation().saturating_mul(u64::from(MAX_NETWORKS).saturating_add(1));
            let least = T::WeightInfo::queued_activations()
                .saturating_add(looks)
                .saturating_add(T::WeightInfo::activate_children());
            assert!(least.all_lte(T::MaxActivationWeight::get()), "the activation of children needs {least}");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call(weight(<T as Config>::WeightInfo))]
    impl<T: Config> Pallet<T> {
        /// Stakes TAO on a hotkey, from the caller's free balance.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that stakes.
        ///
        /// ## Details
        /// The account is kept alive: if the amount is the whole balance, all but the existential deposit is staked.
        /// The number of additions and removals together is limited per hotkey and interval.
        ///
        /// ## Errors
        /// In this order: of the keys pallet `ColdkeyReserved`; [`Error::AmountTooLow`],
        /// [`Error::NotEnoughBalanceToStake`], [`Error::HotKeyAccountNotExists`],
        /// [`Error::HotKeyNotDelegateAndSignerNotOwnHotKey`], [`Error::NomStakeBelowMinimumThreshold`],
        /// [`Error::StakingRateLimitExceeded`], [`Error::InsufficientBalance`], [`Error::TooManyNominations`].
        ///
        /// ## Events
        /// [`Event::StakeAdded`], with the amount that was staked.
        #[pallet::call_index(0)]
        pub fn add_stake(origin: OriginFor<T>, hotkey: T::AccountId, amount: Amount<Tao>) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_add_stake(&coldkey, &hotkey, amount)
        }

        /// Removes stake from a hotkey. The TAO is free in the same block.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that has the stake. Free of fees, because a coldkey may have earned stake and nothing
        /// else.
        ///
        /// ## Details
        /// A nomination that would be left below the minimum is returned as a whole. Pending children of a hotkey whose
        /// stake falls below the threshold are dropped.
        ///
        /// ## Errors
        /// In this order: [`Error::HotKeyAccountNotExists`], [`Error::AmountTooLow`] for zero,
        /// [`Error::NotEnoughStakeToWithdraw`], [`Error::AmountTooLow`] below the minimum of an operation or the
        /// existential deposit of a new account, [`Error::StakingRateLimitExceeded`].
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

        /// Removes all stake from a hotkey.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that has the stake. Free of fees, as `remove_stake`.
        ///
        /// ## Errors
        /// In this order: [`Error::HotKeyAccountNotExists`]; [`Error::AmountTooLow`] if there is no stake, or less than
        /// the existential deposit of a new account; [`Error::StakingRateLimitExceeded`].
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

        /// Moves stake from one hotkey to another.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that has the stake.
        ///
        /// ## Details
        /// Counts as an operation on the origin hotkey, and its rest follows the nomination minimum. A nomination at
        /// the destination must reach the minimum. Restarts the rest before key operations of the coldkey.
        ///
        /// ## Errors
        /// In this order: [`Error::SameNetuid`], [`Error::HotKeyAccountNotExists`],
        /// [`Error::HotKeyNotDelegateAndSignerNotOwnHotKey`], [`Error::NotEnoughStakeToWithdraw`],
        /// [`Error::AmountTooLow`], [`Error::NomStakeBelowMinimumThreshold`], [`Error::StakingRateLimitExceeded`],
        /// [`Error::TooManyNominations`].
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

        /// Transfers stake to another coldkey; it stays on its hotkey.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that has the stake.
        ///
        /// ## Details
        /// Counts as an operation of the origin coldkey, and its rest follows the nomination minimum. A nomination at
        /// the destination must reach the minimum. A new one needs a destination with fewer than 128 nominations, so
        /// that gifts fill at most half of them. Restarts the rest before key operations of the origin coldkey.
        ///
        /// ## Errors
        /// In this order: of the keys pallet `ColdkeyReserved`; [`Error::SameNetuid`],
        /// [`Error::HotKeyAccountNotExists`], [`Error::HotKeyNotDelegateAndSignerNotOwnHotKey`],
        /// [`Error::NotEnoughStakeToWithdraw`], [`Error::TransferDisallowed`], [`Error::AmountTooLow`],
        /// [`Error::NomStakeBelowMinimumThreshold`], [`Error::StakingRateLimitExceeded`],
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

        /// Makes a hotkey a delegate, with the highest take.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Details
        /// Any coldkey may then nominate the hotkey. A delegate stays a delegate.
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

        /// Announces a higher take of a delegate.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Details
        /// The take is in force after the notice, so that nominators have time to leave, and replaces one that was
        /// announced before. Possible once the rate limit since the last change or announcement has passed.
        ///
        /// ## Errors
        /// In this order: [`Error::HotKeyAccountNotExists`], [`Error::NonAssociatedColdKey`],
        /// [`Error::HotKeyNotDelegate`], [`Error::DelegateTakeTooLow`], [`Error::DelegateTakeTooHigh`],
        /// [`Error::DelegateTxRateLimitExceeded`].
        ///
        /// ## Events
        /// [`Event::TakeRaiseAnnounced`].
        #[pallet::call_index(6)]
        pub fn increase_take(origin: OriginFor<T>, hotkey: T::AccountId, take: Take) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_increase_take(&coldkey, &hotkey, take)
        }

        /// Lowers the take of a delegate.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Details
        /// In force at once. Withdraws a higher take that was announced.
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

        /// Lends parts of a hotkey's stake weight on a subnet to other hotkeys.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Details
        /// Takes effect with the first epoch after the cool-down, in place of the children before. An empty list
        /// revokes all, and needs no stake. Stake does not move. The fee pays for the activation too.
        ///
        /// ## Errors
        /// In this order: [`Error::TxRateLimitExceeded`], [`Error::RegistrationNotPermittedOnRootSubnet`],
        /// [`Error::SubNetworkDoesNotExist`], [`Error::NonAssociatedColdKey`], [`Error::DuplicateChild`],
        /// [`Error::InvalidChild`], [`Error::TooManyChildren`], [`Error::ProportionOverflow`],
        /// [`Error::HotKeyAccountNotExists`] for a child without owner, [`Error::ChildParentInconsistency`],
        /// [`Error::NotEnoughStakeToSetChildkeys`].
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

        /// Sets the part that a child keeps of its parents' earnings on a subnet.
        ///
        /// ## Dispatch origin
        /// Signed by the owner of the hotkey.
        ///
        /// ## Details
        /// A lower take is in force at once, and withdraws a higher one that was announced. A higher take is in force
        /// after the notice. Each change restarts the rate limit of raising it.
        ///
        /// ## Errors
        /// In this order: [`Error::NonAssociatedColdKey`], [`Error::SubNetworkDoesNotExist`],
        /// [`Error::InvalidChildkeyTake`], [`Error::TxChildkeyTakeRateLimitExceeded`].
        ///
        /// ## Events
        /// [`Event::ChildKeyTakeSet`], or [`Event::TakeRaiseAnnounced`] for a higher take.
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

        /// Takes a seat on root with a hotkey.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that owns the hotkey.
        ///
        /// ## Details
        /// Recycles the burn of root, which follows the demand. On a full root the member with the least stake makes
        /// room if it has less than this hotkey. The hotkey becomes a delegate with the highest take if it is none yet.
        ///
        /// ## Errors
        /// In this order: [`Error::LaunchPhase`]; of the pallet of seats `RootNetworkDoesNotExist`,
        /// `TooManyRegistrationsThisBlock`, `TooManyRegistrationsThisInterval`, `HotKeyAlreadyRegisteredInSubNet`;
        /// [`Error::NotEnoughBalanceToStake`]; of the keys pallet `NonAssociatedColdKey`;
        /// [`Error::StakeTooLowForRoot`].
        ///
        /// ## Events
        /// [`Event::DelegateAdded`] if the hotkey was no delegate; `NeuronRegistered`.
        #[pallet::call_index(10)]
        pub fn root_register(origin: OriginFor<T>, hotkey: T::AccountId) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            Self::do_root_register(&coldkey, &hotkey)
        }
    }
}
