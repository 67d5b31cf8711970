//! Answers to clients. None of this is bounded by a block: it is read outside of one. spec staking §11

use crate::{
    pallet::{Config, Holdings, Hotkeys, Nominations, Pallet, Pools},
    types::{DelegateInfo, HotkeyRecord, Position, Standing},
};
use alloc::vec::Vec;
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{Amount, Tao};

impl<T: Config> Pallet<T> {
    /// Everything a coldkey has staked: on its own hotkeys, then on others. Nothing is listed that is worth nothing.
    pub fn positions(coldkey: &T::AccountId) -> Vec<Position<T::AccountId>> {
        let own = T::Keys::owned(coldkey).into_iter().map(|hotkey| Position {
            stake: Self::stake_of(coldkey, &Self::record(&hotkey)),
            hotkey,
            standing: Standing::Owner,
        });
        let others = Nominations::<T>::get(coldkey).into_iter().filter_map(|id| {
            let hotkey = Pools::<T>::get(id)?.hotkey;
            let current = Hotkeys::<T>::get(&hotkey).is_some_and(|record| record.pool == Some(id));
            let standing = if current { Standing::Nominator } else { Standing::Returning };
            Some(Position { stake: Self::worth(id, coldkey), hotkey, standing })
        });
        own.chain(others).filter(|position| !position.stake.is_zero()).collect()
    }

    /// Everybody with stake on a hotkey, and how much, its owner included.
    pub fn stakers(hotkey: &T::AccountId) -> Vec<(T::AccountId, Amount<Tao>)> {
        let pool = Hotkeys::<T>::get(hotkey).and_then(|record| record.pool);
        let Some((id, stake)) = pool.and_then(|id| Some((id, Pools::<T>::get(id)?))) else { return Vec::new() };
        let rows = Holdings::<T>::iter_prefix(id).filter_map(|(coldkey, holding)| {
            let worth = stake.pool.worth(&holding).ok()?;
            (!worth.is_zero()).then_some((coldkey, worth))
        });
        rows.collect()
    }

    /// A delegate, or `None` if the hotkey is none.
    pub fn delegate(hotkey: &T::AccountId) -> Option<DelegateInfo<T::AccountId>> {
        Self::delegate_info(hotkey.clone(), Hotkeys::<T>::get(hotkey)?)
    }

    /// All delegates, in no particular order.
    pub fn delegates() -> Vec<DelegateInfo<T::AccountId>> {
        Hotkeys::<T>::iter().filter_map(|(hotkey, record)| Self::delegate_info(hotkey, record)).collect()
    }

    fn delegate_info(hotkey: T::AccountId, record: HotkeyRecord) -> Option<DelegateInfo<T::AccountId>> {
        let take = record.delegation?.take;
        let pool = record.pool.and_then(Pools::<T>::get);
        Some(DelegateInfo {
            owner: T::Keys::owner(&hotkey)?,
            hotkey,
            take,
            stake: pool.as_ref().map_or(Amount::ZERO, |stake| stake.pool.value()),
            stakers: pool.map_or(0, |stake| stake.holders),
        })
    }

    /// All that coldkeys have delegated: what this one has on hotkeys of others. spec staking §11
    pub fn delegated(coldkey: &T::AccountId) -> Vec<Position<T::AccountId>> {
        let mut positions = Self::positions(coldkey);
        positions.retain(|position| position.standing == Standing::Nominator);
        positions
    }
}
