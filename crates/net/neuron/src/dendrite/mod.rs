//! The dendrite: the client of a neuron.
//!
//! Each request has a connection of its own, unless [`Dendrite::keep`] names the peer. No request waits behind another.
//! A task of its own reads the answer and takes the time, before any byte of it is parsed.

mod connection;
mod dials;
mod error;
mod exchanges;
mod kept;
mod probe;
mod socket;
mod stream;
mod strict;
mod task;
mod v1;

pub use dials::DialRules;
pub use error::AskError;
pub use probe::ProbeReport;
pub use stream::AnswerStream;
pub use strict::request_body;

use self::{dials::Dial, exchanges::RecentExchanges, kept::KeptConnections};
use crate::{Clock, Signer, SystemClock, V1Policy, tls::TlsClients};
use core::fmt;
use futures::stream::StreamExt;
use myelin_primitives::{AddressScope, BlockNumber, CertificateKey};
use myelin_wire::{
    PublicKey, Sign, Synapse, UnixNanos, Verified,
    strict::{Place, Receipt},
    synapse::DEFAULT_TIMEOUT,
    v1::MAX_BODY,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::time::Instant;

/// The number of requests of [`Dendrite::ask_many`] in flight.
const MAX_IN_FLIGHT: usize = 64;

/// The longest timeout of a request, also if its `timeout` is longer.
const MAX_TIMEOUT: Duration = Duration::from_hours(24);

/// The protocol that a neuron speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerProtocol {
    /// The protocol of the existing neurons. Its answers are claims: an attacker on the path can write them.
    V1,
    /// Signed requests, over TLS if there is a certificate. spec signed-requests §5.
    Strict {
        /// The key of its certificate on the chain.
        certificate: Option<CertificateKey>,
    },
}

/// A neuron that receives requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The hotkey of the neuron.
    pub hotkey: PublicKey,
    /// The address of its axon.
    pub address: SocketAddr,
    /// The protocol that its hotkey announced on the chain ([`crate::ServedAxon::peer`]). No other is used.
    pub speaks: PeerProtocol,
    /// The block of the announcement; 0 if the address is not from a chain.
    pub announced_at: BlockNumber,
}

impl Peer {
    /// Returns a neuron that speaks signed requests in clear text.
    pub const fn strict(hotkey: PublicKey, address: SocketAddr) -> Self {
        Self { hotkey, address, speaks: PeerProtocol::Strict { certificate: None }, announced_at: 0 }
    }

    /// Returns a neuron that speaks signed requests over TLS.
    pub const fn encrypted(hotkey: PublicKey, address: SocketAddr, certificate: CertificateKey) -> Self {
        Self { hotkey, address, speaks: PeerProtocol::Strict { certificate: Some(certificate) }, announced_at: 0 }
    }

    /// Returns a v1 neuron.
    pub const fn v1(hotkey: PublicKey, address: SocketAddr) -> Self {
        Self { hotkey, address, speaks: PeerProtocol::V1, announced_at: 0 }
    }
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one for each question, beside a connection of its own")]
pub enum Answer {
    /// An answer that the neuron signed.
    Signed {
        /// The message with the fields of the answer.
        message: Verified<Synapse>,
        /// The receipt, which proves request and answer to third parties.
        receipt: Receipt,
    },
    /// A claimed answer without signature. spec neuron-protocol §9.
    Claimed(Synapse),
}

impl Answer {
    /// Returns the message, signed or claimed.
    pub const fn message(&self) -> &Synapse {
        match self {
            Self::Signed { message, .. } => message.content(),
            Self::Claimed(message) => message,
        }
    }
}

/// The result of a request.
#[derive(Debug)]
pub struct AskResult {
    /// The hotkey that was asked.
    pub hotkey: PublicKey,
    /// The time of the answer: from the last byte of the request to the last byte of the answer, as the socket took and
    /// gave them. Connecting and the check of the answer do not count. Without an answer, the time of the whole attempt.
    pub elapsed: Duration,
    /// The answer.
    pub result: Result<Answer, AskError>,
}

/// The treatment of answers without a signature from strict peers.
///
/// Plain `btauth/1` servers do not sign. spec signed-requests §4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnsignedAnswers {
    /// Unsigned answers are errors.
    #[default]
    Refused,
    /// Unsigned answers are [`Answer::Claimed`].
    Accepted,
}

