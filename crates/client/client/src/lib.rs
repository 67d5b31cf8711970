//! The Myelin chain for programs: what it says, what to tell it, and what came of that.
//!
//! ```no_run
//! use myelin_client::{Account, Chain, Entry, Metagraph, NetUid, NodeUrls, calls};
//! use std::time::Duration;
//!
//! # async fn rate(hotkey: myelin_keys::Keypair) -> Result<(), Box<dyn std::error::Error>> {
//! let chain = Chain::connect(NodeUrls::local()).await?;
//! let subnet = Metagraph::sync(&chain, NetUid::new(1)).await?;
//! let weights: Vec<_> = subnet.serving().map(|(neuron, _)| Entry::new(neuron.uid, 1)).collect();
//!
//! let account = Account::new(&chain, hotkey);
//! let call = calls::set_weights(subnet.netuid(), &weights, 0);
//! let set = account.submit(&call, Duration::from_secs(60)).await.finalised()?;
//! println!("in block {} for {}", set.height, set.fee);
//! # Ok(())
//! # }
//! ```
//!
//! | Question | Answer |
//! |---|---|
//! | Which nodes are asked? | [`NodeUrls`], in their order; [`Chain`] goes from one to the next when one is lost |
//! | What does the chain say? | [`ChainState`]: everything in one block, typed, in the types of the primitives |
//! | What happens? | [`Blocks`]: every final block once, whatever happens to nodes; [`Metagraph::follow`] |
//! | Do this | [`calls`], [`Account::submit`] |
//! | Did it happen? | [`SubmissionOutcome`]: yes, with these events; no, for this reason; or not seen within the limit |
//! | What does a commit of weights need until its reveal? | [`PendingReveal`] |
//! | What does a seat cost without TAO? | [`work`]: a search on all cores |
//! | What now? | [`Diagnostic`], on every error |
//!
//! **Final only.** Blocks and outcomes are those of final blocks, which nothing undoes. [`Chain::at_best`] looks further.
//!
//! **No wait without an end.** Every wait has a limit, see [`Timeouts`]. A submission that was not seen within its limit
//! can be looked for again, and since transactions are mortal, that search ends too.
//!
//! **No pallets.** A client meets the chain through metadata: [`runtime`] is generated from `metadata.scale`, a
//! committed copy of what the runtime says of itself, and a test of the workspace fails when the two differ. So a
//! change of the chain that clients would notice shows in a review as a change of that file. What is not offered
//! here, like storage and calls inside of calls, is there, with its values in the types of [`mirror`].
//!
//! What is not here: a light client (the node that is asked is believed), blocks that are not final yet as a stream, and
//! history older than nodes keep.

mod account;
mod blocks;
mod bodies;
pub mod calls;
mod chain;
mod data;
mod error;
mod link;
mod metagraph;
pub mod mirror;
mod node_urls;
mod pending_reveal;
mod pools;
mod refusal;
mod state;
mod submission;
#[cfg(test)]
mod tests;
mod views;
pub mod work;

pub use account::Account;
pub use blocks::Blocks;
pub use chain::{Chain, ChainConfig, SubxtClient};
pub use data::{Commitment, CommitmentData};
pub use error::{ChainError, RandomnessError, Unreachable};
pub use link::Timeouts;
pub use metagraph::{Metagraph, MetagraphChanges};
pub use myelin_diagnostic::{Diagnostic, Hints};
pub use myelin_keys::{Keypair, PublicKey};
pub use myelin_primitives::{Amount, BlockNumber, Entry, NetUid, Take, Tao, Uid};
pub use node_urls::{NodeUrlError, NodeUrls};
pub use pending_reveal::{PendingReveal, new_salt};
pub use pools::{ColdkeySwap, Family, FamilyMember, Identity};
pub use refusal::{PoolCode, PoolRefusal};
pub use runtime::runtime_types::myelin_pallet_subnets::parameters::{
    NetworkParameters, NetworkParametersPatch, Parameters, ParametersPatch,
};
pub use state::ChainState;
pub use submission::{
    Backoff, CallError, DispatchFailure, IncludedTransaction, SentTransaction, SubmissionOutcome, SubmitError,
    UnseenTransaction,
};
pub use subxt;
pub use subxt_signer as signer;
pub use views::{
    AxonInfo, BalanceInfo, CommitInfo, DelegatePage, EpochRecord, HotkeyInfo, HotkeySeat, IssuanceInfo, MetagraphInfo,
    NeuronInfo, NextHalving, RatingsInfo, RegistrationInfo, StakeInfo, StakeRole, SubnetInfo,
};

/// The runtime's interface, generated from its metadata.
#[allow(missing_docs, clippy::all, clippy::pedantic, unreachable_pub, reason = "generated")]
#[subxt::subxt(
    runtime_metadata_path = "metadata.scale",
    derive_for_all_types = "Clone, Eq, PartialEq",
    substitute_type(
        path = "myelin_pallet_neurons::data::CommitmentData",
        with = "::subxt::utils::Static<crate::CommitmentData>"
    ),
    substitute_type(
        path = "myelin_economics::pool::Pool",
        with = "::subxt::utils::Static<::myelin_economics::pool::Pool>"
    ),
    derive_for_type(path = "myelin_primitives::amount::Amount", derive = "Copy"),
    derive_for_type(path = "myelin_primitives::id::NetUid", derive = "Copy, Ord, PartialOrd"),
    derive_for_type(path = "myelin_primitives::id::Uid", derive = "Copy, Ord, PartialOrd"),
    derive_for_type(path = "myelin_pallet_subnets::parameters::ParametersPatch", derive = "Default"),
    derive_for_type(path = "myelin_pallet_subnets::parameters::NetworkParametersPatch", derive = "Default")
)]
pub mod runtime {}
