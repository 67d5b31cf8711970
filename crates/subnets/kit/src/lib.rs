//! What a subnet is made of: a task, miners that do it, and a judge that says how well.
//!
//! | Part | Who writes it | What it is |
//! |---|---|---|
//! | [`Task`] | the subnet | what is asked and answered, as messages; [`JsonTask`] makes them of types |
//! | [`Miner`] | each miner | answers challenges |
//! | [`Judge`] | the subnet | draws challenges and scores answers |
//! | [`Member`] | here | a hotkey with a seat in a subnet of a chain, which follows that |
//! | [`mine`] | here | serves a miner to validators, and tells the chain where |
//! | [`Validator`] | here | holds rounds, averages scores, and sets weights before each epoch |
//! | [`simulation::World`] | here | miners without sockets: seeded time, delays, losses and mischief |
//!
//! Miners and judges are plain functions of their input, so a subnet is tried on the whole in milliseconds, twice with the
//! same result, before anything of it meets a network.
//!
//! What a neuron does is told as [`NeuronEvent`]s to a [`EventSink`]. What it has to keep is in its [`StateFolder`], written whole or not
//! at all, so that a neuron that is killed goes on where it was. Parts of this work by themselves too: [`round`] asks and scores
//! once, [`AnnouncedAxon`] announces any axon, [`weights`] makes of averages what a subnet accepts.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, clippy::unwrap_used)
)]

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

pub use dice::{sample, seed_for};
pub use endpoint::endpoint;
pub use event::{EventSink, NeuronEvent, WeightsStep};
pub use json_task::JsonTask;
pub use member::{JoinError, Member, MemberError};
#[doc(hidden)]
pub use memory::rewritten as rewritten_memory;
pub use memory::{MemoryError, MemoryOwner};
pub use miner::{MiningOptions, mine, reported};
pub use round::{RoundError, ScoredAnswer, round};
pub use scores::{ONE, Score, Scores};
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

/// What is asked and answered in a subnet, and how it travels.
pub trait Task: Send + Sync + 'static {
    /// What a validator asks.
    type Challenge: Clone + Send + Sync + 'static;
    /// What a miner answers.
    type Answer: Send + Sync + 'static;

    /// The class of its messages. The fields of a challenge should be hashed, so that they are signed in the older
    /// protocol too; those of an answer need a default.
    fn class(&self) -> Class;

    /// The fields of a challenge.
    fn ask(&self, challenge: &Self::Challenge) -> Dict;

    /// The challenge in a message. Written by a stranger: check it as such.
    ///
    /// # Errors
    /// [`Mismatch`] when the fields are no challenge, though of their types.
    fn asked(&self, message: &Synapse) -> Result<Self::Challenge, Mismatch>;

    /// Puts an answer into the message that asked for it.
    ///
    /// # Errors
    /// [`Mismatch`] when the class does not have the fields.
    fn answer(&self, message: &mut Synapse, answer: Self::Answer) -> Result<(), Mismatch>;

    /// The answer in a message. Written by a stranger: check it as such.
    ///
    /// # Errors
    /// [`Mismatch`] when the fields are no answer, though of their types.
    fn answered(&self, message: &Synapse) -> Result<Self::Answer, Mismatch>;

    /// Whether answers come as a stream of bytes, which [`Self::streamed`] reads, instead of as a message.
    fn streams(&self) -> bool {
        false
    }

    /// Whether these first bytes of a stream are a beginning of an answer, at which [`Reply::first`] is taken. A task that pays
    /// for a quick beginning asks for more than any byte, which costs nothing to send.
    fn begins(&self, bytes: &[u8]) -> bool {
        !bytes.is_empty()
    }

    /// The answer that a whole stream is. Written by a stranger: check it as such.
    ///
    /// # Errors
    /// [`Mismatch`] when the bytes are no answer.
    fn streamed(&self, bytes: &[u8]) -> Result<Self::Answer, Mismatch> {
        let _ = bytes;
        Err(Mismatch { at: "stream".to_owned(), what: "is not how this task is answered".to_owned() })
    }
}

/// Answers challenges.
pub trait Miner<T: Task>: Send + Sync + 'static {
    /// The answer to a challenge. May take its time: it is computed on a thread of its own.
    ///
    /// # Errors
    /// [`Failure`], which goes to the log.
    fn answer(&self, challenge: T::Challenge) -> Result<T::Answer, Failure>;

    /// The answer piece by piece, for tasks that stream. `pieces` waits while the caller is behind, and says
    /// [`ControlFlow::Break`] once nobody listens any more.
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

/// An answer, and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<A> {
    /// What was answered.
    pub answer: A,
    /// From the question to the beginning of the answer ([`Task::begins`]). Whole answers come at once, so that is the same as
    /// `elapsed`.
    pub first: Duration,
    /// From the question to the last byte of the answer.
    pub elapsed: Duration,
}

/// What a judge looks at: each miner's challenge, and its reply if anything usable came in time.
pub type Exchange<T> = (<T as Task>::Challenge, Option<Reply<<T as Task>::Answer>>);

/// Says what a good answer is.
pub trait Judge<T: Task>: Send + Sync + 'static {
    /// The challenge of this seed for this miner; a judge that asks everybody the same ignores the miner. The same seed is
    /// the same challenge, so that anybody can draw it again; a judge whose miners must not know it beforehand takes seeds
    /// nobody knows beforehand.
    fn draw(&self, seed: u64, miner: PublicKey) -> T::Challenge;

    /// How good one reply is by itself, from nothing to all of it. Nothing but these decides, so that two judges agree.
    fn score(&self, challenge: &T::Challenge, reply: &Reply<T::Answer>) -> Fraction;

    /// How good the replies of a whole round are, in the order of who was asked. For judges that compare miners with each
    /// other; by default each reply has its own score, and no reply has nothing.
    fn rank(&self, round: &[Exchange<T>]) -> Vec<Fraction> {
        let score = |(challenge, reply): &Exchange<T>| {
            reply.as_ref().map_or(Fraction::from_u16(0), |reply| self.score(challenge, reply))
        };
        round.iter().map(score).collect()
    }
}

/// The message that asks a challenge.
///
/// # Errors
/// [`Mismatch`] when the fields of the challenge are not those of the class.
pub fn question<T: Task>(task: &T, challenge: &T::Challenge) -> Result<Synapse, Mismatch> {
    Synapse::new(Arc::new(task.class()), &task.ask(challenge))
}

/// The scores of a round, one for each exchange: a judge that gives too few leaves the rest with nothing, and where nothing
/// came there is nothing to score.
fn ranked<T: Task>(judge: &(impl Judge<T> + ?Sized), round: &[Exchange<T>]) -> Vec<Option<Fraction>> {
    let mut scores = judge.rank(round).into_iter();
    let mut score = |(_, reply): &Exchange<T>| {
        let score = scores.next().unwrap_or(Fraction::from_u16(0));
        reply.as_ref().map(|_| score)
    };
    round.iter().map(&mut score).collect()
}
