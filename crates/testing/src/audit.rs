//! An audit of the TAO of a chain, block by block from the outside.
//!
//! In every block
//! 1. the accounts sum to the total issuance of balances, the pools to the total stake;
//! 2. the locks sum to the total of locks, the pending emission of the subnets to its total, the escrows of coldkeys
//!    under swap to theirs;
//! 3. these five totals sum to the issuance that the chain states;
//! 4. the issuance is that of the block before, plus the block emission, less the recycled TAO;
//! 5. an epoch divided all pending emission among owner, miners and validators, by spec tokenomics §6.2.

use crate::{TestChain, TestState};
use futures::{StreamExt, stream};
use myelin_client::{
    EpochRecord, NetUid, account_records,
    runtime::{self, balances, emission, staking, subnets, transaction_payment},
};
use myelin_economics::issuance::block_emission;
use myelin_primitives::Amount;
use std::{collections::BTreeMap, ops::RangeInclusive};

/// The number of blocks in flight.
const MAX_IN_FLIGHT: usize = 8;

/// The owner cut, in parts per million of an epoch. spec tokenomics §6.2.
const OWNER_CUT: u128 = 180_000;

/// The totals of an audit of some blocks.
#[derive(Clone, Debug, Default)]
pub struct AuditTotals {
    /// The issuance after the last block.
    pub issuance: u64,
    /// The TAO that the blocks created, in rao.
    pub minted: u64,
    /// The TAO that ceased to exist in them, in rao.
    pub recycled: u64,
    /// The fees in the recycled TAO, in rao.
    pub fees: u64,
    /// The epochs that ran.
    pub epochs: Vec<emission::events::EpochRun>,
}

/// The audit of one block.
struct BlockAudit {
    height: u64,
    issuance: u64,
    burnt_for_seats: BTreeMap<NetUid, u64>,
    burnt: u64,
    fees: u64,
    recycled: u64,
    epochs: Vec<emission::events::EpochRun>,
}

/// Audits these blocks.
pub async fn audit(chain: &TestChain, blocks: RangeInclusive<u64>) -> AuditTotals {
    let mut books = stream::iter(blocks).map(|height| read(chain, height)).buffered(MAX_IN_FLIGHT);
    let mut before = books.next().await.expect("at least one block is audited");
    let mut account = AuditTotals { issuance: before.issuance, ..AuditTotals::default() };
    while let Some(after) = books.next().await {
        let minted = block_emission(Amount::from_rao(before.issuance)).rao();
        // A network that ended has no count any more.
        let seats = total(&after.burnt_for_seats, |(netuid, burnt)| {
            burnt - before.burnt_for_seats.get(netuid).copied().unwrap_or(0)
        });
        assert!(
            seats <= after.burnt,
            "block {}: {seats} are counted for seats, {} are burnt",
            after.height,
            after.burnt
        );
        let recycled = after.fees + after.recycled + after.burnt;
        assert_eq!(
            after.issuance,
            before.issuance + minted - recycled,
            "block {} minted {minted} and recycled {recycled}",
            after.height
        );
        account.minted += minted;
        account.recycled += recycled;
        account.fees += after.fees;
        account.epochs.extend(after.epochs.iter().cloned());
        account.issuance = after.issuance;
        before = after;
    }
    account
}

async fn read(chain: &TestChain, height: u64) -> BlockAudit {
    let moment = chain.at(height).await;
    let networks = moment.ask(runtime::runtime_apis().myelin_api().subnets()).await;
    BlockAudit {
        height,
        issuance: balanced(&moment).await,
        burnt_for_seats: networks.iter().map(|network| (network.netuid, network.registration.recycled.rao())).collect(),
        burnt: total(moment.events::<balances::events::Burned>().await, |burnt| burnt.amount),
        fees: total(moment.events::<transaction_payment::events::TransactionFeePaid>().await, |paid| paid.actual_fee),
        recycled: total(moment.events::<emission::events::EmissionRecycled>().await, |event| event.amount.rao())
            + total(moment.events::<subnets::events::NetworkRemoved>().await, |event| event.recycled.rao())
            + total(moment.events::<staking::events::StakeRecycled>().await, |event| event.amount.rao())
            + total(moment.events::<balances::events::DustLost>().await, |event| event.amount),
        epochs: divided(&moment).await,
    }
}

