//! The replay window: the memory of accepted requests, so that an axon accepts each request once.
//!
//! spec neuron-protocol §12, signed-requests §3, §8. One window belongs to one hotkey at one place, and all its endpoints
//! and both protocols share it. A nonce enters after the signature was checked and the caller admitted. Strangers can
//! therefore neither use up the nonces of a caller nor fill the memory. A nonce that is too old to be fresh is removed,
//! and is refused from then on.
//!
//! Callers with a seat have a table of their own, because hotkeys without one cost nothing. A table that is full of other
//! callers forgets the one that is silent for longest, and with it all nonces up to its newest one.

use crate::{PublicKey, UnixNanos};
use codec::{Decode, DecodeAll, Encode, Input};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The first bytes of a stored window, with the version of its format.
const MAGIC: &[u8; 16] = b"myelin-replay/2\n";

/// The first bytes of a stored window with one table for all callers, which is still read.
const MAGIC_1: &[u8; 16] = b"myelin-replay/1\n";

/// Nanoseconds by which the wall clock may run ahead of the steady clock between two moves of the floor.
///
/// A clock that is set right by a little moves the floor at once, and one that jumps does not.
const SLACK: u64 = 2_000_000_000;

/// The largest lead of a caller's clock that one of the two protocols allows, in nanoseconds.
const MAX_LEAD: u64 = 4_000_000_000;

/// The limits of a replay window. Those of callers and nonces hold for callers with a seat, and again for all others.
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

/// The circumstances of a request, which its bytes do not show.
///
/// A time alone stands for a caller without a seat, and for a clock that never jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestContext {
    /// The wall clock.
    pub now: UnixNanos,
    /// Nanoseconds of a clock that is never set, from any beginning.
    pub steady: u64,
    /// True if the caller has a seat, so that others cannot take its room.
    pub has_seat: bool,
}

impl From<UnixNanos> for RequestContext {
    fn from(now: UnixNanos) -> Self {
        Self { now, steady: now, has_seat: false }
    }
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
    /// The newest nonce, also after it was removed.
    newest: UnixNanos,
    /// The floor for others when the caller came with a seat: requests from before may have been dropped.
    floor: UnixNanos,
}

impl CallerHistory {
    fn len(&self) -> usize {
        self.once.len().saturating_add(self.last.len())
    }

    /// Returns the nonce that stands against a new one, if there is one.
    fn last(&self, order: NonceOrder, nonce: UnixNanos) -> Option<UnixNanos> {
        match order {
            NonceOrder::Once => self.once.get(&nonce).copied(),
            NonceOrder::Rising(name) => self.last.get(&name).copied(),
        }
    }

    fn insert(&mut self, order: NonceOrder, nonce: UnixNanos) {
        match order {
            NonceOrder::Once => drop(self.once.insert(nonce)),
            NonceOrder::Rising(name) => drop(self.last.insert(name, nonce)),
        }
        self.newest = self.newest.max(nonce);
    }

    /// Removes the nonces up to a floor.
    fn forget(&mut self, floor: UnixNanos) {
        self.once = self.once.split_off(&floor.saturating_add(1));
        self.last.retain(|_, last| *last > floor);
    }
}

/// The callers of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ReplayTable {
    callers: BTreeMap<[u8; 32], CallerHistory>,
    /// The number of nonces of all callers.
    held: usize,
}

impl From<BTreeMap<[u8; 32], CallerHistory>> for ReplayTable {
    fn from(callers: BTreeMap<[u8; 32], CallerHistory>) -> Self {
        let held = callers.values().map(CallerHistory::len).fold(0, usize::saturating_add);
        Self { callers, held }
    }
}

impl ReplayTable {
    fn take(&mut self, caller: &[u8; 32]) -> Option<CallerHistory> {
        let history = self.callers.remove(caller)?;
        self.held = self.held.saturating_sub(history.len());
        Some(history)
    }

    fn put(&mut self, caller: [u8; 32], history: CallerHistory) {
        self.held = self.held.saturating_add(history.len());
        self.callers.insert(caller, history);
    }

    fn forget(&mut self, floor: UnixNanos) {
        self.callers.values_mut().for_each(|caller| caller.forget(floor));
        self.held = self.callers.values().map(CallerHistory::len).fold(0, usize::saturating_add);
    }

