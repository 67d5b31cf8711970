//! Minting by blocks, and its division among subnets. spec tokenomics §2 and §5.4

use super::*;
use frame_support::traits::{
    Hooks,
    fungible::{Balanced, Inspect},
    tokens::{Fortitude, Precision, Preservation},
};
use myelin_economics::issuance::MAX_SUPPLY;
use myelin_records::epoch::EmissionAccount;
use sp_runtime::ArithmeticError;

/// The issuance of the first halving. spec tokenomics §2.2
const FIRST_HALVING: u64 = 10_500_000_000_000_000;

const RICH: u64 = 99;

#[test]
fn a_block_mints_one_tao_for_the_only_subnet() {
    ExtBuilder::default().build_and_execute(|| {
        next_block();
        assert_eq!(pending(1), TAO);
        assert_eq!(Emission::total_issuance(), rao(TAO));
        run_to_block(100);
        assert_eq!(pending(1), 99 * TAO);
        assert_eq!(Accrued::<Test>::get().pending, rao(99 * TAO));
    });
}

#[test]
fn a_block_in_which_nothing_changes_writes_only_what_accrued() {
    ExtBuilder::default().subnet(2, None, Parameters::default()).build_and_execute(|| {
        next_block();
        let ledger = Ledger::<Test>::get();
        run_to_block(50);
        assert_eq!(Ledger::<Test>::get(), ledger);
        assert_eq!(accrued_blocks(), 49);
        assert_eq!(pending(1) + pending(2), 49 * TAO);
    });
}

#[test]
fn without_shares_everybody_receives_the_same_and_the_lowest_netuids_the_rest() {
    ExtBuilder::default()
        .subnet(2, None, Parameters::default())
        .subnet(7, None, Parameters::default())
        .build_and_execute(|| {
            next_block();
            assert_eq!([1, 2, 7].map(pending), [333_333_334, 333_333_333, 333_333_333]);
            next_block();
            assert_eq!([1, 2, 7].map(pending), [666_666_668, 666_666_666, 666_666_666]);
        });
}

#[test]
fn a_halving_takes_effect_in_the_block_after_the_threshold_is_passed() {
    ExtBuilder::default()
        .balance(RICH, FIRST_HALVING - TAO * 3 / 2)
        .subnet(2, None, Parameters::default())
        .subnet(3, None, Parameters::default())
        .build_and_execute(|| {
            next_block();
            next_block();
            assert_eq!(Accrued::<Test>::get().emission, rao(TAO));
            assert!(events().is_empty());
            next_block();
            assert_eq!(Accrued::<Test>::get().emission, rao(TAO / 2));
            assert_eq!(events(), [Event::BlockEmissionSet { emission: rao(TAO / 2) }]);
            assert_eq!([1, 2, 3].map(pending), [833_333_335, 833_333_333, 833_333_332]);
            next_block();
            assert!(events().is_empty());
            assert_eq!(Emission::total_issuance(), rao(FIRST_HALVING + TAO * 3 / 2));
        });
}

#[test]
fn the_threshold_itself_is_in_the_next_era() {
    for (below, emission) in [(1, TAO), (0, TAO / 2)] {
        ExtBuilder::default().balance(RICH, FIRST_HALVING - below).build_and_execute(|| {
            next_block();
            assert_eq!(pending(1), emission);
        });
    }
}

#[test]
fn recycling_across_the_threshold_brings_the_earlier_emission_back() {
    ExtBuilder::default().balance(RICH, FIRST_HALVING).build_and_execute(|| {
        next_block();
        assert_eq!(Accrued::<Test>::get().emission, rao(TAO / 2));
        let recycled = Balances::withdraw(&RICH, 10 * TAO, Precision::Exact, Preservation::Preserve, Fortitude::Polite);
        drop(recycled.unwrap());
        next_block();
        assert_eq!(events(), [Event::BlockEmissionSet { emission: rao(TAO) }]);
        assert_eq!(pending(1), TAO * 3 / 2);
    });
}

