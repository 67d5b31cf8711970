//! Amounts of stake: the argument, the limit and the change.

use crate::{
    error::CliError,
    named_key::NamedKey,
    page::{Page, Render},
    plan::Plan,
};
use myelin_client::{ChainState, IncludedTransaction, runtime::staking::events};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// How stake changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StakeChange {
    /// The hotkey it is on, or was.
    pub(super) hotkey: String,
    /// The hotkey it moved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to_hotkey: Option<String>,
    /// The coldkey it was given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to_coldkey: Option<String>,
    /// By how much, in rao.
    #[schemars(with = "u64")]
    pub(super) amount: Amount<Tao>,
    /// What the coldkey has on the hotkey afterwards, in rao, where the chain says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    pub(super) total: Option<Amount<Tao>>,
    #[serde(skip)]
    pub(super) deed: &'static str,
}

impl Render for StakeChange {
    fn render(&self, page: &mut Page) {
        let Self { hotkey, amount, deed, .. } = self;
        page.line(match (&self.to_hotkey, &self.to_coldkey) {
            (Some(to), _) => format!("{amount} {deed} {hotkey} to {to}"),
            (_, Some(to)) => format!("{amount} on {hotkey} {deed} {to}"),
            _ => format!("{amount} {deed} {hotkey}"),
        });
        if let Some(total) = self.total {
            page.line(format!("{total} there now"));
        }
    }
}

impl StakeChange {
    pub(super) fn of(hotkey: &PublicKey, amount: Amount<Tao>, deed: &'static str) -> Self {
        Self { hotkey: hotkey.to_string(), to_hotkey: None, to_coldkey: None, amount, total: None, deed }
    }

    pub(super) fn added(hotkey: &PublicKey, included: &IncludedTransaction) -> Self {
        match included.event::<events::StakeAdded>() {
            Some(event) => {
                let changed = Self::of(hotkey, event.added.0, "staked on");
                Self { total: Some(event.total.0), ..changed }
            }
            None => Self::of(hotkey, Amount::ZERO, "staked on"),
        }
    }

    pub(super) fn removed(hotkey: &PublicKey, included: &IncludedTransaction) -> Self {
        match included.event::<events::StakeRemoved>() {
            Some(event) => {
                let changed = Self::of(hotkey, event.removed.0, "taken back from");
                Self { total: Some(event.total.0), ..changed }
            }
            None => Self::of(hotkey, Amount::ZERO, "taken back from"),
        }
    }
}

/// How much of what is there.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct StakeAmountArg {
    /// How much, such as `1.5` or `250rao`
    amount: Option<Amount<Tao>>,

    /// All there is
    #[arg(long)]
    pub(super) all: bool,
}

impl StakeAmountArg {
    /// That much of `there`, which is on a hotkey.
    pub(super) fn of(&self, there: Amount<Tao>, hotkey: &NamedKey) -> Result<Amount<Tao>, CliError> {
        let amount = self.amount.unwrap_or(there);
        if amount.is_zero() || amount > there {
            return Err(CliError::Impossible {
                message: format!("there is {there} on {hotkey}"),
                hint: "look at what there is with `myelin stake show`".into(),
            });
        }
        Ok(amount)
    }
}

/// Where stake may change as often as this, nobody comes near the limit.
const MANY: u64 = 10;

/// How often stake may change, as a risk.
pub(super) async fn limit(now: &ChainState, plan: Plan, hotkey: &NamedKey) -> Result<Plan, CliError> {
    let parameters = now.network_parameters().await?;
    let (most, blocks) = (parameters.target_stakes_per_interval, parameters.stake_interval);
    Ok(if most > MANY {
        plan
    } else {
        plan.risk(format!(
            "the chain takes {most} change of stake on {hotkey} within {blocks} blocks, and refuses more"
        ))
    })
}
