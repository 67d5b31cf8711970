//! The invariants detect each broken state. Each test breaks one invariant, and restores it before it ends.

use crate::{Commits, LastUpdates, Rows, mock::*};
use frame_support::{BoundedVec, assert_ok};
use myelin_primitives::{BlockNumber, NetUid, Uid};
use myelin_records::{
    bounds::MaxCommits,
    weights::{StorageIndex, WeightsCommit, WeightsRow},
};
use sp_runtime::DispatchError;

fn index() -> StorageIndex {
    StorageIndex::from(SUBNET)
}

fn broken(why: &'static str) {
    assert_eq!(Weights::do_try_state(), Err(DispatchError::Other(why)));
}

fn row(vector: &[(u16, u16)], fixed_at: BlockNumber) -> WeightsRow {
    let entries: Vec<_> = vector.iter().copied().map(Into::into).collect();
    WeightsRow { entries: entries.try_into().unwrap(), fixed_at, missed_at: None }
}

fn queue(blocks: &[BlockNumber]) -> BoundedVec<WeightsCommit, MaxCommits> {
    let commits: Vec<_> = blocks.iter().map(|&at| WeightsCommit { at, ..WeightsCommit::default() }).collect();
    commits.try_into().unwrap()
}

#[test]
fn last_updates() {
    ExtBuilder::default().build_and_execute(|| {
        let good = LastUpdates::<Test>::take(index());
        broken("last updates are not as many as seats");
        LastUpdates::<Test>::insert(index(), BoundedVec::truncate_from(vec![0, 0, 2, 0]));
        broken("a last update is yet to come");
        LastUpdates::<Test>::insert(index(), good);
    });
}

#[test]
fn rows() {
    ExtBuilder::default().build_and_execute(|| {
        let (seat, none) = (Uid::new(0), Uid::new(4));
        Rows::<Test>::insert(index(), none, row(&[], 0));
        broken("a row belongs to no seat");
        Rows::<Test>::remove(index(), none);
        for (bad, why) in [
            (row(&[], 1), "a row was fixed after its author's last update"),
            (row(&[(1, 65_535), (1, 0)], 0), "a row lists a uid twice"),
            (row(&[(4, 65_535)], 0), "a row lists a uid without a seat"),
            (row(&[(1, 65_534)], 0), "a row is not scaled"),
        ] {
            Rows::<Test>::insert(index(), seat, bad);
            broken(why);
        }
        Rows::<Test>::insert(index(), seat, row(&[(1, 0)], 0));
        assert_ok!(Weights::do_try_state());
    });
}

#[test]
fn commits() {
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        run_to_block(5);
        assert_ok!(commit(ALICE, SUBNET, &[(1, 1)]));
        for (bad, why) in [
            (queue(&[]), "a queue is empty"),
            (queue(&[3, 2]), "commits are out of order"),
            (queue(&[5, 6]), "a commit is later than its author's last update"),
        ] {
            Commits::<Test>::insert(index(), ALICE, bad);
            broken(why);
        }
        Commits::<Test>::insert(index(), ALICE, queue(&[2, 2, 5]));
        assert_ok!(Weights::do_try_state());
        Commits::<Test>::insert(index(), STRANGER, queue(&[2]));
        broken("there are commits of a hotkey without a seat");
        Commits::<Test>::remove(index(), STRANGER);
        Commits::<Test>::insert(StorageIndex::from(NetUid::ROOT), ALICE, queue(&[2]));
        broken("there are commits on root");
        Commits::<Test>::remove(StorageIndex::from(NetUid::ROOT), ALICE);
    });
}

#[test]
fn networks_that_are_being_removed_are_left_alone() {
    ExtBuilder::default().build_and_execute(|| {
        Rows::<Test>::insert(index(), Uid::new(9), row(&[(1, 3), (1, 3)], 7));
        Commits::<Test>::insert(index(), STRANGER, queue(&[]));
        end(SUBNET);
        assert_ok!(Weights::do_try_state());
    });
}
