//! The gate for consumers: a validator asks its best miners a question, and reports on the answer.
//!
//! The answer is the stream of the miner, line by line as it arrives, between two lines of the validator:
//!
//! ```text
//! {"asked":{"uid":3,"hotkey":"5F…"}}
//! {"token":17,"logprob":-0.25,"text":" a"}
//! {"finish":"length"}
//! {"report":{"uid":3,…,"proven":true,…}}
//! ```
//!
//! If a miner fails, or its answer is not the model's, the validator asks another one. A further line `asked` declares
//! the earlier tokens void: each miner has noise of its own, so the next miner may write another text. The line
//! `{"failed":"…"}` ends a stream without an answer.

mod lines;
mod places;

pub use lines::{AnswerReport, AttemptLine, FailureLine, GateLine, MinerRef, ReportLine};

use self::places::FreePlaces;
use crate::{
    Model,
    answer::{AnswerLine, MAX_LINE, TextAnswer},
    challenge::TextChallenge,
    judge::{Finding, TextJudge},
    reputation::RoundConduct,
    task::{TextTask, class, message, question},
};
use bytes::Bytes;
use futures::stream;
use myelin_neuron::{AnswerStream, AskError, Dendrite, Endpoint, HandlerOutput, LineTooLong, Lines, Peer, WorkPlace};
use myelin_primitives::Uid;
use myelin_subnet_kit::Task;
use myelin_wire::{PublicKey, Synapse, Verified, class::Class, class::Mismatch, strict::Receipt};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, timeout, timeout_at},
};

/// The number of lines that wait for their consumer.
const LINE_BUFFER: usize = 32;

/// The number of consumers whose questions are counted.
const COUNTED: usize = 4_096;

/// The time in which questions are counted.
const WINDOW: Duration = Duration::from_mins(1);

/// Returns the class of questions, which is that of challenges under another name.
pub(crate) fn ask_class() -> Class {
    class("Ask")
}

/// A miner that can be asked.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The uid of the miner.
    pub uid: Uid,
    /// The miner as a peer.
    pub peer: Peer,
    /// Its incentive in the last epoch, in parts of 65 535.
    pub incentive: u16,
    /// Its consensus weight in the last epoch, in parts of 65 535.
    pub consensus: u16,
}

/// A source of miners.
pub trait Candidates: Send + Sync + 'static {
    /// Returns the miners that can be asked, the best first.
    fn best(&self) -> Vec<Candidate>;

    /// Notes that a miner failed a consumer: its answer was missing, broken, stalled or wrong.
    fn failed(&self, miner: PublicKey, consumer: PublicKey);
}

/// The limits of consumers' questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateLimits {
    /// The greatest number of questions of one consumer in a minute.
    pub per_minute: u32,
    /// The greatest number of questions at a time. A hotkey has one of them, and an address two.
    pub at_a_time: usize,
    /// The greatest number of miners that are asked for one question, one after the other.
    pub attempts: usize,
    /// The longest wait for the next line of a miner, before another miner is asked.
    pub stall: Duration,
    /// The time that a miner has for an answer. Challenges have the same, so that it tells no miner what it answers.
    pub patience: Duration,
    /// The longest time for a question, also if its `timeout` is longer.
    pub longest: Duration,
}

impl Default for GateLimits {
    fn default() -> Self {
        Self {
            per_minute: 20,
            at_a_time: 8,
            attempts: 3,
            stall: Duration::from_secs(10),
            patience: Duration::from_secs(12),
            longest: Duration::from_mins(2),
        }
    }
}

/// A failed attempt with one miner.
enum AttemptError {
    /// The miner failed. Another miner may succeed.
    Miner(String),
    /// The miner has no answer, and it is not its fault. Another miner may succeed.
    Blameless(String),
    /// The consumer has gone.
    Consumer,
}

impl From<AskError> for AttemptError {
    fn from(error: AskError) -> Self {
        match error {
            // The miner was not asked.
            AskError::V1Refused
            | AskError::NotServing
            | AskError::OutOfScope
            | AskError::NotProved
            | AskError::Question(_) => Self::Blameless(error.to_string()),
            error => Self::Miner(error.to_string()),
        }
    }
}

