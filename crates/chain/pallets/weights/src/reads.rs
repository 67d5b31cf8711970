//! Implementations of the reads that other pallets need.

use crate::{Commits, Config, LastUpdates, Pallet, Rows, traits::ReadWeights};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::BoundedVec;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, NetUid, Uid};
use myelin_records::{
    seat::Seat,
    weights::{StorageIndex, WeightsRow},
};
use myelin_yuma::as_read;

impl<T: Config> ReadWeights<T::AccountId> for Pallet<T> {
    fn rows(netuid: NetUid, seats: &[Seat<T::AccountId>]) -> Vec<WeightsRow> {
        let since = |rated: Uid| seats.get(usize::from(rated)).map(|seat| seat.registered_at);
        let index = StorageIndex::from(netuid);
        let row = |(uid, seat): (Uid, &Seat<_>)| {
            let mut row = Rows::<T>::get(index, uid).unwrap_or_default();
            if row.entries.is_empty() {
                row.fixed_at = seat.registered_at;
            }
            row.entries = BoundedVec::truncate_from(as_read(&row.entries, row.fixed_at, since).collect());
            row.note_missed(&Commits::<T>::get(index, &seat.hotkey), Self::now());
            row
        };
        (0..).map(Uid::new).zip(seats).map(row).collect()
    }

    fn last_updates(netuid: NetUid, seats: &[Seat<T::AccountId>]) -> Vec<BlockNumber> {
        let stored = LastUpdates::<T>::get(StorageIndex::from(netuid));
        let update = |(uid, seat): (usize, &Seat<_>)| stored.get(uid).copied().unwrap_or(seat.registered_at);
        seats.iter().enumerate().map(update).collect()
    }

    fn pending_commits(netuid: NetUid, seats: &[Seat<T::AccountId>]) -> Option<Vec<Option<BlockNumber>>> {
        let parameters = T::Subnets::parameters(netuid)?;
        let earliest = |seat: &Seat<_>| {
            let queue = Self::queue(netuid, &seat.hotkey);
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
