//! The decisions of a validator, as functions of seats, memory and time. It has no clock, socket or chain.
//!
//! | Function | Decision |
//! |---|---|
//! | [`ValidatorEngine::due`] | the seats of the next round |
//! | [`ValidatorEngine::suspects`] | an own outage, for which witnesses are asked |
//! | [`ValidatorEngine::take`] | the averages after a round |
//! | [`ValidatorEngine::row`] | the weights |
//! | [`ValidatorEngine::submission`] | the next step towards the chain |

mod organic;
mod outage;
#[cfg(test)]
mod tests;

pub(super) use outage::{RoundResponse, RoundTally};

use self::{
    organic::OrganicFailures,
    outage::{ClockOffsets, OutageHistory},
};
use super::timing::Timing;
use crate::{
    Verdict,
    cycle::SamplingCycle,
    event::OutageReason,
    memory::ValidatorMemory,
    round::ResponseTimes,
    scores::{ONE, Score, SeatKey},
    weights::{NoWeights, WeightBounds, weights},
};
use myelin_neuron::{AskError, Peer, PeerProtocol};
use myelin_primitives::{Amount, BlockNumber, Entry, Fraction, Tao, Uid};
use myelin_wire::PublicKey;
use std::{cmp::Reverse, collections::BTreeMap};
use tokio::time::Instant;

/// The number of validators that are asked as witnesses.
const WITNESSES: usize = 4;

/// A seat of the subnet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeatView {
    pub(crate) uid: Uid,
    pub(crate) hotkey: PublicKey,
    /// The block of its registration.
    pub(crate) since: BlockNumber,
    pub(crate) stake: Amount<Tao>,
    pub(crate) may_validate: bool,
    /// The way to its axon, or the reason for which it cannot be asked.
    pub(crate) reach: Result<Peer, AskError>,
}

impl SeatView {
    pub(crate) const fn key(&self) -> SeatKey {
        (self.hotkey, self.since)
    }
}

/// The seats of a round.
#[derive(Clone, Debug)]
pub(super) struct RoundPlan {
    pub(super) number: u64,
    pub(super) seats: Vec<SeatView>,
}

/// The response of a seat in a round, and the verdict on it.
#[derive(Clone, Debug)]
pub(super) struct SeatResult {
    pub(super) seat: SeatKey,
    pub(super) times: ResponseTimes,
    pub(super) verdict: Verdict,
}

/// The state of the chain that decides on a submission of weights.
#[derive(Clone, Debug)]
pub(super) struct SubmissionView<'a> {
    pub(super) seats: &'a [SeatView],
    pub(super) own: Uid,
    pub(super) block: BlockNumber,
    pub(super) timing: Timing,
    pub(super) bounds: WeightBounds,
    /// True if weights are committed and revealed.
    pub(super) is_hidden: bool,
}

/// The next step towards the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Submission {
    /// Nothing is due.
    Wait,
    /// Weights are due, and this machine is cut off, so that they would be old.
    CutOff,
    /// Weights are due, and there are none.
    NoOpinion(NoWeights),
    /// Weights are set in clear text.
    Set(Vec<Entry>),
    /// Weights are committed.
    Commit(Vec<Entry>),
}

/// The engine of a validator.
#[derive(Debug)]
pub(super) struct ValidatorEngine {
    /// The persistent state.
    pub(super) memory: ValidatorMemory,
    cycle: SamplingCycle,
    outages: OutageHistory,
    clocks: ClockOffsets,
    organic: OrganicFailures,
}

/// Returns true if a neuron, or an unauthenticated sender, reports that it does not serve the class.
const fn is_not_found(error: &AskError) -> bool {
    matches!(
        error,
        AskError::Unproven { status: 404, .. }
            | AskError::Refused { status: 404, .. }
            | AskError::Claimed { status: Some(404), .. }
    )
}

/// Returns other validators, by stake, whose answers show that the network of this machine works.
pub(super) fn witnesses(seats: &[SeatView], own: PublicKey) -> Vec<Peer> {
    let others = seats.iter().filter(|seat| seat.may_validate && seat.hotkey != own);
    let reached = others.filter_map(|seat| Some((Reverse(seat.stake), seat.uid, seat.reach.as_ref().ok()?)));
    let mut signing: Vec<_> = reached.filter(|(.., peer)| peer.speaks != PeerProtocol::V1).collect();
    signing.sort_by_key(|(stake, uid, _)| (*stake, *uid));
    signing.into_iter().take(WITNESSES).map(|(.., peer)| peer.clone()).collect()
}

impl ValidatorEngine {
    pub(super) fn new(memory: ValidatorMemory) -> Self {
        Self {
            memory,
            cycle: SamplingCycle::default(),
            outages: OutageHistory::default(),
            clocks: ClockOffsets::default(),
            organic: OrganicFailures::default(),
        }
    }

    fn average(&self, seat: SeatKey) -> u64 {
        self.memory.scores.get(seat).map_or(0, |score| score.average)
    }

