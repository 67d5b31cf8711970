//! The emission shares of the subnets.

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
    share::percent,
};
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin root shares`.
#[derive(Debug, clap::Args)]
pub struct Shares {}

/// The division of the block emission among subnets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RootSharesOutput {
    /// Height of the final block that was read.
    block: u64,
    /// Emission of the next block if any subnet is eligible, in rao.
    #[schemars(with = "u64")]
    emission: Amount<Tao>,
    /// The share of each subnet, largest first.
    subnets: Vec<SubnetShare>,
}

/// The emission share of one subnet.
#[derive(Debug, Serialize, JsonSchema)]
struct SubnetShare {
    /// Number of the subnet.
    netuid: u16,
    /// Name that its owner set; not verified.
    name: Option<String>,
    /// Emission that it receives per block, in rao.
    #[schemars(with = "u64")]
    emission: Amount<Tao>,
    /// Pending emission since its last epoch, in rao.
    #[schemars(with = "u64")]
    pending: Amount<Tao>,
    /// Block of its next epoch, which pays the pending emission; absent if its tempo is 0.
    next_epoch: Option<u32>,
}

impl Render for RootSharesOutput {
    fn render(&self, page: &mut Page) {
        let mut table = Table::new([
            ("NETUID", Side::Right),
            ("NAME", Side::Left),
            ("SHARE", Side::Right),
            ("PER BLOCK", Side::Right),
            ("PENDING", Side::Right),
            ("NEXT EPOCH", Side::Right),
        ]);
        for subnet in &self.subnets {
            table.row([
                subnet.netuid.to_string().into(),
                TableCell::optional(subnet.name.as_deref()),
                percent(subnet.emission.rao(), self.emission.rao()).into(),
                subnet.emission.to_string().into(),
                subnet.pending.to_string().into(),
                TableCell::optional(subnet.next_epoch.map(|block| block.to_string())),
            ]);
        }
        page.table(&table);
        page.line(Tone::Faint.paint(&format!("the block emission is {} as of block {}", self.emission, self.block)));
    }
}

impl Command for Shares {
    const PATH: &'static str = "root shares";
    const SUMMARY: &'static str = "Show the share of each subnet in the emission";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "All subnets", line: "myelin root shares" }];
    type Output = RootSharesOutput;

    async fn run(self, context: &Context, output: &Printer<RootSharesOutput>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        let (issuance, all) = (now.issuance().await?, now.subnets().await?);
        let mut subnets: Vec<_> = all
            .into_iter()
            .filter(|subnet| !subnet.netuid.is_root())
            .map(|subnet| SubnetShare {
                netuid: subnet.netuid.get(),
                name: Some(crate::page::plain(&subnet.name())).filter(|name| !name.is_empty()),
                emission: subnet.emission,
                pending: subnet.pending,
                next_epoch: subnet.next_epoch,
            })
            .collect();
        subnets.sort_by_key(|subnet| (std::cmp::Reverse(subnet.emission), subnet.netuid));
        Ok(output.show(&RootSharesOutput { block: now.height(), emission: issuance.block_emission, subnets })?)
    }
}
