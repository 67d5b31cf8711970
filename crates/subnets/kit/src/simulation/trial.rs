//! A trial of a validator in a world: rounds, averages and weights, by the code that runs on a chain.

use super::{SimulatedOutcome, World, WorldError, dice};
use crate::{
    Judge, NoWeights, Task, Verdict, average_ppm,
    cycle::SamplingCycle,
    event::percent,
    scores::{Score, Scores, SeatKey},
    weights::{WeightBounds, weights},
};
use core::fmt;
use myelin_primitives::{BlockNumber, Fraction, MILLION, U16_ONE, Uid};
use std::{collections::BTreeMap, time::Duration};

/// The block in which all miners of a world took their seats.
const SINCE: BlockNumber = 0;

/// The options of a trial.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The number of rounds.
    pub rounds: u64,
    /// The greatest number of miners in a round.
    pub sample: usize,
    /// The part of an average that the newest score makes up.
    pub newest: Fraction,
    /// The smallest number of weights that the subnet accepts.
    pub least_entries: u16,
    /// The largest share of all weights for one miner, as a u16 fraction.
    pub largest_share: u16,
}

impl Default for Trial {
    /// Returns options of 100 rounds with all miners, a tenth for the newest score, and no limits of the subnet.
    fn default() -> Self {
        Self {
            rounds: 100,
            sample: usize::MAX,
            newest: Fraction::from_ppm(MILLION / 10).unwrap_or(Fraction::HALF),
            least_entries: 1,
            largest_share: U16_ONE,
        }
    }
}

/// A trial that cannot run.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// A round cannot be held.
    #[error(transparent)]
    Round(#[from] WorldError),
    /// The world has more miners than a subnet has seats.
    #[error("a subnet has no seats for {0} miners")]
    Seats(usize),
}

/// The result of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialResult {
    /// The number of rounds.
    pub rounds: u64,
    /// The miners, by number.
    pub rows: Vec<TrialRow>,
    /// The cause of missing weights, if there are none.
    pub no_opinion: Option<NoWeights>,
}

/// The result of one miner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialRow {
    /// The name of the miner.
    pub name: String,
    /// The score of the miner.
    pub score: Score,
    /// The average time of an answer, if there was one.
    pub elapsed: Option<Duration>,
    /// The weight; the largest weight is 65535.
    pub weight: u16,
}

impl<T: Task> World<T> {
    /// Runs the rounds of a validator, and returns its weights.
    ///
    /// # Errors
    /// [`TrialError`] if the trial cannot run.
    pub fn try_out(&self, judge: &impl Judge<T>, trial: &Trial) -> Result<TrialResult, TrialError> {
        let seat = |index: usize| (Self::hotkey(index), SINCE);
        let neurons = u16::try_from(self.seats.len()).map_err(|_| TrialError::Seats(self.seats.len()))?;
        let mut scores = Scores::default();
        let mut cycle = SamplingCycle::default();
        let numbers: BTreeMap<SeatKey, usize> = (0..self.seats.len()).map(|index| (seat(index), index)).collect();
        let asked_always = numbers.keys().map(|seat| (*seat, true)).collect();
        let mut times = vec![(Duration::ZERO, 0_u32); self.seats.len()];
        for round in 0..trial.rounds {
            let taken = cycle.take(dice([self.seed, round, u64::MAX, 1]), &asked_always, trial.sample);
            let asked: Vec<usize> = taken.iter().filter_map(|seat| numbers.get(seat).copied()).collect();
            for (outcome, index) in self.round_of(judge, round, &asked)?.into_iter().zip(asked) {
                if let (Some((sum, count)), true) = (times.get_mut(index), outcome.score.is_ok()) {
                    (*sum, *count) = (sum.saturating_add(outcome.elapsed), count.saturating_add(1));
                }
                scores.note(seat(index), verdict(&outcome), outcome.score.is_ok(), trial.newest);
            }
        }
        let unasked = Score { since: SINCE, average: 0, asked: 0, answered: 0 };
        let mut rows: Vec<TrialRow> = Vec::with_capacity(self.seats.len());
        for (index, (miner, (sum, count))) in self.seats.iter().zip(times).enumerate() {
            let score = scores.get(seat(index)).unwrap_or(unasked);
            rows.push(TrialRow { name: miner.name.clone(), score, elapsed: sum.checked_div(count), weight: 0 });
        }
        let averages: Vec<_> = (0..neurons).map(Uid::new).zip(rows.iter().map(|row| row.score.average)).collect();
        let Trial { least_entries, largest_share, .. } = *trial;
        let no_opinion = match weights(&averages, WeightBounds { least_entries, largest_share, neurons }) {
            Ok(entries) => {
                for entry in entries {
                    if let Some(row) = rows.get_mut(usize::from(entry.uid)) {
                        row.weight = entry.value;
                    }
                }
                None
            }
            Err(reason) => Some(reason),
        };
        Ok(TrialResult { rounds: trial.rounds, rows, no_opinion })
    }
}

