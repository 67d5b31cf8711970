//! A round: one challenge for each miner.

use super::{
    Exchange, Judge, Reply, Task, Verdict, question, verdicts,
    work::{WorkError, WorkThreads, unpanicked},
};
use myelin_neuron::{Answer, AskError, Dendrite, Peer};
use myelin_wire::{PublicKey, Synapse, class::Mismatch, strict::Receipt};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};

/// The number of miners that are asked at the same time.
const MAX_IN_FLIGHT: usize = 64;

/// The number of answers that are read at the same time, including those that are never read to their end.
const MAX_READING: usize = 64;

/// The longest time for reading an answer.
const READING_LIMIT: Duration = Duration::from_secs(10);

/// The longest time for each step of a judge.
pub(crate) const JUDGING_LIMIT: Duration = Duration::from_mins(1);

/// The result of one neuron in a round.
#[derive(Clone, Debug)]
pub struct ScoredAnswer {
    /// The hotkey of the neuron.
    pub hotkey: PublicKey,
    /// The time until the first byte of the answer, if there is one.
    pub first: Option<Duration>,
    /// The time until the last byte, or until the failure.
    pub elapsed: Duration,
    /// The verdict on the answer, or the cause of a missing answer, which counts as 0.
    pub score: Result<Verdict, AskError>,
}

/// A round that cannot be held. It is a fault of the judge or of the task, and never of a miner.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The judge drew a challenge that is no message of the task.
    #[error("the judge drew a challenge that is no message of the task: {0}")]
    Challenge(#[from] Mismatch),
    /// The judge, or the task while it wrote a challenge, panicked.
    #[error("the judge panicked")]
    Judge,
    /// The judge, or the task, takes longer than its limit, or still works on an earlier round.
    #[error("the judge has not ended its work within the limit")]
    Slow,
    /// The judge gave more verdicts than there are exchanges.
    #[error("the judge gave more verdicts than there are exchanges")]
    Verdicts,
}

impl From<WorkError> for RoundError {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Panicked => Self::Judge,
            WorkError::Slow | WorkError::Full => Self::Slow,
        }
    }
}

/// Draws a challenge for each peer, asks all peers concurrently, and returns their scores in the same order.
///
/// The code of the task and the judge runs on threads of its own.
///
/// # Errors
/// [`RoundError`] for a fault of the judge or the task, and never for one of a miner.
pub async fn round<T: Task, J: Judge<T>>(
    dendrite: &Arc<Dendrite>,
    task: &Arc<T>,
    judge: &Arc<J>,
    (seed, patience): (u64, Duration),
    peers: &[Peer],
) -> Result<Vec<ScoredAnswer>, RoundError> {
    let runner = RoundRunner::new(Arc::clone(dendrite), Arc::clone(task), Arc::clone(judge), JUDGING_LIMIT);
    let hotkeys = peers.iter().map(|peer| peer.hotkey).collect();
    let questions = runner.draw((seed, patience), hotkeys).await?;
    let (challenges, messages): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
    let requests = peers.iter().zip(messages).map(|(peer, message)| (Ok(peer.clone()), Duration::ZERO, message));
    let heard = runner.ask(requests.collect()).await?;
    let (results, replies): (Vec<_>, Vec<_>) = heard.into_iter().map(MinerResponse::split).unzip();
    let verdicts = runner.judge(challenges.into_iter().zip(replies).collect()).await?;
    let scored = |((peer, result), verdict): ((&Peer, ResponseTimes), Verdict)| ScoredAnswer {
        hotkey: peer.hotkey,
        first: result.first,
        elapsed: result.elapsed,
        score: result.failure.map_or(Ok(verdict), Err),
    };
    Ok(peers.iter().zip(results).zip(verdicts).map(scored).collect())
}

/// A request of a round: the way to a miner or the cause of its absence, the wait before the request, and the message.
pub(crate) type RoundRequest = (Result<Peer, AskError>, Duration, Synapse);

/// The response of a miner to one request.
pub(crate) struct MinerResponse<A> {
    reply: Option<Reply<A>>,
    times: ResponseTimes,
}

/// The response of a miner without its content.
#[derive(Clone, Debug)]
pub(crate) struct ResponseTimes {
    /// The time until the answer began.
    pub(crate) first: Option<Duration>,
    /// The time until the last byte, or until the failure.
    pub(crate) elapsed: Duration,
    /// The cause of a missing answer.
    pub(crate) failure: Option<AskError>,
    /// True if no signature of the miner proves the answer.
    pub(crate) is_claimed: bool,
    /// The clock of the miner, less the own one, in nanoseconds, if it signed an answer.
    pub(crate) clock_offset: Option<i64>,
}

