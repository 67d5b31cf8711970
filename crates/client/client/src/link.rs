//! A connection that goes to the next node if one does not answer.

use crate::{
    error::{LaggingNode, NoConnection, Unreachable, UntrueNode},
    node_urls::NodeUrls,
};
use futures::future::BoxFuture;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};
use subxt::rpcs::{
    Error as RpcsError, RpcClient, RpcClientT,
    client::{RawRpcFuture, RawRpcSubscription, RawValue, rpc_params},
};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

/// The longest pause between two rounds through the nodes, and before a node that limits requests is replaced.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(10);

/// The code with which a node refuses a request beyond its rate limit.
const RATE_LIMIT: i32 = -32_999;

/// The greatest distance of a node from the highest known block.
const MAX_LAG: u64 = 20;

/// The limits of all waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The limit for a connection to one node.
    pub connect: Duration,
    /// The limit for an answer of one node.
    pub answer: Duration,
    /// The limit for a new final block of one node, before the next one is used.
    pub silence: Duration,
    /// The limit for any node, while none answers, or while all refuse requests beyond their rate limits.
    pub outage: Duration,
    /// The pause between the first two rounds through the nodes; doubled after each round, up to 10 s.
    pub pause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            silence: Duration::from_mins(2),
            outage: Duration::from_mins(1),
            pause: Duration::from_millis(500),
        }
    }
}

/// A way to connect to a node.
pub(crate) trait Connect: Send + Sync + 'static {
    fn connect<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<RpcClient, RpcsError>>;
}

/// A connection over a web socket. The URLs have been checked by [`NodeUrls`].
pub(crate) struct WebSocket;

impl Connect for WebSocket {
    fn connect<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<RpcClient, RpcsError>> {
        Box::pin(RpcClient::from_insecure_url(url))
    }
}

/// A connection to one node at a time.
///
/// It begins with the first node, and keeps a node until the connection is lost. The next node follows, and after the
/// last node the first. A node of another chain is skipped. A node that gave an untrue body is skipped too, and so is
/// one that lags.
#[derive(Clone)]
pub(crate) struct NodeLink(Arc<Inner>);

struct Inner {
    urls: Vec<String>,
    connect: Box<dyn Connect>,
    limits: Timeouts,
    state: Mutex<LinkState>,
    /// The number of times that all nodes were given up.
    ///
    /// A caller that waited meanwhile gives up too, instead of one by one.
    outages: AtomicU64,
    /// The number of refusals beyond a rate limit since the last answer.
    refusals: AtomicU32,
}

struct LinkState {
    connection: Option<Connection>,
    /// The index of the current node.
    turn: usize,
    /// The number of connections so far.
    connections: u64,
    /// The genesis hash of the first node that answered.
    genesis: Option<String>,
    /// The nodes that gave an untrue body.
    untrue: BTreeSet<String>,
    heights: NodeHeights,
    last: NoConnection,
}

/// The blocks that the nodes have shown.
///
/// No height is proved, so none may shut out the other nodes for ever.
#[derive(Debug, Default)]
struct NodeHeights {
    /// The highest block of each node that was connected.
    shown: BTreeMap<String, u64>,
    /// The best block of each node when it was passed over last.
    passed: BTreeMap<String, u64>,
}

impl NodeHeights {
    fn highest(&self) -> u64 {
        self.shown.values().copied().max().unwrap_or(0)
    }

    /// Decides if a node with this best block may be connected, while no other node is.
    ///
    /// A node that lags may not, unless it has a newer block than when it was passed over last. A node that is stuck has
    /// none, and one that catches up says that it synchronises. The higher blocks of the lost nodes are then forgotten.
    ///
    /// # Errors
    /// The highest block.
    fn connect(&mut self, url: &str, block: u64) -> Result<(), u64> {
        let highest = self.highest();
        if block.saturating_add(MAX_LAG) < highest {
            let goes_on = self.passed.insert(url.to_owned(), block).is_some_and(|passed| passed < block);
            if !goes_on {
                return Err(highest);
            }
            self.shown.clear();
        }
        self.passed.remove(url);
        self.shown.insert(url.to_owned(), block);
        Ok(())
    }

