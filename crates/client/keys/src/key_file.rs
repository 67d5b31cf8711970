//! The content of key files that are not encrypted (spec wallets §2).

use crate::{
    address::{Address, AddressError},
    keypair::Keypair,
    mnemonic::{Mnemonic, MnemonicError},
    secret::{Secret, Seed},
    text::{SecretBytes, secret_bytes, unhex},
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::PublicKey;
use secrecy::ExposeSecret;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{fmt, str::Chars};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const ACCOUNT_ID: &str = "accountId";
const PUBLIC_KEY: &str = "publicKey";
const PRIVATE_KEY: &str = "privateKey";
const SECRET_PHRASE: &str = "secretPhrase";
const SECRET_SEED: &str = "secretSeed";
const SS58_ADDRESS: &str = "ss58Address";
/// The capacity for the longest file, with 24 words and hex of fixed length.
const CAPACITY: usize = 1024;

/// The content of a key file, and the members that disagree with it.
///
/// One member decides the key: the mnemonic, else the seed, else the private key, else the address. A file holds the
/// key several times. If its members disagree, it was damaged or changed, and [`Self::consistent`] fails.
#[derive(Debug)]
pub struct KeyFile {
    stored: KeyFileContent,
    disagreeing: Vec<&'static str>,
}

/// The key that a key file holds.
#[derive(Clone, Debug)]
pub enum KeyFileContent {
    /// A private key.
    Secret(Box<Secret>),
    /// An address without a private key.
    Public(Address),
}

impl KeyFileContent {
    fn secret(secret: Secret) -> Self {
        Self::Secret(Box::new(secret))
    }

    /// Returns the public key.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Secret(secret) => secret.public(),
            Self::Public(address) => address.public(),
        }
    }
}

impl KeyFile {
    /// Parses a plain file, or the plaintext of an encrypted one.
    ///
    /// # Errors
    /// [`KeyFileError`] with the fault of the content. It holds no part of the content.
    pub fn decode(content: &[u8]) -> Result<Self, KeyFileError> {
        // An error of the parser may quote the content.
        let members: KeyFileMembers = serde_json::from_slice(content)
            .map_err(|error| if error.is_data() { KeyFileError::Members } else { KeyFileError::Json })?;
        let stored = members.stored()?;
        let disagreeing = members.disagreeing(&stored);
        Ok(Self { stored, disagreeing })
    }

    /// Returns the content, even if members disagree.
    pub const fn stored(&self) -> &KeyFileContent {
        &self.stored
    }

    /// Returns the names of the members that disagree with the deciding one.
    pub fn disagreeing(&self) -> &[&'static str] {
        &self.disagreeing
    }

    /// Returns the content, if all members agree.
    ///
    /// # Errors
    /// [`KeyFileError::Disagree`] with the members that disagree.
    pub fn consistent(self) -> Result<KeyFileContent, KeyFileError> {
        if self.disagreeing.is_empty() { Ok(self.stored) } else { Err(KeyFileError::Disagree(self.disagreeing)) }
    }

    /// Returns the content of a private file.
    pub fn encode_private(secret: &Secret) -> SecretBytes {
        let public = secret.public();
        let hex = hex_of(&public);
        let private_key = secret.export_private_key();
        let phrase = secret.export_mnemonic();
        let seed = secret.export_seed();
        let address = public.to_string();
        let members = [
            (ACCOUNT_ID, Some(hex.as_str())),
            (PUBLIC_KEY, Some(&hex)),
            (PRIVATE_KEY, Some(private_key.expose_secret())),
            (SECRET_PHRASE, phrase.as_ref().map(ExposeSecret::expose_secret)),
            (SECRET_SEED, seed.as_ref().map(ExposeSecret::expose_secret)),
            (SS58_ADDRESS, Some(&address)),
        ];
        secret_bytes(object(members.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)))))
    }

    /// Returns the content of a public file.
    pub fn encode_public(public: &PublicKey) -> Vec<u8> {
        let hex = hex_of(public);
        let members = [(ACCOUNT_ID, hex.as_str()), (PUBLIC_KEY, &hex), (SS58_ADDRESS, &public.to_string())];
        object(members.into_iter()).to_vec()
    }
}

