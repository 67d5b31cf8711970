//! Secret URIs: a key by its words or seed and a path of derivations. spec wallets §6.

use crate::{
    keypair::Keypair,
    mnemonic::{Mnemonic, MnemonicError},
    text::unhex,
};
use blake2::{Blake2b, Digest, digest::consts::U32};
use myelin_diagnostic::{Diagnostic, Hints};
use schnorrkel::{
    ExpansionMode,
    derive::{ChainCode, Derivation},
};

/// The public words of development keys.
const DEVELOPMENT_WORDS: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
/// The longest text that is read, in bytes: each junction costs an operation on the curve.
const MAX_TEXT: usize = 4096;
/// Bytes of the code that a junction stands for.
const CODE_LENGTH: usize = 32;

/// A step from a key to one derived from it.
struct Junction {
    /// True if the public half alone leads to the derived one.
    soft: bool,
    code: [u8; CODE_LENGTH],
}

impl Junction {
    fn new(soft: bool, text: &str) -> Self {
        let data = match text.parse::<u64>() {
            Ok(number) => number.to_le_bytes().to_vec(),
            Err(_) => scale_text(text),
        };
        let mut code = [0; CODE_LENGTH];
        if data.len() > CODE_LENGTH {
            code = Blake2b::<U32>::digest(&data).into();
        } else {
            code.iter_mut().zip(data).for_each(|(to, from)| *to = from);
        }
        Self { soft, code }
    }
}

/// Returns the text's length as SCALE writes it, then its bytes. Texts are shorter than [`MAX_TEXT`].
fn scale_text(text: &str) -> Vec<u8> {
    let length = text.len().to_le_bytes();
    let short = u16::from_le_bytes([length[0], length[1]]);
    let mut encoded = match u8::try_from(short) {
        Ok(length @ 0..64) => vec![length << 2],
        _ => ((short << 2) | 0b01).to_le_bytes().to_vec(),
    };
    encoded.extend_from_slice(text.as_bytes());
    encoded
}

/// The parts of a URI: words or seed, path, passphrase.
struct UriParts<'a> {
    root: &'a str,
    path: Vec<Junction>,
    passphrase: &'a str,
}

fn parse(text: &str) -> Result<UriParts<'_>, UriError> {
    if text.is_empty() {
        return Err(UriError::Empty);
    }
    if text.len() > MAX_TEXT {
        return Err(UriError::TooLong);
    }
    let (root, mut rest) = text.split_at(text.find('/').unwrap_or(text.len()));
    let mut path = Vec::new();
    let mut passphrase = "";
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("///") {
            passphrase = after;
            break;
        }
        let (soft, after) = match (rest.strip_prefix("//"), rest.strip_prefix('/')) {
            (Some(after), _) => (false, after),
            (None, Some(after)) => (true, after),
            (None, None) => return Err(UriError::Junction),
        };
        let (junction, after) = after.split_at(after.find('/').unwrap_or(after.len()));
        if junction.is_empty() {
            return Err(UriError::Junction);
        }
        path.push(Junction::new(soft, junction));
        rest = after;
    }
    Ok(UriParts { root, path, passphrase })
}

/// Returns the key that a URI names.
pub(crate) fn keypair(text: &str) -> Result<Keypair, UriError> {
    let UriParts { root, path, passphrase } = parse(text)?;
    let root = match root {
        "" => words(DEVELOPMENT_WORDS, passphrase)?,
        seed if seed.starts_with("0x") => Keypair::from_seed(&*unhex::<32>(seed).ok_or(UriError::Seed)?),
        text => words(text, passphrase)?,
    };
    let secret = path.into_iter().fold(root.secret().clone(), |secret, Junction { soft, code }| {
        let code = ChainCode(code);
        if soft {
            secret.derived_key_simple(code, []).0
        } else {
            secret.hard_derive_mini_secret_key(Some(code), []).0.expand(ExpansionMode::Ed25519)
        }
    });
    Keypair::from_secret(secret).ok_or(UriError::NoKey)
}

fn words(words: &str, passphrase: &str) -> Result<Keypair, UriError> {
    Ok(Keypair::from_seed(Mnemonic::parse(words)?.seed(passphrase).bytes()))
}

/// A text that is not a secret URI. The error holds no part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// An empty text, which names a public development key.
    #[error("an empty secret URI names a public development key")]
    Empty,
    /// A text of more than 4096 bytes.
    #[error("the text is too long for a secret URI")]
    TooLong,
    /// A `/` or `//` without a name after it.
    #[error("a `/` of the secret URI has no name after it")]
    Junction,
    /// A text that begins with `0x`, without a seed after it.
    #[error("the secret URI begins with `0x`, but not with 64 hex digits")]
    Seed,
    /// A text that does not begin with a mnemonic.
    #[error("the secret URI does not begin with a mnemonic: {0}")]
    Mnemonic(#[from] MnemonicError),
    /// A derivation that ends at zero, which has a negligible chance.
    #[error("the derivation of the secret URI ends at no key")]
    NoKey,
}

impl Diagnostic for UriError {
    fn code(&self) -> &'static str {
        "secret"
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::Empty => "write the words or the seed, or a development key such as `//Alice`",
            Self::TooLong => "write `words//hard/soft///passphrase`, each part but the first only where needed",
            Self::Junction => "write a name after every `/` and `//`; a passphrase comes after `///`",
            Self::Seed => "write `0x` and 64 hex digits, or words",
            Self::Mnemonic(error) => return error.hints(out),
            Self::NoKey => "change any part of the path",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use subtle::ConstantTimeEq;

    fn public(text: &str) -> String {
        keypair(text).unwrap().public().to_string()
    }

    #[test]
    fn numbers_have_many_spellings() {
        assert_eq!(public("//1"), public("//0001"));
        assert_ne!(public("//18446744073709551615"), public("//18446744073709551616"));
        assert_ne!(public("//1"), public("/1"));
    }

    #[test]
    fn long_junctions_are_hashed() {
        // Up to 32 bytes, with the length in front, are taken as they are.
        for length in [31, 32, 63, 64, 2000] {
            assert_ne!(public(&format!("//{}", "a".repeat(length))), public(&format!("//{}", "a".repeat(length - 1))));
        }
        assert_eq!(scale_text(&"a".repeat(63))[0], 63 << 2);
        assert_eq!(scale_text(&"a".repeat(64))[..2], [0b01, 1]);
    }

    #[test]
    fn the_nonce_after_a_soft_junction_is_random() {
        let (first, second) = (keypair("//Alice/soft").unwrap(), keypair("//Alice/soft").unwrap());
        assert_eq!(first.public(), second.public());
        assert!(bool::from(first.ct_eq(&second)));
        assert_ne!(*first.private_key(), *second.private_key());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, error) in [
            ("", UriError::Empty),
            ("//", UriError::Junction),
            ("//Alice/", UriError::Junction),
            ("//Alice//", UriError::Junction),
            ("0x12//Alice", UriError::Seed),
            ("abandon", UriError::Mnemonic(MnemonicError::WordCount(1))),
        ] {
            assert_eq!(keypair(text).unwrap_err(), error, "{text}");
        }
        assert_eq!(keypair(&"/a".repeat(2049)).unwrap_err(), UriError::TooLong);
    }

    #[test]
    fn a_passphrase_may_hold_anything() {
        assert_eq!(public("//Alice///"), public("//Alice"));
        assert_ne!(public("//Alice////"), public("//Alice"));
        assert_ne!(public("//Alice///a//b"), public("//Alice///a"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9a-fx/ é]{0,40}") {
            let _ = keypair(&text);
        }
    }
}
