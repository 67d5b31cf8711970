//! What a neuron has to tell while it works, for terminals and logs.

use core::fmt;
use myelin_neuron::AskError;
use myelin_primitives::{BlockNumber, Entry, Uid};
use myelin_wire::PublicKey;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NeuronEvent {
    /// The hotkey has a seat, and the neuron works.
    Joined {
        /// The seat.
        uid: Uid,
        /// The block in which it was looked up.
        block: BlockNumber,
    },
    /// A new block is final.
    Block {
        /// Its height.
        block: BlockNumber,
        /// The block of the next epoch, if there is one to come.
        next_epoch: Option<BlockNumber>,
    },
    /// Seats have other neurons now.
    Replaced {
        /// Which.
        uids: Vec<Uid>,
        /// The block.
        block: BlockNumber,
    },
    /// The chain does not answer. Work goes on with what is known of it.
    Outage {
        /// What is wrong.
        error: String,
    },
    /// The chain answers again.
    Back {
        /// Its last final block.
        block: BlockNumber,
    },
    /// The axon listens.
    Serving {
        /// Where.
        address: SocketAddr,
    },
    /// The chain knows where the axon is.
    Announced {
        /// Where, as others see it.
        address: SocketAddr,
        /// The block that says so.
        block: BlockNumber,
    },
    /// The chain was not told where the axon is. It is tried again.
    AnnounceFailed {
        /// Why.
        error: String,
    },
    /// Somebody asked, and the work for it is done.
    Served {
        /// Who asked.
        caller: PublicKey,
        /// Its seat, if it has one.
        uid: Option<Uid>,
        /// How long the work took.
        elapsed: Duration,
        /// Why there is no answer, or none to the end.
        failure: Option<String>,
    },
    /// No miner of the subnet serves.
    NobodyServes,
    /// Miners are asked.
    RoundBegan {
        /// The number of the round.
        round: u64,
        /// Who is asked.
        miners: Vec<Uid>,
    },
    /// A miner has answered, or not.
    Answered {
        /// The number of the round.
        round: u64,
        /// Its seat.
        uid: Uid,
        /// Who it is.
        hotkey: PublicKey,
        /// How long the first byte of the answer took.
        first: Option<Duration>,
        /// How long the last one took, or the failure.
        elapsed: Duration,
        /// Its score in parts of a million, or why it has none.
        score: Result<u64, AskError>,
        /// Its average after that, in parts of a million.
        average: u64,
    },
    /// A round could not be held.
    RoundFailed {
        /// The number of the round.
        round: u64,
        /// Why.
        error: String,
    },
    /// What was learned is not written down. It is tried again after the next round.
    NotSaved {
        /// Why.
        error: String,
    },
    /// The validator may not set weights until the next epoch.
    NoPermit {
        /// The block.
        block: BlockNumber,
    },
    /// There is nothing to say about anybody. The chain is told so, which keeps the seat active.
    NoOpinion {
        /// Why.
        reason: String,
    },
    /// Weights are on their way.
    Weighing {
        /// How.
        step: WeightsStep,
        /// Seats with their weights.
        weights: Vec<Entry>,
    },
    /// They are in a final block.
    Weighed {
        /// How.
        step: WeightsStep,
        /// The block.
        block: BlockNumber,
    },
    /// They are not. It is tried again.
    WeighingFailed {
        /// How.
        step: WeightsStep,
        /// Why.
        error: String,
        /// What would help.
        hints: Vec<String>,
    },
    /// It is asked to stop, and finishes what it has begun.
    Stopping,
}

/// How weights get on the chain. spec weights §2, §5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsStep {
    /// Openly.
    Set,
    /// By a commit, which hides them.
    Commit,
    /// By a reveal of what was committed.
    Reveal,
}

impl WeightsStep {
    /// In one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Commit => "commit",
            Self::Reveal => "reveal",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Set => "weights set",
            Self::Commit => "weights committed",
            Self::Reveal => "weights revealed",
        }
    }
}

