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
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
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

/// A running node and the folder with its state. Dropping it kills the process and deletes the folder.
#[derive(Debug)]
pub struct TestNode {
    binary: PathBuf,
    arguments: Vec<String>,
    state: TempDir,
    process: Child,
    rpc: WsClient,
    address: String,
}

impl TestNode {
    /// Starts `binary` with these arguments, state of its own and free ports, and waits until it answers.
    pub async fn start(binary: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let binary = binary.into();
        let arguments = arguments.iter().map(ToString::to_string).collect::<Vec<_>>();
        let state = TempDir::new().expect("a temporary folder can be made");
        let (process, address) = spawn(&binary, &arguments, &state).await;
        let rpc = connect(&address).await;
        Self { binary, arguments, state, process, rpc, address }
    }

    /// Kills the process at once, as a power failure would.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("the process can be killed");
    }

    /// Starts a killed node again on the same state, and waits until it answers.
    pub async fn restart(&mut self) {
        (self.process, self.address) = spawn(&self.binary, &self.arguments, &self.state).await;
        self.rpc = connect(&self.address).await;
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
        &self.address
    }

    /// Returns the address at which the node listens for peers, with its identity.
    pub async fn peer_address(&self) -> String {
        let addresses = self.call("system_localListenAddresses", &[]).await;
        let listed = addresses.as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut here = listed.filter(|address| address.starts_with("/ip4/127.0.0.1/tcp/") && !address.contains("/ws"));
        here.next().unwrap_or_else(|| panic!("the node listens on {addresses} only")).to_owned()
    }

    /// Returns a connection to the chain through this node.
    pub async fn chain(&self) -> TestChain {
        TestChain::connect(&self.address).await
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
        let wait = async {
            let mut headers: Subscription<Value> = self
                .rpc
                .subscribe("chain_subscribeFinalizedHeads", rpc_params![], "chain_unsubscribeFinalizedHeads")
                .await
                .expect("a node offers its final blocks");
            loop {
                let header = headers.next().await.expect("the node goes on").expect("a header is JSON");
                if height(&header) >= least {
                    return height(&header);
                }
            }
        };
        timeout(START_TIMEOUT, wait)
            .await
            .unwrap_or_else(|_| panic!("block {least} was not final in {START_TIMEOUT:?}"))
    }
}

/// Starts the process and reads its log up to the address of the RPC server.
///
/// The rest of the log is read too, so that the process never blocks.
async fn spawn(binary: &PathBuf, arguments: &[String], state: &TempDir) -> (Child, String) {
    let mut process = Command::new(binary)
        .args(arguments)
        .arg("--base-path")
        .arg(state.path())
        .args(["--rpc-port", "0", "--port", "0", "--no-prometheus", "--no-telemetry"])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{} did not start: {error}", binary.display()));
    let log = BufReader::new(process.stderr.take().expect("it was piped")).lines();
    let (sender, address) = oneshot::channel();
    tokio::spawn(drain(log, sender));
    let address = timeout(START_TIMEOUT, address)
        .await
        .unwrap_or_else(|_| panic!("the node did not open its RPC server in {START_TIMEOUT:?}"))
        .expect("the log is read until it ends")
        .unwrap_or_else(|last| panic!("the node ended before it opened its RPC server. It said:\n{last}"));
    (process, address)
}

async fn drain(mut log: Lines<BufReader<ChildStderr>>, address: oneshot::Sender<Result<String, String>>) {
    let mut address = Some(address);
    let mut last = VecDeque::new();
    while let Ok(Some(line)) = log.next_line().await {
        if let Some((_, listening)) = line.split_once(RPC_ADDRESS_MARK)
            && let Some(sender) = address.take()
        {
            let first = listening.split(',').next().unwrap_or(listening).trim().to_owned();
            // A failed test no longer waits for the address.
            let _ = sender.send(Ok(first));
        }
        last.push_back(line);
        if last.len() > LINES_KEPT {
            last.pop_front();
        }
    }
    if let Some(sender) = address.take() {
        let _ = sender.send(Err(last.make_contiguous().join("\n")));
    }
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
