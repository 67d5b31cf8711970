//! What a subnet is made of: a task, miners that do it, and a judge that says how well.
//!
//! | Part | Who writes it | What it is |
//! |---|---|---|
//! | [`Task`] | the subnet | what is asked and answered, as messages |
//! | [`Miner`] | each miner | answers challenges |
//! | [`Judge`] | the subnet | draws challenges and scores answers |
//! | [`round`] | here | asks everybody one challenge and scores what came |
//! | [`simulation::World`] | here | miners without sockets: seeded time, delays, losses and mischief |
//!
//! Miners and judges are plain functions of their input, so a subnet is tried on the whole in milliseconds, twice with the
//! same result, before anything of it meets a network.

mod round;
pub mod simulation;

pub use round::{Scored, round};

use crate::{Endpoint, Failure, Output};
use myelin_primitives::Fraction;
use myelin_wire::{
    Synapse,
    class::{Class, Mismatch},
    python::Dict,
};
use std::{sync::Arc, time::Duration};

/// What is asked and answered in a subnet, and how it travels.
pub trait Task: Send + Sync + 'static {
    /// What a validator asks.
    type Challenge: Send;
    /// What a miner answers.
    type Answer: Send;

    /// The class of its messages. The fields of a challenge should be hashed, so that they are signed in the older
    /// protocol too; those of an answer need a default.
    fn class(&self) -> Class;

    /// The fields of a challenge.
    fn ask(&self, challenge: &Self::Challenge) -> Dict;

    /// The challenge in a message.
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
}

/// Answers challenges.
pub trait Miner<T: Task>: Send + Sync + 'static {
    /// The answer to a challenge. May take its time: it is computed on a thread of its own.
    ///
    /// # Errors
    /// [`Failure`], which goes to the log.
    fn answer(&self, challenge: T::Challenge) -> Result<T::Answer, Failure>;
}

/// Says what a good answer is.
pub trait Judge<T: Task>: Send + Sync {
    /// The challenge of this seed. The same seed is the same challenge, so that anybody can draw it again; a judge whose
    /// miners must not know it beforehand takes seeds nobody knows beforehand.
    fn draw(&self, seed: u64) -> T::Challenge;

    /// How good an answer is that took this long, from nothing to all of it. Nothing but these decides, so that two judges
    /// agree.
    fn score(&self, challenge: &T::Challenge, answer: &T::Answer, elapsed: Duration) -> Fraction;
}

/// The message that asks a challenge.
///
/// # Errors
/// [`Mismatch`] when the fields of the challenge are not those of the class.
pub fn question<T: Task>(task: &T, challenge: &T::Challenge) -> Result<Synapse, Mismatch> {
    Synapse::new(Arc::new(task.class()), &task.ask(challenge))
}

/// Serves a miner.
pub fn endpoint<T: Task>(task: Arc<T>, miner: Arc<impl Miner<T>>) -> Endpoint {
    Endpoint::new(task.class(), move |request| {
        let (task, miner) = (Arc::clone(&task), Arc::clone(&miner));
        async move {
            // Mining is work, and the threads that serve connections have others to serve.
            let message = request.into_content();
            let answered = tokio::task::spawn_blocking(move || mine(&*task, &*miner, message)).await;
            answered.map_err(|error| Failure(error.to_string()))?.map(Output::from)
        }
    })
}

/// What a miner makes of a message.
fn mine<T: Task>(task: &T, miner: &(impl Miner<T> + ?Sized), mut message: Synapse) -> Result<Synapse, Failure> {
    let failed = |error: Mismatch| Failure(error.to_string());
    let answer = miner.answer(task.asked(&message).map_err(failed)?)?;
    task.answer(&mut message, answer).map_err(failed)?;
    Ok(message)
}
