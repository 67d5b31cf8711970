//! The effects of calls.

use crate::{
    Config, Event, Pallet,
    checks::{AcceptedCommit, AcceptedReveal, RevealSubmission, Submission, WeightVector},
    types::{BatchEntries, HashList, KeyList, NetUidList},
};
use alloc::vec::Vec;
use frame_support::{BoundedVec, dispatch::DispatchResult};
use myelin_primitives::NetUid;
use myelin_records::weights::StorageIndex;
use sp_core::H256;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Stores a vector that is set directly. spec weights §2
    pub(crate) fn do_set_weights(hotkey: &T::AccountId, netuid: NetUid, submission: Submission<'_>) -> DispatchResult {
        let vector = Self::ensure_set(hotkey, netuid, submission)?;
        Self::store_now(netuid, vector);
        Ok(())
    }

    /// Stores a vector as an update of this block. spec weights §2.2
    fn store_now(netuid: NetUid, vector: WeightVector) {
        Self::note_update(StorageIndex::from(netuid), vector.uid);
        Self::store(netuid, vector, Self::now());
    }

    /// Stores a vector of root. spec weights §7
    pub(crate) fn do_set_root_weights(
        coldkey: &T::AccountId,
        netuid: NetUid,
        hotkey: &T::AccountId,
        dests: &[NetUid],
        values: &[u16],
        version_key: u64,
    ) -> DispatchResult {
        let vector = Self::ensure_root_settable(coldkey, netuid, hotkey, dests, values, version_key)?;
        Self::store_now(netuid, vector);
        Ok(())
    }

    /// Adds a commit. spec weights §5.4
    pub(crate) fn do_commit_weights(hotkey: &T::AccountId, netuid: NetUid, hash: H256) -> DispatchResult {
        let accepted = Self::ensure_committable(hotkey, netuid, hash)?;
        Self::add_commit(hotkey, netuid, accepted)
    }

    /// Adds a commit to the open ones of a hotkey as an update of this block. spec weights §5.4
    fn add_commit(hotkey: &T::AccountId, netuid: NetUid, accepted: AcceptedCommit) -> DispatchResult {
        let AcceptedCommit { uid, mut queue, commit } = accepted;
        queue.push(commit);
        Self::save_queue(netuid, (uid, hotkey), queue)?;
        Self::note_update(StorageIndex::from(netuid), uid);
        Self::deposit_event(Event::WeightsCommitted { hotkey: hotkey.clone(), netuid, hash: commit.hash });
        Ok(())
    }

    /// Stores a committed vector and removes the commit and all older ones. spec weights §5.5
    pub(crate) fn do_reveal_weights(
        hotkey: T::AccountId,
        netuid: NetUid,
        reveal: RevealSubmission<'_>,
    ) -> DispatchResult {
        let (revealed, queue) = Self::ensure_revealable(&hotkey, netuid, reveal)?;
        Self::save_queue(netuid, (revealed.vector.uid, &hotkey), queue)?;
        let hash = revealed.hash;
        Self::store_revealed(netuid, revealed);
        Self::deposit_event(Event::WeightsRevealed { hotkey, netuid, hash });
        Ok(())
    }

    /// Stores committed vectors, one after the other, and removes their commits. spec weights §5.7
    pub(crate) fn do_batch_reveal_weights(
        hotkey: T::AccountId,
        netuid: NetUid,
        reveals: &[RevealSubmission<'_>],
    ) -> DispatchResult {
        let (all, queue) = Self::ensure_all_revealable(&hotkey, netuid, reveals)?;
        if let Some(revealed) = all.first() {
            Self::save_queue(netuid, (revealed.vector.uid, &hotkey), queue)?;
        }
        // The bound of reveals equals the bound of hashes.
        let hashes = BoundedVec::truncate_from(all.iter().map(|revealed| revealed.hash).collect());
        for revealed in all {
            Self::store_revealed(netuid, revealed);
        }
        Self::deposit_event(Event::WeightsBatchRevealed { hotkey, netuid, hashes });
        Ok(())
    }

    /// Stores a revealed vector as fixed in the block of its commit. spec weights §5.6
    ///
    /// The last update stays at the last commit.
    fn store_revealed(netuid: NetUid, revealed: AcceptedReveal) {
        Self::store(netuid, revealed.vector, revealed.committed_at);
    }

    /// Stores vectors of several subnets. spec weights §6
    pub(crate) fn do_batch_set_weights(
        hotkey: T::AccountId,
        netuids: NetUidList,
        weights: &BatchEntries,
        version_keys: &KeyList,
    ) -> DispatchResult {
        let items = Self::set_items(&netuids, weights, version_keys)?;
        // The netuids differ, so no item changes the checks of another one.
        let checked = |(netuid, submission)| Ok((netuid, Self::ensure_set(&hotkey, netuid, submission)?));
        let vectors = items.into_iter().map(checked).collect::<Result<Vec<_>, DispatchError>>()?;
        for (netuid, vector) in vectors {
            Self::store_now(netuid, vector);
        }
        Self::deposit_event(Event::BatchWeightsCompleted { netuids, hotkey });
        Ok(())
    }

    /// Adds commits on several subnets. spec weights §6
    pub(crate) fn do_batch_commit_weights(
        hotkey: T::AccountId,
        netuids: NetUidList,
        hashes: &HashList,
    ) -> DispatchResult {
        let items = Self::commit_items(&netuids, hashes)?;
        let checked = |(netuid, hash)| Ok((netuid, Self::ensure_committable(&hotkey, netuid, hash)?));
        let commits = items.into_iter().map(checked).collect::<Result<Vec<_>, DispatchError>>()?;
        for (netuid, accepted) in commits {
            Self::add_commit(&hotkey, netuid, accepted)?;
        }
        Self::deposit_event(Event::BatchWeightsCompleted { netuids, hotkey });
        Ok(())
    }
}
