//! Swaps of keys through all pallets: all data follows, or nothing has moved.

mod chain;

use chain::{Chain, account, key};
use frame_support::{
    assert_ok,
    dispatch::{DispatchClass, GetDispatchInfo},
};
use myelin_pallet_keys::{Call as KeysCall, Error as KeysError, traits::Keys as _};
use myelin_pallet_neurons::{Call as NeuronsCall, MembershipsOf, traits::ReadSeats, types::Memberships};
use myelin_pallet_staking::{Call as StakingCall, traits::ReadStake};
use myelin_pallet_subnets::{Call as SubnetsCall, traits::ReadSubnets};
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO, Uid};
use myelin_records::bounds::MAX_NETWORKS;
use myelin_runtime::{
    AccountId, Balances, Emission, Keys, Neurons, Runtime, RuntimeCall, Session, SessionKeys, Staking, Subnets, presets,
};
use serde_json::json;
use sp_core::sr25519;
use sp_io::hashing::twox_128;
use sp_runtime::{DispatchError, traits::OpaqueKeys};

/// The subnet that the owner creates.
const SUBNET: NetUid = NetUid::new(2);

/// Builds a chain on which no epoch and no adjustment runs during the test.
fn quiet() -> Chain {
    let quiet = json!({
        "tempo": 10_000, "adjustmentInterval": 10_000, "immunityPeriod": 20_002, "activityCutoff": 50_000,
    });
    let network = json!({ "stakeInterval": 10_000 });
    let subnets = json!({ "networkParameters": network, "defaultParameters": quiet, "rootParameters": quiet });
    Chain::begin(presets::LOCAL, json!({ "subnets": subnets }))
}

/// Builds a chain on which Bob owns a subnet. His staked owner's hotkey has the first seat.
fn with_a_subnet_of_bob() -> (Chain, sr25519::Pair, AccountId) {
    let mut chain = quiet();
    let (owner, hotkey) = (key("Bob"), account(&key("hotkey")));
    chain.pair(&owner, &key("hotkey"));
    chain.succeed(&owner, SubnetsCall::register_network { hotkey: hotkey.clone() });
    let amount = Amount::from_rao(RAO_PER_TAO);
    chain.succeed(&owner, StakingCall::add_stake { hotkey: hotkey.clone(), amount });
    (chain, owner, hotkey)
}

/// Returns a swap of a hotkey for another key, to which that key agrees.
fn swapping(chain: &mut Chain, owner: &sr25519::Pair, hotkey: &AccountId, new: &sr25519::Pair) -> KeysCall<Runtime> {
    let consent = chain.consent(new, &account(owner), &account(new));
    KeysCall::swap_hotkey { hotkey: hotkey.clone(), new_hotkey: account(new), consent }
}

/// Returns the storage of all pallets that follow a swap.
fn stored(chain: &mut Chain) -> Vec<(Vec<u8>, Vec<u8>)> {
    chain.look(|| {
        let mut entries = Vec::new();
        for pallet in ["Keys", "Subnets", "Staking", "Neurons"] {
            let prefix = twox_128(pallet.as_bytes()).to_vec();
            let mut last = prefix.clone();
            while let Some(key) = sp_io::storage::next_key(&last).filter(|key| key.starts_with(&prefix)) {
                entries.push((key.clone(), sp_io::storage::get(&key).expect("the key is there").to_vec()));
                last = key;
            }
        }
        entries
    })
}

/// Makes a block of a call that fails in its dispatch, and returns its error.
fn failure(chain: &mut Chain, key: &sr25519::Pair, call: impl Into<RuntimeCall>) -> DispatchError {
    let transaction = chain.sign(key, call);
    let applied = chain.block(vec![transaction]);
    applied[0].expect("the transaction is included").expect_err("the call fails")
}

#[test]
fn everything_follows_a_swapped_hotkey() {
    let (mut chain, owner, hotkey) = with_a_subnet_of_bob();
    let new = account(&key("new"));
    let had = chain.balance(&account(&owner));
    let swap = swapping(&mut chain, &owner, &hotkey, &key("new"));
    chain.succeed(&owner, swap);
    let paid = had - chain.balance(&account(&owner));
    assert!((RAO_PER_TAO / 10..RAO_PER_TAO / 9).contains(&paid), "the cost and a fee: {paid} rao");
    chain.look(|| {
        assert_eq!((Keys::owner(&hotkey), Keys::owner(&new)), (None, Some(account(&owner))));
        assert_eq!((Staking::on(&hotkey).rao(), Staking::on(&new).rao()), (0, RAO_PER_TAO));
        assert_eq!((Neurons::uid(SUBNET, &hotkey), Neurons::uid(SUBNET, &new)), (None, Some(Uid::new(0))));
        assert_eq!(Subnets::subnet(SUBNET).and_then(|subnet| subnet.owner_hotkey), Some(new));
    });
}

