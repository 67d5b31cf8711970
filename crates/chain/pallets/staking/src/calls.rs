//! The calls about stake, takes and root.

use crate::{
    checks::{Removal, RemovalAmount},
    pallet::{Config, Error, Event, Hotkeys, Pallet},
    state::{KnownHotkey, rate_limit_passed},
    traits::{ReadStake, RootSeats},
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use myelin_pallet_keys::traits::{Keys, ReadKeyUse};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, NetUid, Take, Tao, Uid};
use myelin_records::{
    parameters::NetworkParameters,
    stake::{Delegation, HotkeyRecord, StakeRole, TakeRaise},
};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// Stakes free TAO of a coldkey on a hotkey. spec staking §3
    pub(crate) fn do_add_stake(coldkey: &T::AccountId, hotkey: &T::AccountId, amount: Amount<Tao>) -> DispatchResult {
        T::Keys::ensure_not_swapping(coldkey)?;
        T::Keys::ensure_not_reserved(coldkey)?;
        ensure!(amount >= T::MinStake::get(), Error::<T>::AmountTooLow);
        ensure!(Self::affordable(coldkey) >= amount, Error::<T>::NotEnoughBalanceToStake);
        let KnownHotkey { owner, record } = Self::existing(hotkey)?;
        let role = Self::role(coldkey, &owner);
        ensure!(
            role == StakeRole::Owner || record.delegation.is_some(),
            Error::<T>::HotKeyNotDelegateAndSignerNotOwnHotKey
        );
        let network = T::Subnets::network();
        if role == StakeRole::Nominator {
            let nomination = Self::stake_of(coldkey, &record).checked_add(amount).map_err(Error::<T>::from)?;
            ensure!(nomination >= network.nominator_min_required_stake, Error::<T>::NomStakeBelowMinimumThreshold);
        }
        let id = Self::pool_of(hotkey, record)?;
        Self::count_operation(coldkey, id, &network)?;
        let added = amount.min(Self::spendable(coldkey));
        ensure!(!added.is_zero(), Error::<T>::InsufficientBalance);
        Self::charge(coldkey, added).map_err(|_| Error::<T>::InsufficientBalance)?;
        let total = Self::deposit(id, coldkey, role, added)?;
        Self::mark_active(coldkey);
        Self::announce_added(coldkey, hotkey, added, total);
        Ok(())
    }

    /// Removes stake. Returns the number of networks that were searched for pending children. spec staking §4
    pub(crate) fn do_remove_stake(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        amount: Amount<Tao>,
    ) -> Result<u32, DispatchError> {
        T::Keys::ensure_not_swapping(coldkey)?;
        let removal = Self::removal(coldkey, hotkey, RemovalAmount::Some(amount))?;
        Self::remove(coldkey, hotkey, &removal)
    }

    /// Removes all stake. Returns the number of networks that were searched for pending children. spec staking §4
    pub(crate) fn do_unstake_all(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<u32, DispatchError> {
        T::Keys::ensure_not_swapping(coldkey)?;
        let removal = Self::removal(coldkey, hotkey, RemovalAmount::All)?;
        Self::remove(coldkey, hotkey, &removal)
    }

    fn remove(coldkey: &T::AccountId, hotkey: &T::AccountId, removal: &Removal<T>) -> Result<u32, DispatchError> {
        let Removal { owner, id, amount: removed, network } = removal;
        let role = Self::role(coldkey, owner);
        Self::count_operation(coldkey, *id, network)?;
        let total = Self::withdraw(*id, coldkey, role, *removed)?;
        Self::give(coldkey, *removed)?;
        Self::mark_active(coldkey);
        Self::announce_removed(coldkey, hotkey, *removed, total);
        Self::clear_small_nomination(*id, coldkey, hotkey, role, network.nominator_min_required_stake)?;
        Ok(Self::drop_unaffordable_children(hotkey, network))
    }

    /// Makes a hotkey a delegate. spec staking §6
    pub(crate) fn do_become_delegate(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        T::Keys::ensure_not_swapping(coldkey)?;
        let record = Self::owned(coldkey, hotkey)?;
        ensure!(record.delegation.is_none(), Error::<T>::HotKeyAlreadyDelegate);
        let limit = T::Subnets::network().tx_rate_limit;
        ensure!(
            rate_limit_passed(Self::last_active(coldkey), Self::now(), limit),
            Error::<T>::DelegateTxRateLimitExceeded
        );
        Self::make_delegate(coldkey, hotkey, record);
        Self::mark_active(coldkey);
        Ok(())
    }

    /// Makes a hotkey of this coldkey a delegate with the highest take.
    pub(crate) fn make_delegate(coldkey: &T::AccountId, hotkey: &T::AccountId, record: HotkeyRecord) {
        let take = T::Subnets::network().max_delegate_take;
        Self::set_take(hotkey, record, take, None);
        Self::deposit_event(Event::DelegateAdded { coldkey: coldkey.clone(), hotkey: hotkey.clone(), take });
    }

    /// Announces a higher take of a delegate. spec staking §6
    pub(crate) fn do_increase_take(coldkey: &T::AccountId, hotkey: &T::AccountId, take: Take) -> DispatchResult {
        T::Keys::ensure_not_swapping(coldkey)?;
        let record = Self::owned(coldkey, hotkey)?;
        let current = record.delegation.ok_or(Error::<T>::HotKeyNotDelegate)?;
        let network = T::Subnets::network();
        let in_force = current.take_at(Self::now(), network.max_delegate_take);
        ensure!(take > in_force, Error::<T>::DelegateTakeTooLow);
        ensure!(take <= network.max_delegate_take, Error::<T>::DelegateTakeTooHigh);
        ensure!(
            rate_limit_passed(Some(current.changed_at), Self::now(), network.tx_delegate_take_rate_limit),
            Error::<T>::DelegateTxRateLimitExceeded
        );
        let raise = Self::announce_raise(hotkey, None, take, &network);
        Self::set_take(hotkey, record, in_force, Some(raise));
        Ok(())
    }

    /// Lowers the take of a delegate, and withdraws a higher one that was announced. spec staking §6
    pub(crate) fn do_decrease_take(coldkey: &T::AccountId, hotkey: &T::AccountId, take: Take) -> DispatchResult {
        T::Keys::ensure_not_swapping(coldkey)?;
        let record = Self::owned(coldkey, hotkey)?;
        let current = record.delegation.ok_or(Error::<T>::HotKeyNotDelegate)?;
        let network = T::Subnets::network();
        let in_force = current.take_at(Self::now(), network.max_delegate_take);
        ensure!(take < in_force, Error::<T>::DelegateTakeTooLow);
        ensure!(take >= network.min_delegate_take, Error::<T>::DelegateTakeTooLow);
        Self::set_take(hotkey, record, take, None);
        Self::deposit_event(Event::TakeDecreased { coldkey: coldkey.clone(), hotkey: hotkey.clone(), take });
        Ok(())
    }

    fn set_take(hotkey: &T::AccountId, record: HotkeyRecord, take: Take, raise: Option<TakeRaise>) {
        let delegation = Some(Delegation { take, changed_at: Self::now(), raise });
        Hotkeys::<T>::insert(hotkey, HotkeyRecord { delegation, ..record });
    }

    /// Returns a higher take with the block from which it is in force, and deposits the event of it. spec staking §6
    ///
    /// `netuid` is the subnet of a child's take.
    pub(crate) fn announce_raise(
        hotkey: &T::AccountId,
        netuid: Option<NetUid>,
        take: Take,
        network: &NetworkParameters,
    ) -> TakeRaise {
        let from = Self::now().saturating_add(network.take_notice);
        Self::deposit_event(Event::TakeRaiseAnnounced { hotkey: hotkey.clone(), netuid, take, from });
        TakeRaise { take, from }
    }

    /// Takes a seat on root for a hotkey. spec staking §7
    pub(crate) fn do_root_register(coldkey: &T::AccountId, hotkey: &T::AccountId) -> DispatchResult {
        T::Keys::ensure_not_swapping(coldkey)?;
        ensure!(!T::Subnets::launch().is_running(Self::now()), Error::<T>::LaunchPhase);
        T::Seats::ensure_open(hotkey)?;
        let burn = T::Seats::price();
        ensure!(Self::spendable(coldkey) >= burn, Error::<T>::NotEnoughBalanceToStake);
        T::Keys::ensure_pair(coldkey, hotkey)?;
        let replaced = Self::root_place(Self::on(hotkey))?;
        Self::recycle(coldkey, burn)?;
        let record = Self::record(hotkey);
        if record.delegation.is_none() {
            Self::make_delegate(coldkey, hotkey, record);
        }
        T::Seats::seat(hotkey, replaced).map(drop)
    }

    /// Returns the member of root that makes room for a hotkey with this stake, or `None` if a seat is free.
    fn root_place(stake: Amount<Tao>) -> Result<Option<Uid>, Error<T>> {
        let members = T::Seats::members();
        let places = T::Subnets::parameters(NetUid::ROOT).map_or(0, |root| root.max_allowed_uids);
        if members.len() < usize::from(places) {
            return Ok(None);
        }
        let weakest = members.into_iter().map(|(uid, member)| (Self::on(&member), uid)).min();
        let (_, uid) = weakest.filter(|(least, _)| *least < stake).ok_or(Error::StakeTooLowForRoot)?;
        Ok(Some(uid))
    }
}
