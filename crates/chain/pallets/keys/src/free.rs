//! Checks of calls about a coldkey swap by the transaction pool, and pool codes. spec events-and-errors §8

use crate::pallet::{Call, ColdkeySwaps, Config, Error, Pallet};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use myelin_records::pool_code::PoolCode;
use sp_runtime::transaction_validity::InvalidTransaction;

impl<T: Config> Pallet<T> {
    /// Returns true if a call about the swap of its signer is free.
    ///
    /// All TAO of a coldkey under swap is in escrow, so it cannot pay fees.
    pub(crate) fn is_under_swap(origin: &OriginFor<T>) -> bool {
        ensure_signed(origin.clone()).is_ok_and(ColdkeySwaps::<T>::contains_key)
    }

    /// Makes each check at which a free call could fail.
    ///
    /// # Errors
    /// The pool code of the reason. spec events-and-errors §8.3
    pub fn check_free_call(who: &T::AccountId, call: &Call<T>) -> Result<(), InvalidTransaction> {
        let checked = match call {
            Call::announce_coldkey_swap { new_coldkey_hash } => {
                Self::ensure_announceable(who, *new_coldkey_hash).map(drop)
            }
            Call::swap_coldkey_announced { new_coldkey } => Self::ensure_due(who, new_coldkey),
            Call::dispute_coldkey_swap {} => Self::ensure_disputable(who).map(drop),
            Call::clear_coldkey_swap_announcement {} => Self::ensure_clearable(who),
            _ => Ok(()),
        };
        checked.map_err(|error| InvalidTransaction::Custom(PoolCode::from(&error).number()))
    }
}

impl<T> From<&Error<T>> for PoolCode {
    fn from(error: &Error<T>) -> Self {
        match error {
            Error::ColdkeySwapAnnounced => Self::ColdkeySwapAnnounced,
            Error::ColdkeySwapDisputed => Self::ColdkeySwapDisputed,
            Error::NonAssociatedColdKey => Self::ForeignHotkey,
            Error::KeyConsentMissing => Self::KeyConsentMissing,
            Error::ColdkeyReserved => Self::ColdkeyReserved,
            _ => Self::Any,
        }
    }
}