    /// Returns true if a caller has no room for one nonce more.
    fn is_full_for(&self, caller: &[u8; 32], limits: &ReplayLimits) -> bool {
        self.held >= limits.total || (!self.callers.contains_key(caller) && self.callers.len() >= limits.callers)
    }

    /// Returns the caller, other than this one, whose newest nonce is the oldest.
    fn most_silent(&self, but: &[u8; 32]) -> Option<([u8; 32], UnixNanos)> {
        let others = self.callers.iter().filter(|(caller, _)| *caller != but);
        others.min_by_key(|(_, history)| history.newest).map(|(caller, history)| (*caller, history.newest))
    }
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
    /// The same for callers without a seat, some of whom were dropped. Never below the other floor.
    others_floor: UnixNanos,
    /// The steady clock at the last move of the floor, once this process has seen a request.
    moved: Option<u64>,
    seated: ReplayTable,
    others: ReplayTable,
}

impl ReplayWindow {
    /// Returns the window of a hotkey that never accepted a request.
    pub const fn new(limits: ReplayLimits) -> Self {
        Self::above(limits, 0)
    }

    /// Returns the window of a hotkey whose accepted requests are unknown: after a crash, or on another machine.
    ///
    /// It refuses all requests that could have been fresh until now. `ahead` is the largest lead of a caller's clock,
    /// in nanoseconds. For this time after the start, even new requests are refused.
    pub const fn after_loss(limits: ReplayLimits, now: UnixNanos, ahead: u64) -> Self {
        Self::above(limits, now.saturating_add(ahead))
    }

    const fn above(limits: ReplayLimits, floor: UnixNanos) -> Self {
        let seated = ReplayTable { callers: BTreeMap::new(), held: 0 };
        let others = ReplayTable { callers: BTreeMap::new(), held: 0 };
        Self { limits, floor, others_floor: floor, moved: None, seated, others }
    }

    /// Returns the time up to which the window refuses all requests of callers with a seat.
    pub const fn floor(&self) -> UnixNanos {
        self.floor
    }

    /// Returns true if a floor is further ahead of the clock than requests can be.
    ///
    /// The clock was ahead when the window was stored, or is behind now. The window would refuse all requests until then.
    pub const fn is_ahead_of(&self, now: UnixNanos) -> bool {
        self.floor > now.saturating_add(SLACK) || self.others_floor > now.saturating_add(MAX_LEAD)
    }

    /// Returns true if a caller without a seat would be a new one.
    pub fn is_new(&self, caller: PublicKey) -> bool {
        !self.others.callers.contains_key(caller.as_bytes())
    }

    /// Accepts a nonce that was found fresh, or returns the reason for which it is refused.
    pub(crate) fn admit(
        &mut self,
        caller: PublicKey,
        order: NonceOrder,
        nonce: UnixNanos,
        context: impl Into<RequestContext>,
    ) -> Result<(), ReplayError> {
        let context = context.into();
        self.forget(context);
        let caller = *caller.as_bytes();
        let own_floor = self.seated.callers.get(&caller).filter(|_| context.has_seat).map(|seen| seen.floor);
        if nonce <= own_floor.unwrap_or(self.others_floor).max(self.floor) {
            return Err(ReplayError::Forgotten);
        }
        self.take_over(caller, context.has_seat);
        let table = if context.has_seat { &self.seated } else { &self.others };
        let seen = table.callers.get(&caller);
        let last = seen.and_then(|seen| seen.last(order, nonce));
        if last.is_some_and(|last| nonce <= last) {
            return Err(ReplayError::Repeated);
        }
        // A client that goes on replaces its last nonce. All other requests need a new entry.
        if last.is_none() {
            if seen.is_some_and(|seen| seen.len() >= self.limits.per_caller) {
                return Err(ReplayError::Caller);
            }
            self.make_room(caller, nonce, context)?;
        }
        let table = if context.has_seat { &mut self.seated } else { &mut self.others };
        table.held = table.held.saturating_add(usize::from(last.is_none()));
        let new = CallerHistory { floor: self.others_floor, ..CallerHistory::default() };
        table.callers.entry(caller).or_insert(new).insert(order, nonce);
        Ok(())
    }

