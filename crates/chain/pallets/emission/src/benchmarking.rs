//! Benchmarks of the hooks of this pallet.

#![allow(clippy::wildcard_imports, reason = "what the macros generate needs all of it in scope")]

use crate::pallet::{Accrued, Bonds, Config, LastEpochs, Neurons, Pallet};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{traits::Get, weights::WeightMeter};
use myelin_pallet_subnets::{
    traits::{OnSubnet, ReadSubnets},
    types::CleanupProgress,
};
use myelin_primitives::{Entry, NetUid, Uid};
use myelin_records::epoch::{BondsRow, NeuronRecord, NeuronRecords};

/// The state of the other pallets that benchmarks need.
pub trait BenchmarkHelper<AccountId> {
    /// Creates this many networks with the lowest netuids, root first. Called once.
    fn networks(count: u32);

    /// Seats this many staked root validators, of which each rates all of this many networks.
    fn root_validators(count: u32, networks: u32);

    /// Seats this many neurons on a subnet. Each rates every other; the first `validators` of them have stake.
    fn neurons(netuid: NetUid, count: u32, validators: u32);
}

const SUBNET: NetUid = NetUid::new(1);

/// Returns a bonds row with an entry for each neuron.
fn bonds(neurons: u32) -> BondsRow {
    let entries: Vec<Entry> =
        (0..).take(neurons as usize).map(|uid: u16| Entry::new(Uid::new(uid), u16::MAX)).collect();
    BondsRow::truncate_from(entries)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn tick(n: Linear<2, 256>) -> Result<(), BenchmarkError> {
        T::BenchmarkHelper::networks(n);
        Accrued::<T>::mutate(|accrual| accrual.stale = true);
        #[block]
        {
            let _ = T::Subnets::tempos();
            Pallet::<T>::accrue()?;
        }
        assert!(!Accrued::<T>::get().minted.is_zero());
        Ok(())
    }

    #[benchmark]
    fn root_epoch(v: Linear<1, 64>, n: Linear<2, 256>) {
        T::BenchmarkHelper::networks(n);
        T::BenchmarkHelper::root_validators(v, n);
        Accrued::<T>::mutate(|accrual| accrual.stale = false);
        #[block]
        {
            Pallet::<T>::run_root_epoch();
        }
        assert!(Accrued::<T>::get().stale);
    }

    #[benchmark]
    fn epoch(n: Linear<1, 256>, v: Linear<1, 256>) -> Result<(), BenchmarkError> {
        T::BenchmarkHelper::networks(2);
        T::BenchmarkHelper::neurons(SUBNET, n, v);
        let permitted = (0..n).map(|uid| NeuronRecord { permit: uid < v, ..NeuronRecord::FRESH }).collect();
        Neurons::<T>::insert(SUBNET, NeuronRecords::truncate_from(permitted));
        for uid in (0..).map(Uid::new).take(v.min(n) as usize) {
            Bonds::<T>::insert(SUBNET, uid, bonds(n));
        }
        Pallet::<T>::accrue()?;
        let now = Pallet::<T>::now();
        #[block]
        {
            Pallet::<T>::do_epoch(SUBNET, now)?;
        }
        assert!(LastEpochs::<T>::contains_key(SUBNET));
        Ok(())
    }

    #[benchmark]
    fn remove_bonds() {
        Bonds::<T>::insert(SUBNET, Uid::new(0), bonds(256));
        let mut meter = WeightMeter::with_limit(T::MaxTickWeight::get());
        #[block]
        {
            assert_eq!(Pallet::<T>::remove_page(SUBNET, &mut meter), CleanupProgress::Done);
        }
        assert_eq!(Bonds::<T>::iter_prefix(SUBNET).count(), 0);
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::benchmark_ext(), crate::mock::Test);
}
