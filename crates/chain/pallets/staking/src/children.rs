//! Stake weight lent from hotkey to hotkey. spec staking §9

use crate::{
    pallet::{ActivationBacklog, Activations, Config, Error, Event, Families, Pallet},
    traits::ReadStake,
    types::{MaxChildrenRead, SortedBlock},
    weights::WeightInfo,
};
use alloc::collections::BTreeSet;
use frame_support::{
    BoundedVec, defensive,
    dispatch::DispatchResult,
    ensure,
    storage::with_storage_layer,
    weights::{Weight, WeightMeter},
};
use myelin_pallet_keys::traits::Keys;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, NetUid, Take};
use myelin_records::{
    bounds::{MAX_CHILDREN, MAX_PARENTS},
    parameters::NetworkParameters,
    stake::{Children, Family, FamilyMember, PendingChildren},
};
use sp_runtime::DispatchError;

/// Blocks between two requests for children by one hotkey on one subnet. spec staking §9.1, check 1
pub(crate) const REQUEST_INTERVAL: BlockNumber = 150;

/// The family of a hotkey on this chain.
type FamilyOf<T> = Family<<T as frame_system::Config>::AccountId>;

/// Returns true if at least `limit` blocks have passed since `last`.
fn elapsed(last: Option<BlockNumber>, now: BlockNumber, limit: BlockNumber) -> bool {
    last.is_none_or(|last| now.saturating_sub(last) >= limit)
}

impl<T: Config> Pallet<T> {
    /// Schedules other children of a hotkey on a subnet. spec staking §9.1
    pub(crate) fn do_set_children(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        netuid: NetUid,
        children: BoundedVec<FamilyMember<T::AccountId>, MaxChildrenRead>,
    ) -> DispatchResult {
        T::Keys::ensure_not_swapping(coldkey)?;
        let family = Families::<T>::get(netuid, hotkey);
        let now = Self::now();
        ensure!(elapsed(family.requested_at, now, REQUEST_INTERVAL), Error::<T>::TxRateLimitExceeded);
        ensure!(!netuid.is_root(), Error::<T>::RegistrationNotPermittedOnRootSubnet);
        ensure!(T::Subnets::exists(netuid), Error::<T>::SubNetworkDoesNotExist);
        Self::ensure_owner(coldkey, hotkey)?;
        let network = T::Subnets::network();
        Self::ensure_can_lend(netuid, hotkey, &family, &children, &network)?;
        let children = Children::<T::AccountId>::try_from(children.into_inner());
        let children = children.map_err(|_| Error::<T>::TooManyChildren)?;

        let after = now.saturating_add(network.pending_childkey_cooldown);
        if let Some(former) = &family.pending {
            Activations::<T>::remove((netuid, SortedBlock::from(former.after), hotkey));
        }
        Activations::<T>::insert((netuid, SortedBlock::from(after), hotkey), ());
        let pending = Some(PendingChildren { children: children.clone(), after });
        Families::<T>::insert(netuid, hotkey, FamilyOf::<T> { pending, requested_at: Some(now), ..family });
        Self::deposit_event(Event::SetChildrenScheduled { hotkey: hotkey.clone(), netuid, after, children });
        Ok(())
    }

    fn ensure_owner(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        ensure!(T::Keys::owner(hotkey).as_ref() == Some(coldkey), Error::NonAssociatedColdKey);
        Ok(())
    }

