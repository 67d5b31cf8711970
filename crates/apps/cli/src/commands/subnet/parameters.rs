//! How a network is set.

use super::{
    field::{ChangeWindow, ParameterAuthority, ParameterField, ParameterValue},
    find, find_own,
};
use crate::{
    command::{Calls, Command, Effect, Example},
    commands::metagraph::title,
    context::Context,
    error::CliError,
    key::WalletSigner,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{BlockNumber, ChainError, ChainState, NetUid, Parameters, ParametersPatch, SubnetInfo, calls};
use myelin_economics::schedule::Schedule;
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeSet, str::FromStr};

/// A parameter and what it is.
#[derive(Debug, Serialize, JsonSchema)]
struct ParameterRow {
    /// Its name.
    name: &'static str,
    /// What it is. Amounts are in rao.
    value: ParameterValue,
    /// Who may change it.
    who: ParameterAuthority,
    /// When it may be changed.
    when: ChangeWindow,
    /// What it may be; nothing where that follows from its type.
    bounds: &'static str,
    /// What it does.
    effect: &'static str,
}

impl ParameterRow {
    fn of(field: &ParameterField, parameters: &Parameters) -> Self {
        let ParameterField { name, who, when, bounds, effect, .. } = *field;
        Self { name, value: field.read(parameters), who, when, bounds, effect }
    }
}

/// How one network is set.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetParametersShowOutput {
    /// Which network; 0 is root.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// As of this final block.
    block: u64,
    /// The parameters that were asked for.
    parameters: Vec<ParameterRow>,
    #[serde(skip)]
    title: String,
}

impl Render for SubnetParametersShowOutput {
    fn render(&self, page: &mut Page) {
        page.line(Tone::Label.paint(&self.title));
        if let [row] = self.parameters.as_slice() {
            page.fields([
                (row.name, row.value.to_string().into()),
                ("what it does", row.effect.into()),
                ("bounds", if row.bounds.is_empty() { "yes or no".into() } else { row.bounds.into() }),
                ("who", row.who.word().into()),
                ("when", row.when.words().into()),
            ]);
            return;
        }
        let mut table =
            Table::new([("PARAMETER", Side::Left), ("VALUE", Side::Right), ("WHO", Side::Left), ("WHEN", Side::Left)]);
        for row in &self.parameters {
            let who = if row.who == ParameterAuthority::Owner {
                "owner".into()
            } else {
                TableCell::new(row.who.word(), Tone::Faint)
            };
            table.row([row.name.into(), row.value.to_string().into(), who, row.when.words().into()]);
        }
        page.table(&table);
        page.line(Tone::Faint.paint(&format!(
            "as of block {}; what one does: `myelin subnet parameters show {} PARAMETER`",
            self.block, self.netuid
        )));
    }
}

/// The parameter of that name.
fn named(name: &str) -> Result<&'static ParameterField, CliError> {
    ParameterField::named(name).ok_or_else(|| {
        let near = ParameterField::like(name).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        let all = "see all with `myelin subnet parameters show`";
        CliError::NotFound {
            message: format!("there is no parameter `{name}`"),
            hint: if near.is_empty() { all.into() } else { format!("did you mean {near}? Otherwise {all}").into() },
        }
    })
}

/// `myelin subnet parameters show`
#[derive(Debug, clap::Args)]
pub struct ShowParameters {
    /// Which network; 0 is root
    netuid: NetUid,

    /// Only these; of a single one everything is told
    #[arg(value_name = "PARAMETER")]
    names: Vec<String>,
}

impl Command for ShowParameters {
    const PATH: &'static str = "subnet parameters show";
    const SUMMARY: &'static str = "Show how a network is set, and what that means";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "All of them", line: "myelin subnet parameters show 1" },
        Example { purpose: "What may a tempo be, and who says so?", line: "myelin subnet parameters show 1 tempo" },
    ];
    type Output = SubnetParametersShowOutput;

    async fn run(self, context: &Context, output: &Printer<SubnetParametersShowOutput>) -> Result<(), CliError> {
        let fields: Vec<_> = self.names.iter().map(|name| named(name)).collect::<Result<_, _>>()?;
        let fields = if fields.is_empty() { ParameterField::ALL.iter().collect() } else { fields };
        let now = context.chain().await?.at_finalised().await?;
        let subnet = find(&now, self.netuid).await?;
        let parameters = parameters(&now, self.netuid).await?;
        Ok(output.show(&SubnetParametersShowOutput {
            netuid: self.netuid,
            block: now.height(),
            parameters: fields.into_iter().map(|field| ParameterRow::of(field, &parameters)).collect(),
            title: title(self.netuid, &subnet),
        })?)
    }
}

async fn parameters(now: &ChainState, netuid: NetUid) -> Result<Parameters, CliError> {
    let parameters = now.parameters(netuid).await?;
    Ok(parameters.ok_or_else(|| ChainError::NoNetwork { netuid, block: now.height() })?)
}

/// A parameter and what it shall be, `tempo=99`.
#[derive(Clone, Debug)]
struct Assignment {
    name: String,
    value: String,
}

impl FromStr for Assignment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) =
            text.split_once('=').ok_or("write a name, `=` and a value, such as `immunity_period=7200`")?;
        Ok(Self { name: name.trim().to_owned(), value: value.trim().to_owned() })
    }
}

/// `myelin subnet parameters set`
#[derive(Debug, clap::Args)]
pub struct SetParameters {
    /// Which subnet
    netuid: NetUid,

    /// What, and what it shall be: `immunity_period=7200 min_burn=0.01`
    #[arg(value_name = "PARAMETER=VALUE", required = true)]
    changes: Vec<Assignment>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// What was set.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetParametersSetOutput {
    /// On which subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Each parameter.
    changed: Vec<ParameterChange>,
}

