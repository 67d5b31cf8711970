//! A subnet in memory: the same seed is the same world, to the last score.
//!
//! Messages go through the same classes and conversions as on a network, so a task that cannot carry its own answers is found
//! out here. Signatures do not: nobody stands between the neurons of a simulation.

use super::{Judge, Miner, Task, mine, question};
use crate::AskError;
use myelin_wire::{Synapse, class::Mismatch, python::json};
use sha2::{Digest, Sha256};
use std::{ops::Range, time::Duration};

/// The way to a miner and back.
#[derive(Clone, Debug)]
pub struct Link {
    /// How long a question and its answer take, evenly spread.
    pub delay: Range<Duration>,
    /// How many of a million questions get lost.
    pub loss_ppm: u32,
}

impl Default for Link {
    /// A tenth of a second, and nothing gets lost.
    fn default() -> Self {
        Self { delay: Duration::from_millis(100)..Duration::from_millis(100), loss_ppm: 0 }
    }
}

/// What a miner does beside its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mischief {
    /// Nothing.
    #[default]
    None,
    /// It is silent.
    Silent,
    /// It says something that is no message.
    Garbage,
    /// It gives the answer of another miner, by number, and comes later than that one.
    Copies(usize),
}

struct Seat<T: Task> {
    miner: Box<dyn Miner<T>>,
    link: Link,
    mischief: Mischief,
}

/// Miners and the ways to them.
pub struct World<T: Task> {
    task: T,
    seed: u64,
    patience: Duration,
    seats: Vec<Seat<T>>,
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How long it took, in the time of the world.
    pub elapsed: Duration,
    /// The score in parts of a million, or why there is none.
    pub score: Result<u64, AskError>,
}

