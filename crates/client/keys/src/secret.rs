//! A private key together with what it was made from. spec wallets §6

use crate::{
    keypair::Keypair,
    mnemonic::Mnemonic,
    polkadot_js::{self, ImportError},
    text::{hex, unhex},
    uri::{self, UriError},
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::PublicKey;
use secrecy::SecretString;
use std::{fmt, str::FromStr};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// The 32 bytes a key is expanded from.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    pub(crate) const fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// `0x` and 64 hex digits.
    pub fn export(&self) -> SecretString {
        hex(&self.0)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// From 64 hex digits, with `0x` or without.
impl FromStr for Seed {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        unhex(text).map(Self).ok_or(SecretError::Seed)
    }
}

impl ConstantTimeEq for Seed {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.as_slice().ct_eq(other.0.as_slice())
    }
}

/// Shows nothing.
impl fmt::Debug for Seed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seed")
    }
}

/// A private key together with what it was made from, as a wallet file keeps it.
///
/// For signing take its [`Keypair`] and let go of the rest.
#[derive(Clone)]
pub struct Secret {
    keypair: Keypair,
    origin: Origin,
}

#[derive(Clone)]
enum Origin {
    Mnemonic(Mnemonic, Seed),
    Seed(Seed),
    /// From 64 bytes, a URI or another wallet: nothing shorter is known.
    Key,
}

impl Secret {
    /// The key of a mnemonic without passphrase. With one it is written as a URI, `words///passphrase`.
    pub fn from_mnemonic(mnemonic: Mnemonic) -> Self {
        let seed = mnemonic.seed("");
        Self { keypair: expand(&seed), origin: Origin::Mnemonic(mnemonic, seed) }
    }

    /// The key of a seed.
    pub fn from_seed(seed: Seed) -> Self {
        Self { keypair: expand(&seed), origin: Origin::Seed(seed) }
    }

    /// The key written as 128 hex digits, with `0x` or without: scalar, little endian, then nonce.
    ///
    /// # Errors
    /// [`SecretError::PrivateKey`], if it is none. Tools that hold the scalar multiplied by 8 write something else.
    pub fn from_private_key(text: &str) -> Result<Self, SecretError> {
        let bytes = unhex::<64>(text).ok_or(SecretError::PrivateKey)?;
        Keypair::from_private_key(&bytes).map(Self::from_keypair).ok_or(SecretError::PrivateKey)
    }

    /// The key of a secret URI, `[words or 0x seed][/soft or //hard]…[///passphrase]`.
    ///
    /// `//Alice` and the like are made from words that everybody knows, see [`UriError::Empty`]. A passphrase after a
    /// seed means nothing. After a soft junction the nonce half of the key is random, so the same URI is written
    /// differently twice; it is the same key. spec wallets §6
    ///
    /// # Errors
    /// What is wrong with the text, without the text.
    pub fn from_uri(text: &str) -> Result<Self, UriError> {
        uri::keypair(text).map(Self::from_keypair)
    }

    /// The key in a JSON file that a Polkadot wallet has exported. spec wallets §7
    ///
    /// Takes a second or less and at most 256 MiB of memory, whatever the file asks for.
    ///
    /// # Errors
    /// What is wrong with the file, or that the passphrase does not open it.
    pub fn from_polkadot_js(json: &str, passphrase: &SecretString) -> Result<Self, ImportError> {
        polkadot_js::keypair(json, passphrase).map(Self::from_keypair)
    }

    const fn from_keypair(keypair: Keypair) -> Self {
        Self { keypair, origin: Origin::Key }
    }

    /// What signs.
    pub const fn keypair(&self) -> &Keypair {
        &self.keypair
    }

    /// What signs, without what it was made from.
    pub fn into_keypair(self) -> Keypair {
        self.keypair
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.keypair.public()
    }

    /// The words it was made from, if it was.
    pub fn export_mnemonic(&self) -> Option<SecretString> {
        match &self.origin {
            Origin::Mnemonic(mnemonic, _) => Some(mnemonic.export_words()),
            Origin::Seed(_) | Origin::Key => None,
        }
    }

    /// The seed it was made from, if it was: `0x` and 64 hex digits.
    pub fn export_seed(&self) -> Option<SecretString> {
        self.seed().map(Seed::export)
    }

    /// The key itself: `0x` and 128 hex digits, scalar, then nonce.
    pub fn export_private_key(&self) -> SecretString {
        hex(&self.keypair.private_key())
    }

    pub(crate) const fn seed(&self) -> Option<&Seed> {
        match &self.origin {
            Origin::Mnemonic(_, seed) | Origin::Seed(seed) => Some(seed),
            Origin::Key => None,
        }
    }
}

fn expand(seed: &Seed) -> Keypair {
    Keypair::from_seed(seed.bytes())
}

/// Shows the public half only.
impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Secret({})", self.public())
    }
}

/// Why a text is not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Not a seed.
    #[error("not a seed: it is not 64 hex digits")]
    Seed,
    /// Not a private key.
    #[error("not a private key of 128 hex digits, or the key is out of range")]
    PrivateKey,
}

impl Diagnostic for SecretError {
    fn code(&self) -> &'static str {
        "secret"
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::Seed => "write `0x` and 64 hex digits; 128 digits are a private key, words are a mnemonic",
            Self::PrivateKey => {
                "write `0x` and 128 hex digits; a key exported by a Polkadot wallet has to be imported as its JSON file"
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn each_export_restores_the_key() {
        let secret = Secret::from_mnemonic(Mnemonic::generate(crate::WordCount::TwentyFour).unwrap());
        let words = secret.export_mnemonic().unwrap();
        let seed = secret.export_seed().unwrap();
        let again = [
            Secret::from_mnemonic(Mnemonic::parse(words.expose_secret()).unwrap()),
            Secret::from_seed(seed.expose_secret().parse().unwrap()),
            Secret::from_private_key(secret.export_private_key().expose_secret()).unwrap(),
            Secret::from_uri(words.expose_secret()).unwrap(),
            Secret::from_uri(seed.expose_secret()).unwrap(),
        ];
        for again in again {
            assert_eq!(again.public(), secret.public());
            assert!(bool::from(again.keypair().ct_eq(secret.keypair())));
            assert_eq!(again.export_private_key().expose_secret(), secret.export_private_key().expose_secret());
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let secret = Secret::from_mnemonic(Mnemonic::generate(crate::WordCount::Twelve).unwrap());
        assert_eq!(format!("{secret:?}"), format!("Secret({})", secret.public()));
        assert_eq!(format!("{:?}", secret.seed().unwrap()), "Seed");
    }
}
