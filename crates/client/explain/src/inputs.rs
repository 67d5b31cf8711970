//! The input of a block's epochs, read from the chain as of the block before.

use crate::{
    ExplainError,
    storage::{buffered, storage_prefix, storage_value},
};
use futures::try_join;
use myelin_client::{
    Amount, BlockNumber, ChainError, ChainState, Family, NetUid, PublicKey, Take, Tao, Uid, account, account_records,
    key,
    records::{
        epoch::NeuronRecord,
        seat::Seat,
        stake::HotkeyRecord,
        weights::{StorageIndex, WeightsCommit, WeightsRow},
    },
    runtime::{self, storage},
    subxt,
};
use myelin_economics::{
    pool::{Holding, Pool},
    schedule::RevealPhase,
};
use myelin_epoch::{
    input::{BlockInput, IssuanceTerms, RootInput, RootMember, SubnetInput},
    rules::rules_of,
    schedule::root_is_due,
    stakes::HotkeyStake,
};
use std::collections::{BTreeMap, BTreeSet};

/// Reads the input of block `number`, in which the epochs of these subnets ran. `before` is the block before it.
///
/// Hotkeys without an owner have no stake in the input.
pub(crate) async fn block_input(
    before: &ChainState,
    number: BlockNumber,
    ran: &[NetUid],
) -> Result<BlockInput, ExplainError> {
    let (free, locked, total_stake, escrowed, accrual, ledger, tempos, launch, network, subnets) = try_join!(
        storage_value(before, storage().balances().total_issuance(), ()),
        storage_value(before, storage().subnets().total_locked(), ()),
        storage_value(before, storage().staking().total_stake(), ()),
        storage_value(before, storage().keys().total_escrowed(), ()),
        storage_value(before, storage().emission().accrued(), ()),
        storage_value(before, storage().emission().ledger(), ()),
        storage_value(before, storage().subnets().tempos(), ()),
        storage_value(before, storage().subnets().launch(), ()),
        async { Ok(before.network_parameters().await?) },
        buffered(
            ran.iter().copied(),
            |netuid| async move { Ok((netuid, subnet_input(before, netuid, number).await?)) }
        ),
    )?;
    let contradiction = |what: &str| ExplainError::contradiction(before.height(), what);
    let ledger = ledger.ok_or_else(|| contradiction("the ledger is missing"))?.0.into_iter();
    let ledger: BTreeMap<_, _> = ledger.map(|(netuid, account)| (netuid.0, account.0)).collect();
    let tempos = tempos.into_iter().flat_map(|tempos| tempos.0).map(|(netuid, tempo)| (netuid.0, tempo));
    let root = if root_is_due(tempos, number) { root_input(before).await? } else { None };
    let subnets: BTreeMap<NetUid, SubnetInput> = subnets.into_iter().collect();
    let takes = TakesInForce { block: number, most: network.max_delegate_take };
    let (stakes, balances) =
        try_join!(stakes(before, subnets.values().flat_map(paid_hotkeys), takes), balances(before, subnets.values()))?;
    let existential_deposit = runtime::constants().balances().existential_deposit();
    let existential_deposit = before.client().constants().entry(existential_deposit);
    Ok(BlockInput {
        number,
        rules: rules_of(before.client().spec_version()),
        issuance: IssuanceTerms {
            balances: Amount::from_rao(free.unwrap_or_default()),
            locked: locked.map_or(Amount::ZERO, |locked| locked.0),
            staked: total_stake.map_or(Amount::ZERO, |total| total.0),
            escrowed: escrowed.map_or(Amount::ZERO, |total| total.0),
        },
        accrual: accrual.ok_or_else(|| contradiction("the accrual is missing"))?.0,
        ledger: ledger.try_into().map_err(|()| contradiction("the ledger is too long"))?,
        root,
        launch: launch.map(|launch| launch.0).unwrap_or_default(),
        network,
        existential_deposit: Amount::from_rao(
            existential_deposit.map_err(subxt::Error::from).map_err(ChainError::from)?,
        ),
        stakes,
        balances,
        subnets,
    })
}

