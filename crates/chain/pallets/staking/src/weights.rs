//! The block weight of calls, hooks and listeners.
//!
//! Derived by hand from the reads, writes and computation of each, rounded up. The benchmarks of this pallet exercise
//! the same paths.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};
use myelin_records::bounds::{MAX_CHILDREN, MAX_HOTKEYS, MAX_NOMINATIONS, MAX_PARENTS};

/// The weight of each call, hook and listener.
pub trait WeightInfo {
    /// Returns the weight of the call of this name.
    fn add_stake() -> Weight;
    /// Returns the weight of the call of this name, with a search for pending children on `n` networks.
    fn remove_stake(n: u32) -> Weight;
    /// Returns the weight of the call of this name, with a search for pending children on `n` networks.
    fn move_stake(n: u32) -> Weight;
    /// Returns the weight of the call of this name.
    fn transfer_stake() -> Weight;
    /// Returns the weight of the call of this name.
    fn become_delegate() -> Weight;
    /// Returns the weight of the call of this name.
    fn increase_take() -> Weight;
    /// Returns the weight of the call of this name.
    fn decrease_take() -> Weight;
    /// Returns the weight of the call of this name.
    fn set_children() -> Weight;
    /// Returns the weight of the call of this name.
    fn set_childkey_take() -> Weight;
    /// Returns the weight of the call of this name, on a root that is full.
    fn root_register() -> Weight;
    /// Returns the weight of the swap of a coldkey with the most hotkeys and nominations.
    fn coldkey_swapped() -> Weight;
    /// Returns the weight of the swap of a hotkey on a chain of `n` networks, without its families.
    fn hotkey_swapped(n: u32) -> Weight;
    /// Returns the weight of the family of a swapped hotkey on one network, with `p` parents.
    fn move_family(p: u32) -> Weight;
    /// Returns the weight of the queue of networks with due children.
    fn queued_activations() -> Weight;
    /// Returns the weight of a look at the next hotkey with pending children.
    fn next_activation() -> Weight;
    /// Returns the weight of the activation of one list of children, each of them with the most parents.
    fn activate_children() -> Weight;
    /// Returns the weight of a family, or a queued activation, of a network that ended.
    fn remove_family() -> Weight;
    /// Returns the weight of a look at the next released pool.
    fn next_release() -> Weight;
    /// Returns the weight of one part of a released pool.
    fn return_stake() -> Weight;
    /// Returns the weight of a block in which the nomination minimum has not been raised.
    fn sweep_none() -> Weight;
    /// Returns the weight of one holding that is compared with the nomination minimum.
    fn sweep_holding() -> Weight;
}

/// Weights for the database of this runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

/// A call that does little more than to check and to write.
const SMALL: Weight = Weight::from_parts(20_000_000, 0);

/// One more entry of a list.
const STEP: Weight = Weight::from_parts(1_000_000, 0);

/// The members of root.
const MEMBERS: u64 = 64;

/// Reads of other pallets when a seat is taken: parameters, seats, owners, earnings, and those of listeners.
const SEAT_READS: u64 = 300;

/// Writes of other pallets when a seat is taken, with the release of the replaced neuron's stake.
const SEAT_WRITES: u64 = 40;

impl<T: frame_system::Config> SubstrateWeight<T> {
    fn db(reads: u64, writes: u64) -> Weight {
        T::DbWeight::get().reads_writes(reads, writes)
    }

    /// Returns the weight of a change of stake.
    ///
    /// Reads: the coldkey's swap, balance, issuance, owner, hotkey, network, counter of pools, pool, holding, total,
    /// nominations, activity. Writes: balance, issuance, hotkey, counter of pools, pool, holding, total, nominations,
    /// activity. Pool, holding, total and nominations count twice, for a rest that is returned.
    fn change_stake() -> Weight {
        SMALL.saturating_add(Self::db(19, 15))
    }

    /// Reads: the family, and for pending children the stake and the subnet. Writes: the family, the queue.
    fn look_for_pending() -> Weight {
        STEP.saturating_add(Self::db(4, 2))
    }
}

