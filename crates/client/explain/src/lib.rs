//! Audits of epochs: the payments by the rules, compared with those of the chain.
//!
//! An [`Audit`] reads the state before the block of an epoch, and runs the block with
//! [`myelin_epoch::block::run_block`]. The chain uses the same functions. The audit compares each amount with the
//! payment of the chain.
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
//! # Method
//!
//! Epochs run in the initialisation of a block, before its transactions (spec tokenomics §3.2). Their input is
//! therefore the state after the block before, and the changes of the initialisation itself. The audit computes these
//! changes again: a root epoch that was due, the accrual of the block, and earlier epochs of the same block, which pay
//! into the same stake pools. The events tell the order of the epochs, because an epoch is put off if the block is
//! full. The payments are computed and not read from events.
//!
//! Two cases have no complete audit. Scheduled calls of governance run before the epochs of their block and may change
//! any input; the audit then ends with [`ExplainError::Scheduled`]. A transaction of the block may replace a neuron,
//! swap its hotkey or release its stake after the payment. The record of the payment is then gone, and the amount is
//! only compared as part of the sum ([`Audit::unseen`]).
//!
//! By default nodes keep the states of the last 1 024 blocks. An older epoch needs a node that keeps more, and the
//! error names its block.

mod audit;
mod credit;
mod error;
mod inputs;
mod replay;
mod seat;
mod storage;

pub use audit::{Audit, EpochTotals, NeuronAudit};
pub use credit::Credit;
pub use error::ExplainError;
pub use myelin_epoch::{
    payment::{Loan, StakeWeight},
    stakes::{Payment, PaymentGrowth},
};
pub use seat::{SeatRisk, SeatRisks};
