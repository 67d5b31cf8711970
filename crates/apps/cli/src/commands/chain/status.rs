//! `myelin chain status`

use super::{made_at, node};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, TableCell, Tone},
    time::about,
};
use myelin_client::{ChainError, NetUid};
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Over how many blocks the time between two is measured.
const MEASURED: u64 = 16;

/// A last final block that is older than this many slots is worth a look.
const LATE: u64 = 20;

/// `myelin chain status`
#[derive(Debug, clap::Args)]
pub struct Status {}

/// The chain at a glance.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainStatusOutput {
    /// The node that was asked.
    node: String,
    /// The name of its chain.
    chain: String,
    /// The hash of block 0, which names the chain, `0x` and 64 hex digits.
    genesis: String,
    /// The program of the node, with its version.
    program: String,
    /// How many other nodes it knows.
    peers: usize,
    /// Whether it is still catching up.
    syncing: bool,
    /// The best block.
    best: u64,
    /// The last final block, as of which everything below is.
    finalised: u64,
    /// How old that is, in milliseconds.
    age: u64,
    /// The time from one block to the next as it is meant to be, in milliseconds.
    slot: u64,
    /// As it was lately, in milliseconds. Nothing on a chain of one block.
    block_time: Option<u64>,
    /// The version of the runtime.
    runtime: u32,
    /// How many subnets there are, root not among them.
    subnets: usize,
    /// How many neurons they have.
    neurons: u64,
    /// How much TAO there is, in rao.
    #[schemars(with = "u64")]
    issuance: Amount<Tao>,
    /// The part of it that is staked, in rao.
    #[schemars(with = "u64")]
    staked: Amount<Tao>,
    /// What the next block creates, in rao.
    #[schemars(with = "u64")]
    block_emission: Amount<Tao>,
}

impl ChainStatusOutput {
    fn late(&self) -> bool {
        self.age > self.slot.saturating_mul(LATE)
    }
}

impl Render for ChainStatusOutput {
    fn render(&self, page: &mut Page) {
        let age = format!("block {}, {} ago", self.finalised, about(Duration::from_millis(self.age)));
        let finalised = if self.late() { TableCell::new(age, Tone::Warning) } else { TableCell::new(age, Tone::Good) };
        let syncing = if self.syncing { ", catching up" } else { "" };
        let measured = self.block_time.map_or_else(String::new, |time| format!(", {} s lately", seconds(time)));
        page.fields([
            ("node", format!("{}, {}", self.node, self.program).into()),
            ("chain", format!("{}, {}", self.chain, self.genesis).into()),
            ("peers", format!("{}{syncing}", self.peers).into()),
            ("best", format!("block {}", self.best).into()),
            ("final", finalised),
            ("block time", format!("{} s{measured}", seconds(self.slot)).into()),
            ("runtime", format!("version {}", self.runtime).into()),
            ("subnets", format!("{} with {} neurons", self.subnets, self.neurons).into()),
            ("issuance", format!("{}, {} of it staked", self.issuance, self.staked).into()),
            ("emission", format!("{} a block", self.block_emission).into()),
        ]);
    }
}

/// Milliseconds in seconds, without a float: `0.25`.
fn seconds(millis: u64) -> String {
    format!("{}.{:02}", millis / 1_000, millis % 1_000 / 10)
}

impl Command for Status {
    const PATH: &'static str = "chain status";
    const SUMMARY: &'static str = "Show the chain at a glance, and whether it goes on";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Is all well?", line: "myelin chain status" },
        Example {
            purpose: "Raise an alarm when nothing was final for a minute",
            line: "myelin chain status --output json | jq -e '.age < 60000'",
        },
    ];
    type Output = ChainStatusOutput;

    async fn run(self, context: &Context, output: &Printer<ChainStatusOutput>) -> Result<(), CliError> {
        let chain = context.chain().await?;
        let node = node(&chain);
        let now = chain.at_finalised().await?;
        let (health, name, program, version) =
            futures::try_join!(node.system_health(), node.system_chain(), node.system_name(), node.system_version(),)
                .map_err(ChainError::from)?;
        let (best, time, slot, networks, issuance) =
            futures::try_join!(chain.at_best(), made_at(&now), now.slot_duration(), now.subnets(), now.issuance(),)?;
        let before = now.height().saturating_sub(MEASURED).max(1);
        let block_time = match now.height().checked_sub(before) {
            Some(blocks @ 1..) => Some(time.saturating_sub(made_at(&chain.at(before).await?).await?) / blocks),
            _ => None,
        };
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis);
        Ok(output.show(&ChainStatusOutput {
            node: chain.node().await?,
            chain: name,
            genesis: format!("{:?}", chain.genesis()),
            program: format!("{program} {version}"),
            peers: health.peers,
            syncing: health.is_syncing,
            best: best.height().max(now.height()),
            finalised: now.height(),
            age: clock.saturating_sub(time),
            slot: millis(slot),
            block_time,
            runtime: now.client().spec_version(),
            subnets: networks.iter().filter(|network| network.netuid != NetUid::ROOT).count(),
            neurons: networks.iter().map(|network| u64::from(network.neurons)).sum(),
            issuance: issuance.total,
            staked: issuance.staked,
            block_emission: issuance.block_emission,
        })?)
    }
}
