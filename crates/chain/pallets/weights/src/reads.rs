//! What others and clients are told.

use crate::{
    Config, LastUpdates, Pallet, Rows,
    traits::ReadWeights,
    types::{CommitView, RevealWindow, StorageIndex},
};
use alloc::{collections::BTreeMap, vec::Vec};
use myelin_pallet_neurons::{traits::ReadSeats, types::Seat};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, Entry, NetUid, Uid};
use myelin_yuma::as_read;

/// Views. spec weights §11
impl<T: Config> Pallet<T> {
    /// Whom a neuron rates and how much, as the next epoch will read it, without those that get nothing.
    pub fn neuron_weights(netuid: NetUid, uid: Uid) -> Vec<Entry> {
        let since = Self::rated_since(netuid);
        let Some(row) = Rows::<T>::get(StorageIndex::from(netuid), uid) else { return Vec::new() };
        as_read(&row.entries, row.fixed_at, |rated| since.get(&rated).copied())
            .filter(|entry| entry.value > 0)
            .collect()
    }

    /// What every neuron of a network says that says anything, ascending by uid, as the next epoch will read it. Entries
    /// of value zero are listed.
    pub fn network_weights(netuid: NetUid) -> Vec<(Uid, Vec<Entry>)> {
        let since = Self::rated_since(netuid);
        let mut rows: Vec<_> = Rows::<T>::iter_prefix(StorageIndex::from(netuid))
            .map(|(uid, row)| {
                let entries = as_read(&row.entries, row.fixed_at, |rated| since.get(&rated).copied());
                (uid, entries.collect())
            })
            .collect();
        rows.sort_unstable_by_key(|(uid, _)| *uid);
        rows
    }

    /// The commits of a hotkey that are not over, oldest first, with their windows as the network is set now.
    pub fn commits_of(netuid: NetUid, hotkey: &T::AccountId) -> Vec<CommitView> {
        let Some(parameters) = T::Subnets::parameters(netuid) else { return Vec::new() };
        let windows = Self::windows(netuid, &parameters);
        let queue = Self::queue(netuid, hotkey, &parameters).into_open();
        queue.into_iter().map(|commit| CommitView { window: windows.blocks(commit.at).into(), commit }).collect()
    }

    /// When a commit of block `committed_at` may be revealed, as the network is set now. `None` if there is no such
    /// network.
    pub fn reveal_window(netuid: NetUid, committed_at: BlockNumber) -> Option<RevealWindow> {
        let parameters = T::Subnets::parameters(netuid)?;
        Some(Self::windows(netuid, &parameters).blocks(committed_at).into())
    }

    /// Since when whoever weights of a network can be about has been there: neurons, or networks on root.
    fn rated_since(netuid: NetUid) -> BTreeMap<Uid, BlockNumber> {
        if netuid.is_root() {
            let began = |netuid: NetUid| Some((Uid::new(netuid.get()), T::Subnets::subnet(netuid)?.registered_at));
            T::Subnets::netuids().into_iter().filter_map(began).collect()
        } else {
            (0..).map(Uid::new).zip(T::Seats::seats(netuid)).map(|(uid, seat)| (uid, seat.registered_at)).collect()
        }
    }
}

impl<T: Config> ReadWeights<T::AccountId> for Pallet<T> {
    fn rows(netuid: NetUid, seats: &[Seat<T::AccountId>]) -> Vec<Vec<Entry>> {
        let since = |rated: Uid| seats.get(usize::from(rated)).map(|seat| seat.registered_at);
        let row = |uid| match Rows::<T>::get(StorageIndex::from(netuid), uid) {
            Some(row) => as_read(&row.entries, row.fixed_at, since).collect(),
            None => Vec::new(),
        };
        (0..).map(Uid::new).zip(seats).map(|(uid, _)| row(uid)).collect()
    }

    fn last_updates(netuid: NetUid, seats: &[Seat<T::AccountId>]) -> Vec<BlockNumber> {
        let stored = LastUpdates::<T>::get(StorageIndex::from(netuid));
        let update = |(uid, seat): (usize, &Seat<_>)| stored.get(uid).copied().unwrap_or(seat.registered_at);
        seats.iter().enumerate().map(update).collect()
    }

    fn pending_commits(netuid: NetUid, seats: &[Seat<T::AccountId>]) -> Option<Vec<Option<BlockNumber>>> {
        let parameters = T::Subnets::parameters(netuid)?;
        let earliest = |seat: &Seat<_>| {
            let queue = Self::queue(netuid, &seat.hotkey, &parameters);
            queue.open().next().map(|commit| commit.at)
        };
        Self::takes_commits(netuid, &parameters).then(|| seats.iter().map(earliest).collect())
    }

    fn root_rows() -> Vec<(T::AccountId, BTreeMap<NetUid, u16>)> {
        let since = Self::rated_since(NetUid::ROOT);
        let weights = |uid| match Rows::<T>::get(StorageIndex::from(NetUid::ROOT), uid) {
            Some(row) => as_read(&row.entries, row.fixed_at, |rated| since.get(&rated).copied())
                .map(|entry| (NetUid::new(entry.uid.get()), entry.value))
                .collect(),
            None => BTreeMap::new(),
        };
        let members = (0..).map(Uid::new).zip(T::Seats::seats(NetUid::ROOT));
        members.map(|(uid, seat)| (seat.hotkey, weights(uid))).collect()
    }
}
