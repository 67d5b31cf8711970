//! Endpoints of axons that serve a miner.

use super::{Miner, Task};
use core::ops::ControlFlow;
use futures::stream;
use myelin_neuron::{Endpoint, Failure, HandlerOutput};
use myelin_wire::{PublicKey, Synapse, class::Mismatch};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// The number of pieces of a stream that wait for their caller.
const PIECE_BUFFER: usize = 32;

/// An observer of answered requests: the caller, the time of the work, and the failure.
pub(super) type WorkObserver = dyn Fn(PublicKey, Duration, Option<&Failure>) + Send + Sync;

/// Returns an endpoint that serves a miner.
pub fn endpoint<T: Task>(task: Arc<T>, miner: Arc<impl Miner<T>>) -> Endpoint {
    watched(task, miner, Arc::new(|_, _, _| {}))
}

/// Returns an endpoint that serves a miner and reports each request to an observer.
pub(super) fn watched<T: Task>(task: Arc<T>, miner: Arc<impl Miner<T>>, watch: Arc<WorkObserver>) -> Endpoint {
    // Mining takes long, and the threads of connections serve others too. Work does not stop when its caller goes, so it
    // keeps its place until its end.
    Endpoint::with_place(task.class(), move |request, place| {
        let (task, miner, watch) = (Arc::clone(&task), Arc::clone(&miner), Arc::clone(&watch));
        async move {
            let failed = |error: &dyn std::fmt::Display| Failure(error.to_string());
            let caller = request.sender();
            let message = request.into_content();
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
                        // A caller that has gone needs no failure.
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

/// Returns the answer of a miner to a message, as a message.
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
