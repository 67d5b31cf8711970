//! The axon: the server of a neuron.
//!
//! A connection needs a free place. A request must be signed, fresh, allowed and new, and its body must fit. It then
//! waits in a priority queue:
//!
//! ```text
//! connection ──▶ head ──▶ signature ──▶ rules ──▶ not a replay ──▶ body ──▶ queue ──▶ handler ──▶ answer
//!  per address   16 KiB    and time     and share     stored      limited   by stake   in time     signed
//! ```
//!
//! A strict request is signed together with its body. Its body is therefore read before the signature is verified, and
//! only from senders that the rules would serve. All steps before the queue cost little, and a request that is refused
//! there delays no other request.

mod core;
mod endpoint;
mod jumps;
mod newcomers;
mod server;
mod stream;
mod strict;
mod v1;

pub use endpoint::{Endpoint, Failure, HandlerOutput, Pieces};

use self::{core::AxonCore, jumps::ClockJumps, newcomers::NewCallers, server::Secure};
use crate::{
    AxonLimits, Clock, FileError, Metrics, Rules, Signer, SystemClock, TlsError, TlsIdentity, TlsOffer,
    queue::RequestQueue, quota::Quota, random, replay_file,
};
use ::core::fmt;
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_wire::{
    PublicKey, Sign, UnixNanos,
    replay::ReplayWindow,
    strict::{Place, StrictDoor, UnplacedRequests},
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

/// The default port of an axon. spec neuron-protocol §1.
const PORT: u16 = 8_091;

/// Connections that wait to be accepted. The system drops further ones, and the peer tries again after a second.
const BACKLOG: u32 = 1_024;

/// The treatment of v1 requests. spec signed-requests §5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum V1Policy {
    /// v1 requests are served.
    #[default]
    Served,
    /// v1 requests are answered 403.
    Refused,
}

/// The replay window from before the start of an axon.
enum ReplayStore {
    /// A lost window of an axon that may have served before.
    Lost,
    /// An empty window of an axon that never served.
    Never,
    /// The window stored in this file.
    File(PathBuf),
}

