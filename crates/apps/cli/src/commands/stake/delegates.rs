//! `myelin stake delegates`

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

/// How much stake earnings are told for.
const SAMPLE: Amount<Tao> = Amount::from_rao(1_000_000_000_000);

/// How many questions are asked at a time.
const MAX_IN_FLIGHT: usize = 16;

/// By what delegates are sorted, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DelegateSort {
    /// What stake on them has earned of late
    Earned,
    /// What is staked on them
    Stake,
    /// What they keep, least first
    Take,
}

/// `myelin stake delegates`
#[derive(Debug, clap::Args)]
pub struct Delegates {
    /// By what they are sorted
    #[arg(long, value_enum, default_value = "earned")]
    sort: DelegateSort,

    /// How many are shown
    #[arg(long, value_name = "COUNT", default_value = "50")]
    limit: usize,
}

/// On whom others may stake.
#[derive(Debug, Serialize, JsonSchema)]
struct DelegateRow {
    /// Who.
    hotkey: String,
    /// What it is called here, or by its owner. Nobody has checked the latter.
    name: Option<String>,
    /// Who owns it.
    coldkey: String,
    /// What it keeps of what it earns for validating, as a fraction `v / 65535`.
    take: u16,
    /// What is staked on it, in rao.
    #[schemars(with = "u64")]
    stake: Amount<Tao>,
    /// By how many coldkeys.
    stakers: u32,
    /// On how many networks it may validate.
    validates: usize,
    /// What it was paid by the last epochs of its networks together, in rao.
    #[schemars(with = "u64")]
    emission: Amount<Tao>,
    /// What 1 000 TAO on it have earned of late, in rao, what it keeps left out. Nothing if that is not known.
    #[schemars(with = "Option<u64>")]
    earned: Option<Amount<Tao>>,
}

/// All delegates, or the best of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StakeDelegatesOutput {
    /// As of this final block.
    block: u64,
    /// Over how many blocks earnings are counted: as many as the node remembers, 240 at most.
    earned_over: u64,
    /// How many there are, those that are not shown included.
    delegates_in_all: usize,
    /// The delegates.
    delegates: Vec<DelegateRow>,
}

impl Render for StakeDelegatesOutput {
    fn render(&self, page: &mut Page) {
        if self.delegates.is_empty() {
            page.line("there are no delegates; `myelin stake become-delegate` makes one of a hotkey");
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
    const SUMMARY: &'static str = "List on whom one can stake: what they keep, and what they returned";
    const DETAILS: &'static str = "What 1 000 TAO on a delegate have earned is read from the chain as it is and as it was, as far back as \
         the node remembers; what the delegate keeps is left out. Names come from the owners, and nobody has checked \
         them.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The best of late first", line: "myelin stake delegates" },
        Example { purpose: "The ten largest", line: "myelin stake delegates --sort stake --limit 10" },
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
