//! Reads for clients. They run outside of blocks, so no block weight limits them. spec staking §11

use crate::pallet::{Config, Holdings, Hotkeys, Nominations, Pallet, Pools};
use alloc::vec::Vec;
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{Amount, Tao};
use myelin_records::{info::StakeInfo, stake::StakeRole};

impl<T: Config> Pallet<T> {
    /// Returns all stake of a coldkey: on its own hotkeys, then on others. Holdings worth nothing are left out.
    pub fn positions(coldkey: &T::AccountId) -> Vec<StakeInfo<T::AccountId>> {
        let own = T::Keys::owned(coldkey).into_iter().map(|hotkey| StakeInfo {
            stake: Self::stake_of(coldkey, &Self::record(&hotkey)),
            hotkey,
            role: StakeRole::Owner,
        });
        let others = Nominations::<T>::get(coldkey).into_iter().filter_map(|id| {
            let hotkey = Pools::<T>::get(id)?.hotkey;
            let current = Hotkeys::<T>::get(&hotkey).is_some_and(|record| record.pool == Some(id));
            let role = if current { StakeRole::Nominator } else { StakeRole::Returning };
            Some(StakeInfo { stake: Self::worth(id, coldkey), hotkey, role })
        });
        own.chain(others).filter(|position| !position.stake.is_zero()).collect()
    }

    /// Returns all coldkeys with stake on a hotkey and their stake, its owner included.
    pub fn stakers(hotkey: &T::AccountId) -> Vec<(T::AccountId, Amount<Tao>)> {
        let pool = Hotkeys::<T>::get(hotkey).and_then(|record| record.pool);
        let Some((id, stake)) = pool.and_then(|id| Some((id, Pools::<T>::get(id)?))) else { return Vec::new() };
        let rows = Holdings::<T>::iter_prefix(id).filter_map(|(coldkey, holding)| {
            let worth = stake.pool.worth(&holding).ok()?;
            (!worth.is_zero()).then_some((coldkey, worth))
        });
        rows.collect()
    }

    /// Returns the stake of a coldkey on hotkeys of other coldkeys. spec staking §11
    pub fn delegated(coldkey: &T::AccountId) -> Vec<StakeInfo<T::AccountId>> {
        let mut positions = Self::positions(coldkey);
        positions.retain(|position| position.role == StakeRole::Nominator);
        positions
    }
}
