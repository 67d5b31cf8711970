//! What blocks do, and what happens when networks come, go or are set anew.

use crate::{
    Adjustments, Admissions, Commitments, Config, EndpointsOf, Error, Event, Pallet, SeatsOf, state::Vacancy,
    types::Admission, weights::WeightInfo,
};
use frame_support::{
    dispatch::DispatchResult,
    weights::{Weight, WeightMeter},
};
use myelin_pallet_subnets::{
    parameters::{Parameters, ParametersPatch},
    traits::{OnSubnet, ReadSubnets},
    types::CleanupProgress,
};
use myelin_primitives::{BlockNumber, NetUid, Uid};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Adjusts the price of seats on every network whose interval has passed. spec subnets-and-neurons §8.4
    ///
    /// All of them in this block: a network takes few reads, and there are at most 256.
    pub(crate) fn do_adjust() -> Weight {
        let now = Self::now();
        let mut schedule = Adjustments::<T>::get();
        let mut weight = T::WeightInfo::adjust_none();
        let mut adjusted = false;
        for (netuid, due) in schedule.iter_mut().filter(|(_, due)| **due <= now) {
            weight.saturating_accrue(T::WeightInfo::adjust_network());
            if let Some(next) = Self::adjust(*netuid, now) {
                *due = next;
                adjusted = true;
            }
        }
        if adjusted {
            Adjustments::<T>::put(schedule);
        }
        weight
    }

    /// Adjusts one network, and says when it is due again.
    fn adjust(netuid: NetUid, now: BlockNumber) -> Option<BlockNumber> {
        let parameters = T::Subnets::parameters(netuid)?;
        let before = Admissions::<T>::get(netuid)?;
        let after = before.adjusted(&parameters.adjustment_rule(), now);
        Admissions::<T>::insert(netuid, after);
        if after.terms.burn != before.terms.burn {
            Self::deposit_event(Event::BurnSet { netuid, burn: after.terms.burn });
        }
        if after.terms.difficulty != before.terms.difficulty {
            Self::deposit_event(Event::DifficultySet { netuid, difficulty: after.terms.difficulty });
        }
        Some(due_after(&after, &parameters))
    }
}

/// When an admission is adjusted next.
pub(crate) fn due_after(admission: &Admission, parameters: &Parameters) -> BlockNumber {
    admission.adjusted_at.saturating_add(parameters.adjustment_interval.into())
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
            // The first seat is part of the subnet's price: it neither costs nor counts as a registration.
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
        // Of the last seats first, so that what is left keeps its uids.
        while !seats.is_empty() && meter.try_consume(T::WeightInfo::remove_seat()).is_ok() {
            let Some(seat) = seats.pop() else { break };
            // After the pop the length is the uid of the seat that went.
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

    /// A new interval counts from the last adjustment; a new initial price applies at once.
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
