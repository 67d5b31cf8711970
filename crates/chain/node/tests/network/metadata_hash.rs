//! The hash of the metadata by which a signing device shows a call.

use crate::NODE;
use codec::Decode;
use myelin_runtime::signing::{metadata_hash, signed_with_metadata};
use myelin_testing::{TestNetwork, TestNode, TestRefusal};
use serde_json::json;
use sp_core::{
    Encode, H256,
    bytes::{from_hex, to_hex},
};
use sp_keyring::Sr25519Keyring;

/// The version of the metadata format that devices read.
const FORMAT: u32 = 15;

/// Returns the hash of the metadata that the runtime of this node offers.
async fn offered_hash(node: &TestNode) -> [u8; 32] {
    let format = to_hex(&FORMAT.encode(), false);
    let answer = node.call("state_call", &["Metadata_metadata_at_version".into(), format.into()]).await;
    let answer = from_hex(answer.as_str().expect("bytes")).expect("in hexadecimal");
    let offered: Option<Vec<u8>> = Option::decode(&mut &answer[..]).expect("the answer is an option");
    metadata_hash(&offered.expect("the runtime speaks this format")).expect("the metadata is complete")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_device_showed_rightly_is_accepted() {
    let network = TestNetwork::start(NODE, "test", &["Alice"], &json!({})).await;
    let (node, chain) = (network.node("Alice"), network.node("Alice").chain().await);
    let genesis = node.block_hash(0).await.expect("each chain has a block 0");
    let genesis = H256::from_slice(&from_hex(&genesis).expect("in hexadecimal"));
    let hash = offered_hash(node).await;
    let sign = |hash| {
        let remark = frame_system::Call::remark { remark: b"shown".to_vec() }.into();
        signed_with_metadata(&Sr25519Keyring::Bob.pair(), remark, 0, genesis, Some(hash)).encode()
    };
    let mut other = hash;
    other[31] ^= 1;
    let bad_proof = TestRefusal::ByPool("Transaction has a bad signature".to_owned());
    assert_eq!(chain.send(sign(other)).await.err(), Some(bad_proof));
    chain.send(sign(hash)).await.expect("the hash is that of the runtime");
}
