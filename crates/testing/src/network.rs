//! Several nodes of one chain.

use crate::TestNode;
use futures::future::join_all;
use serde_json::Value;
use sp_core::{Pair, crypto::Ss58Codec, ed25519, sr25519};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;
use tokio::process::Command;

/// Several nodes on loopback, each with the keys of one development name. Dropping the network ends all of them.
#[derive(Debug)]
pub struct TestNetwork {
    binary: PathBuf,
    folder: TempDir,
    nodes: Vec<(String, TestNode)>,
}

impl TestNetwork {
    /// Starts one node for each of these authorities, on a chain of a preset with a patched genesis.
    ///
    /// The chain begins as `preset` does, with `patch` merged into its genesis. The names are those of development
    /// keys, `Alice` to `Ferdie`.
    pub async fn start(binary: impl Into<PathBuf>, preset: &str, authorities: &[&str], patch: &Value) -> Self {
        let (first, others) = authorities.split_first().expect("a network has an authority");
        let mut network = Self::prepare(binary, preset, authorities, patch).await;
        network.join(first).await;
        let others = others.iter().map(|name| async { ((*name).to_owned(), network.node_of(name).await) });
        let others = join_all(others).await;
        network.nodes.extend(others);
        network
    }

    /// Makes a chain like that of [`Self::start`], which has no node yet.
    pub async fn prepare(binary: impl Into<PathBuf>, preset: &str, authorities: &[&str], patch: &Value) -> Self {
        let binary = binary.into();
        let folder = TempDir::new().expect("a temporary folder can be made");
        let specification = specification(&binary, preset, authorities, patch).await;
        let readable = folder.path().join("readable.json");
        fs::write(&readable, specification.to_string()).expect("a temporary file can be written");
        // With a raw specification no node must compile the runtime to find the first state.
        let raw = export(&binary, &["--raw", "--chain", &readable.display().to_string()]).await;
        fs::write(chain_file(&folder), raw).expect("a temporary file can be written");
        Self { binary, folder, nodes: Vec::new() }
    }

    /// Starts one more node with the keys of this name, which connects to all nodes of before.
    pub async fn join(&mut self, name: &str) {
        let node = self.node_of(name).await;
        self.nodes.push((name.to_owned(), node));
    }

    /// Starts one more node with the keys of this name, which connects to no other.
    pub async fn join_apart(&mut self, name: &str) {
        let key = format!("--{}", name.to_lowercase());
        let node = self.node_with(&[&key, "--state-pruning", "archive"]).await;
        self.nodes.push((name.to_owned(), node));
    }

    /// Starts one more node without keys and with these options, which connects to all nodes of before.
    pub async fn join_as_full_node(&mut self, name: &str, options: &[&str]) {
        let bootnodes = self.bootnodes().await;
        let options: Vec<&str> = options.iter().copied().chain(bootnodes.iter().map(String::as_str)).collect();
        let node = self.node_with(&options).await;
        self.nodes.push((name.to_owned(), node));
    }

    /// Returns the node of this name.
    pub fn node(&self, name: &str) -> &TestNode {
        let found = self.nodes.iter().find(|(owner, _)| owner == name);
        found.map_or_else(|| panic!("{name} runs no node"), |(_, node)| node)
    }

    /// Returns the node of this name, to be killed and restarted.
    pub fn node_mut(&mut self, name: &str) -> &mut TestNode {
        let found = self.nodes.iter_mut().find(|(owner, _)| owner == name);
        found.map_or_else(|| panic!("{name} runs no node"), |(_, node)| node)
    }

    /// Returns all nodes, in the order in which they were started.
    pub fn nodes(&self) -> impl Iterator<Item = &TestNode> {
        self.nodes.iter().map(|(_, node)| node)
    }

    async fn node_of(&self, name: &str) -> TestNode {
        let (key, bootnodes) = (format!("--{}", name.to_lowercase()), self.bootnodes().await);
        let options = [key.as_str(), "--state-pruning", "archive"].into_iter();
        self.node_with(&options.chain(bootnodes.iter().map(String::as_str)).collect::<Vec<_>>()).await
    }

    /// Starts a node of this chain with these options.
    async fn node_with(&self, options: &[&str]) -> TestNode {
        let chain = chain_file(&self.folder).display().to_string();
        let arguments: Vec<_> = ["--chain", &chain].iter().chain(options).copied().collect();
        TestNode::start(&self.binary, &arguments).await
    }

    /// Returns the options with which a node connects to all nodes of now.
    async fn bootnodes(&self) -> Vec<String> {
        let mut options = Vec::new();
        for (_, node) in &self.nodes {
            options.extend(["--bootnodes".to_owned(), node.peer_address().await]);
        }
        options
    }
}

fn chain_file(folder: &TempDir) -> PathBuf {
    folder.path().join("chain.json")
}

/// Returns the specification of a preset with these authorities and this patch of its genesis.
async fn specification(binary: &Path, preset: &str, authorities: &[&str], patch: &Value) -> Value {
    let authorities: Vec<_> = authorities.iter().map(|name| session_addresses(name)).collect();
    let authorities = authorities.iter().flat_map(|addresses| ["--authority", addresses]);
    let exported = export(binary, &["--chain", preset].into_iter().chain(authorities).collect::<Vec<_>>()).await;
    let mut specification: Value = serde_json::from_slice(&exported).expect("a specification is JSON");
    // The nodes of a live chain expect keys and addresses that outlive them.
    specification["chainType"] = "Local".into();
    merge(&mut specification["genesis"]["runtimeGenesis"]["patch"], patch);
    specification
}

/// Returns the specification that the node exports.
async fn export(binary: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(binary).arg("export-chain-spec").args(arguments).output().await.expect("the node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Returns the keys with which a name makes and finalises blocks, as addresses.
fn session_addresses(name: &str) -> String {
    let secret = format!("//{name}");
    let aura = sr25519::Pair::from_string(&secret, None).expect("a name can be derived from");
    let grandpa = ed25519::Pair::from_string(&secret, None).expect("a name can be derived from");
    format!("{},{}", aura.public().to_ss58check(), grandpa.public().to_ss58check())
}

/// Merges `patch` into `target`, object by object.
fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(target.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}
