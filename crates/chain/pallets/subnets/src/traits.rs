//! Seams of this pallet: its offer to other pallets, and its needs of those above it.
//!
//! It also implements `ReadKeyRules` and `OnKeySwap` of the keys pallet.

use crate::types::CleanupProgress;
use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, weights::WeightMeter};
use myelin_primitives::{Amount, NetUid, Tao};
use myelin_records::{
    parameters::{NetworkParameters, Parameters, ParametersPatch},
    subnet::{LaunchPhase, Subnet},
};

/// The networks and their parameters. Offered to all pallets; root is a network too.
pub trait ReadSubnets<AccountId> {
    /// Returns true if the network exists. An ended network does not, even while its storage is being cleared.
    fn exists(netuid: NetUid) -> bool;

    /// Returns all networks in ascending order, root first. One read.
    fn netuids() -> Vec<NetUid>;

    /// Returns all networks in ascending order with their tempos. One read, the same as [`Self::netuids`].
    fn tempos() -> Vec<(NetUid, u16)>;

    /// Returns the record of a network.
    fn subnet(netuid: NetUid) -> Option<Subnet<AccountId>>;

    /// Returns the parameters of a network.
    fn parameters(netuid: NetUid) -> Option<Parameters>;

    /// Returns true if the parameters that all networks share and those of new subnets can be decoded.
    ///
    /// Otherwise no call may rely on them, and no epoch may run.
    fn is_readable() -> bool {
        true
    }

    /// Returns the parameters that all networks share.
    fn network() -> NetworkParameters;

    /// Returns the launch phase of the chain. spec tokenomics §10
    fn launch() -> LaunchPhase;

    /// Returns the TAO locked for all subnets together, a part of the issuance. spec tokenomics §9.1
    fn locked() -> Amount<Tao>;
}

/// A listener to new, ended and changed networks. Implemented by the pallets that store something about networks.
///
/// The runtime composes the listeners as a tuple, in the order neurons, weights, emission, staking.
pub trait OnSubnet<AccountId> {
    /// Follows the creation of a network, root at genesis included. spec subnets-and-neurons §2.2, step 10
    ///
    /// `first` is the owner's coldkey and hotkey, already a pair; the hotkey takes the first seat.
    ///
    /// # Errors
    /// The reason for which the first seat cannot be taken; the subnet is then not created.
    fn created(netuid: NetUid, first: Option<(&AccountId, &AccountId)>) -> DispatchResult;

    /// Follows the end of a subnet, which does not exist any more. spec subnets-and-neurons §5.2
    ///
    /// The work must be constant. From now on nothing of the subnet may count or be paid, and its pending emission is
    /// recycled.
    fn ended(netuid: NetUid);

    /// Removes the storage of an ended subnet, as far as the meter allows.
    ///
    /// Called again in later blocks until it returns [`CleanupProgress::Done`], and possibly after that.
    fn remove_page(netuid: NetUid, meter: &mut WeightMeter) -> CleanupProgress;

    /// Follows a change of parameters; the new values are in place.
    ///
    /// `set` has the parameters that were given, also if they equal the old ones.
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

/// The emission of subnets per block. Implemented by emission; decides which subnet is replaced.
pub trait ReadEmission {
    /// Returns the current emission of the subnet per block, zero if it receives nothing. spec tokenomics §5.4
    fn of_subnet(netuid: NetUid) -> Amount<Tao>;
}

/// The numbers of taken seats. Implemented by neurons; a network cannot have fewer seats than neurons.
pub trait CountSeats {
    /// Returns the number of neurons of the network.
    fn count(netuid: NetUid) -> u16;
}