/// The client of a neuron, which signs its requests with the hotkey.
pub struct Dendrite {
    signer: Signer,
    /// True if addresses that are not global are dialled too, without the rules of a chain.
    local_addresses: bool,
    /// The rules of the chain, if the addresses of peers are from one.
    chain: Option<Arc<DialRules>>,
    /// The place that strict requests name.
    place: Option<Place>,
    v1: V1Policy,
    unsigned_answers: UnsignedAnswers,
    max_answer: usize,
    clock: Box<dyn Clock>,
    clients: v1::ClientIds,
    tls: TlsClients,
    kept: Arc<KeptConnections>,
    exchanges: RecentExchanges,
}

impl Dendrite {
    /// Returns a dendrite of this hotkey, which dials global addresses and asks no v1 neuron.
    pub fn new(signer: Signer) -> Self {
        Self {
            signer,
            local_addresses: false,
            chain: None,
            place: None,
            v1: V1Policy::Refused,
            unsigned_answers: UnsignedAnswers::default(),
            max_answer: MAX_BODY,
            clock: Box::new(SystemClock),
            clients: v1::ClientIds::default(),
            tls: TlsClients::default(),
            kept: Arc::default(),
            exchanges: RecentExchanges::default(),
        }
    }

    /// Sets whether private and loopback addresses are dialled too, for tests and networks on one machine.
    ///
    /// The rules of a chain come first ([`Self::on_chain`]).
    #[must_use]
    pub const fn local_addresses(mut self, local_addresses: bool) -> Self {
        self.local_addresses = local_addresses;
        self
    }

    /// Sets the rules of the chain from which the addresses of peers are.
    #[must_use]
    pub fn on_chain(mut self, rules: Arc<DialRules>) -> Self {
        self.chain = Some(rules);
        self
    }

    /// Sets the place that strict requests name. Without it they name none, which axons of validators refuse.
    ///
    /// spec signed-requests §2.
    #[must_use]
    pub const fn place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Sets the treatment of v1 neurons. Their answers are claims.
    #[must_use]
    pub const fn v1(mut self, v1: V1Policy) -> Self {
        self.v1 = v1;
        self
    }

    /// Sets the treatment of unsigned answers of strict peers.
    #[must_use]
    pub const fn unsigned_answers(mut self, unsigned_answers: UnsignedAnswers) -> Self {
        self.unsigned_answers = unsigned_answers;
        self
    }

    /// Sets the longest answer in bytes, over all pieces of a stream.
    #[must_use]
    pub const fn max_answer(mut self, bytes: usize) -> Self {
        self.max_answer = bytes;
        self
    }

    /// Reads the time from this clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Keeps connections to a strict peer open between requests, up to 8 idle ones for 15 s.
    ///
    /// A request that finds its connection closed is signed anew and sent on another one, unless a byte of it was sent.
    /// A later call with another address or certificate of the hotkey replaces the peer.
    pub fn keep(&self, peer: &Peer) {
        self.kept.name(peer);
    }

    /// Returns the place that strict requests name, if they name one.
    pub const fn asked_place(&self) -> Option<Place> {
        self.place
    }

    /// Returns the hotkey that asks.
    pub fn hotkey(&self) -> PublicKey {
        self.signer.hotkey()
    }

