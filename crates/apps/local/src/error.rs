//! Errors of a local network.

use crate::LocalPreset;
use myelin_client::{Amount, CallError, ChainError, NodeUrlError, Tao, UnseenTransaction};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_explain::ExplainError;
use myelin_files::FileFault;
use myelin_keys::{MnemonicError, NameError, UriError, WalletError};
use myelin_primitives::{BlockNumber, NetUid};
use myelin_subnet_text::ModelError;
use std::path::PathBuf;

/// A failure of a local network.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// There is no home folder, so no folder for data.
    #[error("there is no home folder to keep the network in")]
    NoHome,
    /// The node program was not found.
    #[error("the node program `myelin-node` was not found")]
    NoNodeProgram,
    /// Another process supervises the network.
    #[error("the network in {} is up already (supervisor {supervisor})", .directory.display())]
    Up {
        /// The folder.
        directory: PathBuf,
        /// The process.
        supervisor: u32,
    },
    /// The folder holds another network.
    #[error("the chain in {} has the preset `{preset}` and {authorities} authorities", .directory.display())]
    Different {
        /// The folder.
        directory: PathBuf,
        /// The preset it began with.
        preset: LocalPreset,
        /// The authorities it began with.
        authorities: usize,
    },
    /// The node program made no specification of a chain.
    #[error("the node program did not make a chain specification: {said}")]
    NoChain {
        /// Its last line.
        said: String,
    },
    /// The nodes started, and finalised no block in time.
    #[error("{waiting} did not finalise a block in {seconds} s")]
    NotReady {
        /// The names of the nodes.
        waiting: String,
        /// The limit, in seconds.
        seconds: u64,
        /// The log of the first of them.
        log: PathBuf,
    },
    /// Every node died too often.
    #[error("all nodes died too often; the last one: {how}")]
    AllGivenUp {
        /// The end of the last one.
        how: String,
        /// Its log.
        log: PathBuf,
    },
    /// A process cannot be ended.
    #[error("process {pid} does not end after `SIGKILL`")]
    Immortal {
        /// The process.
        pid: u32,
    },
    /// The supervisor in the background ended at once.
    #[error("the network did not start: {said}")]
    Background {
        /// Its error.
        said: String,
        /// Its log.
        log: PathBuf,
    },
    /// The payments of an epoch differ from the rules.
    #[error("the payments of the epoch of subnet {netuid} in block {block} differ from the rules by {rao} rao")]
    Unfair {
        /// The subnet.
        netuid: NetUid,
        /// The block of the epoch.
        block: BlockNumber,
        /// The sum of all differences, in rao.
        rao: u64,
    },
    /// There is no node of this name.
    #[error("there is no node `{name}`; the nodes are {known}")]
    NoSuchNode {
        /// The name.
        name: String,
        /// The existing names.
        known: String,
    },
    /// The subnet ended while its neurons were set up.
    #[error("the subnet ended before its neurons were set up")]
    NoSubnet,
    /// The supervisor was asked to end before the network was up.
    #[error("interrupted")]
    Interrupted,
    /// The URL of a node is invalid.
    #[error(transparent)]
    NodeUrl(#[from] NodeUrlError),
    /// A request to the chain failed.
    #[error(transparent)]
    Chain(Box<ChainError>),
    /// An epoch cannot be explained.
    #[error(transparent)]
    Explain(Box<ExplainError>),
    /// A transaction of the set-up was not carried out.
    #[error("{error}")]
    Call {
        /// The cause.
        error: Box<CallError>,
        /// The block it failed in and the fee it paid, if it was included.
        included: Option<(u64, Amount<Tao>)>,
    },
    /// A transaction of the set-up was sent, and not seen in time.
    #[error("{0}")]
    Unseen(Box<UnseenTransaction>),
    /// A wallet of the network cannot be used.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The name of a wallet is invalid.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A mnemonic cannot be generated.
    #[error(transparent)]
    Mnemonic(#[from] MnemonicError),
    /// A key cannot be derived.
    #[error(transparent)]
    Key(#[from] UriError),
    /// The model of the subnet cannot be read.
    #[error(transparent)]
    Model(Box<ModelError>),
    /// A file or a process cannot be used.
    #[error("cannot {doing} {}: {source}", .path.display())]
    Io {
        /// The action that failed, as a verb.
        doing: &'static str,
        /// The file, the folder or the program.
        path: PathBuf,
        /// The cause.
        source: FileFault,
    },
}

impl LocalError {
    /// Returns a closure that makes an error of a cause.
    pub fn io<F: Into<FileFault>>(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(F) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source: source.into() }
    }
}

impl From<ChainError> for LocalError {
    fn from(error: ChainError) -> Self {
        Self::Chain(Box::new(error))
    }
}

impl From<ExplainError> for LocalError {
    fn from(error: ExplainError) -> Self {
        Self::Explain(Box::new(error))
    }
}

impl From<ModelError> for LocalError {
    fn from(error: ModelError) -> Self {
        Self::Model(Box::new(error))
    }
}

impl Diagnostic for LocalError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoHome | Self::Io { .. } => "io",
            Self::NoNodeProgram | Self::NoChain { .. } => "no-node-program",
            Self::Up { .. } => "network-up",
            Self::Different { .. } => "network-different",
            Self::NotReady { .. } | Self::AllGivenUp { .. } | Self::Background { .. } => "network-failed",
            Self::Immortal { .. } => "process",
            Self::Unfair { .. } => "unfair",
            Self::NoSuchNode { .. } => "no-node",
            Self::NoSubnet => "usage",
            Self::Interrupted => "interrupted",
            Self::NodeUrl(_) => "node",
            Self::Chain(error) => error.code(),
            Self::Explain(error) => error.code(),
            Self::Call { error, .. } => error.code(),
            Self::Unseen(_) => "unseen",
            Self::Wallet(error) => error.code(),
            Self::Name(error) => error.code(),
            Self::Mnemonic(error) => error.code(),
            Self::Key(_) => "key",
            Self::Model(error) => error.code(),
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::NoHome => out.push("set `HOME`, or choose a folder"),
            Self::NoNodeProgram => out.push("build it with `cargo build -p myelin-node`, or pass its path"),
            Self::Up { .. } => out.push("end the running network, or choose another folder"),
            Self::Different { .. } => out.push("use the existing chain, or choose another folder"),
            Self::NoChain { .. } => out.push("use a `myelin-node` of this version"),
            Self::NotReady { log, .. } | Self::AllGivenUp { log, .. } | Self::Background { log, .. } => {
                out.push(format!("read its log: {}", log.display()));
            }
            Self::Immortal { pid } => {
                out.push(format!("check the owner of the process with `ps -fp {pid}`"));
            }
            Self::Unfair { .. } => out.push("explain the epoch after the network is up again"),
            Self::NoSuchNode { .. } => out.push("choose one of these nodes"),
            Self::NoSubnet => out.push("try again"),
            Self::Interrupted | Self::NodeUrl(_) => {}
            Self::Chain(error) => error.hints(out),
            Self::Explain(error) => error.hints(out),
            Self::Call { error, .. } => error.hints(out),
            Self::Unseen(_) => out.push("wait until the transaction has expired, then try again"),
            Self::Wallet(error) => error.hints(out),
            Self::Name(error) => error.hints(out),
            Self::Mnemonic(error) => error.hints(out),
            Self::Key(error) => error.hints(out),
            Self::Model(error) => error.hints(out),
            Self::Io { .. } => out.push("check the path and its permissions"),
        }
    }
}
