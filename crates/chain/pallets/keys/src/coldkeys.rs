//! The calls about swaps of coldkeys, which are announced first and carried out later. spec staking §10.2 and §10.3

use crate::{
    pallet::{ColdkeySwaps, Config, Error, Event, Identities, OwnedHotkeys, Owners, Pallet},
    traits::{OnKeySwap, ReadKeyRules, ReadKeyUse},
    types::ColdkeyHash,
};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{Get, fungible::Mutate, tokens::Preservation},
};
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

    /// Returns the swap that a coldkey has announced, unless it is disputed.
    fn undisputed(coldkey: &T::AccountId) -> Result<Option<ColdkeySwap>, Error<T>> {
        let swap = ColdkeySwaps::<T>::get(coldkey);
        ensure!(!swap.is_some_and(|swap| swap.disputed), Error::ColdkeySwapDisputed);
        Ok(swap)
    }

    /// Announces the swap of a coldkey. spec staking §10.3, rule 1
    pub(crate) fn do_announce_coldkey_swap(coldkey: &T::AccountId, new_coldkey_hash: ColdkeyHash) -> DispatchResult {
        let rules = T::Rules::key_rules();
        match Self::undisputed(coldkey)? {
            Some(swap) => {
                let again = swap.due.saturating_add(rules.reannouncement_delay);
                ensure!(Self::now() >= again, Error::<T>::ColdkeySwapReannouncedTooEarly);
            }
            None => Self::recycle(coldkey, T::KeySwapCost::get())
                .map_err(|_| Error::<T>::NotEnoughBalanceToPaySwapColdKey)?,
        }
        let due = Self::now().saturating_add(rules.announcement_delay);
        ColdkeySwaps::<T>::insert(coldkey, ColdkeySwap { new_coldkey_hash, due, disputed: false });
        Self::deposit_event(Event::ColdkeySwapAnnounced { who: coldkey.clone(), new_coldkey_hash, due });
        Ok(())
    }

    /// Carries out an announced swap. spec staking §10.3, rule 2
    pub(crate) fn do_swap_coldkey_announced(coldkey: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        let swap = Self::undisputed(coldkey)?.ok_or(Error::<T>::ColdkeySwapAnnouncementNotFound)?;
        ensure!(BlakeTwo256::hash_of(new) == swap.new_coldkey_hash, Error::<T>::AnnouncedColdkeyHashDoesNotMatch);
        ensure!(Self::now() >= swap.due, Error::<T>::ColdkeySwapTooEarly);
        Self::replace_coldkey(coldkey, new)
    }

    /// Disputes an announced swap. spec staking §10.3, rule 3
    pub(crate) fn do_dispute_coldkey_swap(coldkey: &T::AccountId) -> DispatchResult {
        let swap = ColdkeySwaps::<T>::get(coldkey).ok_or(Error::<T>::ColdkeySwapAnnouncementNotFound)?;
        ensure!(!swap.disputed, Error::<T>::ColdkeySwapAlreadyDisputed);
        ColdkeySwaps::<T>::insert(coldkey, ColdkeySwap { disputed: true, ..swap });
        Self::deposit_event(Event::ColdkeySwapDisputed { coldkey: coldkey.clone() });
        Ok(())
    }

    /// Withdraws an announced swap. spec staking §10.3, rule 4
    pub(crate) fn do_clear_coldkey_swap_announcement(coldkey: &T::AccountId) -> DispatchResult {
        let swap = Self::undisputed(coldkey)?.ok_or(Error::<T>::ColdkeySwapAnnouncementNotFound)?;
        let clearable = swap.due.saturating_add(T::Rules::key_rules().reannouncement_delay);
        ensure!(Self::now() >= clearable, Error::<T>::ColdkeySwapClearTooEarly);
        ColdkeySwaps::<T>::remove(coldkey);
        Self::deposit_event(Event::ColdkeySwapCleared { who: coldkey.clone() });
        Ok(())
    }

    /// Removes the announcement and the dispute of a swap. spec staking §10.3, rule 5
    pub(crate) fn do_reset_coldkey_swap(coldkey: &T::AccountId) {
        ColdkeySwaps::<T>::remove(coldkey);
        Self::deposit_event(Event::ColdkeySwapReset { who: coldkey.clone() });
    }

    /// Swaps a coldkey at once, and recycles the cost. spec staking §10.3, rule 6
    pub(crate) fn do_swap_coldkey(old: &T::AccountId, new: &T::AccountId, cost: Amount<Tao>) -> DispatchResult {
        Self::recycle(old, cost).map_err(|_| Error::<T>::NotEnoughBalanceToPaySwapColdKey)?;
        Self::replace_coldkey(old, new)
    }

    /// Moves everything of a coldkey to a new one. spec staking §10.2
    fn replace_coldkey(old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        ensure!(
            old != new && !OwnedHotkeys::<T>::contains_key(new) && !T::Uses::coldkey_in_use(new),
            Error::<T>::ColdKeyAlreadyAssociated
        );
        ensure!(!Owners::<T>::contains_key(new), Error::<T>::NewColdKeyIsHotkey);
        Self::replace_owner(old, new);
        if !Identities::<T>::contains_key(new)
            && let Some(identity) = Identities::<T>::take(old)
        {
            Identities::<T>::insert(new, identity);
        }
        ColdkeySwaps::<T>::remove(old);
        let free = Self::free_balance(old);
        if free > 0 {
            T::Currency::transfer(old, new, free, Preservation::Expendable)?;
        }
        T::OnKeySwap::coldkey_swapped(old, new)?;
        Self::deposit_event(Event::ColdkeySwapped { old_coldkey: old.clone(), new_coldkey: new.clone() });
        Ok(())
    }
}
