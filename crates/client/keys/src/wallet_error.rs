//! What can go wrong with a wallet.

use crate::{
    encryption::DecryptError,
    key_file::KeyFileError,
    name::{HotkeyName, NameError, WalletName},
    password::{PasswordError, password_variable},
};
use myelin_primitives::PublicKey;
use std::{
    borrow::Cow,
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

    /// What to do next.
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::NoHome => "set `HOME`, or say where the wallets are with `BT_WALLET_PATH`".into(),
            Self::Name(error) => error.hint(),
            Self::NoWallet { .. } => {
                "create the wallet, or look at the spelling of its name and at the wallets' path".into()
            }
            Self::NoColdkey { .. } => {
                "restore the coldkey from its mnemonic, or do this on the machine that has the coldkey".into()
            }
            Self::NoColdkeyAddress { .. } => "restore the coldkey, or add its address to watch it".into(),
            Self::AddressUnknown { .. } => {
                "open it with its password and write it again, which writes both files".into()
            }
            Self::NoHotkey { .. } => "create the hotkey, or list those that the wallet has".into(),
            Self::Exists { .. } => {
                "choose another name; replacing a key loses it for ever unless its mnemonic is written down".into()
            }
            Self::TooOpen { path, .. } => format!(
                "run `chmod 600 {}`; if others use the machine, move what it holds to a new key",
                path.display()
            )
            .into(),
            Self::Denied { path, .. } => {
                format!("work as the user who owns {}, or give it to yourself", path.display()).into()
            }
            Self::TooLarge { .. } | Self::NoSecret { .. } => {
                "restore the file from a backup, or the key from its mnemonic".into()
            }
            Self::PasswordNeeded { path } => match password_variable(path) {
                Some(variable) => {
                    format!("run it in a terminal to be asked, or set `{variable}` to the encoded password").into()
                }
                None => "run it in a terminal to be asked".into(),
            },
            Self::Password(error) => error.hint(),
            Self::EmptyPassword => "choose a password, or say that the key shall not be encrypted".into(),
            Self::WrongPassword { .. } => DecryptError::WrongPassword.hint(),
            Self::Encryption { source, .. } => source.hint(),
            Self::Content { source, .. } => source.hint(),
            Self::PublicDiffers { .. } => {
                "send nothing to the address in the file; if the key was just replaced and that \
                 was interrupted, delete the file, else find out who changed it"
                    .into()
            }

            Self::Io { .. } => "look at the path, and whether the disk is full or read-only".into(),
        }
    }
}
