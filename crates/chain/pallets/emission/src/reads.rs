//! Implementations of the reads that other pallets need.

use crate::pallet::{Config, Ledger, Neurons, Pallet};
use alloc::vec::Vec;
use myelin_pallet_neurons::traits::ReadScores;
use myelin_pallet_subnets::traits::ReadEmission;
use myelin_pallet_weights::traits::ReadPermits;
use myelin_primitives::{Amount, NetUid, Tao, Uid};

impl<T: Config> ReadEmission for Pallet<T> {
    fn of_subnet(netuid: NetUid) -> Amount<Tao> {
        Ledger::<T>::get().get(&netuid).map_or(Amount::ZERO, |account| account.per_block)
    }
}

impl<T: Config> ReadScores for Pallet<T> {
    fn of_neurons(netuid: NetUid) -> Vec<Amount<Tao>> {
        Neurons::<T>::get(netuid).iter().map(|record| record.score.mean).collect()
    }
}

impl<T: Config> ReadPermits for Pallet<T> {
    fn has_permit(netuid: NetUid, uid: Uid) -> bool {
        Neurons::<T>::get(netuid).get(usize::from(uid)).is_some_and(|record| record.permit)
    }
}
