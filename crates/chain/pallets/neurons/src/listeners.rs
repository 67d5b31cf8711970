//! Reactions to swaps of keys and to changes of networks.

use crate::{
    Adjustments, Admissions, Commitments, Config, EndpointsOf, Error, Event, Pallet, SeatsOf, hooks::due_after,
    state::Vacancy, traits::OnSeat, weights::WeightInfo,
};
use frame_support::{
    dispatch::DispatchResult,
    weights::{Weight, WeightMeter},
};
use myelin_pallet_keys::traits::OnKeySwap;
use myelin_pallet_subnets::{
    traits::{OnSubnet, ReadSubnets},
    types::CleanupProgress,
};
use myelin_primitives::{NetUid, Uid};
use myelin_records::{parameters::ParametersPatch, seat::Admission};
use sp_runtime::DispatchError;

/// The move of seats with their hotkey. Seats belong to no coldkey. spec staking §10.1
impl<T: Config> OnKeySwap<T::AccountId> for Pallet<T> {
    fn hotkey_swapped(_: &T::AccountId, old: &T::AccountId, new: &T::AccountId) -> Result<Weight, DispatchError> {
        let mut moved = 0_u32;
        for (netuid, uid) in Self::live_memberships(old) {
            SeatsOf::<T>::mutate(netuid, |seats| {
                if let Some(seat) = seats.get_mut(usize::from(uid)) {
                    seat.hotkey = new.clone();
                }
            });
            Self::remove_membership(netuid, old);
            Self::insert_membership(netuid, uid, new)?;
            T::OnSeat::hotkey_swapped(netuid, uid, old, new);
            moved = moved.saturating_add(1);
        }
        Ok(T::WeightInfo::hotkey_swapped(moved))
    }

    fn coldkey_swapped(_: &T::AccountId, _: &T::AccountId) -> DispatchResult {
        Ok(())
    }

    fn hotkey_swap_weight() -> Weight {
        let networks = T::Subnets::netuids().len();
        T::WeightInfo::hotkey_swapped(u32::try_from(networks).unwrap_or(u32::MAX))
    }

    fn coldkey_swap_weight() -> Weight {
        Weight::zero()
    }
}

impl<T: Config> OnSubnet<T::AccountId> for Pallet<T> {
    fn created(netuid: NetUid, first: Option<(&T::AccountId, &T::AccountId)>) -> DispatchResult {
        let parameters = T::Subnets::parameters(netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
        let admission = Admission::new(parameters.initial_terms(), Self::now());
        Adjustments::<T>::try_mutate(|schedule| {
            // The schedule has room for as many networks as can exist.
            let due = due_after(&admission, &parameters);
            schedule.try_insert(netuid, due).map(drop).map_err(|_| DispatchError::Exhausted)
        })?;
        Admissions::<T>::insert(netuid, admission);
        if let Some((_, hotkey)) = first {
            // The first seat is part of the subnet's price: it has no price and does not count as a registration.
            Self::take_seat(netuid, SeatsOf::<T>::get(netuid), Vacancy::Free, hotkey)?;
        }
        Ok(())
    }

    fn ended(netuid: NetUid) {
        Admissions::<T>::remove(netuid);
        Adjustments::<T>::mutate(|schedule| schedule.remove(&netuid));
    }

    fn remove_page(netuid: NetUid, meter: &mut WeightMeter) -> CleanupProgress {
        if meter.try_consume(T::WeightInfo::remove_none()).is_err() {
            return CleanupProgress::More;
        }
        let mut seats = SeatsOf::<T>::get(netuid);
        // The last seats go first, so that the seats that are left keep their uids.
        while !seats.is_empty() && meter.try_consume(T::WeightInfo::remove_seat()).is_ok() {
            let Some(seat) = seats.pop() else { break };
            // After the pop the length is the uid of the removed seat.
            let uid = Uid::new(seats.len().try_into().unwrap_or(u16::MAX));
            Self::remove_membership(netuid, &seat.hotkey);
            EndpointsOf::<T>::remove(netuid, uid);
            Commitments::<T>::remove(netuid, uid);
        }
        if seats.is_empty() {
            SeatsOf::<T>::remove(netuid);
            CleanupProgress::Done
        } else {
            SeatsOf::<T>::insert(netuid, seats);
            CleanupProgress::More
        }
    }

    /// Applies a new initial price at once, and counts a new interval from the last adjustment.
    fn parameters_changed(netuid: NetUid, set: &ParametersPatch) {
        let Some(parameters) = T::Subnets::parameters(netuid) else { return };
        let initial = parameters.initial_terms();
        Admissions::<T>::mutate_extant(netuid, |admission| {
            if set.initial_burn.is_some() {
                admission.terms.burn = initial.burn;
                Self::deposit_event(Event::BurnSet { netuid, burn: initial.burn });
            }
            if set.initial_difficulty.is_some() {
                admission.terms.difficulty = initial.difficulty;
                Self::deposit_event(Event::DifficultySet { netuid, difficulty: initial.difficulty });
            }
            if set.adjustment_interval.is_some() {
                Adjustments::<T>::mutate(|schedule| {
                    if let Some(due) = schedule.get_mut(&netuid) {
                        *due = due_after(admission, &parameters);
                    }
                });
            }
        });
    }
}
