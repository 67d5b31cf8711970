//! The command `myelin wallet create`.

use super::rows::{KeyRow, NewKeys};
use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    key::{Key, KeyChoice},
    output::{Printer, note},
    terminal::Terminal,
};
use myelin_keys::{Mnemonic, Secret, WordCount};

/// Parses a number of words.
pub(super) fn word_count(text: &str) -> Result<usize, String> {
    let words = crate::settings::read::<usize>(text)?;
    WordCount::try_from(words).map(WordCount::get).map_err(|error| error.to_string())
}

/// Generates a secret from a new mnemonic of this many words.
pub(super) fn fresh(words: usize) -> Result<Secret, CliError> {
    Ok(Secret::from_mnemonic(Mnemonic::generate(WordCount::try_from(words)?)?))
}

/// Shows the mnemonics of new keys, after the keys are in their files. Returns true if all were shown.
pub(super) fn show_words(keys: &[(&Key, &Secret)], terminal: Terminal) -> bool {
    let shown = keys.iter().all(|(key, secret)| {
        let title =
            format!("The words of the {}. They give full control of the key, and are shown only once.", key.label());
        secret.export_mnemonic().is_some_and(|words| terminal.show_once(&title, &words))
    });
    if !shown {
        note("the words were not shown because there is no terminal; `myelin wallet export` shows them");
    }
    shown
}

/// Arguments of `myelin wallet create`.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Number of words of each mnemonic: 12, 15, 18, 21 or 24
    #[arg(long, value_name = "COUNT", default_value = "12", value_parser = word_count)]
    words: usize,

    /// Do not encrypt the coldkey
    #[arg(long)]
    without_password: bool,

    /// Replace existing keys, after a question
    #[arg(long)]
    replace: bool,
}

outputs! {
    /// The keys of a new wallet.
    WalletCreateOutput(NewKeys);
}

impl Command for Create {
    const PATH: &'static str = "wallet create";
    const SUMMARY: &'static str = "Create a wallet: a coldkey, which owns TAO, and a hotkey for a neuron";
    const DETAILS: &'static str = "The words of both keys are shown once, only on the terminal. The coldkey is \
         encrypted with a password, which is asked for twice or taken from the environment variable `BT_PW_` and the \
         path of the file, in upper case with `_` for `/` and `.`, encoded as other wallet tools do. The hotkey is \
         plain, so that a neuron can sign unattended.";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Create the default wallet", line: "myelin wallet create" },
        Example { purpose: "Another one, with 24 words", line: "myelin wallet create --wallet savings --words 24" },
    ];
    type Output = WalletCreateOutput;

    async fn run(self, context: &Context, output: &Printer<WalletCreateOutput>) -> Result<(), CliError> {
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
        Ok(output.show(&WalletCreateOutput(NewKeys { keys, words_shown }))?)
    }
}
