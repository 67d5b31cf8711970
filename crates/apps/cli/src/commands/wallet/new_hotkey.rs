//! `myelin wallet new-hotkey`

use super::{
    create::{fresh, show_words, word_count},
    rows::{KeyRow, NewKeys},
};
use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    key::Key,
    output::Printer,
};

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

outputs! {
    /// A hotkey that was added.
    WalletNewHotkeyOutput(NewKeys);
}

impl Command for NewHotkey {
    const PATH: &'static str = "wallet new-hotkey";
    const SUMMARY: &'static str = "Add a hotkey to a wallet";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "One for each miner", line: "myelin wallet new-hotkey miner-1" }];
    type Output = WalletNewHotkeyOutput;

    async fn run(self, context: &Context, output: &Printer<WalletNewHotkeyOutput>) -> Result<(), CliError> {
        let (wallet, terminal) = (context.wallet()?, context.terminal());
        let key = Key::Hot(self.name.parse()?);
        // A wallet that is not there is a slip of the pen, and not to be made by the way.
        wallet.hotkeys()?;
        let existing = key.check_free(&wallet, self.replace, terminal)?;
        let secret = fresh(self.words)?;
        key.write(&wallet, &secret, None, existing)?;
        let words_shown = show_words(&[(&key, &secret)], terminal);
        Ok(output.show(&WalletNewHotkeyOutput(NewKeys { keys: vec![KeyRow::of(&wallet, &key)?], words_shown }))?)
    }
}
