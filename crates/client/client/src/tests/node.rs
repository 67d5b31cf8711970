//! A chain and its nodes, in memory. Nodes can be killed, can lie, lag and limit requests, and have scripted
//! answers to transactions.

use crate::{
    calls::blake2_256,
    chain::{Chain, Header},
    error::ChainError,
    extrinsics_root::extrinsics_root,
    link::{Connect, Timeouts},
    node_urls::NodeUrls,
    runtime::Event,
};
use futures::{channel::mpsc, future::BoxFuture};
use myelin_primitives::{Amount, NetUid, PublicKey};
use myelin_records::info::{DelegatePage, MetagraphInfo, NeuronInfo, RegistrationInfo, SubnetInfo};
use serde_json::{Value, json, value::to_raw_value};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, LazyLock, Mutex, MutexGuard},
    time::Duration,
};
use subxt::{
    Metadata,
    config::substrate::{Digest, DigestItem},
    ext::{
        codec::{Decode, Encode},
        scale_encode::EncodeAsType,
    },
    rpcs::{
        Error as RpcsError, RpcClient, RpcClientT, UserError,
        client::{RawRpcFuture, RawRpcSubscription, RawValue},
    },
    utils::H256,
};

/// A duration above that of any test.
const LONG: Duration = Duration::from_mins(1);

static METADATA_BYTES: &[u8] = include_bytes!("../../metadata.scale");

pub(super) static METADATA: LazyLock<Metadata> =
    LazyLock::new(|| Metadata::decode_from(METADATA_BYTES).expect("the committed metadata can be read"));

/// Returns limits that no test reaches.
pub(super) fn patient() -> Timeouts {
    Timeouts { connect: LONG, answer: LONG, silence: LONG, outage: Duration::ZERO, pause: Duration::ZERO }
}

/// A scripted answer of a node to the next transaction.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// The node accepts it.
    Accept,
    /// The node refuses it, with this number and reason.
    Refuse(i32, &'static str),
    /// The runtime is upgraded, so the signature does not match any more.
    Upgrade,
    /// The node accepts it, and dies before it answers.
    AcceptAndDie,
    /// The node dies.
    Die,
}

/// A way to hide the last transaction of each block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lie {
    /// The body is shorter than that of the header.
    Body,
    /// The header is made for the shorter body, so its hash is not that of the block.
    Header,
}

/// A chain with nodes `ws://127.0.0.1:1` and so on.
#[derive(Clone)]
pub(super) struct World(Arc<Mutex<Inner>>);

struct Inner {
    blocks: Vec<Block>,
    nodes: BTreeMap<String, Node>,
    /// The transactions that a node was given.
    asked: Vec<Vec<u8>>,
    /// The transactions that a node has accepted.
    pool: Vec<Vec<u8>>,
    next_index: u64,
    spec_version: u32,
    /// The block of which no node keeps the state.
    discarded: Option<H256>,
    /// The pages of delegates by the hotkey after which each begins. None has a delegate.
    delegate_pages: BTreeMap<Option<PublicKey>, Option<PublicKey>>,
    metagraph: Option<MetagraphInfo>,
}

/// A subscriber to blocks.
type Heads = mpsc::UnboundedSender<Result<Box<RawValue>, RpcsError>>;

struct Node {
    up: bool,
    genesis: H256,
    /// The last block that this node has finalised.
    finalised: usize,
    heads: Vec<Heads>,
    best_heads: Vec<Heads>,
    answers: VecDeque<Answer>,
    lie: Option<Lie>,
    /// The number of requests that the node refuses because of its rate limit.
    limited: usize,
    /// The best block of a node that gets no more blocks.
    paused: Option<usize>,
    syncing: bool,
    /// The height that the node claims, if it lies about it.
    claimed: Option<u64>,
    /// The number of connections.
    connections: usize,
}

struct Block {
    header: Header,
    hash: H256,
    body: Vec<Vec<u8>>,
    events: Vec<(u32, Event)>,
}

