//! Reactions to swaps of keys. spec staking §10

use crate::{Config, Event, Pallet, ReadSubnets, Subnets, WeightInfo};
use frame_support::{dispatch::DispatchResult, weights::Weight};
use myelin_pallet_keys::traits::OnKeySwap;
use myelin_records::subnet::Subnet;
use sp_runtime::DispatchError;

impl<T: Config> OnKeySwap<T::AccountId> for Pallet<T> {
    /// Replaces the old hotkey by the new one where it is the owner's hotkey of a subnet. spec staking §10.1
    fn hotkey_swapped(_: &T::AccountId, old: &T::AccountId, new: &T::AccountId) -> Result<Weight, DispatchError> {
        for netuid in Self::netuids() {
            if let Some(subnet) = Subnets::<T>::get(netuid).filter(|subnet| subnet.owner_hotkey.as_ref() == Some(old)) {
                Subnets::<T>::insert(netuid, Subnet { owner_hotkey: Some(new.clone()), ..subnet });
                Self::deposit_event(Event::SubnetOwnerHotkeySet { netuid, hotkey: new.clone() });
            }
        }
        Ok(Self::hotkey_swap_weight())
    }

    /// Gives the subnets of the old coldkey to the new one. spec staking §10.2
    ///
    /// The coldkey's hotkeys move too, so the owner's hotkeys stay valid.
    fn coldkey_swapped(old: &T::AccountId, new: &T::AccountId) -> DispatchResult {
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

    fn hotkey_swap_weight() -> Weight {
        T::WeightInfo::swap_key(Self::count())
    }

    fn coldkey_swap_weight() -> Weight {
        T::WeightInfo::swap_key(Self::count())
    }
}
