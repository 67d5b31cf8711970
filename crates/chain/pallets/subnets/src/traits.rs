//! What this pallet offers to others, and what it needs of those above it.
//!
//! It also implements `ReadKeyRules` and `OnKeySwap` of the keys pallet.

use crate::{
    parameters::{NetworkParameters, Parameters, ParametersPatch},
    types::{CleanupProgress, Subnet},
};
use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, weights::WeightMeter};
use myelin_primitives::{Amount, NetUid, Tao};

/// Which networks exist and how they are set. Offered to everybody; root is a network too.
pub trait ReadSubnets<AccountId> {
    /// Whether the network exists. One that ended does not, even while its storage is still being cleared.
    fn exists(netuid: NetUid) -> bool;

    /// All networks in ascending order, root first. One read.
    fn netuids() -> Vec<NetUid>;

    /// All networks in ascending order, root first, each with its tempo. One read, the same as [`Self::netuids`].
    fn tempos() -> Vec<(NetUid, u16)>;

    /// The record of a network.
    fn subnet(netuid: NetUid) -> Option<Subnet<AccountId>>;

    /// The parameters of a network.
    fn parameters(netuid: NetUid) -> Option<Parameters>;

    /// The parameters that all networks share.
    fn network() -> NetworkParameters;

    /// The TAO locked for all subnets together; part of the total issuance. spec tokenomics §9.1
    fn locked() -> Amount<Tao>;
}

/// What others do when a network comes or goes, or is set anew. Implemented by the pallets that keep something about
/// it and composed as a tuple, in the order neurons, weights, emission, staking.
pub trait OnSubnet<AccountId> {
    /// A network began, root at genesis included. `first` is the owner's coldkey and hotkey, already a pair; the hotkey
    /// takes the first seat. spec subnets-and-neurons §2.2, step 10
    ///
    /// # Errors
    /// Whatever keeps the first seat from being taken; the subnet is then not created.
    fn created(netuid: NetUid, first: Option<(&AccountId, &AccountId)>) -> DispatchResult;

    /// A subnet ended in this block and does not exist any more. Constant work: from now on nothing of it may count or
    /// be paid, and what it was still to be paid is recycled. spec subnets-and-neurons §5.2
    fn ended(netuid: NetUid);

    /// Removes what is stored for an ended subnet, as far as the meter allows. Asked again in later blocks until the
    /// answer is [`CleanupProgress::Done`], and possibly after that.
    fn remove_page(netuid: NetUid, meter: &mut WeightMeter) -> CleanupProgress;

    /// Parameters of a network were set; the new values are in place. `set` has those that were given, also if they
    /// equal the old ones.
    fn parameters_changed(netuid: NetUid, set: &ParametersPatch);
}

#[impl_trait_for_tuples::impl_for_tuples(8)]
impl<AccountId> OnSubnet<AccountId> for Tuple {
    fn created(netuid: NetUid, first: Option<(&AccountId, &AccountId)>) -> DispatchResult {
        for_tuples!( #( Tuple::created(netuid, first)?; )* );
        Ok(())
    }

    fn ended(netuid: NetUid) {
        for_tuples!( #( Tuple::ended(netuid); )* );
    }

    fn remove_page(netuid: NetUid, meter: &mut WeightMeter) -> CleanupProgress {
        for_tuples!( #(
            if Tuple::remove_page(netuid, meter) == CleanupProgress::More {
                return CleanupProgress::More;
            }
        )* );
        CleanupProgress::Done
    }

    fn parameters_changed(netuid: NetUid, set: &ParametersPatch) {
        for_tuples!( #( Tuple::parameters_changed(netuid, set); )* );
    }
}

/// What a subnet receives of every block at present. Implemented by emission; decides which subnet is replaced.
pub trait ReadEmission {
    /// The emission value of the subnet, zero if it receives nothing. spec tokenomics §5.4
    fn of_subnet(netuid: NetUid) -> Amount<Tao>;
}

/// How many seats of a network are taken. Implemented by neurons; bounds how few seats a network may have.
pub trait CountSeats {
    /// The neurons of the network.
    fn count(netuid: NetUid) -> u16;
}
