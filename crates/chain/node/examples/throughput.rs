//! Measurement of transactions per second of one node, and of the memory of a fresh one.
//!
//! ```sh
//! cargo run -p myelin-node --example throughput -- transfers 6000
//! cargo run -p myelin-node --example throughput -- weights
//! cargo run -p myelin-node --example throughput -- memory
//! ```
//!
//! The example starts a node with one authority and a block per second. It sends signed transactions as fast as the
//! node accepts them, and reads the final blocks until they have all transactions. A transaction pool holds about 8 000
//! transactions and drops others.
//!
//! `weights` first fills eight subnets with 256 neurons each, of which 64 validate. Each validator then sets weights
//! for all neurons of all eight subnets. `memory` reads the resident set after 60 blocks.

#![allow(clippy::print_stdout, reason = "it reports")]

use futures::future::join_all;
use myelin_primitives::{NetUid, RAO_PER_TAO, Uid};
use myelin_runtime::{
    Address, Hash, Nonce, RuntimeCall,
    signing::{account, signed},
};
use myelin_testing::{TestNetwork, TestNode};
use serde_json::{Value, json};
use sp_core::{Encode, Pair, sr25519};
use sp_runtime::BoundedVec;
use std::{
    env, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

/// Transactions in flight to the node.
const IN_FLIGHT: usize = 200;

/// Accounts that send transfers.
const SENDERS: usize = 1_000;

/// Subnets that receive weights. As many free calls of one key may wait in the pool.
const SUBNETS: u16 = 8;

/// Neurons on each subnet.
const NEURONS: u16 = 256;

/// Validators on each subnet.
const VALIDATORS: u16 = 64;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["transfers", count] => transfers(count.parse().expect("the number of transfers is a number")).await,
        ["weights"] => weights().await,
        ["memory"] => memory().await,
        _ => eprintln!("say `transfers COUNT`, `weights` or `memory`"),
    }
}

async fn transfers(count: usize) {
    let senders: Vec<_> = (0..SENDERS).map(|number| key(&format!("sender/{number}"))).collect();
    let balances: Vec<_> = senders.iter().map(|key| json!([account(key), RAO_PER_TAO])).collect();
    let network = begin(&json!({ "balances": { "balances": balances } })).await;
    let signer = Signer::of(network.node("Alice")).await;
    let transactions: Vec<_> = (0..count)
        .map(|number| {
            let dest = Address::Id(account(&senders[(number + 1) % SENDERS]));
            let call = pallet_balances::Call::transfer_keep_alive { dest, value: 1_000 };
            let nonce = (number / SENDERS).try_into().expect("few transfers of one sender");
            signer.sign(&senders[number % SENDERS], call.into(), nonce)
        })
        .collect();
    load("transfers", network.node("Alice"), transactions).await;
}

async fn weights() {
    let coldkey = key("Alice");
    let hotkeys: Vec<_> = (0..NEURONS).map(|number| key(&format!("hotkey/{number}"))).collect();
    // The stake of genesis makes pairs, so each hotkey has some.
    let stake = |number| if number < VALIDATORS { 1_000 * RAO_PER_TAO } else { 2_000_000 };
    let stakes: Vec<_> = (0..)
        .zip(&hotkeys)
        .map(|(number, hotkey)| json!([account(&coldkey), account(hotkey), stake(number)]))
        .collect();
    let open = json!({
        "maxRegistrationsPerBlock": NEURONS, "targetRegistrationsPerInterval": NEURONS, "adjustmentInterval": 1_000,
    });
    let subnets: Vec<_> = (1..=SUBNETS).map(|netuid| json!({ "netuid": netuid, "parameters": {} })).collect();
    let network = begin(&json!({
        "staking": { "stakes": stakes },
        "subnets": { "defaultParameters": open, "subnets": subnets },
    }))
    .await;
    let node = network.node("Alice");
    let signer = Signer::of(node).await;

    let seats = (1..=SUBNETS).flat_map(|netuid| hotkeys.iter().map(move |hotkey| (NetUid::new(netuid), hotkey)));
    let registrations = (0..).zip(seats).map(|(nonce, (netuid, hotkey))| {
        let call = myelin_pallet_neurons::Call::burned_register { netuid, hotkey: account(hotkey) };
        signer.sign(&coldkey, call.into(), nonce)
    });
    load("registrations", node, registrations.collect()).await;
    // All neurons may validate after an epoch of each subnet.
    node.wait_until_finalised(node.finalised().await + 45).await;

    let dests: BoundedVec<_, _> = BoundedVec::truncate_from((0..NEURONS).map(Uid::new).collect());
    let validators = hotkeys.iter().take(VALIDATORS.into());
    let ratings =
        validators.flat_map(|hotkey| (1..=SUBNETS).map(move |netuid| (hotkey, netuid))).map(|(hotkey, netuid)| {
            let call = myelin_pallet_weights::Call::set_weights {
                netuid: NetUid::new(netuid),
                dests: dests.clone(),
                weights: BoundedVec::truncate_from((1..=NEURONS).collect()),
                version_key: 0,
            };
            signer.sign(hotkey, call.into(), (netuid - 1).into())
        });
    load("weights of 256 neurons", node, ratings.collect()).await;
}

