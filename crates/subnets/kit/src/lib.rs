//! The parts of a subnet: a task, its miners, and a judge that scores their answers.
//!
//! | Part | Author | Role |
//! |---|---|---|
//! | [`Task`] | the subnet | defines challenges and answers as messages; [`JsonTask`] derives them from types |
//! | [`Miner`] | each miner | answers challenges |
//! | [`Judge`] | the subnet | draws challenges and scores answers |
//! | [`Member`] | this crate | a hotkey with a seat on a subnet, which follows the chain |
//! | [`mine`] | this crate | serves a miner to validators, and announces its address on the chain |
//! | [`Validator`] | this crate | holds rounds, averages scores, and sets weights before each epoch |
//! | [`simulation::World`] | this crate | miners without sockets: seeded time, delays, losses and mischief |
//!
//! Miners and judges are functions of their input. A whole subnet can therefore be tried in milliseconds and with
//! reproducible results before it runs on a network.
//!
//! A neuron reports [`NeuronEvent`]s to an [`EventSink`]. Its persistent state is in a [`StateFolder`] of atomic files,
//! so a killed neuron continues with the last complete state. Some parts can be used alone: [`round`] asks and scores
//! once, [`AnnouncedAxon`] announces any axon, and [`weights`] converts averages to weights that a subnet accepts.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, clippy::unwrap_used)
)]

mod cycle;
mod dice;
mod endpoint;
mod event;
#[cfg(test)]
#[path = "../../../../vectors/formats/fixture.rs"]
mod fixture;
mod json_task;
mod member;
mod memory;
mod miner;
mod round;
mod scores;
mod serving;
mod signer;
pub mod simulation;
mod state;
mod validator;
mod weights;
mod work;

pub use dice::seed_for;
pub use endpoint::endpoint;
pub use event::{EventSink, NeuronEvent, OutageReason, WeightsStep};
pub use json_task::JsonTask;
pub use member::{JoinError, Member, MemberError, dial_rules};
#[doc(hidden)]
pub use memory::rewritten as rewritten_memory;
pub use memory::{MemoryError, MemoryOwner};
pub use miner::{MiningOptions, mine, reported};
pub use round::{RoundError, ScoredAnswer, round};
pub use scores::{ONE, Score, Scores, SeatKey};
pub use serving::{AnnouncedAxon, AxonTls, ServeError, ServingOptions};
pub use signer::signer_of;
pub use state::{StateError, StateFolder};
pub use validator::{Board, BoardEntry, ValidateError, ValidatingOptions, Validator, average_ppm};
pub use weights::{NoWeights, WeightBounds, weights};

use core::ops::ControlFlow;
use myelin_neuron::Failure;
use myelin_primitives::Fraction;
use myelin_wire::{
    PublicKey, Synapse,
    class::{Class, Mismatch},
    python::Dict,
};
use std::{sync::Arc, time::Duration};

/// The challenges and answers of a subnet, and their messages.
pub trait Task: Send + Sync + 'static {
    /// A challenge of a validator.
    type Challenge: Clone + Send + Sync + 'static;
    /// An answer of a miner.
    type Answer: Send + Sync + 'static;

    /// Returns the class of the messages.
    ///
    /// The fields of a challenge should be hashed, so that v1 signs them too. The fields of an answer need a default.
    fn class(&self) -> Class;

    /// Returns the fields of a challenge.
    fn ask(&self, challenge: &Self::Challenge) -> Dict;

    /// Reads the challenge of a message. The message is untrusted input.
    ///
    /// # Errors
    /// [`Mismatch`] if the fields have the right types, but are no challenge.
    fn asked(&self, message: &Synapse) -> Result<Self::Challenge, Mismatch>;

    /// Writes an answer into the message of its challenge.
    ///
    /// # Errors
    /// [`Mismatch`] if the class does not have the fields.
    fn answer(&self, message: &mut Synapse, answer: Self::Answer) -> Result<(), Mismatch>;

    /// Reads the answer of a message. The message is untrusted input.
    ///
    /// # Errors
    /// [`Mismatch`] if the fields have the right types, but are no answer.
    fn answered(&self, message: &Synapse) -> Result<Self::Answer, Mismatch>;

    /// Returns true if answers are a stream of bytes, which [`Self::streamed`] reads, instead of a message.
    fn streams(&self) -> bool {
        false
    }

    /// Returns true if an answer has begun with these first bytes of a stream, which sets [`Reply::first`].
    ///
    /// A task that rewards an early beginning should require more than one byte, because a single byte costs no work.
    fn begins(&self, bytes: &[u8]) -> bool {
        !bytes.is_empty()
    }

    /// Reads the answer of a whole stream. The bytes are untrusted input.
    ///
    /// # Errors
    /// [`Mismatch`] if the bytes are no answer.
    fn streamed(&self, bytes: &[u8]) -> Result<Self::Answer, Mismatch> {
        let _ = bytes;
        Err(Mismatch { at: "stream".to_owned(), what: "is no form of answer of this task".to_owned() })
    }
}

