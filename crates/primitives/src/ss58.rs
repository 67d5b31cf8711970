//! SS58 addresses: a public key as a text with the prefix of a network and a checksum. spec wallets §6.
//!
//! This is the codec without a policy. A caller decides on the prefixes and spellings that it accepts.

use crate::PublicKey;
use blake2::{Blake2b512, Digest};
use core::fmt;

/// The prefix of the addresses that Myelin writes: the generic one of Substrate.
pub const PREFIX: u16 = 42;

/// The longest text that is read, in bytes. An address has at most 50 bytes.
pub const MAX_TEXT: usize = 64;

/// The number of prefixes with one byte. All prefixes from this number on have two bytes.
const SHORT_PREFIXES: u16 = 64;

const KEY_LENGTH: usize = 32;
const CHECKSUM_LENGTH: usize = 2;

/// The parts of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ss58 {
    /// The key.
    pub key: PublicKey,
    /// The number of the network, below 2^14.
    pub prefix: u16,
    /// True if [`encode`] writes this text. A prefix below 64 has a second spelling, in two bytes.
    pub is_canonical: bool,
}

/// A text that is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ss58Error {
    /// A character is not of the Base58 alphabet.
    Alphabet,
    /// The text has more than [`MAX_TEXT`] bytes, or does not have the length of a key.
    Length,
    /// The first byte begins no prefix.
    Prefix,
    /// A character was mistyped or lost.
    Checksum,
}

impl fmt::Display for Ss58Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Alphabet => "a character is not of the Base58 alphabet",
            Self::Length => "the address is too long or too short for a public key",
            Self::Prefix => "the prefix of the address is malformed",
            Self::Checksum => "the checksum of the address is wrong",
        })
    }
}

impl core::error::Error for Ss58Error {}

/// Writes the address of a key.
///
/// A prefix has 14 bits; higher bits are dropped.
///
/// ```
/// use myelin_primitives::{PublicKey, ss58};
///
/// let text = ss58::encode(&PublicKey::from_bytes([7; 32]), ss58::PREFIX);
/// assert_eq!(text, "5CDvHBym6RLoxTdX9MS1acpaDbNxaFagqM5LpBiFGjWT6o1n");
/// ```
pub fn encode(key: &PublicKey, prefix: u16) -> String {
    let [high, low] = prefix.to_be_bytes();
    let mut bytes = Vec::with_capacity(KEY_LENGTH.saturating_add(4));
    if prefix < SHORT_PREFIXES {
        bytes.push(low);
    } else {
        // 00cccccc aaaaaabb is written as 01aaaaaa bbcccccc.
        bytes.extend([0b0100_0000 | (low >> 2), (low << 6) | (high & 0b11_1111)]);
    }
    bytes.extend(key.to_bytes());
    bytes.extend(checksum(&bytes));
    bs58::encode(bytes).into_string()
}

