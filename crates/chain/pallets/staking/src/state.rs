//! What is stored, read and changed in one place each.

use crate::{
    pallet::{Activities, Config, Error, Event, Holdings, Hotkeys, NextPool, Nominations, Pallet, Pools, TotalStake},
    types::{HotkeyRecord, PoolId, StakeActivity, StakePool, StakeWindow, Standing},
};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{
        fungible::{Balanced, Inspect},
        tokens::{Fortitude, Precision, Preservation, Provenance},
    },
};
use myelin_economics::pool::{Holding, Pool, PoolError};
use myelin_pallet_keys::traits::Keys;
use myelin_pallet_subnets::parameters::NetworkParameters;
use myelin_primitives::{Amount, AmountError, BlockNumber, Tao};
use sp_runtime::{DispatchError, SaturatedConversion};

/// A hotkey that has an owner.
pub(crate) struct KnownHotkey<AccountId> {
    /// Its owner.
    pub(crate) owner: AccountId,
    /// Its pool and its delegation.
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
    /// Whether another operation on a pool fits into its window. spec staking §3.1
    fn admits(&self, pool: PoolId, now: BlockNumber, network: &NetworkParameters) -> bool {
        let window = self.windows.iter().find(|window| window.pool == pool && window.is_open(now, network));
        window.is_none_or(|window| u64::from(window.operations) < network.target_stakes_per_interval)
    }

    /// Counts an operation on a pool, or says that there is no room for it.
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

/// Whether more than `limit` blocks have passed since `last`. A limit of 0 limits nothing. spec staking §6
pub(crate) fn rate_limit_passed(last: Option<BlockNumber>, now: BlockNumber, limit: BlockNumber) -> bool {
    limit == 0 || last.is_none_or(|last| now.saturating_sub(last) > limit)
}

impl<T: Config> Pallet<T> {
    /// The present block.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Returns the pool and the delegation of a hotkey. One without either has no entry.
    pub(crate) fn record(hotkey: &T::AccountId) -> HotkeyRecord {
        Hotkeys::<T>::get(hotkey).unwrap_or_default()
    }

    /// Stores the pool and the delegation of a hotkey, or that it has neither.
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

    /// Returns how a coldkey stands to a hotkey of this owner.
    pub(crate) fn standing(coldkey: &T::AccountId, owner: &T::AccountId) -> Standing {
        if coldkey == owner { Standing::Owner } else { Standing::Nominator }
    }

    /// Everything staked on a hotkey with this record.
    pub(crate) fn stake_on(record: &HotkeyRecord) -> Amount<Tao> {
        record.pool.and_then(Pools::<T>::get).map_or(Amount::ZERO, |stake| stake.pool.value())
    }

    /// What a coldkey has staked on a hotkey with this record.
    pub(crate) fn stake_of(coldkey: &T::AccountId, record: &HotkeyRecord) -> Amount<Tao> {
        record.pool.map_or(Amount::ZERO, |id| Self::worth(id, coldkey))
    }

    /// What a coldkey's part of a pool is worth.
    pub(crate) fn worth(id: PoolId, coldkey: &T::AccountId) -> Amount<Tao> {
        let worth = Pools::<T>::get(id).map(|stake| stake.pool.worth(&Holdings::<T>::get(id, coldkey)));
        worth.and_then(Result::ok).unwrap_or(Amount::ZERO)
    }

    /// The pool of a hotkey, made if there is none yet.
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

