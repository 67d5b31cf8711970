//! Weights of validators: weights of miners, commits to weights, and root weights of subnets.
//!
//! # API
//!
//! | Call | Signer | Effect |
//! |---|---|---|
//! | [`Pallet::set_weights`] | hotkey | rates neurons of a subnet without commit-reveal |
//! | [`Pallet::commit_weights`] | hotkey | commits to weights by their hash |
//! | [`Pallet::reveal_weights`] | hotkey | reveals committed weights, when other validators cannot copy them any more |
//! | `batch_…` | hotkey | several of these at once |
//! | [`Pallet::set_root_weights`] | coldkey | rates subnets on root |
//!
//! Epochs read [`traits::ReadWeights`]. The runtime API reads [`Pallet::neuron_weights`] and [`Pallet::commits_of`].
//! [`Pallet::network_weights`] and [`Pallet::reveal_window`] are the other reads of spec weights §11. The pallet
//! follows seats through `OnSeat` and subnets through `OnSubnet`. Hotkeys hold no TAO, so their calls are free, and the
//! transaction pool checks them with [`Pallet::check_free_call`].
//!
//! # Storage
//!
//! The pallet stores a [`WeightsRow`] per neuron, a list of last updates per network, and a queue of
//! [`WeightsCommit`]s per network and hotkey. The rules themselves are pure functions in [`rules`]; spec weights.
//!
//! # Entries that stop counting
//!
//! The specification sets an entry to zero when the rated neuron is replaced (§4), and when a reveal stores a vector
//! whose commit is not younger than the neuron (§5.6). By the letter, each replacement would visit the rows of all
//! validators. Here no row is visited: a row stores the block in which it was fixed, `fixed_at`. An entry reads as zero
//! if the rated seat was taken in that block or later. This replaces both rules:
//!
//! * *A seat is replaced in block `r`.* Each row stored so far was fixed in a block `f <= r`, because a direct vector
//!   is fixed when it is stored and a revealed one when it was committed. The seat now has block `r`, and `r >= f`, so
//!   all entries toward it read zero, as if the visit had written zeros.
//! * *A vector of a commit of block `f` is revealed.* Entries toward seats taken at or after `f` read zero from the
//!   start, which is the rule of §5.6 word for word.
//! * *A zero stays zero.* A seat's block only grows, and a row's block changes only with the row.
//!
//! One case is stricter than the visit: a vector stored in block `r` itself, after the replacement. The visit leaves it
//! unchanged, and by §4 consensus ignores the entry while the last update is in block `r`. A later commit moves the
//! last update and would let the entry count. Here it stays zero, as §4 demands: weights do not rate a neuron that
//! registers in the block in which they are set. On root the same holds for subnets and the block of their creation, so
//! the entries of a removed subnet need no visit either.
//!
//! # What is not here
//!
//! Consensus is in `myelin-yuma`. The emission pallet runs epochs and gives permits, and the subnets pallet stores the
//! parameters. Each network has one matrix of weights; the storage is keyed by [`StorageIndex`] so that a network can
//! get more.
//!
//! [`StorageIndex`]: myelin_records::weights::StorageIndex
//! [`WeightsCommit`]: myelin_records::weights::WeightsCommit
//! [`WeightsRow`]: myelin_records::weights::WeightsRow

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
        types::{BatchEntries, HashList, KeyList, NetUidList, Salt, UidList, ValueList},
        weights::WeightInfo,
    };
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use myelin_pallet_keys::traits::Keys;
    use myelin_pallet_neurons::traits::ReadSeats;
    use myelin_pallet_staking::traits::ReadStake;
    use myelin_pallet_subnets::traits::ReadSubnets;
    use myelin_primitives::{BlockNumber, NetUid, Uid};
    use myelin_records::{
        bounds::{MaxCommits, MaxUids},
        weights::{StorageIndex, WeightsCommit, WeightsRow},
    };
    use sp_core::H256;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// The networks and their parameters.
        type Subnets: ReadSubnets<Self::AccountId>;
        /// The pairs of coldkeys and hotkeys.
        type Keys: Keys<Self::AccountId>;
        /// The stake weights of hotkeys.
        type Stake: ReadStake<Self::AccountId>;
        /// The seats of networks.
        type Seats: ReadSeats<Self::AccountId>;
        /// The validator permits.
        type Permits: ReadPermits;
        /// The block weights of calls.
        type WeightInfo: WeightInfo;
        /// The chain around this pallet, for benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
    }

    /// The weights row of each neuron.
    ///
    /// Written when weights are set or revealed, removed when the seat is replaced and, a page at a time, when the
    /// network has ended. At most one per seat.
    // `Identity`: both keys are small counters that only the chain assigns, so they cannot be ground.
    #[pallet::storage]
    pub type Rows<T: Config> = StorageDoubleMap<_, Identity, StorageIndex, Identity, Uid, WeightsRow>;

    /// The last updates: the block in which each neuron last set or committed weights, by uid.
    ///
    /// A neuron without an update has the block of its registration. Written by these calls and when a seat is taken,
    /// removed when the network has ended. One value per network, because an epoch reads all of them.
    // `Identity`: the key is a small counter that only the chain assigns.
    #[pallet::storage]
    pub type LastUpdates<T: Config> =
        StorageMap<_, Identity, StorageIndex, BoundedVec<BlockNumber, MaxUids>, ValueQuery>;

    /// The commits of each hotkey that are neither revealed nor known to be expired, oldest first.
    ///
    /// Written by commits and reveals. Removed when the list is empty, when the hotkey loses its seat or is swapped,
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
            /// The network; root if the weights rate subnets.
            netuid: NetUid,
            /// The neuron.
            uid: Uid,
        },
        /// A hotkey committed to weights.
        WeightsCommitted {
            /// The hotkey.
            hotkey: T::AccountId,
            /// The network.
            netuid: NetUid,
            /// The hash of the weights.
            hash: H256,
        },
        /// A hotkey revealed a commit. [`Event::WeightsSet`] comes before.
        WeightsRevealed {
            /// The hotkey.
            hotkey: T::AccountId,
            /// The network.
            netuid: NetUid,
            /// The hash of the commit.
            hash: H256,
        },
        /// A hotkey revealed several commits; the weights of the last one are in force.
        ///
        /// [`Event::WeightsSet`] of each reveal comes before.
        WeightsBatchRevealed {
            /// The hotkey.
            hotkey: T::AccountId,
            /// The network.
            netuid: NetUid,
            /// The hashes of the commits, in the order of the reveals.
            hashes: BoundedVec<H256, MaxCommits>,
        },
        /// All items of a batch over several networks succeeded. Their events come before this one.
        BatchWeightsCompleted {
            /// The networks of its items.
            netuids: NetUidList,
            /// The signer.
            hotkey: T::AccountId,
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
        /// There are more uids than values or more values than uids; each uid needs one value.
        WeightVecNotEqualSize,
        /// There are more entries than neurons on the network; list each neuron at most once.
        UidsLengthExceedUidsInSubNet,
        /// The hotkey's stake weight is below the network-wide threshold; it needs at least that much.
        NotEnoughStakeToSetWeights,
        /// The version key is below the one that the subnet requires; run a newer validator.
        IncorrectWeightVersionKey,
        /// The neuron updated its weights too recently; wait until the rate limit has passed.
        SettingWeightsTooFast,
        /// Only neurons with a validator permit set weights; wait for an epoch that gives the neuron one.
        NeuronNoValidatorPermit,
        /// A uid is listed twice; list each at most once.
        DuplicateUids,
        /// A uid, or a netuid on root, does not exist; list existing ones only.
        UidVecContainInvalidOne,
        /// There are fewer entries than the network requires; list more neurons, with value zero if necessary.
        WeightVecLengthIsLow,
        /// One entry has a greater share of the sum than the network allows; spread the weights.
        MaxWeightExceeded,
        /// The subnet takes weights by commit and reveal only.
        CommitRevealEnabled,
        /// The subnet takes weights directly only.
        CommitRevealDisabled,
        /// The neuron committed or set weights too recently; wait until the rate limit has passed.
        CommittingWeightsTooFast,
        /// Ten commits are open; reveal one or wait until one expires.
        TooManyUnrevealedCommits,
        /// The hotkey has no open commit on this network; commit first.
        NoWeightsCommitFound,
        /// No open commit is to these weights, this salt and this version key; reveal exactly what was committed.
        InvalidRevealCommitHashNotMatch,
        /// The window of this commit is still ahead; reveal it when its window opens.
        RevealTooEarly,
        /// The window of this commit is over, or a later vector is in force; commit again.
        ExpiredWeightCommit,
        /// The lists of a batch differ in length; each item needs one element of each list.
        InputLengthsUnequal,
        /// Root takes no weights in the launch phase of the chain; wait for its end.
        LaunchPhase,
        /// The netuids of a batch do not ascend; list each network once, in ascending order.
        DuplicateNetuid,
        /// The salt has fewer than 8 numbers, so the weights could be guessed; commit again with a longer one.
        SaltTooShort,
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
        /// Sets weights on a subnet without commit-reveal.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that rates. Free.
        ///
        /// ## Details
        /// `dests` are uids and `weights` their values; only the proportions matter. The vector replaces the one
        /// before, and a neuron that is not listed gets nothing. It counts from the next epoch on. spec weights §2
        ///
        /// ## Errors
        /// In this order: [`Error::SubNetworkDoesNotExist`], [`Error::CommitRevealEnabled`],
        /// [`Error::CanNotSetRootNetworkWeights`], [`Error::HotKeyNotRegisteredInSubNet`],
        /// [`Error::SettingWeightsTooFast`], [`Error::NeuronNoValidatorPermit`],
        /// [`Error::NotEnoughStakeToSetWeights`], [`Error::IncorrectWeightVersionKey`],
        /// [`Error::WeightVecNotEqualSize`], [`Error::UidsLengthExceedUidsInSubNet`], [`Error::DuplicateUids`],
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

        /// Sets weights on several subnets.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that rates. Free.
        ///
        /// ## Details
        /// All or nothing. Each item is carried out as by [`Pallet::set_weights`]. The netuids ascend, so no network is
        /// listed twice. spec weights §6
        ///
        /// ## Errors
        /// [`Error::InputLengthsUnequal`], [`Error::DuplicateNetuid`], then those of [`Pallet::set_weights`] for the
        /// first item that fails.
        ///
        /// ## Events
        /// [`Event::WeightsSet`] for each item, [`Event::BatchWeightsCompleted`].
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

        /// Commits to weights by their hash.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that will reveal. Free.
        ///
        /// ## Details
        /// `commit_hash` is BLAKE2b-256 of the SCALE encoding of (hotkey, netuid, uids, values, salt, version key), see
        /// [`rules::commit_hash`](crate::rules::commit_hash). The reveal is possible after the reveal period, in one
        /// epoch only, on the terms of the block of the commit. The commit takes the place of an earlier one of the
        /// same epoch, and counts as an update of the neuron. A neuron that misses the reveal does not vote until a
        /// later vector is in force. spec weights §5.4, §5.9
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

        /// Commits to weights on several subnets.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that will reveal. Free.
        ///
        /// ## Details
        /// All or nothing. Each item is carried out as by [`Pallet::commit_weights`]. The netuids ascend, so no network
        /// is listed twice. spec weights §6
        ///
        /// ## Errors
        /// [`Error::InputLengthsUnequal`], [`Error::DuplicateNetuid`], then those of [`Pallet::commit_weights`] for the
        /// first item that fails.
        ///
        /// ## Events
        /// [`Event::WeightsCommitted`] for each item, [`Event::BatchWeightsCompleted`].
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

        /// Reveals the weights of a commit, which puts them in force.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that committed. Free.
        ///
        /// ## Details
        /// `uids`, `values`, `salt` and `version_key` are those of the hash. The commit and all older ones are removed.
        /// The neuron's last update stays at its last commit. A reveal that fails may be repeated while the window is
        /// open. A neuron that took its seat at or after the commit gets nothing. Version key, least length and largest
        /// share are those of the block of the commit. spec weights §5.5, §5.6
        ///
        /// ## Errors
        /// In this order: [`Error::SubNetworkDoesNotExist`], [`Error::SaltTooShort`], [`Error::NoWeightsCommitFound`],
        /// [`Error::ExpiredWeightCommit`], [`Error::InvalidRevealCommitHashNotMatch`], [`Error::RevealTooEarly`], then
        /// those of [`Pallet::set_weights`] from [`Error::HotKeyNotRegisteredInSubNet`] on, except for the rate limit,
        /// and [`Error::ExpiredWeightCommit`] if the vector in force was fixed after the commit.
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
            Self::do_reveal_weights(hotkey, netuid, RevealSubmission::new(&uids, &values, &salt, version_key))
        }

        /// Reveals the weights of several commits on one subnet.
        ///
        /// ## Dispatch origin
        /// Signed by the hotkey that committed. Free.
        ///
        /// ## Details
        /// All or nothing, in the order of the commits. Exactly the revealed commits are removed, older ones stay. The
        /// weights of the last item are in force afterwards. spec weights §5.7
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

        /// Sets the root weights of a root validator, which divide the block emission among subnets.
        ///
        /// ## Dispatch origin
        /// Signed by the coldkey that owns `hotkey`.
        ///
        /// ## Details
        /// `dests` are netuids and `weights` their values; only the proportions matter. Neither commit-reveal nor
        /// permits apply. An empty vector withdraws the weights if the minimum length of root is zero. The weights
        /// count from the next root epoch on; a weight of netuid 0 has no effect. spec weights §7
        ///
        /// ## Errors
        /// In this order: those of a coldkey under swap, [`Error::LaunchPhase`], [`Error::HotKeyAccountNotExists`],
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

    /// Returns the length of a list, for block weights.
    fn count<Item>(list: &[Item]) -> u32 {
        list.len().try_into().unwrap_or(u32::MAX)
    }

    /// Returns the length of all lists together, for block weights.
    fn total<Item, Bound>(lists: &[BoundedVec<Item, Bound>]) -> u32 {
        lists.iter().map(|list| count(list)).fold(0, u32::saturating_add)
    }
}
