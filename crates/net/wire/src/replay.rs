//! The replay window: the memory of accepted requests, so that an axon accepts each request once.
//!
//! spec neuron-protocol §12, signed-requests §3. One window belongs to one hotkey, and all its endpoints and both
//! protocols share it. A nonce enters after the signature was checked and the caller admitted. Strangers can therefore
//! neither use up the nonces of a caller nor fill the memory. A nonce that is too old to be fresh is removed, and is
//! refused from then on.

use crate::{PublicKey, UnixNanos};
use codec::{Decode, DecodeAll, Encode};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The first bytes of a stored window, with the version of its format.
const MAGIC: &[u8; 16] = b"myelin-replay/1\n";

/// The limits of a replay window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayLimits {
    /// Nanoseconds for which a nonce is kept after the time it names.
    ///
    /// Choose at least the longest age of a fresh request. A shorter time refuses late requests, and still accepts no
    /// request twice.
    pub keep: u64,
    /// The number of callers at a time.
    pub callers: usize,
    /// The number of nonces of one caller at a time.
    pub per_caller: usize,
    /// The number of nonces of all callers at a time.
    pub total: usize,
}

impl Default for ReplayLimits {
    /// Returns 16 s, 4 096 callers and 262 144 nonces, of which one caller has at most 4 096.
    ///
    /// In a second, 16 384 requests of all callers and 256 of each caller are accepted.
    fn default() -> Self {
        Self { keep: 16_000_000_000, callers: 4_096, per_caller: 4_096, total: 262_144 }
    }
}

/// The reason for which a request with a valid signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// A request that was accepted before.
    #[error("the request was accepted before")]
    Repeated,
    /// A request older than the replay window, which cannot tell whether it was accepted.
    #[error("the request is older than the memory of this axon")]
    Forgotten,
    /// More nonces of one caller than its limit.
    #[error("too many requests of this caller at a time")]
    Caller,
    /// More nonces or callers than the limit of the window.
    #[error("too many requests of all callers at a time")]
    Full,
}

/// The reason for which bytes are not a stored window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// Another file, or another version.
    #[error("not a stored replay window of this version")]
    Form,
    /// A file that was cut or changed.
    #[error("the stored replay window is damaged")]
    Damaged,
}

/// The relation in which the nonces of a caller must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NonceOrder {
    /// Each nonce of a caller is accepted once. spec signed-requests §3.
    Once,
    /// Each nonce must exceed the last of the caller under this name. spec neuron-protocol §6.
    Rising([u8; 32]),
}

impl NonceOrder {
    /// Returns rising nonces of one client, which it names by a UUID of its choice.
    pub(crate) fn rising(uuid: &str) -> Self {
        Self::Rising(Sha256::digest(uuid).into())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct CallerHistory {
    once: BTreeSet<UnixNanos>,
    last: BTreeMap<[u8; 32], UnixNanos>,
}

impl CallerHistory {
    fn len(&self) -> usize {
        self.once.len().saturating_add(self.last.len())
    }
}

fn held(callers: &BTreeMap<[u8; 32], CallerHistory>) -> usize {
    callers.values().map(CallerHistory::len).fold(0, usize::saturating_add)
}

/// The accepted requests of the recent past, bounded in time and number.
///
/// ```
/// use myelin_wire::replay::{ReplayLimits, ReplayWindow};
///
/// let window = ReplayWindow::new(ReplayLimits::default());
/// let stored = window.to_bytes();
/// assert_eq!(ReplayWindow::from_bytes(&stored, ReplayLimits::default())?, window);
/// # Ok::<(), myelin_wire::replay::StoredError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayWindow {
    limits: ReplayLimits,
    /// The last refused nonce: it and all nonces below may have been accepted and removed.
    floor: UnixNanos,
    callers: BTreeMap<[u8; 32], CallerHistory>,
    /// The number of nonces of all callers.
    held: usize,
}

impl ReplayWindow {
    /// Returns the window of a hotkey that never accepted a request.
    pub const fn new(limits: ReplayLimits) -> Self {
        Self { limits, floor: 0, callers: BTreeMap::new(), held: 0 }
    }

    /// Returns the window of a hotkey whose accepted requests are unknown: after a crash, or on another machine.
    ///
    /// It refuses all requests that could have been fresh until now. `ahead` is the largest lead of a caller's clock,
    /// in nanoseconds. For this time after the start, even new requests are refused.
    pub const fn after_loss(limits: ReplayLimits, now: UnixNanos, ahead: u64) -> Self {
        Self { limits, floor: now.saturating_add(ahead), callers: BTreeMap::new(), held: 0 }
    }

