//! An upgrade of the runtime under clients that go on: readers, payers and a validator with an open commit.

use crate::{NODE, TAO, fair_launch::HiddenRow};
use frame_support::traits::{TryState, TryStateSelect};
use myelin_client::{
    Account, Chain, NetUid, NodeUrls, Uid, account_records,
    runtime::{
        self,
        emission::events::EpochRun,
        runtime_types::{frame_system::pallet::Call as SystemCall, myelin_runtime::RuntimeCall},
    },
    subxt::utils::H256,
};
use myelin_keys::Secret;
use myelin_primitives::Amount;
use myelin_runtime::{AllPalletsWithSystem, BlockNumber, NEXT_WASM_BINARY};
use myelin_testing::{TestChain, TestNetwork, TestState, account, audit::audit, key};
use serde_json::json;
use sp_core::bytes::from_hex;
use sp_crypto_hashing::blake2_256;
use sp_io::TestExternalities;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

const SUBNET: NetUid = NetUid::new(1);

/// The longest wait for a transaction. Each node compiles the next version first, and the machine may be busy.
const LIMIT: Duration = Duration::from_mins(4);

/// The amount of each transfer, in rao.
const PART: u64 = 1_000_000;

/// The storage version of `FreeCalls`, which the upgrade raises.
async fn free_calls_version(chain: &TestChain, moment: &TestState) -> Vec<u8> {
    let stored = moment.stored(chain, &["FreeCalls"]).await;
    let version = sp_crypto_hashing::twox_128(b":__STORAGE_VERSION__:");
    let hex = sp_core::bytes::to_hex(&version, false);
    let (_, value) = stored.iter().find(|(key, _)| key.contains(&hex[2..])).expect("each pallet stores its version");
    from_hex(value.trim_matches('"')).expect("values are in hexadecimal")
}

/// Reads each final block until `over` and the block after it, and returns their heights.
async fn read_blocks(chain: &Chain, over: &AtomicBool) -> Vec<u64> {
    let mut blocks = chain.blocks_from(1);
    let mut heights = Vec::new();
    while !over.load(Ordering::Relaxed) {
        heights.push(blocks.next().await.expect("the node goes on").height());
    }
    heights
}

/// Transfers a part after each final block until `over`, and returns the number of transfers.
async fn pay(chain: &Chain, over: &AtomicBool) -> u64 {
    let payer = Account::new(chain, Secret::from_uri("//Dave").expect("a path").into_keypair());
    let transfer = runtime::transactions().balances().transfer_keep_alive(account("Payee").into(), PART);
    let mut paid = 0;
    while !over.load(Ordering::Relaxed) {
        let outcome = payer.submit(&transfer, LIMIT).await.finalised();
        outcome.unwrap_or_else(|error| panic!("transfer {paid} ended otherwise: {error}"));
        paid += 1;
    }
    paid
}

