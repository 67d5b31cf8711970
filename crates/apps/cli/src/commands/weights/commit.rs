//! The command `myelin weights commit`.

use super::{WeightArg, WeightRow, WeightsToSet, pending::PendingReveals};
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    folders,
    key::WalletSigner,
    output::Printer,
    page::{Page, Render},
    transact::{PlanOutcome, PreparedPlan, TransactionArgs, TransactionOutput},
};
use myelin_client::{BlockNumber, NetUid, PendingReveal};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `myelin weights commit`.
#[derive(Debug, clap::Args)]
pub struct Commit {
    /// Number of the subnet
    netuid: NetUid,

    /// Weights by uid; only the proportions count
    #[arg(value_name = "UID=WEIGHT", required = true)]
    weights: Vec<WeightArg>,

    /// Version key of the validator [default: the one that the subnet requires]
    #[arg(long, value_name = "NUMBER")]
    version_key: Option<u64>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// Weights that are committed and not revealed yet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WeightsCommitOutput {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Uid of the validator.
    uid: u16,
    /// Hash of weights and salt, `0x` and 64 hex digits.
    hash: String,
    /// Committed weights.
    weights: Vec<WeightRow>,
    /// First block in which they may be revealed.
    reveal_from: Option<BlockNumber>,
    /// Last block in which they may be revealed.
    reveal_until: Option<BlockNumber>,
    /// File that keeps weights and salt until the reveal.
    file: PathBuf,
}

impl Render for WeightsCommitOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("uid {} has committed on subnet {}", self.uid, self.netuid));
        for weight in &self.weights {
            page.line(format!("  {}", weight.line()));
        }
        if let (Some(from), Some(until)) = (self.reveal_from, self.reveal_until) {
            page.line(format!("to be revealed in blocks {from} to {until}: `myelin weights reveal {}`", self.netuid));
        }
        page.fields([("kept in", self.file.display().to_string().into())]);
    }
}

impl Command for Commit {
    const PATH: &'static str = "weights commit";
    const SUMMARY: &'static str = "Commit the hash of weights, to reveal the weights later";
    const DETAILS: &'static str = "Committed weights cannot be copied before the reveal. A file on this machine that \
         only you can read keeps weights and salt, so that `weights reveal` needs no input. Signed by the hotkey, \
         free.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Weights", "commit_weights")];
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "Three quarters to one, a quarter to another",
        line: "myelin weights commit 1 3=75 4=25",
    }];
    type Output = TransactionOutput<WeightsCommitOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let netuid = self.netuid;
        let wanted = WeightsToSet::new(netuid, &self.weights)?;
        let signer = WalletSigner::hotkey(context)?;
        let (hotkey, data) = (signer.public(), folders::data()?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let rater = wanted.rater(&now, &hotkey).await?;
        if !rater.parameters.commit_reveal {
            return Err(CliError::Impossible {
                message: format!("subnet {netuid} does not use commit-reveal"),
                hint: format!("set the weights with `myelin weights set {netuid} UID=WEIGHT`").into(),
            });
        }
        let version_key = self.version_key.unwrap_or(rater.parameters.weights_version_key);
        let pending = PendingReveal::new(netuid, wanted.weights.clone(), version_key, now.height())?;
        let reveals = PendingReveals::below(&data, chain.genesis(), hotkey);
        let hash = pending.hash(&hotkey);
        let plan = wanted
            .plan(format!("Commit weights for {} of subnet {netuid}", wanted.count()), &rater)
            .effect(format!("weights and salt are kept in {}", reveals.folder().display()))
            .risk("they count only if they are revealed in time; the commit shows the blocks for the reveal");
        let call = pending.commit(&hotkey);
        let fee = chain.fee(&hotkey, &call).await?;
        let sent = match self.sending.prepare(context, &chain, &signer, plan.costs(fee)).await? {
            PreparedPlan::Shown(plan) => PlanOutcome::shown(plan),
            PreparedPlan::Ready(ready) => {
                // On disk first: a commit without its salt cannot be revealed.
                reveals.keep(&pending)?;
                match ready.submit(&call).await {
                    Ok((transaction, included)) => ready.carried(transaction, included),
                    // It may still be included.
                    Err(error @ (CliError::Unseen { .. } | CliError::LeftAlone { .. })) => return Err(error),
                    Err(error) => {
                        reveals.forget(&pending)?;
                        return Err(error);
                    }
                }
            }
        };
        let window = match sent.included() {
            Some(included) => {
                let commits = chain.at_hash(included.block).await?.commits(netuid, &hotkey).await?;
                commits.into_iter().rev().find(|commit| commit.hash == hash)
            }
            None => None,
        };
        Ok(output.show(&sent.output(|_| {
            Ok(WeightsCommitOutput {
                netuid,
                uid: rater.neuron.uid.get(),
                hash: format!("{hash:?}"),
                weights: wanted.rows(),
                reveal_from: window.map(|commit| commit.reveal_from),
                reveal_until: window.map(|commit| commit.reveal_until),
                file: reveals.file(&pending),
            })
        })?)?)
    }
}
