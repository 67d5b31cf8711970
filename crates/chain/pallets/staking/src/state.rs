//! Access to records, pools, activities and balances.

use crate::{
    pallet::{Activities, Config, Error, Event, Holdings, Hotkeys, NextPool, Nominations, Pallet, Pools, TotalStake},
    types::{StakeActivity, StakeWindow},
};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{
        fungible::{Balanced, Inspect, Mutate},
        tokens::{Fortitude, Precision, Preservation, Provenance},
    },
};
use myelin_economics::pool::{Holding, Pool, PoolError};
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{Amount, AmountError, BlockNumber, Tao};
use myelin_records::{
    parameters::NetworkParameters,
    stake::{HotkeyRecord, PoolId, StakePool, StakeRole},
};
use sp_runtime::{DispatchError, SaturatedConversion};

/// A hotkey that has an owner.
pub(crate) struct KnownHotkey<AccountId> {
    /// The owner.
    pub(crate) owner: AccountId,
    /// The pool and the delegation.
    pub(crate) record: HotkeyRecord,
}

/// A hotkey of this chain that has an owner.
pub(crate) type HotkeyOf<T> = KnownHotkey<<T as frame_system::Config>::AccountId>;

impl<T> From<PoolError> for Error<T> {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Insufficient { .. } => Self::NotEnoughStakeToWithdraw,
            PoolError::Empty | PoolError::ForeignHolding | PoolError::Overflow => Self::InconsistentStake,
        }
    }
}

impl<T> From<AmountError> for Error<T> {
    fn from(_: AmountError) -> Self {
        Self::InconsistentStake
    }
}

impl StakeActivity {
    /// Returns true if another operation on a pool fits into its window. spec staking §3.1
    fn admits(&self, pool: PoolId, now: BlockNumber, network: &NetworkParameters) -> bool {
        let window = self.windows.iter().find(|window| window.pool == pool && window.is_open(now, network));
        window.is_none_or(|window| u64::from(window.operations) < network.target_stakes_per_interval)
    }

    /// Counts an operation on a pool, or fails if its window is full.
    fn count(&mut self, pool: PoolId, now: BlockNumber, network: &NetworkParameters) -> Result<(), ()> {
        if !self.admits(pool, now, network) {
            return Err(());
        }
        self.windows.retain(|window| window.is_open(now, network));
        if let Some(window) = self.windows.iter_mut().find(|window| window.pool == pool) {
            window.operations = window.operations.saturating_add(1);
            return Ok(());
        }
        self.windows.try_push(StakeWindow { pool, since: now, operations: 1 }).map_err(|_| ())
    }
}

impl StakeWindow {
    fn is_open(&self, now: BlockNumber, network: &NetworkParameters) -> bool {
        now < self.since.saturating_add(network.stake_interval)
    }
}

/// Returns true if more than `limit` blocks have passed since `last`. A limit of 0 limits nothing. spec staking §6
pub(crate) fn rate_limit_passed(last: Option<BlockNumber>, now: BlockNumber, limit: BlockNumber) -> bool {
    limit == 0 || last.is_none_or(|last| now.saturating_sub(last) > limit)
}

impl<T: Config> Pallet<T> {
    /// Returns the number of the current block.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Returns the pool and the delegation of a hotkey. A hotkey without either has no entry.
    pub(crate) fn record(hotkey: &T::AccountId) -> HotkeyRecord {
        Hotkeys::<T>::get(hotkey).unwrap_or_default()
    }

    /// Stores the pool and the delegation of a hotkey, or removes the entry if it has neither.
    pub(crate) fn set_record(hotkey: &T::AccountId, record: HotkeyRecord) {
        if record == HotkeyRecord::default() {
            Hotkeys::<T>::remove(hotkey);
        } else {
            Hotkeys::<T>::insert(hotkey, record);
        }
    }

