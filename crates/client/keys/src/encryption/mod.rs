//! Encryption of key files. spec wallets §3.
//!
//! There are three formats. New files are [`nacl`]; [`ansible`] and [`fernet`] are older and only read.
//! [`KeyFileEncryption::of`] returns the format of a file, [`decrypt`] opens all of them.
//!
//! Each module has the same three steps. It parses the file into an envelope, which finds visible damage. It derives a
//! key from the password, which is slow on purpose. It opens the envelope with the key. A wrong password and a changed
//! ciphertext look the same, as they must.

pub mod ansible;
pub mod fernet;
pub mod nacl;
mod scrypt;

pub(crate) use scrypt::{ScryptCost, scrypt};

use crate::text::{SecretBytes, secret_bytes};
use crypto_secretbox::{AeadInPlace, KeyInit, XSalsa20Poly1305};
use myelin_diagnostic::{Diagnostic, Hints};
use secrecy::{SecretBox, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// A key derived from a password.
pub type EncryptionKey = SecretBox<[u8; 32]>;

/// The format of a key file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFileEncryption {
    /// No encryption: JSON, or no key file.
    Plain,
    /// `NaCl` secretbox with Argon2i. spec wallets §3.1.
    Nacl,
    /// Ansible Vault 1.1. spec wallets §3.2.
    Ansible,
    /// Fernet with PBKDF2. spec wallets §3.3.
    Fernet,
}

impl KeyFileEncryption {
    /// Returns the format of this file.
    pub fn of(content: &[u8]) -> Self {
        if content.starts_with(nacl::MAGIC) {
            Self::Nacl
        } else if content.starts_with(ansible::MAGIC) {
            Self::Ansible
        } else if content.starts_with(fernet::MAGIC) {
            Self::Fernet
        } else {
            Self::Plain
        }
    }
}

impl fmt::Display for KeyFileEncryption {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Plain => "not encrypted",
            Self::Nacl => "NaCl",
            Self::Ansible => "Ansible Vault",
            Self::Fernet => "Fernet",
        })
    }
}

/// Returns the plaintext of an encrypted file of any format.
///
/// It takes seconds: half a gigabyte of memory for [`nacl`], ten million hashes for [`fernet`].
///
/// # Errors
/// [`DecryptError::NotEncrypted`] for a plain file, otherwise the errors of the format.
pub fn decrypt(content: &[u8], password: &SecretString) -> Result<SecretBytes, DecryptError> {
    match KeyFileEncryption::of(content) {
        KeyFileEncryption::Plain => Err(DecryptError::NotEncrypted),
        KeyFileEncryption::Nacl => {
            let envelope = nacl::NaclEnvelope::parse(content)?;
            envelope.open(&nacl::derive_key(password)?)
        }
        KeyFileEncryption::Ansible => ansible::AnsibleEnvelope::parse(content)?.open(password),
        KeyFileEncryption::Fernet => {
            let envelope = fernet::FernetEnvelope::parse(content)?;
            envelope.open(&fernet::derive_key(password))
        }
    }
}

/// Opens a `NaCl` secretbox. Returns `None` if the key is wrong or a byte was changed.
pub(crate) fn open_secretbox(
    key: &[u8; 32],
    nonce: &[u8; 24],
    tag: &[u8; 16],
    ciphertext: &[u8],
) -> Option<SecretBytes> {
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    XSalsa20Poly1305::new(key.into())
        .decrypt_in_place_detached(nonce.into(), b"", &mut buffer, tag.into())
        .ok()
        .map(|()| secret_bytes(buffer))
}

/// A failure to open or to make an encrypted file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// A file without encryption.
    #[error("the file is not encrypted")]
    NotEncrypted,
    /// A wrong password or a changed ciphertext, which cannot be told apart.
    #[error("the password does not open the file")]
    WrongPassword,
    /// Damage that is visible without the password, or after decryption with the right one.
    #[error("damaged: {0}")]
    Damaged(&'static str),
    /// Too little free memory: the derivation of the key needs 512 MiB.
    #[error("not enough memory: the derivation of the key needs 512 MiB")]
    Memory,
    /// A failure of the system to provide random numbers.
    #[error("the system gives no random numbers")]
    Randomness,
}

impl Diagnostic for DecryptError {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongPassword => "password",
            Self::NotEncrypted | Self::Damaged(_) | Self::Memory | Self::Randomness => "wallet-file",
        }
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::NotEncrypted => "read it without a password",
            Self::WrongPassword => {
                "type the password again; if it is right, the file was changed: restore it from a backup or its mnemonic"
            }
            Self::Damaged(_) => "restore the file from a backup, or the key from its mnemonic",
            Self::Memory => "close other programs, or open the wallet on a larger machine",
            Self::Randomness => "try again, and check the random number generator of the operating system",
        });
    }
}
