//! Clocks.

use myelin_wire::UnixNanos;
use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// The wall clock, from which nonces are made and with which they are compared.
///
/// Timeouts use another clock, which never jumps.
pub trait Clock: Send + Sync + 'static {
    /// Returns nanoseconds since the Unix epoch.
    fn now(&self) -> UnixNanos;

    /// Returns nanoseconds of a clock that is never set, from any beginning.
    fn steady(&self) -> u64 {
        static BEGINNING: OnceLock<Instant> = OnceLock::new();
        u64::try_from(BEGINNING.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixNanos {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixNanos::try_from(since.as_nanos()).unwrap_or(UnixNanos::MAX)
    }
}

/// A clock that stands still until it is set, for tests and simulations.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// Returns a clock that shows this time.
    pub const fn new(now: UnixNanos) -> Self {
        Self(AtomicU64::new(now))
    }

    /// Sets another time.
    pub fn set(&self, now: UnixNanos) {
        self.0.store(now, Ordering::SeqCst);
    }

    /// Advances by this many nanoseconds.
    pub fn advance(&self, nanos: u64) {
        let add = |now: u64| Some(now.saturating_add(nanos));
        // The closure always returns a value, so the update always happens.
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixNanos {
        self.0.load(Ordering::SeqCst)
    }
}

impl<C: Clock> Clock for std::sync::Arc<C> {
    fn now(&self) -> UnixNanos {
        (**self).now()
    }

    fn steady(&self) -> u64 {
        (**self).steady()
    }
}
