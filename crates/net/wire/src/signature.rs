//! Signatures and their verification. spec neuron-protocol §5, signed-requests §2.

use crate::PublicKey;
use core::fmt;

/// The context in which hotkeys sign. spec neuron-protocol §5.
const CONTEXT: &[u8] = b"substrate";

/// A signer for one hotkey: a key in memory, in a file or in a device.
pub trait Sign {
    /// Returns the public key that verifies the signatures.
    fn public(&self) -> [u8; 32];

    /// Returns an sr25519 signature over these bytes, in the context `substrate`.
    fn sign(&self, message: &[u8]) -> [u8; 64];

    /// Returns the hotkey of the signer.
    fn hotkey(&self) -> PublicKey {
        PublicKey::from_bytes(self.public())
    }
}

impl<S: Sign + ?Sized> Sign for &S {
    fn public(&self) -> [u8; 32] {
        (**self).public()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        (**self).sign(message)
    }
}

/// The type of a key and of its signatures. spec signed-requests §1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// The type of all hotkeys of this network.
    #[default]
    Sr25519,
    /// The other type that callers may use.
    Ed25519,
}

impl Scheme {
    /// Returns the name in headers and signed texts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sr25519 => "sr25519",
            Self::Ed25519 => "ed25519",
        }
    }

    /// Returns the scheme of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sr25519, Self::Ed25519].into_iter().find(|scheme| scheme.name() == name)
    }
}

/// A signature that was not verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UncheckedSignature([u8; 64]);

/// The reason for which a text is not a signature. spec neuron-protocol §8.
///
/// The texts are those of the existing neurons.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SignatureTextError {
    /// No `0x` at the start.
    #[error("Invalid signature format. Expected hex string.")]
    Prefix,
    /// No hexadecimal digits.
    #[error("Invalid hex string: {0:?}")]
    Hex(hex::FromHexError),
    /// Another length than 64 bytes.
    #[error("Invalid signature")]
    Length,
}

impl UncheckedSignature {
    /// Returns the signature with these bytes.
    pub const fn new(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes of the signature.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Reads `0x` and 128 hex digits of either case. spec neuron-protocol §5.
    ///
    /// # Errors
    /// [`SignatureTextError::Prefix`] without `0x`, [`SignatureTextError::Hex`] for other characters,
    /// [`SignatureTextError::Length`] for another length.
    pub fn from_prefixed_hex(text: &str) -> Result<Self, SignatureTextError> {
        Self::from_hex(text.strip_prefix("0x").ok_or(SignatureTextError::Prefix)?)
    }

    /// Reads 128 hex digits of either case, with `0x` or without. spec signed-requests §1.
    ///
    /// # Errors
    /// [`SignatureTextError::Hex`] for other characters, [`SignatureTextError::Length`] for another length.
    pub fn from_hex(text: &str) -> Result<Self, SignatureTextError> {
        let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).map_err(SignatureTextError::Hex)?;
        bytes.try_into().map(Self).map_err(|_| SignatureTextError::Length)
    }

    /// Returns true if `signer` made this signature over `message`.
    ///
    /// No key made a signature by the public key of zeros: any caller can make those for sr25519.
    pub fn is_good(&self, scheme: Scheme, signer: PublicKey, message: &[u8]) -> bool {
        if signer.as_bytes() == &[0; 32] {
            return false;
        }
        match scheme {
            Scheme::Sr25519 => {
                let key = schnorrkel::PublicKey::from_bytes(signer.as_bytes());
                let signature = schnorrkel::Signature::from_bytes(&self.0);
                key.and_then(|key| key.verify_simple(CONTEXT, message, &signature?)).is_ok()
            }
            Scheme::Ed25519 => {
                let signature = ed25519_dalek::Signature::from_bytes(&self.0);
                ed25519_dalek::VerifyingKey::from_bytes(signer.as_bytes())
                    .and_then(|key| key.verify_strict(message, &signature))
                    .is_ok()
            }
        }
    }

    /// Returns true if `signer` made this sr25519 signature over `message`, plain or wrapped.
    ///
    /// A wrapped message stands between `<Bytes>` and `</Bytes>`, as signing programs in browsers do. spec
    /// neuron-protocol §5.
    pub fn is_good_plain_or_wrapped(&self, signer: PublicKey, message: &[u8]) -> bool {
        self.is_good(Scheme::Sr25519, signer, message)
            || self.is_good(Scheme::Sr25519, signer, &[b"<Bytes>", message, b"</Bytes>"].concat())
    }
}

impl fmt::Display for UncheckedSignature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for UncheckedSignature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
