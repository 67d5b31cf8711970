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
    Backoff, ChainState, MetagraphInfo, NeuronInfo, Parameters, PendingReveal, UnseenTransaction, calls,
    subxt::tx::Payload,
};
use myelin_diagnostic::Hints;
use myelin_primitives::{BlockNumber, Entry, Uid};
use std::{collections::BTreeMap, sync::Arc};

/// The greatest number of stored commits. The chain stores ten of a hotkey (spec weights §5.1).
const MAX_PENDING: usize = 16;

/// The age in blocks after which a commit that is not on the chain is dropped.
///
/// No transaction here is valid for so long.
const FORGOTTEN_AFTER: u64 = 128;

/// The doublings of the pause after a failure: up to 32 blocks.
const MAX_DOUBLINGS: u32 = 5;

/// The state of the submissions from block to block.
struct Attempts {
    backoff: Backoff,
    has_permit: bool,
    /// The last cause of missing weights that was reported.
    no_opinion: Option<NoWeights>,
    /// True if the age of the row was reported since the last weights.
    is_warned: bool,
}

/// Weights in the form of a submission.
type Row = Vec<Entry>;

impl<T: Task, J: Judge<T>> Validator<T, J> {
    /// Sets weights before each epoch until the seat or the subnet is lost.
    pub(super) async fn weigh(&self) -> MemberError {
        let weighing =
            WeightsLoop { board: &self.board, version_key: self.options.version_key, lead: self.options.lead };
        match weighing.go_on().await {
            Err(ended) => ended,
        }
    }
}

struct WeightsLoop<'a> {
    board: &'a Board,
    version_key: u64,
    lead: Option<BlockNumber>,
}

impl WeightsLoop<'_> {
    fn member(&self) -> &Member {
        &self.board.member
    }

    async fn go_on(&self) -> Result<Infallible, MemberError> {
        let mut seen = self.member().seen();
        let backoff = Backoff::new(MAX_DOUBLINGS);
        let mut attempts = Attempts { backoff, has_permit: true, no_opinion: None, is_warned: false };
        loop {
            let snapshot = Arc::clone(&seen.borrow_and_update());
            self.at(&snapshot, &mut attempts).await?;
            if seen.changed().await.is_err() {
                return Err(MemberError::NoSubnet(self.member().netuid()));
            }
        }
    }

    /// Handles a new final block.
    async fn at(&self, snapshot: &MetagraphInfo, attempts: &mut Attempts) -> Result<(), MemberError> {
        let uid = self.member().uid_in(snapshot)?;
        let Some(own) = snapshot.neuron(uid) else { return Ok(()) };
        self.forget_replaced(snapshot).await;
        let is_pending = !self.board.memory().pending.is_empty();
        let may_be_due = own.validator_permit && attempts.backoff.is_over(snapshot.block);
        if own.validator_permit != attempts.has_permit {
            attempts.has_permit = own.validator_permit;
            if !own.validator_permit {
                self.member().send(NeuronEvent::NoPermit { block: snapshot.block });
            }
        }
        if !is_pending && !may_be_due {
            return Ok(());
        }
        // The task that follows the chain reports outages.
        let Ok(now) = self.member().chain().at_finalised().await else { return Ok(()) };
        let Ok(Some(parameters)) = now.parameters(self.member().netuid()).await else { return Ok(()) };
        if is_pending && self.reveal(snapshot, attempts).await {
            // The reveal took some time, and other blocks are final now.
            return Ok(());
        }
        if may_be_due && self.timing(own, snapshot, &parameters).is_due(snapshot.block) {
            self.submit_weights(own, snapshot, (&now, &parameters), attempts).await;
        }
        Ok(())
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
        let weighed =
            if parameters.commit_reveal { self.commit(row, snapshot.block).await } else { self.set(row).await };
        attempted(weighed, snapshot.block, attempts);
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

    async fn set(&self, row: Row) -> Option<BlockNumber> {
        let call = calls::set_weights(self.member().netuid(), &row, self.version_key);
        self.submit(WeightsStep::Set, row, &call).await
    }

    /// Commits to weights. The salt is stored first.
    async fn commit(&self, row: Row, block: BlockNumber) -> Option<BlockNumber> {
        let member = self.member();
        let pending = match PendingReveal::new(member.netuid(), row.clone(), self.version_key, block.into()) {
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

    /// Reveals a commit that is due, and drops expired ones. Returns true if there was a commit to reveal.
    async fn reveal(&self, snapshot: &MetagraphInfo, attempts: &mut Attempts) -> bool {
        let (member, hotkey) = (self.member(), self.member().hotkey());
        let Ok(now) = member.chain().at_finalised().await else { return false };
        let Ok(commits) = now.commits(member.netuid(), &hotkey).await else { return false };
        let block = snapshot.block;
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
        // A reveal ends the earlier commits too (spec weights §5.5).
        let next = block.saturating_add(1);
        let due = kept.iter().enumerate().rev().find(|(_, pending)| {
            commit_of(pending).is_some_and(|commit| (commit.reveal_from..=commit.reveal_until).contains(&next))
        });
        let Some((at, pending)) = due.filter(|_| attempts.backoff.is_over(block)) else { return false };
        let revealed = self.submit(WeightsStep::Reveal, pending.weights.clone(), &pending.reveal()).await;
        if revealed.is_some() {
            self.forget(kept.iter().take(at.saturating_add(1)).cloned().collect()).await;
        }
        attempted(revealed, block, attempts);
        true
    }

    async fn forget(&self, gone: Vec<PendingReveal>) {
        let keep = move |memory: &mut ValidatorMemory| memory.pending.retain(|pending| !gone.contains(pending));
        self.reported(self.board.change(keep).await.1);
    }

    /// Submits a call, waits until its outcome is known, and returns its block.
    ///
    /// Nothing else is submitted meanwhile.
    async fn submit(&self, step: WeightsStep, weights: Row, call: &impl Payload) -> Option<BlockNumber> {
        let member = self.member();
        member.send(NeuronEvent::Weighing { step, weights });
        let on_unseen = |unseen: &UnseenTransaction| {
            self.failed(step, format!("{unseen}; the search is repeated"), Vec::new());
        };
        match member.account().submit_until_known(call, SUBMIT_TIMEOUT, on_unseen).await {
            Ok(included) => {
                let block = BlockNumber::try_from(included.height).unwrap_or(BlockNumber::MAX);
                member.send(NeuronEvent::Weighed { step, block });
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
fn attempted(included: Option<BlockNumber>, block: BlockNumber, attempts: &mut Attempts) {
    match included {
        Some(included) => attempts.backoff.succeeded(included),
        None => attempts.backoff.failed(block),
    }
}
