//! A test client of a chain: transactions, storage and events.

use crate::node::START_TIMEOUT;
use myelin_client::{
    ChainConfig, SubxtClient,
    records::consent::{KeyConsent, pair_text},
    runtime::{
        self,
        runtime_types::{myelin_runtime::RuntimeCall, sp_runtime::DispatchError},
        system::events::ExtrinsicFailed,
        transaction_payment::events::TransactionFeePaid,
    },
    signer::{SecretUri, sr25519::Keypair},
    subxt::{
        backend::LegacyBackend,
        client::{OnlineClientAtBlock, OnlineClientAtBlockT},
        config::{DefaultExtrinsicParamsBuilder, substrate::DigestItem},
        error::{BackendError, ExtrinsicError, RpcError},
        events::{DecodeAsEvent, Events, Phase},
        ext::{scale_encode::EncodeAsType, scale_value::Composite},
        rpcs::{Error as RpcsError, RpcClient, UserError, client::RpcParams},
        runtime_apis,
        storage::{self, PrefixOf},
        tx::{DynamicPayload, Payload, Signer, SubmittableTransaction},
        utils::{AccountId32, H256},
    },
};
use serde_json::Value;
use sp_core::bytes::to_hex;
use sp_crypto_hashing::twox_128;
use std::{collections::BTreeMap, future::Future, str::FromStr, sync::Arc};
use tokio::time::timeout;

/// The number of storage keys in one request, far above the number that a chain of a test stores.
const PAGE: u32 = 1_000;

/// Returns the public development key of this path, like `Alice` or `Alice//miner`.
pub fn key(path: &str) -> Keypair {
    let uri = SecretUri::from_str(&format!("//{path}")).expect("a path of names");
    Keypair::from_uri(&uri).expect("a key can be derived from every name")
}

/// Returns the account of the public development key of this path.
pub fn account(path: &str) -> AccountId32 {
    key(path).public_key().to_account_id()
}

/// A connection to a chain through one node.
#[derive(Clone, Debug)]
pub struct TestChain {
    rpc: RpcClient,
    client: SubxtClient,
}

/// A successful transaction in a final block.
#[derive(Debug)]
pub struct TestInclusion {
    /// The block.
    pub moment: TestState,
    events: Events<ChainConfig>,
    index: u32,
}

/// The reason for which a transaction did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestRefusal {
    /// A refusal of the transaction pool.
    ByPool(String),
    /// A failure with this error in its block.
    ByCall(String),
}

impl TestRefusal {
    /// Returns a refusal of the pool with a number of spec events-and-errors §8.3.
    pub fn code(number: u8) -> Self {
        Self::ByPool(format!("Custom error: {number}"))
    }

    /// Returns a failure with this error of a pallet, like `Staking::AmountTooLow`.
    pub fn call(error: &str) -> Self {
        Self::ByCall(error.to_owned())
    }
}

/// The error answer of a node.
#[derive(Clone, Debug)]
pub struct RpcFault {
    /// The code of the error.
    pub code: i32,
    /// The message and its details.
    pub said: String,
}

impl TestChain {
    /// Connects through the node whose RPC listens at this address.
    pub async fn connect(address: &str) -> Self {
        let rpc = RpcClient::from_insecure_url(format!("ws://{address}")).await.expect("the node answers");
        // The older of the two protocols gives the reason as a number if a transaction is not accepted into the pool.
        let backend = LegacyBackend::builder().build(rpc.clone());
        let client = SubxtClient::from_backend(Arc::new(backend)).await.expect("the node knows its chain");
        Self { rpc, client }
    }

    /// Calls an RPC method.
    ///
    /// # Errors
    /// `RpcFault` with the error answer of the node.
    pub async fn request(&self, method: &str, parameters: &[Value]) -> Result<Value, RpcFault> {
        let mut positional = RpcParams::new();
        for parameter in parameters {
            positional.push(parameter).expect("JSON is JSON");
        }
        match within(method, self.rpc.request(method, positional)).await {
            Ok(answer) => Ok(answer),
            Err(RpcsError::User(error)) => Err(fault(&error)),
            Err(error) => panic!("{method}: {error}"),
        }
    }