#[test]
fn everything_that_exists_counts_for_the_halving() {
    let half = FIRST_HALVING / 2;
    ExtBuilder::default().balance(RICH, half).build_and_execute(|| {
        add_stake(10, half / 2);
        create_subnet(2, None, half / 2, Parameters::default());
        assert_eq!(Emission::total_issuance(), rao(FIRST_HALVING));
        next_block();
        assert_eq!(Accrued::<Test>::get().emission, rao(TAO / 2));
    });
}

#[test]
fn what_is_pending_counts_for_the_halving() {
    ExtBuilder::default().balance(RICH, FIRST_HALVING - 5 * TAO).build_and_execute(|| {
        run_to_block(6);
        assert_eq!(pending(1), 5 * TAO);
        next_block();
        assert_eq!(pending(1), 5 * TAO + TAO / 2);
    });
}

#[test]
fn the_supply_is_never_exceeded() {
    ExtBuilder::default().balance(RICH, MAX_SUPPLY.rao()).build_and_execute(|| {
        run_to_block(10);
        assert_eq!(pending(1), 0);
        assert_eq!(Emission::total_issuance(), MAX_SUPPLY);
    });
}

#[test]
fn the_last_era_issues_single_rao() {
    ExtBuilder::default()
        .balance(RICH, 20_999_999_960_884_452)
        .subnet(2, None, Parameters::default())
        .build_and_execute(|| {
            run_to_block(4);
            assert_eq!([1, 2].map(pending), [3, 0]);
        });
}

#[test]
fn an_issuance_that_cannot_be_written_down_mints_nothing() {
    ExtBuilder::default().build_and_break(|| {
        add_stake(10, u64::MAX);
        create_subnet(2, None, 1, Parameters::default());
        assert_eq!(Emission::total_issuance(), Amount::MAX);
        Emission::on_initialize(2);
        assert_eq!(pending(1), 0);
    });
}

#[test]
fn accrual_that_cannot_be_counted_is_an_alarm_and_changes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        next_block();
        Accrued::<Test>::mutate(|accrual| accrual.blocks = u32::MAX);
        Ledger::<Test>::mutate(|ledger| {
            let account = ledger.get_mut(&SUBNET).unwrap();
            account.since = u32::MAX;
            account.settled = rao(TAO);
        });
        let before = (Accrued::<Test>::get(), Ledger::<Test>::get());
        System::reset_events();
        Emission::on_initialize(3);
        assert_eq!(events(), [Event::AccrualFailed { reason: ArithmeticError::Overflow.into() }]);
        assert_eq!((Accrued::<Test>::get(), Ledger::<Test>::get()), before);
        expect_accrual_fault();
    });
}

#[test]
fn balances_hold_nothing_of_what_is_pending() {
    ExtBuilder::default().balance(RICH, TAO).build_and_execute(|| {
        run_to_block(20);
        assert_eq!(<Balances as Inspect<_>>::total_issuance(), TAO);
    });
}

#[test]
fn a_result_below_zero_and_one_too_large_are_told_apart() {
    ExtBuilder::default().build_and_break(|| {
        next_block();
        let (accrual, ledger) = (Accrued::<Test>::get(), Ledger::<Test>::get());
        let drained = |change: fn(&mut Accrual, &mut EmissionAccount)| {
            Accrued::<Test>::put(accrual.clone());
            Ledger::<Test>::put(ledger.clone());
            Accrued::<Test>::mutate(|accrual| {
                Ledger::<Test>::mutate(|ledger| change(accrual, ledger.get_mut(&SUBNET).unwrap()));
            });
            Emission::drain(SUBNET)
        };
        assert_eq!(drained(|_, _| {}), Ok(rao(TAO)));
        let (below, above) = (Err(ArithmeticError::Underflow.into()), Err(ArithmeticError::Overflow.into()));
        assert_eq!(drained(|accrual, _| accrual.pending = rao(TAO - 1)), below);
        assert_eq!(drained(|accrual, account| account.since = accrual.blocks + 1), below);
        let two_blocks = |accrual: &mut Accrual, account: &mut EmissionAccount| {
            accrual.blocks += 1;
            account.per_block = Amount::MAX;
        };
        assert_eq!(drained(two_blocks), above);
    });
}
