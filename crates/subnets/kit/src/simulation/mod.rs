//! A simulation of a subnet in memory. The same seed gives the same scores and weights.
//!
//! Messages use the same classes and conversions as on a network, so a simulation finds a task that cannot encode its
//! own answers. Messages are not signed, because no attacker is between the neurons.

mod trial;

pub use trial::{Trial, TrialError, TrialResult, TrialRow};

use super::{
    Exchange, Judge, Miner, Reply, Task, Verdict,
    dice::{dice, number},
    endpoint::mine,
    question, verdicts,
};
use core::ops::ControlFlow;
use myelin_neuron::AskError;
use myelin_primitives::MILLION;
use myelin_wire::{PublicKey, Synapse, class::Mismatch, python::json};
use sha2::{Digest, Sha256};
use std::{ops::Range, time::Duration};

/// The connection to a miner.
#[derive(Clone, Debug)]
pub struct SimulatedLink {
    /// The time of a request and the first byte of its answer, evenly distributed.
    pub delay: Range<Duration>,
    /// The time of each further piece of a streamed answer.
    pub pace: Duration,
    /// The number of lost requests in a million.
    pub loss_ppm: u32,
}

impl Default for SimulatedLink {
    /// Returns a link with a delay of 100 ms, 1 ms for each further piece, and no losses.
    fn default() -> Self {
        let delay = Duration::from_millis(100);
        Self { delay: delay..delay, pace: Duration::from_millis(1), loss_ppm: 0 }
    }
}

/// The mischief of a simulated miner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SimulatedMischief {
    /// No mischief.
    #[default]
    None,
    /// No answer.
    Silent,
    /// An answer that is no message.
    Garbage,
    /// The answer of another miner, by number, to that miner's challenge. It comes after the other one.
    Copies(usize),
    /// The answer of another miner, by number, to this miner's challenge.
    Relays(usize),
    /// Its own answer of the first round.
    Replays,
    /// An answer that breaks off half-way.
    Truncates,
}

struct SimulatedMiner<T: Task> {
    name: String,
    miner: Box<dyn Miner<T>>,
    link: SimulatedLink,
    mischief: SimulatedMischief,
}

/// A world of miners and their links.
pub struct World<T: Task> {
    task: T,
    seed: u64,
    patience: Duration,
    seats: Vec<SimulatedMiner<T>>,
}

/// The result of one request.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedOutcome {
    /// The time until the first byte in simulated time, if it came within the limit.
    pub first: Option<Duration>,
    /// The time until the answer or the failure, in simulated time.
    pub elapsed: Duration,
    /// The score in parts of a million, or the cause of a missing answer. Without a judgement there is no score.
    pub score: Result<Option<u64>, AskError>,
}

/// A round of a world that cannot be held. It is a fault of the judge.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The judge drew a challenge that is no message of the task.
    #[error("the judge drew a challenge that is no message of the task: {0}")]
    Challenge(#[from] Mismatch),
    /// The judge gave more verdicts than there are exchanges.
    #[error("the judge gave more verdicts than there are exchanges")]
    Verdicts,
}

/// The result of one request, with the reply if it can be scored.
type SimulatedExchange<T> = (SimulatedOutcome, Option<Reply<<T as Task>::Answer>>);

/// The reply of a miner and its times.
struct SimulatedReply {
    first: Duration,
    elapsed: Duration,
    bytes: Result<Vec<u8>, AskError>,
}

impl<T: Task> World<T> {
    /// Returns a world without miners. `patience` is the longest wait for an answer.
    pub const fn new(task: T, seed: u64, patience: Duration) -> Self {
        Self { task, seed, patience, seats: Vec::new() }
    }

    /// Adds a miner. Its number is the count of miners before it.
    #[must_use]
    pub fn with(self, miner: impl Miner<T>, link: SimulatedLink, mischief: SimulatedMischief) -> Self {
        let name = format!("miner {}", self.seats.len());
        self.named(&name, miner, link, mischief)
    }

    /// Adds a miner with a name.
    #[must_use]
    pub fn named(mut self, name: &str, miner: impl Miner<T>, link: SimulatedLink, mischief: SimulatedMischief) -> Self {
        self.seats.push(SimulatedMiner { name: name.to_owned(), miner: Box::new(miner), link, mischief });
        self
    }

    /// Returns the number of miners.
    pub const fn miners(&self) -> usize {
        self.seats.len()
    }

    /// Returns the hotkey of a miner, by number. It has no known secret key.
    pub fn hotkey(index: usize) -> PublicKey {
        let digest = Sha256::digest([b"miner".as_slice(), &number(index).to_be_bytes()].concat());
        PublicKey::from_bytes(digest.into())
    }

