//! Peers with which this neuron had a recent exchange.

use super::Peer;
use myelin_wire::PublicKey;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The bytes of a body that an axon keeps of a caller that it does not know.
pub(super) const MAX_UNKNOWN: usize = 64 * 1024;

/// The time after an exchange for which an axon certainly knows the caller. It forgets the caller after 10 min.
const KNOWN_TIME: Duration = Duration::from_mins(9);

/// The number of peers after which those with older exchanges are removed.
const KEPT: usize = 4_096;

/// The peers that served this neuron, and the time of the last exchange.
///
/// An axon keeps the whole of a large body only from an address with a request that it served.
#[derive(Default)]
pub(super) struct RecentExchanges(Mutex<BTreeMap<(PublicKey, SocketAddr), Instant>>);

impl RecentExchanges {
    fn table(&self) -> MutexGuard<'_, BTreeMap<(PublicKey, SocketAddr), Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a verified answer.
    pub(super) fn note(&self, peer: &Peer, now: Instant) {
        let mut table = self.table();
        if table.len() >= KEPT {
            table.retain(|_, last| now.duration_since(*last) < KNOWN_TIME);
        }
        table.insert((peer.hotkey, peer.address), now);
    }

    /// Returns true if the peer gave a verified answer in the last 9 min.
    pub(super) fn is_known(&self, peer: &Peer, now: Instant) -> bool {
        let last = self.table().get(&(peer.hotkey, peer.address)).copied();
        last.is_some_and(|last| now.duration_since(last) < KNOWN_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nh_7_an_exchange_counts_for_nine_minutes_at_its_address() {
        let (exchanges, now) = (RecentExchanges::default(), Instant::now());
        let peer = Peer::strict(PublicKey::from_bytes([1; 32]), ([198, 51, 100, 7], 80).into());
        let moved = Peer { address: ([198, 51, 100, 8], 80).into(), ..peer.clone() };
        assert!(!exchanges.is_known(&peer, now));
        exchanges.note(&peer, now);
        assert!(exchanges.is_known(&peer, now) && !exchanges.is_known(&moved, now));
        assert!(exchanges.is_known(&peer, now + KNOWN_TIME - Duration::from_millis(1)));
        assert!(!exchanges.is_known(&peer, now + KNOWN_TIME));
    }

    #[test]
    fn nh_7_old_exchanges_are_removed() {
        let (exchanges, now) = (RecentExchanges::default(), Instant::now());
        let peer = |port| Peer::strict(PublicKey::from_bytes([1; 32]), ([198, 51, 100, 7], port).into());
        for port in 0..u16::try_from(KEPT).unwrap() {
            exchanges.note(&peer(port), now);
        }
        exchanges.note(&peer(u16::MAX), now + KNOWN_TIME);
        assert_eq!(exchanges.table().len(), 1);
    }
}
