//! Why there is no audit.

use myelin_client::{BlockNumber, NetUid, PublicKey};
use myelin_diagnostic::{Diagnostic, Hints};

/// Why an epoch cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The chain does not say.
    #[error(transparent)]
    Chain(#[from] myelin_client::ChainError),
    /// There is no such network.
    #[error("network {netuid} does not exist in block {block}")]
    NoNetwork {
        /// Which one.
        netuid: NetUid,
        /// The block that was looked at.
        block: u64,
    },
    /// The subnet has had no epoch.
    #[error("subnet {0} has had no epoch yet")]
    NoEpochYet(NetUid),
    /// The block ran no epoch of the subnet.
    #[error("block {block} ran no epoch of subnet {netuid}")]
    NoEpoch {
        /// Which subnet.
        netuid: NetUid,
        /// Which block.
        block: BlockNumber,
    },
    /// The epoch failed, and nothing was paid.
    #[error("the epoch of subnet {netuid} in block {block} failed; what had accrued stays pending")]
    Failed {
        /// Which subnet.
        netuid: NetUid,
        /// Which block.
        block: BlockNumber,
    },
    /// Governance changed the chain in the block, before the epoch.
    #[error("calls of governance ran in block {0} before its epochs, so what those started from cannot be seen")]
    Scheduled(BlockNumber),
    /// No neuron holds the seat, or has the key.
    #[error("subnet {netuid} has no neuron {who} in block {block}")]
    NoNeuron {
        /// Which subnet.
        netuid: NetUid,
        /// The uid or the hotkey.
        who: String,
        /// The block that was looked at.
        block: u64,
    },
    /// What is stored does not fit together.
    #[error("the state of block {block} contradicts itself: {what}")]
    Contradiction {
        /// The block.
        block: u64,
        /// What does not fit.
        what: String,
    },
}

impl ExplainError {
    pub(crate) fn contradiction(block: u64, what: impl Into<String>) -> Self {
        Self::Contradiction { block, what: what.into() }
    }

    pub(crate) fn no_record(block: u64, hotkey: &PublicKey) -> Self {
        Self::contradiction(block, format!("hotkey {hotkey} has a seat and no record"))
    }
}

impl Diagnostic for ExplainError {
    fn code(&self) -> &'static str {
        match self {
            Self::Chain(error) => error.code(),
            Self::NoNetwork { .. } | Self::NoEpochYet(_) | Self::NoEpoch { .. } | Self::NoNeuron { .. } => "not-found",
            Self::Failed { .. } | Self::Scheduled(_) => "impossible",
            Self::Contradiction { .. } => "node",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Chain(error) => error.hints(out),
            Self::NoNetwork { .. } => out.push("list the networks there are"),
            Self::NoEpochYet(_) => out.push("wait for the first epoch"),
            Self::NoEpoch { .. } => out.push("name the block of an epoch, or none for the last"),
            Self::Failed { .. } | Self::Scheduled(_) => out.push("look at another epoch"),
            Self::NoNeuron { .. } => out.push("look into the metagraph"),
            Self::Contradiction { .. } => out.push("ask another node, and report this"),
        }
    }
}
