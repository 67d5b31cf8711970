//! The block weight of calls and hooks.
//!
//! Derived by hand from the reads and writes of each, rounded up, until they are measured. The work of the listeners to
//! networks is counted here too, because they run within these calls.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{RuntimeDbWeight, Weight},
};

/// The weight of each call and hook. `n` is the number of networks, root included.
pub trait WeightInfo {
    /// Returns the weight of `register_network`, when it replaces a subnet.
    fn register_network(n: u32) -> Weight;
    /// Returns the weight of `register_network_with_identity`, when it replaces a subnet.
    fn register_network_with_identity(n: u32) -> Weight;
    /// Returns the weight of `dissolve_network` and `root_dissolve_network`.
    fn dissolve_network(n: u32) -> Weight;
    /// Returns the weight of `transfer_network`.
    fn transfer_network() -> Weight;
    /// Returns the weight of `set_subnet_identity`.
    fn set_subnet_identity() -> Weight;
    /// Returns the weight of `set_subnet_owner_hotkey`.
    fn set_subnet_owner_hotkey() -> Weight;
    /// Returns the weight of `set_parameters`, with all parameters.
    fn set_parameters(n: u32) -> Weight;
    /// Returns the weight of `set_network_parameters`.
    fn set_network_parameters(n: u32) -> Weight;
    /// Returns the weight of `set_default_parameters`.
    fn set_default_parameters() -> Weight;
    /// Returns the weight of the swap of a key that is owner or owner's hotkey of all networks.
    fn swap_key(n: u32) -> Weight;
    /// Returns the weight of a look at the queue of removed subnets.
    fn look_for_removed() -> Weight;
    /// Returns the weight of the removal of a cleared subnet from the queue.
    fn end_clearing() -> Weight;
}

/// Weights for the database of this runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// The computation of a call, besides reads and writes: 50 µs, a wide margin.
const CALL: Weight = Weight::from_parts(50_000_000, 0);

/// The computation for each network.
const PER_NETWORK: Weight = Weight::from_parts(5_000_000, 0);

/// Reads and writes of the other pallets when a network begins: keys, first seat, terms, accrual.
const BEGIN: (u64, u64) = (20, 20);

/// Reads and writes of the other pallets when a subnet ends: keys, accrual, pending emission.
const END: (u64, u64) = (10, 10);

/// Reads and writes of the other pallets when parameters change: terms, schedule, accrual.
const CHANGE: (u64, u64) = (10, 10);

/// Reads and writes per network when the emission is divided anew.
const DIVIDE: (u64, u64) = (2, 1);

/// Reads and writes per network when a subnet is replaced, with the search for it.
const REPLACE: (u64, u64) = (6, 2);

impl<T: frame_system::Config> SubstrateWeight<T> {
    fn cost(fixed: [(u64, u64); 3], per_network: (u64, u64), n: u32) -> Weight {
        let db: RuntimeDbWeight = T::DbWeight::get();
        let fixed =
            fixed.into_iter().fold(CALL, |sum, (reads, writes)| sum.saturating_add(db.reads_writes(reads, writes)));
        let (reads, writes) = per_network;
        let each = db.reads_writes(reads, writes).saturating_add(PER_NETWORK);
        fixed.saturating_add(each.saturating_mul(n.into()))
    }
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn register_network(n: u32) -> Weight {
        Self::cost([(17, 15), BEGIN, END], REPLACE, n)
    }

    fn register_network_with_identity(n: u32) -> Weight {
        Self::register_network(n).saturating_add(T::DbWeight::get().writes(1))
    }

    fn dissolve_network(n: u32) -> Weight {
        Self::cost([(9, 10), END, (0, 0)], DIVIDE, n)
    }

    fn transfer_network() -> Weight {
        CALL.saturating_add(T::DbWeight::get().reads_writes(2, 2))
    }

    fn set_subnet_identity() -> Weight {
        CALL.saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn set_subnet_owner_hotkey() -> Weight {
        CALL.saturating_add(T::DbWeight::get().reads_writes(6, 2))
    }

    fn set_parameters(n: u32) -> Weight {
        Self::cost([(8, 3), CHANGE, (0, 0)], DIVIDE, n)
    }

    fn set_network_parameters(n: u32) -> Weight {
        Self::cost([(3, 1), (0, 0), (0, 0)], (1, 0), n)
    }

    fn set_default_parameters() -> Weight {
        CALL.saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    fn swap_key(n: u32) -> Weight {
        Self::cost([(1, 0), (0, 0), (0, 0)], (1, 1), n)
    }

    fn look_for_removed() -> Weight {
        T::DbWeight::get().reads(1)
    }

    fn end_clearing() -> Weight {
        CALL.saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
}
