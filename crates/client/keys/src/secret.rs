//! Secrets: private keys together with their origin. spec wallets §6.

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

/// The 32 bytes from which a key is expanded.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    pub(crate) const fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Returns `0x` and 64 hex digits.
    pub fn export(&self) -> SecretString {
        hex(&self.0)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Reads 64 hex digits, with `0x` or without.
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

/// Shows no digit of the seed.
impl fmt::Debug for Seed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seed")
    }
}

/// A private key together with its origin, as a wallet file stores it.
///
/// For signing, take its [`Keypair`] and drop the rest.
#[derive(Clone)]
pub struct Secret {
    keypair: Keypair,
    origin: Origin,
}

#[derive(Clone)]
enum Origin {
    Mnemonic(Mnemonic, Seed),
    Seed(Seed),
    /// No shorter origin is known: the key came from 64 bytes, a URI or another wallet.
    Key,
}

impl Secret {
    /// Returns the key of a mnemonic without passphrase. A URI `words///passphrase` names one with a passphrase.
    pub fn from_mnemonic(mnemonic: Mnemonic) -> Self {
        let seed = mnemonic.seed("");
        Self { keypair: expand(&seed), origin: Origin::Mnemonic(mnemonic, seed) }
    }

    /// Returns the key of a seed.
    pub fn from_seed(seed: Seed) -> Self {
        Self { keypair: expand(&seed), origin: Origin::Seed(seed) }
    }

    /// Returns the key of 128 hex digits, with `0x` or without: scalar, little endian, then nonce.
    ///
    /// # Errors
    /// [`SecretError::PrivateKey`] for another text. Tools that hold the scalar multiplied by 8 write another form.
    pub fn from_private_key(text: &str) -> Result<Self, SecretError> {
        let bytes = unhex::<64>(text).ok_or(SecretError::PrivateKey)?;
        Keypair::from_private_key(&bytes).map(Self::from_keypair).ok_or(SecretError::PrivateKey)
    }

    /// Returns the key of a secret URI, `[words or 0x seed][/soft or //hard]…[///passphrase]`. spec wallets §6.
    ///
    /// `//Alice` and other development keys are made from public words, see [`UriError::Empty`]. A passphrase after a
    /// seed has no meaning. After a soft junction the nonce half of the key is random. The same URI then has several
    /// written forms of the same key.
    ///
    /// # Errors
    /// [`UriError`] with the fault of the text, without the text.
    pub fn from_uri(text: &str) -> Result<Self, UriError> {
        uri::keypair(text).map(Self::from_keypair)
    }

    /// Returns the key in a JSON file that a Polkadot wallet exported. spec wallets §7.
    ///
    /// It takes at most about a second and 256 MiB of memory, for any parameters in the file.
    ///
    /// # Errors
    /// [`ImportError::WrongPassphrase`] if the passphrase does not open the file, otherwise the variant of the fault.
    pub fn from_polkadot_js(json: &str, passphrase: &SecretString) -> Result<Self, ImportError> {
        polkadot_js::keypair(json, passphrase).map(Self::from_keypair)
    }

    const fn from_keypair(keypair: Keypair) -> Self {
        Self { keypair, origin: Origin::Key }
    }

    /// Returns the keypair, which signs.
    pub const fn keypair(&self) -> &Keypair {
        &self.keypair
    }

    /// Returns the keypair and drops its origin.
    pub fn into_keypair(self) -> Keypair {
        self.keypair
    }

    /// Returns the public half.
    pub fn public(&self) -> PublicKey {
        self.keypair.public()
    }

    /// Returns the words of the key, if it was made from words.
    pub fn export_mnemonic(&self) -> Option<SecretString> {
        match &self.origin {
            Origin::Mnemonic(mnemonic, _) => Some(mnemonic.export_words()),
            Origin::Seed(_) | Origin::Key => None,
        }
    }

    /// Returns the seed of the key, if it was made from one: `0x` and 64 hex digits.
    pub fn export_seed(&self) -> Option<SecretString> {
        self.seed().map(Seed::export)
    }

    /// Returns the key itself: `0x` and 128 hex digits, scalar, then nonce.
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

/// A text that is not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// A text that is no seed.
    #[error("not a seed: it is not 64 hex digits")]
    Seed,
    /// A text that is no private key.
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
