//! The state that must hold after each block.

use crate::{
    Cleaning, Config, DefaultParameters, Identities, Network, NetworkSettings, OwnerChanges, OwnerHotkeyChanged,
    Pallet, Subnets, Tempos, TotalLocked,
};
use frame_support::ensure;
use myelin_primitives::{Amount, NetUid};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks these invariants.
    ///
    /// 1. The networks of [`Tempos`] are those with a record and those with parameters, and the tempos are the same.
    /// 2. Root exists, has no owner, and nothing is locked for it.
    /// 3. [`TotalLocked`] is the sum of all locks. spec tokenomics §9.1
    /// 4. All parameters are consistent with each other.
    /// 5. Only a subnet with an owner has an owner's hotkey, an identity or changes by its owner.
    /// 6. A subnet that is being cleared does not exist and is queued once.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::index_has_every_network()?;
        Self::root_is_nobodys()?;
        Self::locks_add_up()?;
        Self::parameters_go_together()?;
        Self::only_owners_have_a_say()?;
        Self::removed_subnets_are_gone()
    }

    fn index_has_every_network() -> Result<(), TryRuntimeError> {
        let tempos = Tempos::<T>::get();
        let networks = u32::try_from(tempos.len()).map_err(|_| "there are more networks than numbers")?;
        ensure!(tempos.keys().all(Subnets::<T>::contains_key), "a network has no record");
        ensure!(Subnets::<T>::iter_keys().count() == tempos.len(), "a record belongs to no network");
        ensure!(NetworkSettings::<T>::iter_keys().count() == tempos.len(), "parameters belong to no network");
        ensure!(Self::count() == networks, "networks are counted wrongly");
        for (netuid, tempo) in tempos {
            let parameters = NetworkSettings::<T>::get(netuid).ok_or("a network has no parameters")?;
            ensure!(parameters.tempo == tempo, "the index has another tempo than the parameters");
        }
        Ok(())
    }

    fn root_is_nobodys() -> Result<(), TryRuntimeError> {
        let root = Subnets::<T>::get(NetUid::ROOT).ok_or("root does not exist")?;
        ensure!(root.owner.is_none(), "root has an owner");
        ensure!(root.locked.is_zero(), "something is locked for root");
        Ok(())
    }

    fn locks_add_up() -> Result<(), TryRuntimeError> {
        let sum = Amount::checked_sum(Subnets::<T>::iter_values().map(|subnet| subnet.locked))
            .map_err(|_| "the sum of all locks does not fit")?;
        ensure!(sum == TotalLocked::<T>::get(), "the total of locks is not their sum");
        Ok(())
    }

    fn parameters_go_together() -> Result<(), TryRuntimeError> {
        let network = Network::<T>::get().ok_or("the shared parameters cannot be decoded")?;
        ensure!(network.validate().is_ok(), "the shared parameters do not go together");
        let default = DefaultParameters::<T>::get().ok_or("the default parameters cannot be decoded")?;
        ensure!(default.validate(&network).is_ok(), "the default parameters do not go together");
        for (netuid, parameters) in NetworkSettings::<T>::iter() {
            ensure!(parameters.validate_on(netuid, &network).is_ok(), "the parameters of a network do not go together");
        }
        Ok(())
    }

    fn only_owners_have_a_say() -> Result<(), TryRuntimeError> {
        let has_owner = |netuid: NetUid| Subnets::<T>::get(netuid).is_some_and(|subnet| subnet.owner.is_some());
        for (netuid, subnet) in Subnets::<T>::iter() {
            ensure!(subnet.owner_hotkey.is_none() || has_owner(netuid), "a hotkey represents no owner");
        }
        ensure!(Identities::<T>::iter_keys().all(has_owner), "an identity belongs to no owned subnet");
        ensure!(OwnerChanges::<T>::iter_keys().all(has_owner), "a subnet without owner has changes by an owner");
        ensure!(
            OwnerHotkeyChanged::<T>::iter_keys().all(has_owner),
            "a subnet without owner has a change of the owner's hotkey"
        );
        Ok(())
    }

    fn removed_subnets_are_gone() -> Result<(), TryRuntimeError> {
        let cleaning = Cleaning::<T>::get();
        for (position, netuid) in cleaning.iter().enumerate() {
            ensure!(!netuid.is_root() && !Subnets::<T>::contains_key(netuid), "a network is cleared while it exists");
            ensure!(
                !cleaning.iter().skip(position.saturating_add(1)).any(|other| other == netuid),
                "a subnet is cleared twice"
            );
        }
        Ok(())
    }
}
