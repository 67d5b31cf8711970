//! Reactions to changes of networks and seats.

use crate::{
    pallet::{Bonds, Config, LastEpochs, Neurons, Pallet, Waiting},
    weights::WeightInfo,
};
use frame_support::{dispatch::DispatchResult, weights::WeightMeter};
use myelin_pallet_neurons::traits::OnSeat;
use myelin_pallet_subnets::{traits::OnSubnet, types::CleanupProgress};
use myelin_primitives::{NetUid, Uid};
use myelin_records::{epoch::NeuronRecord, parameters::ParametersPatch};

impl<T: Config> OnSubnet<T::AccountId> for Pallet<T> {
    fn created(netuid: NetUid, _: Option<(&T::AccountId, &T::AccountId)>) -> DispatchResult {
        if netuid.is_root() {
            return Ok(());
        }
        Self::open_account(netuid)
    }

    fn ended(netuid: NetUid) {
        Self::close_account(netuid);
        let mut queue = Waiting::<T>::get();
        if queue.iter().any(|due| due.netuid == netuid) {
            queue.retain(|due| due.netuid != netuid);
            Self::keep_waiting(queue);
        }
        Neurons::<T>::remove(netuid);
        LastEpochs::<T>::remove(netuid);
    }

    /// Removes bonds. Everything else is one value, which [`OnSubnet::ended`] has removed.
    fn remove_page(netuid: NetUid, meter: &mut WeightMeter) -> CleanupProgress {
        let mut rows = Bonds::<T>::drain_prefix(netuid);
        while meter.try_consume(T::WeightInfo::remove_bonds()).is_ok() {
            if rows.next().is_none() {
                return CleanupProgress::Done;
            }
        }
        CleanupProgress::More
    }

    fn parameters_changed(netuid: NetUid, set: &ParametersPatch) {
        if set.emission_enabled.is_some() {
            Self::reconsider(netuid);
        }
    }
}

impl<T: Config> OnSeat<T::AccountId> for Pallet<T> {
    /// Does nothing: a seat beyond the end of the records is fresh.
    fn taken(_: NetUid, _: Uid, _: &T::AccountId) {}

    /// Resets the record of the seat and removes its bonds. spec yuma §3.9
    ///
    /// Bonds of other validators on the seat stay. The next epoch drops those on miners that came after the last epoch.
    fn replaced(netuid: NetUid, uid: Uid, _: &T::AccountId, _: &T::AccountId) {
        Neurons::<T>::mutate_extant(netuid, |records| {
            if let Some(record) = records.get_mut(usize::from(uid)) {
                *record = NeuronRecord::FRESH;
            }
        });
        Bonds::<T>::remove(netuid, uid);
    }

    /// Does nothing: all data of a seat is stored by uid.
    fn hotkey_swapped(_: NetUid, _: Uid, _: &T::AccountId, _: &T::AccountId) {}
}
