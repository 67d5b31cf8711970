//! The block weight of calls, hooks and listeners.
//!
//! Derived by hand from the reads, writes and computation of each, rounded up. The benchmarks of this pallet exercise
//! the same paths.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};
use myelin_pallet_keys::weights::{CONSENT, NEW_PAIR};

/// The weight of each call, hook and listener.
pub trait WeightInfo {
    /// Returns the weight of the call of this name, on a subnet that is full.
    fn burned_register() -> Weight;
    /// Returns the weight of the call of this name, on a subnet that is full.
    fn register_limit() -> Weight;
    /// Returns the weight of the call of this name, on a subnet that is full.
    fn register() -> Weight;
    /// Returns the weight of the swap of a hotkey with `n` seats.
    fn hotkey_swapped(n: u32) -> Weight;
    /// Returns the weight of the call of this name.
    fn serve_axon() -> Weight;
    /// Returns the weight of the call of this name.
    fn serve_axon_tls() -> Weight;
    /// Returns the weight of the call of this name.
    fn serve_prometheus() -> Weight;
    /// Returns the weight of the call of this name.
    fn set_commitment() -> Weight;
    /// Returns the weight of the start of a block in which no network is due.
    fn adjust_none() -> Weight;
    /// Returns the weight of one network that is due.
    fn adjust_network() -> Weight;
    /// Returns the weight of a page of the removal of a network, without seats.
    fn remove_none() -> Weight;
    /// Returns the weight of one seat of such a page.
    fn remove_seat() -> Weight;
}

/// Weights for the database of this runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// A call that does little more than to check and to write.
const SMALL: Weight = Weight::from_parts(20_000_000, 0);

/// Reading, sorting and writing all seats of a full network.
const ALL_SEATS: Weight = Weight::from_parts(100_000_000, 0);

/// The hashes of one seal.
const SEAL: Weight = Weight::from_parts(10_000_000, 0);

/// One more network or seat.
const STEP: Weight = Weight::from_parts(5_000_000, 0);

/// Reads of the listeners to a seat at most, and writes as well: a row, bonds, commits and a record.
const TOLD: u64 = 8;

/// The owners of all hotkeys of a full network.
const OWNERS: u64 = 256;

impl<T: frame_system::Config> SubstrateWeight<T> {
    fn db(reads: u64, writes: u64) -> Weight {
        T::DbWeight::get().reads_writes(reads, writes)
    }

    /// Returns the weight of taking a seat on a full network.
    ///
    /// Reads: parameters, subnet, admission, seats, earnings, memberships of both hotkeys, the coldkey's swap, the
    /// pair, the balance, and the networks. Writes: admission, seats, memberships of both hotkeys, endpoints and
    /// commitment of the old one, the pair, the balance, and the release of stake.
    fn take_seat() -> Weight {
        ALL_SEATS.saturating_add(Self::db(12 + OWNERS + TOLD, 12 + TOLD))
    }
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn burned_register() -> Weight {
        Self::take_seat()
    }

    fn register_limit() -> Weight {
        Self::take_seat()
    }

    /// In addition reads the block's hash, the used seals, the parameters of all networks, and those of a new pair.
    fn register() -> Weight {
        let pair = CONSENT.saturating_add(Self::db(NEW_PAIR, 3));
        Self::take_seat().saturating_add(SEAL).saturating_add(Self::db(3, 1)).saturating_add(pair)
    }

    /// Reads: the memberships; for each seat the network, all its seats, both memberships, and the listeners.
    fn hotkey_swapped(n: u32) -> Weight {
        let seat = STEP.saturating_add(Self::db(4 + TOLD, 3 + TOLD));
        SMALL.saturating_add(Self::db(1, 0)).saturating_add(seat.saturating_mul(n.into()))
    }

    /// Reads: memberships, subnet, parameters, parameters of all networks, endpoints. Writes: endpoints.
    fn serve_axon() -> Weight {
        SMALL.saturating_add(Self::db(5, 1))
    }

    fn serve_axon_tls() -> Weight {
        Self::serve_axon()
    }

    fn serve_prometheus() -> Weight {
        Self::serve_axon()
    }

    /// Reads: memberships, networks, commitment. Writes: commitment.
    fn set_commitment() -> Weight {
        SMALL.saturating_add(Self::db(3, 1))
    }

    /// Reads and writes the schedule.
    fn adjust_none() -> Weight {
        STEP.saturating_add(Self::db(1, 1))
    }

    /// Reads: parameters, admission. Writes: admission.
    fn adjust_network() -> Weight {
        STEP.saturating_add(Self::db(2, 1))
    }

    /// Reads and writes all seats.
    fn remove_none() -> Weight {
        ALL_SEATS.saturating_add(Self::db(1, 1))
    }

    /// Reads: memberships. Writes: memberships, endpoints, commitment.
    fn remove_seat() -> Weight {
        STEP.saturating_add(Self::db(1, 3))
    }
}
