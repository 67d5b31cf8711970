//! The state that an epoch reads and stores: permits, bonds, records. spec yuma §2, §3.13, §3.14

use super::*;
use myelin_pallet_weights::traits::ReadPermits;
use myelin_primitives::{BlockNumber, Entry, Fraction};
use myelin_records::{epoch::NeuronRecord, parameters::AlphaValues};
use myelin_yuma::{Bonds as Form, EpochOutcome, LiquidAlpha, Params, Snapshot, Stake};

fn bonds_of(uid: u16) -> Vec<(u16, u16)> {
    Bonds::<Test>::get(SUBNET, Uid::new(uid)).into_iter().map(Into::into).collect()
}

/// Seats two validators with permits on 0 and 1, and the two miners that they rate on 2 and 3. Runs one epoch.
fn two_validators() {
    for hotkey in [10, 11, 12, 13] {
        take_seat(1, hotkey);
    }
    add_stake(10, 600 * TAO);
    add_stake(11, 400 * TAO);
    run_to_epoch(1);
    next_block();
    set_weights(1, 0, &[(2, 3), (3, 1)]);
    set_weights(1, 1, &[(2, 1), (3, 1)]);
    payments();
}

/// Computes the epoch of subnet 1 by the function, from the tables and the storage as they are now.
fn expected(block: BlockNumber, params: &Params, rows: &[&[(u16, u16)]], updates: &[BlockNumber]) -> EpochOutcome {
    let hotkeys = [10, 11, 12, 13];
    let stakes = hotkeys.map(|hotkey| Stake::from(rao(stake_on(hotkey))));
    let rows: Vec<Vec<Entry>> = rows.iter().map(|row| row.iter().copied().map(Entry::from).collect()).collect();
    let bonds: Vec<Vec<Entry>> = (0..4).map(|uid| Bonds::<Test>::get(SUBNET, Uid::new(uid)).into_inner()).collect();
    let permits: Vec<bool> = Emission::neurons(SUBNET).iter().map(|record| record.permit).collect();
    let mut outcome = myelin_yuma::epoch(
        &Snapshot {
            block,
            last_epoch_block: Some(last_epoch(1).block),
            emission: rao(82),
            owner: None,
            stake: &stakes,
            registered_at: &[1; 4],
            last_update: updates,
            weights: &rows,
            bonds: &bonds,
            permits: &permits,
            commit_blocks: None,
        },
        params,
    );
    // Both neurons with weights have an opinion, so those with a permit vote.
    outcome.active.iter_mut().zip(permits).for_each(|(active, permit)| *active &= permit);
    outcome
}

fn assert_stored(outcome: &EpochOutcome) {
    let records = Emission::neurons(SUBNET);
    let of = |field: fn(&NeuronRecord) -> u16| records.iter().map(field).collect::<Vec<_>>();
    assert_eq!(of(|record| record.stake_weight), outcome.stake_weight);
    assert_eq!(of(|record| record.consensus), outcome.consensus);
    assert_eq!(of(|record| record.validator_trust), outcome.validator_trust);
    assert_eq!(of(|record| record.incentive), outcome.incentive);
    assert_eq!(of(|record| record.dividends), outcome.dividends);
    assert_eq!(records.iter().map(|record| record.active).collect::<Vec<_>>(), outcome.active);
    assert_eq!(records.iter().map(|record| record.permit).collect::<Vec<_>>(), outcome.permits);
    for (uid, row) in (0..).map(Uid::new).zip(&outcome.bonds) {
        assert_eq!(Bonds::<Test>::get(SUBNET, uid).as_slice(), row);
        assert_eq!(Bonds::<Test>::contains_key(SUBNET, uid), !row.is_empty(), "no row is stored empty");
    }
}

/// Runs five epochs and compares the stored records with the function.
fn assert_epochs_follow_the_function(parameters: Parameters, params: &Params) {
    ExtBuilder::default().balance(OWNER, TAO).subnet(1, Some(OWNER), parameters).build_and_execute(|| {
        two_validators();
        let set_at = System::block_number();
        for _ in 0..5 {
            freeze_pending(1, 100);
            let rows: &[&[(u16, u16)]] = &[&[(2, 3), (3, 1)], &[(2, 1), (3, 1)], &[], &[]];
            let next = System::block_number() + Emission::blocks_until_epoch(SUBNET).unwrap();
            let outcome = expected(next, params, rows, &[set_at, set_at, 1, 1]);
            assert!(outcome.incentive[2] > 0 && outcome.dividends[0] > 0);
            run_to_epoch(1);
            assert_eq!(System::block_number(), next);
            assert_stored(&outcome);
        }
    });
}