    /// Moves the history of a caller that got or lost its seat to the table of its kind.
    fn take_over(&mut self, caller: [u8; 32], has_seat: bool) {
        let (from, to) =
            if has_seat { (&mut self.others, &mut self.seated) } else { (&mut self.seated, &mut self.others) };
        if let Some(mut history) = from.take(&caller) {
            if let Some(own) = to.take(&caller) {
                history.once.extend(own.once);
                for (client, nonce) in own.last {
                    let last = history.last.entry(client).or_default();
                    *last = nonce.max(*last);
                }
                history.newest = history.newest.max(own.newest);
            }
            // It may be one of the callers that were dropped, and have come back.
            history.floor = self.others_floor;
            to.put(caller, history);
        }
    }

    /// Makes room for one nonce of a caller.
    ///
    /// Seats wait until nonces of seats are too old. Of other callers the most silent ones are dropped, and the floor for
    /// others takes their place: a request of theirs stays refused.
    fn make_room(&mut self, caller: [u8; 32], nonce: UnixNanos, context: RequestContext) -> Result<(), ReplayError> {
        if context.has_seat {
            if self.seated.is_full_for(&caller, &self.limits) {
                self.seated.callers.retain(|_, seen| seen.len() > 0);
            }
            let is_full = self.seated.is_full_for(&caller, &self.limits);
            return if is_full { Err(ReplayError::Full) } else { Ok(()) };
        }
        while self.others.is_full_for(&caller, &self.limits) {
            let (silent, newest) = self.others.most_silent(&caller).ok_or(ReplayError::Full)?;
            // The caller itself is then the most silent one. And a floor beyond the clock would refuse all callers.
            if nonce <= newest || newest > self.latest(context).saturating_add(MAX_LEAD) {
                return Err(ReplayError::Full);
            }
            self.others.take(&silent);
            self.others_floor = self.others_floor.max(newest);
        }
        Ok(())
    }

    /// Returns the latest time that the wall clock can truly show, by the steady clock.
    fn latest(&self, context: RequestContext) -> UnixNanos {
        let elapsed = context.steady.saturating_sub(self.moved.unwrap_or(context.steady));
        self.floor.saturating_add(self.limits.keep).saturating_add(elapsed).saturating_add(SLACK)
    }

    /// Removes nonces that cannot be fresh any more.
    ///
    /// It runs once per quarter of the kept time, so that the mean cost of a request stays small. The floor moves no
    /// further than the steady clock, so a wall clock that jumps and comes back leaves fresh requests fresh.
    fn forget(&mut self, context: RequestContext) {
        let RequestContext { now, steady, .. } = context;
        let wanted = now.saturating_sub(self.limits.keep);
        let pause = self.limits.keep / 4;
        if wanted.saturating_sub(self.floor) < pause {
            // The first floor of this process is as new as one that was moved a pause ago.
            self.moved = self.moved.or(Some(steady.saturating_sub(pause)));
            return;
        }
        if self.moved.is_some_and(|moved| steady.saturating_sub(moved) < pause) {
            return;
        }
        let floor = match self.moved {
            None => wanted,
            Some(_) => wanted.min(self.latest(context).saturating_sub(self.limits.keep)),
        };
        self.moved = Some(steady);
        self.floor = floor;
        self.others_floor = self.others_floor.max(floor);
        self.seated.forget(floor);
        self.others.forget(floor);
        // Seats stay, so that they are known as such.
        self.others.callers.retain(|_, caller| caller.len() > 0);
    }

    /// Returns the number of stored nonces.
    pub const fn len(&self) -> usize {
        self.seated.held.saturating_add(self.others.held)
    }

    /// Returns true if no nonce is stored.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the window as bytes, which an axon stores as it stops. spec signed-requests §8.
    ///
    /// A stored window serves one start. The reader removes the file before use, so that no file is left after a crash,
    /// and [`Self::after_loss`] applies.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        (self.floor, &self.seated.callers, self.others_floor, &self.others.callers).encode_to(&mut bytes);
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
        let (name, mut stored) = content.split_first_chunk().ok_or(StoredError::Form)?;
        if ![MAGIC, MAGIC_1].contains(&name) {
            return Err(StoredError::Form);
        }
        if *sum != *Sha256::digest(content) {
            return Err(StoredError::Damaged);
        }
        let parts = if name == MAGIC { StoredParts::decode_all(&mut stored) } else { first_form(&mut stored) };
        let (floor, seated, others_floor, others) = parts.map_err(|_| StoredError::Damaged)?;
        let others_floor = others_floor.max(floor);
        let (seated, others) = (ReplayTable::from(seated), ReplayTable::from(others));
        Ok(Self { limits, floor, others_floor, moved: None, seated, others })
    }
}

