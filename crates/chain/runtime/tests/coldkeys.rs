//! The lock of a coldkey with an announced swap, for each way in which an account can act in its name.

#![allow(dead_code, reason = "the modules of random moves serve another test too")]

mod chain;
mod moves;

use chain::{Chain, account};
use frame_support::{
    storage::{TransactionOutcome, with_transaction_unchecked},
    weights::Weight,
};
use moves::{accounts, movement};
use myelin_economics::work::WorkChallenge;
use myelin_pallet_keys::{Call as KeysCall, ColdkeySwaps, Error as KeysError, Owners, types::ColdkeyHash};
use myelin_pallet_neurons::Call as NeuronsCall;
use myelin_pallet_staking::{Call as StakingCall, traits::ReadStake};
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO};
use myelin_records::key::ColdkeySwap;
use myelin_runtime::{
    AccountId, Address, Balances, CheckCall, Keys, Multisig, ProxyType, Runtime, RuntimeCall, RuntimeOrigin, Staking,
    presets,
};
use pallet_multisig::Call as MultisigCall;
use pallet_proxy::Call as ProxyCall;
use pallet_utility::Call as UtilityCall;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::json;
use sp_core::{Encode, Pair, sr25519};
use sp_io::hashing::blake2_256;
use sp_runtime::{
    DispatchError,
    traits::{Dispatchable, TransactionExtension},
    transaction_validity::InvalidTransaction,
};

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

    let had = chain.balance(&account(&old));
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
    // The account has nothing for a fee, and needs none.
    assert_eq!(chain.balance(&account(&old)), 500);
    chain.succeed(&old, KeysCall::swap_coldkey_announced { new_coldkey: account(&new) });
    let paid = had - chain.balance(&account(&new)) - chain.balance(&account(&old));
    assert!((RAO_PER_TAO / 10..RAO_PER_TAO / 9).contains(&paid), "the announcement and its fee: {paid} rao");
}

#[test]
fn no_stranger_stops_a_swap_by_touching_the_new_key() {
    let open = json!({ "powRegistrationAllowed": true, "initialDifficulty": 1, "minDifficulty": 1 });
    let network = json!({ "coldkeySwapAnnouncementDelay": DELAY, "minWorkDifficulty": 1 });
    let subnets = json!([{ "netuid": 1, "parameters": open }]);
    let genesis = json!({ "subnets": { "networkParameters": network, "subnets": subnets } });
    let mut chain = Chain::begin(presets::LOCAL, genesis);
    let [old, thief] = ["Alice", "Bob"].map(development);
    let (new, hotkey) = (chain::key("new"), chain::key("hotkey"));
    chain.pair(&thief, &hotkey);
    chain.succeed(&thief, StakingCall::become_delegate { hotkey: account(&hotkey) });
    let stake = Amount::from_rao(10 * RAO_PER_TAO);
    chain.succeed(&thief, StakingCall::add_stake { hotkey: account(&hotkey), amount: stake });
    chain.succeed(
        &old,
        KeysCall::announce_coldkey_swap { new_coldkey_hash: blake2_256(&account(&new).encode()).into() },
    );

    let reserved = DispatchError::from(KeysError::<Runtime>::ColdkeyReserved);
    // Even the consent of the new key is of no use.
    let consent = chain.consent(&new, &account(&thief), &account(&new));
    let transfer = StakingCall::transfer_stake {
        destination_coldkey: account(&new),
        hotkey: account(&hotkey),
        amount: Amount::from_rao(RAO_PER_TAO),
    };
    let calls: [RuntimeCall; 3] = [
        KeysCall::try_associate_hotkey { hotkey: account(&new), consent }.into(),
        KeysCall::swap_hotkey { hotkey: account(&hotkey), new_hotkey: account(&new), consent }.into(),
        transfer.into(),
    ];
    for call in calls {
        let transaction = chain.sign(&thief, call.clone());
        assert_eq!(chain.block(vec![transaction]), [Ok(Err(reserved))], "{call:?}");
    }
    let newcomer = chain::key("newcomer");
    let consent = chain.consent(&new, &account(&new), &account(&newcomer));
    let challenge = WorkChallenge::new(&chain.hash(), account(&newcomer).as_ref());
    let (nonce, seal) = challenge.search(0.., 1).expect("any seal will do");
    let register = NeuronsCall::register {
        netuid: NetUid::new(1),
        block_number: chain.height(),
        nonce,
        work: seal.as_bytes().to_vec(),
        hotkey: account(&newcomer),
        coldkey: account(&new),
        consent,
    };
    assert_eq!(chain.refusal(&newcomer, register), InvalidTransaction::Custom(29).into());
    for _ in 0..DELAY {
        chain.block(Vec::new());
    }
    chain.succeed(&old, KeysCall::swap_coldkey_announced { new_coldkey: account(&new) });
    assert!(chain.balance(&account(&new)) > 9_000 * RAO_PER_TAO);
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
    let associate = KeysCall::try_associate_hotkey { hotkey: hotkey.clone(), consent: None };
    chain.succeed(&proxy, in_the_name_of(&holder, associate.into()));
    assert_eq!(chain.look(|| Owners::<Runtime>::get(&hotkey)), Some(account(&holder)));
}