    /// Accepts a nonce that was found fresh, or returns the reason for which it is refused.
    pub(crate) fn admit(
        &mut self,
        caller: PublicKey,
        order: NonceOrder,
        nonce: UnixNanos,
        now: UnixNanos,
    ) -> Result<(), ReplayError> {
        self.forget(now);
        if nonce <= self.floor {
            return Err(ReplayError::Forgotten);
        }
        let seen = self.callers.get(caller.as_bytes());
        let last = match order {
            NonceOrder::Once => seen.and_then(|seen| seen.once.get(&nonce)),
            NonceOrder::Rising(name) => seen.and_then(|seen| seen.last.get(&name)),
        };
        if last.is_some_and(|&last| nonce <= last) {
            return Err(ReplayError::Repeated);
        }
        // A client that goes on replaces its last nonce. All other requests need a new entry.
        if last.is_none() {
            if seen.is_some_and(|seen| seen.len() >= self.limits.per_caller) {
                return Err(ReplayError::Caller);
            }
            if self.held >= self.limits.total || (seen.is_none() && self.callers.len() >= self.limits.callers) {
                return Err(ReplayError::Full);
            }
            self.held = self.held.saturating_add(1);
        }
        let seen = self.callers.entry(*caller.as_bytes()).or_default();
        match order {
            NonceOrder::Once => drop(seen.once.insert(nonce)),
            NonceOrder::Rising(name) => drop(seen.last.insert(name, nonce)),
        }
        Ok(())
    }

    /// Removes nonces that cannot be fresh any more.
    ///
    /// It runs once per quarter of the kept time, so that the mean cost of a request stays small.
    fn forget(&mut self, now: UnixNanos) {
        let floor = now.saturating_sub(self.limits.keep);
        if floor.saturating_sub(self.floor) < self.limits.keep / 4 {
            return;
        }
        self.floor = floor;
        self.callers.retain(|_, caller| {
            caller.once = caller.once.split_off(&floor.saturating_add(1));
            caller.last.retain(|_, last| *last > floor);
            caller.len() > 0
        });
        self.held = held(&self.callers);
    }

    /// Returns the number of stored nonces.
    pub const fn len(&self) -> usize {
        self.held
    }

    /// Returns true if no nonce is stored.
    pub const fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Returns the window as bytes, which an axon stores as it stops. spec signed-requests §8.
    ///
    /// A stored window serves one start. The reader removes the file before use, so that no file is left after a crash,
    /// and [`Self::after_loss`] applies.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        (self.floor, &self.callers).encode_to(&mut bytes);
        let sum = Sha256::digest(&bytes);
        bytes.extend(sum);
        bytes
    }

