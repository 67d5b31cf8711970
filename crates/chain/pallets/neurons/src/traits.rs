//! What this pallet offers to others, and what it needs of those above it.

use alloc::vec::Vec;
use myelin_primitives::{Amount, NetUid, Tao, Uid};
use myelin_records::seat::Seat;

/// Who sits where. Offered to whoever rates, pays or shows neurons.
pub trait ReadSeats<AccountId> {
    /// The seats of a network by uid, in one read.
    ///
    /// A network that has ended keeps its seats until they are removed, so ask whether it exists first.
    fn seats(netuid: NetUid) -> Vec<Seat<AccountId>>;

    /// How many seats of a network are taken.
    fn count(netuid: NetUid) -> u16;

    /// The seat of a hotkey on a network that exists.
    fn uid(netuid: NetUid, hotkey: &AccountId) -> Option<Uid>;

    /// Who sits there.
    fn hotkey(netuid: NetUid, uid: Uid) -> Option<AccountId>;
}

/// Told when a seat changes hands. Implemented by the pallets that keep something about a seat.
///
/// What a call tells is part of the call, so the work must be small and cannot fail.
#[impl_trait_for_tuples::impl_for_tuples(8)]
pub trait OnSeat<AccountId> {
    /// A fresh seat was taken.
    fn taken(netuid: NetUid, uid: Uid, hotkey: &AccountId);

    /// A seat went from `old` to `new`. Nothing that `old` did or earned there may count for `new`: no permit, row,
    /// bond, commit or emission. spec subnets-and-neurons §10.1
    fn replaced(netuid: NetUid, uid: Uid, old: &AccountId, new: &AccountId);

    /// The holder of a seat goes by a new key. All that it did there stays. spec staking §10.1
    fn hotkey_swapped(netuid: NetUid, uid: Uid, old: &AccountId, new: &AccountId);
}

/// What each neuron was paid in the last epoch, for the choice of whom to replace. spec subnets-and-neurons §11
pub trait ReadEarnings {
    /// By uid. A uid past the end was paid nothing.
    fn of_neurons(netuid: NetUid) -> Vec<Amount<Tao>>;
}
