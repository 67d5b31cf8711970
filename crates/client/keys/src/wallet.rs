//! Wallets: folders of key files (spec wallets §1).

use crate::{
    address::Address,
    encryption::{DecryptError, KeyFileEncryption, decrypt, nacl},
    file::{check_free, list, read, write},
    key_file::{KeyFile, KeyFileContent},
    name::{HotkeyName, PUBLIC_SUFFIX, WalletName},
    password::PasswordSource,
    secret::Secret,
    text::SecretBytes,
    wallet_error::WalletError,
};
use myelin_files::{Access, OnExisting};
use myelin_primitives::PublicKey;
use secrecy::{ExposeSecret, SecretString};
use std::{
    fs::Metadata,
    path::{Path, PathBuf},
};

/// The protection of a private key in its file.
#[derive(Clone, Copy, Debug)]
pub enum Protection<'a> {
    /// Plain text, for hotkeys, which work without a user at a keyboard.
    Plain,
    /// Encryption with a password, for coldkeys. It takes seconds and 512 MiB, now and each time the file is opened.
    Password(&'a SecretString),
}

/// A folder of wallets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallets {
    folder: PathBuf,
}

impl Wallets {
    /// Returns the wallets in this folder, which need not exist.
    ///
    /// `~` is not expanded, see [`Environment::expand`](crate::Environment::expand).
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the wallet with this name, which need not exist.
    pub fn wallet(&self, name: WalletName) -> Wallet {
        Wallet { wallets: self.folder.clone(), name }
    }

    /// Returns the names of all wallets, in order. The list is empty if the folder does not exist.
    ///
    /// # Errors
    /// [`WalletError::Denied`] and [`WalletError::Io`] from the system.
    pub fn names(&self) -> Result<Vec<WalletName>, WalletError> {
        Ok(list(&self.folder, |name| name.parse().ok(), Metadata::is_dir)?.unwrap_or_default())
    }
}

/// A coldkey and its hotkeys, as files in a folder.
///
/// It keeps no state in memory: each method reads the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    wallets: PathBuf,
    name: WalletName,
}

/// The files of one key.
struct KeyPaths {
    private: PathBuf,
    public: PathBuf,
}

impl Wallet {
    /// Returns the name.
    pub const fn name(&self) -> &WalletName {
        &self.name
    }

    /// Returns the folder.
    pub fn folder(&self) -> PathBuf {
        self.wallets.join(self.name.as_str())
    }

    /// Returns the path of the coldkey file, which need not exist.
    pub fn coldkey_file(&self) -> PathBuf {
        self.coldkey_files().private
    }

    /// Returns the path of a hotkey file, which need not exist.
    pub fn hotkey_file(&self, name: &HotkeyName) -> PathBuf {
        self.hotkey_files(name).private
    }

    /// Writes the private and the public file of the coldkey.
    ///
    /// # Errors
    /// [`WalletError::Exists`] if either file exists and may not be replaced; [`WalletError::EmptyPassword`];
    /// [`WalletError::Denied`] and [`WalletError::Io`] from the system.
    pub fn create_coldkey(
        &self,
        secret: &Secret,
        protection: Protection,
        existing: OnExisting,
    ) -> Result<(), WalletError> {
        self.coldkey_files().create(secret, protection, existing)
    }

    /// Writes the public file of a coldkey, to watch an address or to restore the file.
    ///
    /// # Errors
    /// [`WalletError::Exists`] if the public file exists and may not be replaced; [`WalletError::Denied`] and
    /// [`WalletError::Io`] from the system.
    pub fn watch_coldkey(&self, public: &PublicKey, existing: OnExisting) -> Result<(), WalletError> {
        write(&self.coldkey_files().public, &KeyFile::encode_public(public), existing)
    }

    /// Reads the coldkey with its origin.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`] and [`WalletError::NoColdkey`]; the errors of passwords and files.
    pub fn coldkey(&self, password: &dyn PasswordSource) -> Result<Secret, WalletError> {
        self.coldkey_files().secret(password)?.map_or_else(|| Err(self.no_coldkey()?), Ok)
    }

