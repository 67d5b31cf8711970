//! Keys that Polkadot wallets exported as JSON (spec wallets §7).

use crate::{
    address::Address,
    encryption::{ScryptCost, open_secretbox, scrypt},
    keypair::Keypair,
    text::{SecretBytes, password_bytes},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::PublicKey;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

/// The longest file that is read, in bytes. Real ones have less than a kilobyte.
const MAX_TEXT: usize = 64 * 1024;
/// The sizes of tables that wallets choose. A smaller one is no protection of a passphrase.
const TABLE_SIZES: RangeInclusive<u64> = 1 << 10..=1 << 20;
/// The limit of passes.
const MAX_PASSES: u64 = 16;
/// The limit of the table of the derivation and of its blocks together, in bytes.
const MAX_MEMORY: u64 = 256 << 20;
/// The limit of the table times the passes, in bytes.
const MAX_WORK: u64 = 1 << 30;

/// The bytes before and between the keys.
const HEADER: [u8; 16] =
    [0x30, 0x53, 0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const DIVIDER: [u8; 5] = [0xa1, 0x23, 0x03, 0x21, 0x00];

#[derive(Deserialize)]
struct ExportFile {
    encoded: String,
    encoding: Encoding,
    address: Option<String>,
}

#[derive(Deserialize)]
struct Encoding {
    content: Words,
    #[serde(rename = "type")]
    kind: Words,
    version: String,
}

/// The value of a member: one word, as older wallets write it, or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    fn has(&self, word: &str) -> bool {
        match self {
            Self::One(only) => only == word,
            Self::Many(words) => words.iter().any(|known| known == word),
        }
    }
}

/// Returns the key in an export.
pub(crate) fn keypair(json: &str, passphrase: &SecretString) -> Result<Keypair, ImportError> {
    if json.len() > MAX_TEXT {
        return Err(ImportError::Json);
    }
    let export: ExportFile = serde_json::from_str(json).map_err(|_| ImportError::Json)?;
    if export.encoding.version != "3" {
        return Err(ImportError::Version);
    }
    if !export.encoding.content.has("sr25519") {
        return Err(ImportError::KeyType);
    }
    if !export.encoding.kind.has("xsalsa20-poly1305") {
        return Err(ImportError::Encryption);
    }
    let encoded = STANDARD.decode(export.encoded).map_err(|_| ImportError::Damaged)?;
    let (key, sealed) = if export.encoding.kind.has("scrypt") {
        let (derivation, sealed) = PassphraseDerivation::parse(&encoded).ok_or(ImportError::Damaged)?;
        (derivation.key(passphrase)?, sealed)
    } else {
        (padded(passphrase), encoded.as_slice())
    };
    let (pair, public) = unpack(&open(&key, sealed)?)?;
    let address = export.address.map(|text| text.parse::<Address>()).transpose();
    let named = address.map_err(|_| ImportError::Disagree)?.map(|address| address.public());
    // The address can be changed without the passphrase, and it is the part that users read.
    if pair.public() != public || named.is_some_and(|named| named != public) {
        return Err(ImportError::Disagree);
    }
    Ok(pair)
}

/// The derivation of a key from the passphrase.
struct PassphraseDerivation<'a> {
    salt: &'a [u8; 32],
    n: u32,
    p: u32,
    r: u32,
}

impl<'a> PassphraseDerivation<'a> {
    fn parse(encoded: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (salt, rest) = encoded.split_first_chunk()?;
        let (n, rest) = rest.split_first_chunk()?;
        let (p, rest) = rest.split_first_chunk()?;
        let (r, rest) = rest.split_first_chunk()?;
        let [n, p, r] = [n, p, r].map(|bytes| u32::from_le_bytes(*bytes));
        Some((Self { salt, n, p, r }, rest))
    }

    fn key(&self, passphrase: &SecretString) -> Result<Zeroizing<[u8; 32]>, ImportError> {
        if !is_allowed(self.n, self.p, self.r) {
            return Err(ImportError::Limits);
        }
        let size = |number| usize::try_from(number).map_err(|_| ImportError::Limits);
        let cost = ScryptCost { n: size(self.n)?, p: size(self.p)?, r: size(self.r)? };
        scrypt(password_bytes(passphrase), self.salt, cost).ok_or(ImportError::Limits)
    }
}

