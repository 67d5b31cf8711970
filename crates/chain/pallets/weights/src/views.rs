//! Reads for clients. spec weights §11

use crate::{Config, Pallet, Rows};
use alloc::vec::Vec;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, Entry, NetUid, Uid};
use myelin_records::{
    info::CommitInfo,
    weights::{RevealWindow, StorageIndex},
};
use myelin_yuma::as_read;

impl<T: Config> Pallet<T> {
    /// Returns the weights of a neuron, as the next epoch will read them, without those of value zero.
    pub fn neuron_weights(netuid: NetUid, uid: Uid) -> Vec<Entry> {
        let since = Self::rated_since(netuid);
        let Some(row) = Rows::<T>::get(StorageIndex::from(netuid), uid) else { return Vec::new() };
        as_read(&row.entries, row.fixed_at, |rated| since.get(&rated).copied())
            .filter(|entry| entry.value > 0)
            .collect()
    }

    /// Returns the weights of each neuron of a network that has any, ascending by uid, as the next epoch reads them.
    ///
    /// Entries of value zero are included.
    pub fn network_weights(netuid: NetUid) -> Vec<(Uid, Vec<Entry>)> {
        let since = Self::rated_since(netuid);
        let mut rows: Vec<_> = Rows::<T>::iter_prefix(StorageIndex::from(netuid))
            .filter(|(_, row)| !row.entries.is_empty())
            .map(|(uid, row)| {
                let entries = as_read(&row.entries, row.fixed_at, |rated| since.get(&rated).copied());
                (uid, entries.collect())
            })
            .collect();
        rows.sort_unstable_by_key(|(uid, _)| *uid);
        rows
    }

    /// Returns the open commits of a hotkey, oldest first, with their terms.
    pub fn commits_of(netuid: NetUid, hotkey: &T::AccountId) -> Vec<CommitInfo> {
        if !T::Subnets::exists(netuid) {
            return Vec::new();
        }
        Self::queue(netuid, hotkey).open().map(CommitInfo::from).collect()
    }

    /// Returns the reveal window of a commit of block `committed_at` under the current parameters.
    ///
    /// `None` if there is no such network.
    pub fn reveal_window(netuid: NetUid, committed_at: BlockNumber) -> Option<RevealWindow> {
        let parameters = T::Subnets::parameters(netuid)?;
        Some(Self::windows(netuid, &parameters).blocks(committed_at).into())
    }
}
