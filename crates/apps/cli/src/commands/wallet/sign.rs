//! Signatures of messages.

use super::{WalletSignOutput, WalletVerifyOutput};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    key::{Key, KeyChoice},
    output::Printer,
};
use myelin_keys::{Address, Signature};

/// `myelin wallet sign`
#[derive(Debug, clap::Args)]
pub struct Sign {
    /// What to sign. After `0x` it is bytes in hex, which could be a transaction, so there is a question first
    message: String,

    /// With which key
    #[arg(long, value_enum, default_value = "hotkey")]
    key: KeyChoice,
}

impl Command for Sign {
    const PATH: &'static str = "wallet sign";
    const SUMMARY: &'static str = "Sign a message, to prove that one has a key";
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
        output.show(&WalletSignOutput { address: signer.public().to_string(), signature: signature.to_string() })
    }
}

/// `myelin wallet verify`
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// What was signed
    message: String,

    /// Who is said to have signed
    #[arg(long, value_name = "ADDRESS")]
    address: String,

    /// The signature, `0x` and 128 hex digits
    #[arg(long, value_name = "HEX")]
    signature: String,
}

impl Command for Verify {
    const PATH: &'static str = "wallet verify";
    const SUMMARY: &'static str = "Check the signature of a message; one that is not good is an error";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "Did Alice sign it?",
        line: "myelin wallet verify hello --address 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --signature 0x5e…",
    }];
    type Output = WalletVerifyOutput;

    async fn run(self, _: &Context, output: &Printer<WalletVerifyOutput>) -> Result<(), CliError> {
        let address: Address = self.address.parse()?;
        let signature: Signature = self.signature.parse()?;
        if !signature.verify_text(&address.public(), &self.message) {
            return Err(CliError::BadSignature { address });
        }
        output.show(&WalletVerifyOutput { address: address.to_string(), good: true })
    }
}
