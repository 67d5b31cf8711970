//! Checks of free calls by the transaction pool, before they take room in a block. spec events-and-errors §8

use crate::{Call, Commitments, Config, EndpointsOf, Error, Pallet, SeatsOf, checks::WorkClaim, traits::ReadSeats};
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{BlockNumber, IpEndpoint, NetUid};
use myelin_records::{endpoint::ServedEndpoints, pool_code::PoolCode};
use sp_runtime::transaction_validity::InvalidTransaction;

impl<T: Config> Pallet<T> {
    /// Makes each check at which a free call could fail.
    ///
    /// The transaction pool calls it, and the block before a call is applied, so that a call that would fail is neither
    /// passed on nor included. Calls with a fee pass.
    ///
    /// # Errors
    /// The pool code of the reason (spec events-and-errors §8.3), or `ExhaustsResources` if a limit of registrations is
    /// reached, which keeps the transaction for a later block.
    pub fn check_free_call(who: &T::AccountId, call: &Call<T>) -> Result<(), InvalidTransaction> {
        let checked = match call {
            Call::register { netuid, block_number, nonce, work, hotkey, coldkey, consent } => {
                let work = WorkClaim { block: *block_number, nonce: *nonce, seal: work };
                let admitted = Self::ensure_worked(who, *netuid, work, hotkey);
                if admitted.is_ok()
                    && let Some(code) = T::Keys::pair_code(coldkey, hotkey, consent.as_ref())
                {
                    return Err(InvalidTransaction::Custom(code.number()));
                }
                admitted.and_then(|(parameters, ..)| {
                    Self::vacancy(*netuid, &parameters, &SeatsOf::<T>::get(netuid)).map(drop)
                })
            }
            Call::serve_axon { netuid, ip, port, ip_type, .. } => {
                let address = IpEndpoint { ip: *ip, port: *port, ip_type: *ip_type };
                Self::ensure_may_serve_axon(who, *netuid, address).map(drop)
            }
            Call::serve_axon_tls { netuid, ip, port, ip_type, certificate, .. } => {
                let address = IpEndpoint { ip: *ip, port: *port, ip_type: *ip_type };
                Self::ensure_may_serve_axon(who, *netuid, address)
                    .and_then(|_| Self::certificate(certificate.clone()).map(drop))
            }
            Call::serve_prometheus { netuid, ip, port, ip_type, .. } => {
                let address = IpEndpoint { ip: *ip, port: *port, ip_type: *ip_type };
                Self::ensure_may_serve_prometheus(who, *netuid, address).map(drop)
            }
            Call::set_commitment { netuid, .. } => Self::ensure_may_commit(who, *netuid).map(drop),
            _ => Ok(()),
        };
        checked.map_err(|error| refusal(&error))
    }

    /// Returns the blocks since the last call of this kind of the key. The priority grows with them.
    ///
    /// Without an earlier call these are all blocks of the chain. spec events-and-errors §8.4
    pub fn blocks_since_last(who: &T::AccountId, call: &Call<T>) -> BlockNumber {
        let endpoints = |netuid: NetUid| -> Option<ServedEndpoints> {
            Some(EndpointsOf::<T>::get(netuid, Self::uid(netuid, who)?))
        };
        let last = match call {
            Call::serve_axon { netuid, .. } | Call::serve_axon_tls { netuid, .. } => {
                endpoints(*netuid).and_then(|served| served.axon).map(|axon| axon.block)
            }
            Call::serve_prometheus { netuid, .. } => {
                endpoints(*netuid).and_then(|served| served.prometheus).map(|metrics| metrics.block)
            }
            Call::set_commitment { netuid, .. } => Self::uid(*netuid, who)
                .and_then(|uid| Commitments::<T>::get(netuid, uid))
                .map(|commitment| commitment.block),
            _ => None,
        };
        Self::now().saturating_sub(last.unwrap_or(0))
    }
}

/// Returns the refusal of a call that fails with this error. spec events-and-errors §8.3
fn refusal<T>(error: &Error<T>) -> InvalidTransaction {
    match error {
        // Both limits pass with time, so an author of a block keeps the transaction for a later one.
        Error::TooManyRegistrationsThisBlock | Error::TooManyRegistrationsThisInterval => {
            InvalidTransaction::ExhaustsResources
        }
        error => InvalidTransaction::Custom(PoolCode::from(error).number()),
    }
}

impl<T> From<&Error<T>> for PoolCode {
    fn from(error: &Error<T>) -> Self {
        match error {
            Error::SubNetworkDoesNotExist => Self::NoNetwork,
            Error::RegistrationNotOpenYet => Self::NotOpenYet,
            Error::HotKeyNotRegisteredInNetwork => Self::NoSeatToServe,
            Error::InvalidIpAddress => Self::InvalidAddress,
            Error::ServingRateLimitExceeded => Self::ServedTooSoon,
            Error::InvalidPort => Self::InvalidPort,
            _ => Self::Any,
        }
    }
}
