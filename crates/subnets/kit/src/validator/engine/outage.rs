//! Own outages: rounds whose failures are the fault of this machine.

use crate::event::OutageReason;
use myelin_neuron::AskError;
use std::collections::VecDeque;

/// The number of miners with an average that are asked at least, for a part of them to be an own outage.
const LEAST_EARNERS: usize = 5;

/// The number of noted rounds that say if failures are usual.
const REMEMBERED: usize = 10;

/// The number of own outages in a row after which no weights are submitted.
const CUT_OFF: u32 = 5;

/// The number of signed answers by which the own clock is judged.
const CLOCKS: usize = 32;

/// The least number of signed answers for a warning.
const LEAST_CLOCKS: usize = 4;

/// The greatest difference of the own clock, in nanoseconds, that is no reason for a warning.
const CLOCK_TOLERANCE: u64 = 2_000_000_000;

/// The response of one seat, as far as outages go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundResponse<'a> {
    /// True if the seat had an average above 0.
    pub(crate) has_average: bool,
    /// The cause of a missing answer.
    pub(crate) failure: Option<&'a AskError>,
}

/// The failures of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoundTally {
    /// The number of miners that were dialled.
    pub(crate) asked: usize,
    /// Those from which nothing came that they signed.
    pub(crate) failed: usize,
    /// The number of miners with an average that were dialled.
    earners: usize,
    /// Those from which nothing came that they signed.
    failed_earners: usize,
    /// The number of refusals.
    refused: usize,
    /// Those that call the request stale.
    stale: usize,
}

/// Returns true if the seat cannot be dialled, which says nothing about the line.
///
/// A seat that is not dialled because earlier dials failed is none of them: the line may have been cut off then.
const fn is_undialled(error: &AskError) -> bool {
    matches!(error, AskError::V1Refused | AskError::NotServing | AskError::OutOfScope | AskError::Question(_))
}

/// Returns true if the failure came with a signature of the miner, so that the line works.
const fn is_signed(error: &AskError) -> bool {
    matches!(error, AskError::Refused { .. } | AskError::Content(_) | AskError::NotAStream)
}

/// Returns the status of a refusal.
const fn refusal(error: &AskError) -> Option<u16> {
    match error {
        AskError::Unproven { status, .. } | AskError::Refused { status, .. } if *status != 200 => Some(*status),
        _ => None,
    }
}

/// The status of a request that is not fresh. The own requests have no other fault with this status.
const STALE: u16 = 401;

impl RoundTally {
    /// Counts the failures of a round.
    pub(crate) fn of<'a>(responses: impl IntoIterator<Item = RoundResponse<'a>>) -> Self {
        let mut tally = Self::default();
        let add = |count: &mut usize, is_one: bool| *count = count.saturating_add(is_one.into());
        for RoundResponse { has_average, failure } in responses {
            if failure.is_some_and(is_undialled) {
                continue;
            }
            let has_failed = failure.is_some_and(|error| !is_signed(error));
            let status = failure.and_then(refusal);
            add(&mut tally.asked, true);
            add(&mut tally.failed, has_failed);
            add(&mut tally.earners, has_average);
            add(&mut tally.failed_earners, has_average && has_failed);
            add(&mut tally.refused, status.is_some());
            add(&mut tally.stale, status == Some(STALE));
        }
        tally
    }

    /// Returns true if most refusals call the requests stale, and more miners did so than gave an answer.
    ///
    /// One miner alone cannot end a round in this way, and not many of them while others answer.
    const fn has_stale_clock(self) -> bool {
        let answered = self.asked.saturating_sub(self.failed);
        self.stale >= 2 && self.stale.saturating_mul(2) > self.refused && self.stale > answered
    }
}

/// The rounds so far, as far as own outages go.
#[derive(Debug, Default)]
pub(super) struct OutageHistory {
    /// The miners with an average that were asked in the last noted rounds, and those of them that failed.
    noted: VecDeque<(usize, usize)>,
    /// The number of own outages since the last noted round.
    in_a_row: u32,
}

