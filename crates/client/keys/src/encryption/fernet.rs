//! Fernet with a key by PBKDF2, the oldest format, which is only read. spec wallets §3.3.
//!
//! Some tools report a wrong password for these files although it is right. This module opens such files.

use super::{DecryptError, EncryptionKey};
use crate::text::{SecretBytes, password_bytes, secret_bytes};
use aes::{
    Aes128,
    cipher::{BlockDecryptMut, KeyIvInit, block_padding::Pkcs7},
};
use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The first bytes of a file of this format.
pub const MAGIC: &[u8] = b"gAAAAA";

const SALT: &[u8] = b"Iguesscyborgslikemyselfhaveatendencytobeparanoidaboutourorigins";
const ROUNDS: u32 = 10_000_000;
const VERSION: u8 = 0x80;
const TIME_LENGTH: usize = 8;
const BLOCK: usize = 16;
const HALF: usize = 16;
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An encrypted file: one token. Its time has no meaning.
#[derive(Clone, Debug)]
pub struct FernetEnvelope {
    /// Version, time, initialisation vector and ciphertext.
    signed: Vec<u8>,
    hmac: [u8; 32],
}

impl FernetEnvelope {
    /// Parses a file.
    ///
    /// # Errors
    /// [`DecryptError::Damaged`] if it is not a token.
    pub fn parse(content: &[u8]) -> Result<Self, DecryptError> {
        let damaged = DecryptError::Damaged;
        let token = BASE64.decode(content.trim_ascii()).map_err(|_| damaged("it is not base64"))?;
        let (signed, hmac) = token.split_last_chunk().ok_or(damaged("the file was cut short"))?;
        let this = Self { signed: signed.to_vec(), hmac: *hmac };
        let (_, ciphertext) = this.parts().ok_or(damaged("the file was cut short"))?;
        if this.signed.first() != Some(&VERSION) {
            return Err(damaged("it is not of version 0x80"));
        }
        if ciphertext.is_empty() || ciphertext.len() % BLOCK != 0 {
            return Err(damaged("the file was cut short"));
        }
        Ok(this)
    }

    /// Returns initialisation vector and ciphertext.
    fn parts(&self) -> Option<(&[u8; BLOCK], &[u8])> {
        self.signed.get(1_usize.checked_add(TIME_LENGTH)?..)?.split_first_chunk()
    }

    /// Returns the plaintext.
    ///
    /// # Errors
    /// [`DecryptError::WrongPassword`] for another key or a changed file, [`DecryptError::Damaged`] for a wrong
    /// padding.
    pub fn open(&self, key: &EncryptionKey) -> Result<SecretBytes, DecryptError> {
        let damaged = || DecryptError::Damaged("the file was cut short");
        let (signing_key, cipher_key) = key.expose_secret().split_at(HALF);
        let mut mac = Hmac::<Sha256>::new_from_slice(signing_key).map_err(|_| damaged())?;
        mac.update(&self.signed);
        // The comparison takes the same time for any position of the first difference.
        mac.verify_slice(&self.hmac).map_err(|_| DecryptError::WrongPassword)?;

        let (iv, ciphertext) = self.parts().ok_or_else(damaged)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let length = cbc::Decryptor::<Aes128>::new_from_slices(cipher_key, iv)
            .map_err(|_| damaged())?
            .decrypt_padded_mut::<Pkcs7>(&mut buffer)
            .map_err(|_| DecryptError::Damaged("the padding is wrong"))?
            .len();
        buffer.truncate(length);
        Ok(secret_bytes(buffer))
    }
}

/// Derives the key of a password. This takes seconds.
pub fn derive_key(password: &SecretString) -> EncryptionKey {
    let mut key = SecretBox::new(Box::new([0; 32]));
    pbkdf2::pbkdf2_hmac::<Sha256>(password_bytes(password), SALT, ROUNDS, key.expose_secret_mut());
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use aes::cipher::BlockEncryptMut;
    use proptest::prelude::*;

    fn key(byte: u8) -> EncryptionKey {
        SecretBox::new(Box::new([byte; 32]))
    }

    /// Encrypts as the format demands.
    fn seal(plaintext: &[u8], key: u8, iv: [u8; BLOCK]) -> String {
        let cipher = cbc::Encryptor::<Aes128>::new(&[key; 16].into(), &iv.into());
        let mut buffer = plaintext.to_vec();
        buffer.resize(plaintext.len() + BLOCK, 0);
        let ciphertext = cipher.encrypt_padded_mut::<Pkcs7>(&mut buffer, plaintext.len()).unwrap();
        let signed = [[VERSION].as_slice(), &[0; TIME_LENGTH], &iv, ciphertext].concat();
        let mac = Hmac::<Sha256>::new_from_slice(&[key; 16]).unwrap().chain_update(&signed).finalize().into_bytes();
        BASE64.encode([signed, mac.to_vec()].concat())
    }

    proptest! {
        #[test]
        fn opens_as_sealed_and_not_when_changed(
            content in prop::collection::vec(any::<u8>(), 0..100), iv in any::<[u8; BLOCK]>(),
            at in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let sealed = seal(&content, 1, iv).into_bytes();
            prop_assert!(sealed.starts_with(MAGIC));
            let opened = FernetEnvelope::parse(&sealed).unwrap().open(&key(1)).unwrap();
            prop_assert_eq!(opened.expose_secret(), &content);
            prop_assert_eq!(FernetEnvelope::parse(&sealed).unwrap().open(&key(2)).err(), Some(DecryptError::WrongPassword));

            let mut changed = sealed.clone();
            let at = at.index(sealed.len());
            changed[at] = byte;
            // Another spelling of the same bytes is no damage.
            if let Ok(opened) = FernetEnvelope::parse(&changed).and_then(|envelope| envelope.open(&key(1))) {
                prop_assert_eq!(opened.expose_secret(), &content);
            }
            if let Ok(envelope) = FernetEnvelope::parse(&sealed[..at]) {
                prop_assert!(sealed[at] == b'=' || envelope.open(&key(1)).is_err());
            }
        }

        #[test]
        fn no_content_panics(content in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = FernetEnvelope::parse(&content);
            let _ = FernetEnvelope::parse(BASE64.encode(content).as_bytes());
        }
    }

    #[test]
    fn what_is_no_token_is_damage() {
        let damaged = |content: &[u8]| matches!(FernetEnvelope::parse(content), Err(DecryptError::Damaged(_)));
        let good = BASE64.decode(seal(b"content", 1, [2; BLOCK])).unwrap();
        let mut version = good.clone();
        version[0] = 0x81;
        assert!(damaged(BASE64.encode(version).as_bytes()));
        assert!(damaged(BASE64.encode(&good[1..]).as_bytes()));
        assert!(damaged(b"gAAAAA"));
        assert!(damaged(b"gAAAAA\xff"));
    }
}
