//! The command `myelin chain emission`.

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone, plain},
    share::percent,
    time::{about, blocks, day_in},
};
use myelin_client::{BlockNumber, ChainState, IssuanceInfo, NetUid, SubnetInfo};
use myelin_economics::issuance::{MAX_SUPPLY, block_emission, halving_threshold};
use myelin_primitives::{Amount, MILLION, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// Width of the progress bar, in characters.
const BAR: u64 = 40;

/// Arguments of `myelin chain emission`.
#[derive(Debug, clap::Args)]
pub struct Emission {}

/// Progress to the next halving.
#[derive(Debug, Serialize, JsonSchema)]
struct HalvingRow {
    /// Issuance at which this era began, in rao.
    #[schemars(with = "u64")]
    from: Amount<Tao>,
    /// Issuance from which a block creates half as much, in rao.
    #[schemars(with = "u64")]
    threshold: Amount<Tao>,
    /// TAO to be issued before the halving, in rao.
    #[schemars(with = "u64")]
    missing: Amount<Tao>,
    /// Part of the era that is issued, in millionths.
    progress: u64,
    /// Blocks until the halving, if nothing is recycled.
    blocks: u64,
    /// Time until the halving if no authority is missing, in seconds.
    seconds: u64,
    /// Day of the halving, in UTC; absent after the year 9999.
    day: Option<String>,
    /// Block emission after the halving, in rao.
    #[schemars(with = "u64")]
    then: Amount<Tao>,
}

/// Emission of one subnet.
#[derive(Debug, Serialize, JsonSchema)]
struct SubnetEmissionRow {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Name that the owner set; not verified.
    name: String,
    /// Emission that the subnet receives per block, in rao.
    #[schemars(with = "u64")]
    per_block: Amount<Tao>,
    /// Pending emission since the last epoch, in rao.
    #[schemars(with = "u64")]
    pending: Amount<Tao>,
    /// Block of the next epoch; absent if the tempo is 0.
    next_epoch: Option<BlockNumber>,
}

/// The issuance, the next halving and the emission of the subnets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainEmissionOutput {
    /// Height of the final block that was read.
    block: u64,
    /// Issuance, which is all TAO that exists, in rao.
    #[schemars(with = "u64")]
    issuance: Amount<Tao>,
    /// Maximum supply, in rao.
    #[schemars(with = "u64")]
    most: Amount<Tao>,
    /// TAO staked on hotkeys, in rao.
    #[schemars(with = "u64")]
    staked: Amount<Tao>,
    /// TAO locked for subnets, in rao.
    #[schemars(with = "u64")]
    locked: Amount<Tao>,
    /// Pending emission of all subnets, in rao.
    #[schemars(with = "u64")]
    pending: Amount<Tao>,
    /// TAO of coldkeys under swap, in rao.
    #[schemars(with = "u64")]
    escrowed: Amount<Tao>,
    /// TAO that the next block creates, in rao.
    #[schemars(with = "u64")]
    block_emission: Amount<Tao>,
    /// Number of halvings; absent once blocks create nothing.
    halvings: Option<u32>,
    /// Next halving; absent once blocks create nothing.
    next_halving: Option<HalvingRow>,
    /// Emission of each subnet.
    subnets: Vec<SubnetEmissionRow>,
}

impl HalvingRow {
    async fn read(now: &ChainState, issuance: &IssuanceInfo) -> Result<Option<Self>, CliError> {
        let (Some(halvings), Some(next)) = (issuance.halvings, issuance.next_halving) else { return Ok(None) };
        let from = halving_threshold(halvings);
        let whole = next.threshold.checked_sub(from).unwrap_or_default().rao().max(1);
        let behind = issuance.total.checked_sub(from).unwrap_or_default().rao();
        let progress = u128::from(behind) * u128::from(MILLION) / u128::from(whole);
        let time = blocks(now, next.blocks).await?;
        Ok(Some(Self {
            from,
            threshold: next.threshold,
            missing: next.missing,
            progress: u64::try_from(progress).unwrap_or(u64::MAX).min(MILLION.into()),
            blocks: next.blocks,
            seconds: time.as_secs(),
            day: day_in(time),
            then: block_emission(next.threshold),
        }))
    }

