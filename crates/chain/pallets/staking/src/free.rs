//! Calls without a fee, which are refused before they take room in a block. spec events-and-errors §8

use crate::{
    checks::RemovalAmount,
    pallet::{Call, Config, Error, Pallet},
};
use myelin_pallet_keys::traits::Keys;
use sp_runtime::transaction_validity::InvalidTransaction;

/// Returns the number with which the transaction pool refuses a free call. spec events-and-errors §8.3
fn code<T>(error: &Error<T>) -> u8 {
    match error {
        Error::AmountTooLow => 1,
        Error::HotKeyAccountNotExists => 4,
        Error::NotEnoughStakeToWithdraw => 5,
        Error::StakingRateLimitExceeded => 6,
        _ => 255,
    }
}

impl<T: Config> Pallet<T> {
    /// Checks that a call which pays no fee would do something, before it is taken into a block. Calls with a fee pass.
    ///
    /// # Errors
    /// The code of the error it would fail with. spec events-and-errors §8.3
    pub fn check_free_call(who: &T::AccountId, call: &Call<T>) -> Result<(), InvalidTransaction> {
        let removal = match call {
            Call::remove_stake { hotkey, amount } => (hotkey, RemovalAmount::Some(*amount)),
            Call::unstake_all { hotkey } => (hotkey, RemovalAmount::All),
            _ => return Ok(()),
        };
        if let Some(code) = T::Keys::swap_code(who) {
            return Err(InvalidTransaction::Custom(code));
        }
        let checked = Self::removal(who, removal.0, removal.1);
        checked.map(drop).map_err(|error| InvalidTransaction::Custom(code(&error)))
    }
}
