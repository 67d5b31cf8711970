//! Where a local network lies, and what is written down there.

use super::NetworkError;
use crate::files::write_whole;
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// A beginning of a chain that is good for one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LocalPreset {
    /// A block a second
    Local,
    /// Four blocks a second
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

/// What a chain was begun with, and is run by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalChain {
    /// How it began.
    pub preset: LocalPreset,
    /// How many make and finalise its blocks.
    pub authorities: usize,
    /// How many nodes there are besides. This may change, and is kept so that it need not be said again.
    pub full_nodes: usize,
}

/// What a node is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeRole {
    /// Makes and finalises blocks.
    Authority,
    /// Checks them and answers.
    Full,
    /// A neuron that rates others.
    Validator,
    /// A neuron that is rated.
    Miner,
}

impl NodeRole {
    /// Whether it is a node of the chain, and no neuron.
    pub const fn is_node(self) -> bool {
        matches!(self, Self::Authority | Self::Full)
    }
}

/// How far a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodePhase {
    /// The process runs, and does not answer yet.
    Starting,
    /// It answers.
    Running,
    /// It died and will be started again.
    Restarting,
    /// It died too often.
    GivenUp,
}

/// A node or a neuron, as its supervisor sees it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NodeState {
    /// What it is called.
    pub name: String,
    /// What it is there for.
    pub role: NodeRole,
    /// How far it is.
    pub phase: NodePhase,
    /// Its process.
    pub pid: Option<u32>,
    /// Where it answers, `ws://…`.
    pub rpc: Option<String>,
    /// Where its metrics are, `http://…`.
    pub metrics: Option<String>,
    /// How often it was started again.
    pub restarts: u32,
    /// How it last ended.
    pub last_end: Option<String>,
}

/// What a supervisor looks after.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SupervisorState {
    /// The supervisor's process.
    pub supervisor: u32,
    /// The nodes, then the neurons.
    pub nodes: Vec<NodeState>,
}

/// The folder of a local network.
#[derive(Clone, Debug)]
pub struct NetworkFolder(PathBuf);

