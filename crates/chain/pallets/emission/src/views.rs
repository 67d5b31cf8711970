//! Reads for clients. The chain itself calls none of them.

use crate::{
    pallet::{Accrued, Bonds, Config, LastEpochs, Ledger, Neurons, Pallet, Waiting},
    types::SubnetEmission,
};
use alloc::vec::Vec;
use myelin_economics::{
    issuance::{block_emission, halvings, next_halving},
    schedule::Schedule,
};
use myelin_epoch::accrual::accrued;
use myelin_pallet_keys::traits::IssuanceTerm;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_staking::traits::ReadStake;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, Entry, NetUid, Tao, Uid};
use myelin_records::{epoch::NeuronRecord, info::IssuanceInfo};

impl<T: Config> Pallet<T> {
    /// Returns the issuance, its terms and the next halving. spec tokenomics §2
    pub fn issuance() -> IssuanceInfo {
        let total = Self::total_issuance();
        IssuanceInfo {
            total,
            staked: T::Stake::total(),
            locked: T::Subnets::locked(),
            pending: Accrued::<T>::get().pending,
            escrowed: T::Outside::amount(),
            block_emission: block_emission(total),
            halvings: halvings(total),
            next_halving: next_halving(total),
        }
    }

    /// Returns the blocks from the current one to the next epoch of a network. spec tokenomics §4.1
    ///
    /// 0 if the epoch was due in the current block, `None` if the network does not exist or its tempo is zero.
    pub fn blocks_until_epoch(netuid: NetUid) -> Option<u32> {
        let parameters = T::Subnets::parameters(netuid)?;
        Schedule::new(netuid, parameters.tempo).blocks_until_epoch(Self::now())
    }

    /// Returns the pending emission of a subnet, or zero if it does not exist.
    pub fn pending(netuid: NetUid) -> Amount<Tao> {
        let ledger = Ledger::<T>::get();
        let account = ledger.get(&netuid);
        account.and_then(|account| accrued(account, Accrued::<T>::get().blocks).ok()).unwrap_or_default()
    }

    /// Returns the emission of a subnet. spec tokenomics §5.4
    pub fn earning(netuid: NetUid) -> Option<SubnetEmission> {
        let account = Ledger::<T>::get().get(&netuid).cloned()?;
        Some(SubnetEmission {
            share: account.share,
            eligible: account.eligible,
            per_block: account.per_block,
            pending: Self::pending(netuid),
            blocks_until_epoch: Self::blocks_until_epoch(netuid),
            waiting_since: Waiting::<T>::get().iter().find(|due| due.netuid == netuid).map(|due| due.since),
            last_epoch: LastEpochs::<T>::get(netuid),
        })
    }

    /// Returns the record of each neuron of a subnet after its last epoch, by uid.
    ///
    /// Neurons that came later have [`NeuronRecord::FRESH`].
    pub fn neurons(netuid: NetUid) -> Vec<NeuronRecord> {
        if !Ledger::<T>::get().contains_key(&netuid) {
            return Vec::new();
        }
        let records = Neurons::<T>::get(netuid);
        (0..T::Seats::count(netuid))
            .map(|uid| records.get(usize::from(uid)).copied().unwrap_or(NeuronRecord::FRESH))
            .collect()
    }

    /// Returns the bonds of each validator of a subnet that holds any, uids ascending. spec yuma §3.14
    pub fn bonds(netuid: NetUid) -> Vec<(Uid, Vec<Entry>)> {
        let permitted = (0..).map(Uid::new).zip(Neurons::<T>::get(netuid)).filter(|(_, record)| record.permit);
        permitted
            .map(|(uid, _)| (uid, Bonds::<T>::get(netuid, uid).into_inner()))
            .filter(|(_, row)| !row.is_empty())
            .collect()
    }
}
