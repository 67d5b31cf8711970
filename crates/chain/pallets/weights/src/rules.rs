//! The rules of weights that need no storage. spec weights §2 to §5
//!
//! Scaling is `myelin_yuma::max_upscale`, the limit of the largest share `myelin_yuma::is_spread`, and the reading of a
//! stored row `myelin_yuma::as_read`. The epochs of a network and the reveal windows are in
//! `myelin_economics::schedule`.

use alloc::{
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};
use codec::Encode;
use myelin_economics::schedule::{RevealPhase, Schedule};
use myelin_primitives::{BlockNumber, Entry, Uid};
use myelin_records::{
    bounds::MIN_SALT,
    weights::{StorageIndex, WeightsCommit},
};
use sp_core::H256;
use sp_runtime::traits::{BlakeTwo256, Hash};

/// Pairs uids with values, or `None` if there are more of one than of the other. spec weights §2.1, check 9
pub fn paired(uids: impl ExactSizeIterator<Item = Uid>, values: &[u16]) -> Option<Vec<Entry>> {
    let same = uids.len() == values.len();
    same.then(|| uids.zip(values).map(|(uid, &value)| Entry::new(uid, value)).collect())
}

/// Returns true if each item is greater than the one before it. spec weights §6
///
/// So the netuids of a batch are all different, and a batch has one form.
pub fn ascends<Item: Ord>(items: &[Item]) -> bool {
    items.iter().zip(items.iter().skip(1)).all(|(before, after)| before < after)
}

/// Returns true if no uid is listed twice. spec weights §2.1, check 11
pub fn all_different(entries: &[Entry]) -> bool {
    let mut seen = BTreeSet::new();
    entries.iter().all(|entry| seen.insert(entry.uid))
}

/// Returns true if version key `supplied` reaches `required`; zero requires nothing. spec weights §2.1 (b)
pub const fn is_new_enough(supplied: u64, required: u64) -> bool {
    required == 0 || supplied >= required
}

/// Returns true if `limit` blocks have passed since the last update, or it was at genesis. spec weights §2.1 (c)
pub const fn is_slow_enough(last_update: BlockNumber, now: BlockNumber, limit: BlockNumber) -> bool {
    last_update == 0 || now.saturating_sub(last_update) >= limit
}

/// Returns true if a vector of `length` entries is long enough for a network of `neurons`. spec weights §2.1 (e)
pub fn is_long_enough(length: usize, minimum: u16, neurons: u16) -> bool {
    length >= usize::from(minimum.min(neurons))
}

/// Returns true if a salt of `length` numbers is too long to guess. spec weights §5.3
pub const fn is_salt_long_enough(length: usize) -> bool {
    length >= MIN_SALT
}

/// Returns the hash of a commit: of author, network, weights, salt and version key. spec weights §5.3
pub fn commit_hash<AccountId: Encode>(
    hotkey: &AccountId,
    index: StorageIndex,
    uids: &[Uid],
    values: &[u16],
    salt: &[u16],
    version_key: u64,
) -> H256 {
    BlakeTwo256::hash_of(&(hotkey, index, uids, values, salt, version_key))
}

/// The reason for which a commit cannot be revealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevealRefusal {
    /// A commit that is not in the queue.
    Unknown,
    /// A commit whose window is over.
    Expired,
    /// A commit whose window is still ahead.
    Early,
}

/// The commits of a hotkey as of one block. spec weights §5.5
#[derive(Clone, Debug)]
pub struct CommitQueue {
    now: BlockNumber,
    expired: Vec<WeightsCommit>,
    open: VecDeque<WeightsCommit>,
}

impl CommitQueue {
    /// Splits stored commits, which are in order of their blocks, into expired and open ones.
    pub fn new(commits: impl IntoIterator<Item = WeightsCommit>, now: BlockNumber) -> Self {
        // A shorter reveal period lets a later commit expire first.
        let (expired, open): (Vec<_>, Vec<_>) =
            commits.into_iter().partition(|commit| commit.phase(now) == RevealPhase::Over);
        Self { now, expired, open: open.into() }
    }

    /// Returns the commits that are not expired, oldest first.
    pub fn open(&self) -> impl ExactSizeIterator<Item = &WeightsCommit> {
        self.open.iter()
    }

