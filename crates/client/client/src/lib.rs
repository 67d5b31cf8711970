//! The Myelin chain as its clients see it: its storage, calls, events, errors and answers, typed.
//!
//! A client meets the chain through metadata only: [`runtime`] is generated from `metadata.scale`, a committed copy of
//! what the runtime says of itself, and a test of the workspace fails when the two differ. Nothing here depends on a
//! pallet, so a change of the chain that clients would notice shows in a review as a change of that file.
//!
//! ```no_run
//! # async fn read() -> Result<(), Box<dyn std::error::Error>> {
//! use myelin_client::{Client, runtime};
//!
//! let client = Client::from_insecure_url("ws://127.0.0.1:9944").await?;
//! let block = client.at_current_block().await?;
//! let issuance = block.runtime_apis().call(runtime::runtime_apis().myelin_api().issuance()).await?;
//! println!("{} rao exist", issuance.total.parts);
//! # Ok(())
//! # }
//! ```
//!
//! Amounts are in rao. Which node to ask, and what to do when it does not answer, is for the caller to decide.

pub use subxt;
pub use subxt_signer as signer;

/// What the chain is to the library that speaks to it: a stock one.
pub type Config = subxt::SubstrateConfig;

/// A connection to a node.
pub type Client = subxt::OnlineClient<Config>;

/// The runtime's interface, generated from its metadata.
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, reason = "generated")]
#[subxt::subxt(
    runtime_metadata_path = "metadata.scale",
    derive_for_all_types = "Clone, Eq, PartialEq",
    derive_for_type(path = "myelin_primitives::amount::Amount", derive = "Copy"),
    derive_for_type(path = "myelin_primitives::id::NetUid", derive = "Copy, Ord, PartialOrd"),
    derive_for_type(path = "myelin_primitives::id::Uid", derive = "Copy, Ord, PartialOrd"),
    derive_for_type(path = "myelin_pallet_subnets::parameters::ParametersPatch", derive = "Default"),
    derive_for_type(path = "myelin_pallet_subnets::parameters::NetworkParametersPatch", derive = "Default")
)]
pub mod runtime {}

pub use runtime::runtime_types::myelin_primitives::{
    amount::Amount,
    fraction::Take,
    id::{NetUid, Uid},
};
