//! The command `myelin wallet verify`.

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Tone},
};
use myelin_keys::{Address, Signature};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin wallet verify`.
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Message that was signed
    message: String,

    /// Address of the claimed signer
    #[arg(long, value_name = "ADDRESS")]
    address: String,

    /// Signature, `0x` and 128 hex digits
    #[arg(long, value_name = "HEX")]
    signature: String,
}

/// A valid signature. An invalid signature is an error.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WalletVerifyOutput {
    /// Address of the signer.
    pub address: String,
    /// True if the signature is valid; always true, because an invalid signature is an error.
    pub good: bool,
}

impl Render for WalletVerifyOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{}: signed by {}", Tone::Good.paint("valid"), self.address));
    }
}

impl Command for Verify {
    const PATH: &'static str = "wallet verify";
    const SUMMARY: &'static str = "Verify the signature of a message; an invalid one is an error";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "A signature of Alice",
        line: "myelin wallet verify hello --address 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --signature 0x5e…",
    }];
    type Output = WalletVerifyOutput;

    async fn run(self, _: &Context, output: &Printer<WalletVerifyOutput>) -> Result<(), CliError> {
        let address: Address = self.address.parse()?;
        let signature: Signature = self.signature.parse()?;
        if !signature.verify_text(&address.public(), &self.message) {
            return Err(CliError::BadSignature { address });
        }
        Ok(output.show(&WalletVerifyOutput { address: address.to_string(), good: true })?)
    }
}
