//! What a validator makes of a world, round after round: averages and weights, by the code that real ones run.

use super::{World, dice};
use crate::subnet::{
    Judge, NoOpinion, Task, average_ppm,
    dice::sample,
    event::percent,
    scores::{Score, Scores},
    weights::{Bounds, weights},
};
use core::fmt;
use myelin_primitives::{BlockNumber, Fraction, MILLION, U16_ONE, Uid};
use myelin_wire::class::Mismatch;
use std::time::Duration;

/// When everybody in a world took a seat.
const SINCE: BlockNumber = 0;

/// How a validator is tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// How many rounds it holds.
    pub rounds: u64,
    /// The miners that are asked in a round, at most.
    pub sample: usize,
    /// How much of an average is its newest score.
    pub newest: Fraction,
    /// The entries that the subnet asks for at least.
    pub least_entries: u16,
    /// The most that one miner may have of all weights, as a u16 fraction.
    pub largest_share: u16,
}

impl Default for Trial {
    /// A hundred rounds with everybody; a tenth of an average is new, and the subnet limits nothing.
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

/// A world cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The judge draws a challenge that is no message of the task.
    #[error("the judge drew a challenge that is no message of the task: {0}")]
    Challenge(#[from] Mismatch),
    /// A subnet has no seats for so many.
    #[error("no subnet has seats for {0} miners")]
    Seats(usize),
}

/// What a validator says after a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many rounds it held.
    pub rounds: u64,
    /// The miners, by number.
    pub rows: Vec<Row>,
    /// Why it has no weights, if it has none.
    pub no_opinion: Option<NoOpinion>,
}

/// What it says of one miner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// How it is called.
    pub name: String,
    /// How it answered.
    pub score: Score,
    /// How long it took on average to answer, if it ever did.
    pub elapsed: Option<Duration>,
    /// Its weight; the largest is 65535.
    pub weight: u16,
}

impl<T: Task> World<T> {
    /// Lets a validator hold rounds, and asks for its weights.
    ///
    /// # Errors
    /// [`TrialError`].
    pub fn try_out(&self, judge: &impl Judge<T>, trial: &Trial) -> Result<Verdict, TrialError> {
        let neurons = u16::try_from(self.seats.len()).map_err(|_| TrialError::Seats(self.seats.len()))?;
        let mut scores = Scores::default();
        let mut times = vec![(Duration::ZERO, 0_u32); self.seats.len()];
        for round in 0..trial.rounds {
            let all = (0..self.seats.len()).collect();
            let asked = sample(dice([self.seed, round, u64::MAX, 1]), all, trial.sample);
            for (outcome, index) in self.round_of(judge, round, &asked)?.into_iter().zip(asked) {
                let score = outcome.score.ok().and_then(|ppm| Fraction::from_ppm(u32::try_from(ppm).ok()?).ok());
                if let (Some((sum, count)), true) = (times.get_mut(index), score.is_some()) {
                    (*sum, *count) = (sum.saturating_add(outcome.elapsed), count.saturating_add(1));
                }
                scores.note((Self::hotkey(index), SINCE), score, trial.newest);
            }
        }
        let unasked = Score { since: SINCE, average: 0, asked: 0, answered: 0 };
        let mut rows: Vec<Row> = Vec::with_capacity(self.seats.len());
        for (index, (seat, (sum, count))) in self.seats.iter().zip(times).enumerate() {
            let score = scores.get(Self::hotkey(index)).unwrap_or(unasked);
            rows.push(Row { name: seat.name.clone(), score, elapsed: sum.checked_div(count), weight: 0 });
        }
        let averages: Vec<_> = (0..neurons).map(Uid::new).zip(rows.iter().map(|row| row.score.average)).collect();
        let Trial { least_entries, largest_share, .. } = *trial;
        let no_opinion = match weights(&averages, Bounds { least_entries, largest_share, neurons }) {
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
        Ok(Verdict { rounds: trial.rounds, rows, no_opinion })
    }
}

impl fmt::Display for Verdict {
    /// A table for people.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max("miner".len());
        let (miner, asked, answered, time, average, weight) =
            ("miner", "asked", "answered", "time", "average", "weight");
        writeln!(out, "{miner:width$}  {asked:>6}  {answered:>8}  {time:>8}  {average:>8}  {weight:>7}")?;
        let sum: u64 = self.rows.iter().map(|row| u64::from(row.weight)).sum();
        for Row { name, score, elapsed, weight } in &self.rows {
            let time = elapsed.map_or_else(|| "–".to_owned(), |elapsed| format!("{} ms", elapsed.as_millis()));
            let average = percent(average_ppm(score.average));
            let weight = percent(u64::from(*weight).saturating_mul(MILLION.into()).checked_div(sum).unwrap_or(0));
            let (asked, answered) = (score.asked, score.answered);
            writeln!(out, "{name:width$}  {asked:>6}  {answered:>8}  {time:>8}  {average:>8}  {weight:>7}")?;
        }
        self.no_opinion.map_or(Ok(()), |reason| writeln!(out, "no weights: {reason}"))
    }
}
