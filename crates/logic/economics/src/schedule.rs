//! When a network runs its epoch. spec tokenomics §4

use core::ops::RangeInclusive;
use myelin_primitives::{BlockNumber, NetUid};

/// When one network runs its epochs: every `tempo + 1` blocks, shifted by its netuid so that networks of equal tempo
/// take turns.
///
/// A function of the block number alone. A new tempo therefore moves all epochs at once, past indices included.
///
/// ```
/// use myelin_economics::schedule::Schedule;
/// use myelin_primitives::NetUid;
///
/// let schedule = Schedule::new(NetUid::new(1), 360);
/// assert_eq!(schedule.blocks_until_epoch(0), Some(358));
/// assert!(schedule.is_due(358) && schedule.is_due(358 + 361));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    tempo: u16,
    netuid: NetUid,
}

impl Schedule {
    /// The schedule of a network. A tempo of zero never runs an epoch.
    pub const fn new(netuid: NetUid, tempo: u16) -> Self {
        Self { tempo, netuid }
    }

    /// Blocks from one epoch to the next.
    pub fn period(self) -> u32 {
        u32::from(self.tempo).saturating_add(1)
    }

    /// How many blocks after `block` the next epoch runs: 0 if it runs in `block` itself, `None` if there is none to
    /// come. spec tokenomics §4.1
    pub fn blocks_until_epoch(self, block: BlockNumber) -> Option<u32> {
        if self.tempo == 0 {
            return None;
        }
        let position = self.shifted(block).checked_rem(u64::from(self.period()))?;
        u32::try_from(u64::from(self.tempo).checked_sub(position)?).ok()
    }

    /// Whether the epoch runs in the initialisation of `block`. spec tokenomics §4.1
    pub fn is_due(self, block: BlockNumber) -> bool {
        self.blocks_until_epoch(block) == Some(0)
    }

    /// Which epoch `block` belongs to. The block that runs the epoch is the last of its index; its transactions come
    /// after the run and carry the same index. spec tokenomics §4.1
    pub fn epoch_index(self, block: BlockNumber) -> u64 {
        self.shifted(block).checked_div(u64::from(self.period())).unwrap_or(0)
    }

    /// The blocks of an epoch index, or `None` if no block carries it. The last of them runs the epoch.
    /// spec tokenomics §4.1
    pub fn epoch_blocks(self, index: u64) -> Option<RangeInclusive<BlockNumber>> {
        let start = index.checked_mul(u64::from(self.period()))?;
        let last = start.checked_add(u64::from(self.tempo))?.checked_sub(self.shift())?;
        let first = BlockNumber::try_from(start.saturating_sub(self.shift())).ok()?;
        Some(first..=BlockNumber::try_from(last).unwrap_or(BlockNumber::MAX))
    }

    fn shift(self) -> u64 {
        u64::from(self.netuid.get()).saturating_add(1)
    }

    fn shifted(self, block: BlockNumber) -> u64 {
        u64::from(block).saturating_add(self.shift())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn schedule(netuid: u16, tempo: u16) -> Schedule {
        Schedule::new(NetUid::new(netuid), tempo)
    }

    #[test]
    fn epochs_run_in_turn() {
        for (tempo, netuid, first, period) in [
            (1, 0, 0, 2),
            (1, 1, 1, 2),
            (2, 0, 1, 3),
            (2, 1, 0, 3),
            (100, 0, 99, 101),
            (100, 1, 98, 101),
            (360, 1, 358, 361),
            (360, 2, 357, 361),
        ] {
            let schedule = schedule(netuid, tempo);
            let due: Vec<u32> = (0..5 * period).filter(|&block| schedule.is_due(block)).collect();
            let expected: Vec<u32> = (0..5).map(|n| first + n * period).collect();
            assert_eq!(due, expected, "tempo {tempo}, netuid {netuid}");
            assert_eq!(schedule.period(), period);
        }
    }

    #[test]
    fn a_tempo_of_zero_never_runs() {
        assert_eq!(schedule(1, 0).blocks_until_epoch(7), None);
        assert!((0..100).all(|block| !schedule(1, 0).is_due(block)));
    }

    #[test]
    fn epoch_blocks_end_with_the_range_of_block_numbers() {
        let schedule = schedule(3, 10);
        assert_eq!(schedule.epoch_blocks(0), Some(0..=6));
        assert_eq!(schedule.epoch_blocks(1), Some(7..=17));
        let last = schedule.epoch_index(BlockNumber::MAX);
        assert_eq!(schedule.epoch_blocks(last).map(|blocks| *blocks.end()), Some(BlockNumber::MAX));
        assert_eq!(schedule.epoch_blocks(last + 1), None);
        assert_eq!(schedule.epoch_blocks(u64::MAX), None);
        assert_eq!(self::schedule(20, 10).epoch_blocks(0), None);
    }

    proptest! {
        #[test]
        fn due_blocks_are_those_of_the_equivalent_condition(netuid: u16, tempo in 1..=u16::MAX, block: u32) {
            let due = (u64::from(block) + u64::from(netuid) + 2) % (u64::from(tempo) + 1) == 0;
            prop_assert_eq!(schedule(netuid, tempo).is_due(block), due);
        }

        #[test]
        fn waiting_as_told_meets_the_epoch(netuid: u16, tempo in 1..=u16::MAX, block in 0..u32::MAX / 2) {
            let schedule = schedule(netuid, tempo);
            let wait = schedule.blocks_until_epoch(block).unwrap();
            prop_assert!(wait < schedule.period());
            prop_assert!(schedule.is_due(block + wait));
        }

        #[test]
        fn an_index_holds_its_blocks_and_its_last_block_is_due(netuid: u16, tempo in 1..=u16::MAX, block: u32) {
            let schedule = schedule(netuid, tempo);
            let blocks = schedule.epoch_blocks(schedule.epoch_index(block)).unwrap();
            prop_assert!(blocks.contains(&block));
            prop_assert!(schedule.is_due(*blocks.end()) || *blocks.end() == BlockNumber::MAX);
        }

        #[test]
        fn no_schedule_panics(netuid: u16, tempo: u16, block: u32, index: u64) {
            let schedule = schedule(netuid, tempo);
            let _ = (schedule.blocks_until_epoch(block), schedule.epoch_index(block), schedule.epoch_blocks(index));
        }
    }
}
