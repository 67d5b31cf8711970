//! Errors of wallets.

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

/// A failure of an operation on a wallet. The error holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// A path begins with `~`, and `HOME` is not set.
    #[error("there is no home folder with wallets: `HOME` is not set")]
    NoHome,
    /// A name is invalid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is no such wallet.
    #[error("there is no wallet `{name}` in {}", .folder.display())]
    NoWallet {
        /// The name of the wallet.
        name: WalletName,
        /// The folder of the wallets.
        folder: PathBuf,
    },
    /// The wallet has no coldkey, or only its address.
    #[error("the wallet `{name}` has no coldkey")]
    NoColdkey {
        /// The name of the wallet.
        name: WalletName,
    },
    /// The address of the coldkey is in no file.
    #[error("the wallet `{name}` has no file with the address of its coldkey")]
    NoColdkeyAddress {
        /// The name of the wallet.
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
        /// The name of the hotkey.
        name: HotkeyName,
        /// The name of the wallet.
        wallet: WalletName,
    },
    /// The file exists and may not be replaced.
    #[error("{} exists", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A private file is open to other users.
    #[error("{} is open to other users of the machine (mode {mode:03o})", .path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// The mode of the file.
        mode: u32,
    },
    /// The system denies access.
    #[error("no permission to {doing} {}", .path.display())]
    Denied {
        /// The file or folder.
        path: PathBuf,
        /// The operation.
        doing: &'static str,
    },
    /// The file is far larger than any key file.
    #[error("{} is too large for a key file", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is encrypted and no source has its password.
    #[error("{} is encrypted, and its password is not known", .path.display())]
    PasswordNeeded {
        /// The file.
        path: PathBuf,
    },
    /// A source of passwords failed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// An empty password was given for encryption.
    #[error("the password is empty")]
    EmptyPassword,
    /// The password does not open the file.
    #[error("the password does not open {}", .path.display())]
    WrongPassword {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened with any password, or it cannot be encrypted.
    #[error("{} cannot be opened or encrypted: {source}", .path.display())]
    Encryption {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: DecryptError,
    },
    /// The content of the file is damaged.
    #[error("{} is damaged: {source}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: KeyFileError,
    },
    /// A file that should hold a private key holds an address only.
    #[error("{} holds no private key", .path.display())]
    NoSecret {
        /// The file.
        path: PathBuf,
    },
    /// The public file beside a private one has the address of another key.
    #[error("{} has the address {stored}, but the private key beside it belongs to {derived}", .path.display())]
    PublicDiffers {
        /// The public file.
        path: PathBuf,
        /// The key in the public file.
        stored: PublicKey,
        /// The key in the private file.
        derived: PublicKey,
    },
    /// The system reports an error.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operation.
        doing: &'static str,
        /// The error of the system.
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
        // A write is one operation for the user, so its steps have one name.
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
            FileFault::Foreign { .. } => Self::Denied { path, doing },
            fault => Self::io(&path, doing, io::Error::other(fault)),
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
            Self::NoHome => out.push("set `HOME`, or set `BT_WALLET_PATH` to the folder of the wallets"),
            Self::Name(error) => error.hints(out),
            Self::NoWallet { .. } => {
                out.push("create the wallet, or check its name and the path of the wallets");
            }
            Self::NoColdkey { .. } => {
                out.push("restore the coldkey from its mnemonic, or run this on the machine that has the coldkey");
            }
            Self::NoColdkeyAddress { .. } => out.push("restore the coldkey, or add its address to watch it"),
            Self::AddressUnknown { .. } => {
                out.push("write the key again with its password, which writes both files");
            }
            Self::NoHotkey { .. } => out.push("create the hotkey, or list the hotkeys of the wallet"),
            Self::Exists { .. } => {
                out.push("choose another name; a replaced key is lost unless its mnemonic is written down");
            }
            Self::TooOpen { path, .. } => out.push(format!(
                "run `chmod 600 {}`; if others use the machine, move what it holds to a new key",
                path.display()
            )),
            Self::Denied { path, .. } => {
                out.push(format!("run as the user who owns {}, or change its owner", path.display()));
            }
            Self::TooLarge { .. } | Self::NoSecret { .. } => {
                out.push("restore the file from a backup, or the key from its mnemonic");
            }
            Self::PasswordNeeded { path } => match password_variable(path) {
                Some(variable) => {
                    out.push(format!("run the program in a terminal, or set `{variable}` to the encoded password"));
                }
                None => out.push("run the program in a terminal"),
            },
            Self::Password(error) => error.hints(out),
            Self::EmptyPassword => out.push("choose a password, or turn encryption off"),
            Self::WrongPassword { .. } => DecryptError::WrongPassword.hints(out),
            Self::Encryption { source, .. } => source.hints(out),
            Self::Content { source, .. } => source.hints(out),
            Self::PublicDiffers { .. } => out.push(
                "send nothing to the address in the file; if a replacement of the key was interrupted, \
                 delete the file, else find out who changed it",
            ),
            Self::Io { .. } => out.push("check the path, and whether the disk is full or read-only"),
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
        assert_eq!(told("sync", full().into()), "cannot write wallets: no space");
        assert_eq!(told("read", full().into()), "cannot read wallets: no space");
        assert_eq!(told("write", FileFault::Exists), "wallets exists");
        assert_eq!(told("read", FileFault::TooLarge { limit: 9 }), "wallets is too large for a key file");
        assert_eq!(told("lock", FileFault::Locked { pid: Some(7) }), "cannot lock wallets: process 7 uses it");
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
