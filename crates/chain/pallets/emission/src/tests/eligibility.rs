//! Eligibility of subnets for emission. spec tokenomics §5.4

use super::*;
use myelin_pallet_subnets::traits::ReadEmission;

fn three_subnets() -> ExtBuilder {
    [1, 2, 3].into_iter().fold(ExtBuilder::default(), |builder, netuid| builder.subnet(netuid, None, with_tempo(360)))
}

fn registration_allowed(allowed: bool) -> ParametersPatch {
    ParametersPatch { registration_allowed: Some(allowed), ..ParametersPatch::default() }
}

fn per_block() -> [u64; 3] {
    [1, 2, 3].map(|netuid| Emission::of_subnet(NetUid::new(netuid)).rao())
}

#[test]
fn without_emission_a_subnet_is_out_and_the_others_receive_its_part() {
    three_subnets().build_and_execute(|| {
        run_to_block(4);
        let before = [1, 2, 3].map(pending);
        set_parameters(2, &emission_enabled(false));
        next_block();
        assert_eq!(per_block(), [TAO / 2, 0, TAO / 2]);
        assert_eq!(pending(2), before[1], "what is pending stays");
        set_parameters(2, &emission_enabled(true));
        next_block();
        assert_eq!(per_block(), [333_333_334, 333_333_333, 333_333_333]);
        assert_eq!([1, 2, 3].map(pending).iter().sum::<u64>(), 5 * TAO);
    });
}

#[test]
fn closed_seats_do_not_touch_emission() {
    three_subnets().build_and_execute(|| {
        next_block();
        let before = per_block();
        set_parameters(2, &registration_allowed(false));
        assert!(!Accrued::<Test>::get().stale);
        run_to_block(5);
        assert_eq!(per_block(), before);
    });
}

#[test]
fn while_nobody_is_eligible_nothing_is_minted() {
    three_subnets().build_and_execute(|| {
        run_to_block(3);
        for netuid in 1..=3 {
            set_parameters(netuid, &emission_enabled(false));
        }
        run_to_block(10);
        assert_eq!(per_block(), [0; 3]);
        assert_eq!(Emission::total_issuance(), rao(2 * TAO));
        assert_eq!(Accrued::<Test>::get().emission, rao(TAO), "what a block would create is still known");
        set_parameters(3, &emission_enabled(true));
        next_block();
        assert_eq!(per_block(), [0, 0, TAO]);
        assert_eq!(Emission::total_issuance(), rao(3 * TAO));
    });
}

#[test]
fn other_parameters_do_not_move_the_division() {
    three_subnets().build_and_execute(|| {
        next_block();
        set_parameters(2, &ParametersPatch { kappa: Some(1), tempo: Some(20), ..ParametersPatch::default() });
        assert!(!Accrued::<Test>::get().stale);
    });
}

#[test]
fn changes_of_root_and_of_what_does_not_exist_are_ignored() {
    three_subnets().build_and_execute(|| {
        next_block();
        set_parameters(0, &emission_enabled(false));
        assert!(!Accrued::<Test>::get().stale);
        Emission::reconsider(NetUid::new(9));
        assert!(!Accrued::<Test>::get().stale);
    });
}

#[test]
fn a_subnet_that_begins_without_emission_receives_none() {
    ExtBuilder::default().build_and_execute(|| {
        create_subnet(2, None, 0, Parameters { emission_enabled: false, ..Parameters::default() });
        run_to_block(5);
        assert_eq!([1, 2].map(pending), [4 * TAO, 0]);
    });
}

#[test]
fn a_subnet_without_emission_still_runs_epochs_on_what_it_has() {
    ExtBuilder::default().subnet(1, None, with_tempo(9)).build_and_execute(|| {
        take_seat(1, 10);
        run_to_block(4);
        set_parameters(1, &emission_enabled(false));
        run_to_epoch(1);
        assert_eq!(epochs_run(), [1]);
        // No neuron has a claim, so the epoch recycles what it divides.
        assert_eq!(last_epoch(1).emission, rao(3 * TAO));
        assert!(events().contains(&Event::EmissionRecycled { netuid: SUBNET, amount: rao(3 * TAO) }));
        assert_eq!(pending(1), 0);
        run_to_epoch(1);
        assert_eq!(last_epoch(1).emission, Amount::ZERO);
    });
}
