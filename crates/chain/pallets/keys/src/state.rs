//! Access to storage and balances.

use crate::pallet::{Config, Error, Event, OwnedHotkeys, Owners, Pallet, Successors};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{
        Contains,
        fungible::{Inspect, Mutate},
        tokens::{Fortitude, Precision, Preservation},
    },
};
use myelin_primitives::{Amount, BlockNumber, Tao};
use myelin_records::bounds::MAX_HOTKEYS;
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
    /// Returns the number of the current block.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Checks that a coldkey may get a hotkey without owner.
    pub(crate) fn ensure_new_pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        ensure!(!T::SystemAccounts::contains(hotkey), Error::CannotUseSystemAccount);
        let owned = OwnedHotkeys::<T>::decode_len(coldkey).unwrap_or(0);
        ensure!(u32::try_from(owned).is_ok_and(|owned| owned < MAX_HOTKEYS), Error::TooManyHotkeys);
        Ok(())
    }

    /// Gives a hotkey without owner to a coldkey.
    pub(crate) fn make_pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        Self::ensure_new_pair(coldkey, hotkey)?;
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

    /// Returns the free balance of a coldkey that is not locked otherwise.
    pub(crate) fn free_balance(coldkey: &T::AccountId) -> u64 {
        T::Currency::reducible_balance(coldkey, Preservation::Expendable, Fortitude::Polite)
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
