//! Reveals of committed weights. spec weights §5.5 to §5.8
//!
//! Epochs of tempo 5 on subnet 1 begin in blocks 4, 10, 16, 22 and so on.

use crate::{
    Commits, Error, Event, LastUpdates, Rows,
    mock::*,
    rules::commit_hash,
    traits::ReadWeights,
    types::{Salt, UidList, ValueList},
};
use frame_support::{BoundedVec, assert_noop, assert_ok, dispatch::DispatchResult};
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_primitives::{BlockNumber, NetUid, Uid};
use myelin_records::weights::StorageIndex;
use sp_runtime::traits::BadOrigin;

const VECTOR: &[(u16, u16)] = &[(1, 10), (2, 10)];
const OTHER: &[(u16, u16)] = &[(2, 1), (3, 3)];

/// Returns a chain with commit-reveal and without a rate limit.
fn chain() -> ExtBuilder {
    ExtBuilder::default().commit_reveal().parameters(|parameters| parameters.weights_set_rate_limit = 0)
}

/// Returns a vector that gives all weight to the neuron with this uid, with a hash of its own.
fn all_to(uid: u16, value: u16) -> [(u16, u16); 2] {
    [(uid, value), ((uid + 1) % 4, 0)]
}

fn queue(hotkey: AccountId) -> Vec<BlockNumber> {
    Commits::<Test>::get(StorageIndex::from(SUBNET), hotkey).iter().map(|commit| commit.at).collect()
}

fn fixed_at(uid: u16) -> BlockNumber {
    Rows::<Test>::get(StorageIndex::from(SUBNET), Uid::new(uid)).unwrap().fixed_at
}

fn reveal_with(hotkey: AccountId, vector: &[(u16, u16)], salt: &[u16], version_key: u64) -> DispatchResult {
    let (uids, values) = lists(vector);
    let salt = salt.to_vec().try_into().unwrap();
    Weights::reveal_weights(RuntimeOrigin::signed(hotkey), SUBNET, uids, values, salt, version_key)
}

fn batch(hotkey: AccountId, vectors: &[&[(u16, u16)]]) -> DispatchResult {
    let (uids, values): (Vec<UidList>, Vec<ValueList>) = vectors.iter().map(|vector| lists(vector)).unzip();
    let salts: Vec<Salt> = vectors.iter().map(|_| salt()).collect();
    let keys = BoundedVec::truncate_from(vec![0; vectors.len()]);
    let origin = RuntimeOrigin::signed(hotkey);
    let (uids, values) = (uids.try_into().unwrap(), values.try_into().unwrap());
    Weights::batch_reveal_weights(origin, SUBNET, uids, values, salts.try_into().unwrap(), keys)
}

#[test]
fn a_reveal_puts_the_vector_in_force_as_of_its_commit() {
    chain().build_and_execute(|| {
        run_to_block(5);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(10);
        assert_ok!(commit(ALICE, SUBNET, OTHER));
        run_to_block(11);
        events();
        assert_ok!(reveal(ALICE, SUBNET, VECTOR));
        assert_eq!(stored(SUBNET, 0), Some(vec![(1, 65_535), (2, 65_535)]));
        assert_eq!(fixed_at(0), 5);
        assert_eq!(LastUpdates::<Test>::get(StorageIndex::from(SUBNET))[0], 10, "a reveal is no update");
        let hash = hash(ALICE, SUBNET, VECTOR, 0);
        let (netuid, uid) = (SUBNET, Uid::new(0));
        assert_eq!(
            events(),
            [Event::WeightsSet { netuid, uid }, Event::WeightsRevealed { hotkey: ALICE, netuid, hash }]
        );
    });
}

