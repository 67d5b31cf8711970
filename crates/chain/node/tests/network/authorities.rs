//! Authorities that change while the chain runs.

use crate::NODE;
use myelin_client::runtime::{
    self,
    runtime_types::{
        myelin_runtime::{RuntimeCall, apis::SessionKeys, authorities::pallet::Call},
        sp_consensus_aura::sr25519::app_sr25519::Public as Aura,
        sp_consensus_grandpa::app::Public as Grandpa,
    },
};
use myelin_testing::{TestNetwork, TestNode, TestRefusal, TestState, account, key};
use serde_json::{Value, json};
use sp_core::bytes::{from_hex, to_hex};

/// Lets a node make session keys, and returns their public halves with the proof that they belong to this account.
async fn make_keys(node: &TestNode, owner: &str) -> (SessionKeys, Vec<u8>) {
    let owner = Value::from(to_hex(account(owner).as_ref(), false));
    let answer = node.call("author_rotateKeysWithOwner", &[owner]).await;
    let bytes = |field: &str| from_hex(answer[field].as_str().expect("bytes")).expect("in hexadecimal");
    let public = bytes("keys");
    let (aura, grandpa) = public.split_first_chunk().expect("two keys of 32 bytes");
    let keys = SessionKeys { aura: Aura(*aura), grandpa: Grandpa(grandpa.try_into().expect("two keys of 32 bytes")) };
    (keys, bytes("proof"))
}

#[tokio::test(flavor = "multi_thread")]
async fn authorities_change_without_a_restart() {
    let short_sessions = json!({ "authorities": { "sessionBlocks": 4 } });
    let mut network = TestNetwork::start(NODE, "test", &["Alice", "Bob"], &short_sessions).await;
    network.join("Charlie").await;
    let chain = network.node("Alice").chain().await;
    let (keys, proof) = make_keys(network.node("Charlie"), "Charlie").await;
    let announce = runtime::transactions().session().set_keys(keys, proof);
    chain.submit(&announce, &key("Charlie")).await.expect("the holder of keys can announce them");

    let authorities = vec![account("Bob"), account("Charlie")];
    let swap = RuntimeCall::Authorities(Call::swap_authorities { authorities });
    chain.submit(&runtime::transactions().sudo().sudo(swap), &key("Alice")).await.expect("Alice may use sudo");

    let before = chain.now().await.read(runtime::storage().grandpa().current_set_id(), ()).await;
    let changed = chain
        .wait_for("other authorities", |moment| async move {
            moment.read(runtime::storage().grandpa().current_set_id(), ()).await > before
                && moment.read(runtime::storage().session().validators(), ()).await.contains(&account("Charlie"))
        })
        .await;
    let first = changed.height();
    // Alice made blocks and makes none any more: Bob and Charlie take turns.
    for (place, name) in [(0, "Bob"), (1, "Charlie")] {
        let made = |moment: TestState| async move { moment.height() > first && moment.author(2).await == place };
        chain.wait_for(&format!("final block of {name}"), made).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_others_cannot_be_announced() {
    let network = TestNetwork::start(NODE, "test", &["Alice"], &json!({})).await;
    let chain = network.node("Alice").chain().await;
    let (keys, proof) = make_keys(network.node("Alice"), "Alice").await;
    let call = runtime::transactions().session().set_keys(keys, proof);
    // The proof names Alice, and Bob submits it.
    let refused = chain.submit(&call, &key("Bob")).await.expect_err("the proof is not for Bob");
    assert_eq!(refused, TestRefusal::call("Session::InvalidProof"));
}
