//! The command `myelin wallet list`.

use super::rows::{WalletKeys, keys};
use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    output::Printer,
};

/// Arguments of `myelin wallet list`.
#[derive(Debug, clap::Args)]
pub struct List {}

outputs! {
    /// The keys of all wallets.
    WalletListOutput(WalletKeys);
}

impl Command for List {
    const PATH: &'static str = "wallet list";
    const SUMMARY: &'static str = "List the keys of all wallets";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "All keys", line: "myelin wallet list" },
        Example { purpose: "Only the addresses", line: "myelin wallet list --output json | jq -r .keys[].address" },
    ];
    type Output = WalletListOutput;

    async fn run(self, context: &Context, output: &Printer<WalletListOutput>) -> Result<(), CliError> {
        let wallets = context.wallets()?;
        let mut all = Vec::new();
        for name in wallets.names()? {
            all.extend(keys(&wallets.wallet(name))?);
        }
        Ok(output.show(&WalletListOutput(WalletKeys { folder: wallets.folder().to_owned(), keys: all }))?)
    }
}
