//! The pool codes with which the transaction pool refuses a coldkey under swap. spec events-and-errors §8.3

use crate::pallet::Error;
use myelin_records::pool_code::PoolCode;

/// The pool codes of a coldkey under swap. Other errors of this pallet do not reach the transaction pool.
impl<T> From<&Error<T>> for PoolCode {
    fn from(error: &Error<T>) -> Self {
        match error {
            Error::ColdkeySwapAnnounced => Self::ColdkeySwapAnnounced,
            Error::ColdkeySwapDisputed => Self::ColdkeySwapDisputed,
            _ => Self::Any,
        }
    }
}
