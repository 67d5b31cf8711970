//! Addresses of hotkeys, as the messages of neurons spell them. spec neuron-protocol §5.

use myelin_primitives::{PublicKey, ss58, ss58::Ss58Error};

/// The reason for which a text is not the address of a hotkey. spec neuron-protocol §8.
///
/// The texts are those of the existing neurons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum V1AddressError {
    /// No address.
    #[error("No SS58 formatted address or public key provided.")]
    Missing,
    /// A character outside of the alphabet.
    #[error("Invalid SS58 address: Base 58 requirement is violated")]
    Alphabet,
    /// Another length than an address of a key has.
    #[error("Invalid SS58 address: Length is bad")]
    Length,
    /// An unknown format.
    #[error("Invalid SS58 address: Unknown SS58 address format")]
    Format,
    /// A wrong checksum: the address was changed or misread.
    #[error("Invalid SS58 address: Checksum is invalid")]
    Checksum,
}

/// Reads an address of any format: keys are compared, spellings are not. spec neuron-protocol §12.
///
/// # Errors
/// [`V1AddressError::Missing`] for an empty text, otherwise the variant of the fault.
pub fn from_ss58(address: &str) -> Result<PublicKey, V1AddressError> {
    if address.is_empty() {
        return Err(V1AddressError::Missing);
    }
    match ss58::decode(address) {
        Ok(decoded) => Ok(decoded.key),
        Err(Ss58Error::Alphabet) => Err(V1AddressError::Alphabet),
        Err(Ss58Error::Length) => Err(V1AddressError::Length),
        Err(Ss58Error::Prefix) => Err(V1AddressError::Format),
        Err(Ss58Error::Checksum) => Err(V1AddressError::Checksum),
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
        let alice = from_ss58(ALICE).unwrap();
        assert_eq!(hex::encode(alice.as_bytes()), key);
        assert_eq!(alice.to_string(), ALICE);
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
            assert_eq!(from_ss58(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn addresses_read_back(key: [u8; 32]) {
            prop_assert_eq!(from_ss58(&PublicKey::from_bytes(key).to_string()), Ok(PublicKey::from_bytes(key)));
        }

        #[test]
        fn garbage_is_refused(text in "\\PC{0,80}") {
            if let Ok(key) = from_ss58(&text) {
                prop_assert!(key.to_string().len() >= 46);
            }
        }
    }
}
