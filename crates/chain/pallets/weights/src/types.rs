//! Records of what validators say.

use codec::{Compact, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
use frame_support::{BoundedVec, traits::ConstU32};
pub use myelin_pallet_subnets::types::MaxUids;
use myelin_primitives::{BlockNumber, Entry, NetUid, Uid};
use scale_info::TypeInfo;
use sp_core::H256;

/// The most open commits of a hotkey on a network. spec weights §5.4
pub type MaxCommits = ConstU32<10>;

/// The most items of a batch over several networks.
pub type MaxBatch = ConstU32<64>;

/// The most numbers of a salt. Revealing is free, so what may be sent along has a limit.
pub type MaxSalt = ConstU32<256>;

/// Uids of a vector, in the order of their values.
pub type UidList = BoundedVec<Uid, MaxUids>;

/// Values of a vector, in the order of their uids.
pub type ValueList = BoundedVec<u16, MaxUids>;

/// What makes a hash unguessable: numbers of the author's choice.
pub type Salt = BoundedVec<u16, MaxSalt>;

/// The networks of a batch.
pub type NetUidList = BoundedVec<Compact<u16>, MaxBatch>;

/// The vectors of a batch: for each network pairs of uid and value.
pub type BatchEntries = BoundedVec<BoundedVec<(Compact<u16>, Compact<u16>), MaxUids>, MaxBatch>;

/// The version keys of a batch.
pub type KeyList = BoundedVec<Compact<u64>, MaxBatch>;

/// The hashes of a batch.
pub type HashList = BoundedVec<H256, MaxBatch>;

/// A matrix of weights: the network it belongs to, as long as every network has one. spec weights §10
///
/// Weights are stored and committed under this id and not under the netuid, so that a network with several matrices
/// needs no other layout and no other hash.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct StorageIndex(u16);

impl StorageIndex {
    /// The network whose matrix this is.
    pub const fn netuid(self) -> NetUid {
        NetUid::new(self.0)
    }
}

/// The only matrix of the network.
impl From<NetUid> for StorageIndex {
    fn from(netuid: NetUid) -> Self {
        Self(netuid.get())
    }
}

/// What one neuron says of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct WeightsRow {
    /// Whom it rates and how much, in the order given and scaled so that the largest value is 65535. On root the uids
    /// are netuids.
    pub entries: BoundedVec<Entry, MaxUids>,
    /// The block from which on the row could not be changed to suit a newcomer: that of the commit for a revealed row,
    /// that of the call for any other. Entries toward seats taken in it or later read as zero.
    pub fixed_at: BlockNumber,
}

/// A promise to reveal weights. spec weights §5.1
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct WeightsCommit {
    /// What the weights, their salt and their author hash to. spec weights §5.3
    pub hash: H256,
    /// The block of the promise.
    pub at: BlockNumber,
}

/// The blocks in which a commit may be revealed. spec weights §5.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RevealWindow {
    /// The first of them.
    pub first: BlockNumber,
    /// The last of them. The epoch runs at its beginning, so what is revealed in it counts one epoch later.
    pub last: BlockNumber,
}

impl From<RangeInclusive<BlockNumber>> for RevealWindow {
    fn from(blocks: RangeInclusive<BlockNumber>) -> Self {
        Self { first: *blocks.start(), last: *blocks.end() }
    }
}

/// An open commit as shown to clients. spec weights §5.1
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct CommitView {
    /// The promise.
    pub commit: WeightsCommit,
    /// When it may be kept, as tempo and reveal period are now.
    pub window: RevealWindow,
}