    /// Notes a block of the connected node.
    fn saw(&mut self, url: &str, block: u64) {
        let shown = self.shown.entry(url.to_owned()).or_default();
        if *shown < block {
            *shown = block;
            // The chain goes on here, so a node that was passed over has to show newer blocks again.
            self.passed.clear();
        }
    }

    /// Forgets a node that gave an untrue body.
    fn forget(&mut self, url: &str) {
        self.shown.remove(url);
    }
}

/// The answer to `system_health`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeHealth {
    is_syncing: bool,
}

/// The answer to `system_syncState`, as far as it is used.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SyncState {
    current_block: u64,
    highest_block: u64,
}

/// The reason for passing a node over.
enum SkipReason {
    Failed(String),
    Behind(LaggingNode),
    Untrue(UntrueNode),
}

/// A connection to one node.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) rpc: RpcClient,
    pub(crate) url: String,
    /// The number of the connection, so that a replaced one is not given up twice.
    number: u64,
}

impl NodeLink {
    pub(crate) fn new(endpoints: NodeUrls, limits: Timeouts, connect: impl Connect) -> Self {
        let state = LinkState {
            connection: None,
            turn: 0,
            connections: 0,
            genesis: None,
            untrue: BTreeSet::new(),
            heights: NodeHeights::default(),
            last: Unreachable { tried: Vec::new() }.into(),
        };
        Self(Arc::new(Inner {
            urls: endpoints.into_urls(),
            connect: Box::new(connect),
            limits,
            state: Mutex::new(state),
            outages: AtomicU64::new(0),
            refusals: AtomicU32::new(0),
        }))
    }

    pub(crate) fn limits(&self) -> &Timeouts {
        &self.0.limits
    }

    /// Returns the number of nodes. After as many losses in a row, each node was tried.
    pub(crate) fn nodes(&self) -> usize {
        self.0.urls.len()
    }

    /// Returns the current connection, or makes a new one within the limits.
    pub(crate) async fn connection(&self) -> Result<Connection, NoConnection> {
        let outages = self.0.outages.load(Ordering::Acquire);
        let mut state = self.0.state.lock().await;
        if let Some(connection) = &state.connection {
            return Ok(connection.clone());
        }
        if self.0.outages.load(Ordering::Acquire) != outages {
            return Err(state.last.clone());
        }
        let began = Instant::now();
        let mut pause = self.0.limits.pause;
        loop {
            let mut tried = Vec::new();
            for _ in 0..self.0.urls.len() {
                let url = self.0.urls[state.turn].clone();
                match self.try_connect(&url, &mut state).await {
                    Ok(rpc) => {
                        state.connections += 1;
                        let connection = Connection { rpc, url, number: state.connections };
                        state.connection = Some(connection.clone());
                        return Ok(connection);
                    }
                    Err(why) => tried.push((url, why)),
                }
                state.turn = (state.turn + 1) % self.0.urls.len();
            }
            if began.elapsed() + pause >= self.0.limits.outage {
                state.last = no_node(tried);
                self.0.outages.fetch_add(1, Ordering::AcqRel);
                return Err(state.last.clone());
            }
            // No event announces that a node is back.
            sleep(pause).await;
            pause = (pause * 2).min(MAX_RETRY_DELAY);
        }
    }

