//! Implementations of the reads that other pallets need.

use crate::{
    pallet::{Config, Error, OwnedHotkeys, Owners, Pallet, Successors, TotalEscrowed},
    traits::{Keys, ReadEscrow},
};
use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, ensure};
use myelin_primitives::{Amount, Tao};
use myelin_records::pool_code::PoolCode;
use sp_runtime::DispatchError;

impl<T: Config> Keys<T::AccountId> for Pallet<T> {
    fn owner(hotkey: &T::AccountId) -> Option<T::AccountId> {
        Owners::<T>::get(hotkey)
    }

    fn owned(coldkey: &T::AccountId) -> Vec<T::AccountId> {
        OwnedHotkeys::<T>::get(coldkey).into_inner()
    }

    fn successor(hotkey: &T::AccountId) -> Option<T::AccountId> {
        Successors::<T>::get(hotkey)
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

    fn ensure_not_reserved(account: &T::AccountId) -> DispatchResult {
        Self::ensure_not_reserved(account).map_err(DispatchError::from)
    }

    fn swap_code(coldkey: &T::AccountId) -> Option<PoolCode> {
        Self::ensure_not_swapping(coldkey).err().map(|error| PoolCode::from(&error))
    }
}

impl<T: Config> ReadEscrow for Pallet<T> {
    fn escrowed() -> Amount<Tao> {
        TotalEscrowed::<T>::get()
    }
}