    /// Splits the queue into the expired commits and the open ones, which are to be stored.
    pub fn into_parts(self) -> (Vec<WeightsCommit>, Vec<WeightsCommit>) {
        (self.expired, self.open.into())
    }

    /// Returns true if there is neither an open nor an expired commit.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty() && self.expired.is_empty()
    }

    /// Removes the open commits of the present epoch, whose place a new one takes. spec weights §5.4
    ///
    /// An author thus has no choice among several commits of one epoch.
    pub fn withdraw_of_epoch(&mut self, schedule: Schedule) {
        let epoch = schedule.epoch_index(self.now);
        self.open.retain(|commit| schedule.epoch_index(commit.at) != epoch);
    }

    /// Adds a commit made now.
    pub fn push(&mut self, commit: WeightsCommit) {
        self.open.push_back(commit);
    }

    /// Finds the oldest open commit with this hash.
    ///
    /// # Errors
    /// The reason for which the commit cannot be revealed. spec weights §5.5, steps 5 to 7
    pub fn find(&self, hash: H256) -> Result<usize, RevealRefusal> {
        match self.open.iter().enumerate().find(|(_, commit)| commit.hash == hash) {
            Some((position, commit)) if commit.phase(self.now) == RevealPhase::Open => Ok(position),
            Some(_) => Err(RevealRefusal::Early),
            None if self.expired.iter().any(|commit| commit.hash == hash) => Err(RevealRefusal::Expired),
            None => Err(RevealRefusal::Unknown),
        }
    }

    /// Removes the commit that [`Self::find`] finds, and no other. spec weights §5.7, step 4
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn take(&mut self, hash: H256) -> Result<WeightsCommit, RevealRefusal> {
        let position = self.find(hash)?;
        self.open.remove(position).ok_or(RevealRefusal::Unknown)
    }

    /// Removes the commit that [`Self::find`] finds, and all older ones. spec weights §5.5, step 8
    ///
    /// So an earlier vector cannot replace a later one.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn take_with_older(&mut self, hash: H256) -> Result<WeightsCommit, RevealRefusal> {
        let position = self.find(hash)?;
        self.open.drain(..position);
        self.open.pop_front().ok_or(RevealRefusal::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_economics::schedule::Schedule;
    use myelin_primitives::NetUid;
    use myelin_yuma::{is_spread, max_upscale};
    use proptest::prelude::*;

    fn row(values: &[u16]) -> Vec<Entry> {
        (0..).map(Uid::new).zip(values).map(|(uid, &value)| Entry::new(uid, value)).collect()
    }

    fn values(row: &[Entry]) -> Vec<u16> {
        row.iter().map(|entry| entry.value).collect()
    }

    fn uids(numbers: &[u16]) -> Vec<Uid> {
        numbers.iter().copied().map(Uid::new).collect()
    }

    #[test]
    fn lists_of_different_length_make_no_vector() {
        let uids = uids(&[3, 1]);
        assert_eq!(paired(uids.iter().copied(), &[7, 0]), Some(vec![Entry::new(uids[0], 7), Entry::new(uids[1], 0)]));
        assert_eq!(paired(uids.iter().copied(), &[7]), None);
        assert_eq!(paired(uids.iter().copied(), &[7, 0, 0]), None);
        assert_eq!(paired([].into_iter(), &[]), Some(vec![]));
    }

    #[test]
    fn the_same_uid_twice_is_seen_wherever_it_stands() {
        let listed =
            |numbers: &[u16]| all_different(&paired(uids(numbers).into_iter(), &vec![1; numbers.len()]).unwrap());
        assert!(listed(&[]));
        assert!(listed(&[2, 0, 1]));
        assert!(!listed(&[2, 0, 2]));
        assert!(!listed(&[5, 5]));
    }

    #[test]
    fn lists_without_repetition_in_order_ascend() {
        assert!(ascends::<u16>(&[]) && ascends(&[7]) && ascends(&[0, 1, 9]));
        assert!(!ascends(&[1, 1]) && !ascends(&[0, 2, 1]) && !ascends(&[2, 0]));
    }

    #[test]
    fn a_version_key_of_zero_asks_for_nothing() {
        assert!(is_new_enough(0, 0) && is_new_enough(20, 20) && is_new_enough(21, 20));
        assert!(!is_new_enough(0, 20) && !is_new_enough(19, 20));
    }

    #[test]
    fn an_update_may_follow_after_exactly_the_limit() {
        assert!(!is_slow_enough(11, 20, 10));
        assert!(is_slow_enough(11, 21, 10));
        assert!(is_slow_enough(11, 11, 0));
        assert!(is_slow_enough(0, 1, u32::MAX));
    }

    #[test]
    fn the_required_length_is_never_above_the_number_of_neurons() {
        assert!(!is_long_enough(2, 3, 7) && is_long_enough(3, 3, 7));
        assert!(is_long_enough(3, 100, 3) && !is_long_enough(2, 100, 3));
        assert!(is_long_enough(0, 0, 3) && !is_long_enough(0, 1, 3));
    }

    /// Checks the table of spec weights §3.1.
    #[test]
    fn vectors_are_scaled_to_the_maximum() {
        for (given, expected) in [
            (&[10, 10][..], &[65_535, 65_535][..]),
            (&[1, 2, 3], &[21_845, 43_690, 65_535]),
            (&[16_383, 16_383, 1_213, 16_383], &[65_535, 65_535, 4_852, 65_535]),
            (&[0, 1, 65_534], &[0, 1, 65_535]),
            (&[32_767, 65_534], &[32_767, 65_535]),
            (&[0, 1, 2, 3, 4, 65_533, 65_535], &[0, 1, 2, 3, 4, 65_533, 65_535]),
            (&[5, 40_000], &[8, 65_535]),
            (&[1], &[65_535]),
            (&[0, 0], &[0, 0]),
            (&[], &[]),
        ] {
            let mut scaled = row(given);
            max_upscale(&mut scaled);
            assert_eq!(values(&scaled), expected, "{given:?}");
        }
    }

    /// Checks the table of spec weights §3.2.
    #[test]
    fn the_largest_share_is_limited() {
        for (scaled, limit, passes) in [
            (&[0, 65_535, 65_535][..], 32_767, false),
            (&[0, 65_535, 65_535], 32_768, true),
            (&[0, 65_535, 65_535, 65_535], 21_844, false),
            (&[0, 65_535, 65_535, 65_535], 21_845, true),
            (&[65_535, 65_535, 4_852, 65_535], 13_107, false),
            (&[65_535], 65_534, false),
            (&[65_535], 65_535, true),
            (&[0, 0], 0, true),
            (&[], 0, true),
        ] {
            assert_eq!(is_spread(&row(scaled), limit), passes, "{scaled:?} under {limit}");
        }
        assert!(is_spread(&row(&[65_535; 256]), 256) && !is_spread(&row(&[65_535; 256]), 255));
    }

    /// Checks the vectors of spec weights §5.3.
    #[test]
    fn commits_hash_to_the_committed_vectors() {
        let hash = |uids: &[Uid], values: &[u16], salt: &[u16], version| {
            let index = StorageIndex::from(NetUid::new(1));
            format!("{:x}", commit_hash(&[0x22_u8; 32], index, uids, values, salt, version))
        };
        let (two, salt) = (uids(&[0, 1]), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(hash(&two, &[10, 10], &salt, 0), "7d87a94cf4215e7c470f0b0c1f31777db897f73d8f1190e86dd38140a71cadc2",);
        assert_eq!(hash(&two, &[10, 10], &salt, 7), "a88833ff21fcfd88d55d772e23d9611bcca1c85cb31b5f1942e3d06a1546296d",);
        assert_eq!(hash(&[], &[], &[], 0), "b5c4ff0cd49e0a365c711ef305a1a92251b23e9c8302faab700c60ef5e228d28");
    }

    fn commit(hash: u8, at: BlockNumber, first: BlockNumber, last: BlockNumber) -> WeightsCommit {
        WeightsCommit { hash: H256::repeat_byte(hash), at, first, last, ..WeightsCommit::default() }
    }

    /// Returns a queue of commits of blocks 11, 12, 16 and 22 at tempo 5: epochs 2, 2, 3 and 4 of subnet 1.
    fn queue(now: BlockNumber) -> CommitQueue {
        let commits = [commit(1, 11, 16, 21), commit(2, 12, 16, 21), commit(3, 16, 22, 27), commit(4, 22, 28, 33)];
        CommitQueue::new(commits, now)
    }

    fn blocks(queue: &CommitQueue) -> Vec<BlockNumber> {
        queue.open().map(|commit| commit.at).collect()
    }

    #[test]
    fn a_commit_is_found_only_in_its_window() {
        let find = |now, hash| queue(now).find(H256::repeat_byte(hash));
        assert_eq!(find(15, 1), Err(RevealRefusal::Early));
        assert_eq!(find(16, 1), Ok(0));
        assert_eq!(find(21, 2), Ok(1));
        assert_eq!(find(22, 1), Err(RevealRefusal::Expired));
        assert_eq!(find(22, 3), Ok(0));
        assert_eq!(find(22, 9), Err(RevealRefusal::Unknown));
    }

    #[test]
    fn revealing_one_forgets_the_older_ones_and_taking_it_does_not() {
        let mut queue = queue(17);
        assert_eq!(queue.clone().take_with_older(H256::repeat_byte(2)).map(|commit| commit.at), Ok(12));
        assert_eq!(queue.take(H256::repeat_byte(2)).map(|commit| commit.at), Ok(12));
        assert_eq!(blocks(&queue), [11, 16, 22]);
        assert_eq!(queue.take(H256::repeat_byte(2)), Err(RevealRefusal::Unknown));
        assert_eq!(queue.take_with_older(H256::repeat_byte(1)).map(|commit| commit.at), Ok(11));
        assert_eq!(blocks(&queue), [16, 22]);
    }

    #[test]
    fn of_equal_commits_the_oldest_is_found() {
        let commits = [11, 12, 12].map(|at| commit(0, at, 16, 21));
        let mut queue = CommitQueue::new(commits, 16);
        assert_eq!(queue.take(H256::zero()).map(|commit| commit.at), Ok(11));
        assert_eq!(queue.take(H256::zero()).map(|commit| commit.at), Ok(12));
        assert_eq!(blocks(&queue), [12]);
    }

    #[test]
    fn a_new_commit_takes_the_place_of_those_of_its_epoch() {
        let mut queue = queue(22);
        queue.withdraw_of_epoch(Schedule::new(NetUid::new(1), 5));
        queue.push(commit(5, 22, 28, 33));
        assert_eq!(queue.find(H256::repeat_byte(4)), Err(RevealRefusal::Unknown));
        assert_eq!(queue.find(H256::repeat_byte(1)), Err(RevealRefusal::Expired));
        let (expired, open) = queue.into_parts();
        let hashes = |commits: Vec<WeightsCommit>| commits.iter().map(|commit| commit.hash.0[0]).collect::<Vec<_>>();
        assert_eq!((hashes(expired), hashes(open)), (vec![1, 2], vec![3, 5]));
    }

    proptest! {
        #[test]
        fn a_queue_is_split_in_its_order(lasts in proptest::collection::vec(0..100_u32, 0..10), now in 0..100_u32) {
            let queue: Vec<_> = (0..).zip(&lasts).map(|(at, last)| commit(0, at, 0, *last)).collect();
            let (expired, open): (Vec<_>, Vec<_>) = queue.iter().partition(|commit| commit.last < now);
            prop_assert_eq!(CommitQueue::new(queue, now).into_parts(), (expired, open));
        }

        #[test]
        fn a_vector_of_k_values_needs_a_limit_of_one_in_k(given in proptest::collection::vec(1..=u16::MAX, 1..20), limit: u16) {
            let mut scaled = row(&given);
            max_upscale(&mut scaled);
            if is_spread(&scaled, limit) {
                prop_assert!(u64::from(limit) * scaled.len() as u64 >= 65_535);
            }
        }

        #[test]
        fn another_author_network_or_word_is_another_hash(a: u8, b: u8, version: u64, netuid: u16) {
            let hash = |author: u8, netuid: u16, values: &[u16]| {
                commit_hash(&[author; 32], NetUid::new(netuid).into(), &uids(&[0]), values, &[], version)
            };
            prop_assert_eq!(a == b, hash(a, netuid, &[1]) == hash(b, netuid, &[1]));
            prop_assert_ne!(hash(a, netuid, &[1]), hash(a, netuid ^ 1, &[1]));
            prop_assert_ne!(hash(a, netuid, &[1]), hash(a, netuid, &[2]));
        }
    }
}
