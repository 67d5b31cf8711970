//! Weights that are set directly. spec weights §2

use crate::{Error, Event, Rows, mock::*};
use frame_support::{assert_noop, assert_ok};
use myelin_primitives::{NetUid, Uid};
use myelin_records::weights::StorageIndex;
use sp_runtime::traits::BadOrigin;

fn set_with_key(vector: &[(u16, u16)], version_key: u64) -> frame_support::dispatch::DispatchResult {
    let (uids, values) = lists(vector);
    Weights::set_weights(RuntimeOrigin::signed(ALICE), SUBNET, uids, values, version_key)
}

/// Makes calls that violate one check and all later ones; the last call is valid.
#[test]
fn checks_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_block(50);
        seat(SUBNET, STRANGER);
        set(SUBNET, |parameters| {
            parameters.commit_reveal = true;
            parameters.weights_version_key = 20;
            (parameters.tempo, parameters.weights_set_rate_limit) = (10, 10);
            parameters.min_allowed_weights = 3;
            parameters.max_weight_limit = 13_107;
        });
        ask_stake(1_000);
        let set_by = |origin, netuid, uids: &[u16], values: &[u16], key| {
            let uids: Vec<_> = uids.iter().copied().map(Uid::new).collect();
            Weights::set_weights(origin, netuid, uids.try_into().unwrap(), values.to_vec().try_into().unwrap(), key)
        };
        let seven = [9; 7];
        let nobody = RuntimeOrigin::none;
        assert_noop!(set_by(nobody(), NetUid::new(7), &seven, &[1], 0), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(set_by(nobody(), SUBNET, &seven, &[1], 0), Error::<Test>::CommitRevealEnabled);
        set(SUBNET, |parameters| parameters.commit_reveal = false);
        assert_noop!(set_by(nobody(), SUBNET, &seven, &[1], 0), BadOrigin);
        assert_noop!(set_by(RuntimeOrigin::root(), SUBNET, &seven, &[1], 0), BadOrigin);

        let other = || RuntimeOrigin::signed(77);
        assert_noop!(set_by(other(), NetUid::ROOT, &seven, &[1], 0), Error::<Test>::CanNotSetRootNetworkWeights);
        assert_noop!(set_by(other(), SUBNET, &seven, &[1], 0), Error::<Test>::HotKeyNotRegisteredInSubNet);

        let set_both =
            |uids: &[u16], values: &[u16], key| set_by(RuntimeOrigin::signed(STRANGER), SUBNET, uids, values, key);
        let set_now = |uids: &[u16], key| set_both(uids, &vec![1; uids.len()], key);
        stake(STRANGER, 999);
        assert_noop!(set_both(&seven, &[1], 0), Error::<Test>::SettingWeightsTooFast);
        run_to_block(60);
        assert_noop!(set_both(&seven, &[1], 0), Error::<Test>::NeuronNoValidatorPermit);
        permit(SUBNET, STRANGER);
        assert_noop!(set_both(&seven, &[1], 0), Error::<Test>::NotEnoughStakeToSetWeights);
        stake(STRANGER, 1_000);
        assert_noop!(set_both(&seven, &[1], 19), Error::<Test>::IncorrectWeightVersionKey);
        assert_noop!(set_both(&seven, &[1], 20), Error::<Test>::WeightVecNotEqualSize);
        assert_noop!(set_now(&seven, 20), Error::<Test>::UidsLengthExceedUidsInSubNet);
        assert_noop!(set_now(&[9, 9], 20), Error::<Test>::DuplicateUids);
        assert_noop!(set_now(&[0, 9], 20), Error::<Test>::UidVecContainInvalidOne);
        assert_noop!(set_now(&[0, 1], 20), Error::<Test>::WeightVecLengthIsLow);
        assert_noop!(set_now(&[0, 1, 2], 20), Error::<Test>::MaxWeightExceeded);
        assert_ok!(set_now(&[0, 1, 2, 3, 4], 20));
    });
}

