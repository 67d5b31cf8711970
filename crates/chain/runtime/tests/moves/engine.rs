//! Random calls of the engine's pallets that contain no other call.

use super::{
    Moves,
    accounts::{ACCOUNTS, COLDKEYS, account},
    arguments::{address, anyone, coldkey, destination, likely, rao},
    by, moved,
};
use codec::Encode;
use frame_support::weights::Weight;
use myelin_runtime::{Hash, ProxyType, RuntimeCall, SessionKeys};
use pallet_balances::Call as BalancesCall;
use pallet_multisig::Call as MultisigCall;
use pallet_preimage::Call as PreimageCall;
use pallet_proxy::Call as ProxyCall;
use pallet_session::Call as SessionCall;
use pallet_sudo::Call as SudoCall;
use proptest::{prelude::*, sample::select};
use sp_core::{Pair, ed25519, proof_of_possession::statement_of_ownership, sr25519};
use sp_io::hashing::blake2_256;

pub(crate) fn balances() -> Moves {
    let dying = (destination(), rao()).prop_map(|(dest, value)| BalancesCall::transfer_allow_death { dest, value });
    let living = (destination(), rao()).prop_map(|(dest, value)| BalancesCall::transfer_keep_alive { dest, value });
    let all =
        (destination(), any::<bool>()).prop_map(|(dest, keep_alive)| BalancesCall::transfer_all { dest, keep_alive });
    let burnt = (rao(), any::<bool>()).prop_map(|(value, keep_alive)| BalancesCall::burn { value, keep_alive });
    let upgraded = anyone().prop_map(|who| BalancesCall::upgrade_accounts { who: vec![account(who)] });
    vec![
        (5, by(anyone(), dying)),
        (2, by(anyone(), living)),
        (3, by(COLDKEYS..ACCOUNTS, all)),
        (2, by(anyone(), burnt)),
        (1, by(anyone(), upgraded)),
    ]
}

pub(crate) fn session() -> Moves {
    let set = (anyone(), likely()).prop_map(|(who, sound)| {
        let (aura, grandpa) = (sr25519::Pair::from_seed(&[who; 32]), ed25519::Pair::from_seed(&[who; 32]));
        let statement = statement_of_ownership(&account(if sound { who } else { 0 }).encode());
        let proof = (aura.sign(&statement), grandpa.sign(&statement)).encode();
        let keys = SessionKeys { aura: aura.public().into(), grandpa: grandpa.public().into() };
        moved(who, SessionCall::set_keys { keys, proof })
    });
    vec![(2, set.boxed()), (2, by(anyone(), Just(SessionCall::purge_keys {})))]
}

fn proxy_type() -> impl Strategy<Value = ProxyType> + Clone {
    select(
        &[
            ProxyType::Any,
            ProxyType::NonTransfer,
            ProxyType::Staking,
            ProxyType::Neurons,
            ProxyType::Subnets,
            ProxyType::Children,
            ProxyType::RootWeights,
            ProxyType::Registration,
        ][..],
    )
}

/// Returns the coldkey that acts for an account.
pub(crate) fn delegate(real: u8) -> u8 {
    (real + 1) % COLDKEYS
}

/// The call that proxies announce.
fn announced() -> RuntimeCall {
    frame_system::Call::remark { remark: b"announced".to_vec() }.into()
}

pub(crate) fn proxies() -> Moves {
    let call_hash = || Hash::from(blake2_256(&announced().encode()));
    let added = (coldkey(), proxy_type(), 0_u32..2).prop_map(|(real, proxy_type, delay)| {
        moved(real, ProxyCall::add_proxy { delegate: address(delegate(real)), proxy_type, delay })
    });
    let removed = (coldkey(), proxy_type(), 0_u32..2).prop_map(|(real, proxy_type, delay)| {
        moved(real, ProxyCall::remove_proxy { delegate: address(delegate(real)), proxy_type, delay })
    });
    let made =
        (proxy_type(), 0_u16..2).prop_map(|(proxy_type, index)| ProxyCall::create_pure { proxy_type, delay: 0, index });
    let ended = (anyone(), proxy_type()).prop_map(|(spawner, proxy_type)| ProxyCall::kill_pure {
        spawner: address(spawner),
        proxy_type,
        index: 0,
        height: 1,
        ext_index: 1,
    });
    let told = coldkey().prop_map(move |real| {
        moved(delegate(real), ProxyCall::announce { real: address(real), call_hash: call_hash() })
    });
    let untold = coldkey().prop_map(move |real| {
        moved(delegate(real), ProxyCall::remove_announcement { real: address(real), call_hash: call_hash() })
    });
    let rejected = coldkey().prop_map(move |real| {
        moved(real, ProxyCall::reject_announcement { delegate: address(delegate(real)), call_hash: call_hash() })
    });
    let carried_out = coldkey().prop_map(|real| {
        let call = ProxyCall::proxy_announced {
            delegate: address(delegate(real)),
            real: address(real),
            force_proxy_type: None,
            call: Box::new(announced()),
        };
        moved(real, call)
    });
    vec![
        (6, added.boxed()),
        (2, removed.boxed()),
        (1, by(coldkey(), Just(ProxyCall::remove_proxies {}))),
        (1, by(coldkey(), made)),
        (1, by(coldkey(), ended)),
        (4, told.boxed()),
        (1, untold.boxed()),
        (1, rejected.boxed()),
        (4, carried_out.boxed()),
        (1, by(coldkey(), Just(ProxyCall::poke_deposit {}))),
    ]
}