#[test]
fn the_chain_stores_what_the_function_finds() {
    let params = Params { tempo: 9, ..Params::default() };
    assert_epochs_follow_the_function(with_tempo(9), &params);
}

#[test]
fn every_parameter_reaches_the_function() {
    let parameters = Parameters {
        kappa: 40_000,
        activity_cutoff: 400,
        max_allowed_validators: 1,
        bonds_penalty: 30_000,
        bonds_moving_average: 700_000,
        liquid_alpha: true,
        alpha_values: AlphaValues { low: 20_000, high: 60_000 },
        alpha_sigmoid_steepness: 500,
        ..with_tempo(9)
    };
    let params = Params {
        kappa: Fraction::from_u16(40_000),
        activity_cutoff: 400,
        max_allowed_validators: 1,
        stake_threshold: 0,
        tempo: 9,
        bonds_penalty: Fraction::from_u16(30_000),
        bonds_moving_average: Fraction::from_ppm(700_000).unwrap(),
        bonds: Form::PerPair {
            liquid_alpha: Some(LiquidAlpha {
                low: Fraction::from_u16(20_000),
                high: Fraction::from_u16(60_000),
                steepness: 500,
            }),
        },
    };
    assert_epochs_follow_the_function(parameters.clone(), &params);
    let classic = Parameters { yuma3: false, ..parameters };
    assert_epochs_follow_the_function(classic, &Params { bonds: Form::Classic, ..params });
}

#[test]
fn the_stake_threshold_reaches_the_function() {
    owned_subnet().build_and_execute(|| {
        two_validators();
        set_network(|network| network.stake_threshold = rao(500 * TAO));
        freeze_pending(1, 0);
        run_to_epoch(1);
        let weights: Vec<u16> = Emission::neurons(SUBNET).iter().map(|record| record.stake_weight).collect();
        assert_eq!(weights, [u16::MAX, 0, 0, 0]);
        assert!(!Emission::has_permit(SUBNET, Uid::new(1)));
    });
}

#[test]
fn the_owner_has_no_say_without_stake() {
    owned_subnet().build_and_execute(|| {
        take_seat(1, OWNER);
        take_seat(1, 10);
        add_stake(10, TAO);
        run_to_epoch(1);
        assert!(!Emission::has_permit(SUBNET, Uid::new(0)));
        assert!(Emission::has_permit(SUBNET, Uid::new(1)));
    });
}

#[test]
fn a_validator_that_loses_its_permit_is_paid_once_more_and_loses_its_bonds() {
    let one = Parameters { max_allowed_validators: 1, ..with_tempo(9) };
    ExtBuilder::default().subnet(1, None, one).build_and_execute(|| {
        two_validators();
        run_to_epoch(1);
        assert!(!bonds_of(0).is_empty());
        assert!(bonds_of(1).is_empty());
        add_stake(11, 10_000 * TAO);
        payments();
        run_to_epoch(1);
        assert!(payments().iter().any(|(_, hotkey, _, validating)| *hotkey == 10 && *validating > 0));
        assert!(bonds_of(0).is_empty());
        assert_eq!([0, 1].map(|uid| Emission::has_permit(SUBNET, Uid::new(uid))), [false, true]);
    });
}

#[test]
fn weights_committed_before_a_miner_came_do_not_count_for_it() {
    for (commit, incentive) in [(4, false), (5, true), (6, true)] {
        ExtBuilder::default().subnet(1, None, with_tempo(9)).build_and_execute(|| {
            take_seat(1, 10);
            add_stake(10, TAO);
            run_to_block(5);
            take_seat(1, 11);
            run_to_epoch(1);
            next_block();
            set_weights(1, 0, &[(1, 1)]);
            set_commits(&[(1, 0, commit)]);
            run_to_epoch(1);
            assert_eq!(Emission::neurons(SUBNET)[1].incentive > 0, incentive, "committed in block {commit}");
        });
    }
}

#[test]
fn no_permit_before_the_first_epoch_nor_where_nobody_sits() {
    owned_subnet().build_and_execute(|| {
        take_seat(1, 10);
        assert!(!Emission::has_permit(SUBNET, Uid::new(0)));
        add_stake(10, TAO);
        run_to_epoch(1);
        assert!(Emission::has_permit(SUBNET, Uid::new(0)));
        assert!(!Emission::has_permit(SUBNET, Uid::new(1)));
        assert!(!Emission::has_permit(NetUid::new(9), Uid::new(0)));
        assert!(!Emission::has_permit(NetUid::ROOT, Uid::new(0)));
    });
}
