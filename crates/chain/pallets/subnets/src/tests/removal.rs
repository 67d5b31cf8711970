//! The end of a subnet. spec subnets-and-neurons §5

use crate::{
    Cleaning, Error, Event, Identities, LastCreation, NetworkSettings, OwnerChanges, OwnerHotkeyChanged, ReadSubnets,
    mock::*,
};
use frame_support::{BoundedVec, assert_noop, assert_ok};
use myelin_economics::subnet_lock::VESTING;
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO};
use myelin_records::{
    bounds::MaxNetworks,
    parameters::{NetworkParametersPatch, ParametersPatch},
};
use sp_runtime::DispatchError;

fn dissolve(coldkey: AccountId, number: u16) -> Result<(), DispatchError> {
    Subnets::dissolve_network(signed(coldkey), netuid(number)).map(|_| ()).map_err(|failed| failed.error)
}

fn with_a_subnet_of_alice(test: impl FnOnce()) {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        test();
    });
}

#[test]
fn a_vested_lock_comes_back_whole() {
    with_a_subnet_of_alice(|| {
        let issuance = Balances::total_issuance();
        skip_to_block(1 + VESTING);
        assert_ok!(dissolve(ALICE, 1));
        assert_eq!(balance(ALICE), ENDOWMENT);
        assert_eq!(Subnets::locked(), Amount::ZERO);
        assert_eq!(Balances::total_issuance(), issuance + PRICE);
        let removed =
            Event::NetworkRemoved { netuid: netuid(1), refunded: Amount::from_rao(PRICE), recycled: Amount::ZERO };
        assert_eq!(events().last(), Some(&removed));
    });
}

#[test]
fn a_lock_comes_back_in_proportion_to_the_age_of_the_subnet() {
    let vesting = 1_000;
    for (age, refunded) in [
        (0, 0),
        (1, PRICE / 1_000),
        (vesting / 2, PRICE / 2),
        (vesting - 1, PRICE / 1_000 * 999),
        (vesting, PRICE),
        (vesting + 1, PRICE),
    ] {
        let network = NetworkParametersPatch { network_lock_vesting: Some(vesting), ..Default::default() };
        ExtBuilder::default().network(network).build_and_execute(|| {
            assert_ok!(create(ALICE, HOT_A));
            skip_to_block(System::block_number() + age);
            assert_ok!(dissolve(ALICE, 1));
            assert_eq!(balance(ALICE), ENDOWMENT - PRICE + refunded, "at age {age}");
            let [refunded, recycled] = [refunded, PRICE - refunded].map(Amount::from_rao);
            assert_eq!(events().last(), Some(&Event::NetworkRemoved { netuid: netuid(1), refunded, recycled }));
            assert_eq!(Subnets::locked(), Amount::ZERO);
        });
    }
}

#[test]
fn without_vesting_the_whole_lock_comes_back_at_once() {
    let network = NetworkParametersPatch { network_lock_vesting: Some(0), ..Default::default() };
    ExtBuilder::default().network(network).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        assert_ok!(dissolve(ALICE, 1));
        assert_eq!(balance(ALICE), ENDOWMENT);
    });
}

#[test]
fn the_owner_at_the_end_gets_what_has_vested() {
    with_a_subnet_of_alice(|| {
        skip_to_block(1 + VESTING / 4);
        assert_ok!(Subnets::transfer_network(signed(ALICE), netuid(1), BOB));
        skip_to_block(1 + VESTING / 2);
        assert_ok!(Subnets::root_dissolve_network(RuntimeOrigin::root(), netuid(1)));
        assert_eq!((balance(ALICE), balance(BOB)), (ENDOWMENT - PRICE, ENDOWMENT + PRICE / 2));
    });
}