    /// Asks one neuron, within the `timeout` of the message.
    pub async fn ask(&self, peer: &Peer, message: &Synapse) -> AskResult {
        let started = Instant::now();
        let (elapsed, result) = match self.try_ask(peer, message, started).await {
            Ok((answer, elapsed)) => (elapsed, Ok(answer)),
            Err(error) => (started.elapsed(), Err(error)),
        };
        if let Err(error) = &result {
            tracing::debug!(peer = %peer.hotkey, address = %peer.address, %error, ?elapsed, "no answer");
        }
        AskResult { hotkey: peer.hotkey, elapsed, result }
    }

    async fn try_ask(&self, peer: &Peer, message: &Synapse, started: Instant) -> Result<(Answer, Duration), AskError> {
        let mut dial = self.begin(peer)?;
        match &peer.speaks {
            PeerProtocol::Strict { .. } => self.ask_strict(peer, message, started, &mut dial).await,
            PeerProtocol::V1 => {
                let answer = self.ask_v1(peer, message, started).await?;
                dial.answered();
                Ok(answer)
            }
        }
    }

    /// Asks many neurons the same, side by side.
    ///
    /// The answers are in the order of the peers. A failure concerns one peer only.
    pub async fn ask_many(&self, peers: &[Peer], message: &Synapse) -> Vec<AskResult> {
        let asking: Vec<_> = peers.iter().map(|peer| self.ask(peer, message)).collect();
        futures::stream::iter(asking).buffered(MAX_IN_FLIGHT).collect().await
    }

    /// Asks for a stream. The `timeout` of the message covers the whole stream.
    ///
    /// # Errors
    /// [`AskError`] for each failure before the first byte of the stream.
    pub async fn ask_stream(&self, peer: &Peer, message: &Synapse) -> Result<AnswerStream, AskError> {
        let started = Instant::now();
        let mut dial = self.begin(peer)?;
        match &peer.speaks {
            PeerProtocol::Strict { .. } => self.stream_strict(peer, message, started, &mut dial).await,
            PeerProtocol::V1 => {
                let stream = self.stream_v1(peer, message, started).await?;
                dial.answered();
                Ok(stream)
            }
        }
    }

    /// Returns true if a neuron gave an unsigned answer less than 60 s ago, so that the rules of the chain forbid a dial.
    pub fn rests(&self, peer: &Peer) -> bool {
        self.chain.as_ref().is_some_and(|chain| chain.rests(peer))
    }

    /// Notes that a neuron is dialled, if it can be asked.
    fn begin<'a>(&'a self, peer: &'a Peer) -> Result<Dial<'a>, AskError> {
        let ip = peer.address.ip();
        // A connection to this address would reach this machine. spec neuron-protocol §11
        if ip.is_unspecified() || peer.address.port() == 0 {
            return Err(AskError::NotServing);
        }
        if peer.speaks == PeerProtocol::V1 && self.v1 == V1Policy::Refused {
            return Err(AskError::V1Refused);
        }
        // An address has one spelling, so no scope has an address of IPv4 that is written as one of IPv6.
        let is_in_scope = match &self.chain {
            Some(_) => true,
            None if self.local_addresses => ip == ip.to_canonical(),
            None => AddressScope::Global.contains(ip),
        };
        if !is_in_scope {
            return Err(AskError::OutOfScope);
        }
        Dial::begin(self.chain.as_deref(), peer)
    }

    /// Returns the nonce of the next request. spec signed-requests §1.
    fn nonce(&self) -> UnixNanos {
        self.signer.nonce(self.clock.now())
    }
}

/// Returns the timeout of an answer.
fn answer_timeout(message: &Synapse) -> Duration {
    let seconds = message.timeout.filter(|seconds| *seconds >= 0.0).unwrap_or(DEFAULT_TIMEOUT);
    Duration::try_from_secs_f64(seconds).unwrap_or(MAX_TIMEOUT).min(MAX_TIMEOUT)
}

impl fmt::Debug for Dendrite {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Dendrite").field("hotkey", &self.hotkey()).finish_non_exhaustive()
    }
}
