//! The command `myelin metagraph show`.

use super::{
    LastEpochRow, MetagraphRow, NeuronFilter, ResolvedFilter,
    rows::{long_table, table, title},
};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Tone},
};
use myelin_client::{BlockNumber, ChainError, MetagraphInfo, NetUid};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;

/// Arguments of `myelin metagraph show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Number of the network; 0 is root
    netuid: NetUid,

    #[command(flatten)]
    choice: NeuronFilter,

    /// Show keys and addresses too
    #[arg(long)]
    long: bool,
}

/// A network and its neurons.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MetagraphShowOutput {
    /// Number of the network.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Name of the network; not verified.
    name: String,
    /// Block that the output describes.
    block: BlockNumber,
    /// Number of neurons.
    seats_taken: u16,
    /// Number of seats.
    seats: u16,
    /// Last epoch of the network.
    last_epoch: Option<LastEpochRow>,
    /// Block of the next epoch.
    next_epoch: Option<BlockNumber>,
    /// Neurons that the filter selected.
    neurons: Vec<MetagraphRow>,
    #[serde(skip)]
    title: String,
    #[serde(skip)]
    long: bool,
}

impl MetagraphShowOutput {
    pub(super) fn of(snapshot: &MetagraphInfo, chosen: &ResolvedFilter, most: usize, long: bool) -> Self {
        let MetagraphInfo { block, subnet, .. } = snapshot;
        Self {
            netuid: subnet.netuid,
            name: subnet.name().into_owned(),
            block: *block,
            seats_taken: subnet.neurons,
            seats: subnet.max_neurons,
            last_epoch: subnet.last_epoch.map(LastEpochRow::from),
            next_epoch: subnet.next_epoch,
            neurons: chosen.rows(snapshot, most),
            title: title(subnet.netuid, subnet),
            long,
        }
    }

    /// Returns the neurons.
    pub(super) fn neurons(&self) -> &[MetagraphRow] {
        &self.neurons
    }
}

impl Render for MetagraphShowOutput {
    fn render(&self, page: &mut Page) {
        let mut line = format!("{} of {} seats, block {}", self.seats_taken, self.seats, self.block);
        // Writing to a text cannot fail.
        if let Some(epoch) = &self.last_epoch {
            let _ = write!(line, ", {} in the epoch of block {}", epoch.emission, epoch.block);
        }
        if let Some(next) = self.next_epoch {
            let _ = write!(line, ", the next in block {next}");
        }
        page.line(format!("{}  {}", Tone::Label.paint(&self.title), Tone::Faint.paint(&line)));
        if self.neurons.is_empty() {
            page.line("no neuron");
        } else {
            page.table(&if self.long { long_table(&self.neurons) } else { table(&self.neurons) });
        }
    }
}

/// Reads a network as of the last final block.
pub(super) async fn read(context: &Context, netuid: NetUid) -> Result<MetagraphInfo, CliError> {
    let now = context.chain().await?.at_finalised().await?;
    let snapshot = now.metagraph(netuid).await?;
    Ok(snapshot.ok_or_else(|| ChainError::NoNetwork { netuid, block: now.height() })?)
}

impl Command for Show {
    const PATH: &'static str = "metagraph show";
    const SUMMARY: &'static str = "Show the neurons of a network";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example {
            purpose: "The ten neurons with the highest emission",
            line: "myelin metagraph show 1 --sort emission --limit 10",
        },
        Example { purpose: "The validators, with their keys", line: "myelin metagraph show 1 --validators --long" },
        Example { purpose: "Your own neuron", line: "myelin metagraph show 1 --only myself" },
        Example {
            purpose: "The axons, for a script",
            line: "myelin metagraph show 1 --serving --output json | jq -r .neurons[].axon",
        },
    ];
    type Output = MetagraphShowOutput;

    async fn run(self, context: &Context, output: &Printer<MetagraphShowOutput>) -> Result<(), CliError> {
        let chosen = self.choice.find(context)?;
        let snapshot = read(context, self.netuid).await?;
        Ok(output.show(&MetagraphShowOutput::of(&snapshot, &chosen, usize::MAX, self.long))?)
    }
}