impl OutageHistory {
    /// Returns the reason for which a round is an own outage, unless one of this many witnesses answers.
    ///
    /// Miners could fall silent together to keep what they have earned. A witness shows that the line works.
    pub(super) fn suspects(&self, tally: RoundTally, witnesses: usize) -> Option<OutageReason> {
        let RoundTally { asked, failed, earners, failed_earners, .. } = tally;
        if tally.has_stale_clock() {
            return Some(OutageReason::Clock);
        }
        let is_silent = asked >= 2 && failed == asked;
        let most_fail = earners >= LEAST_EARNERS && failed_earners.saturating_mul(5) > earners.saturating_mul(4);
        let is_unusual = witnesses > 0 && most_fail && !self.half_fails();
        (is_silent || is_unusual).then_some(OutageReason::Line)
    }

    /// Returns true if half of the miners with an average failed in the last noted rounds.
    fn half_fails(&self) -> bool {
        let (asked, failed) = self.noted.iter().fold((0_usize, 0_usize), |(asked, failed), round| {
            (asked.saturating_add(round.0), failed.saturating_add(round.1))
        });
        asked > 0 && failed.saturating_mul(2) >= asked
    }

    /// Records a round that is noted.
    pub(super) fn noted(&mut self, tally: RoundTally) {
        if tally.asked == 0 {
            return;
        }
        self.in_a_row = 0;
        self.noted.push_back((tally.earners, tally.failed_earners));
        while self.noted.len() > REMEMBERED {
            self.noted.pop_front();
        }
    }

    /// Records an own outage.
    pub(super) const fn own_outage(&mut self) {
        self.in_a_row = self.in_a_row.saturating_add(1);
    }

    /// Returns true if the last rounds were own outages.
    pub(super) const fn is_cut_off(&self) -> bool {
        self.in_a_row >= CUT_OFF
    }
}

/// The differences between the clocks of miners that signed answers and the own clock, in nanoseconds.
#[derive(Debug, Default)]
pub(super) struct ClockOffsets {
    last: VecDeque<i64>,
    is_warned: bool,
}

impl ClockOffsets {
    pub(super) fn note(&mut self, offset: i64) {
        self.last.push_back(offset);
        while self.last.len() > CLOCKS {
            self.last.pop_front();
        }
    }

