//! Commits to weights. spec weights §5.4

use crate::{Commits, Error, Event, LastUpdates, mock::*};
use frame_support::{assert_noop, assert_ok};
use myelin_primitives::{BlockNumber, NetUid, Uid};
use myelin_records::weights::StorageIndex;
use sp_core::H256;
use sp_runtime::traits::BadOrigin;

const VECTOR: &[(u16, u16)] = &[(1, 10), (2, 10)];

/// Returns the blocks of the stored commits.
fn queue(hotkey: AccountId) -> Vec<BlockNumber> {
    Commits::<Test>::get(StorageIndex::from(SUBNET), hotkey).iter().map(|commit| commit.at).collect()
}

/// Makes calls that violate one check and all later ones; the last call is valid.
#[test]
fn checks_come_in_their_order() {
    ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        set(SUBNET, |parameters| parameters.commit_reveal = true);
        for _ in 0..10 {
            assert_ok!(commit(ALICE, SUBNET, VECTOR));
        }
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
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        run_to_block(11);
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        let hash = hash(BOB, SUBNET, VECTOR, 0);
        let index = StorageIndex::from(SUBNET);
        let commits = Commits::<Test>::get(index, BOB);
        assert_eq!(commits.iter().map(|commit| (commit.hash, commit.at)).collect::<Vec<_>>(), [(hash, 11)]);
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
        .parameters(|parameters| parameters.weights_set_rate_limit = 10)
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

#[test]
fn ten_commits_may_be_open_and_equal() {
    ExtBuilder::default()
        .commit_reveal()
        .parameters(|parameters| parameters.weights_set_rate_limit = 0)
        .build_and_execute(|| {
            for _ in 0..10 {
                assert_ok!(commit(ALICE, SUBNET, VECTOR));
            }
            assert_noop!(commit(ALICE, SUBNET, VECTOR), Error::<Test>::TooManyUnrevealedCommits);
            assert_ok!(commit(BOB, SUBNET, VECTOR));
            assert_eq!(queue(ALICE).len(), 10);
        });
}

/// Checks the queue over several epochs. At tempo 5, epochs of subnet 1 begin in blocks 4, 10, 16 and so on.
#[test]
fn commits_that_are_over_make_room_with_the_next_commit() {
    ExtBuilder::default()
        .commit_reveal()
        .parameters(|parameters| parameters.weights_set_rate_limit = 0)
        .build_and_execute(|| {
            run_to_block(4);
            for _ in 0..9 {
                assert_ok!(commit(ALICE, SUBNET, VECTOR));
            }
            run_to_block(10);
            assert_ok!(commit(ALICE, SUBNET, VECTOR));
            run_to_block(15);
            assert_noop!(commit(ALICE, SUBNET, VECTOR), Error::<Test>::TooManyUnrevealedCommits);
            run_to_block(16);
            assert_eq!(queue(ALICE).len(), 10, "nothing goes by itself");
            assert_ok!(commit(ALICE, SUBNET, VECTOR));
            assert_eq!(queue(ALICE), [10, 16]);
        });
}

#[test]
fn root_takes_no_commits_whatever_its_parameters_say() {
    ExtBuilder::default().build_and_execute(|| {
        seat(NetUid::ROOT, ALICE);
        set(NetUid::ROOT, |parameters| parameters.commit_reveal = true);
        assert_noop!(commit(ALICE, NetUid::ROOT, VECTOR), Error::<Test>::CommitRevealDisabled);
        assert_noop!(reveal(ALICE, NetUid::ROOT, VECTOR), Error::<Test>::CommitRevealDisabled);
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
