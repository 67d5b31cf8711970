//! The command `myelin chain blocks`.

use super::made_at;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::{Printer, note},
    page::{Page, Render, Tone},
    time::moment,
};
use myelin_client::{
    ChainError, ChainState,
    runtime::{
        emission::events::EpochRun,
        system::events::{ExtrinsicFailed, ExtrinsicSuccess},
        transaction_payment::events::TransactionFeePaid,
    },
};
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;

/// Arguments of `myelin chain blocks`.
#[derive(Debug, clap::Args)]
pub struct Blocks {
    /// Number of blocks [default: 10; with `--follow` no limit]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Start with this block
    #[arg(long, value_name = "BLOCK")]
    from: Option<u64>,

    /// Start with the next block, and print blocks as they become final, until Ctrl-C
    #[arg(long)]
    follow: bool,
}

/// Number of blocks that are shown without `--count`.
const COUNT: u64 = 10;

/// An epoch that a block ran.
#[derive(Debug, Serialize, JsonSchema)]
struct EpochRow {
    /// Subnet of the epoch.
    netuid: u16,
    /// Emission that the epoch divided, in rao.
    #[schemars(with = "u64")]
    emission: Amount<Tao>,
}

/// A final block.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainBlocksOutput {
    /// Height of the block.
    height: u64,
    /// Hash of the block, `0x` and 64 hex digits.
    hash: String,
    /// Timestamp of the block, in milliseconds since 1970.
    time: u64,
    /// Number of extrinsics: transactions, and the timestamp.
    extrinsics: usize,
    /// Number of extrinsics that failed.
    failed: usize,
    /// Fees of the transactions, in rao.
    #[schemars(with = "u64")]
    fees: Amount<Tao>,
    /// Number of events.
    events: u32,
    /// Epochs that the block ran.
    epochs: Vec<EpochRow>,
}

impl ChainBlocksOutput {
    async fn read(block: &ChainState) -> Result<Self, CliError> {
        // The genesis block has no timestamp.
        let time = if block.height() == 0 { 0 } else { made_at(block).await? };
        let events = block.all_events().await?;
        let failed = events.find::<ExtrinsicFailed>().count();
        let mut fees = Amount::ZERO;
        for paid in events.find::<TransactionFeePaid>() {
            let paid = Amount::from_rao(paid.map_err(ChainError::from)?.actual_fee);
            fees = fees.checked_add(paid).unwrap_or(Amount::MAX);
        }
        let mut epochs = Vec::new();
        for run in events.find::<EpochRun>() {
            let run = run.map_err(ChainError::from)?;
            epochs.push(EpochRow { netuid: run.netuid.get(), emission: run.emission.0 });
        }
        Ok(Self {
            height: block.height(),
            hash: format!("{:?}", block.hash()),
            time,
            extrinsics: events.find::<ExtrinsicSuccess>().count() + failed,
            failed,
            fees,
            events: events.len(),
            epochs,
        })
    }
}

impl Render for ChainBlocksOutput {
    fn render(&self, page: &mut Page) {
        let time = moment(self.time).unwrap_or_default();
        let mut line = format!(
            "{}  {}  {}  {} extrinsics",
            Tone::Label.paint(&self.height.to_string()),
            Tone::Faint.paint(&time),
            self.hash,
            self.extrinsics
        );
        if self.failed > 0 {
            line.push_str(&Tone::Warning.paint(&format!(", {} failed", self.failed)));
        }
        if !self.fees.is_zero() {
            // Writing to a text cannot fail.
            let _ = write!(line, ", {} of fees", self.fees);
        }
        for epoch in &self.epochs {
            line.push_str(&Tone::Good.paint(&format!(", epoch of subnet {} with {}", epoch.netuid, epoch.emission)));
        }
        page.line(line);
    }
}

impl Command for Blocks {
    const PATH: &'static str = "chain blocks";
    const SUMMARY: &'static str = "List final blocks, or follow them as they come";
    const DETAILS: &'static str = "Each block is one output, a line. Nodes keep the states of the last 1024 blocks by \
         default; older blocks need an archive node.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The last ten blocks", line: "myelin chain blocks" },
        Example { purpose: "New blocks as they become final", line: "myelin chain blocks --follow" },
        Example { purpose: "Three blocks, from block 100", line: "myelin chain blocks --from 100 --count 3" },
        Example {
            purpose: "Wait for an epoch, in a script",
            line: "myelin chain blocks --follow --output json | jq -c 'select(.epochs != [])'",
        },
    ];
    type Output = ChainBlocksOutput;

    async fn run(self, context: &Context, output: &Printer<ChainBlocksOutput>) -> Result<(), CliError> {
        let chain = context.chain().await?;
        let last = chain.at_finalised().await?.height();
        let count = self.count.or((!self.follow).then_some(COUNT));
        let first = match self.from {
            Some(from) => from,
            None if self.follow => last + 1,
            None => (last + 1).saturating_sub(count.unwrap_or(COUNT)),
        };
        if first > last && !self.follow {
            return Err(CliError::NotFound {
                message: format!("block {first} is not final yet; the last final block is {last}"),
                hint: "add `--follow` to wait for it".into(),
            });
        }
        let end = count.map_or(u64::MAX, |count| first.saturating_add(count));
        // Without `--follow` the list ends with the last final block.
        let end = if self.follow { end } else { end.min(last + 1) };
        let mut blocks = chain.blocks_from(first);
        while blocks.height() < end {
            match blocks.next().await {
                Ok(block) => output.show(&ChainBlocksOutput::read(&block).await?)?,
                Err(error) if self.follow && error.is_outage() => note(&format!("{error}; trying again")),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
