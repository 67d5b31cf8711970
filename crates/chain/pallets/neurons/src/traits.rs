//! Seams of this pallet: its offer to other pallets, and its needs of those above it.

use alloc::vec::Vec;
use myelin_primitives::{Amount, NetUid, Tao, Uid};
use myelin_records::seat::Seat;

/// The seats of networks. Offered to the pallets that rate, pay or show neurons.
pub trait ReadSeats<AccountId> {
    /// Returns the seats of a network by uid, in one read.
    ///
    /// A network that has ended keeps its seats until they are removed, so check first that the network exists.
    fn seats(netuid: NetUid) -> Vec<Seat<AccountId>>;

    /// Returns the number of taken seats of a network.
    fn count(netuid: NetUid) -> u16;

    /// Returns the seat of a hotkey on a network that exists.
    fn uid(netuid: NetUid, hotkey: &AccountId) -> Option<Uid>;

    /// Returns the hotkey on a seat.
    fn hotkey(netuid: NetUid, uid: Uid) -> Option<AccountId>;
}

/// A listener to changes of seats. Implemented by the pallets that store something about a seat.
///
/// A listener runs within the call that changes the seat, so its work must be small and cannot fail.
#[impl_trait_for_tuples::impl_for_tuples(8)]
pub trait OnSeat<AccountId> {
    /// Follows a hotkey that took a fresh seat.
    fn taken(netuid: NetUid, uid: Uid, hotkey: &AccountId);

    /// Follows a seat that went from `old` to `new`. spec subnets-and-neurons §10.1
    ///
    /// Nothing that `old` did or earned there may count for `new`: no permit, row, bond, commit or emission.
    fn replaced(netuid: NetUid, uid: Uid, old: &AccountId, new: &AccountId);

    /// Follows the swap of the hotkey on a seat. All data of the seat stays. spec staking §10.1
    fn hotkey_swapped(netuid: NetUid, uid: Uid, old: &AccountId, new: &AccountId);
}

/// The scores of neurons, for the choice of the neuron to replace. spec subnets-and-neurons §11
pub trait ReadScores {
    /// Returns the scores by uid. A uid past the end was never paid.
    fn of_neurons(netuid: NetUid) -> Vec<Amount<Tao>>;
}
