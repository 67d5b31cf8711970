//! Commands about weights, the ratings of miners by validators.

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

/// The weight of one neuron.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct WeightRow {
    /// Uid of the rated neuron; on root the number of the network.
    uid: u16,
    /// Weight; only the proportions count.
    value: u16,
    /// Part of all weights of the validator, in millionths.
    part: u64,
}

impl WeightRow {
    /// Returns the rows of these weights.
    fn all(weights: impl IntoIterator<Item = Entry>) -> Vec<Self> {
        let weights: Vec<_> = weights.into_iter().collect();
        let whole = weights.iter().map(|entry| u64::from(entry.value)).sum::<u64>().max(1);
        let row =
            |Entry { uid, value }| Self { uid: uid.get(), value, part: u64::from(value) * u64::from(MILLION) / whole };
        weights.into_iter().map(row).collect()
    }

    /// Returns the part of all weights in percent.
    fn share(&self) -> String {
        percent(self.part, MILLION.into())
    }

    /// Returns uid and part in one line.
    fn line(&self) -> String {
        format!("uid {} gets {}", self.uid, self.share())
    }
}

/// Weights to set or commit.
#[derive(Clone, Debug)]
struct WeightsToSet {
    netuid: NetUid,
    weights: Vec<Entry>,
}

/// The neuron that sets weights, and the parameters of its subnet.
struct Rater {
    neuron: NeuronInfo,
    parameters: Parameters,
}

impl WeightsToSet {
    fn new(netuid: NetUid, typed: &[WeightArg]) -> Result<Self, CliError> {
        let usage = |message: &str, hint| Err(CliError::Usage { message: message.to_owned(), hint });
        if netuid.is_root() {
            return usage("root rates networks, not neurons", "set weights of networks with `myelin root weights set`");
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = typed.iter().find(|weight| !seen.insert(weight.uid)) {
            return usage(&format!("uid {} has two weights", twice.uid), "give each uid one weight");
        }
        if typed.iter().all(|weight| weight.value == 0) {
            return usage("all weights are zero", "give at least one neuron a weight above zero");
        }
        Ok(Self { netuid, weights: typed.iter().map(|weight| Entry::new(weight.uid, weight.value)).collect() })
    }

    /// Returns the neuron of this hotkey, with the checks that the chain makes.
    ///
    /// # Errors
    /// [`CliError::Impossible`] if the chain would refuse these weights.
    async fn rater(&self, now: &ChainState, hotkey: &PublicKey) -> Result<Rater, CliError> {
        let netuid = self.netuid;
        let metagraph = now.metagraph(netuid).await?;
        let parameters = now.parameters(netuid).await?;
        let (Some(metagraph), Some(parameters)) = (metagraph, parameters) else {
            return Err(myelin_client::ChainError::NoNetwork { netuid, block: now.height() }.into());
        };
        let impossible = |message: String, hint: String| CliError::Impossible { message, hint: hint.into() };
        let neuron = metagraph.by_hotkey(hotkey).cloned().ok_or_else(|| {
            let hint = format!("register it with `myelin neuron register --netuid {netuid}`");
            impossible(format!("the hotkey {hotkey} has no seat on subnet {netuid}"), hint)
        })?;
        if let Some(Entry { uid, .. }) = self.weights.iter().find(|entry| metagraph.neuron(entry.uid).is_none()) {
            let hint = format!("list the neurons with `myelin metagraph show {netuid}`");
            return Err(impossible(format!("subnet {netuid} has no neuron {uid}"), hint));
        }
        let about_itself = matches!(self.weights.as_slice(), [entry] if entry.uid == neuron.uid);
        if !about_itself && !neuron.validator_permit {
            let message = format!("uid {} has no validator permit on subnet {netuid} until the next epoch", neuron.uid);
            let most = parameters.max_allowed_validators;
            return Err(impossible(
                message,
                format!("add stake: the {most} neurons with the highest stake weight get a permit"),
            ));
        }
        let mut scaled = self.weights.clone();
        max_upscale(&mut scaled);
        let neurons = u16::try_from(metagraph.neurons.len()).unwrap_or(u16::MAX);
        let limit = parameters.weight_limit(neurons);
        if !about_itself && !is_spread(&scaled, limit) {
            let most = percent(limit.into(), u16::MAX.into());
            let message = format!("subnet {netuid} allows at most {most} of all weights for one neuron");
            return Err(impossible(message, "spread the weights over more neurons".to_owned()));
        }
        Ok(Rater { neuron, parameters })
    }

    fn rows(&self) -> Vec<WeightRow> {
        WeightRow::all(self.weights.iter().copied())
    }

    /// Returns the number of rated neurons in words: `1 neuron`.
    fn count(&self) -> String {
        match self.weights.len() {
            1 => "1 neuron".to_owned(),
            count => format!("{count} neurons"),
        }
    }

    /// Returns a plan that lists the part of each neuron.
    fn plan(&self, summary: String, rater: &Rater) -> Plan {
        let plan = Plan::new(summary).touches(self.netuid);
        let plan = self.rows().iter().fold(plan, |plan, weight| plan.effect(weight.line()));
        let (limit, last) = (rater.parameters.weights_set_rate_limit, rater.neuron.last_update);
        plan.risk(format!("it is refused within {limit} blocks after the last weights or commit, in block {last}"))
    }
}
