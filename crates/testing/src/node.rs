//! One node process.

use crate::TestChain;
use jsonrpsee::{
    core::client::{ClientT, Subscription, SubscriptionClientT},
    rpc_params,
    ws_client::{WsClient, WsClientBuilder},
};
use serde_json::Value;
use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
    sync::oneshot,
    time::timeout,
};

/// The longest wait of a test. A cold node compiles its runtime first, and the machine may be busy.
pub(crate) const START_TIMEOUT: Duration = Duration::from_mins(2);

/// The number of log lines kept for a failing test.
const LINES_KEPT: usize = 40;

/// The text that a node writes before the address of its RPC server.
const RPC_ADDRESS_MARK: &str = "Running JSON-RPC server: addr=";

/// The text that a node writes before the address of its metrics.
const METRICS_ADDRESS_MARK: &str = "Prometheus exporter started at ";

/// The calls that begin and end a subscription to best blocks, and to final ones.
const BEST_HEADS: (&str, &str) = ("chain_subscribeNewHeads", "chain_unsubscribeNewHeads");
const FINAL_HEADS: (&str, &str) = ("chain_subscribeFinalizedHeads", "chain_unsubscribeFinalizedHeads");

/// The addresses on which a node serves.
#[derive(Debug)]
struct NodeAddresses {
    rpc: String,
    metrics: String,
}

/// A running node and the folder with its state. Dropping it kills the process and deletes the folder.
#[derive(Debug)]
pub struct TestNode {
    binary: PathBuf,
    arguments: Vec<String>,
    state: TempDir,
    process: Child,
    rpc: WsClient,
    addresses: NodeAddresses,
}

impl TestNode {
    /// Starts `binary` with these arguments, state of its own and free ports, and waits until it answers.
    pub async fn start(binary: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let binary = binary.into();
        let arguments = arguments.iter().map(ToString::to_string).collect::<Vec<_>>();
        let state = TempDir::new().expect("a temporary folder can be made");
        let (process, addresses) = spawn(&binary, &arguments, &state).await;
        let rpc = connect(&addresses.rpc).await;
        Self { binary, arguments, state, process, rpc, addresses }
    }

