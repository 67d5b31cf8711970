//! Weights of validators and their commits. spec weights.

use crate::bounds::MaxUids;
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
use myelin_economics::schedule::RevealPhase;
use myelin_primitives::{BlockNumber, Entry, NetUid};
use primitive_types::H256;
use scale_info::TypeInfo;

/// A matrix of weights: the network that it belongs to, while each network has one. spec weights §10.
///
/// Weights are stored and committed under this id and not under the netuid. A network with several matrices therefore
/// needs no other layout and no other hash.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct StorageIndex(u16);

impl StorageIndex {
    /// Returns the network of this matrix.
    pub const fn netuid(self) -> NetUid {
        NetUid::new(self.0)
    }
}

/// The only matrix of the network.
impl From<NetUid> for StorageIndex {
    fn from(netuid: NetUid) -> Self {
        Self(netuid.get())
    }
}

/// The weights of one neuron.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct WeightsRow {
    /// Uids and their weights in the order given, scaled so that the largest is 65535. On root the uids are netuids.
    pub entries: BoundedVec<Entry, MaxUids>,
    /// Block from which on the row could not be changed to suit a newcomer.
    ///
    /// It is the block of the commit for a revealed row, and of the call for any other. Entries for seats taken in this
    /// block or later read as zero.
    pub fixed_at: BlockNumber,
    /// Block of the newest commit that expired unrevealed, of those that left the queue. spec weights §5.9.
    pub missed_at: Option<BlockNumber>,
}

impl WeightsRow {
    /// Returns true if a commit newer than this row expired unrevealed, so that its author does not vote.
    pub fn is_outdated(&self) -> bool {
        self.missed_at > Some(self.fixed_at)
    }

    /// Notes the newest of these commits that is expired in block `now`. spec weights §5.9.
    pub fn note_missed<'a>(&mut self, commits: impl IntoIterator<Item = &'a WeightsCommit>, now: BlockNumber) {
        let expired = commits.into_iter().filter(|commit| commit.phase(now) == RevealPhase::Over);
        self.missed_at = self.missed_at.max(expired.map(|commit| commit.at).max());
    }
}

/// A commit: the hash of weights that are revealed later, with the terms of that block. spec weights §5.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct WeightsCommit {
    /// Hash of the weights, their salt and their author. spec weights §5.3.
    pub hash: H256,
    /// Block of the commit.
    pub at: BlockNumber,
    /// First block in which it may be revealed.
    pub first: BlockNumber,
    /// Last block in which it may be revealed.
    pub last: BlockNumber,
    /// Version key that the network asked for.
    pub version_key: u64,
    /// Least number of entries, for the neurons of that block.
    pub min_allowed_weights: u16,
    /// Largest share of one entry, for the neurons of that block.
    pub max_weight_limit: u16,
}

impl WeightsCommit {
    /// Returns the phase of the commit in block `now`. spec weights §5.2.
    pub fn phase(&self, now: BlockNumber) -> RevealPhase {
        match now {
            now if now < self.first => RevealPhase::Ahead,
            now if now > self.last => RevealPhase::Over,
            _ => RevealPhase::Open,
        }
    }
}

/// The blocks in which a commit may be revealed. spec weights §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RevealWindow {
    /// First block.
    pub first: BlockNumber,
    /// Last block. Its epoch runs at its beginning, so weights revealed in it count one epoch later.
    pub last: BlockNumber,
}

impl From<RangeInclusive<BlockNumber>> for RevealWindow {
    fn from(blocks: RangeInclusive<BlockNumber>) -> Self {
        Self { first: *blocks.start(), last: *blocks.end() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_primitives::Uid;
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn a_matrix_goes_by_the_number_of_its_network() {
        let index = StorageIndex::from(NetUid::new(0x0102));
        assert_eq!(index.encode(), [2, 1]);
        assert_eq!(index.netuid(), NetUid::new(0x0102));
    }

    #[test]
    fn a_commit_and_its_window_encode_field_by_field() {
        let commit = WeightsCommit {
            hash: H256([7; 32]),
            at: 258,
            first: 3,
            last: 4,
            version_key: 5,
            min_allowed_weights: 6,
            max_weight_limit: 7,
        };
        let terms = [2, 1, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 7, 0];
        assert_eq!(commit.encode(), [&[7; 32][..], &terms].concat());
        assert_eq!(WeightsCommit::max_encoded_len(), 56);
        assert_eq!(RevealWindow::from(3..=4).encode(), [3, 0, 0, 0, 4, 0, 0, 0]);
    }

    #[test]
    fn a_commit_is_open_in_the_blocks_of_its_window() {
        let commit = WeightsCommit { at: 5, first: 10, last: 15, ..WeightsCommit::default() };
        let phases = [9, 10, 15, 16].map(|now| commit.phase(now));
        assert_eq!(phases, [RevealPhase::Ahead, RevealPhase::Open, RevealPhase::Open, RevealPhase::Over]);
    }

    #[test]
    fn a_row_is_outdated_while_a_newer_commit_has_expired() {
        let commit = |at, last| WeightsCommit { at, last, ..WeightsCommit::default() };
        // The newest of the two that are expired in block 20 counts, in any order.
        let commits = [commit(7, 30), commit(6, 19), commit(5, 18)];
        let outdated = |fixed_at| {
            let mut row = WeightsRow { fixed_at, ..WeightsRow::default() };
            row.note_missed(&commits, 20);
            (row.missed_at, row.is_outdated())
        };
        assert_eq!(outdated(5), (Some(6), true));
        assert_eq!(outdated(6), (Some(6), false));
        let mut row = WeightsRow { missed_at: Some(9), ..WeightsRow::default() };
        row.note_missed(&commits, 20);
        assert_eq!(row.missed_at, Some(9), "an older one does not replace it");
        assert!(!WeightsRow::default().is_outdated());
    }

    proptest! {
        #[test]
        fn a_row_reads_as_it_was_written(
            entries in vec(any::<(u16, u16)>(), 0..=256),
            fixed_at: u32,
            missed_at: Option<u32>,
        ) {
            let entered: Vec<Entry> = entries.iter().map(|(uid, value)| Entry::new(Uid::new(*uid), *value)).collect();
            let row = WeightsRow { entries: entered.try_into().unwrap(), fixed_at, missed_at };
            prop_assert_eq!(row.encode(), (entries, fixed_at, missed_at).encode());
            prop_assert!(row.encoded_size() <= WeightsRow::max_encoded_len());
            prop_assert_eq!(WeightsRow::decode(&mut &row.encode()[..]), Ok(row));
        }
    }
}
