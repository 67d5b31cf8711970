//! Signers of messages.

use core::fmt;
use myelin_wire::{Sign, UnixNanos};
use std::sync::{Arc, Mutex, PoisonError};

/// The signer of a neuron's hotkey, shared by all parts that sign with it.
///
/// It refers to an implementation of [`Sign`], which holds the secret key. Its copies share the nonces, so that no two
/// requests of a process have the same one.
#[derive(Clone)]
pub struct Signer {
    key: Arc<dyn Sign + Send + Sync>,
    nonces: Arc<Mutex<NonceState>>,
}

/// The nanoseconds by which a nonce may be ahead of the clock. spec signed-requests §3.
const MAX_AHEAD: UnixNanos = 2_000_000_000;

/// The number of remainders of nonces. Each jump of the clock back begins to use another one.
const REMAINDERS: UnixNanos = 1 << 10;

/// The last nonce of a signer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct NonceState {
    last: UnixNanos,
    /// The jumps of the clock back by more than [`MAX_AHEAD`].
    jumps: u64,
}

impl NonceState {
    /// Returns the state after the next nonce, by this clock. spec signed-requests §1.
    ///
    /// Nonces rise. A last one that receivers would refuse as too far ahead does not count any more. The clock may then
    /// show the same times again, so these nonces have another remainder than those before.
    fn next(self, now: UnixNanos) -> Self {
        let (least, jumps) = if self.last > now.saturating_add(MAX_AHEAD) {
            (now, self.jumps.wrapping_add(1))
        } else {
            (now.max(self.last.saturating_add(1)), self.jumps)
        };
        let wanted = jumps % REMAINDERS;
        let missing = wanted.saturating_add(REMAINDERS).saturating_sub(least % REMAINDERS) % REMAINDERS;
        Self { last: least.saturating_add(missing), jumps }
    }
}

impl Signer {
    /// Returns a signer with this key.
    pub fn new(key: impl Sign + Send + Sync + 'static) -> Self {
        Self { key: Arc::new(key), nonces: Arc::default() }
    }

    /// Returns the nonce of the next request, by this clock.
    pub(crate) fn nonce(&self, now: UnixNanos) -> UnixNanos {
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        *nonces = nonces.next(now);
        nonces.last
    }
}

impl Sign for Signer {
    fn public(&self) -> [u8; 32] {
        self.key.public()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Signer({})", self.hotkey())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const HOUR: UnixNanos = 3_600_000_000_000;
    const NOW: UnixNanos = 1_760_000_000_000_000_000;

    /// Returns the nonces at these times.
    fn nonces(times: impl IntoIterator<Item = UnixNanos>) -> Vec<UnixNanos> {
        let next = |state: &mut NonceState, now| {
            *state = state.next(now);
            Some(state.last)
        };
        times.into_iter().scan(NonceState::default(), next).collect()
    }

    #[test]
    fn nh_74_nonces_of_one_nanosecond_are_distinct_and_near() {
        let nonces = nonces([NOW; 1_000]);
        assert!(nonces.is_sorted_by(|a, b| a < b));
        assert!((NOW..NOW + MAX_AHEAD / 1_000).contains(nonces.last().unwrap()));
    }

    #[test]
    fn nh_74_a_clock_that_goes_back_is_followed() {
        // The same nanosecond four times, between jumps of an hour.
        let times: Vec<_> = (0..8).map(|number| if number % 2 == 0 { NOW } else { NOW + HOUR }).collect();
        let nonces = nonces(times.clone());
        assert_eq!(nonces.iter().collect::<BTreeSet<_>>().len(), nonces.len(), "{nonces:?}");
        assert!(nonces.iter().zip(times).all(|(nonce, time)| nonce.abs_diff(time) < 2 * REMAINDERS), "{nonces:?}");
        // Up to 2 s ahead the last nonce counts, because nonces must rise.
        let state = NonceState { last: NOW + MAX_AHEAD, jumps: 0 };
        assert!(state.next(NOW).last > state.last);
        assert!(NonceState { last: NOW + MAX_AHEAD + 1, jumps: 0 }.next(NOW).last < NOW + REMAINDERS);
    }

    proptest! {
        #[test]
        fn nh_74_nonces_are_distinct_for_any_clock(
            steps in proptest::collection::vec((0_u64..4, 0_u64..3 * MAX_AHEAD), 1..200)
        ) {
            let clock = |now: &mut UnixNanos, (kind, step): (u64, u64)| {
                *now = match kind {
                    0 => *now,
                    1 => NOW,
                    2 => now.saturating_sub(step),
                    _ => now.saturating_add(step),
                };
                Some(*now)
            };
            let times: Vec<_> = steps.into_iter().scan(NOW, clock).collect();
            let nonces = nonces(times.clone());
            prop_assert_eq!(nonces.iter().collect::<BTreeSet<_>>().len(), nonces.len());
            for (nonce, time) in nonces.iter().zip(times) {
                prop_assert!(*nonce >= time && *nonce <= time + MAX_AHEAD + 2 * REMAINDERS);
            }
        }
    }
}
