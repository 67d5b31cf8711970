//! `myelin chain parameters`

use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, Tone},
    share::{percent, u16_percent},
};
use myelin_client::NetworkParameters;
use myelin_primitives::{Amount, MILLION, Take, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// `myelin chain parameters`
#[derive(Debug, clap::Args)]
pub struct Parameters {}

/// In what a parameter is counted.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Unit {
    /// Things.
    Count,
    /// Blocks.
    Blocks,
    /// Tempos of a subnet.
    Tempos,
    /// Rao.
    Rao,
    /// Parts of a million.
    Millionths,
    /// Parts of 65535.
    U16Fraction,
}

impl Unit {
    fn words(self, value: u64) -> String {
        match self {
            Self::Count => value.to_string(),
            Self::Blocks => format!("{value} blocks"),
            Self::Tempos => format!("{value} tempos"),
            Self::Rao => Amount::from_rao(value).to_string(),
            Self::Millionths => percent(value, MILLION.into()),
            Self::U16Fraction => u16_percent(u16::try_from(value).unwrap_or(u16::MAX)),
        }
    }
}

/// A parameter and what it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct NetworkParameterRow {
    /// Its name.
    name: &'static str,
    /// What it is.
    value: u64,
    /// In what that is counted.
    unit: Unit,
    /// What it does.
    effect: &'static str,
}

/// How all networks together are set. Governance alone may change it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainParametersOutput {
    /// As of this final block.
    block: u64,
    /// The parameters.
    parameters: Vec<NetworkParameterRow>,
}

impl Render for ChainParametersOutput {
    fn render(&self, page: &mut Page) {
        let mut table = Table::new([("PARAMETER", Side::Left), ("IS", Side::Right), ("WHAT IT DOES", Side::Left)]);
        for row in &self.parameters {
            table.row([row.name.into(), row.unit.words(row.value).into(), row.effect.into()]);
        }
        page.table(&table);
        page.line(Tone::Faint.paint(&format!("as of block {}; only governance may change them", self.block)));
    }
}

/// Each parameter with its unit. Taken apart by name, so that none is forgotten. spec subnets-and-neurons §18
fn rows(parameters: &NetworkParameters) -> Vec<NetworkParameterRow> {
    use Unit::{Blocks, Count, Millionths, Rao, Tempos, U16Fraction};
    let take = |take: Take| u64::from(take.get());
    macro_rules! rows {
        ($($name:ident $unit:ident $value:expr, $effect:literal;)*) => {{
            let NetworkParameters { $($name),* } = *parameters;
            vec![$(NetworkParameterRow {
                name: stringify!($name),
                value: ($value)($name),
                unit: $unit,
                effect: $effect,
            }),*]
        }};
    }
    rows! {
        subnet_limit Count u64::from, "the most subnets there can be";
        network_rate_limit Blocks u64::from, "between two subnets that are created";
        network_immunity_period Blocks u64::from, "for which a new subnet makes room for no other";
        network_min_lock_cost Rao Amount::<Tao>::rao, "the least that a subnet costs";
        network_lock_reduction_interval Blocks u64::from, "in which the price of a subnet falls by what was last paid";
        subnet_owner_cut Millionths u64::from, "the owner's part of what a subnet earns";
        owner_hotkey_rate_limit Blocks u64::from, "between two hotkeys of a subnet's owner";
        owner_hyperparam_rate_limit Tempos u64::from, "between two changes of one parameter by the owner";
        admin_freeze_window Blocks u64::from, "before an epoch in which owners change nothing";
        min_delegate_take U16Fraction take, "the least that a delegate takes";
        max_delegate_take U16Fraction take, "the most that a delegate takes";
        min_childkey_take U16Fraction take, "the least that a child takes";
        max_childkey_take U16Fraction take, "the most that a child takes";
        tx_rate_limit Blocks u64::from, "between two key operations of one coldkey; 0 does not limit them";
        tx_delegate_take_rate_limit Blocks u64::from, "between two raises of a delegate's take";
        tx_childkey_take_rate_limit Blocks u64::from, "between two raises of a child's take";
        pending_childkey_cooldown Blocks u64::from, "before children take effect";
        stake_threshold Rao Amount::<Tao>::rao, "the stake that a validator needs to set weights";
        nominator_min_required_stake Rao Amount::<Tao>::rao, "the least that a nomination may be";
        target_stakes_per_interval Count u64::from, "stake operations of one coldkey on one hotkey in an interval";
        stake_interval Blocks u64::from, "the interval of stake operations";
        coldkey_swap_announcement_delay Blocks u64::from, "from announcing a swap of a coldkey until it may be done";
        coldkey_swap_reannouncement_delay Blocks u64::from, "after that before a swap may be announced anew or withdrawn";
    }
}

impl Command for Parameters {
    const PATH: &'static str = "chain parameters";
    const SUMMARY: &'static str = "Show how all networks together are set";
    const DETAILS: &'static str = "How one subnet is set shows `myelin subnet parameters show`.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "All of them", line: "myelin chain parameters" }];
    type Output = ChainParametersOutput;

    async fn run(self, context: &Context, output: &Printer<ChainParametersOutput>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        let parameters = rows(&now.network_parameters().await?);
        Ok(output.show(&ChainParametersOutput { block: now.height(), parameters })?)
    }
}
