//! The adjustment of prices at the beginning of blocks. spec subnets-and-neurons §8.4

use crate::{Adjustments, Admissions, Config, Event, Pallet, weights::WeightInfo};
use frame_support::weights::Weight;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, NetUid};
use myelin_records::{parameters::Parameters, seat::Admission};

impl<T: Config> Pallet<T> {
    /// Adjusts the price of seats on each network whose interval has passed. spec subnets-and-neurons §8.4
    ///
    /// All of them are adjusted in this block: a network takes few reads, and there are at most 256.
    pub(crate) fn do_adjust() -> Weight {
        let now = Self::now();
        let mut schedule = Adjustments::<T>::get();
        let mut weight = T::WeightInfo::adjust_none();
        let mut adjusted = false;
        for (netuid, due) in schedule.iter_mut().filter(|(_, due)| **due <= now) {
            weight.saturating_accrue(T::WeightInfo::adjust_network());
            if let Some(next) = Self::adjust(*netuid, now) {
                *due = next;
                adjusted = true;
            }
        }
        if adjusted {
            Adjustments::<T>::put(schedule);
        }
        weight
    }

    /// Adjusts one network, and returns the block of its next adjustment.
    fn adjust(netuid: NetUid, now: BlockNumber) -> Option<BlockNumber> {
        let parameters = T::Subnets::parameters(netuid)?;
        let before = Admissions::<T>::get(netuid)?;
        let after = before.adjusted(&parameters.adjustment_rule(), now);
        Admissions::<T>::insert(netuid, after);
        if after.terms.burn != before.terms.burn {
            Self::deposit_event(Event::BurnSet { netuid, burn: after.terms.burn });
        }
        if after.terms.difficulty != before.terms.difficulty {
            Self::deposit_event(Event::DifficultySet { netuid, difficulty: after.terms.difficulty });
        }
        Some(due_after(&after, &parameters))
    }
}

/// Returns the block in which an admission is adjusted next.
pub(crate) fn due_after(admission: &Admission, parameters: &Parameters) -> BlockNumber {
    admission.adjusted_at.saturating_add(parameters.adjustment_interval.into())
}
