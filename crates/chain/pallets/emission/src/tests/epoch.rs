//! The division of an epoch among owner, miners and validators. spec tokenomics §6.2

use super::*;
use frame_support::traits::fungible::Inspect;
use myelin_records::epoch::EpochRecord;

fn balance(who: u64) -> u64 {
    <Balances as Inspect<_>>::total_balance(&who)
}

/// Runs an epoch of subnet 1 that divides `amount`, and returns the rao for owner, mining and validating.
fn divided(amount: u64) -> [u64; 3] {
    freeze_pending(1, amount);
    run_to_epoch(1);
    let EpochRecord { emission, owner_cut, miners, validators, block } = last_epoch(1);
    assert_eq!((emission, block), (rao(amount), System::block_number()));
    assert_eq!(events(), [Event::EpochRun { netuid: SUBNET, emission, owner_cut, miners, validators }]);
    [owner_cut, miners, validators].map(Amount::rao)
}

#[test]
fn eighteen_forty_one_forty_one() {
    for (amount, expected) in [
        (100, [18, 41, 41]),
        (1, [0, 0, 1]),
        (0, [0, 0, 0]),
        (101, [18, 41, 42]),
        (361 * TAO, [64_980_000_000, 148_010_000_000, 148_010_000_000]),
    ] {
        owned_subnet().build_and_execute(|| {
            let (validator, miner) = rated_miner();
            let before = [OWNER, validator, miner].map(|who| balance(who) + stake_on(who));
            assert_eq!(divided(amount), expected);
            let after = [OWNER, validator, miner].map(|who| balance(who) + stake_on(who));
            let [owner_cut, miners, validators] = expected;
            assert_eq!(after, [before[0] + owner_cut, before[1] + validators, before[2] + miners]);
            let paid = [(1, validator, 0, validators), (1, miner, miners, 0)];
            assert_eq!(payments(), paid.into_iter().filter(|(_, _, m, v)| m + v > 0).collect::<Vec<_>>());
            assert_eq!(pending(1), 0);
        });
    }
}

#[test]
fn the_block_of_the_epoch_counts_for_it() {
    owned_subnet().build_and_execute(|| {
        // Subnet 1 with tempo 9 is due in block 7, and blocks accrue from the second on.
        run_to_epoch(1);
        assert_eq!(System::block_number(), 7);
        assert_eq!(last_epoch(1).emission, rao(6 * TAO));
        run_to_epoch(1);
        assert_eq!(System::block_number(), 17);
        assert_eq!(last_epoch(1).emission, rao(10 * TAO));
    });
}

#[test]
fn the_owner_can_spend_the_cut_and_neurons_have_it_as_stake() {
    owned_subnet().build_and_execute(|| {
        let (validator, miner) = rated_miner();
        let stakes = [validator, miner].map(stake_on);
        let owned = balance(OWNER);
        assert_eq!(divided(1_000), [180, 410, 410]);
        assert_eq!(Balances::free_balance(OWNER), owned + 180);
        assert_eq!([validator, miner].map(stake_on), [stakes[0] + 410, stakes[1] + 410]);
        assert_eq!([validator, miner].map(balance), [0, 0]);
    });
}

#[test]
fn without_an_owner_there_is_no_cut() {
    ExtBuilder::default().subnet(1, None, with_tempo(9)).build_and_execute(|| {
        rated_miner();
        assert_eq!(divided(101), [0, 50, 51]);
    });
}

#[test]
fn governance_may_switch_the_cut_off_or_set_another() {
    owned_subnet().build_and_execute(|| {
        rated_miner();
        set_parameters(1, &ParametersPatch { owner_cut_enabled: Some(false), ..ParametersPatch::default() });
        assert_eq!(divided(100), [0, 50, 50]);
    });
    for (cut, expected) in [(0, [0, 50, 50]), (250_000, [25, 37, 38]), (1_000_000, [100, 0, 0])] {
        owned_subnet().build_and_execute(|| {
            rated_miner();
            set_network(|network| network.subnet_owner_cut = cut);
            assert_eq!(divided(100), expected);
        });
    }
}

#[test]
fn a_cut_too_small_for_a_new_account_goes_to_the_validators() {
    for (amount, expected) in [
        (100, [0, 41, 59]),
        // 18 % of these are one rao below the existential deposit, and the deposit itself.
        (2_777, [0, 1_139, 1_638]),
        (2_778, [500, 1_139, 1_139]),
    ] {
        let nobody = 77;
        let uncut = Parameters { owner_cut_enabled: false, ..with_tempo(9) };
        ExtBuilder::default().subnet(1, Some(nobody), uncut).build_and_execute(|| {
            rated_miner();
            set_parameters(1, &ParametersPatch { owner_cut_enabled: Some(true), ..ParametersPatch::default() });
            assert_eq!(divided(amount), expected);
            assert_eq!(balance(nobody), expected[0]);
        });
    }
}

#[test]
fn a_small_cut_is_paid_to_an_account_that_exists() {
    owned_subnet().build_and_execute(|| {
        rated_miner();
        let before = balance(OWNER);
        assert_eq!(divided(6), [1, 2, 3]);
        assert_eq!(balance(OWNER), before + 1);
    });
}

#[test]
fn remainders_go_to_the_largest_and_the_pool_is_paid_whole() {
    owned_subnet().build_and_execute(|| {
        let miners = [11, 12, 13];
        take_seat(1, 10);
        add_stake(10, 1_000 * TAO);
        for miner in miners {
            take_seat(1, miner);
        }
        run_to_epoch(1);
        next_block();
        set_weights(1, 0, &[(1, 2), (2, 1), (3, 1)]);
        payments();
        let [_, mining, _] = divided(251);
        let paid: Vec<u64> = payments().into_iter().map(|(_, _, mining, _)| mining).filter(|paid| *paid > 0).collect();
        assert_eq!(mining, 103);
        // Halves and quarters of 103 are 51.5 and 25.75; the largest takes the two that are missing.
        assert_eq!(paid, [53, 25, 25]);
    });
}

#[test]
fn what_neurons_are_paid_is_stored_as_their_emission() {
    owned_subnet().build_and_execute(|| {
        rated_miner();
        divided(100);
        let emissions: Vec<_> = Emission::neurons(SUBNET).iter().map(|record| record.emission.rao()).collect();
        assert_eq!(emissions, [41, 41]);
        assert_eq!(
            <Emission as myelin_pallet_neurons::traits::ReadScores>::of_neurons(SUBNET),
            emissions.into_iter().map(rao).collect::<Vec<_>>()
        );
    });
}

#[test]
fn epochs_of_one_block_run_by_netuid_and_children_follow() {
    // Both are due in block 7.
    ExtBuilder::default().subnet(2, None, with_tempo(10)).subnet(1, None, with_tempo(9)).build_and_execute(|| {
        take_seat(1, 10);
        take_seat(2, 20);
        run_to_block(6);
        assert!(activated().is_empty());
        next_block();
        assert_eq!(epochs_run(), [1, 2]);
        assert_eq!(activated(), [1, 2]);
        let recycled = |event| match event {
            Event::EmissionRecycled { netuid, .. } => Some(netuid.get()),
            _ => None,
        };
        assert_eq!(events().into_iter().filter_map(recycled).collect::<Vec<_>>(), [1, 2]);
    });
}

#[test]
fn a_tempo_of_zero_runs_no_epoch() {
    ExtBuilder::default().subnet(1, None, with_tempo(0)).build_and_execute(|| {
        run_to_block(50);
        assert_eq!(Emission::blocks_until_epoch(SUBNET), None);
        assert_eq!(pending(1), 49 * TAO);
    });
}
