//! Reactions to changes of networks.

use crate::{
    pallet::{Activations, Config, Families, Pallet},
    weights::WeightInfo,
};
use frame_support::{dispatch::DispatchResult, weights::WeightMeter};
use myelin_pallet_subnets::{parameters::ParametersPatch, traits::OnSubnet, types::CleanupProgress};
use myelin_primitives::NetUid;

impl<T: Config> OnSubnet<T::AccountId> for Pallet<T> {
    fn created(_: NetUid, _: Option<(&T::AccountId, &T::AccountId)>) -> DispatchResult {
        Ok(())
    }

    // Nobody asks for the families of a network that does not exist, so they need not go at once.
    fn ended(_: NetUid) {}

    fn remove_page(netuid: NetUid, meter: &mut WeightMeter) -> CleanupProgress {
        let mut families = Families::<T>::drain_prefix(netuid);
        let mut activations = Activations::<T>::drain_prefix((netuid,));
        while meter.try_consume(T::WeightInfo::remove_family()).is_ok() {
            if families.next().is_none() && activations.next().is_none() {
                return CleanupProgress::Done;
            }
        }
        CleanupProgress::More
    }

    fn parameters_changed(_: NetUid, _: &ParametersPatch) {}
}