/// A miner, which answers challenges.
pub trait Miner<T: Task>: Send + Sync + 'static {
    /// Returns the answer to a challenge. It runs on a thread of its own and may block.
    ///
    /// # Errors
    /// [`Failure`], which goes to the log.
    fn answer(&self, challenge: T::Challenge) -> Result<T::Answer, Failure>;

    /// Passes the answer to `pieces` piece by piece, for tasks that stream.
    ///
    /// `pieces` waits while the caller is behind, and returns [`ControlFlow::Break`] after the caller has gone.
    ///
    /// # Errors
    /// [`Failure`], which breaks the stream off and goes to the log.
    fn stream(
        &self,
        challenge: T::Challenge,
        pieces: &mut dyn FnMut(Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let _ = (challenge, pieces);
        Err(Failure::from("this miner does not stream"))
    }
}

/// An answer and its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<A> {
    /// The answer.
    pub answer: A,
    /// The time from the request to the beginning of the answer ([`Task::begins`]).
    ///
    /// For an answer that is one message, it equals `elapsed`.
    pub first: Duration,
    /// The time from the request to the last byte of the answer.
    pub elapsed: Duration,
}

/// The input of a judge for one miner: its challenge, and its reply if a valid one came in time.
pub type Exchange<T> = (<T as Task>::Challenge, Option<Reply<<T as Task>::Answer>>);

/// A judge, which draws challenges and scores answers.
pub trait Judge<T: Task>: Send + Sync + 'static {
    /// Returns the challenge of this seed for this miner.
    ///
    /// It must depend on the arguments only, so that others can draw it again. A judge that gives each miner the same
    /// challenge ignores the miner. If miners must not know a challenge in advance, the seed must be secret until then.
    fn draw(&self, seed: u64, miner: PublicKey) -> T::Challenge;

    /// Returns the score of one reply. It must depend on the arguments only, so that two judges agree.
    fn score(&self, challenge: &T::Challenge, reply: &Reply<T::Answer>) -> Fraction;

    /// Returns the verdicts on a whole round, in the order of its miners.
    ///
    /// Override it to compare miners with each other. By default each reply has its own score, and a missing reply has
    /// 0. Exchanges without a verdict have 0 if the reply is missing, and [`Verdict::Abstain`] if it is not.
    fn rank(&self, round: &[Exchange<T>]) -> Vec<Verdict> {
        let score = |(challenge, reply): &Exchange<T>| {
            Verdict::Score(reply.as_ref().map_or(Fraction::ZERO, |reply| self.score(challenge, reply)))
        };
        round.iter().map(score).collect()
    }
}

/// The judgement of one exchange.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// A score, which moves the average of the miner. Without a reply it counts as 0.
    Score(Fraction),
    /// No judgement: nothing is noted, and the average stays. It is for an answer that cannot be examined through no
    /// fault of the miner.
    Abstain,
}

/// Returns the message of a challenge.
///
/// # Errors
/// [`Mismatch`] if the fields of the challenge are not those of the class.
pub fn question<T: Task>(task: &T, challenge: &T::Challenge) -> Result<Synapse, Mismatch> {
    Synapse::new(Arc::new(task.class()), &task.ask(challenge))
}

/// Returns the verdicts on a round, one for each exchange, or `None` if the judge gave too many.
fn verdicts<T: Task>(judge: &(impl Judge<T> + ?Sized), round: &[Exchange<T>]) -> Option<Vec<Verdict>> {
    let nothing = Verdict::Score(Fraction::ZERO);
    let mut given = judge.rank(round);
    let left_out = round.iter().skip(given.len()).map(|(_, reply)| match reply {
        None => nothing,
        Some(_) => Verdict::Abstain,
    });
    let left_out: Vec<_> = left_out.collect();
    given.extend(left_out);
    if given.len() > round.len() {
        return None;
    }
    // A reply that is missing is worth nothing.
    let of = |(verdict, (_, reply)): (Verdict, &Exchange<T>)| match (verdict, reply) {
        (Verdict::Score(_), None) => nothing,
        (verdict, _) => verdict,
    };
    Some(given.into_iter().zip(round).map(of).collect())
}
