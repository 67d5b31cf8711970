//! What can go wrong with a wallet.

use crate::{
    encryption::DecryptError,
    key_file::KeyFileError,
    name::{HotkeyName, NameError, WalletName},
    password::{PasswordError, password_variable},
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::{FileError, FileFault};
use myelin_primitives::PublicKey;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why something could not be done with a wallet. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// A path begins with `~`, and there is no home folder.
    #[error("there is no home folder to look for wallets in")]
    NoHome,
    /// A name is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is no such wallet.
    #[error("there is no wallet `{name}` in {}", .folder.display())]
    NoWallet {
        /// Its name.
        name: WalletName,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The wallet has no coldkey, or only its address.
    #[error("the wallet `{name}` has no coldkey")]
    NoColdkey {
        /// The wallet's name.
        name: WalletName,
    },
    /// The address of the coldkey is in no file.
    #[error("the wallet `{name}` has no file with the address of its coldkey")]
    NoColdkeyAddress {
        /// The wallet's name.
        name: WalletName,
    },
    /// The private file is encrypted, and there is no public file beside it.
    #[error("{} is encrypted, and the public file beside it is missing", .path.display())]
    AddressUnknown {
        /// The private file.
        path: PathBuf,
    },
    /// The wallet has no such hotkey.
    #[error("the wallet `{wallet}` has no hotkey `{name}`")]
    NoHotkey {
        /// The hotkey's name.
        name: HotkeyName,
        /// The wallet's name.
        wallet: WalletName,
    },
    /// The file exists and may not be replaced.
    #[error("{} exists", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A private file can be used by others.
    #[error("{} is open to other users of the machine (mode {mode:03o})", .path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The system denies access.
    #[error("no permission to {doing} {}", .path.display())]
    Denied {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
    },
    /// The file is far larger than any key file.
    #[error("{} is too large for a key file", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is encrypted and nobody knows the password.
    #[error("{} is encrypted, and its password is not known", .path.display())]
    PasswordNeeded {
        /// The file.
        path: PathBuf,
    },
    /// The password of a file could not be had.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// An empty password was given for encryption.
    #[error("an empty password protects nothing")]
    EmptyPassword,
    /// The password does not open the file.
    #[error("the password does not open {}", .path.display())]
    WrongPassword {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened, whatever the password; or a file could not be encrypted.
    #[error("{} cannot be opened or encrypted: {source}", .path.display())]
    Encryption {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: DecryptError,
    },
    /// The content of the file is damaged.
    #[error("{} is damaged: {source}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: KeyFileError,
    },
    /// A file that should hold a private key holds an address only.
    #[error("{} holds no private key", .path.display())]
    NoSecret {
        /// The file.
        path: PathBuf,
    },
    /// The public file beside a private one is another key's.
    #[error("{} says {stored}, but the private key beside it belongs to {derived}", .path.display())]
    PublicDiffers {
        /// The public file.
        path: PathBuf,
        /// What it says.
        stored: PublicKey,
        /// Whose the private file is.
        derived: PublicKey,
    },
    /// The system could not do it.
    #[error("could not {doing} {}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

impl WalletError {
    pub(crate) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied { path, doing },
            _ => Self::Io { path, doing, source },
        }
    }
}

impl From<FileError> for WalletError {
    fn from(error: FileError) -> Self {
        let FileError { doing, path, source } = error;
        // The words of wallets: a write is one thing to the user, whatever step of it fails.
        let doing = match doing {
            "create the folder" => "create",
            "open" | "sync" => "write",
            other => other,
        };
        match source {
            FileFault::Exists => Self::Exists { path },
            FileFault::TooOpen { mode } => Self::TooOpen { path, mode },
            FileFault::TooLarge { .. } => Self::TooLarge { path },
            FileFault::Io(source) => Self::io(&path, doing, source),
            fault @ FileFault::Locked { .. } => Self::io(&path, doing, io::Error::other(fault)),
        }
    }
}

