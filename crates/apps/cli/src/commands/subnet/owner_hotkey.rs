//! `myelin subnet owner-hotkey`

use super::find_own;
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{NetUid, calls};
use schemars::JsonSchema;
use serde::Serialize;

/// `myelin subnet owner-hotkey`
#[derive(Debug, clap::Args)]
pub struct OwnerHotkey {
    /// Which subnet
    netuid: NetUid,

    /// Which hotkey: an address or a name
    hotkey: HotkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// The hotkey that represents an owner.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetOwnerHotkeyOutput {
    /// Of which subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// The address of the hotkey.
    hotkey: String,
}

impl Render for SubnetOwnerHotkeyOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} represents the owner of subnet {}", self.hotkey, self.netuid));
    }
}

impl Command for OwnerHotkey {
    const PATH: &'static str = "subnet owner-hotkey";
    const SUMMARY: &'static str = "Name the hotkey that represents the owner of a subnet";
    const DETAILS: &'static str = "Only the owner may, now and then. The hotkey has to be the owner's; its seat, if it \
                                   has one, is never given to somebody else.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "set_subnet_owner_hotkey")];
    const EXAMPLES: &'static [Example] = &[Example { purpose: "Name it", line: "myelin subnet owner-hotkey 2 owner" }];
    type Output = TransactionOutput<SubnetOwnerHotkeyOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, hotkey, signer) = (self.netuid, self.hotkey.find(context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let subnet = find_own(&now, netuid, &signer).await?;
        let known = now.hotkey(&hotkey.key).await?;
        if known.is_none_or(|known| known.coldkey != signer.public()) {
            return Err(CliError::Impossible {
                message: format!("{hotkey} is not a hotkey of {signer}"),
                hint: "give it a seat with `myelin neuron register`, which makes it one".into(),
            });
        }
        let before = subnet.owner_hotkey.map_or_else(|| "nobody".to_owned(), |before| before.to_string());
        let limit = now.network_parameters().await?.owner_hotkey_rate_limit;
        let plan = Plan::new(format!("Let {hotkey} represent the owner of subnet {netuid}"))
            .touches(netuid)
            .effect(format!("until now it was {before}"))
            .risk(format!("can be changed once in {limit} blocks, and fails if it was changed lately"));
        let call = calls::set_subnet_owner_hotkey(netuid, &hotkey.key);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|_| Ok(SubnetOwnerHotkeyOutput { netuid, hotkey: hotkey.key.to_string() }))?)?)
    }
}
