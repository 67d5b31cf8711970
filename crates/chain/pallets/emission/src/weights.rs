//! The block weight of the hooks of this pallet.

use crate::types::EpochSize;
use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{Weight, constants::WEIGHT_REF_TIME_PER_NANOS},
};

/// The block weight of each piece of work.
pub trait WeightInfo {
    /// Returns the weight of a tick without epochs on this many networks, in which the emission is divided anew.
    fn tick(networks: u32) -> Weight;

    /// Returns the weight of a root epoch of this many root validators that rate this many networks.
    fn root_epoch(validators: u32, networks: u32) -> Weight;

    /// Returns the weight of a look at the size of an epoch of this many neurons.
    fn measure_epoch(neurons: u32) -> Weight;

    /// Returns the weight of an epoch of a subnet of this size, in which each neuron with a permit rates all others.
    fn epoch(size: EpochSize) -> Weight;

    /// Returns the weight of the removal of one bonds row of an ended subnet, or of the search that finds none.
    fn remove_bonds() -> Weight;
}

/// Block weights for the database of this runtime.
///
/// Derived by hand from the accesses of the code and the measured time of the consensus
/// (`docs/benchmarks/epoch.md`), rounded up.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// The execution time in WebAssembly as a multiple of the native benchmarks, about.
const WASM_FACTOR: u64 = 3;

/// Nanoseconds for one weight in the consensus, measured natively.
///
/// Measured with bonds at individual rates, the most expensive form.
const NANOS_PER_WEIGHT: u64 = 206;

fn nanos(nanos: u64) -> Weight {
    Weight::from_parts(nanos.saturating_mul(WEIGHT_REF_TIME_PER_NANOS), 0)
}

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    fn tick(networks: u32) -> Weight {
        // Tempos, Accrued, which is one part of the issuance, the other four parts, Ledger, Waiting, the parameters of
        // all networks and of new subnets, and the seats of an epoch that does not fit; Accrued, Ledger and Waiting.
        // For each network its part and its events.
        nanos(30_000_u64.saturating_add(u64::from(networks).saturating_mul(10_000)))
            .saturating_add(T::DbWeight::get().reads_writes(11, 3))
    }

    fn root_epoch(validators: u32, networks: u32) -> Weight {
        let validators = u64::from(validators);
        let networks = u64::from(networks);
        let ratings = validators.saturating_mul(networks);
        // Parameters, seats and list of networks, Ledger, Accrued; for each validator its row, hotkey and pool; for
        // each network since when it exists.
        let reads = validators.saturating_mul(3).saturating_add(networks).saturating_add(5);
        nanos(ratings.saturating_mul(1_000).saturating_add(networks.saturating_mul(20_000)))
            .saturating_add(T::DbWeight::get().reads_writes(reads, 2))
    }

    fn measure_epoch(neurons: u32) -> Weight {
        // Seats and Neurons; for each neuron its family.
        let neurons = u64::from(neurons);
        nanos(neurons.saturating_mul(2_000)).saturating_add(T::DbWeight::get().reads(neurons.saturating_add(2)))
    }

    fn epoch(size: EpochSize) -> Weight {
        let [neurons, permits, parents, permit_parents] =
            [size.neurons, size.permits, size.parents, size.permit_parents].map(u64::from);
        let ratings = permits.saturating_mul(neurons);
        let compute = 200_000_u64
            .saturating_add(neurons.saturating_mul(30_000))
            .saturating_add(ratings.saturating_mul(NANOS_PER_WEIGHT).saturating_mul(WASM_FACTOR))
            .saturating_add(permit_parents.saturating_mul(5_000));
        // Subnet, its parameters, those of all, the launch phase, seats, Ledger, Accrued, Neurons, LastEpochs, last
        // updates, the total stake, the counter of pools, the owner's account and the issuance of balances, the
        // pending children that are due first and the queue of networks with such children. For each neuron its family,
        // owner, hotkey, pool, owner's holding, row and commits, and with a permit its bonds. For each parent hotkey
        // and pool, and for each parent of a neuron with a permit the owner and its holding.
        let reads = neurons
            .saturating_mul(7)
            .saturating_add(permits)
            .saturating_add(parents.saturating_mul(2))
            .saturating_add(permit_parents.saturating_mul(2))
            .saturating_add(16);
        // Ledger, Accrued, Neurons, LastEpochs, the total stake, the counter of pools, the owner's account, the
        // issuance of balances and the queue of networks with due children. For each neuron hotkey, pool and the
        // owner's holding, and with a permit its bonds. For each parent of a neuron with a permit pool and owner's
        // holding.
        let writes = neurons
            .saturating_mul(3)
            .saturating_add(permits)
            .saturating_add(permit_parents.saturating_mul(2))
            .saturating_add(9);
        nanos(compute).saturating_add(T::DbWeight::get().reads_writes(reads, writes))
    }

    fn remove_bonds() -> Weight {
        nanos(5_000).saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }
}
