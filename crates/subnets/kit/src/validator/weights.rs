//! From averages to weights on the chain.

use super::{Board, Validator, timing};
use crate::{
    Judge, Task,
    event::{NeuronEvent, WeightsStep},
    member::{Member, MemberError},
    memory::{PendingReveal, ValidatorMemory},
    weights::{NoWeights, WeightBounds, weights},
};
use core::convert::Infallible;
use myelin_client::{Hint, MetagraphInfo, NeuronInfo, Parameters, SubmissionOutcome, calls, subxt::tx::Payload};
use myelin_primitives::{BlockNumber, Entry, U16_ONE, Uid};
use myelin_wire::Hotkey;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How long a submission is waited for at a time.
const SUBMIT_TIMEOUT: Duration = Duration::from_mins(2);

/// The promises that are kept at most; the chain has ten of a hotkey. spec weights §5.1
const PROMISES: usize = 16;

/// After how many blocks a promise that is not on the chain never will be: longer than any transaction is valid here.
const FORGOTTEN_AFTER: BlockNumber = 128;

/// The numbers of a salt: 128 bits of randomness.
const SALT: usize = 8;

/// What the weighing remembers from block to block.
#[derive(Default)]
struct Attempts {
    failures: u32,
    not_before: BlockNumber,
    has_permit: bool,
    /// What was said last about there being nothing to say.
    no_opinion: Option<NoWeights>,
}

/// Weights as they are submitted.
type Row = Vec<Entry>;