fn hex_of(public: &PublicKey) -> String {
    format!("0x{}", hex::encode(public.to_bytes()))
}

/// Writes a JSON object by hand, so that a secret is in one buffer only. Hex, words and addresses need no escapes.
fn object<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> Zeroizing<Vec<u8>> {
    let mut json = Zeroizing::new(Vec::with_capacity(CAPACITY));
    for (place, (name, value)) in members.enumerate() {
        let before = if place == 0 { "{\"" } else { ",\"" };
        for part in [before, name, "\":\"", value, "\""] {
            json.extend_from_slice(part.as_bytes());
        }
    }
    json.push(b'}');
    json
}

type Text = Option<Zeroizing<String>>;
type Check<'a> = &'a dyn Fn(&str) -> bool;

/// The members of a file. Unknown members are allowed if they are strings.
#[derive(Default)]
struct KeyFileMembers {
    account_id: Text,
    public_key: Text,
    private_key: Text,
    secret_phrase: Text,
    secret_seed: Text,
    ss58_address: Text,
}

impl KeyFileMembers {
    fn stored(&self) -> Result<KeyFileContent, KeyFileError> {
        if let Some(phrase) = &self.secret_phrase {
            return Mnemonic::parse(phrase)
                .map(Secret::from_mnemonic)
                .map(KeyFileContent::secret)
                .map_err(KeyFileError::Phrase);
        }
        if let Some(text) = &self.secret_seed {
            let seed: Seed = text.parse().map_err(|_| match seed_as_text(text) {
                Some(_) => KeyFileError::SeedAsText,
                None => KeyFileError::Seed,
            })?;
            return Ok(KeyFileContent::secret(Secret::from_seed(seed)));
        }
        if let Some(key) = &self.private_key {
            return Secret::from_private_key(key).map(KeyFileContent::secret).map_err(|_| KeyFileError::PrivateKey);
        }
        match &self.ss58_address {
            Some(address) => address.parse().map(KeyFileContent::Public).map_err(KeyFileError::Address),
            None => Err(KeyFileError::NoKey),
        }
    }

    fn disagreeing(&self, stored: &KeyFileContent) -> Vec<&'static str> {
        let public = stored.public();
        let is_public = |text: &str| unhex::<32>(text).is_some_and(|bytes| *bytes == public.to_bytes());
        let is_address = |text: &str| text.parse::<Address>().is_ok_and(|address| address.public() == public);
        // A seed or key that differs from that of the secret is present only if another member decided.
        let is_seed = |text: &str| {
            let seed = text.parse::<Seed>().ok().or_else(|| seed_as_text(text));
            let known = if let KeyFileContent::Secret(secret) = stored { secret.seed() } else { None };
            matches!((seed, known), (Some(seed), Some(known)) if seed.ct_eq(known).into())
        };
        let is_key = |text: &str| {
            let key = unhex::<64>(text).and_then(|bytes| Keypair::from_private_key(&bytes));
            matches!((key, stored), (Some(key), KeyFileContent::Secret(secret)) if key.ct_eq(secret.keypair()).into())
        };
        let checks: [(_, _, Check); 5] = [
            (ACCOUNT_ID, &self.account_id, &is_public),
            (PUBLIC_KEY, &self.public_key, &is_public),
            (PRIVATE_KEY, &self.private_key, &is_key),
            (SECRET_SEED, &self.secret_seed, &is_seed),
            (SS58_ADDRESS, &self.ss58_address, &is_address),
        ];
        let wrong = checks.into_iter().filter(|(_, text, agrees)| text.as_ref().is_some_and(|text| !agrees(text)));
        wrong.map(|(name, ..)| name).collect()
    }
}

