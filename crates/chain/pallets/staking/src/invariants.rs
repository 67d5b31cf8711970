//! The state that must hold after each block.

use crate::{
    pallet::{
        ActivationBacklog, Activations, Config, FailedReturns, Families, Holdings, Hotkeys, Nominations, Pallet, Pools,
        Releases, TotalStake,
    },
    types::{ReleasePosition, SortedBlock},
};
use alloc::collections::BTreeSet;
use frame_support::ensure;
use myelin_pallet_keys::traits::Keys;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::Amount;
use myelin_records::stake::{Family, HotkeyRecord, PoolId};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks these invariants. spec tokenomics §9.2
    ///
    /// 1. The total stake is the value of all pools.
    /// 2. The parts of a pool are worth its value, or less than a rao per holder below it, and a pool counts its
    ///    holders correctly.
    /// 3. No holding is empty, and none is of a pool that does not exist.
    /// 4. A pool belongs to the one hotkey that names it, or it is released; then the owner of its hotkey has been
    ///    paid.
    /// 5. A coldkey's nominations are the pools of which it holds a part without owning their hotkey.
    /// 6. A record has a pool or a delegation, and its hotkey has an owner.
    /// 7. A child lists each hotkey that lists it as its parent, with the same proportion, and the other way around. No
    ///    hotkey lends to itself, to its parents, or more than it has.
    /// 8. Pending children are queued once, under their block.
    /// 9. No stored family is empty.
    /// 10. No return of stake has failed.
    /// 11. Networks with due children exist.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        // First, because the stake that could not be returned breaks others.
        Self::no_return_has_failed()?;
        Self::total_stake_is_the_sum_of_pools()?;
        Self::pools_are_the_sum_of_their_parts()?;
        Self::holdings_hold_something()?;
        Self::pools_belong_to_a_hotkey_or_are_released()?;
        Self::nominations_are_the_parts_of_foreign_pools()?;
        Self::records_hold_something()?;
        Self::families_are_mutual()?;
        Self::pending_children_are_queued()?;
        Self::families_hold_something()?;
        Self::backlog_is_of_networks()
    }

    fn no_return_has_failed() -> Result<(), TryRuntimeError> {
        ensure!(FailedReturns::<T>::iter_keys().next().is_none(), "stake could not be returned to its coldkey");
        Ok(())
    }

    fn total_stake_is_the_sum_of_pools() -> Result<(), TryRuntimeError> {
        let sum = Amount::checked_sum(Pools::<T>::iter_values().map(|stake| stake.pool.value()));
        ensure!(sum == Ok(TotalStake::<T>::get()), "the total stake is not the sum of all pools");
        Ok(())
    }

    fn pools_are_the_sum_of_their_parts() -> Result<(), TryRuntimeError> {
        for (id, stake) in Pools::<T>::iter() {
            let mut holders = 0_u32;
            let mut worth = 0_u64;
            for holding in Holdings::<T>::iter_prefix_values(id) {
                let part = stake.pool.worth(&holding).map_err(|_| "a holding does not fit its pool")?;
                worth = worth.checked_add(part.rao()).ok_or("the parts of a pool exceed any amount")?;
                holders = holders.saturating_add(1);
            }
            let value = stake.pool.value().rao();
            ensure!(worth <= value, "the parts of a pool are worth more than the pool");
            let missing = value.saturating_sub(worth);
            ensure!(missing <= u64::from(holders.saturating_sub(1)), "a pool is worth more than its parts");
            ensure!(holders == stake.holders, "a pool has another number of holders than it says");
            ensure!(stake.pool.is_empty() == (holders == 0), "a pool has value without holders, or the reverse");
        }
        Ok(())
    }

    fn holdings_hold_something() -> Result<(), TryRuntimeError> {
        for (id, _, holding) in Holdings::<T>::iter() {
            ensure!(!holding.is_empty(), "a holding is empty");
            ensure!(Pools::<T>::contains_key(id), "a holding is of a pool that does not exist");
        }
        Ok(())
    }

    /// Returns the owner of a pool's hotkey, or `None` if the pool is released.
    fn pool_owner(id: PoolId) -> Option<T::AccountId> {
        let hotkey = Pools::<T>::get(id)?.hotkey;
        let current = Hotkeys::<T>::get(&hotkey).is_some_and(|record| record.pool == Some(id));
        if current { T::Keys::owner(&hotkey) } else { None }
    }

    fn pools_belong_to_a_hotkey_or_are_released() -> Result<(), TryRuntimeError> {
        for (hotkey, record) in Hotkeys::<T>::iter() {
            let Some(id) = record.pool else { continue };
            let stake = Pools::<T>::get(id).ok_or("a hotkey names a pool that does not exist")?;
            ensure!(stake.hotkey == hotkey, "a hotkey names the pool of another");
        }
        let released: BTreeSet<PoolId> = Releases::<T>::iter_keys().map(ReleasePosition::pool).collect();
        ensure!(released.len() == Releases::<T>::iter_keys().count(), "a pool is released twice");
        for id in Pools::<T>::iter_keys() {
            let owned = Self::pool_owner(id).is_some();
            ensure!(owned != released.contains(&id), "a pool is neither of a hotkey nor released, or both");
        }
        for id in released {
            ensure!(Pools::<T>::contains_key(id), "a released pool does not exist");
        }
        Ok(())
    }

    fn nominations_are_the_parts_of_foreign_pools() -> Result<(), TryRuntimeError> {
        let mut held = BTreeSet::new();
        for (id, coldkey, _) in Holdings::<T>::iter() {
            if Self::pool_owner(id).as_ref() != Some(&coldkey) {
                held.insert((coldkey, id));
            }
        }
        let mut listed = BTreeSet::new();
        for (coldkey, pools) in Nominations::<T>::iter() {
            ensure!(!pools.is_empty(), "a list of nominations is empty");
            for id in pools {
                ensure!(listed.insert((coldkey.clone(), id)), "a nomination is listed twice");
            }
        }
        ensure!(held == listed, "the listed nominations are not those that are held");
        Ok(())
    }

    fn records_hold_something() -> Result<(), TryRuntimeError> {
        for (hotkey, record) in Hotkeys::<T>::iter() {
            ensure!(record != HotkeyRecord::default(), "a hotkey has a record of nothing");
            ensure!(T::Keys::owner(&hotkey).is_some(), "an account without owner has a pool or a delegation");
        }
        Ok(())
    }

    fn families_are_mutual() -> Result<(), TryRuntimeError> {
        for (netuid, hotkey, family) in Families::<T>::iter() {
            let children: BTreeSet<_> = family.children.iter().map(|child| &child.hotkey).collect();
            let parents: BTreeSet<_> = family.parents.iter().map(|parent| &parent.hotkey).collect();
            ensure!(children.len() == family.children.len(), "a child is listed twice");
            ensure!(parents.len() == family.parents.len(), "a parent is listed twice");
            ensure!(!children.contains(&hotkey), "a hotkey lends to itself");
            ensure!(children.is_disjoint(&parents), "two hotkeys lend to each other");
            let lent = family.children.iter().try_fold(0_u64, |sum, child| sum.checked_add(child.proportion.parts()));
            ensure!(lent.is_some(), "a hotkey lends more than it has");
            for child in &family.children {
                let parents = Families::<T>::get(netuid, &child.hotkey).parents;
                let mutual = parents.iter().any(|it| it.hotkey == hotkey && it.proportion == child.proportion);
                ensure!(mutual, "a child does not know its parent");
            }
            for parent in &family.parents {
                let children = Families::<T>::get(netuid, &parent.hotkey).children;
                let mutual = children.iter().any(|it| it.hotkey == hotkey && it.proportion == parent.proportion);
                ensure!(mutual, "a parent does not know its child");
            }
        }
        Ok(())
    }

    fn pending_children_are_queued() -> Result<(), TryRuntimeError> {
        let mut pending = 0_usize;
        for (netuid, hotkey, family) in Families::<T>::iter() {
            let Some(children) = family.pending else { continue };
            let queued = Activations::<T>::contains_key((netuid, SortedBlock::from(children.after), hotkey));
            ensure!(queued, "pending children are not queued under their block");
            pending = pending.saturating_add(1);
        }
        ensure!(Activations::<T>::iter_keys().count() == pending, "something else than pending children is queued");
        Ok(())
    }

    fn backlog_is_of_networks() -> Result<(), TryRuntimeError> {
        for netuid in ActivationBacklog::<T>::get().keys() {
            ensure!(T::Subnets::exists(*netuid), "children are due on a network that does not exist");
        }
        Ok(())
    }

    fn families_hold_something() -> Result<(), TryRuntimeError> {
        for family in Families::<T>::iter_values() {
            ensure!(family != Family::default(), "a family holds nothing");
        }
        Ok(())
    }
}
