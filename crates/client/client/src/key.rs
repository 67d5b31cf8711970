//! Conversions between accounts of subxt and public keys.

use myelin_keys::PublicKey;
use subxt::utils::AccountId32;

/// Returns the account of a key, the form in storage keys and arguments of calls.
pub fn account(key: &PublicKey) -> AccountId32 {
    AccountId32(key.to_bytes())
}

/// Returns the key of an account, the form in events.
pub const fn key(account: AccountId32) -> PublicKey {
    PublicKey::from_bytes(account.0)
}
