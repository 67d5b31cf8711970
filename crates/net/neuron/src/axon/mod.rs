//! Serving.
//!
//! A connection has to find room, a request has to be signed, fresh, wanted and new, a body has to fit, and then the
//! request waits its turn:
//!
//! ```text
//! connection ──▶ head ──▶ signature ──▶ rules ──▶ not a replay ──▶ body ──▶ queue ──▶ handler ──▶ answer
//!  per address   16 KiB    and time     and share   remembered      limited   by stake   in time     signed
//! ```
//!
//! (A strict request is signed together with its body, so there the body comes before the signature, and only from senders
//! whom the rules would serve.) Everything before the queue costs little; what is turned away there costs nobody else
//! their turn.

mod core;
mod endpoint;
mod server;
mod stream;
mod strict;
mod v1;

pub use endpoint::{Endpoint, Failure, HandlerOutput, Pieces};

use self::{core::AxonCore, server::Secure};
use crate::{
    AxonLimits, Clock, FileError, Metrics, Rules, Signer, SystemClock, TlsError, TlsIdentity, TlsOffer,
    queue::RequestQueue, quota::Quota, random, replay_file,
};
use ::core::fmt;
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_wire::{
    PublicKey, Sign,
    replay::ReplayWindow,
    v1::{Classes, Freshness, UnsignedFields, V1Server as Wire},
};
use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex},
};
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::watch,
    task::JoinHandle,
};

/// The port axons have unless they are told otherwise. spec neuron-protocol §1
const PORT: u16 = 8_091;

/// Connections that wait to be accepted. The system drops what is beyond, and the peer tries again after a second.
const BACKLOG: u32 = 1_024;

/// What happens to requests of the older protocol. spec signed-requests §5
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum V1Policy {
    /// They are served.
    #[default]
    Served,
    /// They are answered 403.
    Refused,
}

/// What an axon remembers of earlier.
enum ReplayStore {
    /// Nothing, and it may have served before.
    Lost,
    /// Nothing, since it never served.
    Never,
    /// What is in the file.
    File(PathBuf),
}

/// An axon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AxonStartError {
    /// Two endpoints have one name.
    #[error("two endpoints have the name `{0}`")]
    Twice(String),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// The memory of accepted requests cannot be read.
    #[error(transparent)]
    Replay(#[from] FileError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// An axon has stopped, and not everything went well.
#[derive(Debug, thiserror::Error)]
pub enum AxonStopError {
    /// The memory of accepted requests is not written: the next start refuses what is not new beyond doubt.
    #[error(transparent)]
    Replay(#[from] FileError),
    /// The task that accepts connections has failed.
    #[error("the axon did not stop by itself: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Diagnostic for AxonStartError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Listen { .. } => out.push("choose another port, or 0 for any free one"),
            Self::Twice(_) | Self::Replay(_) | Self::Tls(_) => {}
        }
    }
}

impl Diagnostic for AxonStopError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, _: &mut Hints) {}
}

/// What an axon will be. See [`V1Server::builder`].
pub struct AxonBuilder {
    signer: Signer,
    rules: Box<dyn Rules>,
    listen: SocketAddr,
    announced: Option<SocketAddr>,
    endpoints: Vec<Endpoint>,
    limits: AxonLimits,
    v1: V1Policy,
    unsigned_fields: UnsignedFields,
    secure: Option<(TlsIdentity, TlsOffer)>,
    memory: ReplayStore,
    metrics: Option<SocketAddr>,
    clock: Box<dyn Clock>,
}

