//! Commands about keys. The files are those of `myelin-keys`.

mod answer;
mod make;
mod read;
mod sign;

pub use answer::{Exported, KeyRow, Keys, Made, Signed, Verified};
pub use make::{Create, NewHotkey, Restore};
pub use read::{Export, List, Show};
pub use sign::{Sign, Verify};

use crate::{context::Context, error::CliError, output::Progress, terminal::Terminal};
use clap::ValueEnum;
use myelin_keys::{
    Ask, Environment, Existing, HotkeyName, PasswordError, PasswordSource, Protection, Secret, Wallet, WalletError,
    password_variable, secrecy::SecretString,
};
use std::{
    borrow::Cow,
    io,
    path::{Path, PathBuf},
};

/// Which key of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// The key that holds TAO
    Coldkey,
    /// The key that works, the one that `--hotkey` names
    Hotkey,
}

/// One key of a wallet.
#[derive(Clone, Debug)]
enum Key {
    Cold,
    Hot(HotkeyName),
}

impl Key {
    fn chosen(which: Which, context: &Context) -> Result<Self, CliError> {
        Ok(match which {
            Which::Coldkey => Self::Cold,
            Which::Hotkey => Self::Hot(context.hotkey()?),
        })
    }

    fn file(&self, wallet: &Wallet) -> PathBuf {
        match self {
            Self::Cold => wallet.coldkey_file(),
            Self::Hot(name) => wallet.hotkey_file(name),
        }
    }

    /// As people call it.
    fn label(&self) -> String {
        match self {
            Self::Cold => "coldkey".into(),
            Self::Hot(name) => format!("hotkey `{name}`"),
        }
    }

    /// Opens it, with the password of the environment or of whoever sits there.
    fn open(&self, wallet: &Wallet, terminal: Terminal) -> Result<Secret, CliError> {
        let prompt = |_: &Path| {
            let typed = terminal.secret(&format!("password of the {} of `{}`", self.label(), wallet.name()), "");
            typed.map_err(io::Error::other)
        };
        let password = (Environment::of_process(), terminal.somebody().then_some(Ask(prompt)));
        let opened = match self {
            Self::Cold => wallet.coldkey(&password),
            Self::Hot(name) => wallet.hotkey(name, &password),
        };
        opened.map_err(|error| match error {
            // What went wrong with asking is known better here.
            WalletError::Password(PasswordError::Asking(error)) => error.downcast().unwrap_or_else(CliError::Terminal),
            other => other.into(),
        })
    }

    /// Writes it, encrypted with this password if there is one.
    fn write(
        &self,
        wallet: &Wallet,
        secret: &Secret,
        password: Option<&SecretString>,
        existing: Existing,
    ) -> Result<(), CliError> {
        let _progress = password.map(|_| Progress::new("encrypting, which takes seconds on purpose"));
        let protection = password.map_or(Protection::Plain, Protection::Password);
        match self {
            Self::Cold => wallet.create_coldkey(secret, protection, existing)?,
            Self::Hot(name) => wallet.create_hotkey(name, secret, protection, existing)?,
        }
        Ok(())
    }

    /// Whether it may be written, before anybody is asked for anything.
    fn check_free(&self, wallet: &Wallet, replace: bool, terminal: Terminal) -> Result<Existing, CliError> {
        let path = self.file(wallet);
        // A link that leads nowhere is in the way too.
        if path.symlink_metadata().is_err() {
            return Ok(if replace { Existing::Replace } else { Existing::Refuse });
        }
        if !replace {
            return Err(WalletError::Exists { path }.into());
        }
        let label = self.label();
        terminal.confirm(&format!(
            "Replace the {label} of `{}`? It is lost for ever unless its words are written down.",
            wallet.name()
        ))?;
        Ok(Existing::Replace)
    }

    /// The password of a key that is to be: that of the environment, or one that is typed twice.
    fn new_password(&self, wallet: &Wallet, terminal: Terminal) -> Result<SecretString, CliError> {
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
        terminal.new_password(&format!("new password for the {} of `{}`", self.label(), wallet.name()), hint)
    }
}
