//! What an epoch should have paid, and why.
//!
//! An [`Audit`] reads what the block before an epoch left, runs the same pure functions over it as the chain did
//! (`myelin-yuma`, `myelin-economics`), and compares every amount with what the chain paid.
//!
//! ```no_run
//! use myelin_client::{Chain, NetUid};
//! use myelin_explain::Audit;
//!
//! # async fn run(chain: Chain) -> Result<(), myelin_explain::ExplainError> {
//! let audit = Audit::of_last_epoch(&chain, NetUid::new(1)).await?;
//! for neuron in &audit.neurons {
//!     println!("{}: {} by the rules, {:?} by the chain", neuron.uid, neuron.earned(), neuron.paid);
//! }
//! assert!(audit.is_exact());
//! # Ok(())
//! # }
//! ```
//!
//! # Why this can be done from outside
//!
//! Epochs run in the initialisation of a block, before its transactions (spec tokenomics §3.2), so all they read is what
//! the block before left and what the initialisation itself did until then. The latter is done again here: a root epoch
//! that was due, the accrual of the block, and the epochs of the same block that ran earlier, which pay into the same
//! pools of stake. Which epochs ran, and in which order, is taken from the events, because putting one off depends on how
//! full the block was; what they paid is not.
//!
//! Two things cannot be seen. Calls that governance had scheduled for the very block run before its epochs and may change
//! anything: then there is no audit ([`ExplainError::Scheduled`]). And a transaction of the block may replace a neuron, move its
//! key or release its stake after it was paid: what the chain noted is then gone, and the amount is compared as part of the
//! whole only ([`Audit::unseen`]).
//!
//! Nodes keep the states of the last 256 blocks by default; an older epoch needs a node that keeps more.

mod audit;
mod credit;
mod error;
mod replay;
mod seat;
mod stakes;
mod state;
mod storage;
mod tick;

pub use audit::{Audit, EpochTotals, NeuronAudit};
pub use credit::Credit;
pub use error::ExplainError;
pub use seat::{SeatRisk, SeatRisks};
pub use stakes::{Loan, Payment, StakeWeight};
