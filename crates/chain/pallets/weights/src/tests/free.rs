//! Free calls in the transaction pool. spec weights §8, events-and-errors §8

use crate::{
    Call,
    mock::*,
    types::{BatchEntries, NetUidList},
};
use codec::Compact;
use frame_support::{
    assert_ok,
    dispatch::{CheckIfFeeless, DispatchClass, GetDispatchInfo, Pays},
    traits::UnfilteredDispatchable,
};
use myelin_primitives::{NetUid, Uid};
use myelin_records::parameters::Parameters;
use sp_core::H256;
use sp_runtime::transaction_validity::InvalidTransaction;

const VECTOR: &[(u16, u16)] = &[(1, 10), (2, 10)];

fn set_call(netuid: u16, vector: &[(u16, u16)]) -> Call<Test> {
    let (dests, weights) = lists(vector);
    Call::set_weights { netuid: NetUid::new(netuid), dests, weights, version_key: 0 }
}

fn commit_call(netuid: u16, hotkey: AccountId) -> Call<Test> {
    let netuid = NetUid::new(netuid);
    Call::commit_weights { netuid, commit_hash: hash(hotkey, netuid, VECTOR, 0) }
}

fn reveal_call(netuid: u16, vector: &[(u16, u16)]) -> Call<Test> {
    let (uids, values) = lists(vector);
    Call::reveal_weights { netuid: NetUid::new(netuid), uids, values, salt: salt(), version_key: 0 }
}

fn batch_reveal_call(vectors: &[&[(u16, u16)]]) -> Call<Test> {
    let (uids, values): (Vec<_>, Vec<_>) = vectors.iter().map(|vector| lists(vector)).unzip();
    Call::batch_reveal_weights {
        netuid: SUBNET,
        uids_list: uids.try_into().unwrap(),
        values_list: values.try_into().unwrap(),
        salts_list: vec![salt(); vectors.len()].try_into().unwrap(),
        version_keys: vec![0; vectors.len()].try_into().unwrap(),
    }
}

fn netuids(numbers: &[u16]) -> NetUidList {
    numbers.iter().copied().map(Compact).collect::<Vec<_>>().try_into().unwrap()
}

fn batch_set_call(items: &[(u16, &[(u16, u16)])]) -> Call<Test> {
    let numbers: Vec<_> = items.iter().map(|(netuid, _)| *netuid).collect();
    let compact = |vector: &[(u16, u16)]| {
        vector.iter().map(|(uid, value)| (Compact(*uid), Compact(*value))).collect::<Vec<_>>().try_into().unwrap()
    };
    let weights: Vec<_> = items.iter().map(|(_, vector)| compact(vector)).collect();
    Call::batch_set_weights {
        netuids: netuids(&numbers),
        weights: weights.try_into().unwrap(),
        version_keys: vec![Compact(0); items.len()].try_into().unwrap(),
    }
}

fn batch_commit_call(numbers: &[u16]) -> Call<Test> {
    let commit_hashes = vec![H256::zero(); numbers.len()].try_into().unwrap();
    Call::batch_commit_weights { netuids: netuids(numbers), commit_hashes }
}

fn root_call() -> Call<Test> {
    let (dests, weights) = (vec![SUBNET].try_into().unwrap(), vec![1].try_into().unwrap());
    Call::set_root_weights { netuid: NetUid::ROOT, hotkey: ALICE, dests, weights, version_key: 0 }
}

/// Returns the pool code of a refusal, or `None` if the pool takes the call.
fn refusal(who: AccountId, call: &Call<Test>) -> Option<u8> {
    match Weights::check_free_call(&who, call) {
        Ok(()) => None,
        Err(InvalidTransaction::Custom(code)) => Some(code),
        Err(other) => panic!("refused without a code: {other:?}"),
    }
}

/// Checks that the pool takes a call, and that the call succeeds.
fn taken(who: AccountId, call: Call<Test>) {
    assert_eq!(refusal(who, &call), None);
    assert_ok!(call.dispatch_bypass_filter(RuntimeOrigin::signed(who)));
}

/// Checks that the pool refuses a call with this code, and that the call would have no effect.
fn refused(who: AccountId, call: Call<Test>, code: u8) {
    assert_eq!(refusal(who, &call), Some(code), "{call:?}");
    let succeeds = call.dispatch_bypass_filter(RuntimeOrigin::signed(who)).is_ok();
    assert!(!succeeds, "a call was refused that would have succeeded");
}