/// Two accounts that share a multisig account.
pub(crate) fn pair_of_signatories() -> impl Strategy<Value = (u8, u8)> + Clone {
    (0..COLDKEYS).prop_map(|one| (one, one ^ 1))
}

pub(crate) fn multisigs() -> Moves {
    let shared = || RuntimeCall::from(BalancesCall::transfer_keep_alive { dest: address(0), value: 1_000 });
    let call_hash = move || blake2_256(&shared().encode());
    let max_weight = Weight::from_parts(1_000_000_000, 10_000);
    let others = |other: u8| vec![account(other)];
    let proposed = pair_of_signatories().prop_map(move |(one, other)| {
        let (maybe_timepoint, call) = (None, Box::new(shared()));
        let other_signatories = others(other);
        moved(one, MultisigCall::as_multi { threshold: 2, other_signatories, maybe_timepoint, call, max_weight })
    });
    let approved = pair_of_signatories().prop_map(move |(one, other)| {
        let (maybe_timepoint, call_hash) = (None, call_hash());
        let other_signatories = others(other);
        let call =
            MultisigCall::approve_as_multi { threshold: 2, other_signatories, maybe_timepoint, call_hash, max_weight };
        moved(one, call)
    });
    let cancelled = pair_of_signatories().prop_map(move |(one, other)| {
        let (timepoint, call_hash) = (pallet_multisig::Timepoint { height: 1, index: 1 }, call_hash());
        let other_signatories = others(other);
        moved(one, MultisigCall::cancel_as_multi { threshold: 2, other_signatories, timepoint, call_hash })
    });
    let poked = pair_of_signatories().prop_map(move |(one, other)| {
        let (call_hash, other_signatories) = (call_hash(), others(other));
        moved(one, MultisigCall::poke_deposit { threshold: 2, other_signatories, call_hash })
    });
    vec![(3, proposed.boxed()), (2, approved.boxed()), (1, cancelled.boxed()), (1, poked.boxed())]
}

/// Calls of the other pallets of the engine that anyone may try.
pub(crate) fn others() -> Moves {
    let remark = || frame_system::Call::remark_with_event { remark: vec![1; 10] };
    let noted =
        select(&[0_usize, 10, 1_000][..]).prop_map(|length| PreimageCall::note_preimage { bytes: vec![2; length] });
    let unnoted = select(&[0_usize, 10, 1_000][..])
        .prop_map(|length| PreimageCall::unnote_preimage { hash: blake2_256(&vec![2; length]).into() });
    let updated = Just(PreimageCall::ensure_updated { hashes: vec![blake2_256(&[2; 10]).into()] });
    let key = anyone().prop_map(|new| SudoCall::set_key { new: address(new) });
    // Governance rarely gives itself up, or nothing would come of its later moves.
    let governor = || prop_oneof![4 => 1..ACCOUNTS, 1 => Just(0_u8)];
    vec![
        (1, by(anyone(), Just(frame_system::Call::remark { remark: vec![1; 10] }))),
        (1, by(anyone(), Just(remark()))),
        (1, by(anyone(), Just(frame_system::Call::apply_authorized_upgrade { code: vec![0] }))),
        (2, by(coldkey(), noted)),
        (2, by(coldkey(), unnoted)),
        (1, by(coldkey(), updated)),
        (1, by(governor(), key)),
        (1, by(governor(), Just(SudoCall::remove_key {}))),
        (1, by(anyone(), Just(pallet_timestamp::Call::set { now: 1 }))),
        (6, by(anyone(), forbidden())),
    ]
}

/// Calls that would make or destroy TAO, take a deposit from the pallet that counts on it, or replace the state. No
/// signed transaction may make them.
fn forbidden() -> impl Strategy<Value = RuntimeCall> + Clone {
    let who = address(0);
    select(vec![
        RuntimeCall::from(BalancesCall::force_set_balance { who: who.clone(), new_free: 1 }),
        BalancesCall::force_unreserve { who, amount: 1 }.into(),
        BalancesCall::force_adjust_total_issuance {
            direction: pallet_balances::AdjustmentDirection::Increase,
            delta: 1,
        }
        .into(),
        frame_system::Call::set_heap_pages { pages: 1 }.into(),
        frame_system::Call::set_code { code: vec![0] }.into(),
        frame_system::Call::set_code_without_checks { code: vec![0] }.into(),
        frame_system::Call::set_storage { items: vec![(vec![1], vec![1])] }.into(),
        frame_system::Call::kill_storage { keys: vec![vec![1]] }.into(),
        frame_system::Call::kill_prefix { prefix: vec![1], subkeys: 1 }.into(),
        frame_system::Call::authorize_upgrade { code_hash: Hash::zero() }.into(),
        frame_system::Call::authorize_upgrade_without_checks { code_hash: Hash::zero() }.into(),
    ])
}
