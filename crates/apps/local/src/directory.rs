//! The folder of a local network and its files.

use crate::LocalError;
use myelin_files::{Access, FileFault, FolderLock, OnExisting, create_folder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::task::spawn_blocking;

/// Largest size of a file that is read, in bytes. The files have a few kilobytes.
const MAX_BYTES: u64 = 1 << 20;

/// A preset of the chain for one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LocalPreset {
    /// One block per second
    Local,
    /// Four blocks per second
    Test,
}

impl fmt::Display for LocalPreset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Local => "local",
            Self::Test => "test",
        })
    }
}

/// The settings of a local chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalChain {
    /// Preset that it was created with.
    pub preset: LocalPreset,
    /// Number of nodes that make and finalise its blocks.
    pub authorities: usize,
    /// Number of other nodes. It may change, and is stored as the default of the next start.
    pub full_nodes: usize,
}

/// The task of a node or a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeRole {
    /// A node that makes and finalises blocks.
    Authority,
    /// A node that checks blocks and serves RPC.
    Full,
    /// A neuron that rates miners.
    Validator,
    /// A neuron that answers validators.
    Miner,
}

impl NodeRole {
    /// Returns true for a node of the chain, and false for a neuron.
    pub const fn is_node(self) -> bool {
        matches!(self, Self::Authority | Self::Full)
    }
}

/// The state of a node or a neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodePhase {
    /// A running process that does not answer yet.
    Starting,
    /// A process that answers.
    Running,
    /// A process that died and will be restarted.
    Restarting,
    /// A process that died too often and is not restarted.
    GivenUp,
}

/// A node or a neuron, as its supervisor reports it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NodeState {
    /// Name of the node.
    pub name: String,
    /// Task of the node.
    pub role: NodeRole,
    /// State of the node.
    pub phase: NodePhase,
    /// Number of its process; absent if none runs.
    pub pid: Option<u32>,
    /// URL of its RPC server, `ws://…`.
    pub rpc: Option<String>,
    /// URL of its metrics, `http://…`.
    pub metrics: Option<String>,
    /// Number of restarts so far.
    pub restarts: u32,
    /// Description of the last end of its process.
    pub last_end: Option<String>,
}

/// The processes of a supervisor.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SupervisorState {
    /// Number of the supervisor's process.
    pub supervisor: u32,
    /// The nodes, then the neurons.
    pub nodes: Vec<NodeState>,
}

/// The folder of a local network.
#[derive(Clone, Debug)]
pub struct NetworkFolder(PathBuf);