#[test]
fn all_calls_of_hotkeys_are_free_and_those_of_coldkeys_are_not() {
    let free = [
        set_call(1, VECTOR),
        batch_set_call(&[(1, VECTOR)]),
        commit_call(1, ALICE),
        batch_commit_call(&[1]),
        reveal_call(1, VECTOR),
        batch_reveal_call(&[VECTOR]),
    ];
    for call in free {
        assert!(call.is_feeless(&RuntimeOrigin::signed(ALICE)), "{call:?}");
        let info = call.get_dispatch_info();
        assert_eq!((info.class, info.pays_fee), (DispatchClass::Normal, Pays::Yes));
    }
    assert!(!root_call().is_feeless(&RuntimeOrigin::signed(coldkey_of(ALICE))));
}

#[test]
fn calls_with_a_fee_pass() {
    ExtBuilder::default().build_and_execute(|| assert_eq!(refusal(STRANGER, &root_call()), None));
}

#[test]
fn vectors_are_refused_by_code() {
    ExtBuilder::default().build_and_execute(|| {
        refused(ALICE, set_call(9, VECTOR), 3);
        refused(STRANGER, set_call(1, VECTOR), 19);
        ask_stake(1);
        refused(ALICE, set_call(1, VECTOR), 1);
        stake(ALICE, 1);
        refused(ALICE, set_call(1, &[(1, 1), (1, 1)]), 255);
        refused(ALICE, set_call(0, VECTOR), 255);
        taken(ALICE, set_call(1, VECTOR));
        refused(ALICE, set_call(1, VECTOR), 6);
        run_to_block(101);
        forbid(SUBNET, ALICE);
        refused(ALICE, set_call(1, VECTOR), 255);
        refused(ALICE, set_call(1, &[(0, 1)]), 255);
        permit(SUBNET, ALICE);
        set(SUBNET, |parameters| parameters.commit_reveal = true);
        refused(ALICE, set_call(1, VECTOR), 255);
    });
}

#[test]
fn commits_are_refused_by_code() {
    ExtBuilder::default().build_and_execute(|| {
        refused(ALICE, commit_call(1, ALICE), 255);
        set(SUBNET, |parameters| parameters.commit_reveal = true);
        refused(ALICE, commit_call(9, ALICE), 3);
        refused(STRANGER, commit_call(1, STRANGER), 19);
        taken(ALICE, commit_call(1, ALICE));
        refused(ALICE, commit_call(1, ALICE), 6);
        set(SUBNET, |parameters| parameters.weights_set_rate_limit = 0);
        taken(ALICE, commit_call(1, ALICE));
    });
}

/// Checks a commit without stake: the call itself needs none, but its reveal does.
#[test]
fn a_commit_that_could_not_be_revealed_for_want_of_stake_is_refused() {
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        ask_stake(100);
        stake(ALICE, 1_000);
        lend(SUBNET, ALICE, 99);
        assert_eq!(refusal(ALICE, &commit_call(1, ALICE)), Some(1));
        lend(SUBNET, ALICE, 100);
        taken(ALICE, commit_call(1, ALICE));
    });
}

#[test]
fn reveals_are_refused_by_code() {
    let builder = ExtBuilder::default().commit_reveal();
    builder.parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        refused(ALICE, reveal_call(9, VECTOR), 3);
        refused(ALICE, reveal_call(1, VECTOR), 16);
        refused(STRANGER, reveal_call(1, VECTOR), 16);
        run_to_block(4);
        taken(ALICE, commit_call(1, ALICE));
        taken(BOB, commit_call(1, BOB));
        refused(ALICE, reveal_call(1, VECTOR), 17);
        refused(ALICE, reveal_call(1, &[(1, 1)]), 16);
        run_to_block(10);
        ask_stake(1);
        refused(ALICE, reveal_call(1, VECTOR), 1);
        stake(ALICE, 1);
        taken(ALICE, reveal_call(1, VECTOR));
        refused(ALICE, reveal_call(1, VECTOR), 16);
        run_to_block(16);
        refused(BOB, reveal_call(1, VECTOR), 16);
    });
}

#[test]
fn batches_of_reveals_are_refused_by_code() {
    let builder = ExtBuilder::default().commit_reveal();
    builder.parameters(|parameters| parameters.weights_set_rate_limit = 0).build_and_execute(|| {
        let mut uneven = batch_reveal_call(&[VECTOR]);
        if let Call::batch_reveal_weights { salts_list, .. } = &mut uneven {
            salts_list.clear();
        }
        refused(ALICE, uneven, 18);
        refused(ALICE, batch_reveal_call(&[VECTOR]), 16);
        run_to_block(4);
        taken(ALICE, commit_call(1, ALICE));
        refused(ALICE, batch_reveal_call(&[VECTOR]), 17);
        run_to_block(10);
        refused(ALICE, batch_reveal_call(&[VECTOR, &[(1, 1)]]), 16);
        ask_stake(1);
        refused(ALICE, batch_reveal_call(&[VECTOR]), 1);
        ask_stake(0);
        taken(ALICE, batch_reveal_call(&[VECTOR]));
    });
}

