//! The state that must hold after each block.

use crate::pallet::{Config, OwnedHotkeys, Owners, Pallet, Successors};
use alloc::collections::BTreeSet;
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks these invariants.
    ///
    /// 1. A hotkey is listed once, under the coldkey that owns it. No list is empty.
    /// 2. No hotkey has a successor: an account that became a hotkey again is no old name.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::hotkeys_are_listed_under_their_owner()?;
        Self::no_hotkey_has_a_successor()
    }

    fn hotkeys_are_listed_under_their_owner() -> Result<(), TryRuntimeError> {
        let mut listed = BTreeSet::new();
        for (coldkey, hotkeys) in OwnedHotkeys::<T>::iter() {
            ensure!(!hotkeys.is_empty(), "a coldkey without hotkeys has a list of them");
            for hotkey in hotkeys {
                ensure!(Owners::<T>::get(&hotkey).as_ref() == Some(&coldkey), "a listed hotkey has another owner");
                ensure!(listed.insert(hotkey), "a hotkey is listed twice");
            }
        }
        ensure!(listed.len() == Owners::<T>::iter_keys().count(), "a hotkey is not listed under its owner");
        Ok(())
    }

    fn no_hotkey_has_a_successor() -> Result<(), TryRuntimeError> {
        let succeeded = Successors::<T>::iter_keys().any(Owners::<T>::contains_key);
        ensure!(!succeeded, "a hotkey has a successor");
        Ok(())
    }
}
