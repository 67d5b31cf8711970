//! What this pallet offers to others, and what it needs of those above it.
//!
//! From below it takes `Keys` (keys), `ReadSubnets`, `OnSubnet` (subnets), `ReadStake` (staking), `ReadSeats` and `OnSeat`
//! (neurons).

use alloc::{collections::BTreeMap, vec::Vec};
use myelin_pallet_neurons::types::Seat;
use myelin_primitives::{BlockNumber, Entry, NetUid, Uid};

/// What validators say, as an epoch takes it. Implemented by this pallet.
///
/// `seats` are those of the network, by uid; the caller has them anyway.
pub trait ReadWeights<AccountId> {
    /// The row of every seat. Entries toward seats taken at or after the row was fixed have the value zero.
    /// spec weights §4, §5.6
    fn rows(netuid: NetUid, seats: &[Seat<AccountId>]) -> Vec<Vec<Entry>>;

    /// The block of every seat's last weights or commit, or of its registration if there was none. spec weights §1
    fn last_updates(netuid: NetUid, seats: &[Seat<AccountId>]) -> Vec<BlockNumber>;

    /// The block of every seat's earliest commit that is neither revealed nor expired; `None` if the network does
    /// without commit-reveal. spec yuma §2
    fn pending_commits(netuid: NetUid, seats: &[Seat<AccountId>]) -> Option<Vec<Option<BlockNumber>>>;

    /// What every root validator says of networks, by its hotkey. Networks that do not exist, or began at or after the
    /// row was fixed, have the value zero. spec weights §7
    fn root_rows() -> Vec<(AccountId, BTreeMap<NetUid, u16>)>;
}

/// Who may rate others. Implemented by whoever runs the epochs.
pub trait ReadPermits {
    /// Whether the last epoch of the network permitted this neuron to validate. A seat taken since then is not
    /// permitted. spec weights §2.1 (d)
    fn has_permit(netuid: NetUid, uid: Uid) -> bool;
}
