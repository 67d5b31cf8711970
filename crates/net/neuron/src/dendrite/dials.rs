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
/// three failures in a row once in 100 blocks until it is announced again. Only a signed answer is a proof. An unsigned
/// one is no failure, so a neuron that signs none is dialled once in 60 s. The dendrites of one program share the rules.
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
    /// The end of the last dial.
    outcome: DialOutcome,
    is_proved: bool,
}

/// The end of a dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DialOutcome {
    /// The neuron signed an answer or a refusal.
    Proved,
    /// The neuron gave an answer without a signature.
    Answered,
    /// Any other end. A dial whose future is dropped has failed too.
    Failed,
}

/// A dial that has begun. The rules learn its end when it is dropped.
pub(super) struct Dial<'a> {
    rules: Option<&'a DialRules>,
    peer: &'a Peer,
    outcome: DialOutcome,
}

impl<'a> Dial<'a> {
    /// Notes that a neuron is dialled now, if the rules of its chain permit it.
    pub(super) fn begin(rules: Option<&'a DialRules>, peer: &'a Peer) -> Result<Self, AskError> {
        rules.map_or(Ok(()), |rules| rules.begin(peer))?;
        Ok(Self { rules, peer, outcome: DialOutcome::Failed })
    }

    /// Notes that a signature of the hotkey was verified.
    pub(super) const fn proved(&mut self) {
        self.outcome = DialOutcome::Proved;
    }

    /// Notes an answer without a signature.
    pub(super) const fn answered(&mut self) {
        self.outcome = DialOutcome::Answered;
    }
}

impl Drop for Dial<'_> {
    fn drop(&mut self) {
        if let Some(rules) = self.rules {
            rules.end(self.peer, self.outcome);
        }
    }
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
    fn begin(&self, peer: &Peer) -> Result<(), AskError> {
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
            outcome: DialOutcome::Failed,
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

    /// Notes the end of a dial.
    fn end(&self, peer: &Peer, outcome: DialOutcome) {
        if let Some(dial) = self.dials().get_mut(&peer.hotkey).filter(|dial| dial.is_of(peer)) {
            dial.outcome = outcome;
            dial.is_proved |= outcome == DialOutcome::Proved;
            dial.failures = if outcome == DialOutcome::Failed { dial.failures.saturating_add(1) } else { 0 };
        }
    }

    /// Returns true if a neuron may not be dialled yet, although its last dial had an answer.
    pub(super) fn rests(&self, peer: &Peer) -> bool {
        self.dials().get(&peer.hotkey).is_some_and(|dial| {
            let is_recent = dial.last.elapsed() < PAUSE;
            dial.is_of(peer) && !dial.is_proved && dial.outcome == DialOutcome::Answered && is_recent
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    use tokio::time::{advance, timeout};

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
        Dial::begin(Some(rules), peer).is_ok()
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
        let mut dial = Dial::begin(Some(&rules), &peer).unwrap();
        // The answer is not there yet.
        assert_eq!(rules.begin(&peer), Err(AskError::NotProved));
        dial.proved();
        drop(dial);
        assert!((0..9).all(|_| fails(&rules, &peer)), "it has proved its hotkey before");
        let moved = Peer { address: ([198, 51, 100, 8], 443).into(), ..peer };
        assert!(fails(&rules, &moved) && !fails(&rules, &moved));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_without_a_signature_is_no_proof_and_no_failure() {
        let (rules, _) = rules();
        let peer = peer(1, 1);
        for minute in 0..5 {
            assert!(!rules.rests(&peer), "{minute}");
            Dial::begin(Some(&rules), &peer).unwrap().answered();
            assert!(rules.rests(&peer) && !fails(&rules, &peer), "{minute}");
            advance(PAUSE).await;
        }
        // A neuron that does not answer is not excused.
        assert!(fails(&rules, &peer) && !rules.rests(&peer));
        advance(PAUSE).await;
        Dial::begin(Some(&rules), &peer).unwrap().proved();
        assert!(!rules.rests(&peer) && fails(&rules, &peer));
    }

    #[tokio::test(start_paused = true)]
    async fn a_dial_that_is_dropped_has_failed() {
        let (rules, block) = rules();
        let peer = peer(1, 1);
        for _ in 0..FAILURES {
            let dial = async {
                let _dial = Dial::begin(Some(&rules), &peer).unwrap();
                std::future::pending::<()>().await;
            };
            assert!(timeout(PAUSE, dial).await.is_err());
        }
        advance(PAUSE).await;
        assert_eq!(rules.begin(&peer), Err(AskError::NotProved));
        block.fetch_add(FAILED_PAUSE, Ordering::Relaxed);
        assert_eq!(rules.begin(&peer), Ok(()));
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
