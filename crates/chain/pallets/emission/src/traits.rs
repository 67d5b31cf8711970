//! What this pallet offers to others, and what it needs of those above it.
//!
//! It implements `ReadEmission` and `OnSubnet` (subnets), `ReadEarnings` and `OnSeat` (neurons) and `ReadPermits`
//! (weights), and stands above all pallets it reads, so the one trait here is a seam of its own.

use alloc::{collections::BTreeMap, vec::Vec};
use myelin_economics::root::Share;
use myelin_primitives::NetUid;
use sp_runtime::DispatchError;

/// How the block emission is shared among subnets. spec tokenomics §11.1
///
/// Apart from accrual, so that a second mode of emission replaces the answer and not the askers.
pub trait EmissionShares {
    /// The share of each of these subnets, root not among them.
    ///
    /// # Errors
    /// With the reason to keep the previous shares.
    fn shares(subnets: Vec<NetUid>) -> Result<BTreeMap<NetUid, Share>, DispatchError>;
}