    /// Returns the last final block.
    pub async fn now(&self) -> TestState {
        TestState(within("the last block", self.client.at_current_block()).await.expect("there is a last block"))
    }

    /// Returns the block of this height.
    pub async fn at(&self, height: u64) -> TestState {
        TestState(within("a block", self.client.at_block(height)).await.unwrap_or_else(|error| panic!("{error}")))
    }

    /// Returns the best block, which may not be final yet.
    pub async fn best(&self) -> TestState {
        let header = self.request("chain_getHeader", &[]).await.expect("there is a best block");
        let number = header["number"].as_str().expect("a header has a number").trim_start_matches("0x");
        self.at(u64::from_str_radix(number, 16).expect("in hexadecimal")).await
    }

    /// Waits for the first final block for which `test` is true, from the present last one on.
    pub async fn wait_for<Test>(&self, what: &str, mut test: impl FnMut(TestState) -> Test) -> TestState
    where
        Test: Future<Output = bool>,
    {
        let wait = async {
            let mut blocks = self.client.stream_blocks().await.expect("a node offers its final blocks");
            loop {
                let block = blocks.next().await.expect("the node goes on").expect("a header can be read");
                let moment = TestState(block.at().await.expect("the block is there"));
                if test(moment.clone()).await {
                    return moment;
                }
            }
        };
        within(what, wait).await
    }

    /// Waits for a final block with this event, and returns both.
    pub async fn wait_for_event<E: DecodeAsEvent>(&self, what: &str, test: impl Fn(&E) -> bool) -> (TestState, E) {
        let test = &test;
        let moment = self.wait_for(what, |moment| async move { moment.events::<E>().await.iter().any(test) }).await;
        let event = moment.events::<E>().await.into_iter().find(test).expect("the block has it");
        (moment, event)
    }

    /// Returns a call, as it stands inside of other calls, to be sent by itself.
    pub async fn payload(&self, call: RuntimeCall) -> DynamicPayload<Composite<()>> {
        let now = self.now().await;
        let metadata = now.0.metadata_ref();
        let encoded = call.encode_as_type(metadata.outer_enums().call_enum_ty(), metadata.types());
        let encoded = encoded.expect("the metadata tells how to write it");
        now.0.transactions().from_call_data_bytes(&encoded).expect("it was written as the metadata tells")
    }

    /// Signs a call with the next nonce of the signer, without sending it.
    pub async fn sign<C: Payload>(&self, call: &C, signer: &Keypair) -> Vec<u8> {
        let account = Signer::<ChainConfig>::account_id(signer).to_string();
        let nonce = self.request("system_accountNextIndex", &[account.into()]).await.expect("accounts have nonces");
        self.sign_with_nonce(call, signer, nonce.as_u64().expect("a number")).await
    }

    /// Signs a call with this nonce, without sending it.
    pub async fn sign_with_nonce<C: Payload>(&self, call: &C, signer: &Keypair, nonce: u64) -> Vec<u8> {
        let parameters = DefaultExtrinsicParamsBuilder::<ChainConfig>::new().nonce(nonce).build();
        let mut transactions = self.now().await.0.transactions();
        transactions.create_signed(call, signer, parameters).await.expect("a call can be signed").into_encoded()
    }

    /// Returns the consent of a key to a pair on this chain.
    pub fn consent(&self, signer: &Keypair, coldkey: AccountId32, hotkey: AccountId32) -> KeyConsent {
        signer.sign(&pair_text(&self.client.genesis_hash().0, &coldkey.0, &hotkey.0)).0
    }

    /// Makes two keys a pair.
    pub async fn pair(&self, coldkey: &Keypair, hotkey: &Keypair) -> TestInclusion {
        let [owner, new] = [coldkey, hotkey].map(|key| key.public_key().to_account_id());
        let consent = self.consent(hotkey, owner, new);
        let associate = runtime::transactions().keys().try_associate_hotkey(new, Some(consent));
        self.submit(&associate, coldkey).await.expect("the hotkey has no owner, and the coldkey can pay")
    }

