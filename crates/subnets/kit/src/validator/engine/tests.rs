//! Whole histories of a validator: rounds, averages and submissions, without clock, socket or chain.

use super::*;
use myelin_primitives::{MILLION, NetUid, U16_ONE};
use std::{collections::BTreeSet, path::PathBuf, time::Duration};

const OWN: PublicKey = PublicKey::from_bytes([255; 32]);

const BOUNDS: WeightBounds = WeightBounds { least_entries: 1, largest_share: U16_ONE, neurons: 9 };

fn newest() -> Fraction {
    Fraction::from_ppm(MILLION / 10).unwrap()
}

fn key(number: u8) -> PublicKey {
    PublicKey::from_bytes([number; 32])
}

/// Returns the seat of a miner that can be asked.
fn seat(number: u8) -> SeatView {
    SeatView {
        uid: Uid::new(number.into()),
        hotkey: key(number),
        since: 5,
        stake: Amount::ZERO,
        may_validate: false,
        reach: Ok(Peer::strict(key(number), ([198, 51, 100, number], 8_091).into())),
    }
}

fn validator(number: u8, stake: u64) -> SeatView {
    SeatView { stake: Amount::from_tao(stake).unwrap(), may_validate: true, ..seat(number) }
}

fn engine() -> ValidatorEngine {
    ValidatorEngine::new(
        ValidatorMemory::open(PathBuf::from("/nonexistent/validator.json"), "0x01", NetUid::new(1), OWN).unwrap(),
    )
}

/// A response of a miner: a score in percent, or a failure.
type Response = Result<u32, AskError>;

fn percent(score: u32) -> Verdict {
    Verdict::Score(Fraction::from_ppm(score * 10_000).unwrap())
}

/// A validator, its seats, and the seats of other validators that answer as witnesses.
struct History {
    engine: ValidatorEngine,
    seats: Vec<SeatView>,
    sample: usize,
    has_witness: bool,
    seed: u64,
    outages: u32,
}

impl History {
    fn new(seats: impl IntoIterator<Item = SeatView>, sample: usize) -> Self {
        let seats = seats.into_iter().collect();
        Self { engine: engine(), seats, sample, has_witness: true, seed: 0, outages: 0 }
    }

    /// Holds a round as the loop of a validator does. Returns the miners in it.
    fn round(&mut self, response: impl Fn(&SeatView) -> Response) -> Vec<PublicKey> {
        self.seed += 1;
        let plan = self.engine.due(&self.seats, OWN, (self.seed, self.sample), |_| false);
        let said: Vec<_> = plan.seats.iter().map(|seat| seat.reach.clone().and_then(|_| response(seat))).collect();
        let times = |said: &Response| match said {
            Ok(_) => ResponseTimes {
                first: None,
                elapsed: Duration::ZERO,
                failure: None,
                is_claimed: false,
                clock_offset: None,
            },
            Err(error) => ResponseTimes::failed(error.clone(), Duration::ZERO),
        };
        let times: Vec<_> = said.iter().map(times).collect();
        let tally = self.engine.tally(&plan, &times);
        let witnesses = witnesses(&self.seats, OWN).len();
        if self.engine.suspects(tally, witnesses).is_some() && !(self.has_witness && witnesses > 0) {
            self.engine.own_outage();
            self.outages += 1;
        } else {
            let verdicts = said.iter().map(|said| percent(said.clone().unwrap_or(0)));
            let results = plan.seats.iter().zip(times).zip(verdicts);
            let result =
                |((seat, times), verdict): ((&SeatView, _), _)| SeatResult { seat: seat.key(), times, verdict };
            let results: Vec<_> = results.map(result).collect();
            let averages = self.engine.take(tally, &results, newest());
            assert_eq!(averages.len(), results.len());
        }
        plan.seats.iter().map(|seat| seat.hotkey).collect()
    }

    fn rounds(&mut self, count: u32, response: impl Fn(&SeatView) -> Response) {
        (0..count).for_each(|_| drop(self.round(&response)));
    }

    fn average(&self, number: u8) -> u64 {
        self.engine.average((key(number), 5))
    }

    fn row(&self) -> Result<Vec<Entry>, NoWeights> {
        self.engine.row(&self.seats, Uid::new(255), BOUNDS)
    }
}

/// Miner 1 is good and all others are bad.
#[expect(clippy::unnecessary_wraps, reason = "it is the response of any miner")]
fn good_and_bad(seat: &SeatView) -> Response {
    Ok(if seat.hotkey == key(1) { 100 } else { 20 })
}

fn silent(_: &SeatView) -> Response {
    Err(AskError::TimedOut(12.0))
}

