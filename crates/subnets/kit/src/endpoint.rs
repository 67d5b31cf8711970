//! A miner as something that an axon serves.

use super::{Miner, Task};
use core::ops::ControlFlow;
use futures::stream;
use myelin_neuron::{Endpoint, Failure, HandlerOutput};
use myelin_wire::{PublicKey, Synapse, class::Mismatch};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, mpsc};

/// The challenges that are worked on at a time, those included whose caller has gone.
const MAX_IN_FLIGHT: usize = 64;

/// The pieces of a stream that wait for their caller.
const PIECE_BUFFER: usize = 32;

/// Told who asked, how long the work took, and what failed.
pub(super) type WorkObserver = dyn Fn(PublicKey, Duration, Option<&Failure>) + Send + Sync;

/// Serves a miner.
pub fn endpoint<T: Task>(task: Arc<T>, miner: Arc<impl Miner<T>>) -> Endpoint {
    watched(task, miner, Arc::new(|_, _, _| {}))
}

/// Serves a miner, and tells of it.
pub(super) fn watched<T: Task>(task: Arc<T>, miner: Arc<impl Miner<T>>, watch: Arc<WorkObserver>) -> Endpoint {
    let room = Arc::new(Semaphore::new(MAX_IN_FLIGHT));
    Endpoint::new(task.class(), move |request| {
        let (task, miner) = (Arc::clone(&task), Arc::clone(&miner));
        let (watch, room) = (Arc::clone(&watch), Arc::clone(&room));
        async move {
            let failed = |error: &dyn std::fmt::Display| Failure(error.to_string());
            let caller = request.sender();
            let message = request.into_content();
            // Mining is work, and the threads that serve connections have others to serve. What was begun is not stopped
            // when its caller goes, so it is counted until it ends.
            let place = room.acquire_owned().await.map_err(|error| failed(&error))?;
            if task.streams() {
                let challenge = task.asked(&message).map_err(|error| failed(&error))?;
                let (sender, receiver) = mpsc::channel(PIECE_BUFFER);
                drop(tokio::task::spawn_blocking(move || {
                    let began = Instant::now();
                    let mut send = |piece: Vec<u8>| match sender.blocking_send(Ok(piece.into())) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    };
                    let streamed = miner.stream(challenge, &mut send);
                    watch(caller, began.elapsed(), streamed.as_ref().err());
                    if let Err(failure) = streamed {
                        // If nobody listens, nobody needs to know.
                        let _ = sender.blocking_send(Err(failure));
                    }
                    drop(place);
                }));
                let next = |mut receiver: mpsc::Receiver<_>| async move { Some((receiver.recv().await?, receiver)) };
                return Ok(HandlerOutput::stream(message, stream::unfold(receiver, next)));
            }
            let answered = tokio::task::spawn_blocking(move || {
                let began = Instant::now();
                let answered = mine(&*task, &*miner, message);
                watch(caller, began.elapsed(), answered.as_ref().err());
                drop(place);
                answered
            });
            answered.await.map_err(|error| failed(&error))?.map(HandlerOutput::from)
        }
    })
}

/// What a miner makes of a message.
pub(super) fn mine<T: Task>(
    task: &T,
    miner: &(impl Miner<T> + ?Sized),
    mut message: Synapse,
) -> Result<Synapse, Failure> {
    let failed = |error: Mismatch| Failure(error.to_string());
    let answer = miner.answer(task.asked(&message).map_err(failed)?)?;
    task.answer(&mut message, answer).map_err(failed)?;
    Ok(message)
}
