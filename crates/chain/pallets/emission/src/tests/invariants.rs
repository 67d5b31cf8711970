//! The invariants detect each broken state.

use super::*;
use crate::types::{DueEpoch, EpochQueue};
use myelin_primitives::Entry;
use myelin_records::epoch::{BondsRow, EmissionAccount, EpochRecord, NeuronRecord, NeuronRecords};
use sp_runtime::TryRuntimeError;

/// Breaks the state of a chain with a validator, a miner, bonds and pending emission, and returns the error.
fn broken(by: impl FnOnce()) -> TryRuntimeError {
    let mut found = None;
    owned_subnet().build_and_break(|| {
        rated_miner();
        run_to_epoch(1);
        next_block();
        Emission::do_try_state().unwrap();
        by();
        found = Emission::do_try_state().err();
    });
    found.expect("the state is broken")
}

fn records(count: usize, permit: bool) -> NeuronRecords {
    NeuronRecords::truncate_from(vec![NeuronRecord { permit, ..NeuronRecord::FRESH }; count])
}

#[test]
fn too_much_issuance() {
    let too_much = broken(|| add_stake(10, 21_000_000 * TAO));
    assert_eq!(too_much, "there is more TAO than ever may be".into());
    let unwritable = broken(|| {
        create_subnet(2, None, u64::MAX, Parameters::default());
    });
    assert_eq!(unwritable, "the issuance cannot be written down".into());
}

#[test]
fn a_pending_total_that_is_no_sum() {
    let more = broken(|| Accrued::<Test>::mutate(|accrual| accrual.pending = rao(accrual.pending.rao() + 1)));
    assert_eq!(more, "what is pending is not what subnets have pending".into());
    let less = broken(|| {
        Ledger::<Test>::mutate(|ledger| ledger.get_mut(&SUBNET).unwrap().per_block = Amount::ZERO);
    });
    assert_eq!(less, "what is pending is not what subnets have pending".into());
}

#[test]
fn a_division_that_does_not_add_up() {
    let minted = broken(|| Accrued::<Test>::mutate(|accrual| accrual.minted = rao(1)));
    assert_eq!(minted, "subnets receive something else than a block mints".into());
    let ineligible = broken(|| {
        Ledger::<Test>::mutate(|ledger| ledger.get_mut(&SUBNET).unwrap().eligible = false);
    });
    assert_eq!(ineligible, "a subnet receives emission without being eligible".into());
    let emission = broken(|| Accrued::<Test>::mutate(|accrual| accrual.emission = rao(1)));
    assert_eq!(emission, "a block mints something else than its emission".into());
}

#[test]
fn accounts_of_others() {
    let missing = broken(|| record_subnet(2, None, 0, Parameters::default()));
    assert_eq!(missing, "accounts are not those of the subnets that exist".into());
    let extra = broken(|| {
        Ledger::<Test>::mutate(|ledger| ledger.try_insert(NetUid::new(2), EmissionAccount::default()).unwrap());
    });
    assert_eq!(extra, "accounts are not those of the subnets that exist".into());
}

#[test]
fn a_queue_out_of_order() {
    let wait = |queue: &[(u32, u16)]| {
        let due = |(since, netuid): &(u32, u16)| DueEpoch { since: *since, netuid: NetUid::new(*netuid) };
        let queue = queue.iter().map(due).collect();
        broken(|| Waiting::<Test>::put(EpochQueue::truncate_from(queue)))
    };
    assert_eq!(wait(&[(2, 1), (1, 1)]), "epochs wait out of order".into());
    assert_eq!(wait(&[(1, 1), (2, 1)]), "two epochs of one subnet wait".into());
    assert_eq!(wait(&[(1, 9)]), "an epoch waits for a subnet that is none".into());
}

#[test]
fn records_of_nobody() {
    let unknown = broken(|| Neurons::<Test>::insert(NetUid::new(9), records(0, false)));
    assert_eq!(unknown, "neurons are recorded of a subnet that does not exist".into());
    let unseated = broken(|| Neurons::<Test>::insert(SUBNET, records(3, false)));
    assert_eq!(unseated, "a neuron is recorded without a seat".into());
    let record = EpochRecord {
        block: 1_000,
        emission: Amount::ZERO,
        owner_cut: Amount::ZERO,
        miners: Amount::ZERO,
        validators: Amount::ZERO,
    };
    let nowhere = broken(|| LastEpochs::<Test>::insert(NetUid::new(9), record));
    assert_eq!(nowhere, "an epoch is recorded of a subnet that does not exist".into());
    let future = broken(|| LastEpochs::<Test>::insert(SUBNET, record));
    assert_eq!(future, "the last epoch lies in the future".into());
}

#[test]
fn bonds_of_nobody() {
    let hold = |uid: u16, row: &[(u16, u16)]| {
        let row = BondsRow::truncate_from(row.iter().copied().map(Entry::from).collect());
        broken(|| Bonds::<Test>::insert(SUBNET, Uid::new(uid), row))
    };
    assert_eq!(hold(1, &[(0, 1)]), "a neuron without a permit holds bonds".into());
    assert_eq!(hold(7, &[(0, 1)]), "a neuron without a permit holds bonds".into());
    assert_eq!(hold(0, &[]), "a row of bonds is empty".into());
    assert_eq!(hold(0, &[(1, 1), (0, 1)]), "bonds are out of order".into());
    assert_eq!(hold(0, &[(1, 1), (1, 2)]), "bonds are out of order".into());
}
