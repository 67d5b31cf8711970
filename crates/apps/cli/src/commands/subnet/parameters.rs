//! The parameters of networks.

use super::{find, find_own};
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
use myelin_client::{BlockNumber, ChainError, ChainState, NetUid, SubnetInfo, calls};
use myelin_economics::schedule::Schedule;
use myelin_records::parameters::{
    ChangeWindow, Parameter, ParameterAuthority, ParameterTextError, ParameterValue, Parameters, ParametersPatch,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeSet, str::FromStr};

/// A parameter and its value.
#[derive(Debug, Serialize, JsonSchema)]
struct ParameterRow {
    /// Name of the parameter.
    name: &'static str,
    /// Current value. Amounts are in rao.
    value: ParameterValue,
    /// Authority that may change it.
    who: ParameterAuthority,
    /// Window in which it may be changed.
    when: ChangeWindow,
    /// Bounds of the value; empty if its type gives them.
    bounds: &'static str,
    /// Effect of the parameter.
    effect: &'static str,
}

impl ParameterRow {
    fn of(parameter: Parameter, parameters: &Parameters) -> Self {
        Self {
            name: parameter.name(),
            value: parameter.value(parameters),
            who: parameter.authority(),
            when: parameter.window(),
            bounds: parameter.bounds(),
            effect: parameter.effect(),
        }
    }
}

/// The parameters of a network.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetParametersShowOutput {
    /// Number of the network; 0 is root.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Height of the final block that was read.
    block: u64,
    /// The requested parameters.
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
                ("effect", row.effect.into()),
                ("bounds", if row.bounds.is_empty() { "yes or no".into() } else { row.bounds.into() }),
                ("who", row.who.to_string().into()),
                ("when", row.when.to_string().into()),
            ]);
            return;
        }
        let mut table =
            Table::new([("PARAMETER", Side::Left), ("VALUE", Side::Right), ("WHO", Side::Left), ("WHEN", Side::Left)]);
        for row in &self.parameters {
            let who = if row.who == ParameterAuthority::Owner {
                "owner".into()
            } else {
                TableCell::new(row.who.to_string(), Tone::Faint)
            };
            table.row([row.name.into(), row.value.to_string().into(), who, row.when.to_string().into()]);
        }
        page.table(&table);
        page.line(Tone::Faint.paint(&format!(
            "as of block {}; `myelin subnet parameters show {} PARAMETER` describes one",
            self.block, self.netuid
        )));
    }
}

/// Returns the parameter with this name.
///
/// # Errors
/// [`CliError::NotFound`] with up to three similar names.
fn named(name: &str) -> Result<Parameter, CliError> {
    Parameter::named(name).ok_or_else(|| {
        let near = like(name).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        let all = "list all parameters with `myelin subnet parameters show`";
        CliError::NotFound {
            message: format!("there is no parameter `{name}`"),
            hint: if near.is_empty() { all.into() } else { format!("did you mean {near}? If not, {all}").into() },
        }
    })
}

/// Returns up to three names of parameters that are similar to this one, the most similar first.
fn like(name: &str) -> Vec<&'static str> {
    const ALIKE: f64 = 0.8;
    let alike = |parameter: &Parameter| (strsim::jaro_winkler(name, parameter.name()), parameter.name());
    let mut near: Vec<_> = Parameter::ALL.iter().map(alike).filter(|(alike, _)| *alike > ALIKE).collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Arguments of `myelin subnet parameters show`.
#[derive(Debug, clap::Args)]
pub struct ShowParameters {
    /// Number of the network; 0 is root
    netuid: NetUid,

    /// Parameters to show; a single one is shown with its effect and bounds [default: all]
    #[arg(value_name = "PARAMETER")]
    names: Vec<String>,
}

