//! Errors of audits.

use myelin_client::{BlockNumber, NetUid};
use myelin_diagnostic::{Diagnostic, Hints};

/// An epoch that cannot be audited.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// A read from the chain failed.
    #[error(transparent)]
    Chain(#[from] myelin_client::ChainError),
    /// There is no such network.
    #[error("network {netuid} does not exist in block {block}")]
    NoNetwork {
        /// The network.
        netuid: NetUid,
        /// The block that was read.
        block: u64,
    },
    /// The subnet has had no epoch.
    #[error("subnet {0} has had no epoch yet")]
    NoEpochYet(NetUid),
    /// The block ran no epoch of the subnet.
    #[error("block {block} ran no epoch of subnet {netuid}")]
    NoEpoch {
        /// The subnet.
        netuid: NetUid,
        /// The block.
        block: BlockNumber,
    },
    /// The epoch failed, and nothing was paid.
    #[error("the epoch of subnet {netuid} in block {block} failed; what had accrued stays pending")]
    Failed {
        /// The subnet.
        netuid: NetUid,
        /// The block.
        block: BlockNumber,
    },
    /// Governance changed the chain in the block, before its epochs.
    #[error("calls of governance ran in block {0} before its epochs, so the input of the epochs is unknown")]
    Scheduled(BlockNumber),
    /// No neuron has this seat or hotkey.
    #[error("subnet {netuid} has no neuron {who} in block {block}")]
    NoNeuron {
        /// The subnet.
        netuid: NetUid,
        /// The uid or the hotkey.
        who: String,
        /// The block that was read.
        block: u64,
    },
    /// Stored records contradict each other.
    #[error("the state of block {block} contradicts itself: {what}")]
    Contradiction {
        /// The block.
        block: u64,
        /// The contradiction.
        what: String,
    },
}

impl ExplainError {
    pub(crate) fn contradiction(block: u64, what: impl Into<String>) -> Self {
        Self::Contradiction { block, what: what.into() }
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
            Self::NoNetwork { .. } => out.push("list the networks"),
            Self::NoEpochYet(_) => out.push("wait for the first epoch"),
            Self::NoEpoch { .. } => out.push("give the block of an epoch, or no block for the last epoch"),
            Self::Failed { .. } | Self::Scheduled(_) => out.push("choose another epoch"),
            Self::NoNeuron { .. } => out.push("look up the neuron in the metagraph"),
            Self::Contradiction { .. } => out.push("use another node, and report this error"),
        }
    }
}
