//! Moves of stake to another hotkey or coldkey. spec staking §5

use crate::pallet::{Config, Error, Event, Nominations, Pallet};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use myelin_pallet_keys::traits::Keys;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{Amount, NetUid, Tao};
use myelin_records::{bounds::MAX_GIVEN_NOMINATIONS, stake::StakeRole};
use sp_runtime::DispatchError;

/// The stake of one coldkey on one hotkey.
struct StakeKey<'a, AccountId> {
    coldkey: &'a AccountId,
    hotkey: &'a AccountId,
}

impl<T: Config> Pallet<T> {
    /// Moves stake. Returns the number of networks that were searched for pending children. spec staking §5
    pub(crate) fn do_move_stake(
        coldkey: &T::AccountId,
        origin_hotkey: &T::AccountId,
        destination_hotkey: &T::AccountId,
        amount: Amount<Tao>,
    ) -> Result<u32, DispatchError> {
        let origin = StakeKey { coldkey, hotkey: origin_hotkey };
        Self::move_row(&origin, &StakeKey { coldkey, hotkey: destination_hotkey }, amount)?;
        let networks = Self::drop_unaffordable_children(origin_hotkey, &T::Subnets::network());
        Self::deposit_event(Event::StakeMoved {
            coldkey: coldkey.clone(),
            origin_hotkey: origin_hotkey.clone(),
            destination_hotkey: destination_hotkey.clone(),
            amount,
        });
        Ok(networks)
    }

    /// Transfers stake to another coldkey. spec staking §5
    pub(crate) fn do_transfer_stake(
        origin_coldkey: &T::AccountId,
        destination_coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        amount: Amount<Tao>,
    ) -> DispatchResult {
        let origin = StakeKey { coldkey: origin_coldkey, hotkey };
        Self::move_row(&origin, &StakeKey { coldkey: destination_coldkey, hotkey }, amount)?;
        Self::deposit_event(Event::StakeTransferred {
            origin_coldkey: origin_coldkey.clone(),
            destination_coldkey: destination_coldkey.clone(),
            hotkey: hotkey.clone(),
            amount,
        });
        Ok(())
    }

    /// Checks that another coldkey may give a new nomination to this one.
    ///
    /// The rest of its list is for nominations of its own, so gifts cannot fill it.
    fn ensure_can_be_given(coldkey: &T::AccountId) -> Result<(), Error<T>> {
        let listed = Nominations::<T>::decode_len(coldkey).unwrap_or_default();
        ensure!(u32::try_from(listed).is_ok_and(|listed| listed < MAX_GIVEN_NOMINATIONS), Error::TooManyNominations);
        Ok(())
    }

    /// Checks a move in the order of spec staking §5, then makes it.
    fn move_row(
        origin: &StakeKey<'_, T::AccountId>,
        destination: &StakeKey<'_, T::AccountId>,
        amount: Amount<Tao>,
    ) -> DispatchResult {
        T::Keys::ensure_not_swapping(origin.coldkey)?;
        let transfer = origin.coldkey != destination.coldkey;
        T::Keys::ensure_not_reserved(destination.coldkey)?;
        ensure!(transfer || origin.hotkey != destination.hotkey, Error::<T>::SameNetuid);
        let from = Self::existing(origin.hotkey)?;
        let to = Self::existing(destination.hotkey)?;
        ensure!(
            to.owner == *destination.coldkey || to.record.delegation.is_some(),
            Error::<T>::HotKeyNotDelegateAndSignerNotOwnHotKey
        );
        let row = Self::stake_of(origin.coldkey, &from.record);
        let from_id = from.record.pool.filter(|_| row >= amount).ok_or(Error::<T>::NotEnoughStakeToWithdraw)?;
        let allowed = || T::Subnets::parameters(NetUid::ROOT).is_some_and(|root| root.transfers_allowed);
        ensure!(!transfer || allowed(), Error::<T>::TransferDisallowed);
        ensure!(amount >= T::MinStake::get() && !amount.is_zero(), Error::<T>::AmountTooLow);
        let network = T::Subnets::network();
        let from_role = Self::role(origin.coldkey, &from.owner);
        let to_role = Self::role(destination.coldkey, &to.owner);
        let before = Self::stake_of(destination.coldkey, &to.record);
        let nomination = before.checked_add(amount).map_err(Error::<T>::from)?;
        ensure!(
            to_role == StakeRole::Owner || nomination >= network.nominator_min_required_stake,
            Error::<T>::NomStakeBelowMinimumThreshold
        );
        Self::count_operation(origin.coldkey, from_id, &network)?;
        if transfer && to_role == StakeRole::Nominator && before.is_zero() {
            Self::ensure_can_be_given(destination.coldkey)?;
        }

        let left = Self::withdraw(from_id, origin.coldkey, from_role, amount)?;
        let to_id = Self::pool_of(destination.hotkey, to.record)?;
        let total = Self::deposit(to_id, destination.coldkey, to_role, amount)?;
        Self::announce_removed(origin.coldkey, origin.hotkey, amount, left);
        Self::announce_added(destination.coldkey, destination.hotkey, amount, total);
        Self::mark_active(origin.coldkey);
        let minimum = network.nominator_min_required_stake;
        Self::clear_small_nomination(from_id, origin.coldkey, origin.hotkey, from_role, minimum)
    }
}
