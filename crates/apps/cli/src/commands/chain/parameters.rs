//! The command `myelin chain parameters`.

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

/// Arguments of `myelin chain parameters`.
#[derive(Debug, clap::Args)]
pub struct Parameters {}

/// Unit of a parameter.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Unit {
    /// A count.
    Count,
    /// Number of blocks.
    Blocks,
    /// Number of tempos of a subnet.
    Tempos,
    /// Amount in rao.
    Rao,
    /// Parts of a million.
    Millionths,
    /// Parts of 65 535.
    U16Fraction,
    /// 1 for yes, 0 for no.
    Switch,
}

impl Unit {
    fn words(self, value: u64) -> String {
        match self {
            Self::Count => value.to_string(),
            Self::Blocks => format!("{value} blocks"),
            Self::Tempos => format!("{value} tempos"),
            Self::Rao => Amount::from_rao(value).to_string(),
            Self::Millionths => percent(value, MILLION.into()),
            Self::Switch => if value == 0 { "no" } else { "yes" }.to_owned(),
            Self::U16Fraction => u16_percent(u16::try_from(value).unwrap_or(u16::MAX)),
        }
    }
}

/// A parameter with its value.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct NetworkParameterRow {
    /// Name of the parameter.
    name: &'static str,
    /// Value of the parameter.
    value: u64,
    /// Unit of the value.
    unit: Unit,
    /// Effect of the parameter.
    effect: &'static str,
}

/// Parameters of all networks together, which only governance may change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainParametersOutput {
    /// Height of the final block that was read.
    block: u64,
    /// Parameters with their values.
    parameters: Vec<NetworkParameterRow>,
}

impl Render for ChainParametersOutput {
    fn render(&self, page: &mut Page) {
        let mut table = Table::new([("PARAMETER", Side::Left), ("VALUE", Side::Right), ("EFFECT", Side::Left)]);
        for row in &self.parameters {
            table.row([row.name.into(), row.unit.words(row.value).into(), row.effect.into()]);
        }
        page.table(&table);
        page.line(Tone::Faint.paint(&format!("as of block {}; only governance may change them", self.block)));
    }
}

/// Returns each parameter with its unit. spec subnets-and-neurons §18
///
/// The struct is taken apart by field, so that no parameter is forgotten.
fn rows(parameters: &NetworkParameters) -> Vec<NetworkParameterRow> {
    use Unit::{Blocks, Count, Millionths, Rao, Switch, Tempos, U16Fraction};
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
        subnet_limit Count u64::from, "maximum number of subnets";
        network_rate_limit Blocks u64::from, "interval between two creations of subnets";
        network_immunity_period Blocks u64::from, "immunity of a new subnet, in which it is not pruned";
        network_min_lock_cost Rao Amount::<Tao>::rao, "minimum price of a subnet";
        network_lock_reduction_interval Blocks u64::from, "time in which the price of a subnet falls by the last price";
        network_lock_vesting Blocks u64::from, "time in which the lock of a subnet comes back to its owner";
        subnet_owner_cut Millionths u64::from, "owner cut of the emission of a subnet";
        owner_hotkey_rate_limit Blocks u64::from, "interval between two changes of the owner's hotkey";
        owner_hyperparam_rate_limit Tempos u64::from, "interval between two changes of one parameter by the owner";
        admin_freeze_window Blocks u64::from, "time before an epoch in which owners cannot change parameters";
        min_delegate_take U16Fraction take, "minimum take of a delegate";
        max_delegate_take U16Fraction take, "maximum take of a delegate";
        min_childkey_take U16Fraction take, "minimum take of a child";
        max_childkey_take U16Fraction take, "maximum take of a child";
        tx_rate_limit Blocks u64::from, "interval between two key operations of one coldkey; 0 is no limit";
        tx_delegate_take_rate_limit Blocks u64::from, "interval between two increases of a delegate's take";
        tx_childkey_take_rate_limit Blocks u64::from, "interval between two increases of a child's take";
        take_notice Blocks u64::from, "delay before an announced increase of a take takes effect";
        pending_childkey_cooldown Blocks u64::from, "delay before children take effect";
        stake_threshold Rao Amount::<Tao>::rao, "stake that a validator needs to set weights";
        min_lending_stake Rao Amount::<Tao>::rao, "minimum stake of a hotkey that lends stake weight";
        nominator_min_required_stake Rao Amount::<Tao>::rao, "minimum stake of a nomination";
        target_stakes_per_interval Count u64::from, "maximum of stake operations per coldkey, hotkey and interval";
        stake_interval Blocks u64::from, "interval in which stake operations are counted";
        coldkey_swap_announcement_delay Blocks u64::from, "delay from announcement to execution of a coldkey swap";
        min_rate_limit Blocks u64::from, "minimum of the rate limits of weights and announcements";
        min_work_difficulty Count u64::from, "minimum difficulty of a registration by work";
        coldkey_swap_reannouncement_delay Blocks u64::from, "further delay before a new announcement or a withdrawal";
        local_addresses Switch u64::from, "announcements of private addresses and of the loopback interface";
        epochs_enabled Switch u64::from, "epochs of subnets; while they are off, emission accrues and epochs wait";
    }
}

impl Command for Parameters {
    const PATH: &'static str = "chain parameters";
    const SUMMARY: &'static str = "Show the parameters of all networks together";
    const DETAILS: &'static str = "`myelin subnet parameters show` shows the parameters of one subnet.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "All parameters", line: "myelin chain parameters" }];
    type Output = ChainParametersOutput;

    async fn run(self, context: &Context, output: &Printer<ChainParametersOutput>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        let parameters = rows(&now.network_parameters().await?);
        Ok(output.show(&ChainParametersOutput { block: now.height(), parameters })?)
    }
}
