//! What validators say: weights of miners, commits to weights, and root validators' weights of subnets.
//!
//! # API
//!
//! | Call | Who | What |
//! |---|---|---|
//! | [`Pallet::set_weights`] | hotkey | rates neurons of a subnet that does without commit-reveal |
//! | [`Pallet::commit_weights`] | hotkey | promises weights by their hash |
//! | [`Pallet::reveal_weights`] | hotkey | keeps a promise, once nobody can copy it any more |
//! | `batch_…` | hotkey | several of these at once |
//! | [`Pallet::set_root_weights`] | coldkey | rates subnets on root |
//!
//! Epochs read [`traits::ReadWeights`]; clients ask [`Pallet::neuron_weights`], [`Pallet::network_weights`],
//! [`Pallet::commits_of`] and [`Pallet::reveal_window`]. The pallet is told about seats by `OnSeat` and about subnets by
//! `OnSubnet`. Hotkeys hold no TAO, so their calls are free of fees and [`Pallet::check_free_call`] tells the transaction
//! pool which ones to take.
//!
//! # What is stored
//!
//! A [`WeightsRow`](types::WeightsRow) per neuron, a list of last updates per network, and a queue of [`WeightsCommit`](types::WeightsCommit)s per
//! network and hotkey. The rules themselves are pure functions in [`rules`]; spec weights.
//!
//! # Entries that stop counting
//!
//! The specification sets an entry to zero when the neuron it is about is replaced (§4), and when a reveal stores a
//! vector whose commit is not younger than the neuron (§5.6). Done as written, every replacement would visit the rows
//! of all validators. Here nothing is visited: a row remembers the block it was fixed in, `fixed_at`, and an entry
//! counts as zero when it is read if the seat it is about was taken in that block or later. Both rules become this one:
//!
//! * *A seat is replaced in block `r`.* Every row stored so far was fixed in a block `f <= r`, because a direct vector
//!   is fixed when it is stored and a revealed one when it was committed, before. The seat now says `r`, and
//!   `r >= f`, so all of them read zero; that is what the visit would have written.
//! * *A vector of a commit of block `f` is revealed.* Entries toward seats taken at or after `f` read zero from the
//!   start, which is the rule of §5.6 word for word.
//! * *It never comes back.* A seat's block only grows, and a row's block changes only with the row.
//!
//! One case is sharper than the visit: a vector stored in the very block `r`, after the replacement. The visit leaves it
//! alone, and §4 leaves it to consensus to ignore the entry as long as the last update says `r`; a later commit moves
//! the last update and would let it count. Here it stays zero, which is what §4 demands: who registers in the very block
//! in which weights were set is not rated by them. On root the same holds of subnets and the block they began in, so a
//! removed subnet's entries need no visit either.
//!
//! # What it is not
//!
//! Consensus is `myelin-yuma`, epochs are run and permits are given by the emission pallet, and the parameters are kept
//! and changed by the subnets pallet. Every network has one matrix of weights; the storage is keyed by
//! [`StorageIndex`](types::StorageIndex) so that it can get more.

#![cfg_attr(not(feature = "std"), no_std)]
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
#![allow(missing_docs, reason = "FRAME's macros generate public items without documentation")]

extern crate alloc;

mod calls;
mod checks;
mod free;
mod listeners;
mod reads;
mod state;
mod views;

pub mod rules;
pub mod traits;
pub mod types;
pub mod weights;

#[cfg(any(feature = "try-runtime", test))]
mod invariants;

#[cfg(feature = "runtime-benchmarks")]
#[allow(clippy::expect_used, reason = "a benchmark whose stage cannot be set must not be measured")]
pub mod benchmarking;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;

