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

/// The ages of a subnet at which the refund of its lock is shown, in days.
const AGES: [u64; 3] = [7, 14, 28];

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
    /// Price of the next subnet right after a creation at this price.
    #[schemars(with = "u64")]
    next_price: Amount<Tao>,
    /// Blocks after which the whole lock comes back.
    vesting: BlockNumber,
    /// Parts of the lock that come back, by the age of the subnet at its end.
    comes_back: Vec<LockRefund>,
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

/// The part of a lock that comes back if the subnet ends at this age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct LockRefund {
    /// Age of the subnet, in days.
    days: u64,
    /// Refund, in rao.
    #[schemars(with = "u64")]
    amount: Amount<Tao>,
}

impl SubnetPriceOutput {
    /// Reads the prices as of a block.
    pub(super) async fn read(now: &ChainState) -> Result<Self, CliError> {
        let block = BlockNumber::try_from(now.height()).map_err(|_| ChainError::NoBlock(now.height().to_string()))?;
        let network = now.network_parameters().await?;
        let NetworkParameters { network_rate_limit, network_lock_vesting: vesting, subnet_limit, .. } = network;
        let rule = network.price_rule();
        let last = now.last_creation().await?;
        let subnets = now.subnets().await?.iter().filter(|subnet| !subnet.netuid.is_root()).count();
        let full = subnets >= usize::from(subnet_limit);
        let replaced = if full { now.subnet_to_prune().await? } else { None };
        let (price, slot) = (now.subnet_price().await?, now.slot_duration().await?);
        let due = last.map(|last| last.block.saturating_add(network_rate_limit));
        Ok(Self {
            block,
            price,
            minimum: rule.minimum,
            next_price: rule.price_at(block, Some(LastCreation { paid: price, block })),
            vesting,
            comes_back: refunds(&network, price, slot),
            last: last.map(|LastCreation { paid, block }| Creation { block, paid }),
            later: forecast(rule, last, block, slot),
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

    /// Returns the price of the next subnet right after a creation at this price.
    pub(super) const fn next_price(&self) -> Amount<Tao> {
        self.next_price
    }

    /// Returns the parts of the lock that come back, in words.
    pub(super) fn comes_back(&self) -> String {
        let parts = self.comes_back.iter().map(|LockRefund { days, amount }| format!("{amount} after {days} days"));
        parts.collect::<Vec<_>>().join(", ")
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

/// Returns the refunds of a lock at [`AGES`], up to the age at which the whole lock comes back.
fn refunds(network: &NetworkParameters, locked: Amount<Tao>, slot: Duration) -> Vec<LockRefund> {
    let refund = |days: u64| {
        let blocks = Duration::from_hours(days.saturating_mul(24)).as_millis().checked_div(slot.as_millis());
        let age = blocks.and_then(|blocks| BlockNumber::try_from(blocks).ok()).unwrap_or(BlockNumber::MAX);
        LockRefund { days, amount: network.vested(locked, age) }
    };
    let refunds = AGES.map(refund);
    let whole = refunds.iter().position(|refund| refund.amount == locked).map_or(AGES.len(), |place| place + 1);
    refunds.into_iter().take(whole).collect()
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
        page.fields([
            ("price", now.into()),
            ("comes back", self.comes_back().into()),
            ("last creation", last.into()),
            ("places", places.into()),
        ]);
        let mut table = Table::new([("TIME", Side::Left), ("BLOCK", Side::Right), ("PRICE", Side::Right)]);
        for later in &self.later {
            table.row([later.when.into(), later.block.to_string().into(), later.price.to_string().into()]);
        }
        page.line("");
        page.table(&table);
        page.line(Tone::Faint.paint(&format!(
            "forecast without another creation, which doubles the price; the minimum is {}. The price is locked. At \
             the end of the subnet the owner gets back what has vested, all of it after {} blocks; the rest is recycled",
            self.minimum, self.vesting
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
impl SubnetPriceOutput {
    /// Returns the price on the public network, half way through the reduction after the first creation.
    pub(super) fn example() -> Self {
        let (network, slot) = (NetworkParameters::default(), Duration::from_secs(12));
        let (rule, block) = (network.price_rule(), 60_400);
        let last = Some(LastCreation { paid: rule.minimum, block: 10_000 });
        let price = Amount::from_rao(150_000_000_000);
        Self {
            block,
            price,
            minimum: rule.minimum,
            next_price: rule.price_at(block, Some(LastCreation { paid: price, block })),
            vesting: network.network_lock_vesting,
            comes_back: refunds(&network, price, slot),
            last: last.map(|last| Creation { block: last.block, paid: last.paid }),
            later: forecast(rule, last, block, slot),
            not_before: None,
            subnets: 3,
            limit: network.subnet_limit,
            replaced: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// spec subnets-and-neurons §5.3
    #[test]
    fn refunds_stop_at_the_whole_lock() {
        let lock = Amount::from_rao(100_000_000_000);
        let back = |vesting, slot| {
            let network = NetworkParameters { network_lock_vesting: vesting, ..NetworkParameters::default() };
            let refunds = refunds(&network, lock, Duration::from_secs(slot)).into_iter();
            refunds.map(|refund| (refund.days, refund.amount.rao() / 1_000_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(back(201_600, 12), [(7, 25), (14, 50), (28, 100)]);
        assert_eq!(back(403_200, 12), [(7, 12), (14, 25), (28, 50)]);
        assert_eq!(back(1_200, 1), [(7, 100)]);
        assert_eq!(back(0, 12), [(7, 100)]);
        assert_eq!(back(1_200, 0), [(7, 100)]);
    }

    #[test]
    fn the_page_shows_the_price_and_its_refund() {
        let mut page = Page::new(100);
        SubnetPriceOutput::example().render(&mut page);
        let text = anstream::adapter::strip_str(&page.into_text()).to_string();
        assert!(text.contains("price          150 TAO\n"), "{text}");
        let back = "comes back     37.5 TAO after 7 days, 75 TAO after 14 days, 150 TAO after 28 days\n";
        assert!(text.contains(back), "{text}");
        assert!(text.contains("all of it after 201600 blocks; the rest is recycled"), "{text}");
    }

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
