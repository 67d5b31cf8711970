//! Records of stake that only this pallet reads: activity, and the sweep of nominations.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use myelin_primitives::{Amount, BlockNumber, Tao};
use myelin_records::{
    bounds::{MAX_HOTKEYS, MAX_NOMINATIONS},
    stake::PoolId,
};
use scale_info::TypeInfo;

/// The most windows of the operation limit per coldkey: one for each hotkey on which it can have stake.
pub type MaxWindows = ConstU32<{ MAX_HOTKEYS + MAX_NOMINATIONS }>;

/// The longest list of children that is decoded. Longer than allowed, so that a call can fail with `TooManyChildren`.
pub type MaxChildrenRead = ConstU32<32>;

/// The last rate-limited operations of a coldkey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct StakeActivity {
    /// The last block in which the coldkey changed its stake, made a delegate or swapped a key.
    ///
    /// Changes are additions, removals, moves and transfers. Received stake is none.
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
    /// The number of operations.
    pub operations: u32,
}

/// A block number whose encoding sorts as the number does, so that a map keyed by it iterates in order of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct SortedBlock([u8; 4]);

impl SortedBlock {
    /// Returns the block number.
    pub const fn block(self) -> BlockNumber {
        BlockNumber::from_be_bytes(self.0)
    }
}

impl From<BlockNumber> for SortedBlock {
    fn from(block: BlockNumber) -> Self {
        Self(block.to_be_bytes())
    }
}

/// The place of a released pool in the order of payment: by the block of the release, then by pool.
///
/// Its encoding sorts as the place does, so that a map keyed by it iterates in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct ReleasePosition {
    block: SortedBlock,
    pool: [u8; 8],
}

impl ReleasePosition {
    /// Returns the place of a pool that is released in this block.
    pub fn new(block: BlockNumber, pool: PoolId) -> Self {
        Self { block: block.into(), pool: pool.get().to_be_bytes() }
    }

    /// Returns the pool.
    pub const fn pool(self) -> PoolId {
        PoolId::new(u64::from_be_bytes(self.pool))
    }
}

/// The progress of the sweep over all nominations after the nomination minimum was raised. spec staking §4.1
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct NominationSweep<AccountId> {
    /// The minimum of the last or current sweep.
    pub minimum: Amount<Tao>,
    /// The position of the sweep.
    pub stage: SweepStage<AccountId>,
}

// A derive would require a default of the account.
impl<AccountId> Default for NominationSweep<AccountId> {
    fn default() -> Self {
        Self { minimum: Amount::ZERO, stage: SweepStage::Done }
    }
}

/// The position of a sweep.
#[allow(clippy::cast_possible_truncation, reason = "the encoding of an enum numbers its variants")]
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub enum SweepStage<AccountId> {
    /// The end: no sweep is under way.
    Done,
    /// The beginning.
    Begun,
    /// The position after this holding.
    Past(PoolId, AccountId),
}
