//! Public keys and their SS58 addresses. spec wallets §6

use crate::keypair::{CONTEXT, Signature, signing_bytes};
use blake2::{Blake2b512, Digest};
use myelin_diagnostic::{Diagnostic, Hints};
use ss58_registry::Ss58AddressFormat;
use std::{
    fmt, hash,
    str::{self, FromStr},
};

/// The prefix of the addresses this crate writes: the one of Substrate in general.
const PREFIX: u16 = 42;
const KEY_LENGTH: usize = 32;
const CHECKSUM_LENGTH: usize = 2;
/// No address is longer: 36 bytes are at most 50 characters.
const MAX_TEXT: usize = 50;

/// A public key, which is also the id of an account: 32 bytes.
///
/// Shown as its address with prefix 42; parsed from an address with any registered prefix. Not every value is a key:
/// accounts of other kinds have 32 bytes too, and no signature is good for them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; KEY_LENGTH]);

impl PublicKey {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; KEY_LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn to_bytes(self) -> [u8; KEY_LENGTH] {
        self.0
    }

    /// Whether the owner of this key signed exactly this message.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        let Ok(signature) = schnorrkel::Signature::from_bytes(&signature.to_bytes()) else { return false };
        let Ok(key) = schnorrkel::PublicKey::from_bytes(&self.0) else { return false };
        key.verify_simple(CONTEXT, message, &signature).is_ok()
    }

    /// Whether the owner of this key signed this message, as it is or between `<Bytes>` and `</Bytes>`.
    ///
    /// Browser wallets add the brackets, so that a page cannot have a transaction signed as a message.
    pub fn verify_or_wrapped(&self, message: &[u8], signature: &Signature) -> bool {
        self.verify(message, signature)
            || self.verify(&[b"<Bytes>".as_slice(), message, b"</Bytes>"].concat(), signature)
    }

    /// Whether the owner of this key signed this text, read as [`Keypair::sign_text`](crate::Keypair::sign_text) reads
    /// it, as it is or between `<Bytes>` and `</Bytes>`.
    pub fn verify_text(&self, text: &str, signature: &Signature) -> bool {
        signing_bytes(text).is_ok_and(|message| self.verify_or_wrapped(&message, signature))
    }
}

impl AsRef<[u8]> for PublicKey {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The address with prefix 42.
impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&encode(PREFIX, self))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        text.parse::<Address>().map(|address| address.key)
    }
}

/// An address as somebody wrote it.
///
/// One key has many spellings, one for each prefix. The spelling is kept and shown, and means nothing: addresses are
/// equal when their keys are.
#[derive(Clone, Debug)]
pub struct Address {
    key: PublicKey,
    prefix: u16,
    text: String,
}

impl Address {
    /// Whose address it is.
    pub const fn public(&self) -> PublicKey {
        self.key
    }

    /// The network that the spelling names.
    pub const fn prefix(&self) -> u16 {
        self.prefix
    }

