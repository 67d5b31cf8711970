//! A coldkey whose swap is announced can do nothing else, whoever signs for it.

mod chain;

use chain::{Chain, account};
use myelin_pallet_staking::Call as StakingCall;
use myelin_primitives::RAO_PER_TAO;
use myelin_runtime::{Address, ProxyType, RuntimeCall, presets};
use serde_json::json;
use sp_core::{Encode, Pair, sr25519};
use sp_io::hashing::blake2_256;
use sp_runtime::transaction_validity::InvalidTransaction;

const DELAY: u32 = 5;

fn development(name: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(&format!("//{name}"), None).expect("a name is a path")
}

fn transfer(to: &sr25519::Pair) -> RuntimeCall {
    let dest = Address::Id(account(to));
    pallet_balances::Call::transfer_keep_alive { dest, value: RAO_PER_TAO }.into()
}

fn in_the_name_of(real: &sr25519::Pair, call: RuntimeCall) -> RuntimeCall {
    let real = Address::Id(account(real));
    pallet_proxy::Call::proxy { real, force_proxy_type: None, call: Box::new(call) }.into()
}

#[test]
fn an_announced_swap_stops_everything_else_and_then_moves_all() {
    let network = json!({ "coldkeySwapAnnouncementDelay": DELAY });
    let mut chain = Chain::begin(presets::LOCAL, json!({ "subnets": { "networkParameters": network } }));
    let [old, proxy, friend] = ["Alice", "Bob", "Charlie"].map(development);
    let new = chain::key("new");
    let add =
        pallet_proxy::Call::add_proxy { delegate: Address::Id(account(&proxy)), proxy_type: ProxyType::Any, delay: 0 };
    chain.succeed(&old, add);
    chain.succeed(&proxy, in_the_name_of(&old, transfer(&friend)));

    let new_coldkey_hash = blake2_256(&account(&new).encode()).into();
    chain.succeed(&old, StakingCall::announce_coldkey_swap { new_coldkey_hash });
    let announced = chain.height();
    let refused = InvalidTransaction::Custom(0).into();
    assert_eq!(chain.refusal(&old, transfer(&friend)), refused);
    let by_proxy = in_the_name_of(&old, transfer(&friend));
    assert_eq!(chain.refusal(&proxy, by_proxy.clone()), refused);
    let wrapped = pallet_utility::Call::batch { calls: vec![transfer(&friend), by_proxy] };
    assert_eq!(chain.refusal(&proxy, wrapped), refused);
    chain.succeed(&proxy, transfer(&friend));

    while chain.height() < announced + DELAY {
        chain.block(Vec::new());
    }
    let had = chain.balance(&account(&old));
    chain.succeed(&old, StakingCall::swap_coldkey_announced { new_coldkey: account(&new) });
    let has = chain.balance(&account(&new));
    assert!(had - has < RAO_PER_TAO, "all but the fee: {had} {has}");
}

#[test]
fn a_proxy_for_staking_cannot_move_tao_away() {
    let mut chain = Chain::begin(presets::LOCAL, json!({}));
    let [holder, proxy, friend] = ["Alice", "Bob", "Charlie"].map(development);
    let add = pallet_proxy::Call::add_proxy {
        delegate: Address::Id(account(&proxy)),
        proxy_type: ProxyType::Staking,
        delay: 0,
    };
    chain.succeed(&holder, add);
    let before = chain.balance(&account(&friend));
    for call in [
        transfer(&friend),
        pallet_utility::Call::batch { calls: vec![transfer(&friend)] }.into(),
        StakingCall::transfer_stake {
            destination_coldkey: account(&friend),
            hotkey: account(&holder),
            amount: myelin_primitives::Amount::from_rao(RAO_PER_TAO),
        }
        .into(),
    ] {
        chain.succeed(&proxy, in_the_name_of(&holder, call));
    }
    assert_eq!(chain.balance(&account(&friend)), before);
    let hotkey = account(&holder);
    chain.succeed(&proxy, in_the_name_of(&holder, StakingCall::try_associate_hotkey { hotkey: hotkey.clone() }.into()));
    let owner = chain.look(|| myelin_pallet_staking::Hotkeys::<myelin_runtime::Runtime>::get(&hotkey));
    assert_eq!(owner.map(|record| record.owner), Some(account(&holder)));
}
