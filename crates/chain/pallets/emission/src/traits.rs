//! Seams of this pallet: the division of the block emission.
//!
//! The pallet implements `ReadEmission` and `OnSubnet` (subnets), `ReadScores` and `OnSeat` (neurons) and
//! `ReadPermits` (weights). It stands above all pallets that it reads, so no trait for them is here.

use alloc::{collections::BTreeMap, vec::Vec};
use myelin_economics::root::Share;
use myelin_primitives::NetUid;
use sp_runtime::DispatchError;

/// The division of the block emission among subnets. spec tokenomics §11.1
///
/// Apart from accrual, so that a second mode of emission replaces this trait's implementation alone.
pub trait EmissionShares {
    /// Returns the share of each of these subnets, root not among them.
    ///
    /// # Errors
    /// The reason to keep the previous shares.
    fn shares(subnets: Vec<NetUid>) -> Result<BTreeMap<NetUid, Share>, DispatchError>;
}
