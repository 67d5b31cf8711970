//! The command `myelin wallet new-hotkey`.

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

/// Arguments of `myelin wallet new-hotkey`.
#[derive(Debug, clap::Args)]
pub struct NewHotkey {
    /// Name of the hotkey
    name: String,

    /// Number of words of the mnemonic: 12, 15, 18, 21 or 24
    #[arg(long, value_name = "COUNT", default_value = "12", value_parser = word_count)]
    words: usize,

    /// Replace an existing hotkey, after a question
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
        &[Example { purpose: "A hotkey for one miner", line: "myelin wallet new-hotkey miner-1" }];
    type Output = WalletNewHotkeyOutput;

    async fn run(self, context: &Context, output: &Printer<WalletNewHotkeyOutput>) -> Result<(), CliError> {
        let (wallet, terminal) = (context.wallet()?, context.terminal());
        let key = Key::Hot(self.name.parse()?);
        // A wallet that does not exist is a typing error, and is not created here.
        wallet.hotkeys()?;
        let existing = key.check_free(&wallet, self.replace, terminal)?;
        let secret = fresh(self.words)?;
        key.write(&wallet, &secret, None, existing)?;
        let words_shown = show_words(&[(&key, &secret)], terminal);
        Ok(output.show(&WalletNewHotkeyOutput(NewKeys { keys: vec![KeyRow::of(&wallet, &key)?], words_shown }))?)
    }
}
