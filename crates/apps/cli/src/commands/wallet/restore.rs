//! The command `myelin wallet restore`.

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

/// Largest length of an input, in bytes. No secret is longer.
const MAX_INPUT: u64 = 64 * 1024;

/// The origin of a restored key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RestoreSource {
    /// Words of its mnemonic
    Words,
    /// Seed, 64 hex digits
    Seed,
    /// Private key, 128 hex digits
    PrivateKey,
    /// JSON file that a Polkadot wallet exported
    PolkadotJs,
    /// Address, to watch a coldkey whose private key is elsewhere
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

/// Arguments of `myelin wallet restore`.
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// Kind of the restored key
    #[arg(long, value_enum, default_value = "coldkey")]
    key: KeyChoice,

    /// Origin of the key
    #[arg(long, value_enum, default_value = "words")]
    from: RestoreSource,

    /// Read the origin from this file, or from standard input if it is `-`, without a question
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Do not encrypt a coldkey
    #[arg(long)]
    without_password: bool,

    /// Replace an existing key, after a question
    #[arg(long)]
    replace: bool,
}

outputs! {
    /// A restored key.
    WalletRestoreOutput(NewKeys);
}

impl Command for Restore {
    const PATH: &'static str = "wallet restore";
    const SUMMARY: &'static str = "Restore a key from its words, seed, private key or another wallet";
    const DETAILS: &'static str = "The terminal does not show the input. A coldkey is encrypted as by `wallet create`; \
         a hotkey is plain.";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The coldkey, from words typed at the terminal", line: "myelin wallet restore" },
        Example {
            purpose: "A hotkey, from a seed in a file",
            line: "myelin wallet restore --key hotkey --hotkey miner-1 --from seed --file seed.txt",
        },
        Example {
            purpose: "Watch the coldkey of another person",
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
                hint: "leave out `--key hotkey`, or restore the hotkey with its private key",
            });
        }
        let existing = key.check_free(&wallet, self.replace, terminal)?;
        let text = match &self.file {
            Some(path) => read(path)?,
            None => {
                terminal.secret(self.from.prompt(), "pass it with `--file`, or with `--file -` on standard input")?
            }
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
                let passphrase =
                    terminal.secret("the passphrase of the exported file", "run the command in a terminal")?;
                Secret::from_polkadot_js(text, &passphrase)?
            }
        })
    }
}

/// Reads a text from a file or from standard input, without the white space around it.
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
