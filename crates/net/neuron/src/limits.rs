//! How much of everything there may be.

use myelin_wire::{replay::ReplayLimits, v1};
use std::time::Duration;

/// The limits of an axon. "Each" means each address: one of IPv4, or a block of 2^64 of IPv6, since whoever has one
/// address there has them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxonLimits {
    /// Connections at a time.
    pub connections: usize,
    /// Connections of each address at a time.
    pub connections_each: usize,
    /// The time for a TLS handshake.
    pub handshake_time: Duration,
    /// The time until the head of a request is whole, counted from the end of the answer before it, so also how long a
    /// connection stays idle. spec neuron-protocol §1
    pub head_time: Duration,
    /// The time for a body.
    pub body_time: Duration,
    /// How long a peer may read nothing of what it is sent.
    pub write_stall: Duration,
    /// The age from which a connection takes no further request. Its last answer has [`Self::answer_time`] from then on, so
    /// nobody keeps one in memory for ever by reading a byte now and then.
    pub connection_time: Duration,
    /// The bytes of the head of a request; at least 8 192.
    pub head: usize,
    /// The headers of a request.
    pub headers: usize,
    /// The bytes of a body.
    pub body: usize,
    /// The bytes of all bodies in memory.
    pub bodies: usize,
    /// The bytes of the bodies of each address in memory.
    pub bodies_each: usize,
    /// Requests of one hotkey at a time, waiting and running. Below [`Self::workers`], so that no hotkey has them all.
    pub per_caller: usize,
    /// Requests that are worked on at a time.
    pub workers: usize,
    /// Requests that wait for that.
    pub waiting: usize,
    /// The time for a request from the last byte of its body to the last byte of its answer: no `timeout` of a caller
    /// counts for more.
    pub answer_time: Duration,
    /// The time to finish answers when the axon stops.
    pub stop_time: Duration,
    /// The memory of accepted requests.
    pub replay: ReplayLimits,
}

impl Default for AxonLimits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            connections_each: 64,
            handshake_time: Duration::from_secs(5),
            head_time: Duration::from_secs(v1::KEEP_ALIVE_SECONDS),
            body_time: Duration::from_secs(10),
            write_stall: Duration::from_secs(10),
            connection_time: Duration::from_mins(10),
            head: v1::MAX_REQUEST_HEAD,
            headers: 128,
            body: v1::MAX_BODY,
            bodies: 256 * 1024 * 1024,
            bodies_each: 64 * 1024 * 1024,
            per_caller: 16,
            workers: 64,
            waiting: 256,
            answer_time: Duration::from_mins(2),
            stop_time: Duration::from_secs(30),
            replay: ReplayLimits::default(),
        }
    }
}
