//! The command `myelin subnet remove`.

use super::find_own;
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{Amount, BlockNumber, NetUid, Tao, calls, runtime::subnets::events::NetworkRemoved};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin subnet remove`.
#[derive(Debug, clap::Args)]
pub struct Remove {
    /// Number of the subnet
    netuid: NetUid,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A subnet that ended. Amounts are in rao.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetRemoveOutput {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Part of the lock that was returned to the owner.
    #[schemars(with = "u64")]
    refunded: Amount<Tao>,
    /// Rest of the lock, which was recycled and can be emitted again.
    #[schemars(with = "u64")]
    recycled: Amount<Tao>,
}

impl Render for SubnetRemoveOutput {
    fn render(&self, page: &mut Page) {
        let Self { netuid, refunded, recycled } = self;
        page.line(format!("subnet {netuid} has ended; {refunded} of its lock returned, {recycled} recycled"));
    }
}

impl Command for Remove {
    const PATH: &'static str = "subnet remove";
    const SUMMARY: &'static str = "End a subnet and return what has vested of its lock";
    const DETAILS: &'static str = "Signed by the owner. It cannot be undone. The older the subnet is, the more of its \
         lock comes back; the rest is recycled.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "dissolve_network")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Show the effects first", line: "myelin subnet remove 2 --dry-run" },
        Example { purpose: "End it", line: "myelin subnet remove 2" },
    ];
    type Output = TransactionOutput<SubnetRemoveOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, signer) = (self.netuid, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let subnet = find_own(&now, netuid, &signer).await?;
        let network = now.network_parameters().await?;
        let age = now.height().saturating_add(1).saturating_sub(subnet.registered_at.into());
        let refund = network.vested(subnet.locked, BlockNumber::try_from(age).unwrap_or(BlockNumber::MAX));
        let whole_from = subnet.registered_at.saturating_add(network.network_lock_vesting);
        let plan = Plan::new(format!("End subnet {netuid} permanently"))
            .touches(netuid)
            .effect(format!("{refund} of the lock of {} are returned to {signer}", subnet.locked))
            .effect(format!("the rest is recycled; from block {whole_from} on the whole lock comes back"))
            .effect(format!("{} that are pending since the last epoch are recycled, not paid", subnet.pending))
            .effect(format!("{} neurons lose their seats; the stake on them stays", subnet.neurons));
        let sent = self.sending.send(context, &chain, &signer, &calls::dissolve_network(netuid), plan).await?;
        Ok(output.show(&sent.output(|included| {
            let ended = included.event::<NetworkRemoved>();
            let (refunded, recycled) =
                ended.map_or_else(Default::default, |ended| (ended.refunded.0, ended.recycled.0));
            Ok(SubnetRemoveOutput { netuid, refunded, recycled })
        })?)?)
    }
}
