//! Key files, exports of Polkadot wallets and secret URIs.

use myelin_keys::{
    KeyFile, KeyFileContent, Secret,
    encryption::{KeyFileEncryption, ansible::AnsibleEnvelope, fernet::FernetEnvelope, nacl::NaclEnvelope},
    secrecy::{ExposeSecret, SecretBox, SecretString},
};
use std::fmt::Display;

/// The number of successive letters and digits that would reveal a part of a secret.
const REVEALING: usize = 16;

/// The password of all exports in the corpus.
const PASSPHRASE: &str = "fuzz";

/// The derived key of all encrypted files in the corpus.
const ENCRYPTION_KEY: [u8; 32] = [7; 32];

/// Checks that an error repeats nothing of the input.
fn check_error(error: &(impl Display + core::fmt::Debug), input: &[u8]) {
    let said = format!("{error} {error:?}");
    let runs = input.split(|byte| !byte.is_ascii_alphanumeric()).filter(|run| run.len() >= REVEALING);
    for run in runs.filter_map(|run| core::str::from_utf8(run).ok()) {
        assert!(!said.contains(run), "an error holds `{run}`: {said}");
    }
}

/// Checks a key file, plain or encrypted with a known key. Its content is written as a file with the same content.
///
/// Passwords are not derived, because a derivation takes seconds and is the same for each file.
pub fn keyfile(bytes: &[u8]) {
    let key = SecretBox::new(Box::new(ENCRYPTION_KEY));
    match KeyFileEncryption::of(bytes) {
        KeyFileEncryption::Plain => content(bytes),
        KeyFileEncryption::Nacl => match NaclEnvelope::parse(bytes).and_then(|envelope| envelope.open(&key)) {
            Ok(plain) => content(plain.expose_secret()),
            Err(error) => check_error(&error, bytes),
        },
        KeyFileEncryption::Fernet => match FernetEnvelope::parse(bytes).and_then(|envelope| envelope.open(&key)) {
            Ok(plain) => content(plain.expose_secret()),
            Err(error) => check_error(&error, bytes),
        },
        KeyFileEncryption::Ansible => {
            if let Err(error) = AnsibleEnvelope::parse(bytes) {
                check_error(&error, bytes);
            }
        }
    }
}

fn content(bytes: &[u8]) {
    let file = match KeyFile::decode(bytes) {
        Ok(file) => file,
        Err(error) => return check_error(&error, bytes),
    };
    let stored = match file.consistent() {
        Ok(stored) => stored,
        Err(error) => return check_error(&error, bytes),
    };
    let written = match &stored {
        KeyFileContent::Secret(secret) => {
            check_shown(secret);
            KeyFile::encode_private(secret).expose_secret().clone()
        }
        KeyFileContent::Public(address) => KeyFile::encode_public(&address.public()),
    };
    let again = KeyFile::decode(&written).and_then(KeyFile::consistent).expect("a key file is written as one");
    assert_eq!(again.public(), stored.public());
    match (&again, &stored) {
        (KeyFileContent::Secret(again), KeyFileContent::Secret(stored)) => {
            // No part of a secret is in the message of a failure, so the texts are compared apart from it.
            assert!(origins(again) == origins(stored), "a key file loses a part of its secret");
        }
        // The prefix of an address is not kept.
        (KeyFileContent::Public(_), KeyFileContent::Public(_)) => {}
        _ => panic!("a key file changes its kind"),
    }
}

/// Returns the private key of a secret, and its seed and its mnemonic if it has them.
fn origins(secret: &Secret) -> [Option<String>; 3] {
    let all = [Some(secret.export_private_key()), secret.export_seed(), secret.export_mnemonic()];
    all.map(|text| text.map(|text| text.expose_secret().to_owned()))
}

/// Checks that a secret does not show itself.
fn check_shown(secret: &Secret) {
    let key = secret.export_private_key();
    let shown = format!("{secret:?}");
    assert!(!shown.contains(key.expose_secret().trim_start_matches("0x")), "a secret shows itself");
}

/// Checks an export of a Polkadot wallet. It takes no more memory than the limit, even if it asks for more.
pub fn polkadot_export(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    match Secret::from_polkadot_js(text, &SecretString::from(PASSPHRASE)) {
        Ok(secret) => {
            check_shown(&secret);
            let key = secret.export_private_key();
            let again = Secret::from_private_key(key.expose_secret()).expect("a key is written as one");
            assert_eq!(again.public(), secret.public());
        }
        Err(error) => check_error(&error, bytes),
    }
}

/// Checks a secret URI. Errors hold no part of it.
pub fn secret_uri(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    match Secret::from_uri(text) {
        Ok(secret) => check_shown(&secret),
        Err(error) => check_error(&error, bytes),
    }
}
