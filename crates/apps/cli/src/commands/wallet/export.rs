//! `myelin wallet export`

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

/// How an exported key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum KeyExportFormat {
    /// The words it was made from
    Words,
    /// The seed it was made from, 64 hex digits
    Seed,
    /// The key itself, 128 hex digits
    PrivateKey,
}

/// `myelin wallet export`
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Which key
    #[arg(long, value_enum, default_value = "coldkey")]
    key: KeyChoice,

    /// How it is written
    #[arg(long, value_enum, default_value = "words")]
    form: KeyExportFormat,
}

/// A secret that was asked for. Written to standard output, once.
pub struct SecretOutput(pub(super) SecretString);

impl Serialize for SecretOutput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

/// An exported key.
#[derive(Serialize, JsonSchema)]
pub struct WalletExportOutput {
    /// Whose it is.
    pub address: String,
    /// `words`, `seed` or `private-key`.
    pub form: &'static str,
    /// The secret in that form.
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
    const DETAILS: &'static str = "Whoever sees it has the key. It goes to standard output.";
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