/// Locks an account as an announcement or a dispute does.
fn lock(chain: &mut Chain, coldkey: &AccountId, disputed: bool) {
    let swap = ColdkeySwap { new_coldkey_hash: ColdkeyHash::default(), due: 1_000_000, disputed, escrow: Amount::ZERO };
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

fn remark() -> RuntimeCall {
    frame_system::Call::remark { remark: Vec::new() }.into()
}

/// Returns a call in each kind of batch, and on either side of a choice.
fn batches(call: &RuntimeCall) -> [RuntimeCall; 5] {
    let calls = || vec![remark(), call.clone()];
    let (call, other) = (|| Box::new(call.clone()), || Box::new(remark()));
    [
        UtilityCall::batch { calls: calls() }.into(),
        UtilityCall::batch_all { calls: calls() }.into(),
        UtilityCall::force_batch { calls: calls() }.into(),
        UtilityCall::if_else { main: call(), fallback: other() }.into(),
        UtilityCall::if_else { main: other(), fallback: call() }.into(),
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
fn a_name_of_more_signatories_than_can_be_is_refused() {
    let mut chain = Chain::begin(presets::LOCAL, json!({}));
    let others = |count: u8| (0..count).map(|number| AccountId::new([number; 32])).collect::<Vec<_>>();
    let call =
        |count| MultisigCall::as_multi_threshold_1 { other_signatories: others(count), call: Box::new(remark()) };
    let signer = development("Bob");
    assert_eq!(chain.refusal(&signer, call(64)), InvalidTransaction::Call.into());
    let transaction = chain.sign(&signer, call(63));
    assert!(chain.validate(transaction).is_ok());
}

#[test]
fn a_transaction_weighs_the_names_that_are_looked_at() {
    let names = |call: &RuntimeCall| {
        let read = <Runtime as frame_system::Config>::DbWeight::get().reads(1);
        CheckCall.weight(call).ref_time() / read.ref_time()
    };
    let [signer, other] = ["Bob", "Charlie"].map(development);
    assert_eq!(names(&remark()), 1);
    for (_, call) in in_other_names(&signer, &other, &remark()).split_off(1) {
        assert_eq!(names(&call), 2, "{call:?}");
        assert_eq!(batches(&call).map(|batch| names(&batch)), [4; 5]);
        // A nest of five: batch, proxy, choice, derived account, and the call of another.
        let derived = UtilityCall::as_derivative { index: 1, call: Box::new(call) };
        let choice = UtilityCall::if_else { main: Box::new(derived.into()), fallback: Box::new(remark()) };
        let batch = UtilityCall::batch { calls: vec![in_the_name_of(&other, choice.into())] };
        assert_eq!(names(&batch.into()), 7);
    }
}

#[test]
fn a_coldkey_and_its_proxy_for_all_calls_may_dispute_a_swap() {
    let mut chain = Chain::begin(presets::LOCAL, json!({}));
    let [governor, coldkey, friend] = ["Alice", "Bob", "Dave"].map(development);
    let types = [ProxyType::NonTransfer, ProxyType::Staking, ProxyType::Neurons, ProxyType::Subnets];
    for proxy_type in types {
        let delegate = Address::Id(account(&chain::key(&format!("{proxy_type:?}"))));
        chain.succeed(&coldkey, ProxyCall::add_proxy { delegate, proxy_type, delay: 0 });
    }
    chain.succeed(&coldkey, KeysCall::announce_coldkey_swap { new_coldkey_hash: ColdkeyHash::default() });
    assert_eq!(chain.refusal(&coldkey, transfer(&friend)), InvalidTransaction::Custom(0).into());
    for proxy_type in types {
        let proxy = account(&chain::key(&format!("{proxy_type:?}")));
        for call in [KeysCall::clear_coldkey_swap_announcement {}, KeysCall::dispute_coldkey_swap {}] {
            let call = in_the_name_of(&coldkey, call.into());
            assert!(chain.look(|| call.dispatch(RuntimeOrigin::signed(proxy.clone()))).is_ok());
            let swap = chain.look(|| ColdkeySwaps::<Runtime>::get(account(&coldkey)));
            assert!(swap.is_some_and(|swap| !swap.disputed), "{proxy_type:?} has changed {swap:?}");
        }
    }
    chain.forget();
    chain.succeed(&coldkey, KeysCall::dispute_coldkey_swap {});
    assert_eq!(chain.refusal(&coldkey, transfer(&friend)), InvalidTransaction::Custom(21).into());
    let reset = KeysCall::reset_coldkey_swap { coldkey: account(&coldkey) };
    chain.succeed(&governor, pallet_sudo::Call::sudo { call: Box::new(reset.into()) });
    chain.succeed(&coldkey, transfer(&friend));
}

/// Accounts under swap, and parties that can act in their names.
struct Siege {
    /// The parties. The first is a proxy of the first victim, the second one with a delay. Two others share multisig
    /// accounts, and the derived account belongs to the last.
    parties: [AccountId; 5],
    /// The victims: a coldkey, multisig accounts of thresholds 1 and 2, and a derived account.
    victims: [AccountId; 4],
    /// The hotkey on which the coldkey has stake.
    hotkey: AccountId,
}

/// The index of the derived account.
const DERIVED: u16 = 7;

/// The TAO of an account under swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wealth {
    free: u64,
    reserved: u64,
    staked: u64,
}

impl Siege {
    /// Builds a chain on which the victims are under swap.
    fn begin() -> (Self, Chain) {
        // The accounts of random moves, so that these are about the victims too.
        let keys: Vec<_> = (0..6).map(accounts::key).collect();
        let [coldkey, parties @ ..] = [0, 1, 2, 3, 4, 5].map(accounts::account);
        let [proxy, delayed, one, other, parent] = parties.clone();
        let mut signatories = vec![one.clone(), other.clone()];
        signatories.sort();
        let multisig = |threshold| Multisig::multi_account_id(&signatories, threshold);
        let derived = pallet_utility::derivative_account_id(parent.clone(), DERIVED);
        let victims = [coldkey.clone(), multisig(1), multisig(2), derived];
        let rich: Vec<_> = (0..12).map(accounts::account).chain(victims[1..].iter().cloned()).collect();
        let balances: Vec<_> = rich.iter().map(|who| (who.clone(), 1_000 * RAO_PER_TAO)).collect();
        let hotkey = AccountId::new([99; 32]);
        let stakes = vec![(coldkey.clone(), hotkey.clone(), 100 * RAO_PER_TAO)];
        let genesis = json!({ "balances": { "balances": balances }, "staking": { "stakes": stakes } });
        let mut chain = Chain::begin(presets::LOCAL, genesis);
        for (delegate, delay) in [(proxy, 0), (delayed, 1)] {
            let delegate = Address::Id(delegate);
            chain.succeed(keys[0], ProxyCall::add_proxy { delegate, proxy_type: ProxyType::Any, delay });
        }
        chain.look(|| {
            for victim in &victims {
                let hash = blake2_256(&victim.encode()).into();
                let origin = RuntimeOrigin::signed(victim.clone());
                frame_support::assert_ok!(Keys::announce_coldkey_swap(origin, hash));
            }
        });
        chain.keep();
        (Self { parties, victims, hotkey }, chain)
    }

    fn wealth(&self) -> Vec<Wealth> {
        let of = |who: &AccountId| Wealth {
            free: Balances::free_balance(who),
            reserved: Balances::reserved_balance(who),
            staked: Staking::of(who, &self.hotkey).rao(),
        };
        self.victims.iter().map(of).collect()
    }

    /// Wraps a call of a victim so that a party can make it. Returns the party.
    fn spoken(&self, way: u8, call: RuntimeCall) -> (AccountId, RuntimeCall) {
        let [proxy, delayed, one, other, parent] = self.parties.clone();
        let real = Address::Id(self.victims[0].clone());
        let call = Box::new(call);
        match way % 5 {
            0 => (proxy, ProxyCall::proxy { real, force_proxy_type: None, call }.into()),
            1 => {
                let announce = ProxyCall::announce { real: real.clone(), call_hash: blake2_256(&call.encode()).into() };
                let announced = RuntimeCall::from(announce).dispatch(RuntimeOrigin::signed(delayed.clone()));
                assert!(announced.is_ok(), "{announced:?}");
                let delegate = Address::Id(delayed.clone());
                (delayed, ProxyCall::proxy_announced { delegate, real, force_proxy_type: None, call }.into())
            }
            2 => (one, MultisigCall::as_multi_threshold_1 { other_signatories: vec![other], call }.into()),
            3 => {
                let as_multi = |others: &AccountId, maybe_timepoint| MultisigCall::as_multi {
                    threshold: 2,
                    other_signatories: vec![others.clone()],
                    maybe_timepoint,
                    call: call.clone(),
                    max_weight: Weight::MAX,
                };
                let first = RuntimeCall::from(as_multi(&one, None)).dispatch(RuntimeOrigin::signed(other.clone()));
                assert!(first.is_ok(), "{first:?}");
                let timepoint = Multisig::timepoint();
                (one, as_multi(&other, Some(timepoint)).into())
            }
            _ => (parent, UtilityCall::as_derivative { index: DERIVED, call }.into()),
        }
    }
}

/// Wraps a call in another one of the same account.
fn wrapped(way: u8, call: RuntimeCall) -> RuntimeCall {
    let (whole, other) = (Box::new(call.clone()), Box::new(remark()));
    let calls = vec![remark(), call];
    match way % 7 {
        0 => UtilityCall::batch { calls }.into(),
        1 => UtilityCall::batch_all { calls }.into(),
        2 => UtilityCall::force_batch { calls }.into(),
        3 => UtilityCall::if_else { main: whole, fallback: other }.into(),
        4 => {
            let doomed = frame_system::Call::set_heap_pages { pages: 1 }.into();
            UtilityCall::if_else { main: Box::new(doomed), fallback: whole }.into()
        }
        5 => UtilityCall::with_weight { call: whole, weight: Weight::zero() }.into(),
        _ => *whole,
    }
}

/// The checks before inclusion are left out here, so nothing but the escrow and the freeze holds the TAO.
#[test]
fn no_wrapper_empties_an_account_under_swap() {
    let (siege, mut chain) = Siege::begin();
    let thief = Address::Id(AccountId::new([200; 32]));
    let take = RuntimeCall::from(pallet_balances::Call::transfer_all { dest: thief.clone(), keep_alive: false });
    chain.look(|| {
        let before = siege.wealth();
        for way in 0..5 {
            for (outer, inner) in (0..7).flat_map(|outer| (0..7).map(move |inner| (outer, inner))) {
                with_transaction_unchecked(|| {
                    let (party, call) = siege.spoken(way, wrapped(inner, take.clone()));
                    let _ = wrapped(outer, call).dispatch(RuntimeOrigin::signed(party));
                    assert_eq!(siege.wealth(), before, "way {way} within {outer}, around {inner}");
                    TransactionOutcome::Rollback(())
                });
            }
        }
    });
}

mod prop {
    use super::*;

    /// Random nestings of the test.
    const NESTINGS: u32 = 10_000;

    /// A call, the ways to wrap it from the inside out, and the way in which a party makes it.
    type Nesting = (RuntimeCall, Vec<(u8, bool)>, u8);

    /// Calls that would take TAO or stake of the account that makes them, and any other call.
    fn leaf() -> impl Strategy<Value = RuntimeCall> {
        let thief = || AccountId::new([200; 32]);
        let tao = Amount::from_rao(RAO_PER_TAO);
        let hotkey = AccountId::new([99; 32]);
        let takes: Vec<RuntimeCall> = vec![
            pallet_balances::Call::transfer_all { dest: Address::Id(thief()), keep_alive: false }.into(),
            pallet_balances::Call::burn { value: 100, keep_alive: false }.into(),
            ProxyCall::add_proxy { delegate: Address::Id(thief()), proxy_type: ProxyType::Any, delay: 0 }.into(),
            ProxyCall::create_pure { proxy_type: ProxyType::Any, delay: 0, index: 0 }.into(),
            ProxyCall::poke_deposit {}.into(),
            pallet_preimage::Call::note_preimage { bytes: vec![1] }.into(),
            MultisigCall::approve_as_multi {
                threshold: 2,
                other_signatories: vec![thief()],
                maybe_timepoint: None,
                call_hash: [3; 32],
                max_weight: Weight::zero(),
            }
            .into(),
            StakingCall::transfer_stake { destination_coldkey: thief(), hotkey: hotkey.clone(), amount: tao }.into(),
            StakingCall::unstake_all { hotkey: hotkey.clone() }.into(),
            KeysCall::swap_coldkey_announced { new_coldkey: thief() }.into(),
            KeysCall::clear_coldkey_swap_announcement {}.into(),
            NeuronsCall::burned_register { netuid: NetUid::new(1), hotkey }.into(),
        ];
        prop_oneof![1 => proptest::sample::select(takes), 1 => movement().prop_map(|movement| movement.call)]
    }

    fn nesting() -> impl Strategy<Value = Nesting> {
        (leaf(), proptest::collection::vec(any::<(u8, bool)>(), 0..5), any::<u8>())
    }

    #[test]
    fn an_account_under_swap_keeps_all_it_has() {
        let (siege, mut chain) = Siege::begin();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[5; 32]);
        let (mut runner, nestings) = (TestRunner::new_with_rng(Config::default(), rng), nesting());
        chain.look(|| {
            let before = siege.wealth();
            for _ in 0..NESTINGS {
                let (call, wrappers, way) = nestings.new_tree(&mut runner).expect("any will do").current();
                with_transaction_unchecked(|| {
                    let (mut party, mut nest) = siege.spoken(way, call);
                    for (way, speaks) in wrappers {
                        nest = wrapped(way, nest);
                        if speaks {
                            (party, nest) = siege.spoken(way, nest);
                        }
                    }
                    let text = format!("{nest:?}");
                    let _ = nest.dispatch(RuntimeOrigin::signed(party));
                    for (before, after) in before.iter().zip(siege.wealth()) {
                        let all = |wealth: &Wealth| wealth.free + wealth.reserved;
                        assert!(after.free >= before.free && all(&after) >= all(before), "{text} took TAO");
                        assert!(after.staked >= before.staked, "{text} took stake");
                        assert!(after.reserved <= before.reserved, "{text} made a deposit");
                    }
                    TransactionOutcome::Rollback(())
                });
            }
        });
    }
}
