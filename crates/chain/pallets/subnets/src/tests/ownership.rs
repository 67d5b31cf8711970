//! Owners of subnets, and identities. spec subnets-and-neurons §12, §15.2

use crate::{
    Error, Event, Identities, OwnerHotkeyChanged, ReadSubnets,
    mock::*,
    weights::{SubstrateWeight, WeightInfo},
};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use myelin_economics::subnet_lock::VESTING;
use myelin_pallet_keys::{
    traits::{OnKeySwap, ReadKeyRules},
    types::KeyRules,
};
use myelin_records::{
    bounds::{MAX_NAME, MAX_TEXT},
    parameters::NetworkParametersPatch,
    subnet::SubnetIdentity,
};
use sp_runtime::DispatchError;

/// Runs a test on a chain with a subnet of Alice, with [`HOT_A`]; [`HOT_B`] is hers too, [`HOT_C`] is Bob's.
fn with_a_subnet_of_alice(test: impl FnOnce()) {
    let network = NetworkParametersPatch { owner_hotkey_rate_limit: Some(10), ..Default::default() };
    ExtBuilder::default().network(network).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        OwnerOf::insert(HOT_B, ALICE);
        OwnerOf::insert(HOT_C, BOB);
        System::reset_events();
        test();
    });
}

fn owner(number: u16) -> Option<AccountId> {
    Subnets::subnet(netuid(number)).and_then(|subnet| subnet.owner)
}

fn owner_hotkey(number: u16) -> Option<AccountId> {
    Subnets::subnet(netuid(number)).and_then(|subnet| subnet.owner_hotkey)
}

#[test]
fn a_subnet_changes_hands_with_its_lock_and_without_its_hotkey() {
    with_a_subnet_of_alice(|| {
        assert_ok!(Subnets::transfer_network(signed(ALICE), netuid(1), BOB));
        assert_eq!((owner(1), owner_hotkey(1)), (Some(BOB), None));
        assert_eq!(events(), [Event::SubnetOwnerChanged { netuid: netuid(1), old_owner: ALICE, new_owner: BOB }]);
        assert_ok!(Subnets::set_subnet_owner_hotkey(signed(BOB), netuid(1), HOT_C));
        skip_to_block(1 + VESTING);
        assert_ok!(Subnets::dissolve_network(signed(BOB), netuid(1)));
        assert_eq!((balance(ALICE), balance(BOB)), (ENDOWMENT - PRICE, ENDOWMENT + PRICE));
    });
}

#[test]
fn a_new_owner_names_a_hotkey_at_once() {
    with_a_subnet_of_alice(|| {
        assert_ok!(Subnets::set_subnet_owner_hotkey(signed(ALICE), netuid(1), HOT_B));
        assert_ok!(Subnets::transfer_network(signed(ALICE), netuid(1), BOB));
        assert_ok!(Subnets::set_subnet_owner_hotkey(signed(BOB), netuid(1), HOT_C));
        assert_noop!(
            Subnets::set_subnet_owner_hotkey(signed(BOB), netuid(1), HOT_C),
            Error::<Test>::TxRateLimitExceeded
        );
    });
}