    /// Reads the address of the coldkey. It needs no password.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`], [`WalletError::NoColdkeyAddress`] and [`WalletError::AddressUnknown`]; the errors of
    /// files.
    pub fn coldkey_address(&self) -> Result<Address, WalletError> {
        self.coldkey_files().address()?.map_or_else(
            || {
                self.check_exists()?;
                Err(WalletError::NoColdkeyAddress { name: self.name.clone() })
            },
            Ok,
        )
    }

    /// Returns the encryption of the coldkey.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`] and [`WalletError::NoColdkey`]; [`WalletError::Denied`] and [`WalletError::Io`] from
    /// the system.
    pub fn coldkey_encryption(&self) -> Result<KeyFileEncryption, WalletError> {
        self.coldkey_files().encryption()?.map_or_else(|| Err(self.no_coldkey()?), Ok)
    }

    /// Writes the private and the public file of a hotkey.
    ///
    /// # Errors
    /// Those of [`Self::create_coldkey`].
    pub fn create_hotkey(
        &self,
        name: &HotkeyName,
        secret: &Secret,
        protection: Protection,
        existing: OnExisting,
    ) -> Result<(), WalletError> {
        self.hotkey_files(name).create(secret, protection, existing)
    }

    /// Reads a hotkey with its origin.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`] and [`WalletError::NoHotkey`]; the errors of passwords and files.
    pub fn hotkey(&self, name: &HotkeyName, password: &dyn PasswordSource) -> Result<Secret, WalletError> {
        self.hotkey_files(name).secret(password)?.map_or_else(|| Err(self.no_hotkey(name)?), Ok)
    }

    /// Reads the address of a hotkey. It needs no password.
    ///
    /// The address is in the public file. If an older tool wrote none, it is in the private file, which is usually
    /// plain.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`], [`WalletError::NoHotkey`] and [`WalletError::AddressUnknown`]; the errors of files.
    pub fn hotkey_address(&self, name: &HotkeyName) -> Result<Address, WalletError> {
        self.hotkey_files(name).address()?.map_or_else(|| Err(self.no_hotkey(name)?), Ok)
    }

    /// Returns the encryption of a hotkey.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`] and [`WalletError::NoHotkey`]; [`WalletError::Denied`] and [`WalletError::Io`] from
    /// the system.
    pub fn hotkey_encryption(&self, name: &HotkeyName) -> Result<KeyFileEncryption, WalletError> {
        self.hotkey_files(name).encryption()?.map_or_else(|| Err(self.no_hotkey(name)?), Ok)
    }

    /// Returns the names of the hotkeys, in order.
    ///
    /// # Errors
    /// [`WalletError::NoWallet`]; [`WalletError::Denied`] and [`WalletError::Io`] from the system.
    pub fn hotkeys(&self) -> Result<Vec<HotkeyName>, WalletError> {
        self.check_exists()?;
        Ok(list(&self.folder().join("hotkeys"), |name| name.parse().ok(), Metadata::is_file)?.unwrap_or_default())
    }

    fn coldkey_files(&self) -> KeyPaths {
        KeyPaths::in_folder(&self.folder(), "coldkey")
    }

    fn hotkey_files(&self, name: &HotkeyName) -> KeyPaths {
        KeyPaths::in_folder(&self.folder().join("hotkeys"), name.as_str())
    }

    fn check_exists(&self) -> Result<(), WalletError> {
        if self.folder().is_dir() {
            return Ok(());
        }
        Err(WalletError::NoWallet { name: self.name.clone(), folder: self.wallets.clone() })
    }

    /// Returns the error of a wallet without coldkey, if there is a wallet.
    fn no_coldkey(&self) -> Result<WalletError, WalletError> {
        self.check_exists()?;
        Ok(WalletError::NoColdkey { name: self.name.clone() })
    }