/// Counts the reads of the number of neurons, with which the checks of a vector begin.
#[test]
fn the_vector_of_a_call_that_comes_too_soon_is_not_read() {
    ExtBuilder::default()
        .parameters(|parameters| (parameters.tempo, parameters.weights_set_rate_limit) = (10, 10))
        .build_and_execute(|| {
            run_to_block(5);
            assert_ok!(set_weights(ALICE, SUBNET, &[(1, 1)]));
            let read = counts_read();
            for vector in [&[(1, 1)][..], &[(1, 1), (1, 1)], &[(9, 1)]] {
                assert_noop!(set_weights(ALICE, SUBNET, vector), Error::<Test>::SettingWeightsTooFast);
            }
            forbid(SUBNET, BOB);
            assert_noop!(set_weights(BOB, SUBNET, &[(9, 1)]), Error::<Test>::NeuronNoValidatorPermit);
            assert_eq!(counts_read(), read);
            run_to_block(15);
            let read = counts_read();
            assert_ok!(set_weights(ALICE, SUBNET, &[(1, 1)]));
            assert_eq!(counts_read(), read + 1);
        });
}

#[test]
fn a_vector_is_scaled_and_stored_in_the_order_given() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_block(7);
        assert_ok!(set_weights(BOB, SUBNET, &[(3, 1_213), (0, 0), (2, 16_383)]));
        assert_eq!(stored(SUBNET, 1), Some(vec![(3, 4_852), (0, 0), (2, 65_535)]));
        let index = StorageIndex::from(SUBNET);
        assert_eq!(Rows::<Test>::get(index, Uid::new(1)).unwrap().fixed_at, 7);
        assert_eq!(Weights::last_update(index, Uid::new(1)), 7);
        assert_eq!(Weights::last_update(index, Uid::new(0)), 0);
        assert_eq!(events(), [Event::WeightsSet { netuid: SUBNET, uid: Uid::new(1) }]);
    });
}

#[test]
fn a_new_vector_replaces_the_old_one_as_a_whole() {
    ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        assert_ok!(set_weights(ALICE, SUBNET, &[(1, 5), (2, 5)]));
        assert_ok!(set_weights(ALICE, SUBNET, &[(3, 1)]));
        assert_eq!(stored(SUBNET, 0), Some(vec![(3, 65_535)]));
    });
}

#[test]
fn neurons_do_not_mind_each_other() {
    ExtBuilder::default().build_and_execute(|| {
        for (hotkey, uid) in HOTKEYS.into_iter().zip(0..) {
            assert_ok!(set_weights(hotkey, SUBNET, &[(uid, 1), ((uid + 1) % 4, 2)]));
        }
        assert_eq!(stored(SUBNET, 3), Some(vec![(3, 32_768), (0, 65_535)]));
        assert_eq!(stored(SUBNET, 0), Some(vec![(0, 32_768), (1, 65_535)]));
    });
}

#[test]
fn without_a_permit_a_neuron_lists_no_neuron_not_even_itself() {
    ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        forbid(SUBNET, ALICE);
        for vector in [&[(1, 1)][..], &[(0, 1), (1, 1)], &[], &[(0, 1)]] {
            assert_noop!(set_weights(ALICE, SUBNET, vector), Error::<Test>::NeuronNoValidatorPermit);
        }
        permit(SUBNET, ALICE);
        assert_ok!(set_weights(ALICE, SUBNET, &[(1, 1)]));
    });
}

#[test]
fn the_owner_of_the_subnet_needs_stake_and_permit_like_everybody() {
    ExtBuilder::default().build_and_execute(|| {
        forbid(SUBNET, ALICE);
        assert_noop!(set_weights(ALICE, SUBNET, &[(1, 1)]), Error::<Test>::NeuronNoValidatorPermit);
        permit(SUBNET, ALICE);
        ask_stake(1);
        assert_noop!(set_weights(ALICE, SUBNET, &[(0, 1)]), Error::<Test>::NotEnoughStakeToSetWeights);
    });
}

