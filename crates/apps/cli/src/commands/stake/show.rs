//! The stake of a coldkey.

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

/// Arguments of `myelin stake show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Coldkey: an address, or the name of a wallet [default: the selected wallet]
    #[arg(value_name = "COLDKEY")]
    coldkey: Option<ColdkeyArg>,
}

/// All stake of a coldkey.
#[derive(Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_field_names, reason = "so it is called on the chain")]
pub struct StakeShowOutput {
    /// Address of the coldkey.
    coldkey: String,
    /// Height of the final block that was read.
    block: u64,
    /// Blocks over which earnings are computed: as many as the node remembers, at most 240.
    earned_over: u64,
    /// The stake on each hotkey.
    positions: Vec<StakeInfoRow>,
    /// Sum of all stake, in rao.
    #[schemars(with = "u64")]
    total: Amount<Tao>,
}

/// Stake on one hotkey.
#[derive(Debug, Serialize, JsonSchema)]
struct StakeInfoRow {
    /// Address of the hotkey.
    hotkey: String,
    /// Name of the hotkey on this machine.
    name: Option<String>,
    /// Stake on the hotkey, in rao.
    #[schemars(with = "u64")]
    stake: Amount<Tao>,
    /// Relation of the coldkey to the hotkey.
    standing: StakeRoleRow,
    /// Recent earnings of the same amount of stake after the delegate's take, in rao; absent if unknown.
    #[schemars(with = "Option<u64>")]
    earned: Option<Amount<Tao>>,
}

/// The relation of a coldkey to a hotkey that it has stake on.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum StakeRoleRow {
    /// The coldkey owns the hotkey.
    Owner,
    /// The coldkey nominates the hotkey.
    Nominator,
    /// The hotkey has lost its last seat, and the stake is being returned.
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
            Self::Returning => ("being returned", Tone::Warning),
        }
    }
}

impl Render for StakeShowOutput {
    fn render(&self, page: &mut Page) {
        if self.positions.is_empty() {
            page.line(format!("{} has no stake; `myelin stake delegates` lists the delegates", self.coldkey));
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
        page.line(Tone::Faint.paint(&format!("{total} in total as of block {block}{since}")));
    }
}

impl Command for Show {
    const PATH: &'static str = "stake show";
    const SUMMARY: &'static str = "Show the stake of a coldkey and its recent earnings";
    const DETAILS: &'static str = "Earnings are those of the same amount of stake over the last blocks, at most 240, \
         that the node remembers. The take of an owned delegate and the earnings from mining are not included.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The stake of the selected wallet", line: "myelin stake show" },
        Example { purpose: "The stake of another wallet", line: "myelin stake show savings" },
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
            standing: position.role.into(),
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
