//! The registrations: by burning TAO and by proof of work.

use crate::{
    Admissions, Config, Error, Pallet, SeatsOf, UsedWork,
    checks::{SeatPayment, WorkClaim},
    types::UsedSeal,
};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{
        fungible::{Inspect, Mutate},
        tokens::{Fortitude, Precision, Preservation},
    },
};
use myelin_economics::work;
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{Amount, NetUid, Tao};
use myelin_records::{consent::KeyConsent, seat::RegistrationKind};

impl<T: Config> Pallet<T> {
    /// Registers a hotkey by burning TAO, if the price is within the limit. spec subnets-and-neurons §7
    pub(crate) fn do_register_limit(
        coldkey: &T::AccountId,
        netuid: NetUid,
        hotkey: &T::AccountId,
        limit: Amount<Tao>,
    ) -> DispatchResult {
        // Without an admission there is no network either, and the next call fails with this better reason.
        let affordable = Admissions::<T>::get(netuid).is_none_or(|admission| admission.terms.burn <= limit);
        ensure!(affordable, Error::<T>::RegistrationPriceLimitExceeded);
        Self::do_burned_register(coldkey, netuid, hotkey)
    }

    /// Registers a hotkey by burning TAO. spec subnets-and-neurons §7
    pub(crate) fn do_burned_register(coldkey: &T::AccountId, netuid: NetUid, hotkey: &T::AccountId) -> DispatchResult {
        T::Keys::ensure_not_swapping(coldkey)?;
        let (parameters, admission) = Self::ensure_admits(netuid, hotkey, SeatPayment::Burn)?;
        let burn = admission.terms.burn;
        let spendable = T::Currency::reducible_balance(coldkey, Preservation::Preserve, Fortitude::Polite);
        ensure!(spendable >= burn.rao(), Error::<T>::NotEnoughBalanceToStake);
        T::Keys::ensure_pair(coldkey, hotkey)?;
        let seats = SeatsOf::<T>::get(netuid);
        let vacancy = Self::vacancy(netuid, &parameters, &seats)?;

        // Burned TAO leaves the issuance of balances, so it is recycled. spec tokenomics §9.3
        T::Currency::burn_from(coldkey, burn.rao(), Preservation::Preserve, Precision::Exact, Fortitude::Polite)?;
        Self::count_registration(netuid, admission, RegistrationKind::Burn(burn))?;
        Self::take_seat(netuid, seats, vacancy, hotkey)?;
        Ok(())
    }

    /// Registers a hotkey by proof of work. spec subnets-and-neurons §8.1
    pub(crate) fn do_register(
        signer: &T::AccountId,
        netuid: NetUid,
        work: WorkClaim<'_>,
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        consent: Option<&KeyConsent>,
    ) -> DispatchResult {
        let (parameters, admission, used) = Self::ensure_worked(signer, netuid, work, hotkey)?;
        T::Keys::ensure_pairable(coldkey, hotkey, consent)?;
        let seats = SeatsOf::<T>::get(netuid);
        let vacancy = Self::vacancy(netuid, &parameters, &seats)?;

        Self::remember_work(used)?;
        T::Keys::pair(coldkey, hotkey)?;
        Self::count_registration(netuid, admission, RegistrationKind::Work)?;
        Self::take_seat(netuid, seats, vacancy, hotkey)?;
        Ok(())
    }

    /// Stores a used seal, so that it cannot pay twice. spec subnets-and-neurons §8.1
    ///
    /// Removes the seals whose block is too old to be accepted.
    fn remember_work(seal: UsedSeal) -> Result<(), Error<T>> {
        UsedWork::<T>::try_mutate(|used| {
            used.retain(|used| work::is_recent(used.worked_on, Self::now()));
            used.try_push(seal).map_err(|_| Error::TooManyRegistrationsThisBlock)
        })
    }
}