    /// Makes checks 5 to 11 of spec staking §9.1, in their order.
    fn ensure_can_lend(
        netuid: NetUid,
        hotkey: &T::AccountId,
        family: &FamilyOf<T>,
        children: &[FamilyMember<T::AccountId>],
        network: &NetworkParameters,
    ) -> Result<(), Error<T>> {
        let distinct: BTreeSet<_> = children.iter().map(|child| &child.hotkey).collect();
        ensure!(distinct.len() == children.len(), Error::DuplicateChild);
        ensure!(!distinct.contains(hotkey), Error::InvalidChild);
        ensure!(u32::try_from(children.len()).is_ok_and(|count| count <= MAX_CHILDREN), Error::TooManyChildren);
        let whole = children.iter().try_fold(0_u64, |sum, child| sum.checked_add(child.proportion.parts()));
        ensure!(whole.is_some(), Error::ProportionOverflow);
        let owned = children.iter().all(|child| T::Keys::owner(&child.hotkey).is_some());
        ensure!(owned, Error::HotKeyAccountNotExists);
        let mutual = family.parents.iter().any(|parent| distinct.contains(&parent.hotkey));
        ensure!(!mutual, Error::ChildParentInconsistency);
        let may = children.is_empty() || Self::has_lending_stake(netuid, hotkey, network);
        ensure!(may, Error::NotEnoughStakeToSetChildkeys);
        Ok(())
    }

    /// Returns true if a hotkey has the stake that lending on a subnet needs. spec staking §9.1, check 11
    fn has_lending_stake(netuid: NetUid, hotkey: &T::AccountId, network: &NetworkParameters) -> bool {
        let stake = Self::on(hotkey);
        let is_owners = || T::Subnets::subnet(netuid).and_then(|subnet| subnet.owner_hotkey).as_ref() == Some(hotkey);
        stake >= network.least_lending_stake(false) || stake >= network.least_lending_stake(true) && is_owners()
    }

    /// Sets the take of a child on a subnet, or announces it if it is higher. spec staking §9.3
    pub(crate) fn do_set_childkey_take(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        netuid: NetUid,
        take: Take,
    ) -> DispatchResult {
        T::Keys::ensure_not_swapping(coldkey)?;
        Self::ensure_owner(coldkey, hotkey)?;
        let subnet = T::Subnets::parameters(netuid).filter(|_| !netuid.is_root());
        let subnet = subnet.ok_or(Error::<T>::SubNetworkDoesNotExist)?;
        let network = T::Subnets::network();
        let least = network.min_childkey_take.max(subnet.min_childkey_take);
        ensure!(take >= least && take <= network.max_childkey_take, Error::<T>::InvalidChildkeyTake);
        let family = Families::<T>::get(netuid, hotkey);
        let now = Self::now();
        let in_force = family.take_at(now, network.max_childkey_take);
        let (take, take_raise) = if take > in_force {
            let may_rise = elapsed(family.take_changed_at, now, network.tx_childkey_take_rate_limit);
            ensure!(may_rise, Error::<T>::TxChildkeyTakeRateLimitExceeded);
            (in_force, Some(Self::announce_raise(hotkey, Some(netuid), take, &network)))
        } else {
            Self::deposit_event(Event::ChildKeyTakeSet { hotkey: hotkey.clone(), netuid, take });
            (take, None)
        };
        let family = FamilyOf::<T> { take, take_raise, take_changed_at: Some(now), ..family };
        Families::<T>::insert(netuid, hotkey, family);
        Ok(())
    }

    /// Queues a subnet whose epoch has run, if children of it are due. spec staking §9.1
    pub(crate) fn queue_due_children(netuid: NetUid) {
        let epoch = Self::now();
        if Self::next_due(netuid, epoch).is_none() {
            return;
        }
        ActivationBacklog::<T>::mutate(|backlog| {
            if backlog.try_insert(netuid, epoch).is_err() {
                defensive!("the bound is that of the networks");
            }
        });
    }

