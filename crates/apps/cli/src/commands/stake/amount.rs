//! Amounts of stake: the argument, the rate limit and the change.

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

/// A change of stake.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct StakeChange {
    /// Address of the hotkey that the stake is on, or was on before.
    pub(super) hotkey: String,
    /// Address of the hotkey that the stake moved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to_hotkey: Option<String>,
    /// Address of the coldkey that received the stake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to_coldkey: Option<String>,
    /// Amount of the change, in rao.
    #[schemars(with = "u64")]
    pub(super) amount: Amount<Tao>,
    /// Stake of the coldkey on the hotkey after the change, in rao; absent if the chain does not report it.
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
            page.line(format!("{total} are staked there now"));
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
                let changed = Self::of(hotkey, event.removed.0, "removed from");
                Self { total: Some(event.total.0), ..changed }
            }
            None => Self::of(hotkey, Amount::ZERO, "removed from"),
        }
    }
}

/// A part of the stake on a hotkey, or all of it.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct StakeAmountArg {
    /// Amount in TAO, such as `1.5`, or in rao, such as `250rao`
    amount: Option<Amount<Tao>>,

    /// All stake on the hotkey
    #[arg(long)]
    pub(super) all: bool,
}

impl StakeAmountArg {
    /// Returns the amount, of which `there` is on the hotkey.
    ///
    /// # Errors
    /// [`CliError::Impossible`] if the amount is zero, or more than `there`.
    pub(super) fn of(&self, there: Amount<Tao>, hotkey: &NamedKey) -> Result<Amount<Tao>, CliError> {
        let amount = self.amount.unwrap_or(there);
        if amount.is_zero() || amount > there {
            return Err(CliError::Impossible {
                message: format!("the stake on {hotkey} is {there}"),
                hint: "choose an amount up to the stake that `myelin stake show` lists".into(),
            });
        }
        Ok(amount)
    }
}

/// Operations per interval above which the rate limit is not worth a warning.
const MANY: u64 = 10;

/// Adds the rate limit of stake operations to the risks of a plan.
pub(super) async fn limit(now: &ChainState, plan: Plan, hotkey: &NamedKey) -> Result<Plan, CliError> {
    let parameters = now.network_parameters().await?;
    let (most, blocks) = (parameters.target_stakes_per_interval, parameters.stake_interval);
    Ok(if most > MANY {
        plan
    } else {
        plan.risk(format!("the chain limits stake operations on {hotkey} to {most} per {blocks} blocks"))
    })
}