impl From<LineTooLong> for AttemptError {
    fn from(_: LineTooLong) -> Self {
        Self::Miner("its lines are too long".to_owned())
    }
}

impl From<Mismatch> for AttemptError {
    fn from(error: Mismatch) -> Self {
        Self::Miner(error.to_string())
    }
}

/// A gate for consumers.
pub struct Gate {
    dendrite: Arc<Dendrite>,
    examiner: Arc<TextJudge>,
    candidates: Arc<dyn Candidates>,
    limits: GateLimits,
    places: FreePlaces,
    /// Examinations run one at a time, because the judge needs a processor too.
    desk: Semaphore,
    counts: Mutex<QuestionCounts>,
}

impl Gate {
    /// Returns a gate to these miners.
    pub fn new(
        dendrite: Arc<Dendrite>,
        examiner: Arc<TextJudge>,
        candidates: Arc<dyn Candidates>,
        limits: GateLimits,
    ) -> Arc<Self> {
        let places = FreePlaces::new(limits.at_a_time);
        let counts = Mutex::new(QuestionCounts::default());
        Arc::new(Self { dendrite, examiner, candidates, limits, places, desk: Semaphore::new(1), counts })
    }

    /// Returns the endpoint of the gate.
    pub fn endpoint(self: &Arc<Self>) -> Endpoint {
        let gate = Arc::clone(self);
        Endpoint::with_place(ask_class(), move |request, place| {
            let gate = Arc::clone(&gate);
            async move { Ok(gate.open(request, place)) }
        })
    }

    fn open(self: Arc<Self>, request: Verified<Synapse>, place: WorkPlace) -> HandlerOutput {
        let (sender, receiver) = mpsc::channel(LINE_BUFFER);
        let message = request.content().clone();
        tokio::spawn(async move {
            let consumer = Consumer(sender);
            if let Err(reason) = self.answer(&request, &place, &consumer).await {
                // A consumer that has gone needs no reason.
                let _ = consumer.send_line(&GateLine::Failed(FailureLine { failed: reason })).await;
            }
        });
        let next = |mut receiver: mpsc::Receiver<Bytes>| async move { Some((Ok(receiver.recv().await?), receiver)) };
        HandlerOutput::stream(message, stream::unfold(receiver, next))
    }

    /// Asks miners until one has an answer. Returns the reason if there is none.
    async fn answer(&self, request: &Verified<Synapse>, place: &WorkPlace, consumer: &Consumer) -> Result<(), String> {
        let challenge = question(request.content()).map_err(|error| error.to_string())?;
        if !self.count(request.sender(), Instant::now()) {
            let most = self.limits.per_minute;
            return Err(format!("{most} questions were asked within a minute, and no more are answered"));
        }
        self.admit(&challenge)?;
        let _place = self.places.take(request.sender(), place.address()).map_err(|error| error.to_string())?;
        let patience = request.content().timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let until = Instant::now() + patience.unwrap_or(self.limits.longest).min(self.limits.longest);
        let mut last = "no miner can be asked at present".to_owned();
        for candidate in self.candidates.best().into_iter().take(self.limits.attempts) {
            let asked = timeout_at(until, self.ask(&candidate, &challenge, consumer)).await;
            // A consumer that is less patient than the validator is no failure of the miner.
            let Ok(asked) = asked else { return Err("the time of the question is over".to_owned()) };
            let reason = match asked {
                Ok(()) => {
                    self.examiner.note_question(&challenge);
                    return Ok(());
                }
                Err(AttemptError::Consumer) => return Ok(()),
                Err(AttemptError::Miner(reason)) => {
                    // No miner loses anything by a question that validators do not set.
                    if self.examiner.is_usual(&challenge) {
                        self.candidates.failed(candidate.peer.hotkey, request.sender());
                    }
                    reason
                }
                Err(AttemptError::Blameless(reason)) => reason,
            };
            tracing::info!(uid = %candidate.uid, reason, "a miner failed a consumer");
            last = format!("miner {}: {reason}", candidate.uid);
        }
        Err(last)
    }

