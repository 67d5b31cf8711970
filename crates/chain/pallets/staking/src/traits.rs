//! Seams of this pallet: its offer to other pallets, and its needs of those above it.
//!
//! It also implements `ReadKeyUse` and `OnKeySwap` of the keys pallet, and `OnSubnet` of the subnets pallet.

use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, weights::Weight};
use myelin_economics::division::Emission;
use myelin_primitives::{Amount, NetUid, Take, Tao, Uid};
use sp_runtime::DispatchError;

/// Stake and stake weights. Offered to the pallets that weigh votes or show accounts.
///
/// Apart from the storage of stake, so that a second kind of stake replaces this trait's implementation alone.
pub trait ReadStake<AccountId> {
    /// Returns all TAO that is staked or in released pools.
    fn total() -> Amount<Tao>;

    /// Returns all stake on a hotkey.
    fn on(hotkey: &AccountId) -> Amount<Tao>;

    /// Returns the stake of a coldkey on a hotkey.
    fn of(coldkey: &AccountId, hotkey: &AccountId) -> Amount<Tao>;

    /// Returns the stake weight of a hotkey in the consensus of a network. spec staking §9.2
    ///
    /// On a subnet it is the stake, less the parts lent to children, plus the parts borrowed from parents. On root it
    /// is the plain stake.
    fn weight(netuid: NetUid, hotkey: &AccountId) -> Amount<Tao>;

    /// Returns the number of parents from which a hotkey borrows on a subnet.
    fn parents(netuid: NetUid, hotkey: &AccountId) -> u32;

    /// Returns the take of a delegate that is in force, or `None` for a hotkey that is no delegate.
    fn take(hotkey: &AccountId) -> Option<Take>;
}

/// The payout of emission as stake. spec tokenomics §7.2, staking §9.4
pub trait PayStake<AccountId> {
    /// Pays the emissions of neurons on a subnet, each to its parents, its owner and its nominators.
    ///
    /// Creates stake of exactly the emissions; the caller must give up the same amount elsewhere. The cost grows with
    /// the number of neurons and parents and does not depend on the number of nominators.
    ///
    /// # Errors
    /// `HotKeyAccountNotExists` if the hotkey has no owner, `InconsistentStake` if a sum overflows. Some parts may be
    /// paid already then, so the caller must use a storage layer.
    fn pay<'a>(netuid: NetUid, payments: impl IntoIterator<Item = (&'a AccountId, Emission)>) -> DispatchResult
    where
        AccountId: 'a;

    /// Queues the pending children of a subnet that are due, after the payout of its epoch. spec staking §9.1
    ///
    /// Reads and writes the queue of subnets, and reads the first pending children.
    fn queue_children(netuid: NetUid);

    /// Activates queued children within a part of a block, and returns the weight of this.
    ///
    /// Called once in each block, after its epochs. The rest waits for the next block.
    fn activate_children() -> Weight;
}

/// The release of stake. spec subnets-and-neurons §10.1
pub trait ReleaseStake<AccountId> {
    /// Releases all stake on a hotkey that lost its last seat.
    ///
    /// From now on nothing is staked on the hotkey, and its pool pays the holders back, a page at a time. The work here
    /// is constant; the pages begin at the end of this block.
    ///
    /// Does nothing on a chain without `UnstakeOnDeregistration`.
    fn release(hotkey: &AccountId);
}

/// The seats of root. Implemented by the pallet of seats.
pub trait RootSeats<AccountId> {
    /// Returns the hotkeys on root, ascending by uid.
    fn members() -> Vec<(Uid, AccountId)>;

    /// Checks that root can admit a hotkey. spec staking §7, checks 2 to 5
    ///
    /// Root must exist, be below its limits of registrations, and have no seat of the hotkey.
    ///
    /// # Errors
    /// `RootNetworkDoesNotExist`, `TooManyRegistrationsThisBlock`, `TooManyRegistrationsThisInterval`,
    /// `HotKeyAlreadyRegisteredInSubNet`.
    fn ensure_open(hotkey: &AccountId) -> DispatchResult;

    /// Returns the burn of root, which the caller recycles for a seat. It follows the demand.
    fn price() -> Amount<Tao>;

    /// Seats a hotkey on a free seat of root, or in place of `replaced`, and counts the registration and its burn.
    ///
    /// # Errors
    /// `NoNeuronIdAvailable` if there is no such seat. The caller makes the checks of [`RootSeats::ensure_open`] first.
    fn seat(hotkey: &AccountId, replaced: Option<Uid>) -> Result<Uid, DispatchError>;
}