#[test]
fn the_window_is_one_epoch() {
    chain().build_and_execute(|| {
        run_to_block(9);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        assert_noop!(reveal(ALICE, SUBNET, VECTOR), Error::<Test>::RevealTooEarly);
        run_to_block(10);
        assert_ok!(reveal(ALICE, SUBNET, VECTOR));
        assert_noop!(reveal(ALICE, SUBNET, VECTOR), Error::<Test>::NoWeightsCommitFound);
        run_to_block(15);
        assert_ok!(reveal(BOB, SUBNET, VECTOR));
    });
}

#[test]
fn the_block_before_the_window_is_too_early_and_the_one_after_it_too_late() {
    for period in [1, 2, 5] {
        chain().parameters(|parameters| parameters.reveal_period_epochs = period).build_and_execute(|| {
            run_to_block(6);
            assert_ok!(commit(ALICE, SUBNET, VECTOR));
            let first = 4 + 6 * u32::try_from(period).unwrap();
            run_to_block(first - 1);
            assert_noop!(reveal(ALICE, SUBNET, VECTOR), Error::<Test>::RevealTooEarly);
            run_to_block(first + 6);
            assert_noop!(reveal(ALICE, SUBNET, VECTOR), Error::<Test>::ExpiredWeightCommit);
            assert_noop!(reveal(ALICE, SUBNET, OTHER), Error::<Test>::NoWeightsCommitFound);
            assert_eq!(queue(ALICE), [6], "a failure takes nothing away");
        });
    }
}

