//! The state that must hold after each block.

use crate::pallet::{
    Announced, ColdkeySwaps, Config, FreezeReason, OwnedHotkeys, Owners, Pallet, Successors, TotalEscrowed,
};
use alloc::collections::BTreeSet;
use frame_support::{ensure, traits::fungible::InspectFreeze};
use myelin_primitives::{Amount, Tao};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks these invariants.
    ///
    /// 1. A hotkey is listed once, under the coldkey that owns it. No list is empty.
    /// 2. No hotkey has a successor: an account that became a hotkey again is no old name.
    /// 3. A coldkey under swap has reserved the account of its hash, and all that arrives in its account is frozen.
    ///    No other account is reserved.
    /// 4. The total escrow is the sum of the escrows.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::hotkeys_are_listed_under_their_owner()?;
        Self::no_hotkey_has_a_successor()?;
        Self::swaps_reserve_and_freeze()?;
        Self::escrows_add_up()
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

    fn swaps_reserve_and_freeze() -> Result<(), TryRuntimeError> {
        for (coldkey, swap) in ColdkeySwaps::<T>::iter() {
            let by = Announced::<T>::get(swap.new_coldkey_hash);
            ensure!(by.as_ref() == Some(&coldkey), "a swap reserves no account");
            let frozen = T::Currency::balance_frozen(&FreezeReason::Swap.into(), &coldkey);
            ensure!(frozen == u64::MAX, "a coldkey under swap is not frozen");
        }
        let swaps = ColdkeySwaps::<T>::iter_keys().count();
        ensure!(Announced::<T>::iter_keys().count() == swaps, "an account is reserved without a swap");
        Ok(())
    }

    fn escrows_add_up() -> Result<(), TryRuntimeError> {
        let sum = Amount::<Tao>::checked_sum(ColdkeySwaps::<T>::iter_values().map(|swap| swap.escrow));
        let sum = sum.map_err(|_| "the escrows cannot be written down")?;
        ensure!(sum == TotalEscrowed::<T>::get(), "the total escrow is not the sum of escrows");
        Ok(())
    }
}
