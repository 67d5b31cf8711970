//! Calls in states in which they touch much storage. [`Chain`] compares it with the weight that each is charged for.

mod chain;

use chain::{Chain, account, key};
use frame_support::{BoundedVec, assert_ok};
use frame_system::RawOrigin;
use myelin_economics::children::Proportion;
use myelin_pallet_keys::Call as KeysCall;
use myelin_pallet_neurons::{Call as NeuronsCall, traits::ReadSeats};
use myelin_pallet_staking::Families;
use myelin_pallet_weights::Call as WeightsCall;
use myelin_primitives::{NetUid, RAO_PER_TAO, Uid};
use myelin_records::{
    bounds::{MAX_CHILDREN, MAX_PARENTS, MAX_UIDS},
    epoch::{NeuronRecord, NeuronRecords},
    stake::{Family, FamilyMember},
};
use myelin_runtime::{AccountId, Neurons, Runtime, presets};
use serde_json::json;

/// The subnets of genesis.
const SUBNETS: u16 = 32;

/// The subnet in which seats are taken.
const SUBNET: NetUid = NetUid::new(1);

/// The weight of a read, in picoseconds.
const READ: u64 = 8_000_000;

fn hotkey(name: &str, number: u32) -> AccountId {
    account(&key(&format!("{name}/{number}")))
}

fn relatives(name: &str, count: u32) -> impl Iterator<Item = FamilyMember<AccountId>> {
    let lends = Proportion::from_parts(1);
    (0..count).map(move |number| FamilyMember { proportion: lends, hotkey: hotkey(name, number) })
}

/// Builds a chain whose first subnet is Bob's, with stake of his on `own` and on its relatives, and with stake of
/// Charlie's on as many hotkeys as there are seats.
fn chain() -> Chain {
    let [bob, charlie] = ["Bob", "Charlie"].map(|name| account(&key(name)).to_string());
    let stakes: Vec<_> = [
        ("own", 1, &bob),
        ("parent", MAX_PARENTS, &bob),
        ("child", MAX_CHILDREN, &bob),
        ("seat", MAX_UIDS.into(), &charlie),
    ]
    .into_iter()
    .flat_map(|(name, count, coldkey)| (0..count).map(move |number| (coldkey, hotkey(name, number))))
    .map(|(coldkey, hotkey)| json!([coldkey, hotkey.to_string(), 100 * RAO_PER_TAO]))
    .collect();
    let owner = json!({ "coldkey": bob, "hotkey": hotkey("own", 0).to_string() });
    let subnets: Vec<_> = (1..=SUBNETS)
        .map(|netuid| {
            let owner = if netuid == SUBNET.get() { owner.clone() } else { json!(null) };
            json!({ "netuid": netuid, "owner": owner, "parameters": {} })
        })
        .collect();
    let open = json!({
        "tempo": 10_000, "adjustmentInterval": 10_000, "immunityPeriod": 0, "activityCutoff": 50_000,
        "ownerImmuneUidsLimit": 10,
        "maxRegistrationsPerBlock": 512, "targetRegistrationsPerInterval": 512,
    });
    Chain::begin(
        presets::LOCAL,
        json!({
            "staking": { "stakes": stakes },
            "subnets": {
                "defaultParameters": open, "subnets": subnets,
                "networkParameters": { "stakeInterval": 20_000, "txRateLimit": 0 },
            },
        }),
    )
}

/// Gives `own` the most relatives on this subnet.
fn give_family(netuid: NetUid) {
    let [parents, children] = [("parent", MAX_PARENTS), ("child", MAX_CHILDREN)];
    let family = Family {
        parents: BoundedVec::truncate_from(relatives(parents.0, parents.1).collect()),
        children: BoundedVec::truncate_from(relatives(children.0, children.1).collect()),
        ..Family::default()
    };
    let own = FamilyMember { proportion: Proportion::from_parts(1), hotkey: hotkey("own", 0) };
    for parent in &family.parents {
        let lends = Family { children: BoundedVec::truncate_from(vec![own.clone()]), ..Family::default() };
        Families::<Runtime>::insert(netuid, &parent.hotkey, lends);
    }
    for child in &family.children {
        let borrows = Family { parents: BoundedVec::truncate_from(vec![own.clone()]), ..Family::default() };
        Families::<Runtime>::insert(netuid, &child.hotkey, borrows);
    }
    Families::<Runtime>::insert(netuid, hotkey("own", 0), family);
}

/// Fills the first subnet, and gives each neuron a permit.
fn fill(chain: &mut Chain) {
    chain.look(|| {
        let mut number = 0;
        while Neurons::count(SUBNET) < MAX_UIDS {
            let charlie = RawOrigin::Signed(account(&key("Charlie"))).into();
            assert_ok!(Neurons::burned_register(charlie, SUBNET, hotkey("seat", number)));
            number += 1;
        }
        let permitted = vec![NeuronRecord { permit: true, ..NeuronRecord::FRESH }; MAX_UIDS.into()];
        myelin_pallet_emission::Neurons::<Runtime>::insert(SUBNET, NeuronRecords::truncate_from(permitted));
    });
    chain.keep();
}

#[test]
fn weights_are_charged_for_the_parents_of_their_hotkey() {
    let mut chain = chain();
    fill(&mut chain);
    chain.look(|| give_family(SUBNET));
    chain.keep();
    let rate = WeightsCall::set_weights {
        netuid: SUBNET,
        dests: BoundedVec::truncate_from(vec![Uid::new(1)]),
        weights: BoundedVec::truncate_from(vec![1]),
        version_key: 0,
    };
    chain.succeed(&key("own/0"), rate);
    // Record and pool of each parent.
    assert!(chain.touched() > u64::from(MAX_PARENTS) * 2 * READ);
}

#[test]
fn a_seat_is_charged_for_the_owners_of_all_seats() {
    let mut chain = chain();
    fill(&mut chain);
    let taken = hotkey("child", 0);
    chain.succeed(&key("Bob"), NeuronsCall::burned_register { netuid: SUBNET, hotkey: taken.clone() });
    assert!(chain.look(|| Neurons::uid(SUBNET, &taken).is_some()), "it replaced another");
    assert!(chain.touched() > u64::from(MAX_UIDS) * READ);
}

#[test]
fn a_swap_of_a_hotkey_is_charged_for_all_its_relatives() {
    let mut chain = chain();
    chain.look(|| (1..=SUBNETS).map(NetUid::new).for_each(give_family));
    chain.keep();
    let new = key("new");
    let consent = chain.consent(&new, &account(&key("Bob")), &account(&new));
    let swap = KeysCall::swap_hotkey { hotkey: hotkey("own", 0), new_hotkey: account(&new), consent };
    chain.succeed(&key("Bob"), swap);
    // The family of each relative is read and written.
    let relatives = u64::from(MAX_PARENTS + MAX_CHILDREN) * u64::from(SUBNETS);
    assert!(chain.touched() > relatives * 7 * READ, "{}", chain.touched());
}
