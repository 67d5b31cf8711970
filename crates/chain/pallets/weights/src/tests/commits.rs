//! Commits to weights. spec weights §5.4

use crate::{Commits, Error, Event, LastUpdates, mock::*};
use frame_support::{BoundedVec, assert_noop, assert_ok};
use myelin_primitives::{BlockNumber, NetUid, Uid};
use myelin_records::{
    parameters::Parameters,
    weights::{StorageIndex, WeightsCommit},
};
use sp_core::H256;
use sp_runtime::traits::BadOrigin;

const VECTOR: &[(u16, u16)] = &[(1, 10), (2, 10)];

/// Gives a hotkey ten open commits, as a shorter tempo can leave them.
fn fill(hotkey: AccountId) {
    let open = |at| WeightsCommit { at, last: 100, ..WeightsCommit::default() };
    let commits = BoundedVec::truncate_from(vec![open(0); 10]);
    Commits::<Test>::insert(StorageIndex::from(SUBNET), hotkey, commits);
}

/// Returns the blocks of the stored commits.
fn queue(hotkey: AccountId) -> Vec<BlockNumber> {
    Commits::<Test>::get(StorageIndex::from(SUBNET), hotkey).iter().map(|commit| commit.at).collect()
}

/// Makes calls that violate one check and all later ones; the last call is valid.
#[test]
fn checks_come_in_their_order() {
    ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        set(SUBNET, |parameters| parameters.commit_reveal = true);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        fill(ALICE);
        set(SUBNET, |parameters| {
            parameters.commit_reveal = false;
            parameters.weights_set_rate_limit = 3;
        });
        let hash = H256::zero();
        let absent = NetUid::new(7);
        assert_noop!(
            Weights::commit_weights(RuntimeOrigin::none(), absent, hash),
            Error::<Test>::SubNetworkDoesNotExist
        );
        assert_noop!(Weights::commit_weights(RuntimeOrigin::none(), SUBNET, hash), BadOrigin);
        assert_noop!(commit(STRANGER, SUBNET, VECTOR), Error::<Test>::CommitRevealDisabled);
        set(SUBNET, |parameters| parameters.commit_reveal = true);
        assert_noop!(commit(STRANGER, SUBNET, VECTOR), Error::<Test>::HotKeyNotRegisteredInSubNet);
        assert_noop!(commit(ALICE, SUBNET, VECTOR), Error::<Test>::CommittingWeightsTooFast);
        run_to_block(4);
        assert_noop!(commit(ALICE, SUBNET, VECTOR), Error::<Test>::TooManyUnrevealedCommits);
        assert_ok!(commit(BOB, SUBNET, VECTOR));
    });
}

#[test]
fn a_commit_is_stored_and_counts_as_an_update() {
    let terms = |parameters: &mut Parameters| {
        parameters.weights_version_key = 7;
        parameters.min_allowed_weights = 5;
        parameters.max_weight_limit = 6_554;
    };
    ExtBuilder::default().commit_reveal().parameters(terms).build_and_execute(|| {
        run_to_block(11);
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        let hash = hash(BOB, SUBNET, VECTOR, 0);
        let index = StorageIndex::from(SUBNET);
        let commits = Commits::<Test>::get(index, BOB);
        let terms = WeightsCommit {
            hash,
            at: 11,
            first: 16,
            last: 21,
            version_key: 7,
            min_allowed_weights: 4,
            max_weight_limit: 21_845,
        };
        assert_eq!(commits.to_vec(), [terms], "as four neurons can meet them");
        assert_eq!(LastUpdates::<Test>::get(index), vec![0, 11, 0, 0]);
        assert_eq!(stored(SUBNET, 1), None);
        assert_eq!(events(), [Event::WeightsCommitted { hotkey: BOB, netuid: SUBNET, hash }]);
    });
}