impl Block {
    fn after(parent: Option<&Self>, body: Vec<Vec<u8>>, events: Vec<(u32, Event)>) -> Self {
        let header = Header {
            parent_hash: parent.map_or_else(H256::zero, |parent| parent.hash),
            number: parent.map_or(0, |parent| parent.header.number + 1),
            state_root: H256::zero(),
            extrinsics_root: extrinsics_root(&body, None),
            digest: Digest::default(),
        };
        Self { hash: blake2_256(&header.encode()), header, body, events }
    }

    fn with_digest(mut self, digest: Digest) -> Self {
        self.header.digest = digest;
        self.hash = blake2_256(&self.header.encode());
        self
    }

    /// Returns the block as a node tells it.
    fn told(&self, lie: Option<Lie>) -> Value {
        let all = self.body.len();
        let body = &self.body[..if lie.is_some() { all.saturating_sub(1) } else { all }];
        let mut header = self.header.clone();
        if matches!(lie, Some(Lie::Header)) {
            header.extrinsics_root = extrinsics_root(body, None);
        }
        let body: Vec<_> = body.iter().map(|bytes| hex(bytes)).collect();
        json!({ "block": { "header": header, "extrinsics": body }, "justifications": null })
    }
}

pub(super) fn url(node: usize) -> String {
    format!("ws://127.0.0.1:{node}")
}

impl Node {
    /// Fails if the node is down, or refuses the request because of its rate limit.
    fn ensure_answers(&mut self) -> Result<(), RpcsError> {
        if !self.up {
            return Err(gone());
        }
        if let Some(limited) = self.limited.checked_sub(1) {
            self.limited = limited;
            let message = "RPC rate limit exceeded".to_owned();
            return Err(RpcsError::User(UserError { code: -32_999, message, data: None }));
        }
        Ok(())
    }

    fn end(&mut self) {
        self.up = false;
        self.heads.clear();
        self.best_heads.clear();
    }
}

fn tell(heads: &mut Vec<Heads>, block: &Block) {
    let head = to_raw_value(&block.header).expect("a header is JSON");
    heads.retain(|heads| heads.unbounded_send(Ok(head.clone())).is_ok());
}

