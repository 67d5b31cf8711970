//! What the initialisation of a block did before its epochs. spec tokenomics §3.2

use crate::{
    ExplainError,
    stakes::HotkeyStakes,
    state::Seat,
    storage::{storage_prefix, storage_value},
};
use futures::try_join;
use myelin_client::{
    Amount, BlockNumber, ChainConfig, ChainState, NetUid, PublicKey, Tao,
    runtime::{
        emission::events::{EpochFailed, EpochRun},
        runtime_types::myelin_pallet_weights::types::StorageIndex,
        scheduler::events::Dispatched,
        storage,
    },
    subxt::events::{Events, Phase},
};
use myelin_economics::{
    issuance::block_emission,
    root::{RootValidator, Share, Sigmoid, divide_emission, shares},
    schedule::Schedule,
};
use myelin_primitives::Uid;
use myelin_yuma::as_read;
use std::collections::{BTreeMap, BTreeSet};

/// What the initialisation of a block announced of epochs, in its order.
pub(crate) struct BlockEpochs {
    pub(crate) run: Vec<EpochRun>,
    pub(crate) failed: Vec<NetUid>,
}

impl BlockEpochs {
    /// What happened in the initialisation of the block of these events.
    pub(crate) fn of(events: &Events<ChainConfig>, block: BlockNumber) -> Result<Self, ExplainError> {
        let mut announced = Self { run: Vec::new(), failed: Vec::new() };
        for event in events.iter() {
            let event = event.map_err(myelin_client::ChainError::from)?;
            if event.phase() != Phase::Initialization {
                continue;
            }
            if event.is::<Dispatched>() {
                return Err(ExplainError::Scheduled(block));
            }
            if let Some(run) = event.decode_fields_as::<EpochRun>() {
                announced.run.push(run.map_err(myelin_client::ChainError::from)?);
            } else if let Some(failed) = event.decode_fields_as::<EpochFailed>() {
                announced.failed.push(failed.map_err(myelin_client::ChainError::from)?.netuid.into());
            }
        }
        Ok(announced)
    }
}

/// Where one subnet stands in the division of the block emission.
struct EmissionAccount {
    share: Share,
    eligible: bool,
    per_block: Amount<Tao>,
    settled: Amount<Tao>,
    since: BlockNumber,
}

/// What every subnet has pending when the epochs of a block begin: what was pending after block `before`, and the accrual
/// of `block`, the next one. spec tokenomics §5.4
pub(crate) async fn pending(
    before: &ChainState,
    block: BlockNumber,
) -> Result<BTreeMap<NetUid, Amount<Tao>>, ExplainError> {
    let (free, locked, staked, accrual, ledger, tempos) = try_join!(
        storage_value(before, storage().balances().total_issuance(), ()),
        storage_value(before, storage().subnets().total_locked(), ()),
        storage_value(before, storage().staking().total_stake(), ()),
        storage_value(before, storage().emission().accrued(), ()),
        storage_value(before, storage().emission().ledger(), ()),
        storage_value(before, storage().subnets().tempos(), ()),
    )?;
    let lost = |what: &str| ExplainError::contradiction(before.height(), format!("{what} is not there"));
    let accrual = accrual.ok_or_else(|| lost("the accrual"))?;
    let ledger = ledger.ok_or_else(|| lost("the ledger"))?;
    let mut accounts: BTreeMap<NetUid, EmissionAccount> = ledger
        .0
        .into_iter()
        .map(|(netuid, account)| {
            let account = EmissionAccount {
                share: Share::from_bits(account.share.0),
                eligible: account.eligible,
                per_block: account.per_block.into(),
                settled: account.settled.into(),
                since: account.since,
            };
            (netuid.into(), account)
        })
        .collect();

    let root_tempo = tempos.into_iter().flat_map(|tempos| tempos.0).find(|(netuid, _)| netuid.0 == NetUid::ROOT.get());
    let root_is_due = root_tempo.is_some_and(|(_, tempo)| Schedule::new(NetUid::ROOT, tempo).is_due(block));
    let renewed = root_is_due && renew_shares(before, &mut accounts).await?;

    let parts =
        [free.map(Amount::from_rao), locked.map(Into::into), staked.map(Into::into), Some(accrual.pending.into())];
    let issuance = Amount::checked_sum(parts.map(Option::unwrap_or_default)).unwrap_or(Amount::MAX);
    let emission = block_emission(issuance);
    let before_this = accrual.blocks;
    if accrual.stale || renewed || Amount::from(accrual.emission) != emission {
        for account in accounts.values_mut() {
            account.settled = account.pending(before_this).map_err(&lost)?;
            account.since = before_this;
            account.per_block = Amount::ZERO;
        }
        let mut eligible: Vec<&mut EmissionAccount> =
            accounts.values_mut().filter(|account| account.eligible).collect();
        let shares: Vec<Share> = eligible.iter().map(|account| account.share).collect();
        for (account, part) in eligible.iter_mut().zip(divide_emission(emission, &shares)) {
            account.per_block = part;
        }
    }
    let with_this = before_this.checked_add(1).ok_or_else(|| lost("a number for the block"))?;
    let pending = |account: &EmissionAccount| account.pending(with_this).map_err(&lost);
    accounts.iter().map(|(netuid, account)| Ok((*netuid, pending(account)?))).collect()
}

