//! Jumps of the wall clock, for the log.

use std::sync::{Mutex, PoisonError};

/// Nanoseconds by which both clocks may differ from one request to the next.
const TOLERANCE: u64 = 2_000_000_000;

/// Nanoseconds between two warnings.
const PAUSE: u64 = 60_000_000_000;

/// The clocks at the last request, and the steady clock at the last warning.
#[derive(Debug, Default)]
pub(super) struct ClockJumps(Mutex<Option<(u64, u64, Option<u64>)>>);

impl ClockJumps {
    /// Returns the nanoseconds by which the wall clock moved more than the steady one since the last call, if both
    /// differ by more than 2 s and no warning was due in the last minute.
    pub(super) fn note(&self, now: u64, steady: u64) -> Option<i128> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last_now, last_steady, warned) = last.unwrap_or((now, steady, None));
        let moved = |to: u64, from: u64| i128::from(to).saturating_sub(i128::from(from));
        let jump = moved(now, last_now).saturating_sub(moved(steady, last_steady));
        let is_due = warned.is_none_or(|at| steady.saturating_sub(at) >= PAUSE);
        let warns = is_due && jump.unsigned_abs() > TOLERANCE.into();
        *last = Some((now, steady, if warns { Some(steady) } else { warned }));
        warns.then_some(jump)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn nh_72_a_jump_is_told_once_a_minute() {
        let jumps = ClockJumps::default();
        let base = 1_000 * SECOND;
        assert_eq!(jumps.note(base, 0), None);
        assert_eq!(jumps.note(base + 7 * SECOND, 5 * SECOND), None);
        assert_eq!(jumps.note(base + 17 * SECOND + 1, 13 * SECOND), Some(2_000_000_001));
        assert_eq!(jumps.note(base, 14 * SECOND), None);
        assert_eq!(jumps.note(base + 59 * SECOND, 73 * SECOND), None);
        assert_eq!(jumps.note(base - SECOND, 74 * SECOND), Some(-61_000_000_000));
    }
}
