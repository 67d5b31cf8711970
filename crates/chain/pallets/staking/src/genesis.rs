//! The stake of genesis. spec tokenomics §10

use crate::{
    pallet::{Config, GenesisConfig, Pallet},
    state::KnownHotkey,
};
use frame_support::dispatch::DispatchResult;
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{Amount, Tao};
use myelin_records::stake::StakeRole;

impl<T: Config> GenesisConfig<T> {
    /// Makes all stake of genesis.
    ///
    /// # Panics
    /// If an entry cannot be staked: such a genesis is invalid.
    pub(crate) fn write(&self) {
        for (coldkey, hotkey, amount) in &self.stakes {
            let staked = Pallet::<T>::stake_at_genesis(coldkey, hotkey, *amount);
            assert!(staked.is_ok(), "the stake of {coldkey:?} on {hotkey:?} cannot exist: {staked:?}");
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Makes stake, and its pair if there is none, without taking the TAO from an account.
    pub(crate) fn stake_at_genesis(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        amount: Amount<Tao>,
    ) -> DispatchResult {
        if T::Keys::owner(hotkey).is_none() {
            T::Keys::pair(coldkey, hotkey)?;
        }
        let KnownHotkey { owner, record } = Self::existing(hotkey)?;
        let role = Self::role(coldkey, &owner);
        if role == StakeRole::Nominator && record.delegation.is_none() {
            Self::make_delegate(&owner, hotkey, record);
        }
        let id = Self::pool_of(hotkey, Self::record(hotkey))?;
        Self::deposit(id, coldkey, role, amount).map(drop)
    }
}
