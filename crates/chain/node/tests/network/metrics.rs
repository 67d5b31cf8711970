//! The metrics of a node, each after the event that it shows, and the end of a node whose disk is full.

use crate::NODE;
use codec::Encode;
use frame_support::BoundedVec;
use myelin_client::{
    runtime::{
        self,
        runtime_types::{frame_system::pallet::Call as SystemCall, myelin_runtime::RuntimeCall},
    },
    subxt::utils::H256,
};
use myelin_pallet_neurons::SeatsOf;
use myelin_primitives::NetUid;
use myelin_records::seat::{Seat, Seats};
use myelin_runtime::{AccountId, Runtime};
use myelin_testing::{TestNetwork, TestNode, key};
use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

/// The blocks of the preset `test` in a second.
const BLOCKS_PER_SECOND: f64 = 4.0;

/// Blocks of which a node keeps few states.
const ENOUGH: u32 = 60;

/// The block in which all subnets are due.
const DUE: u16 = 40;

/// The subnets, more than the epochs that fit into a block.
const SUBNETS: u16 = 24;

/// Returns the most seats of a subnet, with hotkeys that are all different or all the same.
fn seats(different: bool) -> Seats<AccountId> {
    let hotkey = |number: u16| {
        let mut hotkey = [1; 32];
        hotkey[..2].copy_from_slice(&if different { number } else { 0 }.to_le_bytes());
        AccountId::new(hotkey)
    };
    BoundedVec::truncate_from((0..256).map(|number| Seat { hotkey: hotkey(number), registered_at: 0 }).collect())
}

fn genesis() -> Value {
    let subnets: Vec<_> =
        (1..=SUBNETS).map(|netuid| json!({ "netuid": netuid, "parameters": { "tempo": DUE + netuid + 1 } })).collect();
    json!({ "subnets": { "subnets": subnets } })
}

#[tokio::test(flavor = "multi_thread")]
async fn epochs_that_wait_and_fail_are_counted() {
    let network = TestNetwork::start(NODE, "test", &["Alice"], &genesis()).await;
    let (node, chain) = (network.node("Alice"), network.node("Alice").chain().await);
    assert!(node.metric("myelin_epochs_put_off_total").await <= 0.0);
    let items = (1..=SUBNETS)
        .map(|netuid| (SeatsOf::<Runtime>::hashed_key_for(NetUid::new(netuid)), seats(netuid > 1).encode()))
        .collect();
    let write = runtime::transactions().sudo().sudo(RuntimeCall::System(SystemCall::set_storage { items }));
    chain.submit(&write, &key("Alice")).await.expect("Alice may use sudo");
    node.wait_until_finalised(u64::from(DUE) + 2).await;
    node.wait_for_metric("myelin_epochs_put_off_total", |count| count >= 1.0).await;
    node.wait_for_metric("myelin_epochs_failed_total", |count| count >= 1.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_authority_misses_its_slots_and_holds_up_finality() {
    let network = TestNetwork::start(NODE, "test", &["Alice", "Bob", "Charlie"], &json!({})).await;
    let (alice, charlie) = (network.node("Alice"), network.node("Charlie"));
    charlie.wait_until_finalised(4).await;
    assert!(charlie.metric("myelin_slots_missed_total").await <= 0.0);

    charlie.pause().await;
    let stalled = alice.finalised().await;
    // Two of three are no majority. They make two blocks in three slots.
    let best = alice.wait_until_best(stalled + 8).await;
    let lag = alice.wait_for_metric("myelin_finality_lag_blocks", |lag| lag >= 6.0).await;
    charlie.resume().await;
    charlie.wait_until_finalised(best + 2).await;
    charlie.wait_for_metric("myelin_slots_missed_total", |count| count >= 2.0).await;
    alice.wait_for_metric("myelin_finality_lag_blocks", |now| now < lag).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pruned_node_tells_how_far_back_its_states_reach() {
    let kept = 16_u32;
    let node = TestNode::start(NODE, &["--chain", "test", "--alice", "--state-pruning", &kept.to_string()]).await;
    node.wait_until_finalised(ENOUGH.into()).await;
    let seconds = node.metric("myelin_state_seconds").await;
    let [least, most] = [kept, ENOUGH].map(|blocks| (f64::from(blocks) / BLOCKS_PER_SECOND).floor());
    assert!((least..most).contains(&seconds), "{seconds}");
}

#[tokio::test(flavor = "multi_thread")]
async fn free_calls_show_their_share_of_a_block() {
    let slow = json!({ "slotTime": { "millis": 2_000 } });
    let network = TestNetwork::start(NODE, "test", &["Alice"], &slow).await;
    let (node, chain) = (network.node("Alice"), network.node("Alice").chain().await);
    assert!(node.metric("myelin_free_share").await <= 0.0);
    let keys = || runtime::transactions().keys();
    chain.submit(&keys().announce_coldkey_swap(H256([1; 32])), &key("Bob")).await.expect("an announcement pays");
    // Only the block of the free call shows it.
    let (dispute, bob) = (keys().dispute_coldkey_swap(), key("Bob"));
    let shown = node.wait_for_metric("myelin_free_share", |share| share > 0.0);
    let (share, disputed) = tokio::join!(shown, chain.submit(&dispute, &bob));
    assert_eq!(disputed.expect("a coldkey may dispute").fee(), 0);
    assert!(share < 1.0 / 3.0, "{share}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_space_ends_and_says_why() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    // 8 EiB are on no disk.
    let node = Command::new(NODE)
        .args(["--chain", "local", "--alice", "--db-storage-threshold", "8796093022208", "--base-path"])
        .arg(folder.path())
        .output();
    let ended = timeout(Duration::from_mins(1), node).await.expect("it ends").expect("it starts");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("--db-storage-threshold"), "{said}");
}
