//! Who gets what part of the emission.

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

/// `myelin root shares`
#[derive(Debug, clap::Args)]
pub struct Shares {}

/// How the emission of a block is shared among subnets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RootSharesOutput {
    /// As of this final block.
    block: u64,
    /// What the next block creates, if any subnet is eligible, in rao.
    #[schemars(with = "u64")]
    emission: Amount<Tao>,
    /// What each subnet receives, largest first.
    subnets: Vec<SubnetShare>,
}

/// What one subnet receives.
#[derive(Debug, Serialize, JsonSchema)]
struct SubnetShare {
    /// Which.
    netuid: u16,
    /// What its owner calls it.
    name: Option<String>,
    /// What it receives of every block, in rao.
    #[schemars(with = "u64")]
    emission: Amount<Tao>,
    /// What has accrued to it since its last epoch, in rao.
    #[schemars(with = "u64")]
    pending: Amount<Tao>,
    /// The block that pays that out, unless its tempo is 0.
    next_epoch: Option<u32>,
}

impl Render for RootSharesOutput {
    fn render(&self, page: &mut Page) {
        let mut table = Table::new([
            ("NETUID", Side::Right),
            ("NAME", Side::Left),
            ("SHARE", Side::Right),
            ("A BLOCK", Side::Right),
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
        page.line(Tone::Faint.paint(&format!("a block creates {} as of block {}", self.emission, self.block)));
    }
}

impl Command for Shares {
    const PATH: &'static str = "root shares";
    const SUMMARY: &'static str = "Show who gets what part of the emission";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "See them", line: "myelin root shares" }];
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