    /// Activates queued children, the list that was due first before all others. spec staking §9.1
    ///
    /// Without the order across subnets many lists of one subnet would delay those of the others. All lists wait while
    /// the parameters cannot be decoded.
    pub(crate) fn activate_queued_children(meter: &mut WeightMeter) {
        meter.consume(T::WeightInfo::queued_activations());
        if !T::Subnets::is_readable() {
            return;
        }
        let mut backlog = ActivationBacklog::<T>::get();
        let before = backlog.len();
        let mut next = BTreeSet::new();
        for (netuid, epoch) in &backlog {
            meter.consume(T::WeightInfo::next_activation());
            next.extend(Self::next_due(*netuid, *epoch).map(|(due, hotkey)| (due.block(), *netuid, hotkey)));
        }
        let one = T::WeightInfo::activate_children().saturating_add(T::WeightInfo::next_activation());
        while let Some((due, netuid, hotkey)) = next.first().cloned() {
            if meter.try_consume(one).is_err() {
                break;
            }
            next.pop_first();
            Self::activate(netuid, SortedBlock::from(due), &hotkey);
            let following = backlog.get(&netuid).and_then(|epoch| Self::next_due(netuid, *epoch));
            next.extend(following.map(|(due, hotkey)| (due.block(), netuid, hotkey)));
        }
        backlog.retain(|netuid, _| next.iter().any(|(_, waiting, _)| waiting == netuid));
        if backlog.len() != before {
            ActivationBacklog::<T>::put(backlog);
        }
    }

    /// Returns the first pending children on a subnet that were due before the block of an epoch.
    fn next_due(netuid: NetUid, epoch: BlockNumber) -> Option<(SortedBlock, T::AccountId)> {
        Activations::<T>::iter_key_prefix((netuid,)).next().filter(|(due, _)| due.block() < epoch)
    }

    fn activate(netuid: NetUid, due: SortedBlock, hotkey: &T::AccountId) {
        Activations::<T>::remove((netuid, due, hotkey));
        let pending = Self::change_family(netuid, hotkey, |family| family.pending.take());
        let Some(PendingChildren { children, .. }) = pending else { return };
        let event = match with_storage_layer(|| Self::replace_children(netuid, hotkey, children)) {
            Ok(children) => Event::SetChildren { hotkey: hotkey.clone(), netuid, children },
            Err(reason) => Event::PendingChildrenDropped { hotkey: hotkey.clone(), netuid, reason },
        };
        Self::deposit_event(event);
    }

    /// Replaces the children of a hotkey, if it may still lend to them.
    fn replace_children(
        netuid: NetUid,
        hotkey: &T::AccountId,
        mut children: Children<T::AccountId>,
    ) -> Result<Children<T::AccountId>, DispatchError> {
        for child in &mut children {
            child.hotkey = T::Keys::latest_successor(&child.hotkey);
        }
        let family = Families::<T>::get(netuid, hotkey);
        Self::ensure_can_lend(netuid, hotkey, &family, &children, &T::Subnets::network())?;
        for former in &family.children {
            Self::change_family(netuid, &former.hotkey, |child| child.parents.retain(|it| it.hotkey != *hotkey));
        }
        for child in &children {
            Self::adopt(netuid, hotkey, child)?;
        }
        Self::change_family(netuid, hotkey, |family| family.children = children.clone());
        Ok(children)
    }

    /// Adds a parent to a child.
    ///
    /// If the child has the most parents, the parent that lends least makes room, provided that the new one lends more.
    fn adopt(netuid: NetUid, parent: &T::AccountId, child: &FamilyMember<T::AccountId>) -> Result<(), Error<T>> {
        let mut family = Families::<T>::get(netuid, &child.hotkey);
        let entry = FamilyMember { proportion: child.proportion, hotkey: parent.clone() };
        if family.parents.is_full() {
            let lends = |parent: &FamilyMember<T::AccountId>| parent.proportion.of(Self::on(&parent.hotkey));
            let weakest = family.parents.iter().enumerate().map(|(place, parent)| (lends(parent), place)).min();
            let weakest = weakest.filter(|(least, _)| *least < lends(&entry));
            let (_, place) = weakest.ok_or(Error::TooManyParents)?;
            let former = family.parents.remove(place).hotkey;
            let rest = Self::change_family(netuid, &former, |family| {
                family.children.retain(|it| it.hotkey != child.hotkey);
                family.children.clone()
            });
            Self::deposit_event(Event::SetChildren { hotkey: former, netuid, children: rest });
        }
        family.parents.try_push(entry).map_err(|_| Error::TooManyParents)?;
        Families::<T>::insert(netuid, &child.hotkey, family);
        Ok(())
    }

