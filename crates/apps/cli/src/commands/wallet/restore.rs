//! `myelin wallet restore`

use super::rows::{KeyRow, NewKeys};
use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    key::{Key, KeyChoice},
    output::Printer,
    terminal::Terminal,
};
use clap::ValueEnum;
use myelin_keys::{
    Address, Mnemonic, Secret,
    secrecy::{ExposeSecret, SecretString},
};
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Longer inputs are no secrets.
const MAX_INPUT: u64 = 64 * 1024;

/// What a key is restored from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RestoreSource {
    /// Its words
    Words,
    /// Its seed, 64 hex digits
    Seed,
    /// The private key, 128 hex digits
    PrivateKey,
    /// The JSON file that a Polkadot wallet exported
    PolkadotJs,
    /// Its address, to watch a coldkey whose private key is elsewhere
    Address,
}

impl RestoreSource {
    const fn prompt(self) -> &'static str {
        match self {
            Self::Words => "the words",
            Self::Seed => "the seed",
            Self::PrivateKey => "the private key",
            Self::PolkadotJs => "the file's content",
            Self::Address => "the address",
        }
    }
}

/// `myelin wallet restore`
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// Which key it becomes
    #[arg(long, value_enum, default_value = "coldkey")]
    key: KeyChoice,

    /// What it is restored from
    #[arg(long, value_enum, default_value = "words")]
    from: RestoreSource,

    /// Read it from this file, or from standard input if it is `-`, instead of asking
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Leave a coldkey unencrypted
    #[arg(long)]
    without_password: bool,

    /// Replace a key that is there, after a question
    #[arg(long)]
    replace: bool,
}

outputs! {
    /// A key that is back.
    WalletRestoreOutput(NewKeys);
}

impl Command for Restore {
    const PATH: &'static str = "wallet restore";
    const SUMMARY: &'static str = "Bring back a key from its words, seed, private key or another wallet";
    const DETAILS: &'static str =
        "What is typed is not shown. A coldkey is encrypted again, as by `wallet create`; a hotkey is plain.";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The coldkey, from words typed at the terminal", line: "myelin wallet restore" },
        Example {
            purpose: "A hotkey, from a seed in a file",
            line: "myelin wallet restore --key hotkey --hotkey miner-1 --from seed --file seed.txt",
        },
        Example {
            purpose: "Watch somebody's coldkey",
            line: "myelin wallet restore --wallet theirs --from address --file address.txt",
        },
    ];
    type Output = WalletRestoreOutput;

    async fn run(self, context: &Context, output: &Printer<WalletRestoreOutput>) -> Result<(), CliError> {
        let (wallet, terminal) = (context.wallet()?, context.terminal());
        let key = Key::chosen(self.key, context)?;
        if self.from == RestoreSource::Address && self.key == KeyChoice::Hotkey {
            return Err(CliError::Usage {
                message: "only a coldkey can be watched".into(),
                hint: "leave `--key hotkey` away; a hotkey works, and for that it has to be here",
            });
        }
        let existing = key.check_free(&wallet, self.replace, terminal)?;
        let text = match &self.file {
            Some(path) => read(path)?,
            None => terminal.secret(self.from.prompt(), "give it with `--file`, `-` being standard input")?,
        };
        if self.from == RestoreSource::Address {
            wallet.watch_coldkey(&text.expose_secret().parse::<Address>()?.public(), existing)?;
        } else {
            let secret = self.secret(&text, terminal)?;
            let encrypted = self.key == KeyChoice::Coldkey && !self.without_password;
            let password = if encrypted { Some(key.new_password(&wallet, terminal)?) } else { None };
            key.write(&wallet, &secret, password.as_ref(), existing)?;
        }
        Ok(output.show(&WalletRestoreOutput(NewKeys { keys: vec![KeyRow::of(&wallet, &key)?], words_shown: false }))?)
    }
}

impl Restore {
    fn secret(&self, text: &SecretString, terminal: Terminal) -> Result<Secret, CliError> {
        let text = text.expose_secret();
        Ok(match self.from {
            RestoreSource::Words => Secret::from_mnemonic(Mnemonic::parse(text)?),
            RestoreSource::Seed => Secret::from_seed(text.parse()?),
            RestoreSource::PrivateKey => Secret::from_private_key(text)?,
            RestoreSource::PolkadotJs | RestoreSource::Address => {
                let passphrase = terminal.secret("the passphrase of the exported file", "run it in a terminal")?;
                Secret::from_polkadot_js(text, &passphrase)?
            }
        })
    }
}

/// A text from a file or from standard input, without white space around it.
fn read(path: &Path) -> Result<SecretString, CliError> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(MAX_INPUT).read_to_string(&mut text))
    };
    let text = SecretString::from(text);
    read.map_err(CliError::file("read", path))?;
    Ok(SecretString::from(text.expose_secret().trim()))
}
