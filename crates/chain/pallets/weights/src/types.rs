//! The bounded lists of weights, commits and batches.

use codec::Compact;
use frame_support::BoundedVec;
use myelin_primitives::Uid;
use myelin_records::bounds::{MaxBatch, MaxSalt, MaxUids};
use sp_core::H256;

/// The uids of a vector, in the order of their values.
pub type UidList = BoundedVec<Uid, MaxUids>;

/// The values of a vector, in the order of their uids.
pub type ValueList = BoundedVec<u16, MaxUids>;

/// The salt of a commit: numbers of the author's choice that make its hash unguessable.
pub type Salt = BoundedVec<u16, MaxSalt>;

/// The networks of a batch.
pub type NetUidList = BoundedVec<Compact<u16>, MaxBatch>;

/// The vectors of a batch: for each network pairs of uid and value.
pub type BatchEntries = BoundedVec<BoundedVec<(Compact<u16>, Compact<u16>), MaxUids>, MaxBatch>;

/// The version keys of a batch.
pub type KeyList = BoundedVec<Compact<u64>, MaxBatch>;

/// The hashes of a batch.
pub type HashList = BoundedVec<H256, MaxBatch>;
