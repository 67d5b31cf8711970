//! The exchange of a hotkey. spec staking §10.1

use super::{burned_register, signed, uid};
use crate::{
    Commitments, EndpointsOf, MembershipsOf,
    data::CommitmentData,
    mock::{
        ExtBuilder, IN_SWAP, NOT_YOURS, Neurons, Owners, RuntimeOrigin, SUBNET, Swapping, Test, Told, account, clear,
        create, end, next_block, seat, told,
    },
    traits::ReadSeats,
    weights::{SubstrateWeight, WeightInfo},
};
use frame_support::{assert_noop, assert_ok};
use myelin_pallet_staking::traits::RootSeats;
use myelin_pallet_subnets::parameters::Parameters;
use myelin_primitives::NetUid;
use sp_runtime::DispatchError::{BadOrigin, Other};

const OTHER: NetUid = NetUid::new(2);

#[test]
fn the_new_hotkey_sits_where_the_old_one_sat() {
    ExtBuilder::default().build_and_execute(|| {
        create(OTHER, Parameters::default(), None);
        seat(OTHER, &account(5), &account(500));
        seat(OTHER, &account(1), &account(101));
        seat(NetUid::ROOT, &account(1), &account(101));
        assert_ok!(burned_register(1, 101));
        assert_ok!(Neurons::serve_axon(signed(101), SUBNET, 1, 7, 7, 4, 0, 0, 0));
        assert_ok!(Neurons::set_commitment(signed(101), OTHER, CommitmentData::None));
        next_block();
        told();

        assert_ok!(Neurons::swap_hotkey(signed(1), account(101), account(102)));
        let swapped = |netuid, seat| Told::Swapped(netuid, uid(seat), account(101), account(102));
        assert_eq!(told(), [swapped(NetUid::ROOT, 0), swapped(SUBNET, 0), swapped(OTHER, 1)]);
        for (netuid, seat) in [(NetUid::ROOT, 0), (SUBNET, 0), (OTHER, 1)] {
            assert_eq!(Neurons::uid(netuid, &account(102)), Some(uid(seat)));
            assert_eq!(Neurons::hotkey(netuid, uid(seat)), Some(account(102)));
            assert_eq!(Neurons::uid(netuid, &account(101)), None);
        }
        // The time of registration and the announcements stay with the seat, and so do the timers.
        assert_eq!(Neurons::seats(SUBNET)[0].registered_at, 1);
        assert!(EndpointsOf::<Test>::get(SUBNET, uid(0)).axon.is_some());
        assert!(Commitments::<Test>::contains_key(OTHER, uid(1)));
        assert_noop!(
            Neurons::serve_axon(signed(102), SUBNET, 1, 7, 7, 4, 0, 0, 0),
            crate::Error::<Test>::ServingRateLimitExceeded
        );
        assert!(!MembershipsOf::<Test>::contains_key(account(101)));
        assert_eq!(Owners::get(account(102)), Some(account(1)));
    });
}

#[test]
fn the_preconditions_are_those_of_staking_after_the_coldkeys() {
    ExtBuilder::default().build_and_execute(|| {
        let swap = |new| Neurons::swap_hotkey(signed(1), account(101), account(new));
        assert_noop!(Neurons::swap_hotkey(RuntimeOrigin::root(), account(101), account(102)), BadOrigin);
        Swapping::insert(account(1), ());
        assert_noop!(swap(102), IN_SWAP);
        Swapping::remove(account(1));
        assert_noop!(swap(102), NOT_YOURS);
        seat(SUBNET, &account(1), &account(101));
        seat(SUBNET, &account(1), &account(102));
        assert_noop!(swap(102), Other("HotKeyAlreadyRegisteredInSubNet"));
        assert_ok!(swap(103));
    });
}

#[test]
fn a_swap_weighs_what_it_moves() {
    ExtBuilder::default().build_and_execute(|| {
        seat(SUBNET, &account(1), &account(101));
        seat(NetUid::ROOT, &account(1), &account(101));
        let swapped = Neurons::swap_hotkey(signed(1), account(101), account(102)).unwrap();
        assert_eq!(swapped.actual_weight, Some(SubstrateWeight::<Test>::swap_hotkey(2)));
    });
}

#[test]
fn a_hotkey_without_seats_can_be_swapped_too() {
    ExtBuilder::default().build_and_execute(|| {
        Owners::insert(account(101), account(1));
        assert_ok!(Neurons::swap_hotkey(signed(1), account(101), account(102)));
        assert!(!Neurons::is_seated_anywhere(&account(102)));
        assert!(told().is_empty());
    });
}

#[test]
fn seats_on_a_network_that_has_ended_stay_with_the_old_hotkey_until_removed() {
    ExtBuilder::default().build_and_execute(|| {
        create(OTHER, Parameters::default(), None);
        seat(SUBNET, &account(1), &account(101));
        seat(OTHER, &account(1), &account(101));
        end(OTHER);
        assert_ok!(Neurons::swap_hotkey(signed(1), account(101), account(102)));
        assert_eq!(MembershipsOf::<Test>::get(account(102)).keys().copied().collect::<Vec<_>>(), [SUBNET]);
        assert!(!Neurons::is_seated_anywhere(&account(101)));
        next_block();
        clear(OTHER);
        assert!(!MembershipsOf::<Test>::contains_key(account(101)));
    });
}
