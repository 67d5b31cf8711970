//! Emission and epochs of random states: the composed runtime against `run_block`, value by value. spec explorer EP-8
//!
//! A state follows from its number alone, so a failure names the number of its state. `EPOCH_STATES` sets how many
//! states are made.

#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "a random number is cut to its field")]

mod chain;

use chain::Chain;
use frame_support::{
    BoundedBTreeMap, BoundedVec,
    storage::{TransactionOutcome, with_transaction_unchecked},
    traits::{
        Get,
        fungible::{Inspect, Mutate},
    },
};
use myelin_economics::{
    children::Proportion,
    division::Basis,
    pool::{Holding, Pool},
    pruning::SeatScore,
    root::Share,
    schedule::{RevealPhase, Schedule},
};
use myelin_epoch::{
    accrual::accrued,
    block::run_block,
    error::EpochFailure,
    input::{BlockInput, IssuanceTerms, RootInput, RootMember, SubnetInput},
    outcome::BlockOutcome,
    rules::RULES,
    schedule::{due, root_is_due},
    stakes::HotkeyStake,
};
use myelin_pallet_emission::{Accrued, Bonds, Error, Event, LastEpochs, Ledger, Neurons, Waiting, types::DueEpoch};
use myelin_pallet_keys::{Owners, TotalEscrowed};
use myelin_pallet_neurons::SeatsOf;
use myelin_pallet_staking::{Families, Holdings, Hotkeys, NextPool, Pools, TotalStake};
use myelin_pallet_subnets::{Launch, Network, NetworkSettings, Subnets, Tempos, TotalLocked};
use myelin_pallet_weights::{Commits, LastUpdates, Rows};
use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Take, Tao, Uid};
use myelin_records::{
    epoch::{Accrual, EmissionAccount, EpochRecord, NeuronRecord},
    parameters::{AlphaValues, NetworkParameters, Parameters},
    seat::Seat,
    stake::{Delegation, Family, FamilyMember, HotkeyRecord, PoolId, StakePool, TakeRaise},
    subnet::{LaunchPhase, Subnet},
    weights::{StorageIndex, WeightsCommit, WeightsRow},
};
use myelin_runtime::{AccountId, Balances, Executive, Runtime, RuntimeEvent, System};
use serde_json::json;
use std::{collections::BTreeMap, env};

/// The states of a run without `EPOCH_STATES`.
const STATES: u64 = 1_000;

/// The hotkeys of a state.
const HOTKEYS: u8 = 32;

/// The coldkeys that own the hotkeys.
const COLDKEYS: u8 = 8;

/// The most seats of a network.
const SEATS: u64 = 24;

/// A source of numbers that depends on its seed alone, by the generator `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn u16(&mut self) -> u16 {
        self.below(1 << 16).try_into().expect("it is below the end")
    }

    /// Returns a block from 1 to `last`.
    fn block(&mut self, last: BlockNumber) -> BlockNumber {
        self.below(last.into()).try_into().map_or(last, |block: BlockNumber| block + 1)
    }

    /// Returns true in this percentage of cases.
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Returns an amount of any magnitude, below 2^44 rao.
    fn amount(&mut self) -> Amount<Tao> {
        let bits = self.below(45);
        Amount::from_rao(self.below(1 << bits))
    }

    /// Returns some of the hotkeys, in any order, none of them twice.
    fn hotkeys(&mut self, count: u64) -> Vec<AccountId> {
        let mut hotkeys: Vec<u8> = (0..HOTKEYS).collect();
        for place in (1..hotkeys.len()).rev() {
            hotkeys.swap(place, self.below(place as u64 + 1) as usize);
        }
        hotkeys.into_iter().take(count as usize).map(hotkey).collect()
    }

    /// Returns weights toward some of the first `ends` uids, with values in any order.
    fn entries(&mut self, ends: u64) -> Vec<Entry> {
        let rated: Vec<u16> = (0..ends as u16).filter(|_| self.chance(40)).collect();
        rated.into_iter().map(|uid| Entry::new(Uid::new(uid), if self.chance(10) { 0 } else { self.u16() })).collect()
    }

    /// Returns a part of a whole, in one of ten cases all of it.
    fn parts(&mut self) -> u64 {
        if self.chance(10) { u64::MAX } else { self.next() }
    }
}

