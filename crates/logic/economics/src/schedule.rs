//! The schedule of epochs of a network. spec tokenomics §4.

use core::ops::RangeInclusive;
use myelin_primitives::{BlockNumber, NetUid};

/// The schedule of one network: an epoch every `tempo + 1` blocks.
///
/// The epochs are shifted by the netuid, so that networks of equal tempo take turns. The schedule is a function of the
/// block number alone. A new tempo therefore moves all epochs at once, past indices included.
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
    /// Returns the schedule of a network. With a tempo of zero there is no epoch.
    pub const fn new(netuid: NetUid, tempo: u16) -> Self {
        Self { tempo, netuid }
    }

    /// Returns the blocks from one epoch to the next.
    pub fn period(self) -> u32 {
        u32::from(self.tempo).saturating_add(1)
    }

    /// Returns the blocks from `block` to the next epoch, or `None` if there is none. spec tokenomics §4.1.
    ///
    /// It is 0 if the epoch runs in `block` itself.
    pub fn blocks_until_epoch(self, block: BlockNumber) -> Option<u32> {
        if self.tempo == 0 {
            return None;
        }
        let position = self.shifted(block).checked_rem(u64::from(self.period()))?;
        u32::try_from(u64::from(self.tempo).checked_sub(position)?).ok()
    }

    /// Returns true if the epoch runs in the initialisation of `block`. spec tokenomics §4.1.
    pub fn is_due(self, block: BlockNumber) -> bool {
        self.blocks_until_epoch(block) == Some(0)
    }

    /// Returns the index of the epoch that `block` belongs to. spec tokenomics §4.1.
    ///
    /// The block that runs the epoch is the last of its index. Its transactions come after the run and carry the same
    /// index.
    pub fn epoch_index(self, block: BlockNumber) -> u64 {
        self.shifted(block).checked_div(u64::from(self.period())).unwrap_or(0)
    }

    /// Returns the blocks of an epoch index, or `None` if no block carries it. spec tokenomics §4.1.
    ///
    /// The last of them runs the epoch.
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

/// The epochs in which commits of weights may be revealed: a number of epochs after the commit. spec weights §5.2.
///
/// A commit keeps the window that tempo and period give it in its block.
#[derive(Clone, Copy, Debug)]
pub struct RevealSchedule {
    /// The epochs of the network.
    pub schedule: Schedule,
    /// The number of epochs that a commit waits.
    pub period: u64,
}

/// The phase of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevealPhase {
    /// The blocks before the reveal window of the commit.
    Ahead,
    /// The reveal window, in which the commit may be revealed.
    Open,
    /// The blocks after the reveal window.
    Over,
}

impl RevealSchedule {
    /// Returns the blocks in which a commit of block `at` may be revealed.
    ///
    /// Past the end of block numbers it is the last block.
    pub fn blocks(&self, at: BlockNumber) -> RangeInclusive<BlockNumber> {
        let blocks = self.schedule.epoch_blocks(self.reveal_index(at));
        blocks.unwrap_or(BlockNumber::MAX..=BlockNumber::MAX)
    }

    fn reveal_index(&self, at: BlockNumber) -> u64 {
        self.schedule.epoch_index(at).saturating_add(self.period)
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

    fn windows(netuid: u16, tempo: u16, period: u64) -> RevealSchedule {
        RevealSchedule { schedule: schedule(netuid, tempo), period }
    }

    /// Checks the table of spec weights §5.2.
    #[test]
    fn windows_open_whole_epochs_after_the_commit() {
        for (netuid, tempo, period, at, index, first, last) in [
            (1, 360, 1, 1_000, 2, 1_081, 1_441),
            (1, 360, 1, 1_081, 3, 1_442, 1_802),
            (1, 360, 1, 1_441, 3, 1_442, 1_802),
            (1, 360, 2, 1_000, 2, 1_442, 1_802),
            (2, 360, 1, 1_000, 2, 1_080, 1_440),
            (1, 5, 1, 11, 2, 16, 21),
        ] {
            let windows = windows(netuid, tempo, period);
            assert_eq!(windows.schedule.epoch_index(at), index);
            assert_eq!(windows.blocks(at), first..=last);
            assert!(windows.schedule.is_due(last), "consensus runs in the last block of the window");
        }
    }

    #[test]
    fn windows_end_with_the_range_of_block_numbers() {
        assert_eq!(windows(1, 360, 100).blocks(BlockNumber::MAX), BlockNumber::MAX..=BlockNumber::MAX);
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
        fn a_window_is_the_epoch_that_follows_the_commit_by_the_period(
            netuid in 0..300_u16, tempo in 1..1_000_u16, period in 1..=100_u64, at in 0..100_000_u32, now in 0..300_000_u32,
        ) {
            let windows = windows(netuid, tempo, period);
            let is_open = windows.schedule.epoch_index(now) == windows.schedule.epoch_index(at) + period;
            prop_assert_eq!(windows.blocks(at).contains(&now), is_open);
        }

        #[test]
        fn no_schedule_panics(netuid: u16, tempo: u16, block: u32, index: u64) {
            let schedule = schedule(netuid, tempo);
            let _ = (schedule.blocks_until_epoch(block), schedule.epoch_index(block), schedule.epoch_blocks(index));
        }
    }
}