/// Returns true if a derivation with these parameters is within the limits of spec wallets §7.
fn is_allowed(n: u32, p: u32, r: u32) -> bool {
    let (n, p) = (u64::from(n), u64::from(p));
    let block = u64::from(r).saturating_mul(128);
    // The blocks of all passes are in memory beside the table.
    let memory = n.saturating_add(p).saturating_mul(block);
    n.is_power_of_two()
        && TABLE_SIZES.contains(&n)
        && p <= MAX_PASSES
        && memory <= MAX_MEMORY
        && n.saturating_mul(block).saturating_mul(p) <= MAX_WORK
}

/// Returns the first 32 bytes of the passphrase, filled up with zeros.
fn padded(passphrase: &SecretString) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    key.iter_mut().zip(password_bytes(passphrase)).for_each(|(to, from)| *to = *from);
    key
}

fn open(key: &[u8; 32], sealed: &[u8]) -> Result<SecretBytes, ImportError> {
    let (nonce, rest) = sealed.split_first_chunk().ok_or(ImportError::Damaged)?;
    let (tag, ciphertext) = rest.split_first_chunk().ok_or(ImportError::Damaged)?;
    open_secretbox(key, nonce, tag, ciphertext).ok_or(ImportError::WrongPassphrase)
}

/// Returns the pair of the secret, and the public key beside it.
fn unpack(opened: &SecretBytes) -> Result<(Keypair, PublicKey), ImportError> {
    let parts = || {
        let rest = opened.expose_secret().strip_prefix(&HEADER)?;
        let (secret, rest) = rest.split_first_chunk::<64>()?;
        let public: &[u8; 32] = rest.strip_prefix(&DIVIDER)?.try_into().ok()?;
        Some((Keypair::from_ed25519_bytes(secret)?, PublicKey::from_bytes(*public)))
    };
    parts().ok_or(ImportError::Damaged)
}

/// An exported key that cannot be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// A text that is no export.
    #[error("not an export of a Polkadot wallet: it is not JSON of that form")]
    Json,
    /// An export of an old version.
    #[error("the export is not of version 3")]
    Version,
    /// A key that is not sr25519.
    #[error("the exported key is not an sr25519 key")]
    KeyType,
    /// An export without encryption, or with an unknown one.
    #[error("the export is not encrypted with xsalsa20-poly1305")]
    Encryption,
    /// A derivation with too much work or memory.
    #[error("the key derivation of the export exceeds the limits of 256 MiB of memory or of time")]
    Limits,
    /// A wrong passphrase, or a changed ciphertext.
    #[error("the passphrase does not open the export")]
    WrongPassphrase,
    /// A damaged export.
    #[error("the export is damaged")]
    Damaged,
    /// A key that does not match the address of the export.
    #[error("the key in the export does not match its address")]
    Disagree,
}

impl Diagnostic for ImportError {
    fn code(&self) -> &'static str {
        "secret"
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::Json | Self::Damaged => "export the account again and take the whole file",
            Self::Version => "import it into a current Polkadot wallet, and export it from there",
            Self::KeyType => "export an sr25519 account",
            Self::Encryption => "export the account again, with a passphrase",
            Self::Limits => "do not trust the file; export the account again",
            Self::WrongPassphrase => "type the passphrase that was chosen for the export",
            Self::Disagree => "do not trust the file; its address may have been changed",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto_secretbox::{AeadInPlace, KeyInit, XSalsa20Poly1305};

