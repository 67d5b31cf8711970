//! The tick: the work of this pallet at the start of each block. spec tokenomics §3.2

use crate::{
    pallet::{Config, Error, Event, Neurons, Pallet, Waiting},
    types::{DueEpoch, EpochQueue, EpochSize},
    weights::WeightInfo,
};
use frame_support::{storage::with_storage_layer, weights::WeightMeter};
use myelin_economics::schedule::Schedule;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_staking::traits::{PayStake, ReadStake};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, NetUid};
use myelin_records::epoch::EpochRecord;

impl<T: Config> Pallet<T> {
    /// Renews emission shares, accrues and runs epochs, in this order. spec tokenomics §3.2
    ///
    /// The first two always happen. Epochs run as far as `meter` allows.
    pub(crate) fn do_tick(now: BlockNumber, meter: &mut WeightMeter) {
        let tempos = T::Subnets::tempos();
        let networks = u32::try_from(tempos.len()).unwrap_or(u32::MAX);
        meter.consume(T::WeightInfo::tick(networks));
        let mut due = tempos
            .into_iter()
            .filter(|&(netuid, tempo)| Schedule::new(netuid, tempo).is_due(now))
            .map(|(netuid, _)| netuid)
            .peekable();
        // Netuids ascend, so root is the first.
        if due.next_if(|netuid| netuid.is_root()).is_some() {
            meter.consume(T::WeightInfo::root_epoch(T::Seats::count(NetUid::ROOT).into(), networks));
            Self::run_root_epoch();
        }
        if let Err(reason) = with_storage_layer(Self::accrue) {
            Self::announce_fault(reason);
        }
        Self::run_epochs(due, now, meter);
    }

    /// Runs waiting and due epochs within `meter`, oldest first, then by netuid. spec tokenomics §3.2, step 4
    ///
    /// An epoch that does not fit stays at the head of the queue and is announced by an event. An epoch may be late,
    /// but none is left out. All of them wait while governance has switched epochs off, and while the
    /// parameters cannot be decoded.
    fn run_epochs(due: impl Iterator<Item = NetUid>, now: BlockNumber, meter: &mut WeightMeter) {
        let mut queue = Waiting::<T>::get();
        let waited = !queue.is_empty();
        for netuid in due {
            Self::enqueue(&mut queue, DueEpoch { since: now, netuid });
        }
        let enabled = queue.is_empty() || (T::Subnets::is_readable() && T::Subnets::network().epochs_enabled);
        while let Some(first) = queue.first().copied().filter(|_| enabled) {
            let look = T::WeightInfo::measure_epoch(T::Seats::count(first.netuid).into());
            if meter.try_consume(look).is_err() {
                break;
            }
            if meter.try_consume(T::WeightInfo::epoch(Self::epoch_size(first.netuid))).is_err() {
                break;
            }
            queue.remove(0);
            if Self::run_epoch(first.netuid, now) {
                T::Stake::queue_children(first.netuid);
            }
        }
        for late in queue.iter().filter(|due| due.since == now) {
            Self::deposit_event(Event::EpochPutOff { netuid: late.netuid, since: late.since });
        }
        if waited || !queue.is_empty() {
            Self::keep_waiting(queue);
        }
    }

    /// Stores the waiting epochs.
    pub(crate) fn keep_waiting(queue: EpochQueue) {
        if queue.is_empty() {
            Waiting::<T>::kill();
        } else {
            Waiting::<T>::put(queue);
        }
    }

    /// Adds an epoch to the queue, unless one of the same subnet still waits: the waiting epoch pays everything.
    fn enqueue(queue: &mut EpochQueue, due: DueEpoch) {
        if queue.iter().any(|waiting| waiting.netuid == due.netuid) {
            return;
        }
        if queue.try_push(due).is_err() {
            // The queue has a place for each possible subnet.
            Self::deposit_event(Event::EpochFailed { netuid: due.netuid, reason: Error::<T>::TooManySubnets.into() });
        }
    }

    /// Returns the size of the next epoch of a subnet, as stored: what it costs at most.
    ///
    /// Only neurons with a permit of the last epoch hold bonds and share pay with their parents.
    fn epoch_size(netuid: NetUid) -> EpochSize {
        let permits = Neurons::<T>::get(netuid);
        let mut size = EpochSize::default();
        for (uid, seat) in T::Seats::seats(netuid).iter().enumerate() {
            let parents = T::Stake::parents(netuid, &seat.hotkey);
            let permit = permits.get(uid).is_some_and(|record| record.permit);
            size = size.with_neuron(permit, parents);
        }
        size
    }

    /// Runs one epoch, all or nothing, and deposits the event of its outcome.
    ///
    /// Returns false if it failed.
    fn run_epoch(netuid: NetUid, now: BlockNumber) -> bool {
        let outcome = with_storage_layer(|| Self::do_epoch(netuid, now));
        let ran = outcome.is_ok();
        Self::deposit_event(match outcome {
            Ok(EpochRecord { emission, owner_cut, miners, validators, .. }) => {
                Event::EpochRun { netuid, emission, owner_cut, miners, validators }
            }
            Err(reason) => Event::EpochFailed { netuid, reason },
        });
        ran
    }
}