/// Reads a subnet after block `at`, as an epoch in `block` finds it.
async fn subnet_input(at: &ChainState, netuid: NetUid, block: BlockNumber) -> Result<SubnetInput, ExplainError> {
    let matrix = StorageIndex::from(netuid);
    let (subnet, parameters, last_epoch, seats, records, updates, rows, bonds, commits, families) = try_join!(
        storage_value(at, storage().subnets().subnets(), (netuid.into(),)),
        storage_value(at, storage().subnets().network_settings(), (netuid.into(),)),
        storage_value(at, storage().emission().last_epochs(), (netuid.into(),)),
        seats(at, netuid),
        storage_value(at, storage().emission().neurons(), (netuid.into(),)),
        storage_value(at, storage().weights().last_updates(), (matrix.into(),)),
        rows(at, netuid),
        storage_prefix(at, storage().emission().bonds(), (netuid.into(),)),
        storage_prefix(at, storage().weights().commits(), (matrix.into(),)),
        storage_prefix(at, storage().staking().families(), (netuid.into(),)),
    )?;
    let (Some(subnet), Some(parameters)) = (subnet, parameters) else {
        return Err(ExplainError::NoNetwork { netuid, block: at.height() });
    };
    let parameters = parameters.0;
    let commits = commits.into_iter().map(|((_, hotkey), queue)| {
        (key(hotkey), queue.0.into_iter().map(|commit| commit.0).collect::<Vec<WeightsCommit>>())
    });
    let queues: BTreeMap<PublicKey, Vec<WeightsCommit>> = commits.collect();
    let queue = |seat: &Seat| queues.get(&seat.hotkey).map(Vec::as_slice).unwrap_or_default();
    let mut rows = by_uid(seats.len(), rows);
    for (row, seat) in rows.iter_mut().zip(&seats) {
        row.note_missed(queue(seat), block);
    }
    let earliest_open = |seat: &Seat| {
        let open = queue(seat).iter().find(|commit| commit.phase(block) != RevealPhase::Over);
        open.map(|commit| commit.at)
    };
    let records: Vec<NeuronRecord> = records.into_iter().flat_map(|records| records.0).map(|record| record.0).collect();
    let bonds =
        bonds.into_iter().map(|((_, uid), row)| (uid.0, row.0.into_iter().map(|entry| entry.0).collect::<Vec<_>>()));
    let bonds = by_uid(seats.len(), bonds).into_iter().map(TryInto::try_into).collect::<Result<_, _>>();
    Ok(SubnetInput {
        owner: subnet.0.owner,
        last_epoch: last_epoch.map(|last| last.0.block),
        permits: records.iter().map(|record| record.permit).collect(),
        scores: records.iter().map(|record| record.score).collect(),
        rows,
        bonds: bonds.map_err(|_| ExplainError::contradiction(at.height(), "a row of bonds is too long"))?,
        last_updates: updates.map_or_else(Vec::new, |updates| updates.0),
        open_commits: parameters.commit_reveal.then(|| seats.iter().map(earliest_open).collect()),
        families: families.into_iter().map(|((_, hotkey), family)| (key(hotkey), family.0)).collect(),
        parameters,
        seats,
    })
}

/// Reads the root network. Returns `None` if it has no parameters.
async fn root_input(before: &ChainState) -> Result<Option<RootInput>, ExplainError> {
    let root = NetUid::ROOT;
    let (parameters, seats, rows, networks) = try_join!(
        storage_value(before, storage().subnets().network_settings(), (root.into(),)),
        seats(before, root),
        rows(before, root),
        storage_prefix(before, storage().subnets().subnets(), ()),
    )?;
    let Some(parameters) = parameters else { return Ok(None) };
    let stakes = buffered(seats.iter().map(|seat| seat.hotkey), |hotkey| async move { staked(before, &hotkey).await });
    let rows = by_uid(seats.len(), rows);
    let members = stakes.await?.into_iter().zip(rows).map(|(stake, row)| RootMember { stake, row });
    Ok(Some(RootInput {
        sigmoid: parameters.sigmoid(),
        members: members.collect(),
        created_at: networks.into_iter().map(|((netuid,), network)| (netuid.0, network.registered_at)).collect(),
    }))
}

async fn seats(at: &ChainState, netuid: NetUid) -> Result<Vec<Seat>, ExplainError> {
    let seats = storage_value(at, storage().neurons().seats_of(), (netuid.into(),)).await?;
    Ok(seats.into_iter().flat_map(|seats| seats.0).map(|seat| seat.0).collect())
}

async fn rows(at: &ChainState, netuid: NetUid) -> Result<Vec<(Uid, WeightsRow)>, ExplainError> {
    let rows = storage_prefix(at, storage().weights().rows(), (StorageIndex::from(netuid).into(),)).await?;
    Ok(rows.into_iter().map(|((_, uid), row)| (uid.0, row.0)).collect())
}

