//! Transactions as the pool orders them: priorities, tags and longevity. spec events-and-errors §8.2, §8.4

mod chain;

use chain::{Chain, account, key};
use frame_support::{
    BoundedVec,
    dispatch::{DispatchClass, GetDispatchInfo},
    weights::Weight,
};
use frame_system::limits::BlockWeights;
use myelin_economics::work::{Seal, WorkChallenge};
use myelin_pallet_emission::Neurons as NeuronRecords;
use myelin_pallet_keys::Call as KeysCall;
use myelin_pallet_neurons::Call as NeuronsCall;
use myelin_pallet_staking::Call as StakingCall;
use myelin_pallet_subnets::Call as SubnetsCall;
use myelin_pallet_weights::{Call as WeightsCall, LastUpdates, rules::commit_hash};
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO, Uid};
use myelin_records::{commitment::CommitmentData, epoch::NeuronRecord, weights::StorageIndex};
use myelin_runtime::{
    AccountId, Address, FreeCalls, Multisig, Nonce, ProxyType, Runtime, RuntimeCall, System,
    free_calls::{CallPayment, Used},
    presets,
};
use pallet_multisig::Call as MultisigCall;
use pallet_proxy::Call as ProxyCall;
use pallet_sudo::Call as SudoCall;
use pallet_transaction_payment::WeightInfo as _;
use pallet_utility::Call as UtilityCall;
use serde_json::{Value, json};
use sp_core::{H256, sr25519};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
    traits::{BlakeTwo256, Hash as _},
    transaction_validity::{InvalidTransaction, TransactionPriority, ValidTransaction},
};

