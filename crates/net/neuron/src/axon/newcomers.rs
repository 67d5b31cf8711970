//! The rate at which an address brings callers that the replay window does not know.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// Nanoseconds between two new callers of an address: 8 a second.
const INTERVAL: u64 = 125_000_000;

/// The number of new callers of an address that come at a time, if it brought none before.
const BURST: u64 = 64;

/// The number of addresses that are remembered.
const MAX_ADDRESSES: usize = 16_384;

/// The new callers of each address in the recent past.
///
/// A hotkey costs nothing, and each new one takes a place in the replay window from another caller without a seat. An
/// address costs more.
#[derive(Debug, Default)]
pub(super) struct NewCallers(Mutex<BTreeMap<IpAddr, u64>>);

impl NewCallers {
    /// Returns true if an address may bring one new caller more, and counts it. `now` is a clock that is never set.
    pub(super) fn take(&self, address: IpAddr, now: u64) -> bool {
        // For each address the time at which its burst is whole again.
        let mut whole_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if whole_at.len() >= MAX_ADDRESSES {
            whole_at.retain(|_, at| *at > now);
        }
        if whole_at.len() >= MAX_ADDRESSES {
            // Who has that many addresses is not held by the share of one.
            whole_at.clear();
        }
        let next = whole_at.get(&address).copied().unwrap_or(0).max(now).saturating_add(INTERVAL);
        let is_allowed = next.saturating_sub(now) <= BURST * INTERVAL;
        if is_allowed {
            whole_at.insert(address, next);
        }
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn nh_14_an_address_brings_64_callers_at_a_time_and_8_a_second() {
        let new = NewCallers::default();
        let taken = |now| (0..100).filter(|_| new.take(address(1), now)).count();
        assert_eq!(taken(SECOND), 64);
        assert_eq!(taken(2 * SECOND), 8);
        assert_eq!(taken(2 * SECOND + INTERVAL - 1), 0);
        assert_eq!(taken(2 * SECOND + INTERVAL), 1);
        assert!(new.take(address(2), 2 * SECOND));
        assert_eq!(taken(100 * SECOND), 64);
    }

    #[test]
    fn nh_14_the_number_of_addresses_is_bounded() {
        let new = NewCallers::default();
        for number in 0..40_000 {
            assert!(new.take(address(number), SECOND));
            assert!(new.0.lock().unwrap().len() <= MAX_ADDRESSES);
        }
    }
}
