//! Pairs of coldkey and hotkey, and hotkeys that are swapped. spec staking §2 and §10.1

use crate::{
    pallet::{Config, Error, Event, Hotkeys, OwnedHotkeys, Pallet, Pools, Successors},
    state::{HotkeyOf, rate_limit_passed},
    traits::{MoveHotkey, OnKeySwap, RootSeats},
    types::{MAX_HOTKEYS, MAX_PARENTS},
    weights::WeightInfo,
};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{Contains, Get},
    weights::Weight,
};
use myelin_pallet_subnets::traits::{Keys, ReadSubnets};
use sp_runtime::DispatchError;

impl<T: Config> Keys<T::AccountId> for Pallet<T> {
    fn owner(hotkey: &T::AccountId) -> Option<T::AccountId> {
        Hotkeys::<T>::get(hotkey).map(|record| record.owner)
    }

    fn ensure_pairable(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        match Self::owner(hotkey) {
            Some(owner) => ensure!(owner == *coldkey, Error::<T>::NonAssociatedColdKey),
            None => Self::ensure_new_pair(coldkey, hotkey)?,
        }
        Ok(())
    }

    fn pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        match Self::owner(hotkey) {
            Some(owner) => ensure!(owner == *coldkey, Error::<T>::NonAssociatedColdKey),
            None => Self::make_pair(coldkey, hotkey)?,
        }
        Ok(())
    }

    fn ensure_not_swapping(coldkey: &T::AccountId) -> DispatchResult {
        Self::ensure_not_swapping(coldkey).map_err(DispatchError::from)
    }
}

impl<T: Config> MoveHotkey<T::AccountId> for Pallet<T> {
    fn move_hotkey(coldkey: &T::AccountId, old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        let record = Self::checked_swap(coldkey, old, new)?;
        Self::charge(coldkey, T::KeySwapCost::get()).map_err(|_| Error::<T>::NotEnoughBalanceToPaySwapHotKey)?;
        Self::move_record(coldkey, old, new, record);
        Self::move_families(old, new);
        Successors::<T>::remove(new);
        Successors::<T>::insert(old, new);
        Self::mark_active(coldkey);
        T::OnKeySwap::hotkey_swapped(old, new)?;
        Self::deposit_event(Event::HotkeySwapped {
            coldkey: coldkey.clone(),
            old_hotkey: old.clone(),
            new_hotkey: new.clone(),
        });
        Ok(())
    }

    fn move_weight() -> Weight {
        let networks = u64::try_from(T::Subnets::netuids().len()).unwrap_or(u64::MAX);
        let families = T::WeightInfo::move_family(MAX_PARENTS).saturating_mul(networks);
        T::WeightInfo::move_hotkey().saturating_add(families)
    }
}

impl<T: Config> Pallet<T> {
    /// spec staking §2
    pub(crate) fn do_try_associate_hotkey(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        Self::ensure_not_swapping(coldkey)?;
        if !Hotkeys::<T>::contains_key(hotkey) {
            Self::make_pair(coldkey, hotkey)?;
        }
        Ok(())
    }

    /// Gives a hotkey that nobody owns to a coldkey.
    pub(crate) fn make_pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        Self::ensure_new_pair(coldkey, hotkey)?;
        OwnedHotkeys::<T>::try_append(coldkey, hotkey).map_err(|()| Error::TooManyHotkeys)?;
        Hotkeys::<T>::insert(hotkey, HotkeyOf::<T> { owner: coldkey.clone(), pool: None, delegation: None });
        Successors::<T>::remove(hotkey);
        Self::deposit_event(Event::HotkeyAssociated { coldkey: coldkey.clone(), hotkey: hotkey.clone() });
        Ok(())
    }

    fn ensure_new_pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        ensure!(!T::SystemAccounts::contains(hotkey), Error::CannotUseSystemAccount);
        let owned = OwnedHotkeys::<T>::decode_len(coldkey).unwrap_or(0);
        ensure!(u32::try_from(owned).is_ok_and(|owned| owned < MAX_HOTKEYS), Error::TooManyHotkeys);
        Ok(())
    }

    /// Checks a swap in the order of spec staking §10.1, but for the cost, and gives the record of the old hotkey.
    fn checked_swap(coldkey: &T::AccountId, old: &T::AccountId, new: &T::AccountId) -> Result<HotkeyOf<T>, Error<T>> {
        let record = Hotkeys::<T>::get(old).filter(|record| record.owner == *coldkey);
        let record = record.ok_or(Error::NonAssociatedColdKey)?;
        let present = Hotkeys::<T>::get(new);
        match &present {
            Some(present) => ensure!(present.owner == *coldkey, Error::NonAssociatedColdKey),
            None => ensure!(!T::SystemAccounts::contains(new), Error::CannotUseSystemAccount),
        }
        ensure!(old != new, Error::NewHotKeyIsSameWithOld);
        let limit = T::Subnets::network().tx_rate_limit;
        ensure!(rate_limit_passed(Self::last_active(coldkey), Self::now(), limit), Error::HotKeySetTxRateLimitExceeded);
        ensure!(!T::Seats::is_seated_anywhere(new), Error::HotKeyAlreadyRegisteredInSubNet);
        let staked = present.is_some_and(|present| !Self::stake_on(&present).is_zero());
        ensure!(!staked && !Self::has_family(new), Error::NewHotKeyInUse);
        Ok(record)
    }

    /// Puts the new hotkey in the place of the old one: with its owner, its pool and its terms.
    fn move_record(coldkey: &T::AccountId, old: &T::AccountId, new: &T::AccountId, record: HotkeyOf<T>) {
        Hotkeys::<T>::remove(old);
        // What the new hotkey had of its own is an empty pool at most.
        if let Some(empty) = Hotkeys::<T>::get(new).and_then(|present| present.pool) {
            Pools::<T>::remove(empty);
        }
        if let Some(id) = record.pool {
            Pools::<T>::mutate_extant(id, |stake| stake.hotkey = new.clone());
        }
        Hotkeys::<T>::insert(new, record);
        OwnedHotkeys::<T>::mutate(coldkey, |owned| {
            owned.retain(|hotkey| hotkey != new);
            if let Some(place) = owned.iter_mut().find(|hotkey| *hotkey == old) {
                *place = new.clone();
            }
        });
    }
}
