//! `myelin subnet remove`

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
use myelin_client::{Amount, NetUid, Tao, calls, runtime::subnets::events::NetworkRemoved};
use schemars::JsonSchema;
use serde::Serialize;

/// `myelin subnet remove`
#[derive(Debug, clap::Args)]
pub struct Remove {
    /// Which subnet
    netuid: NetUid,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A subnet that ended. Amounts are in rao.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetRemoveOutput {
    /// Which subnet it was.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// What was given back.
    #[schemars(with = "u64")]
    refunded: Amount<Tao>,
    /// What nobody gets, and is issued again one day.
    #[schemars(with = "u64")]
    recycled: Amount<Tao>,
}

impl Render for SubnetRemoveOutput {
    fn render(&self, page: &mut Page) {
        let Self { netuid, refunded, recycled } = self;
        page.line(format!("subnet {netuid} has ended; {refunded} given back, {recycled} recycled"));
    }
}

impl Command for Remove {
    const PATH: &'static str = "subnet remove";
    const SUMMARY: &'static str = "End a subnet, and get back what is locked for it";
    const DETAILS: &'static str = "Only the owner may. It cannot be undone.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "dissolve_network")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "What would be given back?", line: "myelin subnet remove 2 --dry-run" },
        Example { purpose: "End it", line: "myelin subnet remove 2" },
    ];
    type Output = TransactionOutput<SubnetRemoveOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, signer) = (self.netuid, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let subnet = find_own(&chain.at_finalised().await?, netuid, &signer).await?;
        let plan = Plan::new(format!("End subnet {netuid} for ever"))
            .touches(netuid)
            .effect(format!("{} that are locked for it go to {signer}", subnet.locked))
            .effect(format!("{} that have accrued since the last epoch are recycled, not paid", subnet.pending))
            .effect(format!("{} neurons lose their seats; stake on them stays", subnet.neurons));
        let sent = self.sending.send(context, &chain, &signer, &calls::dissolve_network(netuid), plan).await?;
        Ok(output.show(&sent.output(|included| {
            let ended = included.event::<NetworkRemoved>();
            let (refunded, recycled) =
                ended.map_or_else(Default::default, |ended| (ended.refunded.0, ended.recycled.0));
            Ok(SubnetRemoveOutput { netuid, refunded, recycled })
        })?)?)
    }
}