fn hotkey(number: u8) -> AccountId {
    AccountId::new([number; 32])
}

fn coldkey(number: u8) -> AccountId {
    AccountId::new([0x80 | number; 32])
}

fn nominator() -> AccountId {
    AccountId::new([0xff; 32])
}

/// Makes the state before block `number`.
fn make_state(random: &mut Random, number: BlockNumber) {
    make_stakes(random, number);
    let network = NetworkParameters {
        stake_threshold: if random.chance(30) { random.amount() } else { Amount::ZERO },
        max_delegate_take: if random.chance(30) { Take::new(random.u16()) } else { Take::new(11_796) },
        max_childkey_take: if random.chance(30) { Take::new(random.u16()) } else { Take::new(11_796) },
        subnet_owner_cut: if random.chance(30) { random.below(1_000_001) as u32 } else { 180_000 },
        ..NetworkParameters::default()
    };
    Network::<Runtime>::put(network);
    let mut tempos: BTreeMap<NetUid, u16> = BTreeMap::new();
    tempos.insert(NetUid::ROOT, tempo(random, NetUid::ROOT, number, 40));
    make_root(random, number);

    let ends_at = if random.chance(40) { number + random.below(2) as BlockNumber } else { 0 };
    Launch::<Runtime>::put(LaunchPhase { opens_at: 0, ends_at, least_seats: random.below(6) as u16 });
    let is_rated = random.chance(80);
    let [mut locked, mut minted, mut pending] = [Amount::ZERO; 3];
    let blocks = random.block(number) - 1;
    for netuid in (1..=1 + random.below(3) as u16).map(NetUid::new) {
        tempos.insert(netuid, tempo(random, netuid, number, 80));
        let lock = random.amount();
        locked = locked.checked_add(lock).expect("locks are small");
        make_subnet(random, netuid, number, lock, *tempos.get(&netuid).expect("it is there"));
        // In some states the owner cut is too small to open an account.
        let is_small = random.chance(15);
        let account = EmissionAccount {
            share: if is_rated { Share::from_bits(random.next()) } else { Share::default() },
            eligible: !is_small && random.chance(80),
            needs_share: random.chance(50),
            per_block: Amount::from_rao(if is_small { 0 } else { random.below(1 << 30) }),
            settled: if is_small { Amount::from_rao(random.below(3_000)) } else { random.amount() },
            since: random.block(blocks.saturating_add(1)) - 1,
        };
        let accrued = accrued(&account, blocks).expect("accounts are small");
        pending = pending.checked_add(accrued).expect("accounts are small");
        minted = minted.checked_add(account.per_block).expect("accounts are small");
        Ledger::<Runtime>::mutate(|ledger| ledger.try_insert(netuid, account)).expect("there is room");
    }
    TotalLocked::<Runtime>::put(locked);
    Accrued::<Runtime>::put(Accrual {
        emission: if random.chance(80) { Amount::ONE_TAO } else { random.amount() },
        minted,
        blocks,
        pending,
        stale: random.chance(50),
    });
    if random.chance(10) {
        let waiting = *tempos.keys().last().expect("there is root");
        Waiting::<Runtime>::mutate(|queue| queue.try_push(DueEpoch { since: number - 1, netuid: waiting }))
            .expect("there is room");
    }
    Tempos::<Runtime>::put(BoundedBTreeMap::try_from(tempos).expect("there is room"));
}