/// Reads of the check that a coldkey is not reserved.
const RESERVED: u64 = 4;

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    /// Reads the reservation of the coldkey and its use in addition.
    fn add_stake() -> Weight {
        Self::change_stake().saturating_add(Self::db(RESERVED, 0))
    }

    /// Reads the list of networks in addition.
    fn remove_stake(n: u32) -> Weight {
        let looked = Self::look_for_pending().saturating_mul(n.into());
        Self::change_stake().saturating_add(Self::db(1, 0)).saturating_add(looked)
    }

    /// Changes two holdings.
    fn move_stake(n: u32) -> Weight {
        Self::transfer_stake()
            .saturating_add(Self::db(1, 0))
            .saturating_add(Self::look_for_pending().saturating_mul(n.into()))
    }

    /// Changes two holdings, and reads the parameters of root, the nominations of the destination and the reservation
    /// of the other coldkey.
    fn transfer_stake() -> Weight {
        Self::change_stake().saturating_mul(2).saturating_add(Self::db(RESERVED.saturating_add(2), 0))
    }

    /// Reads: the coldkey's swap, owner, hotkey, network, activity. Writes: hotkey, activity.
    fn become_delegate() -> Weight {
        SMALL.saturating_add(Self::db(5, 2))
    }

    /// Reads: the coldkey's swap, owner, hotkey, network. Writes: hotkey.
    fn increase_take() -> Weight {
        SMALL.saturating_add(Self::db(4, 1))
    }

    fn decrease_take() -> Weight {
        Self::increase_take()
    }

    /// Reads: the coldkey's swap, family, subnet twice, owner, hotkey, pool, network, the owner of each child. Writes:
    /// family, queue twice.
    ///
    /// Pays for the activation too, which comes later and without a call.
    fn set_children() -> Weight {
        SMALL
            .saturating_add(Self::db(u64::from(MAX_CHILDREN).saturating_add(8), 3))
            .saturating_add(Self::next_activation())
            .saturating_add(Self::activate_children())
    }

    /// Reads: the coldkey's swap, owner, parameters, network, family. Writes: family.
    fn set_childkey_take() -> Weight {
        SMALL.saturating_add(Self::db(5, 1))
    }

    /// Reads and writes like pairing and becoming a delegate, and the balance and the issuance. Reads hotkey and pool
    /// of each member in addition.
    fn root_register() -> Weight {
        let members = MEMBERS.saturating_mul(2);
        SMALL.saturating_add(Self::db(members.saturating_add(13), 7)).saturating_add(Self::db(SEAT_READS, SEAT_WRITES))
    }

    /// Reads and writes record and holding of each hotkey, and the holding of each nomination.
    ///
    /// Reads and writes the list of hotkeys, the nominations and the activity of both coldkeys in addition.
    fn coldkey_swapped() -> Weight {
        let hotkey = STEP.saturating_add(Self::db(2, 2)).saturating_mul(MAX_HOTKEYS.into());
        let nomination = STEP.saturating_add(Self::db(1, 2)).saturating_mul(MAX_NOMINATIONS.into());
        SMALL.saturating_add(Self::db(6, 6)).saturating_add(hotkey).saturating_add(nomination)
    }

    /// Reads and writes the records of both keys, and reads the families of both on each network.
    ///
    /// Reads: both records, networks, activity, both pools; for each network both families. Writes: both records, both
    /// pools, activity; for each network the family of the new key.
    fn hotkey_swapped(n: u32) -> Weight {
        let network = STEP.saturating_add(Self::db(2, 1)).saturating_mul(n.into());
        SMALL.saturating_add(Self::db(6, 5)).saturating_add(network)
    }

    /// Reads: the families of both and of all children and parents. Writes: the same, and the queue twice.
    fn move_family(p: u32) -> Weight {
        let relatives = u64::from(p).saturating_add(MAX_CHILDREN.into());
        STEP.saturating_add(Self::db(relatives.saturating_add(2), relatives.saturating_add(4)))
    }

    /// Reads: the queue, the parameters of all networks and those of new subnets. Writes: the queue.
    fn queued_activations() -> Weight {
        STEP.saturating_add(Self::db(3, 1))
    }

    fn next_activation() -> Weight {
        STEP.saturating_add(Self::db(1, 0))
    }

    /// Reads and writes the families of all children.
    ///
    /// Reads: for each child its successors, its owner, its family and the stakes of all its parents, and the family of
    /// the one that makes room; for each former child its family; and the stake of the parent, the network and the
    /// subnet. Writes: these families.
    fn activate_children() -> Weight {
        let child = u64::from(MAX_PARENTS).saturating_mul(2).saturating_add(21);
        let children = u64::from(MAX_CHILDREN);
        let reads = child.saturating_add(1).saturating_mul(children).saturating_add(10);
        SMALL.saturating_add(Self::db(reads, children.saturating_mul(3).saturating_add(3)))
    }

    fn remove_family() -> Weight {
        STEP.saturating_add(Self::db(2, 2))
    }

    /// Reads: the queue, the pool. Writes: both.
    fn next_release() -> Weight {
        STEP.saturating_add(Self::db(2, 2))
    }

    /// Reads: the next key, failure, pool, holding, total, nominations, balance, issuance. Writes: all but the key.
    fn return_stake() -> Weight {
        STEP.saturating_add(Self::db(8, 7))
    }

    /// Reads: the network, the parameters of new subnets, the sweep. Writes: the sweep.
    fn sweep_none() -> Weight {
        STEP.saturating_add(Self::db(3, 1))
    }

    /// Reads: the next key, pool and owner, and what a return reads. Writes: what a return writes.
    fn sweep_holding() -> Weight {
        STEP.saturating_add(Self::db(9, 6))
    }
}
