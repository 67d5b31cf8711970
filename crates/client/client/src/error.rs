//! Errors of requests to the chain.

use crate::node_urls::NodeUrlError;
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::NetUid;
use std::{fmt, time::Duration};
use subxt::{
    error::{
        BackendError, EventsError, ExtrinsicError, OnlineClientAtBlockError, OnlineClientError, RpcError,
        RuntimeApiError, StorageError,
    },
    rpcs::{Error as RpcsError, UserError},
};

/// A request to the chain that has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The URL of a node is not usable.
    #[error(transparent)]
    Endpoint(#[from] NodeUrlError),
    /// No node answers.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The nodes answer, but none finalises a new block.
    #[error("no node finalised a new block within {0:?}")]
    Silent(Duration),
    /// The node refused the request, with a reason.
    #[error("the node answers: {message} ({code})")]
    Node {
        /// The number of the kind of refusal.
        code: i32,
        /// The reason.
        message: String,
    },
    /// Every node that answers lags behind the chain.
    #[error(transparent)]
    Behind(#[from] LaggingNode),
    /// A node gave transactions that are not those of their block. It is not used again.
    #[error(transparent)]
    Untrue(#[from] UntrueNode),
    /// There is no such block, or the node has discarded it.
    #[error("the node has no block {0}")]
    NoBlock(String),
    /// The node has discarded the state of the block, which is old.
    #[error("the node has discarded the state of block {0}")]
    StateDiscarded(String),
    /// The chain cannot decode the parameters that all networks share, so its epochs and most of its calls wait.
    #[error("the chain cannot read the parameters of all networks in block {0}")]
    NoParameters(u64),
    /// A page of a paged answer does not advance, so reading on would never end.
    #[error("the node gives the same page of {0} again")]
    RepeatedPage(&'static str),
    /// There is no such network.
    #[error("network {netuid} does not exist in block {block}")]
    NoNetwork {
        /// The network.
        netuid: NetUid,
        /// The block that was read.
        block: u64,
    },
    /// The network has no registration by work.
    #[error("network {0} has no registration by work")]
    NoWork(NetUid),
    /// The runtime differs from the one for which this program was built.
    #[error("the chain has changed: {0}")]
    Incompatible(String),
    /// The answer cannot be decoded.
    #[error("cannot decode the answer of the node: {0}")]
    Unreadable(Box<subxt::Error>),
}

impl ChainError {
    /// Returns true if no usable node answers or makes progress, so that a later attempt may succeed.
    pub const fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Silent(_) | Self::Behind(_) | Self::Untrue(_))
    }

    /// Returns true if the nodes have discarded the block that was asked for, so that a later attempt cannot succeed.
    pub const fn is_forgotten(&self) -> bool {
        matches!(self, Self::StateDiscarded(_) | Self::NoBlock(_))
    }
}

impl Diagnostic for ChainError {
    fn code(&self) -> &'static str {
        match self {
            Self::Endpoint(error) => error.code(),
            Self::Unreachable(error) => error.code(),
            Self::Silent(_) => "unreachable",
            Self::NoNetwork { .. } => "not-found",
            Self::NoWork(_) | Self::NoParameters(_) => "impossible",
            Self::Behind(error) => error.code(),
            Self::Untrue(error) => error.code(),
            Self::Node { .. } | Self::NoBlock(_) | Self::StateDiscarded(_) | Self::RepeatedPage(_) => "node",
            Self::Incompatible(_) | Self::Unreadable(_) => "incompatible",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Endpoint(error) => error.hints(out),
            Self::Unreachable(error) => error.hints(out),
            Self::Silent(_) => out.push("check that the node has peers and that the chain finalises blocks"),
            Self::StateDiscarded(_) => {
                out.push("ask a node that keeps old states, one with `--state-pruning archive`");
            }
            Self::Node { .. } => out.push("read the log of the node"),
            Self::Behind(error) => error.hints(out),
            Self::Untrue(error) => error.hints(out),
            Self::RepeatedPage(_) => out.push("use another node"),
            Self::NoParameters(_) => out.push("wait for an upgrade of the chain"),
            Self::NoBlock(_) => out.push("wait until the node has synchronised with the chain"),
            Self::NoNetwork { .. } => out.push("list the networks"),
            Self::NoWork(_) => out.push("use a burned registration, if the network allows it"),
            Self::Incompatible(_) => out.push("update this program"),
            Self::Unreadable(_) => out.push("update this program, or use another node"),
        }
    }
}

