//! Events of a neuron, for terminals and logs.

use core::fmt;
use myelin_neuron::AskError;
use myelin_primitives::{BlockNumber, Entry, Uid};
use myelin_wire::PublicKey;
use std::{
    net::SocketAddr,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// The number of events that wait for the receiver of a sink.
const EVENT_BUFFER: usize = 4_096;

/// The longest wait for the last events of a neuron to be received.
const LAST_EVENTS: Duration = Duration::from_secs(1);

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
        /// The score in parts of a million, or the cause of a missing answer. Without a judgement there is no score.
        score: Result<Option<u64>, AskError>,
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
    /// The judge, or the task, has not ended its work on a round within the limit. The round is dropped.
    ///
    /// No other round is held before the work ends. The event is repeated once a minute until then.
    JudgeSlow {
        /// The number of the last round.
        round: u64,
        /// The limit.
        limit: Duration,
    },
    /// This machine is cut off, or its clock is wrong. Nothing of the round is noted.
    OwnOutage {
        /// The number of the round.
        round: u64,
        /// The number of miners that were asked.
        asked: usize,
        /// The number of miners that gave no answer.
        failed: usize,
        /// The number of other validators that were asked as witnesses. None of them answered.
        witnesses: usize,
        /// The cause.
        reason: OutageReason,
    },
    /// The clock of this machine differs from the clocks of neurons that signed answers, by more than 2 s.
    ClockOffset {
        /// The median of their clocks, less the own clock, in milliseconds.
        clock_offset: i64,
        /// The number of answers.
        answers: usize,
    },
    /// Weights are not submitted, because the last rounds were own outages. The weights in force stay.
    CutOff {
        /// The block.
        block: BlockNumber,
    },
    /// The receiver of events was too slow, and events were dropped.
    Missed {
        /// The number of dropped events.
        events: u64,
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

/// The cause of an own outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageReason {
    /// The network connection of this machine.
    Line,
    /// The clock of this machine: miners call its requests stale.
    Clock,
}

impl OutageReason {
    /// Returns the cause as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Clock => "clock",
        }
    }
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
                    Ok(Some(score)) => write!(out, "{uid} scores {} in {} ms", percent(*score), elapsed.as_millis())?,
                    Ok(None) => write!(out, "{uid} is not judged")?,
                    Err(error) => write!(out, "{uid} scores nothing: {error}")?,
                }
                write!(out, ", on average {}", percent(*average))
            }
            Self::RoundFailed { round, error } => write!(out, "round {round} was not held: {error}"),
            Self::JudgeSlow { round, limit } => {
                write!(out, "round {round} was not held: the judge needs more than {} s", limit.as_secs())
            }
            Self::OwnOutage { asked, failed, witnesses, reason, .. } => {
                let said = outage(*asked, *failed, *witnesses, *reason);
                write!(out, "{said}. Nothing is noted")
            }
            Self::ClockOffset { clock_offset, answers } => write!(out, "{}", clock(*clock_offset, *answers)),
            Self::CutOff { block } => write!(out, "block {block}: this machine is cut off, and submits no weights"),
            Self::Missed { events } => write!(out, "{events} events dropped: the output is too slow"),
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

/// Returns the account of an own outage.
fn outage(asked: usize, failed: usize, witnesses: usize, reason: OutageReason) -> String {
    let failures = if failed == asked { "none answered".to_owned() } else { format!("{failed} did not answer") };
    let others = match witnesses {
        0 => String::new(),
        1 => "; 1 validator did not answer either".to_owned(),
        count => format!("; {count} validators did not answer either"),
    };
    let cause = match reason {
        OutageReason::Line => "this machine is cut off",
        OutageReason::Clock => "the clock of this machine is wrong",
    };
    format!("{asked} asked, {failures}{others}: {cause}")
}

/// Returns the account of a clock that differs by this many milliseconds.
fn clock(offset: i64, answers: usize) -> String {
    let (tenths, side) = (offset.unsigned_abs() / 100, if offset < 0 { "ahead of" } else { "behind" });
    format!("your clock is {}.{} s {side} {answers} signed answers", tenths / 10, tenths % 10)
}

/// A sink of events.
///
/// Work never waits for a sink. Its receiver runs on a thread of its own; if it is too slow, events are dropped and
/// counted ([`NeuronEvent::Missed`]). A panic of the receiver loses one event.
#[derive(Clone)]
pub struct EventSink(Arc<SinkQueue>);

struct SinkQueue {
    sender: SyncSender<SinkItem>,
    missed: AtomicU64,
}

enum SinkItem {
    Event(Box<NeuronEvent>),
    /// A request to say that all earlier events were received.
    Flush(oneshot::Sender<()>),
}

impl EventSink {
    /// Returns a sink that calls this function with each event, in order.
    pub fn new(to: impl Fn(NeuronEvent) + Send + Sync + 'static) -> Self {
        Self::with_buffer(EVENT_BUFFER, to)
    }

