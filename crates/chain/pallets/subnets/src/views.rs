//! Reads for clients.

use crate::{Config, LastCreation, Pallet, ReadEmission, ReadSubnets, Subnets};
use myelin_economics::pruning::{SubnetCandidate, subnet_to_prune};
use myelin_primitives::{Amount, NetUid, Tao};

impl<T: Config> Pallet<T> {
    /// Returns the price of a subnet in this block. spec subnets-and-neurons §2.1
    pub fn lock_cost() -> Amount<Tao> {
        Self::network().price_rule().price_at(Self::now(), LastCreation::<T>::get())
    }

    /// Returns the subnet that a new one would replace at the subnet limit. spec subnets-and-neurons §3
    ///
    /// `None` if all subnets are immune.
    pub fn subnet_to_prune() -> Option<NetUid> {
        let candidates = Self::netuids().into_iter().filter_map(|netuid| {
            let registered_at = Subnets::<T>::get(netuid)?.registered_at;
            Some(SubnetCandidate { netuid, emission: T::Emission::of_subnet(netuid), registered_at })
        });
        subnet_to_prune(candidates, Self::network().network_immunity_period, Self::now())
    }
}