    /// Returns the seats of the next round, of all seats but the own one. `rests` says that a peer may not be dialled.
    ///
    /// A seat that can be asked takes part, and a seat with an average also if it cannot: it is missing in each round
    /// in which it is drawn.
    pub(super) fn due(
        &mut self,
        seats: &[SeatView],
        own: PublicKey,
        (seed, sample): (u64, usize),
        rests: impl Fn(&Peer) -> bool,
    ) -> RoundPlan {
        let mut takes_part = BTreeMap::new();
        let mut by_key = BTreeMap::new();
        for seat in seats.iter().filter(|seat| seat.hotkey != own) {
            let has_average = self.average(seat.key()) > 0;
            if has_average || matches!(seat.reach, Ok(_) | Err(AskError::V1Refused)) {
                takes_part.insert(seat.key(), has_average);
                by_key.insert(seat.key(), seat);
            }
        }
        let drawn = self.cycle.take(seed, &takes_part, sample);
        let drawn = drawn.iter().filter_map(|key| by_key.get(key).copied());
        // A neuron that signs no answers would fail a round in which it may not be asked.
        let seats: Vec<_> = drawn.filter(|seat| !seat.reach.as_ref().is_ok_and(&rests)).cloned().collect();
        let number = self.memory.rounds;
        if !seats.is_empty() {
            self.memory.rounds = number.saturating_add(1);
        }
        RoundPlan { number, seats }
    }

    /// Returns the failures of a round.
    pub(super) fn tally(&self, plan: &RoundPlan, times: &[ResponseTimes]) -> RoundTally {
        let dialled = plan.seats.iter().zip(times).filter(|(seat, _)| seat.reach.is_ok());
        RoundTally::of(dialled.map(|(seat, times)| RoundResponse {
            has_average: self.average(seat.key()) > 0,
            failure: times.failure.as_ref(),
        }))
    }

    /// Returns the reason for which a round is an own outage, unless one of this many witnesses answers.
    pub(super) fn suspects(&self, tally: RoundTally, witnesses: usize) -> Option<OutageReason> {
        self.outages.suspects(tally, witnesses)
    }

    /// Records an own outage. Nothing else of the round is noted, and no failure before a consumer.
    pub(super) fn own_outage(&mut self) {
        self.outages.own_outage();
        drop(self.organic.take());
    }

    /// Records the clocks of the miners that signed an answer. Returns a warning once the own clock differs.
    pub(super) fn compare_clocks(&mut self, times: &[ResponseTimes]) -> Option<(i64, usize)> {
        times.iter().filter_map(|times| times.clock_offset).for_each(|offset| self.clocks.note(offset));
        self.clocks.warning()
    }

    /// Returns the median of the miners' clocks, less the own one, in milliseconds.
    pub(super) fn clock_offset(&self) -> Option<i64> {
        self.clocks.median().map(|(median, _)| median)
    }

    /// Notes the results of a round that is no own outage. Returns the averages of its seats.
    pub(super) fn take(&mut self, tally: RoundTally, results: &[SeatResult], newest: Fraction) -> Vec<u64> {
        self.outages.noted(tally);
        for SeatResult { seat, times, verdict } in results {
            self.memory.scores.note(*seat, worth(*verdict, times), times.failure.is_none(), newest);
            let does_not_serve = |error: &AskError| is_not_found(error) || *error == AskError::V1Refused;
            if times.failure.as_ref().is_some_and(does_not_serve) {
                self.cycle.pause(*seat, self.average(*seat) > 0);
            } else {
                self.cycle.resume(*seat);
            }
        }
        for seat in self.organic.take() {
            if self.average(seat) > 0 {
                self.memory.scores.note_organic_failure(seat, newest);
            }
        }
        results.iter().map(|result| self.average(result.seat)).collect()
    }

    /// Records that a miner failed a consumer. It counts after the next round that is no own outage.
    pub(super) fn organic_failure(&mut self, miner: SeatKey, consumer: PublicKey, now: Instant) {
        self.organic.push(miner, consumer, now);
    }

    /// Removes the records of seats that were taken over. Returns true if there were any.
    pub(super) fn forget_replaced(&mut self, seats: &[SeatView]) -> bool {
        let since: BTreeMap<_, _> = seats.iter().map(SeatView::key).collect();
        let before = self.memory.scores.iter().count();
        self.memory.scores.keep(|hotkey| since.get(&hotkey).copied());
        self.memory.scores.iter().count() < before
    }

    /// Returns the score of a seat, if it was asked yet.
    pub(super) fn score(&self, seat: SeatKey) -> Option<Score> {
        self.memory.scores.get(seat)
    }

    /// Returns the weights of all seats but the own one, in proportion to their averages.
    ///
    /// # Errors
    /// [`NoWeights`] if no weights follow from the averages.
    pub(super) fn row(&self, seats: &[SeatView], own: Uid, bounds: WeightBounds) -> Result<Vec<Entry>, NoWeights> {
        let others = seats.iter().filter(|seat| seat.uid != own);
        let averages: Vec<_> = others.map(|seat| (seat.uid, self.average(seat.key()))).collect();
        weights(&averages, bounds)
    }

    /// Returns true if the last rounds were own outages.
    pub(super) const fn is_cut_off(&self) -> bool {
        self.outages.is_cut_off()
    }

    /// Returns the next step towards the chain.
    pub(super) fn submission(&self, view: &SubmissionView<'_>) -> Submission {
        if !view.timing.is_due(view.block) {
            return Submission::Wait;
        }
        if self.is_cut_off() {
            return Submission::CutOff;
        }
        match self.row(view.seats, view.own, view.bounds) {
            Err(reason) => Submission::NoOpinion(reason),
            Ok(row) if view.is_hidden => Submission::Commit(row),
            Ok(row) => Submission::Set(row),
        }
    }
}

/// Returns the verdict that counts: an answer without a signature is worth at most a half.
fn worth(verdict: Verdict, times: &ResponseTimes) -> Verdict {
    match verdict {
        Verdict::Score(score) if times.is_claimed && score.of(ONE) > ONE / 2 => Verdict::Score(Fraction::HALF),
        verdict => verdict,
    }
}