    /// Signs a call, sends it and waits until it is final.
    ///
    /// # Errors
    /// [`TestRefusal::ByPool`] if the pool refused it, [`TestRefusal::ByCall`] if it failed in its block.
    pub async fn submit<C: Payload>(&self, call: &C, signer: &Keypair) -> Result<TestInclusion, TestRefusal> {
        self.send(self.sign(call, signer).await).await
    }

    /// Sends a signed transaction and waits until it is final.
    ///
    /// # Errors
    /// [`TestRefusal::ByPool`] if the pool refused it, [`TestRefusal::ByCall`] if it failed in its block.
    pub async fn send(&self, signed: Vec<u8>) -> Result<TestInclusion, TestRefusal> {
        let transaction = self.now().await.0.transactions().from_bytes(signed);
        within("a transaction", self.watch(transaction)).await
    }

    async fn watch<C>(&self, transaction: SubmittableTransaction<ChainConfig, C>) -> Result<TestInclusion, TestRefusal>
    where
        C: OnlineClientAtBlockT<ChainConfig>,
    {
        let progress = transaction.submit_and_watch().await.map_err(|error| match error {
            ExtrinsicError::ErrorSubmittingTransaction(BackendError::Rpc(RpcError::ClientError(RpcsError::User(
                error,
            )))) => TestRefusal::ByPool(fault(&error).said),
            other => panic!("a transaction was not sent: {other}"),
        })?;
        let place = progress.wait_for_finalized().await.map_err(|error| TestRefusal::ByPool(error.to_string()))?;
        let moment = TestState(place.at().await.expect("the block is there"));
        let index = self.place_in(&moment, transaction.encoded()).await;
        let included = TestInclusion { events: moment.all_events().await, moment, index };
        match included.event::<ExtrinsicFailed>() {
            Some(failed) => Err(TestRefusal::ByCall(included.moment.name_of(&failed.dispatch_error))),
            None => Ok(included),
        }
    }

    /// Returns the index of a transaction in its block.
    async fn place_in(&self, moment: &TestState, signed: &[u8]) -> u32 {
        let hash = Value::from(format!("{:?}", moment.hash()));
        let block = self.request("chain_getBlock", &[hash]).await.expect("the block is there");
        let signed = Value::from(to_hex(signed, false));
        let mut all = block["block"]["extrinsics"].as_array().into_iter().flatten();
        let place = all.position(|listed| *listed == signed);
        let place = place.expect("the transaction is in its block");
        u32::try_from(place).expect("a block has few transactions")
    }
}

fn fault(error: &UserError) -> RpcFault {
    let data = error.data.as_ref().and_then(|data| serde_json::from_str::<String>(data.get()).ok());
    RpcFault { code: error.code, said: data.unwrap_or_else(|| error.message.clone()) }
}

async fn within<T>(what: &str, wait: impl Future<Output = T>) -> T {
    timeout(START_TIMEOUT, wait).await.unwrap_or_else(|_| panic!("no {what} in {START_TIMEOUT:?}"))
}

impl TestInclusion {
    /// Returns the first event of this kind that the transaction caused.
    pub fn event<E: DecodeAsEvent>(&self) -> Option<E> {
        let here = Phase::ApplyExtrinsic(self.index);
        let events = self.events.iter().map(|event| event.expect("an event can be read"));
        let mut mine = events.filter(|event| event.phase() == here);
        mine.find_map(|event| event.decode_fields_as::<E>()).map(|event| event.expect("an event can be read"))
    }

    /// Returns the fee that the transaction paid, in rao.
    pub fn fee(&self) -> u64 {
        self.event::<TransactionFeePaid>().map_or(0, |paid| paid.actual_fee)
    }
}

/// A chain as of one block.
#[derive(Clone, Debug)]
pub struct TestState(OnlineClientAtBlock<ChainConfig>);

