//! Bad input in every known form. Each is refused with its own reason and changes nothing.

use crate::{NODE, TAO};
use myelin_client::{
    Amount, NetUid, ParametersPatch, Tao, Uid,
    runtime::{
        self,
        emission::events::EpochRun,
        runtime_types::{
            bounded_collections::bounded_vec::BoundedVec, frame_system::pallet::Call as SystemCall,
            myelin_pallet_subnets::pallet::Call as SubnetsCall, myelin_pallet_weights::pallet::Call as WeightsCall,
            myelin_runtime::RuntimeCall,
        },
    },
    subxt::{
        tx::Payload,
        utils::{AccountId32, H256, Static},
    },
};
use myelin_testing::{TestChain, TestNetwork, TestRefusal, account, audit::audit, key};
use serde_json::{Value, json};
use std::{collections::BTreeMap, ops::RangeInclusive};

/// A subnet of genesis.
const SUBNET: Static<NetUid> = Static(NetUid::new(1));

/// A netuid that no network has.
const NOWHERE: Static<NetUid> = Static(NetUid::new(4_000));

/// A number of blocks so large that no interval ends while a test runs.
const NEVER: u16 = 10_000;

/// The pallets whose storage no refused input may change. Others count blocks, nonces and fees.
const PALLETS: [&str; 5] = ["Keys", "Neurons", "Staking", "Subnets", "Weights"];

/// The seats of the validator and the miner of [`begin`].
const VALIDATOR: Static<Uid> = Static(Uid::new(0));
const MINER: Static<Uid> = Static(Uid::new(1));

/// The error codes of invalid transactions.
const BAD_TRANSACTION: RangeInclusive<i32> = 1_000..=1_099;

/// A free seat.
const NOBODY: Static<Uid> = Static(Uid::new(7));

fn rao(rao: u64) -> Static<Amount<Tao>> {
    Amount::from_rao(rao).into()
}

fn validator() -> AccountId32 {
    account("Bob//validator")
}

fn set_weights(netuid: Static<NetUid>, uids: &[Static<Uid>], values: &[u16]) -> WeightsCall {
    let (dests, weights) = (BoundedVec(uids.to_vec()), BoundedVec(values.to_vec()));
    WeightsCall::set_weights { netuid, dests, weights, version_key: 0 }
}

/// Starts a chain with a validator that has stake and a permit, beside a miner.
///
/// No epoch and no interval ends while a test runs.
async fn begin() -> (TestNetwork, TestChain) {
    let still = json!({ "subnets": {
        "defaultParameters": {
            "tempo": 8,
            "adjustmentInterval": NEVER,
            "weightsSetRateLimit": 1,
            "servingRateLimit": 7_200,
            "immunityPeriod": 50_000,
            "activityCutoff": 60_000,
        },
        "rootParameters": {
            "tempo": NEVER,
            "adjustmentInterval": NEVER,
            "immunityPeriod": 50_000,
            "activityCutoff": 60_000,
        },
        "networkParameters": { "adminFreezeWindow": 0, "minRateLimit": 1, "stakeInterval": NEVER },
    } });
    let network = TestNetwork::start(NODE, "test", &["Alice"], &still).await;
    let chain = network.node("Alice").chain().await;
    let tx = runtime::transactions;
    for hotkey in ["Bob//validator", "Bob//miner"] {
        chain.pair(&key("Bob"), &key(hotkey)).await;
        let register = tx().neurons().burned_register(SUBNET, account(hotkey));
        chain.submit(&register, &key("Bob")).await.expect("a seat is free");
    }
    let stake = tx().staking().add_stake(validator(), rao(100 * TAO));
    chain.submit(&stake, &key("Bob")).await.expect("Bob has enough");
    let fund = tx().balances().transfer_keep_alive(validator().into(), 10 * TAO);
    chain.submit(&fund, &key("Bob")).await.expect("Bob has enough");

    chain.wait_for_event("epoch", |epoch: &EpochRun| epoch.netuid == SUBNET).await;
    let neuron = chain.now().await.ask(runtime::runtime_apis().myelin_api().neuron(SUBNET, VALIDATOR)).await;
    assert!(neuron.expect("the seat is taken").validator_permit);
    set(&chain, ParametersPatch { tempo: Some(NEVER), ..ParametersPatch::default() }).await;
    (network, chain)
}