    /// Checks that a question can be answered, so that no miner fails because of it.
    fn admit(&self, challenge: &TextChallenge) -> Result<(), String> {
        let model = self.examiner.model();
        if challenge.model != model.hash() {
            return Err(format!("the model of this subnet is {}, not {}", model.hash(), challenge.model));
        }
        fits(model, challenge)
    }

    /// Asks one miner, passes its lines on, and ends with a report if the model wrote the answer.
    async fn ask(
        &self,
        candidate: &Candidate,
        challenge: &TextChallenge,
        consumer: &Consumer,
    ) -> Result<(), AttemptError> {
        let timeout_ms = u64::try_from(self.limits.patience.as_millis()).unwrap_or(u64::MAX);
        let message = message(&TextTask.class(), challenge, timeout_ms)?;
        let whom = MinerRef { uid: candidate.uid.get(), hotkey: candidate.peer.hotkey.to_string() };
        consumer.send_line(&GateLine::Asked(AttemptLine { asked: whom.clone() })).await?;
        let begun = timeout(self.limits.stall, self.dendrite.ask_stream(&candidate.peer, &message)).await;
        let stream = begun.map_err(|_| self.stalled())??;
        let heard = self.pass_on(stream, challenge, consumer).await?;
        let MinerAnswer { answer, first, elapsed, groups, receipt } = heard;
        let tokens = u32::try_from(answer.tokens.len()).unwrap_or(u32::MAX);
        let checked = match self.examine(challenge, candidate.peer.hotkey, answer).await? {
            Finding::Genuine { checked } => checked,
            Finding::Wrong(why) => {
                self.examiner.note(candidate.peer.hotkey, RoundConduct::Wrong);
                return Err(AttemptError::Miner(format!("its answer is not the model's: {why}")));
            }
        };
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let report = AnswerReport {
            uid: whom.uid,
            hotkey: whom.hotkey,
            model: challenge.model.to_string(),
            tokens,
            first_us: micros(first),
            elapsed_us: micros(elapsed),
            proven: true,
            checked: u32::try_from(checked).unwrap_or(u32::MAX),
            incentive: candidate.incentive,
            consensus: candidate.consensus,
            timeout_ms,
            groups,
            receipt,
        };
        consumer.send_line(&GateLine::Closing(Box::new(ReportLine { report }))).await
    }

    fn stalled(&self) -> AttemptError {
        AttemptError::Miner(format!("it sent nothing for {} s", self.limits.stall.as_secs()))
    }

    /// Passes an answer on line by line.
    async fn pass_on(
        &self,
        mut stream: AnswerStream,
        challenge: &TextChallenge,
        consumer: &Consumer,
    ) -> Result<MinerAnswer, AttemptError> {
        let (mut lines, mut whole, mut first, mut count) = (Lines::new(MAX_LINE), Vec::new(), None, 0_usize);
        let mut groups = Vec::new();
        while let Some(piece) = timeout(self.limits.stall, stream.next()).await.map_err(|_| self.stalled())?? {
            groups.push(u32::try_from(piece.len()).unwrap_or(u32::MAX));
            lines.push(&piece);
            while let Some(line) = lines.next_line()? {
                AnswerLine::read(line.strip_suffix(b"\n").unwrap_or(&line))?;
                // The limit is the number of tokens and one line for the end.
                count += 1;
                if count > usize::from(challenge.max_tokens) + 1 {
                    return Err(AttemptError::Miner("its answer is longer than requested".to_owned()));
                }
                first.get_or_insert_with(|| stream.elapsed());
                whole.extend_from_slice(&line);
                consumer.pass(line.into()).await?;
            }
        }
        let elapsed = stream.elapsed();
        if stream.is_broken() || !lines.is_at_end_of_line() {
            return Err(AttemptError::Miner("it broke its answer off".to_owned()));
        }
        let answer = TextAnswer::read(&whole)?;
        Ok(MinerAnswer { answer, first: first.unwrap_or(elapsed), elapsed, groups, receipt: stream.receipt() })
    }