impl AxonBuilder {
    /// Listens at this address instead of the loopback interface.
    #[must_use]
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Listens at this port; 0 is any free one.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.listen.set_port(port);
        self
    }

    /// Tells peers of the older protocol that it is found at this address.
    #[must_use]
    pub const fn announce(mut self, address: SocketAddr) -> Self {
        self.announced = Some(address);
        self
    }

    /// Serves this as well.
    #[must_use]
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// Has these limits.
    #[must_use]
    pub fn limits(mut self, limits: AxonLimits) -> Self {
        self.limits = limits;
        self
    }

    /// What happens to requests of the older protocol.
    #[must_use]
    pub const fn v1(mut self, v1: V1Policy) -> Self {
        self.v1 = v1;
        self
    }

    /// What happens to fields of the older protocol that nobody signed.
    #[must_use]
    pub const fn unsigned_fields(mut self, unsigned_fields: UnsignedFields) -> Self {
        self.unsigned_fields = unsigned_fields;
        self
    }

    /// Speaks TLS with this key, whose public half is to be on the chain.
    #[must_use]
    pub fn tls(mut self, identity: TlsIdentity, offer: TlsOffer) -> Self {
        self.secure = Some((identity, offer));
        self
    }

    /// Remembers in this file, from one start to the next, what it accepted. Without one, every start refuses
    /// requests that are older than itself. spec signed-requests §8
    #[must_use]
    pub fn remember_in(mut self, path: impl Into<PathBuf>) -> Self {
        self.memory = ReplayStore::File(path.into());
        self
    }

    /// Says that this hotkey has never served before, so that there is nothing to remember.
    #[must_use]
    pub fn never_served(mut self) -> Self {
        self.memory = ReplayStore::Never;
        self
    }

    /// Serves its metrics to Prometheus at this address, which strangers should not reach.
    #[must_use]
    pub const fn metrics_at(mut self, address: SocketAddr) -> Self {
        self.metrics = Some(address);
        self
    }

    /// Reads the time from this clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Starts to serve.
    ///
    /// # Errors
    /// [`AxonStartError`], with what is in the way.
    #[expect(clippy::unused_async, reason = "needs a runtime around it, which async code is sure to have")]
    pub async fn start(self) -> Result<Axon, AxonStartError> {
        let Self { signer, rules, listen, limits, clock, .. } = self;
        let mut endpoints = BTreeMap::new();
        for endpoint in self.endpoints.into_iter().chain([Endpoint::ping()]) {
            let name = endpoint.class.name().to_owned();
            if endpoints.insert(name.clone(), endpoint).is_some() {
                return Err(AxonStartError::Twice(name));
            }
        }
        let secure = self
            .secure
            .map(|(identity, offer)| Ok::<_, TlsError>(Secure { acceptor: identity.server()?.into(), offer }))
            .transpose()?;
        let (listener, address) = bind(listen)?;
        let exporter = match self.metrics {
            Some(address) => Some(bind(address)?),
            None => None,
        };
        let (window, file) = match self.memory {
            ReplayStore::Never => (ReplayWindow::new(limits.replay), None),
            // The longer of what both protocols allow a clock to be ahead.
            ReplayStore::Lost => {
                (ReplayWindow::after_loss(limits.replay, clock.now(), Freshness::default().ahead), None)
            }
            ReplayStore::File(path) => {
                let ahead = Freshness::default().ahead;
                (replay_file::take(&path, limits.replay, clock.now(), ahead)?, Some(path))
            }
        };
        let announced = self.announced.unwrap_or(address);
        let metrics = Arc::new(Metrics::new());
        let core = Arc::new(AxonCore {
            here: signer.hotkey(),
            wire: Wire { signer, uuid: random::uuid(), ip: announced.ip().to_string(), port: announced.port() },
            classes: Classes::new(endpoints.values().map(|endpoint| endpoint.class.clone())),
            endpoints,
            rules,
            v1: self.v1,
            unsigned_fields: self.unsigned_fields,
            clock,
            window: Mutex::new(window),
            callers: Quota::new(usize::MAX, limits.per_caller),
            bodies: Quota::new(limits.bodies, limits.bodies_each),
            queue: RequestQueue::new(limits.workers, limits.waiting),
            metrics,
            limits,
        });
        let exporter = exporter.map(|(listener, address)| {
            let task = tokio::spawn(server::export(Arc::clone(&core.metrics), listener));
            Exporter { address, task }
        });
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(server::serve(Arc::clone(&core), listener, secure, stopped));
        tracing::info!(%address, hotkey = %core.here, "axon serves");
        Ok(Axon { core, address, file, stop, task, exporter })
    }
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), AxonStartError> {
    let failed = |error| AxonStartError::Listen { address, error };
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(failed)?;
    // Elsewhere it would let others listen at the same address.
    if cfg!(unix) {
        socket.set_reuseaddr(true).map_err(failed)?;
    }
    socket.bind(address).map_err(failed)?;
    let listener = socket.listen(BACKLOG).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Serves metrics until dropped.
struct Exporter {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A serving neuron. Dropped, it stops at once; [`V1Server::stop`] lets it finish.
pub struct Axon {
    core: Arc<AxonCore>,
    address: SocketAddr,
    file: Option<PathBuf>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    exporter: Option<Exporter>,
}

impl Axon {
    /// An axon of this hotkey that serves whom the rules allow, at port 8091 of the loopback interface unless it is told
    /// otherwise.
    pub fn builder(signer: Signer, rules: impl Rules) -> AxonBuilder {
        AxonBuilder {
            signer,
            rules: Box::new(rules),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT),
            announced: None,
            endpoints: Vec::new(),
            limits: AxonLimits::default(),
            v1: V1Policy::default(),
            unsigned_fields: UnsignedFields::default(),
            secure: None,
            memory: ReplayStore::Lost,
            metrics: None,
            clock: Box::new(SystemClock),
        }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its metrics are, if they are served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.exporter.as_ref().map(|exporter| exporter.address)
    }

    /// Who it is.
    pub fn hotkey(&self) -> PublicKey {
        self.core.here
    }

    /// What it counts.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.core.metrics)
    }

    /// Accepts nothing new, finishes the answers it has begun within [`AxonLimits::stop_time`], and writes down what it
    /// accepted.
    ///
    /// # Errors
    /// [`AxonStopError`]; it has stopped all the same.
    pub async fn stop(mut self) -> Result<(), AxonStopError> {
        self.stop.send_replace(true);
        (&mut self.task).await?;
        if let Some(path) = &self.file {
            self.core.with_window(|window| replay_file::put(path, window))?;
        }
        tracing::info!(address = %self.address, "axon has stopped");
        Ok(())
    }
}

impl Drop for Axon {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for Axon {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Axon")
            .field("hotkey", &self.core.here)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
