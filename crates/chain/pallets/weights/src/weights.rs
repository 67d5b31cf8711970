//! The block weight of calls and listeners.
//!
//! Derived by hand from the reads, writes and computation of each, rounded up. The benchmarks of this pallet exercise
//! the same paths.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};
use myelin_records::bounds::MAX_PARENTS;

/// The weight of each call and listener.
pub trait WeightInfo {
    /// Returns the weight of the call of this name, for a vector of `n` entries.
    fn set_weights(n: u32) -> Weight;
    /// Returns the weight of the call of this name, for `i` vectors with `n` entries in all.
    fn batch_set_weights(i: u32, n: u32) -> Weight;
    /// Returns the weight of the call of this name.
    fn commit_weights() -> Weight;
    /// Returns the weight of the call of this name, for `i` commits.
    fn batch_commit_weights(i: u32) -> Weight;
    /// Returns the weight of the call of this name, for a vector of `n` entries and a salt of `s` numbers.
    fn reveal_weights(n: u32, s: u32) -> Weight;
    /// Returns the weight of the call of this name, for `i` vectors with `n` entries and salts with `s` numbers in all.
    fn batch_reveal_weights(i: u32, n: u32, s: u32) -> Weight;
    /// Returns the weight of the call of this name, for a vector of `n` entries.
    fn set_root_weights(n: u32) -> Weight;
    /// Returns the weight of the search for one more row or queue of an ended network, and its removal.
    fn remove_entry() -> Weight;
}

/// Weights for the database of this runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// The checks of a call without its entries, and the list of last updates read and written.
const CALL: Weight = Weight::from_parts(40_000_000, 0);

/// One entry: read, hashed, compared with the others, scaled and written.
///
/// All of this except the writing happens a second time before the call is included.
const ENTRY: Weight = Weight::from_parts(1_000_000, 0);

/// One number of a salt, read and hashed, twice.
const SALT: Weight = Weight::from_parts(100_000, 0);

/// Reads of the stake weight of a hotkey at most: its family, and record and pool of itself and of each parent.
const STAKE: u64 = 3 + 2 * MAX_PARENTS as u64;

impl<T: frame_system::Config> SubstrateWeight<T> {
    fn db(reads: u64, writes: u64) -> Weight {
        T::DbWeight::get().reads_writes(reads, writes)
    }

    /// Returns the weight of a vector of `n` entries.
    ///
    /// Reads: parameters of the network and of all, the network, count of seats, uid, permit, last updates, row and
    /// stake. Writes: last updates and row.
    fn vector(n: u32) -> Weight {
        CALL.saturating_add(ENTRY.saturating_mul(n.into())).saturating_add(Self::db(8 + STAKE, 2))
    }

    /// Returns the weight of a commit.
    ///
    /// Reads: parameters of the network and of all, the network, count of seats, uid, last updates, commits, row, and
    /// stake before inclusion. Writes: last updates, commits and row.
    fn commit() -> Weight {
        CALL.saturating_add(Self::db(8 + STAKE, 3))
    }
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn set_weights(n: u32) -> Weight {
        Self::vector(n)
    }

    fn batch_set_weights(i: u32, n: u32) -> Weight {
        let items = Self::vector(0).saturating_mul(i.into());
        CALL.saturating_add(items).saturating_add(ENTRY.saturating_mul(n.into()))
    }

    fn commit_weights() -> Weight {
        Self::commit()
    }

    fn batch_commit_weights(i: u32) -> Weight {
        CALL.saturating_add(Self::commit().saturating_mul(i.into()))
    }

    /// Reads and writes the commits in addition to the vector.
    fn reveal_weights(n: u32, s: u32) -> Weight {
        Self::vector(n).saturating_add(SALT.saturating_mul(s.into())).saturating_add(Self::db(1, 1))
    }

    fn batch_reveal_weights(i: u32, n: u32, s: u32) -> Weight {
        let items = Self::vector(0).saturating_mul(i.into());
        let lists = ENTRY.saturating_mul(n.into()).saturating_add(SALT.saturating_mul(s.into()));
        CALL.saturating_add(items).saturating_add(lists).saturating_add(Self::db(1, 1))
    }

    /// Reads the owner of the hotkey, the swap of the coldkey and the list of networks in addition to the vector.
    fn set_root_weights(n: u32) -> Weight {
        Self::vector(n).saturating_add(Self::db(3, 0))
    }

    fn remove_entry() -> Weight {
        CALL.saturating_add(Self::db(2, 2))
    }
}
