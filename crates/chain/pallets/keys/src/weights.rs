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

impl<T: frame_system::Config> SubstrateWeight<T> {
    fn db(reads: u64, writes: u64) -> Weight {
        T::DbWeight::get().reads_writes(reads, writes)
    }
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Reads: the coldkey's swap, owner, owned hotkeys. Writes: owner, owned hotkeys, successor.
    fn try_associate_hotkey() -> Weight {
        SMALL.saturating_add(Self::db(3, 3))
    }

    /// Returns the weight of a swap without the listeners.
    ///
    /// Reads: the coldkey's swap, both owners, network, activity, the seats of the new hotkey, balance, issuance, owned
    /// hotkeys. Writes: both owners, owned hotkeys, both successors, balance, issuance.
    fn swap_hotkey() -> Weight {
        SMALL.saturating_add(Self::db(8_u64.saturating_add(SEATED), 7))
    }

    /// Reads: the coldkey's swap, network, balance, issuance. Writes: the coldkey's swap, balance, issuance.
    fn announce_coldkey_swap() -> Weight {
        SMALL.saturating_add(Self::db(4, 3))
    }

    /// Writes the owner of each hotkey. Reads and writes swap, lists, identities, balances and the issuance.
    fn swap_coldkey() -> Weight {
        let hotkey = STEP.saturating_add(Self::db(0, 1)).saturating_mul(MAX_HOTKEYS.into());
        SMALL.saturating_add(Self::db(10, 10)).saturating_add(hotkey)
    }

    fn dispute_coldkey_swap() -> Weight {
        SMALL.saturating_add(Self::db(1, 1))
    }

    fn clear_coldkey_swap_announcement() -> Weight {
        SMALL.saturating_add(Self::db(2, 1))
    }

    fn reset_coldkey_swap() -> Weight {
        SMALL.saturating_add(Self::db(0, 1))
    }

    /// Reads: the coldkey's swap, owned hotkeys, and the seats of each. Writes: the identity.
    fn set_identity() -> Weight {
        let hotkeys = u64::from(MAX_HOTKEYS).saturating_mul(SEATED);
        SMALL.saturating_add(Self::db(hotkeys.saturating_add(2), 1))
    }
}
