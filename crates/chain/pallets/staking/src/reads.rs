//! Answers to other pallets. spec staking §9.2

use crate::{
    pallet::{Config, Families, Hotkeys, Pallet, TotalStake},
    traits::ReadStake,
};
use myelin_economics::children::stake_weight;
use myelin_primitives::{Amount, NetUid, Take, Tao};

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
