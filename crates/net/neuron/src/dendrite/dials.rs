//! Limits on dials of addresses that have not proved their hotkey. spec neuron-protocol §1.

use super::{AskError, Peer};
use core::fmt;
use myelin_primitives::{AddressScope, BlockNumber};
use myelin_wire::PublicKey;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The least time between two dials of an address that has not proved its hotkey.
const PAUSE: Duration = Duration::from_mins(1);

/// The number of failures in a row after which blocks count in place of time.
const FAILURES: u32 = 3;

/// The blocks between two dials after so many failures.
const FAILED_PAUSE: BlockNumber = 100;

/// The number of hotkeys after which those that were not dialled for [`FORGOTTEN`] are removed.
const KEPT: usize = 4_096;

/// The time after which a hotkey may be forgotten. It is above 100 blocks of 12 s.
const FORGOTTEN: Duration = Duration::from_hours(1);

/// The rules of a chain on which any neuron can announce any address, and the dials so far.
///
/// Only addresses of one scope are dialled. An address that has not proved its hotkey is dialled once in 60 s, and after
/// three failures in a row once in 100 blocks until it is announced again. An answer of a neuron that signs none counts
/// as a proof if it is whole. The dendrites of one program share the rules.
pub struct DialRules {
    scope: AddressScope,
    /// The height of the last block that the program knows.
    block: Box<dyn Fn() -> BlockNumber + Send + Sync>,
    dials: Mutex<BTreeMap<PublicKey, DialRecord>>,
}

/// The dials of one announcement.
#[derive(Clone, Copy)]
struct DialRecord {
    address: SocketAddr,
    announced_at: BlockNumber,
    last: Instant,
    last_block: BlockNumber,
    failures: u32,
    is_proved: bool,
}

impl DialRules {
    /// Returns the rules of a chain. `block` returns the height of its last known block.
    pub fn new(scope: AddressScope, block: impl Fn() -> BlockNumber + Send + Sync + 'static) -> Self {
        Self { scope, block: Box::new(block), dials: Mutex::default() }
    }

    /// Returns the scope of addresses that are dialled.
    pub const fn scope(&self) -> AddressScope {
        self.scope
    }

    fn dials(&self) -> MutexGuard<'_, BTreeMap<PublicKey, DialRecord>> {
        self.dials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a neuron is dialled now, if it may be.
    ///
    /// A stranger may announce the address of a third party for many hotkeys, so that validators flood it.
    pub(super) fn begin(&self, peer: &Peer) -> Result<(), AskError> {
        if !self.scope.contains(peer.address.ip()) {
            return Err(AskError::OutOfScope);
        }
        let (now, block) = (Instant::now(), (self.block)());
        let mut dials = self.dials();
        if dials.len() >= KEPT {
            dials.retain(|_, dial| now.duration_since(dial.last) < FORGOTTEN);
        }
        let new = DialRecord {
            address: peer.address,
            announced_at: peer.announced_at,
            last: now,
            last_block: block,
            failures: 0,
            is_proved: false,
        };
        let Some(dial) = dials.get_mut(&peer.hotkey).filter(|dial| dial.is_of(peer)) else {
            dials.insert(peer.hotkey, new);
            return Ok(());
        };
        if dial.is_proved {
            return Ok(());
        }
        let waits = match dial.failures {
            ..FAILURES => now.duration_since(dial.last) < PAUSE,
            _ => block < dial.last_block.saturating_add(FAILED_PAUSE),
        };
        if waits {
            return Err(AskError::NotProved);
        }
        (dial.last, dial.last_block) = (now, block);
        Ok(())
    }

    /// Notes the result of a dial.
    pub(super) fn end(&self, peer: &Peer, has_proved: bool) {
        if let Some(dial) = self.dials().get_mut(&peer.hotkey).filter(|dial| dial.is_of(peer)) {
            dial.is_proved |= has_proved;
            dial.failures = if has_proved { 0 } else { dial.failures.saturating_add(1) };
        }
    }
}

impl fmt::Debug for DialRules {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DialRules").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl DialRecord {
    fn is_of(&self, peer: &Peer) -> bool {
        (self.address, self.announced_at) == (peer.address, peer.announced_at)
    }
}

