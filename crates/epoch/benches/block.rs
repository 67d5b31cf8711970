//! The cost of a block around consensus: the same epoch by `myelin_yuma::epoch` alone and by `run_block`.

use criterion::{Criterion, criterion_group, criterion_main};
use myelin_economics::pool::{Holding, Pool};
use myelin_epoch::{
    input::{BlockInput, SubnetInput},
    rules::{ConsensusInput, epoch_params},
    run_block,
    stakes::HotkeyStake,
};
use myelin_primitives::{Amount, Entry, NetUid, Take, Uid};
use myelin_records::{epoch::EmissionAccount, parameters::Parameters, seat::Seat, weights::WeightsRow};
use std::hint::black_box;

const NEURONS: u16 = 256;
const VALIDATORS: u16 = 64;
const NETUID: NetUid = NetUid::new(1);

type Key = [u8; 32];

fn key(uid: u16) -> Key {
    let mut key = [7; 32];
    key[..2].copy_from_slice(&uid.to_le_bytes());
    key
}

/// Returns a number that looks random and is the same in every run.
fn mixed(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn stake(uid: u16) -> HotkeyStake<Key> {
    let (mut pool, mut owner, mut nominator) = (Pool::default(), Holding::default(), Holding::default());
    if uid < VALIDATORS {
        pool.deposit(&mut owner, Amount::from_rao(1 + (mixed(uid.into()) >> 20))).unwrap();
        pool.deposit(&mut nominator, Amount::from_rao(1_000_000)).unwrap();
    }
    HotkeyStake { owner: key(uid), take: Some(Take::new(11_796)), pool, holding: owner }
}

/// Returns a subnet in which 64 validators weigh all 256 neurons, in its second epoch, with per-pair bonds.
fn input() -> BlockInput<Key> {
    let row = |validator: u16| -> Vec<Entry> {
        let value = |miner: u16| u16::try_from(mixed(u64::from(validator) << 16 | u64::from(miner)) >> 48).unwrap();
        (0..NEURONS).map(|miner| Entry::new(Uid::new(miner), value(miner).max(1))).collect()
    };
    let rows = (0..VALIDATORS).map(|uid| WeightsRow {
        entries: row(uid).try_into().unwrap(),
        fixed_at: 1_000,
        missed_at: None,
    });
    let mut subnet = SubnetInput {
        parameters: Parameters { commit_reveal: false, ..Parameters::default() },
        last_epoch: Some(740),
        seats: (0..NEURONS).map(|uid| Seat { hotkey: key(uid), registered_at: 1 }).collect(),
        permits: (0..NEURONS).map(|uid| uid < VALIDATORS).collect(),
        rows: rows.collect(),
        last_updates: vec![1_000; NEURONS.into()],
        ..SubnetInput::default()
    };
    let account = EmissionAccount { settled: Amount::from_tao(361).unwrap(), ..EmissionAccount::default() };
    let mut input = BlockInput { number: 1_100, ..BlockInput::default() };
    input.accrual.pending = account.settled;
    input.ledger.try_insert(NETUID, account).unwrap();
    input.stakes = (0..NEURONS).map(|uid| (key(uid), stake(uid))).collect();
    input.subnets.insert(NETUID, subnet.clone());
    let first = run_block(&input, &[NETUID], false).unwrap();
    subnet.bonds.clone_from(&first.epoch(NETUID).unwrap().bonds);
    input.subnets.insert(NETUID, subnet);
    input
}

fn blocks(criterion: &mut Criterion) {
    let input = input();
    let subnet = &input.subnets[&NETUID];
    let params = epoch_params(&subnet.parameters, &input.network);
    let stake_weights: Vec<_> = subnet.seats.iter().map(|seat| input.stakes[&seat.hotkey].pool.value()).collect();
    let registered_at: Vec<_> = subnet.seats.iter().map(|seat| seat.registered_at).collect();
    let weights: Vec<&[Entry]> = subnet.rows.iter().map(|row| row.entries.as_slice()).collect();
    let bonds: Vec<&[Entry]> = subnet.bonds.iter().map(|row| row.as_slice()).collect();
    let consensus = ConsensusInput {
        block: input.number,
        last_epoch: subnet.last_epoch,
        emission: Amount::ONE_TAO,
        stake_weights: &stake_weights,
        registered_at: &registered_at,
        last_updates: &subnet.last_updates,
        last_calls: &subnet.last_updates,
        weights: &weights,
        bonds: &bonds,
        permits: &subnet.permits,
        outdated: &[],
        open_commits: None,
    };
    let mut group = criterion.benchmark_group("block");
    group.bench_function("consensus", |bencher| bencher.iter(|| black_box(&consensus).run(&params)));
    group.bench_function("run_block", |bencher| bencher.iter(|| run_block(black_box(&input), &[NETUID], false)));
    group.bench_function("run_block, traced", |bencher| bencher.iter(|| run_block(black_box(&input), &[NETUID], true)));
    group.finish();
}

criterion_group!(benches, blocks);
criterion_main!(benches);
