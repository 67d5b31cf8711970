//! Access to storage and balances.

use crate::pallet::{Config, Error, Event, FreezeReason, OwnedHotkeys, Owners, Pallet, Successors, TotalEscrowed};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{
        Contains,
        fungible::{Balanced, Inspect, Mutate, MutateFreeze},
        tokens::{Fortitude, Precision, Preservation, Provenance},
    },
};
use myelin_primitives::{Amount, BlockNumber, Tao};
use myelin_records::bounds::MAX_HOTKEYS;
use sp_runtime::{ArithmeticError, DispatchError, SaturatedConversion, TokenError};

impl<T: Config> Pallet<T> {
    /// Returns the number of the current block.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Checks that a coldkey may get a hotkey without owner.
    pub(crate) fn ensure_new_pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        Self::ensure_new_hotkey(coldkey, hotkey)?;
        Self::ensure_not_reserved(coldkey)?;
        let owned = OwnedHotkeys::<T>::decode_len(coldkey).unwrap_or(0);
        ensure!(u32::try_from(owned).is_ok_and(|owned| owned < MAX_HOTKEYS), Error::TooManyHotkeys);
        Ok(())
    }

    /// Checks that an account may become a hotkey of a coldkey.
    pub(crate) fn ensure_new_hotkey(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        ensure!(!T::SystemAccounts::contains(hotkey), Error::CannotUseSystemAccount);
        Self::ensure_not_reserved(hotkey)?;
        Self::ensure_not_retired(coldkey, hotkey)
    }

    /// Gives a hotkey without owner to a coldkey that may get it.
    pub(crate) fn make_pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        OwnedHotkeys::<T>::try_append(coldkey, hotkey).map_err(|()| Error::TooManyHotkeys)?;
        Owners::<T>::insert(hotkey, coldkey);
        Successors::<T>::remove(hotkey);
        Self::deposit_event(Event::HotkeyAssociated { coldkey: coldkey.clone(), hotkey: hotkey.clone() });
        Ok(())
    }

    /// Puts the new hotkey in the place of the old one, in the list of its owner too.
    pub(crate) fn replace_hotkey(coldkey: &T::AccountId, old: &T::AccountId, new: &T::AccountId) {
        Owners::<T>::remove(old);
        Owners::<T>::insert(new, coldkey);
        OwnedHotkeys::<T>::mutate(coldkey, |owned| {
            owned.retain(|hotkey| hotkey != new);
            if let Some(place) = owned.iter_mut().find(|hotkey| *hotkey == old) {
                *place = new.clone();
            }
        });
        Successors::<T>::remove(new);
        Successors::<T>::insert(old, new);
    }

    /// Gives all hotkeys of one coldkey to another one, which has none.
    pub(crate) fn replace_owner(old: &T::AccountId, new: &T::AccountId) {
        let hotkeys = OwnedHotkeys::<T>::take(old);
        if hotkeys.is_empty() {
            return;
        }
        for hotkey in &hotkeys {
            Owners::<T>::insert(hotkey, new);
        }
        OwnedHotkeys::<T>::insert(new, hotkeys);
    }

    /// Takes all TAO of a coldkey but the existential deposit into escrow, and freezes what arrives later.
    ///
    /// Returns the escrow, in which `before` was already. TAO that is frozen for other reasons is taken too.
    pub(crate) fn escrow(coldkey: &T::AccountId, before: Amount<Tao>) -> Result<Amount<Tao>, DispatchError> {
        let (preservation, fortitude) = (Preservation::Preserve, Fortitude::Force);
        let taken = T::Currency::reducible_balance(coldkey, preservation, fortitude);
        let total = TotalEscrowed::<T>::get().checked_add(Amount::from_rao(taken));
        TotalEscrowed::<T>::put(total.map_err(|_| ArithmeticError::Overflow)?);
        if taken > 0 {
            // Dropping the credit takes the TAO out of the accounts; from here on it is part of `TotalEscrowed`.
            drop(T::Currency::withdraw(coldkey, taken, Precision::Exact, preservation, fortitude)?);
        }
        T::Currency::set_freeze(&FreezeReason::Swap.into(), coldkey, u64::MAX)?;
        before.checked_add(Amount::from_rao(taken)).map_err(|_| ArithmeticError::Overflow.into())
    }

    /// Returns an escrow to the account of its coldkey, which can be spent again.
    pub(crate) fn release_escrow(coldkey: &T::AccountId, escrow: Amount<Tao>) -> DispatchResult {
        let total = TotalEscrowed::<T>::get().checked_sub(escrow);
        TotalEscrowed::<T>::put(total.map_err(|_| ArithmeticError::Underflow)?);
        T::Currency::thaw(&FreezeReason::Swap.into(), coldkey)?;
        if !escrow.is_zero() {
            // Dropping the debt puts the escrow, no longer part of `TotalEscrowed`, back into the accounts.
            drop(T::Currency::deposit(coldkey, escrow.rao(), Precision::Exact)?);
        }
        Ok(())
    }

    /// Gives the TAO of one account to another one, except what is held or keeps the account.
    ///
    /// TAO that is too little to open the other account stays.
    pub(crate) fn move_balance(old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        // Freezes by other pallets do not hold TAO back: what froze it moves with the coldkey.
        let (preservation, fortitude) = (Preservation::Expendable, Fortitude::Force);
        let free = T::Currency::reducible_balance(old, preservation, fortitude);
        if free == 0 || T::Currency::can_deposit(new, free, Provenance::Extant).into_result().is_err() {
            return Ok(());
        }
        let credit = T::Currency::withdraw(old, free, Precision::Exact, preservation, fortitude)?;
        T::Currency::resolve(new, credit).map_err(|_| TokenError::CannotCreate.into())
    }

    /// Recycles TAO of an account, which is kept alive.
    pub(crate) fn recycle(coldkey: &T::AccountId, amount: Amount<Tao>) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        let (precision, preservation) = (Precision::Exact, Preservation::Preserve);
        // Burnt and not withdrawn: the event of a withdrawal does not say that the TAO is gone. spec tokenomics §9.5
        T::Currency::burn_from(coldkey, amount.rao(), preservation, precision, Fortitude::Polite).map(drop)
    }
}
