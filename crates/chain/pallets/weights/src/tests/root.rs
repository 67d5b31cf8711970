//! Weights of root validators. spec weights §7

use crate::{Error, Event, LastUpdates, mock::*, traits::ReadWeights};
use frame_support::{BoundedVec, assert_noop, assert_ok, dispatch::DispatchResult};
use myelin_primitives::{NetUid, Uid};
use myelin_records::{parameters::Parameters, subnet::LaunchPhase, weights::StorageIndex};
use sp_runtime::traits::BadOrigin;
use std::collections::BTreeMap;

const ROOT: NetUid = NetUid::ROOT;

fn set_by(origin: RuntimeOrigin, netuid: NetUid, dests: &[u16], values: &[u16], version_key: u64) -> DispatchResult {
    let dests: Vec<_> = dests.iter().copied().map(NetUid::new).collect();
    let (dests, values) = (dests.try_into().unwrap(), values.to_vec().try_into().unwrap());
    Weights::set_root_weights(origin, netuid, ALICE, dests, values, version_key)
}

fn vote(votes: &[(u16, u16)]) -> DispatchResult {
    let (dests, values): (Vec<_>, Vec<_>) = votes.iter().copied().unzip();
    set_by(RuntimeOrigin::signed(coldkey_of(ALICE)), ROOT, &dests, &values, 0)
}

fn votes_of_alice() -> Vec<(u16, u16)> {
    let rows = Weights::root_rows();
    let (_, votes) = rows.iter().find(|(hotkey, _)| *hotkey == ALICE).unwrap();
    votes.iter().map(|(netuid, value)| (netuid.get(), *value)).collect()
}

/// Runs a test on a chain with Alice on root and three subnets.
fn run(test: impl FnOnce()) {
    ExtBuilder::default().root().build_and_execute(test);
}

/// Makes calls that violate one check and all later ones; the last call is valid.
#[test]
fn checks_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        let alice = || RuntimeOrigin::signed(coldkey_of(ALICE));
        let bob = || RuntimeOrigin::signed(coldkey_of(BOB));
        let bad = [9, 9];
        let absent = NetUid::new(7);
        assert_noop!(set_by(RuntimeOrigin::none(), absent, &bad, &[1], 0), BadOrigin);
        let for_stranger = |signer| {
            let (dests, values) = (vec![NetUid::new(9)].try_into().unwrap(), BoundedVec::default());
            Weights::set_root_weights(RuntimeOrigin::signed(signer), absent, STRANGER, dests, values, 0)
        };
        announce_swap(5);
        assert_noop!(for_stranger(5), IN_SWAP);
        assert_noop!(for_stranger(6), Error::<Test>::HotKeyAccountNotExists);
        assert_noop!(set_by(bob(), absent, &bad, &[1], 0), Error::<Test>::NonAssociatedColdKey);
        assert_noop!(set_by(alice(), absent, &bad, &[1], 0), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(set_by(alice(), SUBNET, &bad, &[1], 0), Error::<Test>::NotRootSubnet);
        assert_noop!(set_by(alice(), ROOT, &bad, &[1], 0), Error::<Test>::WeightVecNotEqualSize);
        assert_noop!(set_by(alice(), ROOT, &bad, &[1, 1], 0), Error::<Test>::UidVecContainInvalidOne);
        assert_noop!(set_by(alice(), ROOT, &[1, 1], &[1, 1], 0), Error::<Test>::HotKeyNotRegisteredInSubNet);
        seat(ROOT, BOB);
        seat(ROOT, ALICE);
        // With four networks a third is the least limit in force.
        create(NetUid::new(20), Parameters::default());
        create(NetUid::new(21), Parameters::default());
        set(ROOT, |parameters| {
            parameters.weights_version_key = 20;
            parameters.weights_set_rate_limit = 10;
            parameters.min_allowed_weights = 2;
            parameters.max_weight_limit = 32_767;
        });
        ask_stake(1_000);
        stake(ALICE, 999);
        assert_noop!(set_by(alice(), ROOT, &[1, 1], &[1, 1], 0), Error::<Test>::NotEnoughStakeToSetWeights);
        stake(ALICE, 1_000);
        assert_noop!(set_by(alice(), ROOT, &[1, 1], &[1, 1], 19), Error::<Test>::IncorrectWeightVersionKey);
        assert_noop!(set_by(alice(), ROOT, &[1, 1], &[1, 1], 20), Error::<Test>::SettingWeightsTooFast);
        run_to_block(11);
        assert_noop!(set_by(alice(), ROOT, &[1, 1], &[1, 1], 20), Error::<Test>::DuplicateUids);
        assert_noop!(set_by(alice(), ROOT, &[1], &[1], 20), Error::<Test>::WeightVecLengthIsLow);
        assert_noop!(set_by(alice(), ROOT, &[0, 1], &[1, 1], 20), Error::<Test>::MaxWeightExceeded);
        set(ROOT, |parameters| parameters.max_weight_limit = 32_768);
        assert_ok!(set_by(alice(), ROOT, &[0, 1], &[1, 1], 20));
    });
}

