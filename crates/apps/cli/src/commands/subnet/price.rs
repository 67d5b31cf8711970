//! The price of a new subnet, and the subnet that it would replace.

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

/// The times of the price forecast.
const LATER: [(&str, Duration); 5] = [
    ("in an hour", Duration::from_hours(1)),
    ("tomorrow", Duration::from_hours(24)),
    ("in three days", Duration::from_hours(3 * 24)),
    ("in a week", Duration::from_hours(7 * 24)),
    ("in four weeks", Duration::from_hours(28 * 24)),
];

/// The price of a new subnet and its forecast. Amounts are in rao.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetPriceOutput {
    /// Height of the final block that was read.
    block: BlockNumber,
    /// Price of a subnet in the next block.
    #[schemars(with = "u64")]
    price: Amount<Tao>,
    /// Lowest price.
    #[schemars(with = "u64")]
    minimum: Amount<Tao>,
    /// Last creation, which doubled the price.
    last: Option<Creation>,
    /// Forecast of the price without another creation.
    later: Vec<Forecast>,
    /// First block in which a subnet can be created, unless it is the next block.
    not_before: Option<BlockNumber>,
    /// Number of subnets.
    subnets: usize,
    /// Largest number of subnets.
    limit: u16,
    /// Number of the subnet that a new one would replace.
    replaced: Option<u16>,
}

/// The last creation of a subnet.
#[derive(Debug, Serialize, JsonSchema)]
struct Creation {
    /// Block of the creation.
    block: BlockNumber,
    /// Price that was paid, in rao.
    #[schemars(with = "u64")]
    paid: Amount<Tao>,
}

/// The price of a subnet at a later time.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Forecast {
    /// Time, in words.
    when: &'static str,
    /// Expected block at this time.
    block: BlockNumber,
    /// Price, in rao.
    #[schemars(with = "u64")]
    price: Amount<Tao>,
}

impl SubnetPriceOutput {
    /// Reads the prices as of a block.
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

    /// Returns the price of a subnet in the next block.
    pub(super) const fn price(&self) -> Amount<Tao> {
        self.price
    }

    /// Returns the subnet that a new one would replace.
    pub(super) fn replaced(&self) -> PrunedSubnet {
        match self.replaced {
            _ if self.subnets < usize::from(self.limit) => PrunedSubnet::Nobody,
            Some(netuid) => PrunedSubnet::Subnet(netuid),
            None => PrunedSubnet::AllImmune,
        }
    }

    /// Returns the first block in which a subnet can be created, unless it is the next block.
    pub(super) const fn not_before(&self) -> Option<BlockNumber> {
        self.not_before
    }
}

/// The subnet that a new one replaces. spec subnets-and-neurons §3
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PrunedSubnet {
    /// No subnet, because a place is free.
    Nobody,
    /// The subnet with this number.
    Subnet(u16),
    /// No subnet, although all places are taken: all subnets are immune.
    AllImmune,
}

/// Returns the prices at the times of [`LATER`] whose block numbers exist.
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
            Some(last) => format!("{} in block {}", last.paid, last.block),
            None => "none yet".to_owned(),
        };
        let places = match self.replaced() {
            PrunedSubnet::Nobody => format!("{} of {} taken", self.subnets, self.limit),
            PrunedSubnet::Subnet(netuid) => format!("all {} taken; a new subnet replaces subnet {netuid}", self.limit),
            PrunedSubnet::AllImmune => format!("all {} taken, and all subnets are immune", self.limit),
        };
        let now = match self.not_before {
            Some(block) => format!("{}, from block {block} on", self.price),
            None => self.price.to_string(),
        };
        page.fields([("price", now.into()), ("last creation", last.into()), ("places", places.into())]);
        let mut table = Table::new([("TIME", Side::Left), ("BLOCK", Side::Right), ("PRICE", Side::Right)]);
        for later in &self.later {
            table.row([later.when.into(), later.block.to_string().into(), later.price.to_string().into()]);
        }
        page.line("");
        page.table(&table);
        page.line(Tone::Faint.paint(&format!(
            "forecast without another creation, which doubles the price; the minimum is {}. The price is locked, and \
             returned when the subnet ends",
            self.minimum
        )));
    }
}

/// Arguments of `myelin subnet price`.
#[derive(Debug, clap::Args)]
pub struct Price {}

impl Command for Price {
    const PATH: &'static str = "subnet price";
    const SUMMARY: &'static str = "Show the price of a new subnet and its forecast";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The price now and later", line: "myelin subnet price" },
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
