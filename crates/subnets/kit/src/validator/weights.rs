//! Submission of averages as weights.

use super::{Board, Validator, timing};
use crate::{
    Judge, Task,
    event::{NeuronEvent, WeightsStep},
    member::{Member, MemberError, SUBMIT_TIMEOUT},
    memory::ValidatorMemory,
    weights::{NoWeights, WeightBounds, weights},
};
use core::convert::Infallible;
use myelin_client::{
    Backoff, ChainState, IncludedTransaction, MetagraphInfo, NeuronInfo, Parameters, PendingReveal, SubmissionOutcome,
    UnseenTransaction, calls, subxt::tx::Payload,
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::{BlockNumber, Entry, Uid};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// The greatest number of stored commits. The chain stores ten of a hotkey (spec weights §5.1).
const MAX_PENDING: usize = 16;

/// The age in blocks after which a commit that is not on the chain is dropped.
///
/// No transaction here is valid for so long.
const FORGOTTEN_AFTER: u64 = 128;

/// The doublings of the pause after a failure: up to 32 blocks.
const MAX_DOUBLINGS: u32 = 5;

/// The state of the submissions of new weights from block to block.
struct Attempts {
    backoff: Backoff,
    has_permit: bool,
    /// The version key that the network asked for, as it was reported.
    version_key: u64,
    /// The last cause of missing weights that was reported.
    no_opinion: Option<NoWeights>,
    /// True if the age of the row was reported since the last weights.
    is_warned: bool,
}

/// Weights in the form of a submission.
type Row = Vec<Entry>;

impl<T: Task, J: Judge<T>> Validator<T, J> {
    /// Sets weights before each epoch, and reveals commits, until the seat or the subnet is lost.
    ///
    /// Neither waits for the other: the end of a reveal window may come while a commit is searched for.
    pub(super) async fn weigh(&self) -> MemberError {
        let weighing =
            WeightsLoop { board: &self.board, version_key: self.options.version_key, lead: self.options.lead };
        let ended = tokio::select! {
            ended = weighing.submit_all() => ended,
            ended = weighing.reveal_all() => ended,
        };
        match ended {
            Err(ended) => ended,
        }
    }
}

struct WeightsLoop<'a> {
    board: &'a Board,
    /// The version key to send. `None` sends the one that the network asks for.
    version_key: Option<u64>,
    lead: Option<BlockNumber>,
}

