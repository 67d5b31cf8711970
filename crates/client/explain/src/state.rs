//! What a block left of one subnet: all that an epoch reads.

use crate::{
    ExplainError,
    storage::{storage_prefix, storage_value},
};
use futures::try_join;
use myelin_client::{
    BlockNumber, ChainState, Entry, NetUid, NetworkParameters, Parameters, PublicKey, Take, Uid,
    mirror::key,
    runtime::{
        runtime_types::{
            myelin_pallet_neurons::types as neurons,
            myelin_pallet_staking::types::FamilyMember,
            myelin_pallet_weights::types::{StorageIndex, WeightsCommit},
        },
        storage,
    },
    subxt::utils::AccountId32,
};
use myelin_economics::{
    children::Proportion,
    schedule::{RevealPhase, RevealSchedule, Schedule},
};
use myelin_primitives::Fraction;
use myelin_yuma::{Bonds, LiquidAlpha, Params, as_read};
use std::collections::BTreeMap;

/// A neuron's seat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) hotkey: PublicKey,
    pub(crate) registered_at: BlockNumber,
}

/// Whom a hotkey lends stake weight to on the subnet, and whom it borrows from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Family {
    pub(crate) children: Vec<(PublicKey, Proportion)>,
    pub(crate) parents: Vec<(PublicKey, Proportion)>,
    pub(crate) take: Take,
}

/// One subnet, as a block left it.
#[derive(Clone, Debug)]
pub(crate) struct SubnetState {
    pub(crate) netuid: NetUid,
    pub(crate) owner: Option<PublicKey>,
    pub(crate) parameters: Parameters,
    pub(crate) last_epoch: Option<BlockNumber>,
    /// By uid, like all that follows.
    pub(crate) seats: Vec<Seat>,
    pub(crate) permits: Vec<bool>,
    pub(crate) rows: Vec<Vec<Entry>>,
    pub(crate) bonds: Vec<Vec<Entry>>,
    pub(crate) last_update: Vec<BlockNumber>,
    /// The block of the earliest commit that is open in the block of the epoch, if the subnet takes commits.
    pub(crate) commit_blocks: Option<Vec<Option<BlockNumber>>>,
    pub(crate) families: BTreeMap<PublicKey, Family>,
}

impl SubnetState {
    /// The subnet after block `at`, as an epoch in `block` finds it.
    pub(crate) async fn read(at: &ChainState, netuid: NetUid, block: BlockNumber) -> Result<Self, ExplainError> {
        let index = StorageIndex(netuid.get());
        let (subnet, parameters, last, seats, records, updates, rows, bonds, commits, families) = try_join!(
            storage_value(at, storage().subnets().subnets(), (netuid.into(),)),
            storage_value(at, storage().subnets().network_settings(), (netuid.into(),)),
            storage_value(at, storage().emission().last_epochs(), (netuid.into(),)),
            storage_value(at, storage().neurons().seats_of(), (netuid.into(),)),
            storage_value(at, storage().emission().neurons(), (netuid.into(),)),
            storage_value(at, storage().weights().last_updates(), (index.clone(),)),
            storage_prefix(at, storage().weights().rows(), (index.clone(),)),
            storage_prefix(at, storage().emission().bonds(), (netuid.into(),)),
            storage_prefix(at, storage().weights().commits(), (index,)),
            storage_prefix(at, storage().staking().families(), (netuid.into(),)),
        )?;
        let (Some(subnet), Some(parameters)) = (subnet, parameters) else {
            return Err(ExplainError::NoNetwork { netuid, block: at.height() });
        };
        let seats: Vec<Seat> = seats.map_or_else(Vec::new, |seats| seats.0).into_iter().map(Seat::from).collect();
        let permits: Vec<bool> =
            records.map_or_else(Vec::new, |records| records.0).iter().map(|it| it.permit).collect();
        let updates = updates.map_or_else(Vec::new, |updates| updates.0);
        let last_update = seats.iter().enumerate();
        let last_update = last_update.map(|(uid, seat)| updates.get(uid).copied().unwrap_or(seat.registered_at));
        let last_update = last_update.collect();

        let since = |rated: Uid| seats.get(usize::from(rated)).map(|seat: &Seat| seat.registered_at);
        let rows = rows.into_iter().map(|((_, uid), row)| {
            let entries: Vec<Entry> = row.entries.0.into_iter().map(Entry::from).collect();
            (Uid::from(uid), as_read(&entries, row.fixed_at, since).collect())
        });
        let rows = by_uid(&seats, rows);
        // A row without a permit behind it is one that an epoch does not read.
        let may = |uid: Uid| permits.get(usize::from(uid)) == Some(&true);
        let bonds =
            bonds.into_iter().map(|((_, uid), row)| (Uid::from(uid), row.0.into_iter().map(Entry::from).collect()));
        let bonds = by_uid(&seats, bonds.filter(|(uid, _)| may(*uid)));

        let windows = windows(netuid, &parameters);
        let commit_blocks = parameters.commit_reveal.then(|| {
            let mut queues: BTreeMap<PublicKey, Vec<WeightsCommit>> =
                commits.into_iter().map(|((_, hotkey), queue)| (key(hotkey), queue.0)).collect();
            let earliest = |seat: &Seat| {
                let queue = queues.remove(&seat.hotkey).unwrap_or_default();
                queue.iter().map(|commit| commit.at).find(|at| windows.of(*at, block) != RevealPhase::Over)
            };
            seats.iter().map(earliest).collect()
        });
        let families = families.into_iter().map(|((_, hotkey), family)| {
            let family = Family {
                children: relatives(family.children.0),
                parents: relatives(family.parents.0),
                take: family.take.into(),
            };
            (key(hotkey), family)
        });
        Ok(Self {
            netuid,
            owner: subnet.owner.map(key),
            last_epoch: last.map(|last| last.block),
            permits,
            rows,
            bonds,
            last_update,
            commit_blocks,
            families: families.collect(),
            parameters,
            seats,
        })
    }

