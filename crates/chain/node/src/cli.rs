//! Definition of the command line.

use crate::chain_spec::{AuthorityKeys, GenesisAccount};
use sc_cli::{
    CheckBlockCmd, ExportBlocksCmd, ExportChainSpecCmd, ExportStateCmd, ImportBlocksCmd, KeySubcommand, PurgeChainCmd,
    RevertCmd, RunCmd,
};
use sc_network::config::MultiaddrWithPeerId;
use sc_storage_monitor::StorageMonitorParams;

/// The parsed command line.
#[derive(Debug, clap::Parser)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) subcommand: Option<Subcommand>,

    #[command(flatten)]
    pub(crate) run: RunCmd,

    #[command(flatten)]
    pub(crate) storage: StorageMonitorParams,

    /// Start an authority of a public network without measuring the machine
    #[arg(long)]
    pub(crate) no_hardware_check: bool,
}

/// A subcommand other than running a node.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Subcommand {
    /// Make and inspect keys of authorities and of the network
    #[command(subcommand)]
    Key(KeySubcommand),

    /// Print the specification of a chain, to be edited or given to `--chain`
    ExportChainSpec(ExportChainSpec),

    /// Check that a block executes to what it claims
    CheckBlock(CheckBlockCmd),

    /// Write blocks to a file
    ExportBlocks(ExportBlocksCmd),

    /// Write the state at a block as a chain specification
    ExportState(ExportStateCmd),

    /// Read blocks from a file
    ImportBlocks(ImportBlocksCmd),

    /// Delete a chain's data from this machine
    PurgeChain(PurgeChainCmd),

    /// Go back by some blocks that are not final
    Revert(RevertCmd),
}

/// The options of `export-chain-spec`.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportChainSpec {
    #[command(flatten)]
    pub(crate) export: ExportChainSpecCmd,

    /// An authority: its public keys for making and for finalising blocks, as addresses. Repeat it for more; they take
    /// the place of the preset's own
    #[arg(long = "authority", value_name = "SR25519,ED25519")]
    pub(crate) authorities: Vec<AuthorityKeys>,

    /// The account that may use sudo, as an address. It takes the place of the preset's own; without one, no account
    /// can change the authorities of a `main` chain
    #[arg(long, value_name = "ADDRESS", requires = "authorities")]
    pub(crate) sudo: Option<GenesisAccount>,

    /// A node through which others find the network, such as `/dns/node.example/tcp/30333/p2p/PEER`. Repeat it for
    /// more; they are added to those of the specification
    #[arg(long = "bootnode", value_name = "MULTIADDR")]
    pub(crate) bootnodes: Vec<MultiaddrWithPeerId>,
}