/// Returns a tempo whose epoch is due in this block, in this percentage of cases. In few blocks no short tempo is due.
fn tempo(random: &mut Random, netuid: NetUid, number: BlockNumber, percent: u64) -> u16 {
    let is_due = |tempo: &u16| Schedule::new(netuid, *tempo).is_due(number);
    let (due, others): (Vec<u16>, Vec<u16>) = (1..=400).partition(is_due);
    let fit = if due.is_empty() || !random.chance(percent) { others } else { due };
    fit[random.below(fit.len() as u64) as usize]
}

/// Makes hotkeys with owners, pools and nominators, and coldkeys with and without an account.
fn make_stakes(random: &mut Random, number: BlockNumber) {
    let mut total = Amount::ZERO;
    for index in 0..HOTKEYS {
        let owner = coldkey(random.below(COLDKEYS.into()) as u8);
        let pool = random.chance(85).then(|| {
            let (mut pool, mut own, mut others) = (Pool::default(), Holding::default(), Holding::default());
            let amounts = [random.amount(), random.amount()];
            if random.chance(80) {
                pool.deposit(&mut own, amounts[0]).expect("amounts are small");
            }
            if random.chance(50) {
                pool.deposit(&mut others, amounts[1]).expect("amounts are small");
            }
            if !pool.is_empty() && random.chance(50) {
                pool.reward(random.amount()).expect("amounts are small");
            }
            let id = PoolId::new(index.into());
            let holders = [&own, &others].into_iter().filter(|holding| !holding.is_empty()).count() as u32;
            total = total.checked_add(pool.value()).expect("amounts are small");
            Pools::<Runtime>::insert(id, StakePool { hotkey: hotkey(index), pool, holders });
            for (holder, holding) in [(&owner, own), (&nominator(), others)] {
                if !holding.is_empty() {
                    Holdings::<Runtime>::insert(id, holder, holding);
                }
            }
            id
        });
        let delegation = random.chance(60).then(|| Delegation {
            take: Take::new(random.u16()),
            changed_at: random.block(number),
            raise: make_raise(random, number),
        });
        Owners::<Runtime>::insert(hotkey(index), owner);
        let record = HotkeyRecord { pool, delegation };
        if record != HotkeyRecord::default() {
            Hotkeys::<Runtime>::insert(hotkey(index), record);
        }
    }
    NextPool::<Runtime>::put(PoolId::new(HOTKEYS.into()));
    TotalStake::<Runtime>::put(total);
    for number in 0..COLDKEYS {
        if random.chance(60) {
            let balance = Balances::minimum_balance() + random.amount().rao();
            Balances::mint_into(&coldkey(number), balance).expect("balances are small");
        }
    }
    // Some states are around the first halving.
    if random.chance(20) {
        let most = 10_500_000_000_000_000_u64.saturating_sub(total.rao());
        Balances::mint_into(&nominator(), most.saturating_sub(random.amount().rao()))
            .expect("the supply is not reached");
    }
}

fn make_root(random: &mut Random, number: BlockNumber) {
    let root = NetUid::ROOT;
    let parameters = Parameters { rho: random.below(20) as u16, kappa: random.u16(), ..Parameters::root() };
    NetworkSettings::<Runtime>::insert(root, parameters);
    let count = random.below(6);
    let seats = make_seats(random, root, number, count);
    for uid in (0..seats as u16).map(Uid::new) {
        if random.chance(70) {
            let row =
                WeightsRow { entries: bounded(random.entries(5)), fixed_at: random.block(number), missed_at: None };
            Rows::<Runtime>::insert(StorageIndex::from(root), uid, row);
        }
    }
}

/// Seats some hotkeys and returns their number.
fn make_seats(random: &mut Random, netuid: NetUid, number: BlockNumber, count: u64) -> usize {
    let mut seats: Vec<Seat<AccountId>> =
        random.hotkeys(count).into_iter().map(|hotkey| Seat { hotkey, registered_at: random.block(number) }).collect();
    // A duplicate hotkey, which a chain cannot reach, makes an epoch fail.
    if !netuid.is_root() && seats.len() > 1 && random.chance(3) {
        seats[1].hotkey = seats[0].hotkey.clone();
    }
    let taken = seats.len();
    SeatsOf::<Runtime>::insert(netuid, bounded(seats));
    taken
}

