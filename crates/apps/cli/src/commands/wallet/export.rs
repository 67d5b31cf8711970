//! The command `myelin wallet export`.

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    key::{Key, KeyChoice},
    output::Printer,
    page::{Page, Render},
};
use clap::ValueEnum;
use myelin_keys::secrecy::{ExposeSecret, SecretString};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// The form of an exported key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KeyExportFormat {
    /// Words of its mnemonic
    Words,
    /// Seed, 64 hex digits
    Seed,
    /// Private key, 128 hex digits
    PrivateKey,
}

/// Arguments of `myelin wallet export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Key to export
    #[arg(long, value_enum, default_value = "coldkey")]
    key: KeyChoice,

    /// Form of the output
    #[arg(long, value_enum, default_value = "words")]
    form: KeyExportFormat,
}

/// A requested secret, which is written once to standard output.
pub struct SecretOutput(pub(super) SecretString);

impl Serialize for SecretOutput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

/// An exported key.
#[derive(Serialize, JsonSchema)]
pub struct WalletExportOutput {
    /// Address of the key.
    pub address: String,
    /// Form of the secret: `words`, `seed` or `private-key`.
    pub form: &'static str,
    /// Secret in this form.
    #[schemars(with = "String")]
    pub secret: SecretOutput,
}

impl Render for WalletExportOutput {
    fn render(&self, page: &mut Page) {
        page.line(self.secret.0.expose_secret());
    }
}

impl Command for Export {
    const PATH: &'static str = "wallet export";
    const SUMMARY: &'static str = "Print a private key, after a question";
    const DETAILS: &'static str = "The private key gives full control of the account. It is written to standard \
         output.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The words of the coldkey", line: "myelin wallet export" },
        Example {
            purpose: "A hotkey's seed, for another machine",
            line: "myelin wallet export --key hotkey --hotkey miner-1 --form seed --yes",
        },
    ];
    type Output = WalletExportOutput;

    async fn run(self, context: &Context, output: &Printer<WalletExportOutput>) -> Result<(), CliError> {
        let (wallet, terminal) = (context.wallet()?, context.terminal());
        let key = Key::chosen(self.key, context)?;
        let label = key.label();
        terminal.confirm(&format!("Print the private key of the {label} of `{}`?", wallet.name()))?;
        let secret = key.open(&wallet, terminal)?;
        let (form, exported) = match self.form {
            KeyExportFormat::Words => ("words", secret.export_mnemonic().ok_or(CliError::NotKept { what: "words" })?),
            KeyExportFormat::Seed => ("seed", secret.export_seed().ok_or(CliError::NotKept { what: "a seed" })?),
            KeyExportFormat::PrivateKey => ("private-key", secret.export_private_key()),
        };
        Ok(output.show(&WalletExportOutput {
            address: secret.public().to_string(),
            form,
            secret: SecretOutput(exported),
        })?)
    }
}
