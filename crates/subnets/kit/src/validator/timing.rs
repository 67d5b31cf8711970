//! The blocks in which weights and reveals are due.

use crate::dice::dice;
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

/// The doublings of the pause after a failed reveal: up to 2 blocks, because the window ends soon.
pub(super) const REVEAL_DOUBLINGS: u32 = 1;

/// The least number of blocks that are left of a window when its reveal is due.
const LEAST_MARGIN: BlockNumber = 4;

/// The part of a window that is its margin, and the most that the reveal is drawn earlier: one in this many.
const MARGIN_PART: BlockNumber = 12;

/// The blocks in which a commit may be revealed.
///
/// The reveal is late, so that no other validator copies it in the same epoch, and early enough for a second attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RevealTiming {
    /// The first block.
    pub(super) first: BlockNumber,
    /// The last block.
    pub(super) last: BlockNumber,
}

impl RevealTiming {
    fn part(self) -> BlockNumber {
        self.last.saturating_sub(self.first).saturating_add(1) / MARGIN_PART
    }

    fn margin(self) -> BlockNumber {
        self.part().max(LEAST_MARGIN)
    }

    /// Returns the first block in which the reveal is due. `seed` draws one of a twelfth of the window.
    fn due_from(self, seed: u64) -> BlockNumber {
        let jitter = dice([seed, 0, 0, 0]).checked_rem(self.part().into()).unwrap_or(0);
        let jitter = BlockNumber::try_from(jitter).unwrap_or(0);
        self.last.saturating_sub(self.margin()).saturating_sub(jitter).max(self.first)
    }

    /// Returns true if the reveal is due when `block` is the best one.
    pub(super) fn is_due(self, block: BlockNumber, seed: u64) -> bool {
        (self.due_from(seed)..=self.last).contains(&block.saturating_add(1))
    }

    /// Returns the blocks for which a reveal is searched for before it is sent again.
    pub(super) fn patience(self) -> BlockNumber {
        self.margin() / 2
    }
}

/// Returns the seed of a reveal: its salt, which is secret until then.
pub(super) fn seed(salt: &[u16]) -> u64 {
    salt.iter().fold(0, |seed: u64, number| seed.rotate_left(16) ^ u64::from(*number))
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
    fn every_number_of_a_salt_is_in_its_seed() {
        assert_eq!(seed(&[1, 2, 3, 4]), 0x0001_0002_0003_0004);
        assert_ne!(seed(&[1, 2, 3, 4, 0, 0, 0, 5]), seed(&[1, 2, 3, 4, 0, 0, 0, 6]));
    }

    #[test]
    fn a_short_window_is_used_from_its_beginning() {
        let window = RevealTiming { first: 10, last: 12 };
        assert_eq!((8..14).filter(|block| window.is_due(*block, 7)).collect::<Vec<_>>(), [9, 10, 11]);
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
