//! Seats that follow a swapped hotkey. spec staking §10.1

use super::{burned_register, signed, uid};
use crate::{
    Commitments, EndpointsOf, MembershipsOf,
    mock::{
        ExtBuilder, NOT_YOURS, Neurons, Owners, PUBLIC_V4, SEATED, SUBNET, Test, Told, account, clear, create, end,
        next_block, seat, swap, told,
    },
    traits::ReadSeats,
    types::Memberships,
    weights::{SubstrateWeight, WeightInfo},
};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use myelin_pallet_keys::traits::{OnKeySwap, ReadSeated};
use myelin_primitives::NetUid;
use myelin_records::{bounds::MAX_NETWORKS, commitment::CommitmentData, parameters::Parameters};
use sp_runtime::DispatchError;

const OTHER: NetUid = NetUid::new(2);

#[test]
fn the_new_hotkey_sits_where_the_old_one_sat() {
    ExtBuilder::default().build_and_execute(|| {
        create(OTHER, Parameters::default(), None);
        seat(OTHER, &account(5), &account(500));
        seat(OTHER, &account(1), &account(101));
        seat(NetUid::ROOT, &account(1), &account(101));
        assert_ok!(burned_register(1, 101));
        assert_ok!(Neurons::serve_axon(signed(101), SUBNET, 1, PUBLIC_V4, 7, 4, 0, 0, 0));
        assert_ok!(Neurons::set_commitment(signed(101), OTHER, CommitmentData::None));
        next_block();
        told();

        assert_ok!(swap(1, 101, 102));
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
            Neurons::serve_axon(signed(102), SUBNET, 1, PUBLIC_V4, 7, 4, 0, 0, 0),
            crate::Error::<Test>::ServingRateLimitExceeded
        );
        assert!(!MembershipsOf::<Test>::contains_key(account(101)));
        assert_eq!(Owners::get(account(102)), Some(account(1)));
    });
}

#[test]
fn a_swap_weighs_what_it_moves() {
    ExtBuilder::default().build_and_execute(|| {
        seat(SUBNET, &account(1), &account(101));
        seat(NetUid::ROOT, &account(1), &account(101));
        assert_eq!(swap(1, 101, 102), Ok(SubstrateWeight::<Test>::hotkey_swapped(2)));
        // At most, it has a seat on each network.
        assert_eq!(Neurons::hotkey_swap_weight(), SubstrateWeight::<Test>::hotkey_swapped(2));
        create(OTHER, Parameters::default(), None);
        assert_eq!(Neurons::hotkey_swap_weight(), SubstrateWeight::<Test>::hotkey_swapped(3));
    });
}

#[test]
fn a_hotkey_without_seats_can_be_swapped_too() {
    ExtBuilder::default().build_and_execute(|| {
        Owners::insert(account(101), account(1));
        assert_ok!(swap(1, 101, 102));
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
        assert_ok!(swap(1, 101, 102));
        assert_eq!(MembershipsOf::<Test>::get(account(102)).keys().copied().collect::<Vec<_>>(), [SUBNET]);
        assert!(!Neurons::is_seated_anywhere(&account(101)));
        next_block();
        clear(OTHER);
        assert!(!MembershipsOf::<Test>::contains_key(account(101)));
    });
}

#[test]
fn a_hotkey_with_a_seat_is_in_use() {
    ExtBuilder::default().build_and_execute(|| {
        seat(SUBNET, &account(1), &account(101));
        seat(SUBNET, &account(1), &account(102));
        assert_noop!(swap(1, 101, 102), SEATED);
        assert_noop!(swap(2, 101, 103), NOT_YOURS);
        assert_ok!(swap(1, 101, 103));
    });
}

#[test]
fn a_hotkey_on_too_many_ended_networks_cannot_be_swapped_to() {
    ExtBuilder::default().build_and_execute(|| {
        seat(SUBNET, &account(1), &account(101));
        let ended = (1_000..).take(MAX_NETWORKS as usize).map(|netuid| (NetUid::new(netuid), uid(0)));
        let memberships = ended.collect::<std::collections::BTreeMap<_, _>>();
        MembershipsOf::<Test>::insert(account(102), Memberships::try_from(memberships).unwrap());
        assert_noop!(swap(1, 101, 102), DispatchError::Exhausted);
        MembershipsOf::<Test>::remove(account(102));
    });
}

#[test]
fn a_swapped_coldkey_keeps_its_seats_by_its_hotkeys() {
    ExtBuilder::default().build_and_execute(|| {
        seat(SUBNET, &account(1), &account(101));
        let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
        assert_ok!(Neurons::coldkey_swapped(&account(1), &account(2)));
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);
        assert_eq!(Neurons::coldkey_swap_weight(), Weight::zero());
        assert_eq!(Neurons::uid(SUBNET, &account(101)), Some(uid(0)));
    });
}