    /// Kills the process at once, as a power failure would.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("the process can be killed");
    }

    /// Starts a killed node again on the same state, and waits until it answers.
    pub async fn restart(&mut self) {
        (self.process, self.addresses) = spawn(&self.binary, &self.arguments, &self.state).await;
        self.rpc = connect(&self.addresses.rpc).await;
    }

    /// Returns the folder with the state of the node.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// Returns the id of the process.
    pub fn process_id(&self) -> u32 {
        self.process.id().expect("the process runs")
    }

    /// Returns the address at which the node listens for RPC, as `ip:port`.
    pub fn rpc_address(&self) -> &str {
        &self.addresses.rpc
    }

    /// Stops the process where it is, as a machine without a free core would.
    pub async fn pause(&self) {
        self.signal("-STOP").await;
    }

    /// Lets a paused process go on.
    pub async fn resume(&self) {
        self.signal("-CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process_id().to_string()]).status().await;
        assert!(sent.expect("`kill` is installed").success());
    }

    /// Returns the value of a metric of this chain.
    pub async fn metric(&self, name: &str) -> f64 {
        let page = self.metrics().await;
        let line = page.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{')));
        let value = line.and_then(|line| line.rsplit(' ').next());
        value.unwrap_or_else(|| panic!("no {name} in {page}")).parse().expect("a metric is a number")
    }

    /// Waits until the value of a metric is as `reached` says, and returns it.
    ///
    /// A node counts a block shortly after it tells others of it, so the value is read again at each block.
    pub async fn wait_for_metric(&self, name: &str, reached: impl Fn(f64) -> bool) -> f64 {
        let wait = async {
            let mut headers = self.heads(BEST_HEADS).await;
            loop {
                let value = self.metric(name).await;
                if reached(value) {
                    return value;
                }
                headers.next().await.expect("the node goes on").expect("a header is JSON");
            }
        };
        timeout(START_TIMEOUT, wait).await.unwrap_or_else(|_| panic!("{name} did not change in {START_TIMEOUT:?}"))
    }

    /// Returns the page of metrics.
    async fn metrics(&self) -> String {
        let read = async {
            let mut stream = TcpStream::connect(&self.addresses.metrics).await?;
            stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok::<_, io::Error>(answer)
        };
        timeout(START_TIMEOUT, read).await.expect("metrics are served").expect("metrics are text")
    }

    /// Returns the address at which the node listens for peers, with its identity.
    pub async fn peer_address(&self) -> String {
        let addresses = self.call("system_localListenAddresses", &[]).await;
        let listed = addresses.as_array().into_iter().flatten().filter_map(Value::as_str);
        let here = listed.filter(|address| address.starts_with("/ip4/127.0.0.1/tcp/"));
        // Authorities listen on plain TCP too, other nodes on WebSockets alone.
        let best = here.min_by_key(|address| address.contains("/ws"));
        best.unwrap_or_else(|| panic!("the node listens on {addresses} only")).to_owned()
    }

    /// Connects this node to another one, for as long as both run.
    pub async fn connect_to(&self, other: &Self) {
        self.call("system_addReservedPeer", &[other.peer_address().await.into()]).await;
    }

    /// Returns a connection to the chain through this node.
    pub async fn chain(&self) -> TestChain {
        TestChain::connect(&self.addresses.rpc).await
    }

    /// Calls an RPC method.
    pub async fn call(&self, method: &str, parameters: &[Value]) -> Value {
        let mut positional = jsonrpsee::core::params::ArrayParams::new();
        for parameter in parameters {
            positional.insert(parameter).expect("JSON is JSON");
        }
        timeout(START_TIMEOUT, self.rpc.request(method, positional))
            .await
            .unwrap_or_else(|_| panic!("no answer to {method} in {START_TIMEOUT:?}"))
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Returns true if this node keeps the state of the block at this height.
    pub async fn keeps_state(&self, height: u64) -> bool {
        let hash = self.block_hash(height).await;
        let version: Result<Value, _> = self.rpc.request("state_getRuntimeVersion", rpc_params![hash]).await;
        version.is_ok()
    }

    /// Returns the hash of the block at this height of the best chain, or `None` above it.
    pub async fn block_hash(&self, height: u64) -> Option<String> {
        self.call("chain_getBlockHash", &[height.into()]).await.as_str().map(str::to_owned)
    }

    /// Returns the height of the last final block.
    pub async fn finalised(&self) -> u64 {
        let hash = self.call("chain_getFinalizedHead", &[]).await;
        height(&self.call("chain_getHeader", &[hash]).await)
    }

    /// Waits until the block at this height is final, and returns the height of the last final block.
    pub async fn wait_until_finalised(&self, least: u64) -> u64 {
        self.wait_for_head(least, FINAL_HEADS).await
    }

    /// Waits until the best block has this height at least, and returns its height.
    pub async fn wait_until_best(&self, least: u64) -> u64 {
        self.wait_for_head(least, BEST_HEADS).await
    }

    async fn heads(&self, (subscribe, unsubscribe): (&str, &str)) -> Subscription<Value> {
        self.rpc.subscribe(subscribe, rpc_params![], unsubscribe).await.expect("a node offers its blocks")
    }

    async fn wait_for_head(&self, least: u64, kind: (&str, &str)) -> u64 {
        let wait = async {
            let mut headers = self.heads(kind).await;
            loop {
                let header = headers.next().await.expect("the node goes on").expect("a header is JSON");
                if height(&header) >= least {
                    return height(&header);
                }
            }
        };
        timeout(START_TIMEOUT, wait)
            .await
            .unwrap_or_else(|_| panic!("block {least} did not come to {} in {START_TIMEOUT:?}", kind.0))
    }
}

/// Starts the process and reads its log up to the addresses of its servers.
///
/// The rest of the log is read too, so that the process never blocks.
async fn spawn(binary: &PathBuf, arguments: &[String], state: &TempDir) -> (Child, NodeAddresses) {
    let mut process = Command::new(binary)
        .args(arguments)
        .arg("--base-path")
        .arg(state.path())
        .args(["--rpc-port", "0", "--port", "0", "--prometheus-port", "0", "--no-telemetry", "--no-mdns"])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{} did not start: {error}", binary.display()));
    let log = BufReader::new(process.stderr.take().expect("it was piped")).lines();
    let (sender, addresses) = oneshot::channel();
    tokio::spawn(drain(log, sender));
    let addresses = timeout(START_TIMEOUT, addresses)
        .await
        .unwrap_or_else(|_| panic!("the node did not open its servers in {START_TIMEOUT:?}"))
        .expect("the log is read until it ends")
        .unwrap_or_else(|last| panic!("the node ended before it opened its servers. It said:\n{last}"));
    (process, addresses)
}

async fn drain(mut log: Lines<BufReader<ChildStderr>>, addresses: oneshot::Sender<Result<NodeAddresses, String>>) {
    let mut sender = Some(addresses);
    let (mut rpc, mut metrics) = (None, None);
    let mut last = VecDeque::new();
    while let Ok(Some(line)) = log.next_line().await {
        rpc = rpc.or_else(|| address_after(RPC_ADDRESS_MARK, &line));
        metrics = metrics.or_else(|| address_after(METRICS_ADDRESS_MARK, &line));
        if let (Some(rpc), Some(metrics)) = (&rpc, &metrics)
            && let Some(sender) = sender.take()
        {
            // A failed test no longer waits for the addresses.
            let _ = sender.send(Ok(NodeAddresses { rpc: rpc.clone(), metrics: metrics.clone() }));
        }
        last.push_back(line);
        if last.len() > LINES_KEPT {
            last.pop_front();
        }
    }
    if let Some(sender) = sender.take() {
        let _ = sender.send(Err(last.make_contiguous().join("\n")));
    }
}

/// Returns the first address after `mark` in a line of the log.
fn address_after(mark: &str, line: &str) -> Option<String> {
    let (_, addresses) = line.split_once(mark)?;
    Some(addresses.split(',').next().unwrap_or(addresses).trim().to_owned())
}

async fn connect(address: &str) -> WsClient {
    WsClientBuilder::default()
        .request_timeout(START_TIMEOUT)
        .build(format!("ws://{address}"))
        .await
        .unwrap_or_else(|error| panic!("{address} cannot be reached: {error}"))
}

fn height(header: &Value) -> u64 {
    let number = header["number"].as_str().unwrap_or_else(|| panic!("no number in {header}"));
    u64::from_str_radix(number.trim_start_matches("0x"), 16).expect("a number in hexadecimal")
}
