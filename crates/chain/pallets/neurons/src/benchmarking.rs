//! Benchmarks of calls and hooks, each at its most expensive.

use crate::{
    Adjustments, Admissions, Call, Commitments, Config, EndpointsOf, MembershipsOf, Pallet, SeatsOf, UsedWork,
    state::Vacancy,
    traits::ReadSeats,
    types::{MaxUsedWork, UsedSeal},
    weights::WeightInfo,
};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{Get, fungible::Mutate},
    weights::{Weight, WeightMeter},
};
use frame_system::{RawOrigin, pallet_prelude::BlockNumberFor};
use myelin_economics::{adjustment::Registrations, work::WorkChallenge};
use myelin_pallet_keys::traits::{Keys, OnKeySwap};
use myelin_pallet_subnets::{traits::OnSubnet, types::CleanupProgress};
use myelin_primitives::{BlockNumber, IpEndpoint, NetUid, RAO_PER_TAO, Uid};
use myelin_records::{
    bounds::MAX_UIDS,
    commitment::{Commitment, CommitmentData},
    endpoint::{AxonRecord, Certificate, MetricsRecord, ServedEndpoints},
    parameters::Parameters,
};

/// The chain around this pallet.
pub trait BenchmarkHelper {
    /// Creates one more network without owner, with these parameters.
    fn network(parameters: Parameters) -> NetUid;
}

/// A block in which the rate limits of all announcements of block 1 have passed.
const LATER: BlockNumber = 10_000;

/// A difficulty that every seal meets.
const NO_DIFFICULTY: u64 = 1;

/// Creates a network that is open to every kind of registration.
fn network<T: Config>() -> NetUid {
    T::BenchmarkHelper::network(Parameters {
        pow_registration_allowed: true,
        initial_difficulty: NO_DIFFICULTY,
        min_difficulty: NO_DIFFICULTY,
        ..Parameters::default()
    })
}

fn set_block<T: Config>(block: BlockNumber) {
    frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(block));
}

fn coldkey<T: Config>() -> T::AccountId {
    let coldkey = account("coldkey", 0, 0);
    T::Currency::mint_into(&coldkey, 1_000 * RAO_PER_TAO).expect("the issuance has room");
    coldkey
}

/// Seats a hotkey of this coldkey.
fn seat<T: Config>(netuid: NetUid, coldkey: &T::AccountId, hotkey: &T::AccountId) -> Uid {
    T::Keys::pair(coldkey, hotkey).expect("the hotkey is new or owned by the coldkey");
    Pallet::<T>::take_seat(netuid, SeatsOf::<T>::get(netuid), Vacancy::Free, hotkey).expect("a seat is free")
}

/// Creates a full network whose neurons have made all announcements, none of them immune.
fn full_network<T: Config>() -> NetUid {
    let netuid = network::<T>();
    set_block::<T>(1);
    for number in 0..MAX_UIDS {
        // Each hotkey has another owner, so that the search for hotkeys of the subnet's owner reads all of them.
        let uid = seat::<T>(netuid, &account("owner", number.into(), 0), &account("neuron", number.into(), 0));
        EndpointsOf::<T>::insert(netuid, uid, endpoints());
        Commitments::<T>::insert(netuid, uid, Commitment { block: 1, info: data() });
    }
    set_block::<T>(LATER);
    netuid
}

fn address() -> IpEndpoint {
    IpEndpoint { ip: 0x2a00 << 112, port: 8_091, ip_type: 6 }
}

fn certificate() -> Vec<u8> {
    vec![2; 65]
}

fn endpoints() -> ServedEndpoints {
    let axon = AxonRecord { block: 1, version: 1, address: address(), protocol: 4, placeholder1: 0, placeholder2: 0 };
    ServedEndpoints {
        axon: Some(axon),
        certificate: Certificate::try_from(certificate()).ok(),
        prometheus: Some(MetricsRecord { block: 1, version: 1, address: address() }),
    }
}

fn data() -> CommitmentData {
    CommitmentData::Raw(vec![7; 128].try_into().expect("a raw item holds 128 bytes"))
}

