//! The numbers with which the transaction pool refuses a coldkey under swap. spec events-and-errors §8.3

use crate::pallet::Error;

/// Returns the number of an error. No other call of this pallet is asked about before it is included.
pub(crate) fn code<T>(error: &Error<T>) -> u8 {
    match error {
        Error::ColdkeySwapAnnounced => 0,
        Error::ColdkeySwapDisputed => 21,
        _ => 255,
    }
}
