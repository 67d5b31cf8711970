//! The Myelin chain for programs: reads, transactions, and their outcomes.
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
//! | Which nodes are asked? | [`NodeUrls`], in their order; [`Chain`] uses the next one if one is lost |
//! | What does the chain say? | [`ChainState`]: everything in one block, typed, in the types of the primitives |
//! | What happens? | [`Blocks`], every final block once, across changes of nodes; [`Metagraph::follow`] |
//! | Do this | [`calls`], [`Account::submit`] |
//! | Did it happen? | [`SubmissionOutcome`]: yes, with these events; no, for this reason; or not seen within the limit |
//! | What does a commit of weights need until its reveal? | [`PendingReveal`] |
//! | What does a seat cost without TAO? | [`work`]: a search on all cores |
//! | What now? | [`Diagnostic`], on every error |
//!
//! **Final blocks only.** Blocks and outcomes are those of final blocks, which are never reverted. [`Chain::at_best`]
//! reads a block that may still be replaced.
//!
//! **Every wait has a limit.** The limits are in [`Timeouts`]. A submission that was not seen within its limit can be
//! looked for again. Since transactions are mortal, this search ends.
//!
//! **A node that lags is passed over.** A new connection needs a node that does not synchronise, and whose best block is
//! at most 20 blocks behind the highest one that the client has seen ([`ChainError::Behind`]). If the nodes with higher
//! blocks are lost, a node that shows new blocks is used all the same, because no height is proved.
//!
//! **A rate limit is no answer.** If a node refuses a request beyond its rate limit, the client pauses and asks the next
//! node. The pause doubles with each refusal in a row, up to 10 s.
//!
//! **No pallets.** A client knows the chain through its metadata: [`runtime`] is generated from `metadata.scale`, a
//! committed copy of the metadata of the runtime. A test of the workspace fails if the two differ, so a review sees
//! each change of the chain that clients notice. Storage and nested calls that have no function here are in
//! [`runtime`]. Records are those of [`records`], as the chain stores them.
//!
//! **Bodies are proved by their headers.** A node whose transactions are not those of the header of their block is given
//! up ([`ChainError::Untrue`]). A node therefore cannot leave a transaction out of a block with this hash. A node that
//! makes up the header too is not noticed, because proofs of finality are not checked.
//!
//! Limits: no light client (headers, finality, states and events are trusted), no stream of blocks before they are final,
//! and no history older than the states of the nodes.

mod account;
mod blocks;
mod bodies;
pub mod calls;
mod chain;
mod error;
mod extrinsics_root;
mod generated;
mod key;
mod link;
mod metagraph;
mod node_urls;
mod pending_reveal;
mod pools;
mod refusal;
mod state;
mod submission;
#[cfg(test)]
mod tests;
pub mod work;

pub use account::Account;
pub use blocks::Blocks;
pub use chain::{Chain, ChainConfig, SubxtClient};
pub use error::{ChainError, LaggingNode, RandomnessError, Unreachable, UntrueNode};
pub use generated::{is_generated_from, runtime};
pub use key::{account, key};
pub use link::Timeouts;
pub use metagraph::{Metagraph, MetagraphChanges};
pub use myelin_diagnostic::{Diagnostic, Hints};
pub use myelin_keys::{Keypair, PublicKey};
pub use myelin_primitives::{Amount, BlockNumber, Entry, IpEndpoint, NetUid, Take, Tao, Uid};
pub use myelin_records::{
    self as records,
    commitment::{Commitment, CommitmentData},
    epoch::EpochRecord,
    info::{
        AxonInfo, CommitInfo, DelegatePage, HotkeyInfo, IssuanceInfo, MetagraphInfo, NeuronInfo, RatingsInfo,
        RegistrationInfo, StakeInfo, SubnetInfo,
    },
    key::{ChainIdentity, ColdkeySwap},
    parameters::{NetworkParameters, NetworkParametersPatch, Parameters, ParametersPatch},
    pool_code::PoolCode,
    seat::HotkeySeat,
    stake::{Family, FamilyMember, StakeRole},
    subnet::SubnetIdentity,
};
pub use node_urls::{NodeUrlError, NodeUrls};
pub use pending_reveal::{PendingReveal, new_salt};
pub use refusal::PoolRefusal;
pub use state::{BalanceInfo, ChainState, account_records};
pub use submission::{
    Backoff, CallError, DispatchFailure, IncludedTransaction, SentTransaction, SubmissionOutcome, SubmitError,
    UnseenTransaction,
};
pub use subxt;
pub use subxt_signer as signer;