    /// Runs a round with all miners, and returns the results by number.
    ///
    /// # Errors
    /// [`WorldError`] for a fault of the judge.
    pub fn round(&self, judge: &impl Judge<T>, round: u64) -> Result<Vec<SimulatedOutcome>, WorldError> {
        self.round_of(judge, round, &(0..self.seats.len()).collect::<Vec<_>>())
    }

    /// Runs a round with some miners, by number, and returns the results in their order.
    ///
    /// # Errors
    /// Those of [`Self::round`].
    pub fn round_of(
        &self,
        judge: &impl Judge<T>,
        round: u64,
        miners: &[usize],
    ) -> Result<Vec<SimulatedOutcome>, WorldError> {
        let mut outcomes = Vec::with_capacity(miners.len());
        let mut exchanges: Vec<Exchange<T>> = Vec::with_capacity(miners.len());
        for index in miners {
            let challenge = self.challenge(judge, round, *index);
            let message = question(&self.task, &challenge)?;
            let (outcome, reply) = self.asked(judge, round, *index, &message)?;
            outcomes.push(outcome);
            exchanges.push((challenge, reply));
        }
        let verdicts = verdicts::<T>(judge, &exchanges).ok_or(WorldError::Verdicts)?;
        for (outcome, verdict) in outcomes.iter_mut().zip(verdicts) {
            if let (Ok(outcome), Verdict::Score(score)) = (&mut outcome.score, verdict) {
                *outcome = Some(score.of(MILLION.into()));
            }
        }
        Ok(outcomes)
    }

    fn challenge(&self, judge: &impl Judge<T>, round: u64, index: usize) -> T::Challenge {
        judge.draw(dice([self.seed, round, u64::MAX, 0]), Self::hotkey(index))
    }

    /// Returns the result of one request before it is scored.
    fn asked(
        &self,
        judge: &impl Judge<T>,
        round: u64,
        index: usize,
        message: &Synapse,
    ) -> Result<SimulatedExchange<T>, Mismatch> {
        let said = self.said(judge, round, index, message)?;
        let Some(SimulatedReply { first, elapsed, bytes }) = said.filter(|said| said.elapsed <= self.patience) else {
            let late = AskError::TimedOut(self.patience.as_secs_f64());
            return Ok((SimulatedOutcome { first: None, elapsed: self.patience, score: Err(late) }, None));
        };
        Ok(match bytes.and_then(|bytes| self.read(message, &bytes)) {
            Ok(answer) => (
                SimulatedOutcome { first: Some(first), elapsed, score: Ok(None) },
                Some(Reply { answer, first, elapsed }),
            ),
            Err(error) => (SimulatedOutcome { first: None, elapsed, score: Err(error) }, None),
        })
    }

    /// Returns the reply of a miner, or `None` if none ever comes.
    fn said(
        &self,
        judge: &impl Judge<T>,
        round: u64,
        index: usize,
        message: &Synapse,
    ) -> Result<Option<SimulatedReply>, Mismatch> {
        let Some(SimulatedMiner { miner, link, mischief, .. }) = self.seats.get(index) else { return Ok(None) };
        let roll = |what| dice([self.seed, round, number(index), what]);
        let delay = delay(link, roll(1));
        if roll(2) % u64::from(MILLION) < u64::from(link.loss_ppm) {
            return Ok(None);
        }
        let behind = |said: SimulatedReply| {
            let later = |time: Duration| time.saturating_add(delay);
            SimulatedReply { first: later(said.first), elapsed: later(said.elapsed), bytes: said.bytes }
        };
        let at_once = |bytes| SimulatedReply { first: delay, elapsed: delay, bytes };
        Ok(match *mischief {
            SimulatedMischief::None => Some(self.mined(&**miner, link, delay, message)),
            SimulatedMischief::Garbage => Some(at_once(Ok(roll(3).to_be_bytes().to_vec()))),
            // Only earlier miners can be copied, so that no two miners copy each other endlessly.
            SimulatedMischief::Copies(other) if other < index => {
                let theirs = question(&self.task, &self.challenge(judge, round, other))?;
                self.said(judge, round, other, &theirs)?.map(behind)
            }
            SimulatedMischief::Relays(other) if other < index => self.said(judge, round, other, message)?.map(behind),
            SimulatedMischief::Replays => {
                let first = question(&self.task, &self.challenge(judge, 0, index))?;
                Some(self.mined(&**miner, link, delay, &first))
            }
            SimulatedMischief::Truncates => {
                let mut said = self.mined(&**miner, link, delay, message);
                if let Ok(bytes) = &mut said.bytes {
                    bytes.truncate(bytes.len() / 2);
                }
                Some(said)
            }
            SimulatedMischief::Silent | SimulatedMischief::Copies(_) | SimulatedMischief::Relays(_) => None,
        })
    }

