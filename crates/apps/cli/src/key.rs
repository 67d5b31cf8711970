//! The keys of a wallet, by what they are for, and how they are opened.

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

/// Which key of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyChoice {
    /// The key that holds TAO
    Coldkey,
    /// The key that works, the one that `--hotkey` names
    Hotkey,
}

/// One key of a wallet.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    /// Holds TAO.
    Cold,
    /// Works.
    Hot(HotkeyName),
}

impl Key {
    /// The one that is meant.
    pub(crate) fn chosen(which: KeyChoice, context: &Context) -> Result<Self, CliError> {
        Ok(match which {
            KeyChoice::Coldkey => Self::Cold,
            KeyChoice::Hotkey => Self::Hot(context.hotkey()?),
        })
    }

    /// Where it lies, or would.
    pub(crate) fn file(&self, wallet: &Wallet) -> PathBuf {
        match self {
            Self::Cold => wallet.coldkey_file(),
            Self::Hot(name) => wallet.hotkey_file(name),
        }
    }

    /// Its address, which needs no password.
    fn address(&self, wallet: &Wallet) -> Result<Address, WalletError> {
        match self {
            Self::Cold => wallet.coldkey_address(),
            Self::Hot(name) => wallet.hotkey_address(name),
        }
    }

    /// As people call it.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Cold => "coldkey".into(),
            Self::Hot(name) => format!("hotkey `{name}`"),
        }
    }

    /// Opens it, with the password of the environment or of whoever sits there.
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
            // What went wrong with asking is known better here.
            WalletError::Password(PasswordError::Asking(error)) => {
                error.downcast::<PromptError>().unwrap_or_else(PromptError::Terminal).into()
            }
            other => other.into(),
        })
    }

    /// Writes it, encrypted with this password if there is one.
    pub(crate) fn write(
        &self,
        wallet: &Wallet,
        secret: &Secret,
        password: Option<&SecretString>,
        existing: OnExisting,
    ) -> Result<(), CliError> {
        let _progress = password.map(|_| ProgressLine::new("encrypting, which takes seconds on purpose"));
        let protection = password.map_or(Protection::Plain, Protection::Password);
        match self {
            Self::Cold => wallet.create_coldkey(secret, protection, existing)?,
            Self::Hot(name) => wallet.create_hotkey(name, secret, protection, existing)?,
        }
        Ok(())
    }

    /// Whether it may be written, before anybody is asked for anything.
    pub(crate) fn check_free(
        &self,
        wallet: &Wallet,
        replace: bool,
        terminal: Terminal,
    ) -> Result<OnExisting, CliError> {
        let path = self.file(wallet);
        // A link that leads nowhere is in the way too.
        if path.symlink_metadata().is_err() {
            return Ok(if replace { OnExisting::Replace } else { OnExisting::Refuse });
        }
        if !replace {
            return Err(WalletError::Exists { path }.into());
        }
        let label = self.label();
        terminal.confirm(&format!(
            "Replace the {label} of `{}`? It is lost for ever unless its words are written down.",
            wallet.name()
        ))?;
        Ok(OnExisting::Replace)
    }

    /// The password of a key that is to be: that of the environment, or one that is typed twice.
    pub(crate) fn new_password(&self, wallet: &Wallet, terminal: Terminal) -> Result<SecretString, CliError> {
        let path = self.file(wallet);
        if let Some(password) = Environment::of_process().password(&path)? {
            return Ok(password);
        }
        let hint: Cow<'static, str> = match password_variable(&path) {
            Some(variable) => {
                format!("run it in a terminal, set `{variable}` to the encoded password, or add `--without-password`")
                    .into()
            }
            None => "run it in a terminal, or add `--without-password`".into(),
        };
        Ok(terminal.new_password(&format!("new password for the {} of `{}`", self.label(), wallet.name()), hint)?)
    }
}

/// Whoever signs: a key of a wallet here, not opened yet. What it is to sign can be planned without its password.
#[derive(Clone, Debug)]
pub struct WalletSigner {
    wallet: Wallet,
    key: Key,
    public: PublicKey,
}

impl WalletSigner {
    /// That key of the wallet that is meant.
    fn of(key: Key, context: &Context) -> Result<Self, CliError> {
        let wallet = context.wallet()?;
        let public = key.address(&wallet)?.public();
        Ok(Self { wallet, key, public })
    }

    /// The coldkey of the wallet that is meant. It may be one that is only watched; then it cannot be opened.
    ///
    /// # Errors
    /// If its address is not known.
    pub fn coldkey(context: &Context) -> Result<Self, CliError> {
        Self::of(Key::Cold, context)
    }

    /// The hotkey that is meant.
    ///
    /// # Errors
    /// If there is none.
    pub fn hotkey(context: &Context) -> Result<Self, CliError> {
        Self::of(Key::Hot(context.hotkey()?), context)
    }

    /// Whose key it is.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    /// Fails if there is no private key to sign with, before anybody is asked for anything.
    pub(crate) fn check(&self) -> Result<(), CliError> {
        match &self.key {
            Key::Cold => self.wallet.coldkey_encryption()?,
            Key::Hot(name) => self.wallet.hotkey_encryption(name)?,
        };
        Ok(())
    }

    /// Opens the key, with the password of the environment or of whoever sits there.
    pub(crate) fn open(&self, terminal: Terminal) -> Result<Keypair, CliError> {
        let keypair = self.key.open(&self.wallet, terminal)?.into_keypair();
        if keypair.public() != self.public {
            // Then the plan was made for somebody else.
            let (path, stored, derived) = (self.key.file(&self.wallet), self.public, keypair.public());
            return Err(WalletError::PublicDiffers { path, stored, derived }.into());
        }
        Ok(keypair)
    }
}

/// As people call it: the name of the key, and of its wallet.
impl fmt::Display for WalletSigner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the {} of `{}`", self.key.label(), self.wallet.name())
    }
}
