//! From the block emission to what each subnet has pending. spec tokenomics §5.4

use crate::{
    pallet::{Accrued, Config, Error, Event, Ledger, Pallet},
    types::{Accrual, EmissionAccount},
};
use alloc::vec::Vec;
use core::mem;
use frame_support::traits::fungible::Inspect;
use myelin_economics::{
    issuance::block_emission,
    root::{Share, divide_emission},
};
use myelin_pallet_staking::traits::ReadStake;
use myelin_pallet_subnets::{parameters::Parameters, traits::ReadSubnets};
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao};
use sp_runtime::{ArithmeticError, DispatchError, SaturatedConversion};

impl<T: Config> Pallet<T> {
    /// The block that is being made.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Every rao that exists: balances, locks, stakes and what is pending. spec tokenomics §9.1
    ///
    /// A sum that cannot be written down reads as the largest amount, at which nothing is minted.
    pub fn total_issuance() -> Amount<Tao> {
        Self::issuance_with(Accrued::<T>::get().pending)
    }

    fn issuance_with(pending: Amount<Tao>) -> Amount<Tao> {
        let free = Amount::from_rao(T::Currency::total_issuance());
        Amount::checked_sum([free, T::Subnets::locked(), T::Stake::total(), pending]).unwrap_or(Amount::MAX)
    }

    /// Mints the emission of this block and adds it to what is pending. spec tokenomics §5.4
    pub(crate) fn accrue() -> Result<(), DispatchError> {
        let mut accrual = Accrued::<T>::get();
        let emission = block_emission(Self::issuance_with(accrual.pending));
        if accrual.stale || accrual.emission != emission {
            Self::divide(&mut accrual, emission)?;
        }
        accrual.blocks = accrual.blocks.checked_add(1).ok_or(ArithmeticError::Overflow)?;
        accrual.pending = accrual.pending.checked_add(accrual.minted).map_err(|_| ArithmeticError::Overflow)?;
        Accrued::<T>::put(accrual);
        Ok(())
    }

    /// Settles all accounts and divides what following blocks create. spec tokenomics §5.4
    fn divide(accrual: &mut Accrual, emission: Amount<Tao>) -> Result<(), DispatchError> {
        let mut ledger = Ledger::<T>::get();
        for (_, account) in &mut ledger {
            account.settle(accrual.blocks)?;
            account.per_block = Amount::ZERO;
        }
        let mut eligible: Vec<&mut EmissionAccount> =
            ledger.iter_mut().map(|(_, account)| account).filter(|account| account.eligible).collect();
        let shares: Vec<Share> = eligible.iter().map(|account| account.share).collect();
        for (account, part) in eligible.iter_mut().zip(divide_emission(emission, &shares)) {
            account.per_block = part;
        }
        accrual.minted = if eligible.is_empty() { Amount::ZERO } else { emission };
        accrual.stale = false;
        Ledger::<T>::put(ledger);
        if mem::replace(&mut accrual.emission, emission) != emission {
            Self::deposit_event(Event::BlockEmissionSet { emission });
        }
        Ok(())
    }

    /// Takes all that a subnet has pending out of the pending emission. Whoever calls pays it, or it is recycled.
    pub(crate) fn drain(netuid: NetUid) -> Result<Amount<Tao>, DispatchError> {
        let mut accrual = Accrued::<T>::get();
        let drained = Ledger::<T>::try_mutate(|ledger| {
            let account = ledger.get_mut(&netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
            account.settle(accrual.blocks)?;
            Ok::<_, DispatchError>(mem::take(&mut account.settled))
        })?;
        accrual.pending = accrual.pending.checked_sub(drained).map_err(|_| ArithmeticError::Underflow)?;
        Accrued::<T>::put(accrual);
        Ok(drained)
    }

    /// Has the emission divided anew before the next block accrues.
    pub(crate) fn redivide() {
        Accrued::<T>::mutate(|accrual| accrual.stale = true);
    }

    /// Opens the account of a new subnet, which takes part from the next block on.
    pub(crate) fn open_account(netuid: NetUid) -> Result<(), DispatchError> {
        let parameters = T::Subnets::parameters(netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
        let since = Accrued::<T>::get().blocks;
        let account = EmissionAccount { eligible: is_eligible(&parameters), since, ..EmissionAccount::default() };
        Ledger::<T>::try_mutate(|ledger| ledger.try_insert(netuid, account)).map_err(|_| Error::<T>::TooManySubnets)?;
        Self::redivide();
        Ok(())
    }

    /// Closes the account of a subnet and recycles what it has pending. spec subnets-and-neurons §5.2
    pub(crate) fn close_account(netuid: NetUid) -> Result<(), DispatchError> {
        let recycled = Self::drain(netuid)?;
        Ledger::<T>::mutate(|ledger| ledger.remove(&netuid));
        Self::redivide();
        Self::announce_recycled(netuid, recycled);
        Ok(())
    }

    /// Notes whether a subnet takes part in the division, after its parameters changed.
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

    /// Says that pending emission ceased to exist, if any did.
    pub(crate) fn announce_recycled(netuid: NetUid, amount: Amount<Tao>) {
        if !amount.is_zero() {
            Self::deposit_event(Event::EmissionRecycled { netuid, amount });
        }
    }
}

/// Whether a subnet takes part in the division of the block emission. spec tokenomics §5.4
fn is_eligible(parameters: &Parameters) -> bool {
    parameters.registration_allowed && parameters.emission_enabled
}