async fn memory() {
    let network = begin(&json!({})).await;
    let node = network.node("Alice");
    node.wait_until_finalised(60).await;
    let status = fs::read_to_string(format!("/proc/{}/status", node.process_id())).expect("Linux tells");
    for line in status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM")) {
        println!("{line}");
    }
}

async fn begin(patch: &Value) -> TestNetwork {
    let binary = env::current_exe().expect("this program has a file");
    let binary: PathBuf = binary.ancestors().nth(2).expect("it is in a target folder").join("myelin-node");
    TestNetwork::start(binary, "local", &["Alice"], patch).await
}

/// Submits transactions and waits until all are in final blocks.
async fn load(what: &str, node: &TestNode, transactions: Vec<Vec<u8>>) {
    let count = transactions.len();
    let first = node.finalised().await + 1;
    let start = Instant::now();
    let submit = async {
        for chunk in transactions.chunks(IN_FLIGHT) {
            join_all(chunk.iter().map(|bytes| async {
                let hex = sp_core::bytes::to_hex(bytes, false);
                node.call("author_submitExtrinsic", &[hex.into()]).await
            }))
            .await;
        }
        start.elapsed()
    };
    let watch = async {
        let (mut included, mut largest, mut height, mut blocks) = (0, 0, first, 0);
        while included < count {
            let last = node.wait_until_finalised(height).await;
            for number in height..=last {
                let found = transactions_in(node, number).await;
                included += found;
                largest = largest.max(found);
                blocks += usize::from(found > 0);
            }
            height = last + 1;
        }
        (start.elapsed(), largest, blocks)
    };
    let (submitted, (finalised, largest, blocks)) = futures::join!(submit, watch);
    let rate = |time: Duration| u128::try_from(count).unwrap_or_default() * 1_000 / time.as_millis().max(1);
    println!("{count} {what}");
    println!("  given to the node in {:.2} s, {} a second", submitted.as_secs_f64(), rate(submitted));
    println!(
        "  final after {:.2} s, {} a second, in {blocks} blocks of at most {largest}",
        finalised.as_secs_f64(),
        rate(finalised)
    );
}

/// Returns the number of transactions of a block, without the timestamp.
async fn transactions_in(node: &TestNode, height: u64) -> usize {
    let hash = node.block_hash(height).await.expect("the block is final");
    let block = node.call("chain_getBlock", &[hash.into()]).await;
    block["block"]["extrinsics"].as_array().expect("a block has transactions").len() - 1
}

fn key(path: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(&format!("//{path}"), None).expect("a path of names")
}

/// A signer for one chain.
struct Signer {
    genesis: Hash,
}

impl Signer {
    async fn of(node: &TestNode) -> Self {
        let genesis = node.block_hash(0).await.expect("every chain has a first block");
        Self { genesis: genesis.parse().expect("a hash in hexadecimal") }
    }

    fn sign(&self, key: &sr25519::Pair, call: RuntimeCall, nonce: Nonce) -> Vec<u8> {
        signed(key, call, nonce, self.genesis).encode()
    }
}