impl ResponseTimes {
    /// Returns the response of a miner that failed after this time.
    pub(crate) const fn failed(failure: AskError, elapsed: Duration) -> Self {
        Self { first: None, elapsed, failure: Some(failure), is_claimed: false, clock_offset: None }
    }
}

impl<A> MinerResponse<A> {
    pub(crate) fn split(self) -> (ResponseTimes, Option<Reply<A>>) {
        (self.times, self.reply)
    }

    const fn failed(failure: AskError, elapsed: Duration) -> Self {
        Self { reply: None, times: ResponseTimes::failed(failure, elapsed) }
    }
}

/// An answer before it is read.
enum RawAnswer {
    Whole(Box<Synapse>),
    Stream(Vec<u8>),
}

/// The times and the proof of an answer.
struct Arrival {
    first: Duration,
    elapsed: Duration,
    receipt: Option<Receipt>,
    /// The time until the miner signed: at the beginning of a stream, or at the end of a whole answer.
    signed: Duration,
}

/// A task and its judge at work, each on threads of its own.
///
/// A panic or a hang of their code ends a round and nothing else. An answer on which the task panics is no answer.
pub(crate) struct RoundRunner<T, J> {
    dendrite: Arc<Dendrite>,
    task: Arc<T>,
    judge: Arc<J>,
    judging: WorkThreads,
    reading: WorkThreads,
    limit: Duration,
}

impl<T: Task, J: Judge<T>> RoundRunner<T, J> {
    /// Returns a runner. `limit` is the longest time for each step of the judge.
    pub(crate) fn new(dendrite: Arc<Dendrite>, task: Arc<T>, judge: Arc<J>, limit: Duration) -> Self {
        let (judging, reading) = (WorkThreads::new("judge", 1), WorkThreads::new("answers", MAX_READING));
        Self { dendrite, task, judge, judging, reading, limit }
    }

    /// Returns the challenges of a round for these miners, with their messages.
    pub(crate) async fn draw(
        &self,
        (seed, patience): (u64, Duration),
        miners: Vec<PublicKey>,
    ) -> Result<Vec<(T::Challenge, Synapse)>, RoundError> {
        let (task, judge) = (Arc::clone(&self.task), Arc::clone(&self.judge));
        let drawn = self.judging.run(self.limit, move || {
            let draw = |miner| {
                let challenge = judge.draw(seed, miner);
                let mut message = question(&*task, &challenge)?;
                message.timeout = Some(patience.as_secs_f64());
                Ok((challenge, message))
            };
            miners.into_iter().map(draw).collect::<Result<Vec<_>, Mismatch>>()
        });
        Ok(drawn.await??)
    }

    /// Asks all miners, each in a task of its own, and returns their responses in the same order.
    pub(crate) async fn ask(&self, requests: Vec<RoundRequest>) -> Result<Vec<MinerResponse<T::Answer>>, RoundError> {
        let room = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
        // Requests end with the set, also if the round is dropped.
        let mut asking = JoinSet::new();
        for (place, (reach, delay, message)) in requests.into_iter().enumerate() {
            let (dendrite, task) = (Arc::clone(&self.dendrite), Arc::clone(&self.task));
            let (room, reading) = (Arc::clone(&room), self.reading.clone());
            asking.spawn(async move {
                let peer = match reach {
                    Ok(peer) => peer,
                    Err(error) => return (place, Ok(MinerResponse::failed(error, Duration::ZERO))),
                };
                sleep(delay).await;
                let _room = room.acquire_owned().await;
                let began = Instant::now();
                let heard = unpanicked(ask(&dendrite, &task, &reading, (&peer, &message))).await;
                let panicked = || Ok(MinerResponse::failed(panicked(), began.elapsed()));
                (place, heard.unwrap_or_else(panicked))
            });
        }
        let mut heard = asking.join_all().await;
        heard.sort_by_key(|(place, _)| *place);
        heard.into_iter().map(|(_, heard)| heard).collect()
    }

