//! SS58 addresses as a wallet accepts them (spec wallets §6).

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::{PublicKey, ss58, ss58::Ss58Error};
use ss58_registry::Ss58AddressFormat;
use std::{
    fmt, hash,
    str::{self, FromStr},
};

/// The longest address, in characters, for 36 bytes.
const MAX_TEXT: usize = 50;

/// An address in the spelling in which it was written.
///
/// One key has many spellings, one for each prefix. The spelling is kept and shown, and has no meaning: addresses are
/// equal if their keys are.
#[derive(Clone, Debug)]
pub struct Address {
    key: PublicKey,
    prefix: u16,
    text: String,
}

impl Address {
    /// Returns the public key of the address.
    pub const fn public(&self) -> PublicKey {
        self.key
    }

    /// Returns the prefix of the network that the spelling names.
    pub const fn prefix(&self) -> u16 {
        self.prefix
    }

    /// Returns the spelling.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Uses the spelling with prefix 42.
impl From<PublicKey> for Address {
    fn from(key: PublicKey) -> Self {
        Self { key, prefix: ss58::PREFIX, text: key.to_string() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Address {}
impl hash::Hash for Address {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_TEXT {
            return Err(AddressError::Length);
        }
        let decoded = ss58::decode(text).map_err(|error| match error {
            Ss58Error::Alphabet => AddressError::Base58,
            Ss58Error::Length => AddressError::Length,
            Ss58Error::Prefix => AddressError::Prefix,
            Ss58Error::Checksum => AddressError::Checksum,
        })?;
        // One spelling for each prefix.
        if !decoded.is_canonical {
            return Err(AddressError::Prefix);
        }
        let prefix = decoded.prefix;
        let format = Ss58AddressFormat::custom(prefix);
        if format.is_custom() || format.is_reserved() {
            return Err(AddressError::Unregistered(prefix));
        }
        Ok(Self { key: decoded.key, prefix, text: text.to_owned() })
    }
}

/// A text that is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A character that no address has.
    #[error("not an address: it has a character that is not base58")]
    Base58,
    /// A text that is too long or too short.
    #[error("not the address of an account: it is too long or too short")]
    Length,
    /// A malformed prefix.
    #[error("not an address: its prefix is malformed")]
    Prefix,
    /// A prefix without a network.
    #[error("no network is registered for the address prefix {0}")]
    Unregistered(u16),
    /// A wrong checksum, because of a wrong character.
    #[error("not an address: its checksum is wrong")]
    Checksum,
}

impl Diagnostic for AddressError {
    fn code(&self) -> &'static str {
        "address"
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::Base58 | Self::Length | Self::Prefix => "copy the whole address, 48 characters that begin with 5",
            Self::Unregistered(_) => "ask for the address in the general form, which begins with 5",
            Self::Checksum => "a character was mistyped or lost; copy the address again",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = PublicKey> {
        any::<[u8; 32]>().prop_map(PublicKey::from_bytes)
    }

    proptest! {
        #[test]
        fn an_address_names_its_key(key in key()) {
            let text = key.to_string();
            prop_assert_eq!(text.len(), 48);
            prop_assert!(text.starts_with('5'));
            prop_assert_eq!(text.parse::<Address>().map(|read| read.public()), Ok(key));
        }

        #[test]
        fn a_prefix_is_read_as_it_was_written(key in key(), prefix in 0_u16..1 << 14) {
            let format = Ss58AddressFormat::custom(prefix);
            let text = ss58::encode(&key, prefix);
            match text.parse::<Address>() {
                Ok(address) => {
                    prop_assert!(!format.is_custom() && !format.is_reserved());
                    prop_assert_eq!(address.public(), key);
                    prop_assert_eq!(address.prefix(), prefix);
                    prop_assert_eq!(address.as_str(), text);
                }
                Err(error) => {
                    prop_assert_eq!(error, AddressError::Unregistered(prefix));
                    prop_assert!(format.is_custom() || format.is_reserved());
                }
            }
        }

        #[test]
        fn one_changed_character_is_noticed(key in key(), at in 0_usize..48, with in "[1-9A-HJ-NP-Za-km-z]") {
            let text = key.to_string();
            let mut changed = text.clone();
            changed.replace_range(at..=at, &with);
            // Two bytes of checksum miss one change in 65 536. The key is then another one.
            if let Ok(read) = changed.parse::<Address>() {
                prop_assert!((read.public() == key) == (changed == text));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = text.parse::<Address>();
        }
    }

    #[test]
    fn the_same_key_in_two_spellings_is_equal() {
        let key = PublicKey::from_bytes([7; 32]);
        let (general, finney): (Address, Address) = (key.into(), ss58::encode(&key, 13_116).parse().unwrap());
        assert_eq!(general, finney);
        assert_ne!(general.as_str(), finney.as_str());
    }

    #[test]
    fn a_small_prefix_has_one_spelling() {
        // Prefix 42 in the two bytes that prefixes from 64 on have, with a valid checksum over these bytes.
        let error = "Zp1JfEjUEq2zQ9WDPD6W1RFo7FQgj1t5gUhTvhEKvWu1gm7YR".parse::<Address>().unwrap_err();
        assert_eq!(error, AddressError::Prefix);
    }

    #[test]
    fn reserved_and_unknown_prefixes_are_refused() {
        for prefix in [46, 47, 16_000] {
            let error = ss58::encode(&PublicKey::from_bytes([7; 32]), prefix).parse::<Address>().unwrap_err();
            assert_eq!(error, AddressError::Unregistered(prefix));
        }
    }
}
