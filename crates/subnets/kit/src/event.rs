//! Events of a neuron, for terminals and logs.

use core::fmt;
use myelin_neuron::AskError;
use myelin_primitives::{BlockNumber, Entry, Uid};
use myelin_wire::PublicKey;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// An event of a neuron at work.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NeuronEvent {
    /// The hotkey has a seat, and the neuron works.
    Joined {
        /// The uid of the seat.
        uid: Uid,
        /// The block of the state in which the seat was read.
        block: BlockNumber,
    },
    /// A new block is final.
    Block {
        /// The height of the block.
        block: BlockNumber,
        /// The block of the next epoch, if one is scheduled.
        next_epoch: Option<BlockNumber>,
    },
    /// Seats were taken over by other neurons.
    Replaced {
        /// The uids of the seats.
        uids: Vec<Uid>,
        /// The block.
        block: BlockNumber,
    },
    /// No node answers. The neuron continues with the last known state.
    Outage {
        /// The cause.
        error: String,
    },
    /// A node answers again.
    Back {
        /// The last final block.
        block: BlockNumber,
    },
    /// The axon accepts connections.
    Serving {
        /// The address at which it listens.
        address: SocketAddr,
    },
    /// The address of the axon is on the chain.
    Announced {
        /// The address that others use.
        address: SocketAddr,
        /// The block of the announcement.
        block: BlockNumber,
    },
    /// The address of the axon is not on the chain. The announcement is repeated.
    AnnounceFailed {
        /// The cause.
        error: String,
    },
    /// A request was answered.
    Served {
        /// The hotkey of the caller.
        caller: PublicKey,
        /// The seat of the caller, if it has one.
        uid: Option<Uid>,
        /// The time of the work.
        elapsed: Duration,
        /// The cause of a missing or incomplete answer.
        failure: Option<String>,
    },
    /// No miner of the subnet serves.
    NobodyServes,
    /// A round began.
    RoundBegan {
        /// The number of the round.
        round: u64,
        /// The seats of the miners in the round.
        miners: Vec<Uid>,
    },
    /// The result of one miner in a round.
    Answered {
        /// The number of the round.
        round: u64,
        /// The seat of the miner.
        uid: Uid,
        /// The hotkey of the miner.
        hotkey: PublicKey,
        /// The time until the first byte of the answer.
        first: Option<Duration>,
        /// The time until the last byte, or until the failure.
        elapsed: Duration,
        /// The score in parts of a million, or the cause of a missing score.
        score: Result<u64, AskError>,
        /// The average after this score, in parts of a million.
        average: u64,
    },
    /// A round failed.
    RoundFailed {
        /// The number of the round.
        round: u64,
        /// The cause.
        error: String,
    },
    /// The state was not stored. This is repeated after the next round.
    NotSaved {
        /// The cause.
        error: String,
    },
    /// The validator may not set weights until the next epoch.
    NoPermit {
        /// The block.
        block: BlockNumber,
    },
    /// The averages give no weights. The validator submits nothing, and the weights in force stay.
    NoOpinion {
        /// The cause.
        reason: String,
    },
    /// The weights in force are older than half of the activity cutoff, and there are no new ones.
    OldWeights {
        /// The block in which they were set or committed.
        fixed_at: BlockNumber,
        /// The last block in which they count.
        until: BlockNumber,
    },
    /// The subnet asks for another version key. The validator sends it from now on.
    VersionKey {
        /// The key.
        version_key: u64,
    },
    /// A submission of weights began.
    Weighing {
        /// The kind of submission.
        step: WeightsStep,
        /// The weights by seat.
        weights: Vec<Entry>,
    },
    /// The submission is in a final block.
    Weighed {
        /// The kind of submission.
        step: WeightsStep,
        /// The block.
        block: BlockNumber,
    },
    /// The submission failed. It is repeated.
    WeighingFailed {
        /// The kind of submission.
        step: WeightsStep,
        /// The cause.
        error: String,
        /// The hints of the error.
        hints: Vec<String>,
    },
    /// The neuron was asked to stop, and finishes open work.
    Stopping,
}

/// A step by which weights reach the chain (spec weights §2, §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsStep {
    /// The weights in clear text.
    Set,
    /// The hash of the weights, which hides them until the reveal.
    Commit,
    /// The weights of an earlier commit.
    Reveal,
}

impl WeightsStep {
    /// Returns the step as one word.
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

/// Formats parts of a million as percent with one digit.
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
            Self::OldWeights { fixed_at, until } => {
                write!(out, "the weights of block {fixed_at} are old, and count until block {until}")
            }
            Self::VersionKey { version_key } => write!(out, "the subnet asks for version key {version_key}"),
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

/// A sink of events.
///
/// It is called on the threads that work, so it should pass the events on and not block.
#[derive(Clone)]
pub struct EventSink(Arc<dyn Fn(NeuronEvent) + Send + Sync>);

impl EventSink {
    /// Returns a sink that calls this function.
    pub fn new(to: impl Fn(NeuronEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(to))
    }

    /// Returns a sink that writes to the log.
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
