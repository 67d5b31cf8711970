//! The command `myelin stake delegates`.

use super::history::History;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    named_key::KnownNames,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
    share::u16_percent,
};
use clap::ValueEnum;
use futures::{StreamExt, TryStreamExt, stream};
use myelin_client::HotkeyInfo;
use myelin_primitives::{Amount, Take, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::cmp::Reverse;

/// Stake for which earnings are computed: 1 000 TAO.
const SAMPLE: Amount<Tao> = Amount::from_rao(1_000_000_000_000);

/// The most requests to the node at the same time.
const MAX_IN_FLIGHT: usize = 16;

/// The order of delegates, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DelegateSort {
    /// Recent earnings of stake on them
    Earned,
    /// Stake on them
    Stake,
    /// Take, lowest first
    Take,
}

/// Arguments of `myelin stake delegates`.
#[derive(Debug, clap::Args)]
pub struct Delegates {
    /// Order of the list
    #[arg(long, value_enum, default_value = "earned")]
    sort: DelegateSort,

    /// Largest number of delegates to show
    #[arg(long, value_name = "COUNT", default_value = "50")]
    limit: usize,
}

/// A delegate.
#[derive(Debug, Serialize, JsonSchema)]
struct DelegateRow {
    /// Address of the hotkey.
    hotkey: String,
    /// Name of the hotkey on this machine, or the name that its owner published, which is not verified.
    name: Option<String>,
    /// Address of the coldkey that owns it.
    coldkey: String,
    /// Its take from its validator emission, as a fraction `v / 65535`.
    take: u16,
    /// Stake on it, in rao.
    #[schemars(with = "u64")]
    stake: Amount<Tao>,
    /// Number of coldkeys with stake on it.
    stakers: u32,
    /// Number of networks on which it has a validator permit.
    validates: usize,
    /// Emission from the last epochs of all its networks, in rao.
    #[schemars(with = "u64")]
    emission: Amount<Tao>,
    /// Recent earnings of 1 000 TAO on it after its take, in rao; absent if unknown.
    #[schemars(with = "Option<u64>")]
    earned: Option<Amount<Tao>>,
}

/// The delegates, up to the limit of the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StakeDelegatesOutput {
    /// Height of the final block that was read.
    block: u64,
    /// Blocks over which earnings are computed: as many as the node remembers, at most 240.
    earned_over: u64,
    /// Number of all delegates, including those that are not shown.
    delegates_in_all: usize,
    /// The delegates.
    delegates: Vec<DelegateRow>,
}

impl Render for StakeDelegatesOutput {
    fn render(&self, page: &mut Page) {
        if self.delegates.is_empty() {
            page.line("there are no delegates; `myelin stake become-delegate` makes a hotkey a delegate");
            return;
        }
        let mut table = Table::new([
            ("NAME", Side::Left),
            ("HOTKEY", Side::Left),
            ("TAKE", Side::Right),
            ("STAKE", Side::Right),
            ("STAKERS", Side::Right),
            ("VALIDATES", Side::Right),
            ("EARNED BY 1000 TAO", Side::Right),
        ]);
        for row in &self.delegates {
            table.row([
                TableCell::optional(row.name.as_deref()),
                row.hotkey.as_str().into(),
                u16_percent(row.take).into(),
                row.stake.to_string().into(),
                row.stakers.to_string().into(),
                row.validates.to_string().into(),
                TableCell::optional(row.earned.map(|earned| earned.to_string())),
            ]);
        }
        page.table(&table);
        let Self { block, earned_over, delegates_in_all, delegates } = self;
        let since = if *earned_over == 0 { String::new() } else { format!(", earned over {earned_over} blocks") };
        let shown = delegates.len();
        page.line(Tone::Faint.paint(&format!("{shown} of {delegates_in_all} as of block {block}{since}")));
    }
}

impl Command for Delegates {
    const PATH: &'static str = "stake delegates";
    const SUMMARY: &'static str = "List the delegates with their takes and recent earnings";
    const DETAILS: &'static str = "The earnings of 1 000 TAO on a delegate, after its take, are those of the last \
         blocks, at most 240, that the node remembers. Owners publish the names, which are not verified.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Highest recent earnings first", line: "myelin stake delegates" },
        Example { purpose: "The ten with the most stake", line: "myelin stake delegates --sort stake --limit 10" },
    ];
    type Output = StakeDelegatesOutput;

    async fn run(self, context: &Context, output: &Printer<StakeDelegatesOutput>) -> Result<(), CliError> {
        let names = KnownNames::here(context)?;
        let history = History::of(&context.chain().await?).await?;
        let now = &history.now;
        let all = now.delegates().await?;
        let earned = history.earned(all.iter().map(|delegate| (delegate.hotkey, SAMPLE))).await?;
        let mut found: Vec<(HotkeyInfo, Option<Amount<Tao>>)> = all.into_iter().zip(earned).collect();
        let delegates_in_all = found.len();
        found.sort_by_key(|(delegate, earned)| {
            let (stake, take) = (Reverse(delegate.stake), delegate.take);
            let first = match self.sort {
                DelegateSort::Earned => (Reverse(*earned), None),
                DelegateSort::Stake => (Reverse(None), None),
                DelegateSort::Take => (Reverse(None), take),
            };
            (first, stake, delegate.hotkey.to_bytes())
        });
        found.truncate(self.limit);
        let rows = found.into_iter().map(async |(delegate, earned)| {
            let mut name = names.of(&delegate.hotkey).map(str::to_owned);
            if name.is_none() {
                let identity = now.identity(&delegate.coldkey).await?;
                name = identity
                    .map(|identity| crate::page::plain(&identity.to_utf8().name))
                    .filter(|name| !name.is_empty());
            }
            let paid = delegate.seats.iter().map(|seat| seat.emission);
            Ok::<_, CliError>(DelegateRow {
                hotkey: delegate.hotkey.to_string(),
                name,
                coldkey: delegate.coldkey.to_string(),
                take: delegate.take.map_or(0, Take::get),
                stake: delegate.stake,
                stakers: delegate.stakers,
                validates: delegate.seats.iter().filter(|seat| seat.validator_permit).count(),
                emission: Amount::checked_sum(paid).unwrap_or(Amount::MAX),
                earned,
            })
        });
        let delegates = stream::iter(rows).buffered(MAX_IN_FLIGHT).try_collect().await?;
        let (block, earned_over) = (now.height(), history.blocks());
        Ok(output.show(&StakeDelegatesOutput { block, earned_over, delegates_in_all, delegates })?)
    }
}
