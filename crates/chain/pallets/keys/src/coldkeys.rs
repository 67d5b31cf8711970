//! The calls about swaps of coldkeys, which are announced first and carried out later. spec staking §10.2 and §10.3

use crate::{
    pallet::{Announced, ColdkeySwaps, Config, Error, Event, Identities, OwnedHotkeys, Owners, Pallet},
    traits::{OnKeySwap, ReadKeyRules, ReadKeyUse},
    types::ColdkeyHash,
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use myelin_primitives::{Amount, Tao};
use myelin_records::key::ColdkeySwap;
use sp_runtime::traits::{BlakeTwo256, Hash};

impl<T: Config> Pallet<T> {
    /// Checks that no swap of the coldkey is announced or disputed. spec staking §10.3, rule 7
    pub(crate) fn ensure_not_swapping(coldkey: &T::AccountId) -> Result<(), Error<T>> {
        match ColdkeySwaps::<T>::get(coldkey) {
            None => Ok(()),
            Some(swap) if swap.disputed => Err(Error::ColdkeySwapDisputed),
            Some(_) => Err(Error::ColdkeySwapAnnounced),
        }
    }

    /// Checks that an account is not the one that a coldkey will be swapped for. spec staking §10.3, rule 8
    ///
    /// An account with hotkeys or stake cannot be swapped to, so a hash does not reserve it.
    pub(crate) fn ensure_not_reserved(account: &T::AccountId) -> Result<(), Error<T>> {
        let is_announced = Announced::<T>::contains_key(BlakeTwo256::hash_of(account));
        ensure!(!is_announced || Self::ensure_fresh(account).is_err(), Error::ColdkeyReserved);
        Ok(())
    }

    /// Checks that an account has neither hotkeys nor stake, and is no hotkey, so that it can replace a coldkey.
    fn ensure_fresh(account: &T::AccountId) -> Result<(), Error<T>> {
        let is_used = OwnedHotkeys::<T>::contains_key(account) || T::Uses::coldkey_in_use(account);
        ensure!(!is_used, Error::ColdKeyAlreadyAssociated);
        ensure!(!Owners::<T>::contains_key(account), Error::NewColdKeyIsHotkey);
        Ok(())
    }

    /// Returns the swap that a coldkey has announced, unless it is disputed.
    fn undisputed(coldkey: &T::AccountId) -> Result<Option<ColdkeySwap>, Error<T>> {
        let swap = ColdkeySwaps::<T>::get(coldkey);
        ensure!(!swap.is_some_and(|swap| swap.disputed), Error::ColdkeySwapDisputed);
        Ok(swap)
    }

    /// Checks an announcement before its cost, and returns the announcement that it repeats.
    pub(crate) fn ensure_announceable(
        coldkey: &T::AccountId,
        new_coldkey_hash: ColdkeyHash,
    ) -> Result<Option<ColdkeySwap>, Error<T>> {
        let former = Self::undisputed(coldkey)?;
        if let Some(swap) = former {
            let again = swap.due.saturating_add(T::Rules::key_rules().reannouncement_delay);
            ensure!(Self::now() >= again, Error::ColdkeySwapReannouncedTooEarly);
        }
        let by = Announced::<T>::get(new_coldkey_hash);
        ensure!(by.is_none_or(|by| by == *coldkey), Error::ColdkeyReserved);
        Ok(former)
    }

    /// Announces the swap of a coldkey. spec staking §10.3, rule 1
    pub(crate) fn do_announce_coldkey_swap(coldkey: &T::AccountId, new_coldkey_hash: ColdkeyHash) -> DispatchResult {
        let former = Self::ensure_announceable(coldkey, new_coldkey_hash)?;
        match former {
            Some(former) => Announced::<T>::remove(former.new_coldkey_hash),
            None => Self::recycle(coldkey, T::KeySwapCost::get())
                .map_err(|_| Error::<T>::NotEnoughBalanceToPaySwapColdKey)?,
        }
        let due = Self::now().saturating_add(T::Rules::key_rules().announcement_delay);
        let escrow = Self::escrow(coldkey, former.map_or(Amount::ZERO, |former| former.escrow))?;
        ColdkeySwaps::<T>::insert(coldkey, ColdkeySwap { new_coldkey_hash, due, disputed: false, escrow });
        Announced::<T>::insert(new_coldkey_hash, coldkey);
        Self::deposit_event(Event::ColdkeySwapAnnounced { who: coldkey.clone(), new_coldkey_hash, due });
        Ok(())
    }

    /// Checks that an announced swap can be carried out.
    pub(crate) fn ensure_due(coldkey: &T::AccountId, new: &T::AccountId) -> Result<(), Error<T>> {
        let swap = Self::undisputed(coldkey)?.ok_or(Error::ColdkeySwapAnnouncementNotFound)?;
        ensure!(BlakeTwo256::hash_of(new) == swap.new_coldkey_hash, Error::AnnouncedColdkeyHashDoesNotMatch);
        ensure!(Self::now() >= swap.due, Error::ColdkeySwapTooEarly);
        Self::ensure_replaceable(coldkey, new)
    }

    /// Checks that a coldkey can be replaced by another. spec staking §10.2
    fn ensure_replaceable(old: &T::AccountId, new: &T::AccountId) -> Result<(), Error<T>> {
        ensure!(old != new, Error::ColdKeyAlreadyAssociated);
        Self::ensure_fresh(new)
    }

    /// Carries out an announced swap. spec staking §10.3, rule 2
    pub(crate) fn do_swap_coldkey_announced(coldkey: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        Self::ensure_due(coldkey, new)?;
        Self::end_swap(coldkey)?;
        Self::replace_coldkey(coldkey, new)
    }

    /// Checks that a swap can be disputed, and returns it.
    pub(crate) fn ensure_disputable(coldkey: &T::AccountId) -> Result<ColdkeySwap, Error<T>> {
        let swap = ColdkeySwaps::<T>::get(coldkey).ok_or(Error::ColdkeySwapAnnouncementNotFound)?;
        ensure!(!swap.disputed, Error::ColdkeySwapAlreadyDisputed);
        Ok(swap)
    }

    /// Disputes an announced swap. spec staking §10.3, rule 3
    pub(crate) fn do_dispute_coldkey_swap(coldkey: &T::AccountId) -> DispatchResult {
        let swap = Self::ensure_disputable(coldkey)?;
        ColdkeySwaps::<T>::insert(coldkey, ColdkeySwap { disputed: true, ..swap });
        Self::deposit_event(Event::ColdkeySwapDisputed { coldkey: coldkey.clone() });
        Ok(())
    }

    /// Checks that an announcement can be withdrawn.
    pub(crate) fn ensure_clearable(coldkey: &T::AccountId) -> Result<(), Error<T>> {
        let swap = Self::undisputed(coldkey)?.ok_or(Error::ColdkeySwapAnnouncementNotFound)?;
        let clearable = swap.due.saturating_add(T::Rules::key_rules().reannouncement_delay);
        ensure!(Self::now() >= clearable, Error::ColdkeySwapClearTooEarly);
        Ok(())
    }

    /// Withdraws an announced swap. spec staking §10.3, rule 4
    pub(crate) fn do_clear_coldkey_swap_announcement(coldkey: &T::AccountId) -> DispatchResult {
        Self::ensure_clearable(coldkey)?;
        Self::end_swap(coldkey)?;
        Self::deposit_event(Event::ColdkeySwapCleared { who: coldkey.clone() });
        Ok(())
    }

    /// Removes the announcement and the dispute of a swap. spec staking §10.3, rule 5
    pub(crate) fn do_reset_coldkey_swap(coldkey: &T::AccountId) -> DispatchResult {
        Self::end_swap(coldkey)?;
        Self::deposit_event(Event::ColdkeySwapReset { who: coldkey.clone() });
        Ok(())
    }

    /// Swaps a coldkey at once, and recycles the cost. spec staking §10.3, rule 6
    pub(crate) fn do_swap_coldkey(old: &T::AccountId, new: &T::AccountId, cost: Amount<Tao>) -> DispatchResult {
        Self::end_swap(old)?;
        Self::recycle(old, cost).map_err(|_| Error::<T>::NotEnoughBalanceToPaySwapColdKey)?;
        Self::ensure_replaceable(old, new)?;
        // The account may be reserved for another coldkey. For this one it no longer is.
        Self::ensure_not_reserved(new)?;
        Self::replace_coldkey(old, new)
    }

    /// Removes the announcement of a swap, thaws the account and returns its escrow.
    fn end_swap(coldkey: &T::AccountId) -> DispatchResult {
        if let Some(swap) = ColdkeySwaps::<T>::take(coldkey) {
            Announced::<T>::remove(swap.new_coldkey_hash);
            Self::release_escrow(coldkey, swap.escrow)?;
        }
        Ok(())
    }

    /// Moves everything of a coldkey to a new one, which is fresh. spec staking §10.2
    fn replace_coldkey(old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        Self::replace_owner(old, new);
        if !Identities::<T>::contains_key(new)
            && let Some(identity) = Identities::<T>::take(old)
        {
            Identities::<T>::insert(new, identity);
        }
        Self::move_balance(old, new)?;
        T::OnKeySwap::coldkey_swapped(old, new)?;
        Self::deposit_event(Event::ColdkeySwapped { old_coldkey: old.clone(), new_coldkey: new.clone() });
        Ok(())
    }
}
