//! When weights are due.

use myelin_primitives::BlockNumber;

/// What decides when weights are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timing {
    /// The block of the next epoch. What is set in it counts one epoch later.
    pub(super) next_epoch: Option<BlockNumber>,
    /// When weights were set or committed last, or the seat taken.
    pub(super) last_update: BlockNumber,
    /// The blocks between two such. spec weights §2.1
    pub(super) rate_limit: BlockNumber,
    /// How many blocks before the epoch weights are due.
    pub(super) lead: BlockNumber,
}

/// How long before an epoch weights are due on a network with this tempo: late, so that they say what was learned last, and
/// early enough for a second attempt.
pub(super) fn lead(tempo: u16) -> BlockNumber {
    (BlockNumber::from(tempo).saturating_add(1) / 3).clamp(3, 25)
}

impl Timing {
    /// Whether weights should be submitted when `block` is the last final one: once before each epoch, as soon as that is
    /// near and the rate limit allows.
    pub(super) fn is_due(self, block: BlockNumber) -> bool {
        let Some(epoch) = self.next_epoch else { return false };
        let from = epoch.saturating_sub(self.lead);
        let next = block.saturating_add(1);
        let is_allowed = self.last_update == 0 || next.saturating_sub(self.last_update) >= self.rate_limit;
        is_allowed && next < epoch && block >= from && self.last_update < from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The blocks in which weights are submitted, of the first 100, if each is included at once.
    fn submitted(tempo: u32, rate_limit: u32, lead: u32) -> Vec<u32> {
        let mut last_update = 0;
        let mut blocks = Vec::new();
        for block in 1..100 {
            let next_epoch = Some((block / (tempo + 1) + 1) * (tempo + 1));
            if (Timing { next_epoch, last_update, rate_limit, lead }).is_due(block) {
                last_update = block + 1;
                blocks.push(last_update);
            }
        }
        blocks
    }

    #[test]
    fn once_before_each_epoch() {
        // Epochs run in 21, 42, 63 and 84.
        assert_eq!(submitted(20, 5, 5), [17, 38, 59, 80]);
        assert_eq!(submitted(20, 0, 5), [17, 38, 59, 80]);
    }

    #[test]
    fn as_often_as_the_rate_limit_allows() {
        assert_eq!(submitted(20, 24, 5), [17, 41, 80]);
        assert_eq!(submitted(20, 22, 5), [17, 39, 61, 83]);
        assert_eq!(submitted(20, 100, 5), [17]);
    }

    #[test]
    fn not_when_it_would_be_too_late_or_for_nothing() {
        let timing = Timing { next_epoch: Some(21), last_update: 0, rate_limit: 0, lead: 5 };
        let due = (1..=25).filter(|block| timing.is_due(*block)).collect::<Vec<_>>();
        assert_eq!(due, [16, 17, 18, 19]);
        assert!(!Timing { next_epoch: None, ..timing }.is_due(16));
        assert!(!Timing { last_update: 16, ..timing }.is_due(17));
    }

    #[test]
    fn long_epochs_do_not_make_weights_old() {
        assert_eq!([1, 20, 99, 360, u16::MAX].map(lead), [3, 7, 25, 25, 25]);
    }
}