    /// Reads stored bytes. The limits apply from now on.
    ///
    /// # Errors
    /// [`StoredError::Form`] for bytes of another format or version, [`StoredError::Damaged`] for bytes that were
    /// changed.
    pub fn from_bytes(bytes: &[u8], limits: ReplayLimits) -> Result<Self, StoredError> {
        let (content, sum) = bytes.split_last_chunk::<32>().ok_or(StoredError::Form)?;
        let stored = content.strip_prefix(MAGIC).ok_or(StoredError::Form)?;
        if *sum != *Sha256::digest(content) {
            return Err(StoredError::Damaged);
        }
        let (floor, callers) = DecodeAll::decode_all(&mut &*stored).map_err(|_| StoredError::Damaged)?;
        let held = held(&callers);
        Ok(Self { limits, floor, callers, held })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;
    const NOW: UnixNanos = 1_760_000_000 * SECOND;
    const LIMITS: ReplayLimits = ReplayLimits { keep: 16 * SECOND, callers: 3, per_caller: 4, total: 100 };

    fn caller(number: u8) -> PublicKey {
        PublicKey::from_bytes([number; 32])
    }

    #[test]
    fn a_nonce_is_accepted_once_by_caller() {
        let mut window = ReplayWindow::new(LIMITS);
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW, NOW), Ok(()));
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW, NOW), Err(ReplayError::Repeated));
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW - 1, NOW), Ok(()));
        assert_eq!(window.admit(caller(2), NonceOrder::Once, NOW, NOW), Ok(()));
    }

    #[test]
    fn rising_nonces_rise_by_name() {
        let mut window = ReplayWindow::new(LIMITS);
        let (one, other) = (NonceOrder::rising("1"), NonceOrder::rising("2"));
        assert_eq!(window.admit(caller(1), one, NOW, NOW), Ok(()));
        assert_eq!(window.admit(caller(1), one, NOW - 1, NOW), Err(ReplayError::Repeated));
        assert_eq!(window.admit(caller(1), other, NOW - 1, NOW), Ok(()));
        assert_eq!(window.admit(caller(1), one, NOW + 1, NOW), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_frees_itself() {
        let mut window = ReplayWindow::new(LIMITS);
        for nonce in 0..4 {
            assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + nonce, NOW), Ok(()));
        }
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + 4, NOW), Err(ReplayError::Caller));
        assert_eq!(window.admit(caller(1), NonceOrder::rising("1"), NOW + 4, NOW), Err(ReplayError::Caller));
        assert_eq!(window.admit(caller(2), NonceOrder::Once, NOW, NOW), Ok(()));
        assert_eq!(window.admit(caller(3), NonceOrder::Once, NOW, NOW), Ok(()));
        assert_eq!(window.admit(caller(4), NonceOrder::Once, NOW, NOW), Err(ReplayError::Full));
        let later = NOW + 17 * SECOND;
        assert_eq!(window.admit(caller(4), NonceOrder::Once, later, later), Ok(()));
        assert_eq!(window.len(), 1);
    }

    #[test]
    fn all_callers_together_have_a_limit() {
        let mut window = ReplayWindow::new(ReplayLimits { total: 3, ..LIMITS });
        for number in 0..3 {
            assert_eq!(window.admit(caller(number), NonceOrder::rising("1"), NOW, NOW), Ok(()));
        }
        assert_eq!(window.admit(caller(0), NonceOrder::Once, NOW, NOW), Err(ReplayError::Full));
        // A client that goes on needs no more memory.
        assert_eq!(window.admit(caller(0), NonceOrder::rising("1"), NOW + 1, NOW), Ok(()));
        assert_eq!(window.len(), 3);
    }

    #[test]
    fn what_was_forgotten_never_passes_again() {
        let mut window = ReplayWindow::new(LIMITS);
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW, NOW), Ok(()));
        let later = NOW + 60 * SECOND;
        assert_eq!(window.admit(caller(2), NonceOrder::Once, later, later), Ok(()));
        // The clock went back: the nonce looks fresh once more.
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW, NOW), Err(ReplayError::Forgotten));
    }

    #[test]
    fn after_a_loss_nothing_from_before_passes() {
        let mut window = ReplayWindow::after_loss(LIMITS, NOW, 2 * SECOND);
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW, NOW), Err(ReplayError::Forgotten));
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + 2 * SECOND, NOW), Err(ReplayError::Forgotten));
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + 2 * SECOND + 1, NOW), Ok(()));
    }

    mod formats {
        use super::*;
        use crate::fixture;
        use serde_json::{Value, json};

        #[test]
        fn replay_window_1() {
            let window = ReplayWindow::from_bytes(&fixture::read("replay-window/1/window.bin"), LIMITS).unwrap();
            let callers = window.callers.iter().map(|(caller, seen)| {
                let last = seen.last.iter();
                let last: Vec<_> =
                    last.map(|(client, nonce)| json!({ "client": hex::encode(client), "nonce": nonce })).collect();
                json!({ "caller": hex::encode(caller), "once": seen.once, "last": last })
            });
            let meaning: Value = serde_json::from_slice(&fixture::read("replay-window/1/meaning.json")).unwrap();
            assert_eq!(json!({ "floor": window.floor, "callers": callers.collect::<Vec<_>>() }), meaning);
            assert_eq!(window.len(), 2);
            fixture::assert_written("replay-window/1/window.bin", &window.to_bytes());
        }
    }

    #[test]
    fn damage_is_noticed() {
        let mut window = ReplayWindow::new(LIMITS);
        window.admit(caller(1), NonceOrder::Once, NOW, NOW).unwrap();
        let bytes = window.to_bytes();
        assert_eq!(ReplayWindow::from_bytes(&bytes, LIMITS), Ok(window));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(ReplayWindow::from_bytes(&changed, LIMITS).is_err(), "byte {at}");
            assert!(ReplayWindow::from_bytes(&bytes[..at], LIMITS).is_err(), "{at} bytes");
        }
    }

    proptest! {
        /// Checks that the window refuses all accepted requests after it was stored and read at any point.
        #[test]
        fn a_restart_changes_nothing(nonces in proptest::collection::vec((0..3_u8, 0..40_u64), 1..60), restart: proptest::sample::Index) {
            let limits = ReplayLimits { per_caller: 100, ..LIMITS };
            let (mut window, mut other) = (ReplayWindow::new(limits), ReplayWindow::new(limits));
            for (index, (number, seconds)) in nonces.iter().enumerate() {
                if index == restart.index(nonces.len()) {
                    other = ReplayWindow::from_bytes(&other.to_bytes(), limits).unwrap();
                }
                let time = NOW + seconds * SECOND;
                let admitted = window.admit(caller(*number), NonceOrder::Once, time, time);
                prop_assert_eq!(other.admit(caller(*number), NonceOrder::Once, time, time), admitted);
                prop_assert!(window.admit(caller(*number), NonceOrder::Once, time, time).is_err());
                let _ = other.admit(caller(*number), NonceOrder::Once, time, time);
            }
            prop_assert_eq!(window, other);
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>) {
            let _ = ReplayWindow::from_bytes(&bytes, LIMITS);
            let mut framed = [MAGIC.as_slice(), &bytes].concat();
            framed.extend(Sha256::digest(&framed));
            let _ = ReplayWindow::from_bytes(&framed, LIMITS);
        }
    }
}
