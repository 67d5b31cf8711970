//! Signatures of sr25519. spec wallets §6.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::PublicKey;
use schnorrkel::{ExpansionMode, MiniSecretKey, SecretKey};
use std::{borrow::Cow, fmt, str::FromStr};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// The length of a signature, in bytes.
pub const SIGNATURE_LENGTH: usize = 64;
/// The context of all signatures on Substrate chains.
pub(crate) const CONTEXT: &[u8] = b"substrate";

/// A signature: 64 bytes, written as `0x` and lower-case hex.
///
/// Two signatures of one message differ, because each takes fresh randomness. Verify them, never compare them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; SIGNATURE_LENGTH]);

impl Signature {
    /// Returns the signature with these bytes, valid or not.
    pub const fn from_bytes(bytes: [u8; SIGNATURE_LENGTH]) -> Self {
        Self(bytes)
    }

    /// Returns its bytes.
    pub const fn to_bytes(self) -> [u8; SIGNATURE_LENGTH] {
        self.0
    }

    /// Returns true if the owner of this key signed exactly this message.
    pub fn verify(&self, key: &PublicKey, message: &[u8]) -> bool {
        let Ok(signature) = schnorrkel::Signature::from_bytes(&self.0) else { return false };
        let Ok(key) = schnorrkel::PublicKey::from_bytes(key.as_bytes()) else { return false };
        key.verify_simple(CONTEXT, message, &signature).is_ok()
    }

    /// Returns true if the owner of this key signed this message, as it is or between `<Bytes>` and `</Bytes>`.
    ///
    /// Browser wallets add the brackets, so that a page cannot have a transaction signed as a message.
    pub fn verify_or_wrapped(&self, key: &PublicKey, message: &[u8]) -> bool {
        self.verify(key, message) || self.verify(key, &[b"<Bytes>".as_slice(), message, b"</Bytes>"].concat())
    }

    /// Returns true if the owner of this key signed this text, plain or between `<Bytes>` and `</Bytes>`.
    ///
    /// The text is read as [`Keypair::sign_text`] reads it.
    pub fn verify_text(&self, key: &PublicKey, text: &str) -> bool {
        signing_bytes(text).is_ok_and(|message| self.verify_or_wrapped(key, &message))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Signature({self})")
    }
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        crate::text::unhex(text).map(|bytes| Self(*bytes)).ok_or(SignatureError::Signature)
    }
}

/// A text that cannot be signed, or that is not a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A text that is not 128 hex digits.
    #[error("not a signature: it is not 128 hex digits")]
    Signature,
    /// A text that begins with `0x` and does not go on with hex.
    #[error("a text that begins with `0x` must continue with hex, because its bytes are signed")]
    Text,
}

impl Diagnostic for SignatureError {
    fn code(&self) -> &'static str {
        "signature"
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::Signature => "copy the whole signature, `0x` and 128 hex digits",
            Self::Text => "write an even number of hex digits after `0x`, or begin the text with something else",
        });
    }
}

/// Returns the bytes that are signed for a text: those that `0x…` stands for, or the text itself.
pub(crate) fn signing_bytes(text: &str) -> Result<Cow<'_, [u8]>, SignatureError> {
    match text.strip_prefix("0x") {
        Some(digits) => hex::decode(digits).map(Cow::Owned).map_err(|_| SignatureError::Text),
        None => Ok(Cow::Borrowed(text.as_bytes())),
    }
}

/// A keypair that signs.
///
/// It holds only what signing needs, so a program that runs for months keeps no mnemonic in memory.
#[derive(Clone)]
pub struct Keypair(schnorrkel::Keypair);