    fn no_hotkey(&self, name: &HotkeyName) -> Result<WalletError, WalletError> {
        self.check_exists()?;
        Ok(WalletError::NoHotkey { name: name.clone(), wallet: self.name.clone() })
    }
}

impl KeyPaths {
    fn in_folder(folder: &Path, name: &str) -> Self {
        Self { private: folder.join(name), public: folder.join(format!("{name}{PUBLIC_SUFFIX}")) }
    }

    fn create(&self, secret: &Secret, protection: Protection, existing: OnExisting) -> Result<(), WalletError> {
        check_free(&self.private, existing)?;
        check_free(&self.public, existing)?;
        let content = KeyFile::encode_private(secret);
        // The private file comes first, because the public file can be restored from it after a crash.
        match protection {
            Protection::Plain => write(&self.private, content.expose_secret(), existing)?,
            Protection::Password(password) => write(&self.private, &self.sealed(&content, password)?, existing)?,
        }
        write(&self.public, &KeyFile::encode_public(&secret.public()), existing)
    }

    fn sealed(&self, content: &SecretBytes, password: &SecretString) -> Result<Vec<u8>, WalletError> {
        if password.expose_secret().is_empty() {
            return Err(WalletError::EmptyPassword);
        }
        let sealed = nacl::derive_key(password).and_then(|key| nacl::seal(content, &key));
        sealed.map_err(|source| WalletError::Encryption { path: self.private.clone(), source })
    }

    fn secret(&self, password: &dyn PasswordSource) -> Result<Option<Secret>, WalletError> {
        let path = &self.private;
        let Some(content) = read(path, Access::Private)? else { return Ok(None) };
        let stored = if KeyFileEncryption::of(&content) == KeyFileEncryption::Plain {
            decode(path, &content)?
        } else {
            let password =
                password.password(path)?.ok_or_else(|| WalletError::PasswordNeeded { path: path.clone() })?;
            let opened = decrypt(&content, &password).map_err(|source| match source {
                DecryptError::WrongPassword => WalletError::WrongPassword { path: path.clone() },
                _ => WalletError::Encryption { path: path.clone(), source },
            })?;
            decode(path, opened.expose_secret())?
        };
        let KeyFileContent::Secret(secret) = stored else { return Err(WalletError::NoSecret { path: path.clone() }) };
        // A changed public file could redirect payments to an attacker.
        match self.published()? {
            Some(address) if address.public() != secret.public() => Err(WalletError::PublicDiffers {
                path: self.public.clone(),
                stored: address.public(),
                derived: secret.public(),
            }),
            _ => Ok(Some(*secret)),
        }
    }

    fn published(&self) -> Result<Option<Address>, WalletError> {
        let Some(content) = read(&self.public, Access::Shared)? else { return Ok(None) };
        match decode(&self.public, &content)? {
            KeyFileContent::Public(address) => Ok(Some(address)),
            // A private key in a public file is a mistake. It still has an address.
            KeyFileContent::Secret(secret) => Ok(Some(secret.public().into())),
        }
    }

    fn address(&self) -> Result<Option<Address>, WalletError> {
        if let Some(address) = self.published()? {
            return Ok(Some(address));
        }
        let Some(content) = read(&self.private, Access::Private)? else { return Ok(None) };
        match KeyFileEncryption::of(&content) {
            KeyFileEncryption::Plain => Ok(Some(decode(&self.private, &content)?.public().into())),
            _ => Err(WalletError::AddressUnknown { path: self.private.clone() }),
        }
    }

    fn encryption(&self) -> Result<Option<KeyFileEncryption>, WalletError> {
        Ok(read(&self.private, Access::Private)?.map(|content| KeyFileEncryption::of(&content)))
    }
}

fn decode(path: &Path, content: &[u8]) -> Result<KeyFileContent, WalletError> {
    KeyFile::decode(content)
        .and_then(KeyFile::consistent)
        .map_err(|source| WalletError::Content { path: path.to_owned(), source })
}
