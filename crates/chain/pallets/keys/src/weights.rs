//! The block weight of calls.
//!
//! Derived by hand from the reads, writes and computation of each, rounded up. The benchmarks of this pallet exercise
//! the same paths. Listeners to swaps count their own work.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};
use myelin_records::bounds::MAX_HOTKEYS;

/// The weight of each call.
pub trait WeightInfo {
    /// Returns the weight of the call of this name.
    fn try_associate_hotkey() -> Weight;
    /// Returns the weight of the call of this name, without the listeners.
    fn swap_hotkey() -> Weight;
    /// Returns the weight of the call of this name.
    fn announce_coldkey_swap() -> Weight;
    /// Returns the weight of the swap of a coldkey with the most hotkeys, without the listeners.
    fn swap_coldkey() -> Weight;
    /// Returns the weight of the call of this name.
    fn dispute_coldkey_swap() -> Weight;
    /// Returns the weight of the call of this name.
    fn clear_coldkey_swap_announcement() -> Weight;
    /// Returns the weight of the call of this name.
    fn reset_coldkey_swap() -> Weight;
    /// Returns the weight of the call of this name, for a coldkey with the most hotkeys.
    fn set_identity() -> Weight;
}

/// Weights for the database of this runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// A call that does little more than to check and to write.
const SMALL: Weight = Weight::from_parts(20_000_000, 0);

/// One more entry of a list.
const STEP: Weight = Weight::from_parts(1_000_000, 0);

/// Reads of the check that a hotkey has a seat.
const SEATED: u64 = 2;

/// The check of a consent: two signatures at most.
pub const CONSENT: Weight = Weight::from_parts(150_000_000, 0);

/// Reads of the check that a key is not retired.
const RETIRED: u64 = 18;

/// Reads of the check that an account is not reserved.
const RESERVED: u64 = 4;

/// Reads of the checks of a new pair: for both keys the reservation, the successors, the owner, the list of hotkeys.
pub const NEW_PAIR: u64 = RETIRED + 2 * RESERVED + 2;

impl<T: frame_system::Config> SubstrateWeight<T> {
    fn db(reads: u64, writes: u64) -> Weight {
        T::DbWeight::get().reads_writes(reads, writes)
    }
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Reads: the coldkey's swap, owner, owned hotkeys, and for both keys the reservation with its use, the
    /// successors, balance, issuance. Writes: owner, owned hotkeys, successor, balance, issuance.
    fn try_associate_hotkey() -> Weight {
        SMALL
            .saturating_add(CONSENT)
            .saturating_add(Self::db(5_u64.saturating_add(2 * RESERVED).saturating_add(RETIRED), 5))
    }

    /// Returns the weight of a swap without the listeners.
    ///
    /// Reads: the coldkey's swap, both owners, network, activity, the seats of the new hotkey, balance, issuance, owned
    /// hotkeys, the reservation of the new hotkey. Writes: both owners, owned hotkeys, both successors, balance,
    /// issuance.
    fn swap_hotkey() -> Weight {
        let checks = SEATED.saturating_add(RESERVED).saturating_add(RETIRED);
        SMALL.saturating_add(CONSENT).saturating_add(Self::db(8_u64.saturating_add(checks), 7))
    }

    /// Reads: the coldkey's swap, network, reservation, balance, freezes, escrow, issuance. Writes: all but the
    /// network, and the reservation before.
    fn announce_coldkey_swap() -> Weight {
        SMALL.saturating_add(Self::db(8, 7))
    }

    /// Writes the owner of each hotkey. Reads and writes swap, reservation, lists, identities, balances, freezes,
    /// escrow and the issuance.
    fn swap_coldkey() -> Weight {
        let hotkey = STEP.saturating_add(Self::db(0, 1)).saturating_mul(MAX_HOTKEYS.into());
        SMALL.saturating_add(Self::db(15, 13)).saturating_add(hotkey)
    }

    fn dispute_coldkey_swap() -> Weight {
        SMALL.saturating_add(Self::db(1, 1))
    }

    /// Reads and writes: the swap, reservation, balance, freezes, escrow. Reads the network, writes the issuance.
    fn clear_coldkey_swap_announcement() -> Weight {
        SMALL.saturating_add(Self::db(6, 6))
    }

    /// Reads and writes: the swap, reservation, balance, freezes, escrow. Writes the issuance.
    fn reset_coldkey_swap() -> Weight {
        SMALL.saturating_add(Self::db(5, 6))
    }

    /// Reads: the coldkey's swap, owned hotkeys, and the seats of each, balance, issuance. Writes: the
    /// identity, balance, issuance.
    fn set_identity() -> Weight {
        let hotkeys = u64::from(MAX_HOTKEYS).saturating_mul(SEATED);
        SMALL.saturating_add(Self::db(hotkeys.saturating_add(4), 3))
    }
}
