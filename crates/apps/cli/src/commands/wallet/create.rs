//! `myelin wallet create`

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

/// How many words.
pub(super) fn word_count(text: &str) -> Result<usize, String> {
    let words = crate::settings::read::<usize>(text)?;
    WordCount::try_from(words).map(WordCount::get).map_err(|error| error.to_string())
}

/// A fresh key, and its words to be shown.
pub(super) fn fresh(words: usize) -> Result<Secret, CliError> {
    Ok(Secret::from_mnemonic(Mnemonic::generate(WordCount::try_from(words)?)?))
}

/// Shows the words of fresh keys, after they are in their files.
pub(super) fn show_words(keys: &[(&Key, &Secret)], terminal: Terminal) -> bool {
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

outputs! {
    /// The keys of a new wallet.
    WalletCreateOutput(NewKeys);
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
