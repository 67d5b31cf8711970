//! Seats and admissions, as they are stored.

use crate::{
    Admissions, Commitments, Config, EndpointsOf, Error, Event, MembershipsOf, Pallet, SeatsOf,
    traits::{OnSeat, ReadEarnings, ReadSeats},
    types::{Admission, RegistrationKind, Seat, Seats},
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::{dispatch::DispatchResult, ensure};
use frame_system::pallet_prelude::BlockNumberFor;
use myelin_economics::pruning::{NeuronCandidate, neuron_to_replace, protected_seats};
use myelin_pallet_staking::traits::{ReleaseStake, RootSeats};
use myelin_pallet_subnets::{
    parameters::Parameters,
    traits::{CountSeats, Keys, ReadSubnets},
};
use myelin_primitives::{Amount, BlockNumber, NetUid, Uid};
use sp_runtime::{ArithmeticError, DispatchError, SaturatedConversion};

/// How many times their target the registrations of an interval may be, so that a price can rise.
/// spec subnets-and-neurons §7
const INTERVAL_LIMIT: u32 = 3;

/// The seat that a registration is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vacancy {
    /// The first one that nobody has taken yet.
    Free,
    /// That of a neuron which makes room.
    Held(Uid),
}

impl<T: Config> Pallet<T> {
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// The hash that a block of this number has left behind.
    pub(crate) fn block_hash(block: BlockNumber) -> [u8; 32] {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::from(block)).into()
    }

    /// Fails if the network has taken in as many as it may in this block or this interval.
    /// spec subnets-and-neurons §7, checks 5 and 6
    pub(crate) fn ensure_below_registration_limits(
        parameters: &Parameters,
        admission: &Admission,
    ) -> Result<(), Error<T>> {
        ensure!(
            admission.latest.of(Self::now()) < parameters.max_registrations_per_block,
            Error::TooManyRegistrationsThisBlock
        );
        let limit = u32::from(parameters.target_registrations_per_interval).saturating_mul(INTERVAL_LIMIT);
        ensure!(u32::from(admission.interval.total) < limit, Error::TooManyRegistrationsThisInterval);
        Ok(())
    }

    /// The seat that the next registration is given. spec subnets-and-neurons §10
    pub(crate) fn vacancy(
        netuid: NetUid,
        parameters: &Parameters,
        seats: &Seats<T::AccountId>,
    ) -> Result<Vacancy, Error<T>> {
        if seats.len() < usize::from(parameters.max_allowed_uids) {
            return Ok(Vacancy::Free);
        }
        let protected = Self::protected(netuid, parameters, seats);
        let mut earnings = T::Earnings::of_neurons(netuid).into_iter();
        let candidates = uids(seats).map(|(uid, seat)| NeuronCandidate {
            uid,
            emission: earnings.next().unwrap_or(Amount::ZERO),
            registered_at: seat.registered_at,
            protected: protected.contains(&uid),
        });
        neuron_to_replace(candidates, parameters.neuron_immunity(), Self::now())
            .map(Vacancy::Held)
            .ok_or(Error::NoNeuronIdAvailable)
    }

    /// The seats that are kept for the owner of a subnet: that of the designated hotkey, then those of its other
    /// hotkeys in the order in which they were taken, up to the limit. spec subnets-and-neurons §12
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

    /// Gives a seat to a hotkey, and takes it from who held it before. spec subnets-and-neurons §10
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

    /// The seats of a hotkey on networks that exist.
    pub(crate) fn live_memberships(hotkey: &T::AccountId) -> impl Iterator<Item = (NetUid, Uid)> {
        // A network that has ended keeps its seats until they are removed.
        MembershipsOf::<T>::get(hotkey).into_inner().into_iter().filter(|(netuid, _)| T::Subnets::exists(*netuid))
    }

    /// Notes that a hotkey sits there.
    pub(crate) fn insert_membership(netuid: NetUid, uid: Uid, hotkey: &T::AccountId) -> DispatchResult {
        MembershipsOf::<T>::try_mutate(hotkey, |memberships| {
            // There are fewer networks than memberships can be kept, unless many are being removed.
            memberships.try_insert(netuid, uid).map(drop).map_err(|_| DispatchError::Exhausted)
        })
    }

    /// Notes that a hotkey has no seat there any more.
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
}

/// Seats with their uids.
fn uids<AccountId>(seats: &Seats<AccountId>) -> impl Iterator<Item = (Uid, &Seat<AccountId>)> {
    (0..).map(Uid::new).zip(seats)
}

impl<T: Config> ReadSeats<T::AccountId> for Pallet<T> {
    fn seats(netuid: NetUid) -> Vec<Seat<T::AccountId>> {
        SeatsOf::<T>::get(netuid).into_inner()
    }

    fn count(netuid: NetUid) -> u16 {
        SeatsOf::<T>::decode_len(netuid).and_then(|seats| seats.try_into().ok()).unwrap_or(0)
    }

    fn uid(netuid: NetUid, hotkey: &T::AccountId) -> Option<Uid> {
        let uid = MembershipsOf::<T>::get(hotkey).get(&netuid).copied()?;
        T::Subnets::exists(netuid).then_some(uid)
    }

    fn hotkey(netuid: NetUid, uid: Uid) -> Option<T::AccountId> {
        SeatsOf::<T>::get(netuid).get(usize::from(uid)).map(|seat| seat.hotkey.clone())
    }
}

impl<T: Config> CountSeats for Pallet<T> {
    fn count(netuid: NetUid) -> u16 {
        <Self as ReadSeats<T::AccountId>>::count(netuid)
    }
}

impl<T: Config> RootSeats<T::AccountId> for Pallet<T> {
    fn members() -> Vec<(Uid, T::AccountId)> {
        (0..).map(Uid::new).zip(SeatsOf::<T>::get(NetUid::ROOT)).map(|(uid, seat)| (uid, seat.hotkey)).collect()
    }

    fn ensure_open(hotkey: &T::AccountId) -> DispatchResult {
        let (parameters, admission) = Self::root()?;
        Self::ensure_below_registration_limits(&parameters, &admission)?;
        ensure!(Self::uid(NetUid::ROOT, hotkey).is_none(), Error::<T>::HotKeyAlreadyRegisteredInSubNet);
        Ok(())
    }

    fn seat(hotkey: &T::AccountId, replaced: Option<Uid>) -> Result<Uid, DispatchError> {
        let (parameters, admission) = Self::root()?;
        let seats = SeatsOf::<T>::get(NetUid::ROOT);
        let vacancy = match replaced {
            Some(uid) => Vacancy::Held(uid),
            None if seats.len() < usize::from(parameters.max_allowed_uids) => Vacancy::Free,
            // Who makes room on root is decided by stake, and not here.
            None => return Err(Error::<T>::NoNeuronIdAvailable.into()),
        };
        let uid = Self::take_seat(NetUid::ROOT, seats, vacancy, hotkey)?;
        Self::count_registration(NetUid::ROOT, admission, RegistrationKind::Stake)?;
        Ok(uid)
    }

    fn is_seated_anywhere(hotkey: &T::AccountId) -> bool {
        Self::live_memberships(hotkey).next().is_some()
    }
}

impl<T: Config> Pallet<T> {
    fn root() -> Result<(Parameters, Admission), Error<T>> {
        let parameters = T::Subnets::parameters(NetUid::ROOT).ok_or(Error::RootNetworkDoesNotExist)?;
        let admission = Admissions::<T>::get(NetUid::ROOT).ok_or(Error::RootNetworkDoesNotExist)?;
        Ok((parameters, admission))
    }
}