    /// Changes a coldkey's part of a pool, and with it everything that is counted from parts: the total, the number of
    /// holders and the list of nominations. All changes of stake are made here.
    pub(crate) fn change(
        id: PoolId,
        coldkey: &T::AccountId,
        standing: Standing,
        change: impl FnOnce(&mut Pool, &mut Holding) -> Result<(), PoolError>,
    ) -> DispatchResult {
        let mut stake = Pools::<T>::get(id).ok_or(Error::<T>::InconsistentStake)?;
        let mut holding = Holdings::<T>::get(id, coldkey);
        let (before, held) = (stake.pool.value(), !holding.is_empty());
        change(&mut stake.pool, &mut holding).map_err(Error::<T>::from)?;
        let holds = !holding.is_empty();
        if held != holds {
            let holders = if holds { stake.holders.checked_add(1) } else { stake.holders.checked_sub(1) };
            stake.holders = holders.ok_or(Error::<T>::InconsistentStake)?;
            match (standing, holds) {
                (Standing::Owner, _) => {}
                (_, true) => Self::list_nomination(coldkey, id)?,
                (_, false) => Self::unlist_nomination(coldkey, id),
            }
        }
        let rest = TotalStake::<T>::get().checked_sub(before);
        let total = rest.and_then(|rest| rest.checked_add(stake.pool.value())).map_err(Error::<T>::from)?;
        TotalStake::<T>::put(total);
        Pools::<T>::insert(id, stake);
        if holds {
            Holdings::<T>::insert(id, coldkey, holding);
        } else {
            Holdings::<T>::remove(id, coldkey);
        }
        Ok(())
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

    /// Adds to a coldkey's stake and says what it is then.
    pub(crate) fn deposit(
        id: PoolId,
        coldkey: &T::AccountId,
        standing: Standing,
        amount: Amount<Tao>,
    ) -> Result<Amount<Tao>, DispatchError> {
        let mut total = Amount::ZERO;
        Self::change(id, coldkey, standing, |pool, holding| {
            pool.deposit(holding, amount)?;
            total = pool.worth(holding)?;
            Ok(())
        })?;
        Ok(total)
    }

    /// Takes from a coldkey's stake and says what is left of it. A rest worth less than a rao is given up.
    pub(crate) fn withdraw(
        id: PoolId,
        coldkey: &T::AccountId,
        standing: Standing,
        amount: Amount<Tao>,
    ) -> Result<Amount<Tao>, DispatchError> {
        let mut rest = Amount::ZERO;
        Self::change(id, coldkey, standing, |pool, holding| {
            pool.withdraw(holding, amount)?;
            rest = pool.worth(holding)?;
            if rest.is_zero() {
                pool.withdraw_all(holding)?;
            }
            Ok(())
        })?;
        Ok(rest)
    }

    /// Takes all of a coldkey's stake and says how much it was.
    pub(crate) fn withdraw_all(
        id: PoolId,
        coldkey: &T::AccountId,
        standing: Standing,
    ) -> Result<Amount<Tao>, DispatchError> {
        let mut amount = Amount::ZERO;
        Self::change(id, coldkey, standing, |pool, holding| {
            amount = pool.withdraw_all(holding)?;
            Ok(())
        })?;
        Ok(amount)
    }

    /// Returns what is left of a nomination if it is below the minimum, and so ends it. spec staking §4.1
    ///
    /// A rest that the coldkey's account could not exist with stays.
    pub(crate) fn clear_small_nomination(
        id: PoolId,
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        standing: Standing,
        minimum: Amount<Tao>,
    ) -> DispatchResult {
        let rest = Self::worth(id, coldkey);
        if standing == Standing::Owner || rest.is_zero() || rest >= minimum || !Self::can_receive(coldkey, rest) {
            return Ok(());
        }
        let removed = Self::withdraw_all(id, coldkey, standing)?;
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

    /// Fails if the operation limit has no room for another operation on a pool. spec staking §3.1
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

    /// Remembers that the coldkey does something after which keys have to rest.
    pub(crate) fn mark_active(coldkey: &T::AccountId) {
        Activities::<T>::mutate(coldkey, |activity| activity.last_at = Some(Self::now()));
    }

    /// The free balance of a coldkey that is not locked otherwise.
    pub(crate) fn affordable(coldkey: &T::AccountId) -> Amount<Tao> {
        Self::reducible(coldkey, Preservation::Expendable)
    }

    /// What a coldkey can spend and keep its account.
    pub(crate) fn spendable(coldkey: &T::AccountId) -> Amount<Tao> {
        Self::reducible(coldkey, Preservation::Preserve)
    }

    fn reducible(coldkey: &T::AccountId, preservation: Preservation) -> Amount<Tao> {
        Amount::from_rao(T::Currency::reducible_balance(coldkey, preservation, Fortitude::Polite))
    }

    /// Takes TAO out of an account, which is kept alive. Whoever calls this holds it elsewhere or recycles it.
    pub(crate) fn charge(coldkey: &T::AccountId, amount: Amount<Tao>) -> DispatchResult {
        if amount.is_zero() {
            return Ok(());
        }
        let (precision, preservation) = (Precision::Exact, Preservation::Preserve);
        T::Currency::withdraw(coldkey, amount.rao(), precision, preservation, Fortitude::Polite).map(drop)
    }

    /// Whether an account can receive this much: an amount too small for an account to exist would vanish.
    pub(crate) fn can_receive(coldkey: &T::AccountId, amount: Amount<Tao>) -> bool {
        T::Currency::can_deposit(coldkey, amount.rao(), Provenance::Extant).into_result().is_ok()
    }

    /// Puts TAO into an account that was held elsewhere until now.
    pub(crate) fn give(coldkey: &T::AccountId, amount: Amount<Tao>) -> DispatchResult {
        T::Currency::deposit(coldkey, amount.rao(), Precision::Exact).map(drop)
    }
}
