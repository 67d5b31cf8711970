//! Records of seats, adjustments and used seals.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedBTreeMap, traits::ConstU32};
use myelin_primitives::{BlockNumber, NetUid, Uid};
use myelin_records::bounds::MaxNetworks;
use scale_info::TypeInfo;

/// The most used seals that are stored.
///
/// Far above the registrations of a block, since a network admits one registration per block unless governance
/// raises this limit.
pub type MaxUsedWork = ConstU32<256>;

/// The seats of one hotkey, by network.
pub type Memberships = BoundedBTreeMap<NetUid, Uid, MaxNetworks>;

/// The block in which the admission of each network is adjusted next.
pub type AdjustmentsDue = BoundedBTreeMap<NetUid, BlockNumber, MaxNetworks>;

/// A seal that has paid for a registration, and the block whose hash it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct UsedSeal {
    /// The block whose hash is part of the challenge.
    pub worked_on: BlockNumber,
    /// The seal.
    pub seal: [u8; 32],
}
