//! Safe mode, paused calls and epochs that are switched off. spec events-and-errors §8.6

mod chain;

use chain::{Chain, account, key};
use codec::Decode;
use frame_support::traits::{Contains, GetCallMetadata, UnfilteredDispatchable};
use frame_system::RawOrigin;
use myelin_pallet_emission::{Event as EmissionEvent, Waiting};
use myelin_pallet_keys::Call as KeysCall;
use myelin_pallet_staking::Call as StakingCall;
use myelin_pallet_subnets::{Call as SubnetsCall, DefaultParameters, Network};
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO};
use myelin_records::parameters::NetworkParametersPatch;
use myelin_runtime::{Address, Runtime, RuntimeCall, RuntimeEvent, System, presets};
use pallet_safe_mode::Call as SafeModeCall;
use pallet_sudo::Call as SudoCall;
use pallet_tx_pause::{Call as TxPauseCall, RuntimeCallNameOf};
use serde_json::json;
use sp_core::H256;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{DispatchError, traits::TrailingZeroInput, transaction_validity::InvalidTransaction};
use std::collections::BTreeSet;

const SUBNET: NetUid = NetUid::new(1);

/// The calls that are open in safe mode, beside those of `Preimage`, `SafeMode`, `Scheduler`, `Sudo` and `TxPause`.
const OPEN: [&str; 10] = [
    "Keys.announce_coldkey_swap",
    "Keys.clear_coldkey_swap_announcement",
    "Keys.dispute_coldkey_swap",
    "Keys.swap_coldkey_announced",
    "Staking.remove_stake",
    "Staking.unstake_all",
    "System.apply_authorized_upgrade",
    "Timestamp.set",
    "Weights.batch_reveal_weights",
    "Weights.reveal_weights",
];

fn begin() -> Chain {
    let subnet = json!({ "netuid": 1, "parameters": { "tempo": 5, "immunityPeriod": 12 } });
    Chain::begin(presets::LOCAL, json!({ "subnets": { "subnets": [subnet] } }))
}

fn govern(chain: &mut Chain, call: impl Into<RuntimeCall>) {
    chain.succeed(&Sr25519Keyring::Alice.pair(), SudoCall::sudo { call: Box::new(call.into()) });
}

fn transfer() -> RuntimeCall {
    let dest = Address::Id(account(&key("friend")));
    pallet_balances::Call::transfer_keep_alive { dest, value: RAO_PER_TAO }.into()
}

/// Returns the number of epochs of the subnet in the last block.
fn epochs() -> usize {
    let run =
        |event: &RuntimeEvent| matches!(event, RuntimeEvent::Emission(EmissionEvent::EpochRun { netuid: SUBNET, .. }));
    System::events().iter().filter(|record| run(&record.event)).count()
}

/// Makes a block of a paid call, and returns its outcome.
fn outcome(chain: &mut Chain, call: impl Into<RuntimeCall>) -> Result<(), DispatchError> {
    let transaction = chain.sign(&Sr25519Keyring::Bob.pair(), call);
    chain.block(vec![transaction])[0].expect("the transaction is included")
}

#[test]
fn safe_mode_closes_all_but_what_cannot_wait() {
    let mut chain = begin();
    let bob = Sr25519Keyring::Bob.pair();
    let hotkey = account(&bob);
    chain.look(|| myelin_pallet_keys::Owners::<Runtime>::insert(&hotkey, &hotkey));
    chain.keep();
    let amount = Amount::from_rao(RAO_PER_TAO);
    chain.succeed(&bob, StakingCall::add_stake { hotkey: hotkey.clone(), amount });
    govern(&mut chain, SafeModeCall::force_enter {});
    chain.run_until(50, || System::block_number() >= 50);

    let filtered = Err(frame_system::Error::<Runtime>::CallFiltered.into());
    assert_eq!(outcome(&mut chain, transfer()), filtered);
    assert_eq!(outcome(&mut chain, pallet_utility::Call::batch_all { calls: vec![transfer()] }), filtered);
    chain.run_until(400, || System::block_number() >= 370);
    chain.succeed(&bob, StakingCall::remove_stake { hotkey: hotkey.clone(), amount });
    chain.succeed(&bob, KeysCall::announce_coldkey_swap { new_coldkey_hash: H256::zero() });

    govern(&mut chain, SafeModeCall::force_exit {});
    let charlie = Sr25519Keyring::Charlie.pair();
    chain.succeed(&charlie, transfer());
}

#[test]
fn each_call_is_open_or_closed_in_safe_mode() {
    let mut chain = begin();
    govern(&mut chain, SafeModeCall::force_enter {});
    let whole = ["Preimage", "SafeMode", "Scheduler", "Sudo", "TxPause"];
    let mut open = BTreeSet::new();
    for index in (0..=u8::MAX).flat_map(|pallet| (0..=u8::MAX).map(move |call| [pallet, call])) {
        let Ok(call) = RuntimeCall::decode(&mut TrailingZeroInput::new(&index)) else { continue };
        let name = call.get_call_metadata();
        let is_open = chain.look(|| <Runtime as frame_system::Config>::BaseCallFilter::contains(&call));
        if whole.contains(&name.pallet_name) {
            assert!(is_open, "{name:?}");
        } else if is_open {
            open.insert(format!("{}.{}", name.pallet_name, name.function_name));
        }
    }
    assert_eq!(open, OPEN.map(str::to_owned).into());
}