    /// Returns the verdicts on all exchanges, in the same order.
    pub(crate) async fn judge(&self, exchanges: Vec<Exchange<T>>) -> Result<Vec<Verdict>, RoundError> {
        let judge = Arc::clone(&self.judge);
        let judged = self.judging.run(self.limit, move || verdicts::<T>(&*judge, &exchanges));
        judged.await?.ok_or(RoundError::Verdicts)
    }
}

/// Returns the failure of an answer on which the task panics.
fn panicked() -> AskError {
    AskError::Content("the task panicked on it".into())
}

/// Asks one miner.
async fn ask<T: Task>(
    dendrite: &Dendrite,
    task: &Arc<T>,
    reading: &WorkThreads,
    (peer, message): (&Peer, &Synapse),
) -> Result<MinerResponse<T::Answer>, RoundError> {
    let started = Instant::now();
    let arrived = if task.streams() {
        read_stream(dendrite, &**task, peer, message, started).await
    } else {
        let asked = dendrite.ask(peer, message).await;
        let elapsed = asked.elapsed;
        let arrived = asked.result.map(|answer| {
            let (message, receipt) = match answer {
                Answer::Signed { message, receipt } => (message.into_content(), Some(receipt)),
                Answer::Claimed(message) => (message, None),
            };
            (RawAnswer::Whole(Box::new(message)), Arrival { first: elapsed, elapsed, receipt, signed: elapsed })
        });
        arrived.map_err(|error| (error, elapsed))
    };
    let (unread, arrival) = match arrived {
        Ok(arrived) => arrived,
        Err((error, elapsed)) => return Ok(MinerResponse::failed(error, elapsed)),
    };
    let Arrival { first, elapsed, receipt, signed } = arrival;
    let is_claimed = receipt.is_none();
    let task = Arc::clone(task);
    let read = reading.run(READING_LIMIT, move || {
        let answer = match unread {
            RawAnswer::Whole(message) => task.answered(&message),
            RawAnswer::Stream(bytes) => task.streamed(&bytes),
        };
        (answer, receipt.and_then(|receipt| clock_offset(&receipt, signed)))
    });
    let times = ResponseTimes { first: Some(first), elapsed, failure: None, is_claimed, clock_offset: None };
    Ok(match read.await {
        Ok((Ok(answer), clock_offset)) => MinerResponse {
            reply: Some(Reply { answer, first, elapsed }),
            times: ResponseTimes { clock_offset, ..times },
        },
        Ok((Err(error), clock_offset)) => {
            let failure = Some(AskError::Content(error.to_string().into()));
            MinerResponse { reply: None, times: ResponseTimes { first: None, failure, clock_offset, ..times } }
        }
        Err(WorkError::Panicked) => MinerResponse::failed(panicked(), elapsed),
        Err(WorkError::Slow) => {
            MinerResponse::failed(AskError::Content("the task takes too long to read it".into()), elapsed)
        }
        // Other answers have all threads, which is no fault of this miner.
        Err(WorkError::Full) => return Err(RoundError::Slow),
    })
}

/// Returns the clock of the responder, less the own one, in nanoseconds. The answer was signed `signed` after the
/// request.
fn clock_offset(receipt: &Receipt, signed: Duration) -> Option<i64> {
    let statement = receipt.verify().ok()?;
    let own = i128::from(statement.asked_at).saturating_add(i128::try_from(signed.as_nanos()).ok()?);
    i64::try_from(i128::from(statement.answered_at).saturating_sub(own)).ok()
}

async fn read_stream<T: Task>(
    dendrite: &Dendrite,
    task: &T,
    peer: &Peer,
    message: &Synapse,
    started: Instant,
) -> Result<(RawAnswer, Arrival), (AskError, Duration)> {
    let failed = |error| (error, started.elapsed());
    let mut stream = dendrite.ask_stream(peer, message).await.map_err(failed)?;
    let signed = started.elapsed();
    let (mut bytes, mut first) = (Vec::new(), None);
    while let Some(piece) = stream.next().await.map_err(failed)? {
        bytes.extend_from_slice(&piece);
        if first.is_none() && task.begins(&bytes) {
            first = Some(stream.elapsed());
        }
    }
    let elapsed = stream.elapsed();
    if stream.is_broken() {
        return Err((AskError::Cut("the neuron broke the stream off".into()), elapsed));
    }
    let arrival = Arrival { first: first.unwrap_or(elapsed), elapsed, receipt: stream.receipt(), signed };
    Ok((RawAnswer::Stream(bytes), arrival))
}
