//! Proxy types: each call against each type. spec events-and-errors §8.5

mod chain;

use chain::{Chain, account, key};
use codec::Decode;
use frame_support::traits::{GetCallMetadata, InstanceFilter};
use myelin_runtime::{
    Address,
    ProxyType::{self, Any, Children, Neurons, NonTransfer, Registration, RootWeights, Staking, Subnets},
    RuntimeCall, presets,
};
use pallet_proxy::Call as ProxyCall;
use serde_json::json;
use sp_keyring::Sr25519Keyring;
use sp_runtime::traits::TrailingZeroInput;
use std::collections::BTreeSet;

const TYPES: [ProxyType; 8] = [Any, NonTransfer, Staking, Neurons, Subnets, Children, RootWeights, Registration];

/// The calls of each type but `Any`, and those of no other.
const LISTS: [(ProxyType, &[&str]); 7] = [
    (
        NonTransfer,
        &[
            "Neurons.serve_axon",
            "Neurons.serve_axon_tls",
            "Neurons.serve_prometheus",
            "Neurons.set_commitment",
            "Staking.become_delegate",
            "Staking.decrease_take",
            "Staking.increase_take",
            "Staking.move_stake",
            "Staking.remove_stake",
            "Staking.set_childkey_take",
            "Staking.set_children",
            "Staking.unstake_all",
            "Subnets.set_parameters",
            "Subnets.set_subnet_identity",
            "Weights.batch_commit_weights",
            "Weights.batch_reveal_weights",
            "Weights.batch_set_weights",
            "Weights.commit_weights",
            "Weights.reveal_weights",
            "Weights.set_root_weights",
            "Weights.set_weights",
        ],
    ),
    (
        Staking,
        &[
            "Keys.set_identity",
            "Keys.try_associate_hotkey",
            "Staking.add_stake",
            "Staking.become_delegate",
            "Staking.decrease_take",
            "Staking.increase_take",
            "Staking.move_stake",
            "Staking.remove_stake",
            "Staking.unstake_all",
        ],
    ),
    (
        Neurons,
        &[
            "Neurons.burned_register",
            "Neurons.register",
            "Neurons.register_limit",
            "Neurons.serve_axon",
            "Neurons.serve_axon_tls",
            "Neurons.serve_prometheus",
            "Neurons.set_commitment",
            "Weights.batch_commit_weights",
            "Weights.batch_reveal_weights",
            "Weights.batch_set_weights",
            "Weights.commit_weights",
            "Weights.reveal_weights",
            "Weights.set_weights",
        ],
    ),
    (
        Subnets,
        &[
            "Subnets.dissolve_network",
            "Subnets.register_network",
            "Subnets.register_network_with_identity",
            "Subnets.set_parameters",
            "Subnets.set_subnet_identity",
            "Subnets.set_subnet_owner_hotkey",
        ],
    ),
    (Children, &["Staking.set_childkey_take", "Staking.set_children"]),
    (RootWeights, &["Weights.set_root_weights"]),
    (
        Registration,
        &[
            "Keys.try_associate_hotkey",
            "Neurons.burned_register",
            "Neurons.register",
            "Neurons.register_limit",
            "Staking.root_register",
        ],
    ),
];

/// The calls that every type may make, because their calls are checked one by one.
const BATCHES: [&str; 4] = ["Utility.batch", "Utility.batch_all", "Utility.force_batch", "Utility.if_else"];

/// The calls without a value, whose proof no transaction can contain.
const IMPOSSIBLE: usize = 2;

/// Returns a call of each kind, with zeros as its arguments.
fn calls() -> Vec<RuntimeCall> {
    let indices = (0..=u8::MAX).flat_map(|pallet| (0..=u8::MAX).map(move |call| [pallet, call]));
    let calls: Vec<_> =
        indices.filter_map(|index| RuntimeCall::decode(&mut TrailingZeroInput::new(&index)).ok()).collect();
    let all: usize = RuntimeCall::get_module_names().iter().map(|name| RuntimeCall::get_call_names(name).len()).sum();
    assert_eq!(calls.len(), all - IMPOSSIBLE, "each call is here");
    calls
}

fn name(call: &RuntimeCall) -> String {
    let name = call.get_call_metadata();
    format!("{}.{}", name.pallet_name, name.function_name)
}

/// Returns the calls that a type may make.
fn allowed(proxy: ProxyType) -> BTreeSet<String> {
    calls().iter().filter(|call| proxy.filter(call)).map(name).collect()
}

#[test]
fn each_type_may_make_the_calls_of_its_list_alone() {
    assert_eq!(allowed(Any).len(), calls().len(), "`Any` is all calls");
    for (proxy, list) in LISTS {
        let listed: BTreeSet<_> = list.iter().chain(&BATCHES).map(ToString::to_string).collect();
        assert_eq!(allowed(proxy), listed, "{proxy:?}");
    }
}

#[test]
fn a_type_contains_those_whose_calls_it_may_all_make() {
    for one in TYPES {
        for other in TYPES {
            assert_eq!(one.is_superset(&other), allowed(one).is_superset(&allowed(other)), "{one:?} of {other:?}");
        }
    }
}

#[test]
fn a_batch_does_not_widen_a_type() {
    let mut chain = Chain::begin(presets::LOCAL, json!({}));
    let [real, proxy] = [Sr25519Keyring::Alice, Sr25519Keyring::Bob].map(Sr25519Keyring::pair);
    let friend = account(&key("friend"));
    let own = Address::Id(account(&real));
    let send: RuntimeCall =
        pallet_balances::Call::transfer_keep_alive { dest: Address::Id(friend.clone()), value: 1_000_000 }.into();
    for proxy_type in TYPES.into_iter().filter(|proxy_type| *proxy_type != Any) {
        let add = ProxyCall::add_proxy { delegate: Address::Id(account(&proxy)), proxy_type, delay: 0 };
        chain.succeed(&real, add);
        let (main, fallback) = (Box::new(send.clone()), Box::new(send.clone()));
        for call in [
            pallet_utility::Call::batch { calls: vec![send.clone()] },
            pallet_utility::Call::batch_all { calls: vec![send.clone()] },
            pallet_utility::Call::force_batch { calls: vec![send.clone()] },
            pallet_utility::Call::if_else { main, fallback },
        ] {
            let act = ProxyCall::proxy {
                real: own.clone(),
                force_proxy_type: Some(proxy_type),
                call: Box::new(RuntimeCall::from(call)),
            };
            chain.succeed(&proxy, act);
        }
    }
    assert_eq!(chain.balance(&friend), 0);
}
