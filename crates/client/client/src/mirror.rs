//! The types of the primitives, as the generated interface has them.
//!
//! Whoever works with [`runtime`](crate::runtime) directly needs these, for values in events and arguments of calls.
//! They convert from and into the primitives' own types; keys do with [`account`] and [`key`].

pub use crate::runtime::runtime_types::myelin_primitives::{
    amount::Amount,
    fraction::Take,
    id::{NetUid, Uid},
    row::Entry,
};

use myelin_keys::PublicKey;
use myelin_primitives::{self as primitives, Tao};
use subxt::utils::AccountId32;

/// The account of a key.
pub fn account(key: &PublicKey) -> AccountId32 {
    AccountId32(key.to_bytes())
}

/// The key of an account.
pub fn key(account: AccountId32) -> PublicKey {
    PublicKey::from_bytes(account.0)
}

impl From<Amount> for primitives::Amount<Tao> {
    fn from(amount: Amount) -> Self {
        Self::from_rao(amount.parts)
    }
}

impl From<primitives::Amount<Tao>> for Amount {
    fn from(amount: primitives::Amount<Tao>) -> Self {
        Self { parts: amount.rao() }
    }
}

impl From<Entry> for primitives::Entry {
    fn from(entry: Entry) -> Self {
        Self::new(entry.uid.into(), entry.value)
    }
}

macro_rules! numbers {
    ($($name:ident)*) => {$(
        impl From<$name> for primitives::$name {
            fn from(number: $name) -> Self {
                Self::new(number.0)
            }
        }

        impl From<primitives::$name> for $name {
            fn from(number: primitives::$name) -> Self {
                Self(number.get())
            }
        }
    )*};
}

numbers!(NetUid Take Uid);