impl Command for ShowParameters {
    const PATH: &'static str = "subnet parameters show";
    const SUMMARY: &'static str = "Show the parameters of a network";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "All parameters", line: "myelin subnet parameters show 1" },
        Example { purpose: "The effect and bounds of the tempo", line: "myelin subnet parameters show 1 tempo" },
    ];
    type Output = SubnetParametersShowOutput;

    async fn run(self, context: &Context, output: &Printer<SubnetParametersShowOutput>) -> Result<(), CliError> {
        let chosen: Vec<_> = self.names.iter().map(|name| named(name)).collect::<Result<_, _>>()?;
        let chosen = if chosen.is_empty() { Parameter::ALL.to_vec() } else { chosen };
        let now = context.chain().await?.at_finalised().await?;
        let subnet = find(&now, self.netuid).await?;
        let parameters = parameters(&now, self.netuid).await?;
        Ok(output.show(&SubnetParametersShowOutput {
            netuid: self.netuid,
            block: now.height(),
            parameters: chosen.into_iter().map(|parameter| ParameterRow::of(parameter, &parameters)).collect(),
            title: title(self.netuid, &subnet),
        })?)
    }
}

async fn parameters(now: &ChainState, netuid: NetUid) -> Result<Parameters, CliError> {
    let parameters = now.parameters(netuid).await?;
    Ok(parameters.ok_or_else(|| ChainError::NoNetwork { netuid, block: now.height() })?)
}

/// A parameter and its new value as they are typed: `tempo=99`.
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

/// Arguments of `myelin subnet parameters set`.
#[derive(Debug, clap::Args)]
pub struct SetParameters {
    /// Number of the subnet
    netuid: NetUid,

    /// Parameters and their new values, such as `immunity_period=7200 min_burn=0.01`
    #[arg(value_name = "PARAMETER=VALUE", required = true)]
    changes: Vec<Assignment>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// The changed parameters of a subnet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetParametersSetOutput {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// The changed parameters.
    changed: Vec<ParameterChange>,
}

/// A changed parameter. Amounts are in rao.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ParameterChange {
    /// Name of the parameter.
    name: &'static str,
    /// Value before the change.
    before: ParameterValue,
    /// Value after the change.
    after: ParameterValue,
}

impl Render for SubnetParametersSetOutput {
    fn render(&self, page: &mut Page) {
        let changed = self.changed.iter().map(|change| format!("{}={}", change.name, change.after));
        page.line(format!("subnet {}: {}", self.netuid, changed.collect::<Vec<_>>().join(" ")));
    }
}

/// A change that an owner requests.
struct ParameterEdit {
    parameter: Parameter,
    before: ParameterValue,
    after: ParameterValue,
}

impl SetParameters {
    /// Returns the patch and its changes.
    ///
    /// # Errors
    /// An unknown or repeated name, a parameter of governance, or a value that cannot be parsed.
    fn changes(&self, before: &Parameters) -> Result<(ParametersPatch, Vec<ParameterEdit>), CliError> {
        let (mut patch, mut changes, mut seen) = (ParametersPatch::default(), Vec::new(), BTreeSet::new());
        for Assignment { name, value } in &self.changes {
            let parameter = named(name)?;
            let hint = "see its bounds with `myelin subnet parameters show NETUID PARAMETER`";
            if !seen.insert(parameter) {
                return Err(CliError::Usage { message: format!("`{name}` is set twice"), hint });
            }
            if parameter.authority() == ParameterAuthority::Governance {
                return Err(CliError::Impossible {
                    message: format!("`{name}` is set by governance, not by owners"),
                    hint: "list the owner's parameters with `myelin subnet parameters show`".into(),
                });
            }
            let wrong =
                |why: ParameterTextError| CliError::Usage { message: format!("`{name}`: `{value}` is {why}"), hint };
            let after = parameter.assign(&mut patch, value).map_err(wrong)?;
            changes.push(ParameterEdit { parameter, before: parameter.value(before), after });
        }
        Ok((patch, changes))
    }

