//! Submission of averages as weights.

use super::{
    Board,
    engine::{SeatView, Submission, SubmissionView, ValidatorEngine},
    reveals::{BestBlock, RevealChain, reveal_all},
    timing,
};
use crate::{
    event::{NeuronEvent, WeightsStep},
    member::{Member, MemberError, SUBMIT_TIMEOUT},
    weights::{NoWeights, WeightBounds},
};
use core::convert::Infallible;
use myelin_client::{
    Backoff, ChainState, IncludedTransaction, MetagraphInfo, NeuronInfo, Parameters, PendingReveal, PublicKey,
    SentTransaction, UnseenTransaction, calls, subxt::tx::Payload,
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::{BlockNumber, Entry};
use std::{sync::Arc, time::Duration};

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
    version_key: VersionKey,
    /// The last cause of missing weights that was reported.
    no_opinion: Option<NoWeights>,
    /// True if it was reported that this machine is cut off.
    is_cut_off: bool,
    /// True if the age of the row was reported since the last weights.
    is_warned: bool,
}

/// Weights in the form of a submission.
type Row = Vec<Entry>;

/// Sets weights before each epoch, and reveals commits, until the seat or the subnet is lost.
///
/// Neither waits for the other: the end of a reveal window may come while a commit is searched for.
pub(super) async fn weigh(board: Board, version_key: Option<u64>, lead: Option<BlockNumber>) -> MemberError {
    let (seen, closed) = (board.member.seen(), MemberError::NoSubnet(board.member.netuid()));
    let weighing = WeightsLoop { board, version_key, lead };
    let ended = tokio::select! {
        ended = weighing.submit_all() => ended,
        ended = reveal_all(&weighing, seen, closed) => ended,
    };
    match ended {
        Err(ended) => ended,
    }
}

/// The version key of weights: a given one, or the one that the network asks for.
#[derive(Debug)]
struct VersionKey {
    given: Option<u64>,
    /// The key that the network asked for last.
    asked: u64,
}

impl VersionKey {
    const fn new(given: Option<u64>) -> Self {
        Self { given, asked: 0 }
    }

    /// Returns the key to send to a network that asks for this one.
    fn to_send(&self, asked: u64) -> u64 {
        self.given.unwrap_or(asked)
    }

    /// Returns a report if the network asks for another key than before, and no key is given.
    fn changed(&mut self, asked: u64) -> Option<NeuronEvent> {
        if self.given.is_some() || self.asked == asked {
            return None;
        }
        self.asked = asked;
        Some(NeuronEvent::VersionKey { version_key: asked })
    }
}

struct WeightsLoop {
    board: Board,
    /// The version key to send. `None` sends the one that the network asks for.
    version_key: Option<u64>,
    lead: Option<BlockNumber>,
}

impl WeightsLoop {
    fn member(&self) -> &Member {
        &self.board.member
    }

    /// Submits weights in each epoch.
    async fn submit_all(&self) -> Result<Infallible, MemberError> {
        let mut seen = self.member().seen();
        let backoff = Backoff::new(MAX_DOUBLINGS);
        let version_key = VersionKey::new(self.version_key);
        let mut attempts =
            Attempts { backoff, has_permit: true, version_key, no_opinion: None, is_cut_off: false, is_warned: false };
        loop {
            let snapshot = Arc::clone(&seen.borrow_and_update());
            self.submit_at(&snapshot, &mut attempts).await?;
            if seen.changed().await.is_err() {
                return Err(MemberError::NoSubnet(self.member().netuid()));
            }
        }
    }

    /// Submits weights if they are due after a new final block.
    async fn submit_at(&self, snapshot: &MetagraphInfo, attempts: &mut Attempts) -> Result<(), MemberError> {
        let uid = self.member().uid_in(snapshot)?;
        let Some(own) = snapshot.neuron(uid) else { return Ok(()) };
        let seats = self.board.seats_of(snapshot);
        self.forget_replaced(&seats).await;
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
        if let Some(report) = attempts.version_key.changed(parameters.weights_version_key) {
            self.member().send(report);
        }
        let neurons = u16::try_from(snapshot.neurons.len()).unwrap_or(u16::MAX);
        let view = SubmissionView {
            seats: &seats,
            own: uid,
            block: snapshot.block,
            timing: self.timing(own, snapshot, &parameters),
            bounds: WeightBounds {
                least_entries: parameters.min_allowed_weights,
                largest_share: parameters.weight_limit(neurons),
                neurons,
            },
            is_hidden: parameters.commit_reveal,
        };
        let submission = self.board.engine().submission(&view);
        self.submit_weights(submission, own, snapshot, (&now, &parameters), attempts).await;
        Ok(())
    }