/// Changes parameters of the subnet.
async fn set(chain: &TestChain, changed: ParametersPatch) {
    let change = SubnetsCall::set_parameters { netuid: SUBNET, changed: Box::new(changed.into()) };
    let change = runtime::transactions().sudo().sudo(RuntimeCall::Subnets(change));
    chain.submit(&change, &key("Alice")).await.expect("Alice may use sudo");
}

/// A check of refused input, with the state that it must not change.
struct Refusals<'a> {
    chain: &'a TestChain,
    state: BTreeMap<String, String>,
}

impl<'a> Refusals<'a> {
    async fn new(chain: &'a TestChain) -> Self {
        let state = chain.now().await.stored(chain, &PALLETS).await;
        assert!(!state.is_empty());
        Self { chain, state }
    }

    /// Checks that the pool refuses the call with this number of spec events-and-errors §8.3.
    async fn code(&self, call: impl Payload, signer: &str, code: u8) {
        self.refused(call, signer, TestRefusal::code(code)).await;
    }

    /// Checks that the call is included, pays its fee, and fails with this error.
    async fn error(&self, call: impl Payload, signer: &str, error: &str) {
        self.refused(call, signer, TestRefusal::call(error)).await;
    }

    /// Checks that a weight call is refused by the pool while it is free, and fails with its own error if it is paid.
    async fn weights(&self, call: WeightsCall, code: u8, error: &str) {
        let paid = runtime::transactions().utility().batch_all(vec![RuntimeCall::Weights(call.clone())]);
        self.error(paid, "Bob//validator", &format!("Weights::{error}")).await;
        let free = self.chain.payload(RuntimeCall::Weights(call)).await;
        self.code(free, "Bob//validator", code).await;
    }

    async fn refused(&self, call: impl Payload, signer: &str, expected: TestRefusal) {
        let what = format!("{}.{} of {signer}", call.pallet_name(), call.call_name());
        let refused = self.chain.submit(&call, &key(signer)).await.err().unwrap_or_else(|| panic!("{what} succeeded"));
        assert_eq!(refused, expected, "{what}");
    }

