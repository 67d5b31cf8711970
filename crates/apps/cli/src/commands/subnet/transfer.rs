//! The command `myelin subnet transfer`.

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

/// Arguments of `myelin subnet transfer`.
#[derive(Debug, clap::Args)]
pub struct Transfer {
    /// Number of the subnet
    netuid: NetUid,

    /// Coldkey of the new owner: an address, or the name of a wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A subnet with a new owner.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetTransferOutput {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Address of the new owner's coldkey.
    owner: String,
}

impl Render for SubnetTransferOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("the owner of subnet {} is {}", self.netuid, self.owner));
    }
}

impl Command for Transfer {
    const PATH: &'static str = "subnet transfer";
    const SUMMARY: &'static str = "Transfer a subnet and its lock to another coldkey";
    const DETAILS: &'static str = "Signed by the owner. The new owner sets its hotkey with `myelin subnet \
         owner-hotkey`.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "transfer_network")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "To another wallet", line: "myelin subnet transfer 2 --to savings" }];
    type Output = TransactionOutput<SubnetTransferOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, to, signer) = (self.netuid, self.to.find(context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let subnet = find_own(&chain.at_finalised().await?, netuid, &signer).await?;
        if to.key == signer.public() {
            return Err(CliError::Usage {
                message: "the coldkey of `--to` already owns the subnet".into(),
                hint: "name another coldkey with `--to`",
            });
        }
        let plan = Plan::new(format!("Transfer subnet {netuid} to {to}"))
            .touches(netuid)
            .effect(format!("the lock of {} belongs to the new owner", subnet.locked))
            .effect("the subnet has no owner hotkey any more, and the seat of the current one loses its protection");
        let sent = self.sending.send(context, &chain, &signer, &calls::transfer_network(netuid, &to.key), plan).await?;
        Ok(output.show(&sent.output(|_| Ok(SubnetTransferOutput { netuid, owner: to.key.to_string() }))?)?)
    }
}