    /// Returns a hotkey that must have an owner.
    pub(crate) fn existing(hotkey: &T::AccountId) -> Result<HotkeyOf<T>, Error<T>> {
        let owner = T::Keys::owner(hotkey).ok_or(Error::HotKeyAccountNotExists)?;
        Ok(KnownHotkey { owner, record: Self::record(hotkey) })
    }

    /// Returns the record of a hotkey that must belong to the coldkey.
    pub(crate) fn owned(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<HotkeyRecord, Error<T>> {
        let KnownHotkey { owner, record } = Self::existing(hotkey)?;
        ensure!(owner == *coldkey, Error::NonAssociatedColdKey);
        Ok(record)
    }

    /// Returns the role of a coldkey toward a hotkey of this owner.
    pub(crate) fn role(coldkey: &T::AccountId, owner: &T::AccountId) -> StakeRole {
        if coldkey == owner { StakeRole::Owner } else { StakeRole::Nominator }
    }

    /// Returns all stake on a hotkey with this record.
    pub(crate) fn stake_on(record: &HotkeyRecord) -> Amount<Tao> {
        record.pool.and_then(Pools::<T>::get).map_or(Amount::ZERO, |stake| stake.pool.value())
    }

    /// Returns the stake of a coldkey on a hotkey with this record.
    pub(crate) fn stake_of(coldkey: &T::AccountId, record: &HotkeyRecord) -> Amount<Tao> {
        record.pool.map_or(Amount::ZERO, |id| Self::worth(id, coldkey))
    }

    /// Returns the value of a coldkey's holding in a pool.
    pub(crate) fn worth(id: PoolId, coldkey: &T::AccountId) -> Amount<Tao> {
        let worth = Pools::<T>::get(id).map(|stake| stake.pool.worth(&Holdings::<T>::get(id, coldkey)));
        worth.and_then(Result::ok).unwrap_or(Amount::ZERO)
    }

    /// Returns the pool of a hotkey, and creates it first if there is none.
    pub(crate) fn pool_of(hotkey: &T::AccountId, record: HotkeyRecord) -> Result<PoolId, Error<T>> {
        if let Some(id) = record.pool {
            return Ok(id);
        }
        let id = NextPool::<T>::get();
        NextPool::<T>::put(id.next().ok_or(Error::InconsistentStake)?);
        Pools::<T>::insert(id, StakePool { hotkey: hotkey.clone(), pool: Pool::default(), holders: 0 });
        Hotkeys::<T>::insert(hotkey, HotkeyRecord { pool: Some(id), ..record });
        Ok(id)
    }

    /// Changes a coldkey's holding in a pool, and with it the totals.
    ///
    /// The totals are the total stake, the number of holders of the pool and the list of the coldkey's nominations.
    pub(crate) fn change(
        id: PoolId,
        coldkey: &T::AccountId,
        role: StakeRole,
        change: impl FnOnce(&mut Pool, &mut Holding) -> Result<(), PoolError>,
    ) -> DispatchResult {
        let (before, after) = Self::change_holding(id, coldkey, role, change)?;
        let rest = TotalStake::<T>::get().checked_sub(before);
        let total = rest.and_then(|rest| rest.checked_add(after)).map_err(Error::<T>::from)?;
        TotalStake::<T>::put(total);
        Ok(())
    }

    /// Changes a coldkey's holding in a pool, and returns the values of the pool before and after.
    ///
    /// All changes of stake are made here. The caller must change the total stake by the difference.
    pub(crate) fn change_holding(
        id: PoolId,
        coldkey: &T::AccountId,
        role: StakeRole,
        change: impl FnOnce(&mut Pool, &mut Holding) -> Result<(), PoolError>,
    ) -> Result<(Amount<Tao>, Amount<Tao>), DispatchError> {
        let mut stake = Pools::<T>::get(id).ok_or(Error::<T>::InconsistentStake)?;
        let mut holding = Holdings::<T>::get(id, coldkey);
        let (before, held) = (stake.pool.value(), !holding.is_empty());
        change(&mut stake.pool, &mut holding).map_err(Error::<T>::from)?;
        let holds = !holding.is_empty();
        if held != holds {
            let holders = if holds { stake.holders.checked_add(1) } else { stake.holders.checked_sub(1) };
            stake.holders = holders.ok_or(Error::<T>::InconsistentStake)?;
            match (role, holds) {
                (StakeRole::Owner, _) => {}
                (_, true) => Self::list_nomination(coldkey, id)?,
                (_, false) => Self::unlist_nomination(coldkey, id),
            }
        }
        let after = stake.pool.value();
        Pools::<T>::insert(id, stake);
        if holds {
            Holdings::<T>::insert(id, coldkey, holding);
        } else {
            Holdings::<T>::remove(id, coldkey);
        }
        Ok((before, after))
    }

    fn list_nomination(coldkey: &T::AccountId, id: PoolId) -> Result<(), Error<T>> {
        Nominations::<T>::try_mutate(coldkey, |pools| pools.try_push(id)).map_err(|_| Error::TooManyNominations)
    }

    fn unlist_nomination(coldkey: &T::AccountId, id: PoolId) {
        let mut pools = Nominations::<T>::get(coldkey);
        pools.retain(|listed| *listed != id);
        if pools.is_empty() {
            Nominations::<T>::remove(coldkey);
        } else {
            Nominations::<T>::insert(coldkey, pools);
        }
    }

    /// Adds to a coldkey's stake and returns the new stake.
    pub(crate) fn deposit(
        id: PoolId,
        coldkey: &T::AccountId,
        role: StakeRole,
        amount: Amount<Tao>,
    ) -> Result<Amount<Tao>, DispatchError> {
        let mut total = Amount::ZERO;
        Self::change(id, coldkey, role, |pool, holding| {
            pool.deposit(holding, amount)?;
            total = pool.worth(holding)?;
            Ok(())
        })?;
        Ok(total)
    }

    /// Takes from a coldkey's stake and returns the rest. A rest worth less than a rao is given up.
    pub(crate) fn withdraw(
        id: PoolId,
        coldkey: &T::AccountId,
        role: StakeRole,
        amount: Amount<Tao>,
    ) -> Result<Amount<Tao>, DispatchError> {
        let mut rest = Amount::ZERO;
        Self::change(id, coldkey, role, |pool, holding| {
            pool.withdraw(holding, amount)?;
            rest = pool.worth(holding)?;
            if rest.is_zero() {
                pool.withdraw_all(holding)?;
            }
            Ok(())
        })?;
        Ok(rest)
    }

    /// Takes all of a coldkey's stake and returns the amount.
    pub(crate) fn withdraw_all(
        id: PoolId,
        coldkey: &T::AccountId,
        role: StakeRole,
    ) -> Result<Amount<Tao>, DispatchError> {
        let mut amount = Amount::ZERO;
        Self::change(id, coldkey, role, |pool, holding| {
            amount = pool.withdraw_all(holding)?;
            Ok(())
        })?;
        Ok(amount)
    }

    /// Ends a nomination below the minimum, by paying its rest to the coldkey. spec staking §4.1
    ///
    /// A rest below the existential deposit of a new account stays.
    pub(crate) fn clear_small_nomination(
        id: PoolId,
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        role: StakeRole,
        minimum: Amount<Tao>,
    ) -> DispatchResult {
        let rest = Self::worth(id, coldkey);
        if role == StakeRole::Owner || rest.is_zero() || rest >= minimum || !Self::can_receive(coldkey, rest) {
            return Ok(());
        }
        let removed = Self::withdraw_all(id, coldkey, role)?;
        Self::give(coldkey, removed)?;
        Self::announce_removed(coldkey, hotkey, removed, Amount::ZERO);
        Ok(())
    }

    pub(crate) fn announce_added(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        added: Amount<Tao>,
        total: Amount<Tao>,
    ) {
        let (coldkey, hotkey) = (coldkey.clone(), hotkey.clone());
        Self::deposit_event(Event::StakeAdded { coldkey, hotkey, added, total });
    }

    pub(crate) fn announce_removed(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        removed: Amount<Tao>,
        total: Amount<Tao>,
    ) {
        let (coldkey, hotkey) = (coldkey.clone(), hotkey.clone());
        Self::deposit_event(Event::StakeRemoved { coldkey, hotkey, removed, total });
    }

    /// Checks that the operation limit has room for another operation on a pool. spec staking §3.1
    pub(crate) fn ensure_within_limit(
        coldkey: &T::AccountId,
        pool: PoolId,
        network: &NetworkParameters,
    ) -> Result<(), Error<T>> {
        let admits = Activities::<T>::get(coldkey).admits(pool, Self::now(), network);
        ensure!(admits, Error::StakingRateLimitExceeded);
        Ok(())
    }

    /// Counts an operation on a pool toward the operation limit. spec staking §3.1
    pub(crate) fn count_operation(
        coldkey: &T::AccountId,
        pool: PoolId,
        network: &NetworkParameters,
    ) -> Result<(), Error<T>> {
        Activities::<T>::try_mutate(coldkey, |activity| activity.count(pool, Self::now(), network))
            .map_err(|()| Error::StakingRateLimitExceeded)
    }

    /// Stores the current block as that of the last operation that delays swaps of the coldkey's hotkeys.
    pub(crate) fn mark_active(coldkey: &T::AccountId) {
        Activities::<T>::mutate(coldkey, |activity| activity.last_at = Some(Self::now()));
    }

    /// Returns the free balance of a coldkey that is not locked otherwise.
    pub(crate) fn affordable(coldkey: &T::AccountId) -> Amount<Tao> {
        Self::reducible(coldkey, Preservation::Expendable)
    }

    /// Returns the amount that a coldkey can spend without losing its account.
    pub(crate) fn spendable(coldkey: &T::AccountId) -> Amount<Tao> {
        Self::reducible(coldkey, Preservation::Preserve)
    }

    fn reducible(coldkey: &T::AccountId, preservation: Preservation) -> Amount<Tao> {
        Amount::from_rao(T::Currency::reducible_balance(coldkey, preservation, Fortitude::Polite))
    }

    /// Takes TAO out of an account, which is kept alive. The caller must hold the TAO elsewhere or recycle it.
    pub(crate) fn charge(coldkey: &T::AccountId, amount: Amount<Tao>) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        let (precision, preservation) = (Precision::Exact, Preservation::Preserve);
        T::Currency::withdraw(coldkey, amount.rao(), precision, preservation, Fortitude::Polite).map(drop)
    }

    /// Takes TAO out of an account, which is kept alive, and out of the issuance. spec tokenomics §9.3
    pub(crate) fn recycle(coldkey: &T::AccountId, amount: Amount<Tao>) -> DispatchResult {
        let (preservation, precision) = (Preservation::Preserve, Precision::Exact);
        T::Currency::burn_from(coldkey, amount.rao(), preservation, precision, Fortitude::Polite).map(drop)
    }

    /// Returns true if an account can receive this amount. Less than the existential deposit would vanish.
    pub(crate) fn can_receive(coldkey: &T::AccountId, amount: Amount<Tao>) -> bool {
        T::Currency::can_deposit(coldkey, amount.rao(), Provenance::Extant).into_result().is_ok()
    }

    /// Puts TAO that was held elsewhere into an account.
    pub(crate) fn give(coldkey: &T::AccountId, amount: Amount<Tao>) -> DispatchResult {
        T::Currency::deposit(coldkey, amount.rao(), Precision::Exact).map(drop)
    }
}
