//! Pruning: the neuron that makes room, and the removal of its data. spec subnets-and-neurons §10 to §12

use super::{burned_register, signed, uid};
use crate::{
    Commitments, EndpointsOf, Error, MembershipsOf,
    mock::{
        COMMITMENT_INTERVAL, Earned, ExtBuilder, Networks, Neurons, Owners, PUBLIC_V4, SUBNET, Test, Told, account,
        create, fill, next_block, open_wide, paired, released, run_to_block, seat, set, told,
    },
    traits::ReadSeats,
};
use frame_support::{assert_noop, assert_ok};
use myelin_pallet_keys::traits::ReadSeated;
use myelin_primitives::{Amount, NetUid};
use myelin_records::{
    commitment::CommitmentData,
    parameters::{Parameters, ParametersPatch},
};

const OTHER: NetUid = NetUid::new(2);

/// Returns a patch with this many seats and blocks of immunity.
fn room(seats: u16, immunity: u16) -> ParametersPatch {
    ParametersPatch {
        max_allowed_uids: Some(seats),
        max_allowed_validators: Some(seats),
        immunity_period: Some(immunity),
        ..Default::default()
    }
}

fn earn(rao: &[u64]) {
    Earned::insert(SUBNET, rao.iter().copied().map(Amount::from_rao).collect::<Vec<_>>());
}

/// Returns the hotkeys on the subnet, by uid.
fn seated() -> Vec<crate::mock::AccountId> {
    Neurons::seats(SUBNET).into_iter().map(|seat| seat.hotkey).collect()
}

#[test]
fn the_neuron_that_earned_least_makes_room() {
    ExtBuilder::default().parameters(&room(3, 2)).build_and_execute(|| {
        fill(SUBNET, 3);
        run_to_block(5);
        earn(&[110, 100, 120]);
        assert_ok!(burned_register(1, 101));
        assert_eq!(seated(), [1_000, 101, 1_002].map(account));
        assert_eq!(Neurons::seats(SUBNET)[1].registered_at, 5);
    });
}

#[test]
fn ties_go_to_the_earliest_and_then_to_the_lowest_seat() {
    ExtBuilder::default().parameters(&room(3, 2)).build_and_execute(|| {
        open_wide(SUBNET);
        run_to_block(3);
        seat(SUBNET, &account(1), &account(100));
        run_to_block(4);
        seat(SUBNET, &account(1), &account(101));
        seat(SUBNET, &account(1), &account(102));
        run_to_block(9);
        // No neuron has earned anything; an empty list means the same.
        assert_ok!(burned_register(1, 103));
        assert_eq!(seated(), [103, 101, 102].map(account));
        earn(&[0, 0, 0]);
        assert_ok!(burned_register(1, 104));
        assert_eq!(seated(), [103, 104, 102].map(account));
    });
}

#[test]
fn the_immune_stay_as_long_as_anybody_else_can_go() {
    ExtBuilder::default().parameters(&room(2, 100)).build_and_execute(|| {
        fill(SUBNET, 2);
        // Both are immune, so immunity does not help.
        earn(&[7, 5]);
        assert_ok!(burned_register(1, 101));
        assert_eq!(seated(), [1_000, 101].map(account));
        run_to_block(101);
        // The first is not immune any more; the second was registered in the same block.
        earn(&[7, 0]);
        assert_ok!(burned_register(1, 102));
        assert_eq!(seated(), [1_000, 102].map(account));
        earn(&[7, 0]);
        assert_ok!(burned_register(1, 103));
        // Now the second is immune, and the first goes although it earned more.
        assert_eq!(seated(), [103, 102].map(account));
    });
}

#[test]
fn a_minimum_of_neurons_past_their_immunity_is_kept() {
    ExtBuilder::default().parameters(&room(2, 100)).build_and_execute(|| {
        open_wide(SUBNET);
        seat(SUBNET, &account(1), &account(100));
        run_to_block(150);
        seat(SUBNET, &account(1), &account(101));
        set(SUBNET, &ParametersPatch { min_non_immune_uids: Some(1), ..Default::default() });
        earn(&[0, 9]);
        assert_ok!(burned_register(1, 102));
        assert_eq!(seated(), [100, 102].map(account));
    });
}

#[test]
fn the_owners_hotkey_is_never_replaced() {
    let (coldkey, hotkey) = (account(1), account(100));
    ExtBuilder::default().parameters(&room(1, 0)).owner(coldkey, hotkey).build_and_execute(|| {
        assert_eq!(seated(), [account(100)]);
        assert_noop!(burned_register(2, 102), Error::<Test>::NoNeuronIdAvailable);
        set(SUBNET, &room(2, 0));
        assert_ok!(burned_register(2, 102));
        next_block();
        earn(&[0, 9]);
        assert_ok!(burned_register(2, 103));
        assert_eq!(seated(), [100, 103].map(account));
    });
}

