//! The numbers with which the transaction pool refuses a coldkey under swap. spec events-and-errors §8.3

use crate::pallet::Error;
use myelin_records::pool_code::PoolCode;

/// No other call of this pallet is asked about before it is included.
impl<T> From<&Error<T>> for PoolCode {
    fn from(error: &Error<T>) -> Self {
        match error {
            Error::ColdkeySwapAnnounced => Self::ColdkeySwapAnnounced,
            Error::ColdkeySwapDisputed => Self::ColdkeySwapDisputed,
            _ => Self::Any,
        }
    }
}
