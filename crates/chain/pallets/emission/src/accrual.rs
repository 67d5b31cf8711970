//! From the block emission to the pending emission of each subnet. spec tokenomics §5.4
//!
//! The rules are those of [`myelin_epoch::accrual`]; here they are applied to the stored records.

use crate::pallet::{AccrualFault, Accrued, Config, Error, Event, Ledger, Pallet};
use core::mem;
use frame_support::traits::fungible::Inspect;
use myelin_economics::issuance::block_emission;
use myelin_epoch::{
    accrual::{add_block, divide, drain, needs_division},
    error::ArithmeticStep,
};
use myelin_pallet_keys::traits::IssuanceTerm;
use myelin_pallet_staking::traits::ReadStake;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao};
use myelin_records::{
    epoch::{Accrual, EmissionAccount},
    parameters::Parameters,
};
use sp_runtime::{ArithmeticError, DispatchError, SaturatedConversion};

impl<T: Config> Pallet<T> {
    /// Returns the number of the current block.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Returns the issuance: balances, locks, stake, pending emission and escrows. spec tokenomics §9.1
    ///
    /// A sum that overflows reads as the largest amount, at which nothing is minted.
    pub fn total_issuance() -> Amount<Tao> {
        Self::issuance_with(Accrued::<T>::get().pending)
    }

    fn issuance_with(pending: Amount<Tao>) -> Amount<Tao> {
        let free = Amount::from_rao(T::Currency::total_issuance());
        let parts = [free, T::Subnets::locked(), T::Stake::total(), T::Outside::amount(), pending];
        Amount::checked_sum(parts).unwrap_or(Amount::MAX)
    }

    /// Mints the block emission and adds it to the pending emission. spec tokenomics §5.4
    pub(crate) fn accrue() -> Result<(), DispatchError> {
        let mut accrual = Accrued::<T>::get();
        let emission = block_emission(Self::issuance_with(accrual.pending));
        if needs_division(&accrual, emission) {
            Self::divide(&mut accrual, emission)?;
        }
        add_block(&mut accrual).map_err(arithmetic)?;
        Accrued::<T>::put(accrual);
        Ok(())
    }

    /// Settles all accounts and divides the emission of the following blocks. spec tokenomics §5.4
    fn divide(accrual: &mut Accrual, emission: Amount<Tao>) -> Result<(), DispatchError> {
        let mut ledger = Ledger::<T>::get();
        let before = accrual.emission;
        divide(accrual, &mut ledger, emission).map_err(arithmetic)?;
        Ledger::<T>::put(ledger);
        if before != emission {
            Self::deposit_event(Event::BlockEmissionSet { emission });
        }
        Ok(())
    }

    /// Takes all pending emission of a subnet. The caller pays it, or it is recycled.
    pub(crate) fn drain(netuid: NetUid) -> Result<Amount<Tao>, DispatchError> {
        let mut accrual = Accrued::<T>::get();
        let drained = Ledger::<T>::try_mutate(|ledger| {
            let account = ledger.get_mut(&netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
            drain(&mut accrual, account).map_err(|step| DispatchError::from(arithmetic(step)))
        })?;
        Accrued::<T>::put(accrual);
        Ok(drained)
    }

    /// Marks the division of the emission as stale: it is renewed before the next block accrues.
    pub(crate) fn redivide() {
        Accrued::<T>::mutate(|accrual| accrual.stale = true);
    }

    /// Opens the account of a new subnet, which takes part in the division from the next block on.
    pub(crate) fn open_account(netuid: NetUid) -> Result<(), DispatchError> {
        let parameters = T::Subnets::parameters(netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
        let subnet = T::Subnets::subnet(netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
        let account = EmissionAccount {
            eligible: is_eligible(&parameters),
            needs_share: T::Subnets::launch().needs_share(subnet.owner.as_ref()),
            since: Accrued::<T>::get().blocks,
            ..EmissionAccount::default()
        };
        Ledger::<T>::try_mutate(|ledger| ledger.try_insert(netuid, account)).map_err(|_| Error::<T>::TooManySubnets)?;
        Self::redivide();
        Ok(())
    }

    /// Closes the account of a subnet and recycles its pending emission. spec subnets-and-neurons §5.2
    ///
    /// The account is closed in any case: an ended subnet takes no part in the emission. Pending emission that cannot
    /// be counted stays in the total.
    pub(crate) fn close_account(netuid: NetUid) {
        let closed = Ledger::<T>::mutate(|ledger| ledger.remove(&netuid));
        let mut accrual = Accrued::<T>::get();
        let drained = closed.ok_or(DispatchError::from(Error::<T>::SubNetworkDoesNotExist)).and_then(|mut account| {
            drain(&mut accrual, &mut account).map_err(|step| DispatchError::from(arithmetic(step)))
        });
        match drained {
            Ok(recycled) => {
                Accrued::<T>::put(accrual);
                Self::announce_recycled(netuid, recycled);
            }
            Err(reason) => Self::announce_fault(reason),
        }
        Self::redivide();
    }

    /// Notes that accrual or the end of an account failed.
    pub(crate) fn announce_fault(reason: DispatchError) {
        AccrualFault::<T>::put(Self::now());
        Self::deposit_event(Event::AccrualFailed { reason });
    }

    /// Updates the eligibility of a subnet after its parameters changed.
    pub(crate) fn reconsider(netuid: NetUid) {
        let eligible = T::Subnets::parameters(netuid).is_some_and(|parameters| is_eligible(&parameters));
        let changed = Ledger::<T>::mutate_exists(|ledger| {
            let account = ledger.as_mut()?.get_mut(&netuid)?;
            (mem::replace(&mut account.eligible, eligible) != eligible).then_some(())
        });
        if changed.is_some() {
            Self::redivide();
        }
    }

    /// Deposits the event of recycled pending emission, unless the amount is zero.
    pub(crate) fn announce_recycled(netuid: NetUid, amount: Amount<Tao>) {
        if !amount.is_zero() {
            Self::deposit_event(Event::EmissionRecycled { netuid, amount });
        }
    }
}

/// Returns true if a subnet takes part in the division of the block emission. spec tokenomics §5.4
fn is_eligible(parameters: &Parameters) -> bool {
    parameters.emission_enabled
}

/// Returns the error of a call for a result out of range.
pub(crate) const fn arithmetic(step: ArithmeticStep) -> ArithmeticError {
    if step.is_underflow() { ArithmeticError::Underflow } else { ArithmeticError::Overflow }
}
