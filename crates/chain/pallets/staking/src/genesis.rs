//! Stake that exists from the first block on. spec tokenomics §10

use crate::{
    pallet::{Config, GenesisConfig, Pallet},
    state::KnownHotkey,
    types::Standing,
};
use frame_support::dispatch::DispatchResult;
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{Amount, Tao};

impl<T: Config> GenesisConfig<T> {
    /// Makes all stake. A genesis with stake that cannot exist stops here.
    pub(crate) fn write(&self) {
        for (coldkey, hotkey, amount) in &self.stakes {
            let staked = Pallet::<T>::stake_at_genesis(coldkey, hotkey, *amount);
            assert!(staked.is_ok(), "the stake of {coldkey:?} on {hotkey:?} cannot exist: {staked:?}");
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Makes stake, and the pair it needs, without taking it from an account.
    pub(crate) fn stake_at_genesis(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        amount: Amount<Tao>,
    ) -> DispatchResult {
        if T::Keys::owner(hotkey).is_none() {
            T::Keys::pair(coldkey, hotkey)?;
        }
        let KnownHotkey { owner, record } = Self::existing(hotkey)?;
        let standing = Self::standing(coldkey, &owner);
        if standing == Standing::Nominator && record.delegation.is_none() {
            Self::make_delegate(&owner, hotkey, record);
        }
        let id = Self::pool_of(hotkey, Self::record(hotkey))?;
        Self::deposit(id, coldkey, standing, amount).map(drop)
    }
}
