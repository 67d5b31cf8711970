//! What a coldkey has staked.

use super::history::History;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    named_key::{ColdkeyArg, KnownNames},
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
};
use myelin_client::StakeRole;
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// `myelin stake show`
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Whose: an address or the name of a wallet; by default the wallet that is meant
    #[arg(value_name = "COLDKEY")]
    coldkey: Option<ColdkeyArg>,
}

/// All stake of a coldkey.
#[derive(Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_field_names, reason = "so it is called on the chain")]
pub struct StakeShowOutput {
    /// Whose.
    coldkey: String,
    /// As of this final block.
    block: u64,
    /// Over how many blocks earnings are counted: as many as the node remembers, 240 at most.
    earned_over: u64,
    /// Each stake.
    positions: Vec<StakeInfoRow>,
    /// All of it, in rao.
    #[schemars(with = "u64")]
    total: Amount<Tao>,
}

/// Stake on one hotkey.
#[derive(Debug, Serialize, JsonSchema)]
struct StakeInfoRow {
    /// On whom.
    hotkey: String,
    /// What the hotkey is called here.
    name: Option<String>,
    /// How much, in rao.
    #[schemars(with = "u64")]
    stake: Amount<Tao>,
    /// How the coldkey stands to the hotkey.
    standing: StakeRoleRow,
    /// What as much stake has earned of late, in rao, what the delegate keeps left out. Nothing if that is not known.
    #[schemars(with = "Option<u64>")]
    earned: Option<Amount<Tao>>,
}

/// How a coldkey stands to a hotkey.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum StakeRoleRow {
    /// It owns it.
    Owner,
    /// It nominates it.
    Nominator,
    /// The hotkey has lost its last seat, and the stake is on its way back.
    Returning,
}

impl From<StakeRole> for StakeRoleRow {
    fn from(standing: StakeRole) -> Self {
        match standing {
            StakeRole::Owner => Self::Owner,
            StakeRole::Nominator => Self::Nominator,
            StakeRole::Returning => Self::Returning,
        }
    }
}

impl StakeRoleRow {
    const fn cell(self) -> (&'static str, Tone) {
        match self {
            Self::Owner => ("owner", Tone::Plain),
            Self::Nominator => ("nominator", Tone::Plain),
            Self::Returning => ("on its way back", Tone::Warning),
        }
    }
}

impl Render for StakeShowOutput {
    fn render(&self, page: &mut Page) {
        if self.positions.is_empty() {
            page.line(format!("{} has staked nothing; `myelin stake delegates` lists on whom one can", self.coldkey));
            return;
        }
        let columns = ["NAME", "HOTKEY", "AS"].map(|heading| (heading, Side::Left));
        let [name, hotkey, standing] = columns;
        let mut table = Table::new([name, hotkey, standing, ("STAKE", Side::Right), ("EARNED", Side::Right)]);
        for position in &self.positions {
            let (words, tone) = position.standing.cell();
            table.row([
                TableCell::optional(position.name.as_deref()),
                position.hotkey.as_str().into(),
                TableCell::new(words, tone),
                position.stake.to_string().into(),
                TableCell::optional(position.earned.map(|earned| earned.to_string())),
            ]);
        }
        page.table(&table);
        let Self { total, block, earned_over, .. } = self;
        let since = if *earned_over == 0 { String::new() } else { format!(", earned over {earned_over} blocks") };
        page.line(Tone::Faint.paint(&format!("{total} together as of block {block}{since}")));
    }
}

impl Command for Show {
    const PATH: &'static str = "stake show";
    const SUMMARY: &'static str = "Show what a coldkey has staked, and what that has earned of late";
    const DETAILS: &'static str = "Earnings are those that as much stake would have had over the blocks that the node \
         remembers. What an owner keeps as the delegate's take, and what its hotkeys mine, comes on top.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "One's own", line: "myelin stake show" },
        Example { purpose: "Of another wallet", line: "myelin stake show savings" },
    ];
    type Output = StakeShowOutput;

    async fn run(self, context: &Context, output: &Printer<StakeShowOutput>) -> Result<(), CliError> {
        let coldkey = ColdkeyArg::or_default(self.coldkey.as_ref(), context)?;
        let names = KnownNames::here(context)?;
        let history = History::of(&context.chain().await?).await?;
        let mut found = history.now.positions(&coldkey.key).await?;
        found.sort_by_key(|position| (std::cmp::Reverse(position.stake), position.hotkey.to_bytes()));
        let earned = history.earned(found.iter().map(|position| (position.hotkey, position.stake))).await?;
        let positions = found.iter().zip(earned).map(|(position, earned)| StakeInfoRow {
            hotkey: position.hotkey.to_string(),
            name: names.of(&position.hotkey).map(str::to_owned),
            stake: position.stake,
            standing: position.standing.into(),
            earned,
        });
        let total = Amount::checked_sum(found.iter().map(|position| position.stake)).unwrap_or(Amount::MAX);
        Ok(output.show(&StakeShowOutput {
            coldkey: coldkey.key.to_string(),
            block: history.now.height(),
            earned_over: history.blocks(),
            positions: positions.collect(),
            total,
        })?)
    }
}
