//! Balances of accounts.

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    named_key::{ColdkeyArg, NamedKey},
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
};
use myelin_client::ChainState;
use myelin_keys::WalletError;
use myelin_primitives::{Amount, AmountError, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin wallet balance`.
#[derive(Debug, clap::Args)]
pub struct Balance {
    /// Accounts: addresses, or names of wallets [default: the selected wallet]
    #[arg(value_name = "COLDKEY")]
    accounts: Vec<ColdkeyArg>,

    /// All wallets on this machine
    #[arg(long, conflicts_with = "accounts")]
    all: bool,
}

/// The balance of an account, in rao.
#[derive(Debug, Serialize, JsonSchema)]
struct AccountBalance {
    /// Name of the wallet, if the account was given by name.
    name: Option<String>,
    /// Address of the coldkey.
    address: String,
    /// Free balance, which the account can spend.
    #[schemars(with = "u64")]
    free: Amount<Tao>,
    /// Reserved balance, for deposits.
    #[schemars(with = "u64")]
    reserved: Amount<Tao>,
    /// Stake on hotkeys.
    #[schemars(with = "u64")]
    staked: Amount<Tao>,
    /// Sum of the three.
    #[schemars(with = "u64")]
    total: Amount<Tao>,
}

/// Balances of accounts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WalletBalanceOutput {
    /// Height of the final block that was read.
    block: u64,
    /// The accounts.
    accounts: Vec<AccountBalance>,
    /// Sum of all accounts, in rao.
    #[schemars(with = "u64")]
    total: Amount<Tao>,
}

impl Render for WalletBalanceOutput {
    fn render(&self, page: &mut Page) {
        let mut table = Table::new([
            ("WALLET", Side::Left),
            ("ADDRESS", Side::Left),
            ("FREE", Side::Right),
            ("RESERVED", Side::Right),
            ("STAKED", Side::Right),
            ("TOTAL", Side::Right),
        ]);
        for account in &self.accounts {
            let name = match &account.name {
                Some(name) => TableCell::from(name.as_str()),
                None => TableCell::new("-", Tone::Faint),
            };
            let amounts = [account.free, account.reserved, account.staked, account.total];
            let [free, reserved, staked, total] = amounts.map(|amount| TableCell::from(amount.to_string()));
            table.row([name, account.address.as_str().into(), free, reserved, staked, total]);
        }
        page.table(&table);
        page.line(Tone::Faint.paint(&match self.accounts.len() {
            1 => format!("as of block {}", self.block),
            _ => format!("{} in total, as of block {}", self.total, self.block),
        }));
    }
}

impl AccountBalance {
    async fn read(now: &ChainState, party: NamedKey) -> Result<Self, CliError> {
        let balance = now.balance(&party.key).await?;
        let positions = now.positions(&party.key).await?;
        let staked = Amount::checked_sum(positions.iter().map(|position| position.stake)).map_err(too_much)?;
        let total = Amount::checked_sum([balance.free, balance.reserved, staked]).map_err(too_much)?;
        let address = party.key.to_string();
        Ok(Self { name: party.name, address, free: balance.free, reserved: balance.reserved, staked, total })
    }
}

/// Makes an error of a sum that is more than all TAO, which no compatible chain has.
fn too_much(error: AmountError) -> CliError {
    myelin_client::ChainError::Incompatible(error.to_string()).into()
}

impl Command for Balance {
    const PATH: &'static str = "wallet balance";
    const SUMMARY: &'static str = "Show the balances of accounts: free, reserved and staked";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The selected wallet", line: "myelin wallet balance" },
        Example { purpose: "All wallets", line: "myelin wallet balance --all" },
        Example {
            purpose: "Another account",
            line: "myelin wallet balance 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        },
    ];
    type Output = WalletBalanceOutput;

    async fn run(self, context: &Context, output: &Printer<WalletBalanceOutput>) -> Result<(), CliError> {
        let mut parties = Vec::new();
        if self.all {
            let wallets = context.wallets()?;
            for name in wallets.names()? {
                match wallets.wallet(name.clone()).coldkey_address() {
                    Ok(address) => parties.push(NamedKey { key: address.public(), name: Some(name.to_string()) }),
                    // A wallet of hotkeys only has no balance.
                    Err(WalletError::NoColdkeyAddress { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        } else if self.accounts.is_empty() {
            parties.push(ColdkeyArg::or_default(None, context)?);
        } else {
            parties = self.accounts.iter().map(|account| account.find(context)).collect::<Result<_, _>>()?;
        }
        let now = context.chain().await?.at_finalised().await?;
        let mut accounts = Vec::new();
        for party in parties {
            accounts.push(AccountBalance::read(&now, party).await?);
        }
        let total = Amount::checked_sum(accounts.iter().map(|account| account.total)).map_err(too_much)?;
        Ok(output.show(&WalletBalanceOutput { block: now.height(), accounts, total })?)
    }
}