    fn with_buffer(events: usize, to: impl Fn(NeuronEvent) + Send + Sync + 'static) -> Self {
        let (sender, receiver) = sync_channel(events);
        let thread = thread::Builder::new().name("events".to_owned());
        if let Err(error) = thread.spawn(move || receive(&receiver, to)) {
            tracing::error!(%error, "events are not received");
        }
        Self(Arc::new(SinkQueue { sender, missed: AtomicU64::new(0) }))
    }

    /// Returns a sink that writes to the log.
    pub fn log() -> Self {
        Self::new(|event| tracing::info!("{event}"))
    }

    pub(super) fn send(&self, event: NeuronEvent) {
        let SinkQueue { sender, missed } = &*self.0;
        let events = missed.swap(0, Ordering::Relaxed);
        if events > 0 && sender.try_send(SinkItem::Event(Box::new(NeuronEvent::Missed { events }))).is_err() {
            missed.fetch_add(events, Ordering::Relaxed);
        }
        if sender.try_send(SinkItem::Event(Box::new(event))).is_err() {
            missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all events so far are received, but not for a receiver that blocks.
    pub(super) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.0.sender.try_send(SinkItem::Flush(done)).is_ok() {
            drop(timeout(LAST_EVENTS, flushed).await);
        }
    }
}

/// Passes events to the function until the sink is dropped.
fn receive(items: &Receiver<SinkItem>, to: impl Fn(NeuronEvent)) {
    while let Ok(item) = items.recv() {
        match item {
            // The hook of panics has reported it.
            SinkItem::Event(event) => drop(catch_unwind(AssertUnwindSafe(|| to(*event)))),
            SinkItem::Flush(done) => drop(done.send(())),
        }
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
        assert_eq!(said(answered(Ok(Some(987_654)), 98_765)), "3 scores 98.8 % in 250 ms, on average 9.9 %");
        assert_eq!(said(answered(Ok(None), 98_765)), "3 is not judged, on average 9.9 %");
        let silent = said(answered(Err(AskError::NotServing), 0));
        assert_eq!(silent, "3 scores nothing: the neuron does not serve, on average 0.0 %");
        assert_eq!(said(NeuronEvent::Weighed { step: WeightsStep::Reveal, block: 9 }), "weights revealed in block 9");
        let hints = vec!["wait".to_owned(), "look".to_owned()];
        let failed = NeuronEvent::WeighingFailed { step: WeightsStep::Set, error: "too soon".to_owned(), hints };
        assert_eq!(said(failed), "cannot set weights: too soon; wait; look");
    }

    #[test]
    fn nh_33_an_own_outage_says_why() {
        let outage = |asked, failed, witnesses, reason| {
            NeuronEvent::OwnOutage { round: 812, asked, failed, witnesses, reason }.to_string()
        };
        let cut_off =
            "16 asked, none answered; 2 validators did not answer either: this machine is cut off. Nothing is noted";
        assert_eq!(outage(16, 16, 2, OutageReason::Line), cut_off);
        let clock = "3 asked, 2 did not answer: the clock of this machine is wrong. Nothing is noted";
        assert_eq!(outage(3, 2, 0, OutageReason::Clock), clock);
        let offset = |clock_offset| NeuronEvent::ClockOffset { clock_offset, answers: 14 }.to_string();
        assert_eq!(offset(-11_234), "your clock is 11.2 s ahead of 14 signed answers");
        assert_eq!(offset(2_050), "your clock is 2.0 s behind 14 signed answers");
    }

    fn back(block: BlockNumber) -> NeuronEvent {
        NeuronEvent::Back { block }
    }

    #[tokio::test]
    async fn nh_47_a_sink_that_blocks_delays_nothing_and_what_it_missed_is_counted() {
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let (received, events) = std::sync::mpsc::channel();
        let wait = std::sync::Mutex::new(wait);
        let sink = EventSink::with_buffer(2, move |event| {
            received.send(event).unwrap();
            let _ = wait.lock().unwrap().recv();
        });
        sink.send(back(0));
        assert_eq!(events.recv(), Ok(back(0)));
        // One is being received, two wait, and three find no room.
        (1..=5).for_each(|block| sink.send(back(block)));
        drop(go_on);
        assert_eq!([events.recv(), events.recv()], [Ok(back(1)), Ok(back(2))]);
        sink.flush().await;
        sink.send(back(6));
        let rest = [events.recv().unwrap(), events.recv().unwrap()];
        assert_eq!(rest, [NeuronEvent::Missed { events: 3 }, back(6)]);
    }

    #[tokio::test]
    async fn nh_48_a_sink_that_panics_goes_on() {
        let (received, events) = std::sync::mpsc::channel();
        let sink = EventSink::new(move |event| {
            assert_ne!(event, back(1), "it is a test");
            received.send(event).unwrap();
        });
        (0..3).for_each(|block| sink.send(back(block)));
        sink.flush().await;
        assert_eq!(events.try_iter().collect::<Vec<_>>(), [back(0), back(2)]);
    }
}
