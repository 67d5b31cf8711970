//! Records and bonds when seats are replaced. spec subnets-and-neurons §10

use super::*;
use myelin_pallet_neurons::traits::{OnSeat, ReadScores};
use myelin_pallet_weights::traits::ReadPermits;
use myelin_records::epoch::NeuronRecord;

fn row(uid: u16) -> Vec<u16> {
    Bonds::<Test>::get(SUBNET, Uid::new(uid)).into_iter().map(|bond| bond.uid.get()).collect()
}

/// Seats a validator and a miner, and runs the epoch in which the validator gets bonds on the miner.
fn bonded() {
    rated_miner();
    run_to_epoch(1);
    next_block();
    assert_eq!(row(0), [1]);
}

#[test]
fn a_fresh_seat_has_nothing() {
    owned_subnet().build_and_execute(|| {
        bonded();
        let uid = take_seat(1, 12);
        assert_eq!(Emission::neurons(SUBNET)[usize::from(uid)], NeuronRecord::FRESH);
        assert_eq!(Emission::of_neurons(SUBNET).len(), 2, "what is missing reads as nothing");
        assert!(!Emission::has_permit(SUBNET, uid));
    });
}

#[test]
fn a_replaced_validator_leaves_neither_permit_nor_bonds_nor_outputs() {
    owned_subnet().build_and_execute(|| {
        bonded();
        let miner = Emission::neurons(SUBNET)[1];
        replace_seat(1, Uid::new(0), 12);
        assert_eq!(Emission::neurons(SUBNET), [NeuronRecord::FRESH, miner]);
        assert_eq!(Emission::of_neurons(SUBNET)[0], Amount::ZERO);
        assert!(!Emission::has_permit(SUBNET, Uid::new(0)));
        assert!(!Bonds::<Test>::contains_key(SUBNET, Uid::new(0)));
    });
}

#[test]
fn a_replaced_miner_inherits_no_bonds_of_validators() {
    owned_subnet().build_and_execute(|| {
        bonded();
        replace_seat(1, Uid::new(1), 12);
        assert_eq!(row(0), [1], "the row stays until the epoch");
        run_to_epoch(1);
        assert!(row(0).is_empty());
        assert_eq!(Emission::neurons(SUBNET)[1].incentive, 0, "weights from before it came do not count");
        // After a new rating it earns, and the bond begins from nothing.
        next_block();
        set_weights(1, 0, &[(1, 1)]);
        run_to_epoch(1);
        assert_eq!(row(0), [1]);
        assert_eq!(Bonds::<Test>::get(SUBNET, Uid::new(0))[0].value, 6_553);
    });
}

#[test]
fn bonds_grow_with_every_epoch() {
    owned_subnet().build_and_execute(|| {
        bonded();
        let bond = || Bonds::<Test>::get(SUBNET, Uid::new(0))[0].value;
        let first = bond();
        run_to_epoch(1);
        assert!(bond() > first);
    });
}

#[test]
fn seats_of_root_and_unknown_seats_leave_no_trace() {
    owned_subnet().build_and_execute(|| {
        take_seat(0, 100);
        replace_seat(0, Uid::new(0), 101);
        <Emission as OnSeat<_>>::replaced(NetUid::new(9), Uid::new(3), &1, &2);
        assert_eq!(Neurons::<Test>::iter().count(), 0);
        assert_eq!(Bonds::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_seat_taken_since_the_last_epoch_can_be_replaced() {
    owned_subnet().build_and_execute(|| {
        bonded();
        let before = Neurons::<Test>::get(SUBNET);
        let uid = take_seat(1, 12);
        replace_seat(1, uid, 13);
        assert_eq!(Neurons::<Test>::get(SUBNET), before);
    });
}

#[test]
fn a_swapped_hotkey_keeps_what_its_seat_has() {
    owned_subnet().build_and_execute(|| {
        bonded();
        let before = (Neurons::<Test>::get(SUBNET), row(0));
        <Emission as OnSeat<_>>::hotkey_swapped(SUBNET, Uid::new(0), &10, &20);
        assert_eq!((Neurons::<Test>::get(SUBNET), row(0)), before);
    });
}
