//! A local network: nodes, optional neurons, and a supervisor that restarts them.
//!
//! ```
//! use myelin_local::{LocalChain, LocalPreset, NetworkFolder, status};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().to_str();
//! let network = NetworkFolder::at(path)?;
//! assert_eq!(network.chain()?, None, "no chain begins before `supervise`");
//! assert!(!status(&network).await?.up);
//! # Ok(())
//! # }
//! ```
//!
//! | Question | Answer |
//! |---|---|
//! | Where are chain, logs, keys and process numbers? | [`NetworkFolder`] |
//! | How is a network started? | [`supervise`] with a [`NetworkPlan`], shown by a [`NetworkDisplay`] |
//! | Which events does a network report? | [`NetworkEvent`] |
//! | How is its state read, and how is it ended? | [`status()`], [`down`] |
//! | Which neurons run on it, and with which arguments? | [`neurons`] |
//! | What can fail? | [`LocalError`] |
//!
//! The supervisor holds a lock on the folder for as long as it runs. The system releases the lock when the process
//! ends, so a process that can take the lock knows that no supervisor runs. The supervisor writes down what runs before
//! it reports it.
//!
//! No node is left behind. The supervisor ends its nodes when it ends. On Linux the system ends them when the
//! supervisor is killed ([`become_node`]). The next process that takes the lock ends those that still run
//! (`leftovers.rs`).
//!
//! Nodes choose their ports themselves, because no other program can take a port between the choice and its use. The
//! supervisor reads the ports from the logs. Only the RPC port is proposed, so that it stays the same from one start to
//! the next; a node whose port is taken chooses another.
//!
//! Not here: tables, flags and questions. All keys that sign here are made for this machine only.

#![forbid(unsafe_code)]

mod authority;
mod directory;
mod error;
#[cfg(test)]
#[path = "../../../../vectors/formats/fixture.rs"]
mod fixture;
mod leftovers;
pub mod neurons;
mod process;
mod rpc;
mod status;
mod supervisor;

pub use authority::MAX_AUTHORITIES;
pub use directory::{
    LocalChain, LocalPreset, NetworkFolder, NetworkLock, NodePhase, NodeRole, NodeState, SupervisorState,
};
pub use error::LocalError;
pub use leftovers::{EndedProcess, down};
pub use process::{become_node, child_command, end};
pub use status::{NetworkStatus, NodeStatus, running_nodes, status};
pub use supervisor::{NetworkDisplay, NetworkEvent, NetworkPlan, NeuronLaunch, Sequel, SupervisorOrder, supervise};
