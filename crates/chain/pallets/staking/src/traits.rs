//! What this pallet offers to others, and what it needs of those above it.
//!
//! It also implements `ReadKeyUse` and `OnKeySwap` of the keys pallet, and `OnSubnet` of the subnets pallet.

use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, weights::WeightMeter};
use myelin_economics::division::Emission;
use myelin_primitives::{Amount, NetUid, Take, Tao, Uid};
use sp_runtime::DispatchError;

/// How much stake there is, and how much it weighs. Offered to whoever counts votes or shows accounts.
///
/// Kept apart from how stake is held, so that a second kind of stake replaces the answers and not the askers.
pub trait ReadStake<AccountId> {
    /// All TAO that is staked, or on its way back from a hotkey that has left its last seat.
    fn total() -> Amount<Tao>;

    /// Everything staked on a hotkey.
    fn on(hotkey: &AccountId) -> Amount<Tao>;

    /// What a coldkey has staked on a hotkey.
    fn of(coldkey: &AccountId, hotkey: &AccountId) -> Amount<Tao>;

    /// What a hotkey weighs in the consensus of a network: its stake without what it lends to children and with what
    /// parents lend to it; on root its plain stake. spec staking §9.2
    fn weight(netuid: NetUid, hotkey: &AccountId) -> Amount<Tao>;

    /// What a delegate takes, or `None` for a hotkey that is no delegate.
    fn take(hotkey: &AccountId) -> Option<Take>;
}

/// Turns emission into stake. spec tokenomics §7.2, staking §9.4
pub trait PayStake<AccountId> {
    /// Pays what the neuron of a hotkey earned on a subnet: to its parents, its owner and its nominators.
    ///
    /// Creates stake of exactly the emission: whoever calls this gives up the same amount elsewhere. Costs the same
    /// however many nominators there are, and grows only with the number of parents.
    ///
    /// # Errors
    /// When the hotkey has no owner or a sum does not fit. Some parts may then be paid already, so this belongs into
    /// a storage layer, as everything that can fail.
    fn pay(netuid: NetUid, hotkey: &AccountId, emission: Emission) -> DispatchResult;

    /// Lets the children take effect whose time has come on this subnet; after the payout of its epoch.
    /// spec staking §9.1
    ///
    /// What does not fit into `meter` waits for the next epoch.
    fn activate_children(netuid: NetUid, meter: &mut WeightMeter);
}

/// Gives stake back. spec subnets-and-neurons §10.1
pub trait ReleaseStake<AccountId> {
    /// The hotkey left its last seat: from now on nothing is staked on it, and what was goes back to its stakers, a
    /// page at a time. Constant work here; the pages begin at the end of this block.
    ///
    /// Does nothing on a chain that leaves stake where it is.
    fn release(hotkey: &AccountId);
}

/// The seats of the root network and who has a seat at all. Implemented by the pallet of seats.
pub trait RootSeats<AccountId> {
    /// Who sits on root, ascending by uid.
    fn members() -> Vec<(Uid, AccountId)>;

    /// Fails unless root exists, takes another registration in this block and interval, and the hotkey has no seat
    /// there. spec staking §7, checks 1 and 3 to 5
    ///
    /// # Errors
    /// `RootNetworkDoesNotExist`, `TooManyRegistrationsThisBlock`, `TooManyRegistrationsThisInterval`,
    /// `HotKeyAlreadyRegisteredInSubNet`.
    fn ensure_open(hotkey: &AccountId) -> DispatchResult;

    /// Seats a hotkey on a free seat of root, or in place of `replaced`, and counts the registration.
    ///
    /// # Errors
    /// When the seat cannot be had. The checks of [`RootSeats::ensure_open`] come first.
    fn seat(hotkey: &AccountId, replaced: Option<Uid>) -> Result<Uid, DispatchError>;
}