#[allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::if_not_else,
    reason = "FRAME's macros write so; no rule stands in this module"
)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        checks::{RevealSubmission, Submission},
        rules::RevealRefusal,
        traits::ReadPermits,
        types::{
            BatchEntries, HashList, KeyList, MaxCommits, MaxUids, NetUidList, Salt, StorageIndex, UidList, ValueList,
            WeightsCommit, WeightsRow,
        },
        weights::WeightInfo,
    };
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use myelin_pallet_keys::traits::Keys;
    use myelin_pallet_neurons::traits::ReadSeats;
    use myelin_pallet_staking::traits::ReadStake;
    use myelin_pallet_subnets::traits::ReadSubnets;
    use myelin_primitives::{BlockNumber, NetUid, Uid};
    use sp_core::H256;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Which networks exist and how they are set.
        type Subnets: ReadSubnets<Self::AccountId>;
        /// Which coldkey owns a hotkey.
        type Keys: Keys<Self::AccountId>;
        /// How much a hotkey weighs.
        type Stake: ReadStake<Self::AccountId>;
        /// Who sits where.
        type Seats: ReadSeats<Self::AccountId>;
        /// Who may rate others.
        type Permits: ReadPermits;
        /// What calls cost.
        type WeightInfo: WeightInfo;
        /// Sets the stage for benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    /// What every neuron says.
    ///
    /// Written when weights are set or revealed, removed when the seat is replaced and, a page at a time, when the
    /// network has ended. At most one for every seat.
    // `Identity`: both keys are small counters that only the chain assigns, so they cannot be ground.
    #[pallet::storage]
    pub type Rows<T: Config> = StorageDoubleMap<_, Identity, StorageIndex, Identity, Uid, WeightsRow>;

    /// When every neuron last set or committed weights, by uid; the block of its registration if it never did.
    ///
    /// Written by these calls and when a seat is taken, removed when the network has ended. One value per network,
    /// because an epoch reads all of them.
    // `Identity`: the key is a small counter that only the chain assigns.
    #[pallet::storage]
    pub type LastUpdates<T: Config> =
        StorageMap<_, Identity, StorageIndex, BoundedVec<BlockNumber, MaxUids>, ValueQuery>;

    /// The commits of every hotkey that are neither revealed nor known to be over, oldest first.
    ///
    /// Written by commits and reveals. Removed when it is empty, when the hotkey loses its seat or goes by a new key,
    /// and, a page at a time, when the network has ended.
    // `Identity` for what the chain assigns; `Blake2_128Concat` because users choose their accounts.
    #[pallet::storage]
    pub type Commits<T: Config> = StorageDoubleMap<
        _,
        Identity,
        StorageIndex,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<WeightsCommit, MaxCommits>,
        ValueQuery,
    >;

    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A neuron's weights were stored.
        WeightsSet {
            /// Its network; root if the weights are about subnets.
            netuid: NetUid,
            /// The neuron.
            uid: Uid,
        },
        /// A hotkey promised weights.
        WeightsCommitted {
            /// Who.
            hotkey: T::AccountId,
            /// On which network.
            netuid: NetUid,
            /// What the weights will hash to.
            hash: H256,
        },
        /// A hotkey kept a promise; the weights were stored before.
        WeightsRevealed {
            /// Who.
            hotkey: T::AccountId,
            /// On which network.
            netuid: NetUid,
            /// What was promised.
            hash: H256,
        },
        /// A hotkey kept several promises; the weights of each were stored before, those of the last one are in force.
        WeightsBatchRevealed {
            /// Who.
            hotkey: T::AccountId,
            /// On which network.
            netuid: NetUid,
            /// What was promised, in the order of the reveals.
            hashes: BoundedVec<H256, MaxCommits>,
        },
        /// A batch over several networks is over. Items that failed were announced before, the others succeeded.
        BatchWeightsCompleted {
            /// The networks of its items.
            netuids: NetUidList,
            /// Who sent it.
            hotkey: T::AccountId,
        },
        /// At least one item of a batch failed; the failures follow.
        BatchCompletedWithErrors,
        /// An item of a batch failed and changed nothing.
        BatchWeightItemFailed {
            /// The network of the item.
            netuid: NetUid,
            /// Why.
            error: DispatchError,
        },
    }

    #[pallet::error]
    #[derive(PartialEq, Eq)]
    pub enum Error<T> {
        /// There is no network with this netuid; choose an existing one.
        SubNetworkDoesNotExist,
        /// Root weights go to netuid 0 only.
        NotRootSubnet,
        /// The hotkey has no owner; register it or stake on it first.
        HotKeyAccountNotExists,
        /// The signer does not own the hotkey; its owner must sign.
        NonAssociatedColdKey,
        /// The hotkey has no seat on this network; register it first.
        HotKeyNotRegisteredInSubNet,
        /// Weights of root are set by the coldkey with `set_root_weights`.
        CanNotSetRootNetworkWeights,
        /// There are more uids than values or more values than uids; every uid needs one value.
        WeightVecNotEqualSize,
        /// There are more entries than neurons on the network; list every neuron at most once.
        UidsLengthExceedUidsInSubNet,
        /// The hotkey's stake weight is below the network-wide threshold; it needs at least that much.
        NotEnoughStakeToSetWeights,
        /// The version key is below the one that the subnet asks for; run a newer validator.
        IncorrectWeightVersionKey,
        /// The neuron updated its weights too recently; wait until the rate limit has passed.
        SettingWeightsTooFast,
        /// Only neurons with a validator permit may rate others; without one only the neuron itself may be listed.
        NeuronNoValidatorPermit,
        /// A uid is listed twice; list each at most once.
        DuplicateUids,
        /// A uid, or a netuid on root, does not exist; list existing ones only.
        UidVecContainInvalidOne,
        /// There are fewer entries than the network asks for; list more neurons, with value zero if need be.
        WeightVecLengthIsLow,
        /// One entry has a greater share of the sum than the network allows; spread the weights.
        MaxWeightExceeded,
        /// The subnet takes weights by commit and reveal only.
        CommitRevealEnabled,
        /// The subnet takes weights directly only.
        CommitRevealDisabled,
        /// The neuron committed or set weights too recently; wait until the rate limit has passed.
        CommittingWeightsTooFast,
        /// Ten commits are open; reveal one or wait until one is over.
        TooManyUnrevealedCommits,
        /// The hotkey has no open commit on this network; commit first.
        NoWeightsCommitFound,
        /// No open commit is to these weights, this salt and this version key; reveal exactly what was committed.
        InvalidRevealCommitHashNotMatch,
        /// The window of this commit is still ahead; reveal it when its window opens.
        RevealTooEarly,
        /// The window of this commit is over; commit again.
        ExpiredWeightCommit,
        /// The lists of a batch differ in length; every item needs one element of each.
        InputLengthsUnequal,
    }

    impl<T> From<RevealRefusal> for Error<T> {
        fn from(reason: RevealRefusal) -> Self {
            match reason {
                RevealRefusal::Unknown => Self::InvalidRevealCommitHashNotMatch,
                RevealRefusal::Expired => Self::ExpiredWeightCommit,
                RevealRefusal::Early => Self::RevealTooEarly,
            }
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Rate neurons of a subnet that does without commit-reveal.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that rates. Free.
        ///
        /// ## Details
        /// `dests` are uids and `weights` their values; only the proportions matter. The vector replaces the one
        /// before, whoever is not listed gets nothing. It counts from the next epoch on. spec weights §2
        ///
        /// ## Errors
        /// In this order: [`Error::SubNetworkDoesNotExist`], [`Error::CommitRevealEnabled`],
        /// [`Error::CanNotSetRootNetworkWeights`], [`Error::WeightVecNotEqualSize`],
        /// [`Error::UidsLengthExceedUidsInSubNet`], [`Error::HotKeyNotRegisteredInSubNet`],
        /// [`Error::NotEnoughStakeToSetWeights`], [`Error::IncorrectWeightVersionKey`],
        /// [`Error::SettingWeightsTooFast`], [`Error::NeuronNoValidatorPermit`], [`Error::DuplicateUids`],
        /// [`Error::UidVecContainInvalidOne`], [`Error::WeightVecLengthIsLow`], [`Error::MaxWeightExceeded`].
        ///
        /// ## Events
        /// [`Event::WeightsSet`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::set_weights(count(dests)))]
        #[pallet::feeless_if(|_: &OriginFor<T>, _: &NetUid, _: &UidList, _: &ValueList, _: &u64| -> bool { true })]
        pub fn set_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            dests: UidList,
            weights: ValueList,
            version_key: u64,
        ) -> DispatchResult {
            Self::ensure_direct(netuid)?;
            let hotkey = ensure_signed(origin)?;
            Self::do_set_weights(&hotkey, netuid, Submission::new(&dests, &weights, version_key))
        }

        /// Rate neurons of several subnets.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that rates. Free.
        ///
        /// ## Details
        /// Every item is carried out as by [`Pallet::set_weights`]. One that fails changes nothing and is announced;
        /// the others are carried out all the same, and the call succeeds. spec weights §6
        ///
        /// ## Errors
        /// [`Error::InputLengthsUnequal`]. Items fail with the errors of [`Pallet::set_weights`].
        ///
        /// ## Events
        /// [`Event::WeightsSet`] for each item that succeeds; if any failed, [`Event::BatchCompletedWithErrors`] and one
        /// [`Event::BatchWeightItemFailed`] each; [`Event::BatchWeightsCompleted`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::batch_set_weights(count(netuids), total(weights)))]
        #[pallet::feeless_if(|_: &OriginFor<T>, _: &NetUidList, _: &BatchEntries, _: &KeyList| -> bool { true })]
        pub fn batch_set_weights(
            origin: OriginFor<T>,
            netuids: NetUidList,
            weights: BatchEntries,
            version_keys: KeyList,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_batch_set_weights(hotkey, netuids, &weights, &version_keys)
        }

        /// Promise weights without showing them.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that will reveal. Free.
        ///
        /// ## Details
        /// `commit_hash` is BLAKE2b-256 of the SCALE encoding of (hotkey, netuid, uids, values, salt, version key), see
        /// [`rules::commit_hash`](crate::rules::commit_hash). It may be revealed a reveal period of epochs later, in one
        /// epoch only. Counts as an update of the neuron. spec weights §5.4
        ///
        /// ## Errors
        /// In this order: [`Error::SubNetworkDoesNotExist`], [`Error::CommitRevealDisabled`],
        /// [`Error::HotKeyNotRegisteredInSubNet`], [`Error::CommittingWeightsTooFast`],
        /// [`Error::TooManyUnrevealedCommits`].
        ///
        /// ## Events
        /// [`Event::WeightsCommitted`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::commit_weights())]
        #[pallet::feeless_if(|_: &OriginFor<T>, _: &NetUid, _: &H256| -> bool { true })]
        pub fn commit_weights(origin: OriginFor<T>, netuid: NetUid, commit_hash: H256) -> DispatchResult {
            Self::parameters(netuid)?;
            let hotkey = ensure_signed(origin)?;
            Self::do_commit_weights(&hotkey, netuid, commit_hash)
        }

        /// Promise weights on several subnets.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that will reveal. Free.
        ///
        /// ## Details
        /// Every item is carried out as by [`Pallet::commit_weights`]. One that fails changes nothing and is announced;
        /// the others are carried out all the same, and the call succeeds. spec weights §6
        ///
        /// ## Errors
        /// [`Error::InputLengthsUnequal`]. Items fail with the errors of [`Pallet::commit_weights`].
        ///
        /// ## Events
        /// [`Event::WeightsCommitted`] for each item that succeeds; if any failed, [`Event::BatchCompletedWithErrors`]
        /// and one [`Event::BatchWeightItemFailed`] each; [`Event::BatchWeightsCompleted`].
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::batch_commit_weights(count(netuids)))]
        #[pallet::feeless_if(|_: &OriginFor<T>, _: &NetUidList, _: &HashList| -> bool { true })]
        pub fn batch_commit_weights(
            origin: OriginFor<T>,
            netuids: NetUidList,
            commit_hashes: HashList,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            Self::do_batch_commit_weights(hotkey, netuids, &commit_hashes)
        }

        /// Show the weights of a commit, which puts them in force.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that committed. Free.
        ///
        /// ## Details
        /// `uids`, `values`, `salt` and `version_key` are those of the hash. The commit and all older ones are used up.
        /// The neuron's last update stays at its last commit. A reveal that fails may be repeated while the window is
        /// open. Whoever took a seat at or after the commit gets nothing of it. spec weights §5.5, §5.6
        ///
        /// ## Errors
        /// In this order: [`Error::SubNetworkDoesNotExist`], [`Error::CommitRevealDisabled`],
        /// [`Error::NoWeightsCommitFound`], [`Error::ExpiredWeightCommit`],
        /// [`Error::InvalidRevealCommitHashNotMatch`], [`Error::RevealTooEarly`], then those of
        /// [`Pallet::set_weights`] from [`Error::WeightVecNotEqualSize`] on, but for the rate limit.
        ///
        /// ## Events
        /// [`Event::WeightsSet`], [`Event::WeightsRevealed`].
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::reveal_weights(count(uids), count(salt)))]
        #[pallet::feeless_if(|_: &OriginFor<T>, _: &NetUid, _: &UidList, _: &ValueList, _: &Salt, _: &u64| -> bool {
            true
        })]
        pub fn reveal_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            uids: UidList,
            values: ValueList,
            salt: Salt,
            version_key: u64,
        ) -> DispatchResult {
            let hotkey = ensure_signed(origin)?;
            let reveal = RevealSubmission { submission: Submission::new(&uids, &values, version_key), salt: &salt };
            Self::do_reveal_weights(hotkey, netuid, reveal)
        }

        /// Show the weights of several commits on one subnet.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that committed. Free.
        ///
        /// ## Details
        /// All or nothing. Exactly the commits that are shown are used up, older ones stay. The weights of the last
        /// item are in force afterwards. spec weights §5.7
        ///
        /// ## Errors
        /// [`Error::InputLengthsUnequal`], then those of [`Pallet::reveal_weights`].
        ///
        /// ## Events
        /// [`Event::WeightsSet`] for each item, [`Event::WeightsBatchRevealed`].
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::batch_reveal_weights(count(uids_list), total(uids_list), total(salts_list)))]
        #[pallet::feeless_if(|
            _: &OriginFor<T>,
            _: &NetUid,
            _: &BoundedVec<UidList, MaxCommits>,
            _: &BoundedVec<ValueList, MaxCommits>,
            _: &BoundedVec<Salt, MaxCommits>,
            _: &BoundedVec<u64, MaxCommits>,
        | -> bool { true })]
        pub fn batch_reveal_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            uids_list: BoundedVec<UidList, MaxCommits>,
            values_list: BoundedVec<ValueList, MaxCommits>,
            salts_list: BoundedVec<Salt, MaxCommits>,
            version_keys: BoundedVec<u64, MaxCommits>,
        ) -> DispatchResult {
            let reveals = Self::reveals(&uids_list, &values_list, &salts_list, &version_keys)?;
            let hotkey = ensure_signed(origin)?;
            Self::do_batch_reveal_weights(hotkey, netuid, &reveals)
        }

        /// Rate subnets on behalf of a root validator, which decides how the block emission is shared.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that owns `hotkey`.
        ///
        /// ## Details
        /// `dests` are netuids and `weights` their values; only the proportions matter. Public and at once: neither
        /// commit-reveal nor permits apply. An empty vector withdraws the vote if the minimum length of root is zero.
        /// Counts from the next root epoch on; a rating of netuid 0 counts for nothing. spec weights §7
        ///
        /// ## Errors
        /// In this order: those of a coldkey in a swap, [`Error::HotKeyAccountNotExists`],
        /// [`Error::NonAssociatedColdKey`], [`Error::SubNetworkDoesNotExist`], [`Error::NotRootSubnet`],
        /// [`Error::WeightVecNotEqualSize`], [`Error::UidVecContainInvalidOne`],
        /// [`Error::HotKeyNotRegisteredInSubNet`], [`Error::NotEnoughStakeToSetWeights`],
        /// [`Error::IncorrectWeightVersionKey`], [`Error::SettingWeightsTooFast`], [`Error::DuplicateUids`],
        /// [`Error::WeightVecLengthIsLow`], [`Error::MaxWeightExceeded`].
        ///
        /// ## Events
        /// [`Event::WeightsSet`] with netuid 0.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::set_root_weights(count(dests)))]
        pub fn set_root_weights(
            origin: OriginFor<T>,
            netuid: NetUid,
            hotkey: T::AccountId,
            dests: BoundedVec<NetUid, MaxUids>,
            weights: ValueList,
            version_key: u64,
        ) -> DispatchResult {
            let coldkey = ensure_signed(origin)?;
            T::Keys::ensure_not_swapping(&coldkey)?;
            Self::do_set_root_weights(&coldkey, netuid, &hotkey, &dests, &weights, version_key)
        }
    }

    /// How many there are, as costs count.
    fn count<Item>(list: &[Item]) -> u32 {
        list.len().try_into().unwrap_or(u32::MAX)
    }

    /// How many there are in all lists together, as costs count.
    fn total<Item, Bound>(lists: &[BoundedVec<Item, Bound>]) -> u32 {
        lists.iter().map(|list| count(list)).fold(0, u32::saturating_add)
    }
}