impl Diagnostic for WalletError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoWallet { .. } => "no-wallet",
            Self::NoColdkey { .. } | Self::NoColdkeyAddress { .. } | Self::NoHotkey { .. } | Self::NoSecret { .. } => {
                "no-key"
            }
            Self::Exists { .. } => "exists",
            Self::PasswordNeeded { .. } => "no-terminal",
            Self::WrongPassword { .. } | Self::Password(_) | Self::EmptyPassword => "password",
            Self::Name(error) => error.code(),
            Self::NoHome
            | Self::AddressUnknown { .. }
            | Self::TooOpen { .. }
            | Self::Denied { .. }
            | Self::TooLarge { .. }
            | Self::Encryption { .. }
            | Self::Content { .. }
            | Self::PublicDiffers { .. }
            | Self::Io { .. } => "wallet-file",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::NoHome => out.push("set `HOME`, or say where the wallets are with `BT_WALLET_PATH`"),
            Self::Name(error) => error.hints(out),
            Self::NoWallet { .. } => {
                out.push("create the wallet, or look at the spelling of its name and at the wallets' path");
            }
            Self::NoColdkey { .. } => {
                out.push("restore the coldkey from its mnemonic, or do this on the machine that has the coldkey");
            }
            Self::NoColdkeyAddress { .. } => out.push("restore the coldkey, or add its address to watch it"),
            Self::AddressUnknown { .. } => {
                out.push("open it with its password and write it again, which writes both files");
            }
            Self::NoHotkey { .. } => out.push("create the hotkey, or list those that the wallet has"),
            Self::Exists { .. } => {
                out.push("choose another name; replacing a key loses it for ever unless its mnemonic is written down");
            }
            Self::TooOpen { path, .. } => out.push(format!(
                "run `chmod 600 {}`; if others use the machine, move what it holds to a new key",
                path.display()
            )),
            Self::Denied { path, .. } => {
                out.push(format!("work as the user who owns {}, or give it to yourself", path.display()));
            }
            Self::TooLarge { .. } | Self::NoSecret { .. } => {
                out.push("restore the file from a backup, or the key from its mnemonic");
            }
            Self::PasswordNeeded { path } => match password_variable(path) {
                Some(variable) => {
                    out.push(format!("run it in a terminal to be asked, or set `{variable}` to the encoded password"));
                }
                None => out.push("run it in a terminal to be asked"),
            },
            Self::Password(error) => error.hints(out),
            Self::EmptyPassword => out.push("choose a password, or say that the key shall not be encrypted"),
            Self::WrongPassword { .. } => DecryptError::WrongPassword.hints(out),
            Self::Encryption { source, .. } => source.hints(out),
            Self::Content { source, .. } => source.hints(out),
            Self::PublicDiffers { .. } => out.push(
                "send nothing to the address in the file; if the key was just replaced and that \
                 was interrupted, delete the file, else find out who changed it",
            ),
            Self::Io { .. } => out.push("look at the path, and whether the disk is full or read-only"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_files_are_told_in_the_words_of_wallets() {
        let told = |doing, source: FileFault| {
            WalletError::from(FileError { doing, path: PathBuf::from("wallets"), source }).to_string()
        };
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let full = || io::Error::other("no space");
        assert_eq!(told("create the folder", denied().into()), "no permission to create wallets");
        assert_eq!(told("open", denied().into()), "no permission to write wallets");
        assert_eq!(told("sync", full().into()), "could not write wallets: no space");
        assert_eq!(told("read", full().into()), "could not read wallets: no space");
        assert_eq!(told("write", FileFault::Exists), "wallets exists");
        assert_eq!(told("read", FileFault::TooLarge { limit: 9 }), "wallets is too large for a key file");
        assert_eq!(told("lock", FileFault::Locked { pid: Some(7) }), "could not lock wallets: process 7 uses it");
    }

    #[test]
    fn codes_stay() {
        let path = || PathBuf::from("coldkey");
        let (name, wallet) = (HotkeyName::default(), WalletName::default());
        let source = DecryptError::Damaged("short");
        for (error, code) in [
            (WalletError::NoHome, "wallet-file"),
            (NameError::Empty.into(), "name"),
            (WalletError::NoWallet { name: wallet.clone(), folder: path() }, "no-wallet"),
            (WalletError::NoColdkey { name: wallet.clone() }, "no-key"),
            (WalletError::NoHotkey { name, wallet }, "no-key"),
            (WalletError::NoSecret { path: path() }, "no-key"),
            (WalletError::Exists { path: path() }, "exists"),
            (WalletError::PasswordNeeded { path: path() }, "no-terminal"),
            (WalletError::WrongPassword { path: path() }, "password"),
            (WalletError::EmptyPassword, "password"),
            (PasswordError::Asking(io::Error::other("closed")).into(), "password"),
            (WalletError::TooOpen { path: path(), mode: 0o644 }, "wallet-file"),
            (WalletError::TooLarge { path: path() }, "wallet-file"),
            (WalletError::Encryption { path: path(), source }, "wallet-file"),
        ] {
            assert_eq!(error.code(), code, "{error}");
            assert!(Hints::of(&error).first().is_some(), "{error}");
        }
    }
}