/// The lock on a network's folder: the right to supervise it, or to clean up after a supervisor that was killed.
///
/// The system releases the lock when the process ends.
#[derive(Debug)]
pub struct NetworkLock(#[expect(dead_code, reason = "the lock ends when it is dropped")] FolderLock);

impl NetworkFolder {
    /// Returns the folder at this path, or at the platform's place for data.
    ///
    /// # Errors
    /// [`LocalError::NoHome`] without a path and a home; [`LocalError::Io`] if the path cannot be made absolute.
    pub fn at(path: Option<&str>) -> Result<Self, LocalError> {
        let place = || Some(directories::ProjectDirs::from("", "", "myelin")?.data_dir().join("network"));
        let path = path.map(PathBuf::from).or_else(place).ok_or(LocalError::NoHome)?;
        let whole = std::path::absolute(&path).map_err(LocalError::io("find", path))?;
        Ok(Self(whole))
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of the chain specification.
    pub(crate) fn specification(&self) -> PathBuf {
        self.0.join("chain.json")
    }

    fn chain_file(&self) -> PathBuf {
        self.0.join("network.json")
    }

    fn state_file(&self) -> PathBuf {
        self.0.join("running.json")
    }

    fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    fn nodes(&self) -> PathBuf {
        self.0.join("nodes")
    }

    /// Returns the log of a node, a neuron, or the supervisor in the background.
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    /// Returns the names of all processes with a log, in alphabetical order.
    pub fn logged(&self) -> Vec<String> {
        let entries = fs::read_dir(self.logs()).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".log")?.to_owned())).collect();
        names.sort_unstable();
        names
    }

    /// Returns the folder of the neurons' wallets.
    pub fn wallets(&self) -> PathBuf {
        self.0.join("wallets")
    }

    /// Returns the folder in which a node keeps its chain, and a neuron its state.
    ///
    /// The folder is among the arguments of the process, and distinguishes the process from all others.
    pub(crate) fn base(&self, name: &str) -> PathBuf {
        self.nodes().join(name)
    }

    /// Returns the settings of the chain, if there is one.
    ///
    /// # Errors
    /// [`LocalError::Io`] if the file cannot be read or parsed.
    pub fn chain(&self) -> Result<Option<LocalChain>, LocalError> {
        read(&self.chain_file())
    }

    /// Returns the processes that run, or ran when the supervisor was killed.
    ///
    /// # Errors
    /// [`LocalError::Io`] if the file cannot be read or parsed.
    pub fn state(&self) -> Result<Option<SupervisorState>, LocalError> {
        read(&self.state_file())
    }

    /// Writes the files of a new chain, the specification first.
    pub(crate) fn begin(&self, chain: LocalChain, specification: &[u8]) -> Result<(), LocalError> {
        write(&self.specification(), specification)?;
        self.write_chain(chain)
    }

    pub(crate) fn write_chain(&self, chain: LocalChain) -> Result<(), LocalError> {
        write_json(&self.chain_file(), &chain)
    }

    pub(crate) fn write_state(&self, state: &SupervisorState) -> Result<(), LocalError> {
        write_json(&self.state_file(), state)
    }

    pub(crate) fn clear_state(&self) -> Result<(), LocalError> {
        remove(&self.state_file())
    }

    /// Deletes the chain, its logs, its wallets and its state files. Other files in the folder stay.
    ///
    /// # Errors
    /// [`LocalError::Io`] if a file or folder cannot be deleted.
    pub fn delete(&self, _lock: &NetworkLock) -> Result<(), LocalError> {
        for path in [self.chain_file(), self.specification(), self.state_file()] {
            remove(&path)?;
        }
        for path in [self.nodes(), self.logs(), self.wallets()] {
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(LocalError::io("delete", path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes the lock, and waits up to `patience` for its holder.
    ///
    /// # Errors
    /// [`LocalError::Up`] after `patience`; [`LocalError::Io`] if the folder cannot be created or locked.
    pub async fn lock(&self, patience: Duration) -> Result<NetworkLock, LocalError> {
        let folder = self.0.clone();
        // The wait blocks a thread, and ends within `patience`.
        let taken = spawn_blocking(move || {
            create_folder(&folder, Access::Shared).map_err(|error| LocalError::io("make", &folder)(error.source))?;
            FolderLock::take(&folder, patience).map_err(|error| match error.source {
                FileFault::Locked { pid } => LocalError::Up { directory: folder, supervisor: pid.unwrap_or_default() },
                cause => LocalError::io("lock", error.path)(cause),
            })
        });
        let lock = taken.await.map_err(|error| LocalError::io("lock", &self.0)(io::Error::other(error)))?;
        lock.map(NetworkLock)
    }

    /// Returns the number of the process that holds the lock, if one does.
    ///
    /// # Errors
    /// [`LocalError::Io`] if the lock file cannot be read.
    pub fn supervisor(&self) -> Result<Option<u32>, LocalError> {
        FolderLock::holder(&self.0).map_err(|error| LocalError::io(error.doing, error.path)(error.source))
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, LocalError> {
    let failed = LocalError::io("read", path);
    match myelin_files::read(path, Access::Shared, MAX_BYTES) {
        Ok(None) => Ok(None),
        Ok(Some(content)) => {
            serde_json::from_slice(&content).map(Some).map_err(|error| failed(io::Error::from(error).into()))
        }
        Err(error) => Err(failed(error.source)),
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), LocalError> {
    let written = myelin_files::write(path, content, Access::Shared, OnExisting::Replace);
    written.map_err(|error| LocalError::io("write", path)(error.source))
}

fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), LocalError> {
    let content = serde_json::to_vec_pretty(value);
    write(path, &content.map_err(|error| LocalError::io("write", path)(io::Error::from(error)))?)
}

fn remove(path: &Path) -> Result<(), LocalError> {
    myelin_files::remove(path).map_err(|error| LocalError::io("delete", path)(error.source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, NetworkFolder) {
        let folder = tempfile::tempdir().unwrap();
        let directory = NetworkFolder(folder.path().join("network"));
        (folder, directory)
    }

    #[tokio::test]
    async fn one_supervises_at_a_time() {
        let (_folder, directory) = directory();
        assert_eq!(directory.supervisor().unwrap(), None);
        let lock = directory.lock(Duration::from_secs(10)).await.unwrap();
        assert_eq!(directory.supervisor().unwrap(), Some(std::process::id()));
        let error = directory.lock(Duration::from_millis(10)).await.unwrap_err();
        assert!(matches!(error, LocalError::Up { supervisor, .. } if supervisor == std::process::id()));
        drop(lock);
        // The waiter that gave up may hold the lock briefly before it releases it.
        directory.lock(Duration::from_secs(10)).await.unwrap();
    }

    #[tokio::test]
    async fn deleting_leaves_what_is_not_ours() {
        let (_folder, directory) = directory();
        let lock = directory.lock(Duration::from_secs(10)).await.unwrap();
        let chain = LocalChain { preset: LocalPreset::Test, authorities: 2, full_nodes: 1 };
        directory.begin(chain, b"{}").unwrap();
        assert_eq!(directory.chain().unwrap(), Some(chain));
        fs::create_dir_all(directory.base("alice")).unwrap();
        let other = directory.path().join("mine.txt");
        fs::write(&other, "mine").unwrap();
        directory.delete(&lock).unwrap();
        assert!(other.exists() && !directory.nodes().exists() && !directory.specification().exists());
        assert_eq!(directory.chain().unwrap(), None);
        directory.delete(&lock).unwrap();
    }

    mod formats {
        use super::*;
        use crate::fixture;
        use serde_json::{Value, json};

        #[test]
        fn supervisor_state_1() {
            let (_folder, directory) = directory();
            fs::create_dir_all(directory.path()).unwrap();
            for (name, path) in [("network.json", directory.chain_file()), ("running.json", directory.state_file())] {
                fs::write(path, fixture::read(&format!("supervisor-state/1/{name}"))).unwrap();
            }
            let (chain, state) = (directory.chain().unwrap().unwrap(), directory.state().unwrap().unwrap());
            let nodes = state.nodes.iter().map(|node| {
                let said = json!({
                    "name": node.name,
                    "role": node.role,
                    "phase": node.phase,
                    "pid": node.pid,
                    "rpc": node.rpc,
                    "restarts": node.restarts,
                    "last_end": node.last_end,
                });
                // What is not known is left out.
                let known = said.as_object().unwrap().iter().filter(|(_, value)| !value.is_null());
                known.map(|(name, value)| (name.clone(), value.clone())).collect::<Value>()
            });
            let said = json!({
                "network": {
                    "preset": chain.preset,
                    "authorities": chain.authorities,
                    "full_nodes": chain.full_nodes,
                },
                "running": { "supervisor_pid": state.supervisor, "nodes": nodes.collect::<Vec<_>>() },
            });
            let meaning: Value = serde_json::from_slice(&fixture::read("supervisor-state/1/meaning.json")).unwrap();
            assert_eq!(said, meaning);
            directory.write_chain(chain).unwrap();
            directory.write_state(&state).unwrap();
            for (name, path) in [("network.json", directory.chain_file()), ("running.json", directory.state_file())] {
                fixture::assert_written(&format!("supervisor-state/1/{name}"), &fs::read(path).unwrap());
            }
        }
    }
}
