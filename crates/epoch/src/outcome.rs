//! The outcome of a block: every term of its root epoch, its accrual and its epochs.

use crate::{
    error::EpochFailure,
    input::IssuanceTerms,
    payment::StakeWeight,
    stakes::{HotkeyStake, Payment},
};
use alloc::{collections::BTreeMap, vec::Vec};
use myelin_economics::{
    division::{Basis, Division, Emission},
    root::{NoShares, Share},
};
use myelin_primitives::{Amount, NetUid, PublicKey, Tao};
use myelin_records::epoch::{Accrual, BondsRow, EmissionAccounts, EpochRecord, NeuronRecords};
use myelin_yuma::{EpochOutcome, Trace};

/// The state after a block, as far as its epochs changed it, and the terms of each epoch.
#[must_use = "a block has no other effect than its outcome"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockOutcome<Key = PublicKey> {
    /// New shares of the root epoch, or the reason why the previous ones stay. `None` if it was not due.
    pub shares: Option<Result<BTreeMap<NetUid, Share>, NoShares>>,
    /// Accrual after the block; its emission and minted amount are those of the block.
    pub accrual: Accrual,
    /// Accounts of all subnets after the block.
    pub ledger: EmissionAccounts,
    /// Terms of the issuance after the block.
    pub issuance: IssuanceTerms,
    /// Stake on each hotkey of the input after the block.
    pub stakes: BTreeMap<Key, HotkeyStake<Key>>,
    /// Free balance of each subnet owner after the block.
    pub balances: BTreeMap<Key, Amount<Tao>>,
    /// Epochs in the order in which they ran.
    pub epochs: Vec<(NetUid, Result<SubnetEpoch<Key>, EpochFailure>)>,
}

impl<Key> BlockOutcome<Key> {
    /// Returns the epoch of a subnet, if it ran and did not fail.
    pub fn epoch(&self, netuid: NetUid) -> Option<&SubnetEpoch<Key>> {
        let ran = self.epochs.iter().find(|(ran, _)| *ran == netuid);
        ran.and_then(|(_, epoch)| epoch.as_ref().ok())
    }
}

/// An epoch of a subnet with all its terms. Lists are by uid. spec tokenomics §6.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetEpoch<Key = PublicKey> {
    /// Coldkey that receives the owner cut. `None` without an owner, or with the cut switched off.
    pub owner: Option<Key>,
    /// Division of the pending emission, before a pool without a claim is recycled.
    pub division: Division,
    /// Claims by which the pools were divided.
    pub basis: Basis,
    /// Emission that was recycled, because no neuron has a claim to it.
    pub recycled: Amount<Tao>,
    /// Stake weight of each neuron, with its loans.
    pub stake_weights: Vec<StakeWeight<Key>>,
    /// Findings of consensus. Its bonds are moved to [`SubnetEpoch::bonds`].
    pub consensus: EpochOutcome,
    /// Terms of consensus, if they were requested.
    pub trace: Option<Trace>,
    /// Emission of each neuron.
    pub emissions: Vec<Emission>,
    /// Payments into stake pools, in the order of the chain.
    pub payments: Vec<Payment<Key>>,
    /// Record of the epoch to be stored.
    pub record: EpochRecord,
    /// Records of the neurons to be stored.
    pub records: NeuronRecords,
    /// Bonds to be stored. An empty row is not stored.
    pub bonds: Vec<BondsRow>,
}
