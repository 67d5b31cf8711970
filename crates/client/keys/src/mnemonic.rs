//! Mnemonics: keys as words. spec wallets §6.

use crate::{
    secret::Seed,
    text::{join, random},
};
use bip39::Language;
use myelin_diagnostic::{Diagnostic, Hints};
use secrecy::SecretString;
use sha2::Sha512;
use std::fmt;
use zeroize::Zeroizing;

/// Rounds of the derivation from entropy to seed.
const ROUNDS: u32 = 2048;
/// The longest text that is read, in bytes. 24 words are at most 215 characters.
const MAX_TEXT: usize = 4096;

/// The number of words of a mnemonic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WordCount {
    /// 128 bits of entropy.
    #[default]
    Twelve,
    /// 160 bits of entropy.
    Fifteen,
    /// 192 bits of entropy.
    Eighteen,
    /// 224 bits of entropy.
    TwentyOne,
    /// 256 bits of entropy.
    TwentyFour,
}

impl WordCount {
    /// Returns the number of words.
    pub const fn get(self) -> usize {
        match self {
            Self::Twelve => 12,
            Self::Fifteen => 15,
            Self::Eighteen => 18,
            Self::TwentyOne => 21,
            Self::TwentyFour => 24,
        }
    }

    const fn entropy_bytes(self) -> usize {
        match self {
            Self::Twelve => 16,
            Self::Fifteen => 20,
            Self::Eighteen => 24,
            Self::TwentyOne => 28,
            Self::TwentyFour => 32,
        }
    }
}

impl TryFrom<usize> for WordCount {
    type Error = MnemonicError;

    fn try_from(words: usize) -> Result<Self, MnemonicError> {
        [Self::Twelve, Self::Fifteen, Self::Eighteen, Self::TwentyOne, Self::TwentyFour]
            .into_iter()
            .find(|count| count.get() == words)
            .ok_or(MnemonicError::WordCount(words))
    }
}

/// English words that encode a key, with a checksum.
#[derive(Clone)]
pub struct Mnemonic(bip39::Mnemonic);

impl Mnemonic {
    /// Returns fresh words.
    ///
    /// # Errors
    /// [`MnemonicError::Randomness`] if the system has no randomness.
    pub fn generate(words: WordCount) -> Result<Self, MnemonicError> {
        let entropy = random::<32>().map_err(|_| MnemonicError::Randomness)?;
        let entropy = entropy.get(..words.entropy_bytes()).unwrap_or_default();
        // BIP-39 has all lengths that `WordCount` names.
        bip39::Mnemonic::from_entropy_in(Language::English, entropy).map(Self).map_err(MnemonicError::from)
    }

    /// Reads words in lower case, separated by any amount of white space.
    ///
    /// # Errors
    /// [`MnemonicError::TooLong`], [`MnemonicError::WordCount`], [`MnemonicError::UnknownWord`] or
    /// [`MnemonicError::Checksum`], by the fault of the text. The error holds none of the words.
    pub fn parse(text: &str) -> Result<Self, MnemonicError> {
        if text.len() > MAX_TEXT {
            return Err(MnemonicError::TooLong);
        }
        bip39::Mnemonic::parse_in_normalized(Language::English, text).map(Self).map_err(MnemonicError::from)
    }

    /// Returns the number of words.
    pub fn words(&self) -> usize {
        self.0.word_count()
    }

    /// Returns the words, one space between them.
    pub fn export_words(&self) -> SecretString {
        let words = self.0.words().enumerate();
        join(words.flat_map(|(place, word)| [if place == 0 { "" } else { " " }, word]))
    }

    /// Returns the seed of these words and a passphrase, which is empty for all wallet files.
    ///
    /// The seed is derived from the entropy, not from the words as in BIP-39. Other ecosystems therefore have other
    /// keys for the same words.
    pub fn seed(&self, passphrase: &str) -> Seed {
        let (entropy, length) = self.0.to_entropy_array();
        let entropy = Zeroizing::new(entropy);
        // The array is one byte longer than the longest entropy, so this range always exists.
        let entropy = entropy.get(..length).unwrap_or(entropy.as_slice());
        let mut salt = Zeroizing::new(Vec::with_capacity(passphrase.len().saturating_add(8)));
        salt.extend_from_slice(b"mnemonic");
        salt.extend_from_slice(passphrase.as_bytes());
        let mut long = Zeroizing::new([0; 64]);
        pbkdf2::pbkdf2_hmac::<Sha512>(entropy, &salt, ROUNDS, long.as_mut_slice());
        let mut seed = Zeroizing::new([0; 32]);
        seed.iter_mut().zip(long.iter()).for_each(|(to, from)| *to = *from);
        Seed::from_bytes(seed)
    }
}