/// Percent with one digit of parts of a million.
pub(super) fn percent(ppm: u64) -> String {
    let tenths = ppm.saturating_add(500) / 1_000;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

impl fmt::Display for NeuronEvent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined { uid, block } => write!(out, "seat {uid}, as of block {block}"),
            Self::Block { block, next_epoch: Some(epoch) } => write!(out, "block {block}, next epoch in {epoch}"),
            Self::Block { block, next_epoch: None } => write!(out, "block {block}"),
            Self::Replaced { uids, block } => write!(out, "block {block}: other neurons on {}", listed(uids)),
            Self::Outage { error } => write!(out, "the chain does not answer: {error}"),
            Self::Back { block } => write!(out, "the chain answers again, at block {block}"),
            Self::Serving { address } => write!(out, "serving at {address}"),
            Self::Announced { address, block } => write!(out, "announced {address} in block {block}"),
            Self::AnnounceFailed { error } => write!(out, "not announced: {error}"),
            Self::Served { caller, uid, elapsed, failure } => {
                match uid {
                    Some(uid) => write!(out, "answered {uid}")?,
                    None => write!(out, "answered {caller}")?,
                }
                write!(out, " in {} ms", elapsed.as_millis())?;
                failure.as_ref().map_or(Ok(()), |failure| write!(out, ": {failure}"))
            }
            Self::NobodyServes => write!(out, "no miner serves"),
            Self::RoundBegan { round, miners } => write!(out, "round {round} asks {}", listed(miners)),
            Self::Answered { uid, elapsed, score, average, .. } => {
                match score {
                    Ok(score) => write!(out, "{uid} scores {} in {} ms", percent(*score), elapsed.as_millis())?,
                    Err(error) => write!(out, "{uid} scores nothing: {error}")?,
                }
                write!(out, ", on average {}", percent(*average))
            }
            Self::RoundFailed { round, error } => write!(out, "round {round} was not held: {error}"),
            Self::NotSaved { error } => write!(out, "not saved: {error}"),
            Self::NoPermit { block } => write!(out, "block {block}: no permit to validate until the next epoch"),
            Self::NoOpinion { reason } => write!(out, "no opinion: {reason}"),
            Self::Weighing { step, weights } => write!(out, "{} weights of {} seats", step.word(), weights.len()),
            Self::Weighed { step, block } => write!(out, "{} in block {block}", step.done()),
            Self::WeighingFailed { step, error, hints } => {
                write!(out, "cannot {} weights: {error}", step.word())?;
                hints.iter().try_for_each(|hint| write!(out, "; {hint}"))
            }
            Self::Stopping => write!(out, "stopping"),
        }
    }
}

fn listed(uids: &[Uid]) -> String {
    uids.iter().map(Uid::to_string).collect::<Vec<_>>().join(", ")
}

/// Where events go. Called on the threads that work, so it should hand them on and wait for nothing.
#[derive(Clone)]
pub struct EventSink(Arc<dyn Fn(NeuronEvent) + Send + Sync>);

impl EventSink {
    /// To this function.
    pub fn new(to: impl Fn(NeuronEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(to))
    }

    /// To the log.
    pub fn log() -> Self {
        Self::new(|event| tracing::info!("{event}"))
    }

    pub(super) fn send(&self, event: NeuronEvent) {
        (self.0)(event);
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Report(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_read_as_sentences() {
        let said = |event: NeuronEvent| event.to_string();
        let uid = Uid::new(3);
        let answered = |score, average| NeuronEvent::Answered {
            round: 1,
            uid,
            hotkey: PublicKey::from_bytes([1; 32]),
            first: None,
            elapsed: Duration::from_millis(250),
            score,
            average,
        };
        assert_eq!(said(answered(Ok(987_654), 98_765)), "3 scores 98.8 % in 250 ms, on average 9.9 %");
        let silent = said(answered(Err(AskError::NotServing), 0));
        assert_eq!(silent, "3 scores nothing: the neuron does not serve, on average 0.0 %");
        assert_eq!(said(NeuronEvent::Weighed { step: WeightsStep::Reveal, block: 9 }), "weights revealed in block 9");
        let hints = vec!["wait".to_owned(), "look".to_owned()];
        let failed = NeuronEvent::WeighingFailed { step: WeightsStep::Set, error: "too soon".to_owned(), hints };
        assert_eq!(said(failed), "cannot set weights: too soon; wait; look");
    }
}
