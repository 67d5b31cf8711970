//! The command `myelin explain seat`.

use super::{NeuronArg, NeuronName};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
};
use myelin_client::{BlockNumber, NetUid};
use myelin_explain::SeatRisks;
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin explain seat`.
#[derive(Debug, clap::Args)]
pub struct Seat {
    /// Number of the network; 0 is root
    netuid: NetUid,

    #[command(flatten)]
    who: NeuronArg,
}

/// Risk of losing one seat.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SeatRow {
    /// Uid of the seat.
    uid: u16,
    /// Address of the hotkey on the seat.
    hotkey: String,
    /// Block in which the hotkey took the seat.
    registered_at: BlockNumber,
    /// Emission of the last epoch, on root the stake, in rao; the lowest is pruned first.
    #[schemars(with = "u64")]
    score: Amount<Tao>,
    /// True if the seat is protected for the owner of the subnet, and never lost.
    protected: bool,
    /// True if the seat is immune because it is new.
    immune: bool,
    /// First block in which the seat is not immune.
    immune_until: BlockNumber,
    /// Number of blocks for which the seat stays immune.
    immunity_left: BlockNumber,
    /// Place in the order of pruning, from 1; absent if the seat is protected.
    rank: Option<u16>,
    /// Number of registrations until the seat is lost, if nothing else changes; absent if it is never lost.
    newcomers_until_lost: Option<u32>,
}

impl SeatRow {
    fn of(seats: &SeatRisks, seat: &myelin_explain::SeatRisk) -> Self {
        Self {
            uid: seat.uid.get(),
            hotkey: seat.hotkey.to_string(),
            registered_at: seat.registered_at,
            score: seat.score,
            protected: seat.protected,
            immune: seat.immune,
            immune_until: seat.immune_until,
            immunity_left: if seat.immune { seat.immune_until.saturating_sub(seats.block) } else { 0 },
            rank: seat.rank,
            newcomers_until_lost: seats.newcomers_until_lost(seat),
        }
    }

    fn safety(&self) -> TableCell {
        match (self.protected, self.immune, self.rank) {
            (true, _, _) => TableCell::new("kept for the owner", Tone::Good),
            (_, true, _) => {
                let until = format!("immune for {} blocks, until block {}", self.immunity_left, self.immune_until);
                TableCell::new(until, Tone::Good)
            }
            (_, _, Some(1)) if self.newcomers_until_lost == Some(1) => TableCell::new("the next to go", Tone::Bad),
            (_, _, Some(1)) => TableCell::new("the first to go once all seats are taken", Tone::Warning),
            _ => TableCell::from("can be lost"),
        }
    }
}

/// Seats of a network with their risks.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExplainSeatOutput {
    /// Number of the network.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Height of the final block that was read.
    block: BlockNumber,
    /// Number of seats that are free.
    free: u16,
    /// Number of seats with a rank, which are all but the protected ones.
    ranked: usize,
    /// Number of ranked seats that are not immune.
    prunable: u16,
    /// Number of seats without immunity up to which an immune seat is pruned instead.
    min_non_immune: u16,
    /// The selected seat, or all seats in the order of pruning.
    seats: Vec<SeatRow>,
    #[serde(skip)]
    one: bool,
}

impl ExplainSeatOutput {
    fn one(&self, seat: &SeatRow, page: &mut Page) {
        page.line(Tone::Label.paint(&format!("uid {} of network {}, {}", seat.uid, self.netuid, seat.hotkey)));
        let rank = match seat.rank {
            Some(rank) => format!("{rank} of {}", self.ranked),
            None => "none".to_owned(),
        };
        page.fields([
            ("  score", format!("{}, {}; the lowest goes first", seat.score, self.scored_by()).into()),
            ("  is", seat.safety()),
            ("  rank", rank.into()),
            ("  lost", self.when_lost(seat)),
        ]);
    }

    fn scored_by(&self) -> &'static str {
        if self.netuid.is_root() { "staked on it" } else { "the slow mean of its pay" }
    }

    fn when_lost(&self, seat: &SeatRow) -> TableCell {
        let Some(newcomers) = seat.newcomers_until_lost else { return TableCell::new("never", Tone::Good) };
        let first = match (self.free, newcomers.saturating_sub(self.free.into())) {
            (0, 1) => "to the next newcomer".to_owned(),
            (0, rank) => format!("after {} others, to the newcomer number {rank}", rank - 1),
            (free, rank) => {
                format!("after {free} free seats and {} others, to the newcomer number {newcomers}", rank - 1)
            }
        };
        let unless = match (self.netuid.is_root(), seat.immune) {
            (true, _) => ", if it has more stake",
            (false, true) => ", unless immunities end or scores change before",
            (false, false) => ", unless scores change before",
        };
        TableCell::new(first + unless, if newcomers == 1 { Tone::Bad } else { Tone::Plain })
    }
}

impl Render for ExplainSeatOutput {
    fn render(&self, page: &mut Page) {
        if let ([seat], true) = (self.seats.as_slice(), self.one) {
            self.one(seat, page);
            return;
        }
        let title = format!("network {}", self.netuid);
        let facts = format!("block {}, {} seats free, {} can be lost", self.block, self.free, self.prunable);
        page.line(format!("{}  {}", Tone::Label.paint(&title), Tone::Faint.paint(&facts)));
        if self.seats.is_empty() {
            page.line("no neuron");
            return;
        }
        let mut table = Table::new([
            ("RANK", Side::Right),
            ("UID", Side::Right),
            ("HOTKEY", Side::Left),
            ("SCORE", Side::Right),
            ("LOST AFTER", Side::Right),
            ("IS", Side::Left),
        ]);
        for seat in &self.seats {
            table.row([
                TableCell::optional(seat.rank.map(|rank| rank.to_string())),
                seat.uid.to_string().into(),
                seat.hotkey.as_str().into(),
                seat.score.to_string().into(),
                TableCell::optional(seat.newcomers_until_lost.map(|count| count.to_string())),
                seat.safety(),
            ]);
        }
        page.table(&table);
    }
}

impl Command for Seat {
    const PATH: &'static str = "explain seat";
    const SUMMARY: &'static str = "Show how safe a seat is, and when it can be lost";
    const DETAILS: &'static str = "If all seats are taken, a new neuron replaces the neuron with the lowest score, a \
         slow mean of its pay. New neurons are immune for a time, and at least one seat is kept for the owner of the \
         subnet. On root, a new hotkey replaces the one with the least stake, if it has more.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The risk of your own seat", line: "myelin explain seat 1 --of myself" },
        Example { purpose: "All seats, in the order of pruning", line: "myelin explain seat 1" },
        Example {
            purpose: "Fail if ten registrations or fewer are enough",
            line: "myelin explain seat 1 --of myself --output json | jq -e '.seats[0].newcomers_until_lost > 10'",
        },
    ];
    type Output = ExplainSeatOutput;

    async fn run(self, context: &Context, output: &Printer<ExplainSeatOutput>) -> Result<(), CliError> {
        let named = self.who.find(context)?;
        let now = context.chain().await?.at_finalised().await?;
        let seats = SeatRisks::read(&now, self.netuid).await?;
        let mut rows: Vec<SeatRow> = match &named {
            Some(named) => {
                let seat = match named {
                    NeuronName::Uid(uid) => seats.seat(*uid),
                    NeuronName::Hotkey(hotkey) => seats.by_hotkey(hotkey),
                };
                let seat = seat.ok_or_else(|| named.missing(self.netuid, now.height()))?;
                vec![SeatRow::of(&seats, seat)]
            }
            None => seats.seats.iter().map(|seat| SeatRow::of(&seats, seat)).collect(),
        };
        rows.sort_by_key(|seat| (seat.rank.unwrap_or(u16::MAX), seat.uid));
        Ok(output.show(&ExplainSeatOutput {
            netuid: self.netuid,
            block: seats.block,
            free: seats.free,
            ranked: seats.seats.iter().filter(|seat| seat.rank.is_some()).count(),
            prunable: seats.prunable,
            min_non_immune: seats.min_non_immune,
            seats: rows,
            one: named.is_some(),
        })?)
    }
}
