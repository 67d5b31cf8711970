//! Failures of miners before consumers.

use crate::scores::SeatKey;
use myelin_wire::PublicKey;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;

/// The least time between two failures of one miner before one consumer that count.
const PAIR_INTERVAL: Duration = Duration::from_mins(1);

/// The greatest number of pairs of miner and consumer in that time. Further failures do not count.
const MAX_PAIRS: usize = 4_096;

/// The failures of miners before consumers since the last round.
///
/// They wait for the end of a round, because they do not count in an own outage.
#[derive(Debug, Default)]
pub(super) struct OrganicFailures {
    last: BTreeMap<(SeatKey, PublicKey), Instant>,
    waiting: Vec<SeatKey>,
}

impl OrganicFailures {
    /// Records a failure, unless the same consumer had one of this miner within a minute.
    pub(super) fn push(&mut self, miner: SeatKey, consumer: PublicKey, now: Instant) {
        if self.last.len() >= MAX_PAIRS {
            self.last.retain(|_, at| now.saturating_duration_since(*at) < PAIR_INTERVAL);
        }
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < PAIR_INTERVAL;
        let is_known = self.last.get(&(miner, consumer)).is_some_and(is_recent);
        if is_known || self.last.len() >= MAX_PAIRS || self.waiting.len() >= MAX_PAIRS {
            return;
        }
        self.last.insert((miner, consumer), now);
        self.waiting.push(miner);
    }

    /// Returns the failures since the last call.
    pub(super) fn take(&mut self) -> Vec<SeatKey> {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u16) -> PublicKey {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_le_bytes());
        PublicKey::from_bytes(bytes)
    }

    #[test]
    fn nh_43_a_pair_counts_once_a_minute() {
        let (mut failures, start) = (OrganicFailures::default(), Instant::now());
        let mut push = |miner, since, consumer, seconds| {
            failures.push((key(miner), since), key(consumer), start + Duration::from_secs(seconds));
            failures.take().len()
        };
        assert_eq!([push(1, 5, 9, 0), push(1, 5, 9, 59), push(1, 5, 9, 60), push(1, 5, 9, 119)], [1, 0, 1, 0]);
        assert_eq!([push(1, 5, 8, 119), push(2, 5, 9, 119), push(1, 6, 9, 119)], [1, 1, 1]);
    }

    #[test]
    fn nh_43_consumers_without_end_take_no_memory() {
        let (mut failures, start) = (OrganicFailures::default(), Instant::now());
        for consumer in 0..6_000 {
            failures.push((key(1), 5), key(consumer), start);
        }
        assert_eq!((failures.last.len(), failures.waiting.len()), (MAX_PAIRS, MAX_PAIRS));
        assert_eq!(failures.take().len(), MAX_PAIRS);
        failures.push((key(1), 5), key(1), start + PAIR_INTERVAL);
        assert_eq!((failures.last.len(), failures.take().len()), (1, 1));
    }
}
