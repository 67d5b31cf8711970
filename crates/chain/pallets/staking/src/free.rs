//! Calls without a fee, which are refused before they take room in a block. spec events-and-errors §8

use crate::{
    checks::RemovalAmount,
    pallet::{Call, Config, Error, Pallet},
};
use sp_runtime::transaction_validity::InvalidTransaction;

/// What the transaction pool answers to a free call that would fail. spec events-and-errors §8.3
fn code<T>(error: &Error<T>) -> u8 {
    match error {
        Error::ColdkeySwapAnnounced => 0,
        Error::AmountTooLow => 1,
        Error::HotKeyAccountNotExists => 4,
        Error::NotEnoughStakeToWithdraw => 5,
        Error::StakingRateLimitExceeded => 6,
        Error::ColdkeySwapDisputed => 21,
        _ => 255,
    }
}

impl<T: Config> Pallet<T> {
    /// Whether a call that pays no fee would do something. Asked before it is taken into a block.
    ///
    /// # Errors
    /// The code of the error it would fail with. spec events-and-errors §8.3
    pub fn check_free_call(who: &T::AccountId, call: &Call<T>) -> Result<(), InvalidTransaction> {
        let removal = match call {
            Call::remove_stake { hotkey, amount } => (hotkey, RemovalAmount::Some(*amount)),
            Call::unstake_all { hotkey } => (hotkey, RemovalAmount::All),
            _ => return Ok(()),
        };
        let checked = Self::ensure_not_swapping(who).and_then(|()| Self::removal(who, removal.0, removal.1).map(drop));
        checked.map_err(|error| InvalidTransaction::Custom(code(&error)))
    }

    /// Whether a coldkey may act. Asked before any of its transactions is taken into a block. spec staking §10.3
    ///
    /// # Errors
    /// The code of the reason. spec events-and-errors §8.3
    pub fn check_coldkey(who: &T::AccountId) -> Result<(), InvalidTransaction> {
        Self::ensure_not_swapping(who).map_err(|error| InvalidTransaction::Custom(code(&error)))
    }
}
