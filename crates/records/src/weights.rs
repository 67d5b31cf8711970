//! Weights of validators and their commits. spec weights.

use crate::bounds::MaxUids;
use bounded_collections::BoundedVec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::ops::RangeInclusive;
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
}

/// A commit: the hash of weights that are revealed later. spec weights §5.1.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct WeightsCommit {
    /// Hash of the weights, their salt and their author. spec weights §5.3.
    pub hash: H256,
    /// Block of the commit.
    pub at: BlockNumber,
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
        let commit = WeightsCommit { hash: H256([7; 32]), at: 258 };
        assert_eq!(commit.encode(), [&[7; 32][..], &[2, 1, 0, 0]].concat());
        assert_eq!(WeightsCommit::max_encoded_len(), 36);
        assert_eq!(RevealWindow::from(3..=4).encode(), [3, 0, 0, 0, 4, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn a_row_reads_as_it_was_written(entries in vec(any::<(u16, u16)>(), 0..=256), fixed_at: u32) {
            let entered: Vec<Entry> = entries.iter().map(|(uid, value)| Entry::new(Uid::new(*uid), *value)).collect();
            let row = WeightsRow { entries: entered.try_into().unwrap(), fixed_at };
            prop_assert_eq!(row.encode(), (entries, fixed_at).encode());
            prop_assert!(row.encoded_size() <= WeightsRow::max_encoded_len());
            prop_assert_eq!(WeightsRow::decode(&mut &row.encode()[..]), Ok(row));
        }
    }
}
