//! What happens while a miner or a validator works.

use crate::{
    page::{Page, Render, Tone, plain},
    share::{percent, u16_percent},
};
use myelin_primitives::{Amount, MILLION, Tao, Uid};
use myelin_subnet_kit::{NeuronEvent, WeightsStep};
use myelin_subnet_text::judge::{Finding, Judgement};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// Something that happened to a neuron.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum RoleEvent {
    /// The hotkey has a seat, and work begins.
    Joined {
        /// The seat.
        uid: u16,
        /// The block in which it was looked up.
        block: u32,
    },
    /// A new block is final.
    Block {
        /// Its height.
        block: u32,
        /// The block of the next epoch, if there is one to come.
        next_epoch: Option<u32>,
    },
    /// An epoch has paid.
    Paid {
        /// The block that ran it.
        block: u32,
        /// The neuron's part of what miners earned, of 65 535.
        incentive: u16,
        /// Its part of what validators earned, of 65 535.
        dividends: u16,
        /// What it was paid, in rao.
        #[schemars(with = "u64")]
        emission: Amount<Tao>,
    },
    /// Seats have other neurons now.
    Replaced {
        /// Which.
        uids: Vec<u16>,
        /// The block.
        block: u32,
    },
    /// The chain does not answer. Work goes on with what is known of it.
    Outage {
        /// What is wrong.
        error: String,
    },
    /// The chain answers again.
    Back {
        /// Its last final block.
        block: u32,
    },
    /// The axon listens.
    Serving {
        /// Where.
        address: String,
    },
    /// The chain knows where the axon is.
    Announced {
        /// Where, as others see it.
        address: String,
        /// The block that says so.
        block: u32,
    },
    /// The chain was not told where the axon is. It is tried again.
    AnnounceFailed {
        /// Why.
        error: String,
    },
    /// Somebody asked, and the work for it is done.
    Served {
        /// The address of who asked.
        caller: String,
        /// Its seat, if it has one.
        uid: Option<u16>,
        /// How long the work took, in microseconds.
        elapsed_us: u64,
        /// Why there is no answer, or none to the end.
        failure: Option<String>,
    },
    /// No miner of the subnet serves.
    NobodyServes {},
    /// Miners are asked.
    RoundBegan {
        /// The number of the round.
        round: u64,
        /// Their seats.
        miners: Vec<u16>,
    },
    /// An answer was looked at.
    Judged {
        /// The address of the miner.
        hotkey: String,
        /// The tokens of the answer.
        tokens: u64,
        /// How many of them were recomputed, if the answer is the model's.
        checked: Option<u64>,
        /// Why it is not the model's.
        wrong: Option<String>,
    },
    /// A miner has its score.
    Scored {
        /// The number of the round.
        round: u64,
        /// The seat of the miner.
        uid: u16,
        /// The address of the miner.
        hotkey: String,
        /// How long the beginning of the answer took, in microseconds.
        first_us: Option<u64>,
        /// How long all of it took, or the failure, in microseconds.
        elapsed_us: u64,
        /// The score in parts of a million. Nothing, if there was no answer.
        score_ppm: Option<u64>,
        /// Why there was no answer.
        error: Option<String>,
        /// The average after that, in parts of a million.
        average_ppm: u64,
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
        block: u32,
    },
    /// There is nothing to say about anybody.
    NoOpinion {
        /// Why.
        reason: String,
    },
    /// Weights are on their way.
    Weighing {
        /// How: `set`, `commit` or `reveal`.
        step: String,
        /// To each seat a weight, of which only the proportions count.
        weights: BTreeMap<u16, u16>,
    },
    /// Weights are in a final block.
    Weighed {
        /// How.
        step: String,
        /// The block.
        block: u32,
    },
    /// Weights are not on the chain. It is tried again.
    WeighingFailed {
        /// How.
        step: String,
        /// Why.
        error: String,
        /// What would help.
        hints: Vec<String>,
    },
    /// More happened than could be told.
    Missed {
        /// How much.
        events: u64,
    },
    /// Something that this program has no word for.
    Other {
        /// What.
        text: String,
    },
    /// It is asked to stop, and finishes what it has begun.
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
                    Ok(score) => (Some(score), None),
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
            NeuronEvent::NotSaved { error } => Self::NotSaved { error },
            NeuronEvent::NoPermit { block } => Self::NoPermit { block },
            NeuronEvent::NoOpinion { reason } => Self::NoOpinion { reason },
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

fn word(step: WeightsStep) -> String {
    step.word().to_owned()
}

impl From<Judgement> for RoleEvent {
    fn from(Judgement { miner, finding, tokens }: Judgement) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let (checked, wrong) = match finding {
            Some(Finding::Genuine { checked }) => (Some(count(checked)), None),
            Some(Finding::Wrong(why)) => (None, Some(why)),
            None => (None, None),
        };
        Self::Judged { hotkey: miner.to_string(), tokens: count(tokens), checked, wrong }
    }
}

impl RoleEvent {
    /// Whether it is of interest only to programs.
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
            Self::Judged { hotkey, tokens, .. } => format!("{hotkey} gave {tokens} tokens"),
            Self::Scored { uid, first_us, elapsed_us, score_ppm, error, average_ppm, .. } => {
                let average = percent(*average_ppm, MILLION.into());
                match (score_ppm, error) {
                    (Some(score), _) => {
                        let score = percent(*score, MILLION.into());
                        let first = first_us.map_or_else(String::new, |first| format!("{} to begin, ", seconds(first)));
                        format!("miner {uid}: {first}{}, score {score}, average {average}", seconds(*elapsed_us))
                    }
                    (None, error) => {
                        // A miner that refuses says why, in its own words.
                        let why = error.as_deref().map_or_else(|| "no answer".to_owned(), plain);
                        Tone::Warning.paint(&format!("miner {uid}: {why}, average {average}"))
                    }
                }
            }
            Self::RoundFailed { round, error } => {
                Tone::Bad.paint(&format!("round {round} was not held: {}", plain(error)))
            }
            Self::NotSaved { error } => Tone::Bad.paint(&format!("not saved: {}", plain(error))),
            Self::NoPermit { block } => {
                Tone::Warning.paint(&format!("block {block}: no permit to validate until the next epoch"))
            }
            Self::NoOpinion { reason } => format!("no opinion: {reason}"),
            Self::Weighing { step, weights } => format!("{step} weights: {}", shares(weights)),
            Self::Weighed { step, block } => Tone::Good.paint(&format!("{step} weights: final in block {block}")),
            Self::WeighingFailed { step, error, hints } => {
                let told: Vec<_> = std::iter::once(error).chain(hints).map(|text| plain(text)).collect();
                Tone::Warning.paint(&format!("cannot {step} weights: {}", told.join("; ")))
            }
            Self::Missed { events } => Tone::Warning.paint(&format!("{events} more events, too quick to be told")),
            Self::Other { text } => text.clone(),
            Self::Stopping {} => "stopping".to_owned(),
        });
    }
}

/// Weights as parts of their sum.
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
