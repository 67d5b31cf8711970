//! Limits of an axon.

use myelin_wire::{replay::ReplayLimits, v1};
use std::time::Duration;

/// The limits of an axon, in all and for each address.
///
/// An address is one of IPv4, or a block of 2^64 of IPv6. The owner of one address in such a block has all of them. A
/// known address is one of which a request was admitted in the last [`Self::known_time`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxonLimits {
    /// Connections at a time. A quarter of them is for known addresses.
    pub connections: usize,
    /// Connections of each address at a time. A block of 2^80 of IPv6 has four times as many.
    pub connections_each: usize,
    /// The time for which an address is known.
    pub known_time: Duration,
    /// The time from the beginning of a connection to the end of its first head, with the TLS handshake.
    pub first_head_time: Duration,
    /// The time until the head of a later request is complete, counted from the end of the answer before it.
    ///
    /// Idle connections close after the same time. spec neuron-protocol §1.
    pub head_time: Duration,
    /// The time for a body.
    pub body_time: Duration,
    /// The longest time in which a peer reads nothing of its answer.
    pub write_stall: Duration,
    /// The age from which a connection accepts no further request.
    ///
    /// Its last answer has [`Self::answer_time`] from then on. A peer that reads slowly therefore cannot keep a
    /// connection open for ever.
    pub connection_time: Duration,
    /// The bytes of the head of a request, at least 8 192.
    pub head: usize,
    /// The headers of a request.
    pub headers: usize,
    /// The bytes of a body, of any class. A class has its own limit too.
    pub body: usize,
    /// The bytes of all bodies in memory. A value that was read from a body counts as 64 bytes.
    pub bodies: usize,
    /// The bytes of the bodies of each address in memory.
    pub bodies_each: usize,
    /// The bytes of a body from an address that is not known, before its signature is verified.
    pub unproven_body: usize,
    /// The bytes of all such bodies.
    pub unproven: usize,
    /// The bytes of such bodies of each address.
    pub unproven_each: usize,
    /// The requests of an address that may fail before they are admitted.
    ///
    /// Then the connections of the address are closed. A block of 2^80 of IPv6 has four times as many.
    pub failures: u32,
    /// The time after which an address may fail once more.
    pub failure_refill: Duration,
    /// Requests of one hotkey at a time, waiting and running.
    pub per_caller: usize,
    /// Requests that run at a time. A hotkey has at most an eighth of them.
    pub workers: usize,
    /// Requests that wait for a worker.
    pub waiting: usize,
    /// The time from the head of a request to the last byte of its answer. A longer `timeout` does not count.
    pub answer_time: Duration,
    /// The time to finish answers when the axon stops.
    pub stop_time: Duration,
    /// The limits of the replay window.
    pub replay: ReplayLimits,
}

impl Default for AxonLimits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            connections_each: 64,
            known_time: Duration::from_mins(10),
            first_head_time: Duration::from_secs(5),
            head_time: Duration::from_secs(v1::KEEP_ALIVE_SECONDS),
            body_time: Duration::from_secs(10),
            write_stall: Duration::from_secs(10),
            connection_time: Duration::from_mins(10),
            head: v1::MAX_REQUEST_HEAD,
            headers: 128,
            body: v1::MAX_BODY,
            bodies: 256 * 1024 * 1024,
            bodies_each: 64 * 1024 * 1024,
            unproven_body: 64 * 1024,
            unproven: 32 * 1024 * 1024,
            unproven_each: 4 * 1024 * 1024,
            failures: 32,
            failure_refill: Duration::from_millis(250),
            per_caller: 16,
            workers: 64,
            waiting: 256,
            answer_time: Duration::from_mins(2),
            stop_time: Duration::from_secs(30),
            replay: ReplayLimits::default(),
        }
    }
}
