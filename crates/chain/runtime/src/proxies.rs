//! Proxy types: the calls that an account may allow another to make in its name.

use crate::RuntimeCall;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::InstanceFilter;
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
    /// All calls that cannot move TAO to another account.
    NonTransfer,
    /// The calls of staking, pairs and identities, without transfers of stake and swaps of keys.
    Staking,
    /// The calls that register and serve neurons and set weights.
    Neurons,
    /// The calls that create subnets and set their parameters, without transfers of subnets.
    Subnets,
}

/// Returns true if a call can give TAO, stake or a key to another account, or stop a coldkey that does.
///
/// A dispute stops every call of the coldkey, so the coldkey itself makes it, or a proxy for all calls.
fn gives_away(call: &RuntimeCall) -> bool {
    use myelin_pallet_keys::Call as Keys;
    match call {
        RuntimeCall::Keys(call) => matches!(
            call,
            Keys::swap_hotkey { .. }
                | Keys::announce_coldkey_swap { .. }
                | Keys::swap_coldkey_announced { .. }
                | Keys::clear_coldkey_swap_announcement { .. }
                | Keys::dispute_coldkey_swap { .. }
        ),
        RuntimeCall::Staking(myelin_pallet_staking::Call::transfer_stake { .. })
        | RuntimeCall::Subnets(myelin_pallet_subnets::Call::transfer_network { .. })
        | RuntimeCall::Balances(..)
        | RuntimeCall::Multisig(..)
        | RuntimeCall::Proxy(..)
        | RuntimeCall::Sudo(..) => true,
        _ => false,
    }
}

impl InstanceFilter<RuntimeCall> for ProxyType {
    fn filter(&self, call: &RuntimeCall) -> bool {
        // The filter checks each call of a batch by itself.
        let batch = matches!(call, RuntimeCall::Utility(..));
        match self {
            Self::Any => true,
            Self::NonTransfer => !gives_away(call),
            Self::Staking => {
                let about_stake = matches!(call, RuntimeCall::Keys(..) | RuntimeCall::Staking(..));
                batch || (about_stake && !gives_away(call))
            }
            Self::Neurons => {
                let about_neurons = matches!(call, RuntimeCall::Neurons(..) | RuntimeCall::Weights(..));
                batch || (about_neurons && !gives_away(call))
            }
            Self::Subnets => batch || (matches!(call, RuntimeCall::Subnets(..)) && !gives_away(call)),
        }
    }

    fn is_superset(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (_, Self::Any) => false,
            (Self::NonTransfer, _) => true,
            _ => self == other,
        }
    }
}