#[test]
fn eight_creations_in_eight_days_cost_three_quarters_of_their_locks() {
    const DAY: BlockNumber = 7_200;
    ExtBuilder::default().build_and_execute(|| {
        // The last locks cost more than one endowment.
        for rich in [BOB, CAROL] {
            assert_ok!(Balances::transfer_all(signed(rich), ALICE, true));
        }
        let before = balance(ALICE);
        let mut locked = 0;
        for day in 0..16_u16 {
            if day < 8 {
                locked += Subnets::lock_cost().rao();
                assert_ok!(create(ALICE, HOT_A));
            }
            if let Some(ended) = day.checked_sub(7).filter(|ended| *ended < 8) {
                assert_ok!(dissolve(ALICE, ended + 1));
            }
            skip_to_block(System::block_number() + DAY);
        }
        assert_eq!(((before - balance(ALICE)) / RAO_PER_TAO, locked / RAO_PER_TAO), (15_376, 20_501));
    });
}

#[test]
fn a_removed_subnet_is_gone_at_once() {
    with_a_subnet_of_alice(|| {
        assert_ok!(Subnets::set_subnet_identity(signed(ALICE), netuid(1), Box::default()));
        assert_ok!(Subnets::set_subnet_owner_hotkey(signed(ALICE), netuid(1), HOT_A));
        let patch = ParametersPatch { bonds_penalty: Some(11), ..Default::default() };
        assert_ok!(Subnets::set_parameters(signed(ALICE), netuid(1), Box::new(patch)));
        let last = LastCreation::<Test>::get();
        told();

        assert_ok!(dissolve(ALICE, 1));
        assert!(!Subnets::exists(netuid(1)));
        assert_eq!(Subnets::subnet(netuid(1)), None);
        assert_eq!(Subnets::parameters(netuid(1)), None);
        assert_eq!(Subnets::tempos(), [(NetUid::ROOT, 100)]);
        assert!(!NetworkSettings::<Test>::contains_key(netuid(1)));
        assert!(!Identities::<Test>::contains_key(netuid(1)));
        assert!(!OwnerChanges::<Test>::contains_key(netuid(1)));
        assert!(!OwnerHotkeyChanged::<Test>::contains_key(netuid(1)));
        assert_eq!(told(), [Told::Ended(netuid(1))]);
        assert_eq!(events().last(), Some(&Event::SubnetIdentityRemoved { netuid: netuid(1) }));
        assert_eq!(LastCreation::<Test>::get(), last, "the price forgets no creation");
        assert_noop!(dissolve(ALICE, 1), Error::<Test>::SubNetworkDoesNotExist);
    });
}

