//! Weights and commits after changes of seats and networks. spec weights §4, §5.8

use crate::{Commits, LastUpdates, Rows, mock::*, rules::commit_hash, traits::ReadWeights, weights::WeightInfo};
use frame_support::{
    assert_noop, assert_ok,
    weights::{Weight, WeightMeter},
};
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_subnets::{traits::OnSubnet, types::CleanupProgress};
use myelin_primitives::{NetUid, Uid};
use myelin_records::{parameters::Parameters, weights::StorageIndex};
use sp_core::H256;

const VECTOR: &[(u16, u16)] = &[(1, 10), (2, 10)];

fn index() -> StorageIndex {
    StorageIndex::from(SUBNET)
}

/// Returns the rows of the subnet as an epoch reads them.
fn rows() -> Vec<Vec<(u16, u16)>> {
    Weights::rows(SUBNET, &Tables::seats(SUBNET)).iter().map(|row| pairs(&row.entries)).collect()
}

#[test]
fn taking_a_seat_counts_as_an_update() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_block(7);
        seat(SUBNET, STRANGER);
        assert_eq!(LastUpdates::<Test>::get(index()), vec![0, 0, 0, 0, 7]);
    });
}

#[test]
fn a_replaced_neuron_leaves_nothing_behind() {
    ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        assert_ok!(set_weights(BOB, SUBNET, VECTOR));
        set(SUBNET, |parameters| parameters.commit_reveal = true);
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(9);
        replace(SUBNET, 1, STRANGER);
        assert_eq!(stored(SUBNET, 1), None);
        assert!(!Commits::<Test>::contains_key(index(), BOB));
        assert!(Commits::<Test>::contains_key(index(), ALICE));
        assert_eq!(LastUpdates::<Test>::get(index()), vec![1, 9, 0, 0]);
    });
}

#[test]
fn weights_toward_a_replaced_neuron_are_zero_from_then_on() {
    ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        run_to_block(5);
        assert_ok!(set_weights(ALICE, SUBNET, VECTOR));
        assert_eq!(rows()[0], [(1, 65_535), (2, 65_535)]);
        run_to_block(8);
        replace(SUBNET, 1, STRANGER);
        assert_eq!(rows()[0], [(1, 0), (2, 65_535)]);
        assert_eq!(stored(SUBNET, 0), Some(vec![(1, 65_535), (2, 65_535)]), "nothing was visited");
        run_to_block(9);
        assert_ok!(set_weights(ALICE, SUBNET, VECTOR));
        assert_eq!(rows()[0], [(1, 65_535), (2, 65_535)]);
    });
}

#[test]
fn weights_of_the_block_in_which_a_neuron_registers_do_not_rate_it_whichever_came_first() {
    ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        run_to_block(5);
        assert_ok!(set_weights(ALICE, SUBNET, VECTOR));
        replace(SUBNET, 1, STRANGER);
        assert_ok!(set_weights(HOTKEYS[3], SUBNET, VECTOR));
        assert_eq!(rows()[0], [(1, 0), (2, 65_535)]);
        assert_eq!(rows()[3], [(1, 0), (2, 65_535)]);
        set(SUBNET, |parameters| parameters.commit_reveal = true);
        run_to_block(6);
        assert_ok!(commit(HOTKEYS[3], SUBNET, VECTOR));
        assert_eq!(rows()[3], [(1, 0), (2, 65_535)], "a later commit does not bring it back");
    });
}

#[test]
fn a_hotkey_swap_keeps_weights_and_deletes_commits() {
    let builder = ExtBuilder::default().parameters(|parameters| parameters.weights_set_rate_limit = 0);
    builder.build_and_execute(|| {
        assert_ok!(set_weights(ALICE, SUBNET, VECTOR));
        assert_ok!(set_weights(BOB, SUBNET, &[(0, 1)]));
        set(SUBNET, |parameters| parameters.commit_reveal = true);
        run_to_block(9);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        swap(SUBNET, 0, STRANGER);
        assert_eq!(rows()[..2], [vec![(1, 65_535), (2, 65_535)], vec![(0, 65_535)]]);
        assert_eq!(LastUpdates::<Test>::get(index()), vec![9, 1, 0, 0]);
        assert_eq!(Commits::<Test>::iter().count(), 0);
        run_to_block(10);
        assert_noop!(reveal(STRANGER, SUBNET, VECTOR), crate::Error::<Test>::NoWeightsCommitFound);
    });
}