/// Both tables with their floors, as they are stored.
type StoredParts = (UnixNanos, BTreeMap<[u8; 32], CallerHistory>, UnixNanos, BTreeMap<[u8; 32], CallerHistory>);

/// Reads the content of the first form, with one table. A caller with a seat gets its history back with its next
/// request.
fn first_form(stored: &mut impl Input) -> Result<StoredParts, codec::Error> {
    type FirstHistory = (BTreeSet<UnixNanos>, BTreeMap<[u8; 32], UnixNanos>);
    let (floor, callers): (UnixNanos, BTreeMap<[u8; 32], FirstHistory>) = Decode::decode(stored)?;
    if stored.read_byte().is_ok() {
        return Err("bytes after the end".into());
    }
    let others = callers.into_iter().map(|(caller, (once, last))| {
        let newest = once.iter().chain(last.values()).copied().max().unwrap_or_default();
        (caller, CallerHistory { once, last, newest, floor })
    });
    Ok((floor, BTreeMap::new(), floor, others.collect()))
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
        assert_eq!((window.len(), window.floor), (1, later - 16 * SECOND));
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

        fn callers(table: &ReplayTable) -> Value {
            let callers = table.callers.iter().map(|(caller, seen)| {
                let last = seen.last.iter();
                let last: Vec<_> =
                    last.map(|(client, nonce)| json!({ "client": hex::encode(client), "nonce": nonce })).collect();
                json!({ "caller": hex::encode(caller), "once": seen.once, "last": last })
            });
            callers.collect()
        }

        #[test]
        fn replay_window_1() {
            let window = ReplayWindow::from_bytes(&fixture::read("replay-window/1/window.bin"), LIMITS).unwrap();
            let meaning: Value = serde_json::from_slice(&fixture::read("replay-window/1/meaning.json")).unwrap();
            assert_eq!(json!({ "floor": window.floor, "callers": callers(&window.others) }), meaning);
            assert_eq!((window.len(), window.others_floor, window.seated.callers.len()), (2, window.floor, 0));
            let history = window.others.callers.values().next().unwrap();
            assert_eq!(history.newest, 1_760_000_000_000_000_001);
        }

        #[test]
        fn replay_window_2() {
            let window = ReplayWindow::from_bytes(&fixture::read("replay-window/2/window.bin"), LIMITS).unwrap();
            let meaning: Value = serde_json::from_slice(&fixture::read("replay-window/2/meaning.json")).unwrap();
            assert_eq!(
                json!({
                    "floor": window.floor,
                    "seated": callers(&window.seated),
                    "others_floor": window.others_floor,
                    "others": callers(&window.others),
                }),
                meaning
            );
            assert_eq!(window.len(), 3);
            fixture::assert_written("replay-window/2/window.bin", &window.to_bytes());
        }
    }

    const STALE: Result<(), ReplayError> = Err(ReplayError::Forgotten);

    fn at(now: UnixNanos, has_seat: bool) -> RequestContext {
        RequestContext { now, steady: now, has_seat }
    }

    #[test]
    fn nh_14_strangers_take_the_room_of_strangers() {
        let mut window = ReplayWindow::new(LIMITS);
        for number in 1..=3 {
            assert_eq!(window.admit(caller(number), NonceOrder::Once, NOW + u64::from(number), NOW), Ok(()));
        }
        // The first caller is not the most silent one any more.
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + 4, NOW), Ok(()));
        assert_eq!(window.admit(caller(4), NonceOrder::Once, NOW + 5, NOW), Ok(()));
        assert!(window.is_new(caller(2)) && !window.is_new(caller(1)) && !window.is_new(caller(4)));
        // The dropped request is not accepted again, and the others are known.
        assert_eq!(window.admit(caller(2), NonceOrder::Once, NOW + 2, NOW), STALE);
        for (number, nonce) in [(1, 4), (3, 3), (4, 5)] {
            let again = window.admit(caller(number), NonceOrder::Once, NOW + nonce, NOW);
            assert_eq!(again, Err(ReplayError::Repeated), "{number}");
        }
        // A caller that is older than all others takes no room.
        let mut full = window.clone();
        assert_eq!(full.admit(caller(5), NonceOrder::Once, NOW + 3, NOW), Err(ReplayError::Full));
        assert_eq!(full, window);
        // After a restart the floor is the same.
        let mut stored = ReplayWindow::from_bytes(&window.to_bytes(), LIMITS).unwrap();
        assert_eq!(stored.admit(caller(2), NonceOrder::Once, NOW + 2, NOW), STALE);
    }

    #[test]
    fn nh_14_the_number_of_nonces_drops_strangers_too() {
        let mut window = ReplayWindow::new(ReplayLimits { total: 3, ..LIMITS });
        for nonce in 0..3 {
            assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + nonce, NOW), Ok(()));
        }
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + 3, NOW), Err(ReplayError::Full));
        assert_eq!(window.admit(caller(2), NonceOrder::Once, NOW + 3, NOW), Ok(()));
        assert_eq!((window.len(), window.others_floor), (1, NOW + 2));
    }

    #[test]
    fn nh_14_a_seat_is_not_refused_because_of_others() {
        let mut window = ReplayWindow::new(LIMITS);
        assert_eq!(window.admit(caller(9), NonceOrder::Once, NOW, at(NOW, true)), Ok(()));
        for number in 10..200 {
            let nonce = NOW + u64::from(number);
            assert_eq!(window.admit(caller(number), NonceOrder::Once, nonce, NOW), Ok(()));
        }
        assert!(window.others_floor > NOW + 100);
        // Its nonces are below the floor of the others, and its first one is still known.
        assert_eq!(window.admit(caller(9), NonceOrder::Once, NOW + 1, at(NOW, true)), Ok(()));
        assert_eq!(window.admit(caller(9), NonceOrder::Once, NOW, at(NOW, true)), Err(ReplayError::Repeated));
        // Also once all its nonces are forgotten.
        let later = NOW + 60 * SECOND;
        for number in 10..200 {
            let nonce = later + u64::from(number);
            assert_eq!(window.admit(caller(number), NonceOrder::Once, nonce, later), Ok(()));
        }
        assert_eq!(window.admit(caller(9), NonceOrder::Once, later, at(later, true)), Ok(()));
    }

    #[test]
    fn nh_14_a_seat_does_not_bring_a_dropped_request_back() {
        let mut window = ReplayWindow::new(LIMITS);
        for number in 1..=4 {
            assert_eq!(window.admit(caller(number), NonceOrder::Once, NOW + u64::from(number), NOW), Ok(()));
        }
        // The first one was dropped, the second one is remembered. Both get a seat.
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + 1, at(NOW, true)), STALE);
        assert_eq!(window.admit(caller(2), NonceOrder::Once, NOW + 2, at(NOW, true)), Err(ReplayError::Repeated));
        assert_eq!(window.admit(caller(2), NonceOrder::Once, NOW + 7, at(NOW, true)), Ok(()));
        // The first one comes with its seat, which brings the dropped request back neither.
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + 8, at(NOW, true)), Ok(()));
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW + 1, at(NOW, true)), STALE);
        // And the second one loses it again.
        assert_eq!(window.admit(caller(2), NonceOrder::Once, NOW + 7, NOW), Err(ReplayError::Repeated));
        assert_eq!(window.admit(caller(2), NonceOrder::Once, NOW + 2, NOW), Err(ReplayError::Repeated));
        assert_eq!(window.len(), 5);
    }

    #[test]
    fn nh_14_seats_fill_the_table_of_seats_only() {
        let mut window = ReplayWindow::new(LIMITS);
        for number in 1..=3 {
            assert_eq!(window.admit(caller(number), NonceOrder::Once, NOW, at(NOW, true)), Ok(()));
        }
        assert_eq!(window.admit(caller(4), NonceOrder::Once, NOW, at(NOW, true)), Err(ReplayError::Full));
        assert_eq!(window.admit(caller(4), NonceOrder::Once, NOW, NOW), Ok(()));
        let later = NOW + 20 * SECOND;
        assert_eq!(window.admit(caller(5), NonceOrder::Once, later, at(later, true)), Ok(()));
    }

    #[test]
    fn nh_72_a_clock_that_jumps_and_comes_back_refuses_nothing() {
        const HOUR: u64 = 3_600 * SECOND;
        let ask = |window: &mut ReplayWindow, nonce, now, steady| {
            window.admit(caller(1), NonceOrder::Once, nonce, RequestContext { now, steady, has_seat: true })
        };
        let limits = ReplayLimits { per_caller: 10_000, total: 10_000, ..LIMITS };
        let mut window = ReplayWindow::new(limits);
        assert_eq!(ask(&mut window, NOW, NOW, 0), Ok(()));
        // Any number of requests, for ten seconds.
        for step in 0..1_000 {
            let nonce = NOW + HOUR + step;
            assert_eq!(ask(&mut window, nonce, NOW + HOUR, step * SECOND / 100), Ok(()));
        }
        let now = NOW + 10 * SECOND;
        assert_eq!(ask(&mut window, now, now, 10 * SECOND), Ok(()));
        assert_eq!(ask(&mut window, NOW, now, 10 * SECOND), Err(ReplayError::Repeated));
        assert!(window.floor <= NOW - 16 * SECOND + 10 * SECOND + 3 * SLACK, "{}", window.floor);
        // A clock that stays where it was set takes the floor along.
        let mut steady = 8 * SECOND;
        while window.floor < NOW + HOUR {
            steady += 5 * SECOND;
            let now = NOW + HOUR + steady;
            let floor = window.floor;
            assert_eq!(ask(&mut window, now, now, steady), Ok(()));
            assert_eq!(window.floor, (floor + 5 * SECOND + SLACK).min(now - limits.keep));
        }
        assert_eq!(ask(&mut window, NOW + HOUR + steady, NOW + HOUR + steady, steady), Err(ReplayError::Repeated));
        assert!(steady < 3 * HOUR);
    }

    #[test]
    fn nh_72_a_clock_that_jumps_right_after_the_start_moves_no_floor() {
        let mut window = ReplayWindow::after_loss(LIMITS, NOW, SECOND);
        let context = |now, steady| RequestContext { now, steady, has_seat: true };
        let (later, far) = (NOW + 2 * SECOND, NOW + 3_600 * SECOND);
        assert_eq!(window.admit(caller(1), NonceOrder::Once, later, context(later, 90 * SECOND)), Ok(()));
        assert_eq!(window.admit(caller(1), NonceOrder::Once, far, context(far, 91 * SECOND)), Ok(()));
        // A pause, the second between both, and 2 s.
        assert_eq!(window.floor, NOW + SECOND + 7 * SECOND);
    }

    #[test]
    fn nh_72_strangers_do_not_take_the_floor_along_with_a_clock_that_jumps() {
        let mut window = ReplayWindow::new(LIMITS);
        assert_eq!(window.admit(caller(1), NonceOrder::Once, NOW, NOW), Ok(()));
        let far = RequestContext { now: NOW + 3_600 * SECOND, steady: NOW, has_seat: false };
        for number in 2..=4 {
            assert_eq!(window.admit(caller(number), NonceOrder::Once, far.now + u64::from(number), far), Ok(()));
        }
        assert_eq!(window.admit(caller(5), NonceOrder::Once, far.now + 9, far), Err(ReplayError::Full));
        assert_eq!(window.others_floor, NOW);
    }

    #[test]
    fn nh_73_a_floor_ahead_of_the_clock_is_known() {
        let mut window = ReplayWindow::after_loss(LIMITS, NOW, 2 * SECOND);
        assert!(!window.is_ahead_of(NOW) && window.is_ahead_of(NOW - 1));
        window = ReplayWindow { others_floor: NOW + 4 * SECOND, ..window };
        assert!(!window.is_ahead_of(NOW) && window.is_ahead_of(NOW - 1));
        window = ReplayWindow { floor: NOW, ..window };
        assert!(!window.is_ahead_of(NOW) && window.is_ahead_of(NOW - 1));
    }

    #[test]
    fn damage_is_noticed() {
        let mut window = ReplayWindow::new(LIMITS);
        window.admit(caller(1), NonceOrder::Once, NOW, NOW).unwrap();
        let bytes = window.to_bytes();
        assert_eq!(ReplayWindow::from_bytes(&bytes, LIMITS).map(|window| window.to_bytes()), Ok(bytes.clone()));
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
            prop_assert_eq!(window.to_bytes(), other.to_bytes());
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>) {
            let _ = ReplayWindow::from_bytes(&bytes, LIMITS);
            for name in [MAGIC, MAGIC_1] {
                let mut framed = [name.as_slice(), &bytes].concat();
                framed.extend(Sha256::digest(&framed));
                let _ = ReplayWindow::from_bytes(&framed, LIMITS);
            }
        }
    }
}
