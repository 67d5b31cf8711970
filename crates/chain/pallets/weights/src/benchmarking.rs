//! Benchmarks of calls and listeners, each at its most expensive.

use crate::{
    Call, Commits, Config, Pallet, Rows,
    rules::commit_hash,
    types::{Salt, UidList, ValueList},
    weights::WeightInfo,
};
use alloc::{vec, vec::Vec};
use codec::Compact;
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::Get, weights::WeightMeter};
use frame_system::{RawOrigin, pallet_prelude::BlockNumberFor};
use myelin_pallet_subnets::{traits::OnSubnet, types::CleanupProgress};
use myelin_primitives::{BlockNumber, NetUid, Uid};
use myelin_records::{
    bounds::{MaxBatch, MaxCommits, MaxSalt, MaxUids},
    parameters::Parameters,
    weights::{RevealWindow, StorageIndex, WeightsCommit},
};
use sp_core::H256;

/// The chain around this pallet, which may be empty.
pub trait BenchmarkHelper<AccountId> {
    /// Creates a subnet with these parameters and this many neurons, in place of any subnet with the same netuid.
    ///
    /// The first neuron is `validator`, with a permit.
    fn subnet(netuid: NetUid, parameters: Parameters, validator: &AccountId, neurons: u16);

    /// Creates root and subnets up to this number of networks, and seats `validator` on root. Returns its coldkey.
    fn root(validator: &AccountId, networks: u16) -> AccountId;
}

/// A block in which each neuron of block 1 may update its weights.
const LATER: BlockNumber = 10_000;

const SUBNET: NetUid = NetUid::new(1);

fn set_block<T: Config>(block: BlockNumber) {
    frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(block));
}

fn uid(number: u32) -> Uid {
    Uid::new(number.try_into().unwrap_or(u16::MAX))
}

/// Makes a validator of full subnets 1 to `subnets`, and goes to block [`LATER`].
fn validator<T: Config>(subnets: u32, commit_reveal: bool) -> T::AccountId {
    let validator: T::AccountId = account("validator", 0, 0);
    set_block::<T>(1);
    for netuid in 1..=subnets {
        let parameters = Parameters { commit_reveal, weights_set_rate_limit: 1, ..Parameters::default() };
        T::BenchmarkHelper::subnet(NetUid::new(uid(netuid).get()), parameters, &validator, 256);
    }
    set_block::<T>(LATER);
    validator
}

/// Returns a vector of `n` different entries.
fn vector(n: u32) -> (UidList, ValueList) {
    let uids: Vec<_> = (0..n).map(uid).collect();
    let values: Vec<_> = uids.iter().map(|uid| uid.get().saturating_add(1)).collect();
    (BoundedVec::truncate_from(uids), BoundedVec::truncate_from(values))
}

fn salt(s: u32) -> Salt {
    BoundedVec::truncate_from(vec![7; s as usize])
}

