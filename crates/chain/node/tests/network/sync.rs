//! Nodes that come late, come back, or were apart.

use crate::{NODE, TAO};
use myelin_client::{
    Chain, NodeUrls,
    runtime::{
        self,
        runtime_types::myelin_runtime::{RuntimeCall, authorities::pallet::Call},
    },
};
use myelin_testing::{TestChain, TestNetwork, account, key};
use serde_json::json;

/// Blocks that two partitions make apart, at least.
const APART: u64 = 10;

/// Replaces the authorities and waits until the others are in force.
async fn change_authorities(chain: &TestChain, names: &[&str]) {
    let before = chain.now().await.read(runtime::storage().grandpa().current_set_id(), ()).await;
    let authorities: Vec<_> = names.iter().map(|name| account(name)).collect();
    let swap = RuntimeCall::Authorities(Call::swap_authorities { authorities });
    chain.submit(&runtime::transactions().sudo().sudo(swap), &key("Alice")).await.expect("Alice may use sudo");
    let count = names.len();
    chain
        .wait_for("other authorities", |moment| async move {
            moment.read(runtime::storage().grandpa().current_set_id(), ()).await > before
                && moment.read(runtime::storage().session().validators(), ()).await.len() == count
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_node_follows_changed_authorities_from_a_recent_state() {
    let names = ["Alice", "Bob", "Charlie"];
    let short_sessions = json!({ "authorities": { "sessionBlocks": 4 } });
    let mut network = TestNetwork::start(NODE, "test", &names, &short_sessions).await;
    let chain = network.node("Alice").chain().await;
    for changed in [&names[..2], &names[..], &names[1..]] {
        change_authorities(&chain, changed).await;
    }
    let height = network.node("Bob").finalised().await;
    let early = 2;
    assert!(network.node("Bob").keeps_state(early).await && height > early + 8);
    network.join_as_full_node("late", &["--sync", "warp"]).await;
    let late = network.node("late");
    // Its first final block is that whose state it asks for.
    let mut last = late.wait_until_finalised(height + 1).await;
    while !late.keeps_state(last).await {
        last = late.wait_until_finalised(last + 1).await;
    }
    assert_eq!(late.block_hash(last).await, network.node("Bob").block_hash(last).await);
    assert!(!late.keeps_state(early).await, "it executed all blocks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pruned_node_that_was_killed_goes_on() {
    let mut network = TestNetwork::start(NODE, "test", &["Alice"], &json!({})).await;
    network.join_as_full_node("pruned", &["--state-pruning", "32"]).await;
    let height = network.node("pruned").wait_until_finalised(50).await;
    assert!(!network.node("pruned").keeps_state(height - 40).await);
    let url: NodeUrls = format!("ws://{}", network.node("pruned").rpc_address()).parse().expect("a URL");
    let oldest = Chain::connect(url).await.expect("the node answers").oldest_state().await.expect("some is kept");
    assert!(oldest > height - 40 && !network.node("pruned").keeps_state(oldest - 1).await, "{oldest} of {height}");
    network.node_mut("pruned").kill().await;
    let alone = network.node("Alice").wait_until_finalised(height + 8).await;
    network.node_mut("pruned").restart().await;
    let last = network.node("pruned").wait_until_finalised(alone + 8).await;
    assert_eq!(network.node("pruned").block_hash(last).await, network.node("Alice").block_hash(last).await);
    assert!(network.node("pruned").keeps_state(last).await && !network.node("pruned").keeps_state(last - 40).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_partitions_agree_on_one_chain_and_lose_no_transaction() {
    let names = ["Alice", "Bob", "Charlie", "Dave"];
    let mut network = TestNetwork::prepare(NODE, "test", &names, &json!({})).await;
    for name in names {
        network.join_apart(name).await;
    }
    let node = |name| network.node(name);
    node("Alice").connect_to(node("Bob")).await;
    node("Charlie").connect_to(node("Dave")).await;

    // Two of four are no majority, so neither side finalises a block.
    let pay = |from: &'static str, to: &'static str| async move {
        let chain = node(from).chain().await;
        let transfer = runtime::transactions().balances().transfer_keep_alive(account(to).into(), TAO);
        let signed = sp_core::bytes::to_hex(&chain.sign(&transfer, &key(from)).await, false);
        node(from).call("author_submitExtrinsic", &[signed.into()]).await;
    };
    tokio::join!(pay("Alice", "Payee of Alice"), pay("Charlie", "Payee of Charlie"));
    tokio::join!(node("Alice").wait_until_best(APART + 2), node("Charlie").wait_until_best(APART + 2));
    let apart = [node("Alice").block_hash(APART).await, node("Charlie").block_hash(APART).await];
    assert_ne!(apart[0], apart[1]);
    assert_eq!((node("Alice").finalised().await, node("Charlie").finalised().await), (0, 0));
    // The chains differ from the first block on.
    assert_ne!(node("Alice").block_hash(1).await, node("Charlie").block_hash(1).await);

    node("Alice").connect_to(node("Charlie")).await;
    node("Bob").connect_to(node("Dave")).await;
    let height = node("Alice").wait_until_finalised(3 * APART).await;
    let agreed = node("Alice").block_hash(APART).await;
    assert!(apart.contains(&agreed), "one side's blocks stay");
    for name in names {
        node(name).wait_until_finalised(height).await;
        assert_eq!(node(name).block_hash(APART).await, agreed, "{name} took over the other {APART} blocks");
    }
    let chain = node("Alice").chain().await;
    for payee in ["Payee of Alice", "Payee of Charlie"] {
        chain
            .wait_for(payee, |now| async move {
                now.read(myelin_client::account_records(), (account(payee),)).await.data.free == TAO
            })
            .await;
    }
}
