//! What happens at the start of every block. spec tokenomics §3.2

use crate::{
    epoch::PaidEpoch,
    pallet::{Config, Error, Event, Pallet, Waiting},
    types::{DueEpoch, EpochQueue},
    weights::WeightInfo,
};
use frame_support::{storage::with_storage_layer, weights::WeightMeter};
use myelin_economics::schedule::Schedule;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_staking::traits::PayStake;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, NetUid};
use myelin_records::epoch::EpochRecord;

impl<T: Config> Pallet<T> {
    /// Shares, accrues and runs epochs, in this order. spec tokenomics §3.2
    ///
    /// The first two always happen; epochs as far as `meter` allows.
    pub(crate) fn do_tick(now: BlockNumber, meter: &mut WeightMeter) {
        let tempos = T::Subnets::tempos();
        let networks = u32::try_from(tempos.len()).unwrap_or(u32::MAX);
        meter.consume(T::WeightInfo::tick(networks));
        let mut due = tempos
            .into_iter()
            .filter(|&(netuid, tempo)| Schedule::new(netuid, tempo).is_due(now))
            .map(|(netuid, _)| netuid)
            .peekable();
        // Ascending, so root would be the first.
        if due.next_if(|netuid| netuid.is_root()).is_some() {
            meter.consume(T::WeightInfo::root_epoch(T::Seats::count(NetUid::ROOT).into(), networks));
            Self::run_root_epoch();
        }
        if let Err(reason) = with_storage_layer(Self::accrue) {
            Self::deposit_event(Event::AccrualFailed { reason });
        }
        Self::run_epochs(due, now, meter);
    }

    /// Runs the epochs that wait or are due, oldest first and then by netuid, as far as `meter` allows.
    /// spec tokenomics §3.2, step 4
    ///
    /// What does not fit stays at the head of the queue and is announced, so that a late epoch is a visible fact and
    /// never a missing one.
    fn run_epochs(due: impl Iterator<Item = NetUid>, now: BlockNumber, meter: &mut WeightMeter) {
        let mut queue = Waiting::<T>::get();
        let waited = !queue.is_empty();
        for netuid in due {
            Self::enqueue(&mut queue, DueEpoch { since: now, netuid });
        }
        while let Some(first) = queue.first().copied() {
            let neurons = T::Seats::count(first.netuid).into();
            let most = T::WeightInfo::epoch(neurons, neurons);
            if !meter.can_consume(most) {
                break;
            }
            queue.remove(0);
            match Self::run_epoch(first.netuid, now) {
                Some(validators) => {
                    meter.consume(T::WeightInfo::epoch(neurons, validators));
                    T::Stake::activate_children(first.netuid, meter);
                }
                None => meter.consume(most),
            }
        }
        for late in queue.iter().filter(|due| due.since == now) {
            Self::deposit_event(Event::EpochPutOff { netuid: late.netuid, since: late.since });
        }
        if waited || !queue.is_empty() {
            Self::keep_waiting(queue);
        }
    }

    /// Stores the epochs that wait.
    pub(crate) fn keep_waiting(queue: EpochQueue) {
        if queue.is_empty() {
            Waiting::<T>::kill();
        } else {
            Waiting::<T>::put(queue);
        }
    }

    /// Adds an epoch to those that run, unless one of the same subnet still waits: that one will pay everything.
    fn enqueue(queue: &mut EpochQueue, due: DueEpoch) {
        if queue.iter().any(|waiting| waiting.netuid == due.netuid) {
            return;
        }
        if queue.try_push(due).is_err() {
            // There are as many places as there can be subnets.
            Self::deposit_event(Event::EpochFailed { netuid: due.netuid, reason: Error::<T>::TooManySubnets.into() });
        }
    }

    /// Runs one epoch, all or nothing, and says what came of it. Gives back how many neurons it paid for validating, if
    /// it did not fail.
    fn run_epoch(netuid: NetUid, now: BlockNumber) -> Option<u32> {
        match with_storage_layer(|| Self::do_epoch(netuid, now)) {
            Ok(PaidEpoch { record, validators }) => {
                let EpochRecord { emission, owner_cut, miners, validators: to_validators, .. } = record;
                Self::deposit_event(Event::EpochRun { netuid, emission, owner_cut, miners, validators: to_validators });
                Some(validators)
            }
            Err(reason) => {
                Self::deposit_event(Event::EpochFailed { netuid, reason });
                None
            }
        }
    }
}