fn make_subnet(random: &mut Random, netuid: NetUid, number: BlockNumber, locked: Amount<Tao>, tempo: u16) {
    let owner = random.chance(75).then(|| coldkey(random.below(COLDKEYS.into()) as u8));
    let registered_at = random.block(number);
    Subnets::<Runtime>::insert(netuid, Subnet { registered_at, owner, owner_hotkey: None, locked });
    // Without bonds that can arise miners earn and no validator does.
    let is_frozen = random.chance(10);
    let parameters = make_parameters(random, tempo);
    let bonds_moving_average = if is_frozen { 1_000_000 } else { parameters.bonds_moving_average };
    NetworkSettings::<Runtime>::insert(netuid, Parameters { bonds_moving_average, ..parameters });

    let most = if random.chance(10) { 1 } else { SEATS + 1 };
    let count = random.below(most);
    let seats = make_seats(random, netuid, number, count);
    let records: Vec<NeuronRecord> = (0..random.below(seats as u64 + 1))
        .map(|_| {
            let score = SeatScore { mean: random.amount(), epochs: random.below(9) as u8 };
            NeuronRecord { permit: random.chance(60), score, ..NeuronRecord::FRESH }
        })
        .collect();
    let ends = seats as u64;
    for (uid, _) in (0..).map(Uid::new).zip(&records).filter(|(_, record)| record.permit).collect::<Vec<_>>() {
        if !is_frozen && random.chance(60) {
            Bonds::<Runtime>::insert(netuid, uid, bounded(random.entries(ends)));
        }
    }
    Neurons::<Runtime>::insert(netuid, bounded(records));
    if random.chance(80) {
        let block = random.block(number) - 1;
        let [emission, owner_cut, miners, validators] = [Amount::ZERO; 4];
        LastEpochs::<Runtime>::insert(netuid, EpochRecord { block, emission, owner_cut, miners, validators });
    }

    let matrix = StorageIndex::from(netuid);
    for uid in (0..seats as u16).map(Uid::new) {
        if random.chance(70) {
            // Some rows have an entry toward a uid without a seat.
            let row = WeightsRow {
                entries: bounded(random.entries(ends + 1)),
                fixed_at: random.block(number),
                missed_at: random.chance(10).then(|| random.block(number)),
            };
            Rows::<Runtime>::insert(matrix, uid, row);
        }
    }
    let updates: Vec<BlockNumber> = (0..random.below(ends + 1)).map(|_| random.block(number) - 1).collect();
    LastUpdates::<Runtime>::insert(matrix, bounded(updates));
    for seat in SeatsOf::<Runtime>::get(netuid) {
        if random.chance(30) {
            let mut blocks: Vec<BlockNumber> = (0..=random.below(3)).map(|_| random.block(number) - 1).collect();
            blocks.sort_unstable();
            let commit = |at| {
                let first = at + random.block(200);
                WeightsCommit { at, first, last: first + random.block(200), ..WeightsCommit::default() }
            };
            let commits: Vec<_> = blocks.into_iter().map(commit).collect();
            Commits::<Runtime>::insert(matrix, &seat.hotkey, bounded(commits));
        }
        if random.chance(30) {
            Families::<Runtime>::insert(netuid, &seat.hotkey, make_family(random, number));
        }
    }
}