    /// The spelling.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Spelled with prefix 42.
impl From<PublicKey> for Address {
    fn from(key: PublicKey) -> Self {
        Self { key, prefix: PREFIX, text: key.to_string() }
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
        let bytes = bs58::decode(text).into_vec().map_err(|_| AddressError::Base58)?;
        let (prefix, rest) = match *bytes.as_slice() {
            [low @ 0..64, ref rest @ ..] => (u16::from(low), rest),
            [first @ 64..128, second, ref rest @ ..] => {
                // 01aaaaaa bbcccccc stands for 00cccccc aaaaaabb.
                (u16::from_be_bytes([second & 0b11_1111, (first << 2) | (second >> 6)]), rest)
            }
            [] | [_] => return Err(AddressError::Length),
            _ => return Err(AddressError::Prefix),
        };
        let (key, check) = rest.split_first_chunk::<KEY_LENGTH>().ok_or(AddressError::Length)?;
        let key = PublicKey(*key);
        if check.len() != CHECKSUM_LENGTH {
            return Err(AddressError::Length);
        }
        let head = prefix_bytes(prefix);
        if check != checksum(&head, &key) {
            return Err(AddressError::Checksum);
        }
        // One spelling for each prefix: small ones have one byte.
        if bytes.len() != head.len() + KEY_LENGTH + CHECKSUM_LENGTH {
            return Err(AddressError::Prefix);
        }
        let format = Ss58AddressFormat::custom(prefix);
        if format.is_custom() || format.is_reserved() {
            return Err(AddressError::Unregistered(prefix));
        }
        Ok(Self { key, prefix, text: text.to_owned() })
    }
}

fn prefix_bytes(prefix: u16) -> Vec<u8> {
    let [high, low] = prefix.to_be_bytes();
    match prefix {
        0..64 => vec![low],
        _ => vec![0b0100_0000 | (low >> 2), (low << 6) | (high & 0b11_1111)],
    }
}

fn checksum(head: &[u8], key: &PublicKey) -> [u8; CHECKSUM_LENGTH] {
    let hash: [u8; 64] =
        Blake2b512::new().chain_update(b"SS58PRE").chain_update(head).chain_update(key.0).finalize().into();
    let [first, second, ..] = hash;
    [first, second]
}

fn encode(prefix: u16, key: &PublicKey) -> String {
    let mut bytes = prefix_bytes(prefix);
    let check = checksum(&bytes, key);
    bytes.extend_from_slice(&key.0);
    bytes.extend_from_slice(&check);
    bs58::encode(bytes).into_string()
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It has a character that no address has.
    #[error("not an address: it has a character that no address has")]
    Base58,
    /// It is too long or too short.
    #[error("not the address of an account: it is too long or too short")]
    Length,
    /// Its prefix is not written as prefixes are.
    #[error("not an address: its prefix is malformed")]
    Prefix,
    /// Its prefix is no network's.
    #[error("no network is registered for the address prefix {0}")]
    Unregistered(u16),
    /// Some character is wrong.
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
        any::<[u8; 32]>().prop_map(PublicKey)
    }

    proptest! {
        #[test]
        fn an_address_names_its_key(key in key()) {
            let text = key.to_string();
            prop_assert_eq!(text.len(), 48);
            prop_assert!(text.starts_with('5'));
            prop_assert_eq!(text.parse::<PublicKey>(), Ok(key));
        }

        #[test]
        fn a_prefix_is_read_as_it_was_written(key in key(), prefix in 0_u16..1 << 14) {
            let format = Ss58AddressFormat::custom(prefix);
            let text = encode(prefix, &key);
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
            // Two bytes of checksum miss one change in 65 536; the key is then another one.
            if let Ok(read) = changed.parse::<PublicKey>() {
                prop_assert!((read == key) == (changed == text));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = text.parse::<Address>();
        }
    }

    #[test]
    fn the_same_key_in_two_spellings_is_equal() {
        let key = PublicKey([7; 32]);
        let (general, finney): (Address, Address) = (key.into(), encode(13_116, &key).parse().unwrap());
        assert_eq!(general, finney);
        assert_ne!(general.as_str(), finney.as_str());
    }

    #[test]
    fn a_small_prefix_has_one_spelling() {
        let key = PublicKey([7; 32]);
        // 42 in the two bytes that prefixes from 64 on have.
        let head = [0b0100_0000 | (42 >> 2), 42 << 6];
        let check = checksum(&head, &key);
        let bytes = [head.as_slice(), &key.0, &check].concat();
        let error = bs58::encode(bytes).into_string().parse::<Address>().unwrap_err();
        assert!(matches!(error, AddressError::Checksum | AddressError::Prefix), "{error:?}");
    }

    #[test]
    fn reserved_and_unknown_prefixes_are_refused() {
        for prefix in [46, 47, 16_000] {
            let error = encode(prefix, &PublicKey([7; 32])).parse::<Address>().unwrap_err();
            assert_eq!(error, AddressError::Unregistered(prefix));
        }
    }
}
