//! Names of wallets and hotkeys, which become names of files. spec wallets §1.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::TEMPORARY_PREFIX;
use std::{fmt, str::FromStr};

/// The end of the name of a hotkey's public file.
pub(crate) const PUBLIC_SUFFIX: &str = "pub.txt";
/// The longest name, in bytes. File systems allow 255, which leaves room for the suffix.
const MAX_LENGTH: usize = 240;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Returns the name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Returns the name `default`.
        impl Default for $name {
            fn default() -> Self {
                Self("default".to_owned())
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                $check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{:?}", self.0)
            }
        }
    };
}

name! {
    /// The name of a wallet: one component of a path, not hidden, at most 240 bytes.
    WalletName, check
}
name! {
    /// The name of a hotkey: like that of a wallet, but not ending in `pub.txt`, as public files do.
    HotkeyName, check_hotkey
}

fn check(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > MAX_LENGTH {
        return Err(NameError::TooLong);
    }
    // Covers `.`, `..` and temporary files.
    debug_assert!(TEMPORARY_PREFIX.starts_with('.'));
    if text.starts_with('.') {
        return Err(NameError::Hidden);
    }
    match text.chars().find(|&character| matches!(character, '/' | '\\') || character.is_control()) {
        Some(character) => Err(NameError::Character(character)),
        None => Ok(()),
    }
}

fn check_hotkey(text: &str) -> Result<(), NameError> {
    check(text)?;
    if text.ends_with(PUBLIC_SUFFIX) { Err(NameError::PublicSuffix) } else { Ok(()) }
}

/// A text that cannot name a wallet or a hotkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// An empty text.
    #[error("a name cannot be empty")]
    Empty,
    /// A text of more than 240 bytes.
    #[error("a name has at most {MAX_LENGTH} bytes")]
    TooLong,
    /// `.`, `..` or the name of a hidden file.
    #[error("a name cannot begin with a full stop")]
    Hidden,
    /// A character that leads to another folder, or that is invisible.
    #[error("a name cannot hold the character {0:?}")]
    Character(char),
    /// A hotkey with the name of a public file.
    #[error("a hotkey's name cannot end in `{PUBLIC_SUFFIX}`, as public files do")]
    PublicSuffix,
}

impl Diagnostic for NameError {
    fn code(&self) -> &'static str {
        "name"
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::Empty | Self::TooLong => "choose a short name, such as `default`",
            Self::Hidden | Self::Character(_) => {
                "choose a name of letters, digits, `-` and `_`; the folder belongs in the path of the wallets"
            }
            Self::PublicSuffix => "omit the ending: a hotkey has the name of its private file",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_component_of_a_path() {
        for good in ["default", "a", "my hotkey", "miner-1", "ключ", "x.txt", "pub", "a.."] {
            assert_eq!(good.parse::<WalletName>().unwrap().as_str(), good);
            assert_eq!(good.parse::<HotkeyName>().unwrap().as_str(), good);
        }
        for (bad, error) in [
            ("", NameError::Empty),
            (".", NameError::Hidden),
            ("..", NameError::Hidden),
            (".hidden", NameError::Hidden),
            ("../x", NameError::Hidden),
            ("a/b", NameError::Character('/')),
            ("/etc", NameError::Character('/')),
            ("a\\b", NameError::Character('\\')),
            ("a\0", NameError::Character('\0')),
            ("a\n", NameError::Character('\n')),
        ] {
            assert_eq!(bad.parse::<WalletName>(), Err(error), "{bad:?}");
            assert_eq!(bad.parse::<HotkeyName>(), Err(error), "{bad:?}");
        }
        assert_eq!("a".repeat(241).parse::<WalletName>(), Err(NameError::TooLong));
    }

    #[test]
    fn a_hotkey_is_not_called_like_a_public_file() {
        assert_eq!("xpub.txt".parse::<HotkeyName>(), Err(NameError::PublicSuffix));
        assert_eq!("pub.txt".parse::<HotkeyName>(), Err(NameError::PublicSuffix));
        assert!("xpub.txt".parse::<WalletName>().is_ok());
    }
}