    /// Returns the honest reply of a miner over its link.
    fn mined(&self, miner: &dyn Miner<T>, link: &SimulatedLink, first: Duration, message: &Synapse) -> SimulatedReply {
        let failed = |text: String| AskError::Refused { status: 500, text: text.into() };
        if self.task.streams() {
            let (mut bytes, mut elapsed, mut begun) = (Vec::new(), first, false);
            let mut take = |piece: Vec<u8>| {
                bytes.extend(piece);
                if begun {
                    elapsed = elapsed.saturating_add(link.pace);
                }
                begun = true;
                // The caller stops reading after the limit.
                if elapsed > self.patience { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let asked = self.task.asked(message).map_err(|error| failed(error.to_string()));
            let streamed = asked.and_then(|challenge| {
                miner.stream(challenge, &mut take).map_err(|failure| AskError::Cut(failure.0.into()))
            });
            return SimulatedReply { first, elapsed, bytes: streamed.map(|()| bytes) };
        }
        let answer = mine(&self.task, miner, message.clone()).map_err(|failure| failed(failure.0));
        let bytes = answer.and_then(|answer| {
            let bytes = json::write_compact(&answer.to_value()).map(String::into_bytes);
            bytes.map_err(|error| failed(error.to_string()))
        });
        SimulatedReply { first, elapsed: first, bytes }
    }

    fn read(&self, asked: &Synapse, said: &[u8]) -> Result<T::Answer, AskError> {
        let content = |error: &dyn std::fmt::Display| AskError::Content(error.to_string().into());
        if self.task.streams() {
            return self.task.streamed(said).map_err(|error| content(&error));
        }
        let value = json::read(said).map_err(|error| content(&error))?;
        let read = Synapse::from_value(asked.class().clone(), &value);
        self.task.answered(&read.map_err(|error| content(&error))?).map_err(|error| content(&error))
    }
}

fn delay(link: &SimulatedLink, roll: u64) -> Duration {
    let span = u64::try_from(link.delay.end.saturating_sub(link.delay.start).as_nanos()).unwrap_or(u64::MAX);
    link.delay.start.saturating_add(Duration::from_nanos(roll.checked_rem(span).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_neuron::Failure;
    use myelin_primitives::Fraction;
    use myelin_wire::{
        class::{Class, Field, Type},
        python::{Dict, Value},
    };

    /// A task that doubles numbers.
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

    /// A judge that gives 1 for a right answer in time, and 1/2 for a late one.
    struct Exact;
    impl Judge<Doubling> for Exact {
        fn draw(&self, seed: u64, _: PublicKey) -> u64 {
            seed % 1_000
        }

        fn score(&self, challenge: &u64, reply: &Reply<u64>) -> Fraction {
            let ppm = match (reply.answer == challenge * 2, reply.elapsed > Duration::from_millis(150)) {
                (true, false) => 1_000_000,
                (true, true) => 500_000,
                (false, _) => 0,
            };
            Fraction::from_ppm(ppm).unwrap()
        }
    }

    fn world(seed: u64) -> World<Doubling> {
        let delay = Duration::from_millis(10)..Duration::from_millis(90);
        let lossy = SimulatedLink { delay, loss_ppm: 500_000, ..SimulatedLink::default() };
        let far = SimulatedLink { delay: Duration::from_secs(9)..Duration::from_secs(9), ..SimulatedLink::default() };
        World::new(Doubling, seed, Duration::from_secs(1))
            .with(Doubles, SimulatedLink::default(), SimulatedMischief::None)
            .with(Doubles, lossy, SimulatedMischief::None)
            .with(Doubles, SimulatedLink::default(), SimulatedMischief::Copies(0))
            .with(Doubles, SimulatedLink::default(), SimulatedMischief::Garbage)
            .with(Doubles, SimulatedLink::default(), SimulatedMischief::Silent)
            .with(Fails, SimulatedLink::default(), SimulatedMischief::None)
            .with(Doubles, far, SimulatedMischief::None)
    }

    fn rounds(seed: u64) -> Vec<Vec<SimulatedOutcome>> {
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
        let late: Result<Option<u64>, _> = Err(AskError::TimedOut(1.0));
        let mut arrived = 0;
        for outcomes in &rounds {
            let scores: Vec<_> = outcomes.iter().map(|outcome| &outcome.score).collect();
            assert_eq!(*scores[0], Ok(Some(1_000_000)));
            assert_eq!(*scores[2], Ok(Some(500_000)));
            assert!(matches!(scores[3], Err(AskError::Content(_))), "{:?}", scores[3]);
            assert_eq!(*scores[4], late);
            assert!(matches!(scores[5], Err(AskError::Refused { status: 500, .. })));
            assert_eq!(*scores[6], late);
            match scores[1] {
                Ok(Some(1_000_000)) => arrived += 1,
                lost => assert_eq!(*lost, late),
            }
        }
        assert!((8..32).contains(&arrived), "{arrived} of 40 arrived");
    }
}
