//! The emission and the epochs of a block.

use crate::input::ByteReader;
use codec::Decode;
use myelin_economics::{
    children::Proportion,
    pool::{Holding, Pool},
    pruning::SeatScore,
    root::{Share, Sigmoid},
};
use myelin_epoch::{
    input::{BlockInput, RootInput, RootMember, SubnetInput},
    outcome::BlockOutcome,
    run_block,
    stakes::HotkeyStake,
};
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Take, Tao, Uid};
use myelin_records::{
    epoch::{BondsRow, EmissionAccount},
    parameters::{Parameters, ParametersPatch},
    seat::Seat,
    stake::{Family, FamilyMember},
    subnet::LaunchPhase,
    weights::WeightsRow,
};

/// Letters of keys: hotkeys are small letters, and coldkeys are large ones.
type Key = u8;

const BLOCK: BlockNumber = 100;
/// The most seats of a subnet, and the hotkeys that have stake.
const SEATS: u8 = 6;
const SUBNETS: u8 = 3;

fn rao(rao: u64) -> Amount<Tao> {
    Amount::from_rao(rao)
}

fn hotkey(input: &mut ByteReader<'_>) -> Key {
    b'a' + input.below(SEATS)
}

fn row(input: &mut ByteReader<'_>) -> WeightsRow {
    let entries = input.list(4, |input| Entry::new(Uid::new(input.below(8).into()), input.u16()));
    let (fixed_at, missed_at) = (input.byte().into(), input.flag().then(|| input.byte().into()));
    WeightsRow { entries: entries.try_into().unwrap_or_default(), fixed_at, missed_at }
}

fn bonds(input: &mut ByteReader<'_>) -> BondsRow {
    let entries = input.list(4, |input| Entry::new(Uid::new(input.below(8).into()), input.u16()));
    BondsRow::truncate_from(entries)
}

fn family(input: &mut ByteReader<'_>) -> Family<Key> {
    let member = |input: &mut ByteReader<'_>| FamilyMember {
        proportion: Proportion::from_parts(input.u64()),
        hotkey: hotkey(input),
    };
    let parents = input.list(2, member).try_into().unwrap_or_default();
    let children = input.list(2, member).try_into().unwrap_or_default();
    Family { parents, children, ..Family::default() }
}

fn stake(input: &mut ByteReader<'_>, owner: Key) -> HotkeyStake<Key> {
    let (mut pool, mut holding, mut others) = (Pool::default(), Holding::default(), Holding::default());
    // At most 2^50 rao each, so that no sum leaves the range of an amount.
    for (holding, amount) in [(&mut holding, input.magnitude(50)), (&mut others, input.magnitude(50))] {
        pool.deposit(holding, rao(amount)).expect("the pool has room");
    }
    let take = input.flag().then(|| Take::new(input.u16()));
    HotkeyStake { owner, take, pool, holding }
}

fn subnet(input: &mut ByteReader<'_>) -> SubnetInput<Key> {
    let seats = input.below(SEATS + 1);
    let patch = ParametersPatch {
        kappa: input.flag().then(|| input.u16()),
        activity_cutoff: input.flag().then(|| input.u16()),
        max_allowed_validators: input.flag().then(|| input.below(8).into()),
        bonds_moving_average: input.flag().then(|| input.u32() % 1_000_001),
        bonds_penalty: input.flag().then(|| input.u16()),
        yuma3: Some(input.flag()),
        liquid_alpha: Some(input.flag()),
        commit_reveal: Some(input.flag()),
        owner_cut_enabled: Some(input.flag()),
        ..ParametersPatch::default()
    };
    let open_commits =
        input.flag().then(|| input.list(SEATS, |input| input.flag().then(|| BlockNumber::from(input.byte()))));
    SubnetInput {
        owner: input.flag().then_some(b'O'),
        parameters: patch.applied_to(&Parameters::default()),
        last_epoch: input.flag().then(|| input.byte().into()),
        seats: (0..seats).map(|seat| Seat { hotkey: b'a' + seat, registered_at: input.byte().into() }).collect(),
        permits: input.list(SEATS, ByteReader::flag),
        scores: input.list(SEATS, |input| SeatScore { mean: rao(input.magnitude(50)), epochs: input.byte() }),
        rows: input.list(SEATS, row),
        bonds: input.list(SEATS, bonds),
        last_updates: input.list(SEATS, |input| input.byte().into()),
        open_commits,
        families: input.list(2, |input| (hotkey(input), family(input))).into_iter().collect(),
    }
}

