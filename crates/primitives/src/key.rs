//! Public keys.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// A public key: 32 bytes that name an account, a coldkey or a hotkey.
///
/// A key is shown as its SS58 address with prefix 42, or as hexadecimal digits without `std`. A key has many addresses,
/// so keys are compared and addresses are not. Not every value is a key of sr25519: accounts of other kinds have 32
/// bytes too, and no signature is valid for them.
///
/// Addresses are not read here, because the policies differ: a wallet refuses some prefixes that a neuron accepts. Both
/// build on [`ss58::decode`](crate::ss58::decode).
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Returns the key with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Returns the bytes by reference.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for PublicKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<PublicKey> for [u8; 32] {
    fn from(key: PublicKey) -> Self {
        key.0
    }
}

impl AsRef<[u8]> for PublicKey {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Written as 64 digits, after `0x` in the alternate form.
impl fmt::LowerHex for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if out.alternate() {
            out.write_str("0x")?;
        }
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// Written as the address with prefix 42.
#[cfg(feature = "std")]
impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&crate::ss58::encode(self, crate::ss58::PREFIX))
    }
}

/// Written as `0x` and 64 digits.
#[cfg(not(feature = "std"))]
impl fmt::Display for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:#x}")
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PublicKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const ALICE: PublicKey = PublicKey::from_bytes([
        0xd4, 0x35, 0x93, 0xc7, 0x15, 0xfd, 0xd3, 0x1c, 0x61, 0x14, 0x1a, 0xbd, 0x04, 0xa9, 0x9f, 0xd6, 0x82, 0x2c,
        0x85, 0x58, 0x85, 0x4c, 0xcd, 0xe3, 0x9a, 0x56, 0x84, 0xe7, 0xa5, 0x6d, 0xa2, 0x7d,
    ]);
    const DIGITS: &str = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

    #[test]
    fn a_key_is_shown_as_its_address_or_in_digits() {
        let shown = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        assert_eq!(ALICE.to_string(), shown);
        assert_eq!(format!("{ALICE:?}"), format!("PublicKey({shown})"));
        assert_eq!(format!("{ALICE:x}"), DIGITS);
        assert_eq!(format!("{ALICE:#x}"), format!("0x{DIGITS}"));
    }

    #[test]
    fn digits_keep_their_zeros() {
        let mut bytes = [0; 32];
        bytes[1] = 0x0f;
        let digits = format!("{:x}", PublicKey::from_bytes(bytes));
        assert!(digits.len() == 64 && digits.starts_with("000f00"), "{digits}");
    }

    #[test]
    fn keys_are_ordered_by_their_bytes() {
        let [low, high] = [(0, 255), (1, 0)].map(|(first, last)| {
            let mut bytes = [0; 32];
            (bytes[0], bytes[31]) = (first, last);
            PublicKey::from_bytes(bytes)
        });
        assert!(low < high);
        let keys: BTreeSet<_> = [high, low, high].into();
        assert_eq!(keys.into_iter().collect::<Vec<_>>(), [low, high]);
    }

    #[test]
    fn the_type_has_a_name_and_one_field() {
        let info = PublicKey::type_info();
        assert_eq!(info.path.segments, ["myelin_primitives", "key", "PublicKey"]);
        assert_eq!(PublicKey::max_encoded_len(), 32);
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes: [u8; 32]) {
            let key = PublicKey::from_bytes(bytes);
            prop_assert_eq!(key, PublicKey::from(bytes));
            prop_assert_eq!(key.to_bytes(), bytes);
            prop_assert_eq!(key.as_bytes(), &bytes);
            prop_assert_eq!(key.as_ref(), bytes.as_slice());
            prop_assert_eq!(<[u8; 32]>::from(key), bytes);
        }

        #[test]
        fn a_key_is_encoded_as_its_bytes(bytes: [u8; 32]) {
            let key = PublicKey::from_bytes(bytes);
            prop_assert_eq!(key.encode(), bytes.as_slice());
            prop_assert_eq!(PublicKey::decode(&mut bytes.as_slice()), Ok(key));
            prop_assert!(PublicKey::decode(&mut &bytes[1..]).is_err());
        }

        #[test]
        fn a_key_is_serialised_as_its_bytes(bytes: [u8; 32]) {
            let key = PublicKey::from_bytes(bytes);
            let text = serde_json::to_string(&key).unwrap();
            prop_assert_eq!(&text, &serde_json::to_string(&bytes).unwrap());
            prop_assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), key);
        }
    }
}