#[test]
fn the_threshold_asks_for_the_stake_weight_on_this_subnet() {
    ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        ask_stake(100);
        stake(ALICE, 500);
        lend(SUBNET, ALICE, 99);
        assert_noop!(set_weights(ALICE, SUBNET, &[(1, 1)]), Error::<Test>::NotEnoughStakeToSetWeights);
        lend(SUBNET, ALICE, 100);
        assert_ok!(set_weights(ALICE, SUBNET, &[(1, 1)]));
        lend(SUBNET, BOB, 100);
        assert_ok!(set_weights(BOB, SUBNET, &[(1, 1)]));
    });
}

#[test]
fn a_version_key_lets_this_version_and_newer_ones_in() {
    ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        assert_ok!(set_with_key(&[(1, 1)], 0));
        assert_ok!(set_with_key(&[(1, 1)], u64::MAX));
        set(SUBNET, |parameters| parameters.weights_version_key = 20);
        assert_noop!(set_with_key(&[(1, 1)], 0), Error::<Test>::IncorrectWeightVersionKey);
        assert_noop!(set_with_key(&[(1, 1)], 19), Error::<Test>::IncorrectWeightVersionKey);
        assert_ok!(set_with_key(&[(1, 1)], 20));
        assert_ok!(set_with_key(&[(1, 1)], 21));
    });
}

#[test]
fn updates_keep_the_distance_of_the_rate_limit() {
    ExtBuilder::default()
        .parameters(|parameters| (parameters.tempo, parameters.weights_set_rate_limit) = (10, 10))
        .build_and_execute(|| {
            run_to_block(5);
            assert_ok!(set_weights(ALICE, SUBNET, &[(1, 1)]));
            for block in 5..15 {
                run_to_block(block);
                assert_noop!(set_weights(ALICE, SUBNET, &[(1, 1)]), Error::<Test>::SettingWeightsTooFast);
            }
            run_to_block(15);
            assert_ok!(set_weights(ALICE, SUBNET, &[(1, 1)]));
        });
}

#[test]
fn a_new_neuron_waits_for_the_rate_limit_too() {
    ExtBuilder::default()
        .parameters(|parameters| (parameters.tempo, parameters.weights_set_rate_limit) = (10, 10))
        .build_and_execute(|| {
            run_to_block(5);
            let uid = seat(SUBNET, STRANGER);
            permit(SUBNET, STRANGER);
            run_to_block(14);
            assert_noop!(set_weights(STRANGER, SUBNET, &[(uid.get(), 1)]), Error::<Test>::SettingWeightsTooFast);
            run_to_block(15);
            assert_ok!(set_weights(STRANGER, SUBNET, &[(uid.get(), 1)]));
        });
}

#[test]
fn a_short_vector_is_refused_also_toward_oneself() {
    ExtBuilder::default()
        .parameters(|parameters| {
            parameters.weights_set_rate_limit = 0;
            parameters.min_allowed_weights = 3;
        })
        .build_and_execute(|| {
            for hotkey in 20..23 {
                seat(SUBNET, hotkey);
            }
            assert_noop!(set_weights(ALICE, SUBNET, &[(1, 1), (2, 1)]), Error::<Test>::WeightVecLengthIsLow);
            assert_noop!(set_weights(ALICE, SUBNET, &[(1, 1)]), Error::<Test>::WeightVecLengthIsLow);
            assert_noop!(set_weights(ALICE, SUBNET, &[]), Error::<Test>::WeightVecLengthIsLow);
            assert_noop!(set_weights(ALICE, SUBNET, &[(0, 1)]), Error::<Test>::WeightVecLengthIsLow);
            assert_ok!(set_weights(ALICE, SUBNET, &[(1, 1), (2, 1), (6, 0)]));
            set(SUBNET, |parameters| parameters.min_allowed_weights = 64);
            let all: Vec<_> = (0..7).map(|uid| (uid, 1)).collect();
            assert_noop!(set_weights(ALICE, SUBNET, &all[1..]), Error::<Test>::WeightVecLengthIsLow);
            assert_ok!(set_weights(ALICE, SUBNET, &all));
        });
}