/// An outage: no node answers.
#[derive(Clone, Debug, thiserror::Error)]
#[error("no node answers: {}", .tried.iter().map(|(url, why)| format!("{url}: {why}")).collect::<Vec<_>>().join("; "))]
pub struct Unreachable {
    /// The URLs of the nodes that were tried last, each with its failure.
    pub tried: Vec<(String, String)>,
}

impl Diagnostic for Unreachable {
    fn code(&self) -> &'static str {
        "unreachable"
    }

    fn hints(&self, out: &mut Hints) {
        out.push("check that a node runs at one of these URLs");
        if self.tried.len() < 2 {
            out.push("configure more than one node, so that another can replace it");
        }
    }
}

/// A node that is passed over, because it synchronises, or because other blocks are far above its best one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{node} is behind the chain: its best block is {block}, the highest known block {highest}")]
pub struct LaggingNode {
    /// The URL of the node.
    pub node: String,
    /// The best block of the node.
    pub block: u64,
    /// The highest block that any node has shown, or that this node knows of.
    pub highest: u64,
}

impl Diagnostic for LaggingNode {
    fn code(&self) -> &'static str {
        "unreachable"
    }

    fn hints(&self, out: &mut Hints) {
        out.push("wait until the node has synchronised with the chain, or use another node");
    }
}

/// A node that is not believed, because a body that it gave is not that of its block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the transactions that {node} gave are not those of their block")]
pub struct UntrueNode {
    /// The URL of the node.
    pub node: String,
}

impl Diagnostic for UntrueNode {
    fn code(&self) -> &'static str {
        "untrue"
    }

    fn hints(&self, out: &mut Hints) {
        out.push("use another node, and do not sign anything again until it was asked");
    }
}

/// The reason for which there is no connection.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoConnection {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error(transparent)]
    Behind(#[from] LaggingNode),
    #[error(transparent)]
    Untrue(#[from] UntrueNode),
}

impl From<NoConnection> for ChainError {
    fn from(why: NoConnection) -> Self {
        match why {
            NoConnection::Unreachable(why) => why.into(),
            NoConnection::Behind(why) => why.into(),
            NoConnection::Untrue(why) => why.into(),
        }
    }
}

/// A failure of the operating system to provide random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub struct RandomnessError(#[from] getrandom::Error);

impl Diagnostic for RandomnessError {
    fn code(&self) -> &'static str {
        "randomness"
    }

    fn hints(&self, out: &mut Hints) {
        out.push("try again, and check the random number generator of the operating system");
    }
}

impl From<RpcsError> for ChainError {
    fn from(error: RpcsError) -> Self {
        match error {
            RpcsError::User(error) => Self::node(&error),
            RpcsError::Client(error) => match error.downcast::<NoConnection>() {
                Ok(why) => (*why).into(),
                Err(error) => Self::Unreadable(Box::new(RpcsError::Client(error).into())),
            },
            other => Self::Unreadable(Box::new(other.into())),
        }
    }
}

impl ChainError {
    /// Names the block if the node has discarded its state. The text of a hash is shortened, its debug form is not.
    pub(crate) fn of(self, block: &impl fmt::Debug) -> Self {
        match self {
            Self::Node { message, .. } if message.contains("State already discarded") => {
                Self::StateDiscarded(format!("{block:?}"))
            }
            other => other,
        }
    }