    async fn plan(&self, best: &ChainState, subnet: &SubnetInfo, changes: &[ParameterEdit]) -> Result<Plan, CliError> {
        let netuid = self.netuid;
        let network = best.network_parameters().await?;
        let next = BlockNumber::try_from(best.height()).map_or(BlockNumber::MAX, |height| height.saturating_add(1));
        let epoch = Schedule::new(netuid, subnet.tempo).blocks_until_epoch(next);
        let frozen = epoch.filter(|blocks| *blocks < network.admin_freeze_window.into());
        let waits = changes.iter().find(|change| change.parameter.window() == ChangeWindow::NotFrozen);
        if let (Some(blocks), Some(change)) = (frozen, waits) {
            let epoch = next.saturating_add(blocks);
            return Err(CliError::Impossible {
                message: format!("`{}` cannot be changed until the epoch in block {epoch}", change.parameter.name()),
                hint: format!(
                    "set it after block {epoch}, before the last {} blocks of a tempo",
                    network.admin_freeze_window
                )
                .into(),
            });
        }
        let words: Vec<_> =
            changes.iter().map(|change| format!("{}={}", change.parameter.name(), change.after)).collect();
        let mut plan = Plan::new(format!("Set {} of subnet {netuid}", words.join(", "))).touches(netuid);
        for ParameterEdit { parameter, before, after } in changes {
            let (name, effect) = (parameter.name(), inside_of_sentence(parameter.effect()));
            let bounds = match parameter.bounds() {
                "" => String::new(),
                bounds => format!("; bounds: {bounds}"),
            };
            plan = plan.effect(format!("{name}: {after} instead of {before} ({effect}{bounds})"));
        }
        plan = plan.effect("the change takes effect in the block that includes the transaction");
        if let Some(blocks) = epoch {
            plan = plan.effect(format!("the next epoch is in block {}", next.saturating_add(blocks)));
        }
        let tempos = network.owner_hyperparam_rate_limit;
        if tempos > 0 {
            plan = plan.risk(format!(
                "it fails if the owner changed one of these in the last {tempos} tempos, {} blocks on this subnet",
                u32::from(tempos).saturating_mul(subnet.tempo.into())
            ));
        }
        if changes.iter().any(|change| change.parameter == Parameter::WeightsVersionKey) {
            plan = plan.risk("it fails if the owner changed `weights_version_key` in the last five tempos");
        }
        Ok(plan)
    }
}

impl Command for SetParameters {
    const PATH: &'static str = "subnet parameters set";
    const SUMMARY: &'static str = "Change parameters of a subnet";
    const DETAILS: &'static str = "Signed by the owner. Each parameter has a rate limit.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "set_parameters")];
    const EXAMPLES: &'static [Example] = &[
        Example {
            purpose: "Allow registration by work, at a low price",
            line: "myelin subnet parameters set 2 pow_registration_allowed=yes min_burn=0.01",
        },
        Example {
            purpose: "Show the effects first",
            line: "myelin subnet parameters set 2 commit_reveal=no --dry-run",
        },
    ];
    type Output = TransactionOutput<SubnetParametersSetOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, signer) = (self.netuid, WalletSigner::coldkey(context)?);
        // A wrong name is reported without a connection to a node.
        for change in &self.changes {
            named(&change.name)?;
        }
        let chain = context.chain().await?;
        let best = chain.at_best().await?;
        let subnet = find_own(&best, netuid, &signer).await?;
        let (patch, changes) = self.changes(&parameters(&best, netuid).await?)?;
        let plan = self.plan(&best, &subnet, &changes).await?;
        let sent = self.sending.send(context, &chain, &signer, &calls::set_parameters(netuid, patch), plan).await?;
        let rows = changes.iter().map(|ParameterEdit { parameter, before, after }| ParameterChange {
            name: parameter.name(),
            before: *before,
            after: *after,
        });
        Ok(output.show(&sent.output(|_| Ok(SubnetParametersSetOutput { netuid, changed: rows.collect() }))?)?)
    }
}

/// Returns a phrase with its first letter in lower case.
fn inside_of_sentence(phrase: &str) -> String {
    let mut letters = phrase.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_nearly_right_are_recognised() {
        assert_eq!(like("tempoo").first(), Some(&"tempo"));
        assert_eq!(like("imunity_period").first(), Some(&"immunity_period"));
        assert_eq!(like("commit_reveal_enabled").first(), Some(&"commit_reveal"));
        assert!(like("zzz").is_empty());
    }

    #[test]
    fn an_effect_stands_inside_of_a_sentence() {
        assert_eq!(inside_of_sentence(Parameter::CommitReveal.effect()).get(..8), Some("true if "));
        assert_eq!(inside_of_sentence(""), "");
    }
}
