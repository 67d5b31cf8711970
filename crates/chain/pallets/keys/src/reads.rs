//! Implementations of the reads that other pallets need.

use crate::{
    pallet::{Config, OwnedHotkeys, Owners, Pallet, TotalEscrowed},
    traits::{IssuanceTerm, Keys},
};
use alloc::vec::Vec;
use frame_support::dispatch::DispatchResult;
use myelin_primitives::{Amount, Tao};
use myelin_records::{consent::KeyConsent, pool_code::PoolCode};
use sp_runtime::DispatchError;

impl<T: Config> Keys<T::AccountId> for Pallet<T> {
    fn owner(hotkey: &T::AccountId) -> Option<T::AccountId> {
        Owners::<T>::get(hotkey)
    }

    fn owned(coldkey: &T::AccountId) -> Vec<T::AccountId> {
        OwnedHotkeys::<T>::get(coldkey).into_inner()
    }

    fn latest_successor(hotkey: &T::AccountId) -> T::AccountId {
        Self::latest_successor(hotkey)
    }

    fn ensure_pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        Self::ensure_pair(coldkey, hotkey).map_err(DispatchError::from)
    }

    fn ensure_pairable(coldkey: &T::AccountId, hotkey: &T::AccountId, consent: Option<&KeyConsent>) -> DispatchResult {
        Self::ensure_pairable(coldkey, hotkey, consent).map_err(DispatchError::from)
    }

    fn pair_code(coldkey: &T::AccountId, hotkey: &T::AccountId, consent: Option<&KeyConsent>) -> Option<PoolCode> {
        Self::ensure_pairable(coldkey, hotkey, consent).err().map(|error| PoolCode::from(&error))
    }

    fn pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        if Owners::<T>::contains_key(hotkey) {
            Self::ensure_pair(coldkey, hotkey)?;
        } else {
            Self::ensure_new_pair(coldkey, hotkey)?;
            Self::make_pair(coldkey, hotkey)?;
        }
        Ok(())
    }

    fn ensure_not_swapping(coldkey: &T::AccountId) -> DispatchResult {
        Self::ensure_not_swapping(coldkey).map_err(DispatchError::from)
    }

    fn ensure_not_reserved(account: &T::AccountId) -> DispatchResult {
        Self::ensure_not_reserved(account).map_err(DispatchError::from)
    }

    fn swap_code(coldkey: &T::AccountId) -> Option<PoolCode> {
        Self::ensure_not_swapping(coldkey).err().map(|error| PoolCode::from(&error))
    }
}

impl<T: Config> IssuanceTerm for Pallet<T> {
    fn amount() -> Amount<Tao> {
        TotalEscrowed::<T>::get()
    }
}
