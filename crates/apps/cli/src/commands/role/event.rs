//! Events of a running miner or validator.

use crate::{
    log::LogLine,
    page::{Page, Render, Tone, plain},
    share::{percent, u16_percent},
};
use myelin_primitives::{Amount, MILLION, Tao, Uid};
use myelin_subnet_kit::{NeuronEvent, WeightsStep};
use myelin_subnet_text::judge::{Finding, Judgement};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// An event of a neuron.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum RoleEvent {
    /// Start of the work, with the seat of the hotkey.
    Joined {
        /// Uid of the seat.
        uid: u16,
        /// Block in which the seat was read.
        block: u32,
    },
    /// A new final block.
    Block {
        /// Height of the block.
        block: u32,
        /// Block of the next epoch, if there is one.
        next_epoch: Option<u32>,
    },
    /// Payment of an epoch.
    Paid {
        /// Block that ran the epoch.
        block: u32,
        /// Incentive of the neuron: its part of the miners' emission, of 65 535.
        incentive: u16,
        /// Dividends of the neuron: its part of the validators' emission, of 65 535.
        dividends: u16,
        /// Emission that the neuron received, in rao.
        #[schemars(with = "u64")]
        emission: Amount<Tao>,
    },
    /// Seats that other neurons took.
    Replaced {
        /// Uids of the seats.
        uids: Vec<u16>,
        /// Block of the change.
        block: u32,
    },
    /// Loss of the connection to the chain; work continues with the last known state.
    Outage {
        /// Error of the connection.
        error: String,
    },
    /// Return of the connection to the chain.
    Back {
        /// Last final block.
        block: u32,
    },
    /// Start of the axon.
    Serving {
        /// Address at which the axon listens.
        address: String,
    },
    /// Announcement of the axon on the chain.
    Announced {
        /// Announced address.
        address: String,
        /// Block with the announcement.
        block: u32,
    },
    /// Failed announcement of the axon, which is tried again.
    AnnounceFailed {
        /// Error of the announcement.
        error: String,
    },
    /// End of the work for a request.
    Served {
        /// Address of the caller's hotkey.
        caller: String,
        /// Uid of the caller, if it has a seat.
        uid: Option<u16>,
        /// Duration of the work, in microseconds.
        elapsed_us: u64,
        /// Reason that the answer is missing or incomplete.
        failure: Option<String>,
    },
    /// Lack of miners that serve on the subnet.
    NobodyServes {},
    /// Start of a round.
    RoundBegan {
        /// Number of the round.
        round: u64,
        /// Uids of the miners that are asked.
        miners: Vec<u16>,
    },
    /// Result of checking an answer.
    Judged {
        /// Address of the miner's hotkey.
        hotkey: String,
        /// Number of tokens in the answer.
        tokens: u64,
        /// Number of tokens that were recomputed, if the answer is the model's.
        checked: Option<u64>,
        /// Reason that the answer is not the model's.
        wrong: Option<String>,
    },
    /// Score of a miner.
    Scored {
        /// Number of the round.
        round: u64,
        /// Uid of the miner.
        uid: u16,
        /// Address of the miner's hotkey.
        hotkey: String,
        /// Time to the beginning of the answer, in microseconds.
        first_us: Option<u64>,
        /// Time to the end of the answer, or to the failure, in microseconds.
        elapsed_us: u64,
        /// Score in parts of a million; absent if there was no answer, or if it was not judged.
        score_ppm: Option<u64>,
        /// Reason that there was no answer.
        error: Option<String>,
        /// Average after the score, in parts of a million.
        average_ppm: u64,
    },
    /// A round that failed.
    RoundFailed {
        /// Number of the round.
        round: u64,
        /// Error of the round.
        error: String,
    },
    /// A judge that has not ended its work on a round; no round is held until it does.
    JudgeSlow {
        /// Number of the last round.
        round: u64,
        /// Maximum time for a step of the judge, in microseconds.
        limit_us: u64,
    },
    /// A round whose failures are the fault of this machine; nothing of it is noted.
    OwnOutage {
        /// Number of the round.
        round: u64,
        /// Number of miners that were asked.
        asked: u64,
        /// Number of miners that did not answer.
        failed: u64,
        /// Number of other validators that were asked, of which none answered.
        witnesses: u64,
        /// Cause: `line` or `clock`.
        reason: String,
        /// Text of the event.
        text: String,
    },
    /// A clock of this machine that differs by more than 2 s from those of neurons that signed answers.
    ClockOffset {
        /// Median of their clocks, less the clock of this machine, in milliseconds.
        clock_offset: i64,
        /// Number of answers.
        answers: u64,
        /// Text of the event.
        text: String,
    },
    /// Weights that are not sent because the last rounds were own outages.
    CutOff {
        /// Block in which they were due.
        block: u32,
    },
    /// Failure to save the scores, which is tried again after the next round.
    NotSaved {
        /// Error of the write.
        error: String,
    },
    /// Lack of a validator permit until the next epoch.
    NoPermit {
        /// Block in which the permit was missing.
        block: u32,
    },
    /// Lack of scores from which weights could follow.
    NoOpinion {
        /// Reason for the lack.
        reason: String,
    },
    /// Weights in force that are older than half of the activity cutoff, without new ones.
    OldWeights {
        /// Block in which the weights were set or committed.
        fixed_at: u32,
        /// Last block in which the weights count.
        until: u32,
    },
    /// Version key that the subnet asks for now.
    VersionKey {
        /// Key that the validator sends from now on.
        version_key: u64,
    },
    /// Weights that are being sent.
    Weighing {
        /// Kind of transaction: `set`, `commit` or `reveal`.
        step: String,
        /// Weight of each uid; only the proportions count.
        weights: BTreeMap<u16, u16>,
    },
    /// Weights in a final block.
    Weighed {
        /// Kind of transaction: `set`, `commit` or `reveal`.
        step: String,
        /// Block with the weights.
        block: u32,
    },
    /// Failure to send weights, which is tried again.
    WeighingFailed {
        /// Kind of transaction: `set`, `commit` or `reveal`.
        step: String,
        /// Error of the transaction.
        error: String,
        /// Hints for the error.
        hints: Vec<String>,
    },
    /// A line of the program's log.
    Log {
        /// Importance: `error`, `warn`, `info`, `debug` or `trace`.
        level: String,
        /// Text of the line, at most 1 024 bytes.
        text: String,
    },
    /// Lines of the log that were left out, because a second has at most 20.
    LogHidden {
        /// Number of lines.
        lines: u64,
    },
    /// Events that were dropped because the output was too slow.
    Missed {
        /// Number of dropped events.
        events: u64,
    },
    /// An event that this program does not know.
    Other {
        /// Text of the event.
        text: String,
    },
    /// Start of the shutdown; work that has begun is finished.
    Stopping {},
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl From<NeuronEvent> for RoleEvent {
    fn from(event: NeuronEvent) -> Self {
        match event {
            NeuronEvent::Joined { uid, block } => Self::Joined { uid: uid.get(), block },
            NeuronEvent::Block { block, next_epoch } => Self::Block { block, next_epoch },
            NeuronEvent::Replaced { uids, block } => {
                Self::Replaced { uids: uids.iter().map(|uid| uid.get()).collect(), block }
            }
            NeuronEvent::Outage { error } => Self::Outage { error },
            NeuronEvent::Back { block } => Self::Back { block },
            NeuronEvent::Serving { address } => Self::Serving { address: address.to_string() },
            NeuronEvent::Announced { address, block } => Self::Announced { address: address.to_string(), block },
            NeuronEvent::AnnounceFailed { error } => Self::AnnounceFailed { error },
            NeuronEvent::Served { caller, uid, elapsed, failure } => Self::Served {
                caller: caller.to_string(),
                uid: uid.map(Uid::get),
                elapsed_us: micros(elapsed),
                failure,
            },
            NeuronEvent::NobodyServes => Self::NobodyServes {},
            NeuronEvent::RoundBegan { round, miners } => {
                Self::RoundBegan { round, miners: miners.iter().map(|uid| uid.get()).collect() }
            }
            NeuronEvent::Answered { round, uid, hotkey, first, elapsed, score, average } => {
                let (score_ppm, error) = match score {
                    Ok(score) => (score, None),
                    Err(error) => (None, Some(error.to_string())),
                };
                Self::Scored {
                    round,
                    uid: uid.get(),
                    hotkey: hotkey.to_string(),
                    first_us: first.map(micros),
                    elapsed_us: micros(elapsed),
                    score_ppm,
                    error,
                    average_ppm: average,
                }
            }
            NeuronEvent::RoundFailed { round, error } => Self::RoundFailed { round, error },
            NeuronEvent::JudgeSlow { round, limit } => Self::JudgeSlow { round, limit_us: micros(limit) },
            NeuronEvent::OwnOutage { round, asked, failed, witnesses, reason } => Self::OwnOutage {
                round,
                asked: count(asked),
                failed: count(failed),
                witnesses: count(witnesses),
                reason: reason.word().to_owned(),
                text: event.to_string(),
            },
            NeuronEvent::ClockOffset { clock_offset, answers } => {
                Self::ClockOffset { clock_offset, answers: count(answers), text: event.to_string() }
            }
            NeuronEvent::CutOff { block } => Self::CutOff { block },
            NeuronEvent::Missed { events } => Self::Missed { events },
            NeuronEvent::NotSaved { error } => Self::NotSaved { error },
            NeuronEvent::NoPermit { block } => Self::NoPermit { block },
            NeuronEvent::NoOpinion { reason } => Self::NoOpinion { reason },
            NeuronEvent::OldWeights { fixed_at, until } => Self::OldWeights { fixed_at, until },
            NeuronEvent::VersionKey { version_key } => Self::VersionKey { version_key },
            NeuronEvent::Weighing { step, weights } => Self::Weighing {
                step: word(step),
                weights: weights.iter().map(|entry| (entry.uid.get(), entry.value)).collect(),
            },
            NeuronEvent::Weighed { step, block } => Self::Weighed { step: word(step), block },
            NeuronEvent::WeighingFailed { step, error, hints } => {
                Self::WeighingFailed { step: word(step), error, hints }
            }
            NeuronEvent::Stopping => Self::Stopping {},
            other => Self::Other { text: other.to_string() },
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn word(step: WeightsStep) -> String {
    step.word().to_owned()
}

impl From<LogLine> for RoleEvent {
    fn from(LogLine { level, text }: LogLine) -> Self {
        Self::Log { level: level.to_string().to_lowercase(), text }
    }
}

impl From<Judgement> for RoleEvent {
    fn from(Judgement { miner, finding, tokens }: Judgement) -> Self {
        let (checked, wrong) = match finding {
            Some(Finding::Genuine { checked }) => (Some(count(checked)), None),
            Some(Finding::Wrong(why)) => (None, Some(why)),
            None => (None, None),
        };
        Self::Judged { hotkey: miner.to_string(), tokens: count(tokens), checked, wrong }
    }
}

impl RoleEvent {
    /// Returns true if the event is of interest only to programs.
    pub(super) fn is_detail(&self) -> bool {
        match self {
            Self::Block { .. } => true,
            Self::Judged { wrong, .. } => wrong.is_none(),
            _ => false,
        }
    }
}

fn seconds(micros: u64) -> String {
    format!("{}.{:03} s", micros / 1_000_000, micros % 1_000_000 / 1_000)
}

fn listed(uids: &[u16]) -> String {
    uids.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

impl Render for RoleEvent {
    fn render(&self, page: &mut Page) {
        page.line(match self {
            Self::Joined { uid, block } => format!("seat {uid}, as of block {block}"),
            Self::Block { block, next_epoch: Some(epoch) } => format!("block {block}, next epoch in {epoch}"),
            Self::Block { block, next_epoch: None } => format!("block {block}"),
            Self::Paid { block, incentive, dividends, emission } => Tone::Good.paint(&format!(
                "epoch in block {block}: paid {emission}, incentive {}, dividends {}",
                u16_percent(*incentive),
                u16_percent(*dividends)
            )),
            Self::Replaced { uids, block } => format!("block {block}: other neurons on {}", listed(uids)),
            Self::Outage { error } => Tone::Warning.paint(&format!("the chain does not answer: {}", plain(error))),
            Self::Back { block } => Tone::Good.paint(&format!("the chain answers again, at block {block}")),
            Self::Serving { address } => format!("serving at {address}"),
            Self::Announced { address, block } => format!("announced {address} in block {block}"),
            Self::AnnounceFailed { error } => Tone::Warning.paint(&format!("not announced: {}", plain(error))),
            Self::Served { caller, uid, elapsed_us, failure } => {
                let who = uid.map_or_else(|| caller.clone(), |uid| format!("validator {uid}"));
                let line = format!("{who} asked; {}", seconds(*elapsed_us));
                match failure {
                    None => line,
                    Some(failure) => Tone::Warning.paint(&format!("{line}, and no answer: {}", plain(failure))),
                }
            }
            Self::NobodyServes {} => Tone::Warning.paint("no miner serves"),
            Self::RoundBegan { round, miners } => Tone::Faint.paint(&format!("round {round} asks {}", listed(miners))),
            Self::Judged { hotkey, wrong: Some(why), .. } => {
                Tone::Bad.paint(&format!("{hotkey} is wrong: {}", plain(why)))
            }
            Self::Judged { hotkey, tokens, .. } => format!("{hotkey} answered with {tokens} tokens"),
            Self::Scored { uid, first_us, elapsed_us, score_ppm, error, average_ppm, .. } => {
                let average = percent(*average_ppm, MILLION.into());
                match (score_ppm, error) {
                    (Some(score), _) => {
                        let score = percent(*score, MILLION.into());
                        let first = first_us.map_or_else(String::new, |first| format!("{} to begin, ", seconds(first)));
                        format!("miner {uid}: {first}{}, score {score}, average {average}", seconds(*elapsed_us))
                    }
                    (None, None) => format!("miner {uid}: not judged, average {average}"),
                    (None, error) => {
                        // The reason of a refusal is the miner's own text.
                        let why = error.as_deref().map(plain).unwrap_or_default();
                        Tone::Warning.paint(&format!("miner {uid}: {why}, average {average}"))
                    }
                }
            }
            Self::RoundFailed { round, error } => {
                Tone::Bad.paint(&format!("round {round} was not held: {}", plain(error)))
            }
            Self::JudgeSlow { round, limit_us } => {
                let limit = seconds(*limit_us);
                Tone::Bad.paint(&format!("round {round} was not held: the judge needs more than {limit}"))
            }
            Self::OwnOutage { round, text, .. } => Tone::Warning.paint(&format!("round {round}: {text}")),
            Self::ClockOffset { text, .. } => Tone::Warning.paint(&format!("{text}; run `timedatectl`")),
            Self::CutOff { block } => {
                Tone::Warning.paint(&format!("block {block}: this machine is cut off, and sends no weights"))
            }
            Self::NotSaved { error } => Tone::Bad.paint(&format!("not saved: {}", plain(error))),
            Self::NoPermit { block } => {
                Tone::Warning.paint(&format!("block {block}: no permit to validate until the next epoch"))
            }
            Self::NoOpinion { reason } => format!("no opinion: {reason}"),
            Self::OldWeights { fixed_at, until } => {
                Tone::Warning.paint(&format!("the weights of block {fixed_at} are old, and count until block {until}"))
            }
            Self::VersionKey { version_key } => format!("the subnet asks for version key {version_key}"),
            Self::Weighing { step, weights } => format!("{step} weights: {}", shares(weights)),
            Self::Weighed { step, block } => Tone::Good.paint(&format!("{step} weights: final in block {block}")),
            Self::WeighingFailed { step, error, hints } => {
                let told: Vec<_> = std::iter::once(error).chain(hints).map(|text| plain(text)).collect();
                Tone::Warning.paint(&format!("cannot {step} weights: {}", told.join("; ")))
            }
            Self::Log { level, text } if level == "error" => Tone::Bad.paint(text),
            Self::Log { level, text } if level == "warn" => Tone::Warning.paint(text),
            Self::Log { text, .. } => Tone::Faint.paint(text),
            Self::LogHidden { lines } => Tone::Warning.paint(&format!("{lines} more lines of the log are left out")),
            Self::Missed { events } => Tone::Warning.paint(&format!("{events} events dropped: the output is too slow")),
            Self::Other { text } => text.clone(),
            Self::Stopping {} => "stopping".to_owned(),
        });
    }
}

/// Formats weights as parts of their sum.
fn shares(weights: &BTreeMap<u16, u16>) -> String {
    let sum: u64 = weights.values().map(|weight| u64::from(*weight)).sum();
    let shares = weights.iter().map(|(uid, weight)| format!("{uid}: {}", percent((*weight).into(), sum)));
    shares.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_miner_says_steers_no_terminal() {
        let error = Some("refused: \u{1b}[2Jpaid\r\n".to_owned());
        let scored = RoleEvent::Scored {
            round: 1,
            uid: 3,
            hotkey: "5F".to_owned(),
            first_us: None,
            elapsed_us: 0,
            score_ppm: None,
            error,
            average_ppm: 0,
        };
        let mut page = Page::new(usize::MAX);
        scored.render(&mut page);
        let shown = page.into_text();
        assert!(
            shown.contains("miner 3: refused: [2Jpaid, average 0.00 %") && !shown.contains("\u{1b}[2J"),
            "{shown:?}"
        );
    }
}
