//! Access to storage.

use crate::{
    Commits, Config, Error, Event, LastUpdates, Pallet, Rows,
    rules::CommitQueue,
    types::{StorageIndex, WeightsRow},
};
use alloc::collections::BTreeMap;
use frame_support::BoundedVec;
use myelin_economics::schedule::RevealSchedule;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_subnets::{parameters::Parameters, traits::ReadSubnets};
use myelin_primitives::{BlockNumber, NetUid, Uid};
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
    /// The block that is being made.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// When a neuron last set or committed weights. A neuron that is not on the list did so now, which keeps it waiting.
    pub(crate) fn last_update(index: StorageIndex, uid: Uid) -> BlockNumber {
        LastUpdates::<T>::get(index).get(usize::from(uid)).copied().unwrap_or_else(Self::now)
    }

    /// Notes that a neuron updated its weights, or took its seat, in this block.
    pub(crate) fn note_update(index: StorageIndex, uid: Uid) {
        let now = Self::now();
        LastUpdates::<T>::mutate(index, |updates| {
            if updates.len() <= usize::from(uid) {
                // A network has at most as many seats as the list has places.
                updates.bounded_resize(usize::from(uid).saturating_add(1), now);
            }
            if let Some(update) = updates.get_mut(usize::from(uid)) {
                *update = now;
            }
        });
    }

    /// Puts a vector in force. spec weights §2.2
    pub(crate) fn store(netuid: NetUid, uid: Uid, row: WeightsRow) {
        Rows::<T>::insert(StorageIndex::from(netuid), uid, row);
        Self::deposit_event(Event::WeightsSet { netuid, uid });
    }

    /// When commits of a network may be revealed, as it is set now.
    pub(crate) fn windows(netuid: NetUid, parameters: &Parameters) -> RevealSchedule {
        RevealSchedule { schedule: parameters.schedule(netuid), period: parameters.reveal_period_epochs }
    }

    /// The commits of a hotkey, as they stand now.
    pub(crate) fn queue(netuid: NetUid, hotkey: &T::AccountId, parameters: &Parameters) -> CommitQueue {
        let commits = Commits::<T>::get(StorageIndex::from(netuid), hotkey);
        CommitQueue::new(commits, Self::windows(netuid, parameters), Self::now())
    }

    /// Stores what is open of a queue.
    ///
    /// # Errors
    /// [`Error::TooManyUnrevealedCommits`] if more are open than there may be.
    pub(crate) fn save_queue(netuid: NetUid, hotkey: &T::AccountId, queue: CommitQueue) -> Result<(), Error<T>> {
        let index = StorageIndex::from(netuid);
        let open = BoundedVec::try_from(queue.into_open()).map_err(|_| Error::TooManyUnrevealedCommits)?;
        if open.is_empty() {
            Commits::<T>::remove(index, hotkey);
        } else {
            Commits::<T>::insert(index, hotkey, open);
        }
        Ok(())
    }

    /// Since when whoever weights of a network can be about has been there: neurons, or networks on root.
    pub(crate) fn rated_since(netuid: NetUid) -> BTreeMap<Uid, BlockNumber> {
        if netuid.is_root() {
            let began = |netuid: NetUid| Some((Uid::new(netuid.get()), T::Subnets::subnet(netuid)?.registered_at));
            T::Subnets::netuids().into_iter().filter_map(began).collect()
        } else {
            (0..).map(Uid::new).zip(T::Seats::seats(netuid)).map(|(uid, seat)| (uid, seat.registered_at)).collect()
        }
    }
}