/// Makes a row and a queue for each neuron of the subnet, and ends the subnet.
fn ended_subnet() {
    set(SUBNET, |parameters| parameters.weights_set_rate_limit = 0);
    for hotkey in HOTKEYS {
        set(SUBNET, |parameters| parameters.commit_reveal = false);
        assert_ok!(set_weights(hotkey, SUBNET, VECTOR));
        set(SUBNET, |parameters| parameters.commit_reveal = true);
        assert_ok!(commit(hotkey, SUBNET, VECTOR));
    }
    end(SUBNET);
}

fn left() -> usize {
    Rows::<Test>::iter_prefix(index()).count() + Commits::<Test>::iter_prefix(index()).count()
}

#[test]
fn nothing_works_on_a_subnet_that_has_ended_even_before_it_is_removed() {
    ExtBuilder::default().build_and_execute(|| {
        ended_subnet();
        run_to_block(4);
        assert_noop!(set_weights(ALICE, SUBNET, VECTOR), crate::Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(commit(ALICE, SUBNET, VECTOR), crate::Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(reveal(ALICE, SUBNET, VECTOR), crate::Error::<Test>::SubNetworkDoesNotExist);
        assert_eq!(Weights::pending_commits(SUBNET, &Tables::seats(SUBNET)), None);
        assert_eq!(left(), 8);
    });
}

#[test]
fn an_ended_subnet_is_removed_a_page_at_a_time() {
    ExtBuilder::default().root().build_and_execute(|| {
        let other = NetUid::new(2);
        seat(other, ALICE);
        permit(other, ALICE);
        set(other, |parameters| parameters.commit_reveal = false);
        run_to_block(101);
        assert_ok!(set_weights(ALICE, other, &[(0, 1)]));
        ended_subnet();
        let entry = <Test as crate::Config>::WeightInfo::remove_entry();
        let page = || {
            let mut meter = WeightMeter::with_limit(entry * 3);
            let progress = Weights::remove_page(SUBNET, &mut meter);
            assert!(meter.consumed().all_lte(entry * 3));
            (progress, left())
        };
        assert_eq!(Weights::remove_page(SUBNET, &mut WeightMeter::with_limit(Weight::zero())), CleanupProgress::More);
        assert_eq!(left(), 8);
        assert_eq!(page(), (CleanupProgress::More, 5));
        next_block();
        assert_eq!(page(), (CleanupProgress::More, 2));
        assert_eq!(page(), (CleanupProgress::Done, 0));
        assert!(!LastUpdates::<Test>::contains_key(index()));
        assert_eq!(page(), (CleanupProgress::Done, 0));
        assert_eq!(stored(other, 0), Some(vec![(0, 65_535)]), "another subnet keeps its rows");

        clear(SUBNET);
        create(SUBNET, Parameters::default());
        seat(SUBNET, BOB);
        assert_eq!(LastUpdates::<Test>::get(index()), vec![102]);
    });
}

/// Checks that storage and commit hashes use the netuid as index, while each network has one matrix.
#[test]
fn a_matrix_is_known_by_the_number_of_its_network() {
    use codec::Encode;
    for number in [0, 1, 300, u16::MAX] {
        let netuid = NetUid::new(number);
        assert_eq!(StorageIndex::from(netuid).netuid(), netuid);
        assert_eq!(StorageIndex::from(netuid).encode(), netuid.encode());
    }
    let hash = commit_hash(&ALICE, StorageIndex::from(SUBNET), &[Uid::new(1)], &[2], &[3], 4);
    let preimage = (ALICE, SUBNET, vec![1_u16], vec![2_u16], vec![3_u16], 4_u64).encode();
    assert_eq!(hash, H256(sp_io::hashing::blake2_256(&preimage)));
}