    /// The hotkeys whose stake the epoch reads: those with seats, and those that lend to them.
    pub(crate) fn hotkeys(&self) -> impl Iterator<Item = PublicKey> {
        let seated = self.seats.iter().map(|seat| seat.hotkey);
        let lenders = self.seats.iter().filter_map(|seat| self.families.get(&seat.hotkey));
        seated.chain(lenders.flat_map(|family| family.parents.iter().map(|(parent, _)| *parent)))
    }

    /// The rules of the subnet's epochs as it has set them. spec yuma §2
    pub(crate) fn params(&self, network: &NetworkParameters) -> Params {
        let parameters = &self.parameters;
        let alpha = LiquidAlpha {
            low: Fraction::from_u16(parameters.alpha_values.low),
            high: Fraction::from_u16(parameters.alpha_values.high),
            steepness: parameters.alpha_sigmoid_steepness,
        };
        Params {
            kappa: Fraction::from_u16(parameters.kappa),
            activity_cutoff: parameters.activity_cutoff.into(),
            max_allowed_validators: parameters.max_allowed_validators,
            stake_threshold: network.stake_threshold.parts,
            tempo: parameters.tempo.into(),
            bonds_penalty: Fraction::from_u16(parameters.bonds_penalty),
            bonds_moving_average: millionths(parameters.bonds_moving_average),
            bonds: if parameters.yuma3 {
                Bonds::PerPair { liquid_alpha: parameters.liquid_alpha.then_some(alpha) }
            } else {
                Bonds::Classic
            },
        }
    }
}

/// A share in parts per million. More than a million are a million, which no valid record has.
pub(crate) fn millionths(parts: u32) -> Fraction {
    Fraction::from_ppm(parts).unwrap_or(Fraction::from_u16(u16::MAX))
}

fn windows(netuid: NetUid, parameters: &Parameters) -> RevealSchedule {
    RevealSchedule { schedule: Schedule::new(netuid, parameters.tempo), period: parameters.reveal_period_epochs }
}

impl From<neurons::Seat<AccountId32>> for Seat {
    fn from(seat: neurons::Seat<AccountId32>) -> Self {
        Self { hotkey: key(seat.hotkey), registered_at: seat.registered_at }
    }
}

fn relatives(stored: Vec<FamilyMember<AccountId32>>) -> Vec<(PublicKey, Proportion)> {
    let part = |relative: &FamilyMember<_>| Proportion::from_parts(relative.proportion.0);
    stored.into_iter().map(|relative| (key(relative.hotkey), part(&relative))).collect()
}

/// One row for each seat, empty where nothing is stored.
fn by_uid(seats: &[Seat], stored: impl Iterator<Item = (Uid, Vec<Entry>)>) -> Vec<Vec<Entry>> {
    let mut rows = vec![Vec::new(); seats.len()];
    for (uid, row) in stored {
        if let Some(place) = rows.get_mut(usize::from(uid)) {
            *place = row;
        }
    }
    rows
}