impl EmissionAccount {
    /// What has accrued to it once `blocks` blocks have accrued.
    fn pending(&self, blocks: BlockNumber) -> Result<Amount<Tao>, &'static str> {
        let unsettled = blocks.checked_sub(self.since).ok_or("the past of an account")?;
        let accrued = self.per_block.rao().checked_mul(unsettled.into());
        let pending = accrued.and_then(|accrued| self.settled.checked_add(Amount::from_rao(accrued)).ok());
        pending.ok_or("an amount for what has accrued")
    }
}

/// The root epoch: puts new shares in force, unless there is a reason to keep the old ones. spec tokenomics §5.3
async fn renew_shares(
    before: &ChainState,
    accounts: &mut BTreeMap<NetUid, EmissionAccount>,
) -> Result<bool, ExplainError> {
    let root = NetUid::ROOT;
    let (parameters, seats, rows, networks) = try_join!(
        storage_value(before, storage().subnets().network_settings(), (root.into(),)),
        storage_value(before, storage().neurons().seats_of(), (root.into(),)),
        storage_prefix(before, storage().weights().rows(), (StorageIndex(root.get()),)),
        storage_prefix(before, storage().subnets().subnets(), ()),
    )?;
    let Some(parameters) = parameters else { return Ok(false) };
    let seats: Vec<PublicKey> =
        seats.map_or_else(Vec::new, |seats| seats.0).into_iter().map(|seat| Seat::from(seat).hotkey).collect();
    let stakes = HotkeyStakes::read(before, seats.iter().copied().collect::<BTreeSet<_>>()).await?;
    let began: BTreeMap<Uid, BlockNumber> =
        networks.into_iter().map(|((netuid,), network)| (Uid::new(netuid.0), network.registered_at)).collect();
    let mut rows: BTreeMap<Uid, _> = rows.into_iter().map(|((_, uid), row)| (uid.into(), row)).collect();
    let validators = (0..).map(Uid::new).zip(&seats).map(|(uid, hotkey)| {
        let weights = rows.remove(&uid).map_or_else(BTreeMap::new, |row| {
            let entries: Vec<_> = row.entries.0.into_iter().map(Into::into).collect();
            let read = as_read(&entries, row.fixed_at, |rated| began.get(&rated).copied());
            read.map(|entry| (NetUid::new(entry.uid.get()), entry.value)).collect()
        });
        RootValidator { stake: stakes.on(hotkey), weights }
    });
    let validators: Vec<RootValidator> = validators.collect();
    let sigmoid = Sigmoid { rho: parameters.rho, kappa: parameters.kappa };
    let Ok(shares) = shares(accounts.keys().copied(), &validators, sigmoid) else { return Ok(false) };
    for (netuid, account) in accounts {
        account.share = shares.get(netuid).copied().unwrap_or_default();
    }
    Ok(true)
}
