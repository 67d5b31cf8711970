//! Work with the weight that is left in a block: the return of released stake, and the sweep of small nominations.

use crate::{
    pallet::{Config, FailedReturns, Holdings, MinimumSweep, Pallet, Pools, Releases},
    types::{NominationSweep, SweepStage},
    weights::WeightInfo,
};
use frame_support::weights::WeightMeter;
use myelin_pallet_keys::traits::Keys;
use myelin_pallet_subnets::{traits::ReadSubnets, types::CleanupProgress};
use myelin_primitives::{Amount, Tao};
use myelin_records::stake::{PoolId, StakeRole};

impl<T: Config> Pallet<T> {
    /// Pays back the holders of released pools, one pool after the other. spec subnets-and-neurons §10.1
    pub(crate) fn return_released(meter: &mut WeightMeter) {
        while meter.try_consume(T::WeightInfo::next_release()).is_ok() {
            let Some((place, mut last_failed)) = Releases::<T>::iter().next() else { return };
            if let Some(hotkey) = Pools::<T>::get(place.pool()).map(|stake| stake.hotkey)
                && Self::return_pool(place.pool(), &hotkey, &mut last_failed, meter) == CleanupProgress::More
            {
                Releases::<T>::insert(place, last_failed);
                return;
            }
            Releases::<T>::remove(place);
        }
    }

    /// Pays back the holders of a released pool, from the one after `last_failed` on.
    ///
    /// A failed return is listed and not tried again. The pool then stays, and holds what it could not return.
    fn return_pool(
        id: PoolId,
        hotkey: &T::AccountId,
        last_failed: &mut Option<T::AccountId>,
        meter: &mut WeightMeter,
    ) -> CleanupProgress {
        let mut holders = match last_failed {
            Some(coldkey) => Holdings::<T>::iter_key_prefix_from(id, Holdings::<T>::hashed_key_for(id, coldkey)),
            None => Holdings::<T>::iter_key_prefix(id),
        };
        while meter.try_consume(T::WeightInfo::return_stake()).is_ok() {
            let Some(coldkey) = holders.next() else {
                if Pools::<T>::get(id).is_some_and(|stake| stake.holders == 0) {
                    Pools::<T>::remove(id);
                }
                return CleanupProgress::Done;
            };
            let give_back = || Self::return_stake(id, hotkey, &coldkey, StakeRole::Returning);
            let is_listed = FailedReturns::<T>::contains_key(id, &coldkey);
            if is_listed || !Self::try_or_list(id, hotkey, &coldkey, give_back) {
                *last_failed = Some(coldkey);
            }
        }
        CleanupProgress::More
    }

    /// Ends nominations below the minimum after it has been raised. spec staking §4.1
    pub(crate) fn sweep_nominations(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::sweep_none()).is_err() {
            return;
        }
        if !T::Subnets::is_readable() {
            return;
        }
        let minimum = T::Subnets::network().nominator_min_required_stake;
        let before = MinimumSweep::<T>::get();
        // A lowered minimum starts no sweep; a sweep under way goes on with the lower minimum.
        let stage = if minimum > before.minimum { SweepStage::Begun } else { before.stage.clone() };
        let sweep = NominationSweep { minimum, stage: Self::sweep_from(stage, minimum, meter) };
        if sweep != before {
            MinimumSweep::<T>::put(sweep);
        }
    }

    fn sweep_from(
        mut stage: SweepStage<T::AccountId>,
        minimum: Amount<Tao>,
        meter: &mut WeightMeter,
    ) -> SweepStage<T::AccountId> {
        let mut rows = match &stage {
            SweepStage::Done => return stage,
            SweepStage::Begun => Holdings::<T>::iter_keys(),
            SweepStage::Past(id, coldkey) => Holdings::<T>::iter_keys_from(Holdings::<T>::hashed_key_for(id, coldkey)),
        };
        while meter.try_consume(T::WeightInfo::sweep_holding()).is_ok() {
            let Some((id, coldkey)) = rows.next() else { return SweepStage::Done };
            Self::enforce_minimum(id, &coldkey, minimum);
            stage = SweepStage::Past(id, coldkey);
        }
        stage
    }

    /// Ends a nomination below the minimum. A part of a released pool may be returned by this too.
    fn enforce_minimum(id: PoolId, coldkey: &T::AccountId, minimum: Amount<Tao>) {
        let Some(hotkey) = Pools::<T>::get(id).map(|stake| stake.hotkey) else { return };
        let Some(owner) = T::Keys::owner(&hotkey) else { return };
        let role = Self::role(coldkey, &owner);
        let give_back = || Self::clear_small_nomination(id, coldkey, &hotkey, role, minimum);
        Self::try_or_list(id, &hotkey, coldkey, give_back);
    }
}