/// The reason for which an axon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum AxonStartError {
    /// Two endpoints of one name.
    #[error("two endpoints have the name `{0}`")]
    Twice(String),
    /// An address at which the axon cannot listen.
    #[error("cannot listen at {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        #[source]
        error: io::Error,
    },
    /// A stored replay window that cannot be read.
    #[error(transparent)]
    Replay(#[from] FileError),
    /// A failure to set up TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A failure while an axon stopped.
#[derive(Debug, thiserror::Error)]
pub enum AxonStopError {
    /// A replay window that was not stored. The next start refuses requests that may be old.
    #[error(transparent)]
    Replay(#[from] FileError),
    /// A failure of the task that accepts connections.
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

/// The configuration of an axon before its start. See [`Axon::builder`].
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
    final_block: UnixNanos,
    place: Option<Place>,
    unplaced: UnplacedRequests,
}

impl AxonBuilder {
    /// Listens at this address instead of the loopback interface.
    #[must_use]
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Listens at this port. The system chooses a free one for 0.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.listen.set_port(port);
        self
    }

    /// Announces this address to v1 peers.
    #[must_use]
    pub const fn announce(mut self, address: SocketAddr) -> Self {
        self.announced = Some(address);
        self
    }

    /// Serves another endpoint.
    #[must_use]
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: AxonLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the treatment of v1 requests.
    #[must_use]
    pub const fn v1(mut self, v1: V1Policy) -> Self {
        self.v1 = v1;
        self
    }

    /// Serves strict requests for this place. Those for other places are answered 403. spec signed-requests §2.
    ///
    /// An axon without a place serves requests that name none.
    #[must_use]
    pub const fn place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Sets the treatment of strict requests that name no place.
    #[must_use]
    pub const fn unplaced(mut self, unplaced: UnplacedRequests) -> Self {
        self.unplaced = unplaced;
        self
    }

    /// Sets the treatment of v1 fields that the caller did not sign.
    #[must_use]
    pub const fn unsigned_fields(mut self, unsigned_fields: UnsignedFields) -> Self {
        self.unsigned_fields = unsigned_fields;
        self
    }

    /// Serves TLS with this key, whose public half must be published on the chain.
    #[must_use]
    pub fn tls(mut self, identity: TlsIdentity, offer: TlsOffer) -> Self {
        self.secure = Some((identity, offer));
        self
    }

    /// Keeps the replay window in this file from one start to the next. spec signed-requests §8.
    ///
    /// Without a file, each start refuses requests that are older than itself.
    #[must_use]
    pub fn remember_in(mut self, path: impl Into<PathBuf>) -> Self {
        self.memory = ReplayStore::File(path.into());
        self
    }

    /// Declares that this hotkey has never served before, so that the replay window starts empty.
    #[must_use]
    pub fn never_served(mut self) -> Self {
        self.memory = ReplayStore::Never;
        self
    }

    /// Serves metrics to Prometheus at this address, which should not be public.
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

    /// Sets the time of the last final block. A start without a stored replay window refuses all requests until then.
    ///
    /// The clock of the machine may be behind at a start after a crash, and requests of before are then fresh once it is
    /// set. The time of a final block is never ahead.
    #[must_use]
    pub const fn final_block_at(mut self, time: UnixNanos) -> Self {
        self.final_block = time;
        self
    }

    /// Starts to serve.
    ///
    /// # Errors
    /// [`AxonStartError::Twice`] for two endpoints of one name, [`AxonStartError::Listen`] for an unavailable address,
    /// [`AxonStartError::Replay`] for a damaged window, [`AxonStartError::Tls`] for a failure of TLS.
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
        let now = clock.now().max(self.final_block);
        let (window, file) = match self.memory {
            ReplayStore::Never => (ReplayWindow::new(limits.replay), None),
            // The larger of the two leads that the protocols allow a caller's clock.
            ReplayStore::Lost => (ReplayWindow::after_loss(limits.replay, now, Freshness::default().ahead), None),
            ReplayStore::File(path) => {
                let ahead = Freshness::default().ahead;
                (replay_file::take(&path, limits.replay, now, ahead)?, Some(path))
            }
        };
        let announced = self.announced.unwrap_or(address);
        let metrics = Arc::new(Metrics::new());
        let core = Arc::new(AxonCore {
            here: signer.hotkey(),
            door: StrictDoor { place: self.place, unplaced: self.unplaced, ..StrictDoor::new(signer.hotkey()) },
            wire: Wire { signer, uuid: random::uuid(), ip: announced.ip().to_string(), port: announced.port() },
            classes: Classes::new(endpoints.values().map(|endpoint| endpoint.class.clone())),
            endpoints,
            rules,
            v1: self.v1,
            unsigned_fields: self.unsigned_fields,
            clock,
            window: Mutex::new(window),
            new_callers: NewCallers::default(),
            jumps: ClockJumps::default(),
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
    // On other systems the option would let other programs listen at the same address.
    if cfg!(unix) {
        socket.set_reuseaddr(true).map_err(failed)?;
    }
    socket.bind(address).map_err(failed)?;
    let listener = socket.listen(BACKLOG).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// A server of metrics, which runs until it is dropped.
struct Exporter {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A serving neuron. It stops at once if it is dropped; [`Axon::stop`] lets it finish.
pub struct Axon {
    core: Arc<AxonCore>,
    address: SocketAddr,
    file: Option<PathBuf>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    exporter: Option<Exporter>,
}

impl Axon {
    /// Returns the builder of an axon of this hotkey that serves the callers that the rules allow.
    ///
    /// By default it listens at port 8091 of the loopback interface.
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
            final_block: 0,
            place: None,
            unplaced: UnplacedRequests::default(),
        }
    }

    /// Returns the address at which the axon listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address of the metrics, if they are served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.exporter.as_ref().map(|exporter| exporter.address)
    }

    /// Returns the hotkey of the axon.
    pub fn hotkey(&self) -> PublicKey {
        self.core.here
    }

    /// Returns the metrics of the axon.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.core.metrics)
    }

    /// Refuses new connections, finishes open answers within [`AxonLimits::stop_time`], and stores the replay window.
    ///
    /// # Errors
    /// [`AxonStopError::Replay`] if the window cannot be stored, [`AxonStopError::Task`] if the task that accepts
    /// connections failed. The axon has stopped in both cases.
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
