//! A round: one challenge for each miner.

use super::{Exchange, Judge, Reply, Task, question, ranked};
use futures::stream::StreamExt;
use myelin_neuron::{AskError, Dendrite, Peer};
use myelin_primitives::Fraction;
use myelin_wire::{PublicKey, Synapse, class::Mismatch};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// The number of miners that are asked at the same time.
const MAX_IN_FLIGHT: usize = 64;

/// The result of one neuron in a round.
#[derive(Clone, Debug)]
pub struct ScoredAnswer {
    /// The hotkey of the neuron.
    pub hotkey: PublicKey,
    /// The time until the first byte of the answer, if there is one.
    pub first: Option<Duration>,
    /// The time until the last byte, or until the failure.
    pub elapsed: Duration,
    /// The score, or the cause of a missing score, which counts as 0.
    pub score: Result<Fraction, AskError>,
}

/// A round that cannot be held.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The judge drew a challenge that is no message of the task.
    #[error("the judge drew a challenge that is no message of the task: {0}")]
    Challenge(#[from] Mismatch),
    /// The judge panicked.
    #[error("the judge panicked while it scored")]
    Judge,
}

/// Draws a challenge for each peer, asks all peers concurrently, and returns their scores in the same order.
///
/// Scoring runs on a thread of its own.
///
/// # Errors
/// [`RoundError`] for a fault of the judge, and never for one of a miner.
pub async fn round<T: Task, J: Judge<T>>(
    dendrite: &Dendrite,
    task: &T,
    judge: &Arc<J>,
    (seed, patience): (u64, Duration),
    peers: &[Peer],
) -> Result<Vec<ScoredAnswer>, RoundError> {
    let mut questions = Vec::with_capacity(peers.len());
    for peer in peers {
        let challenge = judge.draw(seed, peer.hotkey);
        let mut message = question(task, &challenge)?;
        message.timeout = Some(patience.as_secs_f64());
        questions.push((peer, challenge, message));
    }
    let mut asking = Vec::with_capacity(peers.len());
    for (peer, _, message) in &questions {
        asking.push(ask(dendrite, task, peer, message));
    }
    let asked: Vec<_> = futures::stream::iter(asking).buffered(MAX_IN_FLIGHT).collect().await;
    let mut scored = Vec::with_capacity(peers.len());
    let mut exchanges: Vec<Exchange<T>> = Vec::with_capacity(peers.len());
    for ((peer, challenge, _), (elapsed, result)) in questions.into_iter().zip(asked) {
        let (reply, score) = match result {
            Ok(reply) => (Some(reply), Ok(Fraction::from_u16(0))),
            Err(error) => (None, Err(error)),
        };
        scored.push(ScoredAnswer {
            hotkey: peer.hotkey,
            first: reply.as_ref().map(|reply| reply.first),
            elapsed,
            score,
        });
        exchanges.push((challenge, reply));
    }
    let judge = Arc::clone(judge);
    let ranks = tokio::task::spawn_blocking(move || ranked::<T>(&*judge, &exchanges)).await;
    for (scored, score) in scored.iter_mut().zip(ranks.map_err(|_| RoundError::Judge)?) {
        if let Some(score) = score {
            scored.score = Ok(score);
        }
    }
    Ok(scored)
}

/// Asks one miner.
async fn ask<T: Task>(
    dendrite: &Dendrite,
    task: &T,
    peer: &Peer,
    message: &Synapse,
) -> (Duration, Result<Reply<T::Answer>, AskError>) {
    let started = Instant::now();
    if task.streams() {
        let read = read_stream(dendrite, task, peer, message).await;
        return (read.as_ref().map_or_else(|_| started.elapsed(), |reply| reply.elapsed), read);
    }
    let asked = dendrite.ask(peer, message).await;
    let elapsed = asked.elapsed;
    let reply = asked.result.and_then(|answer| {
        let answer = task.answered(answer.message()).map_err(|error| AskError::Content(error.to_string().into()))?;
        Ok(Reply { answer, first: elapsed, elapsed })
    });
    (elapsed, reply)
}

async fn read_stream<T: Task>(
    dendrite: &Dendrite,
    task: &T,
    peer: &Peer,
    message: &Synapse,
) -> Result<Reply<T::Answer>, AskError> {
    let mut stream = dendrite.ask_stream(peer, message).await?;
    let (mut bytes, mut first) = (Vec::new(), None);
    while let Some(piece) = stream.next().await? {
        bytes.extend_from_slice(&piece);
        if first.is_none() && task.begins(&bytes) {
            first = Some(stream.elapsed());
        }
    }
    let elapsed = stream.elapsed();
    if stream.is_broken() {
        return Err(AskError::Cut("the neuron broke the stream off".into()));
    }
    let answer = task.streamed(&bytes).map_err(|error| AskError::Content(error.to_string().into()))?;
    Ok(Reply { answer, first: first.unwrap_or(elapsed), elapsed })
}
