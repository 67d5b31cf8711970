//! The calls that stay open while governance closes others. spec events-and-errors §8.6

use crate::{AccountId, Runtime, RuntimeCall, Subnets, extensions::is_about_coldkey_swap};
use frame_support::traits::Contains;
use frame_system::Call as SystemCall;
use myelin_pallet_staking::Call as StakingCall;
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_pallet_weights::Call as WeightsCall;
use pallet_tx_pause::RuntimeCallNameOf;

/// The calls that are open while the parameters of all networks can be decoded: all calls. Otherwise those of our own
/// pallets are closed, because they would rely on a default.
pub struct ReadableStateCalls;

impl Contains<RuntimeCall> for ReadableStateCalls {
    fn contains(call: &RuntimeCall) -> bool {
        let relies = matches!(
            call,
            RuntimeCall::Keys(_)
                | RuntimeCall::Subnets(_)
                | RuntimeCall::Staking(_)
                | RuntimeCall::Neurons(_)
                | RuntimeCall::Weights(_)
        );
        !relies || <Subnets as ReadSubnets<AccountId>>::is_readable()
    }
}

/// The calls that stay open in safe mode: those with which governance ends it, and those that a holder or a validator
/// cannot put off.
pub struct SafeModeCalls;

impl Contains<RuntimeCall> for SafeModeCalls {
    fn contains(call: &RuntimeCall) -> bool {
        match call {
            RuntimeCall::Timestamp(_)
            | RuntimeCall::Sudo(_)
            | RuntimeCall::Preimage(_)
            | RuntimeCall::Scheduler(_)
            | RuntimeCall::TxPause(_)
            | RuntimeCall::System(SystemCall::apply_authorized_upgrade { .. })
            | RuntimeCall::Staking(StakingCall::remove_stake { .. } | StakingCall::unstake_all { .. })
            | RuntimeCall::Weights(WeightsCall::reveal_weights { .. } | WeightsCall::batch_reveal_weights { .. }) => {
                true
            }
            _ => is_about_coldkey_swap(call),
        }
    }
}

/// The calls that cannot be paused: without them the pause could not be ended.
pub struct UnpausableCalls;

impl Contains<RuntimeCallNameOf<Runtime>> for UnpausableCalls {
    fn contains((pallet, call): &RuntimeCallNameOf<Runtime>) -> bool {
        matches!(
            (pallet.as_slice(), call.as_slice()),
            (b"Timestamp" | b"Sudo" | b"Preimage" | b"Scheduler" | b"SafeMode", _)
                | (b"System", b"apply_authorized_upgrade")
        )
    }
}
