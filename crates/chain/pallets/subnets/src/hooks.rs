//! Clearing of removed subnets at the beginning of blocks. spec subnets-and-neurons §5.2

use crate::{Cleaning, CleanupProgress, Config, Event, OnSubnet, Pallet, WeightInfo};
use frame_support::weights::WeightMeter;

impl<T: Config> Pallet<T> {
    /// Clears the storage of removed subnets, as far as the meter allows.
    pub(crate) fn clear_removed(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::look_for_removed()).is_err() {
            return;
        }
        while let Some(&netuid) = Cleaning::<T>::get().first() {
            // Reserved before the page, so that a subnet that is empty can also be removed from the queue.
            if meter.try_consume(T::WeightInfo::end_clearing()).is_err() {
                break;
            }
            if T::OnSubnet::remove_page(netuid, meter) == CleanupProgress::More {
                break;
            }
            Cleaning::<T>::mutate(|cleaning| cleaning.retain(|waiting| *waiting != netuid));
            Self::deposit_event(Event::NetworkCleared { netuid });
        }
    }
}
