//! The lock of a coldkey with an announced swap, for each way in which an account can act in its name.

mod chain;

use chain::{Chain, account};
use myelin_pallet_keys::{Call as KeysCall, ColdkeySwaps, Owners, types::ColdkeyHash};
use myelin_pallet_staking::Call as StakingCall;
use myelin_primitives::RAO_PER_TAO;
use myelin_records::key::ColdkeySwap;
use myelin_runtime::{AccountId, Address, Multisig, ProxyType, Runtime, RuntimeCall, presets};
use pallet_multisig::Call as MultisigCall;
use pallet_proxy::Call as ProxyCall;
use pallet_utility::Call as UtilityCall;
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
    chain.succeed(&old, KeysCall::announce_coldkey_swap { new_coldkey_hash });
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
    chain.succeed(&old, KeysCall::swap_coldkey_announced { new_coldkey: account(&new) });
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
    chain.succeed(&proxy, in_the_name_of(&holder, KeysCall::try_associate_hotkey { hotkey: hotkey.clone() }.into()));
    assert_eq!(chain.look(|| Owners::<Runtime>::get(&hotkey)), Some(account(&holder)));
}

/// Locks an account as an announcement or a dispute does.
fn lock(chain: &mut Chain, coldkey: &AccountId, disputed: bool) {
    let swap = ColdkeySwap { new_coldkey_hash: ColdkeyHash::default(), due: 1_000_000, disputed };
    chain.look(|| ColdkeySwaps::<Runtime>::insert(coldkey, swap));
    chain.keep();
}

/// Returns each way in which `signer` can act in the name of another account, with that account.
fn in_other_names(signer: &sr25519::Pair, other: &sr25519::Pair, call: &RuntimeCall) -> Vec<(AccountId, RuntimeCall)> {
    let (signer, other) = (account(signer), account(other));
    let boxed = || Box::new(call.clone());
    let (real, delegate) = (Address::Id(other.clone()), Address::Id(signer.clone()));
    let others = vec![other.clone()];
    let mut signatories = vec![signer.clone(), other.clone()];
    signatories.sort();
    let multisig = |threshold| Multisig::multi_account_id(&signatories, threshold);
    let max_weight = frame_support::weights::Weight::from_parts(1_000_000_000, 0);
    let as_multi = MultisigCall::as_multi {
        threshold: 2,
        other_signatories: others.clone(),
        maybe_timepoint: None,
        call: boxed(),
        max_weight,
    };
    vec![
        (signer.clone(), call.clone()),
        (other.clone(), ProxyCall::proxy { real: real.clone(), force_proxy_type: None, call: boxed() }.into()),
        (other, ProxyCall::proxy_announced { delegate, real, force_proxy_type: None, call: boxed() }.into()),
        (multisig(2), as_multi.into()),
        (multisig(1), MultisigCall::as_multi_threshold_1 { other_signatories: others, call: boxed() }.into()),
        (
            pallet_utility::derivative_account_id(signer, 7),
            UtilityCall::as_derivative { index: 7, call: boxed() }.into(),
        ),
    ]
}

/// Returns a call in each kind of batch.
fn batches(call: &RuntimeCall) -> [RuntimeCall; 3] {
    let calls = || vec![frame_system::Call::remark { remark: Vec::new() }.into(), call.clone()];
    [
        UtilityCall::batch { calls: calls() }.into(),
        UtilityCall::batch_all { calls: calls() }.into(),
        UtilityCall::force_batch { calls: calls() }.into(),
    ]
}

#[test]
fn the_lock_holds_through_proxies_multisig_accounts_and_batches() {
    let mut chain = Chain::begin(presets::LOCAL, json!({}));
    let [signer, other, friend] = ["Bob", "Charlie", "Dave"].map(development);
    for (coldkey, call) in in_other_names(&signer, &other, &transfer(&friend)) {
        for (disputed, code) in [(false, 0), (true, 21)] {
            lock(&mut chain, &coldkey, disputed);
            let refused = InvalidTransaction::Custom(code).into();
            assert_eq!(chain.refusal(&signer, call.clone()), refused, "{call:?}");
            for batch in batches(&call) {
                assert_eq!(chain.refusal(&signer, batch.clone()), refused, "{batch:?}");
                for nested in batches(&batch) {
                    assert_eq!(chain.refusal(&signer, nested), refused);
                }
            }
        }
        chain.look(|| ColdkeySwaps::<Runtime>::remove(&coldkey));
        chain.keep();
        let transaction = chain.sign(&signer, call.clone());
        assert!(chain.validate(transaction).is_ok(), "{call:?} without a lock");
    }
}

#[test]
fn a_proxy_for_all_calls_may_dispute_a_swap_and_governance_ends_it() {
    let mut chain = Chain::begin(presets::LOCAL, json!({}));
    let [governor, coldkey, proxy, friend] = ["Alice", "Bob", "Charlie", "Dave"].map(development);
    for proxy_type in [ProxyType::Staking, ProxyType::NonTransfer, ProxyType::Any] {
        let add = ProxyCall::add_proxy { delegate: Address::Id(account(&proxy)), proxy_type, delay: 0 };
        chain.succeed(&coldkey, add);
    }
    chain.succeed(&coldkey, KeysCall::announce_coldkey_swap { new_coldkey_hash: ColdkeyHash::default() });
    assert_eq!(chain.refusal(&coldkey, transfer(&friend)), InvalidTransaction::Custom(0).into());
    let is_disputed = |chain: &mut Chain| {
        let swap = chain.look(|| ColdkeySwaps::<Runtime>::get(account(&coldkey)));
        swap.expect("the swap is announced").disputed
    };
    let dispute = |proxy_type| {
        let (real, call) = (Address::Id(account(&coldkey)), Box::new(KeysCall::dispute_coldkey_swap {}.into()));
        ProxyCall::proxy { real, force_proxy_type: Some(proxy_type), call }
    };
    for proxy_type in [ProxyType::Staking, ProxyType::NonTransfer] {
        chain.succeed(&proxy, dispute(proxy_type));
        assert!(!is_disputed(&mut chain), "{proxy_type:?} disputes");
    }
    chain.succeed(&proxy, dispute(ProxyType::Any));
    assert!(is_disputed(&mut chain));
    assert_eq!(chain.refusal(&coldkey, transfer(&friend)), InvalidTransaction::Custom(21).into());
    let reset = KeysCall::reset_coldkey_swap { coldkey: account(&coldkey) };
    chain.succeed(&governor, pallet_sudo::Call::sudo { call: Box::new(reset.into()) });
    chain.succeed(&coldkey, transfer(&friend));
}
