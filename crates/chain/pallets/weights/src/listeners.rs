//! Reactions to changes of seats and networks.

use crate::{Commits, Config, LastUpdates, Pallet, Rows, weights::WeightInfo};
use frame_support::{dispatch::DispatchResult, weights::WeightMeter};
use myelin_pallet_neurons::traits::OnSeat;
use myelin_pallet_subnets::{traits::OnSubnet, types::CleanupProgress};
use myelin_primitives::{NetUid, Uid};
use myelin_records::{parameters::ParametersPatch, weights::StorageIndex};

impl<T: Config> OnSeat<T::AccountId> for Pallet<T> {
    fn taken(netuid: NetUid, uid: Uid, _hotkey: &T::AccountId) {
        Self::note_update(StorageIndex::from(netuid), uid);
    }

    /// Removes row and commits of the seat. Entries of other rows toward the seat read zero from now on.
    fn replaced(netuid: NetUid, uid: Uid, old: &T::AccountId, _new: &T::AccountId) {
        let index = StorageIndex::from(netuid);
        Rows::<T>::remove(index, uid);
        Commits::<T>::remove(index, old);
        Self::note_update(index, uid);
    }

    /// Removes the commits of a swapped hotkey; the weights stay. spec weights §5.8
    ///
    /// The commits hash the old hotkey and could not be revealed any more. Those that are expired count as missed.
    fn hotkey_swapped(netuid: NetUid, uid: Uid, old: &T::AccountId, _new: &T::AccountId) {
        Self::note_missed(netuid, uid, &Self::queue(netuid, old).into_parts().0);
        Commits::<T>::remove(StorageIndex::from(netuid), old);
    }
}

impl<T: Config> OnSubnet<T::AccountId> for Pallet<T> {
    /// Does nothing: the first seat has its own call of [`OnSeat::taken`].
    fn created(_netuid: NetUid, _first: Option<(&T::AccountId, &T::AccountId)>) -> DispatchResult {
        Ok(())
    }

    /// Does nothing: a network that does not exist takes no call and runs no epoch, so its weights have no effect.
    fn ended(_netuid: NetUid) {}

    fn remove_page(netuid: NetUid, meter: &mut WeightMeter) -> CleanupProgress {
        let index = StorageIndex::from(netuid);
        let mut left = Rows::<T>::drain_prefix(index).map(drop).chain(Commits::<T>::drain_prefix(index).map(drop));
        loop {
            if meter.try_consume(T::WeightInfo::remove_entry()).is_err() {
                return CleanupProgress::More;
            }
            if left.next().is_none() {
                LastUpdates::<T>::remove(index);
                return CleanupProgress::Done;
            }
        }
    }

    fn parameters_changed(_netuid: NetUid, _set: &ParametersPatch) {}
}
