//! The reads for epochs and clients. spec weights §11

use crate::{mock::*, traits::ReadWeights};
use frame_support::assert_ok;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_primitives::{NetUid, Uid};
use myelin_records::{
    seat::Seat,
    weights::{RevealWindow, StorageIndex},
};

const VECTOR: &[(u16, u16)] = &[(1, 10), (2, 0), (3, 10)];

#[test]
fn an_epoch_reads_one_row_and_one_update_per_seat() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_block(6);
        assert_ok!(set_weights(BOB, SUBNET, VECTOR));
        let seats = Tables::seats(SUBNET);
        let rows = Weights::rows(SUBNET, &seats);
        let entries: Vec<_> = rows.iter().map(|row| pairs(&row.entries)).collect();
        assert_eq!(entries, [vec![], vec![(1, 65_535), (2, 0), (3, 65_535)], vec![], vec![]]);
        assert_eq!(rows.iter().map(|row| row.fixed_at).collect::<Vec<_>>(), [0, 6, 0, 0]);
        assert_eq!(Weights::last_updates(SUBNET, &seats), [0, 6, 0, 0]);
        assert_eq!(Weights::rows(SUBNET, &seats[..2]).len(), 2);
        assert!(Weights::last_updates(SUBNET, &[]).is_empty());
    });
}

#[test]
fn a_seat_without_an_update_counts_from_its_registration() {
    ExtBuilder::default().build_and_execute(|| {
        let mut seats = Tables::seats(SUBNET);
        seats.push(Seat { hotkey: STRANGER, registered_at: 42 });
        assert_eq!(Weights::last_updates(SUBNET, &seats), [0, 0, 0, 0, 42]);
        assert_eq!(Weights::rows(SUBNET, &seats)[4].fixed_at, 42);
    });
}

/// Checks open commits over several epochs. At tempo 5, epochs of subnet 1 begin in blocks 4, 10, 16 and so on.
#[test]
fn the_earliest_commit_that_is_not_over_is_pending() {
    let builder = ExtBuilder::default().commit_reveal();
    builder.parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        let pending = || Weights::pending_commits(SUBNET, &Tables::seats(SUBNET));
        assert_eq!(pending(), Some(vec![None; 4]));
        run_to_block(5);
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        run_to_block(10);
        assert_ok!(commit(BOB, SUBNET, VECTOR));
        run_to_block(15);
        assert_eq!(pending(), Some(vec![None, Some(5), None, None]));
        run_to_block(16);
        assert_eq!(pending(), Some(vec![None, Some(10), None, None]));
        assert_ok!(reveal(BOB, SUBNET, VECTOR));
        assert_eq!(pending(), Some(vec![None; 4]));
        set(SUBNET, |parameters| parameters.commit_reveal = false);
        assert_eq!(pending(), None);
        assert_eq!(Weights::pending_commits(NetUid::new(9), &[]), None);
        assert_eq!(Weights::pending_commits(NetUid::ROOT, &[]), None);
    });
}

#[test]
fn views_show_what_the_next_epoch_will_read() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_block(6);
        assert_ok!(set_weights(HOTKEYS[3], SUBNET, VECTOR));
        assert_ok!(set_weights(BOB, SUBNET, VECTOR));
        let neuron = |uid| pairs(&Weights::neuron_weights(SUBNET, Uid::new(uid)));
        assert_eq!(neuron(1), [(1, 65_535), (3, 65_535)]);
        assert_eq!(neuron(0), []);
        run_to_block(7);
        replace(SUBNET, 3, STRANGER);
        assert_eq!(neuron(1), [(1, 65_535)]);
        let network = Weights::network_weights(SUBNET);
        let network: Vec<_> = network.iter().map(|(uid, row)| (uid.get(), pairs(row))).collect();
        assert_eq!(network, [(1, vec![(1, 65_535), (2, 0), (3, 0)])]);
        assert!(Weights::network_weights(NetUid::new(9)).is_empty());
    });
}

#[test]
fn the_weights_of_a_network_come_in_the_order_of_uids() {
    ExtBuilder::default().build_and_execute(|| {
        for number in 4..256_u16 {
            let hotkey = 100 + u64::from(number);
            seat(SUBNET, hotkey);
            permit(SUBNET, hotkey);
        }
        run_to_block(101);
        for uid in (0..256).rev() {
            let hotkey = Tables::hotkey(SUBNET, Uid::new(uid)).unwrap();
            assert_ok!(set_weights(hotkey, SUBNET, &[(uid, 1)]));
        }
        let uids: Vec<_> = Weights::network_weights(SUBNET).iter().map(|(uid, _)| uid.get()).collect();
        assert_eq!(uids, (0..256).collect::<Vec<_>>());
    });
}

#[test]
fn votes_on_root_are_shown_like_weights() {
    ExtBuilder::default().root().build_and_execute(|| {
        let (dests, values) = (vec![NetUid::new(3), SUBNET].try_into().unwrap(), vec![1, 1].try_into().unwrap());
        let origin = RuntimeOrigin::signed(coldkey_of(ALICE));
        assert_ok!(Weights::set_root_weights(origin, NetUid::ROOT, ALICE, dests, values, 0));
        end(SUBNET);
        assert_eq!(pairs(&Weights::neuron_weights(NetUid::ROOT, Uid::new(0))), [(3, 65_535)]);
        let network = Weights::network_weights(NetUid::ROOT);
        assert_eq!(pairs(&network[0].1), [(3, 65_535), (1, 0)]);
    });
}

#[test]
fn commits_are_shown_with_their_windows() {
    let builder = ExtBuilder::default().commit_reveal();
    builder.parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        let shown = || {
            let views = Weights::commits_of(SUBNET, &ALICE);
            views.iter().map(|view| (view.block, view.reveal_from, view.reveal_until)).collect::<Vec<_>>()
        };
        assert_eq!(shown(), []);
        run_to_block(5);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        run_to_block(11);
        assert_ok!(commit(ALICE, SUBNET, VECTOR));
        assert_eq!(shown(), [(5, 10, 15), (11, 16, 21)]);
        assert_eq!(Weights::commits_of(SUBNET, &ALICE)[0].hash, hash(ALICE, SUBNET, VECTOR, 0));
        assert_eq!(Weights::reveal_window(SUBNET, 11), Some(RevealWindow { first: 16, last: 21 }));
        run_to_block(16);
        assert_eq!(shown(), [(11, 16, 21)], "what is over is not shown");
        set(SUBNET, |parameters| parameters.reveal_period_epochs = 2);
        assert_eq!(shown(), [(11, 16, 21)]);
        assert_eq!(Weights::reveal_window(SUBNET, 11), Some(RevealWindow { first: 22, last: 27 }));
        assert_eq!(Weights::commits_of(NetUid::new(9), &ALICE), []);
        assert_eq!(Weights::reveal_window(NetUid::new(9), 11), None);
    });
}

#[test]
fn a_neuron_that_is_not_on_the_list_of_updates_waits() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_block(3);
        assert_eq!(Weights::last_update(StorageIndex::from(SUBNET), Uid::new(200)), 3);
    });
}