/// A number below 2^64 that seems random, and is the same for the same parts.
fn dice(parts: [u64; 4]) -> u64 {
    let digest = Sha256::digest(parts.map(u64::to_be_bytes).concat());
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn number(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

impl<T: Task> World<T> {
    /// A world without miners, in which questions are waited for this long.
    pub const fn new(task: T, seed: u64, patience: Duration) -> Self {
        Self { task, seed, patience, seats: Vec::new() }
    }

    /// Adds a miner; its number is the count of those before it.
    #[must_use]
    pub fn with(mut self, miner: impl Miner<T>, link: Link, mischief: Mischief) -> Self {
        self.seats.push(Seat { miner: Box::new(miner), link, mischief });
        self
    }

    /// Asks everybody the challenge of a round, and scores what comes, by number.
    ///
    /// # Errors
    /// [`Mismatch`] when the judge draws a challenge that is no message of the task.
    pub fn round(&self, judge: &impl Judge<T>, round: u64) -> Result<Vec<Outcome>, Mismatch> {
        let challenge = judge.draw(dice([self.seed, round, u64::MAX, 0]));
        let message = question(&self.task, &challenge)?;
        let score = |index| {
            let (elapsed, said) = self.said(index, round, &message);
            let late = Err(AskError::TimedOut(self.patience.as_secs_f64()));
            let Some(said) = said.filter(|_| elapsed <= self.patience) else {
                return Outcome { elapsed: self.patience, score: late };
            };
            let answer = self.read(&message, said);
            let score = answer.map(|answer| judge.score(&challenge, &answer, elapsed).of(1_000_000));
            Outcome { elapsed, score }
        };
        Ok((0..self.seats.len()).map(score).collect())
    }

    /// When a miner's answer comes in, and its bytes; none if nothing ever comes.
    fn said(&self, index: usize, round: u64, message: &Synapse) -> (Duration, Option<Said>) {
        let Some(Seat { miner, link, mischief }) = self.seats.get(index) else { return (Duration::MAX, None) };
        let roll = |what| dice([self.seed, round, number(index), what]);
        let delay = delay(link, roll(1));
        if roll(2) % 1_000_000 < u64::from(link.loss_ppm) {
            return (Duration::MAX, None);
        }
        match *mischief {
            Mischief::None => (delay, Some(self.mined(&**miner, message))),
            Mischief::Garbage => (delay, Some(Ok(roll(3).to_be_bytes().to_vec()))),
            // Only those before it can be copied, so that no two copy each other for ever.
            Mischief::Copies(other) if other < index => {
                let (after, said) = self.said(other, round, message);
                (after.saturating_add(delay), said)
            }
            Mischief::Silent | Mischief::Copies(_) => (Duration::MAX, None),
        }
    }

    fn mined(&self, miner: &dyn Miner<T>, message: &Synapse) -> Said {
        let failed = |text: String| AskError::Refused { status: 500, text };
        let answer = mine(&self.task, miner, message.clone()).map_err(|failure| failed(failure.0))?;
        json::write_compact(&answer.to_value()).map(String::into_bytes).map_err(|error| failed(error.to_string()))
    }

    fn read(&self, asked: &Synapse, said: Said) -> Result<T::Answer, AskError> {
        let content = |error: &dyn std::fmt::Display| AskError::Content(error.to_string());
        let value = json::read(&said?).map_err(|error| content(&error))?;
        let read = Synapse::from_value(asked.class().clone(), &value);
        self.task.answered(&read.map_err(|error| content(&error))?).map_err(|error| content(&error))
    }
}

type Said = Result<Vec<u8>, AskError>;

fn delay(link: &Link, roll: u64) -> Duration {
    let span = u64::try_from(link.delay.end.saturating_sub(link.delay.start).as_nanos()).unwrap_or(u64::MAX);
    link.delay.start.saturating_add(Duration::from_nanos(roll.checked_rem(span).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;
    use myelin_primitives::Fraction;
    use myelin_wire::{
        class::{Class, Field, Type},
        python::{Dict, Value},
    };

    /// Doubling numbers.
    struct Doubling;

    fn read(message: &Synapse, name: &str) -> Result<u64, Mismatch> {
        let value = match message.get(name) {
            Some(Value::Int(value)) => value.to_i128().and_then(|value| u64::try_from(value).ok()),
            _ => None,
        };
        value.ok_or_else(|| Mismatch { at: name.to_owned(), what: "is not a number below 2^64".to_owned() })
    }

    impl Task for Doubling {
        type Challenge = u64;
        type Answer = u64;

        fn class(&self) -> Class {
            let fields =
                vec![Field::required("number", Type::Int), Field::with_default("double", Type::Int, Value::int(0))];
            Class::new("Doubling", fields).unwrap().hashing(&["number"]).unwrap()
        }

        fn ask(&self, challenge: &u64) -> Dict {
            Dict::from_iter([("number", Value::int(*challenge))])
        }

        fn asked(&self, message: &Synapse) -> Result<u64, Mismatch> {
            read(message, "number")
        }

        fn answer(&self, message: &mut Synapse, answer: u64) -> Result<(), Mismatch> {
            message.set("double", Value::int(answer))
        }

        fn answered(&self, message: &Synapse) -> Result<u64, Mismatch> {
            read(message, "double")
        }
    }

    struct Doubles;
    impl Miner<Doubling> for Doubles {
        fn answer(&self, challenge: u64) -> Result<u64, Failure> {
            Ok(challenge * 2)
        }
    }

    struct Fails;
    impl Miner<Doubling> for Fails {
        fn answer(&self, _: u64) -> Result<u64, Failure> {
            Err(Failure::from("tired"))
        }
    }

    /// All for a right answer in time, half for a late one.
    struct Exact;
    impl Judge<Doubling> for Exact {
        fn draw(&self, seed: u64) -> u64 {
            seed % 1_000
        }

        fn score(&self, challenge: &u64, answer: &u64, elapsed: Duration) -> Fraction {
            let ppm = match (*answer == challenge * 2, elapsed > Duration::from_millis(150)) {
                (true, false) => 1_000_000,
                (true, true) => 500_000,
                (false, _) => 0,
            };
            Fraction::from_ppm(ppm).unwrap()
        }
    }

    fn world(seed: u64) -> World<Doubling> {
        let lossy = Link { delay: Duration::from_millis(10)..Duration::from_millis(90), loss_ppm: 500_000 };
        let far = Link { delay: Duration::from_secs(9)..Duration::from_secs(9), ..Link::default() };
        World::new(Doubling, seed, Duration::from_secs(1))
            .with(Doubles, Link::default(), Mischief::None)
            .with(Doubles, lossy, Mischief::None)
            .with(Doubles, Link::default(), Mischief::Copies(0))
            .with(Doubles, Link::default(), Mischief::Garbage)
            .with(Doubles, Link::default(), Mischief::Silent)
            .with(Fails, Link::default(), Mischief::None)
            .with(Doubles, far, Mischief::None)
    }

    fn rounds(seed: u64) -> Vec<Vec<Outcome>> {
        (0..40).map(|round| world(seed).round(&Exact, round).unwrap()).collect()
    }

    #[test]
    fn the_same_seed_is_the_same_world() {
        assert_eq!(rounds(1), rounds(1));
        assert_ne!(rounds(1), rounds(2));
    }

    #[test]
    fn everybody_gets_what_they_did() {
        let rounds = rounds(3);
        let late = Err(AskError::TimedOut(1.0));
        let mut arrived = 0;
        for outcomes in &rounds {
            let scores: Vec<_> = outcomes.iter().map(|outcome| &outcome.score).collect();
            assert_eq!(*scores[0], Ok(1_000_000));
            assert_eq!(*scores[2], Ok(500_000));
            assert!(matches!(scores[3], Err(AskError::Content(_))), "{:?}", scores[3]);
            assert_eq!(*scores[4], late);
            assert!(matches!(scores[5], Err(AskError::Refused { status: 500, .. })));
            assert_eq!(*scores[6], late);
            match scores[1] {
                Ok(1_000_000) => arrived += 1,
                lost => assert_eq!(*lost, late),
            }
        }
        assert!((8..32).contains(&arrived), "{arrived} of 40 arrived");
    }
}
