//! Proxy types: the calls that an account may allow another to make in its name. spec events-and-errors §8.5

use crate::{Runtime, RuntimeCall};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::InstanceFilter;
use myelin_pallet_keys::Call as KeysCall;
use myelin_pallet_neurons::Call as NeuronsCall;
use myelin_pallet_staking::Call as StakingCall;
use myelin_pallet_subnets::Call as SubnetsCall;
use myelin_pallet_weights::Call as WeightsCall;
use pallet_utility::Call as UtilityCall;
use scale_info::TypeInfo;

/// The calls that a proxy may make.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum ProxyType {
    /// All calls.
    #[default]
    Any,
    /// The calls that take no TAO, give no key away, dispute no swap and end no subnet.
    NonTransfer,
    /// The calls of stake, delegates, pairs and identities, without transfers of stake and swaps of keys.
    Staking,
    /// The calls that register and serve neurons and set their weights.
    Neurons,
    /// The calls that create subnets, set their parameters and end them, without transfers of subnets.
    Subnets,
    /// The calls that lend stake weight to children.
    Children,
    /// The call that sets the weights of a root member.
    RootWeights,
    /// The calls that take seats, and the pairs that they need.
    Registration,
}

use ProxyType::{Children, Neurons, NonTransfer, Registration, RootWeights, Staking, Subnets};

/// Proxy types beside `Any`.
type Types = &'static [ProxyType];

/// The types that have nothing but a call for [`ProxyType::Any`].
const NONE: Types = &[];

// The matches below have no arm for "all others": a new call of our own pallets does not compile before it is listed,
// and a new call of the engine's is in no list. FRAME adds the variant `__Ignore`, which has no value.

/// Returns the types beside `Any` that may make a call.
fn types(call: &RuntimeCall) -> Types {
    match call {
        RuntimeCall::Keys(call) => keys(call),
        RuntimeCall::Subnets(call) => subnets(call),
        RuntimeCall::Staking(call) => staking(call),
        RuntimeCall::Neurons(call) => neurons(call),
        RuntimeCall::Weights(call) => weights(call),
        RuntimeCall::Utility(call) => utility(call),
        RuntimeCall::System(_)
        | RuntimeCall::Timestamp(_)
        | RuntimeCall::Grandpa(_)
        | RuntimeCall::Balances(_)
        | RuntimeCall::Sudo(_)
        | RuntimeCall::Authorities(_)
        | RuntimeCall::Session(_)
        | RuntimeCall::Proxy(_)
        | RuntimeCall::Multisig(_)
        | RuntimeCall::Preimage(_)
        | RuntimeCall::Scheduler(_)
        | RuntimeCall::SafeMode(_)
        | RuntimeCall::TxPause(_) => NONE,
    }
}

fn keys(call: &KeysCall<Runtime>) -> Types {
    match call {
        KeysCall::try_associate_hotkey { .. } => &[Staking, Registration],
        KeysCall::set_identity { .. } => &[Staking],
        KeysCall::swap_hotkey { .. }
        | KeysCall::announce_coldkey_swap { .. }
        | KeysCall::swap_coldkey_announced { .. }
        | KeysCall::dispute_coldkey_swap { .. }
        | KeysCall::clear_coldkey_swap_announcement { .. }
        | KeysCall::reset_coldkey_swap { .. }
        | KeysCall::swap_coldkey { .. }
        | KeysCall::__Ignore(..) => NONE,
    }
}

fn subnets(call: &SubnetsCall<Runtime>) -> Types {
    match call {
        SubnetsCall::register_network { .. }
        | SubnetsCall::register_network_with_identity { .. }
        | SubnetsCall::dissolve_network { .. }
        | SubnetsCall::set_subnet_owner_hotkey { .. } => &[Subnets],
        SubnetsCall::set_subnet_identity { .. } | SubnetsCall::set_parameters { .. } => &[NonTransfer, Subnets],
        SubnetsCall::transfer_network { .. }
        | SubnetsCall::root_dissolve_network { .. }
        | SubnetsCall::set_network_parameters { .. }
        | SubnetsCall::set_default_parameters { .. }
        | SubnetsCall::__Ignore(..) => NONE,
    }
}

fn staking(call: &StakingCall<Runtime>) -> Types {
    match call {
        StakingCall::add_stake { .. } => &[Staking],
        StakingCall::remove_stake { .. }
        | StakingCall::unstake_all { .. }
        | StakingCall::move_stake { .. }
        | StakingCall::become_delegate { .. }
        | StakingCall::increase_take { .. }
        | StakingCall::decrease_take { .. } => &[NonTransfer, Staking],
        StakingCall::set_children { .. } | StakingCall::set_childkey_take { .. } => &[NonTransfer, Children],
        StakingCall::root_register { .. } => &[Registration],
        StakingCall::transfer_stake { .. } | StakingCall::__Ignore(..) => NONE,
    }
}

fn neurons(call: &NeuronsCall<Runtime>) -> Types {
    match call {
        NeuronsCall::burned_register { .. } | NeuronsCall::register_limit { .. } | NeuronsCall::register { .. } => {
            &[Neurons, Registration]
        }
        NeuronsCall::serve_axon { .. }
        | NeuronsCall::serve_axon_tls { .. }
        | NeuronsCall::serve_prometheus { .. }
        | NeuronsCall::set_commitment { .. } => &[NonTransfer, Neurons],
        NeuronsCall::__Ignore(..) => NONE,
    }
}

fn weights(call: &WeightsCall<Runtime>) -> Types {
    match call {
        WeightsCall::set_weights { .. }
        | WeightsCall::batch_set_weights { .. }
        | WeightsCall::commit_weights { .. }
        | WeightsCall::batch_commit_weights { .. }
        | WeightsCall::reveal_weights { .. }
        | WeightsCall::batch_reveal_weights { .. } => &[NonTransfer, Neurons],
        WeightsCall::set_root_weights { .. } => &[NonTransfer, RootWeights],
        WeightsCall::__Ignore(..) => NONE,
    }
}

/// Batches are open to all types: the filter checks each of their calls by itself.
fn utility(call: &UtilityCall<Runtime>) -> Types {
    match call {
        UtilityCall::batch { .. }
        | UtilityCall::batch_all { .. }
        | UtilityCall::force_batch { .. }
        | UtilityCall::if_else { .. } => &[NonTransfer, Staking, Neurons, Subnets, Children, RootWeights, Registration],
        UtilityCall::as_derivative { .. }
        | UtilityCall::dispatch_as { .. }
        | UtilityCall::dispatch_as_fallible { .. }
        | UtilityCall::with_weight { .. }
        | UtilityCall::__Ignore(..) => NONE,
    }
}

impl InstanceFilter<RuntimeCall> for ProxyType {
    fn filter(&self, call: &RuntimeCall) -> bool {
        *self == Self::Any || types(call).contains(self)
    }

    fn is_superset(&self, other: &Self) -> bool {
        self == other || matches!((self, other), (Self::Any, _) | (NonTransfer, Children | RootWeights))
    }
}
