//! `myelin subnet transfer`

use super::find_own;
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::ColdkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{NetUid, calls};
use schemars::JsonSchema;
use serde::Serialize;

/// `myelin subnet transfer`
#[derive(Debug, clap::Args)]
pub struct Transfer {
    /// Which subnet
    netuid: NetUid,

    /// To whom: an address or the name of a wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A subnet that changed hands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetTransferOutput {
    /// Which subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Whose it is: an address.
    owner: String,
}

impl Render for SubnetTransferOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("subnet {} is {}'s", self.netuid, self.owner));
    }
}

impl Command for Transfer {
    const PATH: &'static str = "subnet transfer";
    const SUMMARY: &'static str = "Give a subnet to another coldkey, with what is locked for it";
    const DETAILS: &'static str = "Only the owner may. The new owner names a hotkey with `myelin subnet owner-hotkey`.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "transfer_network")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "To another wallet of one's own", line: "myelin subnet transfer 2 --to savings" }];
    type Output = TransactionOutput<SubnetTransferOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, to, signer) = (self.netuid, self.to.find(context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let subnet = find_own(&chain.at_finalised().await?, netuid, &signer).await?;
        if to.key == signer.public() {
            return Err(CliError::Usage { message: "it is theirs already".into(), hint: "name another with `--to`" });
        }
        let plan = Plan::new(format!("Give subnet {netuid} to {to}"))
            .touches(netuid)
            .effect(format!("{} that are locked for it are theirs too", subnet.locked))
            .effect("the owner's hotkey represents nobody any more, and its seat is not protected");
        let sent = self.sending.send(context, &chain, &signer, &calls::transfer_network(netuid, &to.key), plan).await?;
        Ok(output.show(&sent.output(|_| Ok(SubnetTransferOutput { netuid, owner: to.key.to_string() }))?)?)
    }
}