/// A parameter that was set. Amounts are in rao.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ParameterChange {
    /// Its name.
    name: &'static str,
    /// What it was.
    before: ParameterValue,
    /// What it is.
    after: ParameterValue,
}

impl Render for SubnetParametersSetOutput {
    fn render(&self, page: &mut Page) {
        let changed = self.changed.iter().map(|change| format!("{}={}", change.name, change.after));
        page.line(format!("subnet {}: {}", self.netuid, changed.collect::<Vec<_>>().join(" ")));
    }
}

/// What an owner is about to change.
struct ParameterEdit {
    field: &'static ParameterField,
    before: ParameterValue,
    after: ParameterValue,
}

impl SetParameters {
    /// The patch, and what it changes.
    fn changes(&self, before: &Parameters) -> Result<(ParametersPatch, Vec<ParameterEdit>), CliError> {
        let (mut patch, mut changes, mut seen) = (ParametersPatch::default(), Vec::new(), BTreeSet::new());
        for Assignment { name, value } in &self.changes {
            let field = named(name)?;
            let hint = "see its bounds with `myelin subnet parameters show NETUID PARAMETER`";
            if !seen.insert(field.name) {
                return Err(CliError::Usage { message: format!("`{name}` is set twice"), hint });
            }
            if field.who == ParameterAuthority::Governance {
                return Err(CliError::Impossible {
                    message: format!("`{name}` is set by governance, not by owners"),
                    hint: "see which are the owner's with `myelin subnet parameters show`".into(),
                });
            }
            let wrong = |why| CliError::Usage { message: format!("`{name}`: `{value}` is {why}"), hint };
            let after = field.write(&mut patch, value).map_err(wrong)?;
            changes.push(ParameterEdit { field, before: field.read(before), after });
        }
        Ok((patch, changes))
    }

    async fn plan(&self, best: &ChainState, subnet: &SubnetInfo, changes: &[ParameterEdit]) -> Result<Plan, CliError> {
        let netuid = self.netuid;
        let network = best.network_parameters().await?;
        let next = BlockNumber::try_from(best.height()).map_or(BlockNumber::MAX, |height| height.saturating_add(1));
        let epoch = Schedule::new(netuid, subnet.tempo).blocks_until_epoch(next);
        let frozen = epoch.filter(|blocks| *blocks < network.admin_freeze_window.into());
        let waits = changes.iter().find(|change| change.field.when == ChangeWindow::NotFrozen);
        if let (Some(blocks), Some(change)) = (frozen, waits) {
            let epoch = next.saturating_add(blocks);
            return Err(CliError::Impossible {
                message: format!("`{}` cannot be changed until the epoch in block {epoch}", change.field.name),
                hint: format!("set it after block {epoch}, before the last {} of a tempo", network.admin_freeze_window)
                    .into(),
            });
        }
        let words: Vec<_> = changes.iter().map(|change| format!("{}={}", change.field.name, change.after)).collect();
        let mut plan = Plan::new(format!("Set {} of subnet {netuid}", words.join(", "))).touches(netuid);
        for ParameterEdit { field, before, after } in changes {
            let ParameterField { name, effect, bounds, .. } = field;
            let bounds = if bounds.is_empty() { String::new() } else { format!("; bounds: {bounds}") };
            plan = plan.effect(format!("{name}: {after} instead of {before} ({effect}{bounds})"));
        }
        plan = plan.effect("it holds from the block on that includes this");
        if let Some(blocks) = epoch {
            plan = plan.effect(format!("the next epoch is in block {}", next.saturating_add(blocks)));
        }
        let tempos = network.owner_hyperparam_rate_limit;
        if tempos > 0 {
            plan = plan.risk(format!(
                "fails if the owner changed one of these in the last {tempos} tempos, which are {} blocks here",
                u32::from(tempos).saturating_mul(subnet.tempo.into())
            ));
        }
        if changes.iter().any(|change| change.field.name == "weights_version_key") {
            plan = plan.risk("fails if the owner changed weights_version_key in the last five tempos");
        }
        Ok(plan)
    }
}

impl Command for SetParameters {
    const PATH: &'static str = "subnet parameters set";
    const SUMMARY: &'static str = "Change how a subnet is set";
    const DETAILS: &'static str = "Only the owner may, and each parameter only now and then.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "set_parameters")];
    const EXAMPLES: &'static [Example] = &[
        Example {
            purpose: "Open it to work, at a low price",
            line: "myelin subnet parameters set 2 pow_registration_allowed=yes min_burn=0.01",
        },
        Example { purpose: "What would that do?", line: "myelin subnet parameters set 2 commit_reveal=no --dry-run" },
    ];
    type Output = TransactionOutput<SubnetParametersSetOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, signer) = (self.netuid, WalletSigner::coldkey(context)?);
        // Mistakes of typing need no node.
        for change in &self.changes {
            named(&change.name)?;
        }
        let chain = context.chain().await?;
        let best = chain.at_best().await?;
        let subnet = find_own(&best, netuid, &signer).await?;
        let (patch, changes) = self.changes(&parameters(&best, netuid).await?)?;
        let plan = self.plan(&best, &subnet, &changes).await?;
        let sent = self.sending.send(context, &chain, &signer, &calls::set_parameters(netuid, patch), plan).await?;
        let rows = changes.iter().map(|ParameterEdit { field, before, after }| ParameterChange {
            name: field.name,
            before: *before,
            after: *after,
        });
        Ok(output.show(&sent.output(|_| Ok(SubnetParametersSetOutput { netuid, changed: rows.collect() }))?)?)
    }
}
