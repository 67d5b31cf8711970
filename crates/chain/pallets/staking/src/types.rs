//! Records of stake that only this pallet reads: activity, and the sweep of nominations.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use myelin_primitives::{Amount, BlockNumber, Tao};
use myelin_records::{
    bounds::{MAX_HOTKEYS, MAX_NOMINATIONS},
    stake::PoolId,
};
use scale_info::TypeInfo;

/// The most hotkeys on which one coldkey changes its stake within a window of the operation limit: all it can have
/// stake on.
pub type MaxWindows = ConstU32<{ MAX_HOTKEYS + MAX_NOMINATIONS }>;

/// The longest list of children that is read at all, so that one that is too long can be refused by name.
pub type MaxChildrenRead = ConstU32<32>;

/// When a coldkey last did what is limited in time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StakeActivity {
    /// The last block in which it added or removed stake, made a delegate or swapped a key.
    pub last_at: Option<BlockNumber>,
    /// The windows of the operation limit that have not ended. spec staking §3.1
    pub windows: BoundedVec<StakeWindow, MaxWindows>,
}

/// The stake operations of one coldkey on one hotkey since the first of them. spec staking §3.1
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StakeWindow {
    /// The pool of the hotkey.
    pub pool: PoolId,
    /// The block of the first operation.
    pub since: BlockNumber,
    /// How many there were.
    pub operations: u32,
}

/// A block number whose encoding sorts as the number does, so that a map keyed by it is walked in order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SortedBlock([u8; 4]);

impl SortedBlock {
    /// The block number.
    pub const fn block(self) -> BlockNumber {
        BlockNumber::from_be_bytes(self.0)
    }
}

impl From<BlockNumber> for SortedBlock {
    fn from(block: BlockNumber) -> Self {
        Self(block.to_be_bytes())
    }
}

/// Where the walk over all nominations is that a raised nomination minimum asks for. spec staking §4.1
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct NominationSweep<AccountId> {
    /// The minimum that nominations have been, or are being, held against.
    pub minimum: Amount<Tao>,
    /// What is left to do.
    pub stage: SweepStage<AccountId>,
}

// Written out because a derive would ask the account for a default.
impl<AccountId> Default for NominationSweep<AccountId> {
    fn default() -> Self {
        Self { minimum: Amount::ZERO, stage: SweepStage::Done }
    }
}

/// How far a walk has come.
#[allow(clippy::cast_possible_truncation, reason = "the encoding of an enum numbers its variants")]
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum SweepStage<AccountId> {
    /// At its end.
    Done,
    /// At its beginning.
    Begun,
    /// Past this holding.
    Past(PoolId, AccountId),
}