/// Checks all invariants of the state at a block with the native runtime.
async fn try_state(chain: &TestChain, moment: &TestState) {
    let pallets = [
        "System",
        "Timestamp",
        "Balances",
        "TransactionPayment",
        "Keys",
        "Subnets",
        "Staking",
        "Neurons",
        "Weights",
        "Emission",
        "Session",
        "Aura",
        "Grandpa",
        "Authorities",
        "Sudo",
        "Scheduler",
        "Preimage",
        "SlotTime",
    ];
    let mut state = TestExternalities::default();
    for (key, value) in moment.stored(chain, &pallets).await {
        let [key, value] = [key, value].map(|text| from_hex(text.trim_matches('"')).expect("state is in hexadecimal"));
        state.insert(key, value);
    }
    let height = BlockNumber::try_from(moment.height()).expect("heights have 32 bits");
    state
        .execute_with(|| <AllPalletsWithSystem as TryState<BlockNumber>>::try_state(height, TryStateSelect::All))
        .expect("all invariants hold");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_go_on_through_an_upgrade() {
    let code = NEXT_WASM_BINARY.expect("`MYELIN_NEXT_RUNTIME=1` builds the next version; `make test` sets it");
    let secret_weights = json!({ "subnets": { "defaultParameters": { "commitReveal": true } } });
    let mut network = TestNetwork::start(NODE, "test", &["Alice", "Bob", "Charlie"], &secret_weights).await;
    network.join("Dave").await;
    let node = network.node("Dave");
    let chain = node.chain().await;
    let url: NodeUrls = format!("ws://{}", node.rpc_address()).parse().expect("a URL");
    let reader = Chain::connect(url).await.expect("the node answers");
    let validator = key("Bob//validator");
    for hotkey in ["Bob//validator", "Bob//miner"] {
        chain.pair(&key("Bob"), &key(hotkey)).await;
        let register = runtime::transactions().neurons().burned_register(SUBNET.into(), account(hotkey));
        chain.submit(&register, &key("Bob")).await.expect("a seat is free");
    }
    let stake =
        runtime::transactions().staking().add_stake(account("Bob//validator"), Amount::from_rao(100 * TAO).into());
    chain.submit(&stake, &key("Bob")).await.expect("Bob has enough");
    chain.wait_for_event("epoch", |epoch: &EpochRun| epoch.netuid.0 == SUBNET).await;

    let over = AtomicBool::new(false);
    let upgrade = async {
        let secret = HiddenRow { uids: vec![Uid::new(1)], values: vec![1], salt: (1..=8).collect() };
        let commit =
            runtime::transactions().weights().commit_weights(SUBNET.into(), secret.hash(account("Bob//validator")));
        let committed = chain.submit(&commit, &validator).await.expect("a validator may commit");
        let open = committed
            .moment
            .ask(runtime::runtime_apis().myelin_api().commits(SUBNET.into(), account("Bob//validator")))
            .await;
        let reveal_from = u64::from(open.first().expect("there is a commit").reveal_from);
        let before = chain.now().await;
        assert_eq!(free_calls_version(&chain, &before).await, [1, 0]);
        let code_hash = H256(blake2_256(code));
        let permit = RuntimeCall::System(SystemCall::authorize_upgrade { code_hash });
        chain.submit(&runtime::transactions().sudo().sudo(permit), &key("Alice")).await.expect("Alice may use sudo");
        let apply = runtime::transactions().system().apply_authorized_upgrade(code.to_vec());
        let applied = chain.submit(&apply, &key("Charlie")).await.expect("the upgrade is authorised");
        let upgraded = |moment: TestState| async move { moment.spec_version() == 2 };
        let moment = chain.wait_for("next version", upgraded).await;
        assert!(moment.height() >= applied.moment.height());
        chain.wait_for("reveal window", |now| async move { now.height() + 1 >= reveal_from }).await;
        secret.reveal(&chain, &validator).await.expect("the commit of the version before can be revealed");
        let paid = |epoch: &EpochRun| epoch.netuid.0 == SUBNET && !epoch.miners.is_zero();
        chain.wait_for_event("epoch with these weights", paid).await;
        over.store(true, Ordering::Relaxed);
    };
    let (heights, paid, ()) = tokio::join!(read_blocks(&reader, &over), pay(&reader, &over), upgrade);

    assert!(paid >= 10, "{paid} transfers were made");
    let first = heights.first().copied().expect("blocks were read");
    assert!(heights.iter().copied().eq(first..first + heights.len() as u64), "a block is missing: {heights:?}");
    let last = chain.now().await;
    assert_eq!(last.read(account_records(), (account("Payee"),)).await.data.free, paid * PART);
    assert_eq!(free_calls_version(&chain, &last).await, [2, 0]);
    try_state(&chain, &last).await;
    audit(&chain, 0..=last.height()).await;
    let hash = node.block_hash(last.height()).await;
    for node in network.nodes() {
        node.wait_until_finalised(last.height()).await;
        assert_eq!(node.block_hash(last.height()).await, hash, "a block names its state");
    }
}