#[test]
fn neither_permit_nor_stake_is_needed() {
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        forbid(SUBNET, ALICE);
        ask_stake(1);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
    });
}

#[test]
fn commits_keep_the_distance_of_the_rate_limit_and_so_do_weights_after_them() {
    ExtBuilder::default()
        .commit_reveal()
        .parameters(|parameters| (parameters.tempo, parameters.weights_set_rate_limit) = (10, 10))
        .build_and_execute(|| {
            run_to_block(11);
            assert_ok!(commit(ALICE, SUBNET, VECTOR));
            assert_noop!(commit(ALICE, SUBNET, VECTOR), Error::<Test>::CommittingWeightsTooFast);
            run_to_block(16);
            assert_noop!(commit(ALICE, SUBNET, VECTOR), Error::<Test>::CommittingWeightsTooFast);
            run_to_block(21);
            assert_ok!(commit(ALICE, SUBNET, VECTOR));
            set(SUBNET, |parameters| parameters.commit_reveal = false);
            run_to_block(30);
            assert_noop!(set_weights(ALICE, SUBNET, VECTOR), Error::<Test>::SettingWeightsTooFast);
            run_to_block(31);
            assert_ok!(set_weights(ALICE, SUBNET, VECTOR));
        });
}

/// Checks the queue over several epochs. At tempo 5, epochs of subnet 1 begin in blocks 4, 10, 16 and so on.
#[test]
fn a_commit_takes_the_place_of_the_one_of_its_epoch() {
    let builder = ExtBuilder::default().commit_reveal();
    builder.parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        for (block, queued) in [(4, vec![4]), (4, vec![4]), (9, vec![9]), (10, vec![9, 10]), (12, vec![9, 12])] {
            run_to_block(block);
            assert_ok!(commit(ALICE, SUBNET, VECTOR));
            assert_eq!(queue(ALICE), queued);
        }
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        run_to_block(16);
        assert_eq!(queue(ALICE), [9, 12], "nothing goes by itself");
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        assert_eq!(queue(ALICE), [12, 16]);
    });
}

#[test]
fn another_reveal_period_leaves_one_commit_per_epoch() {
    let builder = ExtBuilder::default().commit_reveal();
    builder.parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        run_to_block(4);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        set(SUBNET, |parameters| parameters.reveal_period_epochs = 2);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        let commits = Commits::<Test>::get(StorageIndex::from(SUBNET), ALICE);
        assert_eq!(commits.iter().map(|commit| (commit.first, commit.last)).collect::<Vec<_>>(), [(16, 21)]);
    });
}

#[test]
fn expired_commits_make_room_with_the_next_commit() {
    let builder = ExtBuilder::default().commit_reveal();
    builder.parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        fill(ALICE);
        run_to_block(100);
        assert_noop!(commit(ALICE, SUBNET, VECTOR), Error::<Test>::TooManyUnrevealedCommits);
        run_to_block(101);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        assert_eq!(queue(ALICE), [101]);
    });
}

#[test]
fn root_takes_no_commits_whatever_its_parameters_say() {
    ExtBuilder::default().build_and_execute(|| {
        seat(NetUid::ROOT, ALICE);
        set(NetUid::ROOT, |parameters| parameters.commit_reveal = true);
        assert_noop!(commit(ALICE, NetUid::ROOT, VECTOR), Error::<Test>::CommitRevealDisabled);
        assert_noop!(reveal(ALICE, NetUid::ROOT, VECTOR), Error::<Test>::NoWeightsCommitFound);
    });
}

#[test]
fn a_commit_moves_the_last_update_of_its_author_only() {
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        run_to_block(9);
        assert_ok!(commit(HOTKEYS[2], SUBNET, VECTOR));
        let index = StorageIndex::from(SUBNET);
        let updates: Vec<_> = (0..4).map(|uid| Weights::last_update(index, Uid::new(uid))).collect();
        assert_eq!(updates, [0, 0, 9, 0]);
    });
}
