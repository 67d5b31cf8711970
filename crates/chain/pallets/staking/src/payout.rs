//! Payout of emission as stake. spec tokenomics §7.2, staking §9.4
//!
//! The rules are those of [`myelin_epoch::payment`]; here they are applied to the stored pools.

use crate::{
    pallet::{Config, Error, Families, Pallet, TotalStake},
    state::KnownHotkey,
    traits::{PayStake, ReadStake},
};
use core::{cell::OnceCell, marker::PhantomData};
use frame_support::{
    dispatch::DispatchResult,
    traits::Get,
    weights::{Weight, WeightMeter},
};
use myelin_economics::{division::Emission, payout::pay};
use myelin_epoch::payment::{ChildTakeRules, PaymentError, PoolAccess, pay_neuron};
use myelin_pallet_keys::traits::Keys;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, NetUid, Take, Tao};
use myelin_records::{
    parameters::NetworkParameters,
    stake::{Delegation, StakeRole},
};
use sp_runtime::DispatchError;

/// The pools as this pallet stores them.
pub(crate) struct StoredPools<T> {
    /// The growth of all stake by payments, which the total stake does not have yet.
    grown: Amount<Tao>,
    /// The parameters of all networks, once a payment has read them.
    network: OnceCell<NetworkParameters>,
    chain: PhantomData<T>,
}

impl<T> StoredPools<T> {
    /// Returns the pools of the current state.
    pub(crate) const fn new() -> Self {
        Self { grown: Amount::ZERO, network: OnceCell::new(), chain: PhantomData }
    }
}

impl<T: Config> StoredPools<T> {
    /// Returns the parameters of all networks.
    fn network(&self) -> &NetworkParameters {
        self.network.get_or_init(T::Subnets::network)
    }

    /// Returns the take of a delegate that is in force.
    fn take_in_force(&self, delegation: Delegation) -> Take {
        delegation.take_at(Pallet::<T>::now(), self.network().max_delegate_take)
    }
}

impl<T: Config> PoolAccess<T::AccountId> for StoredPools<T> {
    type Error = DispatchError;

    fn owner(&self, hotkey: &T::AccountId) -> Option<T::AccountId> {
        T::Keys::owner(hotkey)
    }

    // A hotkey without an owner has no pool, which the invariants check.
    fn value(&self, hotkey: &T::AccountId) -> Amount<Tao> {
        Pallet::<T>::on(hotkey)
    }

    fn take(&self, hotkey: &T::AccountId) -> Option<Take> {
        Pallet::<T>::record(hotkey).delegation.map(|delegation| self.take_in_force(delegation))
    }

    /// Pays a pool. It writes the pool and the holding of the owner, for any number of other holders.
    fn pay(&mut self, hotkey: &T::AccountId, emission: Emission) -> DispatchResult {
        let KnownHotkey { owner, record } = Pallet::<T>::existing(hotkey)?;
        let take = record.delegation.map(|delegation| self.take_in_force(delegation));
        let id = Pallet::<T>::pool_of(hotkey, record)?;
        let (before, after) = Pallet::<T>::change_holding(id, &owner, StakeRole::Owner, |pool, holding| {
            pay(pool, holding, emission, take).map(drop)
        })?;
        let growth = after.checked_sub(before);
        self.grown = growth.and_then(|growth| self.grown.checked_add(growth)).map_err(Error::<T>::from)?;
        Ok(())
    }
}

impl<T: Config> PayStake<T::AccountId> for Pallet<T> {
    fn pay<'a>(netuid: NetUid, payments: impl IntoIterator<Item = (&'a T::AccountId, Emission)>) -> DispatchResult {
        let mut pools = StoredPools::<T>::new();
        let subnet = OnceCell::new();
        let rules = |pools: &StoredPools<T>| {
            let subnet = subnet.get_or_init(|| T::Subnets::parameters(netuid).unwrap_or_default());
            ChildTakeRules::new(Self::now(), subnet, pools.network())
        };
        for (hotkey, emission) in payments {
            // Pay for mining is not shared, so most neurons of an epoch need no family.
            let family = (!emission.validator.is_zero()).then(|| Families::<T>::get(netuid, hotkey));
            pay_neuron(&mut pools, hotkey, family.as_ref(), rules, emission).map_err(|error| match error {
                PaymentError::Unowned => Error::<T>::HotKeyAccountNotExists.into(),
                PaymentError::Overflow => Error::<T>::InconsistentStake.into(),
                PaymentError::Pool(error) => error,
            })?;
        }
        let total = TotalStake::<T>::get().checked_add(pools.grown).map_err(Error::<T>::from)?;
        TotalStake::<T>::put(total);
        Ok(())
    }

    fn queue_children(netuid: NetUid) {
        Self::queue_due_children(netuid);
    }

    fn activate_children() -> Weight {
        let mut meter = WeightMeter::with_limit(T::MaxActivationWeight::get());
        Self::activate_queued_children(&mut meter);
        meter.consumed()
    }
}