/// Returns the issuance, after all its parts were summed in every possible way.
async fn balanced(moment: &TestState) -> u64 {
    let height = moment.height();
    let said = moment.ask(runtime::runtime_apis().myelin_api().issuance()).await;

    let free = moment.read(runtime::storage().balances().total_issuance(), ()).await;
    let accounts = moment.values(account_records()).await;
    assert_eq!(
        total(accounts, |account| account.data.free + account.data.reserved),
        free,
        "accounts in block {height}"
    );

    let pools = moment.values(runtime::storage().staking().pools()).await;
    let staked = total(pools, |pool| pool.pool.value().rao());
    assert_eq!(staked, said.staked.rao(), "pools in block {height}");
    assert_eq!(staked, moment.read(runtime::storage().staking().total_stake(), ()).await.rao(), "block {height}");

    let networks = moment.values(runtime::storage().subnets().subnets()).await;
    let locked = total(networks, |network| network.locked.rao());
    assert_eq!(locked, said.locked.rao(), "locks in block {height}");

    let accrual = moment.read(runtime::storage().emission().accrued(), ()).await;
    let ledger = moment.read(runtime::storage().emission().ledger(), ()).await;
    let pending = total(ledger.0, |(_, account)| {
        account.settled.rao() + account.per_block.rao() * u64::from(accrual.blocks - account.since)
    });
    assert_eq!(pending, said.pending.rao(), "accruals in block {height}");
    assert_eq!(pending, accrual.pending.rao(), "accruals in block {height}");

    let swaps = moment.values(runtime::storage().keys().coldkey_swaps()).await;
    let escrowed = total(swaps, |swap| swap.escrow.rao());
    assert_eq!(escrowed, said.escrowed.rao(), "escrows in block {height}");

    assert_eq!(free + staked + locked + pending + escrowed, said.total.rao(), "issuance in block {height}");
    said.total.rao()
}

/// Returns the epochs of a block, each of which divided all pending emission and paid the owner cut.
async fn divided(moment: &TestState) -> Vec<emission::events::EpochRun> {
    let epochs = moment.events::<emission::events::EpochRun>().await;
    for epoch in &epochs {
        let height = moment.height();
        let earned = epoch.emission.rao();
        let network = moment.storage_value(runtime::storage().subnets().subnets(), (epoch.netuid.clone(),)).await;
        let owned = network.is_some_and(|network| network.owner.is_some());
        let cut = if owned { u128::from(earned) * OWNER_CUT / 1_000_000 } else { 0 };
        assert_eq!(u128::from(epoch.owner_cut.rao()), cut, "the owner's part in block {height}: {epoch:?}");
        let paid = epoch.owner_cut.rao() + epoch.miners.rao() + epoch.validators.rao();
        let recycled = moment.events::<emission::events::EmissionRecycled>().await;
        let recycled =
            total(recycled.into_iter().filter(|event| event.netuid == epoch.netuid), |event| event.amount.rao());
        assert_eq!(paid + recycled, earned, "an epoch in block {height}: {epoch:?}");
        let record = moment.read(runtime::storage().emission().last_epochs(), (epoch.netuid.clone(),)).await;
        let expected = EpochRecord {
            block: u32::try_from(height).expect("blocks are counted in 32 bits"),
            emission: epoch.emission.0,
            owner_cut: epoch.owner_cut.0,
            miners: epoch.miners.0,
            validators: epoch.validators.0,
        };
        assert_eq!(*record, expected, "the record of an epoch in block {height}");
    }
    epochs
}

fn total<Part>(parts: impl IntoIterator<Item = Part>, amount: impl Fn(Part) -> u64) -> u64 {
    parts.into_iter().map(amount).sum()
}