#[test]
fn checks_of_a_transfer_come_in_order() {
    with_a_subnet_of_alice(|| {
        let transfer = |by, number, to| Subnets::transfer_network(signed(by), netuid(number), to);
        assert_noop!(Subnets::transfer_network(RuntimeOrigin::root(), netuid(1), BOB), DispatchError::BadOrigin);
        Swapping::insert(BOB, ());
        assert_noop!(transfer(BOB, 7, BOB), ANNOUNCED);
        Swapping::remove(BOB);
        assert_noop!(transfer(BOB, 7, BOB), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(transfer(BOB, 0, BOB), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(transfer(BOB, 1, BOB), Error::<Test>::NotSubnetOwner);
        assert_noop!(transfer(ALICE, 1, ALICE), Error::<Test>::AlreadySubnetOwner);
        assert_ok!(transfer(ALICE, 1, BOB));
        assert_noop!(transfer(ALICE, 1, BOB), Error::<Test>::NotSubnetOwner);
    });
}

#[test]
fn the_owner_names_another_hotkey_of_its_own() {
    with_a_subnet_of_alice(|| {
        assert_ok!(Subnets::set_subnet_owner_hotkey(signed(ALICE), netuid(1), HOT_B));
        assert_eq!(owner_hotkey(1), Some(HOT_B));
        assert_eq!(OwnerHotkeyChanged::<Test>::get(netuid(1)), Some(1));
        assert_eq!(events(), [Event::SubnetOwnerHotkeySet { netuid: netuid(1), hotkey: HOT_B }]);
    });
}

#[test]
fn checks_of_an_owner_hotkey_come_in_order() {
    with_a_subnet_of_alice(|| {
        let set = |by, number, hotkey| Subnets::set_subnet_owner_hotkey(by, netuid(number), hotkey);
        assert_noop!(set(RuntimeOrigin::none(), 1, HOT_A), DispatchError::BadOrigin);
        Swapping::insert(BOB, ());
        assert_noop!(set(signed(BOB), 1, HOT_A), ANNOUNCED);
        Swapping::remove(BOB);
        assert_noop!(set(signed(BOB), 1, HOT_C), DispatchError::BadOrigin);
        assert_noop!(set(signed(ALICE), 7, HOT_B), DispatchError::BadOrigin);
        assert_noop!(set(RuntimeOrigin::root(), 7, HOT_B), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(set(signed(ALICE), 1, HOT_C), Error::<Test>::NonAssociatedColdKey);
        assert_noop!(set(signed(ALICE), 1, 55), Error::<Test>::NonAssociatedColdKey);
        assert_noop!(set(RuntimeOrigin::root(), 0, 55), Error::<Test>::NonAssociatedColdKey);
        assert_ok!(set(signed(ALICE), 1, HOT_B));
        assert_noop!(set(signed(ALICE), 1, HOT_C), Error::<Test>::TxRateLimitExceeded);
    });
}

#[test]
fn the_owner_hotkey_changes_once_in_a_while_whoever_asks() {
    with_a_subnet_of_alice(|| {
        assert_ok!(Subnets::set_subnet_owner_hotkey(signed(ALICE), netuid(1), HOT_B));
        run_to_block(10);
        for origin in [signed(ALICE), RuntimeOrigin::root()] {
            assert_noop!(
                Subnets::set_subnet_owner_hotkey(origin, netuid(1), HOT_A),
                Error::<Test>::TxRateLimitExceeded
            );
        }
        run_to_block(11);
        assert_ok!(Subnets::set_subnet_owner_hotkey(RuntimeOrigin::root(), netuid(1), HOT_A));
    });
}

#[test]
fn an_identity_replaces_the_one_before() {
    with_a_subnet_of_alice(|| {
        let named = |name: &str| Box::new(SubnetIdentity { subnet_name: name.into(), ..Default::default() });
        assert_ok!(Subnets::set_subnet_identity(signed(ALICE), netuid(1), named("one")));
        assert_ok!(Subnets::set_subnet_identity(signed(ALICE), netuid(1), named("two")));
        let stored = Identities::<Test>::get(netuid(1)).expect("it was set");
        assert_eq!(stored.subnet_name.as_slice(), b"two");
        assert_eq!(events(), vec![Event::SubnetIdentitySet { netuid: netuid(1) }; 2]);
    });
}

#[test]
fn texts_of_an_identity_have_limits() {
    with_a_subnet_of_alice(|| {
        let longest = || SubnetIdentity {
            subnet_name: vec![b'a'; MAX_NAME as usize],
            github_repo: vec![b'b'; MAX_TEXT as usize],
            subnet_contact: vec![b'c'; MAX_TEXT as usize],
            subnet_url: vec![b'd'; MAX_TEXT as usize],
            discord: vec![b'e'; MAX_NAME as usize],
            description: vec![b'f'; MAX_TEXT as usize],
            logo_url: vec![b'g'; MAX_TEXT as usize],
            additional: vec![b'h'; MAX_TEXT as usize],
        };
        assert_ok!(Subnets::set_subnet_identity(signed(ALICE), netuid(1), Box::new(longest())));
        let lengthen: [fn(&mut SubnetIdentity) -> &mut Vec<u8>; 8] = [
            |identity| &mut identity.subnet_name,
            |identity| &mut identity.github_repo,
            |identity| &mut identity.subnet_contact,
            |identity| &mut identity.subnet_url,
            |identity| &mut identity.discord,
            |identity| &mut identity.description,
            |identity| &mut identity.logo_url,
            |identity| &mut identity.additional,
        ];
        for field in lengthen {
            let mut too_long = longest();
            field(&mut too_long).push(b'!');
            assert_noop!(
                Subnets::set_subnet_identity(signed(ALICE), netuid(1), Box::new(too_long)),
                Error::<Test>::InvalidIdentity
            );
        }
    });
}

#[test]
fn checks_of_an_identity_come_in_order() {
    with_a_subnet_of_alice(|| {
        let set = |by, number| {
            let too_long = SubnetIdentity { discord: vec![0; 257], ..Default::default() };
            Subnets::set_subnet_identity(by, netuid(number), Box::new(too_long))
        };
        assert_noop!(set(RuntimeOrigin::root(), 1), DispatchError::BadOrigin);
        Swapping::insert(BOB, ());
        assert_noop!(set(signed(BOB), 7), ANNOUNCED);
        Swapping::remove(BOB);
        assert_noop!(set(signed(BOB), 7), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(set(signed(BOB), 0), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(set(signed(BOB), 1), Error::<Test>::NotSubnetOwner);
        assert_noop!(set(signed(ALICE), 1), Error::<Test>::InvalidIdentity);
    });
}

/// Returns the weight of a swap on a chain of root and one subnet.
fn two_networks() -> Weight {
    SubstrateWeight::<Test>::swap_key(2)
}

#[test]
fn a_swapped_coldkey_takes_its_subnets_along() {
    with_a_subnet_of_alice(|| {
        assert_eq!(Subnets::coldkey_swap_weight(), two_networks());
        assert_ok!(Subnets::coldkey_swapped(&ALICE, &CAROL));
        assert_eq!((owner(1), owner_hotkey(1)), (Some(CAROL), Some(HOT_A)));
        assert_eq!(events(), [Event::SubnetOwnerChanged { netuid: netuid(1), old_owner: ALICE, new_owner: CAROL }]);
        System::reset_events();
        assert_ok!(Subnets::coldkey_swapped(&ALICE, &BOB));
        assert_eq!((owner(1), events()), (Some(CAROL), vec![]), "Alice owns nothing any more");
    });
}

#[test]
fn a_swapped_hotkey_keeps_representing_its_owner() {
    with_a_subnet_of_alice(|| {
        let weight = Subnets::hotkey_swapped(&ALICE, &HOT_A, &HOT_B);
        assert_eq!((weight, Subnets::hotkey_swap_weight()), (Ok(two_networks()), two_networks()));
        assert_eq!((owner(1), owner_hotkey(1)), (Some(ALICE), Some(HOT_B)));
        assert_eq!(events(), [Event::SubnetOwnerHotkeySet { netuid: netuid(1), hotkey: HOT_B }]);
        assert_ok!(Subnets::set_subnet_owner_hotkey(signed(ALICE), netuid(1), HOT_A));
        assert_eq!(owner_hotkey(1), Some(HOT_A), "a swap does not use up the owner's change");
    });
}

#[test]
fn the_limits_of_key_swaps_are_parameters_of_the_network() {
    let network = NetworkParametersPatch {
        tx_rate_limit: Some(7),
        coldkey_swap_announcement_delay: Some(40),
        coldkey_swap_reannouncement_delay: Some(20),
        ..Default::default()
    };
    ExtBuilder::default().network(network).build_and_execute(|| {
        let rules = KeyRules { swap_rate_limit: 7, announcement_delay: 40, reannouncement_delay: 20 };
        assert_eq!(Subnets::key_rules(), rules);
    });
}