#[test]
fn a_vote_is_scaled_and_stored_under_the_seat_on_root() {
    run(|| {
        run_to_block(9);
        assert_ok!(vote(&[(3, 1), (1, 2), (0, 0)]));
        assert_eq!(stored(ROOT, 0), Some(vec![(3, 32_768), (1, 65_535), (0, 0)]));
        assert_eq!(LastUpdates::<Test>::get(StorageIndex::from(ROOT)), vec![9]);
        assert_eq!(events(), [Event::WeightsSet { netuid: ROOT, uid: Uid::new(0) }]);
        assert_eq!(votes_of_alice(), [(0, 0), (1, 65_535), (3, 32_768)]);
    });
}

#[test]
fn root_takes_no_votes_in_the_launch_phase() {
    run(|| {
        Launch::put(LaunchPhase { opens_at: 0, ends_at: 10, least_seats: 0 });
        run_to_block(9);
        assert_noop!(vote(&[(1, 1)]), Error::<Test>::LaunchPhase);
        run_to_block(10);
        assert_ok!(vote(&[(1, 1)]));
    });
}

#[test]
fn neither_permit_nor_commit_is_needed() {
    run(|| {
        set(ROOT, |parameters| parameters.commit_reveal = true);
        assert_ok!(vote(&[(1, 1)]));
    });
}

#[test]
fn an_empty_vote_withdraws_the_one_before() {
    run(|| {
        assert_ok!(vote(&[(1, 1)]));
        run_to_block(101);
        assert_ok!(vote(&[]));
        assert_eq!(votes_of_alice(), []);
    });
}

#[test]
fn there_may_be_more_votes_than_root_validators() {
    run(|| {
        assert_ok!(vote(&[(0, 1), (1, 1), (2, 1), (3, 1)]));
    });
}

#[test]
fn the_required_length_is_never_above_the_number_of_root_validators() {
    run(|| {
        set(ROOT, |parameters| parameters.min_allowed_weights = 3);
        assert_noop!(vote(&[]), Error::<Test>::WeightVecLengthIsLow);
        assert_ok!(vote(&[(2, 1)]));
    });
}

/// Checks the limits of a vector toward root itself: the uid of Alice on root is 0, and so is the netuid of root.
#[test]
fn a_single_vote_is_never_exempt_from_the_limit() {
    run(|| {
        set(ROOT, |parameters| parameters.max_weight_limit = 32_768);
        assert_noop!(vote(&[(0, 1)]), Error::<Test>::MaxWeightExceeded);
        assert_noop!(vote(&[(1, 1)]), Error::<Test>::MaxWeightExceeded);
        assert_ok!(vote(&[(0, 1), (1, 1)]));
    });
}

#[test]
fn votes_keep_the_distance_of_the_rate_limit_of_root() {
    run(|| {
        set(SUBNET, |parameters| (parameters.tempo, parameters.weights_set_rate_limit) = (360, 360));
        run_to_block(2);
        assert_ok!(vote(&[(1, 1)]));
        run_to_block(101);
        assert_noop!(vote(&[(1, 1)]), Error::<Test>::SettingWeightsTooFast);
        run_to_block(102);
        assert_ok!(vote(&[(1, 1)]));
    });
}

#[test]
fn the_plain_stake_counts() {
    run(|| {
        ask_stake(100);
        stake(ALICE, 100);
        lend(SUBNET, ALICE, 1);
        assert_ok!(vote(&[(1, 1)]));
    });
}

#[test]
fn votes_for_a_subnet_end_with_it_and_do_not_pass_to_its_successor() {
    run(|| {
        run_to_block(5);
        assert_ok!(vote(&[(1, 1), (2, 1), (3, 1)]));
        run_to_block(6);
        end(NetUid::new(2));
        assert_eq!(votes_of_alice(), [(1, 65_535), (2, 0), (3, 65_535)]);
        create(NetUid::new(2), Parameters::default());
        run_to_block(7);
        assert_eq!(votes_of_alice(), [(1, 65_535), (2, 0), (3, 65_535)]);
        assert_eq!(pairs(&Weights::neuron_weights(ROOT, Uid::new(0))), [(1, 65_535), (3, 65_535)]);
        run_to_block(105);
        assert_ok!(vote(&[(2, 1)]));
        assert_eq!(votes_of_alice(), [(2, 65_535)]);
    });
}

#[test]
fn a_subnet_is_not_rated_in_the_block_it_begins_in() {
    run(|| {
        run_to_block(5);
        create(NetUid::new(4), Parameters::default());
        assert_ok!(vote(&[(4, 1), (1, 1)]));
        assert_eq!(votes_of_alice(), [(1, 65_535), (4, 0)]);
    });
}

#[test]
fn who_takes_a_seat_on_root_does_not_inherit_the_votes() {
    run(|| {
        assert_ok!(vote(&[(1, 1)]));
        run_to_block(3);
        replace(ROOT, 0, BOB);
        assert_eq!(Weights::root_rows(), [(BOB, BTreeMap::new())]);
        assert_eq!(stored(ROOT, 0), None);
    });
}