impl World {
    /// Creates a chain of genesis and one block, both final, with this many nodes.
    pub(super) fn new(nodes: usize) -> Self {
        let genesis = Block::after(None, Vec::new(), Vec::new());
        let first = Block::after(Some(&genesis), Vec::new(), Vec::new());
        let node = || Node {
            up: true,
            genesis: genesis.hash,
            finalised: 1,
            heads: Vec::new(),
            best_heads: Vec::new(),
            answers: VecDeque::new(),
            lie: None,
            limited: 0,
            paused: None,
            syncing: false,
            claimed: None,
            connections: 0,
        };
        let nodes = (1..=nodes).map(|number| (url(number), node())).collect();
        Self(Arc::new(Mutex::new(Inner {
            blocks: vec![genesis, first],
            nodes,
            asked: Vec::new(),
            pool: Vec::new(),
            next_index: 0,
            spec_version: 1,
            discarded: None,
            delegate_pages: BTreeMap::new(),
            metagraph: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no test panics while it holds the chain")
    }

    pub(super) async fn connect(&self) -> Result<Chain, ChainError> {
        self.connect_within(patient()).await
    }

    pub(super) async fn connect_within(&self, limits: Timeouts) -> Result<Chain, ChainError> {
        let endpoints = NodeUrls::new(self.lock().nodes.keys().cloned())?;
        Chain::connect_by(endpoints, limits, self.clone()).await
    }

    /// Makes a block with these transactions, and finalises it on all nodes.
    pub(super) fn block(&self, body: Vec<Vec<u8>>, events: Vec<(u32, Event)>) -> usize {
        let height = self.make(body, events);
        let nodes: Vec<_> = self.lock().nodes.keys().cloned().collect();
        (1..=nodes.len()).for_each(|node| self.finalise(node, height));
        height
    }

    /// Makes empty blocks that are final on all nodes.
    pub(super) fn empty_blocks(&self, count: usize) {
        (0..count).for_each(|_| {
            self.block(Vec::new(), Vec::new());
        });
    }

    /// Makes a block that replaces the runtime, and finalises it on all nodes. The pool forgets its transactions.
    pub(super) fn upgrade(&self) {
        let height = {
            let mut inner = self.lock();
            inner.spec_version += 1;
            inner.pool.clear();
            let upgrade = Digest { logs: vec![DigestItem::RuntimeEnvironmentUpdated] };
            let block = Block::after(inner.blocks.last(), Vec::new(), Vec::new()).with_digest(upgrade);
            inner.blocks.push(block);
            inner.blocks.len() - 1
        };
        let nodes = self.lock().nodes.len();
        (1..=nodes).for_each(|node| self.finalise(node, height));
    }

    /// Makes a block that is final on no node.
    pub(super) fn make(&self, body: Vec<Vec<u8>>, events: Vec<(u32, Event)>) -> usize {
        let mut inner = self.lock();
        let Inner { blocks, nodes, .. } = &mut *inner;
        let block = Block::after(blocks.last(), body, events);
        nodes.values_mut().filter(|node| node.paused.is_none()).for_each(|node| tell(&mut node.best_heads, &block));
        blocks.push(block);
        blocks.len() - 1
    }

    /// Finalises a block, and all before it, on one node.
    pub(super) fn finalise(&self, node: usize, height: usize) {
        let mut inner = self.lock();
        let Inner { blocks, nodes, .. } = &mut *inner;
        let node = nodes.get_mut(&url(node)).expect("a node of this chain");
        if node.paused.is_none() {
            node.finalised = height;
            tell(&mut node.heads, &blocks[height]);
        }
    }

    pub(super) fn kill(&self, node: usize) {
        let mut inner = self.lock();
        let node = inner.nodes.get_mut(&url(node)).expect("a node of this chain");
        node.end();
    }

    pub(super) fn revive(&self, node: usize) {
        self.lock().nodes.get_mut(&url(node)).expect("a node of this chain").up = true;
    }

    /// Returns the hash of the block at this height.
    pub(super) fn hash(&self, height: usize) -> H256 {
        self.lock().blocks[height].hash
    }

    /// Moves a node to another chain.
    pub(super) fn stray(&self, node: usize) {
        self.lock().nodes.get_mut(&url(node)).expect("a node of this chain").genesis = H256::repeat_byte(77);
    }

    /// Makes a node get no more blocks.
    pub(super) fn pause(&self, node: usize) {
        let mut inner = self.lock();
        let best = inner.blocks.len() - 1;
        inner.nodes.get_mut(&url(node)).expect("a node of this chain").paused = Some(best);
    }

    /// Makes a node say that it synchronises, or that it has done so.
    pub(super) fn set_syncing(&self, node: usize, syncing: bool) {
        self.lock().nodes.get_mut(&url(node)).expect("a node of this chain").syncing = syncing;
    }

    /// Makes a node refuse as many requests because of its rate limit.
    pub(super) fn limit(&self, node: usize, requests: usize) {
        self.lock().nodes.get_mut(&url(node)).expect("a node of this chain").limited = requests;
    }

    /// Returns the number of requests that a node still refuses because of its rate limit.
    pub(super) fn limited(&self, node: usize) -> usize {
        self.lock().nodes[&url(node)].limited
    }

    /// Makes a node lie from now on.
    pub(super) fn lie(&self, node: usize, lie: Lie) {
        self.lock().nodes.get_mut(&url(node)).expect("a node of this chain").lie = Some(lie);
    }

    /// Makes a node claim this height from now on.
    pub(super) fn claim(&self, node: usize, height: u64) {
        self.lock().nodes.get_mut(&url(node)).expect("a node of this chain").claimed = Some(height);
    }

    pub(super) fn answers(&self, node: usize, answers: impl IntoIterator<Item = Answer>) {
        self.lock().nodes.get_mut(&url(node)).expect("a node of this chain").answers = answers.into_iter().collect();
    }

    /// Makes all nodes discard the state of the block at this height.
    pub(super) fn discard(&self, height: usize) {
        let hash = self.hash(height);
        self.lock().discarded = Some(hash);
    }

    pub(super) fn set_next_index(&self, index: u64) {
        self.lock().next_index = index;
    }

    pub(super) fn set_delegate_pages(&self, pages: &[(Option<PublicKey>, Option<PublicKey>)]) {
        self.lock().delegate_pages = pages.iter().copied().collect();
    }

    pub(super) fn set_metagraph(&self, metagraph: Option<MetagraphInfo>) {
        self.lock().metagraph = metagraph;
    }

    pub(super) fn asked(&self) -> Vec<Vec<u8>> {
        self.lock().asked.clone()
    }

    pub(super) fn pool(&self) -> Vec<Vec<u8>> {
        self.lock().pool.clone()
    }

    pub(super) fn connections(&self, node: usize) -> usize {
        self.lock().nodes[&url(node)].connections
    }
}

impl Connect for World {
    fn connect<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<RpcClient, RpcsError>> {
        Box::pin(async move {
            let mut inner = self.lock();
            let node = inner.nodes.get_mut(url).expect("a node of this chain");
            node.connections += 1;
            if node.up {
                Ok(RpcClient::new(Connection { world: self.clone(), url: url.to_owned() }))
            } else {
                Err(gone())
            }
        })
    }
}

fn gone() -> RpcsError {
    RpcsError::Client("connection refused".into())
}

struct Connection {
    world: World,
    url: String,
}

impl RpcClientT for Connection {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        parameters: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        let parameters = parameters.map_or_else(Vec::new, |raw| serde_json::from_str(raw.get()).expect("a list"));
        Box::pin(async move {
            let answer = self.world.lock().answer(&self.url, method, &parameters)?;
            Ok(to_raw_value(&answer).expect("JSON is JSON"))
        })
    }

    fn subscribe_raw<'a>(
        &'a self,
        method: &'a str,
        _: Option<Box<RawValue>>,
        _: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        Box::pin(async move {
            let mut inner = self.world.lock();
            let Inner { blocks, nodes, .. } = &mut *inner;
            let node = nodes.get_mut(&self.url).expect("a node of this chain");
            node.ensure_answers()?;
            let (sender, heads) = mpsc::unbounded();
            match method {
                "chain_subscribeFinalizedHeads" => node.heads.push(sender),
                "chain_subscribeNewHeads" => {
                    // The first message of a subscription is the present block.
                    let mut told = vec![sender];
                    tell(&mut told, blocks.last().expect("genesis at least"));
                    node.best_heads.append(&mut told);
                }
                other => panic!("{other} was not expected"),
            }
            Ok(RawRpcSubscription { stream: Box::pin(heads), id: None })
        })
    }
}

impl Inner {
    fn answer(&mut self, url: &str, method: &str, parameters: &[Value]) -> Result<Value, RpcsError> {
        let blocks = &self.blocks;
        let node = self.nodes.get_mut(url).expect("a node of this chain");
        node.ensure_answers()?;
        let highest = blocks.len() - 1;
        let best = node.paused.unwrap_or(highest);
        let block = |parameter: Option<&Value>| -> Option<&Block> {
            let hash = parameter.and_then(Value::as_str)?.parse::<H256>().expect("a hash");
            Some(blocks.iter().find(|block| block.hash == hash).expect("a block of this chain"))
        };
        let hash = |height: usize| blocks[height].hash;
        Ok(match method {
            "chain_getFinalizedHead" => json!(hash(node.finalised)),
            "chain_getBlockHash" => match parameters.first().and_then(Value::as_u64) {
                Some(0) => json!(node.genesis),
                Some(height) => json!(usize::try_from(height).ok().filter(|height| *height <= best).map(hash)),
                None => json!(hash(best)),
            },
            "chain_getHeader" => json!(block(parameters.first()).unwrap_or(&blocks[best]).header),
            "chain_getBlock" => block(parameters.first()).expect("a block by its hash").told(node.lie),
            "state_call"
                if self.discarded.is_some() && block(parameters.get(2)).map(|block| block.hash) == self.discarded =>
            {
                let message = "Client error: UnknownBlock: State already discarded".to_owned();
                return Err(RpcsError::User(UserError { code: 4_003, message, data: None }));
            }
            "state_call" => {
                let arguments = unhex(parameters[1].as_str().expect("arguments"));
                json!(hex(&self.call(parameters[0].as_str().expect("a function"), &arguments)))
            }
            "state_getStorage" => json!(hex(&events(&block(parameters.get(1)).expect("a block by its hash").events))),
            "system_health" => json!({ "peers": 0, "isSyncing": node.syncing, "shouldHavePeers": false }),
            "system_syncState" => {
                let best = node.claimed.unwrap_or(best as u64);
                json!({ "startingBlock": 0, "currentBlock": best, "highestBlock": highest })
            }
            "system_accountNextIndex" => json!(self.next_index),
            "author_submitExtrinsic" => {
                let bytes = unhex(parameters[0].as_str().expect("a transaction"));
                self.asked.push(bytes.clone());
                let answer = node.answers.pop_front().unwrap_or(Answer::Accept);
                if matches!(answer, Answer::Die | Answer::AcceptAndDie) {
                    node.end();
                }
                match answer {
                    Answer::Accept | Answer::AcceptAndDie if self.pool.contains(&bytes) => {
                        return Err(refusal(1_013, "0x00"));
                    }
                    Answer::Accept | Answer::AcceptAndDie => self.pool.push(bytes),
                    Answer::Refuse(code, said) => return Err(refusal(code, said)),
                    Answer::Upgrade => {
                        self.spec_version += 1;
                        return Err(refusal(1_010, "Transaction has a bad signature"));
                    }
                    Answer::Die => {}
                }
                if matches!(answer, Answer::Die | Answer::AcceptAndDie) {
                    return Err(gone());
                }
                json!(H256::zero())
            }
            other => panic!("{other} was not expected"),
        })
    }

    fn call(&self, function: &str, arguments: &[u8]) -> Vec<u8> {
        match function {
            "Core_version" => {
                ("myelin", "myelin", 1_u32, self.spec_version, 1_u32, Vec::<([u8; 8], u32)>::new(), 1_u32, 1_u8)
                    .encode()
            }
            "Metadata_metadata_versions" => vec![15_u32].encode(),
            "Metadata_metadata_at_version" => Some(METADATA_BYTES.to_vec()).encode(),
            "MyelinApi_metagraph" => self.metagraph.encode(),
            "MyelinApi_delegates" => {
                let after = <Option<[u8; 32]>>::decode(&mut &*arguments).expect("a hotkey, or none");
                let next = self.delegate_pages[&after.map(PublicKey::from_bytes)];
                DelegatePage { delegates: Vec::new(), next }.encode()
            }
            "MyelinApi_subnet" => self.metagraph.as_ref().map(|metagraph| &metagraph.subnet).encode(),
            other => panic!("{other} was not expected"),
        }
    }
}

fn refusal(code: i32, said: &str) -> RpcsError {
    let data = to_raw_value(&said).expect("a text is JSON");
    RpcsError::User(UserError { code, message: "Invalid Transaction".to_owned(), data: Some(data) })
}

/// Encodes the events of a block as the chain stores them, each caused by one of its transactions.
fn events(events: &[(u32, Event)]) -> Vec<u8> {
    let records = events.iter().map(|(index, event)| {
        let event = event.encode_as_type(METADATA.outer_enums().event_enum_ty(), METADATA.types());
        let event = event.expect("the metadata tells how to write it");
        [(0_u8, index).encode(), event, Vec::<H256>::new().encode()].concat()
    });
    let count = subxt::ext::codec::Compact(u32::try_from(events.len()).expect("few events"));
    [count.encode(), records.flatten().collect()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix("0x").expect("hexadecimal");
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// Returns a network without content, as of this block.
pub(super) fn metagraph(block: u32, neurons: Vec<NeuronInfo>) -> MetagraphInfo {
    let subnet = SubnetInfo {
        netuid: NetUid::new(1),
        name: b"one".to_vec(),
        owner: None,
        owner_hotkey: None,
        registered_at: 0,
        locked: Amount::ZERO,
        tempo: 20,
        neurons: u16::try_from(neurons.len()).expect("few neurons"),
        max_neurons: 256,
        emission: Amount::ZERO,
        pending: Amount::ZERO,
        last_epoch: None,
        next_epoch: None,
        registration: RegistrationInfo::default(),
    };
    MetagraphInfo { block, subnet, neurons }
}
