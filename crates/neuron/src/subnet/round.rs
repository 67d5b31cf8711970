//! One challenge to everybody.

use super::{Judge, Task, question};
use crate::{AskError, Asked, Dendrite, Peer};
use myelin_primitives::Fraction;
use myelin_wire::{Hotkey, class::Mismatch};
use std::time::Duration;

/// What a neuron got for its answer.
#[derive(Debug)]
pub struct Scored {
    /// The neuron.
    pub hotkey: Hotkey,
    /// How long it took.
    pub elapsed: Duration,
    /// Its score, or why it has none; counts as nothing then.
    pub score: Result<Fraction, AskError>,
}

/// Draws a challenge, asks all peers side by side, and scores what they answer, in their order.
///
/// # Errors
/// [`Mismatch`] when the judge draws a challenge that is no message of the task.
pub async fn round<T: Task>(
    dendrite: &Dendrite,
    task: &T,
    judge: &impl Judge<T>,
    (seed, patience): (u64, Duration),
    peers: &[Peer],
) -> Result<Vec<Scored>, Mismatch> {
    let challenge = judge.draw(seed);
    let mut message = question(task, &challenge)?;
    message.timeout = Some(patience.as_secs_f64());
    let asked = dendrite.ask_many(peers, &message).await;
    let score = |Asked { hotkey, elapsed, result }| {
        let score = result.and_then(|answer| {
            let answer = task.answered(answer.message()).map_err(|error| AskError::Content(error.to_string()))?;
            Ok(judge.score(&challenge, &answer, elapsed))
        });
        Scored { hotkey, elapsed, score }
    };
    Ok(asked.into_iter().map(score).collect())
}
