//! Implementations of the reads that other pallets need. spec staking §9.2

use crate::{
    pallet::{Activities, Config, Families, Hotkeys, Nominations, Pallet, TotalStake},
    payout::StoredPools,
    traits::ReadStake,
};
use myelin_epoch::payment::total_weight;
use myelin_pallet_keys::traits::ReadKeyUse;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, BlockNumber, NetUid, Take, Tao};

impl<T: Config> ReadStake<T::AccountId> for Pallet<T> {
    fn total() -> Amount<Tao> {
        TotalStake::<T>::get()
    }

    fn on(hotkey: &T::AccountId) -> Amount<Tao> {
        Hotkeys::<T>::get(hotkey).map_or(Amount::ZERO, |record| Self::stake_on(&record))
    }

    fn of(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Amount<Tao> {
        Hotkeys::<T>::get(hotkey).map_or(Amount::ZERO, |record| Self::stake_of(coldkey, &record))
    }

    fn weight(netuid: NetUid, hotkey: &T::AccountId) -> Amount<Tao> {
        if netuid.is_root() {
            return Self::on(hotkey);
        }
        total_weight(&StoredPools::<T>::new(), hotkey, Some(&Families::<T>::get(netuid, hotkey)))
    }

    fn parents(netuid: NetUid, hotkey: &T::AccountId) -> u32 {
        u32::try_from(Families::<T>::get(netuid, hotkey).parents.len()).unwrap_or(u32::MAX)
    }

    fn take(hotkey: &T::AccountId) -> Option<Take> {
        let delegation = Hotkeys::<T>::get(hotkey)?.delegation?;
        Some(delegation.take_at(Self::now(), T::Subnets::network().max_delegate_take))
    }
}

impl<T: Config> ReadKeyUse<T::AccountId> for Pallet<T> {
    fn hotkey_in_use(hotkey: &T::AccountId) -> bool {
        !Self::on(hotkey).is_zero() || Self::has_family(hotkey)
    }

    fn coldkey_in_use(coldkey: &T::AccountId) -> bool {
        Nominations::<T>::contains_key(coldkey)
    }

    fn last_active(coldkey: &T::AccountId) -> Option<BlockNumber> {
        Activities::<T>::get(coldkey).last_at
    }
}
