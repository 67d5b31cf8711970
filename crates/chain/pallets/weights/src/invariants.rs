//! The state that must hold after each block.

use crate::{Commits, Config, LastUpdates, Pallet, Rows, rules::all_different};
use frame_support::{BoundedVec, ensure};
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{NetUid, U16_ONE, Uid};
use myelin_records::{
    bounds::MaxCommits,
    weights::{StorageIndex, WeightsCommit, WeightsRow},
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks these invariants, for the networks that exist.
    ///
    /// 1. Each seat has a last update, no list is longer than the seats, and no update is in the future.
    /// 2. A row belongs to a seat. Neither it nor a missed commit is later than the last update of that seat.
    /// 3. A row lists no uid twice, and on a subnet only seats that are taken.
    /// 4. A row is scaled: its largest value is 65 535, or all values are zero.
    /// 5. Commits belong to hotkeys with a seat, and there are none on root.
    /// 6. A queue of commits is not empty, is in order of blocks, and ends no later than the last update of its hotkey.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::updates_are_those_of_the_seats()?;
        Self::rows_are_of_seats()?;
        Self::rows_list_seats_once()?;
        Self::rows_are_scaled()?;
        Self::commits_are_of_seats()?;
        Self::queues_are_in_order()
    }

    fn updates_are_those_of_the_seats() -> Result<(), TryRuntimeError> {
        T::Subnets::netuids().into_iter().try_for_each(|netuid| {
            let updates = LastUpdates::<T>::get(StorageIndex::from(netuid));
            let neurons = usize::from(T::Seats::count(netuid));
            ensure!(updates.len() == neurons, "last updates are not as many as seats");
            ensure!(updates.iter().all(|update| *update <= Self::now()), "a last update is yet to come");
            Ok(())
        })
    }

    fn rows_are_of_seats() -> Result<(), TryRuntimeError> {
        Self::rows_in_force().try_for_each(|(netuid, uid, row)| {
            ensure!(uid.get() < T::Seats::count(netuid), "a row belongs to no seat");
            let updated = Self::last_update(StorageIndex::from(netuid), uid);
            ensure!(row.fixed_at <= updated, "a row was fixed after its author's last update");
            ensure!(row.missed_at <= Some(updated), "a missed commit is later than its author's last update");
            Ok(())
        })
    }

    fn rows_list_seats_once() -> Result<(), TryRuntimeError> {
        Self::rows_in_force().try_for_each(|(netuid, _, row)| {
            ensure!(all_different(&row.entries), "a row lists a uid twice");
            let neurons = T::Seats::count(netuid);
            let seated = row.entries.iter().all(|entry| entry.uid.get() < neurons);
            ensure!(seated || netuid.is_root(), "a row lists a uid without a seat");
            Ok(())
        })
    }

    fn rows_are_scaled() -> Result<(), TryRuntimeError> {
        Self::rows_in_force().try_for_each(|(_, _, row)| {
            let largest = row.entries.iter().map(|entry| entry.value).max().unwrap_or(0);
            ensure!(largest == U16_ONE || largest == 0, "a row is not scaled");
            Ok(())
        })
    }

    fn commits_are_of_seats() -> Result<(), TryRuntimeError> {
        Self::queues_in_force().try_for_each(|(netuid, hotkey, _)| {
            ensure!(!netuid.is_root(), "there are commits on root");
            ensure!(T::Seats::uid(netuid, &hotkey).is_some(), "there are commits of a hotkey without a seat");
            Ok(())
        })
    }

    fn queues_are_in_order() -> Result<(), TryRuntimeError> {
        Self::queues_in_force().try_for_each(|(netuid, hotkey, queue)| {
            let last = queue.last().ok_or("a queue is empty")?;
            ensure!(queue.is_sorted_by_key(|commit| commit.at), "commits are out of order");
            let uid = T::Seats::uid(netuid, &hotkey).ok_or("there are commits of a hotkey without a seat")?;
            let updated = Self::last_update(StorageIndex::from(netuid), uid);
            ensure!(last.at <= updated, "a commit is later than its author's last update");
            Ok(())
        })
    }

    /// Iterates over the rows of networks that exist; other rows are being removed.
    fn rows_in_force() -> impl Iterator<Item = (NetUid, Uid, WeightsRow)> {
        let rows = Rows::<T>::iter().map(|(index, uid, row)| (index.netuid(), uid, row));
        rows.filter(|(netuid, ..)| T::Subnets::exists(*netuid))
    }

    /// Iterates over the commits on networks that exist; other commits are being removed.
    fn queues_in_force() -> impl Iterator<Item = (NetUid, T::AccountId, BoundedVec<WeightsCommit, MaxCommits>)> {
        let queues = Commits::<T>::iter().map(|(index, hotkey, queue)| (index.netuid(), hotkey, queue));
        queues.filter(|(netuid, ..)| T::Subnets::exists(*netuid))
    }
}
