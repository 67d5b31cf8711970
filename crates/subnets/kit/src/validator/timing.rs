//! The blocks in which weights are due.

use myelin_primitives::BlockNumber;

/// The values that decide if weights are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timing {
    /// The block of the next epoch. Weights that are set in this block count one epoch later.
    pub(super) next_epoch: Option<BlockNumber>,
    /// The block of the last weights or commit, or of the registration.
    pub(super) last_update: BlockNumber,
    /// The smallest number of blocks between two submissions (spec weights §2.1).
    pub(super) rate_limit: BlockNumber,
    /// The number of blocks before the epoch at which weights are due.
    pub(super) lead: BlockNumber,
}

/// Returns the blocks before an epoch at which weights are due on a network with this tempo.
///
/// It is late, so that weights contain the newest scores, and early enough for a second attempt.
pub(super) fn lead(tempo: u16) -> BlockNumber {
    (BlockNumber::from(tempo).saturating_add(1) / 3).clamp(3, 25)
}

/// Returns true if a row that was fixed in this block is older than half of the activity cutoff.
pub(super) const fn is_old(fixed_at: BlockNumber, cutoff: BlockNumber, block: BlockNumber) -> bool {
    block.saturating_sub(fixed_at) > cutoff / 2
}

impl Timing {
    /// Returns true if weights are due when `block` is the last final one.
    ///
    /// They are due once before each epoch, within `lead` blocks of it, if the rate limit allows.
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

    /// Returns the blocks, up to 100, in which weights are submitted, if each submission is included at once.
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
    fn a_row_is_old_beyond_half_of_the_cutoff() {
        assert!(!is_old(100, 361, 280) && is_old(100, 361, 281));
        assert!(!is_old(100, 361, 50) && !is_old(0, 0, 0) && is_old(0, 0, 1));
    }

    #[test]
    fn long_epochs_do_not_make_weights_old() {
        assert_eq!([1, 20, 99, 360, u16::MAX].map(lead), [3, 7, 25, 25, 25]);
    }
}