/// Makes parameters of any values, also out of their bounds: the two must agree on those too.
fn make_parameters(random: &mut Random, tempo: u16) -> Parameters {
    let low = 1_638 + random.below(30_000) as u16;
    Parameters {
        tempo,
        kappa: if random.chance(50) { 32_767 } else { random.u16() },
        max_allowed_validators: 1 + random.below(SEATS) as u16,
        activity_cutoff: if random.chance(50) { 5_000 } else { 360 },
        yuma3: random.chance(50),
        liquid_alpha: random.chance(50),
        alpha_values: AlphaValues { low, high: low + random.below(30_000) as u16 },
        alpha_sigmoid_steepness: random.u16() as i16,
        bonds_penalty: random.u16(),
        bonds_moving_average: random.below(1_000_001) as u32,
        commit_reveal: random.chance(50),
        reveal_period_epochs: 1 + random.below(3),
        min_childkey_take: Take::new(random.u16() / 4),
        owner_cut_enabled: random.chance(85),
        ..Parameters::default()
    }
}

/// Returns a higher take that was announced, in some cases in force by block `number`.
fn make_raise(random: &mut Random, number: BlockNumber) -> Option<TakeRaise> {
    random.chance(40).then(|| TakeRaise { take: Take::new(random.u16()), from: random.block(number + 1) })
}

fn make_family(random: &mut Random, number: BlockNumber) -> Family<AccountId> {
    let members = |random: &mut Random, most: u64, whole: u64| -> Vec<FamilyMember<AccountId>> {
        let count = random.below(most + 1);
        let hotkeys = random.hotkeys(count).into_iter();
        hotkeys
            .map(|hotkey| FamilyMember { proportion: Proportion::from_parts(random.parts() / whole), hotkey })
            .collect()
    };
    // Children together borrow at most the whole stake.
    let (children, parents) = (members(random, 3, 3), members(random, 5, 1));
    Family {
        children: bounded(children),
        parents: bounded(parents),
        take: Take::new(random.u16()),
        take_raise: make_raise(random, number),
        ..Family::default()
    }
}

/// Returns a list within the bound of its record.
fn bounded<Item, Bound: Get<u32>>(items: Vec<Item>) -> BoundedVec<Item, Bound> {
    items.try_into().unwrap_or_else(|_| panic!("the list is too long"))
}

/// Reads the input of block `number` from the state before it.
fn input(number: BlockNumber) -> BlockInput<AccountId> {
    let tempos = Tempos::<Runtime>::get();
    let root = root_is_due(tempos.iter().map(|(netuid, tempo)| (*netuid, *tempo)), number).then(|| root_input(number));
    let ledger = Ledger::<Runtime>::get();
    BlockInput {
        number,
        rules: RULES,
        issuance: issuance(),
        accrual: Accrued::<Runtime>::get(),
        root,
        launch: Launch::<Runtime>::get(),
        network: Network::<Runtime>::get().expect("genesis writes it"),
        existential_deposit: Amount::from_rao(Balances::minimum_balance()),
        stakes: stakes(number),
        balances: balances(),
        subnets: ledger.keys().map(|netuid| (*netuid, subnet_input(*netuid, number))).collect(),
        ledger,
    }
}

fn issuance() -> IssuanceTerms {
    IssuanceTerms {
        balances: Amount::from_rao(Balances::total_issuance()),
        locked: TotalLocked::<Runtime>::get(),
        staked: TotalStake::<Runtime>::get(),
        escrowed: TotalEscrowed::<Runtime>::get(),
    }
}

fn root_input(number: BlockNumber) -> RootInput {
    let stakes = stakes(number);
    let members = (0..).map(Uid::new).zip(SeatsOf::<Runtime>::get(NetUid::ROOT)).map(|(uid, seat)| RootMember {
        stake: stakes.get(&seat.hotkey).map_or(Amount::ZERO, |stake| stake.pool.value()),
        row: Rows::<Runtime>::get(StorageIndex::from(NetUid::ROOT), uid).unwrap_or_default(),
    });
    let networks = Subnets::<Runtime>::iter().map(|(netuid, network)| (netuid, network.registered_at));
    RootInput {
        sigmoid: NetworkSettings::<Runtime>::get(NetUid::ROOT).expect("root has parameters").sigmoid(),
        members: members.collect(),
        created_at: networks.collect(),
    }
}

