//! Identities of coldkeys. spec subnets-and-neurons §15.2

use crate::{
    pallet::{Config, Error, Event, Identities, OwnedHotkeys, Pallet},
    traits::ReadSeated,
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use myelin_records::key::ChainIdentity;

impl<T: Config> Pallet<T> {
    /// Stores the identity of a coldkey. spec subnets-and-neurons §15.2
    pub(crate) fn do_set_identity(coldkey: &T::AccountId, identity: ChainIdentity) -> DispatchResult {
        Self::ensure_not_swapping(coldkey)?;
        let seated = OwnedHotkeys::<T>::get(coldkey).iter().any(T::Seats::is_seated_anywhere);
        ensure!(seated, Error::<T>::HotKeyNotRegisteredInNetwork);
        let identity = identity.bounded().ok_or(Error::<T>::InvalidIdentity)?;
        Self::recycle(coldkey, T::IdentityCost::get())?;
        Identities::<T>::insert(coldkey, identity);
        Self::deposit_event(Event::ChainIdentitySet { coldkey: coldkey.clone() });
        Ok(())
    }
}
