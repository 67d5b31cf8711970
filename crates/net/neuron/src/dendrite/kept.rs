//! Connections that stay open between requests to named peers.

use super::{Peer, PeerProtocol, connection::Connection};
use myelin_primitives::CertificateKey;
use myelin_wire::PublicKey;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// The idle connections of one peer.
const MAX_IDLE_EACH: usize = 8;

/// The idle connections of all peers.
const MAX_IDLE: usize = 1_024;

/// The time for which a connection stays idle. An axon closes it after 30 s.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// The age up to which a connection carries requests. An axon closes it after 10 min.
const MAX_AGE: Duration = Duration::from_mins(9);

/// The pause between two searches for connections that have been idle for too long.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The idle connections of a dendrite. A connection belongs to one hotkey, address and certificate.
#[derive(Default)]
pub(super) struct KeptConnections(Mutex<KeptTable>);

#[derive(Default)]
struct KeptTable {
    peers: BTreeMap<PublicKey, KeptPeer>,
    is_swept: bool,
}

/// A peer whose connections are kept.
struct KeptPeer {
    address: SocketAddr,
    certificate: Option<CertificateKey>,
    /// The newest connection is the last.
    idle: Vec<IdleConnection>,
}

struct IdleConnection {
    connection: Connection,
    since: Instant,
}

impl KeptPeer {
    fn is_of(&self, peer: &Peer) -> bool {
        let certificate = match &peer.speaks {
            PeerProtocol::V1 => return false,
            PeerProtocol::Strict { certificate } => certificate,
        };
        self.address == peer.address && self.certificate == *certificate
    }
}

impl KeptPeer {
    fn drop_expired(&mut self, now: Instant) {
        self.idle.retain(|IdleConnection { connection, since }| {
            now.duration_since(*since) < IDLE_TIME && connection.age() < MAX_AGE && !connection.is_closed()
        });
    }
}

impl KeptTable {
    /// Closes the connections that have been idle for too long, and returns the number of the others.
    fn drop_expired(&mut self, now: Instant) -> usize {
        let drop_of = |peer: &mut KeptPeer| {
            peer.drop_expired(now);
            peer.idle.len()
        };
        self.peers.values_mut().map(drop_of).sum()
    }
}

impl KeptConnections {
    fn table(&self) -> MutexGuard<'_, KeptTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names a peer whose connections are kept from now on. Connections to its earlier address are closed.
    pub(super) fn name(&self, peer: &Peer) {
        let PeerProtocol::Strict { certificate } = &peer.speaks else { return };
        let mut table = self.table();
        if !table.peers.get(&peer.hotkey).is_some_and(|kept| kept.is_of(peer)) {
            let (address, certificate) = (peer.address, certificate.clone());
            table.peers.insert(peer.hotkey, KeptPeer { address, certificate, idle: Vec::new() });
        }
    }

    /// Returns true if connections to this peer are kept.
    pub(super) fn has(&self, peer: &Peer) -> bool {
        self.table().peers.get(&peer.hotkey).is_some_and(|kept| kept.is_of(peer))
    }

    /// Takes an idle connection that can carry a request.
    pub(super) async fn take(&self, peer: &Peer) -> Option<Connection> {
        loop {
            let mut connection = {
                let mut table = self.table();
                let kept = table.peers.get_mut(&peer.hotkey).filter(|kept| kept.is_of(peer))?;
                kept.drop_expired(Instant::now());
                kept.idle.pop()?.connection
            };
            if connection.is_ready().await {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection whose last answer was verified and read to its end.
    pub(super) fn put(self: &Arc<Self>, peer: &Peer, connection: Connection) {
        let now = Instant::now();
        let mut table = self.table();
        if !table.peers.get(&peer.hotkey).is_some_and(|kept| kept.is_of(peer) && kept.idle.len() < MAX_IDLE_EACH) {
            return;
        }
        if table.drop_expired(now) >= MAX_IDLE {
            return;
        }
        if let Some(kept) = table.peers.get_mut(&peer.hotkey) {
            kept.idle.push(IdleConnection { connection, since: now });
        }
        if !std::mem::replace(&mut table.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
    }
}

/// Closes connections that have been idle for too long, until none is left.
async fn sweep(kept: Weak<KeptConnections>) {
    loop {
        sleep(SWEEP_INTERVAL).await;
        let Some(kept) = kept.upgrade() else { return };
        let mut table = kept.table();
        if table.drop_expired(Instant::now()) == 0 {
            table.is_swept = false;
            return;
        }
    }
}
