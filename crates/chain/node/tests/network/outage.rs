//! An authority that crashes and comes back.

use crate::NODE;
use myelin_testing::TestNetwork;
use serde_json::json;

/// The number of blocks in which each authority has several turns.
const ROUNDS: u64 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn three_of_four_go_on_and_the_fourth_catches_up() {
    let mut network = TestNetwork::start(NODE, "test", &["Alice", "Bob", "Charlie", "Dave"], &json!({})).await;
    network.node("Dave").wait_until_finalised(4).await;

    network.node_mut("Dave").kill().await;
    let alone = network.node("Alice").finalised().await;
    let height = network.node("Alice").wait_until_finalised(alone + ROUNDS).await;

    network.node_mut("Dave").restart().await;
    network.node("Dave").wait_until_finalised(height).await;
    let hash = network.node("Alice").block_hash(height).await;
    for node in network.nodes() {
        node.wait_until_finalised(height).await;
        assert_eq!(node.block_hash(height).await, hash);
    }
    let chain = network.node("Alice").chain().await;
    chain.wait_for("block of Dave", |moment| async move { moment.author(4).await == 3 }).await;
}