impl WeightsLoop<'_> {
    fn member(&self) -> &Member {
        &self.board.member
    }

    /// Submits weights in each epoch.
    async fn submit_all(&self) -> Result<Infallible, MemberError> {
        let mut seen = self.member().seen();
        let backoff = Backoff::new(MAX_DOUBLINGS);
        let mut attempts = Attempts { backoff, has_permit: true, version_key: 0, no_opinion: None, is_warned: false };
        loop {
            let snapshot = Arc::clone(&seen.borrow_and_update());
            self.submit_at(&snapshot, &mut attempts).await?;
            if seen.changed().await.is_err() {
                return Err(MemberError::NoSubnet(self.member().netuid()));
            }
        }
    }

    /// Reveals the commits whose time has come.
    async fn reveal_all(&self) -> Result<Infallible, MemberError> {
        let mut seen = self.member().seen();
        let mut backoff = Backoff::new(timing::REVEAL_DOUBLINGS);
        loop {
            let snapshot = Arc::clone(&seen.borrow_and_update());
            let uid = self.member().uid_in(&snapshot)?;
            let has_permit = snapshot.neuron(uid).is_some_and(|own| own.validator_permit);
            let is_pending = !self.board.memory().pending.is_empty();
            if has_permit && is_pending {
                self.reveal_at(snapshot.block, &mut backoff).await;
            }
            if seen.changed().await.is_err() {
                return Err(MemberError::NoSubnet(self.member().netuid()));
            }
        }
    }

    /// Submits weights if they are due after a new final block.
    async fn submit_at(&self, snapshot: &MetagraphInfo, attempts: &mut Attempts) -> Result<(), MemberError> {
        let uid = self.member().uid_in(snapshot)?;
        let Some(own) = snapshot.neuron(uid) else { return Ok(()) };
        self.forget_replaced(snapshot).await;
        let may_be_due = own.validator_permit && attempts.backoff.is_over(snapshot.block);
        if own.validator_permit != attempts.has_permit {
            attempts.has_permit = own.validator_permit;
            if !own.validator_permit {
                self.member().send(NeuronEvent::NoPermit { block: snapshot.block });
            }
        }
        if !may_be_due {
            return Ok(());
        }
        // The task that follows the chain reports outages.
        let Ok(now) = self.member().chain().at_finalised().await else { return Ok(()) };
        let Ok(Some(parameters)) = now.parameters(self.member().netuid()).await else { return Ok(()) };
        self.report_version_key(&parameters, attempts);
        if self.timing(own, snapshot, &parameters).is_due(snapshot.block) {
            self.submit_weights(own, snapshot, (&now, &parameters), attempts).await;
        }
        Ok(())
    }

    /// Reports that the network asks for another version key, unless the validator sends a key of its own.
    fn report_version_key(&self, parameters: &Parameters, attempts: &mut Attempts) {
        let asked = parameters.weights_version_key;
        if self.version_key.is_none() && asked != attempts.version_key {
            attempts.version_key = asked;
            self.member().send(NeuronEvent::VersionKey { version_key: asked });
        }
    }

    /// Removes the scores of neurons whose seat was taken over.
    async fn forget_replaced(&self, snapshot: &MetagraphInfo) {
        let seats = snapshot.neurons.iter();
        let since: BTreeMap<_, _> = seats.map(|neuron| (neuron.hotkey, neuron.registered_at)).collect();
        let is_current =
            self.board.memory().scores.iter().all(|(hotkey, score)| since.get(&hotkey) == Some(&score.since));
        if !is_current {
            let keep = move |memory: &mut ValidatorMemory| {
                memory.scores.keep(|hotkey| since.get(&hotkey).copied());
            };
            self.reported(self.board.change(keep).await.1);
        }
    }

    fn timing(&self, own: &NeuronInfo, snapshot: &MetagraphInfo, parameters: &Parameters) -> timing::Timing {
        let tempo = snapshot.subnet.tempo;
        timing::Timing {
            next_epoch: snapshot.subnet.next_epoch,
            last_update: own.last_update,
            rate_limit: parameters.weights_set_rate_limit,
            lead: self.lead.unwrap_or(timing::lead(tempo)).min(tempo.into()),
        }
    }

    /// Submits weights: set in clear text, or committed. Without a result it submits nothing, and the row stays.
    async fn submit_weights(
        &self,
        own: &NeuronInfo,
        snapshot: &MetagraphInfo,
        (now, parameters): (&ChainState, &Parameters),
        attempts: &mut Attempts,
    ) {
        let averages = self.averages(own.uid, snapshot);
        let neurons = u16::try_from(snapshot.neurons.len()).unwrap_or(u16::MAX);
        let bounds = WeightBounds {
            least_entries: parameters.min_allowed_weights,
            largest_share: parameters.weight_limit(neurons),
            neurons,
        };
        let row = match weights(&averages, bounds) {
            Ok(row) => {
                (attempts.no_opinion, attempts.is_warned) = (None, false);
                row
            }
            Err(reason) => {
                if attempts.no_opinion != Some(reason) {
                    self.member().send(NeuronEvent::NoOpinion { reason: reason.to_string() });
                    attempts.no_opinion = Some(reason);
                }
                self.warn_of_age(own, snapshot.block, (now, parameters), attempts).await;
                return;
            }
        };
        let version_key = self.version_key.unwrap_or(parameters.weights_version_key);
        let weighed = if parameters.commit_reveal {
            self.commit(row, version_key, snapshot.block).await
        } else {
            self.set(row, version_key).await
        };
        attempted(weighed, snapshot.block, &mut attempts.backoff);
    }

    /// Reports once that the row in force is older than half of the activity cutoff.
    ///
    /// Beyond the cutoff the stake of the validator does not vote (spec yuma §4).
    async fn warn_of_age(
        &self,
        own: &NeuronInfo,
        block: BlockNumber,
        (now, parameters): (&ChainState, &Parameters),
        attempts: &mut Attempts,
    ) {
        if attempts.is_warned {
            return;
        }
        // The task that follows the chain reports outages.
        let Ok(row) = now.weights_row(self.member().netuid(), own.uid).await else { return };
        let row = row.filter(|row| !row.entries.is_empty());
        let fixed_at = row.map_or(own.registered_at, |row| row.fixed_at);
        let cutoff = parameters.activity_cutoff();
        if timing::is_old(fixed_at, cutoff, block) {
            attempts.is_warned = true;
            self.member().send(NeuronEvent::OldWeights { fixed_at, until: fixed_at.saturating_add(cutoff) });
        }
    }

    /// Returns the averages of all other neurons that were asked yet.
    fn averages(&self, own: Uid, snapshot: &MetagraphInfo) -> Vec<(Uid, u64)> {
        let memory = self.board.memory();
        let others = snapshot.neurons.iter().filter(|neuron| neuron.uid != own);
        others
            .filter_map(|neuron| {
                let score = memory.scores.get(neuron.hotkey)?;
                (score.since == neuron.registered_at).then_some((neuron.uid, score.average))
            })
            .collect()
    }

    /// Sets weights in clear text. They take the place of all commits.
    async fn set(&self, row: Row, version_key: u64) -> Option<BlockNumber> {
        let older = self.board.memory().pending.clone();
        let call = calls::set_weights(self.member().netuid(), &row, version_key);
        let set = self.submit(WeightsStep::Set, row, &call).await;
        if set.is_some() && !older.is_empty() {
            self.forget(older).await;
        }
        set
    }

    /// Commits to weights. The salt is stored first.
    async fn commit(&self, row: Row, version_key: u64, block: BlockNumber) -> Option<BlockNumber> {
        let member = self.member();
        let pending = match PendingReveal::new(member.netuid(), row.clone(), version_key, block.into()) {
            Ok(pending) => pending,
            Err(error) => {
                self.failed(WeightsStep::Commit, error.to_string(), Vec::new());
                return None;
            }
        };
        let call = pending.commit(&member.hotkey());
        let keep = move |memory: &mut ValidatorMemory| {
            memory.pending.push(pending);
            let surplus = memory.pending.len().saturating_sub(MAX_PENDING);
            memory.pending.drain(..surplus);
        };
        if let ((), Err(error)) = self.board.change(keep).await {
            // A commit without a stored salt could not be revealed after a restart.
            self.failed(WeightsStep::Commit, format!("cannot store the salt: {error}"), Vec::new());
            return None;
        }
        self.submit(WeightsStep::Commit, row, &call).await
    }

    /// Reveals the newest commit that is due after block `block`, and drops those that the chain no longer has.
    async fn reveal_at(&self, block: BlockNumber, backoff: &mut Backoff) {
        let (member, hotkey) = (self.member(), self.member().hotkey());
        // The task that follows the chain reports outages.
        let Ok(now) = member.chain().at_finalised().await else { return };
        let Ok(commits) = now.commits(member.netuid(), &hotkey).await else { return };
        let kept = self.board.memory().pending.clone();
        let commit_of = |pending: &PendingReveal| {
            let hash = pending.hash(&hotkey);
            commits.iter().find(|commit| commit.hash == hash)
        };
        let is_over = |pending: &&PendingReveal| {
            commit_of(pending).is_none() && u64::from(block).saturating_sub(pending.made_at) > FORGOTTEN_AFTER
        };
        let over: Vec<_> = kept.iter().filter(is_over).cloned().collect();
        if !over.is_empty() {
            self.forget(over).await;
        }
        if !backoff.is_over(block) {
            return;
        }
        let window_of = |pending: &PendingReveal| {
            let commit = commit_of(pending)?;
            Some(timing::RevealTiming { first: commit.reveal_from, last: commit.reveal_until })
        };
        // A reveal ends the earlier commits too (spec weights §5.5).
        let due = kept.iter().enumerate().rev().find_map(|(at, pending)| {
            let window = window_of(pending)?;
            window.is_due(block, timing::seed(&pending.salt)).then_some((at, pending, window))
        });
        let Some((at, pending, window)) = due else { return };
        let revealed = self.reveal(pending, block.saturating_add(window.patience())).await;
        if revealed.is_some() {
            self.forget(kept.iter().take(at.saturating_add(1)).cloned().collect()).await;
        }
        attempted(revealed, block, backoff);
    }

    /// Submits a reveal, and searches for it until block `until` is final. Returns its block.
    ///
    /// A window may end before the mortality of a lost transaction, so the search ends earlier.
    async fn reveal(&self, pending: &PendingReveal, until: BlockNumber) -> Option<BlockNumber> {
        let (member, step) = (self.member(), WeightsStep::Reveal);
        member.send(NeuronEvent::Weighing { step, weights: pending.weights.clone() });
        let account = member.account();
        let outcome = match account.send(&pending.reveal()).await {
            Err(error) => SubmissionOutcome::Failed { error, included: None },
            Ok(sent) => {
                let mut seen = member.seen();
                let over = async { seen.wait_for(|snapshot| snapshot.block >= until).await.map(drop) };
                let outcome = tokio::select! {
                    outcome = account.outcome(&sent, SUBMIT_TIMEOUT) => Some(outcome),
                    _ = over => None,
                };
                match outcome {
                    Some(outcome) => outcome,
                    // It frees the nonce of a transaction that is lost.
                    None => account.outcome(&sent, Duration::ZERO).await,
                }
            }
        };
        self.reported_block(step, outcome.finalised())
    }

    async fn forget(&self, gone: Vec<PendingReveal>) {
        let keep = move |memory: &mut ValidatorMemory| memory.pending.retain(|pending| !gone.contains(pending));
        self.reported(self.board.change(keep).await.1);
    }

    /// Submits a call, waits until its outcome is known, and returns its block.
    ///
    /// No other weights are submitted meanwhile.
    async fn submit(&self, step: WeightsStep, weights: Row, call: &impl Payload) -> Option<BlockNumber> {
        let member = self.member();
        member.send(NeuronEvent::Weighing { step, weights });
        let on_unseen = |unseen: &UnseenTransaction| {
            self.failed(step, format!("{unseen}; the search is repeated"), Vec::new());
        };
        let known = member.account().submit_until_known(call, SUBMIT_TIMEOUT, on_unseen).await;
        self.reported_block(step, known)
    }

    /// Reports the end of a submission, and returns its block if it succeeded.
    fn reported_block(
        &self,
        step: WeightsStep,
        ended: Result<IncludedTransaction, impl Diagnostic>,
    ) -> Option<BlockNumber> {
        match ended {
            Ok(included) => {
                let block = BlockNumber::try_from(included.height).unwrap_or(BlockNumber::MAX);
                self.member().send(NeuronEvent::Weighed { step, block });
                Some(block)
            }
            Err(error) => {
                self.failed(step, error.to_string(), Hints::of(&error).iter().map(ToString::to_string).collect());
                None
            }
        }
    }

    fn failed(&self, step: WeightsStep, error: String, hints: Vec<String>) {
        self.member().send(NeuronEvent::WeighingFailed { step, error, hints });
    }

    fn reported(&self, saved: Result<(), String>) {
        if let Err(error) = saved {
            self.member().send(NeuronEvent::NotSaved { error });
        }
    }
}

/// Waits until a success is visible in a snapshot, and longer after each failure.
fn attempted(included: Option<BlockNumber>, block: BlockNumber, backoff: &mut Backoff) {
    match included {
        Some(included) => backoff.succeeded(included),
        None => backoff.failed(block),
    }
}
