//! The command `myelin chain account`.

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    named_key::ColdkeyArg,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
};
use myelin_client::{BalanceInfo, HotkeyInfo, StakeInfo, StakeRole, account, account_records};
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin chain account`.
#[derive(Debug, clap::Args)]
pub struct Account {
    /// An address or the name of a wallet [default: the selected wallet]
    #[arg(value_name = "COLDKEY")]
    account: Option<ColdkeyArg>,
}

/// Stake of the account on one hotkey.
#[derive(Debug, Serialize, JsonSchema)]
struct StakeRow {
    /// Address of the hotkey.
    hotkey: String,
    /// Stake on the hotkey, in rao.
    #[schemars(with = "u64")]
    stake: Amount<Tao>,
    /// Role of the account: `owner`, `nominator`, or `returning` if the hotkey has left its last seat.
    standing: &'static str,
}

impl From<StakeInfo> for StakeRow {
    fn from(position: StakeInfo) -> Self {
        let standing = match position.role {
            StakeRole::Owner => "owner",
            StakeRole::Nominator => "nominator",
            StakeRole::Returning => "returning",
        };
        Self { hotkey: position.hotkey.to_string(), stake: position.stake, standing }
    }
}

/// A hotkey that the account owns.
#[derive(Debug, Serialize, JsonSchema)]
struct HotkeyRow {
    /// Address of the hotkey.
    hotkey: String,
    /// All stake on the hotkey, in rao.
    #[schemars(with = "u64")]
    stake: Amount<Tao>,
    /// Seats of the hotkey, each as network and uid.
    seats: Vec<(u16, u16)>,
}

impl From<HotkeyInfo> for HotkeyRow {
    fn from(hotkey: HotkeyInfo) -> Self {
        let seats = hotkey.seats.iter().map(|seat| (seat.netuid.get(), seat.uid.get()));
        Self { hotkey: hotkey.hotkey.to_string(), stake: hotkey.stake, seats: seats.collect() }
    }
}

/// State of an account on the chain.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainAccountOutput {
    /// Height of the final block that was read.
    block: u64,
    /// Address of the account.
    address: String,
    /// Number of transactions that the account has signed.
    nonce: u32,
    /// Free balance, which can be spent down to the existential deposit, in rao.
    #[schemars(with = "u64")]
    free: Amount<Tao>,
    /// Reserved balance, which covers deposits, in rao.
    #[schemars(with = "u64")]
    reserved: Amount<Tao>,
    /// Part of the free balance that must stay, in rao.
    #[schemars(with = "u64")]
    frozen: Amount<Tao>,
    /// Stake of the account.
    stakes: Vec<StakeRow>,
    /// Hotkeys that the account owns.
    hotkeys: Vec<HotkeyRow>,
    /// Subnets that the account owns.
    subnets: Vec<u16>,
}

impl Render for ChainAccountOutput {
    fn render(&self, page: &mut Page) {
        let subnets = self.subnets.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        page.fields([
            ("address", self.address.as_str().into()),
            ("nonce", self.nonce.to_string().into()),
            ("free", self.free.to_string().into()),
            ("reserved", self.reserved.to_string().into()),
            ("frozen", self.frozen.to_string().into()),
            ("owns subnets", TableCell::optional((!subnets.is_empty()).then_some(subnets))),
        ]);
        if !self.stakes.is_empty() {
            page.line("");
            let mut table = Table::new([("STAKE ON", Side::Left), ("AMOUNT", Side::Right), ("AS", Side::Left)]);
            for row in &self.stakes {
                table.row([row.hotkey.as_str().into(), row.stake.to_string().into(), row.standing.into()]);
            }
            page.table(&table);
        }
        if !self.hotkeys.is_empty() {
            page.line("");
            let mut table = Table::new([("HOTKEY", Side::Left), ("STAKED ON IT", Side::Right), ("SEATS", Side::Left)]);
            for row in &self.hotkeys {
                let seats: Vec<_> = row.seats.iter().map(|(netuid, uid)| format!("{uid} on {netuid}")).collect();
                let seats = TableCell::optional((!seats.is_empty()).then(|| seats.join(", ")));
                table.row([row.hotkey.as_str().into(), row.stake.to_string().into(), seats]);
            }
            page.table(&table);
        }
        page.line(Tone::Faint.paint(&format!("as of block {}", self.block)));
    }
}

impl Command for Account {
    const PATH: &'static str = "chain account";
    const SUMMARY: &'static str = "Show the balances, stake, hotkeys and subnets of an account";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The account of the wallet", line: "myelin chain account" },
        Example {
            purpose: "Another account",
            line: "myelin chain account 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        },
    ];
    type Output = ChainAccountOutput;

    async fn run(self, context: &Context, output: &Printer<ChainAccountOutput>) -> Result<(), CliError> {
        let key = ColdkeyArg::or_default(self.account.as_ref(), context)?.key;
        let now = context.chain().await?.at_finalised().await?;
        let (stored, stakes, hotkeys, networks) = futures::try_join!(
            now.read(account_records(), (account(&key),)),
            now.positions(&key),
            now.hotkeys(&key),
            now.subnets(),
        )?;
        let BalanceInfo { free, reserved, frozen } = stored.data.into();
        let owned = networks.into_iter().filter(|network| network.owner == Some(key));
        Ok(output.show(&ChainAccountOutput {
            block: now.height(),
            address: key.to_string(),
            nonce: stored.nonce,
            free,
            reserved,
            frozen,
            stakes: stakes.into_iter().map(Into::into).collect(),
            hotkeys: hotkeys.into_iter().map(Into::into).collect(),
            subnets: owned.map(|network| network.netuid.get()).collect(),
        })?)
    }
}