#[test]
fn nh_30_a_seat_that_cannot_be_asked_loses_its_average() {
    for unreachable in [AskError::Tls("it does not read".into()), AskError::NotServing, AskError::OutOfScope] {
        let mut history = History::new([1, 2, 3].map(seat), 16);
        history.rounds(50, |_| Ok(100));
        let before = history.average(2);
        assert!(before > ONE / 2);
        history.seats[1].reach = Err(unreachable);
        history.rounds(64, |_| Ok(100));
        // Nine tenths to the power of 64 are 0.12 %.
        assert!(history.average(2) < before / 500, "{}", history.average(2));
        assert_eq!(history.row().unwrap().iter().find(|entry| entry.uid == Uid::new(2)).map_or(0, |e| e.value), 77);
        history.rounds(400, |_| Ok(100));
        assert_eq!(history.average(2), 0);
        // With nothing to lose it takes part no more.
        assert!(!history.round(|_| Ok(100)).contains(&key(2)));
    }
}

#[test]
fn nh_33_an_outage_of_the_validator_costs_no_miner_anything() {
    let mut history = History::new([1, 2].map(seat).into_iter().chain([validator(3, 100)]), 16);
    let not_found = AskError::Unproven { status: 404, reason: myelin_wire::strict::AnswerError::Unsigned };
    let only_miners = |seat: &SeatView| if seat.may_validate { Err(not_found.clone()) } else { good_and_bad(seat) };
    history.rounds(200, only_miners);
    let (before, row) = ([1, 2].map(|number| history.average(number)), history.row());
    history.has_witness = false;
    history.rounds(400, silent);
    assert_eq!(([1, 2].map(|number| history.average(number)), history.row()), (before, row.clone()));
    assert_eq!(history.outages, 400);
    history.has_witness = true;
    history.rounds(20, only_miners);
    assert_eq!(history.row(), row);
}

#[test]
fn nh_33_miners_that_fall_silent_together_lose_their_averages() {
    let mut history = History::new([1, 2].map(seat).into_iter().chain([validator(3, 100)]), 16);
    history.rounds(200, good_and_bad);
    history.rounds(400, silent);
    assert_eq!([1, 2].map(|number| history.average(number)), [0, 0]);
    assert_eq!(history.row(), Err(NoWeights::NoAverage));
}

#[test]
fn nh_33_witnesses_are_the_four_highest_other_validators() {
    let own = SeatView { hotkey: OWN, ..validator(9, 900) };
    let v1 = SeatView { reach: Ok(Peer::v1(key(8), ([198, 51, 100, 8], 80).into())), ..validator(8, 800) };
    let away = SeatView { reach: Err(AskError::NotServing), ..validator(7, 700) };
    let ranked = [(1, 10), (2, 60), (3, 30), (4, 40), (5, 50)].map(|(number, stake)| validator(number, stake));
    let seats: Vec<_> = [own, v1, away, seat(6)].into_iter().chain(ranked).collect();
    let asked: Vec<_> = witnesses(&seats, OWN).iter().map(|peer| peer.hotkey).collect();
    assert_eq!(asked, [2, 5, 4, 3].map(key));
}

#[test]
fn nh_34_a_validator_that_is_cut_off_submits_nothing() {
    let mut history = History::new([1, 2].map(seat), 16);
    history.rounds(20, good_and_bad);
    let due = Timing { next_epoch: Some(100), last_update: 10, rate_limit: 0, lead: 10 };
    let next = |history: &History, block, is_hidden| {
        let own = Uid::new(255);
        let view = SubmissionView { seats: &history.seats, own, block, timing: due, bounds: BOUNDS, is_hidden };
        history.engine.submission(&view)
    };
    let row = history.row().unwrap();
    assert_eq!(next(&history, 80, false), Submission::Wait);
    assert_eq!(next(&history, 95, false), Submission::Set(row.clone()));
    assert_eq!(next(&history, 95, true), Submission::Commit(row.clone()));
    let mut steps = Vec::new();
    for _ in 0..5 {
        history.rounds(1, silent);
        steps.push(next(&history, 95, true));
    }
    let commit = Submission::Commit(row);
    assert_eq!(steps, [commit.clone(), commit.clone(), commit.clone(), commit, Submission::CutOff]);
    assert_eq!(next(&history, 80, true), Submission::Wait);
    history.rounds(1, good_and_bad);
    assert!(matches!(next(&history, 95, true), Submission::Commit(_)));
    let mut new = History::new([1, 2].map(seat), 16);
    new.rounds(3, |_| Ok(0));
    assert_eq!(next(&new, 95, true), Submission::NoOpinion(NoWeights::NoAverage));
}

#[test]
fn nh_35_a_wrong_clock_is_held_against_no_miner() {
    let mut history = History::new([1, 2, 3].map(seat), 16);
    history.rounds(20, good_and_bad);
    let before = [1, 2, 3].map(|number| history.average(number));
    let stale = AskError::Unproven { status: 401, reason: myelin_wire::strict::AnswerError::Unsigned };
    history.rounds(50, |_| Err(stale.clone()));
    assert_eq!([1, 2, 3].map(|number| history.average(number)), before);
    // Two miners cannot hold off a round by calling its requests stale.
    history.rounds(50, |seat| if seat.hotkey == key(3) { Ok(100) } else { Err(AskError::Closed) });
    assert!(history.average(1) < before[0] / 100);
}

