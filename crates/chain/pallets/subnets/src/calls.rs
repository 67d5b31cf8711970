//! The effects of calls: all checks first, in the order of the specification, then the changes.

use crate::{
    Config, CountSeats, DefaultParameters, Error, Event, Identities, LastCreation, Launch, Network, NetworkSettings,
    OnSubnet, OwnerChanges, OwnerHotkeyChanged, Pallet, Subnets, Tempos,
};
use alloc::boxed::Box;
use frame_support::{
    defensive,
    dispatch::DispatchResult,
    ensure,
    traits::{
        EnsureOrigin,
        fungible::{Balanced, Inspect},
        tokens::{Fortitude, Precision, Preservation},
    },
};
use frame_system::ensure_signed;
use myelin_economics::subnet_price;
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{BlockNumber, NetUid};
use myelin_records::{
    parameters::{
        ChangeWindow, MAX_OWNER_BONDS_MOVING_AVERAGE, NetworkParametersPatch, Parameter, ParameterAuthority,
        Parameters, ParametersError, ParametersPatch, WEIGHTS_VERSION_KEY_TEMPOS,
    },
    subnet::{Subnet, SubnetIdentity},
};
use sp_runtime::{DispatchError, traits::BadOrigin};

impl<T: Config> Pallet<T> {
    /// Creates a subnet. spec subnets-and-neurons §2.2
    pub(crate) fn do_register_network(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        identity: Option<SubnetIdentity>,
    ) -> DispatchResult {
        T::Keys::ensure_not_swapping(coldkey)?;
        let now = Self::now();
        ensure!(!Launch::<T>::get().is_running(now), Error::<T>::LaunchPhase);
        T::Keys::ensure_pair(coldkey, hotkey)?;
        let network = Self::shared()?;
        let last = LastCreation::<T>::get();
        ensure!(
            is_due(last.map(|last| last.block), network.network_rate_limit, now),
            Error::<T>::NetworkTxRateLimitExceeded
        );
        let identity = identity.map(|given| given.bounded().ok_or(Error::<T>::InvalidIdentity)).transpose()?;
        let place = Self::place_for_new_subnet()?;
        let price = network.price_rule().price_at(now, last);
        let free = T::Currency::reducible_balance(coldkey, Preservation::Preserve, Fortitude::Polite);
        ensure!(free >= price.rao(), Error::<T>::CannotAffordLockCost);

        if let Some(replaced) = place.replaced {
            Self::end_subnet(replaced)?;
        }
        // Dropping the credit takes the price out of the accounts; from here on it is part of `TotalLocked`.
        drop(T::Currency::withdraw(coldkey, price.rao(), Precision::Exact, Preservation::Preserve, Fortitude::Polite)?);
        LastCreation::<T>::put(subnet_price::LastCreation { paid: price, block: now });
        let netuid = place.netuid;
        let subnet = Subnet {
            registered_at: now,
            owner: Some(coldkey.clone()),
            owner_hotkey: Some(hotkey.clone()),
            locked: price,
        };
        Self::begin_network(netuid, &subnet, &Self::default_parameters()?)?;
        if let Some(identity) = identity {
            Identities::<T>::insert(netuid, identity);
            Self::deposit_event(Event::SubnetIdentitySet { netuid });
        }
        Self::deposit_event(Event::NetworkAdded { netuid, modality: 0, owner: coldkey.clone(), locked: price });
        Ok(())
    }

    /// Ends a subnet of the caller. spec subnets-and-neurons §5.1
    pub(crate) fn do_dissolve_network(coldkey: &T::AccountId, netuid: NetUid) -> DispatchResult {
        Self::ensure_owner(coldkey, netuid)?;
        Self::end_subnet(netuid)
    }

    pub(crate) fn do_transfer_network(
        coldkey: &T::AccountId,
        netuid: NetUid,
        new_owner: T::AccountId,
    ) -> DispatchResult {
        let subnet = Self::ensure_owner(coldkey, netuid)?;
        ensure!(*coldkey != new_owner, Error::<T>::AlreadySubnetOwner);
        Subnets::<T>::insert(netuid, Subnet { owner: Some(new_owner.clone()), owner_hotkey: None, ..subnet });
        // The new owner names a hotkey at once.
        OwnerHotkeyChanged::<T>::remove(netuid);
        Self::deposit_event(Event::SubnetOwnerChanged { netuid, old_owner: coldkey.clone(), new_owner });
        Ok(())
    }

    /// Stores the identity of a subnet. spec subnets-and-neurons §15.2
    pub(crate) fn do_set_subnet_identity(
        coldkey: &T::AccountId,
        netuid: NetUid,
        identity: SubnetIdentity,
    ) -> DispatchResult {
        Self::ensure_owner(coldkey, netuid)?;
        Identities::<T>::insert(netuid, identity.bounded().ok_or(Error::<T>::InvalidIdentity)?);
        Self::deposit_event(Event::SubnetIdentitySet { netuid });
        Ok(())
    }