#[test]
fn checks_come_in_order() {
    with_a_subnet_of_alice(|| {
        assert_noop!(
            Subnets::dissolve_network(RuntimeOrigin::root(), netuid(1)).map_err(|failed| failed.error),
            DispatchError::BadOrigin
        );
        Swapping::insert(BOB, ());
        assert_noop!(dissolve(BOB, 7), ANNOUNCED);
        Swapping::remove(BOB);
        assert_noop!(dissolve(BOB, 7), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(dissolve(BOB, 0), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(dissolve(BOB, 1), Error::<Test>::NotSubnetOwner);
        let waiting: Vec<NetUid> = (1_000..).map(NetUid::new).take(256).collect();
        Cleaning::<Test>::put(BoundedVec::<_, MaxNetworks>::truncate_from(waiting));
        assert_noop!(dissolve(ALICE, 1), Error::<Test>::CleaningQueueFull);
        Cleaning::<Test>::kill();
        assert_ok!(dissolve(ALICE, 1));
    });
}

#[test]
fn governance_ends_any_subnet_but_root() {
    with_a_subnet_of_alice(|| {
        let end = |number| Subnets::root_dissolve_network(RuntimeOrigin::root(), netuid(number));
        assert_noop!(Subnets::root_dissolve_network(signed(ALICE), netuid(1)), DispatchError::BadOrigin);
        assert_noop!(end(0), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(end(2), Error::<Test>::SubNetworkDoesNotExist);
        assert_ok!(end(1));
        assert_eq!(balance(ALICE), ENDOWMENT - PRICE, "nothing of the lock has vested");
    });
}

#[test]
fn a_subnet_of_nobody_is_ended_by_governance_alone() {
    ExtBuilder::default().subnets(1).build_and_execute(|| {
        assert_noop!(dissolve(ALICE, 1), Error::<Test>::NotSubnetOwner);
        assert_ok!(Subnets::root_dissolve_network(RuntimeOrigin::root(), netuid(1)));
        let removed = Event::NetworkRemoved { netuid: netuid(1), refunded: Amount::ZERO, recycled: Amount::ZERO };
        assert_eq!(events(), [removed]);
    });
}

#[test]
fn without_refunds_the_lock_is_recycled() {
    with_a_subnet_of_alice(|| {
        RefundLockOnRemoval::set(false);
        skip_to_block(1 + VESTING);
        assert_ok!(dissolve(ALICE, 1));
        assert_eq!(balance(ALICE), ENDOWMENT - PRICE);
        assert_eq!(Subnets::locked(), Amount::ZERO);
        let recycled = Amount::from_rao(PRICE);
        let removed = Event::NetworkRemoved { netuid: netuid(1), refunded: Amount::ZERO, recycled };
        assert_eq!(events().last(), Some(&removed));
    });
}

#[test]
fn a_lock_too_small_for_an_account_that_is_gone_is_recycled() {
    let tiny = Amount::from_rao(EXISTENTIAL_DEPOSIT - 1);
    let network = NetworkParametersPatch { network_min_lock_cost: Some(tiny), ..Default::default() };
    ExtBuilder::default().network(network).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        assert_ok!(Balances::transfer_all(signed(ALICE), BOB, false));
        assert_eq!(balance(ALICE), 0);
        skip_to_block(1 + VESTING);
        assert_ok!(Subnets::root_dissolve_network(RuntimeOrigin::root(), netuid(1)));
        let removed = Event::NetworkRemoved { netuid: netuid(1), refunded: Amount::ZERO, recycled: tiny };
        assert_eq!(events().last(), Some(&removed));
    });
}

#[test]
fn a_removed_subnet_is_cleared_a_page_at_a_time() {
    ExtBuilder::default().subnets(2).build_and_execute(|| {
        for number in [2, 1] {
            assert_ok!(Subnets::root_dissolve_network(RuntimeOrigin::root(), netuid(number)));
        }
        let left = || (PagesOf::get(netuid(2)), PagesOf::get(netuid(1)));
        let waiting = || Cleaning::<Test>::get().into_inner();
        assert_eq!((left(), waiting()), ((PAGES, PAGES), vec![netuid(2), netuid(1)]));
        next_block();
        assert_eq!((left(), waiting()), ((1, PAGES), vec![netuid(2), netuid(1)]), "two pages fit");
        next_block();
        assert_eq!((left(), waiting()), ((0, 2), vec![netuid(1)]), "the rest goes to the next");
        assert_eq!(events().last(), Some(&Event::NetworkCleared { netuid: netuid(2) }));
        next_block();
        assert_eq!((left(), waiting()), ((0, 0), vec![]));
        assert_eq!(events().last(), Some(&Event::NetworkCleared { netuid: netuid(1) }));
    });
}

#[test]
fn clearing_says_what_it_costs_and_stays_within_its_limit() {
    use crate::{WeightInfo, weights::SubstrateWeight};
    use frame_support::{traits::Hooks, weights::Weight};

    ExtBuilder::default().subnets(1).build_and_execute(|| {
        let tick = || <Subnets as Hooks<u32>>::on_initialize(1);
        let look = SubstrateWeight::<Test>::look_for_removed();
        let strike_off = SubstrateWeight::<Test>::end_clearing();
        let pages = |count| Weight::from_parts(1_000_000_000, 0) * count;
        assert_eq!(tick(), look, "nothing to do costs a look");
        assert_ok!(Subnets::root_dissolve_network(RuntimeOrigin::root(), netuid(1)));
        assert_eq!(tick(), look + strike_off + pages(2));
        assert_eq!(tick(), look + strike_off + pages(1));
        assert_eq!(tick(), look);
        assert!(MaxCleaningWeight::get().all_gte(look + strike_off + pages(2)));
    });
}
