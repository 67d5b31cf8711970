//! The reads for clients.

use super::*;
use crate::types::{DueEpoch, SubnetEmission};
use frame_support::BoundedVec;
use myelin_economics::{
    issuance::{MAX_SUPPLY, NextHalving},
    root::Share,
};
use myelin_primitives::Entry;
use myelin_records::{epoch::NeuronRecord, info::IssuanceInfo};

#[test]
fn how_much_there_is_and_how_far_the_next_halving() {
    ExtBuilder::default().balance(99, 10_500_000_000_000_000 - 10 * TAO).build_and_execute(|| {
        run_to_block(4);
        assert_eq!(
            Emission::issuance(),
            IssuanceInfo {
                total: rao(10_500_000_000_000_000 - 7 * TAO),
                staked: Amount::ZERO,
                locked: Amount::ZERO,
                pending: rao(3 * TAO),
                escrowed: Amount::ZERO,
                block_emission: rao(TAO),
                halvings: Some(0),
                next_halving: Some(NextHalving {
                    threshold: rao(10_500_000_000_000_000),
                    missing: rao(7 * TAO),
                    blocks: 7,
                }),
            }
        );
        run_to_block(11);
        assert_eq!(Emission::issuance().block_emission, rao(TAO / 2));
        assert_eq!(Emission::issuance().next_halving.unwrap().blocks, 10_500_000);
    });
    ExtBuilder::default().balance(99, MAX_SUPPLY.rao()).build_and_execute(|| {
        assert_eq!(Emission::issuance().block_emission, Amount::ZERO);
        assert_eq!(Emission::issuance().next_halving, None);
    });
}

#[test]
fn the_issuance_has_its_parts() {
    ExtBuilder::default().balance(99, 10_500_000 * TAO).build_and_execute(|| {
        add_stake(10, 3 * TAO);
        create_subnet(2, None, 5 * TAO, Parameters::default());
        let issuance = Emission::issuance();
        assert_eq!((issuance.staked, issuance.locked), (rao(3 * TAO), rao(5 * TAO)));
        assert_eq!(issuance.total, rao(10_500_008 * TAO));
        assert_eq!((issuance.halvings, issuance.block_emission), (Some(1), rao(TAO / 2)));
    });
}

#[test]
fn how_far_the_next_epoch_is() {
    ExtBuilder::default().subnet(1, None, with_tempo(9)).build_and_execute(|| {
        let left = |netuid| Emission::blocks_until_epoch(NetUid::new(netuid));
        assert_eq!((left(1), left(0), left(2)), (Some(6), Some(98), None));
        run_to_block(7);
        assert_eq!(left(1), Some(0));
        next_block();
        assert_eq!(left(1), Some(9));
    });
}

#[test]
fn what_a_subnet_earns() {
    ExtBuilder::default().subnet(1, None, with_tempo(9)).subnet(2, None, with_tempo(9)).build_and_execute(|| {
        take_seat(1, 10);
        run_to_block(9);
        let expected = SubnetEmission {
            share: Share::ZERO,
            eligible: true,
            per_block: rao(TAO / 2),
            pending: rao(TAO),
            blocks_until_epoch: Some(8),
            waiting_since: None,
            last_epoch: Some(last_epoch(1)),
        };
        assert_eq!(Emission::earning(SUBNET), Some(expected.clone()));
        Waiting::<Test>::put(BoundedVec::truncate_from(vec![DueEpoch { since: 8, netuid: SUBNET }]));
        assert_eq!(Emission::earning(SUBNET), Some(SubnetEmission { waiting_since: Some(8), ..expected }));
        assert_eq!(Emission::earning(NetUid::new(3)), None);
        assert_eq!(Emission::pending(NetUid::new(3)), Amount::ZERO);
    });
}

#[test]
fn what_is_known_of_neurons() {
    owned_subnet().build_and_execute(|| {
        take_seat(1, 10);
        add_stake(10, TAO);
        assert_eq!(Emission::neurons(SUBNET), [NeuronRecord::FRESH]);
        run_to_epoch(1);
        take_seat(1, 11);
        let records = Emission::neurons(SUBNET);
        assert_eq!(records.len(), 2);
        assert!(records[0].permit);
        assert_eq!(records[1], NeuronRecord::FRESH);
        assert_eq!(Emission::neurons(NetUid::ROOT), []);
    });
}

#[test]
fn who_holds_which_bonds() {
    owned_subnet().build_and_execute(|| {
        rated_miner();
        assert_eq!(Emission::bonds(SUBNET), []);
        run_to_epoch(1);
        assert_eq!(Emission::bonds(SUBNET), [(Uid::new(0), vec![Entry::new(Uid::new(1), 6_553)])]);
    });
}
