//! Release of the stake on a hotkey without a seat. spec subnets-and-neurons §10.1

use crate::{
    pallet::{Config, Error, Event, FailedReturns, Pallet, Pools, Releases},
    traits::ReleaseStake,
    types::ReleasePosition,
};
use frame_support::{dispatch::DispatchResult, storage::with_storage_layer, traits::Get};
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::Amount;
use myelin_records::stake::{HotkeyRecord, PoolId, StakeRole};

impl<T: Config> ReleaseStake<T::AccountId> for Pallet<T> {
    fn release(hotkey: &T::AccountId) {
        if T::UnstakeOnDeregistration::get() {
            // A failure leaves the stake with its hotkey, where its holders can remove it.
            Self::try_or_emit(hotkey, || Self::detach_pool(hotkey));
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Returns stake of a coldkey in a pool to it, or leaves the stake and lists the failure. Returns true on success.
    pub(crate) fn try_or_list(
        id: PoolId,
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        give_back: impl FnOnce() -> DispatchResult,
    ) -> bool {
        let done = Self::try_or_emit(hotkey, give_back);
        if !done {
            FailedReturns::<T>::insert(id, coldkey, ());
        }
        done
    }

    /// Returns stake to coldkeys, or leaves it and deposits the event of the failure. Returns true on success.
    fn try_or_emit(hotkey: &T::AccountId, give_back: impl FnOnce() -> DispatchResult) -> bool {
        let done = with_storage_layer(give_back);
        if let Err(reason) = done {
            Self::deposit_event(Event::StakeReturnFailed { hotkey: hotkey.clone(), reason });
        }
        done.is_ok()
    }

    /// Detaches the pool from a hotkey, so that it pays its holders back.
    ///
    /// The owner is paid at once, so that all other parts are listed as nominations of the coldkeys that get them.
    fn detach_pool(hotkey: &T::AccountId) -> DispatchResult {
        let record = Self::record(hotkey);
        let Some(id) = record.pool else { return Ok(()) };
        let owner = T::Keys::owner(hotkey).ok_or(Error::<T>::HotKeyAccountNotExists)?;
        Self::try_or_list(id, hotkey, &owner, || Self::return_stake(id, hotkey, &owner, StakeRole::Owner));
        Self::set_record(hotkey, HotkeyRecord { pool: None, ..record });
        let stake = Pools::<T>::get(id).ok_or(Error::<T>::InconsistentStake)?;
        if stake.holders == 0 {
            Pools::<T>::remove(id);
            return Ok(());
        }
        Releases::<T>::insert(ReleasePosition::new(Self::now(), id), None::<T::AccountId>);
        let (amount, nominators) = (stake.pool.value(), stake.holders);
        Self::deposit_event(Event::StakeReleased { hotkey: hotkey.clone(), amount, nominators });
        Ok(())
    }

    /// Pays a coldkey its whole part of a pool. spec staking §2.1
    ///
    /// An amount below the existential deposit of a new account is recycled.
    pub(crate) fn return_stake(
        id: PoolId,
        hotkey: &T::AccountId,
        coldkey: &T::AccountId,
        role: StakeRole,
    ) -> DispatchResult {
        let amount = Self::withdraw_all(id, coldkey, role)?;
        if amount.is_zero() {
            return Ok(());
        }
        Self::announce_removed(coldkey, hotkey, amount, Amount::ZERO);
        if Self::can_receive(coldkey, amount) {
            return Self::give(coldkey, amount);
        }
        Self::deposit_event(Event::StakeRecycled { coldkey: coldkey.clone(), amount });
        Ok(())
    }
}
