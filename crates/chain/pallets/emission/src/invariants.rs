//! The invariants of this pallet's state between any two calls.

#![cfg(any(feature = "try-runtime", test))]

use crate::{
    accrual::arithmetic,
    pallet::{AccrualFault, Accrued, Bonds, Config, LastEpochs, Ledger, Neurons, Pallet, Waiting},
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, traits::fungible::Inspect};
use myelin_economics::issuance::MAX_SUPPLY;
use myelin_epoch::accrual::{accrued, takes_part};
use myelin_pallet_keys::traits::IssuanceTerm;
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_staking::traits::ReadStake;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, NetUid};
use myelin_records::epoch::NeuronRecord;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants that must hold after each block. spec tokenomics §9.2
    ///
    /// 1. The parts of the issuance sum to no more than the supply: free and held balances, locks, stake and pending
    ///    emission.
    /// 2. The pending emission is the sum of the pending emission of all subnets.
    /// 3. The subnets receive what a block mints, and only eligible subnets receive, unless the emission is about to be
    ///    divided anew.
    /// 4. Each subnet has an account, and there are no other accounts.
    /// 5. Epochs wait in the order in which they run, at most one for each subnet, and only for subnets that exist.
    /// 6. Records belong to subnets that exist and to seats that are taken, and no epoch is in the future.
    /// 7. Bonds belong to validators with a permit. No row is empty, and its miners ascend. (Rows of ended subnets wait
    ///    for their removal.)
    /// 8. No accrual and no end of an account has failed.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        // First, because what could not be counted breaks others.
        Self::no_accrual_has_failed()?;
        Self::issuance_is_within_the_supply()?;
        Self::pending_is_the_sum_of_accounts()?;
        Self::the_emission_is_divided()?;
        Self::accounts_are_of_subnets()?;
        Self::the_queue_is_in_order()?;
        Self::records_are_of_seats()?;
        Self::bonds_are_of_validators()
    }

    fn no_accrual_has_failed() -> Result<(), TryRuntimeError> {
        ensure!(!AccrualFault::<T>::exists(), "emission did not accrue, or an account could not be closed");
        Ok(())
    }

    fn issuance_is_within_the_supply() -> Result<(), TryRuntimeError> {
        let free = Amount::from_rao(T::Currency::total_issuance());
        let pending = Accrued::<T>::get().pending;
        let parts = [free, T::Subnets::locked(), T::Stake::total(), T::Outside::amount(), pending];
        let issuance = Amount::checked_sum(parts).map_err(|_| "the issuance cannot be written down")?;
        ensure!(issuance <= MAX_SUPPLY, "there is more TAO than ever may be");
        Ok(())
    }

    fn pending_is_the_sum_of_accounts() -> Result<(), TryRuntimeError> {
        let accrual = Accrued::<T>::get();
        let mut sum = Amount::ZERO;
        for account in Ledger::<T>::get().values() {
            let pending = accrued(account, accrual.blocks).map_err(arithmetic)?;
            sum = sum.checked_add(pending).map_err(|_| "what is pending cannot be written down")?;
        }
        ensure!(sum == accrual.pending, "what is pending is not what subnets have pending");
        Ok(())
    }

    fn the_emission_is_divided() -> Result<(), TryRuntimeError> {
        let accrual = Accrued::<T>::get();
        if accrual.stale {
            return Ok(());
        }
        let ledger = Ledger::<T>::get();
        let received = Amount::checked_sum(ledger.values().map(|account| account.per_block));
        ensure!(received == Ok(accrual.minted), "subnets receive something else than a block mints");
        ensure!(
            ledger.values().all(|account| account.eligible || account.per_block.is_zero()),
            "a subnet receives emission without being eligible"
        );
        let expected = if ledger.values().any(takes_part(&ledger)) { accrual.emission } else { Amount::ZERO };
        ensure!(accrual.minted == expected, "a block mints something else than its emission");
        Ok(())
    }

    fn accounts_are_of_subnets() -> Result<(), TryRuntimeError> {
        let subnets = T::Subnets::netuids().into_iter().filter(|netuid| !netuid.is_root());
        ensure!(subnets.eq(Ledger::<T>::get().keys().copied()), "accounts are not those of the subnets that exist");
        Ok(())
    }

    fn the_queue_is_in_order() -> Result<(), TryRuntimeError> {
        let queue = Waiting::<T>::get();
        ensure!(queue.iter().is_sorted(), "epochs wait out of order");
        let netuids: BTreeSet<NetUid> = queue.iter().map(|due| due.netuid).collect();
        ensure!(netuids.len() == queue.len(), "two epochs of one subnet wait");
        let ledger = Ledger::<T>::get();
        ensure!(netuids.iter().all(|netuid| ledger.contains_key(netuid)), "an epoch waits for a subnet that is none");
        Ok(())
    }

    fn records_are_of_seats() -> Result<(), TryRuntimeError> {
        let ledger = Ledger::<T>::get();
        for (netuid, records) in Neurons::<T>::iter() {
            ensure!(ledger.contains_key(&netuid), "neurons are recorded of a subnet that does not exist");
            ensure!(records.len() <= usize::from(T::Seats::count(netuid)), "a neuron is recorded without a seat");
        }
        for (netuid, last) in LastEpochs::<T>::iter() {
            ensure!(ledger.contains_key(&netuid), "an epoch is recorded of a subnet that does not exist");
            ensure!(last.block <= Self::now(), "the last epoch lies in the future");
        }
        Ok(())
    }

    fn bonds_are_of_validators() -> Result<(), TryRuntimeError> {
        let records: BTreeMap<_, _> =
            Ledger::<T>::get().keys().map(|netuid| (*netuid, Neurons::<T>::get(netuid))).collect();
        for (netuid, uid, row) in Bonds::<T>::iter() {
            let Some(records) = records.get(&netuid) else { continue };
            let record = records.get(usize::from(uid)).unwrap_or(&NeuronRecord::FRESH);
            ensure!(record.permit, "a neuron without a permit holds bonds");
            ensure!(!row.is_empty(), "a row of bonds is empty");
            ensure!(row.iter().is_sorted_by(|one, next| one.uid < next.uid), "bonds are out of order");
        }
        Ok(())
    }
}
