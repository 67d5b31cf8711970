//! Commands of validators: whom a hotkey rates, and how much.

mod commit;
mod pending;
mod reveal;
mod set;
mod show;

pub use commit::{Commit, WeightsCommitOutput};
pub use reveal::{Reveal, WeightsRevealOutput};
pub use set::{Set, WeightsSetOutput};
pub use show::{CommitRow, RaterRow, Show, WeightsShowOutput};

use crate::{error::CliError, plan::Plan, share::percent};
use myelin_client::{ChainState, Entry, NetUid, NeuronInfo, Parameters, PublicKey, Uid};
use myelin_primitives::MILLION;
use myelin_yuma::{is_spread, max_upscale};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeSet, str::FromStr};

/// A weight as it is typed: `UID=WEIGHT`.
#[derive(Clone, Copy, Debug)]
pub struct WeightArg {
    uid: Uid,
    value: u16,
}

impl FromStr for WeightArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let weight = || {
            let (uid, value) = text.split_once('=')?;
            Some(Self { uid: uid.trim().parse().ok()?, value: value.trim().parse().ok()? })
        };
        weight().ok_or_else(|| "write `UID=WEIGHT`, such as `3=60`; weights are whole numbers up to 65535".to_owned())
    }
}

/// What a neuron gives another.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct WeightRow {
    /// Whom; on root it is a network.
    uid: u16,
    /// How much. Only the proportions count.
    value: u16,
    /// The part of all that the neuron gives, in millionths.
    part: u64,
}

impl WeightRow {
    /// The rows of these weights.
    fn all(weights: impl IntoIterator<Item = Entry>) -> Vec<Self> {
        let weights: Vec<_> = weights.into_iter().collect();
        let whole = weights.iter().map(|entry| u64::from(entry.value)).sum::<u64>().max(1);
        let row =
            |Entry { uid, value }| Self { uid: uid.get(), value, part: u64::from(value) * u64::from(MILLION) / whole };
        weights.into_iter().map(row).collect()
    }

    /// The part of all, as people read it.
    fn share(&self) -> String {
        percent(self.part, MILLION.into())
    }

    /// Whom and how much, in a line.
    fn line(&self) -> String {
        format!("uid {} gets {}", self.uid, self.share())
    }
}

/// Weights that somebody wants to set.
#[derive(Clone, Debug)]
struct WeightsToSet {
    netuid: NetUid,
    weights: Vec<Entry>,
}

/// The neuron that is to set them, and how its subnet is set.
struct Rater {
    neuron: NeuronInfo,
    parameters: Parameters,
}

impl WeightsToSet {
    fn new(netuid: NetUid, typed: &[WeightArg]) -> Result<Self, CliError> {
        let usage = |message: &str, hint| Err(CliError::Usage { message: message.to_owned(), hint });
        if netuid.is_root() {
            return usage("root rates networks, not neurons", "set those with `myelin root weights set`");
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = typed.iter().find(|weight| !seen.insert(weight.uid)) {
            return usage(&format!("uid {} is named twice", twice.uid), "give each uid one weight");
        }
        if typed.iter().all(|weight| weight.value == 0) {
            return usage("all weights are zero, so they say nothing", "give somebody a weight above zero");
        }
        Ok(Self { netuid, weights: typed.iter().map(|weight| Entry::new(weight.uid, weight.value)).collect() })
    }

    /// Whoever is to set them, unless the chain would refuse that.
    async fn rater(&self, now: &ChainState, hotkey: &PublicKey) -> Result<Rater, CliError> {
        let netuid = self.netuid;
        let metagraph = now.metagraph(netuid).await?;
        let parameters = now.parameters(netuid).await?;
        let (Some(metagraph), Some(parameters)) = (metagraph, parameters) else {
            return Err(myelin_client::ChainError::NoNetwork { netuid, block: now.height() }.into());
        };
        let impossible = |message: String, hint: String| CliError::Impossible { message, hint: hint.into() };
        let neuron = metagraph.by_hotkey(hotkey).cloned().ok_or_else(|| {
            let hint = format!("register it with `myelin neuron register {netuid}`");
            impossible(format!("the hotkey {hotkey} has no seat on subnet {netuid}"), hint)
        })?;
        if let Some(Entry { uid, .. }) = self.weights.iter().find(|entry| metagraph.neuron(entry.uid).is_none()) {
            let hint = format!("see who is there with `myelin metagraph show {netuid}`");
            return Err(impossible(format!("subnet {netuid} has no neuron {uid}"), hint));
        }
        let about_itself = matches!(self.weights.as_slice(), [entry] if entry.uid == neuron.uid);
        if !about_itself && !neuron.validator_permit {
            let message = format!("uid {} may not validate on subnet {netuid} before the next epoch", neuron.uid);
            let most = parameters.max_allowed_validators;
            return Err(impossible(message, format!("add stake: the {most} with the most of it get a permit")));
        }
        let mut scaled = self.weights.clone();
        max_upscale(&mut scaled);
        if !about_itself && !is_spread(&scaled, parameters.max_weight_limit) {
            let most = percent(parameters.max_weight_limit.into(), u16::MAX.into());
            let message = format!("nobody may get more than {most} of all weights on subnet {netuid}");
            return Err(impossible(message, "spread the weights over more neurons".to_owned()));
        }
        Ok(Rater { neuron, parameters })
    }

    fn rows(&self) -> Vec<WeightRow> {
        WeightRow::all(self.weights.iter().copied())
    }

    /// How many are rated: `1 neuron`.
    fn count(&self) -> String {
        match self.weights.len() {
            1 => "1 neuron".to_owned(),
            count => format!("{count} neurons"),
        }
    }

    /// A plan that says what everybody gets.
    fn plan(&self, summary: String, rater: &Rater) -> Plan {
        let plan = Plan::new(summary).touches(self.netuid);
        let plan = self.rows().iter().fold(plan, |plan, weight| plan.effect(weight.line()));
        let (limit, last) = (rater.parameters.weights_set_rate_limit, rater.neuron.last_update);
        plan.risk(format!("refused within {limit} blocks after the last weights or commit, which were in block {last}"))
    }
}
