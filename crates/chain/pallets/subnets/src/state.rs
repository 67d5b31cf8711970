//! The creation and the end of networks.

use crate::{
    Cleaning, Config, DefaultParameters, Error, Event, Identities, Network, NetworkSettings, OnSubnet, OwnerChanges,
    OwnerHotkeyChanged, Pallet, Subnets, Tempos, TotalLocked,
};
use frame_support::{
    dispatch::DispatchResult,
    ensure,
    traits::{
        Get,
        fungible::{Balanced, Inspect},
        tokens::{DepositConsequence, Precision, Provenance},
    },
};
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{Amount, AmountError, BlockNumber, NetUid, Tao};
use myelin_records::{
    parameters::{NetworkParameters, Parameters},
    subnet::Subnet,
};
use sp_runtime::{ArithmeticError, DispatchError, traits::SaturatedConversion};

/// The place of a new subnet.
pub(crate) struct SubnetSlot {
    /// The netuid of the new subnet.
    pub(crate) netuid: NetUid,
    /// The subnet that makes room.
    pub(crate) replaced: Option<NetUid>,
}

impl<T: Config> Pallet<T> {
    /// Returns the number of the current block.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Returns the parameters that all networks share, for a call.
    pub(crate) fn shared() -> Result<NetworkParameters, Error<T>> {
        Network::<T>::get().ok_or(Error::StateUnreadable)
    }

    /// Returns the parameters of a new subnet.
    pub(crate) fn default_parameters() -> Result<Parameters, Error<T>> {
        DefaultParameters::<T>::get().ok_or(Error::StateUnreadable)
    }

    /// Returns the number of networks, root included.
    pub(crate) fn count() -> u32 {
        Tempos::<T>::decode_len().unwrap_or_default().saturated_into()
    }

    /// Returns the record of a network other than root.
    pub(crate) fn ordinary_subnet(netuid: NetUid) -> Result<Subnet<T::AccountId>, Error<T>> {
        Some(netuid).filter(|netuid| !netuid.is_root()).and_then(Subnets::<T>::get).ok_or(Error::SubNetworkDoesNotExist)
    }

    /// Returns the lowest free netuid, and the subnet that makes room. spec subnets-and-neurons §2.2, step 5
    ///
    /// A subnet makes room if the subnet limit is reached. A netuid is free if it is neither taken nor being cleared.
    /// So the new subnet does not get the netuid of the subnet that makes room, whose storage is cleared a page per
    /// block.
    pub(crate) fn place_for_new_subnet() -> Result<SubnetSlot, Error<T>> {
        let tempos = Tempos::<T>::get();
        let cleaning = Cleaning::<T>::get();
        let subnets = tempos.keys().filter(|netuid| !netuid.is_root()).count();
        let replaced = if subnets < usize::from(Self::shared()?.subnet_limit) {
            None
        } else {
            ensure!(!cleaning.is_full(), Error::<T>::CleaningQueueFull);
            Some(Self::subnet_to_prune().ok_or(Error::<T>::SubnetLimitReached)?)
        };
        let netuid = (1..=u16::MAX)
            .map(NetUid::new)
            .find(|netuid| !tempos.contains_key(netuid) && !cleaning.contains(netuid))
            .ok_or(Error::<T>::SubnetLimitReached)?;
        Ok(SubnetSlot { netuid, replaced })
    }

    /// Writes a new network and tells the listeners. spec subnets-and-neurons §2.2, steps 8 to 10
    ///
    /// The caller has withdrawn the TAO that is locked for it. The pallet of seats seats the owner's hotkey.
    pub(crate) fn begin_network(
        netuid: NetUid,
        subnet: &Subnet<T::AccountId>,
        parameters: &Parameters,
    ) -> DispatchResult {
        Tempos::<T>::try_mutate(|tempos| tempos.try_insert(netuid, parameters.tempo))
            .map_err(|_| Error::<T>::SubnetLimitReached)?;
        let total = TotalLocked::<T>::get().checked_add(subnet.locked).map_err(arithmetic)?;
        TotalLocked::<T>::put(total);
        Subnets::<T>::insert(netuid, subnet);
        NetworkSettings::<T>::insert(netuid, parameters);
        let first = subnet.owner.as_ref().zip(subnet.owner_hotkey.as_ref());
        if let Some((coldkey, hotkey)) = first {
            T::Keys::pair(coldkey, hotkey)?;
        }
        T::OnSubnet::created(netuid, first)
    }

    /// Ends a subnet, refunds what its lock has vested, and queues its storage for clearing.
    ///
    /// spec subnets-and-neurons §5.2, §5.3
    pub(crate) fn end_subnet(netuid: NetUid) -> DispatchResult {
        let subnet = Self::ordinary_subnet(netuid)?;
        Cleaning::<T>::try_append(netuid).map_err(|()| Error::<T>::CleaningQueueFull)?;
        Tempos::<T>::mutate(|tempos| tempos.remove(&netuid));
        Subnets::<T>::remove(netuid);
        NetworkSettings::<T>::remove(netuid);
        OwnerChanges::<T>::remove(netuid);
        OwnerHotkeyChanged::<T>::remove(netuid);
        let total = TotalLocked::<T>::get().checked_sub(subnet.locked).map_err(arithmetic)?;
        TotalLocked::<T>::put(total);

        let Subnet { owner, locked, registered_at, .. } = subnet;
        let vested = Self::shared()?.vested(locked, Self::now().saturating_sub(registered_at));
        let owner = owner.filter(|owner| Self::can_be_refunded(owner, vested));
        let refunded = if owner.is_some() { vested } else { Amount::ZERO };
        let recycled = locked.checked_sub(refunded).map_err(arithmetic)?;
        Self::deposit_event(Event::NetworkRemoved { netuid, refunded, recycled });
        if Identities::<T>::take(netuid).is_some() {
            Self::deposit_event(Event::SubnetIdentityRemoved { netuid });
        }
        T::OnSubnet::ended(netuid);
        if let Some(owner) = owner {
            // Dropping the debt puts the refund, no longer part of `TotalLocked`, back into the accounts.
            drop(T::Currency::deposit(&owner, refunded.rao(), Precision::Exact)?);
        }
        Ok(())
    }

    /// Returns true if this much can be refunded to the owner.
    ///
    /// It cannot if the account is gone and the refund is too small to open it again. The subnet then ends all the
    /// same, and the whole lock is recycled.
    fn can_be_refunded(owner: &T::AccountId, refund: Amount<Tao>) -> bool {
        T::RefundLockOnRemoval::get()
            && !refund.is_zero()
            && T::Currency::can_deposit(owner, refund.rao(), Provenance::Minted) == DepositConsequence::Success
    }
}

/// Returns the error of a call for a sum of locks that is out of range. The invariants exclude this.
fn arithmetic(error: AmountError) -> DispatchError {
    match error {
        AmountError::Overflow => ArithmeticError::Overflow.into(),
        AmountError::Underflow => ArithmeticError::Underflow.into(),
    }
}
