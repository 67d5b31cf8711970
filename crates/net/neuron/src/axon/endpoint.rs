//! Endpoints: classes of messages with their handlers.

use crate::{queue::QueueSlot, quota::QuotaHold};
use bytes::Bytes;
use core::fmt;
use futures::{
    future::{BoxFuture, FutureExt},
    stream::{self, BoxStream, StreamExt},
};
use myelin_wire::{PublicKey, Synapse, Verified, class::Class, v1::HandlerReply};
use std::{net::IpAddr, sync::Arc};

/// The reason for which an answer could not be made.
///
/// It is written to the log. The peer reads "Internal Server Error" and a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl From<&str> for Failure {
    fn from(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

/// The bytes of a stream, in pieces of any size.
///
/// A failure breaks the stream off. The protocol determines whether the peer learns of it.
pub type Pieces = BoxStream<'static, Result<Bytes, Failure>>;

/// The answer of a handler.
pub enum HandlerOutput {
    /// One message.
    Whole(HandlerReply),
    /// A stream of bytes, after a message that only v1 peers see.
    Stream {
        /// The message before the first byte.
        message: Synapse,
        /// The bytes.
        pieces: Pieces,
    },
}

impl HandlerOutput {
    /// Returns a stream of these pieces.
    pub fn stream(
        message: Synapse,
        pieces: impl futures::Stream<Item = Result<Bytes, Failure>> + Send + 'static,
    ) -> Self {
        Self::Stream { message, pieces: pieces.boxed() }
    }
}

impl From<Synapse> for HandlerOutput {
    fn from(message: Synapse) -> Self {
        Self::Whole(message.into())
    }
}

impl From<HandlerReply> for HandlerOutput {
    fn from(reply: HandlerReply) -> Self {
        Self::Whole(reply)
    }
}

impl fmt::Debug for HandlerOutput {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(reply) => out.debug_tuple("Whole").field(reply).finish(),
            Self::Stream { message, .. } => out.debug_tuple("Stream").field(message).finish(),
        }
    }
}

/// A place among the running requests of an axon, with the share of its caller and the memory of its message.
///
/// It belongs to the work, which may outlive its request, and is free again once it is dropped.
#[derive(Debug)]
pub struct WorkPlace {
    pub(super) address: IpAddr,
    #[expect(dead_code, reason = "kept for its drop")]
    pub(super) slot: QueueSlot,
    #[expect(dead_code, reason = "kept for its drop")]
    pub(super) share: QuotaHold<PublicKey>,
    pub(super) memory: QuotaHold<IpAddr>,
}

impl WorkPlace {
    /// Returns the IPv4 address of the caller, or its block of 2^64 IPv6 addresses.
    pub const fn address(&self) -> IpAddr {
        self.address
    }
}

type Handler = dyn Fn(Verified<Synapse>, WorkPlace) -> BoxFuture<'static, Result<HandlerOutput, Failure>> + Send + Sync;

/// A class of messages and its handler.
#[derive(Clone)]
pub struct Endpoint {
    pub(super) class: Class,
    handler: Arc<Handler>,
}

impl Endpoint {
    /// Returns an endpoint that answers messages of this class, at the path of its name, in both protocols.
    ///
    /// A handler receives verified messages only, because no other message is a [`Verified`]. It is dropped at its next
    /// wait if the caller has gone or the time is over. Its work ends with it, or with the stream that it returns.
    /// For blocking work, which goes on, use [`Self::with_place`].
    pub fn new<F, A>(class: Class, handler: F) -> Self
    where
        F: Fn(Verified<Synapse>) -> A + Send + Sync + 'static,
        A: Future<Output = Result<HandlerOutput, Failure>> + Send + 'static,
    {
        Self::with_place(class, move |request, place| {
            let answer = handler(request);
            async move {
                Ok(match answer.await? {
                    HandlerOutput::Stream { message, pieces } => {
                        let next = |(mut pieces, place): (Pieces, WorkPlace)| async move {
                            Some((pieces.next().await?, (pieces, place)))
                        };
                        HandlerOutput::stream(message, stream::unfold((pieces, place), next))
                    }
                    whole @ HandlerOutput::Whole(_) => whole,
                })
            }
        })
    }

    /// Returns an endpoint whose work may outlive its request, such as work on a thread of its own.
    ///
    /// The handler moves the [`WorkPlace`] into this work. As long as it is held, it counts among the running requests
    /// of the axon and of the caller.
    pub fn with_place<F, A>(class: Class, handler: F) -> Self
    where
        F: Fn(Verified<Synapse>, WorkPlace) -> A + Send + Sync + 'static,
        A: Future<Output = Result<HandlerOutput, Failure>> + Send + 'static,
    {
        Self { class, handler: Arc::new(move |request, place| handler(request, place).boxed()) }
    }

    /// Returns the ping that every axon has. spec neuron-protocol §1.
    pub(super) fn ping() -> Self {
        Self::new(Class::synapse(), |request| async move { Ok(request.into_content().into()) })
    }

    pub(super) fn answer(
        &self,
        request: Verified<Synapse>,
        place: WorkPlace,
    ) -> BoxFuture<'static, Result<HandlerOutput, Failure>> {
        (self.handler)(request, place)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Endpoint").field(&self.class.name()).finish()
    }
}
