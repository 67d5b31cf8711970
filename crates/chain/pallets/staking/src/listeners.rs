//! Reactions to swaps of keys and to changes of networks.

use crate::{
    pallet::{
        ActivationBacklog, Activations, Activities, Config, Families, Holdings, Hotkeys, Nominations, Pallet, Pools,
    },
    weights::WeightInfo,
};
use frame_support::{
    dispatch::DispatchResult,
    weights::{Weight, WeightMeter},
};
use myelin_pallet_keys::traits::{Keys, OnKeySwap};
use myelin_pallet_subnets::{
    traits::{OnSubnet, ReadSubnets},
    types::CleanupProgress,
};
use myelin_primitives::NetUid;
use myelin_records::{bounds::MAX_PARENTS, parameters::ParametersPatch, stake::PoolId};
use sp_runtime::DispatchError;

/// The move of pool, delegation, families, activity and nominations with their keys. spec staking §10
impl<T: Config> OnKeySwap<T::AccountId> for Pallet<T> {
    fn hotkey_swapped(coldkey: &T::AccountId, old: &T::AccountId, new: &T::AccountId) -> Result<Weight, DispatchError> {
        Self::move_record(old, new);
        let families = Self::move_families(old, new);
        Self::mark_active(coldkey);
        Ok(T::WeightInfo::hotkey_swapped(Self::networks()).saturating_add(families))
    }

    fn coldkey_swapped(old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        for hotkey in T::Keys::owned(new) {
            if let Some(id) = Self::record(&hotkey).pool {
                Self::move_holding(id, old, new);
            }
        }
        let nominations = Nominations::<T>::take(old);
        if !nominations.is_empty() {
            for id in &nominations {
                Self::move_holding(*id, old, new);
            }
            Nominations::<T>::insert(new, nominations);
        }
        let mut activity = Activities::<T>::take(old);
        activity.last_at = Some(Self::now());
        Activities::<T>::insert(new, activity);
        Ok(())
    }

    fn hotkey_swap_weight() -> Weight {
        let networks = Self::networks();
        let families = T::WeightInfo::move_family(MAX_PARENTS).saturating_mul(networks.into());
        T::WeightInfo::hotkey_swapped(networks).saturating_add(families)
    }

    fn coldkey_swap_weight() -> Weight {
        T::WeightInfo::coldkey_swapped()
    }
}

impl<T: Config> Pallet<T> {
    /// Returns the number of networks.
    fn networks() -> u32 {
        u32::try_from(T::Subnets::netuids().len()).unwrap_or(u32::MAX)
    }

    /// Gives the pool and the delegation of one hotkey to another one, which has no pool or an empty one.
    fn move_record(old: &T::AccountId, new: &T::AccountId) {
        if let Some(empty) = Hotkeys::<T>::take(new).and_then(|present| present.pool) {
            Pools::<T>::remove(empty);
        }
        let Some(record) = Hotkeys::<T>::take(old) else { return };
        if let Some(id) = record.pool {
            Pools::<T>::mutate_extant(id, |stake| stake.hotkey = new.clone());
        }
        Hotkeys::<T>::insert(new, record);
    }

    /// Gives a holding to a coldkey that has none in the pool. Totals and counts do not change.
    fn move_holding(id: PoolId, old: &T::AccountId, new: &T::AccountId) {
        let holding = Holdings::<T>::take(id, old);
        if !holding.is_empty() {
            Holdings::<T>::insert(id, new, holding);
        }
    }
}

impl<T: Config> OnSubnet<T::AccountId> for Pallet<T> {
    fn created(_: NetUid, _: Option<(&T::AccountId, &T::AccountId)>) -> DispatchResult {
        Ok(())
    }

    // No pallet reads the families of a network that does not exist, so they can be removed later.
    fn ended(netuid: NetUid) {
        ActivationBacklog::<T>::mutate(|backlog| backlog.remove(&netuid));
    }

    fn remove_page(netuid: NetUid, meter: &mut WeightMeter) -> CleanupProgress {
        let mut families = Families::<T>::drain_prefix(netuid);
        let mut activations = Activations::<T>::drain_prefix((netuid,));
        while meter.try_consume(T::WeightInfo::remove_family()).is_ok() {
            if families.next().is_none() && activations.next().is_none() {
                return CleanupProgress::Done;
            }
        }
        CleanupProgress::More
    }

    fn parameters_changed(_: NetUid, _: &ParametersPatch) {}
}