    /// Changes a family, and removes it if it is empty afterwards.
    fn change_family<R>(netuid: NetUid, hotkey: &T::AccountId, change: impl FnOnce(&mut FamilyOf<T>) -> R) -> R {
        let mut family = Families::<T>::get(netuid, hotkey);
        let result = change(&mut family);
        if family == FamilyOf::<T>::default() {
            Families::<T>::remove(netuid, hotkey);
        } else {
            Families::<T>::insert(netuid, hotkey, family);
        }
        result
    }

    /// Drops the pending children of a hotkey on each network where it has too little stake to lend. spec staking §4
    ///
    /// Returns the number of networks that were searched.
    pub(crate) fn drop_unaffordable_children(hotkey: &T::AccountId, network: &NetworkParameters) -> u32 {
        if Self::on(hotkey) >= network.least_lending_stake(false) {
            return 0;
        }
        let netuids = T::Subnets::netuids();
        let looked = u32::try_from(netuids.len()).unwrap_or(u32::MAX);
        for netuid in netuids {
            // An empty list revokes, and needs no stake.
            let lends = Families::<T>::get(netuid, hotkey).pending.is_some_and(|pending| !pending.children.is_empty());
            if !lends || Self::has_lending_stake(netuid, hotkey, network) {
                continue;
            }
            if let Some(dropped) = Self::change_family(netuid, hotkey, |family| family.pending.take()) {
                Activations::<T>::remove((netuid, SortedBlock::from(dropped.after), hotkey));
                let reason = Error::<T>::NotEnoughStakeToSetChildkeys.into();
                Self::deposit_event(Event::PendingChildrenDropped { hotkey: hotkey.clone(), netuid, reason });
            }
        }
        looked
    }

    /// Returns true if a hotkey has children, parents or pending children on any network.
    pub(crate) fn has_family(hotkey: &T::AccountId) -> bool {
        T::Subnets::netuids().into_iter().any(|netuid| {
            let family = Families::<T>::get(netuid, hotkey);
            !family.children.is_empty() || !family.parents.is_empty() || family.pending.is_some()
        })
    }

    /// Replaces the old hotkey with the new one in each family, and returns the weight of this.
    ///
    /// A take that the new hotkey had before goes, because the parents of the old one were not told of it. Lists of
    /// pending children of other hotkeys keep the old hotkey. Its successor is looked up at activation.
    pub(crate) fn move_families(old: &T::AccountId, new: &T::AccountId) -> Weight {
        let rename = |relative: &mut FamilyMember<T::AccountId>| {
            if relative.hotkey == *old {
                relative.hotkey = new.clone();
            }
        };
        let mut weight = Weight::zero();
        for netuid in T::Subnets::netuids() {
            if Families::<T>::contains_key(netuid, new) {
                Families::<T>::remove(netuid, new);
            }
            let Ok(family) = Families::<T>::try_get(netuid, old) else { continue };
            Families::<T>::remove(netuid, old);
            for child in &family.children {
                Self::change_family(netuid, &child.hotkey, |family| family.parents.iter_mut().for_each(rename));
            }
            for parent in &family.parents {
                Self::change_family(netuid, &parent.hotkey, |family| family.children.iter_mut().for_each(rename));
            }
            if let Some(pending) = &family.pending {
                Activations::<T>::remove((netuid, SortedBlock::from(pending.after), old));
                Activations::<T>::insert((netuid, SortedBlock::from(pending.after), new), ());
            }
            let parents = u32::try_from(family.parents.len()).unwrap_or(MAX_PARENTS);
            weight.saturating_accrue(T::WeightInfo::move_family(parents));
            Families::<T>::insert(netuid, new, family);
        }
        weight
    }
}