/// Returns the seed that another tool wrote as text, because its bytes are valid text (spec wallets §2).
fn seed_as_text(text: &str) -> Option<Seed> {
    let bytes: [u8; 32] = text.strip_prefix("0x")?.as_bytes().try_into().ok()?;
    Some(Seed::from_bytes(Zeroizing::new(bytes)))
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Name {
    AccountId,
    PublicKey,
    PrivateKey,
    SecretPhrase,
    SecretSeed,
    #[serde(rename = "ss58Address")]
    Address,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for KeyFileMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = KeyFileMembers;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<KeyFileMembers, A::Error> {
        let mut members = KeyFileMembers::default();
        while let Some(name) = map.next_key()? {
            let value = map.next_value::<Option<&RawValue>>()?.map(unescaped);
            let value = value.map(|text| text.ok_or_else(|| A::Error::custom("a member is no text"))).transpose()?;
            let member = match name {
                Name::AccountId => &mut members.account_id,
                Name::PublicKey => &mut members.public_key,
                Name::PrivateKey => &mut members.private_key,
                Name::SecretPhrase => &mut members.secret_phrase,
                Name::SecretSeed => &mut members.secret_seed,
                Name::Address => &mut members.ss58_address,
                Name::Other => continue,
            };
            // Two values of one member are ambiguous, and a key must not be.
            if member.is_some() {
                return Err(A::Error::custom("a member occurs twice"));
            }
            *member = value;
        }
        Ok(members)
    }
}

/// Returns the text that a JSON value is. `None` for a value that is no text.
///
/// The parser itself puts a text with escapes together in memory that it does not wipe.
fn unescaped(value: &RawValue) -> Option<Zeroizing<String>> {
    let mut rest = value.get().strip_prefix('"')?.strip_suffix('"')?;
    // An escape is longer than its character, so the buffer never grows.
    let mut text = Zeroizing::new(String::with_capacity(rest.len()));
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut after = escape.chars();
        text.push(match after.next()? {
            same @ ('"' | '\\' | '/') => same,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => unicode(&mut after)?,
            _ => return None,
        });
        rest = after.as_str();
    }
    text.push_str(rest);
    Some(text)
}

/// Reads a character as one or two units of UTF-16 in hex. `None` for half a character.
fn unicode(after: &mut Chars<'_>) -> Option<char> {
    let unit = |after: &mut Chars<'_>| {
        let (digits, rest) = after.as_str().split_at_checked(4)?;
        *after = rest.chars();
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(after)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first.into());
    }
    *after = after.as_str().strip_prefix("\\u")?.chars();
    char::decode_utf16([first, unit(after)?]).next()?.ok()
}

/// A key file that cannot be read. The error holds no part of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// The file is not JSON: cut short, damaged, or of another kind.
    #[error("not a key file: it is not JSON, and not encrypted in a known format")]
    Json,
    /// The file is not a JSON object of strings with distinct names.
    #[error("not a key file: it is not a JSON object of strings with distinct names")]
    Members,
    /// The file has none of the four members that give a key.
    #[error("the key file holds no key and no address")]
    NoKey,
    /// The mnemonic is invalid.
    #[error("the mnemonic in the key file is invalid: {0}")]
    Phrase(MnemonicError),
    /// The seed is invalid.
    #[error("the seed in the key file is not 64 hex digits")]
    Seed,
    /// The seed is written as text, which cannot be told from damage.
    #[error("the seed in the key file is written as text, not as hex")]
    SeedAsText,
    /// The private key is invalid.
    #[error("the private key in the key file is not 128 hex digits, or out of range")]
    PrivateKey,
    /// The address is invalid.
    #[error("the address in the key file is invalid: {0}")]
    Address(AddressError),
    /// Some members disagree with the deciding one.
    #[error("the key file contradicts itself: {0:?} belong to another key")]
    Disagree(Vec<&'static str>),
}

