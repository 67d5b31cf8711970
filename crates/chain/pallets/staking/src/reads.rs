//! Answers to other pallets. spec staking §9.2

use crate::{
    pallet::{Activities, Config, Families, Hotkeys, Nominations, Pallet, TotalStake},
    traits::ReadStake,
};
use myelin_economics::children::stake_weight;
use myelin_pallet_keys::traits::ReadKeyUse;
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
        let own = Self::on(hotkey);
        if netuid.is_root() {
            return own;
        }
        let family = Families::<T>::get(netuid, hotkey);
        stake_weight(own, family.children.iter().map(|child| child.proportion), Self::parents(None, &family))
    }

    fn take(hotkey: &T::AccountId) -> Option<Take> {
        Some(Hotkeys::<T>::get(hotkey)?.delegation?.take)
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
