//! What a new subnet costs, and which one it would replace.

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, Tone},
};
use myelin_client::{Amount, BlockNumber, ChainError, ChainState, NetUid, NetworkParameters, Tao};
use myelin_economics::subnet_price::{LastCreation, PriceRule};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// The times for which the price is foretold.
const LATER: [(&str, Duration); 5] = [
    ("in an hour", Duration::from_hours(1)),
    ("tomorrow", Duration::from_hours(24)),
    ("in three days", Duration::from_hours(3 * 24)),
    ("in a week", Duration::from_hours(7 * 24)),
    ("in four weeks", Duration::from_hours(28 * 24)),
];

/// What creating a subnet costs, and how that falls. Amounts are in rao.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetPriceOutput {
    /// As of this final block.
    block: BlockNumber,
    /// What a subnet costs in the next block.
    #[schemars(with = "u64")]
    price: Amount<Tao>,
    /// What it costs at least.
    #[schemars(with = "u64")]
    minimum: Amount<Tao>,
    /// The last creation, which doubled the price.
    last: Option<Creation>,
    /// The price later, if nobody creates one before.
    later: Vec<Forecast>,
    /// The first block in which one can be created, if that is not the next.
    not_before: Option<BlockNumber>,
    /// How many there are.
    subnets: usize,
    /// How many there can be.
    limit: u16,
    /// Which one would be replaced.
    replaced: Option<u16>,
}

/// The last creation of a subnet.
#[derive(Debug, Serialize, JsonSchema)]
struct Creation {
    /// In which block.
    block: BlockNumber,
    /// What was paid, in rao.
    #[schemars(with = "u64")]
    paid: Amount<Tao>,
}

/// What a subnet will cost.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Forecast {
    /// When, in words.
    when: &'static str,
    /// The block that comes about then.
    block: BlockNumber,
    /// The price, in rao.
    #[schemars(with = "u64")]
    price: Amount<Tao>,
}

impl SubnetPriceOutput {
    /// Reads them.
    pub(super) async fn read(now: &ChainState) -> Result<Self, CliError> {
        let block = BlockNumber::try_from(now.height()).map_err(|_| ChainError::NoBlock(now.height().to_string()))?;
        let NetworkParameters {
            network_min_lock_cost,
            network_lock_reduction_interval,
            network_rate_limit,
            subnet_limit,
            ..
        } = now.network_parameters().await?;
        let rule = PriceRule { minimum: network_min_lock_cost, reduction_interval: network_lock_reduction_interval };
        let last = now.last_creation().await?;
        let subnets = now.subnets().await?.iter().filter(|subnet| !subnet.netuid.is_root()).count();
        let full = subnets >= usize::from(subnet_limit);
        let replaced = if full { now.subnet_to_prune().await? } else { None };
        let due = last.map(|last| last.block.saturating_add(network_rate_limit));
        Ok(Self {
            block,
            price: now.subnet_price().await?,
            minimum: rule.minimum,
            last: last.map(|LastCreation { paid, block }| Creation { block, paid }),
            later: forecast(rule, last, block, now.slot_duration().await?),
            not_before: due.filter(|due| *due > block.saturating_add(1)),
            subnets,
            limit: subnet_limit,
            replaced: replaced.map(NetUid::get),
        })
    }

    /// What a subnet costs in the next block.
    pub(super) const fn price(&self) -> Amount<Tao> {
        self.price
    }

    /// Whether one has to go, and which one that is.
    pub(super) fn replaced(&self) -> PrunedSubnet {
        match self.replaced {
            _ if self.subnets < usize::from(self.limit) => PrunedSubnet::Nobody,
            Some(netuid) => PrunedSubnet::Subnet(netuid),
            None => PrunedSubnet::AllImmune,
        }
    }

    /// The first block in which one can be created, if that is not the next.
    pub(super) const fn not_before(&self) -> Option<BlockNumber> {
        self.not_before
    }
}

/// Who makes room for a new subnet. spec subnets-and-neurons §3
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PrunedSubnet {
    /// There is a place.
    Nobody,
    /// This one.
    Subnet(u16),
    /// Every place is taken, and none is old enough to be replaced.
    AllImmune,
}

/// The price at the usual times, as far as blocks are counted.
fn forecast(rule: PriceRule, last: Option<LastCreation>, now: BlockNumber, slot: Duration) -> Vec<Forecast> {
    let later = |(when, after): (&'static str, Duration)| {
        let blocks = after.as_millis().checked_div(slot.as_millis())?;
        let block = now.checked_add(BlockNumber::try_from(blocks).ok()?)?;
        Some(Forecast { when, block, price: rule.price_at(block, last) })
    };
    LATER.into_iter().map_while(later).collect()
}

impl Render for SubnetPriceOutput {
    fn render(&self, page: &mut Page) {
        let last = match &self.last {
            Some(last) => format!("{} paid in block {}", last.paid, last.block),
            None => "nobody has created one yet".to_owned(),
        };
        let places = match self.replaced() {
            PrunedSubnet::Nobody => format!("{} of {} taken", self.subnets, self.limit),
            PrunedSubnet::Subnet(netuid) => format!("all {} taken; subnet {netuid} would be replaced", self.limit),
            PrunedSubnet::AllImmune => format!("all {} taken, and none is old enough to be replaced", self.limit),
        };
        let now = match self.not_before {
            Some(block) => format!("{}, not to be had before block {block}", self.price),
            None => self.price.to_string(),
        };
        page.fields([("a subnet costs", now.into()), ("the last", last.into()), ("places", places.into())]);
        let mut table =
            Table::new([("IF NOBODY ELSE DOES", Side::Left), ("BLOCK", Side::Right), ("PRICE", Side::Right)]);
        for later in &self.later {
            table.row([later.when.into(), later.block.to_string().into(), later.price.to_string().into()]);
        }
        page.line("");
        page.table(&table);
        page.line(Tone::Faint.paint(&format!(
            "whoever creates one doubles the price; it falls to no less than {}. The price is locked, and given back \
             when the subnet ends",
            self.minimum
        )));
    }
}

/// `myelin subnet price`
#[derive(Debug, clap::Args)]
pub struct Price {}

impl Command for Price {
    const PATH: &'static str = "subnet price";
    const SUMMARY: &'static str = "Show what a new subnet costs, and what it will cost";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Now or tomorrow?", line: "myelin subnet price" },
        Example { purpose: "In rao, for a script", line: "myelin subnet price --output json | jq .price" },
    ];
    type Output = SubnetPriceOutput;

    async fn run(self, context: &Context, output: &Printer<SubnetPriceOutput>) -> Result<(), CliError> {
        Ok(output.show(&SubnetPriceOutput::read(&context.chain().await?.at_finalised().await?).await?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// spec subnets-and-neurons §2.1
    #[test]
    fn the_price_falls_to_its_minimum() {
        let last = LastCreation { paid: Amount::from_rao(100_000_000_000), block: 1_000 };
        let slot = Duration::from_secs(12);
        let later = forecast(PriceRule::default(), Some(last), 1_000, slot);
        let prices: Vec<_> = later.iter().map(|later| (later.block, later.price.rao())).collect();
        assert_eq!(
            prices,
            [
                (1_300, 199_702_381_100),
                (8_200, 192_857_146_400),
                (22_600, 178_571_439_200),
                (51_400, 150_000_024_800),
                (202_600, 100_000_000_000),
            ]
        );
        assert_eq!(forecast(PriceRule::default(), None, BlockNumber::MAX - 300, slot).len(), 1);
        assert_eq!(forecast(PriceRule::default(), None, 0, Duration::ZERO), []);
    }
}
