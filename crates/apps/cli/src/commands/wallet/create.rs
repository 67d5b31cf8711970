//! Keys that come into being, or back.

use super::{KeyRow, NewKeysOutput};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    key::{Key, KeyChoice},
    output::{Printer, note},
    terminal::Terminal,
};
use clap::ValueEnum;
use myelin_keys::{
    Address, Mnemonic, Secret, WordCount,
    secrecy::{ExposeSecret, SecretString},
};
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Longer inputs are no secrets.
const MAX_INPUT: u64 = 64 * 1024;

/// How many words.
fn word_count(text: &str) -> Result<usize, String> {
    let words = crate::settings::read::<usize>(text)?;
    WordCount::try_from(words).map(WordCount::get).map_err(|error| error.to_string())
}

/// A fresh key, and its words to be shown.
fn fresh(words: usize) -> Result<Secret, CliError> {
    Ok(Secret::from_mnemonic(Mnemonic::generate(WordCount::try_from(words)?)?))
}

/// Shows the words of fresh keys, after they are in their files.
fn show_words(keys: &[(&Key, &Secret)], terminal: Terminal) -> bool {
    let shown = keys.iter().all(|(key, secret)| {
        let title = format!("The words of the {}. Whoever has them has the key; they are shown once.", key.label());
        secret.export_mnemonic().is_some_and(|words| terminal.show_once(&title, &words))
    });
    if !shown {
        note("the words were not shown, as there is no terminal; `myelin wallet export` shows them");
    }
    shown
}

/// `myelin wallet create`
#[derive(Debug, clap::Args)]
pub struct Create {
    /// How many words the keys are made from: 12, 15, 18, 21 or 24
    #[arg(long, value_name = "COUNT", default_value = "12", value_parser = word_count)]
    words: usize,

    /// Leave the coldkey unencrypted
    #[arg(long)]
    without_password: bool,

    /// Replace keys that are there, after a question
    #[arg(long)]
    replace: bool,
}

impl Command for Create {
    const PATH: &'static str = "wallet create";
    const SUMMARY: &'static str = "Make a wallet: a coldkey, which holds TAO, and a hotkey, which works";
    const DETAILS: &'static str = "The words of both keys are shown once, on the terminal only. The coldkey is encrypted with a password, which is \
         asked for twice or taken from the environment variable `BT_PW_` and the path of the file, in upper case with `_` \
         for `/` and `.`, encoded as other wallet tools do. The hotkey is plain, so that it works without anybody.";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Make the default wallet", line: "myelin wallet create" },
        Example { purpose: "Another one, with 24 words", line: "myelin wallet create --wallet savings --words 24" },
    ];
    type Output = NewKeysOutput;

    async fn run(self, context: &Context, output: &Printer<NewKeysOutput>) -> Result<(), CliError> {
        let (wallet, terminal) = (context.wallet()?, context.terminal());
        let (cold, hot) = (Key::Cold, Key::chosen(KeyChoice::Hotkey, context)?);
        let cold_existing = cold.check_free(&wallet, self.replace, terminal)?;
        let hot_existing = hot.check_free(&wallet, self.replace, terminal)?;
        let password = if self.without_password { None } else { Some(cold.new_password(&wallet, terminal)?) };
        let (cold_secret, hot_secret) = (fresh(self.words)?, fresh(self.words)?);
        cold.write(&wallet, &cold_secret, password.as_ref(), cold_existing)?;
        hot.write(&wallet, &hot_secret, None, hot_existing)?;
        let words_shown = show_words(&[(&cold, &cold_secret), (&hot, &hot_secret)], terminal);
        let keys = vec![KeyRow::of(&wallet, &cold)?, KeyRow::of(&wallet, &hot)?];
        output.show(&NewKeysOutput { keys, words_shown })
    }
}

/// `myelin wallet new-hotkey`
#[derive(Debug, clap::Args)]
pub struct NewHotkey {
    /// What it is called
    name: String,

    /// How many words it is made from: 12, 15, 18, 21 or 24
    #[arg(long, value_name = "COUNT", default_value = "12", value_parser = word_count)]
    words: usize,

    /// Replace a hotkey that is there, after a question
    #[arg(long)]
    replace: bool,
}

impl Command for NewHotkey {
    const PATH: &'static str = "wallet new-hotkey";
    const SUMMARY: &'static str = "Add a hotkey to a wallet";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "One for each miner", line: "myelin wallet new-hotkey miner-1" }];
    type Output = NewKeysOutput;

    async fn run(self, context: &Context, output: &Printer<NewKeysOutput>) -> Result<(), CliError> {
        let (wallet, terminal) = (context.wallet()?, context.terminal());
        let key = Key::Hot(self.name.parse()?);
        // A wallet that is not there is a slip of the pen, and not to be made by the way.
        wallet.hotkeys()?;
        let existing = key.check_free(&wallet, self.replace, terminal)?;
        let secret = fresh(self.words)?;
        key.write(&wallet, &secret, None, existing)?;
        let words_shown = show_words(&[(&key, &secret)], terminal);
        output.show(&NewKeysOutput { keys: vec![KeyRow::of(&wallet, &key)?], words_shown })
    }
}

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
    type Output = NewKeysOutput;

    async fn run(self, context: &Context, output: &Printer<NewKeysOutput>) -> Result<(), CliError> {
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
        output.show(&NewKeysOutput { keys: vec![KeyRow::of(&wallet, &key)?], words_shown: false })
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
    let failed = |source| CliError::File { doing: "read", path: path.to_owned(), source };
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(MAX_INPUT).read_to_string(&mut text))
    };
    let text = SecretString::from(text);
    read.map_err(failed)?;
    Ok(SecretString::from(text.expose_secret().trim()))
}