#[test]
fn everything_follows_a_swapped_coldkey() {
    let (mut chain, owner, hotkey) = with_a_subnet_of_bob();
    let new = account(&key("new"));
    chain.look(|| {
        let root = frame_system::RawOrigin::Root.into();
        assert_ok!(Keys::swap_coldkey(root, account(&owner), new.clone(), Amount::ZERO));
    });
    chain.keep();
    chain.look(|| {
        assert_eq!((Keys::owner(&hotkey), Keys::owned(&account(&owner))), (Some(new.clone()), Vec::new()));
        assert_eq!(Staking::of(&new, &hotkey).rao(), RAO_PER_TAO);
        assert_eq!(Subnets::subnet(SUBNET).and_then(|subnet| subnet.owner), Some(new.clone()));
    });
    assert_eq!(chain.balance(&account(&owner)), 0);
    assert!(chain.balance(&new) > RAO_PER_TAO);
}

#[test]
fn a_coldkey_that_moved_stake_rests_before_it_swaps_a_hotkey() {
    const REST: u32 = 5;
    let patch = json!({ "subnets": { "networkParameters": { "txRateLimit": REST, "stakeInterval": 10_000 } } });
    let mut chain = Chain::begin(presets::LOCAL, patch);
    let (owner, [one, other]) = (key("Bob"), ["one", "other"].map(|name| account(&key(name))));
    for name in ["one", "other"] {
        chain.pair(&owner, &key(name));
    }
    let amount = Amount::from_rao(RAO_PER_TAO);
    chain.succeed(&owner, StakingCall::become_delegate { hotkey: other.clone() });
    chain.succeed(&owner, StakingCall::add_stake { hotkey: one.clone(), amount });
    for _ in 0..REST {
        chain.block(Vec::new());
    }
    let moved = StakingCall::move_stake { origin_hotkey: one.clone(), destination_hotkey: other.clone(), amount };
    chain.succeed(&owner, moved);
    let swap = swapping(&mut chain, &owner, &other, &key("new"));
    let too_soon = KeysError::<Runtime>::HotKeySetTxRateLimitExceeded.into();
    assert_eq!(failure(&mut chain, &owner, swap.clone()), too_soon);
    let given = StakingCall::transfer_stake {
        destination_coldkey: account(&key("Charlie")),
        hotkey: other.clone(),
        amount: Amount::from_rao(RAO_PER_TAO / 2),
    };
    for _ in 1..REST {
        chain.block(Vec::new());
    }
    chain.succeed(&owner, given);
    for _ in 1..REST {
        chain.block(Vec::new());
    }
    assert_eq!(failure(&mut chain, &owner, swap.clone()), too_soon);
    chain.succeed(&owner, swap);
}

#[test]
fn an_owner_an_authority_and_a_delegate_in_one_are_swapped_at_once() {
    let genesis = json!({ "authorities": { "sessionBlocks": 9 } });
    let mut chain = Chain::begin(presets::LOCAL, genesis);
    // Alice is the authority of the preset.
    let (alice, hotkey, new) = (key("Alice"), account(&key("hotkey")), account(&key("new")));
    let old = account(&alice);
    chain.pair(&alice, &key("hotkey"));
    chain.succeed(&alice, SubnetsCall::register_network { hotkey: hotkey.clone() });
    chain.succeed(&alice, StakingCall::add_stake { hotkey: hotkey.clone(), amount: Amount::from_rao(RAO_PER_TAO) });
    chain.succeed(&alice, StakingCall::become_delegate { hotkey: hotkey.clone() });
    let sums = |chain: &mut Chain| chain.look(|| (Emission::total_issuance(), Staking::total(), Subnets::locked()));
    let before = sums(&mut chain);
    chain.look(|| {
        assert_eq!(Session::validators(), std::slice::from_ref(&old));
        assert_ok!(Keys::swap_coldkey(frame_system::RawOrigin::Root.into(), old.clone(), new.clone(), Amount::ZERO));
    });
    assert_eq!(sums(&mut chain), before);
    chain.keep();
    chain.run_until(40, || Session::validators() == std::slice::from_ref(&new));
    chain.look(|| {
        let keys = Session::load_keys(&new).expect("the session keys have moved");
        assert_eq!(Session::load_keys(&old), None);
        for id in SessionKeys::key_ids() {
            assert_eq!(Session::key_owner(*id, keys.get_raw(*id)), Some(new.clone()));
        }
        assert_eq!(Staking::of(&new, &hotkey).rao(), RAO_PER_TAO);
        assert_eq!(Subnets::subnet(SUBNET).and_then(|subnet| subnet.owner), Some(new.clone()));
        // What keeps the old account is all that stays.
        assert_eq!(Balances::free_balance(&old), 500);
    });
}