/// Returns true if this error comes from the owner of the hotkey, who signed a refusal or an answer that is no message.
pub(super) const fn is_signed(error: &AskError) -> bool {
    matches!(error, AskError::Refused { .. } | AskError::Content(_) | AskError::NotAStream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    use tokio::time::advance;

    fn peer(number: u8, announced_at: BlockNumber) -> Peer {
        let peer = Peer::strict(PublicKey::from_bytes([number; 32]), ([198, 51, 100, 7], 443).into());
        Peer { announced_at, ..peer }
    }

    /// Returns rules, and the height of the last block.
    fn rules() -> (DialRules, Arc<AtomicU32>) {
        let block = Arc::new(AtomicU32::new(7));
        let height = Arc::clone(&block);
        (DialRules::new(AddressScope::Global, move || height.load(Ordering::Relaxed)), block)
    }

    /// Dials a peer that does not prove its hotkey. Returns true if it was dialled.
    fn fails(rules: &DialRules, peer: &Peer) -> bool {
        let dialled = rules.begin(peer);
        if dialled.is_ok() {
            rules.end(peer, false);
        }
        dialled.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn many_seats_with_one_address_of_a_third_party_do_not_flood_it() {
        let (rules, block) = rules();
        let peers: Vec<_> = (0..=u8::MAX).map(|number| peer(number, 1)).collect();
        let dialled = || peers.iter().filter(|peer| fails(&rules, peer)).count();
        for minute in 0..3 {
            assert_eq!(dialled(), 256, "{minute}");
            advance(PAUSE.checked_sub(Duration::from_millis(1)).unwrap()).await;
            assert_eq!(dialled(), 0, "{minute}");
            advance(Duration::from_millis(1)).await;
        }
        // Time does not help any more.
        advance(PAUSE * 60).await;
        block.fetch_add(99, Ordering::Relaxed);
        assert_eq!(dialled(), 0);
        block.fetch_add(1, Ordering::Relaxed);
        assert_eq!(dialled(), 256);
        assert_eq!(dialled(), 0);
        // A new announcement does.
        assert!(fails(&rules, &peer(9, 2)) && !fails(&rules, &peer(9, 2)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_neuron_that_proves_its_hotkey_is_dialled_at_will() {
        let (rules, _) = rules();
        let peer = peer(1, 1);
        assert!(fails(&rules, &peer) && !fails(&rules, &peer));
        advance(PAUSE).await;
        assert_eq!(rules.begin(&peer), Ok(()));
        // The answer is not there yet.
        assert_eq!(rules.begin(&peer), Err(AskError::NotProved));
        rules.end(&peer, true);
        assert!((0..9).all(|_| fails(&rules, &peer)), "it has proved its hotkey before");
        let moved = Peer { address: ([198, 51, 100, 8], 443).into(), ..peer };
        assert!(fails(&rules, &moved) && !fails(&rules, &moved));
    }

    #[tokio::test(start_paused = true)]
    async fn hotkeys_that_are_not_dialled_any_more_are_forgotten() {
        let (rules, _) = rules();
        let numbered = |number: usize| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&number.to_le_bytes());
            Peer::strict(PublicKey::from_bytes(bytes), ([198, 51, 100, 7], 443).into())
        };
        assert!((0..KEPT).all(|number| fails(&rules, &numbered(number))));
        advance(FORGOTTEN).await;
        assert!(fails(&rules, &numbered(KEPT)));
        assert_eq!(rules.dials().len(), 1);
    }

    #[tokio::test]
    async fn addresses_that_the_chain_would_refuse_are_not_dialled() {
        let local = DialRules::new(AddressScope::Local, || 1);
        let (global, _) = rules();
        for (ip, in_global, in_local) in [
            ([127, 0, 0, 1], false, false),
            ([127, 0, 0, 2], false, true),
            ([169, 254, 169, 254], false, true),
            ([8, 8, 8, 8], true, true),
        ] {
            let peer = Peer::strict(PublicKey::from_bytes([1; 32]), (ip, 80).into());
            assert_eq!(global.begin(&peer).is_ok(), in_global, "{ip:?}");
            assert_eq!(local.begin(&peer).is_ok(), in_local, "{ip:?}");
        }
    }
}