/// Returns one row for each seat, empty where none is stored.
fn by_uid<Row: Clone + Default>(seats: usize, stored: impl IntoIterator<Item = (Uid, Row)>) -> Vec<Row> {
    let mut rows = vec![Row::default(); seats];
    for (uid, row) in stored {
        if let Some(place) = rows.get_mut(usize::from(uid)) {
            *place = row;
        }
    }
    rows
}

/// Returns the hotkeys whose stake an epoch reads: those with seats, and their parents.
fn paid_hotkeys(subnet: &SubnetInput) -> impl Iterator<Item = PublicKey> {
    let seated = subnet.seats.iter().map(|seat| seat.hotkey);
    let families = subnet.seats.iter().filter_map(|seat| subnet.families.get(&seat.hotkey));
    seated.chain(families.flat_map(|family: &Family| family.parents.iter().map(|parent| parent.hotkey)))
}

/// The block whose takes count, and the greatest take of a delegate.
#[derive(Clone, Copy)]
struct TakesInForce {
    block: BlockNumber,
    most: Take,
}

/// Reads the stake on these hotkeys. Those without an owner are left out.
async fn stakes(
    at: &ChainState,
    hotkeys: impl Iterator<Item = PublicKey>,
    takes: TakesInForce,
) -> Result<BTreeMap<PublicKey, HotkeyStake>, ExplainError> {
    let hotkeys: BTreeSet<PublicKey> = hotkeys.collect();
    let stakes =
        buffered(
            hotkeys,
            |hotkey| async move { Ok(hotkey_stake(at, &hotkey, takes).await?.map(|stake| (hotkey, stake))) },
        );
    Ok(stakes.await?.into_iter().flatten().collect())
}

async fn hotkey_stake(
    at: &ChainState,
    hotkey: &PublicKey,
    takes: TakesInForce,
) -> Result<Option<HotkeyStake>, ExplainError> {
    let (owner, record) = try_join!(
        storage_value(at, storage().keys().owners(), (account(hotkey),)),
        storage_value(at, storage().staking().hotkeys(), (account(hotkey),)),
    )?;
    let Some(owner) = owner else { return Ok(None) };
    // A hotkey without stake that is no delegate has no record.
    let HotkeyRecord { pool: id, delegation } = record.map(|record| record.0).unwrap_or_default();
    let (mut pool, mut holding) = (Pool::default(), Holding::default());
    if let Some(id) = id {
        let (stored, held) = try_join!(
            storage_value(at, storage().staking().pools(), (id.into(),)),
            storage_value(at, storage().staking().holdings(), (id.into(), owner)),
        )?;
        pool = stored.map_or(pool, |stored| stored.0.pool);
        holding = held.map_or(holding, |held| held.0);
    }
    let take = delegation.map(|delegation| delegation.take_at(takes.block, takes.most));
    Ok(Some(HotkeyStake { owner: key(owner), take, pool, holding }))
}

/// Reads all stake on a hotkey after block `at`.
pub(crate) async fn staked(at: &ChainState, hotkey: &PublicKey) -> Result<Amount<Tao>, ExplainError> {
    let record = storage_value(at, storage().staking().hotkeys(), (account(hotkey),)).await?;
    let Some(id) = record.and_then(|record| record.0.pool) else { return Ok(Amount::ZERO) };
    let stored = storage_value(at, storage().staking().pools(), (id.into(),)).await?;
    Ok(stored.map_or(Amount::ZERO, |stored| stored.0.pool.value()))
}

/// Reads the free balance of each owner that receives a cut. An owner without an account has none.
async fn balances(
    at: &ChainState,
    subnets: impl Iterator<Item = &SubnetInput>,
) -> Result<BTreeMap<PublicKey, Amount<Tao>>, ExplainError> {
    let owners: BTreeSet<PublicKey> =
        subnets.filter(|subnet| subnet.parameters.owner_cut_enabled).filter_map(|subnet| subnet.owner).collect();
    let balances = buffered(owners, |owner| async move {
        let stored = storage_value(at, account_records(), (account(&owner),)).await?;
        Ok((owner, stored.map_or(Amount::ZERO, |stored| Amount::from_rao(stored.data.free))))
    });
    Ok(balances.await?.into_iter().collect())
}