impl Diagnostic for KeyFileError {
    fn code(&self) -> &'static str {
        "wallet-file"
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::SeedAsText => {
                "restore the key from `privateKey` in the file; some tools write a seed as text if its bytes are text"
            }
            Self::Disagree(_) => {
                "do not use the key before you know the cause; restore it from its mnemonic, or the file from a backup"
            }
            Self::Json
            | Self::Members
            | Self::NoKey
            | Self::Phrase(_)
            | Self::Seed
            | Self::PrivateKey
            | Self::Address(_) => "restore the file from a backup, or the key from its mnemonic",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mnemonic::WordCount;
    use proptest::prelude::*;

    fn secrets() -> Vec<Secret> {
        let words = Secret::from_mnemonic(Mnemonic::generate(WordCount::TwentyFour).unwrap());
        let seed = Secret::from_seed(words.export_seed().unwrap().expose_secret().parse().unwrap());
        let key = Secret::from_private_key(words.export_private_key().expose_secret()).unwrap();
        vec![words, seed, key]
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        for secret in secrets() {
            let content = KeyFile::encode_private(&secret);
            assert!(content.expose_secret().len() < CAPACITY, "the buffer grew");
            let KeyFileContent::Secret(read) = KeyFile::decode(content.expose_secret()).unwrap().consistent().unwrap()
            else {
                panic!("a private file is secret")
            };
            assert!(bool::from(read.keypair().ct_eq(secret.keypair())));
            let exports = |secret: &Secret| {
                let texts = [secret.export_mnemonic(), secret.export_seed(), Some(secret.export_private_key())];
                texts.map(|text| text.map(|text| text.expose_secret().to_owned()))
            };
            assert_eq!(exports(&read), exports(&secret));

            let public = KeyFile::encode_public(&secret.public());
            let stored = KeyFile::decode(&public).unwrap().consistent().unwrap();
            assert!(matches!(stored, KeyFileContent::Public(address) if address.public() == secret.public()));
        }
    }

    #[test]
    fn seeds_that_are_text_are_written_as_hex() {
        for byte in [0, 0x11, b'a'] {
            let secret = Secret::from_seed(Seed::from_bytes(Zeroizing::new([byte; 32])));
            let content = KeyFile::encode_private(&secret);
            let text = std::str::from_utf8(content.expose_secret()).unwrap();
            assert!(text.contains(&format!("\"secretSeed\":\"0x{}\"", hex::encode([byte; 32]))));
        }
    }

    #[test]
    fn a_seed_written_as_text_is_no_contradiction_and_not_enough() {
        let text = format!("0x{}", "1".repeat(32));
        let members = KeyFileMembers { secret_seed: Some(Zeroizing::new(text.clone())), ..KeyFileMembers::default() };
        // This is the content as if a mnemonic had led to the seed; no such mnemonic is known.
        let same = KeyFileContent::secret(Secret::from_seed(Seed::from_bytes(Zeroizing::new([b'1'; 32]))));
        let other = KeyFileContent::secret(Secret::from_seed(Seed::from_bytes(Zeroizing::new([b'2'; 32]))));
        assert!(members.disagreeing(&same).is_empty());
        assert_eq!(members.disagreeing(&other), [SECRET_SEED]);
        let error = KeyFile::decode(format!("{{\"secretSeed\":\"{text}\"}}").as_bytes()).unwrap_err();
        assert_eq!(error, KeyFileError::SeedAsText);
    }