#[test]
fn an_empty_vector_is_refused() {
    // Root alone may ask for no weights at all.
    ExtBuilder::default().parameters(|parameters| parameters.min_allowed_weights = 1).build_and_execute(|| {
        assert_noop!(set_weights(ALICE, SUBNET, &[]), Error::<Test>::WeightVecLengthIsLow);
    });
}

#[test]
fn zeros_count_toward_the_length_and_rate_nobody() {
    ExtBuilder::default().parameters(|parameters| parameters.min_allowed_weights = 2).build_and_execute(|| {
        assert_ok!(set_weights(ALICE, SUBNET, &[(1, 0), (2, 0)]));
        assert_eq!(stored(SUBNET, 0), Some(vec![(1, 0), (2, 0)]));
        assert!(Weights::neuron_weights(SUBNET, Uid::new(0)).is_empty());
    });
}

#[test]
fn no_share_is_above_the_maximum_not_even_that_toward_oneself() {
    ExtBuilder::default()
        .parameters(|parameters| {
            parameters.weights_set_rate_limit = 0;
            parameters.max_weight_limit = 13_107;
        })
        .build_and_execute(|| {
            // Four neurons: a third is in force, because all others together need one each.
            let thirds = [(0, 0), (1, 9), (2, 9), (3, 9)];
            assert_noop!(set_weights(ALICE, SUBNET, &[(1, 5), (2, 4), (3, 4)]), Error::<Test>::MaxWeightExceeded);
            assert_noop!(set_weights(ALICE, SUBNET, &[(0, 1)]), Error::<Test>::MaxWeightExceeded);
            assert_ok!(set_weights(ALICE, SUBNET, &thirds));
            assert_noop!(set_weights(BOB, SUBNET, &[(0, 1)]), Error::<Test>::MaxWeightExceeded);
            for hotkey in 20..23 {
                seat(SUBNET, hotkey);
            }
            // Seven neurons: the fifth that is set is in force.
            assert_noop!(set_weights(BOB, SUBNET, &thirds), Error::<Test>::MaxWeightExceeded);
            assert_ok!(set_weights(BOB, SUBNET, &[(0, 9), (2, 9), (3, 9), (4, 9), (5, 9)]));
            set(SUBNET, |parameters| parameters.max_weight_limit = 21_845);
            assert_ok!(set_weights(BOB, SUBNET, &thirds));
            set(SUBNET, |parameters| parameters.max_weight_limit = 21_844);
            assert_noop!(set_weights(BOB, SUBNET, &thirds), Error::<Test>::MaxWeightExceeded);
        });
}

#[test]
fn the_sum_of_values_has_no_limit() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(set_weights(ALICE, SUBNET, &[(1, u16::MAX), (2, u16::MAX)]));
        assert_eq!(stored(SUBNET, 0), Some(vec![(1, u16::MAX), (2, u16::MAX)]));
    });
}

#[test]
fn root_takes_no_weights_of_hotkeys_whatever_its_parameters_say() {
    ExtBuilder::default().build_and_execute(|| {
        seat(NetUid::ROOT, ALICE);
        for commit_reveal in [true, false] {
            set(NetUid::ROOT, |parameters| parameters.commit_reveal = commit_reveal);
            assert_noop!(set_weights(ALICE, NetUid::ROOT, &[(0, 1)]), Error::<Test>::CanNotSetRootNetworkWeights);
        }
    });
}
