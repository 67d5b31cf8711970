//! The age limit of a request. spec neuron-protocol §6, §12.

use crate::UnixNanos;

const SECOND: f64 = 1e9;

/// The limits of an axon on the age of a request.
///
/// At existing neurons, unsigned headers stretch the window. A long `timeout` widens it, and an old `version` switches
/// it off. A known client is never asked for its time again, and the future has no limit. Here a `timeout` counts up to
/// a limit, and no other header counts. spec neuron-protocol §12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The greatest age beside the timeout, in nanoseconds.
    pub grace: u64,
    /// The greatest timeout that counts, in nanoseconds.
    pub longest_timeout: u64,
    /// The largest lead of a caller's clock, in nanoseconds.
    pub ahead: u64,
}

impl Default for Freshness {
    /// Returns 4 s, 12 s and 4 s.
    fn default() -> Self {
        Self { grace: 4_000_000_000, longest_timeout: 12_000_000_000, ahead: 4_000_000_000 }
    }
}

/// The reason for which a request is not fresh. The texts are those of the existing neurons, if they have one.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum NonceError {
    /// A request without a nonce.
    #[error("Missing Nonce")]
    Missing,
    /// A request that is too old. Both times are in seconds.
    #[error("Nonce is too old: acceptable delta is {allowed:.2} seconds but request was {age:.2} seconds old")]
    Old {
        /// The greatest age, in seconds.
        allowed: f64,
        /// The age, in seconds.
        age: f64,
    },
    /// A request from the future.
    #[error("Nonce is from the future: check the clock of the caller")]
    Ahead,
}

#[expect(clippy::cast_precision_loss, reason = "for a text of two decimal places")]
fn seconds(nanos: i128) -> f64 {
    nanos as f64 / SECOND
}

impl Freshness {
    /// Returns the greatest age of a request with this timeout, in nanoseconds.
    ///
    /// It is negative if the timeout is negative by more than the grace.
    #[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer that there is")]
    fn allowed(&self, timeout: Option<f64>) -> i128 {
        let timeout = timeout.filter(|timeout| !timeout.is_nan()).unwrap_or(0.0);
        let counted = ((timeout * SECOND) as i128).min(self.longest_timeout.into());
        counted.saturating_add(self.grace.into())
    }

    /// Checks the nonce of a request and returns it as a time. spec neuron-protocol §6.
    ///
    /// # Errors
    /// [`NonceError::Missing`] without a nonce, [`NonceError::Old`] for one that is too old, [`NonceError::Ahead`] for
    /// one from the future.
    pub fn check(&self, nonce: Option<i128>, timeout: Option<f64>, now: UnixNanos) -> Result<UnixNanos, NonceError> {
        let nonce = nonce.ok_or(NonceError::Missing)?;
        let age = i128::from(now).saturating_sub(nonce);
        let allowed = self.allowed(timeout);
        if age >= allowed {
            return Err(NonceError::Old { allowed: seconds(allowed), age: seconds(age) });
        }
        let is_ahead = age.saturating_neg() > self.ahead.into();
        UnixNanos::try_from(nonce).ok().filter(|_| !is_ahead).ok_or(NonceError::Ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_760_000_000_123_456_789;

    fn check(nonce: i128, timeout: Option<f64>) -> Result<u64, NonceError> {
        Freshness::default().check(Some(nonce), timeout, NOW)
    }

    #[test]
    fn the_edges_are_exact() {
        let now = i128::from(NOW);
        assert!(check(now - 16_000_000_000, Some(12.0)).is_err());
        assert!(check(now - 15_999_999_999, Some(12.0)).is_ok());
        assert!(check(now - 4_000_000_000, None).is_err());
        assert!(check(now - 3_999_999_999, None).is_ok());
        assert!(check(now + 4_000_000_000, None).is_ok());
        assert_eq!(check(now + 4_000_000_001, None), Err(NonceError::Ahead));
    }

    #[test]
    fn no_timeout_stretches_the_window_beyond_its_limit() {
        let old = i128::from(NOW) - 17_000_000_000;
        for timeout in [12.0, 60.0, 1e300, f64::INFINITY, f64::NAN] {
            assert!(check(old, Some(timeout)).is_err(), "{timeout}");
        }
        assert!(check(i128::from(NOW) - 1_000_000_000, Some(-3.5)).is_err());
    }

    proptest! {
        #[test]
        fn any_numbers_are_judged(nonce: i128, timeout: Option<f64>, now: u64) {
            if let Ok(time) = Freshness::default().check(Some(nonce), timeout, now) {
                prop_assert!(now.saturating_sub(time) < 16_000_000_000 && time.saturating_sub(now) <= 4_000_000_000);
            }
        }
    }
}
