//! Calls without a fee, which are refused before they take room in a block. spec events-and-errors §8

use crate::{Call, Config, Error, Pallet, SeatsOf, checks::WorkClaim, types::Address};
use myelin_pallet_keys::traits::Keys;
use sp_runtime::transaction_validity::InvalidTransaction;

/// The reasons that clients know by number. spec events-and-errors §8.3
mod code {
    pub(super) const SUBNET_NOT_EXISTS: u8 = 3;
    pub(super) const HOTKEY_NOT_REGISTERED_IN_NETWORK: u8 = 10;
    pub(super) const INVALID_IP_ADDRESS: u8 = 11;
    pub(super) const SERVING_RATE_LIMIT_EXCEEDED: u8 = 12;
    pub(super) const INVALID_PORT: u8 = 13;
    pub(super) const NON_ASSOCIATED_COLDKEY: u8 = 25;
    pub(super) const BAD_REQUEST: u8 = 255;
}

impl<T: Config> Pallet<T> {
    /// Makes every check that a call without a fee could fail at.
    ///
    /// For the transaction pool and for the moment before a call is applied, so that a call which would fail is neither
    /// passed on nor included. Calls that pay a fee pass.
    ///
    /// # Errors
    /// The reason as a number of spec events-and-errors §8.3, or that the limit of registrations is reached, which
    /// keeps the transaction for a later block.
    pub fn check_free_call(who: &T::AccountId, call: &Call<T>) -> Result<(), InvalidTransaction> {
        let checked = match call {
            Call::register { netuid, block_number, nonce, work, hotkey, coldkey } => {
                let work = WorkClaim { block: *block_number, nonce: *nonce, seal: work };
                let admitted = Self::ensure_worked(who, *netuid, work, hotkey);
                if admitted.is_ok() && T::Keys::ensure_pairable(coldkey, hotkey).is_err() {
                    return Err(InvalidTransaction::Custom(code::NON_ASSOCIATED_COLDKEY));
                }
                admitted.and_then(|(parameters, ..)| {
                    Self::vacancy(*netuid, &parameters, &SeatsOf::<T>::get(netuid)).map(drop)
                })
            }
            Call::serve_axon { netuid, ip, port, ip_type, .. } => {
                let address = Address { ip: *ip, port: *port, ip_type: *ip_type };
                Self::ensure_may_serve_axon(who, *netuid, address).map(drop)
            }
            Call::serve_axon_tls { netuid, ip, port, ip_type, certificate, .. } => {
                let address = Address { ip: *ip, port: *port, ip_type: *ip_type };
                Self::ensure_may_serve_axon(who, *netuid, address)
                    .and_then(|_| Self::certificate(certificate.clone()).map(drop))
            }
            Call::serve_prometheus { netuid, ip, port, ip_type, .. } => {
                let address = Address { ip: *ip, port: *port, ip_type: *ip_type };
                Self::ensure_may_serve_prometheus(who, *netuid, address).map(drop)
            }
            Call::set_commitment { netuid, .. } => Self::ensure_may_commit(who, *netuid).map(drop),
            _ => Ok(()),
        };
        checked.map_err(|error| refusal(&error))
    }
}

/// How the pool is told of an error. spec events-and-errors §8.3
fn refusal<T>(error: &Error<T>) -> InvalidTransaction {
    InvalidTransaction::Custom(match error {
        // Both limits pass with time, so whoever makes a block keeps the transaction for a later one.
        Error::TooManyRegistrationsThisBlock | Error::TooManyRegistrationsThisInterval => {
            return InvalidTransaction::ExhaustsResources;
        }
        Error::SubNetworkDoesNotExist => code::SUBNET_NOT_EXISTS,
        Error::HotKeyNotRegisteredInNetwork => code::HOTKEY_NOT_REGISTERED_IN_NETWORK,
        Error::InvalidIpAddress => code::INVALID_IP_ADDRESS,
        Error::ServingRateLimitExceeded => code::SERVING_RATE_LIMIT_EXCEEDED,
        Error::InvalidPort => code::INVALID_PORT,
        _ => code::BAD_REQUEST,
    })
}
