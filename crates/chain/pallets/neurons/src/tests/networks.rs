//! Networks that come and go. spec subnets-and-neurons §2.2, §5.2

use super::{admission, burned_register, signed, uid};
use crate::{
    Adjustments, Admissions, Commitments, EndpointsOf, Event, MembershipsOf, SeatsOf,
    mock::{
        Balances, ExtBuilder, Neurons, PUBLIC_V4, SUBNET, Tables, Test, Told, account, clear, create, end, events,
        fill, next_block, paired, released, run_to_block, told,
    },
    traits::ReadSeats,
    weights::{SubstrateWeight, WeightInfo},
};
use frame_support::{
    assert_noop, assert_ok,
    weights::{Weight, WeightMeter},
};
use myelin_economics::adjustment::SeatPrice;
use myelin_pallet_keys::traits::ReadSeated;
use myelin_pallet_subnets::{
    traits::{CountSeats, OnSubnet, ReadSubnets},
    types::CleanupProgress,
};
use myelin_primitives::{Amount, NetUid};
use myelin_records::{
    commitment::CommitmentData,
    parameters::Parameters,
    seat::{Admission, Seat},
};

const NEW: NetUid = NetUid::new(7);

#[test]
fn a_new_subnet_seats_its_owner_without_a_price() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_block(3);
        let issuance = Balances::total_issuance();
        create(NEW, Parameters::default(), Some((account(1), account(101))));
        assert_eq!(Neurons::seats(NEW), [Seat { hotkey: account(101), registered_at: 3 }]);
        assert_eq!(Neurons::uid(NEW, &account(101)), Some(uid(0)));
        assert_eq!(Balances::total_issuance(), issuance);
        assert_eq!(events(), [Event::NeuronRegistered { netuid: NEW, uid: uid(0), hotkey: account(101) }]);
        assert_eq!(told(), [Told::Taken(NEW, uid(0), account(101))]);
        // The first seat does not count as a registration.
        let terms = SeatPrice { burn: Amount::ONE_TAO, difficulty: 10_000_000 };
        assert_eq!(admission(NEW), Admission::new(terms, 3));
        assert_eq!(Adjustments::<Test>::get().get(&NEW), Some(&363));
        assert_ok!(paired(1, 102, || Neurons::burned_register(signed(1), NEW, account(102))));
    });
}

#[test]
fn a_subnet_without_owner_begins_empty() {
    ExtBuilder::default().build_and_execute(|| {
        create(NEW, Parameters { initial_burn: Amount::from_rao(600_000), ..Parameters::default() }, None);
        assert_eq!(<Neurons as CountSeats>::count(NEW), 0);
        assert_eq!(admission(NEW).terms.burn.rao(), 600_000);
    });
}

#[test]
fn a_network_that_does_not_exist_has_no_admission() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Neurons::created(NEW, None), crate::Error::<Test>::SubNetworkDoesNotExist);
    });
}

#[test]
fn the_schedule_has_room_for_every_network_and_no_more() {
    ExtBuilder::default().build_and_execute(|| {
        for netuid in 2..256 {
            create(NetUid::new(netuid), Parameters::default(), None);
        }
        assert_eq!(Tables::netuids().len(), 256);
        crate::mock::Networks::insert(NetUid::new(256), crate::mock::Networks::get(SUBNET).unwrap());
        assert_noop!(Neurons::created(NetUid::new(256), None), sp_runtime::DispatchError::Exhausted);
        crate::mock::Networks::remove(NetUid::new(256));
    });
}

#[test]
fn nobody_sits_on_a_network_that_has_ended() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(burned_register(1, 101));
        end(SUBNET);
        assert_eq!(Neurons::uid(SUBNET, &account(101)), None);
        assert!(!Neurons::is_seated_anywhere(&account(101)));
        assert!(!Admissions::<Test>::contains_key(SUBNET));
        assert!(!Adjustments::<Test>::get().contains_key(&SUBNET));
        // Stake is not released.
        assert!(released().is_empty());
        // The seats are still there to be removed.
        assert_eq!(<Neurons as ReadSeats<_>>::count(SUBNET), 1);
        run_to_block(400);
    });
}

#[test]
fn everything_about_a_network_is_removed() {
    ExtBuilder::default().build_and_execute(|| {
        create(NEW, Parameters::default(), None);
        fill(SUBNET, 5);
        fill(NEW, 3);
        for hotkey in 1_000..1_003 {
            assert_ok!(Neurons::serve_axon(signed(hotkey), SUBNET, 1, PUBLIC_V4, 7, 4, 0, 0, 0));
            assert_ok!(Neurons::set_commitment(signed(hotkey), SUBNET, CommitmentData::None));
            assert_ok!(Neurons::set_commitment(signed(hotkey), NEW, CommitmentData::None));
        }
        end(SUBNET);
        clear(SUBNET);
        assert!(!SeatsOf::<Test>::contains_key(SUBNET));
        assert_eq!(EndpointsOf::<Test>::iter().count(), 0);
        assert_eq!(Commitments::<Test>::iter_keys().filter(|(netuid, _)| *netuid == SUBNET).count(), 0);
        assert_eq!(Commitments::<Test>::iter_keys().count(), 3);
        assert_eq!(MembershipsOf::<Test>::iter().count(), 3);
        assert_eq!(Neurons::uid(NEW, &account(1_001)), Some(uid(1)));
        assert!(released().is_empty());
        // Asking again does no harm.
        clear(SUBNET);
    });
}

#[test]
fn a_large_network_is_removed_in_pages() {
    type Costs = SubstrateWeight<Test>;
    ExtBuilder::default().build_and_execute(|| {
        fill(SUBNET, 20);
        end(SUBNET);
        let page = |limit: Weight| {
            let mut meter = WeightMeter::with_limit(limit);
            let progress = Neurons::remove_page(SUBNET, &mut meter);
            assert!(meter.consumed().all_lte(limit));
            (progress, SeatsOf::<Test>::decode_len(SUBNET).unwrap_or(0))
        };
        assert_eq!(page(Weight::zero()), (CleanupProgress::More, 20));
        assert_eq!(page(Costs::remove_none()), (CleanupProgress::More, 20));
        for left in [13, 6] {
            assert_eq!(page(Costs::remove_none() + Costs::remove_seat() * 7), (CleanupProgress::More, left));
            next_block();
        }
        assert_eq!(page(Costs::remove_none() + Costs::remove_seat() * 7), (CleanupProgress::Done, 0));
        assert_eq!(MembershipsOf::<Test>::iter().count(), 0);
    });
}

#[test]
fn the_netuid_can_be_used_again() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(burned_register(1, 101));
        end(SUBNET);
        clear(SUBNET);
        create(SUBNET, Parameters::default(), Some((account(2), account(101 + 100))));
        assert_eq!(Neurons::uid(SUBNET, &account(101)), None);
        assert_ok!(burned_register(1, 101));
        assert_eq!(Neurons::uid(SUBNET, &account(101)), Some(uid(1)));
    });
}