#[test]
fn nh_37_a_seat_with_an_average_that_answers_404_loses_it_and_is_asked_seldom() {
    let mut history = History::new([1, 2].map(seat), 16);
    history.rounds(50, |_| Ok(100));
    let not_found = AskError::Refused { status: 404, text: "".into() };
    let gone = |seat: &SeatView| if seat.hotkey == key(2) { Err(not_found.clone()) } else { Ok(100) };
    for _ in 0..250 {
        if history.average(2) > 0 {
            assert!(history.round(gone).contains(&key(2)), "it is asked in every cycle");
        }
    }
    assert_eq!(history.average(2), 0);
    let asked = (0..160).filter(|_| history.round(gone).contains(&key(2))).count();
    assert!((9..=11).contains(&asked), "{asked} of 160 cycles");
}

#[test]
fn nh_38_the_same_hotkey_on_another_seat_starts_over() {
    let mut history = History::new([1, 2].map(seat), 16);
    history.rounds(50, |_| Ok(100));
    history.seats[1].since = 90;
    assert_eq!(history.engine.score((key(2), 90)), None);
    assert_eq!(history.row().unwrap(), [Entry::new(Uid::new(1), U16_ONE)]);
    assert!(history.engine.forget_replaced(&history.seats));
    assert!(!history.engine.forget_replaced(&history.seats));
    assert_eq!(history.average(2), 0);
}

#[test]
fn nh_43_a_miner_that_refuses_consumers_earns_less_than_half() {
    let mut history = History::new((1..=64).map(seat), 16);
    let start = Instant::now();
    for round in 0..200 {
        history.rounds(1, |_| Ok(100));
        for consumer in [100, 101] {
            let now = start + Duration::from_secs(60 * round);
            history.engine.organic_failure((key(2), 5), key(consumer), now);
        }
    }
    let [honest, refuses] = [1, 2].map(|number| history.average(number));
    assert!(refuses < honest / 2, "{refuses} of {honest}");
    // A miner without an average gets no record, and an own outage drops the failures.
    history.engine.organic_failure((key(99), 5), key(100), start);
    history.rounds(1, |_| Ok(100));
    assert_eq!(history.engine.score((key(99), 5)), None);
    let before = history.average(2);
    history.engine.organic_failure((key(2), 5), key(102), start);
    history.engine.own_outage();
    history.rounds(4, |seat| if seat.hotkey == key(2) { Ok(0) } else { Ok(100) });
    assert_eq!(history.average(2), before - newest().of_rounded_up(before));
}

#[test]
fn nh_52_a_v1_miner_gets_nothing_and_if_it_is_asked_a_half_at_most() {
    let mut history = History::new([1, 2].map(seat), 16);
    history.seats[1].reach = Err(AskError::V1Refused);
    let asked = (0..160).filter(|_| history.round(|_| Ok(100)).contains(&key(2))).count();
    assert!((9..=11).contains(&asked), "{asked} of 160 cycles");
    assert_eq!(history.average(2), 0);
    let claimed =
        ResponseTimes { first: None, elapsed: Duration::ZERO, failure: None, is_claimed: true, clock_offset: None };
    let worth = |score, is_claimed| match worth(percent(score), &ResponseTimes { is_claimed, ..claimed.clone() }) {
        Verdict::Score(score) => score.of(100),
        Verdict::Abstain => 101,
    };
    assert_eq!([worth(100, true), worth(51, true), worth(49, true), worth(100, false)], [50, 50, 49, 100]);
}

#[test]
fn m2_two_validators_draw_different_samples() {
    let seats: Vec<_> = (1..=64).map(seat).collect();
    let sampled: BTreeSet<Vec<_>> = (0..8)
        .map(|seed| engine().due(&seats, OWN, (seed, 8), |_| false).seats.iter().map(|seat| seat.uid).collect())
        .collect();
    assert_eq!(sampled.len(), 8);
}

#[test]
fn numbers_of_rounds_go_on_and_a_seat_that_rests_is_left_out() {
    let mut history = History::new([seat(1), seat(2), SeatView { hotkey: OWN, ..seat(3) }], 16);
    let first = history.engine.due(&history.seats, OWN, (1, 16), |peer| peer.hotkey == key(2));
    assert_eq!((first.number, first.seats.iter().map(|seat| seat.hotkey).collect::<Vec<_>>()), (0, vec![key(1)]));
    assert_eq!(history.engine.due(&[], OWN, (1, 16), |_| false).number, 1);
    assert_eq!(history.engine.due(&history.seats, OWN, (2, 16), |_| false).number, 1);
    assert_eq!(history.engine.memory.rounds, 2);
}