    /// Sets the owner's hotkey of a subnet. spec subnets-and-neurons §12
    pub(crate) fn do_set_subnet_owner_hotkey(netuid: NetUid, hotkey: T::AccountId) -> DispatchResult {
        let subnet = Subnets::<T>::get(netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
        let now = Self::now();
        ensure!(
            is_due(OwnerHotkeyChanged::<T>::get(netuid), Self::shared()?.owner_hotkey_rate_limit, now),
            Error::<T>::TxRateLimitExceeded
        );
        let owns = subnet.owner.is_some() && T::Keys::owner(&hotkey) == subnet.owner;
        ensure!(owns, Error::<T>::NonAssociatedColdKey);

        OwnerHotkeyChanged::<T>::insert(netuid, now);
        Subnets::<T>::insert(netuid, Subnet { owner_hotkey: Some(hotkey.clone()), ..subnet });
        Self::deposit_event(Event::SubnetOwnerHotkeySet { netuid, hotkey });
        Ok(())
    }

    /// Sets parameters of a network. spec subnets-and-neurons §17, §19
    pub(crate) fn do_set_parameters(
        by: ParameterAuthority,
        netuid: NetUid,
        changed: Box<ParametersPatch>,
    ) -> DispatchResult {
        let old = NetworkSettings::<T>::get(netuid).ok_or(Error::<T>::SubNetworkDoesNotExist)?;
        let permitted = by == ParameterAuthority::Governance
            || changed.given().all(|given| given.authority() == ParameterAuthority::Owner);
        ensure!(permitted, BadOrigin);
        ensure!(
            !Self::is_frozen(netuid, &old)? || changed.given().all(|given| given.window() == ChangeWindow::Always),
            Error::<T>::AdminActionProhibitedDuringWeightsWindow
        );
        if by == ParameterAuthority::Owner {
            Self::ensure_changes_are_due(netuid, &old, &changed)?;
        }
        let new = changed.applied_to(&old);
        Self::ensure_within_bounds(by, netuid, &changed, &new)?;

        if by == ParameterAuthority::Owner {
            Self::remember_changes(netuid, &changed);
        }
        if new.tempo != old.tempo {
            Tempos::<T>::mutate(|tempos| {
                if let Some(tempo) = tempos.get_mut(&netuid) {
                    *tempo = new.tempo;
                }
            });
        }
        NetworkSettings::<T>::insert(netuid, new);
        T::OnSubnet::parameters_changed(netuid, &changed);
        Self::deposit_event(Event::ParametersSet { netuid, changed });
        Ok(())
    }

    /// Sets parameters that all networks share. spec subnets-and-neurons §18
    pub(crate) fn do_set_network_parameters(changed: Box<NetworkParametersPatch>) -> DispatchResult {
        let new = changed.applied_to(&Self::shared()?);
        new.validate().map_err(Error::<T>::from)?;
        // No network may be left with values that the new bounds exclude.
        Self::default_parameters()?.validate(&new).map_err(Error::<T>::from)?;
        for (netuid, parameters) in NetworkSettings::<T>::iter() {
            parameters.validate_on(netuid, &new).map_err(Error::<T>::from)?;
        }
        Network::<T>::put(new);
        Self::deposit_event(Event::NetworkParametersSet { changed });
        Ok(())
    }

    /// Sets the parameters with which new subnets begin. spec subnets-and-neurons §17
    pub(crate) fn do_set_default_parameters(changed: Box<ParametersPatch>) -> DispatchResult {
        let new = changed.applied_to(&Self::default_parameters()?);
        new.validate(&Self::shared()?).map_err(Error::<T>::from)?;
        DefaultParameters::<T>::put(new);
        Self::deposit_event(Event::DefaultParametersSet { changed });
        Ok(())
    }

    /// Returns the authority of an origin over a network: owner or governance. spec subnets-and-neurons §17
    pub(crate) fn ensure_changer(
        origin: T::RuntimeOrigin,
        netuid: NetUid,
    ) -> Result<ParameterAuthority, DispatchError> {
        let Err(origin) = T::Governance::try_origin(origin) else { return Ok(ParameterAuthority::Governance) };
        let coldkey = ensure_signed(origin)?;
        T::Keys::ensure_not_swapping(&coldkey)?;
        let owner = Subnets::<T>::get(netuid).and_then(|subnet| subnet.owner);
        ensure!(owner == Some(coldkey), BadOrigin);
        Ok(ParameterAuthority::Owner)
    }

    /// Returns a subnet, after checking that the coldkey owns it and is not under swap.
    fn ensure_owner(coldkey: &T::AccountId, netuid: NetUid) -> Result<Subnet<T::AccountId>, DispatchError> {
        T::Keys::ensure_not_swapping(coldkey)?;
        let subnet = Self::ordinary_subnet(netuid)?;
        ensure!(subnet.owner.as_ref() == Some(coldkey), Error::<T>::NotSubnetOwner);
        Ok(subnet)
    }

    /// Returns true if parameters are frozen before the next epoch. spec subnets-and-neurons §19, rule 1
    fn is_frozen(netuid: NetUid, parameters: &Parameters) -> Result<bool, Error<T>> {
        let window = BlockNumber::from(Self::shared()?.admin_freeze_window);
        Ok(parameters.schedule(netuid).blocks_until_epoch(Self::now()).is_some_and(|blocks| blocks < window))
    }

    /// Checks the rate limit of the owner for each parameter. spec subnets-and-neurons §19, rule 2
    fn ensure_changes_are_due(netuid: NetUid, old: &Parameters, changed: &ParametersPatch) -> DispatchResult {
        let now = Self::now();
        let network = Self::shared()?;
        let last = OwnerChanges::<T>::get(netuid);
        for parameter in changed.given() {
            let tempos = match parameter {
                Parameter::WeightsVersionKey => WEIGHTS_VERSION_KEY_TEMPOS,
                _ => network.owner_hyperparam_rate_limit,
            };
            let limit = BlockNumber::from(tempos).saturating_mul(old.tempo.into());
            ensure!(is_due(last.get(&parameter).copied(), limit, now), Error::<T>::TxRateLimitExceeded);
        }
        Ok(())
    }

    /// Starts the timers of [`Self::ensure_changes_are_due`].
    fn remember_changes(netuid: NetUid, changed: &ParametersPatch) {
        let now = Self::now();
        OwnerChanges::<T>::mutate(netuid, |last| {
            for parameter in changed.given() {
                if last.try_insert(parameter, now).is_err() {
                    defensive!("the bound is at least the number of parameters");
                }
            }
        });
    }

    /// Checks the bounds of all values. spec subnets-and-neurons §17
    ///
    /// Bounds that depend on the authority and on other state come first, then the bounds of the record itself.
    fn ensure_within_bounds(
        by: ParameterAuthority,
        netuid: NetUid,
        changed: &ParametersPatch,
        new: &Parameters,
    ) -> DispatchResult {
        if by == ParameterAuthority::Owner {
            ensure!(
                changed.bonds_moving_average.is_none_or(|kept| kept <= MAX_OWNER_BONDS_MOVING_AVERAGE),
                Error::<T>::BondsMovingAverageMaxReached
            );
            ensure!(
                changed.alpha_sigmoid_steepness.is_none_or(|steepness| steepness >= 0),
                Error::<T>::NegativeSigmoidSteepness
            );
            let least_immunity = new.least_immunity_by_owner();
            ensure!(
                changed.immunity_period.is_none_or(|blocks| u32::from(blocks) >= least_immunity),
                Error::<T>::InvalidValue
            );
        }
        if changed.max_allowed_uids.is_some() || changed.min_allowed_uids.is_some() {
            let count = T::Seats::count(netuid);
            ensure!(
                changed.max_allowed_uids.is_none_or(|max| max >= count),
                Error::<T>::MaxAllowedUIdsLessThanCurrentUIds
            );
            ensure!(
                changed.min_allowed_uids.is_none_or(|min| min < count),
                Error::<T>::MinAllowedUidsGreaterThanCurrentUids
            );
            ensure!(
                changed.min_allowed_uids.is_none_or(|min| min < new.max_allowed_uids),
                Error::<T>::MinAllowedUidsGreaterThanMaxAllowedUids
            );
        }
        ensure!(changed.alpha_values.is_none() || new.liquid_alpha, Error::<T>::LiquidAlphaDisabled);
        Ok(new.validate_on(netuid, &Self::shared()?).map_err(Error::<T>::from)?)
    }
}

/// Returns true if at least `limit` blocks have passed since `last`, or there was no last time.
fn is_due(last: Option<BlockNumber>, limit: BlockNumber, now: BlockNumber) -> bool {
    last.is_none_or(|last| now.saturating_sub(last) >= limit)
}

impl<T> From<ParametersError> for Error<T> {
    fn from(error: ParametersError) -> Self {
        match error {
            ParametersError::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids => {
                Self::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids
            }
            ParametersError::MaxValidatorsLargerThanMaxUIds => Self::MaxValidatorsLargerThanMaxUIds,
            ParametersError::ActivityCutoffTooLow => Self::ActivityCutoffTooLow,
            ParametersError::BondsMovingAverageMaxReached => Self::BondsMovingAverageMaxReached,
            ParametersError::AlphaHighTooLow => Self::AlphaHighTooLow,
            ParametersError::AlphaLowOutOfRange => Self::AlphaLowOutOfRange,
            ParametersError::RevealPeriodTooSmall => Self::RevealPeriodTooSmall,
            ParametersError::RevealPeriodTooLarge => Self::RevealPeriodTooLarge,
            ParametersError::ValueNotInBounds => Self::ValueNotInBounds,
            ParametersError::InvalidValue => Self::InvalidValue,
        }
    }
}