    /// Removes the scores of neurons whose seat was taken over.
    async fn forget_replaced(&self, seats: &[SeatView]) {
        let is_changed = self.board.engine().forget_replaced(seats);
        if is_changed {
            self.reported(self.board.save().await);
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

    /// Does the next step: sets weights in clear text, or commits them. Without a result the row in force stays.
    async fn submit_weights(
        &self,
        submission: Submission,
        own: &NeuronInfo,
        snapshot: &MetagraphInfo,
        (now, parameters): (&ChainState, &Parameters),
        attempts: &mut Attempts,
    ) {
        let version_key = attempts.version_key.to_send(parameters.weights_version_key);
        if matches!(submission, Submission::Set(_) | Submission::Commit(_)) {
            (attempts.no_opinion, attempts.is_cut_off, attempts.is_warned) = (None, false, false);
        }
        let weighed = match submission {
            Submission::Wait => return,
            Submission::CutOff => {
                if !attempts.is_cut_off {
                    self.member().send(NeuronEvent::CutOff { block: snapshot.block });
                    attempts.is_cut_off = true;
                }
                return self.warn_of_age(own, snapshot.block, (now, parameters), attempts).await;
            }
            Submission::NoOpinion(reason) => {
                if attempts.no_opinion != Some(reason) {
                    self.member().send(NeuronEvent::NoOpinion { reason: reason.to_string() });
                    attempts.no_opinion = Some(reason);
                }
                return self.warn_of_age(own, snapshot.block, (now, parameters), attempts).await;
            }
            Submission::Set(row) => self.set(row, version_key).await,
            Submission::Commit(row) => self.commit(row, version_key, snapshot.block).await,
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

    /// Sets weights in clear text. They take the place of all commits.
    async fn set(&self, row: Row, version_key: u64) -> Option<BlockNumber> {
        let older = self.board.engine().memory.pending.clone();
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
        let keep = move |engine: &mut ValidatorEngine| {
            let kept = &mut engine.memory.pending;
            kept.push(pending);
            kept.drain(..kept.len().saturating_sub(MAX_PENDING));
        };
        if let ((), Err(error)) = self.board.change(keep).await {
            // A commit without a stored salt could not be revealed after a restart.
            self.failed(WeightsStep::Commit, format!("cannot store the salt: {error}"), Vec::new());
            return None;
        }
        self.submit(WeightsStep::Commit, row, &call).await
    }

    async fn forget(&self, gone: Vec<PendingReveal>) {
        let keep = move |engine: &mut ValidatorEngine| engine.memory.pending.retain(|kept| !gone.contains(kept));
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
                self.failed(step, error.to_string(), hints(&error));
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

impl RevealChain for WeightsLoop {
    type Sent = SentTransaction;

    fn hotkey(&self) -> PublicKey {
        self.member().hotkey()
    }

    fn may_reveal(&self) -> Result<bool, MemberError> {
        let snapshot = self.member().snapshot();
        let uid = self.member().uid_in(&snapshot)?;
        Ok(snapshot.neuron(uid).is_some_and(|own| own.validator_permit))
    }

    fn kept(&self) -> Vec<PendingReveal> {
        self.board.engine().memory.pending.clone()
    }

    async fn forget(&self, gone: Vec<PendingReveal>) {
        WeightsLoop::forget(self, gone).await;
    }

    async fn forget_old(&self) {
        let (member, hotkey) = (self.member(), self.member().hotkey());
        let block = member.snapshot().block;
        let is_old = |pending: &PendingReveal| u64::from(block).saturating_sub(pending.made_at) > FORGOTTEN_AFTER;
        let mut old = self.kept();
        old.retain(is_old);
        if old.is_empty() {
            return;
        }
        // The task that follows the chain reports outages.
        let Ok(now) = member.chain().at_finalised().await else { return };
        let Ok(commits) = now.commits(member.netuid(), &hotkey).await else { return };
        old.retain(|pending| {
            let hash = pending.hash(&hotkey);
            commits.iter().all(|commit| commit.hash != hash)
        });
        if !old.is_empty() {
            WeightsLoop::forget(self, old).await;
        }
    }

    async fn best(&self) -> Option<BestBlock> {
        let best = self.member().chain().at_best().await.ok()?;
        let commits = best.commits(self.member().netuid(), &self.member().hotkey()).await.ok()?;
        Some(BestBlock { height: BlockNumber::try_from(best.height()).unwrap_or(BlockNumber::MAX), commits })
    }

    async fn send(&self, pending: &PendingReveal) -> Option<SentTransaction> {
        let (member, step) = (self.member(), WeightsStep::Reveal);
        member.send(NeuronEvent::Weighing { step, weights: pending.weights.clone() });
        match member.account().send(&pending.reveal()).await {
            Ok(sent) => Some(sent),
            Err(error) => {
                self.failed(step, error.to_string(), hints(&error));
                None
            }
        }
    }

    async fn outcome(&self, sent: &SentTransaction, limit: Duration) -> Option<BlockNumber> {
        let outcome = self.member().account().outcome(sent, limit).await;
        self.reported_block(WeightsStep::Reveal, outcome.finalised())
    }
}

/// Returns the hints of an error as texts.
fn hints(error: &impl Diagnostic) -> Vec<String> {
    Hints::of(error).iter().map(ToString::to_string).collect()
}

/// Waits until a success is visible in a snapshot, and longer after each failure.
fn attempted(included: Option<BlockNumber>, block: BlockNumber, backoff: &mut Backoff) {
    match included {
        Some(included) => backoff.succeeded(included),
        None => backoff.failed(block),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_version_key_that_the_network_asks_for() {
        let mut key = VersionKey::new(None);
        let mut sent = Vec::new();
        for asked in [0, 0, 7, 7, u64::MAX, 3] {
            let is_reported = match key.changed(asked) {
                Some(NeuronEvent::VersionKey { version_key }) => version_key == asked,
                Some(other) => panic!("{other}"),
                None => false,
            };
            sent.push((key.to_send(asked), is_reported));
        }
        let expected = [(0, false), (0, false), (7, true), (7, false), (u64::MAX, true), (3, true)];
        assert_eq!(sent, expected);
    }

    #[test]
    fn a_given_version_key_stays_and_nothing_is_reported() {
        let mut key = VersionKey::new(Some(5));
        for asked in [0, 7, 5, u64::MAX] {
            assert!(key.changed(asked).is_none());
            assert_eq!(key.to_send(asked), 5);
        }
    }
}
