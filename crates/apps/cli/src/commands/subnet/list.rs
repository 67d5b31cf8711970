//! The command `myelin subnet list`.

use super::rows::SubnetRow;
use crate::{
    command::{Command, Effect, Example},
    commands::metagraph::{decimal, none},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, Tone, plain},
};
use schemars::JsonSchema;
use serde::Serialize;

/// All networks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetListOutput {
    /// Height of the final block that was read.
    block: u64,
    /// The networks, by number.
    subnets: Vec<SubnetRow>,
}

impl Render for SubnetListOutput {
    fn render(&self, page: &mut Page) {
        let mut table = Table::new([
            ("SUBNET", Side::Right),
            ("NAME", Side::Left),
            ("NEURONS", Side::Right),
            ("TAO PER BLOCK", Side::Right),
            ("SEAT, TAO", Side::Right),
            ("DIFFICULTY", Side::Right),
            ("NEXT EPOCH", Side::Right),
        ]);
        for subnet in &self.subnets {
            let name = if subnet.netuid.is_root() { "root".to_owned() } else { plain(&subnet.name) };
            table.row([
                subnet.netuid.to_string().into(),
                if name.is_empty() { none() } else { name.into() },
                format!("{}/{}", subnet.neurons, subnet.seats).into(),
                if subnet.emission.is_zero() { none() } else { decimal(subnet.emission, 6).into() },
                subnet.burn.map_or_else(none, |burn| decimal(burn, 4).into()),
                subnet.difficulty.map_or_else(none, |difficulty| difficulty.to_string().into()),
                subnet.next_epoch.map_or_else(none, |block| block.to_string().into()),
            ]);
        }
        page.table(&table);
        page.line(Tone::Faint.paint(&format!("as of block {}", self.block)));
    }
}

/// Arguments of `myelin subnet list`.
#[derive(Debug, clap::Args)]
pub struct List {}

impl Command for List {
    const PATH: &'static str = "subnet list";
    const SUMMARY: &'static str = "List the subnets with their emission and the price of a seat";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "All subnets", line: "myelin subnet list" },
        Example {
            purpose: "Subnets with registration by work",
            line: "myelin subnet list --output json | jq '.subnets[] | select(.difficulty) | .netuid'",
        },
    ];
    type Output = SubnetListOutput;

    async fn run(self, context: &Context, output: &Printer<SubnetListOutput>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        let subnets = now.subnets().await?.into_iter().map(SubnetRow::from).collect();
        Ok(output.show(&SubnetListOutput { block: now.height(), subnets })?)
    }
}
