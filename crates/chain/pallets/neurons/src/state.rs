//! Seats and admissions, as they are stored.

use crate::{
    Admissions, Commitments, Config, EndpointsOf, Error, Event, MembershipsOf, Pallet, SeatsOf,
    traits::{OnSeat, ReadScores},
};
use alloc::collections::BTreeSet;
use frame_support::dispatch::DispatchResult;
use frame_system::pallet_prelude::BlockNumberFor;
use myelin_economics::pruning::{NeuronCandidate, neuron_to_replace, protected_seats, seat_held_longest};
use myelin_pallet_keys::traits::{Keys, ReadSeated};
use myelin_pallet_staking::traits::ReleaseStake;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, BlockNumber, NetUid, Uid};
use myelin_records::{
    parameters::Parameters,
    seat::{Admission, RegistrationKind, Seat, Seats},
};
use sp_runtime::{ArithmeticError, DispatchError, SaturatedConversion};

/// The seat that a registration gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vacancy {
    /// The first free seat.
    Free,
    /// The seat of a neuron that makes room.
    Held(Uid),
}

impl<T: Config> Pallet<T> {
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Returns the hash of the block with this number.
    pub(crate) fn block_hash(block: BlockNumber) -> [u8; 32] {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(block)).into()
    }

    /// Returns the seat that the next registration gets. spec subnets-and-neurons §10
    pub(crate) fn vacancy(
        netuid: NetUid,
        parameters: &Parameters,
        seats: &Seats<T::AccountId>,
    ) -> Result<Vacancy, Error<T>> {
        if seats.len() < usize::from(parameters.max_allowed_uids) {
            return Ok(Vacancy::Free);
        }
        if Self::is_launching(netuid) {
            let since = uids(seats).map(|(uid, seat)| (uid, seat.registered_at));
            let longest = seat_held_longest(since, parameters.neuron_immunity().period, Self::now());
            return longest.map(Vacancy::Held).ok_or(Error::NoNeuronIdAvailable);
        }
        let protected = Self::protected(netuid, parameters, seats);
        let mut scores = T::Scores::of_neurons(netuid).into_iter();
        let candidates = uids(seats).map(|(uid, seat)| NeuronCandidate {
            uid,
            score: scores.next().unwrap_or(Amount::ZERO),
            registered_at: seat.registered_at,
            protected: protected.contains(&uid),
        });
        neuron_to_replace(candidates, parameters.neuron_immunity(), Self::now())
            .map(Vacancy::Held)
            .ok_or(Error::NoNeuronIdAvailable)
    }

    /// Returns the protected seats of the owner of a subnet. spec subnets-and-neurons §12
    ///
    /// The seat of the designated hotkey comes first, then those of the owner's other hotkeys in the order in which
    /// they were taken, up to the limit.
    fn protected(netuid: NetUid, parameters: &Parameters, seats: &Seats<T::AccountId>) -> BTreeSet<Uid> {
        let Some(subnet) = T::Subnets::subnet(netuid) else { return BTreeSet::new() };
        let designated = uids(seats).find(|(_, seat)| subnet.owner_hotkey.as_ref() == Some(&seat.hotkey));
        let taken = uids(seats).map(|(uid, seat)| (uid, seat.registered_at));
        // With the designated hotkey seated and the default limit of one, no owner is looked up.
        let is_owners = |uid: Uid| {
            let owner = || seats.get(usize::from(uid)).and_then(|seat| T::Keys::owner(&seat.hotkey));
            subnet.owner.is_some() && owner() == subnet.owner
        };
        protected_seats(taken, designated.map(|(uid, _)| uid), is_owners, parameters.owner_immune_uids_limit)
    }

    /// Gives a seat to a hotkey, and takes it from its holder if it has one. spec subnets-and-neurons §10
    pub(crate) fn take_seat(
        netuid: NetUid,
        mut seats: Seats<T::AccountId>,
        vacancy: Vacancy,
        hotkey: &T::AccountId,
    ) -> Result<Uid, DispatchError> {
        let seat = Seat { hotkey: hotkey.clone(), registered_at: Self::now() };
        let (uid, left) = match vacancy {
            Vacancy::Free => {
                let uid = u16::try_from(seats.len()).map(Uid::new).map_err(|_| Error::<T>::NoNeuronIdAvailable)?;
                seats.try_push(seat).map_err(|_| Error::<T>::NoNeuronIdAvailable)?;
                (uid, None)
            }
            Vacancy::Held(uid) => {
                let held = seats.get_mut(usize::from(uid)).ok_or(Error::<T>::NoNeuronIdAvailable)?;
                (uid, Some(core::mem::replace(held, seat).hotkey))
            }
        };
        SeatsOf::<T>::insert(netuid, seats);
        match left {
            None => T::OnSeat::taken(netuid, uid, hotkey),
            Some(old) => {
                EndpointsOf::<T>::remove(netuid, uid);
                Commitments::<T>::remove(netuid, uid);
                Self::remove_membership(netuid, &old);
                T::OnSeat::replaced(netuid, uid, &old, hotkey);
                if !Self::is_seated_anywhere(&old) {
                    T::Stake::release(&old);
                }
            }
        }
        Self::insert_membership(netuid, uid, hotkey)?;
        Self::deposit_event(Event::NeuronRegistered { netuid, uid, hotkey: hotkey.clone() });
        Ok(uid)
    }

    /// Counts a registration toward the limits and the price of the next ones.
    pub(crate) fn count_registration(
        netuid: NetUid,
        admission: Admission,
        entrance: RegistrationKind,
    ) -> DispatchResult {
        let admission = admission.after(entrance, Self::now()).map_err(|_| ArithmeticError::Overflow)?;
        Admissions::<T>::insert(netuid, admission);
        Ok(())
    }

    /// Returns the seats of a hotkey on networks that exist.
    pub(crate) fn live_memberships(hotkey: &T::AccountId) -> impl Iterator<Item = (NetUid, Uid)> {
        // A network that has ended keeps its seats until they are removed.
        MembershipsOf::<T>::get(hotkey).into_inner().into_iter().filter(|(netuid, _)| T::Subnets::exists(*netuid))
    }

    /// Stores a seat under its hotkey.
    pub(crate) fn insert_membership(netuid: NetUid, uid: Uid, hotkey: &T::AccountId) -> DispatchResult {
        MembershipsOf::<T>::try_mutate(hotkey, |memberships| {
            // There is room for a membership on each network, unless many networks are being removed.
            memberships.try_insert(netuid, uid).map(drop).map_err(|_| DispatchError::Exhausted)
        })
    }

    /// Removes a seat from those of its hotkey.
    pub(crate) fn remove_membership(netuid: NetUid, hotkey: &T::AccountId) {
        MembershipsOf::<T>::mutate_exists(hotkey, |stored| {
            if let Some(memberships) = stored {
                memberships.remove(&netuid);
                if memberships.is_empty() {
                    *stored = None;
                }
            }
        });
    }

    /// Returns the parameters and the admission of root.
    pub(crate) fn root() -> Result<(Parameters, Admission), Error<T>> {
        let parameters = T::Subnets::parameters(NetUid::ROOT).ok_or(Error::RootNetworkDoesNotExist)?;
        let admission = Admissions::<T>::get(NetUid::ROOT).ok_or(Error::RootNetworkDoesNotExist)?;
        Ok((parameters, admission))
    }
}

/// Iterates over seats with their uids.
fn uids<AccountId>(seats: &Seats<AccountId>) -> impl Iterator<Item = (Uid, &Seat<AccountId>)> {
    (0..).map(Uid::new).zip(seats)
}