    /// Returns an export as a wallet writes it. N is small, so that tests are fast.
    fn export(kinds: &str, derivation: &[u8], key: &[u8; 32], address: &str) -> String {
        let pair = Keypair::from_seed(&[5; 32]);
        let secret = pair.secret().to_ed25519_bytes();
        let mut plaintext = [HEADER.as_slice(), &secret, &DIVIDER, pair.public().as_ref()].concat();
        let nonce = [3; 24];
        let cipher = XSalsa20Poly1305::new(key.into());
        let tag = cipher.encrypt_in_place_detached(&nonce.into(), b"", &mut plaintext).unwrap();
        let encoded = STANDARD.encode([derivation, &nonce, tag.as_slice(), &plaintext].concat());
        format!(
            r#"{{"encoded":"{encoded}","encoding":{{"content":["pkcs8","sr25519"],"type":{kinds},"version":"3"}},
                "address":"{address}","meta":{{}}}}"#
        )
    }

    fn address() -> String {
        Keypair::from_seed(&[5; 32]).public().to_string()
    }

    fn parameters(n: u32, p: u32, r: u32) -> Vec<u8> {
        [[7; 32].as_slice(), &n.to_le_bytes(), &p.to_le_bytes(), &r.to_le_bytes()].concat()
    }

    fn with_scrypt(n: u32, p: u32, r: u32) -> String {
        let parameters = parameters(n, p, r);
        let derivation = PassphraseDerivation::parse(&parameters).unwrap().0;
        let key = derivation.key(&"pass".into()).unwrap_or_default();
        export(r#"["scrypt","xsalsa20-poly1305"]"#, &parameters, &key, &address())
    }

    #[test]
    fn exports_are_read() {
        let pair = Keypair::from_seed(&[5; 32]);
        let direct = |kinds| export(kinds, &[], &padded(&"pass".into()), &address());
        for json in [with_scrypt(1 << 10, 1, 8), direct(r#"["xsalsa20-poly1305"]"#), direct(r#""xsalsa20-poly1305""#)] {
            let read = keypair(&json, &"pass".into()).unwrap();
            assert_eq!(*read.private_key(), *pair.private_key());
            assert_eq!(keypair(&json, &"pas".into()).unwrap_err(), ImportError::WrongPassphrase);
        }
    }

    #[test]
    fn a_file_cannot_ask_for_much() {
        for (n, p, r) in [
            (0, 1, 8),
            (1, 1 << 23, 1),
            (3, 1, 8),
            (1 << 31, 1, 8),
            (1 << 15, 1 << 20, 8),
            (2, 1, u32::MAX),
            (2, 4, 1 << 20),
            (1 << 15, 0, 8),
        ] {
            let error = keypair(&with_scrypt(n, p, r), &"pass".into()).unwrap_err();
            assert_eq!(error, ImportError::Limits, "{n} {p} {r}");
        }
    }

    #[test]
    fn limits_are_those_of_the_spec() {
        for (n, p, r) in [
            // The least table and the largest one.
            (1 << 10, 1, 1),
            (1 << 20, 1, 1),
            // Just under 256 MiB, and four passes of 256 MiB.
            (1 << 10, 1, (1 << 21) / 1025),
            (1 << 17, 8, 8),
            (1 << 10, 16, 8),
        ] {
            assert!(is_allowed(n, p, r), "{n} {p} {r}");
        }
        for (n, p, r) in [
            (1, 1, 8),
            (1, 1 << 23, 1),
            (1 << 9, 1, 8),
            (1 << 21, 1, 1),
            (1 << 18, 1, 8),
            (1 << 10, 1, (1 << 21) / 1025 + 1),
            (1 << 17, 9, 8),
            (1 << 10, 17, 8),
            ((1 << 17) - 1, 1, 8),
            (0, 1, 8),
            (u32::MAX, u32::MAX, u32::MAX),
            (1 << 31, u32::MAX, u32::MAX),
        ] {
            assert!(!is_allowed(n, p, r), "{n} {p} {r}");
        }
    }

    #[test]
    fn another_address_is_noticed() {
        let json = with_scrypt(1 << 10, 1, 8);
        let other = PublicKey::from_bytes([9; 32]).to_string();
        for address_in_it in [other.as_str(), "nobody"] {
            let changed = json.replace(&address(), address_in_it);
            assert_eq!(keypair(&changed, &"pass".into()).unwrap_err(), ImportError::Disagree);
        }
    }

    #[test]
    fn other_files_are_refused() {
        let json = with_scrypt(1 << 10, 1, 8);
        for (from, to, error) in [
            ("\"3\"", "\"2\"", ImportError::Version),
            ("sr25519", "ed25519", ImportError::KeyType),
            ("xsalsa20-poly1305", "none", ImportError::Encryption),
            ("\"encoded\":\"", "\"encoded\":\"!", ImportError::Damaged),
            ("{", "", ImportError::Json),
        ] {
            assert_eq!(keypair(&json.replacen(from, to, 1), &"pass".into()).unwrap_err(), error, "{to}");
        }
        assert_eq!(keypair(&" ".repeat(MAX_TEXT + 1), &"pass".into()).unwrap_err(), ImportError::Json);
    }
}
