//! Pools to which no neuron has a claim are recycled. spec tokenomics §6.2, step 5; yuma §4
//!
//! The row of the table with dividends but no incentives cannot come out of the consensus, which earns dividends by
//! bonds on miners with incentive; the division itself is tested with it in `myelin-economics`.

use super::*;
use myelin_records::epoch::EpochRecord;

/// Runs an epoch that divides 100 rao, and returns the payments to neurons.
fn paid_of_a_hundred() -> Vec<(u64, u64, u64)> {
    freeze_pending(1, 100);
    payments();
    run_to_epoch(1);
    assert_eq!(last_epoch(1).emission, rao(100));
    payments().into_iter().map(|(_, hotkey, mining, validating)| (hotkey, mining, validating)).collect()
}

#[test]
fn incentive_and_dividend() {
    owned_subnet().build_and_execute(|| {
        rated_miner();
        assert_eq!(paid_of_a_hundred(), [(10, 0, 41), (11, 41, 0)]);
    });
}

/// Returns the rao that the last block recycled, and the parts of the last epoch for miners and validators.
fn outcome() -> [u64; 3] {
    let amount = |event| match event {
        Event::EmissionRecycled { amount, netuid: SUBNET } => amount.rao(),
        _ => 0,
    };
    let EpochRecord { miners, validators, .. } = last_epoch(1);
    [events().into_iter().map(amount).sum(), miners.rao(), validators.rao()]
}

#[test]
fn incentive_but_no_dividend_recycles_the_validators_pool() {
    // Bonds whose moving average keeps all of the past never arise.
    let frozen_bonds = Parameters { bonds_moving_average: 1_000_000, ..with_tempo(9) };
    ExtBuilder::default().balance(OWNER, TAO).subnet(1, Some(OWNER), frozen_bonds).build_and_execute(|| {
        rated_miner();
        assert_eq!(paid_of_a_hundred(), [(11, 41, 0)]);
        assert_eq!(outcome(), [41, 41, 0]);
    });
}

#[test]
fn stake_that_rates_no_miner_is_not_paid() {
    owned_subnet().build_and_execute(|| {
        for (hotkey, stake) in [(10, 300), (11, 100), (12, 0)] {
            take_seat(1, hotkey);
            add_stake(hotkey, stake * TAO);
        }
        // No neuron holds a permit before the first epoch.
        assert_eq!((paid_of_a_hundred(), outcome()), (vec![], [82, 0, 0]));
        // Both neurons with stake have permits now. One sends an empty vector, and the other nothing.
        assert_eq!([0, 1].map(|uid| Emission::neurons(SUBNET)[uid].permit), [true; 2]);
        next_block();
        set_weights(1, 1, &[]);
        assert_eq!((paid_of_a_hundred(), outcome()), (vec![], [82, 0, 0]));
        assert!(Emission::neurons(SUBNET).iter().all(|record| !record.active));
    });
}

#[test]
fn a_silent_majority_leaves_the_pay_to_those_that_vote() {
    owned_subnet().build_and_execute(|| {
        for (hotkey, stake) in [(10, 40), (11, 60), (12, 0)] {
            take_seat(1, hotkey);
            add_stake(hotkey, stake * TAO);
        }
        run_to_epoch(1);
        next_block();
        set_weights(1, 0, &[(2, 1)]);
        assert_eq!(paid_of_a_hundred(), [(10, 0, 41), (12, 41, 0)]);
        assert_eq!(
            Emission::neurons(SUBNET).iter().map(|record| record.active).collect::<Vec<_>>(),
            [true, false, false]
        );
    });
}

#[test]
fn a_vote_of_less_than_a_third_of_the_stake_pays_no_neuron() {
    for (stake, expected) in [(33, [82, 0, 0]), (34, [0, 41, 41])] {
        owned_subnet().build_and_execute(|| {
            for (hotkey, stake) in [(10, stake), (11, 100 - stake), (12, 0)] {
                take_seat(1, hotkey);
                add_stake(hotkey, stake * TAO);
            }
            run_to_epoch(1);
            next_block();
            set_weights(1, 0, &[(2, 1)]);
            paid_of_a_hundred();
            assert_eq!(outcome(), expected);
        });
    }
}

#[test]
fn a_call_without_a_new_row_counts_toward_the_quorum_alone() {
    let short = Parameters { activity_cutoff: 14, ..with_tempo(9) };
    for (heard, expected) in [(false, [0, 41, 41]), (true, [82, 0, 0])] {
        ExtBuilder::default().balance(OWNER, TAO).subnet(1, Some(OWNER), short.clone()).build_and_execute(|| {
            for (hotkey, stake) in [(10, 33), (11, 67), (12, 0)] {
                take_seat(1, hotkey);
                add_stake(hotkey, stake * TAO);
            }
            run_to_epoch(1);
            next_block();
            for validator in [0, 1] {
                set_weights(1, validator, &[(2, 1)]);
            }
            run_to_epoch(1);
            next_block();
            set_weights(1, 0, &[(2, 1)]);
            if heard {
                touch(1, 1);
            }
            // The row of the second validator is 19 blocks old.
            paid_of_a_hundred();
            assert_eq!(outcome(), expected);
            assert!(!Emission::neurons(SUBNET)[1].active);
        });
    }
}

#[test]
fn without_neurons_both_pools_are_recycled_and_the_owner_is_paid() {
    owned_subnet().build_and_execute(|| {
        freeze_pending(1, 100);
        let issuance = Emission::total_issuance();
        run_to_epoch(1);
        let recycled = Event::EmissionRecycled { netuid: SUBNET, amount: rao(82) };
        let run = Event::EpochRun {
            netuid: SUBNET,
            emission: rao(100),
            owner_cut: rao(18),
            miners: Amount::ZERO,
            validators: Amount::ZERO,
        };
        assert_eq!(events(), [recycled, run]);
        assert_eq!(Balances::free_balance(OWNER), TAO + 18);
        assert_eq!(Emission::total_issuance(), issuance.checked_sub(rao(82)).unwrap());
        assert_eq!(pending(1), 0);
    });
}

#[test]
fn without_neurons_and_owner_everything_is_recycled_and_minted_again_later() {
    ExtBuilder::default().subnet(1, None, with_tempo(9)).build_and_execute(|| {
        run_to_block(7);
        assert_eq!(Emission::total_issuance(), Amount::ZERO);
        run_to_block(10);
        assert_eq!(Emission::total_issuance(), rao(3 * TAO));
    });
}
