//! The pallets as the runtime composes them: what follows a seat, a key and a block through all of them.

mod chain;

use chain::{Chain, account, key};
use frame_support::{assert_ok, traits::Get};
use myelin_economics::children::Proportion;
use myelin_pallet_emission::{Bonds, Event as EmissionEvent, Neurons as NeuronRecords};
use myelin_pallet_keys::{
    Config as KeysConfig,
    traits::{Keys as _, OnKeySwap},
};
use myelin_pallet_neurons::{Call as NeuronsCall, Event as NeuronsEvent, traits::ReadSeats};
use myelin_pallet_staking::{Call as StakingCall, Config as StakingConfig, Families, traits::ReadStake};
use myelin_pallet_subnets::traits::ReadSubnets;
use myelin_pallet_weights::Rows;
use myelin_primitives::{Amount, Entry, NetUid, RAO_PER_TAO, Uid};
use myelin_records::{
    epoch::{BondsRow, NeuronRecord, NeuronRecords as Records},
    stake::{Family, FamilyMember},
    weights::{StorageIndex, WeightsRow},
};
use myelin_runtime::{AccountId, Keys, Neurons, Runtime, RuntimeEvent, Staking, Subnets, System, presets};
use serde_json::{Value, json};
use sp_core::sr25519;
use sp_keyring::Sr25519Keyring;

const SUBNET: NetUid = NetUid::new(1);

/// Builds a local network with three subnets of these parameters.
fn begin(parameters: &Value) -> Chain {
    let subnet = |netuid: u16| json!({ "netuid": netuid, "parameters": parameters });
    let subnets: Value = [1, 2, 3].map(subnet).to_vec().into();
    let network = json!({ "stakeInterval": 10_000 });
    Chain::begin(presets::LOCAL, json!({ "subnets": { "networkParameters": network, "subnets": subnets } }))
}

/// Builds a network on which no epoch and no adjustment runs during the test, with two seats on each subnet.
fn quiet() -> Chain {
    begin(&json!({
        "tempo": 10_000, "adjustmentInterval": 10_000, "immunityPeriod": 20_002, "activityCutoff": 50_000,
        "maxAllowedUids": 2, "maxAllowedValidators": 2, "minAllowedUids": 1,
        "targetRegistrationsPerInterval": 100, "maxRegistrationsPerBlock": 100,
    }))
}

fn rich() -> sr25519::Pair {
    Sr25519Keyring::Alice.pair()
}

/// Pairs a new hotkey with the rich coldkey.
fn paired(chain: &mut Chain, name: &str) -> AccountId {
    let hotkey = account(&key(name));
    chain.look(|| Keys::pair(&account(&rich()), &hotkey)).expect("the hotkey is new");
    chain.keep();
    hotkey
}

fn take_seat(chain: &mut Chain, hotkey: &AccountId) {
    chain.succeed(&rich(), NeuronsCall::burned_register { netuid: SUBNET, hotkey: hotkey.clone() });
}

#[test]
fn nothing_of_a_replaced_seat_stays() {
    let mut chain = quiet();
    let [first, second, third] = ["first", "second", "third"].map(|name| paired(&mut chain, name));
    take_seat(&mut chain, &first);
    take_seat(&mut chain, &second);
    let amount = Amount::from_rao(RAO_PER_TAO);
    chain.succeed(&rich(), StakingCall::add_stake { hotkey: first.clone(), amount });
    let (seat, entries) = (Uid::new(0), vec![Entry::from((1, 1))]);
    chain.look(|| {
        let records = vec![NeuronRecord { permit: true, ..NeuronRecord::FRESH }; 2];
        NeuronRecords::<Runtime>::insert(SUBNET, Records::truncate_from(records));
        Bonds::<Runtime>::insert(SUBNET, seat, BondsRow::truncate_from(entries.clone()));
        let row = WeightsRow { entries: BondsRow::truncate_from(entries), fixed_at: 1, missed_at: None };
        Rows::<Runtime>::insert(StorageIndex::from(SUBNET), seat, row);
    });
    chain.keep();

    let had = chain.balance(&account(&rich()));
    take_seat(&mut chain, &third);
    let has = chain.balance(&account(&rich()));
    chain.look(|| {
        assert_eq!((Neurons::uid(SUBNET, &first), Neurons::uid(SUBNET, &third)), (None, Some(seat)));
        assert_eq!(NeuronRecords::<Runtime>::get(SUBNET)[0], NeuronRecord::FRESH);
        assert!(!Bonds::<Runtime>::contains_key(SUBNET, seat));
        assert!(!Rows::<Runtime>::contains_key(StorageIndex::from(SUBNET), seat));
        // The last seat of the hotkey is gone, so its stake is too.
        assert_eq!((Staking::on(&first), Staking::total()), (Amount::ZERO, Amount::ZERO));
    });
    let burn = RAO_PER_TAO + RAO_PER_TAO / 100;
    assert!(has + burn > had + RAO_PER_TAO, "the stake is back, less the price of a seat: {had} {has}");
}

#[test]
fn stake_is_released_with_the_last_seat() {
    assert!(<<Runtime as StakingConfig>::UnstakeOnDeregistration as Get<bool>>::get());
}

#[test]
fn the_price_of_a_seat_is_adjusted_before_the_epoch_of_its_block() {
    let mut chain = begin(&json!({ "tempo": 5, "adjustmentInterval": 1, "immunityPeriod": 12 }));
    let place = |wanted: fn(&RuntimeEvent) -> bool| System::events().iter().position(|found| wanted(&found.event));
    chain.run_until(20, || {
        place(|event| matches!(event, RuntimeEvent::Emission(EmissionEvent::EpochRun { .. }))).is_some()
    });
    chain.look(|| {
        let price = place(|event| matches!(event, RuntimeEvent::Neurons(NeuronsEvent::BurnSet { netuid: SUBNET, .. })));
        let epoch = place(|event| matches!(event, RuntimeEvent::Emission(_)));
        assert!(price.is_some() && price < epoch, "{price:?} {epoch:?}");
    });
}

#[test]
fn a_child_follows_its_hotkey_on_every_subnet() {
    let mut chain = quiet();
    let [parent, child, new] = ["parent", "child", "new"].map(|name| account(&key(name)));
    let half =
        |hotkey: &AccountId| FamilyMember { proportion: Proportion::from_parts(u64::MAX / 2), hotkey: hotkey.clone() };
    chain.look(|| {
        let netuids: Vec<_> = Subnets::netuids().into_iter().filter(|netuid| !netuid.is_root()).collect();
        assert_eq!(netuids.len(), 3);
        for netuid in &netuids {
            let mut lender = Family::default();
            lender.children.try_push(half(&child)).expect("one is few enough");
            let mut borrower = Family::default();
            borrower.parents.try_push(half(&parent)).expect("one is few enough");
            Families::<Runtime>::insert(netuid, &parent, lender);
            Families::<Runtime>::insert(netuid, &child, borrower);
        }
        let owner = account(&rich());
        assert_ok!(<Runtime as KeysConfig>::OnKeySwap::hotkey_swapped(&owner, &child, &new));
        for netuid in netuids {
            assert!(!Families::<Runtime>::contains_key(netuid, &child), "{netuid}");
            assert_eq!(Families::<Runtime>::get(netuid, &new).parents.to_vec(), [half(&parent)]);
            assert_eq!(Families::<Runtime>::get(netuid, &parent).children.to_vec(), [half(&new)]);
        }
    });
}