#[test]
fn a_listener_that_fails_undoes_the_whole_swap() {
    let (mut chain, owner, hotkey) = with_a_subnet_of_bob();
    let new = account(&key("new"));
    // Neurons are told last. They fail if the new hotkey has seats on too many networks that are being removed.
    let ended = (1_000..).map(NetUid::new).take(MAX_NETWORKS as usize).map(|netuid| (netuid, Uid::new(0)));
    let full = Memberships::try_from(ended.collect::<std::collections::BTreeMap<_, _>>()).expect("that many can be");
    chain.look(|| MembershipsOf::<Runtime>::insert(&new, full));
    chain.keep();

    let (before, had) = (stored(&mut chain), chain.balance(&account(&owner)));
    let swap = swapping(&mut chain, &owner, &hotkey, &key("new"));
    assert_eq!(failure(&mut chain, &owner, swap.clone()), DispatchError::Exhausted);
    assert!(stored(&mut chain) == before, "something has moved");
    let paid = had - chain.balance(&account(&owner));
    assert!(paid < RAO_PER_TAO / 100, "the fee alone is paid: {paid} rao");

    chain.look(|| MembershipsOf::<Runtime>::remove(&new));
    chain.keep();
    chain.succeed(&owner, swap);
}

#[test]
fn a_key_in_use_is_refused_before_anything_moves() {
    let (mut chain, owner, hotkey) = with_a_subnet_of_bob();
    let other = key("Charlie");
    let [staked, seated] = ["staked", "seated"].map(|name| account(&key(name)));
    chain.pair(&owner, &key("staked"));
    chain.pair(&owner, &key("seated"));
    let amount = Amount::from_rao(RAO_PER_TAO);
    chain.succeed(&owner, StakingCall::add_stake { hotkey: staked.clone(), amount });
    chain.succeed(&owner, NeuronsCall::burned_register { netuid: SUBNET, hotkey: seated.clone() });
    let theirs = account(&key("theirs"));
    chain.pair(&other, &key("theirs"));

    let before = stored(&mut chain);
    for (new_hotkey, error) in [
        (staked, KeysError::<Runtime>::NewHotKeyInUse),
        (seated, KeysError::HotKeyAlreadyRegisteredInSubNet),
        (theirs, KeysError::NonAssociatedColdKey),
    ] {
        let swap = KeysCall::swap_hotkey { hotkey: hotkey.clone(), new_hotkey, consent: None };
        assert_eq!(failure(&mut chain, &owner, swap), error.into());
    }
    // Neither a coldkey with a hotkey nor a hotkey is a fresh coldkey.
    for (new_coldkey, error) in [
        (account(&other), KeysError::<Runtime>::ColdKeyAlreadyAssociated),
        (hotkey.clone(), KeysError::NewColdKeyIsHotkey),
    ] {
        let swapped = chain.look(|| {
            let root = frame_system::RawOrigin::Root.into();
            Keys::swap_coldkey(root, account(&owner), new_coldkey, Amount::ZERO)
        });
        assert_eq!(swapped, Err(error.into()));
    }
    assert!(stored(&mut chain) == before, "something has moved");
}

#[test]
fn swaps_on_as_many_networks_as_there_can_be_fit_into_a_block() {
    let subnets: Vec<_> = (1..MAX_NETWORKS).map(|netuid| json!({ "netuid": netuid, "parameters": {} })).collect();
    let mut chain = Chain::begin(presets::LOCAL, json!({ "subnets": { "subnets": subnets } }));
    let most = <Runtime as frame_system::Config>::BlockWeights::get().get(DispatchClass::Normal).max_extrinsic;
    let account = account(&key("any"));
    for call in [
        KeysCall::<Runtime>::swap_hotkey { hotkey: account.clone(), new_hotkey: account.clone(), consent: None },
        KeysCall::swap_coldkey_announced { new_coldkey: account.clone() },
    ] {
        let weight = chain.look(|| call.get_dispatch_info().call_weight);
        assert!(most.is_none_or(|most| weight.all_lt(most)), "{call:?} weighs {weight}");
    }
}