    async fn try_connect(&self, url: &str, state: &mut LinkState) -> Result<RpcClient, SkipReason> {
        if state.untrue.contains(url) {
            return Err(SkipReason::Untrue(UntrueNode { node: url.to_owned() }));
        }
        let Timeouts { connect, answer, .. } = self.0.limits;
        let rpc = timeout(connect, self.0.connect.connect(url))
            .await
            .map_err(|_| format!("no connection within {connect:?}"))?
            .map_err(|error| error.to_string())?;
        let questions = async {
            let genesis: String = rpc.request("chain_getBlockHash", rpc_params![0]).await?;
            let health: NodeHealth = rpc.request("system_health", rpc_params![]).await?;
            let heights: SyncState = rpc.request("system_syncState", rpc_params![]).await?;
            Ok::<_, RpcsError>((genesis, health, heights))
        };
        let (genesis, health, heights) = timeout(answer, questions)
            .await
            .map_err(|_| format!("no answer within {answer:?}"))?
            .map_err(|error| error.to_string())?;
        if state.genesis.as_ref().is_some_and(|expected| *expected != genesis) {
            return Err(SkipReason::Failed(format!("the node is on another chain, {genesis}")));
        }
        let behind =
            |highest| SkipReason::Behind(LaggingNode { node: url.to_owned(), block: heights.current_block, highest });
        if health.is_syncing {
            return Err(behind(state.heights.highest().max(heights.highest_block)));
        }
        state.heights.connect(url, heights.current_block).map_err(behind)?;
        state.genesis = Some(genesis);
        Ok(rpc)
    }

    /// Notes a block that a node has shown over this connection.
    ///
    /// If the connection was lost meanwhile, another node may have shown the block.
    pub(crate) async fn saw(&self, connection: &Connection, block: u64) {
        let mut state = self.0.state.lock().await;
        if state.connection.as_ref().is_some_and(|current| current.number == connection.number) {
            state.heights.saw(&connection.url, block);
        }
    }

    /// Gives up a connection. The next node follows.
    pub(crate) async fn lost(&self, connection: &Connection) {
        let mut state = self.0.state.lock().await;
        if state.connection.as_ref().is_some_and(|current| current.number == connection.number) {
            state.connection = None;
            state.turn = (state.turn + 1) % self.0.urls.len();
        }
    }

    /// Gives up a node for good, because it gave an untrue body. The next node follows.
    pub(crate) async fn untrue(&self, connection: &Connection) {
        let mut state = self.0.state.lock().await;
        // The current connection may be a later one to the same node.
        if state.connection.as_ref().is_some_and(|current| current.url == connection.url) {
            state.connection = None;
            state.turn = (state.turn + 1) % self.0.urls.len();
        }
        state.heights.forget(&connection.url);
        state.untrue.insert(connection.url.clone());
    }

    /// Waits for an answer of one node, and gives the node up if none comes within the limit.
    ///
    /// A node that refuses the request because of its rate limit is given up too, after a pause.
    pub(crate) async fn ask<T>(
        &self,
        connection: &Connection,
        question: impl Future<Output = Result<T, RpcsError>>,
    ) -> Result<T, NodeError> {
        let why = match timeout(self.0.limits.answer, question).await {
            Ok(Ok(answer)) => {
                self.0.refusals.store(0, Ordering::Release);
                return Ok(answer);
            }
            Ok(Err(RpcsError::User(error))) if error.code == RATE_LIMIT => {
                self.lost(connection).await;
                let refusals = self.0.refusals.fetch_add(1, Ordering::AcqRel);
                sleep(refusal_pause(self.0.limits.pause, refusals)).await;
                return Err(NodeError::Limited(Unreachable { tried: vec![(connection.url.clone(), error.message)] }));
            }
            Ok(Err(error)) if !is_loss(&error) => return Err(NodeError::Answered(error)),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:?}", self.0.limits.answer),
        };
        self.lost(connection).await;
        Err(NodeError::Connection(Unreachable { tried: vec![(connection.url.clone(), why)] }))
    }

    /// Returns true if a request that began then may still wait for a node that limits requests.
    pub(crate) fn may_wait(&self, began: Instant) -> bool {
        began.elapsed() < self.0.limits.outage
    }

    /// Asks one node after another, until one answers.
    async fn ask_any<T>(&self, question: impl RepeatableCall<T>) -> Result<T, RpcsError> {
        let began = Instant::now();
        let mut tried = Vec::new();
        let mut losses = 0;
        while losses <= self.0.urls.len() {
            let connection = self.connection().await.map_err(|error| RpcsError::Client(Box::new(error)))?;
            match self.ask(&connection, question.ask(&connection.rpc)).await {
                Ok(answer) => return Ok(answer),
                Err(NodeError::Answered(error)) => return Err(error),
                Err(NodeError::Limited(_)) if self.may_wait(began) => {}
                Err(NodeError::Limited(why) | NodeError::Connection(why)) => {
                    tried.extend(why.tried);
                    losses += 1;
                }
            }
        }
        Err(RpcsError::Client(Box::new(NoConnection::from(Unreachable { tried }))))
    }
}

