//! Accounts of the library underneath, and public keys.

use myelin_keys::PublicKey;
use subxt::utils::AccountId32;

/// Returns the account of a key, as keys of storage and arguments of calls have it.
pub fn account(key: &PublicKey) -> AccountId32 {
    AccountId32(key.to_bytes())
}

/// Returns the key of an account, as events have it.
pub const fn key(account: AccountId32) -> PublicKey {
    PublicKey::from_bytes(account.0)
}