#[test]
fn checks_of_the_commit_come_in_their_order() {
    chain().build_and_execute(|| {
        let (uids, values) = lists(VECTOR);
        let unsigned = Weights::reveal_weights(RuntimeOrigin::none(), NetUid::new(7), uids, values, salt(), 0);
        assert_noop!(unsigned, BadOrigin);
        assert_noop!(reveal(ALICE, NetUid::new(7), VECTOR), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(reveal_with(STRANGER, VECTOR, &[7; 7], 0), Error::<Test>::SaltTooShort);
        assert_noop!(reveal(STRANGER, SUBNET, VECTOR), Error::<Test>::NoWeightsCommitFound);

        run_to_block(4);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(16);
        assert_noop!(reveal(ALICE, SUBNET, VECTOR), Error::<Test>::ExpiredWeightCommit);
        assert_noop!(reveal(ALICE, SUBNET, OTHER), Error::<Test>::NoWeightsCommitFound);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        assert_noop!(reveal(ALICE, SUBNET, OTHER), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_noop!(reveal(ALICE, SUBNET, VECTOR), Error::<Test>::RevealTooEarly);
        run_to_block(22);
        assert_ok!(reveal(ALICE, SUBNET, VECTOR));
    });
}

#[test]
fn an_expired_commit_among_open_ones_is_named() {
    chain().build_and_execute(|| {
        run_to_block(4);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(10);
        assert_ok!(commit(ALICE, SUBNET, OTHER));
        run_to_block(16);
        assert_noop!(reveal(ALICE, SUBNET, VECTOR), Error::<Test>::ExpiredWeightCommit);
        assert_ok!(reveal(ALICE, SUBNET, OTHER));
        assert!(queue(ALICE).is_empty());
        assert!(!Commits::<Test>::contains_key(StorageIndex::from(SUBNET), ALICE));
    });
}

/// Checks that permit, stake and neurons are those of the reveal, and the terms those of the commit.
#[test]
fn checks_of_the_vector_come_in_their_order_and_leave_the_commit_in_place() {
    chain().build_and_execute(|| {
        let demand = |version_key, least, limit| {
            set(SUBNET, |parameters| {
                parameters.weights_version_key = version_key;
                parameters.min_allowed_weights = least;
                parameters.max_weight_limit = limit;
            });
        };
        ask_stake(10);
        forbid(SUBNET, ALICE);
        let refused = |uids: &[u16], values: &[u16], version_key, reason: Error<Test>| {
            let uids: UidList = uids.iter().copied().map(Uid::new).collect::<Vec<_>>().try_into().unwrap();
            let values: ValueList = values.to_vec().try_into().unwrap();
            let origin = || RuntimeOrigin::signed(ALICE);
            demand(20, 3, 13_107);
            run_to_block(System::block_number() + 6);
            let hash = commit_hash(&ALICE, StorageIndex::from(SUBNET), &uids, &values, &salt(), version_key);
            assert_ok!(Weights::commit_weights(origin(), SUBNET, hash));
            demand(0, 1, 65_535);
            run_to_block(System::block_number() + 6);
            assert_noop!(Weights::reveal_weights(origin(), SUBNET, uids, values, salt(), version_key), reason);
            assert_eq!(queue(ALICE).len(), 1);
        };
        refused(&[9; 7], &[1], 0, Error::NeuronNoValidatorPermit);
        permit(SUBNET, ALICE);
        refused(&[9; 7], &[1], 0, Error::NotEnoughStakeToSetWeights);
        ask_stake(0);
        refused(&[9; 7], &[1], 0, Error::IncorrectWeightVersionKey);
        refused(&[9; 7], &[1], 20, Error::WeightVecNotEqualSize);
        refused(&[9; 7], &[1; 7], 20, Error::UidsLengthExceedUidsInSubNet);
        refused(&[9; 2], &[1; 2], 20, Error::DuplicateUids);
        refused(&[9, 0], &[1; 2], 20, Error::UidVecContainInvalidOne);
        refused(&[0, 1], &[1; 2], 20, Error::WeightVecLengthIsLow);
        refused(&[0, 1, 2], &[2, 1, 1], 20, Error::MaxWeightExceeded);
    });
}

/// Checks the terms against an owner who changes them after the commit, and against new neurons.
#[test]
fn no_later_terms_void_a_commit() {
    chain().build_and_execute(|| {
        run_to_block(9);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        set(SUBNET, |parameters| {
            parameters.weights_version_key = u64::MAX;
            parameters.min_allowed_weights = 64;
            parameters.max_weight_limit = 6_554;
        });
        assert_ok!(commit(BOB, SUBNET, &[(0, 1), (1, 1), (2, 1), (3, 1)]));
        seat(SUBNET, STRANGER);
        run_to_block(10);
        assert_ok!(reveal(ALICE, SUBNET, VECTOR));
        let late = reveal(BOB, SUBNET, &[(0, 1), (1, 1), (2, 1), (3, 1)]);
        assert_noop!(late, Error::<Test>::IncorrectWeightVersionKey);
    });
}

#[test]
fn the_rate_limit_does_not_hold_for_reveals() {
    ExtBuilder::default()
        .commit_reveal()
        .parameters(|parameters| parameters.weights_set_rate_limit = 5)
        .build_and_execute(|| {
            run_to_block(9);
            assert_ok!(commit(ALICE, SUBNET, VECTOR));
            run_to_block(10);
            assert_ok!(reveal(ALICE, SUBNET, VECTOR));
        });
}

#[test]
fn another_salt_vector_version_or_author_does_not_match() {
    chain().build_and_execute(|| {
        run_to_block(9);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(10);
        let salt: Vec<u16> = salt().into();
        assert_noop!(reveal_with(ALICE, VECTOR, &[7; 8], 0), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_noop!(reveal_with(ALICE, VECTOR, &salt, 1), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_noop!(reveal_with(ALICE, &[(1, 10), (2, 11)], &salt, 0), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_noop!(reveal_with(ALICE, &[(2, 10), (1, 10)], &salt, 0), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_noop!(reveal_with(BOB, VECTOR, &salt, 0), Error::<Test>::NoWeightsCommitFound);
        assert_ok!(reveal_with(ALICE, VECTOR, &salt, 0));
    });
}

/// Makes commits of blocks 4, 10 and 16 to all weight on neurons 1, 2 and 3, which may all be revealed from block 22
/// on.
///
/// Only a reveal period that shortens opens several commits at once.
fn three_for_one_window() {
    for (uid, (block, period)) in (1..).zip([(4, 3), (10, 2), (16, 1)]) {
        run_to_block(block);
        set(SUBNET, |parameters| parameters.reveal_period_epochs = period);
        assert_ok!(commit(ALICE, SUBNET, &all_to(uid, 9)));
    }
    assert_eq!(queue(ALICE), [4, 10, 16]);
    run_to_block(22);
}

#[test]
fn revealing_a_commit_gives_up_the_older_ones() {
    chain().build_and_execute(|| {
        three_for_one_window();
        assert_ok!(reveal(ALICE, SUBNET, &all_to(2, 9)));
        assert_eq!(queue(ALICE), [16]);
        assert_noop!(reveal(ALICE, SUBNET, &all_to(1, 9)), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_ok!(reveal(ALICE, SUBNET, &all_to(3, 9)));
        assert!(!Commits::<Test>::contains_key(StorageIndex::from(SUBNET), ALICE));
        assert_noop!(reveal(ALICE, SUBNET, &all_to(1, 9)), Error::<Test>::NoWeightsCommitFound);
    });
}

#[test]
fn of_two_commits_of_one_epoch_only_the_second_may_be_revealed() {
    chain().build_and_execute(|| {
        run_to_block(4);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(9);
        assert_ok!(commit(ALICE, SUBNET, OTHER));
        run_to_block(10);
        assert_noop!(reveal(ALICE, SUBNET, VECTOR), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_ok!(reveal(ALICE, SUBNET, OTHER));
    });
}

/// Checks the mark for voters: the newest expired commit is newer than the row in force. spec weights §5.9
#[test]
fn a_missed_reveal_marks_the_row_until_a_later_vector() {
    chain().build_and_execute(|| {
        let is_outdated = || Weights::rows(SUBNET, &Tables::seats(SUBNET))[0].is_outdated();
        let stored = || Rows::<Test>::get(StorageIndex::from(SUBNET), Uid::new(0)).and_then(|row| row.missed_at);
        run_to_block(4);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(10);
        assert_ok!(reveal(ALICE, SUBNET, VECTOR));
        assert_ok!(commit(ALICE, SUBNET, OTHER));
        run_to_block(21);
        assert!(!is_outdated(), "it may still be revealed");
        run_to_block(22);
        assert_eq!((is_outdated(), stored()), (true, None), "it is in the queue");
        assert_ok!(commit(ALICE, SUBNET, OTHER));
        assert_eq!((is_outdated(), stored()), (true, Some(10)));
        run_to_block(28);
        assert_ok!(reveal(ALICE, SUBNET, OTHER));
        assert_eq!((is_outdated(), stored()), (false, None));

        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        set(SUBNET, |parameters| parameters.commit_reveal = false);
        run_to_block(40);
        assert!(is_outdated(), "direct weights do not end the duty");
        assert_ok!(set_weights(ALICE, SUBNET, VECTOR));
        assert!(!is_outdated());
    });
}

#[test]
fn neither_a_swap_nor_a_missing_row_hides_a_missed_reveal() {
    chain().build_and_execute(|| {
        let missed = |uid: usize| Weights::rows(SUBNET, &Tables::seats(SUBNET))[uid].missed_at;
        run_to_block(4);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        run_to_block(10);
        assert_ok!(reveal(ALICE, SUBNET, VECTOR));
        assert_ok!(commit(ALICE, SUBNET, OTHER));
        run_to_block(22);
        swap(SUBNET, 0, STRANGER);
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        assert_eq!((missed(0), missed(1)), (Some(10), Some(4)));
        assert_eq!(Weights::network_weights(SUBNET).len(), 1, "a row without entries is none");
        run_to_block(28);
        assert_ok!(reveal(BOB, SUBNET, VECTOR));
        assert_eq!(missed(1), None);
    });
}

#[test]
fn an_older_vector_never_takes_the_place_of_a_newer_one() {
    chain().build_and_execute(|| {
        three_for_one_window();
        assert_ok!(batch(ALICE, &[&all_to(2, 9)]));
        assert_eq!(queue(ALICE), [4, 16]);
        assert_noop!(reveal(ALICE, SUBNET, &all_to(1, 9)), Error::<Test>::ExpiredWeightCommit);
        let backwards = batch(ALICE, &[&all_to(3, 9), &all_to(1, 9)]);
        assert_noop!(backwards, Error::<Test>::ExpiredWeightCommit);
        set(SUBNET, |parameters| parameters.commit_reveal = false);
        assert_ok!(set_weights(ALICE, SUBNET, VECTOR));
        assert_noop!(reveal(ALICE, SUBNET, &all_to(3, 9)), Error::<Test>::ExpiredWeightCommit);
    });
}

#[test]
fn hotkeys_reveal_independently() {
    chain().build_and_execute(|| {
        for (hotkey, block) in HOTKEYS.into_iter().zip(5..) {
            run_to_block(block);
            assert_ok!(commit(hotkey, SUBNET, OTHER));
        }
        run_to_block(10);
        assert_ok!(reveal(BOB, SUBNET, OTHER));
        assert_eq!((queue(ALICE), queue(BOB), queue(HOTKEYS[2])), (vec![5], vec![], vec![7]));
        assert_eq!(stored(SUBNET, 2), None);
        assert_ok!(reveal(HOTKEYS[2], SUBNET, OTHER));
        assert_eq!(queue(HOTKEYS[3]), [8]);
    });
}

#[test]
fn who_registered_at_or_after_the_commit_gets_nothing() {
    chain().build_and_execute(|| {
        run_to_block(5);
        replace(SUBNET, 1, 21);
        run_to_block(6);
        replace(SUBNET, 2, 22);
        assert_ok!(commit(ALICE, SUBNET, &[(1, 7), (2, 7), (3, 7), (0, 1), (4, 7)]));
        run_to_block(7);
        replace(SUBNET, 3, 23);
        seat(SUBNET, 24);
        run_to_block(10);
        assert_ok!(reveal(ALICE, SUBNET, &[(1, 7), (2, 7), (3, 7), (0, 1), (4, 7)]));
        let read = Weights::network_weights(SUBNET);
        assert_eq!(read.len(), 1);
        assert_eq!(pairs(&read[0].1), [(1, 65_535), (2, 0), (3, 0), (0, 9_362), (4, 0)]);
    });
}

#[test]
fn a_later_commit_does_not_let_an_older_vector_rate_newcomers() {
    chain().build_and_execute(|| {
        run_to_block(5);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(6);
        replace(SUBNET, 2, 22);
        run_to_block(10);
        assert_ok!(commit(ALICE, SUBNET, OTHER));
        assert_ok!(reveal(ALICE, SUBNET, VECTOR));
        assert_eq!(LastUpdates::<Test>::get(StorageIndex::from(SUBNET))[0], 10, "newer than the newcomer");
        assert_eq!(pairs(&Weights::neuron_weights(SUBNET, Uid::new(0))), [(1, 65_535)]);
    });
}

#[test]
fn switching_commit_reveal_off_leaves_open_commits() {
    chain().build_and_execute(|| {
        run_to_block(9);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        set(SUBNET, |parameters| parameters.commit_reveal = false);
        run_to_block(10);
        assert_ok!(reveal(ALICE, SUBNET, VECTOR));
        assert_ok!(batch(BOB, &[VECTOR]));
        assert_eq!((fixed_at(0), stored(SUBNET, 0).unwrap()[0]), (9, (1, 65_535)));
        assert_noop!(commit(ALICE, SUBNET, VECTOR), Error::<Test>::CommitRevealDisabled);
    });
}

#[test]
fn a_commit_keeps_its_window_under_another_tempo_and_period() {
    chain().build_and_execute(|| {
        run_to_block(9);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        set(SUBNET, |parameters| (parameters.tempo, parameters.reveal_period_epochs) = (20, 3));
        assert_noop!(reveal(ALICE, SUBNET, VECTOR), Error::<Test>::RevealTooEarly);
        run_to_block(10);
        assert_ok!(reveal(ALICE, SUBNET, VECTOR));
        run_to_block(15);
        set(SUBNET, |parameters| parameters.tempo = 2);
        assert_ok!(reveal(BOB, SUBNET, VECTOR));
    });
}

#[test]
fn a_batch_reveals_in_the_order_of_commits_and_keeps_those_it_does_not_list() {
    chain().build_and_execute(|| {
        three_for_one_window();
        events();
        assert_ok!(batch(ALICE, &[&all_to(1, 9), &all_to(2, 9)]));
        assert_eq!(queue(ALICE), [16]);
        assert_eq!(stored(SUBNET, 0), Some(vec![(2, 65_535), (3, 0)]), "the last one listed wins");
        assert_eq!(fixed_at(0), 10);
        let (netuid, uid) = (SUBNET, Uid::new(0));
        let hashes = [1, 2].map(|value| hash(ALICE, SUBNET, &all_to(value, 9), 0));
        let hashes = hashes.to_vec().try_into().unwrap();
        assert_eq!(
            events(),
            [
                Event::WeightsSet { netuid, uid },
                Event::WeightsSet { netuid, uid },
                Event::WeightsBatchRevealed { hotkey: ALICE, netuid, hashes },
            ]
        );
        assert_ok!(reveal(ALICE, SUBNET, &all_to(3, 9)));
    });
}

#[test]
fn one_bad_item_reverts_a_batch() {
    chain().build_and_execute(|| {
        let good = all_to(1, 1);
        let malformed = [(1, 1), (1, 1)];
        run_to_block(4);
        assert_ok!(commit(ALICE, SUBNET, &all_to(0, 1)));
        run_to_block(10);
        set(SUBNET, |parameters| parameters.reveal_period_epochs = 2);
        assert_ok!(commit(ALICE, SUBNET, &good));
        run_to_block(15);
        set(SUBNET, |parameters| parameters.reveal_period_epochs = 1);
        let index = StorageIndex::from(SUBNET);
        let expired = Commits::<Test>::get(index, ALICE)[0];
        run_to_block(16);
        assert_ok!(commit(ALICE, SUBNET, &malformed));
        Commits::<Test>::mutate(index, ALICE, |commits| commits.try_insert(0, expired)).unwrap();
        run_to_block(22);
        assert_noop!(batch(ALICE, &[&good, &all_to(0, 1)]), Error::<Test>::ExpiredWeightCommit);
        assert_ok!(commit(ALICE, SUBNET, &all_to(3, 1)));
        assert_noop!(batch(ALICE, &[&good, &all_to(3, 1)]), Error::<Test>::RevealTooEarly);
        assert_noop!(batch(ALICE, &[&good, VECTOR]), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_noop!(batch(ALICE, &[&good, &good]), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_noop!(batch(ALICE, &[&good, &malformed]), Error::<Test>::DuplicateUids);
        assert_noop!(batch(BOB, &[&good]), Error::<Test>::NoWeightsCommitFound);
        assert_eq!(stored(SUBNET, 0), Some(vec![]), "only the missed commit is noted");
        assert_ok!(batch(ALICE, &[&good]));
        assert_eq!(queue(ALICE), [16, 22]);
    });
}

#[test]
fn what_is_over_goes_with_a_batch_that_succeeds() {
    chain().build_and_execute(|| {
        run_to_block(4);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(10);
        assert_ok!(commit(ALICE, SUBNET, OTHER));
        run_to_block(16);
        assert_ok!(batch(ALICE, &[OTHER]));
        assert!(!Commits::<Test>::contains_key(StorageIndex::from(SUBNET), ALICE));
    });
}

#[test]
fn a_batch_of_expired_commits_names_them_and_others_do_not_match() {
    chain().build_and_execute(|| {
        run_to_block(4);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(16);
        assert_noop!(batch(ALICE, &[VECTOR]), Error::<Test>::ExpiredWeightCommit);
        assert_noop!(batch(ALICE, &[OTHER]), Error::<Test>::InvalidRevealCommitHashNotMatch);
    });
}

#[test]
fn every_hash_of_a_batch_is_found_before_any_vector_is_checked() {
    chain().build_and_execute(|| {
        run_to_block(9);
        assert_ok!(commit(ALICE, SUBNET, &[(1, 1), (1, 1)]));
        run_to_block(10);
        assert_noop!(batch(ALICE, &[&[(1, 1), (1, 1)], VECTOR]), Error::<Test>::InvalidRevealCommitHashNotMatch);
    });
}

#[test]
fn the_lists_of_a_batch_are_counted_before_anything_else() {
    chain().build_and_execute(|| {
        let (uids, values) = lists(VECTOR);
        let (uids, values) = (vec![uids; 2], vec![values; 2]);
        for lengths in [[1, 2, 2, 2], [2, 1, 2, 2], [2, 2, 1, 2], [2, 2, 2, 1]] {
            let call = Weights::batch_reveal_weights(
                RuntimeOrigin::none(),
                NetUid::new(7),
                uids[..lengths[0]].to_vec().try_into().unwrap(),
                values[..lengths[1]].to_vec().try_into().unwrap(),
                vec![salt(); lengths[2]].try_into().unwrap(),
                vec![0_u64; lengths[3]].try_into().unwrap(),
            );
            assert_noop!(call, Error::<Test>::InputLengthsUnequal);
        }
        let empty = |origin, netuid| {
            let (uids, values, salts) = (BoundedVec::default(), BoundedVec::default(), BoundedVec::default());
            Weights::batch_reveal_weights(origin, netuid, uids, values, salts, BoundedVec::default())
        };
        assert_noop!(empty(RuntimeOrigin::none(), NetUid::new(7)), BadOrigin);
        assert_noop!(empty(RuntimeOrigin::signed(ALICE), NetUid::new(7)), Error::<Test>::SubNetworkDoesNotExist);
    });
}

#[test]
fn an_item_listed_twice_does_not_match_though_an_equal_commit_is_over() {
    chain().build_and_execute(|| {
        run_to_block(9);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(10);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(16);
        assert_eq!(queue(ALICE), [9, 10]);
        assert_noop!(batch(ALICE, &[VECTOR, VECTOR]), Error::<Test>::InvalidRevealCommitHashNotMatch);
        assert_ok!(batch(ALICE, &[VECTOR]));
        assert_eq!(fixed_at(0), 10);
    });
}

#[test]
fn an_empty_batch_reveals_nothing() {
    chain().build_and_execute(|| {
        assert_noop!(batch(ALICE, &[]), Error::<Test>::NoWeightsCommitFound);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        events();
        assert_ok!(batch(ALICE, &[]));
        assert_eq!(queue(ALICE), [1]);
        assert_eq!(
            events(),
            [Event::WeightsBatchRevealed { hotkey: ALICE, netuid: SUBNET, hashes: BoundedVec::default() }]
        );
    });
}

#[test]
fn a_commit_made_twice_can_be_revealed_twice() {
    chain().build_and_execute(|| {
        for (block, period) in [(4, 2), (10, 1), (16, 1)] {
            run_to_block(block);
            set(SUBNET, |parameters| parameters.reveal_period_epochs = period);
            assert_ok!(commit(ALICE, SUBNET, VECTOR));
        }
        assert_noop!(batch(ALICE, &[VECTOR, VECTOR, VECTOR]), Error::<Test>::RevealTooEarly);
        assert_ok!(batch(ALICE, &[VECTOR, VECTOR]));
        assert_eq!(queue(ALICE), [16]);
    });
}
