//! The beginning and the end of networks.

use crate::{
    Cleaning, Config, Error, Event, Identities, Network, NetworkSettings, OnSubnet, OwnerChanges, OwnerHotkeyChanged,
    Pallet, Parameters, Subnet, Subnets, Tempos, TotalLocked,
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
use sp_runtime::{ArithmeticError, DispatchError, traits::SaturatedConversion};

/// Where a new subnet goes.
pub(crate) struct SubnetSlot {
    /// The number it takes.
    pub(crate) netuid: NetUid,
    /// The subnet that makes room.
    pub(crate) replaced: Option<NetUid>,
}

impl<T: Config> Pallet<T> {
    /// The current block.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// How many networks exist, root included.
    pub(crate) fn count() -> u32 {
        Tempos::<T>::decode_len().unwrap_or_default().saturated_into()
    }

    /// The record of a network other than root.
    pub(crate) fn ordinary_subnet(netuid: NetUid) -> Result<Subnet<T::AccountId>, Error<T>> {
        Some(netuid).filter(|netuid| !netuid.is_root()).and_then(Subnets::<T>::get).ok_or(Error::SubNetworkDoesNotExist)
    }

    /// The lowest number that is neither taken nor still being cleared, and the subnet that makes room if the limit is
    /// reached. spec subnets-and-neurons §2.2, step 5
    ///
    /// The number of the subnet that makes room is not taken at once, because what is stored for it is cleared a page
    /// per block.
    pub(crate) fn place_for_new_subnet() -> Result<SubnetSlot, Error<T>> {
        let tempos = Tempos::<T>::get();
        let cleaning = Cleaning::<T>::get();
        let subnets = tempos.keys().filter(|netuid| !netuid.is_root()).count();
        let replaced = if subnets < usize::from(Network::<T>::get().subnet_limit) {
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

    /// Writes a new network and tells the others, who seat the owner's hotkey. What is locked for it has been withdrawn
    /// before. spec subnets-and-neurons §2.2, steps 8 to 10
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

    /// Ends a subnet: it exists no longer, its lock is given back, and what others store for it waits to be cleared.
    /// spec subnets-and-neurons §5.2
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

        let Subnet { owner, locked, .. } = subnet;
        let refunded = owner.filter(|owner| Self::can_be_refunded(owner, locked));
        let (back, recycled) = if refunded.is_some() { (locked, Amount::ZERO) } else { (Amount::ZERO, locked) };
        Self::deposit_event(Event::NetworkRemoved { netuid, refunded: back, recycled });
        if Identities::<T>::take(netuid).is_some() {
            Self::deposit_event(Event::SubnetIdentityRemoved { netuid });
        }
        T::OnSubnet::ended(netuid);
        if let Some(owner) = refunded {
            // Dropping the debt puts the lock, no longer part of `TotalLocked`, back into the accounts.
            drop(T::Currency::deposit(&owner, locked.rao(), Precision::Exact)?);
        }
        Ok(())
    }

    /// Whether a lock can go back to the owner. If not, say because the account is gone and the lock too small to open it
    /// again, the subnet ends all the same and the lock is recycled.
    fn can_be_refunded(owner: &T::AccountId, locked: Amount<Tao>) -> bool {
        T::RefundLockOnRemoval::get()
            && !locked.is_zero()
            && T::Currency::can_deposit(owner, locked.rao(), Provenance::Minted) == DepositConsequence::Success
    }
}

/// What a sum of locks that does not fit is to a call. It would have to exceed all TAO there is.
fn arithmetic(error: AmountError) -> DispatchError {
    match error {
        AmountError::Overflow => ArithmeticError::Overflow.into(),
        AmountError::Underflow => ArithmeticError::Underflow.into(),
    }
}