    fn node(error: &UserError) -> Self {
        let message = error.data.as_ref().map_or_else(
            || error.message.clone(),
            |data| format!("{}: {}", error.message, data.get().trim_matches('"')),
        );
        Self::Node { code: error.code, message }
    }
}

impl From<BackendError> for ChainError {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Rpc(RpcError::ClientError(error)) => error.into(),
            other => Self::Unreadable(Box::new(other.into())),
        }
    }
}

impl From<OnlineClientError> for ChainError {
    fn from(error: OnlineClientError) -> Self {
        match error {
            OnlineClientError::CannotGetGenesisHash(error) => error.into(),
            other => Self::Unreadable(Box::new(other.into())),
        }
    }
}

impl From<OnlineClientAtBlockError> for ChainError {
    fn from(error: OnlineClientAtBlockError) -> Self {
        use OnlineClientAtBlockError as At;
        match error {
            At::CannotGetCurrentBlock { reason }
            | At::CannotGetBlockHeader { reason, .. }
            | At::CannotGetBlockHash { reason, .. }
            | At::CannotGetSpecVersion { reason, .. } => reason.into(),
            At::BlockNotFound { block_number } => Self::NoBlock(block_number.to_string()),
            At::BlockHeaderNotFound { block_hash } => Self::NoBlock(block_hash.to_string()),
            other => Self::Unreadable(Box::new(other.into())),
        }
    }
}

impl From<RuntimeApiError> for ChainError {
    fn from(error: RuntimeApiError) -> Self {
        match error {
            RuntimeApiError::CannotCallApi(error) => error.into(),
            RuntimeApiError::IncompatibleCodegen => Self::Incompatible("an answer of the runtime API differs".into()),
            RuntimeApiError::TraitNotFound(name) => Self::Incompatible(format!("the runtime API has no `{name}`")),
            RuntimeApiError::MethodNotFound { method_name, .. } => {
                Self::Incompatible(format!("the runtime API has no method `{method_name}`"))
            }
            other => Self::Unreadable(Box::new(other.into())),
        }
    }
}

impl From<StorageError> for ChainError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::CannotFetchValue(error)
            | StorageError::CannotIterateValues(error)
            | StorageError::StreamFailure(error) => error.into(),
            StorageError::IncompatibleCodegen => Self::Incompatible("a storage entry differs".into()),
            other => Self::Unreadable(Box::new(other.into())),
        }
    }
}

impl From<EventsError> for ChainError {
    fn from(error: EventsError) -> Self {
        match error {
            EventsError::CannotFetchEventBytes(error) => error.into(),
            other => Self::Unreadable(Box::new(other.into())),
        }
    }
}

impl From<ExtrinsicError> for ChainError {
    fn from(error: ExtrinsicError) -> Self {
        match error {
            ExtrinsicError::CannotGetFeeInfo(error) => error.into(),
            ExtrinsicError::IncompatibleCodegen => Self::Incompatible("the arguments of a call differ".into()),
            ExtrinsicError::PalletNameNotFound(name) => Self::Incompatible(format!("it has no pallet `{name}`")),
            ExtrinsicError::CallNameNotFound { pallet_name, call_name } => {
                Self::Incompatible(format!("it has no call `{pallet_name}::{call_name}`"))
            }
            other => Self::Unreadable(Box::new(other.into())),
        }
    }
}

impl From<subxt::Error> for ChainError {
    fn from(error: subxt::Error) -> Self {
        use subxt::Error as Any;
        match error {
            Any::BackendError(error) => error.into(),
            Any::OnlineClientError(error) => error.into(),
            Any::OnlineClientAtBlockError(error) => error.into(),
            Any::RuntimeApiError(error) => error.into(),
            Any::StorageError(error) => error.into(),
            Any::EventsError(error) => error.into(),
            Any::ExtrinsicError(error) => error.into(),
            Any::OtherRpcClientError(error) => error.into(),
            other => Self::Unreadable(Box::new(other)),
        }
    }
}
