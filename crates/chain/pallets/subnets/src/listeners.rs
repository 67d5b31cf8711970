//! Reactions to swaps of keys. spec staking §10

use crate::{Config, Event, MAX_NETWORKS, Pallet, ReadSubnets, Subnet, Subnets, WeightInfo};
use frame_support::{dispatch::DispatchResult, weights::Weight};

impl<T: Config> Pallet<T> {
    /// A hotkey goes by a new key: where it represents an owner, the new one does. spec staking §10.1
    ///
    /// # Errors
    /// None; the result is what those who tell of swaps expect.
    pub fn hotkey_swapped(old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        for netuid in Self::netuids() {
            if let Some(subnet) = Subnets::<T>::get(netuid).filter(|subnet| subnet.owner_hotkey.as_ref() == Some(old)) {
                Subnets::<T>::insert(netuid, Subnet { owner_hotkey: Some(new.clone()), ..subnet });
                Self::deposit_event(Event::SubnetOwnerHotkeySet { netuid, hotkey: new.clone() });
            }
        }
        Ok(())
    }

    /// A coldkey goes by a new key: its subnets belong to the new one. Its hotkeys move along, so they keep what they
    /// represent. spec staking §10.2
    ///
    /// # Errors
    /// None; the result is what those who tell of swaps expect.
    pub fn coldkey_swapped(old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
        for netuid in Self::netuids() {
            if let Some(subnet) = Subnets::<T>::get(netuid).filter(|subnet| subnet.owner.as_ref() == Some(old)) {
                Subnets::<T>::insert(netuid, Subnet { owner: Some(new.clone()), ..subnet });
                Self::deposit_event(Event::SubnetOwnerChanged {
                    netuid,
                    old_owner: old.clone(),
                    new_owner: new.clone(),
                });
            }
        }
        Ok(())
    }

    /// What [`Self::hotkey_swapped`] or [`Self::coldkey_swapped`] costs at most, for the calls that swap keys.
    pub fn key_swap_weight() -> Weight {
        T::WeightInfo::swap_key(MAX_NETWORKS)
    }
}