fn subnet_input(netuid: NetUid, number: BlockNumber) -> SubnetInput<AccountId> {
    let matrix = StorageIndex::from(netuid);
    let parameters = NetworkSettings::<Runtime>::get(netuid).expect("a subnet has parameters");
    let seats = SeatsOf::<Runtime>::get(netuid).into_inner();
    let open_commit = |seat: &Seat<AccountId>| {
        let mut commits = Commits::<Runtime>::get(matrix, &seat.hotkey).into_iter();
        commits.find(|commit| commit.phase(number) != RevealPhase::Over).map(|commit| commit.at)
    };
    let row = |(uid, seat): (Uid, &Seat<AccountId>)| {
        let mut row = Rows::<Runtime>::get(matrix, uid).unwrap_or_default();
        row.note_missed(&Commits::<Runtime>::get(matrix, &seat.hotkey), number);
        row
    };
    let records = Neurons::<Runtime>::get(netuid);
    let uids = || (0..).map(Uid::new).zip(&seats).map(|(uid, _)| uid);
    SubnetInput {
        owner: Subnets::<Runtime>::get(netuid).and_then(|subnet| subnet.owner),
        last_epoch: LastEpochs::<Runtime>::get(netuid).map(|last| last.block),
        permits: records.iter().map(|record| record.permit).collect(),
        scores: records.iter().map(|record| record.score).collect(),
        rows: (0..).map(Uid::new).zip(&seats).map(row).collect(),
        bonds: uids().map(|uid| Bonds::<Runtime>::get(netuid, uid)).collect(),
        last_updates: LastUpdates::<Runtime>::get(matrix).into_inner(),
        open_commits: parameters.commit_reveal.then(|| seats.iter().map(open_commit).collect()),
        families: Families::<Runtime>::iter_prefix(netuid).collect(),
        parameters,
        seats,
    }
}

/// Reads the stake on all hotkeys, with the takes that are in force in block `number`.
fn stakes(number: BlockNumber) -> BTreeMap<AccountId, HotkeyStake<AccountId>> {
    let most = Network::<Runtime>::get().expect("genesis writes it").max_delegate_take;
    let stake = |(hotkey, owner)| {
        let HotkeyRecord { pool: id, delegation } = Hotkeys::<Runtime>::get(&hotkey).unwrap_or_default();
        let pool = id.and_then(Pools::<Runtime>::get).map(|stake| stake.pool).unwrap_or_default();
        let holding = id.map(|id| Holdings::<Runtime>::get(id, &owner)).unwrap_or_default();
        let take = delegation.map(|delegation| delegation.take_at(number, most));
        (hotkey, HotkeyStake { owner, take, pool, holding })
    };
    Owners::<Runtime>::iter().map(stake).collect()
}

/// Reads the free balances of the coldkeys that have an account.
fn balances() -> BTreeMap<AccountId, Amount<Tao>> {
    let coldkeys = (0..COLDKEYS).map(coldkey);
    let free = coldkeys.map(|key| {
        let balance = Balances::free_balance(&key);
        (key, Amount::from_rao(balance))
    });
    free.filter(|(_, balance)| !balance.is_zero()).collect()
}

/// The features of the states of a run, to check that the run has covered them.
#[derive(Debug, Default)]
struct Coverage {
    epochs: u32,
    failed: u32,
    recycled: u32,
    launches: u32,
    /// Epochs in which one pool of two had a claim.
    half_claimed: u32,
    /// Epochs without a quorum although a neuron with an opinion had a permit.
    inquorate: u32,
    /// Blocks in which an eligible subnet received nothing because none had a share.
    without_share: u32,
    shares: u32,
    kept_shares: u32,
    halvings: u32,
    classic: u32,
    open_commits: u32,
    parents_paid: u32,
    owners_paid: u32,
    owners_without_account: u32,
    late: u32,
}