impl<T: Task, J: Judge<T>> Validator<T, J> {
    /// Sets weights before each epoch, until that cannot be.
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
        let mut attempts = Attempts { has_permit: true, ..Attempts::default() };
        loop {
            let snapshot = Arc::clone(&seen.borrow_and_update());
            self.at(&snapshot, &mut attempts).await?;
            if seen.changed().await.is_err() {
                return Err(MemberError::NoSubnet(self.member().netuid()));
            }
        }
    }

    /// Does what is to be done when this is the last final block.
    async fn at(&self, snapshot: &MetagraphInfo, attempts: &mut Attempts) -> Result<(), MemberError> {
        let uid = self.member().uid_in(snapshot)?;
        let Some(own) = snapshot.neuron(uid) else { return Ok(()) };
        self.forget_replaced(snapshot).await;
        let has_promises = !self.board.memory().promises.is_empty();
        let may_be_due = own.validator_permit && snapshot.block >= attempts.not_before;
        if own.validator_permit != attempts.has_permit {
            attempts.has_permit = own.validator_permit;
            if !own.validator_permit {
                self.member().send(NeuronEvent::NoPermit { block: snapshot.block });
            }
        }
        if !has_promises && !may_be_due {
            return Ok(());
        }
        // Outages are reported by whoever follows the chain.
        let Ok(now) = self.member().chain().at_finalised().await else { return Ok(()) };
        let Ok(Some(parameters)) = now.parameters(self.member().netuid()).await else { return Ok(()) };
        if has_promises && self.keep_promises(snapshot, attempts).await {
            // That took its time, and other blocks are final now.
            return Ok(());
        }
        if may_be_due && self.timing(own, snapshot, &parameters).is_due(snapshot.block) {
            self.submit_weights(own, snapshot, &parameters, attempts).await;
        }
        Ok(())
    }

    /// What was learned of neurons whose seat others have now says nothing of those.
    async fn forget_replaced(&self, snapshot: &MetagraphInfo) {
        let seats = snapshot.neurons.iter();
        let since: BTreeMap<_, _> =
            seats.map(|neuron| (Hotkey::new(neuron.hotkey.to_bytes()), neuron.registered_at)).collect();
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

    /// Says what is to be said: openly, or by a promise.
    async fn submit_weights(
        &self,
        own: &NeuronInfo,
        snapshot: &MetagraphInfo,
        parameters: &Parameters,
        attempts: &mut Attempts,
    ) {
        let averages = self.averages(own.uid, snapshot);
        let bounds = WeightBounds {
            least_entries: parameters.min_allowed_weights,
            largest_share: parameters.max_weight_limit,
            neurons: u16::try_from(snapshot.neurons.len()).unwrap_or(u16::MAX),
        };
        let row = match weights(&averages, bounds) {
            Ok(row) => {
                attempts.no_opinion = None;
                row
            }
            // Nothing was tried yet, so what was said in an earlier life is not taken back.
            Err(NoWeights::Nobody) if averages.is_empty() => return,
            Err(reason) => {
                if attempts.no_opinion != Some(reason) {
                    self.member().send(NeuronEvent::NoOpinion { reason: reason.to_string() });
                    attempts.no_opinion = Some(reason);
                }
                // A vector of oneself says nothing of anybody, and that one is there. spec weights §1
                vec![Entry::new(own.uid, U16_ONE)]
            }
        };
        let weighed =
            if parameters.commit_reveal { self.commit(row, snapshot.block).await } else { self.set(row).await };
        attempted(weighed, snapshot.block, attempts);
    }

    /// The averages of everybody else who was asked yet.
    fn averages(&self, own: Uid, snapshot: &MetagraphInfo) -> Vec<(Uid, u64)> {
        let memory = self.board.memory();
        let others = snapshot.neurons.iter().filter(|neuron| neuron.uid != own);
        others
            .filter_map(|neuron| {
                let score = memory.scores.get(Hotkey::new(neuron.hotkey.to_bytes()))?;
                (score.since == neuron.registered_at).then_some((neuron.uid, score.average))
            })
            .collect()
    }

    async fn set(&self, row: Row) -> Option<BlockNumber> {
        let call = calls::set_weights(self.member().netuid(), &row, self.version_key);
        self.submit(WeightsStep::Set, row, &call).await
    }

    /// Promises weights. What keeping the promise takes is written down first.
    async fn commit(&self, row: Row, block: BlockNumber) -> Option<BlockNumber> {
        let member = self.member();
        let mut bytes = [0; 2 * SALT];
        if let Err(error) = getrandom::fill(&mut bytes) {
            self.failed(WeightsStep::Commit, format!("the system gives no randomness: {error}"), Vec::new());
            return None;
        }
        let salt: Vec<u16> =
            bytes.chunks_exact(2).filter_map(|two| Some(u16::from_le_bytes(*two.first_chunk()?))).collect();
        let hash = calls::commit_hash(&member.public(), member.netuid(), &row, &salt, self.version_key);
        let promise = PendingReveal {
            hash: format!("{hash:?}"),
            weights: row.clone(),
            salt,
            version_key: self.version_key,
            after: block,
        };
        let keep = move |memory: &mut ValidatorMemory| {
            memory.promises.push(promise);
            let surplus = memory.promises.len().saturating_sub(PROMISES);
            memory.promises.drain(..surplus);
        };
        if let ((), Err(error)) = self.board.change(keep).await {
            // A promise that a restart would forget is none.
            self.failed(WeightsStep::Commit, format!("the salt cannot be kept: {error}"), Vec::new());
            return None;
        }
        self.submit(WeightsStep::Commit, row, &calls::commit_weights(member.netuid(), hash)).await
    }

    /// Reveals what may be revealed, and forgets what cannot be any more. Says whether there was anything to reveal.
    async fn keep_promises(&self, snapshot: &MetagraphInfo, attempts: &mut Attempts) -> bool {
        let member = self.member();
        let Ok(now) = member.chain().at_finalised().await else { return false };
        let Ok(open) = now.commits(member.netuid(), &member.public()).await else { return false };
        let block = snapshot.block;
        let is_open = |promise: &PendingReveal| open.iter().any(|commit| format!("{:?}", commit.hash) == promise.hash);
        let promises = self.board.memory().promises.clone();
        let gone: Vec<_> = promises
            .iter()
            .filter(|promise| !is_open(promise) && block.saturating_sub(promise.after) > FORGOTTEN_AFTER)
            .map(|promise| promise.hash.clone())
            .collect();
        if !gone.is_empty() {
            self.forget(gone).await;
        }
        // The newest one replaces those before it, which are gone then. spec weights §5.5
        let next = block.saturating_add(1);
        let due = promises.iter().enumerate().rev().find(|(_, promise)| {
            let commit = open.iter().find(|commit| format!("{:?}", commit.hash) == promise.hash);
            commit.is_some_and(|commit| (commit.reveal_from..=commit.reveal_until).contains(&next))
        });
        let Some((at, promise)) = due.filter(|_| block >= attempts.not_before) else { return false };
        let PendingReveal { weights, salt, version_key, .. } = promise;
        let call = calls::reveal_weights(member.netuid(), weights, salt, *version_key);
        let revealed = self.submit(WeightsStep::Reveal, weights.clone(), &call).await;
        if revealed.is_some() {
            let kept = promises.iter().take(at.saturating_add(1)).map(|promise| promise.hash.clone()).collect();
            self.forget(kept).await;
        }
        attempted(revealed, block, attempts);
        true
    }

    async fn forget(&self, hashes: Vec<String>) {
        let keep = move |memory: &mut ValidatorMemory| {
            memory.promises.retain(|promise| !hashes.contains(&promise.hash));
        };
        self.reported(self.board.change(keep).await.1);
    }

    /// Submits a call, and waits until it is known what became of it, however long that takes: nothing else is submitted
    /// meanwhile. Gives the block that it is in.
    async fn submit(&self, step: WeightsStep, weights: Row, call: &impl Payload) -> Option<BlockNumber> {
        let (member, account) = (self.member(), self.member().account());
        member.send(NeuronEvent::Weighing { step, weights });
        let mut outcome = account.submit(call, SUBMIT_TIMEOUT).await;
        loop {
            match outcome {
                SubmissionOutcome::Finalised(included) => {
                    let block = BlockNumber::try_from(included.height).unwrap_or(BlockNumber::MAX);
                    member.send(NeuronEvent::Weighed { step, block });
                    return Some(block);
                }
                SubmissionOutcome::Failed { error, .. } => {
                    let hints = error.all_hints().iter().map(ToString::to_string).collect();
                    self.failed(step, error.to_string(), hints);
                    return None;
                }
                SubmissionOutcome::Unseen(unseen) => {
                    self.failed(step, format!("{unseen}; it is looked for again"), Vec::new());
                    outcome = account.outcome(&unseen.sent, SUBMIT_TIMEOUT).await;
                }
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

/// Waits until what succeeded is seen, and longer after each failure, so that what fails for good does not fill logs and
/// pools.
fn attempted(included: Option<BlockNumber>, block: BlockNumber, attempts: &mut Attempts) {
    if let Some(included) = included {
        (attempts.failures, attempts.not_before) = (0, included);
    } else {
        attempts.not_before = block.saturating_add(1 << attempts.failures.min(5));
        attempts.failures = attempts.failures.saturating_add(1);
    }
}