const SUBNET: NetUid = NetUid::new(1);
const OTHER: NetUid = NetUid::new(2);
const TEMPO: BlockNumber = 20;
const SALT: [u16; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

/// Builds a local network with two subnets that hotkeys join by work, with or without commit-reveal.
fn begin(commit_reveal: bool) -> Chain {
    let open = json!({
        "powRegistrationAllowed": true, "initialDifficulty": 1, "minDifficulty": 1, "tempo": TEMPO,
        "targetRegistrationsPerInterval": 100, "maxRegistrationsPerBlock": 100, "commitReveal": commit_reveal,
    });
    let network = json!({ "minWorkDifficulty": 1 });
    let subnet = |netuid: u16| json!({ "netuid": netuid, "parameters": open });
    let subnets: Value = [1, 2].map(subnet).to_vec().into();
    Chain::begin(presets::LOCAL, json!({ "subnets": { "networkParameters": network, "subnets": subnets } }))
}

fn register_on(netuid: NetUid, block: BlockNumber, nonce: u64, seal: Seal, hotkey: &sr25519::Pair) -> RuntimeCall {
    let hotkey = account(hotkey);
    let work = seal.as_bytes().to_vec();
    let coldkey = hotkey.clone();
    NeuronsCall::register { netuid, block_number: block, nonce, work, hotkey, coldkey, consent: None }.into()
}

/// Returns a registration with the first seal that has this many leading zero bits at least.
fn register(chain: &Chain, netuid: NetUid, hotkey: &sr25519::Pair, zeros: u32) -> (RuntimeCall, Seal) {
    let challenge = WorkChallenge::new(&chain.hash(), account(hotkey).as_ref());
    let (nonce, seal) = challenge.search(0.., 1 << zeros).expect("work pays off");
    (register_on(netuid, chain.height(), nonce, seal, hotkey), seal)
}

fn commit(netuid: NetUid, hash: H256) -> RuntimeCall {
    WeightsCall::commit_weights { netuid, commit_hash: hash }.into()
}

fn set(netuid: NetUid) -> RuntimeCall {
    let (dests, weights) = (vec![Uid::new(0)], vec![1]);
    let (dests, weights) = (BoundedVec::truncate_from(dests), BoundedVec::truncate_from(weights));
    WeightsCall::set_weights { netuid, dests, weights, version_key: 0 }.into()
}

fn reveal(netuid: NetUid) -> RuntimeCall {
    let (uids, values) = (BoundedVec::truncate_from(vec![Uid::new(0)]), BoundedVec::truncate_from(vec![1]));
    let salt = BoundedVec::truncate_from(SALT.to_vec());
    WeightsCall::reveal_weights { netuid, uids, values, salt, version_key: 0 }.into()
}

fn serve() -> RuntimeCall {
    let (netuid, version, ip, port, ip_type) = (SUBNET, 1, 0x0808_0808, 8_091, 4);
    NeuronsCall::serve_prometheus { netuid, version, ip, port, ip_type }.into()
}

fn transfer() -> RuntimeCall {
    let dest = Address::Id(account(&key("friend")));
    pallet_balances::Call::transfer_keep_alive { dest, value: RAO_PER_TAO }.into()
}

#[track_caller]
fn validity(chain: &mut Chain, signer: &sr25519::Pair, call: impl Into<RuntimeCall>) -> ValidTransaction {
    let transaction = chain.sign(signer, call);
    chain.validate(transaction).expect("the pool takes the transaction")
}

#[track_caller]
fn validity_with_nonce(chain: &mut Chain, signer: &sr25519::Pair, call: RuntimeCall, nonce: Nonce) -> ValidTransaction {
    let transaction = chain.sign_with_nonce(signer, call, nonce);
    chain.validate(transaction).expect("the pool takes the transaction")
}

/// Registers hotkeys on a subnet, and gives each a validator permit.
fn seat(chain: &mut Chain, netuid: NetUid, hotkeys: &[sr25519::Pair]) {
    let transactions: Vec<_> = hotkeys
        .iter()
        .map(|hotkey| {
            let (call, _) = register(chain, netuid, hotkey, 0);
            chain.sign(hotkey, call)
        })
        .collect();
    assert!(chain.block(transactions).iter().all(|applied| *applied == Ok(Ok(()))));
    permit(chain, netuid, hotkeys.len());
}

fn permit(chain: &mut Chain, netuid: NetUid, count: usize) {
    let permitted = vec![NeuronRecord { permit: true, ..NeuronRecord::FRESH }; count];
    chain.look(|| NeuronRecords::<Runtime>::insert(netuid, BoundedVec::truncate_from(permitted)));
    chain.keep();
}

#[test]
fn a_transfer_without_a_tip_comes_before_each_free_call() {
    let alice = Sr25519Keyring::Alice.pair();
    let mut chain = begin(false);
    let hotkey = key("hotkey");
    seat(&mut chain, SUBNET, std::slice::from_ref(&hotkey));
    let own = account(&alice);
    chain.succeed(&alice, KeysCall::try_associate_hotkey { hotkey: own.clone(), consent: None });
    chain.succeed(&alice, StakingCall::add_stake { hotkey: own, amount: Amount::from_rao(RAO_PER_TAO) });
    chain.run_until(10, || System::block_number() >= 10);
    permit(&mut chain, SUBNET, 1);

    let unstake = StakingCall::unstake_all { hotkey: account(&alice) };
    let unstaking = validity(&mut chain, &alice, unstake).priority;
    let updated = chain.look(|| LastUpdates::<Runtime>::get(StorageIndex::from(SUBNET))[0]);
    let setting = validity(&mut chain, &hotkey, set(SUBNET)).priority;
    let serving = validity(&mut chain, &hotkey, serve()).priority;
    let info = CommitmentData::None;
    let committing = validity(&mut chain, &hotkey, NeuronsCall::set_commitment { netuid: SUBNET, info }).priority;
    let (work, seal) = register(&chain, OTHER, &hotkey, 3);
    let registering = validity(&mut chain, &hotkey, work).priority;
    let paying = validity(&mut chain, &alice, transfer()).priority;

    let class = |number: TransactionPriority| number << 32;
    let waited = TransactionPriority::from(chain.height() + 1);
    assert_eq!(unstaking, class(3));
    assert_eq!(setting, class(1) + waited - TransactionPriority::from(updated));
    assert!(waited > TransactionPriority::from(updated));
    assert_eq!((serving, committing), (waited, waited), "since the first block");
    assert_eq!(registering, TransactionPriority::from(seal.leading_zeros()));
    assert!(registering >= 3);
    assert!(paying > 1 << 40, "{paying}");
    assert!([unstaking, setting, serving, committing, registering].into_iter().all(|free| free < paying));
}

#[test]
fn reveals_come_before_other_weights_and_swaps_of_coldkeys_before_all() {
    let mut chain = begin(true);
    let (bob, hotkey) = (Sr25519Keyring::Bob.pair(), key("hotkey"));
    seat(&mut chain, SUBNET, std::slice::from_ref(&hotkey));
    chain.run_until(10, || System::block_number() >= 10);
    let hash = commit_hash(&account(&hotkey), StorageIndex::from(SUBNET), &[Uid::new(0)], &[1], &SALT, 0);
    chain.succeed(&hotkey, commit(SUBNET, hash));
    let committed = chain.height();
    chain.run_until(2 * TEMPO, || System::block_number() > committed + TEMPO);
    permit(&mut chain, SUBNET, 1);
    let waited = TransactionPriority::from(chain.height() + 1 - committed);
    let class = |number: TransactionPriority| number << 32;
    let one = validity(&mut chain, &hotkey, reveal(SUBNET)).priority;
    let (uids, values) = (BoundedVec::truncate_from(vec![Uid::new(0)]), BoundedVec::truncate_from(vec![1]));
    let batch = WeightsCall::batch_reveal_weights {
        netuid: SUBNET,
        uids_list: BoundedVec::truncate_from(vec![uids]),
        values_list: BoundedVec::truncate_from(vec![values]),
        salts_list: BoundedVec::truncate_from(vec![BoundedVec::truncate_from(SALT.to_vec())]),
        version_keys: BoundedVec::truncate_from(vec![0]),
    };
    let several = validity(&mut chain, &hotkey, batch).priority;
    let committing = validity(&mut chain, &hotkey, commit(SUBNET, H256::zero())).priority;
    assert_eq!((one, several, committing), (class(2) + waited, class(2) + waited, class(1) + waited));

    let new_coldkey_hash = H256::repeat_byte(1);
    chain.succeed(&bob, KeysCall::announce_coldkey_swap { new_coldkey_hash });
    assert_eq!(validity(&mut chain, &bob, KeysCall::dispute_coldkey_swap {}).priority, class(4));
}

/// Returns true if the pool holds one of the two calls.
fn exclude(
    chain: &mut Chain,
    signer: &sr25519::Pair,
    one: impl Into<RuntimeCall>,
    other: impl Into<RuntimeCall>,
) -> bool {
    // With the same nonce the two would exclude each other in any case.
    let nonce = chain.look(|| *System::account_nonce(account(signer)));
    let one = validity_with_nonce(chain, signer, one.into(), nonce);
    let other = validity_with_nonce(chain, signer, other.into(), nonce + 1);
    other.provides.iter().any(|tag| one.provides.contains(tag))
}

#[test]
fn one_call_of_each_kind_network_and_hotkey_waits() {
    let mut chain = begin(false);
    let (alice, hotkey) = (Sr25519Keyring::Alice.pair(), key("hotkey"));
    for netuid in [SUBNET, OTHER] {
        seat(&mut chain, netuid, std::slice::from_ref(&hotkey));
    }
    chain.run_until(10, || System::block_number() >= 10);
    let (version, ip, port, ip_type) = (1, 0x0808_0808, 8_091, 4);
    let (protocol, placeholder1, placeholder2) = (4, 0, 0);
    let metrics = |netuid| NeuronsCall::serve_prometheus { netuid, version, ip, port, ip_type };
    let axon =
        |netuid| NeuronsCall::serve_axon { netuid, version, ip, port, ip_type, protocol, placeholder1, placeholder2 };
    let certificate = [vec![1], vec![7; 32]].concat();
    let tls = |netuid| NeuronsCall::serve_axon_tls {
        netuid,
        version,
        ip,
        port,
        ip_type,
        protocol,
        placeholder1,
        placeholder2,
        certificate: certificate.clone(),
    };
    let info = |netuid| NeuronsCall::set_commitment { netuid, info: CommitmentData::None };
    let on = |netuid| [metrics(netuid), axon(netuid), tls(netuid), info(netuid)];
    for (call, elsewhere) in on(SUBNET).into_iter().zip(on(OTHER)) {
        assert!(exclude(&mut chain, &hotkey, call.clone(), call.clone()), "{call:?}");
        assert!(!exclude(&mut chain, &hotkey, call.clone(), elsewhere), "{call:?}");
    }
    assert!(!exclude(&mut chain, &hotkey, metrics(SUBNET), axon(SUBNET)));
    let newcomer = key("newcomer");
    let works = [SUBNET, OTHER].map(|netuid| register(&chain, netuid, &newcomer, 0).0);
    let fund = pallet_balances::Call::transfer_keep_alive { dest: Address::Id(account(&newcomer)), value: RAO_PER_TAO };
    let [one, other] = works;
    chain.succeed(&alice, fund);
    assert!(exclude(&mut chain, &newcomer, one.clone(), one.clone()));
    assert!(!exclude(&mut chain, &newcomer, one, other));

    let second = key("second");
    let first = account(&alice);
    chain.succeed(&alice, KeysCall::try_associate_hotkey { hotkey: first.clone(), consent: None });
    chain.pair(&alice, &second);
    let second = account(&second);
    for hotkey in [first.clone(), second.clone()] {
        chain.succeed(&alice, StakingCall::add_stake { hotkey, amount: Amount::from_rao(10 * RAO_PER_TAO) });
    }
    chain.run_until(100, || System::block_number() >= 100);
    let from = |hotkey: &AccountId| {
        let hotkey = hotkey.clone();
        let amount = Amount::from_rao(RAO_PER_TAO);
        [StakingCall::remove_stake { hotkey: hotkey.clone(), amount }, StakingCall::unstake_all { hotkey }]
    };
    for (call, elsewhere) in from(&first).into_iter().zip(from(&second)) {
        assert!(exclude(&mut chain, &alice, call.clone(), call.clone()), "{call:?}");
        assert!(!exclude(&mut chain, &alice, call.clone(), elsewhere), "{call:?}");
    }
    let [removal, everything] = from(&first);
    assert!(!exclude(&mut chain, &alice, removal, everything));
}

#[test]
fn a_transaction_that_fits_into_no_block_is_refused_by_the_pool() {
    let mut chain = begin(false);
    let alice = Sr25519Keyring::Alice.pair();
    let costly = RuntimeCall::from(NeuronsCall::burned_register { netuid: SUBNET, hotkey: account(&alice) });
    let batch = |count| UtilityCall::force_batch { calls: vec![costly.clone(); count] };
    let limit = FreeCalls::limit(CallPayment::Fee).ref_time;
    let one = costly.get_dispatch_info().call_weight.ref_time();
    // A few calls more do not fit beside weights, although the class would take them.
    let fitting = usize::try_from(limit / one).expect("it is a small number") - 2;
    validity(&mut chain, &alice, batch(fitting));
    let weights: BlockWeights = <Runtime as frame_system::Config>::BlockWeights::get();
    let most = weights.get(DispatchClass::Normal).max_extrinsic.expect("it has a limit").ref_time();
    let exceeding = batch(fitting + 4);
    let weight = RuntimeCall::from(exceeding.clone()).get_dispatch_info().call_weight.ref_time();
    assert!((limit..most).contains(&weight), "{weight} of {limit} and {most}");
    let transaction = chain.sign(&alice, exceeding);
    assert_eq!(chain.validate(transaction), Err(InvalidTransaction::ExhaustsResources.into()));
}

#[test]
fn registrations_are_ordered_by_their_work() {
    let mut chain = begin(false);
    let hotkey = key("hotkey");
    let [little, much] = [0, 12].map(|zeros| {
        let (call, seal) = register(&chain, SUBNET, &hotkey, zeros);
        let priority = validity(&mut chain, &hotkey, call).priority;
        assert_eq!(priority, TransactionPriority::from(seal.leading_zeros()));
        priority
    });
    assert!(little < much && much >= 12, "{little} {much}");
}

#[test]
fn work_counts_for_three_blocks_and_waits_for_three() {
    let mut chain = begin(false);
    let hotkey = key("hotkey");
    let (call, _) = register(&chain, SUBNET, &hotkey, 0);
    let worked_on = chain.height();
    for _ in 0..2 {
        assert_eq!(validity(&mut chain, &hotkey, call.clone()).longevity, 3);
        chain.block(Vec::new());
    }
    // The last block that takes it is the third one after the block of the work.
    assert_eq!(chain.height(), worked_on + 2);
    chain.succeed(&hotkey, call);
    let (late, _) = register(&chain, SUBNET, &key("late"), 0);
    (0..3).for_each(|_| drop(chain.block(Vec::new())));
    assert_eq!(chain.refusal(&key("late"), late), InvalidTransaction::Custom(255).into());
}

#[test]
fn calls_wait_for_each_other_by_nonce_and_for_their_network() {
    let mut chain = begin(true);
    let hotkey = key("hotkey");
    seat(&mut chain, SUBNET, std::slice::from_ref(&hotkey));
    seat(&mut chain, OTHER, std::slice::from_ref(&hotkey));
    chain.run_until(10, || System::block_number() >= 10);
    let nonce = chain.look(|| *System::account_nonce(account(&hotkey)));
    let first = validity_with_nonce(&mut chain, &hotkey, commit(SUBNET, H256::zero()), nonce);
    let second = validity_with_nonce(&mut chain, &hotkey, commit(OTHER, H256::zero()), nonce + 1);
    assert!(first.requires.is_empty());
    assert_eq!(second.requires.len(), 1);
    assert!(first.provides.contains(&second.requires[0]), "the second waits for the first");
    assert!(!second.provides.iter().any(|tag| first.provides.contains(tag)), "each network has its own call");
}

/// Returns true if a pool that holds `earlier` takes `later` in its place.
fn displaces(later: &ValidTransaction, earlier: &ValidTransaction) -> bool {
    later.provides.iter().any(|tag| earlier.provides.contains(tag)) && later.priority > earlier.priority
}

#[test]
fn a_call_never_displaces_one_that_it_waits_for() {
    let mut chain = begin(true);
    let hotkey = key("hotkey");
    seat(&mut chain, SUBNET, std::slice::from_ref(&hotkey));
    chain.run_until(10, || System::block_number() >= 10);
    let nonce = chain.look(|| *System::account_nonce(account(&hotkey)));
    let call = |byte| commit(SUBNET, H256::repeat_byte(byte));
    let earlier = chain.sign_with_nonce(&hotkey, call(1), nonce);
    let waiting = chain.validate(earlier.clone()).expect("it is valid");
    // The block that follows is the last one of a session, or full: the earlier call stays in the pool.
    chain.block(Vec::new());
    let next = validity_with_nonce(&mut chain, &hotkey, call(2), nonce + 1);
    let same = validity_with_nonce(&mut chain, &hotkey, call(2), nonce);
    assert!(next.provides.iter().any(|tag| waiting.provides.contains(tag)), "the pool holds one of the two");
    assert!(!displaces(&next, &waiting), "with the next nonce the later call is refused");
    assert!(displaces(&same, &waiting), "with the same nonce it takes the place of the earlier one");
    assert_eq!(chain.block(vec![earlier]), [Ok(Ok(()))]);
    assert_eq!(chain.refusal(&hotkey, call(3)), InvalidTransaction::Custom(6).into());
}

#[test]
fn payers_leave_room_for_reveals() {
    let alice = Sr25519Keyring::Alice.pair();
    let mut chain = begin(true);
    let validators: Vec<_> = (0..64).map(|number| key(&format!("validator{number}"))).collect();
    seat(&mut chain, SUBNET, &validators);
    chain.run_until(10, || System::block_number() >= 10);
    let (uids, index) = ([Uid::new(0)], StorageIndex::from(SUBNET));
    let commits: Vec<_> = validators
        .iter()
        .map(|hotkey| {
            let hash = commit_hash(&account(hotkey), index, &uids, &[1], &SALT, 0);
            chain.sign(hotkey, commit(SUBNET, hash))
        })
        .collect();
    assert!(chain.block(commits).iter().all(|applied| *applied == Ok(Ok(()))));
    let committed = chain.height();
    chain.run_until(2 * TEMPO, || System::block_number() > committed + TEMPO);
    permit(&mut chain, SUBNET, validators.len());

    // Each batch weighs as much as twenty registrations, though none of them succeeds.
    let costly = NeuronsCall::burned_register { netuid: NetUid::new(9), hotkey: account(&alice) };
    let calls = vec![RuntimeCall::from(costly); 20];
    let nonce = chain.look(|| *System::account_nonce(account(&alice)));
    let mut pool: Vec<_> = (0..40)
        .map(|number| chain.sign_with_nonce(&alice, UtilityCall::force_batch { calls: calls.clone() }, nonce + number))
        .collect();
    // Payers come first, because their priority is higher.
    let reveals: Vec<_> = validators.iter().map(|hotkey| chain.sign(hotkey, reveal(SUBNET))).collect();
    pool.extend(reveals.iter().cloned());
    let applied = chain.block(pool.clone());
    let (payers, revealed) = applied.split_at(pool.len() - reveals.len());
    let exhausted = Err(InvalidTransaction::ExhaustsResources.into());
    assert!(payers.contains(&exhausted), "the payers fill their part of the block");
    assert!(revealed.len() == 64 && revealed.iter().all(|applied| *applied == Ok(Ok(()))), "{revealed:?}");
}

/// Returns a call in each way of acting in another name, and in each kind of batch.
fn wrapped(signer: &sr25519::Pair, call: &RuntimeCall) -> Vec<RuntimeCall> {
    let (calls, boxed) = (|| vec![call.clone()], || Box::new(call.clone()));
    let (real, delegate) = (Address::Id(account(&key("other"))), Address::Id(account(signer)));
    let other_signatories = vec![account(&key("other"))];
    vec![
        call.clone(),
        UtilityCall::batch { calls: calls() }.into(),
        UtilityCall::batch_all { calls: calls() }.into(),
        UtilityCall::force_batch { calls: calls() }.into(),
        UtilityCall::if_else { main: boxed(), fallback: boxed() }.into(),
        UtilityCall::as_derivative { index: 0, call: boxed() }.into(),
        ProxyCall::proxy { real: real.clone(), force_proxy_type: None, call: boxed() }.into(),
        ProxyCall::proxy_announced { delegate, real, force_proxy_type: None, call: boxed() }.into(),
        MultisigCall::as_multi_threshold_1 { other_signatories, call: boxed() }.into(),
    ]
}

#[test]
fn the_room_of_governance_is_closed_to_accounts() {
    let mut chain = begin(false);
    // The key of sudo is Alice.
    let governance = Sr25519Keyring::Alice.pair();
    let stranger = Sr25519Keyring::Bob.pair();
    let coldkey = account(&stranger);
    let (changed, code) = (Box::default(), vec![0; 4]);
    let items = Vec::new();
    for call in [
        RuntimeCall::from(KeysCall::reset_coldkey_swap { coldkey: coldkey.clone() }),
        KeysCall::swap_coldkey { old_coldkey: coldkey.clone(), new_coldkey: coldkey, cost: Amount::ZERO }.into(),
        SubnetsCall::root_dissolve_network { netuid: SUBNET }.into(),
        SubnetsCall::set_network_parameters { changed }.into(),
        frame_system::Call::set_code { code: code.clone() }.into(),
        frame_system::Call::set_storage { items }.into(),
    ] {
        for wrapped in wrapped(&stranger, &call) {
            let class = chain.look(|| wrapped.get_dispatch_info().class);
            if class == DispatchClass::Operational {
                assert_eq!(chain.refusal(&stranger, wrapped.clone()), InvalidTransaction::Call.into(), "{wrapped:?}");
            } else {
                validity(&mut chain, &stranger, wrapped);
            }
        }
        assert_eq!(chain.refusal(&stranger, call), InvalidTransaction::Call.into());
    }
    let heavy = RuntimeCall::from(frame_system::Call::set_storage { items: Vec::new() });
    let weight = Weight::from_parts(100_000_000_000, 0);
    let upgrade = RuntimeCall::from(frame_system::Call::apply_authorized_upgrade { code: code.clone() });
    let of_governance = [
        upgrade.clone(),
        SudoCall::sudo { call: Box::new(heavy.clone()) }.into(),
        SudoCall::sudo_unchecked_weight { call: Box::new(heavy.clone()), weight }.into(),
    ];
    for call in &of_governance {
        for wrapped in wrapped(&stranger, call) {
            if chain.look(|| wrapped.get_dispatch_info().class) == DispatchClass::Operational {
                assert_eq!(chain.refusal(&stranger, wrapped.clone()), InvalidTransaction::Call.into(), "{wrapped:?}");
            }
        }
    }
    // One call that needs the origin of governance is enough.
    let [sudo, other] = [of_governance[1].clone(), heavy].map(Box::new);
    for call in [
        UtilityCall::if_else { main: sudo.clone(), fallback: other.clone() },
        UtilityCall::if_else { main: other.clone(), fallback: sudo.clone() },
        UtilityCall::batch { calls: vec![*sudo.clone(), *other.clone()] },
        UtilityCall::force_batch { calls: vec![*other, *sudo] },
    ] {
        assert_eq!(chain.refusal(&governance, call), InvalidTransaction::Call.into());
    }
    validity(&mut chain, &stranger, UtilityCall::batch { calls: Vec::new() });
    for call in &of_governance {
        validity(&mut chain, &governance, call.clone());
        validity(&mut chain, &governance, UtilityCall::batch_all { calls: vec![call.clone()] });
        let (main, fallback) = (Box::new(call.clone()), Box::new(call.clone()));
        validity(&mut chain, &governance, UtilityCall::if_else { main, fallback });
    }

    // A proxy of the key of sudo acts for it if it may do all, and a member of its multisig account does.
    let real = Address::Id(account(&governance));
    let sudo = || Box::new(of_governance[1].clone());
    let in_its_name = ProxyCall::proxy { real: real.clone(), force_proxy_type: None, call: sudo() };
    for (proxy_type, may) in [(ProxyType::Staking, false), (ProxyType::Any, true)] {
        let delegate = Address::Id(account(&stranger));
        chain.succeed(&governance, ProxyCall::add_proxy { delegate, proxy_type, delay: 0 });
        let transaction = chain.sign(&stranger, in_its_name.clone());
        assert_eq!(chain.validate(transaction).is_ok(), may, "{proxy_type:?}");
    }
    let others = vec![account(&key("other"))];
    let mut signatories = vec![account(&stranger), others[0].clone()];
    signatories.sort();
    let multisig = Multisig::multi_account_id(&signatories, 1);
    let derived = pallet_utility::derivative_account_id(account(&stranger), 3);
    let by_multisig = MultisigCall::as_multi_threshold_1 { other_signatories: others, call: sudo() }.into();
    let by_derived = UtilityCall::as_derivative { index: 3, call: sudo() }.into();
    let by_itself = of_governance[1].clone();
    for (key, call) in [(multisig, by_multisig), (derived, by_derived), (account(&stranger), by_itself)] {
        assert_eq!(chain.refusal(&stranger, RuntimeCall::clone(&call)), InvalidTransaction::Call.into());
        chain.look(|| pallet_sudo::Key::<Runtime>::put(key));
        validity(&mut chain, &stranger, call);
        chain.look(|| pallet_sudo::Key::<Runtime>::put(account(&governance)));
    }

    // The upgrade that governance has authorised is open to all accounts, and no other code is.
    let code_hash = BlakeTwo256::hash(&code);
    let permit = frame_system::Call::authorize_upgrade_without_checks { code_hash };
    chain.succeed(&governance, SudoCall::sudo { call: Box::new(permit.into()) });
    validity(&mut chain, &stranger, upgrade.clone());
    let other = frame_system::Call::apply_authorized_upgrade { code: vec![1; 4] };
    assert_eq!(chain.refusal(&stranger, other), InvalidTransaction::Call.into());
    let wrapped = UtilityCall::batch { calls: vec![upgrade] };
    assert_eq!(chain.refusal(&stranger, wrapped), InvalidTransaction::Call.into());
}

#[test]
fn a_transaction_of_a_removed_account_is_not_valid_again() {
    let mut chain = begin(false);
    let (alice, other) = (Sr25519Keyring::Alice.pair(), key("other"));
    let fund = |value| pallet_balances::Call::transfer_allow_death { dest: Address::Id(account(&key("other"))), value };
    chain.succeed(&alice, fund(RAO_PER_TAO));
    let dest = Address::Id(account(&alice));
    let emptying = pallet_balances::Call::transfer_all { dest, keep_alive: false };
    let first = chain.sign(&other, emptying);
    assert_eq!(chain.block(vec![first.clone()]), [Ok(Ok(()))]);
    assert!(!chain.look(|| System::account_exists(&account(&key("other")))), "the account is removed");
    chain.succeed(&alice, fund(RAO_PER_TAO));
    assert_eq!(chain.validate(first.clone()), Err(InvalidTransaction::Stale.into()));
    assert_eq!(chain.block(vec![first]), [Err(InvalidTransaction::Stale.into())]);
}

#[test]
fn a_key_without_a_record_begins_at_a_recent_block() {
    let mut chain = begin(false);
    chain.run_until(100, || System::block_number() >= 100);
    let now = chain.height() + 1;
    let hotkey = key("hotkey");
    let (call, _) = register(&chain, SUBNET, &hotkey, 0);
    let mut checked = |nonce| {
        let transaction = chain.sign_with_nonce(&hotkey, call.clone(), nonce);
        chain.validate(transaction).map(|validity| validity.requires.len())
    };
    for (nonce, outcome) in [
        (0, Err(InvalidTransaction::Stale.into())),
        (now - 65, Err(InvalidTransaction::Stale.into())),
        (now - 64, Ok(0)),
        (now, Ok(0)),
        (now + 1, Ok(1)),
        (now + 8, Err(InvalidTransaction::Future.into())),
    ] {
        assert_eq!(checked(nonce), outcome, "{nonce} in block {now}");
    }
    let used = now - 3;
    let transaction = chain.sign_with_nonce(&hotkey, call, used);
    assert_eq!(chain.block(vec![transaction.clone()]), [Ok(Ok(()))]);
    assert_eq!(chain.look(|| *System::account_nonce(account(&hotkey))), used + 1);
    // The hotkey has its seat, so the same work is of no use a second time.
    assert_eq!(chain.validate(transaction), Err(InvalidTransaction::Custom(255).into()));
    let again = chain.sign_with_nonce(&hotkey, serve(), used);
    assert_eq!(chain.validate(again), Err(InvalidTransaction::Stale.into()));
}

#[test]
fn dust_does_not_void_a_registration_by_work() {
    let mut chain = begin(false);
    chain.run_until(100, || System::block_number() >= 100);
    let (alice, hotkey) = (Sr25519Keyring::Alice.pair(), key("hotkey"));
    let dust = || pallet_balances::Call::transfer_keep_alive { dest: Address::Id(account(&key("hotkey"))), value: 500 };
    let (call, _) = register(&chain, SUBNET, &hotkey, 0);
    // The nonce that the node names while the key has no record. The registration waits for a block.
    let nonce = chain.height();
    let registration = chain.sign_with_nonce(&hotkey, call, nonce);
    chain.validate(registration.clone()).expect("the pool takes it");
    let dusted = chain.height() + 1;
    let sent = chain.sign(&alice, dust());
    assert_eq!(chain.block(vec![sent, registration.clone()]), [Ok(Ok(())), Ok(Ok(()))]);
    assert_eq!(chain.look(|| *System::account_nonce(account(&hotkey))), dusted, "the next nonce is not lowered");
    assert!(chain.validate(registration).is_err(), "it is not included twice");

    // No other call has this choice, because some can be carried out twice.
    chain.run_until(20, || System::block_number() >= dusted + 10);
    permit(&mut chain, SUBNET, 1);
    let stale = chain.sign_with_nonce(&hotkey, set(SUBNET), dusted - 1);
    assert_eq!(chain.validate(stale), Err(InvalidTransaction::Stale.into()));
    validity_with_nonce(&mut chain, &hotkey, set(SUBNET), dusted);
    // Nor has a registration with a nonce that is older than the mortality of transactions.
    let (call, _) = register(&chain, OTHER, &hotkey, 0);
    let now = chain.height() + 1;
    let old = chain.sign_with_nonce(&hotkey, call.clone(), now - 65);
    assert_eq!(chain.validate(old), Err(InvalidTransaction::Stale.into()));
    assert!(validity_with_nonce(&mut chain, &hotkey, call, now - 64).requires.is_empty());
}

#[test]
fn a_free_call_does_not_take_the_weight_of_the_payment_it_skips() {
    let mut chain = begin(false);
    let hotkey = key("hotkey");
    seat(&mut chain, SUBNET, std::slice::from_ref(&hotkey));
    chain.run_until(10, || System::block_number() >= 10);
    chain.begin_block();
    let normal = || *System::block_weight().get(DispatchClass::Normal);
    let before = chain.look(normal);
    let transaction = chain.sign(&hotkey, set(SUBNET));
    let whole = transaction.get_dispatch_info().total_weight();
    assert_eq!(chain.apply(transaction), Ok(Ok(())));
    let taken = chain.look(normal).saturating_sub(before).ref_time();
    let weights: BlockWeights = <Runtime as frame_system::Config>::BlockWeights::get();
    let base = weights.get(DispatchClass::Normal).base_extrinsic;
    let payment = <Runtime as pallet_transaction_payment::Config>::WeightInfo::charge_transaction_payment();
    assert_eq!(taken, whole.saturating_add(base).saturating_sub(payment).ref_time());
    assert_eq!(chain.look(Used::<Runtime>::get).ref_time, taken, "the room of free calls counts the same");
    chain.end_block();
}
