//! The command `myelin weights show`.

use super::WeightRow;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    named_key::{HotkeyArg, KnownNames},
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
};
use futures::{StreamExt, TryStreamExt, stream};
use myelin_client::{BlockNumber, ChainError, ChainState, CommitInfo, NetUid, NeuronInfo, RatingsInfo, Uid};
use schemars::JsonSchema;
use serde::Serialize;

/// The most requests to the node at the same time.
const MAX_IN_FLIGHT: usize = 16;

/// Arguments of `myelin weights show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Number of the network; on root, validators rate networks
    netuid: NetUid,

    /// Only weights by these hotkeys: addresses, names of hotkeys on this machine, or `myself`
    #[arg(long = "by", value_name = "HOTKEY")]
    by: Vec<HotkeyArg>,

    /// Only weights of this neuron, or on root of this network
    #[arg(long = "of", value_name = "UID")]
    of: Option<Uid>,
}

/// A commit that is neither revealed nor expired.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CommitRow {
    /// Hash of weights and salt, `0x` and 64 hex digits.
    hash: String,
    /// Block of the commit.
    block: BlockNumber,
    /// First block in which it may be revealed.
    reveal_from: BlockNumber,
    /// Last block in which it may be revealed.
    reveal_until: BlockNumber,
    /// Version key that its weights need at least.
    version_key: u64,
    /// Least number of its weights.
    min_allowed_weights: u16,
    /// Largest part of one of its weights, in parts of 65535.
    max_weight_limit: u16,
}

impl From<CommitInfo> for CommitRow {
    fn from(commit: CommitInfo) -> Self {
        let CommitInfo { hash, block, reveal_from, reveal_until, version_key, min_allowed_weights, max_weight_limit } =
            commit;
        let hash = format!("{hash:?}");
        Self { hash, block, reveal_from, reveal_until, version_key, min_allowed_weights, max_weight_limit }
    }
}

/// A neuron and the weights that it has set.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RaterRow {
    /// Uid of its seat.
    uid: u16,
    /// Address of its hotkey.
    hotkey: String,
    /// Name of the hotkey on this machine.
    name: Option<String>,
    /// True if it has a validator permit, without which its weights do not count.
    permit: bool,
    /// Block in which it last set or committed weights.
    last_update: BlockNumber,
    /// Weights as the next epoch reads them.
    weights: Vec<WeightRow>,
    /// Commits that are neither revealed nor expired.
    commits: Vec<CommitRow>,
}

/// The weights and commits of a network.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WeightsShowOutput {
    /// Number of the network.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Height of the final block that was read.
    block: u64,
    /// Neurons with weights or commits, by uid.
    neurons: Vec<RaterRow>,
}

impl Render for WeightsShowOutput {
    fn render(&self, page: &mut Page) {
        let title = Tone::Label.paint(&format!("network {}", self.netuid));
        page.line(format!("{title}  {}", Tone::Faint.paint(&format!("block {}", self.block))));
        if self.neurons.is_empty() {
            page.line("no weights to show");
            return;
        }
        let about = if self.netuid.is_root() { "NETWORK" } else { "UID" };
        let mut table =
            Table::new([("BY", Side::Left), ("COUNTS", Side::Left), (about, Side::Right), ("GETS", Side::Right)]);
        for rater in &self.neurons {
            let by = rater.name.as_ref().map_or_else(|| rater.uid.to_string(), |name| format!("{} {name}", rater.uid));
            let counts = if rater.permit { TableCell::from("yes") } else { TableCell::new("no permit", Tone::Warning) };
            for weight in &rater.weights {
                table.row([by.as_str().into(), counts.clone(), weight.uid.to_string().into(), weight.share().into()]);
            }
        }
        page.table(&table);
        for rater in &self.neurons {
            for commit in &rater.commits {
                page.line(format!(
                    "uid {} has committed in block {}, to be revealed in blocks {} to {}",
                    rater.uid, commit.block, commit.reveal_from, commit.reveal_until
                ));
            }
        }
    }
}

impl Show {
    async fn row(&self, now: &ChainState, neuron: &NeuronInfo, names: &KnownNames) -> Result<RaterRow, CliError> {
        let ratings = now.ratings(self.netuid, neuron.uid).await?;
        let RatingsInfo { weights, .. } = ratings.unwrap_or(RatingsInfo { weights: Vec::new(), bonds: Vec::new() });
        let commits = now.commits(self.netuid, &neuron.hotkey).await?;
        Ok(RaterRow {
            uid: neuron.uid.get(),
            hotkey: neuron.hotkey.to_string(),
            name: names.of(&neuron.hotkey).map(str::to_owned),
            // On root every seat may rate.
            permit: neuron.validator_permit || self.netuid.is_root(),
            last_update: neuron.last_update,
            weights: WeightRow::all(weights),
            commits: commits.into_iter().map(Into::into).collect(),
        })
    }
}

impl Command for Show {
    const PATH: &'static str = "weights show";
    const SUMMARY: &'static str = "Show the weights and commits of a network";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "All weights of a subnet", line: "myelin weights show 1" },
        Example { purpose: "The weights of neuron 3", line: "myelin weights show 1 --of 3" },
        Example {
            purpose: "The weights and commits of the selected hotkey",
            line: "myelin weights show 1 --by myself",
        },
    ];
    type Output = WeightsShowOutput;

    async fn run(self, context: &Context, output: &Printer<WeightsShowOutput>) -> Result<(), CliError> {
        let by: Result<Vec<_>, CliError> = self.by.iter().map(|hotkey| Ok(hotkey.find(context)?.key)).collect();
        let (by, names) = (by?, KnownNames::here(context)?);
        let now = context.chain().await?.at_finalised().await?;
        let metagraph = now.metagraph(self.netuid).await?;
        let metagraph = metagraph.ok_or_else(|| ChainError::NoNetwork { netuid: self.netuid, block: now.height() })?;
        let chosen = metagraph.neurons.iter().filter(|neuron| by.is_empty() || by.contains(&neuron.hotkey));
        let rows = stream::iter(chosen).map(|neuron| self.row(&now, neuron, &names)).buffered(MAX_IN_FLIGHT);
        let mut raters: Vec<RaterRow> = rows.try_collect().await?;
        if let Some(of) = self.of {
            for rater in &mut raters {
                rater.weights.retain(|weight| weight.uid == of.get());
            }
            raters.retain(|rater| !rater.weights.is_empty());
        }
        raters.retain(|rater| !rater.weights.is_empty() || !rater.commits.is_empty());
        Ok(output.show(&WeightsShowOutput { netuid: self.netuid, block: now.height(), neurons: raters })?)
    }
}
