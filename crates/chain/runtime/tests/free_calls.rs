//! The free calls of the runtime are those that clients take for free.

mod chain;

use chain::Chain;
use codec::Decode;
use frame_support::{dispatch::CheckIfFeeless, traits::GetCallMetadata};
use myelin_pallet_keys::ColdkeySwaps;
use myelin_primitives::Amount;
use myelin_records::{
    free_calls::{FREE_CALLS, is_free},
    key::ColdkeySwap,
};
use myelin_runtime::{AccountId, Hash, Runtime, RuntimeCall, RuntimeOrigin};
use serde_json::json;
use sp_runtime::traits::TrailingZeroInput;

/// Returns a call of each kind, with zeros as its arguments.
fn calls() -> impl Iterator<Item = RuntimeCall> {
    let indices = (0..=u8::MAX).flat_map(|pallet| (0..=u8::MAX).map(move |call| [pallet, call]));
    indices.filter_map(|index| RuntimeCall::decode(&mut TrailingZeroInput::new(&index)).ok())
}

#[test]
fn free_calls_are_those_without_a_fee() {
    Chain::begin("test", json!({})).look(|| {
        let who = AccountId::new([1; 32]);
        // Calls about a coldkey swap are free during it. The first announcement is not, so it is in no list.
        let swap = ColdkeySwap { new_coldkey_hash: Hash::default(), due: 1, disputed: false, escrow: Amount::ZERO };
        ColdkeySwaps::<Runtime>::insert(&who, swap);
        let origin = RuntimeOrigin::signed(who);
        let mut free = 0;
        for call in calls() {
            let name = call.get_call_metadata();
            let is_feeless = call.is_feeless(&origin);
            if name.function_name == "announce_coldkey_swap" {
                assert!(is_feeless);
                continue;
            }
            assert_eq!(is_feeless, is_free(name.pallet_name, name.function_name), "{name:?}");
            free += usize::from(is_feeless);
        }
        assert_eq!(free, FREE_CALLS.iter().map(|(_, calls)| calls.len()).sum::<usize>());
    });
}