/// The right to supervise a network, or to clear up after somebody who did. Ends with the process, whatever ends that.
#[derive(Debug)]
pub struct NetworkLock(#[expect(dead_code, reason = "the lock is on the open file")] File);

impl NetworkFolder {
    /// The one at this path, or at the platform's place for data.
    ///
    /// # Errors
    /// [`NetworkError::NoHome`]; a path that means nothing.
    pub fn at(path: Option<&str>) -> Result<Self, NetworkError> {
        let place = || Some(directories::ProjectDirs::from("", "", "myelin")?.data_dir().join("network"));
        let path = path.map(PathBuf::from).or_else(place).ok_or(NetworkError::NoHome)?;
        let whole = std::path::absolute(&path).map_err(NetworkError::io("find", path))?;
        Ok(Self(whole))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The specification of the chain.
    pub(super) fn specification(&self) -> PathBuf {
        self.0.join("chain.json")
    }

    fn chain_file(&self) -> PathBuf {
        self.0.join("network.json")
    }

    fn state_file(&self) -> PathBuf {
        self.0.join("running.json")
    }

    fn lock_file(&self) -> PathBuf {
        self.0.join("lock")
    }

    fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    fn nodes(&self) -> PathBuf {
        self.0.join("nodes")
    }

    /// What a node, or the supervisor in the background, has to say.
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    /// The names of all that have a log, in order.
    pub fn logged(&self) -> Vec<String> {
        let entries = fs::read_dir(self.logs()).into_iter().flatten().flatten();
        let mut names: Vec<_> =
            entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".log")?.to_owned())).collect();
        names.sort_unstable();
        names
    }

    /// The keys of the neurons.
    pub fn wallets(&self) -> PathBuf {
        self.0.join("wallets")
    }

    /// Where a node keeps its chain, and a neuron what it remembers. It is among the arguments of the process, and tells
    /// it from all others.
    pub(super) fn base(&self, name: &str) -> PathBuf {
        self.nodes().join(name)
    }

    /// What the chain here began with, if there is one.
    ///
    /// # Errors
    /// What the system says.
    pub fn chain(&self) -> Result<Option<LocalChain>, NetworkError> {
        read(&self.chain_file())
    }

    /// What runs here, or ran when the supervisor was killed.
    ///
    /// # Errors
    /// What the system says.
    pub fn state(&self) -> Result<Option<SupervisorState>, NetworkError> {
        read(&self.state_file())
    }

    /// Writes the chain down, the specification first.
    pub(super) fn begin(&self, chain: LocalChain, specification: &[u8]) -> Result<(), NetworkError> {
        let path = self.specification();
        write_whole(&path, specification).map_err(NetworkError::io("write", path))?;
        self.write_chain(chain)
    }

    pub(super) fn write_chain(&self, chain: LocalChain) -> Result<(), NetworkError> {
        write(&self.chain_file(), &chain)
    }

    pub(super) fn write_state(&self, state: &SupervisorState) -> Result<(), NetworkError> {
        write(&self.state_file(), state)
    }

    pub(super) fn clear_state(&self) -> Result<(), NetworkError> {
        remove(&self.state_file())
    }

    /// Deletes the chain, its logs, the keys made for it and what is known of it, and nothing else that may lie here.
    ///
    /// # Errors
    /// What the system says.
    pub fn delete(&self, _lock: &NetworkLock) -> Result<(), NetworkError> {
        for path in [self.chain_file(), self.specification(), self.state_file()] {
            remove(&path)?;
        }
        for path in [self.nodes(), self.logs(), self.wallets()] {
            match fs::remove_dir_all(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(NetworkError::io("delete", path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes the lock. The one who has it may need a moment to let go of it, and is waited for no longer than
    /// `patience`.
    ///
    /// # Errors
    /// [`NetworkError::Up`]; what the system says.
    pub async fn lock(&self, patience: Duration) -> Result<NetworkLock, NetworkError> {
        fs::create_dir_all(&self.0).map_err(NetworkError::io("make", &self.0))?;
        let path = self.lock_file();
        let failed = || NetworkError::io("lock", &path);
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(failed())?;
        let (sender, locked) = oneshot::channel();
        // A thread of its own, which nobody waits for: one of the runtime's would keep the program from ending.
        std::thread::spawn(move || {
            let locked = file.lock().map(|()| file);
            // Whoever gave up waiting lets go of it here.
            let _ = sender.send(locked);
        });
        let Ok(Ok(locked)) = timeout(patience, locked).await else { return Err(self.up()) };
        let mut file = locked.map_err(failed())?;
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed())?;
        Ok(NetworkLock(file))
    }

    /// The process that has the lock, if one does.
    ///
    /// # Errors
    /// What the system says.
    pub fn supervisor(&self) -> Result<Option<u32>, NetworkError> {
        let path = self.lock_file();
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(NetworkError::io("read", path)(error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(NetworkError::io("read", path))?;
                Ok(text.parse().ok())
            }
            Err(TryLockError::Error(error)) => Err(NetworkError::io("lock", path)(error)),
        }
    }

    fn up(&self) -> NetworkError {
        let supervisor = self.supervisor().ok().flatten().unwrap_or_default();
        NetworkError::Up { directory: self.0.clone(), supervisor }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, NetworkError> {
    match fs::read(path) {
        Ok(content) => {
            serde_json::from_slice(&content).map(Some).map_err(|error| NetworkError::io("read", path)(error.into()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(NetworkError::io("read", path)(error)),
    }
}

fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), NetworkError> {
    let failed = NetworkError::io("write", path);
    match serde_json::to_vec_pretty(value) {
        Ok(content) => write_whole(path, &content).map_err(failed),
        Err(error) => Err(failed(error.into())),
    }
}

fn remove(path: &Path) -> Result<(), NetworkError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(NetworkError::io("delete", path)(error)),
        _ => Ok(()),
    }
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
        assert!(matches!(error, NetworkError::Up { supervisor, .. } if supervisor == std::process::id()));
        drop(lock);
        // The one that gave up may hold it for a moment, and lets go of it.
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
}
