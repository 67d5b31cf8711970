//! Access to storage.

use crate::{
    Commits, Config, Error, Event, LastUpdates, Pallet, Rows,
    checks::{VectorTerms, WeightVector},
    rules::CommitQueue,
};
use alloc::collections::BTreeMap;
use frame_support::BoundedVec;
use myelin_economics::schedule::RevealSchedule;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, NetUid, Uid};
use myelin_records::{
    parameters::Parameters,
    weights::{StorageIndex, WeightsCommit, WeightsRow},
};
use sp_core::H256;
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
    /// Returns the number of the current block.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Returns the last update of a neuron, or the current block for a neuron that is not in the list.
    pub(crate) fn last_update(index: StorageIndex, uid: Uid) -> BlockNumber {
        LastUpdates::<T>::get(index).get(usize::from(uid)).copied().unwrap_or_else(Self::now)
    }

    /// Sets the last update of a neuron to this block.
    pub(crate) fn note_update(index: StorageIndex, uid: Uid) {
        let now = Self::now();
        LastUpdates::<T>::mutate(index, |updates| {
            if updates.len() <= usize::from(uid) {
                // The bound of the list is the most seats of a network.
                updates.bounded_resize(usize::from(uid).saturating_add(1), now);
            }
            if let Some(update) = updates.get_mut(usize::from(uid)) {
                *update = now;
            }
        });
    }

    /// Stores a vector that was fixed in block `fixed_at`, and is in force from now on. spec weights §2.2
    pub(crate) fn store(netuid: NetUid, vector: WeightVector, fixed_at: BlockNumber) {
        let WeightVector { uid, entries } = vector;
        Rows::<T>::mutate(StorageIndex::from(netuid), uid, |stored| {
            // A missed commit counts until a row that was fixed later.
            let missed_at = stored.as_ref().and_then(|row| row.missed_at).filter(|missed| *missed > fixed_at);
            *stored = Some(WeightsRow { entries, fixed_at, missed_at });
        });
        Self::deposit_event(Event::WeightsSet { netuid, uid });
    }

    /// Notes expired commits that leave a queue with the row of their author. spec weights §5.9
    ///
    /// A neuron without a row gets one without entries.
    pub(crate) fn note_missed(netuid: NetUid, uid: Uid, expired: &[WeightsCommit]) {
        if !expired.is_empty() {
            Rows::<T>::mutate(StorageIndex::from(netuid), uid, |stored| {
                stored.get_or_insert_default().note_missed(expired, Self::now());
            });
        }
    }

    /// Returns the reveal windows of a network with these parameters.
    pub(crate) fn windows(netuid: NetUid, parameters: &Parameters) -> RevealSchedule {
        RevealSchedule { schedule: parameters.schedule(netuid), period: parameters.reveal_period_epochs }
    }

    /// Returns the commit to a hash in this block, with the terms that its reveal must meet. spec weights §5.1
    pub(crate) fn commit(netuid: NetUid, parameters: &Parameters, hash: H256) -> WeightsCommit {
        let at = Self::now();
        let window = Self::windows(netuid, parameters).blocks(at);
        // The bounds for the neurons of this block apply, so that later neurons void no commit.
        let VectorTerms { version_key, min_allowed_weights, max_weight_limit } =
            VectorTerms::of(parameters, T::Seats::count(netuid));
        WeightsCommit {
            hash,
            at,
            first: *window.start(),
            last: *window.end(),
            version_key,
            min_allowed_weights,
            max_weight_limit,
        }
    }

    /// Returns the commits of a hotkey as of this block.
    pub(crate) fn queue(netuid: NetUid, hotkey: &T::AccountId) -> CommitQueue {
        CommitQueue::new(Commits::<T>::get(StorageIndex::from(netuid), hotkey), Self::now())
    }

    /// Stores the open commits of a queue, and notes the expired ones.
    ///
    /// # Errors
    /// [`Error::TooManyUnrevealedCommits`] if more commits are open than allowed.
    pub(crate) fn save_queue(
        netuid: NetUid,
        (uid, hotkey): (Uid, &T::AccountId),
        queue: CommitQueue,
    ) -> Result<(), Error<T>> {
        let index = StorageIndex::from(netuid);
        let (expired, open) = queue.into_parts();
        Self::note_missed(netuid, uid, &expired);
        let open = BoundedVec::try_from(open).map_err(|_| Error::TooManyUnrevealedCommits)?;
        if open.is_empty() {
            Commits::<T>::remove(index, hotkey);
        } else {
            Commits::<T>::insert(index, hotkey, open);
        }
        Ok(())
    }

    /// Returns the block since which each possible target of weights exists: neurons, or networks on root.
    pub(crate) fn rated_since(netuid: NetUid) -> BTreeMap<Uid, BlockNumber> {
        if netuid.is_root() {
            let began = |netuid: NetUid| Some((Uid::new(netuid.get()), T::Subnets::subnet(netuid)?.registered_at));
            T::Subnets::netuids().into_iter().filter_map(began).collect()
        } else {
            (0..).map(Uid::new).zip(T::Seats::seats(netuid)).map(|(uid, seat)| (uid, seat.registered_at)).collect()
        }
    }
}
