//! Seams of this pallet: its offer to other pallets, and its needs of those above it.
//!
//! From the pallets below it takes `Keys` (keys), `ReadSubnets` and `OnSubnet` (subnets), `ReadStake` (staking),
//! `ReadSeats` and `OnSeat` (neurons).

use alloc::{collections::BTreeMap, vec::Vec};
use myelin_primitives::{BlockNumber, NetUid, Uid};
use myelin_records::{seat::Seat, weights::WeightsRow};

/// The weights of validators, as an epoch reads them. Implemented by this pallet.
///
/// `seats` are the seats of the network, by uid, which the caller has read already.
pub trait ReadWeights<AccountId> {
    /// Returns the row of each seat. spec weights §4, §5.6
    ///
    /// Entries toward seats that were taken at or after the block in which the row was fixed have the value zero. A
    /// seat without a row has an empty one, fixed in the block of its registration. Commits that are expired but still
    /// in their queue count as missed. spec weights §5.9
    fn rows(netuid: NetUid, seats: &[Seat<AccountId>]) -> Vec<WeightsRow>;

    /// Returns the last update of each seat, or the block of its registration if there was none. spec weights §1
    fn last_updates(netuid: NetUid, seats: &[Seat<AccountId>]) -> Vec<BlockNumber>;

    /// Returns the block of each seat's earliest open commit. spec yuma §2
    ///
    /// An open commit is neither revealed nor expired. `None` if the network has no commit-reveal.
    fn pending_commits(netuid: NetUid, seats: &[Seat<AccountId>]) -> Option<Vec<Option<BlockNumber>>>;

    /// Returns the root weights of each root validator, by its hotkey. spec weights §7
    ///
    /// Networks that do not exist, or were created at or after the block in which the row was fixed, have the value
    /// zero.
    fn root_rows() -> Vec<(AccountId, BTreeMap<NetUid, u16>)>;
}

/// The validator permits. Implemented by the pallet that runs the epochs.
pub trait ReadPermits {
    /// Returns true if the last epoch of the network gave this neuron the validator permit. spec weights §2.1 (d)
    ///
    /// A seat that was taken since then has no permit.
    fn has_permit(netuid: NetUid, uid: Uid) -> bool;
}
