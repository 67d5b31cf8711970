//! The state of a local network, as its nodes report it.

use crate::{LocalError, NetworkFolder, NodePhase, NodeRole, NodeState, rpc::NodeRpc};
use futures::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::timeout;

/// Longest wait for all answers of a node.
const RPC_TIMEOUT: Duration = Duration::from_secs(5);

/// Unit of the allocated size of a file, in bytes.
const BLOCK: u64 = 512;

/// The state of a network and its nodes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NetworkStatus {
    /// Folder of the network.
    pub directory: PathBuf,
    /// True if a supervisor runs.
    pub up: bool,
    /// Number of the supervisor's process.
    pub supervisor: Option<u32>,
    /// Nodes; without a supervisor, those that a killed one may have left behind.
    pub nodes: Vec<NodeStatus>,
}

/// The state of a node.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NodeStatus {
    /// State of the node, as its supervisor reports it.
    #[serde(flatten)]
    pub node: NodeState,
    /// Height of its best block; absent if it does not answer.
    pub height: Option<u64>,
    /// Height of its last final block.
    pub finalised: Option<u64>,
    /// Number of its peers.
    pub peers: Option<u64>,
    /// Name and version of the runtime at its best block.
    pub runtime: Option<String>,
    /// Resident memory of its process, in bytes; absent if the system does not report it.
    pub memory: Option<u64>,
    /// Disk usage, in bytes.
    pub disk: u64,
}

/// Reads the state of a network, and asks all nodes at the same time, each for at most 5 s.
///
/// # Errors
/// [`LocalError::Io`] if the lock or the state cannot be read. A node that does not answer is no error.
pub async fn status(directory: &NetworkFolder) -> Result<NetworkStatus, LocalError> {
    let supervisor = directory.supervisor()?;
    let nodes = directory.state()?.map(|state| state.nodes).unwrap_or_default();
    let nodes = join_all(nodes.into_iter().map(|node| ask(directory, node, supervisor.is_some()))).await;
    Ok(NetworkStatus { directory: directory.path().to_owned(), up: supervisor.is_some(), supervisor, nodes })
}

/// Returns the URLs of the RPC servers of a network's nodes.
///
/// `path` is the folder of the network, or `None` for the platform's place for data.
///
/// # Errors
/// [`LocalError::NoHome`] without a path and a home; [`LocalError::Io`] if the state cannot be read.
pub fn running_nodes(path: Option<&str>) -> Result<Vec<String>, LocalError> {
    let state = NetworkFolder::at(path)?.state()?;
    Ok(state.into_iter().flat_map(|state| state.nodes).filter_map(|node| node.rpc).collect())
}

async fn ask(directory: &NetworkFolder, node: NodeState, up: bool) -> NodeStatus {
    let mut status = NodeStatus {
        height: None,
        finalised: None,
        peers: None,
        runtime: None,
        memory: node.pid.filter(|_| up).and_then(memory),
        disk: disk(&directory.base(&node.name)),
        node,
    };
    if let Some(rpc) = status.node.rpc.clone().filter(|_| up && status.node.phase == NodePhase::Running) {
        // Answers that came in time are kept.
        let _ = timeout(RPC_TIMEOUT, answers(&rpc, &mut status)).await;
    }
    status
}

async fn answers(rpc: &str, status: &mut NodeStatus) -> Result<(), jsonrpsee::core::client::Error> {
    let rpc = NodeRpc::connect(rpc, RPC_TIMEOUT).await?;
    // In this order, so that the final height is never above the best one.
    status.finalised = Some(rpc.finalised().await?);
    status.height = Some(rpc.height().await?);
    status.peers = Some(rpc.peers().await?);
    status.runtime = Some(rpc.runtime().await?);
    Ok(())
}

/// Returns the resident memory of a process, in bytes.
fn memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Returns the disk usage of the files below a folder, in bytes.
///
/// A database allocates less than the lengths of its files. Files that appear or vanish during the call may be missed.
fn disk(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some(if metadata.is_dir() { disk(&entry.path()) } else { metadata.blocks() * BLOCK })
        })
        .sum()
}

impl NodeStatus {
    /// Returns the task of the node, in one word.
    pub const fn role(&self) -> &'static str {
        match self.node.role {
            NodeRole::Authority => "authority",
            NodeRole::Full => "full",
            NodeRole::Validator => "validator",
            NodeRole::Miner => "miner",
        }
    }
}
