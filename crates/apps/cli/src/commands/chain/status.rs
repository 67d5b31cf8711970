//! The command `myelin chain status`.

use super::{made_at, node};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, TableCell, Tone},
    share::percent,
    time::about,
};
use myelin_client::{ChainError, NetUid};
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Number of blocks over which the block time is measured.
const MEASURED: u64 = 16;

/// Age of the last final block from which a warning is shown, in slots.
const LATE: u64 = 20;

/// The whole of a share in billionths.
const BILLION: u64 = 1_000_000_000;

/// Arguments of `myelin chain status`.
#[derive(Debug, clap::Args)]
pub struct Status {}

/// State of the chain and of the node that was asked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainStatusOutput {
    /// URL of the node that was asked.
    node: String,
    /// Name of the chain.
    chain: String,
    /// Hash of block 0, which identifies the chain, `0x` and 64 hex digits.
    genesis: String,
    /// Name and version of the node's program.
    program: String,
    /// Number of peers of the node.
    peers: usize,
    /// True if the node is still syncing.
    syncing: bool,
    /// Height of the best block.
    best: u64,
    /// Height of the last final block, which the fields below describe.
    finalised: u64,
    /// Blocks from the last final one to the best one.
    finality_lag: u64,
    /// Oldest block whose state the node keeps; commands about older ones fail.
    oldest_state: u64,
    /// Part of the best block that free calls took, in billionths. They take at most a third.
    free_share: u32,
    /// Age of the last final block, in milliseconds.
    age: u64,
    /// Slot duration, which is the planned time between two blocks, in milliseconds.
    slot: u64,
    /// Measured time between two blocks, in milliseconds; absent on a chain of one block.
    block_time: Option<u64>,
    /// Version of the runtime.
    runtime: u32,
    /// Number of subnets, without root.
    subnets: usize,
    /// Number of neurons on all networks.
    neurons: u64,
    /// Issuance, in rao.
    #[schemars(with = "u64")]
    issuance: Amount<Tao>,
    /// Part of the issuance that is staked, in rao.
    #[schemars(with = "u64")]
    staked: Amount<Tao>,
    /// TAO that the next block creates, in rao.
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
            ("blocks not final", self.finality_lag.to_string().into()),
            ("states", format!("from block {} on", self.oldest_state).into()),
            ("free calls", format!("{} of the best block", percent(self.free_share.into(), BILLION)).into()),
            ("block time", format!("{} s{measured}", seconds(self.slot)).into()),
            ("runtime", format!("version {}", self.runtime).into()),
            ("subnets", format!("{} with {} neurons", self.subnets, self.neurons).into()),
            ("issuance", format!("{}, {} of it staked", self.issuance, self.staked).into()),
            ("emission", format!("{} a block", self.block_emission).into()),
        ]);
    }
}

/// Formats milliseconds as seconds with two decimals: `0.25`.
fn seconds(millis: u64) -> String {
    format!("{}.{:02}", millis / 1_000, millis % 1_000 / 10)
}

impl Command for Status {
    const PATH: &'static str = "chain status";
    const SUMMARY: &'static str = "Show the state of the chain: blocks, finality, runtime and issuance";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Show the state", line: "myelin chain status" },
        Example {
            purpose: "Fail if no block was final for a minute",
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
        let (free_share, oldest_state) = futures::try_join!(best.free_share(), chain.oldest_state())?;
        let best = best.height().max(now.height());
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
            best,
            finalised: now.height(),
            finality_lag: best.saturating_sub(now.height()),
            oldest_state,
            free_share,
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
