//! Checks of free calls by the transaction pool, before they take room in a block. spec events-and-errors §8

use crate::{
    checks::RemovalAmount,
    pallet::{Call, Config, Error, Pallet},
};
use myelin_pallet_keys::traits::Keys;
use myelin_records::pool_code::PoolCode;
use sp_runtime::transaction_validity::InvalidTransaction;

/// The pool codes of removals of stake. spec events-and-errors §8.3
impl<T> From<&Error<T>> for PoolCode {
    fn from(error: &Error<T>) -> Self {
        match error {
            Error::AmountTooLow => Self::TooLittle,
            Error::HotKeyAccountNotExists => Self::NoHotkey,
            Error::NotEnoughStakeToWithdraw => Self::NotEnoughStake,
            Error::StakingRateLimitExceeded => Self::TooSoon,
            _ => Self::Any,
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Checks that a free call would have an effect, before it is included in a block. Calls with a fee pass.
    ///
    /// # Errors
    /// The pool code of the error with which the call would fail. spec events-and-errors §8.3
    pub fn check_free_call(who: &T::AccountId, call: &Call<T>) -> Result<(), InvalidTransaction> {
        let removal = match call {
            Call::remove_stake { hotkey, amount } => (hotkey, RemovalAmount::Some(*amount)),
            Call::unstake_all { hotkey } => (hotkey, RemovalAmount::All),
            _ => return Ok(()),
        };
        if let Some(code) = T::Keys::swap_code(who) {
            return Err(InvalidTransaction::Custom(code.number()));
        }
        let checked = Self::removal(who, removal.0, removal.1);
        checked.map(drop).map_err(|error| InvalidTransaction::Custom(PoolCode::from(&error).number()))
    }
}
