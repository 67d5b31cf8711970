//! The answers of the runtime API, combined from the records of the pallets.

use crate::{AccountId, Emission, Keys, Neurons, Runtime, Staking, Subnets, System, Weights};
use alloc::vec::Vec;
use myelin_pallet_keys::traits::Keys as _;
use myelin_pallet_neurons::{Admissions, EndpointsOf, MembershipsOf, traits::ReadSeats};
use myelin_pallet_staking::{Hotkeys, Pools, traits::ReadStake};
use myelin_pallet_subnets::{Identities, traits::ReadSubnets};
use myelin_pallet_weights::traits::ReadWeights;
use myelin_primitives::{Amount, BlockNumber, NetUid, Uid};
use myelin_records::{
    endpoint::ServedEndpoints,
    epoch::NeuronRecord,
    info::{AxonInfo, DelegatePage, HotkeyInfo, MetagraphInfo, NeuronInfo, RatingsInfo, RegistrationInfo, SubnetInfo},
    seat::{HotkeySeat, Seat},
    stake::HotkeyRecord,
};
use myelin_runtime_api::DELEGATE_PAGE;

pub(crate) fn subnets() -> Vec<SubnetInfo<AccountId>> {
    <Subnets as ReadSubnets<AccountId>>::netuids().into_iter().filter_map(subnet).collect()
}

pub(crate) fn subnet(netuid: NetUid) -> Option<SubnetInfo<AccountId>> {
    let record = Subnets::subnet(netuid)?;
    let parameters = <Subnets as ReadSubnets<AccountId>>::parameters(netuid)?;
    let earning = Emission::earning(netuid);
    let last_epoch = earning.as_ref().and_then(|earning| earning.last_epoch);
    Some(SubnetInfo {
        netuid,
        name: Identities::<Runtime>::get(netuid).map(|identity| identity.subnet_name.into_inner()).unwrap_or_default(),
        owner: record.owner,
        owner_hotkey: record.owner_hotkey,
        registered_at: record.registered_at,
        locked: record.locked,
        tempo: parameters.tempo,
        neurons: <Neurons as ReadSeats<AccountId>>::count(netuid),
        max_neurons: parameters.max_allowed_uids,
        emission: earning.as_ref().map_or(Amount::ZERO, |earning| earning.per_block),
        pending: earning.map_or(Amount::ZERO, |earning| earning.pending),
        last_epoch,
        next_epoch: next_epoch(netuid),
        registration: registration(netuid).unwrap_or_default(),
    })
}

fn registration(netuid: NetUid) -> Option<RegistrationInfo> {
    let parameters = <Subnets as ReadSubnets<AccountId>>::parameters(netuid)?;
    let admission = Admissions::<Runtime>::get(netuid)?;
    let open = !netuid.is_root();
    let subnet = <Subnets as ReadSubnets<AccountId>>::subnet(netuid)?;
    // Clients read after a block was made, and register in the next one at the earliest.
    let next = System::block_number().saturating_add(1);
    let is_launching = <Subnets as ReadSubnets<AccountId>>::launch().covers(subnet.owner.as_ref(), next);
    let difficulty = <Subnets as ReadSubnets<AccountId>>::network().work_difficulty(admission.terms.difficulty);
    Some(RegistrationInfo {
        burn: ((!open || parameters.registration_allowed) && !is_launching).then_some(admission.terms.burn),
        difficulty: (open && parameters.pow_registration_allowed).then_some(difficulty),
        recycled: admission.recycled,
        adjusts_at: admission.adjusted_at.saturating_add(parameters.adjustment_interval.into()),
    })
}

/// Returns the block of the next epoch after the current block. Clients read after a block was made.
pub(crate) fn next_epoch(netuid: NetUid) -> Option<BlockNumber> {
    let now = System::block_number();
    let parameters = <Subnets as ReadSubnets<AccountId>>::parameters(netuid)?;
    let schedule = parameters.schedule(netuid);
    let next = now.checked_add(1)?;
    next.checked_add(schedule.blocks_until_epoch(next)?)
}

pub(crate) fn metagraph(netuid: NetUid) -> Option<MetagraphInfo<AccountId>> {
    let subnet = subnet(netuid)?;
    let seats = Neurons::seats(netuid);
    let records = Emission::neurons(netuid);
    let last_updates = Weights::last_updates(netuid, &seats);
    let mut neurons = Vec::with_capacity(seats.len());
    for (index, seat) in seats.into_iter().enumerate() {
        let last_update = last_updates.get(index).copied().unwrap_or(seat.registered_at);
        let record = records.get(index).copied();
        neurons.push(neuron_of(netuid, Uid::new(index.try_into().ok()?), seat, last_update, record));
    }
    Some(MetagraphInfo { block: System::block_number(), subnet, neurons })
}