/// Makes one state, begins a block on it, compares it with the rules, and drops the state.
fn compare(chain: &mut Chain, seed: u64, coverage: &mut Coverage) {
    let mut random = Random(seed);
    let number = 1_000 + random.below(1_000) as BlockNumber;
    let header = chain.header(number);
    chain.look(|| {
        with_transaction_unchecked(|| {
            make_state(&mut random, number);
            let input = input(number);
            let waiting: Vec<NetUid> = Waiting::<Runtime>::get().iter().map(|due| due.netuid).collect();
            let tempos = Tempos::<Runtime>::get();
            System::reset_events();
            System::set_block_number(number - 1);
            Executive::initialize_block(&header);
            let events = emission_events();
            let ran = events.iter().filter_map(|event| match event {
                Event::EpochRun { netuid, .. } | Event::EpochFailed { netuid, .. } => Some(*netuid),
                _ => None,
            });
            let ran: Vec<NetUid> = ran.collect();
            // Without a lack of room the chain runs the epochs that the rules name, in their order.
            if !events.iter().any(|event| matches!(event, Event::EpochPutOff { .. })) {
                assert_eq!(ran, due(tempos, number, &waiting), "epochs of state {seed}");
            }
            let outcome = run_block(&input, &ran, false).unwrap_or_else(|error| panic!("state {seed}: {error}"));
            compare_events(seed, &events, &input, &outcome);
            compare_storage(seed, number, &input, &outcome);
            coverage.late += u32::from(!waiting.is_empty() && ran.first() == waiting.first());
            coverage.count(&input, &outcome);
            TransactionOutcome::Rollback(())
        });
    });
}

fn emission_events() -> Vec<Event<Runtime>> {
    let emission = System::events().into_iter().filter_map(|record| match record.event {
        RuntimeEvent::Emission(event) => Some(event),
        _ => None,
    });
    emission.collect()
}

fn compare_events(
    seed: u64,
    events: &[Event<Runtime>],
    input: &BlockInput<AccountId>,
    outcome: &BlockOutcome<AccountId>,
) {
    let mut expected = Vec::new();
    match &outcome.shares {
        Some(Ok(shares)) => expected.push(Event::SharesSet { shares: shares.clone().into_iter().collect() }),
        Some(Err(reason)) => expected.push(Event::SharesKept { reason: Error::<Runtime>::from(*reason).into() }),
        None => {}
    }
    if outcome.accrual.emission != input.accrual.emission {
        expected.push(Event::BlockEmissionSet { emission: outcome.accrual.emission });
    }
    for (netuid, epoch) in &outcome.epochs {
        let netuid = *netuid;
        match epoch {
            Ok(epoch) => {
                if !epoch.recycled.is_zero() {
                    expected.push(Event::EmissionRecycled { netuid, amount: epoch.recycled });
                }
                let EpochRecord { emission, owner_cut, miners, validators, .. } = epoch.record;
                expected.push(Event::EpochRun { netuid, emission, owner_cut, miners, validators });
            }
            Err(EpochFailure::DuplicateHotkey) => {
                expected.push(Event::EpochFailed { netuid, reason: Error::<Runtime>::DuplicateHotkey.into() });
            }
            Err(failure) => panic!("state {seed}: subnet {netuid}: {failure}"),
        }
    }
    assert_eq!(events, expected, "events of state {seed}");
}

fn compare_storage(seed: u64, number: BlockNumber, input: &BlockInput<AccountId>, outcome: &BlockOutcome<AccountId>) {
    assert_eq!(Accrued::<Runtime>::get(), outcome.accrual, "accrual of state {seed}");
    assert_eq!(Ledger::<Runtime>::get(), outcome.ledger, "ledger of state {seed}");
    assert_eq!(issuance(), outcome.issuance, "issuance of state {seed}");
    assert_eq!(stakes(number), outcome.stakes, "stakes of state {seed}");
    assert_eq!(balances(), outcome.balances, "balances of state {seed}");
    for (netuid, before) in &input.subnets {
        let after = subnet_input(*netuid, number);
        let Some(epoch) = outcome.epoch(*netuid) else {
            assert_eq!(after, *before, "subnet {netuid} of state {seed}, which ran no epoch");
            continue;
        };
        assert_eq!(LastEpochs::<Runtime>::get(*netuid), Some(epoch.record), "subnet {netuid} of state {seed}");
        assert_eq!(Neurons::<Runtime>::get(*netuid), epoch.records, "subnet {netuid} of state {seed}");
        assert_eq!(after.bonds, epoch.bonds, "subnet {netuid} of state {seed}");
    }
}

