//! The keys of a wallet, and the signer of a command.

use crate::{
    context::Context,
    error::CliError,
    output::ProgressLine,
    terminal::{PromptError, Terminal},
};
use clap::ValueEnum;
use myelin_keys::{
    Address, Environment, HotkeyName, Keypair, OnExisting, PasswordError, PasswordPrompt, PasswordSource, Protection,
    PublicKey, Secret, Wallet, WalletError, password_variable, secrecy::SecretString,
};
use std::{
    borrow::Cow,
    fmt, io,
    path::{Path, PathBuf},
};

/// Choice of a key of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyChoice {
    /// The coldkey, which holds TAO
    Coldkey,
    /// The hotkey that `--hotkey` names
    Hotkey,
}

/// One key of a wallet.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    /// The coldkey.
    Cold,
    /// A hotkey, by its name.
    Hot(HotkeyName),
}

impl Key {
    /// Returns the selected key.
    pub(crate) fn chosen(which: KeyChoice, context: &Context) -> Result<Self, CliError> {
        Ok(match which {
            KeyChoice::Coldkey => Self::Cold,
            KeyChoice::Hotkey => Self::Hot(context.hotkey()?),
        })
    }

    /// Returns the path of the key's file, which may not exist.
    pub(crate) fn file(&self, wallet: &Wallet) -> PathBuf {
        match self {
            Self::Cold => wallet.coldkey_file(),
            Self::Hot(name) => wallet.hotkey_file(name),
        }
    }

    /// Returns the address of the key, which needs no password.
    fn address(&self, wallet: &Wallet) -> Result<Address, WalletError> {
        match self {
            Self::Cold => wallet.coldkey_address(),
            Self::Hot(name) => wallet.hotkey_address(name),
        }
    }

    /// Returns the name of the key in messages.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Cold => "coldkey".into(),
            Self::Hot(name) => format!("hotkey `{name}`"),
        }
    }

    /// Opens the key, with the password of the environment or of the terminal.
    pub(crate) fn open(&self, wallet: &Wallet, terminal: Terminal) -> Result<Secret, CliError> {
        let prompt = |_: &Path| {
            let typed = terminal.secret(&format!("password of the {} of `{}`", self.label(), wallet.name()), "");
            typed.map_err(io::Error::other)
        };
        let password = (Environment::of_process(), terminal.somebody().then_some(PasswordPrompt(prompt)));
        let opened = match self {
            Self::Cold => wallet.coldkey(&password),
            Self::Hot(name) => wallet.hotkey(name, &password),
        };
        opened.map_err(|error| match error {
            // The error of the prompt is more precise than that of the wallet.
            WalletError::Password(PasswordError::Asking(error)) => {
                error.downcast::<PromptError>().unwrap_or_else(PromptError::Terminal).into()
            }
            other => other.into(),
        })
    }

    /// Writes the key, encrypted if there is a password.
    pub(crate) fn write(
        &self,
        wallet: &Wallet,
        secret: &Secret,
        password: Option<&SecretString>,
        existing: OnExisting,
    ) -> Result<(), CliError> {
        let _progress = password.map(|_| ProgressLine::new("encrypting the key, which takes a few seconds"));
        let protection = password.map_or(Protection::Plain, Protection::Password);
        match self {
            Self::Cold => wallet.create_coldkey(secret, protection, existing)?,
            Self::Hot(name) => wallet.create_hotkey(name, secret, protection, existing)?,
        }
        Ok(())
    }

    /// Checks that the file may be written, before any other question.
    pub(crate) fn check_free(
        &self,
        wallet: &Wallet,
        replace: bool,
        terminal: Terminal,
    ) -> Result<OnExisting, CliError> {
        let path = self.file(wallet);
        // A broken symbolic link is in the way too.
        if path.symlink_metadata().is_err() {
            return Ok(if replace { OnExisting::Replace } else { OnExisting::Refuse });
        }
        if !replace {
            return Err(WalletError::Exists { path }.into());
        }
        let label = self.label();
        terminal.confirm(&format!(
            "Replace the {label} of `{}`? The old key is lost unless its mnemonic is written down.",
            wallet.name()
        ))?;
        Ok(OnExisting::Replace)
    }

    /// Returns the password for a new key: that of the environment, or one that is typed twice.
    pub(crate) fn new_password(&self, wallet: &Wallet, terminal: Terminal) -> Result<SecretString, CliError> {
        let path = self.file(wallet);
        if let Some(password) = Environment::of_process().password(&path)? {
            return Ok(password);
        }
        let hint: Cow<'static, str> = match password_variable(&path) {
            Some(variable) => format!(
                "run the command in a terminal, set `{variable}` to the encoded password, or add `--without-password`"
            )
            .into(),
            None => "run the command in a terminal, or add `--without-password`".into(),
        };
        Ok(terminal.new_password(&format!("new password for the {} of `{}`", self.label(), wallet.name()), hint)?)
    }
}

