//! The command `myelin subnet owner-hotkey`.

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

/// Arguments of `myelin subnet owner-hotkey`.
#[derive(Debug, clap::Args)]
pub struct OwnerHotkey {
    /// Number of the subnet
    netuid: NetUid,

    /// Hotkey: an address, or the name of a hotkey on this machine
    hotkey: HotkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// The new owner hotkey of a subnet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetOwnerHotkeyOutput {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Address of the hotkey.
    hotkey: String,
}

impl Render for SubnetOwnerHotkeyOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} is the owner hotkey of subnet {}", self.hotkey, self.netuid));
    }
}

impl Command for OwnerHotkey {
    const PATH: &'static str = "subnet owner-hotkey";
    const SUMMARY: &'static str = "Set the hotkey that represents the owner of a subnet";
    const DETAILS: &'static str = "Signed by the owner, who must also own the hotkey. The change has a rate limit. The \
         seat of the owner hotkey is never pruned.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "set_subnet_owner_hotkey")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The hotkey `owner` for subnet 2", line: "myelin subnet owner-hotkey 2 owner" }];
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
                hint: "register it with `myelin neuron register`, which also sets its owner".into(),
            });
        }
        let before = subnet.owner_hotkey.map_or_else(|| "no hotkey".to_owned(), |before| before.to_string());
        let limit = now.network_parameters().await?.owner_hotkey_rate_limit;
        let plan = Plan::new(format!("Make {hotkey} the owner hotkey of subnet {netuid}"))
            .touches(netuid)
            .effect(format!("it replaces {before}"))
            .risk(format!("it fails within {limit} blocks of the last change"));
        let call = calls::set_subnet_owner_hotkey(netuid, &hotkey.key);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|_| Ok(SubnetOwnerHotkeyOutput { netuid, hotkey: hotkey.key.to_string() }))?)?)
    }
}