/// Returns the verdict on the outcome of a request.
fn verdict(outcome: &SimulatedOutcome) -> Verdict {
    let score = match outcome.score {
        Ok(None) => return Verdict::Abstain,
        Ok(Some(ppm)) => u32::try_from(ppm).ok().and_then(|ppm| Fraction::from_ppm(ppm).ok()),
        Err(_) => None,
    };
    Verdict::Score(score.unwrap_or(Fraction::ZERO))
}

impl fmt::Display for TrialResult {
    /// Writes a table.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max("miner".len());
        let (miner, asked, answered, time, average, weight) =
            ("miner", "asked", "answered", "time", "average", "weight");
        writeln!(out, "{miner:width$}  {asked:>6}  {answered:>8}  {time:>8}  {average:>8}  {weight:>7}")?;
        let sum: u64 = self.rows.iter().map(|row| u64::from(row.weight)).sum();
        for TrialRow { name, score, elapsed, weight } in &self.rows {
            let time = elapsed.map_or_else(|| "–".to_owned(), |elapsed| format!("{} ms", elapsed.as_millis()));
            let average = percent(average_ppm(score.average));
            let weight = percent(u64::from(*weight).saturating_mul(MILLION.into()).checked_div(sum).unwrap_or(0));
            let (asked, answered) = (score.asked, score.answered);
            writeln!(out, "{name:width$}  {asked:>6}  {answered:>8}  {time:>8}  {average:>8}  {weight:>7}")?;
        }
        self.no_opinion.map_or(Ok(()), |reason| writeln!(out, "no weights: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{SimulatedLink, SimulatedMischief};
    use super::*;
    use crate::{Exchange, JsonTask, Miner, Reply};
    use core::ops::ControlFlow;
    use myelin_neuron::{AskError, Failure};
    use myelin_wire::{
        PublicKey, Synapse,
        class::{Class, Mismatch},
        python::Dict,
    };

    /// A task that counts up to a number as a stream.
    struct Counting(JsonTask<u64, u64>);

    impl Task for Counting {
        type Challenge = u64;
        type Answer = Vec<u8>;

        fn class(&self) -> Class {
            self.0.class()
        }

        fn ask(&self, challenge: &u64) -> Dict {
            self.0.ask(challenge)
        }

        fn asked(&self, message: &Synapse) -> Result<u64, Mismatch> {
            self.0.asked(message)
        }

        fn answer(&self, _: &mut Synapse, _: Vec<u8>) -> Result<(), Mismatch> {
            unreachable!("answers stream")
        }

        fn answered(&self, _: &Synapse) -> Result<Vec<u8>, Mismatch> {
            unreachable!("answers stream")
        }

        fn streams(&self) -> bool {
            true
        }

        fn streamed(&self, bytes: &[u8]) -> Result<Vec<u8>, Mismatch> {
            Ok(bytes.to_vec())
        }
    }

    struct Counts;

    impl Miner<Counting> for Counts {
        fn answer(&self, _: u64) -> Result<Vec<u8>, Failure> {
            Err(Failure::from("answers stream"))
        }

        fn stream(&self, number: u64, pieces: &mut dyn FnMut(Vec<u8>) -> ControlFlow<()>) -> Result<(), Failure> {
            for count in (1..).take(usize::try_from(number).unwrap()) {
                if pieces(vec![count]).is_break() {
                    break;
                }
            }
            Ok(())
        }
    }

    /// A judge that gives the full score to the quickest right answer, and less to slower ones in proportion.
    struct Quickest;

    impl Judge<Counting> for Quickest {
        fn draw(&self, seed: u64, miner: PublicKey) -> u64 {
            10 + crate::seed_for(seed, miner) % 90
        }

        fn score(&self, number: &u64, reply: &Reply<Vec<u8>>) -> Fraction {
            let is_right = reply.answer.iter().copied().eq((1..).take(usize::try_from(*number).unwrap()));
            Fraction::from_u16(if is_right { u16::MAX } else { 0 })
        }

        fn rank(&self, round: &[Exchange<Counting>]) -> Vec<Verdict> {
            let pace = |(number, reply): &Exchange<Counting>| {
                let reply = reply.as_ref().filter(|reply| self.score(number, reply).of(1) == 1)?;
                Some(u64::try_from(reply.elapsed.as_micros()).unwrap() / number)
            };
            let best = round.iter().filter_map(pace).min();
            let score = |exchange| match (best, pace(exchange)) {
                (Some(best), Some(pace)) => {
                    Fraction::from_ppm(u32::try_from(u64::from(MILLION) * best / pace).unwrap()).unwrap()
                }
                _ => Fraction::from_u16(0),
            };
            round.iter().map(score).map(Verdict::Score).collect()
        }
    }

    fn world(seed: u64) -> World<Counting> {
        let link = |pace| SimulatedLink {
            delay: Duration::ZERO..Duration::from_millis(9),
            pace: Duration::from_millis(pace),
            loss_ppm: 0,
        };
        let task = Counting(JsonTask::new("Counting").unwrap());
        World::new(task, seed, Duration::from_secs(1))
            .named("fast", Counts, link(2), SimulatedMischief::None)
            .named("slow", Counts, link(5), SimulatedMischief::None)
            .named("too slow", Counts, link(500), SimulatedMischief::None)
            .named("copies", Counts, link(1), SimulatedMischief::Copies(0))
            .named("relays", Counts, link(1), SimulatedMischief::Relays(0))
            .named("replays", Counts, link(1), SimulatedMischief::Replays)
            .named("cuts", Counts, link(1), SimulatedMischief::Truncates)
    }

    #[test]
    fn streams_take_the_time_of_their_pieces() {
        let world = world(1);
        let outcomes = world.round(&Quickest, 3).unwrap();
        let number = Quickest.draw(dice([1, 3, u64::MAX, 0]), World::<Counting>::hotkey(0));
        let SimulatedOutcome { first: Some(first), elapsed, score: Ok(Some(1_000_000)) } = outcomes[0] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(elapsed, first + Duration::from_millis(2) * u32::try_from(number - 1).unwrap());
        assert_eq!(outcomes[2].score, Err(AskError::TimedOut(1.0)));
    }

    #[test]
    fn weights_follow_work_and_not_mischief() {
        let verdict = world(1).try_out(&Quickest, &Trial::default()).unwrap();
        let weight = |name| verdict.rows.iter().find(|row| row.name == name).unwrap().weight;
        assert_eq!(weight("fast"), u16::MAX);
        assert!((20_000..32_000).contains(&weight("slow")), "{verdict}");
        // A relaying miner is slower than the miner that did the work.
        assert!(weight("relays") < u16::MAX, "{verdict}");
        for cheat in ["too slow", "copies", "cuts"] {
            assert!(weight(cheat) < 1_000, "{cheat}: {verdict}");
        }
        // The answer of the first round was right, and challenges repeat: there are only 90.
        assert!(weight("replays") < 3_000, "{verdict}");
        assert_eq!(verdict, world(1).try_out(&Quickest, &Trial::default()).unwrap());
        assert_ne!(verdict, world(2).try_out(&Quickest, &Trial::default()).unwrap());
    }

    #[test]
    fn some_are_asked_and_the_rest_keeps_its_average() {
        let verdict = world(1).try_out(&Quickest, &Trial { rounds: 70, sample: 2, ..Trial::default() }).unwrap();
        assert_eq!(verdict.rows.iter().map(|row| row.score.asked).sum::<u64>(), 140);
        assert!(verdict.rows.iter().all(|row| row.score.asked > 5), "{verdict}");
    }

    #[test]
    fn the_subnet_limits_weights() {
        let limited =
            |largest_share| world(1).try_out(&Quickest, &Trial { largest_share, ..Trial::default() }).unwrap();
        let half = limited(32_768);
        let weights: Vec<u64> = half.rows.iter().map(|row| row.weight.into()).collect();
        assert!(weights[0] * 65_535 <= 32_768 * weights.iter().sum::<u64>(), "{half}");
        let hopeless = limited(100);
        assert!(matches!(hopeless.no_opinion, Some(NoWeights::TooFew { .. })), "{hopeless}");
        assert!(hopeless.to_string().contains("no weights: "), "{hopeless}");
    }
}
