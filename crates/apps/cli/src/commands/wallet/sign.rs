//! The command `myelin wallet sign`.

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    key::{Key, KeyChoice},
    output::Printer,
    page::{Page, Render},
};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin wallet sign`.
#[derive(Debug, clap::Args)]
pub struct Sign {
    /// Message to sign
    ///
    /// Text after `0x` is read as bytes in hex. They could be a transaction, so a question is asked first.
    message: String,

    /// Key that signs
    #[arg(long, value_enum, default_value = "hotkey")]
    key: KeyChoice,
}

/// A signature and its signer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WalletSignOutput {
    /// Address of the signer.
    pub address: String,
    /// Signature, `0x` and 128 hex digits.
    pub signature: String,
}

impl Render for WalletSignOutput {
    fn render(&self, page: &mut Page) {
        page.fields([("address", self.address.as_str().into()), ("signature", self.signature.as_str().into())]);
    }
}

impl Command for Sign {
    const PATH: &'static str = "wallet sign";
    const SUMMARY: &'static str = "Sign a message to prove the possession of a key";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "With the hotkey", line: "myelin wallet sign hello" },
        Example { purpose: "With the coldkey", line: "myelin wallet sign hello --key coldkey" },
    ];
    type Output = WalletSignOutput;

    async fn run(self, context: &Context, output: &Printer<WalletSignOutput>) -> Result<(), CliError> {
        let (wallet, terminal) = (context.wallet()?, context.terminal());
        let key = Key::chosen(self.key, context)?;
        if self.message.starts_with("0x") {
            terminal.confirm("Sign these bytes? They could be a transaction.")?;
        }
        let signer = key.open(&wallet, terminal)?.into_keypair();
        let signature = signer.sign_text(&self.message)?;
        Ok(output.show(&WalletSignOutput { address: signer.public().to_string(), signature: signature.to_string() })?)
    }
}