#[test]
fn only_governance_enters_safe_mode() {
    let mut chain = begin();
    let not_configured = pallet_safe_mode::Error::<Runtime>::NotConfigured.into();
    assert_eq!(outcome(&mut chain, SafeModeCall::enter {}), Err(not_configured));
    assert_eq!(outcome(&mut chain, SafeModeCall::force_enter {}), Err(DispatchError::BadOrigin));
    chain.succeed(&Sr25519Keyring::Bob.pair(), transfer());
}

fn full_name(pallet: &str, call: &str) -> RuntimeCallNameOf<Runtime> {
    let name = |text: &str| text.as_bytes().to_vec().try_into().expect("it is short");
    (name(pallet), name(call))
}

#[test]
fn a_paused_call_is_refused_until_it_is_open_again() {
    let mut chain = begin();
    let bob = Sr25519Keyring::Bob.pair();
    let pause = |pallet, call| TxPauseCall::pause { full_name: full_name(pallet, call) };
    govern(&mut chain, pause("Balances", "transfer_keep_alive"));
    govern(&mut chain, pause("Staking", "unstake_all"));
    assert_eq!(outcome(&mut chain, transfer()), Err(frame_system::Error::<Runtime>::CallFiltered.into()));
    // A free call would be refused for nothing in a block, so the pool refuses it.
    let removal = StakingCall::unstake_all { hotkey: account(&bob) };
    let refused = chain.refusal(&bob, removal);
    assert_eq!(refused, InvalidTransaction::Call.into());
    govern(&mut chain, TxPauseCall::unpause { ident: full_name("Balances", "transfer_keep_alive") });
    chain.succeed(&bob, transfer());
}

#[test]
fn what_ends_a_pause_cannot_be_paused() {
    let mut chain = begin();
    for (pallet, call) in [
        ("Sudo", "sudo"),
        ("Timestamp", "set"),
        ("TxPause", "unpause"),
        ("SafeMode", "force_exit"),
        ("Scheduler", "schedule"),
        ("Preimage", "note_preimage"),
        ("System", "apply_authorized_upgrade"),
    ] {
        govern(&mut chain, TxPauseCall::pause { full_name: full_name(pallet, call) });
        let paused = chain.look(|| pallet_tx_pause::PausedCalls::<Runtime>::contains_key(full_name(pallet, call)));
        assert!(!paused, "{pallet}.{call}");
    }
}

#[test]
fn epochs_that_are_off_for_two_tempos_are_paid_by_one() {
    let mut chain = begin();
    let set = |enabled| {
        let changed = NetworkParametersPatch { epochs_enabled: Some(enabled), ..NetworkParametersPatch::default() };
        SubnetsCall::set_network_parameters { changed: Box::new(changed) }
    };
    govern(&mut chain, set(false));
    for _ in 0..12 {
        chain.block(Vec::new());
        assert_eq!(chain.look(epochs), 0);
    }
    assert!(chain.look(|| Waiting::<Runtime>::get().iter().any(|due| due.netuid == SUBNET)));
    govern(&mut chain, set(true));
    chain.block(Vec::new());
    assert_eq!(chain.look(epochs), 1);
    chain.look(|| assert!(Waiting::<Runtime>::get().is_empty()));
}

#[test]
fn parameters_that_cannot_be_decoded_are_never_defaults() {
    let bob = Sr25519Keyring::Bob.pair();
    for key in [Network::<Runtime>::hashed_key(), DefaultParameters::<Runtime>::hashed_key()] {
        let mut chain = begin();
        let hotkey = account(&bob);
        chain.look(|| myelin_pallet_keys::Owners::<Runtime>::insert(&hotkey, &hotkey));
        let stored = chain.look(|| sp_io::storage::get(&key)).expect("genesis writes it");
        chain.look(|| sp_io::storage::set(&key, &[1]));
        chain.keep();

        let amount = Amount::from_rao(RAO_PER_TAO);
        let staking = RuntimeCall::from(StakingCall::add_stake { hotkey: hotkey.clone(), amount });
        assert_eq!(chain.refusal(&bob, staking.clone()), InvalidTransaction::Custom(30).into());
        let removal = StakingCall::unstake_all { hotkey };
        assert_eq!(chain.refusal(&bob, removal), InvalidTransaction::Custom(30).into());
        let batch = pallet_utility::Call::batch_all { calls: vec![staking.clone()] };
        assert_eq!(outcome(&mut chain, batch), Err(frame_system::Error::<Runtime>::CallFiltered.into()));
        // Governance is not bound by what is closed, but its change would be applied to a default.
        let set = SubnetsCall::set_network_parameters { changed: Box::default() };
        let unreadable = myelin_pallet_subnets::Error::<Runtime>::StateUnreadable;
        let changed = chain.look(|| RuntimeCall::from(set).dispatch_bypass_filter(RawOrigin::Root.into()));
        assert_eq!(changed.map(drop).map_err(|error| error.error), Err(unreadable.into()));

        for _ in 0..12 {
            chain.block(Vec::new());
            assert_eq!(chain.look(epochs), 0, "epochs wait");
        }
        chain.look(|| sp_io::storage::set(&key, &stored));
        chain.keep();
        chain.block(Vec::new());
        assert_eq!(chain.look(epochs), 1);
        chain.succeed(&bob, staking);
    }
}
