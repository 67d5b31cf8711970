//! Benchmarks of the most expensive blocks: 64 subnets of 256 neurons, 64 of which validate and rate all others.
//!
//! The benchmark runs the initialisation of a block by the runtime as WebAssembly, on state in memory. This is the
//! expensive part of an import. A block without epochs is measured too.

#![allow(clippy::print_stdout, reason = "a bench reports")]

#[path = "../tests/chain/mod.rs"]
mod chain;

use chain::Chain;
use criterion::{Criterion, criterion_group, criterion_main};
use frame_support::{BoundedVec, assert_ok, dispatch::RawOrigin, weights::constants::WEIGHT_REF_TIME_PER_MILLIS};
use myelin_pallet_emission::{LastEpochs, Waiting};
use myelin_pallet_neurons::traits::ReadSeats;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_primitives::{BlockNumber, NetUid, RAO_PER_TAO, Uid};
use myelin_records::parameters::ParametersPatch;
use myelin_runtime::{
    AccountId, MAXIMUM_BLOCK_WEIGHT, Neurons, Runtime, RuntimeOrigin, Subnets, System, WASM_BINARY, Weights, presets,
};
use sc_executor::{HeapAllocStrategy, WasmExecutor};
use serde_json::json;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use sp_io::SubstrateHostFunctions;
use std::hint::black_box;

const SUBNETS: u16 = 64;
const NEURONS: u16 = 256;
const VALIDATORS: u16 = 64;

/// The first block in which all subnets are due at once. [`SECOND`] is the second one.
const FIRST: BlockNumber = 100;
const SECOND: BlockNumber = 200;

fn hotkey(number: u16) -> AccountId {
    let mut account = [0x77; 32];
    account[..2].copy_from_slice(&number.to_le_bytes());
    AccountId::new(account)
}

fn coldkey() -> AccountId {
    AccountId::new([0x99; 32])
}

/// Returns the tempo with which a subnet is due in this block. spec tokenomics §4.1
fn tempo_due(netuid: u16, block: BlockNumber) -> u16 {
    u16::try_from(block).expect("a low block") + netuid + 1
}

/// Builds a chain of full subnets that are all due in the next block.
fn full() -> Chain {
    let stakes: Vec<_> = (0..NEURONS)
        .map(|number| {
            json!([coldkey(), hotkey(number), if number < VALIDATORS { 1_000 * RAO_PER_TAO } else { 2_000_000 }])
        })
        .collect();
    let subnets: Vec<_> = (1..=SUBNETS)
        .map(|netuid| json!({ "netuid": netuid, "parameters": { "tempo": tempo_due(netuid, FIRST) } }))
        .collect();
    let open = json!({
        "maxRegistrationsPerBlock": NEURONS, "targetRegistrationsPerInterval": NEURONS, "adjustmentInterval": 10_000,
        "weightsSetRateLimit": 1, "commitReveal": false, "activityCutoff": 10_000,
    });
    let mut chain = Chain::begin(
        presets::LOCAL,
        json!({
            // The end of a session has the weight of a whole block, for any real cost.
            "authorities": { "sessionBlocks": 10_000 },
            "balances": { "balances": [[coldkey(), 1_000_000 * RAO_PER_TAO]] },
            "staking": { "stakes": stakes },
            "subnets": { "networkParameters": { "adminFreezeWindow": 0, "minRateLimit": 1 }, "defaultParameters": open, "subnets": subnets },
        }),
    );
    chain.block(Vec::new());
    for netuid in (1..=SUBNETS).map(NetUid::new) {
        chain.look(|| {
            for number in 0..NEURONS {
                let signer = RuntimeOrigin::signed(coldkey());
                assert_ok!(Neurons::burned_register(signer, netuid, hotkey(number)));
            }
        });
        chain.keep();
    }
    while chain.height() < FIRST + u32::from(SUBNETS) {
        chain.block(Vec::new());
    }
    let all: BoundedVec<Uid, _> = BoundedVec::truncate_from((0..NEURONS).map(Uid::new).collect());
    for netuid in (1..=SUBNETS).map(NetUid::new) {
        chain.look(|| {
            for validator in 0..VALIDATORS {
                let ratings = (0..NEURONS).map(|uid| 1 + uid.wrapping_mul(validator + 7) % 1_000).collect();
                let signer = RuntimeOrigin::signed(hotkey(validator));
                let ratings = BoundedVec::truncate_from(ratings);
                assert_ok!(Weights::set_weights(signer, netuid, all.clone(), ratings, 0));
            }
            let patch = ParametersPatch { tempo: Some(tempo_due(netuid.get(), SECOND)), ..Default::default() };
            assert_ok!(Subnets::set_parameters(RawOrigin::Root.into(), netuid, Box::new(patch)));
        });
        chain.keep();
    }
    while chain.height() + 1 < SECOND {
        chain.block(Vec::new());
    }
    chain.look(|| {
        assert_eq!(<Subnets as ReadSubnets<AccountId>>::netuids().len(), usize::from(SUBNETS) + 1);
        assert_eq!(<Neurons as ReadSeats<AccountId>>::count(NetUid::new(SUBNETS)), NEURONS);
        assert!(Waiting::<Runtime>::get().is_empty(), "all epochs of the first round are over");
    });
    chain
}

/// Prints the weight of the next block of this chain before its first transaction.
fn report(name: &str, chain: &mut Chain) {
    let header = chain.next_header();
    chain.look(|| {
        myelin_runtime::Executive::initialize_block(&header);
        let number = header.number;
        let ran = LastEpochs::<Runtime>::iter_values().filter(|epoch| epoch.block == number).count();
        let weight = System::block_weight().total();
        let share = weight.ref_time() * 1_000 / MAXIMUM_BLOCK_WEIGHT.ref_time();
        let waiting = Waiting::<Runtime>::get().len();
        println!(
            "{name}: {ran} epochs run, {waiting} put off; weight {} ms, {}.{} % of the limit",
            weight.ref_time() / WEIGHT_REF_TIME_PER_MILLIS,
            share / 10,
            share % 10,
        );
    });
    chain.forget();
}

fn block(criterion: &mut Criterion) {
    let code = WASM_BINARY.expect("the bench needs the runtime as WebAssembly");
    let fetcher = WrappedRuntimeCode(code.into());
    let code =
        RuntimeCode { code_fetcher: &fetcher, heap_pages: None, hash: sp_io::hashing::blake2_256(code).to_vec() };
    let executor = WasmExecutor::<SubstrateHostFunctions>::builder()
        .with_onchain_heap_alloc_strategy(HeapAllocStrategy::Dynamic { maximum_pages: None })
        .build();
    let mut chain = full();
    let mut group = criterion.benchmark_group("block");
    group.sample_size(20);
    let mut measure = |name: &str, chain: &mut Chain| {
        report(name, chain);
        let header = sp_core::Encode::encode(&chain.next_header());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                chain.run(|ext| {
                    let context = CallContext::Onchain { import: true };
                    let (result, _) = executor.call(ext, &code, "Core_initialize_block", &header, context);
                    black_box(result.expect("the block begins"));
                });
                chain.forget();
            });
        });
    };
    measure("all subnets due at once", &mut chain);
    chain.block(Vec::new());
    measure("the queue behind it", &mut chain);
    while chain.look(|| !Waiting::<Runtime>::get().is_empty()) {
        chain.block(Vec::new());
    }
    chain.block(Vec::new());
    measure("no epoch", &mut chain);
    group.finish();
}

criterion_group!(benches, block);
criterion_main!(benches);
