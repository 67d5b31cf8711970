//! The command `myelin weights reveal`.

use super::{WeightRow, pending::PendingReveals};
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    folders,
    key::WalletSigner,
    output::{Printer, ProgressLine},
    page::{Page, Render},
    plan::Plan,
    time::in_about,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{Chain, ChainState, NetUid, PendingReveal, PublicKey};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin weights reveal`.
#[derive(Debug, clap::Args)]
pub struct Reveal {
    /// Number of the subnet
    netuid: NetUid,

    /// Wait until the weights may be revealed, instead of failing with the block
    #[arg(long)]
    when_open: bool,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// Weights that were revealed and are in force.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WeightsRevealOutput {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Block of the commit.
    committed_in: u64,
    /// Revealed weights.
    weights: Vec<WeightRow>,
}

impl Render for WeightsRevealOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("revealed on subnet {} the weights committed in block {}", self.netuid, self.committed_in));
        for weight in &self.weights {
            page.line(format!("  {}", weight.line()));
        }
    }
}

/// A pending reveal whose commit the chain has.
struct OpenCommit {
    pending: PendingReveal,
    commit: myelin_client::CommitInfo,
}

/// Returns the pending reveals whose commits the chain has, the newest first. Files of expired commits are removed.
async fn open(
    now: &ChainState,
    reveals: &PendingReveals,
    netuid: NetUid,
    hotkey: &PublicKey,
) -> Result<Vec<OpenCommit>, CliError> {
    let parameters = now.parameters(netuid).await?;
    let parameters = parameters.ok_or_else(|| myelin_client::ChainError::NoNetwork { netuid, block: now.height() })?;
    let commits = now.commits(netuid, hotkey).await?;
    // Included within the mortality of a transaction, and open for one epoch after the reveal period.
    let tempo = u64::from(parameters.tempo) + 1;
    let life = MORTALITY.saturating_add(parameters.reveal_period_epochs.saturating_add(2).saturating_mul(tempo));
    let mut open = Vec::new();
    for pending in reveals.all(netuid)? {
        let hash = pending.hash(hotkey);
        match commits.iter().rev().find(|commit| commit.hash == hash) {
            Some(commit) if u64::from(commit.reveal_until) > now.height() => {
                open.push(OpenCommit { pending, commit: *commit });
            }
            None if now.height() > pending.made_at.saturating_add(life) => reveals.forget(&pending)?,
            _ => {}
        }
    }
    open.sort_by_key(|open| std::cmp::Reverse(open.commit.block));
    if open.is_empty() {
        return Err(CliError::NotFound {
            message: match commits.len() {
                0 => format!("the hotkey {hotkey} has no pending commit on subnet {netuid}"),
                _ => "the salt of the commit is not on this machine, and the reveal needs it".to_owned(),
            },
            hint: match commits.len() {
                0 => format!("commit weights with `myelin weights commit {netuid} UID=WEIGHT`").into(),
                _ => "reveal the weights on the machine that committed them".into(),
            },
        });
    }
    Ok(open)
}

/// Largest number of blocks in which a transaction can wait for its inclusion.
const MORTALITY: u64 = 4_096;

impl OpenCommit {
    /// Returns true if the next block may include the reveal.
    fn is_open(&self, now: &ChainState) -> bool {
        let next = now.height() + 1;
        u64::from(self.commit.reveal_from) <= next && next <= u64::from(self.commit.reveal_until)
    }
}

impl Reveal {
    /// Returns the newest commit that may be revealed. Its reveal discards all earlier ones.
    async fn choose(
        &self,
        chain: &Chain,
        reveals: &PendingReveals,
        hotkey: &PublicKey,
    ) -> Result<OpenCommit, CliError> {
        let mut progress: Option<ProgressLine> = None;
        let mut blocks = chain.blocks().await?;
        let mut now = chain.at_finalised().await?;
        loop {
            let mut commits = open(&now, reveals, self.netuid, hotkey).await?;
            if let Some(place) = commits.iter().position(|commit| commit.is_open(&now)) {
                return Ok(commits.swap_remove(place));
            }
            // At least one commit exists, and none has expired.
            let first = commits.iter().map(|open| open.commit.reveal_from).min().unwrap_or_default();
            let left = u64::from(first).saturating_sub(now.height() + 1);
            if !self.when_open {
                return Err(CliError::Impossible {
                    message: format!(
                        "the weights may be revealed from block {first} on, {}; the last final block is {}",
                        in_about(&now, left).await?,
                        now.height()
                    ),
                    hint: "pass `--when-open` to wait, or run the command again then".into(),
                });
            }
            let step = format!("waiting for block {first}, {left} to go");
            match &mut progress {
                Some(progress) => progress.step(step),
                None => progress = Some(ProgressLine::new(step)),
            }
            now = blocks.latest().await?;
        }
    }
}

impl Command for Reveal {
    const PATH: &'static str = "weights reveal";
    const SUMMARY: &'static str = "Reveal weights that were committed on this machine";
    const DETAILS: &'static str = "Takes weights and salt from the file of `weights commit`. If it is too early, the \
         error names the first possible block. If several commits may be revealed, the newest is revealed, which \
         discards the others. Signed by the hotkey, free.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Weights", "reveal_weights")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Reveal now", line: "myelin weights reveal 1" },
        Example { purpose: "Wait until it is possible, and reveal", line: "myelin weights reveal 1 --when-open --yes" },
    ];
    type Output = TransactionOutput<WeightsRevealOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let signer = WalletSigner::hotkey(context)?;
        let (hotkey, data) = (signer.public(), folders::data()?);
        let chain = context.chain().await?;
        let reveals = PendingReveals::below(&data, chain.genesis(), hotkey);
        let OpenCommit { pending, commit } = self.choose(&chain, &reveals, &hotkey).await?;
        let weights = WeightRow::all(pending.weights.iter().copied());
        let plan =
            Plan::new(format!("Reveal the weights committed in block {} on subnet {}", commit.block, self.netuid))
                .touches(self.netuid)
                .risk(format!("the commit expires after block {}", commit.reveal_until));
        let plan = weights.iter().fold(plan, |plan, weight| plan.effect(weight.line()));
        let sent = self.sending.send(context, &chain, &signer, &pending.reveal(), plan).await?;
        if sent.included().is_some() {
            reveals.forget(&pending)?;
        }
        Ok(output.show(&sent.output(|_| {
            Ok(WeightsRevealOutput { netuid: self.netuid, committed_in: commit.block.into(), weights })
        })?)?)
    }
}