/// Stores a full queue of commits, and goes to the block in which they may be revealed.
///
/// The last `reveals` commits are to vectors of `n` entries and salts of `s` numbers, with version keys 0, 1 and so on.
fn commit<T: Config>(validator: &T::AccountId, reveals: u32, n: u32, s: u32) {
    let (uids, values) = vector(n);
    let commits: u32 = MaxCommits::get();
    let first = commits.saturating_sub(reveals);
    let index = StorageIndex::from(SUBNET);
    let window = Pallet::<T>::reveal_window(SUBNET, LATER).expect("the subnet exists");
    // A reveal period that shortens leaves several commits with one window.
    let queue = (0..commits).map(|number| {
        let key = number.checked_sub(first).map_or(u64::MAX, u64::from);
        let hash = commit_hash(validator, index, &uids, &values, &salt(s), key);
        let RevealWindow { first, last } = window;
        WeightsCommit { hash, at: LATER, first, last, max_weight_limit: u16::MAX, ..WeightsCommit::default() }
    });
    Commits::<T>::insert(index, validator, BoundedVec::truncate_from(queue.collect()));
    set_block::<T>(window.first);
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn set_weights(n: Linear<1, { MaxUids::get() }>) {
        let validator = validator::<T>(1, false);
        let (uids, values) = vector(n);

        #[extrinsic_call]
        _(RawOrigin::Signed(validator), SUBNET, uids, values, 0);

        assert!(Rows::<T>::contains_key(StorageIndex::from(SUBNET), uid(0)));
    }

    #[benchmark]
    fn batch_set_weights(i: Linear<1, { MaxBatch::get() }>, n: Linear<1, { MaxUids::get() }>) {
        let validator = validator::<T>(i, false);
        let netuids = (1..=i).map(|netuid| Compact(uid(netuid).get())).collect();
        let entries = (0..n).map(|entry| (Compact(uid(entry).get()), Compact(1))).collect();
        let weights = BoundedVec::truncate_from(vec![BoundedVec::truncate_from(entries); i as usize]);
        let keys = BoundedVec::truncate_from(vec![Compact(0); i as usize]);

        #[extrinsic_call]
        _(RawOrigin::Signed(validator), BoundedVec::truncate_from(netuids), weights, keys);

        assert_eq!(Rows::<T>::iter().count(), i as usize);
    }

    #[benchmark]
    fn commit_weights() {
        let validator = validator::<T>(1, true);

        #[extrinsic_call]
        _(RawOrigin::Signed(validator.clone()), SUBNET, H256::zero());

        assert!(Commits::<T>::contains_key(StorageIndex::from(SUBNET), validator));
    }

    #[benchmark]
    fn batch_commit_weights(i: Linear<1, { MaxBatch::get() }>) {
        let validator = validator::<T>(i, true);
        let netuids = (1..=i).map(|netuid| Compact(uid(netuid).get())).collect();
        let hashes = BoundedVec::truncate_from(vec![H256::zero(); i as usize]);

        #[extrinsic_call]
        _(RawOrigin::Signed(validator), BoundedVec::truncate_from(netuids), hashes);

        assert_eq!(Commits::<T>::iter().count(), i as usize);
    }

    #[benchmark]
    fn reveal_weights(n: Linear<1, { MaxUids::get() }>, s: Linear<8, { MaxSalt::get() }>) {
        let validator = validator::<T>(1, true);
        commit::<T>(&validator, 1, n, s);
        let (uids, values) = vector(n);

        #[extrinsic_call]
        _(RawOrigin::Signed(validator), SUBNET, uids, values, salt(s), 0);

        assert!(Rows::<T>::contains_key(StorageIndex::from(SUBNET), uid(0)));
    }

    #[benchmark]
    fn batch_reveal_weights(
        i: Linear<1, { MaxCommits::get() }>,
        n: Linear<1, { MaxUids::get() }>,
        s: Linear<8, { MaxSalt::get() }>,
    ) {
        let validator = validator::<T>(1, true);
        commit::<T>(&validator, i, n, s);
        let (uids, values) = vector(n);
        let uids = BoundedVec::truncate_from(vec![uids; i as usize]);
        let values = BoundedVec::truncate_from(vec![values; i as usize]);
        let salts = BoundedVec::truncate_from(vec![salt(s); i as usize]);
        let keys = BoundedVec::truncate_from((0..u64::from(i)).collect());

        #[extrinsic_call]
        _(RawOrigin::Signed(validator), SUBNET, uids, values, salts, keys);

        assert!(Rows::<T>::contains_key(StorageIndex::from(SUBNET), uid(0)));
    }

    #[benchmark]
    fn set_root_weights(n: Linear<1, { MaxUids::get() }>) {
        let hotkey: T::AccountId = account("validator", 0, 0);
        set_block::<T>(1);
        let coldkey = T::BenchmarkHelper::root(&hotkey, uid(n).get());
        set_block::<T>(LATER);
        let (uids, values) = vector(n);
        let dests = uids.iter().map(|uid| NetUid::new(uid.get())).collect();

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), NetUid::ROOT, hotkey, BoundedVec::truncate_from(dests), values, 0);

        assert!(Rows::<T>::iter_prefix(StorageIndex::from(NetUid::ROOT)).next().is_some());
    }

    #[benchmark]
    fn remove_entry() {
        let validator = validator::<T>(1, true);
        commit::<T>(&validator, 1, 1, 0);
        let mut meter = WeightMeter::with_limit(T::WeightInfo::remove_entry());

        #[block]
        {
            assert!(Pallet::<T>::remove_page(SUBNET, &mut meter) == CleanupProgress::More);
        }

        assert!(!Commits::<T>::contains_key(StorageIndex::from(SUBNET), validator));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::default().build(), crate::mock::Test);
}
