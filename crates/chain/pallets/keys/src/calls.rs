//! The calls about hotkeys. spec staking §2 and §10.1

use crate::{
    pallet::{Config, Error, Event, Owners, Pallet},
    traits::{OnKeySwap, ReadKeyRules, ReadKeyUse, ReadSeated},
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get, weights::Weight};
use myelin_primitives::BlockNumber;
use myelin_records::consent::KeyConsent;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Pairs a hotkey without owner with a coldkey. spec staking §2
    pub(crate) fn do_try_associate_hotkey(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        consent: Option<&KeyConsent>,
    ) -> DispatchResult {
        Self::ensure_not_swapping(coldkey)?;
        if Owners::<T>::contains_key(hotkey) {
            return Ok(());
        }
        Self::ensure_new_pair(coldkey, hotkey)?;
        Self::ensure_consented(coldkey, hotkey, hotkey, consent)?;
        Self::recycle(coldkey, T::PairCost::get())?;
        Self::make_pair(coldkey, hotkey)?;
        Ok(())
    }

    /// Swaps a hotkey, and returns the weight of the listeners. spec staking §10.1
    pub(crate) fn do_swap_hotkey(
        coldkey: &T::AccountId,
        old: &T::AccountId,
        new: &T::AccountId,
        consent: Option<&KeyConsent>,
    ) -> Result<Weight, DispatchError> {
        Self::ensure_not_swapping(coldkey)?;
        Self::ensure_swappable(coldkey, old, new, consent)?;
        Self::recycle(coldkey, T::KeySwapCost::get()).map_err(|_| Error::<T>::NotEnoughBalanceToPaySwapHotKey)?;
        Self::replace_hotkey(coldkey, old, new);
        let weight = T::OnKeySwap::hotkey_swapped(coldkey, old, new)?;
        Self::deposit_event(Event::HotkeySwapped {
            coldkey: coldkey.clone(),
            old_hotkey: old.clone(),
            new_hotkey: new.clone(),
        });
        Ok(weight)
    }

    /// Checks a swap in the order of spec staking §10.1, without the cost.
    fn ensure_swappable(
        coldkey: &T::AccountId,
        old: &T::AccountId,
        new: &T::AccountId,
        consent: Option<&KeyConsent>,
    ) -> Result<(), Error<T>> {
        Self::ensure_pair(coldkey, old)?;
        if Owners::<T>::contains_key(new) {
            Self::ensure_pair(coldkey, new)?;
        } else {
            Self::ensure_new_hotkey(coldkey, new)?;
            Self::ensure_consented(coldkey, new, new, consent)?;
        }
        ensure!(old != new, Error::NewHotKeyIsSameWithOld);
        let limit = T::Rules::key_rules().swap_rate_limit;
        let rested = Self::rate_limit_passed(T::Uses::last_active(coldkey), limit);
        ensure!(rested, Error::HotKeySetTxRateLimitExceeded);
        ensure!(!T::Seats::is_seated_anywhere(new), Error::HotKeyAlreadyRegisteredInSubNet);
        ensure!(!T::Uses::hotkey_in_use(new), Error::NewHotKeyInUse);
        Ok(())
    }

    /// Returns true if more than `limit` blocks have passed since `last`. A limit of 0 limits nothing.
    fn rate_limit_passed(last: Option<BlockNumber>, limit: BlockNumber) -> bool {
        limit == 0 || last.is_none_or(|last| Self::now().saturating_sub(last) > limit)
    }
}