    #[test]
    fn each_member_that_belongs_to_another_key_is_named() {
        let secret = &secrets()[0];
        let other = &secrets()[0];
        let text =
            |secret: &Secret| String::from_utf8(KeyFile::encode_private(secret).expose_secret().clone()).unwrap();
        let value = |text: &str, name: &str| {
            text.split(&format!("\"{name}\":\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        let (text, theirs) = (text(secret), text(other));
        for name in [ACCOUNT_ID, PUBLIC_KEY, PRIVATE_KEY, SECRET_SEED, SS58_ADDRESS] {
            let member = |value| format!("\"{name}\":\"{value}\"");
            let changed = text.replace(&member(value(&text, name)), &member(value(&theirs, name)));
            let file = KeyFile::decode(changed.as_bytes()).unwrap();
            assert_eq!(file.stored().public(), secret.public());
            assert_eq!(file.disagreeing(), [name]);
            assert_eq!(file.consistent().unwrap_err(), KeyFileError::Disagree(vec![name]));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_content() {
        let error = |text: &str| KeyFile::decode(text.as_bytes()).unwrap_err();
        assert_eq!(error(""), KeyFileError::Json);
        assert_eq!(error("{\"secretSeed\":\"0x"), KeyFileError::Json);
        assert_eq!(error("\"0xsecret\""), KeyFileError::Members);
        assert_eq!(error("[]"), KeyFileError::Members);
        assert_eq!(error("{\"a\":{}}"), KeyFileError::Members);
        assert_eq!(error("{\"secretSeed\":\"\",\"secretSeed\":\"\"}"), KeyFileError::Members);
        assert_eq!(error("{}"), KeyFileError::NoKey);
        assert_eq!(error("{\"secretSeed\":\"0x12\"}"), KeyFileError::Seed);
        assert_eq!(error("{\"privateKey\":\"0x12\"}"), KeyFileError::PrivateKey);
        assert_eq!(error("{\"secretPhrase\":\"zoo\"}"), KeyFileError::Phrase(MnemonicError::WordCount(1)));
        assert_eq!(error("{\"ss58Address\":\"5\"}"), KeyFileError::Address(AddressError::Length));
    }

    #[test]
    fn nh_85_a_text_with_escapes_is_read() {
        let raw = |json: &str| unescaped(&RawValue::from_string(json.to_owned()).unwrap()).map(|text| text.to_string());
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(raw(r#""""#), text(""));
        assert_eq!(raw(r#""a\"\\\/\b\f\n\r\tz""#), text("a\"\\/\u{8}\u{c}\n\r\tz"));
        assert_eq!(raw(r#""\u0041\u00e4\u20AC\ud83d\ude00""#), text("Aä€😀"));
        for no_text in
            [r#""\ud83d""#, r#""\ud83d\n""#, r#""\ud83dx""#, r#""\ud83d\u0041""#, r#""\ude00""#, "1", "{}", "true"]
        {
            assert_eq!(raw(no_text), None, "{no_text}");
        }
        let secret = &secrets()[1];
        let content = String::from_utf8(KeyFile::encode_private(secret).expose_secret().clone()).unwrap();
        let escaped = content.replace('x', "\\u0078");
        let stored = KeyFile::decode(escaped.as_bytes()).unwrap().consistent().unwrap();
        assert_eq!(stored.public(), secret.public());
    }

    proptest! {
        #[test]
        fn nh_85_texts_are_those_of_the_parser(text: String, is_ascii: bool) {
            let mut json = serde_json::to_string(&text).unwrap();
            if is_ascii {
                let units = text.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
                json = format!("\"{}\"", units.collect::<String>());
            }
            let raw = RawValue::from_string(json).unwrap();
            let read = unescaped(&raw).unwrap();
            prop_assert_eq!(read.as_str(), text);
        }

        #[test]
        fn a_damaged_file_is_never_another_key(
            kind in 0_usize..4, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()
        ) {
            let secrets = secrets();
            let public = secrets[0].public();
            let mut content = match secrets.get(kind) {
                Some(secret) => KeyFile::encode_private(secret).expose_secret().clone(),
                None => KeyFile::encode_public(&public),
            };
            let at = at.index(content.len());
            if cut { content.truncate(at) } else { content[at] = byte }
            if let Ok(stored) = KeyFile::decode(&content).and_then(KeyFile::consistent) {
                prop_assert_eq!(stored.public(), public);
            }
        }

        #[test]
        fn no_content_panics(content in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = KeyFile::decode(&content);
        }
    }
}