    /// Returns the median in milliseconds, and the number of answers.
    pub(super) fn median(&self) -> Option<(i64, usize)> {
        let mut sorted: Vec<_> = self.last.iter().copied().collect();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len() / 2)?;
        Some((median / 1_000_000, sorted.len()))
    }

    /// Returns the median once after it has exceeded 2 s.
    pub(super) fn warning(&mut self) -> Option<(i64, usize)> {
        let median = self.median().filter(|(_, answers)| *answers >= LEAST_CLOCKS)?;
        let was_warned = self.is_warned;
        self.is_warned = median.0.unsigned_abs().saturating_mul(1_000_000) > CLOCK_TOLERANCE;
        (self.is_warned && !was_warned).then_some(median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_wire::strict::AnswerError;

    const STALE_REQUEST: AskError = AskError::Unproven { status: 401, reason: AnswerError::Unsigned };
    const FORBIDDEN: AskError = AskError::Unproven { status: 403, reason: AnswerError::Unsigned };

    fn busy() -> AskError {
        AskError::Refused { status: 429, text: "busy".into() }
    }

    /// Counts miners with an average: those that answer, and those with a failure.
    fn tally(answered: usize, failures: &[AskError]) -> RoundTally {
        let failed = failures.iter().map(Some);
        let all = std::iter::repeat_n(None, answered).chain(failed);
        RoundTally::of(all.map(|failure| RoundResponse { has_average: true, failure }))
    }

    fn suspects(tally: RoundTally, witnesses: usize) -> Option<OutageReason> {
        OutageHistory::default().suspects(tally, witnesses)
    }

    #[test]
    fn nh_33_silence_of_all_is_suspected() {
        for witnesses in [0, 2] {
            let line = Some(OutageReason::Line);
            assert_eq!(suspects(tally(0, &[AskError::Closed, AskError::TimedOut(1.0)]), witnesses), line);
            assert_eq!(suspects(tally(0, &[AskError::Closed]), witnesses), None, "one miner alone");
            assert_eq!(suspects(tally(1, &[AskError::Closed]), witnesses), None);
            // A signature shows that the line works, and a portal of the line signs nothing.
            assert_eq!(suspects(tally(0, &[AskError::Closed, busy()]), witnesses), None);
            assert_eq!(suspects(tally(0, &[FORBIDDEN, FORBIDDEN]), witnesses), line);
        }
        // Seats that cannot be asked say nothing about the line.
        assert_eq!(suspects(tally(0, &[AskError::NotServing, AskError::OutOfScope, AskError::Closed]), 0), None);
        // Seats that are not dialled because earlier dials failed do.
        assert_eq!(suspects(tally(0, &[AskError::NotProved, AskError::NotProved]), 0), Some(OutageReason::Line));
        assert_eq!(suspects(tally(0, &[]), 4), None);
    }

    #[test]
    fn nh_33_a_sudden_failure_of_most_is_suspected_if_there_are_witnesses() {
        let most = tally(1, &vec![AskError::Closed; 5]);
        assert_eq!(suspects(most, 1), Some(OutageReason::Line));
        assert_eq!(suspects(most, 0), None);
        assert_eq!(suspects(tally(1, &vec![AskError::Closed; 4]), 1), None, "80 % are not more than 80 %");
        assert_eq!(suspects(tally(1, &vec![AskError::Closed; 3]), 1), None, "too few were asked");
        let newcomers = RoundTally::of(
            (0..9).map(|place| RoundResponse { has_average: false, failure: (place > 0).then_some(&AskError::Closed) }),
        );
        assert_eq!(suspects(newcomers, 1), None, "those without an average say nothing");
        let mut history = OutageHistory::default();
        (0..REMEMBERED).for_each(|_| history.noted(tally(1, &[AskError::Closed])));
        assert_eq!(history.suspects(most, 1), None, "half of them failed before");
        (0..REMEMBERED).for_each(|_| history.noted(tally(2, &[AskError::Closed])));
        assert_eq!(history.suspects(most, 1), Some(OutageReason::Line));
        // Rounds of an own outage do not make failures usual.
        (0..400).for_each(|_| history.own_outage());
        assert_eq!(history.suspects(most, 1), Some(OutageReason::Line));
    }

    #[test]
    fn nh_34_five_own_outages_in_a_row_cut_off() {
        let mut history = OutageHistory::default();
        let mut cut_off = Vec::new();
        for _ in 0..6 {
            history.own_outage();
            cut_off.push(history.is_cut_off());
        }
        assert_eq!(cut_off, [false, false, false, false, true, true]);
        history.noted(tally(0, &[AskError::NotServing]));
        assert!(history.is_cut_off(), "a round in which no miner was dialled shows nothing");
        history.noted(tally(1, &[]));
        assert!(!history.is_cut_off());
    }

    #[test]
    fn nh_35_stale_requests_are_the_fault_of_the_own_clock() {
        let clock = Some(OutageReason::Clock);
        assert_eq!(suspects(tally(0, &[STALE_REQUEST, STALE_REQUEST]), 0), clock);
        assert_eq!(suspects(tally(1, &[STALE_REQUEST, STALE_REQUEST, FORBIDDEN]), 3), clock);
        // Half of the refusals are not more than half.
        assert_eq!(suspects(tally(1, &[STALE_REQUEST, STALE_REQUEST, FORBIDDEN, FORBIDDEN]), 3), None);
        // Miners that call requests stale to end rounds are fewer than those that answer.
        assert_eq!(suspects(tally(2, &[STALE_REQUEST, STALE_REQUEST]), 0), None);
        assert_eq!(suspects(tally(0, &[STALE_REQUEST]), 0), None);
    }

    #[test]
    fn nh_35_the_median_of_clocks_warns_once() {
        let mut clocks = ClockOffsets::default();
        assert_eq!((clocks.median(), clocks.warning()), (None, None));
        (0..3).for_each(|_| clocks.note(-11_200_000_000));
        assert_eq!((clocks.median(), clocks.warning()), (Some((-11_200, 3)), None));
        // One clock that is wrong is no median.
        clocks.note(i64::MAX);
        assert_eq!((clocks.warning(), clocks.warning()), (Some((-11_200, 4)), None));
        (0..CLOCKS).for_each(|_| clocks.note(1_999_999_999));
        assert_eq!((clocks.median(), clocks.warning()), (Some((1_999, 32)), None));
        (0..CLOCKS).for_each(|_| clocks.note(3_000_000_000));
        assert_eq!(clocks.warning(), Some((3_000, 32)));
    }
}