    /// Checks that nothing changed.
    async fn end(self) {
        let state = self.chain.now().await.stored(self.chain, &PALLETS).await;
        assert_eq!(state, self.state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_refused_for_its_own_reason() {
    let (_network, chain) = begin().await;
    let refusals = Refusals::new(&chain).await;
    tokio::join!(weights(&refusals), stake(&refusals), seats_and_origins(&refusals));
    refusals.end().await;
    too_often(&chain).await;
    let last = chain.now().await.height();
    audit(&chain, 0..=last).await;
}

async fn weights(refusals: &Refusals<'_>) {
    let both = [VALIDATOR, MINER];
    refusals.weights(set_weights(NOWHERE, &both, &[1, 1]), 3, "SubNetworkDoesNotExist").await;
    refusals.weights(set_weights(Static(NetUid::ROOT), &both, &[1, 1]), 255, "CanNotSetRootNetworkWeights").await;
    refusals.weights(set_weights(SUBNET, &both, &[1]), 255, "WeightVecNotEqualSize").await;
    refusals.weights(set_weights(SUBNET, &[MINER; 3], &[1; 3]), 255, "UidsLengthExceedUidsInSubNet").await;
    refusals.weights(set_weights(SUBNET, &[MINER; 2], &[1; 2]), 255, "DuplicateUids").await;
    refusals.weights(set_weights(SUBNET, &[MINER, NOBODY], &[1, 1]), 255, "UidVecContainInvalidOne").await;
    let commit = WeightsCall::commit_weights { netuid: SUBNET, commit_hash: H256::zero() };
    refusals.weights(commit, 255, "CommitRevealDisabled").await;
}

async fn stake(refusals: &Refusals<'_>) {
    let tx = || runtime::transactions().staking();
    let stranger = || account("Stranger");
    let most = || rao(u64::MAX);
    // Free calls, which the pool refuses.
    refusals.code(tx().remove_stake(validator(), rao(1)), "Bob", 1).await;
    refusals.code(tx().remove_stake(validator(), rao(0)), "Bob", 1).await;
    refusals.code(tx().remove_stake(validator(), most()), "Bob", 5).await;
    refusals.code(tx().remove_stake(validator(), rao(TAO)), "Stranger", 5).await;
    refusals.code(tx().unstake_all(stranger()), "Bob", 4).await;
    // Paid calls, which fail in their block.
    refusals.error(tx().add_stake(validator(), rao(1)), "Bob", "Staking::AmountTooLow").await;
    refusals.error(tx().add_stake(validator(), most()), "Bob", "Staking::NotEnoughBalanceToStake").await;
    refusals.error(tx().add_stake(stranger(), rao(TAO)), "Bob", "Staking::HotKeyAccountNotExists").await;
    let not_a_delegate = "Staking::HotKeyNotDelegateAndSignerNotOwnHotKey";
    refusals.error(tx().add_stake(validator(), rao(TAO)), "Charlie", not_a_delegate).await;
    let balances = || runtime::transactions().balances();
    let dust = balances().transfer_allow_death(stranger().into(), 1);
    refusals.error(dust, "Bob", "Token(BelowMinimum)").await;
    let overflow = balances().transfer_allow_death(account("Charlie").into(), u64::MAX);
    refusals.error(overflow, "Bob", "Arithmetic(Underflow)").await;
    let unfunded = TestRefusal::ByPool("Inability to pay some fees (e.g. account balance too low)".to_owned());
    refusals.refused(tx().add_stake(validator(), rao(TAO)), "Stranger", unfunded).await;
}

async fn seats_and_origins(refusals: &Refusals<'_>) {
    let tx = runtime::transactions;
    let seats = || tx().neurons();
    let serve = |netuid, ip, port, kind| seats().serve_axon(netuid, 1, ip, port, kind, 0, 0, 0);
    let here = 0x0a00_0001;
    refusals.code(serve(SUBNET, here, 80, 4), "Stranger", 10).await;
    refusals.code(serve(NOWHERE, here, 80, 4), "Bob//miner", 10).await;
    refusals.code(serve(SUBNET, 0, 80, 4), "Bob//miner", 11).await;
    refusals.code(serve(SUBNET, here, 0, 4), "Bob//miner", 13).await;
    refusals.code(serve(SUBNET, here, 80, 5), "Bob//miner", 255).await;
    let work =
        |netuid, seal: Vec<u8>| seats().register(netuid, 1, 1, seal, account("Stranger"), account("Stranger"), None);
    refusals.code(work(NOWHERE, vec![0; 32]), "Stranger", 3).await;
    refusals.code(work(SUBNET, vec![0; 32]), "Stranger", 255).await;
    refusals.code(work(SUBNET, vec![0; 32]), "Dave", 255).await;
    refusals.code(work(SUBNET, Vec::new()), "Stranger", 255).await;
    let without_seat = refusals.chain.payload(RuntimeCall::Weights(set_weights(SUBNET, &[VALIDATOR], &[1]))).await;
    refusals.code(without_seat, "Stranger", 19).await;

    let register = |netuid, hotkey: &str| seats().burned_register(netuid, account(hotkey));
    refusals.error(register(NOWHERE, "Stranger"), "Dave", "Neurons::SubNetworkDoesNotExist").await;
    refusals
        .error(register(Static(NetUid::ROOT), "Stranger"), "Dave", "Neurons::RegistrationNotPermittedOnRootSubnet")
        .await;
    refusals.error(register(SUBNET, "Bob//miner"), "Dave", "Neurons::HotKeyAlreadyRegisteredInSubNet").await;
    let cheap = seats().register_limit(SUBNET, account("Stranger"), rao(1));
    refusals.error(cheap, "Dave", "Neurons::RegistrationPriceLimitExceeded").await;

    let patch = ParametersPatch { tempo: Some(1), ..ParametersPatch::default() };
    refusals.error(tx().subnets().set_parameters(SUBNET, patch.into()), "Dave", "BadOrigin").await;
    let for_governance = TestRefusal::ByPool("Transaction call is not expected".to_owned());
    refusals.refused(tx().subnets().root_dissolve_network(SUBNET), "Dave", for_governance).await;
    refusals.error(tx().subnets().dissolve_network(SUBNET), "Dave", "Subnets::NotSubnetOwner").await;
    refusals.error(tx().authorities().swap_authorities(vec![account("Dave")]), "Dave", "BadOrigin").await;
    let remark = RuntimeCall::System(SystemCall::remark { remark: Vec::new() });
    refusals.error(tx().sudo().sudo(remark), "Dave", "Sudo::RequireSudo").await;
}

/// Checks that the first free call of an interval is accepted, and the second is not.
async fn too_often(chain: &TestChain) {
    let rating = set_weights(SUBNET, &[MINER], &[1]);
    let rate = chain.payload(RuntimeCall::Weights(rating.clone())).await;
    chain.submit(&rate, &key("Bob//validator")).await.expect("a validator may rate");
    set(chain, ParametersPatch { weights_set_rate_limit: Some(NEVER.into()), ..ParametersPatch::default() }).await;
    let serve = runtime::transactions().neurons().serve_axon(SUBNET, 1, 0x0a00_0001, 80, 4, 0, 0, 0);
    chain.submit(&serve, &key("Bob//miner")).await.expect("a neuron may serve");

    let refusals = Refusals::new(chain).await;
    refusals.code(rate, "Bob//validator", 6).await;
    refusals.weights(rating, 6, "SettingWeightsTooFast").await;
    refusals.code(serve, "Bob//miner", 12).await;
    refusals.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_transaction_are_refused() {
    let network = TestNetwork::start(NODE, "test", &["Alice"], &json!({})).await;
    let chain = network.node("Alice").chain().await;
    let before = chain.now().await.stored(&chain, &["Balances"]).await;
    let submit = async |bytes: &[u8]| {
        let bytes = Value::from(sp_core::bytes::to_hex(bytes, false));
        chain.request("author_submitExtrinsic", &[bytes]).await.expect_err("this is no transaction")
    };

    for garbage in [&[][..], &[0], &[0xde, 0xad, 0xbe, 0xef], &[0xff; 100]] {
        assert!(BAD_TRANSACTION.contains(&submit(garbage).await.code), "{garbage:?}");
    }
    let transfer = runtime::transactions().balances().transfer_allow_death(account("Bob").into(), TAO);
    let signed = chain.sign(&transfer, &key("Alice")).await;
    let mut forged = signed.clone();
    *forged.last_mut().expect("a transaction is not empty") ^= 1;
    assert_eq!(submit(&forged).await.said, "Transaction has a bad signature");
    assert!(BAD_TRANSACTION.contains(&submit(&signed[..signed.len() - 1]).await.code));
    let long = runtime::transactions().weights().set_weights(
        SUBNET,
        BoundedVec(vec![MINER; 257]),
        BoundedVec(vec![1; 257]),
        0,
    );
    assert!(BAD_TRANSACTION.contains(&submit(&chain.sign(&long, &key("Alice")).await).await.code));
    for (method, parameters) in [
        ("author_submitExtrinsic", vec![]),
        ("author_submitExtrinsic", vec![json!("0xno")]),
        ("author_submitExtrinsic", vec![json!(7)]),
        ("chain_getBlockHash", vec![json!({ "height": -1 })]),
    ] {
        assert_eq!(
            chain.request(method, &parameters).await.expect_err("parameters are wrong").code,
            -32602,
            "{method}"
        );
    }
    assert_eq!(chain.request("author_printMoney", &[]).await.expect_err("there is none").code, -32601);
    assert_eq!(chain.now().await.stored(&chain, &["Balances"]).await, before);

    // A signed transaction is valid once, and so is its nonce.
    chain.send(signed.clone()).await.expect("Alice has enough");
    assert_eq!(submit(&signed).await.said, "Transaction is temporarily banned");
    let remark = runtime::transactions().system().remark(Vec::new());
    let late = chain.sign_with_nonce(&remark, &key("Alice"), 0).await;
    assert_eq!(submit(&late).await.said, "Transaction is outdated");
}
