//! `NaCl` secretbox with a key by Argon2i, the format of new files. spec wallets §3.1.
//!
//! All files share the salt of the derivation, so an attacker can try one guess on every stolen file. The salt is kept,
//! because other tools read it so. Choose a strong password.

use super::{DecryptError, EncryptionKey, open_secretbox};
use crate::text::{SecretBytes, password_bytes, random};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use crypto_secretbox::{AeadInPlace, KeyInit, XSalsa20Poly1305};
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox, SecretString};
use zeroize::Zeroizing;

/// The first bytes of a file of this format.
pub const MAGIC: &[u8] = b"$NACL";

const SALT: [u8; 16] = [0x13, 0x71, 0x83, 0xdf, 0xf1, 0x5a, 0x09, 0xbc, 0x9c, 0x90, 0xb5, 0x51, 0x87, 0x39, 0xe9, 0xb1];
const MEMORY_KIB: u32 = 512 * 1024;
const PASSES: u32 = 8;
const LANES: u32 = 1;

/// An encrypted file.
#[derive(Clone, Copy, Debug)]
pub struct NaclEnvelope<'a> {
    nonce: &'a [u8; 24],
    tag: &'a [u8; 16],
    ciphertext: &'a [u8],
}

impl<'a> NaclEnvelope<'a> {
    /// Parses a file.
    ///
    /// # Errors
    /// [`DecryptError::Damaged`] if it does not begin with [`MAGIC`] or is too short.
    pub fn parse(content: &'a [u8]) -> Result<Self, DecryptError> {
        let rest = content.strip_prefix(MAGIC).ok_or(DecryptError::Damaged("the beginning is missing"))?;
        let too_short = DecryptError::Damaged("the file was cut short");
        let (nonce, rest) = rest.split_first_chunk().ok_or(too_short)?;
        let (tag, ciphertext) = rest.split_first_chunk().ok_or(too_short)?;
        Ok(Self { nonce, tag, ciphertext })
    }

    /// Returns the plaintext.
    ///
    /// # Errors
    /// [`DecryptError::WrongPassword`] for another key or a changed file.
    pub fn open(&self, key: &EncryptionKey) -> Result<SecretBytes, DecryptError> {
        open_secretbox(key.expose_secret(), self.nonce, self.tag, self.ciphertext).ok_or(DecryptError::WrongPassword)
    }
}

/// Derives the key of a password. This takes seconds and 512 MiB.
///
/// # Errors
/// [`DecryptError::Memory`] if the memory is not available.
pub fn derive_key(password: &SecretString) -> Result<EncryptionKey, DecryptError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(|_| DecryptError::Memory)?;
    let mut memory = Vec::<Block>::new();
    memory.try_reserve_exact(params.block_count()).map_err(|_| DecryptError::Memory)?;
    memory.resize(params.block_count(), Block::new());
    let mut memory = Zeroizing::new(memory);
    let argon = Argon2::new(Algorithm::Argon2i, Version::V0x13, params);
    let mut key = SecretBox::new(Box::new([0; 32]));
    let derived = argon.hash_password_into_with_memory(
        password_bytes(password),
        &SALT,
        key.expose_secret_mut(),
        memory.as_mut_slice(),
    );
    // Only a password of more than 4 GiB can still be refused.
    derived.map_err(|_| DecryptError::Memory)?;
    Ok(key)
}

/// Encrypts the content of a key file under a fresh nonce.
///
/// # Errors
/// [`DecryptError::Randomness`] if the system has no randomness, [`DecryptError::Memory`] for a text of 64 GiB or more.
pub fn seal(plaintext: &SecretBytes, key: &EncryptionKey) -> Result<Vec<u8>, DecryptError> {
    let nonce = random::<24>().map_err(|_| DecryptError::Randomness)?;
    let mut buffer = Zeroizing::new(plaintext.expose_secret().clone());
    let tag = XSalsa20Poly1305::new(key.expose_secret().into())
        .encrypt_in_place_detached((&*nonce).into(), b"", &mut buffer)
        // Texts of 64 GiB and more are too long.
        .map_err(|_| DecryptError::Memory)?;
    Ok([MAGIC, nonce.as_slice(), tag.as_slice(), &buffer].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::secret_bytes;
    use proptest::prelude::*;

    fn key(byte: u8) -> EncryptionKey {
        SecretBox::new(Box::new([byte; 32]))
    }

    fn plaintext(bytes: &[u8]) -> SecretBytes {
        secret_bytes(Zeroizing::new(bytes.to_vec()))
    }

    proptest! {
        #[test]
        fn opens_as_sealed_and_not_when_changed(
            content in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(), flip in 1_u8..,
        ) {
            let mut sealed = seal(&plaintext(&content), &key(1)).unwrap();
            prop_assert_eq!(sealed.len(), content.len() + 45);
            let opened = NaclEnvelope::parse(&sealed).unwrap().open(&key(1)).unwrap();
            prop_assert_eq!(opened.expose_secret(), &content);
            prop_assert_eq!(
                NaclEnvelope::parse(&sealed).unwrap().open(&key(2)).err(),
                Some(DecryptError::WrongPassword)
            );
            let at = at.index(sealed.len());
            sealed[at] ^= flip;
            prop_assert!(NaclEnvelope::parse(&sealed).and_then(|envelope| envelope.open(&key(1))).is_err());
            prop_assert!(NaclEnvelope::parse(&sealed[..at]).and_then(|envelope| envelope.open(&key(1))).is_err());
        }
    }

    #[test]
    fn a_short_file_is_damaged() {
        for length in 0..45 {
            let content = [MAGIC, &[0; 40]].concat();
            assert!(matches!(NaclEnvelope::parse(&content[..length]), Err(DecryptError::Damaged(_))), "{length}");
        }
    }

    #[test]
    fn nonces_are_fresh() {
        assert_ne!(seal(&plaintext(b"x"), &key(1)).unwrap(), seal(&plaintext(b"x"), &key(1)).unwrap());
    }
}