fn root(input: &mut ByteReader<'_>) -> RootInput {
    RootInput {
        sigmoid: Sigmoid { rho: input.u16(), kappa: input.u16() },
        members: input.list(3, |input| RootMember { stake: rao(input.magnitude(50)), row: row(input) }),
        created_at: (0..=SUBNETS.into()).map(|netuid| (NetUid::new(netuid), input.byte().into())).collect(),
    }
}

/// Returns a block that a chain can have: its terms agree with each other.
fn block(input: &mut ByteReader<'_>) -> BlockInput<Key> {
    let mut block = BlockInput { number: BLOCK, existential_deposit: rao(500), ..BlockInput::default() };
    block.root = input.flag().then(|| root(input));
    block.stakes = (0..SEATS).map(|key| (b'a' + key, stake(input, b'A' + key))).collect();
    block.issuance.staked = Amount::checked_sum(block.stakes.values().map(|stake| stake.pool.value()))
        .expect("each is far below the largest amount");
    if input.flag() {
        block.balances.insert(b'O', rao(input.u16().into()));
    }
    block.accrual.stale = input.flag();
    block.launch = LaunchPhase {
        opens_at: 0,
        ends_at: if input.flag() { BLOCK + 1 } else { 0 },
        least_seats: input.below(4).into(),
    };
    for netuid in 1..=u16::from(input.below(SUBNETS + 1)) {
        let pending = rao(input.magnitude(50));
        let account = EmissionAccount {
            settled: pending,
            eligible: input.flag(),
            needs_share: input.flag(),
            share: Share::from_bits(input.u64() >> 3),
            ..EmissionAccount::default()
        };
        block.ledger.try_insert(NetUid::new(netuid), account).expect("there is room for all");
        block.accrual.pending = block.accrual.pending.checked_add(pending).expect("each is small");
        block.subnets.insert(NetUid::new(netuid), subnet(input));
    }
    block
}

/// Runs a block. Three in four are built so that their terms agree; the others are any encoded input.
///
/// No block panics. An epoch pays and recycles what accrued, and only minting creates TAO.
pub fn epoch(bytes: &[u8]) {
    let mut input = ByteReader::new(bytes);
    let choice = input.byte();
    let trace = choice & 1 == 1;
    if choice & 6 == 6 {
        let Ok(block) = BlockInput::<Key>::decode(&mut input.rest()) else { return };
        let ran: Vec<NetUid> = block.subnets.keys().copied().collect();
        if let Ok(outcome) = run_block(&block, &ran, trace) {
            check_epochs(&outcome);
        }
        return;
    }
    let block = block(&mut input);
    let mut ran: Vec<NetUid> = block.subnets.keys().copied().collect();
    if choice & 8 == 8 {
        ran.reverse();
    }
    let outcome = run_block(&block, &ran, trace).expect("the block lacks nothing");
    let recycled = check_epochs(&outcome);
    let before = block.issuance.total(block.accrual.pending).rao();
    let after = outcome.issuance.total(outcome.accrual.pending).rao();
    assert_eq!(after + recycled, before + outcome.accrual.minted.rao(), "money is created or lost");
    let pools = Amount::checked_sum(outcome.stakes.values().map(|stake| stake.pool.value()));
    assert_eq!(pools, Ok(outcome.issuance.staked));
}

/// Checks each epoch that ran, and returns what was recycled.
fn check_epochs(outcome: &BlockOutcome<Key>) -> u64 {
    let mut recycled = 0_u64;
    for (netuid, epoch) in &outcome.epochs {
        let Ok(epoch) = epoch else { continue };
        let record = epoch.record;
        let parts = [record.owner_cut, record.miners, record.validators, epoch.recycled];
        assert_eq!(Amount::checked_sum(parts), Ok(record.emission), "subnet {netuid} pays another amount than accrued");
        let paid = epoch.payments.iter().flat_map(|paid| [paid.emission.miner, paid.emission.validator]);
        let kept = Amount::checked_sum(paid).and_then(|paid| paid.checked_add(epoch.recycled));
        assert_eq!(kept, Ok(epoch.division.neurons()), "subnet {netuid} pays another amount than it divides");
        recycled = recycled.saturating_add(epoch.recycled.rao());
    }
    recycled
}
