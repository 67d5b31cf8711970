//! Measurement of the time of an epoch by the shape of its subnet.

#[path = "../tests/textbook/mod.rs"]
mod textbook;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use myelin_primitives::{Amount, Entry, Uid};
use myelin_yuma::{Bonds, EpochOutcome, LiquidAlpha, Params, Snapshot, Stake, epoch};
use std::{fmt, hint::black_box};

/// A subnet in which the first `validators` neurons each weigh the same `row` others, spread evenly.
#[derive(Clone, Copy)]
struct Shape {
    neurons: u16,
    validators: u16,
    row: u16,
}

const DENSE: Shape = Shape { neurons: 256, validators: 64, row: 256 };

impl fmt::Display for Shape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "neurons={} validators={} row={}", self.neurons, self.validators, self.row)
    }
}

/// All input of one epoch.
struct Subnet {
    stake: Vec<Stake>,
    registered_at: Vec<u32>,
    last_update: Vec<u32>,
    weights: Vec<Vec<Entry>>,
    bonds: Vec<Vec<Entry>>,
    permits: Vec<bool>,
}

impl Subnet {
    /// Returns the subnet in its second epoch, with bonds to renew.
    fn new(shape: Shape, params: &Params) -> Self {
        let mut random = Random(0x5EED);
        let mut neurons = vec![false; shape.neurons.into()];
        neurons.iter_mut().take(shape.validators.into()).for_each(|validates| *validates = true);
        let (columns, length) = (u32::from(shape.neurons), u32::from(shape.row));
        let row = |validates: bool, random: &mut Random| -> Vec<Entry> {
            let uids = (0..if validates { length } else { 0 }).map(|k| u16::try_from(k * columns / length).unwrap());
            uids.map(|uid| Entry::new(Uid::new(uid), random.next_u16().max(1))).collect()
        };
        let mut subnet = Self {
            stake: neurons
                .iter()
                .map(|validates| Amount::from_rao(u64::from(*validates) * (1 + (random.next() >> 16))).into())
                .collect(),
            registered_at: vec![1; neurons.len()],
            last_update: vec![1_000; neurons.len()],
            weights: neurons.iter().map(|validates| row(*validates, &mut random)).collect(),
            bonds: Vec::new(),
            permits: neurons,
        };
        let first = subnet.epoch(params);
        assert_eq!(first.permits.iter().filter(|permit| **permit).count(), usize::from(shape.validators));
        subnet.bonds = first.bonds;
        subnet
    }

    fn snapshot(&self) -> Snapshot<'_> {
        Snapshot {
            block: 1_100,
            last_epoch_block: Some(740),
            emission: Amount::ONE_TAO,
            owner: None,
            stake: &self.stake,
            registered_at: &self.registered_at,
            last_update: &self.last_update,
            weights: &self.weights,
            bonds: &self.bonds,
            permits: &self.permits,
            commit_blocks: None,
        }
    }

    fn epoch(&self, params: &Params) -> EpochOutcome {
        epoch(&self.snapshot(), params)
    }

    fn entries(&self) -> u64 {
        self.weights.iter().map(|row| row.len() as u64).sum()
    }
}

/// A generator of numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0
    }

    /// Returns the upper bits, because the lower ones of such a generator repeat soon.
    fn next_u16(&mut self) -> u16 {
        (self.next() >> 48) as u16
    }
}

fn params(bonds: Bonds) -> Params {
    Params { max_allowed_validators: u16::MAX, bonds, ..Params::default() }
}

fn shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("epoch");
    let params = params(Bonds::PerPair { liquid_alpha: None });
    let tenth = Shape { row: 26, ..DENSE };
    // The dense subnet's number of entries in sixteen times the neurons: 256 times the cells.
    let thin = Shape { neurons: 4_096, ..DENSE };
    let large = Shape { neurons: 4_096, validators: 1_024, row: 410 };
    // All subnets are built before the first is measured. The allocator then keeps memory, because much was held and
    // freed, as it does in a node that has been running for hours.
    let subnets = [DENSE, tenth, thin, large].map(|shape| (shape, Subnet::new(shape, &params)));
    for (shape, subnet) in subnets {
        group.throughput(Throughput::Elements(subnet.entries()));
        group.bench_function(BenchmarkId::from_parameter(shape), |bench| {
            bench.iter(|| epoch(black_box(&subnet.snapshot()), black_box(&params)));
        });
    }
    group.finish();
}

fn forms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bonds");
    let liquid = Bonds::PerPair { liquid_alpha: Some(LiquidAlpha::default()) };
    for (name, bonds) in [("classic", Bonds::Classic), ("per-pair liquid", liquid)] {
        let params = params(bonds);
        let subnet = Subnet::new(DENSE, &params);
        group.throughput(Throughput::Elements(subnet.entries()));
        group.bench_function(BenchmarkId::new(name, DENSE), |bench| {
            bench.iter(|| epoch(black_box(&subnet.snapshot()), black_box(&params)));
        });
    }
    group.finish();
}

fn compared_with_textbook(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("textbook");
    let params = params(Bonds::PerPair { liquid_alpha: None });
    let subnet = Subnet::new(DENSE, &params);
    assert_eq!(subnet.epoch(&params), textbook::epoch(&subnet.snapshot(), &params));
    group.throughput(Throughput::Elements(subnet.entries()));
    group.bench_function(BenchmarkId::from_parameter(DENSE), |bench| {
        bench.iter(|| textbook::epoch(black_box(&subnet.snapshot()), black_box(&params)));
    });
    group.finish();
}

criterion_group!(benches, shapes, forms, compared_with_textbook);
criterion_main!(benches);