/// Reads an address.
///
/// The checksum is over the bytes of the text, also in the second spelling of a small prefix.
///
/// # Errors
/// The first of these that holds: [`Ss58Error::Length`] for a text of more than [`MAX_TEXT`] bytes, which is not
/// decoded; [`Ss58Error::Alphabet`]; [`Ss58Error::Length`]; [`Ss58Error::Prefix`]; [`Ss58Error::Checksum`].
pub fn decode(text: &str) -> Result<Ss58, Ss58Error> {
    if text.len() > MAX_TEXT {
        return Err(Ss58Error::Length);
    }
    let bytes = bs58::decode(text).into_vec().map_err(|_| Ss58Error::Alphabet)?;
    let (body, check) = bytes.split_last_chunk::<CHECKSUM_LENGTH>().ok_or(Ss58Error::Length)?;
    let (head, key) = body.split_last_chunk::<KEY_LENGTH>().ok_or(Ss58Error::Length)?;
    let prefix = match *head {
        [low @ 0..64] => u16::from(low),
        // 01aaaaaa bbcccccc stands for 00cccccc aaaaaabb.
        [first @ 64..128, second] => u16::from_be_bytes([second & 0b11_1111, (first << 2) | (second >> 6)]),
        [128..=255] | [128..=255, _] => return Err(Ss58Error::Prefix),
        _ => return Err(Ss58Error::Length),
    };
    if checksum(body) != *check {
        return Err(Ss58Error::Checksum);
    }
    let is_canonical = head.len() == 1 || prefix >= SHORT_PREFIXES;
    Ok(Ss58 { key: PublicKey::from_bytes(*key), prefix, is_canonical })
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM_LENGTH] {
    let hash: [u8; 64] = Blake2b512::new().chain_update(b"SS58PRE").chain_update(body).finalize().into();
    let [first, second, ..] = hash;
    [first, second]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{fs, path::Path};

    const KEY: PublicKey = PublicKey::from_bytes([7; 32]);

    /// Returns the text of these bytes and their checksum.
    fn text(body: &[u8]) -> String {
        bs58::encode([body, &checksum(body)].concat()).into_string()
    }

    #[test]
    fn the_vectors_of_another_implementation_are_read_and_written() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/neuron/addresses.json");
        let file: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let cases = file["ss58"].as_array().unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let prefix = u16::try_from(case["prefix"].as_u64().unwrap()).unwrap();
            let address = decode(case["address"].as_str().unwrap()).unwrap();
            assert_eq!((address.prefix, address.is_canonical), (prefix, true), "{case}");
            assert_eq!(format!("{:x}", address.key), case["public_hex"].as_str().unwrap());
            assert_eq!(encode(&address.key, prefix), case["shown_as"].as_str().unwrap());
        }
    }

    #[test]
    fn a_small_prefix_has_a_second_spelling() {
        // The prefix 42 in two bytes, as prefixes from 64 on are written.
        let spelling = text(&[&[0b0100_0000 | (42 >> 2), 42 << 6], KEY.as_ref()].concat());
        assert_eq!(decode(&spelling), Ok(Ss58 { key: KEY, prefix: 42, is_canonical: false }));
        assert_ne!(spelling, encode(&KEY, 42));
    }

    #[test]
    fn prefixes_change_their_form_at_64() {
        for (prefix, head) in
            [(0, &[0_u8] as &[u8]), (63, &[63]), (64, &[0x50, 0]), (16_383, &[0x7f, 0xff]), (13_116, &[0x4f, 0x33])]
        {
            let written = encode(&KEY, prefix);
            assert_eq!(written, text(&[head, KEY.as_ref()].concat()), "{prefix}");
            assert_eq!(decode(&written), Ok(Ss58 { key: KEY, prefix, is_canonical: true }));
        }
    }

    #[test]
    fn bits_beyond_a_prefix_are_dropped() {
        assert_eq!(encode(&KEY, 13_116 + (1 << 14)), encode(&KEY, 13_116));
        assert_eq!(decode(&encode(&KEY, u16::MAX)).map(|address| address.prefix), Ok(16_383));
    }

    #[test]
    fn each_error_is_told_in_the_order_of_the_checks() {
        let key = KEY.as_ref();
        let of = |head: &[u8]| text(&[head, key].concat());
        let (long, short, broken) = ([42, 42], [0; 0], [&[42], key, &[0, 0]].concat());
        for (text, error) in [
            ("1".repeat(65), Ss58Error::Length),
            ("0".repeat(65), Ss58Error::Length),
            ("0".repeat(64), Ss58Error::Alphabet),
            ("5 ".to_string(), Ss58Error::Alphabet),
            ("5é".to_string(), Ss58Error::Alphabet),
            ("1".repeat(64), Ss58Error::Length),
            (String::new(), Ss58Error::Length),
            ("1".to_string(), Ss58Error::Length),
            ("5Grwva".to_string(), Ss58Error::Length),
            (text(&key[1..]), Ss58Error::Length),
            (of(&short), Ss58Error::Length),
            (of(&long), Ss58Error::Length),
            (of(&[64]), Ss58Error::Length),
            (of(&[127]), Ss58Error::Length),
            (of(&[64, 0, 0]), Ss58Error::Length),
            (of(&[128, 0, 0]), Ss58Error::Length),
            (of(&[128]), Ss58Error::Prefix),
            (of(&[255]), Ss58Error::Prefix),
            (of(&[128, 0]), Ss58Error::Prefix),
            (of(&[255, 63]), Ss58Error::Prefix),
            (bs58::encode([&[128], key, &[0, 0]].concat()).into_string(), Ss58Error::Prefix),
            (bs58::encode(&broken).into_string(), Ss58Error::Checksum),
        ] {
            assert_eq!(decode(&text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_text_of_a_megabyte_is_not_looked_at() {
        assert_eq!(decode(&"5".repeat(1 << 20)), Err(Ss58Error::Length));
    }

    #[test]
    fn errors_have_texts() {
        let errors = [Ss58Error::Alphabet, Ss58Error::Length, Ss58Error::Prefix, Ss58Error::Checksum];
        let texts = errors.map(|error| error.to_string());
        assert_eq!(texts[3], "the checksum of the address is wrong");
        assert!(texts.iter().enumerate().all(|(at, text)| !text.is_empty() && !texts[..at].contains(text)));
    }

    proptest! {
        #[test]
        fn an_address_is_read_as_it_was_written(key: [u8; 32], prefix in 0_u16..1 << 14) {
            let key = PublicKey::from_bytes(key);
            let text = encode(&key, prefix);
            prop_assert!(text.len() <= 50);
            prop_assert_eq!(decode(&text), Ok(Ss58 { key, prefix, is_canonical: true }));
            if prefix == PREFIX {
                prop_assert!(text.len() == 48 && text.starts_with('5'));
            }
        }

        #[test]
        fn addresses_of_prefix_42_have_48_characters(key: [u8; 32]) {
            let text = encode(&PublicKey::from_bytes(key), PREFIX);
            prop_assert!(text.len() == 48 && text.starts_with('5'), "{}", text);
        }

        /// Checks that a head of the right form is read, and that `encode` writes the canonical one.
        #[test]
        fn a_canonical_text_is_the_one_that_is_written(key: [u8; 32], first in 64_u8..128, second: u8) {
            let body = [&[first, second], key.as_slice()].concat();
            let address = decode(&text(&body)).unwrap();
            prop_assert_eq!(address.is_canonical, encode(&address.key, address.prefix) == text(&body));
            prop_assert_eq!(address.is_canonical, address.prefix >= 64);
            prop_assert_eq!(address.key.to_bytes(), key);
        }

        #[test]
        fn one_changed_character_is_noticed(key: [u8; 32], at in 0_usize..48, with in "[1-9A-HJ-NP-Za-km-z]") {
            let text = encode(&PublicKey::from_bytes(key), PREFIX);
            let mut changed = text.clone();
            changed.replace_range(at..=at, &with);
            // Two bytes of checksum miss one change in 65 536. The key or the prefix is then another one.
            if let Ok(address) = decode(&changed) {
                let is_same = address.key.to_bytes() == key && address.prefix == PREFIX && address.is_canonical;
                prop_assert_eq!(is_same, changed == text);
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            if let Ok(address) = decode(&text) {
                prop_assert!(text.len() <= 50);
                prop_assert_eq!(address.is_canonical, encode(&address.key, address.prefix) == text);
            }
        }
    }
}
