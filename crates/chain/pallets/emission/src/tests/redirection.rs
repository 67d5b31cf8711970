//! The redirection of a pool to which no neuron has a claim. spec tokenomics §6.2, step 5
//!
//! The row of the table with dividends but no incentives cannot come out of the consensus, which earns dividends by
//! bonds on miners with incentive; the division itself is tested with it in `myelin-economics`.

use super::*;

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

#[test]
fn incentive_but_no_dividend_pays_both_pools_for_mining() {
    // Bonds whose moving average keeps all of the past never arise.
    let frozen_bonds = Parameters { bonds_moving_average: 1_000_000, ..with_tempo(9) };
    ExtBuilder::default().balance(OWNER, TAO).subnet(1, Some(OWNER), frozen_bonds).build_and_execute(|| {
        rated_miner();
        assert_eq!(paid_of_a_hundred(), [(11, 82, 0)]);
        assert_eq!((last_epoch(1).miners, last_epoch(1).validators), (rao(82), Amount::ZERO));
    });
}

#[test]
fn neither_pays_active_validators_by_stake() {
    owned_subnet().build_and_execute(|| {
        for (hotkey, stake) in [(10, 300), (11, 100), (12, 0)] {
            take_seat(1, hotkey);
            add_stake(hotkey, stake * TAO);
        }
        run_to_epoch(1);
        // Both neurons have permits and are active, but neither rates the other.
        next_block();
        let [first, second] = [10, 11].map(stake_on);
        let expected = 82 * second / (first + second);
        assert_eq!(paid_of_a_hundred(), [(10, 0, 82 - expected), (11, 0, expected)]);
        assert_eq!((last_epoch(1).miners, last_epoch(1).validators), (Amount::ZERO, rao(82)));
    });
}

#[test]
fn only_the_stake_of_active_validators_counts_if_there_is_any() {
    let short = Parameters { activity_cutoff: 12, ..with_tempo(9) };
    ExtBuilder::default().balance(OWNER, TAO).subnet(1, Some(OWNER), short).build_and_execute(|| {
        for hotkey in [10, 11] {
            take_seat(1, hotkey);
            add_stake(hotkey, 100 * TAO);
        }
        run_to_epoch(1);
        next_block();
        // An empty vector keeps the validator active, but rates no miner.
        set_weights(1, 1, &[]);
        assert_eq!(paid_of_a_hundred(), [(11, 0, 82)]);
        let active: Vec<bool> = Emission::neurons(SUBNET).iter().map(|record| record.active).collect();
        assert_eq!(active, [false, true]);
    });
}

#[test]
fn stake_without_permit_or_activity_is_paid_when_there_is_no_other() {
    let short = Parameters { activity_cutoff: 1, ..with_tempo(9) };
    ExtBuilder::default().balance(OWNER, TAO).subnet(1, Some(OWNER), short).build_and_execute(|| {
        for (hotkey, stake) in [(10, 3), (11, 1), (12, 0)] {
            take_seat(1, hotkey);
            add_stake(hotkey, stake);
        }
        // No neuron holds a permit before the first epoch.
        assert_eq!(paid_of_a_hundred(), [(10, 0, 62), (11, 0, 20)]);
        // In the next epoch permits exist, but no neuron is active.
        assert!(Emission::neurons(SUBNET)[0].permit);
        assert_eq!(paid_of_a_hundred(), [(10, 0, 62), (11, 0, 20)]);
    });
}

#[test]
fn no_stake_pays_everybody_the_same_for_mining() {
    owned_subnet().build_and_execute(|| {
        for hotkey in [10, 11, 12] {
            take_seat(1, hotkey);
        }
        assert_eq!(paid_of_a_hundred(), [(10, 28, 0), (11, 27, 0), (12, 27, 0)]);
    });
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