/// Seats a hotkey that has made all announcements in block 1.
fn server<T: Config>() -> (NetUid, T::AccountId) {
    let netuid = network::<T>();
    let hotkey = account("server", 0, 0);
    let uid = seat::<T>(netuid, &account("owner", 0, 0), &hotkey);
    EndpointsOf::<T>::insert(netuid, uid, endpoints());
    Commitments::<T>::insert(netuid, uid, Commitment { block: 1, info: data() });
    set_block::<T>(LATER);
    (netuid, hotkey)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn burned_register() {
        let netuid = full_network::<T>();
        let (coldkey, hotkey) = (coldkey::<T>(), account("newcomer", 0, 0));
        T::Keys::pair(&coldkey, &hotkey).expect("the hotkey is new");
        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), netuid, hotkey.clone());
        assert!(Pallet::<T>::uid(netuid, &hotkey).is_some());
    }

    #[benchmark]
    fn register_limit() {
        let netuid = full_network::<T>();
        let (coldkey, hotkey) = (coldkey::<T>(), account("newcomer", 0, 0));
        T::Keys::pair(&coldkey, &hotkey).expect("the hotkey is new");
        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), netuid, hotkey.clone(), myelin_primitives::Amount::MAX);
        assert!(Pallet::<T>::uid(netuid, &hotkey).is_some());
    }

    #[benchmark]
    fn register() {
        let netuid = full_network::<T>();
        let hotkey: T::AccountId = account("newcomer", 0, 0);
        let worked_on = LATER - 1;
        let old = |number: u32| {
            let mut seal = [0; 32];
            seal[..4].copy_from_slice(&number.to_le_bytes());
            UsedSeal { worked_on, seal }
        };
        let used: BoundedVec<UsedSeal, MaxUsedWork> =
            BoundedVec::truncate_from((1..MaxUsedWork::get()).map(old).collect());
        UsedWork::<T>::put(used);
        let challenge = WorkChallenge::new(&Pallet::<T>::block_hash(worked_on), &hotkey.clone().into());
        let work = challenge.seal(0).as_bytes().to_vec();
        let coldkey: T::AccountId = account("coldkey", 0, 0);
        T::Keys::pair(&coldkey, &hotkey).expect("the hotkey is new");
        #[extrinsic_call]
        _(RawOrigin::Signed(hotkey.clone()), netuid, worked_on, 0, work, hotkey.clone(), coldkey, None);
        assert!(Pallet::<T>::uid(netuid, &hotkey).is_some());
    }

    #[benchmark]
    fn hotkey_swapped(n: Linear<1, 32>) {
        let coldkey: T::AccountId = account("coldkey", 0, 0);
        let (old, new): (T::AccountId, T::AccountId) = (account("old", 0, 0), account("new", 0, 0));
        for _ in 0..n {
            let netuid = network::<T>();
            seat::<T>(netuid, &coldkey, &old);
        }
        set_block::<T>(LATER);
        #[block]
        {
            Pallet::<T>::hotkey_swapped(&coldkey, &old, &new).expect("the new hotkey has no seat");
        }
        assert_eq!(MembershipsOf::<T>::get(&new).len(), n as usize);
        assert!(!MembershipsOf::<T>::contains_key(&old));
    }

    #[benchmark]
    fn serve_axon() {
        let (netuid, hotkey) = server::<T>();
        let IpEndpoint { ip, port, ip_type } = address();
        #[extrinsic_call]
        _(RawOrigin::Signed(hotkey), netuid, 1, ip, port, ip_type, 4, 0, 0);
        assert_eq!(EndpointsOf::<T>::get(netuid, Uid::new(0)).axon.map(|axon| axon.block), Some(LATER));
    }

    #[benchmark]
    fn serve_axon_tls() {
        let (netuid, hotkey) = server::<T>();
        let IpEndpoint { ip, port, ip_type } = address();
        #[extrinsic_call]
        _(RawOrigin::Signed(hotkey), netuid, 1, ip, port, ip_type, 4, 0, 0, certificate());
        assert_eq!(EndpointsOf::<T>::get(netuid, Uid::new(0)).axon.map(|axon| axon.block), Some(LATER));
    }

    #[benchmark]
    fn serve_prometheus() {
        let (netuid, hotkey) = server::<T>();
        let IpEndpoint { ip, port, ip_type } = address();
        #[extrinsic_call]
        _(RawOrigin::Signed(hotkey), netuid, 1, ip, port, ip_type);
        assert_eq!(EndpointsOf::<T>::get(netuid, Uid::new(0)).prometheus.map(|metrics| metrics.block), Some(LATER));
    }

    #[benchmark]
    fn set_commitment() {
        let (netuid, hotkey) = server::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(hotkey), netuid, data());
        assert_eq!(Commitments::<T>::get(netuid, Uid::new(0)).map(|commitment| commitment.block), Some(LATER));
    }

    #[benchmark]
    fn adjust_none() {
        network::<T>();
        #[block]
        {
            Pallet::<T>::do_adjust();
        }
    }

    #[benchmark]
    fn adjust_network() {
        let netuid = network::<T>();
        Admissions::<T>::mutate_extant(netuid, |admission| {
            admission.interval = Registrations { total: 3, by_work: 1, by_burn: 1 };
        });
        set_block::<T>(LATER);
        #[block]
        {
            Pallet::<T>::do_adjust();
        }
        assert!(Adjustments::<T>::get().values().all(|due| *due > LATER));
    }

    #[benchmark]
    fn remove_none() {
        let netuid = full_network::<T>();
        let mut meter = WeightMeter::with_limit(T::WeightInfo::remove_none());
        let progress;
        #[block]
        {
            progress = Pallet::<T>::remove_page(netuid, &mut meter);
        }
        assert_eq!(progress, CleanupProgress::More);
        assert_eq!(Pallet::<T>::seats(netuid).len(), usize::from(MAX_UIDS));
    }

    #[benchmark]
    fn remove_seat() {
        let netuid = full_network::<T>();
        let limit: Weight = T::WeightInfo::remove_none().saturating_add(T::WeightInfo::remove_seat());
        let mut meter = WeightMeter::with_limit(limit);
        #[block]
        {
            Pallet::<T>::remove_page(netuid, &mut meter);
        }
        assert_eq!(Pallet::<T>::seats(netuid).len(), usize::from(MAX_UIDS - 1));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::default().build(), crate::mock::Test);
}
