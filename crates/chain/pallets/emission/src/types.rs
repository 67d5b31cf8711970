//! What is stored of the block's money, and what is shown of it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedBTreeMap, BoundedVec};
use myelin_economics::{
    issuance::{self, INITIAL_EMISSION},
    root::Share,
};
use myelin_pallet_subnets::types::{MaxNetworks, MaxUids};
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Tao};
use scale_info::TypeInfo;
use sp_runtime::ArithmeticError;

/// What every block adds, and what of it has not been paid out. Written once per block, however many subnets there are.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Accrual {
    /// What a block creates at present, a function of the issuance. spec tokenomics §2.4
    pub emission: Amount<Tao>,
    /// What a block really adds: `emission`, or nothing while no subnet is eligible. spec tokenomics §5.4
    pub minted: Amount<Tao>,
    /// Blocks that have accrued.
    pub blocks: BlockNumber,
    /// What has accrued and is not paid out: the sum over all subnets.
    pub pending: Amount<Tao>,
    /// Whether shares, eligibility or the number of subnets changed, so that the emission is divided anew before the
    /// next block accrues.
    pub stale: bool,
}

/// Before the first block nothing is divided.
impl Default for Accrual {
    fn default() -> Self {
        Self { emission: INITIAL_EMISSION, minted: Amount::ZERO, blocks: 0, pending: Amount::ZERO, stale: true }
    }
}

/// Where one subnet stands in the division of the block emission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct EmissionAccount {
    /// Its share as of the last root epoch. spec tokenomics §5.3
    pub share: Share,
    /// Whether it takes part in the division. spec tokenomics §5.4
    pub eligible: bool,
    /// What it receives of every block, its emission value.
    pub per_block: Amount<Tao>,
    /// What had accrued to it when `since` blocks had accrued.
    pub settled: Amount<Tao>,
    /// The count of accrued blocks that `settled` includes.
    pub since: BlockNumber,
}

impl EmissionAccount {
    /// What has accrued to it and is not paid out, once `blocks` blocks have accrued.
    ///
    /// # Errors
    /// If the amount cannot be written down or blocks were counted backwards, neither of which the supply or the tick
    /// allow.
    pub fn pending(&self, blocks: BlockNumber) -> Result<Amount<Tao>, ArithmeticError> {
        let unsettled = blocks.checked_sub(self.since).ok_or(ArithmeticError::Underflow)?;
        let accrued = self.per_block.rao().checked_mul(unsettled.into()).ok_or(ArithmeticError::Overflow)?;
        self.settled.checked_add(Amount::from_rao(accrued)).map_err(|_| ArithmeticError::Overflow)
    }

    /// Counts what accrued so far, so that what it receives of the following blocks may change.
    ///
    /// # Errors
    /// As for [`EmissionAccount::pending`].
    pub fn settle(&mut self, blocks: BlockNumber) -> Result<(), ArithmeticError> {
        self.settled = self.pending(blocks)?;
        self.since = blocks;
        Ok(())
    }
}

/// The accounts of all subnets; root has none.
pub type EmissionAccounts = BoundedBTreeMap<NetUid, EmissionAccount, MaxNetworks>;

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

/// What the last epoch of a subnet found out about one of its neurons. spec yuma §3.13
///
/// Numbers of type `u16` are fractions `v / 65535`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct NeuronRecord {
    /// Whether it was heard of lately enough to count.
    pub active: bool,
    /// Whether it may validate until the next epoch.
    pub permit: bool,
    /// Its part of all stake on the subnet.
    pub stake_weight: u16,
    /// Its consensus weight as a miner.
    pub consensus: u16,
    /// How much of its weights consensus left to it as a validator.
    pub validator_trust: u16,
    /// Its part of what miners earn.
    pub incentive: u16,
    /// Its part of what validators earn.
    pub dividends: u16,
    /// What it was paid, for mining and validating together. spec tokenomics §6.2
    pub emission: Amount<Tao>,
}

impl NeuronRecord {
    /// A seat taken since the last epoch. spec subnets-and-neurons §10
    pub const FRESH: Self = Self {
        active: true,
        permit: false,
        stake_weight: 0,
        consensus: 0,
        validator_trust: 0,
        incentive: 0,
        dividends: 0,
        emission: Amount::ZERO,
    };
}

/// The records of a subnet by uid. A seat beyond the end is [`NeuronRecord::FRESH`].
pub type NeuronRecords = BoundedVec<NeuronRecord, MaxUids>;

/// The bonds of one validator, uids ascending.
pub type BondsRow = BoundedVec<Entry, MaxUids>;

/// What the last epoch of a subnet divided, and how. spec tokenomics §6.2
///
/// What the other amounts lack of `emission` was recycled, because there was no neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo)]
pub struct EpochRecord {
    /// The block that ran it.
    pub block: BlockNumber,
    /// What had accrued.
    pub emission: Amount<Tao>,
    /// What the owner of the subnet received.
    pub owner_cut: Amount<Tao>,
    /// What was paid for mining.
    pub miners: Amount<Tao>,
    /// What was paid for validating.
    pub validators: Amount<Tao>,
}

/// How much TAO there is and how much more comes, for clients. spec tokenomics §2
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct IssuanceView {
    /// Every rao that exists.
    pub issuance: Amount<Tao>,
    /// What has accrued to subnets and is not paid out.
    pub pending: Amount<Tao>,
    /// What the next block creates, provided that a subnet is eligible.
    pub block_emission: Amount<Tao>,
    /// The next halving, until blocks create nothing.
    pub next_halving: Option<HalvingView>,
}

/// What lies between now and the next halving. spec tokenomics §2.2
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct HalvingView {
    /// The issuance from which a block creates half as much.
    pub threshold: Amount<Tao>,
    /// How much is to be issued until then.
    pub missing: Amount<Tao>,
    /// How many blocks that takes if nothing is recycled meanwhile.
    pub blocks: u64,
}

impl From<issuance::NextHalving> for HalvingView {
    fn from(next: issuance::NextHalving) -> Self {
        let issuance::NextHalving { threshold, missing, blocks } = next;
        Self { threshold, missing, blocks }
    }
}

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