impl Keypair {
    /// Returns the public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::from_bytes(self.0.public.to_bytes())
    }

    /// Signs exactly these bytes.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign_simple(CONTEXT, message).to_bytes())
    }

    /// Signs a text as other tools of the ecosystem do.
    ///
    /// A text that begins with `0x` is signed as the bytes of its hex. A text from an untrusted source can therefore be
    /// a transaction. If both ends are your own, sign bytes with [`Self::sign`].
    ///
    /// # Errors
    /// [`SignatureError::Text`] if `0x` is not followed by hex.
    pub fn sign_text(&self, text: &str) -> Result<Signature, SignatureError> {
        Ok(self.sign(&signing_bytes(text)?))
    }

    /// Returns the key of a seed: its Ed25519 expansion.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        let mini = MiniSecretKey::from_bytes(seed);
        #[expect(clippy::expect_used, reason = "the one way to fail is a length other than 32")]
        let mini = mini.expect("a seed has 32 bytes");
        Self(mini.expand_to_keypair(ExpansionMode::Ed25519))
    }

    /// Returns the key with this secret, or `None` for zero, whose signatures are forgeable by any party.
    pub(crate) fn from_secret(secret: SecretKey) -> Option<Self> {
        let pair = Self(secret.to_keypair());
        (pair.public().to_bytes() != [0; 32]).then_some(pair)
    }

    /// Returns the key of 64 bytes: scalar, then nonce.
    pub(crate) fn from_private_key(bytes: &[u8; 64]) -> Option<Self> {
        SecretKey::from_bytes(bytes).ok().and_then(Self::from_secret)
    }

    /// Returns the key of 64 bytes as Ed25519 tools hold it: scalar times eight, then nonce.
    pub(crate) fn from_ed25519_bytes(bytes: &[u8; 64]) -> Option<Self> {
        SecretKey::from_ed25519_bytes(bytes).ok().and_then(Self::from_secret)
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        &self.0.secret
    }

    /// Returns the scalar, then the nonce.
    pub(crate) fn private_key(&self) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.0.secret.to_bytes())
    }
}

/// Compares the scalars: nonces of one key may differ. spec wallets §6.
impl ConstantTimeEq for Keypair {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.secret.ct_eq(&other.0.secret)
    }
}

/// Shows the public half only.
impl fmt::Debug for Keypair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Keypair({})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(seed: u8) -> Keypair {
        Keypair::from_seed(&[seed; 32])
    }

    #[test]
    fn a_signature_is_good_for_its_key_and_message_only() {
        let (alice, bob) = (pair(1), pair(2));
        let signature = alice.sign(b"message");
        assert!(signature.verify(&alice.public(), b"message"));
        assert!(!signature.verify(&alice.public(), b"massage"));
        assert!(!signature.verify(&bob.public(), b"message"));
        assert!(!signature.verify(&PublicKey::from_bytes([0xff; 32]), b"message"));
        for bit in 0..SIGNATURE_LENGTH * 8 {
            let mut bytes = signature.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!Signature::from_bytes(bytes).verify(&alice.public(), b"message"), "bit {bit}");
        }
    }

    #[test]
    fn hex_texts_are_signed_as_bytes() {
        let pair = pair(1);
        let signature = pair.sign_text("0x4142").unwrap();
        assert!(signature.verify(&pair.public(), b"AB"));
        assert!(signature.verify_text(&pair.public(), "0x4142"));
        assert!(!signature.verify(&pair.public(), b"0x4142"));
        assert!(pair.sign_text("4142").unwrap().verify(&pair.public(), b"4142"));
        for text in ["0x414", "0xzz", "0x "] {
            assert_eq!(pair.sign_text(text), Err(SignatureError::Text));
            assert!(!signature.verify_text(&pair.public(), text));
        }
    }

    #[test]
    fn wrapped_messages_pass_where_they_may() {
        let pair = pair(1);
        let wrapped = pair.sign(b"<Bytes>hello</Bytes>");
        assert!(wrapped.verify_or_wrapped(&pair.public(), b"hello"));
        assert!(wrapped.verify_text(&pair.public(), "hello"));
        assert!(!wrapped.verify(&pair.public(), b"hello"));
        let plain = pair.sign(b"hello");
        assert!(plain.verify_or_wrapped(&pair.public(), b"hello"));
        assert!(!plain.verify_or_wrapped(&pair.public(), b"<Bytes>hello</Bytes>"));
    }

    #[test]
    fn signatures_are_read_as_they_are_written() {
        let signature = pair(1).sign(b"message");
        assert_eq!(signature.to_string().parse(), Ok(signature));
        assert_eq!(signature.to_string()[2..].to_uppercase().parse(), Ok(signature));
        for text in ["", "0x", "0x00", &format!("{signature}00")] {
            assert_eq!(text.parse::<Signature>(), Err(SignatureError::Signature));
        }
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        assert!(Keypair::from_private_key(&[0; 64]).is_none());
        assert!(Keypair::from_private_key(&[0xff; 64]).is_none());
        assert!(Keypair::from_ed25519_bytes(&[0; 64]).is_none());
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", pair(1));
        assert_eq!(shown, format!("Keypair({})", pair(1).public()));
    }
}