/// A signer: a key of a wallet that is not opened yet.
///
/// A command can plan the transaction without the password.
#[derive(Clone, Debug)]
pub struct WalletSigner {
    wallet: Wallet,
    key: Key,
    public: PublicKey,
}

impl WalletSigner {
    /// Returns the signer for a key of the selected wallet.
    fn of(key: Key, context: &Context) -> Result<Self, CliError> {
        let wallet = context.wallet()?;
        let public = key.address(&wallet)?.public();
        Ok(Self { wallet, key, public })
    }

    /// Returns the coldkey of the selected wallet as signer.
    ///
    /// The wallet may have only its address; the coldkey cannot be opened then.
    ///
    /// # Errors
    /// [`CliError::Wallet`] if the address is not known.
    pub fn coldkey(context: &Context) -> Result<Self, CliError> {
        Self::of(Key::Cold, context)
    }

    /// Returns the selected hotkey as signer.
    ///
    /// # Errors
    /// [`CliError::Wallet`] if the hotkey does not exist.
    pub fn hotkey(context: &Context) -> Result<Self, CliError> {
        Self::of(Key::Hot(context.hotkey()?), context)
    }

    /// Returns the key of this machine with this public half, or `None` if there is none that can sign.
    ///
    /// # Errors
    /// [`CliError::Wallet`] if the folder of wallets cannot be read.
    pub(crate) fn with_key(public: &PublicKey, context: &Context) -> Result<Option<Self>, CliError> {
        let wallets = context.wallets()?;
        for name in wallets.names()? {
            let wallet = wallets.wallet(name);
            for key in [Key::Cold].into_iter().chain(wallet.hotkeys()?.into_iter().map(Key::Hot)) {
                let is_it = key.address(&wallet).is_ok_and(|address| address.public() == *public);
                let signer = Self { wallet: wallet.clone(), key, public: *public };
                if is_it && signer.check().is_ok() {
                    return Ok(Some(signer));
                }
            }
        }
        Ok(None)
    }

    /// Returns the public key of the signer.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// Returns an error if there is no private key to sign with, before any question.
    pub(crate) fn check(&self) -> Result<(), CliError> {
        match &self.key {
            Key::Cold => self.wallet.coldkey_encryption()?,
            Key::Hot(name) => self.wallet.hotkey_encryption(name)?,
        };
        Ok(())
    }

    /// Opens the key, with the password of the environment or of the terminal.
    pub(crate) fn open(&self, terminal: Terminal) -> Result<Keypair, CliError> {
        let keypair = self.key.open(&self.wallet, terminal)?.into_keypair();
        if keypair.public() != self.public {
            // The plan was made for another account.
            let (path, stored, derived) = (self.key.file(&self.wallet), self.public, keypair.public());
            return Err(WalletError::PublicDiffers { path, stored, derived }.into());
        }
        Ok(keypair)
    }
}

/// Writes the label of the key and the name of its wallet.
impl fmt::Display for WalletSigner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the {} of `{}`", self.key.label(), self.wallet.name())
    }
}