    fn bar(&self) -> String {
        let full = usize::try_from(self.progress * BAR / u64::from(MILLION)).unwrap_or(0);
        let rest = usize::try_from(BAR).unwrap_or(0).saturating_sub(full);
        format!("{}{} {}", "█".repeat(full), "░".repeat(rest), percent(self.progress, MILLION.into()))
    }
}

impl From<SubnetInfo> for SubnetEmissionRow {
    fn from(subnet: SubnetInfo) -> Self {
        Self {
            netuid: subnet.netuid,
            name: plain(&subnet.name()),
            per_block: subnet.emission,
            pending: subnet.pending,
            next_epoch: subnet.next_epoch,
        }
    }
}

impl Render for ChainEmissionOutput {
    fn render(&self, page: &mut Page) {
        let issued = percent(self.issuance.rao(), self.most.rao());
        page.fields([
            ("issued", format!("{}, {issued} of the maximum supply", self.issuance).into()),
            ("staked", self.staked.to_string().into()),
            ("locked", self.locked.to_string().into()),
            ("pending", self.pending.to_string().into()),
            ("escrowed", self.escrowed.to_string().into()),
            ("a block", self.block_emission.to_string().into()),
        ]);
        match &self.next_halving {
            None => page.fields([("halving", TableCell::new("none: everything is issued", Tone::Faint))]),
            Some(next) => {
                let day = next.day.as_ref().map_or_else(String::new, |day| format!(", on {day}"));
                let time = about(Duration::from_secs(next.seconds));
                page.fields([
                    ("halving", next.bar().into()),
                    ("  at", format!("{}, {} to go", next.threshold, next.missing).into()),
                    ("  in", format!("{} blocks, about {time}{day}", next.blocks).into()),
                    ("  then", format!("{} a block", next.then).into()),
                ]);
            }
        }
        if self.subnets.is_empty() {
            return;
        }
        page.line("");
        let mut table = Table::new([
            ("SUBNET", Side::Right),
            ("NAME", Side::Left),
            ("A BLOCK", Side::Right),
            ("PART", Side::Right),
            ("PENDING", Side::Right),
            ("NEXT EPOCH", Side::Right),
        ]);
        for subnet in &self.subnets {
            table.row([
                subnet.netuid.to_string().into(),
                TableCell::optional((!subnet.name.is_empty()).then_some(subnet.name.as_str())),
                subnet.per_block.to_string().into(),
                percent(subnet.per_block.rao(), self.block_emission.rao()).into(),
                subnet.pending.to_string().into(),
                TableCell::optional(subnet.next_epoch.map(|block| format!("block {block}"))),
            ]);
        }
        page.table(&table);
    }
}

impl Command for Emission {
    const PATH: &'static str = "chain emission";
    const SUMMARY: &'static str = "Show the issuance, the next halving and the emission of subnets";
    const DETAILS: &'static str = "Halvings depend on the issuance, not on the block number, so recycled TAO delays \
         them. Dates assume that no block is missing and nothing is recycled.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Issuance and halving", line: "myelin chain emission" },
        Example {
            purpose: "Blocks until the halving, for a script",
            line: "myelin chain emission --output json | jq .next_halving.blocks",
        },
    ];
    type Output = ChainEmissionOutput;

    async fn run(self, context: &Context, output: &Printer<ChainEmissionOutput>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        let issuance = now.issuance().await?;
        let networks = now.subnets().await?;
        Ok(output.show(&ChainEmissionOutput {
            block: now.height(),
            next_halving: HalvingRow::read(&now, &issuance).await?,
            issuance: issuance.total,
            most: MAX_SUPPLY,
            staked: issuance.staked,
            locked: issuance.locked,
            pending: issuance.pending,
            escrowed: issuance.escrowed,
            block_emission: issuance.block_emission,
            halvings: issuance.halvings,
            subnets: networks.into_iter().filter(|network| !network.netuid.is_root()).map(Into::into).collect(),
        })?)
    }
}
