//! The rounds of a validator.

use super::{
    ValidateError, Validator, average_ppm,
    engine::{RoundPlan, RoundTally, SeatResult, SeatView, witnesses},
};
use crate::{
    Judge, Task, Verdict,
    dice::{dice, number},
    event::NeuronEvent,
    round::{MinerResponse, ResponseTimes, RoundError, RoundRunner},
};
use core::convert::Infallible;
use futures::future::join_all;
use myelin_neuron::{Answer, AskError, Dendrite, Peer};
use myelin_primitives::MILLION;
use myelin_wire::{Synapse, class::Class, python::Dict};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The longest wait for a witness.
const WITNESS_PATIENCE: Duration = Duration::from_secs(5);

/// The least time between two reports of a judge that works too long.
const SLOW_INTERVAL: Duration = Duration::from_mins(1);

/// The reports that are not repeated in each round.
#[derive(Default)]
struct RoundReports {
    is_alone: bool,
    slow_at: Option<Instant>,
}

impl RoundReports {
    /// Returns true if a judge that works too long is reported now.
    fn is_slow_reported(&mut self, now: Instant) -> bool {
        let is_due = self.slow_at.is_none_or(|at| now.saturating_duration_since(at) >= SLOW_INTERVAL);
        if is_due {
            self.slow_at = Some(now);
        }
        is_due
    }
}

/// Returns the seed of a round: one that follows from a given seed, or a secret one.
///
/// # Errors
/// [`ValidateError::Randomness`] if the system gives no random numbers.
fn round_seed(given: Option<u64>, round: u64) -> Result<u64, ValidateError> {
    if let Some(seed) = given {
        return Ok(dice([seed, round, 0, 0]));
    }
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| ValidateError::Randomness(error.to_string()))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Returns the wait before a challenge of a round: a random part of the interval, which no miner foresees.
///
/// Challenges at one moment would differ from consumers' questions by their time.
fn moment(seed: u64, place: usize, interval: Duration) -> Duration {
    let nanos = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(dice([seed, number(place), 0, 4]).checked_rem(nanos).unwrap_or(0))
}

/// Returns true if one of these validators signs an answer or a refusal, so that the network of this machine works.
async fn is_witnessed(dendrite: &Dendrite, witnesses: &[Peer]) -> bool {
    let Ok(mut message) = Synapse::new(Class::synapse().into(), &Dict::default()) else { return false };
    message.timeout = Some(WITNESS_PATIENCE.as_secs_f64());
    let asked = join_all(witnesses.iter().map(|witness| dendrite.ask(witness, &message))).await;
    asked.iter().any(|asked| matches!(asked.result, Ok(Answer::Signed { .. }) | Err(AskError::Refused { .. })))
}

impl<T: Task, J: Judge<T>> Validator<T, J> {
    /// Holds rounds until the validator cannot go on.
    pub(super) async fn hold_rounds(&self) -> ValidateError {
        match self.rounds().await {
            Err(error) => error,
        }
    }

    async fn rounds(&self) -> Result<Infallible, ValidateError> {
        let (dendrite, limit) = (self.dendrite.clone(), self.options.judging_limit);
        let runner = RoundRunner::new(dendrite, self.task.clone(), self.judge.clone(), limit);
        let mut reports = RoundReports::default();
        loop {
            let began = Instant::now();
            let number = self.board.engine().memory.rounds;
            let seed = round_seed(self.options.seed, number)?;
            let seats = self.board.seats();
            let own = self.member().hotkey();
            let draw = (seed, self.options.sample);
            let plan = self.board.engine().due(&seats, own, draw, |peer| self.dendrite.rests(peer));
            let is_alone = !seats.iter().any(|seat| seat.hotkey != own && seat.reach.is_ok());
            if is_alone && !reports.is_alone {
                self.member().send(NeuronEvent::NobodyServes);
            }
            reports.is_alone = is_alone;
            if !plan.seats.is_empty()
                && let Err(error) = self.hold(&runner, seed, &plan, &seats).await
            {
                self.report_failure(&mut reports, number, &error);
            }
            sleep_until(began + self.options.every).await;
        }
    }

    /// Reports a round that was not held.
    fn report_failure(&self, reports: &mut RoundReports, round: u64, error: &RoundError) {
        if !matches!(error, RoundError::Slow) {
            self.member().send(NeuronEvent::RoundFailed { round, error: error.to_string() });
        } else if reports.is_slow_reported(Instant::now()) {
            self.member().send(NeuronEvent::JudgeSlow { round, limit: self.options.judging_limit });
        }
    }

    /// Holds a round: draws, asks, judges and notes.
    async fn hold(
        &self,
        runner: &RoundRunner<T, J>,
        seed: u64,
        plan: &RoundPlan,
        seats: &[SeatView],
    ) -> Result<(), RoundError> {
        let member = self.member();
        let miners = plan.seats.iter().map(|seat| seat.uid).collect();
        member.send(NeuronEvent::RoundBegan { round: plan.number, miners });
        let hotkeys = plan.seats.iter().map(|seat| seat.hotkey).collect();
        let questions = runner.draw((seed, self.options.patience), hotkeys).await?;
        let (challenges, messages): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
        let request = |(place, (seat, message)): (usize, (&SeatView, Synapse))| {
            (seat.reach.clone(), moment(seed, place, self.options.every), message)
        };
        let requests = plan.seats.iter().zip(messages).enumerate().map(request);
        let heard = runner.ask(requests.collect()).await?;
        let (times, replies): (Vec<_>, Vec<_>) = heard.into_iter().map(MinerResponse::split).unzip();
        let tally = self.board.engine().tally(plan, &times);
        if self.is_own_outage(plan.number, (tally, &times), seats).await {
            return Ok(());
        }
        let verdicts = runner.judge(challenges.into_iter().zip(replies).collect()).await?;
        self.note(plan, tally, times, verdicts).await;
        Ok(())
    }