    async fn examine(
        &self,
        challenge: &TextChallenge,
        miner: PublicKey,
        answer: TextAnswer,
    ) -> Result<Finding, AttemptError> {
        let _desk = self.desk.acquire().await;
        let (examiner, challenge) = (Arc::clone(&self.examiner), challenge.clone());
        let looked = tokio::task::spawn_blocking(move || examiner.examine(&challenge, miner, &answer)).await;
        let failed =
            |error: &dyn fmt::Display| AttemptError::Blameless(format!("its answer cannot be examined: {error}"));
        looked.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }

    /// Counts a question. Returns false if the consumer has reached its limit.
    fn count(&self, consumer: PublicKey, now: Instant) -> bool {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).count(consumer, now, self.limits.per_minute)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gate").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Checks that a question and its answer fit the context of the model.
///
/// # Errors
/// The reason, as a text for the consumer.
pub(crate) fn fits(model: &Model, challenge: &TextChallenge) -> Result<(), String> {
    let prompt = model.encode(&challenge.prompt).map_err(|error| error.to_string())?.len();
    let (asked, room) = (usize::from(challenge.max_tokens), model.context_length());
    if prompt == 0 {
        return Err("the prompt has no tokens".to_owned());
    }
    if prompt.saturating_add(asked) > room {
        return Err(format!(
            "the prompt has {prompt} tokens and {asked} are asked for, and the model has room for {room}"
        ));
    }
    Ok(())
}

/// A whole answer of a miner and its times.
struct MinerAnswer {
    answer: TextAnswer,
    first: Duration,
    elapsed: Duration,
    groups: Vec<u32>,
    receipt: Option<Receipt>,
}

/// The channel to a consumer, which may have gone.
struct Consumer(mpsc::Sender<Bytes>);

impl Consumer {
    async fn send_line(&self, said: &GateLine) -> Result<(), AttemptError> {
        let mut line = serde_json::to_vec(said).map_err(|error| AttemptError::Blameless(error.to_string()))?;
        line.push(b'\n');
        self.pass(line.into()).await
    }

    async fn pass(&self, line: Bytes) -> Result<(), AttemptError> {
        self.0.send(line).await.map_err(|_| AttemptError::Consumer)
    }
}

/// The number of questions of each consumer in its current minute.
#[derive(Debug, Default)]
struct QuestionCounts(BTreeMap<PublicKey, (Instant, u32)>);

impl QuestionCounts {
    fn count(&mut self, consumer: PublicKey, now: Instant, most: u32) -> bool {
        let is_over = |since: Instant| now.saturating_duration_since(since) >= WINDOW;
        if self.0.len() >= COUNTED && !self.0.contains_key(&consumer) {
            self.0.retain(|_, (since, _)| !is_over(*since));
            if self.0.len() >= COUNTED {
                let oldest = self.0.iter().min_by_key(|(_, (since, _))| *since).map(|(consumer, _)| *consumer);
                oldest.map(|oldest| self.0.remove(&oldest));
            }
        }
        let (since, count) = self.0.entry(consumer).or_insert((now, 0));
        if is_over(*since) {
            (*since, *count) = (now, 0);
        }
        if *count >= most {
            return false;
        }
        *count += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hotkey(number: u16) -> PublicKey {
        let mut key = [0; 32];
        key[..2].copy_from_slice(&number.to_le_bytes());
        PublicKey::from_bytes(key)
    }

    #[test]
    fn a_consumer_has_so_many_questions_a_minute() {
        let (mut counts, start) = (QuestionCounts::default(), Instant::now());
        let mut ask = |consumer, seconds| counts.count(hotkey(consumer), start + Duration::from_secs(seconds), 2);
        assert_eq!([ask(1, 0), ask(1, 30), ask(1, 59), ask(2, 59), ask(1, 60)], [true, true, false, true, true]);
    }

    #[test]
    fn consumers_without_end_take_no_memory() {
        let (mut counts, start) = (QuestionCounts::default(), Instant::now());
        for consumer in 0..6_000_u16 {
            assert!(counts.count(hotkey(consumer), start + Duration::from_millis(consumer.into()), 1));
        }
        assert_eq!(counts.0.len(), COUNTED);
        assert!(!counts.0.contains_key(&hotkey(0)));
    }
}