impl TestState {
    /// Returns the height of the block.
    pub fn height(&self) -> u64 {
        self.0.block_number()
    }

    /// Returns the hash of the block.
    pub fn hash(&self) -> H256 {
        self.0.block_hash()
    }

    /// Returns the version of the runtime that makes the next block.
    pub fn spec_version(&self) -> u32 {
        self.0.spec_version()
    }

    /// Returns the stored value, or its default.
    pub async fn read<A: storage::Address>(&self, address: A, keys: A::KeyParts) -> A::Value {
        let value = self.0.storage().fetch(address, keys).await.unwrap_or_else(|error| panic!("{error}"));
        value.decode().expect("the metadata tells how to read it")
    }

    /// Returns the stored value, or `None` if there is none and the item has no default.
    pub async fn storage_value<A: storage::Address>(&self, address: A, keys: A::KeyParts) -> Option<A::Value> {
        let value = self.0.storage().try_fetch(address, keys).await.unwrap_or_else(|error| panic!("{error}"));
        value.map(|value| value.decode().expect("the metadata tells how to read it"))
    }

    /// Returns all values of a map.
    pub async fn values<A: storage::Address>(&self, address: A) -> Vec<A::Value>
    where
        (): PrefixOf<A::KeyParts>,
    {
        let mut entries = self.0.storage().iter(address, ()).await.unwrap_or_else(|error| panic!("{error}"));
        let mut values = Vec::new();
        while let Some(entry) = entries.next().await {
            let entry = entry.unwrap_or_else(|error| panic!("{error}"));
            values.push(entry.value().decode().expect("the metadata tells how to read it"));
        }
        values
    }

    /// Returns the answer of the runtime API.
    pub async fn ask<P: runtime_apis::Payload>(&self, question: P) -> P::ReturnType {
        self.0.runtime_apis().call(question).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns all events of this kind in the block.
    pub async fn events<E: DecodeAsEvent>(&self) -> Vec<E> {
        self.all_events().await.find::<E>().map(|event| event.expect("an event can be read")).collect()
    }

    async fn all_events(&self) -> Events<ChainConfig> {
        self.0.events().fetch().await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns the readable name of an error.
    fn name_of(&self, error: &DispatchError) -> String {
        let DispatchError::Module(error) = error else { return format!("{error:?}") };
        let pallet = self.0.metadata_ref().pallet_by_error_index(error.index).expect("the error is of a pallet");
        let [variant, ..] = error.error;
        let variant = pallet.error_variant_by_index(variant).expect("the error is one of the pallet");
        format!("{}::{}", pallet.name(), variant.name)
    }

    /// Returns the whole storage of these pallets.
    pub async fn stored(&self, chain: &TestChain, pallets: &[&str]) -> BTreeMap<String, String> {
        let hash = Value::from(format!("{:?}", self.hash()));
        let mut stored = BTreeMap::new();
        for pallet in pallets {
            let prefix = to_hex(&twox_128(pallet.as_bytes()), false);
            let parameters = [prefix.into(), PAGE.into(), Value::Null, hash.clone()];
            let keys = chain.request("state_getKeysPaged", &parameters).await.expect("keys can be listed");
            assert!(keys.as_array().is_some_and(|keys| keys.len() < PAGE as usize), "{pallet} stores more than a page");
            let sets = chain.request("state_queryStorageAt", &[keys, hash.clone()]).await.expect("values can be read");
            for change in sets[0]["changes"].as_array().into_iter().flatten() {
                stored.insert(change[0].to_string(), change[1].to_string());
            }
        }
        stored
    }

    /// Returns the index, among the authorities, of the author of this block.
    pub async fn author(&self, authorities: u64) -> u64 {
        let header = self.0.block_header().await.expect("a block has a header");
        let slot = header.digest.logs.into_iter().find_map(|log| match log {
            DigestItem::PreRuntime([b'a', b'u', b'r', b'a'], data) => {
                data.as_slice().try_into().ok().map(u64::from_le_bytes)
            }
            _ => None,
        });
        slot.expect("every block says its slot") % authorities
    }
}