impl Coverage {
    fn count(&mut self, input: &BlockInput<AccountId>, outcome: &BlockOutcome<AccountId>) {
        self.shares += u32::from(matches!(outcome.shares, Some(Ok(_))));
        self.kept_shares += u32::from(matches!(outcome.shares, Some(Err(_))));
        self.halvings += u32::from(outcome.accrual.emission < Amount::ONE_TAO);
        let gets_nothing =
            |account: &EmissionAccount| account.eligible && account.needs_share && account.per_block.is_zero();
        self.without_share += u32::from(outcome.ledger.values().any(gets_nothing));
        for (netuid, epoch) in &outcome.epochs {
            let Ok(epoch) = epoch else {
                self.failed += 1;
                continue;
            };
            let subnet = &input.subnets[netuid];
            self.epochs += 1;
            self.recycled += u32::from(!epoch.recycled.is_zero());
            self.launches += u32::from(epoch.basis == Basis::Launch);
            let is_half = !epoch.recycled.is_zero() && epoch.recycled < epoch.division.neurons();
            self.half_claimed += u32::from(is_half);
            let has_opinion = subnet.permits.iter().zip(&subnet.rows).any(|(permit, row)| {
                *permit && row.entries.iter().any(|entry| entry.value > 0) && row.fixed_at + 360 >= input.number
            });
            self.inquorate += u32::from(has_opinion && epoch.records.iter().all(|record| !record.active));
            self.classic += u32::from(!subnet.parameters.yuma3);
            let open = subnet.open_commits.as_ref().is_some_and(|open| open.iter().any(Option::is_some));
            self.open_commits += u32::from(open);
            let by_parent =
                epoch.payments.iter().any(|payment| subnet.seats[usize::from(payment.uid)].hotkey != payment.hotkey);
            self.parents_paid += u32::from(by_parent);
            self.owners_paid += u32::from(!epoch.record.owner_cut.is_zero());
            let is_unknown = epoch.owner.as_ref().is_some_and(|owner| !input.balances.contains_key(owner));
            let has_cut = epoch.record.emission.rao() > 100 && epoch.record.owner_cut.is_zero();
            self.owners_without_account += u32::from(is_unknown && has_cut);
        }
    }

    fn assert_complete(&self) {
        let Self { epochs, failed, recycled, shares, kept_shares, halvings, .. } = self;
        let Self { launches, half_claimed, inquorate, without_share, .. } = self;
        let news = [launches, half_claimed, inquorate, without_share];
        let Self { classic, open_commits, parents_paid, owners_paid, owners_without_account, late, .. } = self;
        let first = [epochs, failed, recycled, shares, kept_shares, halvings];
        let rest = [classic, open_commits, parents_paid, owners_paid, owners_without_account, late];
        assert!(
            first.into_iter().chain(rest).chain(news).all(|count| *count > 0),
            "a feature was in no state: {self:?}"
        );
        assert!(classic < epochs, "all bonds were classic: {self:?}");
    }
}

#[test]
fn a_block_of_the_runtime_is_what_the_rules_say() {
    let states = env::var("EPOCH_STATES").map_or(STATES, |count| count.parse().expect("a number of states"));
    let mut chain = Chain::begin("main", json!({}));
    let mut coverage = Coverage::default();
    for seed in 0..states {
        compare(&mut chain, seed, &mut coverage);
    }
    if states >= STATES {
        coverage.assert_complete();
    }
}
