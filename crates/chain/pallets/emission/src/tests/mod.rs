//! Tests by topic. Each test and each block ends with the invariants.

mod accrual;
mod bootstrap;
mod consensus;
mod eligibility;
mod epoch;
mod failure;
mod invariants;
mod prop;
mod queue;
mod recycling;
mod root;
mod seats;
mod subnets;
mod views;

use crate::{mock::*, *};
use myelin_primitives::{Amount, NetUid, Tao, Uid};
use myelin_records::{
    epoch::{Accrual, NeuronRecord, NeuronRecords},
    parameters::{Parameters, ParametersPatch},
};

const SUBNET: NetUid = NetUid::new(1);

/// One TAO in rao.
const TAO: u64 = 1_000_000_000;

fn rao(rao: u64) -> Amount<Tao> {
    Amount::from_rao(rao)
}

/// Returns a patch that switches the emission of a subnet on or off.
fn emission_enabled(enabled: bool) -> ParametersPatch {
    ParametersPatch { emission_enabled: Some(enabled), ..ParametersPatch::default() }
}

/// Sets the pending emission of a subnet and stops its accrual, so that an epoch divides a known amount.
fn freeze_pending(netuid: u16, amount: u64) {
    set_parameters(netuid, &emission_enabled(false));
    next_block();
    let netuid = NetUid::new(netuid);
    // The drained amount leaves the issuance, like everything recycled.
    Emission::drain(netuid).unwrap();
    Ledger::<Test>::mutate(|ledger| ledger.get_mut(&netuid).unwrap().settled = rao(amount));
    Accrued::<Test>::mutate(|accrual| accrual.pending = accrual.pending.checked_add(rao(amount)).unwrap());
}

/// Seats a validator with stake on 0 and a miner on 1 of subnet 1.
///
/// The validator has its permit from an epoch that has run, and has rated the miner since.
fn rated_miner() -> (u64, u64) {
    let (validator, miner) = (10, 11);
    take_seat(1, validator);
    take_seat(1, miner);
    add_stake(validator, 1_000 * TAO);
    run_to_epoch(1);
    next_block();
    set_weights(1, 0, &[(1, 1)]);
    assert!(Neurons::<Test>::get(SUBNET)[0].permit);
    payments();
    activated();
    (validator, miner)
}

/// Seats a validator with stake and a permit and a miner on each of these subnets. The validators rate the miners.
fn voters(subnets: &[(u16, u64)]) {
    for (netuid, validator) in subnets {
        take_seat(*netuid, *validator);
        take_seat(*netuid, validator + 1);
        add_stake(*validator, TAO);
        let records = vec![NeuronRecord { permit: true, ..NeuronRecord::FRESH }, NeuronRecord::FRESH];
        Neurons::<Test>::insert(NetUid::new(*netuid), NeuronRecords::truncate_from(records));
    }
    next_block();
    for (netuid, _) in subnets {
        set_weights(*netuid, 0, &[(1, 1)]);
    }
}

/// Returns a chain whose subnet 1 runs an epoch every ten blocks and whose owner holds one TAO.
fn owned_subnet() -> ExtBuilder {
    ExtBuilder::default().balance(OWNER, TAO).subnet(1, Some(OWNER), with_tempo(9))
}

/// Checks that the alarm of accrual is on, and ends it as a migration would.
fn expect_accrual_fault() {
    let alarm = "emission did not accrue, or an account could not be closed";
    assert_eq!(Emission::do_try_state(), Err(alarm.into()));
    assert_eq!(AccrualFault::<Test>::take(), Some(System::block_number()));
}

const OWNER: u64 = 1;

#[test]
fn the_largest_epoch_fits_into_the_limit_of_the_tests() {
    ExtBuilder::default().build_and_execute(|| {
        <Emission as frame_support::traits::Hooks<_>>::integrity_test();
    });
}

#[test]
#[should_panic(expected = "to make progress")]
fn a_limit_that_does_not_hold_the_largest_epoch_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        MaxTickWeight::set(frame_support::weights::Weight::from_parts(1_000_000_000, u64::MAX));
        <Emission as frame_support::traits::Hooks<_>>::integrity_test();
    });
}

#[test]
fn genesis_leaves_nothing_pending_and_issues_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(Emission::total_issuance(), Amount::ZERO);
        assert_eq!(Accrued::<Test>::get(), Accrual::default());
        assert_eq!(Ledger::<Test>::get().keys().copied().collect::<Vec<_>>(), [SUBNET]);
    });
}
