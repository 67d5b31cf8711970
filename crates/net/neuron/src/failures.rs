//! Token buckets of failed requests: an address that fails too often is not listened to for a while.

use crate::http::{block, shared};
use std::{
    collections::BTreeMap,
    iter,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};
use tokio::time::{Duration, Instant};

/// The number of buckets in memory. Full buckets are not kept.
const MAX_BUCKETS: usize = 4_096;

/// The buckets of a block of 2^80 of IPv6 together, in buckets of one address.
pub(crate) const BLOCK_SHARES: u32 = 4;

/// An address or a block of addresses, with the number of its shares.
type BucketKey = (IpAddr, u32);

/// The buckets of all addresses.
///
/// A bucket is stored as the time at which it will be full again. Each token moves this time by the refill.
#[derive(Debug)]
pub(crate) struct FailureBuckets {
    size: u32,
    refill: Duration,
    full_at: Mutex<BTreeMap<BucketKey, Instant>>,
}

/// Returns the buckets of an address.
fn buckets(address: IpAddr) -> impl Iterator<Item = BucketKey> {
    iter::once((shared(address), 1)).chain(block(address).map(|block| (block, BLOCK_SHARES)))
}

impl FailureBuckets {
    /// Returns full buckets of this size, into which a token returns after each `refill`.
    pub(crate) const fn new(size: u32, refill: Duration) -> Self {
        Self { size, refill, full_at: Mutex::new(BTreeMap::new()) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut BTreeMap<BucketKey, Instant>) -> T) -> T {
        change(&mut self.full_at.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns true if each bucket of this address has a token.
    fn has_token(&self, full_at: &BTreeMap<BucketKey, Instant>, address: IpAddr, now: Instant) -> bool {
        let most = self.refill.saturating_mul(self.size);
        buckets(address).all(|key| {
            let missing = full_at.get(&key).map_or(Duration::ZERO, |full_at| full_at.saturating_duration_since(now));
            missing.saturating_add(self.refill / key.1) <= most
        })
    }

    /// Returns true if no token of this address is left.
    pub(crate) fn is_empty(&self, address: IpAddr, now: Instant) -> bool {
        self.with(|full_at| !self.has_token(full_at, address, now))
    }

    /// Takes a token of this address. Returns false, with nothing taken, if none is left.
    pub(crate) fn take(&self, address: IpAddr, now: Instant) -> bool {
        self.with(|full_at| {
            if !self.has_token(full_at, address, now) {
                return false;
            }
            for key in buckets(address) {
                make_room(full_at, key, now);
                let time = full_at.entry(key).or_insert(now);
                *time = (*time).max(now) + self.refill / key.1;
            }
            true
        })
    }

    /// Returns a token, because the request did not fail.
    pub(crate) fn give_back(&self, address: IpAddr) {
        self.with(|full_at| {
            for key in buckets(address) {
                if let Some(time) = full_at.get_mut(&key) {
                    *time = time.checked_sub(self.refill / key.1).unwrap_or(*time);
                }
            }
        });
    }
}

/// Removes full buckets, and then the fullest one, if there is no room for another one.
fn make_room(full_at: &mut BTreeMap<BucketKey, Instant>, key: BucketKey, now: Instant) {
    if full_at.len() < MAX_BUCKETS || full_at.contains_key(&key) {
        return;
    }
    full_at.retain(|_, time| *time > now);
    if full_at.len() >= MAX_BUCKETS {
        let fullest = full_at.iter().min_by_key(|(_, time)| **time).map(|(key, _)| *key);
        fullest.map(|fullest| full_at.remove(&fullest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const REFILL: Duration = Duration::from_millis(250);

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    /// Returns the number of tokens that can be taken.
    fn left(buckets: &FailureBuckets, address: IpAddr, now: Instant) -> usize {
        iter::repeat_with(|| buckets.take(address, now)).take(10_000).take_while(|taken| *taken).count()
    }

    #[test]
    fn nh_13_a_bucket_has_32_tokens_and_4_more_a_second() {
        let (buckets, now) = (FailureBuckets::new(32, REFILL), Instant::now());
        assert_eq!(left(&buckets, address(1), now), 32);
        assert!(buckets.is_empty(address(1), now) && !buckets.is_empty(address(2), now));
        assert_eq!(left(&buckets, address(1), now + REFILL * 9 / 10), 0);
        assert_eq!(left(&buckets, address(1), now + Duration::from_secs(10)), 32);
        let taken: usize = (0..=40).map(|quarter| left(&buckets, address(2), now + REFILL * quarter)).sum();
        assert_eq!(taken, 72);
    }

    #[test]
    fn a_token_that_comes_back_can_be_taken_again() {
        let (buckets, now) = (FailureBuckets::new(2, REFILL), Instant::now());
        assert_eq!(left(&buckets, address(1), now), 2);
        buckets.give_back(address(1));
        assert!(!buckets.is_empty(address(1), now));
        assert_eq!(left(&buckets, address(1), now), 1);
        // No bucket has more tokens than its size.
        buckets.give_back(address(3));
        assert_eq!(left(&buckets, address(3), now), 2);
    }

    #[test]
    fn nh_13_a_block_of_addresses_has_four_buckets() {
        let (buckets, now) = (FailureBuckets::new(32, REFILL), Instant::now());
        let at = |number: u16| Ipv6Addr::new(0x2001, 0xdb8, 1, number, 0, 0, 0, 1).into();
        let taken: Vec<usize> = (0..6).map(|number| left(&buckets, at(number), now)).collect();
        assert_eq!(taken, [32, 32, 32, 32, 0, 0]);
        assert!(buckets.is_empty(at(9), now));
        let other = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1).into();
        assert_eq!(left(&buckets, other, now), 32);
    }

    #[test]
    fn addresses_without_end_take_no_memory() {
        let (buckets, now) = (FailureBuckets::new(32, REFILL), Instant::now());
        assert_eq!(left(&buckets, address(0), now), 32);
        for number in 1..10_000 {
            assert!(buckets.take(address(number), now));
        }
        assert_eq!(buckets.with(|full_at| full_at.len()), MAX_BUCKETS);
        // The emptiest bucket is kept.
        assert!(buckets.is_empty(address(0), now));
    }
}
