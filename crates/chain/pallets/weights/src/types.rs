//! Records of what validators say.

use codec::Compact;
use frame_support::BoundedVec;
use myelin_primitives::Uid;
use myelin_records::bounds::{MaxBatch, MaxSalt, MaxUids};
use sp_core::H256;

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
