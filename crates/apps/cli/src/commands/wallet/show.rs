//! The command `myelin wallet show`.

use super::rows::{WalletKeys, keys};
use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    output::Printer,
};

/// Arguments of `myelin wallet show`.
#[derive(Debug, clap::Args)]
pub struct Show {}

outputs! {
    /// The keys of one wallet.
    WalletShowOutput(WalletKeys);
}

impl Command for Show {
    const PATH: &'static str = "wallet show";
    const SUMMARY: &'static str = "Show the keys of one wallet";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The keys of the wallet `savings`", line: "myelin wallet show --wallet savings" }];
    type Output = WalletShowOutput;

    async fn run(self, context: &Context, output: &Printer<WalletShowOutput>) -> Result<(), CliError> {
        let wallet = context.wallet()?;
        let keys = keys(&wallet)?;
        Ok(output.show(&WalletShowOutput(WalletKeys { folder: context.wallets()?.folder().to_owned(), keys }))?)
    }
}
