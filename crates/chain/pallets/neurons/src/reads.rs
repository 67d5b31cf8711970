//! Answers to other pallets.

use crate::{Admissions, Config, Error, MembershipsOf, Pallet, SeatsOf, state::Vacancy, traits::ReadSeats};
use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, ensure};
use myelin_pallet_keys::traits::ReadSeated;
use myelin_pallet_staking::traits::RootSeats;
use myelin_pallet_subnets::traits::{CountSeats, ReadSubnets};
use myelin_primitives::{Amount, NetUid, Tao, Uid};
use myelin_records::seat::{RegistrationKind, Seat};
use sp_runtime::DispatchError;

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

    fn price() -> Amount<Tao> {
        Admissions::<T>::get(NetUid::ROOT).map_or(Amount::ZERO, |admission| admission.terms.burn)
    }

    fn seat(hotkey: &T::AccountId, replaced: Option<Uid>) -> Result<Uid, DispatchError> {
        let (parameters, admission) = Self::root()?;
        let seats = SeatsOf::<T>::get(NetUid::ROOT);
        let vacancy = match replaced {
            Some(uid) => Vacancy::Held(uid),
            None if seats.len() < usize::from(parameters.max_allowed_uids) => Vacancy::Free,
            // The staking pallet chooses the member of root that makes room, by stake.
            None => return Err(Error::<T>::NoNeuronIdAvailable.into()),
        };
        let uid = Self::take_seat(NetUid::ROOT, seats, vacancy, hotkey)?;
        Self::count_registration(NetUid::ROOT, admission, RegistrationKind::Stake(admission.terms.burn))?;
        Ok(uid)
    }
}

impl<T: Config> ReadSeated<T::AccountId> for Pallet<T> {
    fn is_seated_anywhere(hotkey: &T::AccountId) -> bool {
        Self::live_memberships(hotkey).next().is_some()
    }
}
