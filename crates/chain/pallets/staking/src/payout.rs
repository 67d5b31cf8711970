//! From emission to stake. spec tokenomics §7.2, staking §9.4

use crate::{
    pallet::{Config, Families, Pallet},
    state::KnownHotkey,
    traits::PayStake,
    types::Standing,
};
use frame_support::{dispatch::DispatchResult, weights::WeightMeter};
use myelin_economics::{
    children::{SharedDividend, share_dividend, stake_weight},
    division::Emission,
    payout::pay,
};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, NetUid, Take};

impl<T: Config> PayStake<T::AccountId> for Pallet<T> {
    fn pay(netuid: NetUid, hotkey: &T::AccountId, emission: Emission) -> DispatchResult {
        let family = Families::<T>::get(netuid, hotkey);
        if family.parents.is_empty() || emission.validator.is_zero() {
            return Self::pay_one(hotkey, emission);
        }
        let KnownHotkey { owner, record } = Self::existing(hotkey)?;
        let parents = Self::parents(Some(&owner), &family);
        let children = family.children.iter().map(|child| child.proportion);
        let weight = stake_weight(Self::stake_on(&record), children, parents.iter().copied());
        let least = T::Subnets::parameters(netuid).map_or(Take::default(), |subnet| subnet.min_childkey_take);
        let SharedDividend { own, take, parents } =
            share_dividend(emission.validator, weight, &parents, family.take.max(least));
        for (parent, part) in family.parents.iter().zip(parents) {
            Self::pay_one(&parent.hotkey, Emission { miner: Amount::ZERO, validator: part })?;
        }
        // What the child takes is its owner's alone, as what it earns for mining is.
        let owners = emission.miner.checked_add(take).map_err(crate::Error::<T>::from)?;
        Self::pay_one(hotkey, Emission { miner: owners, validator: own })
    }

    fn activate_children(netuid: NetUid, meter: &mut WeightMeter) {
        Self::activate_due_children(netuid, meter);
    }
}

impl<T: Config> Pallet<T> {
    /// Pays an emission into the pool of a hotkey. Touches the pool and the owner's part of it, whoever else has one.
    fn pay_one(hotkey: &T::AccountId, emission: Emission) -> DispatchResult {
        if emission.miner.is_zero() && emission.validator.is_zero() {
            return Ok(());
        }
        let KnownHotkey { owner, record } = Self::existing(hotkey)?;
        let take = record.delegation.map(|delegation| delegation.take);
        let id = Self::pool_of(hotkey, record)?;
        Self::change(id, &owner, Standing::Owner, |pool, holding| pay(pool, holding, emission, take).map(drop))
    }
}
