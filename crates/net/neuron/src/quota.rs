//! Quotas: shares of a limited resource.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// A quota: a limit in all, and a limit for each key.
///
/// A key has no more than it leaves free. So each greedy key takes half of the rest at most, and a key that comes late
/// finds room.
#[derive(Clone, Debug)]
pub(crate) struct Quota<K> {
    total: usize,
    each: usize,
    taken: Arc<Mutex<QuotaUsage<K>>>,
}

#[derive(Debug)]
struct QuotaUsage<K> {
    all: usize,
    /// The amounts of keys that hold any.
    each: BTreeMap<K, usize>,
}

impl<K: Ord + Copy> Quota<K> {
    pub(crate) fn new(total: usize, each: usize) -> Self {
        Self { total, each, taken: Arc::new(Mutex::new(QuotaUsage { all: 0, each: BTreeMap::new() })) }
    }

    /// Takes an amount until the hold is dropped, or returns `None` if it exceeds a limit.
    pub(crate) fn take(&self, key: K, amount: usize) -> Option<QuotaHold<K>> {
        let mut hold = QuotaHold { quota: self.clone(), key, amount: 0 };
        hold.grow(amount).then_some(hold)
    }
}

/// An amount that one key holds, returned to the quota when it is dropped.
#[derive(Debug)]
pub(crate) struct QuotaHold<K: Ord + Copy> {
    quota: Quota<K>,
    key: K,
    amount: usize,
}

impl<K: Ord + Copy> QuotaHold<K> {
    /// Returns true if it took `by` more, and false, with nothing taken, if that exceeds a limit or what is free then.
    pub(crate) fn grow(&mut self, by: usize) -> bool {
        let mut taken = self.quota.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.each.get(&self.key).copied().unwrap_or(0).saturating_add(by);
        let all = taken.all.saturating_add(by);
        let Some(free) = self.quota.total.checked_sub(all) else { return false };
        if own > self.quota.each || own > free {
            return false;
        }
        taken.all = all;
        if own > 0 {
            taken.each.insert(self.key, own);
        }
        self.amount = self.amount.saturating_add(by);
        true
    }
}

impl<K: Ord + Copy> Drop for QuotaHold<K> {
    fn drop(&mut self) {
        let mut taken = self.quota.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(self.amount);
        let rest = taken.each.get(&self.key).copied().unwrap_or(0).saturating_sub(self.amount);
        if rest == 0 {
            taken.each.remove(&self.key);
        } else {
            taken.each.insert(self.key, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_key_leaves_room_for_others() {
        let quota = Quota::new(13, 6);
        let mut first = quota.take(1, 6).unwrap();
        assert!(quota.take(1, 1).is_none());
        assert!(!first.grow(1));
        // The second key takes as much as it leaves free.
        assert!(quota.take(2, 4).is_none());
        let second = quota.take(2, 3).unwrap();
        assert!(quota.take(3, 3).is_none());
        drop(first);
        assert!(quota.take(3, 5).is_some());
        drop(second);
        assert_eq!(quota.taken.lock().unwrap().all, 0);
        assert!(quota.taken.lock().unwrap().each.is_empty());
    }

    #[test]
    fn nh_7_greedy_keys_leave_room_for_late_ones() {
        let quota = Quota::new(32 << 20, 4 << 20);
        let mut holds: Vec<_> = (0..16).map(|key| quota.take(key, 0).unwrap()).collect();
        while holds.iter_mut().map(|hold| hold.grow(1 << 10)).filter(|grown| *grown).count() > 0 {}
        assert!(quota.take(16, 512 << 10).is_some());
        drop(holds);
        // Each of these keys takes all that it can at once.
        let take = |key| (0..=22).rev().find_map(|bits| quota.take(key, 1 << bits)).unwrap();
        let _holds: Vec<_> = (0..16).map(take).collect();
        assert!(quota.take(16, 4 << 10).is_some());
    }

    proptest! {
        #[test]
        fn never_more_than_there_is(steps in proptest::collection::vec((0..4_u8, 0..5_usize, any::<bool>()), 0..60)) {
            let quota = Quota::new(12, 5);
            let mut holds: Vec<QuotaHold<u8>> = Vec::new();
            for (key, amount, is_taken) in steps {
                if is_taken {
                    holds.extend(quota.take(key, amount));
                } else if !holds.is_empty() {
                    drop(holds.swap_remove(amount % holds.len()));
                }
                let taken = quota.taken.lock().unwrap();
                prop_assert_eq!(taken.all, holds.iter().map(|hold| hold.amount).sum::<usize>());
                prop_assert!(taken.all <= 12 && taken.each.values().all(|&own| 0 < own && own <= 5));
            }
        }
    }
}
