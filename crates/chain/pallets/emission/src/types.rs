//! The queue of epochs, and the emission of a subnet as clients see it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::BoundedVec;
use myelin_economics::root::Share;
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao};
use myelin_records::{
    bounds::{MAX_PARENTS, MaxNetworks},
    epoch::EpochRecord,
};
use scale_info::TypeInfo;

/// An epoch that is due.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DueEpoch {
    /// The block since which the epoch is due. The first field, because the oldest epoch runs first.
    pub since: BlockNumber,
    /// The subnet.
    pub netuid: NetUid,
}

/// Epochs that found no room in their block, in the order in which they run.
pub type EpochQueue = BoundedVec<DueEpoch, MaxNetworks>;

/// The size of an epoch, which decides on its weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EpochSize {
    /// Number of neurons.
    pub neurons: u32,
    /// Number of neurons with a validator permit.
    pub permits: u32,
    /// Number of parents of all neurons together.
    pub parents: u32,
    /// Number of parents of neurons with a validator permit.
    pub permit_parents: u32,
}

impl EpochSize {
    /// Returns the size with one neuron more, which has this many parents.
    #[must_use]
    pub(crate) const fn with_neuron(mut self, permit: bool, parents: u32) -> Self {
        self.neurons = self.neurons.saturating_add(1);
        self.parents = self.parents.saturating_add(parents);
        if permit {
            self.permits = self.permits.saturating_add(1);
            self.permit_parents = self.permit_parents.saturating_add(parents);
        }
        self
    }

    /// Returns the size of an epoch of this many neurons, all of which have a permit and the most parents.
    pub(crate) const fn greatest(neurons: u32) -> Self {
        let parents = neurons.saturating_mul(MAX_PARENTS);
        Self { neurons, permits: neurons, parents, permit_parents: parents }
    }
}

/// The emission of a subnet, for clients. spec tokenomics §5.4
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SubnetEmission {
    /// The share as of the last root epoch, in counts of 2^-64.
    pub share: Share,
    /// True if the subnet takes part in the division of the block emission.
    pub eligible: bool,
    /// The amount that it receives of each block.
    pub per_block: Amount<Tao>,
    /// The pending emission: the amount accrued since its last epoch.
    pub pending: Amount<Tao>,
    /// Blocks until its next epoch is due, or `None` if its tempo is zero.
    pub blocks_until_epoch: Option<u32>,
    /// The block since which an epoch waits for room, if one waits.
    pub waiting_since: Option<BlockNumber>,
    /// The last epoch, or `None` before the first one.
    pub last_epoch: Option<EpochRecord>,
}
