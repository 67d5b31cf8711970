//! Who is who: the public key of a neuron and the address it is written as. spec neuron-protocol §5

use blake2::{Blake2b512, Digest};
use core::fmt;

/// The format that addresses of this network are written in.
pub const SS58_PREFIX: u16 = 42;

/// The longest address that is looked at, in characters. The longest valid one has 50.
const MAX_ADDRESS: usize = 64;

/// The public key of a neuron: its only identity.
///
/// Addresses are a way to write it, and the same key can be written in many formats. So identities are compared as
/// keys and never as text. spec neuron-protocol §12
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hotkey([u8; 32]);

/// Why a text is not the address of a hotkey. The texts are those of the existing neurons. spec neuron-protocol §8
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum V1AddressError {
    /// There is no address.
    #[error("No SS58 formatted address or public key provided.")]
    Missing,
    /// A character that is not of the alphabet.
    #[error("Invalid SS58 address: Base 58 requirement is violated")]
    Alphabet,
    /// Not the length of an address of a key.
    #[error("Invalid SS58 address: Length is bad")]
    Length,
    /// The format is none.
    #[error("Invalid SS58 address: Unknown SS58 address format")]
    Format,
    /// The address was changed or misread.
    #[error("Invalid SS58 address: Checksum is invalid")]
    Checksum,
}

fn checksum(prefixed: &[u8]) -> [u8; 2] {
    let hash = Blake2b512::new().chain_update(b"SS58PRE").chain_update(prefixed).finalize();
    let mut sum = [0; 2];
    sum.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    sum
}

impl Hotkey {
    /// The identity of this public key.
    pub const fn new(public: [u8; 32]) -> Self {
        Self(public)
    }

    /// The bytes of the public key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads an address of any format.
    ///
    /// # Errors
    /// [`V1AddressError`], with what is wrong.
    pub fn from_ss58(address: &str) -> Result<Self, V1AddressError> {
        if address.is_empty() {
            return Err(V1AddressError::Missing);
        }
        if address.len() > MAX_ADDRESS {
            return Err(V1AddressError::Length);
        }
        let bytes = bs58::decode(address).into_vec().map_err(|_| V1AddressError::Alphabet)?;
        let (prefixed, sum) = bytes.split_last_chunk::<2>().ok_or(V1AddressError::Length)?;
        let prefix = match (prefixed.len(), prefixed.first()) {
            (33, Some(0..=63)) => 1,
            (34, Some(64..=127)) => 2,
            (33 | 34, Some(128..)) => return Err(V1AddressError::Format),
            _ => return Err(V1AddressError::Length),
        };
        let key =
            prefixed.get(prefix..).and_then(|key| <[u8; 32]>::try_from(key).ok()).ok_or(V1AddressError::Length)?;
        if checksum(prefixed) == *sum { Ok(Self(key)) } else { Err(V1AddressError::Checksum) }
    }

    /// The address in the format of this network, which is how it stands in every signed text.
    pub fn to_ss58(self) -> String {
        const PREFIX: u8 = {
            assert!(SS58_PREFIX < 64, "the format fits in one byte");
            SS58_PREFIX.to_le_bytes()[0]
        };
        let mut bytes = vec![PREFIX];
        bytes.extend(self.0);
        bytes.extend(checksum(&bytes));
        bs58::encode(bytes).into_string()
    }
}

impl From<[u8; 32]> for Hotkey {
    fn from(public: [u8; 32]) -> Self {
        Self(public)
    }
}

impl fmt::Display for Hotkey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.to_ss58())
    }
}

impl fmt::Debug for Hotkey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.to_ss58())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn addresses_have_their_keys() {
        let key = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        let alice = Hotkey::from_ss58(ALICE).unwrap();
        assert_eq!(hex::encode(alice.as_bytes()), key);
        assert_eq!(alice.to_ss58(), ALICE);
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, error) in [
            ("", V1AddressError::Missing),
            ("0", V1AddressError::Alphabet),
            ("5Grwva", V1AddressError::Length),
            (&ALICE.replace("5G", "5H"), V1AddressError::Checksum),
            (&ALICE.repeat(2), V1AddressError::Length),
        ] {
            assert_eq!(Hotkey::from_ss58(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn addresses_read_back(key: [u8; 32]) {
            prop_assert_eq!(Hotkey::from_ss58(&Hotkey(key).to_ss58()), Ok(Hotkey(key)));
        }

        #[test]
        fn garbage_is_refused(text in "\\PC{0,80}") {
            if let Ok(key) = Hotkey::from_ss58(&text) {
                prop_assert!(key.to_ss58().len() >= 46);
            }
        }
    }
}
