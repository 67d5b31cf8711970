//! What is stored of the block's money, and what is shown of it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::BoundedVec;
use myelin_economics::root::Share;
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao};
use myelin_records::{bounds::MaxNetworks, epoch::EpochRecord};
use scale_info::TypeInfo;

/// An epoch that is due.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DueEpoch {
    /// The block since which it is due. First, because the oldest runs first.
    pub since: BlockNumber,
    /// The subnet.
    pub netuid: NetUid,
}

/// Epochs that found no room in their block, in the order in which they run.
pub type EpochQueue = BoundedVec<DueEpoch, MaxNetworks>;

/// What a subnet earns, for clients. spec tokenomics §5.4
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SubnetEmission {
    /// Its share as of the last root epoch, in counts of 2^-64.
    pub share: Share,
    /// Whether it takes part in the division of the block emission.
    pub eligible: bool,
    /// What it receives of every block.
    pub per_block: Amount<Tao>,
    /// What has accrued to it since its last epoch.
    pub pending: Amount<Tao>,
    /// How many blocks from now its next epoch is due, if its tempo lets it run any.
    pub blocks_until_epoch: Option<u32>,
    /// The block since which an epoch waits for room, if one does.
    pub waiting_since: Option<BlockNumber>,
    /// The last epoch, once there was one.
    pub last_epoch: Option<EpochRecord>,
}