    /// Returns true if the failures of a round are the fault of this machine, and reports it.
    async fn is_own_outage(
        &self,
        round: u64,
        (tally, times): (RoundTally, &[ResponseTimes]),
        seats: &[SeatView],
    ) -> bool {
        let member = self.member();
        let warning = self.board.engine().compare_clocks(times);
        if let Some((clock_offset, answers)) = warning {
            member.send(NeuronEvent::ClockOffset { clock_offset, answers });
        }
        let witnesses = witnesses(seats, member.hotkey());
        let suspected = self.board.engine().suspects(tally, witnesses.len());
        let Some(reason) = suspected else { return false };
        if is_witnessed(&self.dendrite, &witnesses).await {
            return false;
        }
        self.board.engine().own_outage();
        let witnesses = witnesses.len();
        member.send(NeuronEvent::OwnOutage { round, asked: tally.asked, failed: tally.failed, witnesses, reason });
        true
    }

    /// Notes the results of a round, stores them, and reports them.
    async fn note(&self, plan: &RoundPlan, tally: RoundTally, times: Vec<ResponseTimes>, verdicts: Vec<Verdict>) {
        let member = self.member();
        let result = |((seat, times), verdict): ((&SeatView, ResponseTimes), Verdict)| SeatResult {
            seat: seat.key(),
            times,
            verdict,
        };
        let results: Vec<_> = plan.seats.iter().zip(times).zip(verdicts).map(result).collect();
        let newest = self.options.newest;
        let (averages, saved) = self.board.change(|engine| engine.take(tally, &results, newest)).await;
        for ((result, average), seat) in results.into_iter().zip(averages).zip(&plan.seats) {
            let ResponseTimes { first, elapsed, failure, .. } = result.times;
            let score = match (failure, result.verdict) {
                (Some(error), _) => Err(error),
                (None, Verdict::Score(score)) => Ok(Some(score.of(MILLION.into()))),
                (None, Verdict::Abstain) => Ok(None),
            };
            let (round, uid, hotkey, average) = (plan.number, seat.uid, seat.hotkey, average_ppm(average));
            member.send(NeuronEvent::Answered { round, uid, hotkey, first, elapsed, score, average });
        }
        if let Err(error) = saved {
            member.send(NeuronEvent::NotSaved { error });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn m2_seeds_of_rounds_are_secret_unless_one_is_given() {
        let seeds: BTreeSet<_> = (0..8).map(|round| round_seed(None, round / 4).unwrap()).collect();
        assert_eq!(seeds.len(), 8, "two validators draw other samples and challenges");
        let given = |seed| [0, 1].map(|round| round_seed(Some(seed), round).unwrap());
        assert_eq!(given(7), given(7));
        assert_ne!(given(7)[0], given(7)[1]);
        assert_ne!(given(7), given(8));
    }

    #[test]
    fn nh_49_a_judge_that_hangs_is_reported_once_a_minute() {
        let (mut reports, start) = (RoundReports::default(), Instant::now());
        let reported = (0..150).filter(|second| reports.is_slow_reported(start + Duration::from_secs(*second)));
        assert_eq!(reported.collect::<Vec<_>>(), [0, 60, 120]);
    }

    #[test]
    fn nh_42_the_time_since_the_last_request_tells_no_challenge_from_a_question() {
        // Rounds follow each other, and a consumer asks once in the same time.
        let interval = Duration::from_secs(12);
        let mut requests: Vec<(Duration, bool)> = Vec::new();
        for round in 0..2_000_u32 {
            let began = interval * round;
            requests.push((began + moment(dice([7, round.into(), 0, 0]), 3, interval), true));
            requests.push((began + moment(dice([8, round.into(), 0, 0]), 0, interval), false));
        }
        requests.sort();
        let mut waits: Vec<_> = requests.windows(2).map(|two| (two[1].0.saturating_sub(two[0].0), two[1].1)).collect();
        waits.sort();
        let (mut questions, mut wins) = (0_u64, 0_u64);
        for (_, is_challenge) in &waits {
            if *is_challenge { wins += questions } else { questions += 1 }
        }
        let challenges = u64::try_from(waits.len()).unwrap() - questions;
        let percent = 100 * wins / (questions * challenges);
        assert!((45..=55).contains(&percent), "the area under the curve is {percent} %");
    }

    #[test]
    fn nh_41_challenges_are_sent_at_random_moments_of_the_interval() {
        let interval = Duration::from_secs(12);
        let moments: Vec<_> =
            (0..200).flat_map(|seed| (0..16).map(move |place| moment(seed, place, interval))).collect();
        assert!(moments.iter().all(|moment| *moment < interval));
        // Of 3 200 moments a twelfth is expected in each second; 6 standard deviations are 94.
        for second in 0..12 {
            let count = moments.iter().filter(|moment| moment.as_secs() == second).count();
            assert!((172..361).contains(&count), "{count} in second {second}");
        }
        assert_eq!(moments.iter().collect::<BTreeSet<_>>().len(), moments.len());
        assert_eq!(moment(1, 1, Duration::ZERO), Duration::ZERO);
    }
}