#[test]
fn more_hotkeys_of_the_owner_are_kept_in_the_order_they_came() {
    let limit = |limit| ParametersPatch { owner_immune_uids_limit: Some(limit), ..Default::default() };
    ExtBuilder::default().parameters(&room(4, 0)).owner(account(1), account(100)).build_and_execute(|| {
        open_wide(SUBNET);
        seat(SUBNET, &account(2), &account(201));
        for hotkey in [101, 102] {
            next_block();
            seat(SUBNET, &account(1), &account(hotkey));
        }
        assert_eq!(seated(), [100, 201, 101, 102].map(account));
        earn(&[0, 50, 0, 0]);
        set(SUBNET, &limit(2));
        assert_ok!(burned_register(3, 301));
        // Two neurons that earned nothing were kept.
        assert_eq!(seated(), [100, 201, 101, 301].map(account));
        set(SUBNET, &limit(1));
        earn(&[0, 50, 0, 60]);
        assert_ok!(burned_register(3, 302));
        assert_eq!(seated(), [100, 201, 302, 301].map(account));
    });
}

#[test]
fn the_designated_hotkey_comes_first_whenever_it_came() {
    ExtBuilder::default().parameters(&room(3, 0)).owner(account(1), account(100)).build_and_execute(|| {
        open_wide(SUBNET);
        for hotkey in [101, 102] {
            next_block();
            seat(SUBNET, &account(1), &account(hotkey));
        }
        Networks::mutate(SUBNET, |network| network.as_mut().unwrap().record.owner_hotkey = Some(account(102)));
        assert_ok!(burned_register(3, 301));
        assert_eq!(seated(), [301, 101, 102].map(account));
        // A designated hotkey without a seat leaves the protection to the others.
        Networks::mutate(SUBNET, |network| network.as_mut().unwrap().record.owner_hotkey = None);
        assert_ok!(burned_register(3, 302));
        assert_eq!(seated(), [302, 101, 102].map(account));
    });
}

#[test]
fn a_replaced_neuron_leaves_nothing_behind() {
    ExtBuilder::default().parameters(&room(2, 0)).build_and_execute(|| {
        fill(SUBNET, 2);
        assert_ok!(Neurons::serve_axon(signed(1_000), SUBNET, 1, PUBLIC_V4, 7, 4, 0, 0, 0));
        assert_ok!(Neurons::set_commitment(signed(1_000), SUBNET, CommitmentData::None));
        assert_ok!(Neurons::set_commitment(signed(1_001), SUBNET, CommitmentData::None));
        run_to_block(5);
        told();
        assert_ok!(burned_register(1, 101));

        assert_eq!(told(), [Told::Replaced(SUBNET, uid(0), account(1_000), account(101))]);
        assert_eq!(Neurons::uid(SUBNET, &account(1_000)), None);
        assert!(!MembershipsOf::<Test>::contains_key(account(1_000)));
        assert!(!EndpointsOf::<Test>::contains_key(SUBNET, uid(0)));
        assert!(!Commitments::<Test>::contains_key(SUBNET, uid(0)));
        assert!(Commitments::<Test>::contains_key(SUBNET, uid(1)));
        // The pair stays, and the newcomer starts its own timers.
        assert_eq!(Owners::get(account(1_000)), Some(account(3_000)));
        assert_ok!(Neurons::serve_axon(signed(101), SUBNET, 1, PUBLIC_V4, 7, 4, 0, 0, 0));
        assert_ok!(Neurons::set_commitment(signed(101), SUBNET, CommitmentData::None));
        assert!(frame_system::Pallet::<Test>::block_number() < COMMITMENT_INTERVAL);
    });
}

#[test]
fn stake_is_released_with_the_last_seat_only() {
    ExtBuilder::default().parameters(&room(1, 0)).build_and_execute(|| {
        open_wide(SUBNET);
        create(OTHER, room(1, 0).applied_to(&Parameters::default()), None);
        open_wide(OTHER);
        seat(SUBNET, &account(1), &account(100));
        seat(OTHER, &account(1), &account(100));
        seat(NetUid::ROOT, &account(2), &account(200));
        run_to_block(5);

        assert_ok!(burned_register(2, 200));
        assert!(released().is_empty());
        assert_ok!(paired(3, 300, || Neurons::burned_register(signed(3), OTHER, account(300))));
        assert_eq!(released(), [account(100)]);
        // A seat on root counts too.
        assert_ok!(burned_register(3, 301));
        assert!(Neurons::is_seated_anywhere(&account(200)));
        assert!(released().is_empty());
    });
}

#[test]
fn a_seat_on_a_network_that_has_ended_does_not_count() {
    ExtBuilder::default().parameters(&room(1, 0)).build_and_execute(|| {
        open_wide(SUBNET);
        create(OTHER, Parameters::default(), None);
        seat(SUBNET, &account(1), &account(100));
        seat(OTHER, &account(1), &account(100));
        crate::mock::end(OTHER);
        run_to_block(5);
        assert_ok!(burned_register(2, 200));
        assert_eq!(released(), [account(100)]);
        assert!(!Neurons::is_seated_anywhere(&account(100)));
    });
}
