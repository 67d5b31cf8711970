//! The state that must hold after each block.

use crate::{
    Adjustments, Admissions, Commitments, Config, EndpointsOf, MembershipsOf, Pallet, SeatsOf, UsedWork,
    hooks::due_after, types::UsedSeal,
};
use alloc::collections::BTreeSet;
use frame_support::ensure;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{NetUid, Uid};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks these invariants.
    ///
    /// 1. Each seat is a membership of its hotkey and each membership is a seat, so that no hotkey sits twice on a
    ///    network. A hotkey without a seat has no entry.
    /// 2. No seat was taken after the current block, and no network that exists has more seats than it allows.
    /// 3. Only neurons have endpoints and commitments.
    /// 4. Exactly the networks that exist have an admission and are scheduled for adjustment, an interval after the
    ///    last one.
    /// 5. The registrations of an interval include those by work and by burn.
    /// 6. No used seal is stored twice, and all of them are work on earlier blocks.
    pub(crate) fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::seats_and_memberships_agree()?;
        Self::seats_are_within_bounds()?;
        Self::only_neurons_announce()?;
        Self::every_network_has_an_admission()?;
        Self::registrations_add_up()?;
        Self::used_work_is_remembered_once()
    }

    fn seats_and_memberships_agree() -> Result<(), TryRuntimeError> {
        let mut seated = 0_usize;
        for (netuid, seats) in SeatsOf::<T>::iter() {
            seated = seated.saturating_add(seats.len());
            for (uid, seat) in (0..).map(Uid::new).zip(seats) {
                let membership = MembershipsOf::<T>::get(&seat.hotkey).get(&netuid).copied();
                ensure!(membership == Some(uid), "a hotkey does not know its seat");
            }
        }
        let mut known = 0_usize;
        for (_, memberships) in MembershipsOf::<T>::iter() {
            ensure!(!memberships.is_empty(), "a hotkey without a seat has an entry");
            known = known.saturating_add(memberships.len());
        }
        // Each seat has a membership of its own, so with equal numbers no membership is without a seat.
        ensure!(seated == known, "a hotkey has a membership without a seat");
        Ok(())
    }

    fn seats_are_within_bounds() -> Result<(), TryRuntimeError> {
        for (netuid, seats) in SeatsOf::<T>::iter() {
            ensure!(!seats.is_empty(), "a network without neurons has an entry");
            ensure!(seats.iter().all(|seat| seat.registered_at <= Self::now()), "a seat was taken in the future");
            if let Some(parameters) = T::Subnets::parameters(netuid) {
                ensure!(seats.len() <= usize::from(parameters.max_allowed_uids), "more seats are taken than allowed");
            }
        }
        Ok(())
    }

    fn only_neurons_announce() -> Result<(), TryRuntimeError> {
        let is_seat = |netuid: NetUid, uid: Uid| usize::from(uid) < SeatsOf::<T>::get(netuid).len();
        for (netuid, uid, endpoints) in EndpointsOf::<T>::iter() {
            ensure!(is_seat(netuid, uid), "an empty seat has endpoints");
            ensure!(endpoints.axon.is_some() || endpoints.prometheus.is_some(), "endpoints lead nowhere");
        }
        ensure!(Commitments::<T>::iter_keys().all(|(netuid, uid)| is_seat(netuid, uid)), "an empty seat has published");
        Ok(())
    }

    fn every_network_has_an_admission() -> Result<(), TryRuntimeError> {
        let networks: BTreeSet<NetUid> = T::Subnets::netuids().into_iter().collect();
        let admitting: BTreeSet<NetUid> = Admissions::<T>::iter_keys().collect();
        let schedule = Adjustments::<T>::get();
        ensure!(networks == admitting, "a network has no admission, or an admission no network");
        ensure!(schedule.keys().eq(networks.iter()), "a network is not scheduled, or the schedule has no network");
        for (netuid, due) in &*schedule {
            let parameters = T::Subnets::parameters(*netuid).ok_or("a network has no parameters")?;
            let admission = Admissions::<T>::get(netuid).ok_or("a network has no admission")?;
            ensure!(*due == due_after(&admission, &parameters), "an adjustment is not an interval after the last");
        }
        Ok(())
    }

    fn registrations_add_up() -> Result<(), TryRuntimeError> {
        for admission in Admissions::<T>::iter_values() {
            let interval = admission.interval;
            ensure!(
                interval.by_work.saturating_add(interval.by_burn) <= interval.total,
                "an interval has fewer registrations than ways they came by"
            );
            ensure!(admission.latest.block <= Self::now(), "registrations were counted in the future");
            ensure!(admission.adjusted_at <= Self::now(), "a price was adjusted in the future");
        }
        Ok(())
    }

    fn used_work_is_remembered_once() -> Result<(), TryRuntimeError> {
        let used = UsedWork::<T>::get();
        let seals: BTreeSet<[u8; 32]> = used.iter().map(|used| used.seal).collect();
        ensure!(seals.len() == used.len(), "a used seal is remembered twice");
        let is_earlier = |used: &UsedSeal| used.worked_on < Self::now();
        ensure!(used.iter().all(is_earlier), "a used seal is work on a block that was not yet made");
        Ok(())
    }
}