/// Shows the number of words.
impl fmt::Debug for Mnemonic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Mnemonic({} words)", self.words())
    }
}

/// A text that is not a mnemonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    /// A number of words that no mnemonic has.
    #[error("a mnemonic has 12, 15, 18, 21 or 24 words, not {0}")]
    WordCount(usize),
    /// A word that is not in the list, with its position from 1.
    #[error("word {0} is not a word of English mnemonics")]
    UnknownWord(usize),
    /// Known words with a wrong checksum.
    #[error("the checksum of the mnemonic is wrong")]
    Checksum,
    /// A text far longer than 24 words.
    #[error("the text is too long for a mnemonic")]
    TooLong,
    /// A failure of the system to provide random numbers.
    #[error("the system gives no random numbers")]
    Randomness,
}

impl From<bip39::Error> for MnemonicError {
    fn from(error: bip39::Error) -> Self {
        match error {
            bip39::Error::BadWordCount(words) => Self::WordCount(words),
            bip39::Error::UnknownWord(place) => Self::UnknownWord(place.saturating_add(1)),
            bip39::Error::BadEntropyBitCount(bits) => Self::WordCount(bits / 32 * 3),
            bip39::Error::InvalidChecksum | bip39::Error::AmbiguousLanguages(_) => Self::Checksum,
        }
    }
}

impl Diagnostic for MnemonicError {
    fn code(&self) -> &'static str {
        "secret"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::WordCount(_) | Self::TooLong => {
                out.push("write all the words with spaces between them, and nothing else");
            }
            Self::UnknownWord(place) => {
                out.push(format!("check the spelling of word {place}; all words are English and in lower case"));
            }
            Self::Checksum => out.push("check the order of the words, and whether one was replaced by a similar word"),
            Self::Randomness => out.push("try again, and check the random number generator of the operating system"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::collections::BTreeSet;

    const DEVELOPMENT: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

    #[test]
    fn fresh_words_are_read_back_and_differ() {
        let mut seen = BTreeSet::new();
        for words in [12, 15, 18, 21, 24] {
            let mnemonic = Mnemonic::generate(WordCount::try_from(words).unwrap()).unwrap();
            let text = mnemonic.export_words();
            assert_eq!(text.expose_secret().split(' ').count(), words);
            assert_eq!(mnemonic.words(), words);
            let read = Mnemonic::parse(text.expose_secret()).unwrap();
            assert_eq!(read.seed("").export().expose_secret(), mnemonic.seed("").export().expose_secret());
            assert!(seen.insert(text.expose_secret().to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_words() {
        let error = |text: &str| Mnemonic::parse(text).unwrap_err();
        assert_eq!(error(""), MnemonicError::WordCount(0));
        assert_eq!(error(DEVELOPMENT.trim_end_matches(" walk")), MnemonicError::WordCount(11));
        assert_eq!(error(&DEVELOPMENT.replace("obey", "obay")), MnemonicError::UnknownWord(3));
        assert_eq!(error(&DEVELOPMENT.replace("walk", "wall")), MnemonicError::Checksum);
        assert_eq!(error(&"zoo ".repeat(2000)), MnemonicError::TooLong);
        assert!(!error(&DEVELOPMENT.replace("obey", "obay")).to_string().contains("obay"));
    }

    #[test]
    fn a_passphrase_makes_another_seed() {
        let mnemonic = Mnemonic::parse(DEVELOPMENT).unwrap();
        assert_ne!(mnemonic.seed("").export().expose_secret(), mnemonic.seed("x").export().expose_secret());
    }

    #[test]
    fn debug_shows_no_word() {
        assert_eq!(format!("{:?}", Mnemonic::parse(DEVELOPMENT).unwrap()), "Mnemonic(12 words)");
    }
}