#[test]
fn a_batch_is_refused_for_its_first_item_that_fails() {
    ExtBuilder::default().build_and_execute(|| {
        for netuid in [2, 3] {
            create(NetUid::new(netuid), Parameters { commit_reveal: netuid == 3, ..Parameters::default() });
            seat(NetUid::new(netuid), ALICE);
            permit(NetUid::new(netuid), ALICE);
        }
        let [good, own]: [&[(u16, u16)]; 2] = [VECTOR, &[(0, 1)]];
        run_to_block(3);
        let fails = |call, code| refused(ALICE, call, code);
        fails(batch_set_call(&[(1, good), (2, own)]), 6);
        fails(batch_set_call(&[(2, own), (9, own)]), 6);
        fails(batch_set_call(&[(1, good), (9, own)]), 3);
        fails(batch_set_call(&[(1, good), (3, own)]), 255);
        fails(batch_set_call(&[(1, good), (1, good)]), 27);
        fails(batch_commit_call(&[3, 3]), 27);
        fails(batch_commit_call(&[1, 3]), 255);
        ask_stake(5);
        stake(ALICE, 5);
        lend(NetUid::new(2), ALICE, 4);
        run_to_block(101);
        fails(batch_set_call(&[(1, good), (2, own)]), 1);
        lend(NetUid::new(2), ALICE, 5);
        taken(ALICE, batch_set_call(&[(1, good), (2, own)]));
        for netuid in [1, 2] {
            set(NetUid::new(netuid), |parameters| parameters.commit_reveal = true);
        }
        fails(batch_commit_call(&[1, 2, 3]), 6);
        run_to_block(201);
        taken(ALICE, batch_commit_call(&[1, 2, 3]));
    });
}

#[test]
fn a_batch_of_uneven_lists_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        let mut uneven = batch_set_call(&[(1, VECTOR)]);
        if let Call::batch_set_weights { weights, .. } = &mut uneven {
            *weights = BatchEntries::default();
        }
        refused(ALICE, uneven, 18);
        let mut uneven = batch_commit_call(&[1]);
        if let Call::batch_commit_weights { commit_hashes, .. } = &mut uneven {
            commit_hashes.clear();
        }
        refused(ALICE, uneven, 18);
    });
}

/// Checks empty batches: they would succeed without effect and without a fee, any number of times.
#[test]
fn a_batch_without_items_is_refused() {
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        taken(ALICE, commit_call(1, ALICE));
        for call in [batch_set_call(&[]), batch_commit_call(&[]), batch_reveal_call(&[])] {
            assert_eq!(refusal(ALICE, &call), Some(255));
        }
    });
}

#[test]
fn a_call_waits_since_the_last_update_of_its_author() {
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        create(NetUid::new(2), Parameters::default());
        run_to_block(30);
        seat(NetUid::new(2), ALICE);
        taken(BOB, commit_call(1, BOB));
        run_to_block(50);
        let waited = Weights::blocks_since_update;
        assert_eq!(waited(&ALICE, &set_call(1, VECTOR)), 50);
        assert_eq!(waited(&BOB, &reveal_call(1, VECTOR)), 20);
        assert_eq!(waited(&BOB, &commit_call(1, BOB)), 20);
        assert_eq!(waited(&BOB, &batch_reveal_call(&[VECTOR])), 20);
        assert_eq!(waited(&ALICE, &set_call(2, VECTOR)), 20);
        assert_eq!(waited(&ALICE, &batch_commit_call(&[2, 1, 9])), 50);
        assert_eq!(waited(&BOB, &batch_set_call(&[(2, VECTOR), (1, VECTOR)])), 20);
        assert_eq!(waited(&STRANGER, &set_call(1, VECTOR)), 0);
        assert_eq!(waited(&STRANGER, &batch_commit_call(&[1, 2])), 0);
        assert_eq!(waited(&coldkey_of(ALICE), &root_call()), 0);
        seat(SUBNET, STRANGER);
        assert_eq!(waited(&STRANGER, &set_call(1, &[(Uid::new(4).get(), 1)])), 0);
    });
}
