//! The checks that calls share with the transaction pool.

use crate::{
    pallet::{Config, Error, Pallet},
    state::KnownHotkey,
};
use frame_support::{ensure, traits::Get};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, Tao};
use myelin_records::{parameters::NetworkParameters, stake::PoolId};

/// A removal of stake that passes all checks.
pub(crate) struct Removal<T: Config> {
    pub(crate) owner: T::AccountId,
    pub(crate) id: PoolId,
    pub(crate) amount: Amount<Tao>,
    pub(crate) network: NetworkParameters,
}

/// The amount that a removal takes from the stake of a coldkey on a hotkey.
#[derive(Clone, Copy)]
pub(crate) enum RemovalAmount {
    Some(Amount<Tao>),
    All,
}

impl<T: Config> Pallet<T> {
    /// Checks a removal of stake, in the order of spec staking §4.
    pub(crate) fn removal(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        part: RemovalAmount,
    ) -> Result<Removal<T>, Error<T>> {
        let KnownHotkey { owner, record } = Self::existing(hotkey)?;
        let row = Self::stake_of(coldkey, &record);
        let amount = match part {
            RemovalAmount::Some(amount) => amount,
            RemovalAmount::All => row,
        };
        ensure!(!amount.is_zero(), Error::AmountTooLow);
        let id = record.pool.filter(|_| row >= amount).ok_or(Error::NotEnoughStakeToWithdraw)?;
        ensure!(amount >= T::MinStake::get() || amount == row, Error::AmountTooLow);
        ensure!(Self::can_receive(coldkey, amount), Error::AmountTooLow);
        let network = T::Subnets::network();
        Self::ensure_within_limit(coldkey, id, &network)?;
        Ok(Removal { owner, id, amount, network })
    }
}
