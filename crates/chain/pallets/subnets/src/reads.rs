//! Implementations of the reads that other pallets need.

use crate::{
    Config, DefaultParameters, Launch, Network, NetworkSettings, Pallet, ReadSubnets, Subnets, Tempos, TotalLocked,
};
use alloc::vec::Vec;
use myelin_pallet_keys::{traits::ReadKeyRules, types::KeyRules};
use myelin_primitives::{Amount, NetUid, Tao};
use myelin_records::{
    parameters::{NetworkParameters, Parameters},
    subnet::{LaunchPhase, Subnet},
};

impl<T: Config> ReadSubnets<T::AccountId> for Pallet<T> {
    fn exists(netuid: NetUid) -> bool {
        Subnets::<T>::contains_key(netuid)
    }

    fn netuids() -> Vec<NetUid> {
        Tempos::<T>::get().into_inner().into_keys().collect()
    }

    fn tempos() -> Vec<(NetUid, u16)> {
        Tempos::<T>::get().into_inner().into_iter().collect()
    }

    fn subnet(netuid: NetUid) -> Option<Subnet<T::AccountId>> {
        Subnets::<T>::get(netuid)
    }

    fn parameters(netuid: NetUid) -> Option<Parameters> {
        NetworkSettings::<T>::get(netuid)
    }

    fn is_readable() -> bool {
        Network::<T>::get().is_some() && DefaultParameters::<T>::get().is_some()
    }

    // While the record is not readable, calls are closed, and epochs and children wait: the default is in force for none.
    fn network() -> NetworkParameters {
        Network::<T>::get().unwrap_or_default()
    }

    fn launch() -> LaunchPhase {
        Launch::<T>::get()
    }

    fn locked() -> Amount<Tao> {
        TotalLocked::<T>::get()
    }
}

impl<T: Config> ReadKeyRules for Pallet<T> {
    fn key_rules() -> KeyRules {
        let network = Self::network();
        KeyRules {
            swap_rate_limit: network.tx_rate_limit,
            announcement_delay: network.coldkey_swap_announcement_delay,
            reannouncement_delay: network.coldkey_swap_reannouncement_delay,
        }
    }
}