impl From<String> for SkipReason {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

/// Returns the common reason for which all nodes were passed over, or the reason of each.
fn no_node(tried: Vec<(String, SkipReason)>) -> NoConnection {
    match tried.first() {
        Some((_, SkipReason::Untrue(why))) if tried.iter().all(|(_, why)| matches!(why, SkipReason::Untrue(_))) => {
            return why.clone().into();
        }
        Some((_, SkipReason::Behind(why))) if tried.iter().all(|(_, why)| matches!(why, SkipReason::Behind(_))) => {
            return why.clone().into();
        }
        _ => {}
    }
    let text = |why| match why {
        SkipReason::Failed(why) => why,
        SkipReason::Behind(why) => why.to_string(),
        SkipReason::Untrue(why) => why.to_string(),
    };
    Unreachable { tried: tried.into_iter().map(|(url, why)| (url, text(why))).collect() }.into()
}

/// A request that one node did not fulfil.
#[derive(Debug)]
pub(crate) enum NodeError {
    /// The node answered with a refusal.
    Answered(RpcsError),
    /// The connection is lost.
    Connection(Unreachable),
    /// The node has refused the request because of its rate limit.
    Limited(Unreachable),
}

/// Returns the pause after this many refusals in a row beyond a rate limit.
fn refusal_pause(first: Duration, refusals: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(refusals)).min(MAX_RETRY_DELAY)
}

fn is_loss(error: &RpcsError) -> bool {
    matches!(error, RpcsError::Client(_) | RpcsError::DisconnectedWillReconnect(_))
}

/// A request that can be repeated.
trait RepeatableCall<T>: Sync {
    fn ask<'a>(&'a self, rpc: &'a RpcClient) -> BoxFuture<'a, Result<T, RpcsError>>;
}

struct RpcRequest<'a> {
    method: &'a str,
    parameters: Option<Box<RawValue>>,
}

impl RepeatableCall<Box<RawValue>> for RpcRequest<'_> {
    fn ask<'a>(&'a self, rpc: &'a RpcClient) -> BoxFuture<'a, Result<Box<RawValue>, RpcsError>> {
        rpc.request_raw(self.method, self.parameters.clone())
    }
}

struct RpcSubscribe<'a> {
    request: RpcRequest<'a>,
    end: &'a str,
}

impl RepeatableCall<RawRpcSubscription> for RpcSubscribe<'_> {
    fn ask<'a>(&'a self, rpc: &'a RpcClient) -> BoxFuture<'a, Result<RawRpcSubscription, RpcsError>> {
        rpc.subscribe_raw(self.request.method, self.request.parameters.clone(), self.end)
    }
}

impl RpcClientT for NodeLink {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        parameters: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(self.ask_any(RpcRequest { method, parameters }))
    }

    fn subscribe_raw<'a>(
        &'a self,
        method: &'a str,
        parameters: Option<Box<RawValue>>,
        end: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        Box::pin(self.ask_any(RpcSubscribe { request: RpcRequest { method, parameters }, end }))
    }
}

impl fmt::Debug for NodeLink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Link").field(&self.0.urls).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_seconds() {
        let pauses = |first, refusals: &[u32]| {
            refusals.iter().map(|refusals| refusal_pause(first, *refusals).as_millis()).collect::<Vec<_>>()
        };
        let half = Duration::from_millis(500);
        assert_eq!(pauses(half, &[0, 1, 2, 3, 4, 5, u32::MAX]), [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    }
}
