//! Keys that are there.

use super::{KeyRow, WalletExportOutput, WalletKeysOutput, rows::SecretOutput};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    key::{Key, KeyChoice},
    output::Printer,
};
use clap::ValueEnum;
use myelin_keys::{Wallet, WalletError};

/// The keys of a wallet. One that has hotkeys only has no row for its coldkey.
fn keys(wallet: &Wallet) -> Result<Vec<KeyRow>, CliError> {
    let mut keys = Vec::new();
    match KeyRow::of(wallet, &Key::Cold) {
        Ok(key) => keys.push(key),
        Err(CliError::Wallet(WalletError::NoColdkeyAddress { .. })) => {}
        Err(error) => return Err(error),
    }
    for name in wallet.hotkeys()? {
        keys.push(KeyRow::of(wallet, &Key::Hot(name))?);
    }
    Ok(keys)
}

/// `myelin wallet list`
#[derive(Debug, clap::Args)]
pub struct List {}

impl Command for List {
    const PATH: &'static str = "wallet list";
    const SUMMARY: &'static str = "List the keys of all wallets";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "See them", line: "myelin wallet list" },
        Example { purpose: "Only the addresses", line: "myelin wallet list --output json | jq -r .keys[].address" },
    ];
    type Output = WalletKeysOutput;

    async fn run(self, context: &Context, output: &Printer<WalletKeysOutput>) -> Result<(), CliError> {
        let wallets = context.wallets()?;
        let mut all = Vec::new();
        for name in wallets.names()? {
            all.extend(keys(&wallets.wallet(name))?);
        }
        output.show(&WalletKeysOutput { folder: wallets.folder().to_owned(), keys: all })
    }
}

/// `myelin wallet show`
#[derive(Debug, clap::Args)]
pub struct Show {}

impl Command for Show {
    const PATH: &'static str = "wallet show";
    const SUMMARY: &'static str = "Show the keys of one wallet";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Its addresses", line: "myelin wallet show --wallet savings" }];
    type Output = WalletKeysOutput;

    async fn run(self, context: &Context, output: &Printer<WalletKeysOutput>) -> Result<(), CliError> {
        let wallet = context.wallet()?;
        let keys = keys(&wallet)?;
        output.show(&WalletKeysOutput { folder: context.wallets()?.folder().to_owned(), keys })
    }
}

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
        output.show(&WalletExportOutput { address: secret.public().to_string(), form, secret: SecretOutput(exported) })
    }
}
