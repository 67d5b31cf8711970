//! A network on this machine: several nodes, neurons if wanted, and a supervisor that looks after them.
//!
//! Everything is in one [`NetworkFolder`]. The supervisor holds a lock on it for as long as it lives, which the system
//! lets go of whatever ends it; so whoever can take the lock knows that nobody supervises. It writes down what runs
//! before it says so.
//!
//! No node is left behind. The supervisor ends its nodes when it ends; on Linux the system ends them when it is killed
//! ([`become_node`]); and whoever takes the lock next ends those that are still there (`leftovers.rs`).
//!
//! Ports are chosen by the nodes themselves, which is the one way that cannot be beaten to them, and read from what
//! they say. Only the RPC port is asked for, so that it stays the same from one start to the next; a node whose port is
//! taken chooses another.

mod authority;
mod directory;
mod leftovers;
pub mod neurons;
mod node;
mod rpc;
mod status;
mod supervisor;

pub use authority::MAX_AUTHORITIES;
pub use directory::{LocalChain, LocalPreset, NetworkFolder, NodePhase, NodeRole, NodeState, SupervisorState};
pub use leftovers::{EndedProcess, down};
pub use node::become_node;
pub(crate) use node::end;
pub use status::{NetworkStatus, NodeStatus, status};
pub use supervisor::{NetworkEvent, NetworkPlan, NeuronLaunch, Sequel, SupervisorOrder, supervise};

use myelin_primitives::{BlockNumber, NetUid};
use std::{borrow::Cow, io, path::PathBuf};

/// Why the local network does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// There is no home folder, so no folder for data.
    #[error("there is no home folder to keep the network in")]
    NoHome,
    /// The node program was not found.
    #[error("the node program `myelin-node` was not found")]
    NoNodeProgram,
    /// Somebody supervises already.
    #[error("the network in {} is up already (supervisor {supervisor})", .directory.display())]
    Up {
        /// Where.
        directory: PathBuf,
        /// The process.
        supervisor: u32,
    },
    /// What is in the directory is another network.
    #[error("the chain in {} has the preset `{preset}` and {authorities} authorities", .directory.display())]
    Different {
        /// Where.
        directory: PathBuf,
        /// The preset it began with.
        preset: LocalPreset,
        /// The authorities it began with.
        authorities: usize,
    },
    /// The node program would not make a specification.
    #[error("the node program made no chain: {said}")]
    NoChain {
        /// What it said.
        said: String,
    },
    /// The nodes started, but did not get going.
    #[error("{waiting} did not finalise a block in {seconds} s")]
    NotReady {
        /// Which nodes.
        waiting: String,
        /// How long they were waited for.
        seconds: u64,
        /// A log to look at.
        log: PathBuf,
    },
    /// Every node died again and again.
    #[error("no node stays alive; the last one: {how}")]
    AllGivenUp {
        /// How it ended.
        how: String,
        /// Its log.
        log: PathBuf,
    },
    /// A process cannot be ended.
    #[error("process {pid} does not end, even when killed")]
    Immortal {
        /// Which.
        pid: u32,
    },
    /// The supervisor in the background ended at once.
    #[error("the network did not come up: {said}")]
    Background {
        /// What it said.
        said: String,
        /// Its log.
        log: PathBuf,
    },
    /// An epoch paid something else than the rules say.
    #[error("the epoch of subnet {netuid} in block {block} is off by {rao} rao from what the rules say")]
    Unfair {
        /// The subnet.
        netuid: NetUid,
        /// The block of the epoch.
        block: BlockNumber,
        /// All differences added up.
        rao: u64,
    },
    /// There is no such node.
    #[error("there is no node `{name}`; there are {known}")]
    NoSuchNode {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A file or a process.
    #[error("could not {doing} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl NetworkError {
    pub(crate) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    /// A name of the cause that does not change.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoHome | Self::Io { .. } => "io",
            Self::NoNodeProgram | Self::NoChain { .. } => "no-node-program",
            Self::Up { .. } => "network-up",
            Self::Different { .. } => "network-different",
            Self::NotReady { .. } | Self::AllGivenUp { .. } | Self::Background { .. } => "network-failed",
            Self::Immortal { .. } => "process",
            Self::Unfair { .. } => "unfair",
            Self::NoSuchNode { .. } => "no-node",
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::NoHome => "set `HOME`, or say where with `--directory`".into(),
            Self::NoNodeProgram => {
                "build it with `cargo build -p myelin-node`, or say where it is with `--node PATH` or `MYELIN_NODE`".into()
            }
            Self::Up { .. } => "see it with `myelin network status`, end it with `myelin network down`".into(),
            Self::Different { .. } => {
                "leave `--preset` and `--authorities` away to go on with it, delete it with `myelin network reset`, or take \
                 another `--directory`"
                    .into()
            }
            Self::NoChain { .. } => "is it a `myelin-node` of this version? Say which with `--node PATH`".into(),
            Self::NotReady { log, .. } | Self::AllGivenUp { log, .. } | Self::Background { log, .. } => {
                format!("its log says more: {}", log.display()).into()
            }
            Self::Immortal { pid } => format!("it may belong to another user; look with `ps -fp {pid}`").into(),
            Self::Unfair { netuid, block, .. } => {
                format!("see each term with `myelin explain emission --netuid {netuid} --epoch {block}` when it is up again").into()
            }
            Self::NoSuchNode { .. } => "`myelin network status` shows them".into(),
            Self::Io { .. } => "look at the path, and whether you may use it".into(),
        }
    }
}