pub(crate) fn neuron(netuid: NetUid, uid: Uid) -> Option<NeuronInfo<AccountId>> {
    if !<Subnets as ReadSubnets<AccountId>>::exists(netuid) {
        return None;
    }
    let seats = Neurons::seats(netuid);
    let last_update = Weights::last_updates(netuid, &seats).get(usize::from(uid)).copied();
    let seat = seats.into_iter().nth(usize::from(uid))?;
    let record = Emission::neurons(netuid).get(usize::from(uid)).copied();
    let last_update = last_update.unwrap_or(seat.registered_at);
    Some(neuron_of(netuid, uid, seat, last_update, record))
}

fn neuron_of(
    netuid: NetUid,
    uid: Uid,
    seat: Seat<AccountId>,
    last_update: BlockNumber,
    record: Option<NeuronRecord>,
) -> NeuronInfo<AccountId> {
    let record = record.unwrap_or(NeuronRecord::FRESH);
    let ServedEndpoints { axon, certificate, prometheus } = EndpointsOf::<Runtime>::get(netuid, uid);
    NeuronInfo {
        uid,
        coldkey: Keys::owner(&seat.hotkey),
        registered_at: seat.registered_at,
        last_update,
        stake: Staking::on(&seat.hotkey),
        stake_weight: Staking::weight(netuid, &seat.hotkey),
        active: record.active,
        validator_permit: record.permit,
        consensus: record.consensus,
        incentive: record.incentive,
        dividends: record.dividends,
        validator_trust: record.validator_trust,
        emission: record.emission,
        score: record.score.mean,
        axon: axon.map(|axon| AxonInfo {
            block: axon.block,
            version: axon.version,
            endpoint: axon.address,
            protocol: axon.protocol,
            placeholder1: axon.placeholder1,
            certificate,
        }),
        metrics: prometheus.map(|metrics| metrics.address),
        hotkey: seat.hotkey,
    }
}

pub(crate) fn ratings(netuid: NetUid, uid: Uid) -> Option<RatingsInfo> {
    if !<Subnets as ReadSubnets<AccountId>>::exists(netuid) {
        return None;
    }
    <Neurons as ReadSeats<AccountId>>::hotkey(netuid, uid)?;
    let bonds = Emission::bonds(netuid).into_iter().find(|(holder, _)| *holder == uid);
    Some(RatingsInfo {
        weights: Weights::neuron_weights(netuid, uid),
        bonds: bonds.map(|(_, row)| row).unwrap_or_default(),
    })
}

pub(crate) fn hotkeys(coldkey: &AccountId) -> Vec<HotkeyInfo<AccountId>> {
    Keys::owned(coldkey).into_iter().filter_map(hotkey).collect()
}

pub(crate) fn hotkey(hotkey: AccountId) -> Option<HotkeyInfo<AccountId>> {
    let record = Hotkeys::<Runtime>::get(&hotkey).unwrap_or_default();
    hotkey_of(hotkey, record)
}

/// Returns a hotkey with its pool and delegation, or `None` if it has no owner.
fn hotkey_of(hotkey: AccountId, record: HotkeyRecord) -> Option<HotkeyInfo<AccountId>> {
    let coldkey = Keys::owner(&hotkey)?;
    // Clients read after a block was made, and takes count in epochs from the next one on.
    let next = System::block_number().saturating_add(1);
    let most = <Subnets as ReadSubnets<AccountId>>::network().max_delegate_take;
    let pool = record.pool.and_then(Pools::<Runtime>::get);
    let memberships = MembershipsOf::<Runtime>::get(&hotkey).into_iter();
    let alive = memberships.filter(|(netuid, _)| <Subnets as ReadSubnets<AccountId>>::exists(*netuid));
    let seats = alive.map(|(netuid, uid)| {
        let record = Emission::neurons(netuid).get(usize::from(uid)).copied();
        HotkeySeat {
            netuid,
            uid,
            validator_permit: record.is_some_and(|record| record.permit),
            emission: record.map_or(Amount::ZERO, |record| record.emission),
        }
    });
    Some(HotkeyInfo {
        seats: seats.collect(),
        coldkey,
        stake: pool.as_ref().map_or(Amount::ZERO, |stake| stake.pool.value()),
        stakers: pool.map_or(0, |stake| stake.holders),
        take: record.delegation.map(|delegation| delegation.take_at(next, most)),
        take_raise: record.delegation.and_then(|delegation| delegation.raise).filter(|raise| raise.from > next),
        hotkey,
    })
}

pub(crate) fn delegates(after: Option<AccountId>) -> DelegatePage<AccountId> {
    let mut hotkeys = match after {
        Some(hotkey) => Hotkeys::<Runtime>::iter_from(Hotkeys::<Runtime>::hashed_key_for(hotkey)),
        None => Hotkeys::<Runtime>::iter(),
    };
    let page: Vec<_> = hotkeys.by_ref().take(DELEGATE_PAGE).collect();
    let next = hotkeys.next().and_then(|_| page.last()).map(|(hotkey, _)| hotkey.clone());
    let delegates = page.into_iter().filter(|(_, record)| record.delegation.is_some());
    DelegatePage { delegates: delegates.filter_map(|(hotkey, record)| hotkey_of(hotkey, record)).collect(), next }
}
