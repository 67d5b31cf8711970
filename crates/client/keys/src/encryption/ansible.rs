//! Ansible Vault 1.1, the format before `NaCl`, which is only read. spec wallets §3.2.

use super::DecryptError;
use crate::text::{SecretBytes, password_bytes, secret_bytes};
use aes::{
    Aes256,
    cipher::{KeyIvInit, StreamCipher},
};
use ctr::Ctr128BE;
use hmac::{Hmac, Mac};
use secrecy::SecretString;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The first bytes of a file of this format.
pub const MAGIC: &[u8] = b"$ANSIBLE_VAULT";

const HEADER: &str = "$ANSIBLE_VAULT;1.1;AES256";
const ROUNDS: u32 = 10_000;
const BLOCK: usize = 16;

/// An encrypted file.
#[derive(Clone, Debug)]
pub struct AnsibleEnvelope {
    /// The salt of the derivation.
    pub salt: [u8; 32],
    /// The HMAC over the ciphertext.
    pub hmac: [u8; 32],
    /// The ciphertext, in whole blocks.
    pub ciphertext: Vec<u8>,
}

impl AnsibleEnvelope {
    /// Parses a file.
    ///
    /// # Errors
    /// [`DecryptError::Damaged`] if it is not of this format and version.
    pub fn parse(content: &[u8]) -> Result<Self, DecryptError> {
        let damaged = DecryptError::Damaged;
        let text = std::str::from_utf8(content).map_err(|_| damaged("it is not text"))?;
        let mut lines = text.lines().map(str::trim_end);
        if lines.next() != Some(HEADER) {
            return Err(damaged("the first line is not that of Ansible Vault 1.1 with AES256"));
        }
        // All parts are written as hex twice.
        let inner = hex::decode(lines.collect::<String>()).map_err(|_| damaged("a line is not hex"))?;
        let mut parts = inner.split(|&byte| byte == b'\n').map(hex::decode);
        let mut part = || parts.next().and_then(Result::ok).ok_or(damaged("a part is missing or not hex"));
        let (salt, hmac, ciphertext) = (part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(damaged("there are more than three parts"));
        }
        if ciphertext.is_empty() || ciphertext.len() % BLOCK != 0 {
            return Err(damaged("the ciphertext was cut short"));
        }
        let length = |_| damaged("a part has another length");
        Ok(Self { salt: salt.try_into().map_err(length)?, hmac: hmac.try_into().map_err(length)?, ciphertext })
    }

    /// Returns the plaintext.
    ///
    /// # Errors
    /// [`DecryptError::WrongPassword`] for another password or a changed file, [`DecryptError::Damaged`] for a wrong
    /// padding.
    pub fn open(&self, password: &SecretString) -> Result<SecretBytes, DecryptError> {
        let mut keys = Zeroizing::new([0; 80]);
        pbkdf2::pbkdf2_hmac::<Sha256>(password_bytes(password), &self.salt, ROUNDS, keys.as_mut_slice());
        let (cipher_key, rest) = keys.split_at(32);
        let (hmac_key, counter) = rest.split_at(32);
        let damaged = || DecryptError::Damaged("a key has another length");

        let mut mac = Hmac::<Sha256>::new_from_slice(hmac_key).map_err(|_| damaged())?;
        mac.update(&self.ciphertext);
        // The comparison takes the same time for any position of the first difference.
        mac.verify_slice(&self.hmac).map_err(|_| DecryptError::WrongPassword)?;

        let mut buffer = Zeroizing::new(self.ciphertext.clone());
        Ctr128BE::<Aes256>::new_from_slices(cipher_key, counter).map_err(|_| damaged())?.apply_keystream(&mut buffer);
        let padding = unpadded(&buffer).ok_or(DecryptError::Damaged("the padding is wrong"))?;
        buffer.truncate(padding);
        Ok(secret_bytes(buffer))
    }
}

/// Returns the length without PKCS#7 padding.
fn unpadded(blocks: &[u8]) -> Option<usize> {
    let count = usize::from(*blocks.last()?);
    let length = blocks.len().checked_sub(count)?;
    let padding = blocks.get(length..)?;
    let good = (1..=BLOCK).contains(&count) && padding.iter().all(|&byte| usize::from(byte) == count);
    good.then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    /// Encrypts as the format demands.
    fn seal(plaintext: &[u8], password: &str, salt: [u8; 32]) -> String {
        let mut keys = [0; 80];
        pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, ROUNDS, &mut keys);
        let padding = BLOCK - plaintext.len() % BLOCK;
        let mut blocks = plaintext.to_vec();
        blocks.resize(plaintext.len() + padding, u8::try_from(padding).unwrap());
        Ctr128BE::<Aes256>::new_from_slices(&keys[..32], &keys[64..]).unwrap().apply_keystream(&mut blocks);
        let mac = Hmac::<Sha256>::new_from_slice(&keys[32..64]).unwrap().chain_update(&blocks).finalize().into_bytes();
        let inner = [hex::encode(salt), hex::encode(mac), hex::encode(blocks)].join("\n");
        let outer = hex::encode(inner);
        let lines = outer.as_bytes().chunks(80).map(|line| std::str::from_utf8(line).unwrap());
        format!("{HEADER}\n{}\n", lines.collect::<Vec<_>>().join("\n"))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn opens_as_sealed_and_not_when_changed(
            content in prop::collection::vec(any::<u8>(), 0..100), salt in any::<[u8; 32]>(),
            at in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let password = SecretString::from("password");
            let sealed = seal(&content, "password", salt).into_bytes();
            let opened = AnsibleEnvelope::parse(&sealed).unwrap().open(&password).unwrap();
            prop_assert_eq!(opened.expose_secret(), &content);

            let mut changed = sealed.clone();
            let at = at.index(sealed.len());
            changed[at] = byte;
            // Another spelling of the same bytes is no damage.
            if let Ok(opened) = AnsibleEnvelope::parse(&changed).and_then(|envelope| envelope.open(&password)) {
                prop_assert_eq!(opened.expose_secret(), &content);
            }
            if let Ok(envelope) = AnsibleEnvelope::parse(&sealed[..at]) {
                prop_assert!(at >= sealed.len() - 1 || envelope.open(&password).is_err());
            }
        }
    }

    #[test]
    fn another_password_is_wrong_and_another_version_is_damage() {
        let sealed = seal(b"content", "password", [1; 32]);
        let error = AnsibleEnvelope::parse(sealed.as_bytes()).unwrap().open(&"passwort".into()).unwrap_err();
        assert_eq!(error, DecryptError::WrongPassword);
        for other in ["$ANSIBLE_VAULT;1.2;AES256;label", "$ANSIBLE_VAULT", "$ANSIBLE_VAULT;1.1;AES"] {
            let changed = sealed.replace(HEADER, other);
            assert!(matches!(AnsibleEnvelope::parse(changed.as_bytes()), Err(DecryptError::Damaged(_))));
        }
    }

    #[test]
    fn line_ends_of_other_systems_are_read() {
        let sealed = seal(b"content", "password", [1; 32]).replace('\n', "\r\n");
        let opened = AnsibleEnvelope::parse(sealed.as_bytes()).unwrap().open(&"password".into()).unwrap();
        assert_eq!(opened.expose_secret(), b"content");
    }

    #[test]
    fn padding_is_checked() {
        assert_eq!(unpadded(&[9, 2, 2]), Some(1));
        assert_eq!(unpadded(&[16; 16]), Some(0));
        for bad in [&[] as &[u8], &[0], &[2], &[1, 2], &[17; 32]] {
            assert_eq!(unpadded(bad), None, "{bad:?}");
        }
    }
}
