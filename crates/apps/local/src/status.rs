//! The state of a local network, asked from its nodes.

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

/// The longest time that a node may take for all its answers.
const RPC_TIMEOUT: Duration = Duration::from_secs(5);

/// The unit in which a file says how much room it takes, in bytes.
const BLOCK: u64 = 512;

/// A network and its nodes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NetworkStatus {
    /// Its folder.
    pub directory: PathBuf,
    /// True if a supervisor runs.
    pub up: bool,
    /// The process that does.
    pub supervisor: Option<u32>,
    /// The nodes. Without a supervisor, those that a killed one may have left.
    pub nodes: Vec<NodeStatus>,
}

/// A node.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NodeStatus {
    /// The knowledge of its supervisor.
    #[serde(flatten)]
    pub node: NodeState,
    /// The height of its best block; nothing if it does not answer.
    pub height: Option<u64>,
    /// The height of its last final block.
    pub finalised: Option<u64>,
    /// The number of its peers.
    pub peers: Option<u64>,
    /// The runtime that its best block runs.
    pub runtime: Option<String>,
    /// Its memory in bytes, where the system tells.
    pub memory: Option<u64>,
    /// The room that it takes on the disk, in bytes.
    pub disk: u64,
}

/// Asks every node at the same time, none for longer than a few seconds.
///
/// # Errors
/// [`LocalError::Io`] from the system. A node that does not answer is no error.
pub async fn status(directory: &NetworkFolder) -> Result<NetworkStatus, LocalError> {
    let supervisor = directory.supervisor()?;
    let nodes = directory.state()?.map(|state| state.nodes).unwrap_or_default();
    let nodes = join_all(nodes.into_iter().map(|node| ask(directory, node, supervisor.is_some()))).await;
    Ok(NetworkStatus { directory: directory.path().to_owned(), up: supervisor.is_some(), supervisor, nodes })
}

/// Returns the URLs at which the nodes of a network answer programs.
///
/// `path` is its folder, or `None` for the platform's.
///
/// # Errors
/// [`LocalError::NoHome`] without a path and a home; [`LocalError::Io`] from the system.
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
        // What was answered in time is shown.
        let _ = timeout(RPC_TIMEOUT, answers(&rpc, &mut status)).await;
    }
    status
}

async fn answers(rpc: &str, status: &mut NodeStatus) -> Result<(), jsonrpsee::core::client::Error> {
    let rpc = NodeRpc::connect(rpc, RPC_TIMEOUT).await?;
    // In this order, so that a block is not final before it is there.
    status.finalised = Some(rpc.finalised().await?);
    status.height = Some(rpc.height().await?);
    status.peers = Some(rpc.peers().await?);
    status.runtime = Some(rpc.runtime().await?);
    Ok(())
}

/// Returns the memory of a process, in bytes.
fn memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Returns the room that the files below a folder take, in bytes.
///
/// A database takes less than the lengths of its files. Files come and go meanwhile, and count as they are seen.
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
    /// Returns its task, in a word.
    pub const fn role(&self) -> &'static str {
        match self.node.role {
            NodeRole::Authority => "authority",
            NodeRole::Full => "full",
            NodeRole::Validator => "validator",
            NodeRole::Miner => "miner",
        }
    }
}
