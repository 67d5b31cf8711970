//! Creating a subnet. spec subnets-and-neurons §2, §4

use crate::{Cleaning, DefaultParameters, Error, Event, LastCreation, Launch, ReadSubnets, mock::*};
use frame_support::{BoundedVec, assert_noop, assert_ok, pallet_prelude::DispatchResultWithPostInfo};
use myelin_economics::subnet_price;
use myelin_primitives::{Amount, NetUid};
use myelin_records::{
    bounds::MaxNetworks,
    parameters::{NetworkParameters, NetworkParametersPatch, Parameters, ParametersPatch},
    subnet::{LaunchPhase, Subnet, SubnetIdentity},
};
use sp_runtime::DispatchError;

/// Returns a chain with two places, a short immunity, and no rate limit of creations.
fn quick() -> ExtBuilder {
    ExtBuilder::default().network(NetworkParametersPatch {
        network_rate_limit: Some(0),
        network_immunity_period: Some(5),
        network_lock_reduction_interval: Some(2),
        network_lock_vesting: Some(0),
        subnet_limit: Some(2),
        ..Default::default()
    })
}

fn create_named(coldkey: AccountId, hotkey: AccountId, identity: Box<SubnetIdentity>) -> DispatchResultWithPostInfo {
    paired(coldkey, hotkey, || Subnets::register_network_with_identity(signed(coldkey), hotkey, identity))
}

fn named(name: &str) -> Box<SubnetIdentity> {
    Box::new(SubnetIdentity { subnet_name: name.into(), ..SubnetIdentity::default() })
}

#[test]
fn a_subnet_begins_with_its_owner_in_the_first_seat() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_block(12);
        told();
        assert_ok!(create(ALICE, HOT_A));

        let locked = Amount::from_rao(PRICE);
        let subnet = Subnet { registered_at: 12, owner: Some(ALICE), owner_hotkey: Some(HOT_A), locked };
        assert_eq!(Subnets::subnet(netuid(1)), Some(subnet));
        assert_eq!(Subnets::parameters(netuid(1)), Some(Parameters::default()));
        assert_eq!(Subnets::tempos(), [(NetUid::ROOT, 100), (netuid(1), 360)]);
        assert_eq!(Subnets::netuids(), [NetUid::ROOT, netuid(1)]);
        assert!(Subnets::exists(netuid(1)) && !Subnets::exists(netuid(2)));
        assert_eq!(told(), [Told::Created(netuid(1), Some((ALICE, HOT_A)))]);
        assert_eq!(OwnerOf::get(HOT_A), Some(ALICE));
        assert_eq!(events(), [Event::NetworkAdded { netuid: netuid(1), modality: 0, owner: ALICE, locked }]);
    });
}

#[test]
fn no_subnet_is_created_in_the_launch_phase() {
    ExtBuilder::default().build_and_execute(|| {
        Launch::<Test>::put(LaunchPhase { opens_at: 0, ends_at: 13, least_seats: 0 });
        run_to_block(12);
        assert_noop!(create(ALICE, HOT_A), Error::<Test>::LaunchPhase);
        let named = create_named(ALICE, HOT_A, named("echo"));
        assert_noop!(named, Error::<Test>::LaunchPhase);
        run_to_block(13);
        assert_ok!(create(ALICE, HOT_A));
    });
}

#[test]
fn the_initial_values_are_those_of_the_specification() {
    let new = Parameters::default();
    assert_eq!((new.tempo, new.registration_allowed, new.pow_registration_allowed), (360, true, false));
    assert_eq!((new.max_allowed_uids, new.max_allowed_validators), (256, 64));
    assert_eq!((new.min_allowed_weights, new.max_weight_limit), (1, 65_535));
    assert_eq!((new.adjustment_interval, new.target_registrations_per_interval), (360, 1));
    assert_eq!((new.adjustment_alpha, new.immunity_period), (17_893_341_751_498_265_066, 5_000));
    assert_eq!(
        (new.initial_burn.rao(), new.min_burn.rao(), new.max_burn.rao()),
        (1_000_000_000, 500_000, 100_000_000_000)
    );
    assert_eq!((new.initial_difficulty, new.min_difficulty), (10_000_000, 10_000_000));
    assert_eq!(new.max_difficulty, 4_611_686_018_427_387_903);
    assert!(new.emission_enabled && new.owner_cut_enabled && new.commit_reveal && new.transfers_allowed);
    assert_eq!(new.validate(&NetworkParameters::default()), Ok(()));
}

#[test]
fn new_subnets_are_set_as_genesis_says() {
    let short = ParametersPatch { tempo: Some(10), weights_set_rate_limit: Some(5), ..Default::default() };
    let network = NetworkParametersPatch { min_rate_limit: Some(5), ..Default::default() };
    ExtBuilder::default().network(network).defaults(short).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        assert_eq!(Subnets::parameters(netuid(1)), DefaultParameters::<Test>::get());
        assert_eq!(Subnets::tempos().last(), Some(&(netuid(1), 10)));
    });
}

#[test]
fn the_price_is_locked_and_out_of_all_accounts() {
    ExtBuilder::default().build_and_execute(|| {
        let issuance = Balances::total_issuance();
        assert_ok!(create(ALICE, HOT_A));
        assert_eq!(balance(ALICE), ENDOWMENT - PRICE);
        assert_eq!(Subnets::locked().rao(), PRICE);
        assert_eq!(Balances::total_issuance(), issuance - PRICE);
        let last = subnet_price::LastCreation { paid: Amount::from_rao(PRICE), block: 1 };
        assert_eq!(LastCreation::<Test>::get(), Some(last));
    });
}

#[test]
fn prices_double_and_fall_as_in_the_example() {
    quick().network_patch(|network| network.subnet_limit = Some(64)).build_and_execute(|| {
        let quoted = |tao_tenths: u64| assert_eq!(Subnets::lock_cost().rao(), tao_tenths * 100_000_000);
        let mut hotkey = HOT_A;
        let mut created = || {
            let price = Subnets::lock_cost().rao();
            let before = Subnets::locked().rao();
            assert_ok!(create(ALICE, hotkey));
            assert_eq!(Subnets::locked().rao(), before + price);
            hotkey += 1;
        };
        quoted(1_000);
        created();
        quoted(2_000);
        run_to_block(2);
        quoted(1_500);
        run_to_block(3);
        quoted(1_000);
        run_to_block(4);
        quoted(1_000);
        created();
        quoted(2_000);
        run_to_block(5);
        created();
        quoted(3_000);
        run_to_block(6);
        quoted(2_250);
        created();
        run_to_block(7);
        quoted(3_375);
        created();
        quoted(6_750);
        created();
        quoted(13_500);
        created();
        quoted(27_000);
        for (block, tao_tenths) in [(8, 20_250), (9, 13_500), (10, 6_750), (11, 1_000)] {
            run_to_block(block);
            quoted(tao_tenths);
        }
    });
}

#[test]
fn checks_come_in_the_order_of_the_specification() {
    let one_subnet = NetworkParametersPatch { subnet_limit: Some(1), ..Default::default() };
    ExtBuilder::default().network(one_subnet).build_and_execute(|| {
        let too_long = || Box::new(SubnetIdentity { subnet_name: vec![0; 257], ..Default::default() });
        let try_all = |coldkey, hotkey| create_named(coldkey, hotkey, too_long());
        assert_noop!(
            Subnets::register_network_with_identity(RuntimeOrigin::root(), HOT_A, too_long()),
            DispatchError::BadOrigin
        );
        assert_noop!(Subnets::register_network(RuntimeOrigin::none(), HOT_A), DispatchError::BadOrigin);

        // All preconditions are broken from here on, and are then met one after the other.
        assert_ok!(create(ALICE, HOT_A));
        Swapping::insert(PAUPER, ());
        assert_noop!(try_all(PAUPER, HOT_A), ANNOUNCED);
        Swapping::remove(PAUPER);
        assert_noop!(try_all(PAUPER, HOT_A), NOT_ASSOCIATED);
        assert_noop!(Subnets::register_network(signed(PAUPER), HOT_B), NOT_ASSOCIATED);
        assert_noop!(try_all(PAUPER, HOT_B), Error::<Test>::NetworkTxRateLimitExceeded);
        LastCreation::<Test>::kill();
        assert_noop!(try_all(PAUPER, HOT_B), Error::<Test>::InvalidIdentity);
        assert_noop!(create(PAUPER, HOT_B), Error::<Test>::SubnetLimitReached);
        crate::Network::<Test>::mutate_extant(|network| network.network_immunity_period = 0);
        assert_noop!(create(PAUPER, HOT_B), Error::<Test>::CannotAffordLockCost);
        assert_ok!(create(BOB, HOT_B));
    });
}

#[test]
fn a_coldkey_may_use_its_own_hotkey_again() {
    quick().build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        assert_ok!(create(ALICE, HOT_A));
        assert_noop!(create(BOB, HOT_A), NOT_ASSOCIATED);
    });
}

#[test]
fn creations_keep_their_distance() {
    let network = NetworkParametersPatch { network_rate_limit: Some(10), ..Default::default() };
    ExtBuilder::default().network(network).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        run_to_block(10);
        assert_noop!(create(BOB, HOT_B), Error::<Test>::NetworkTxRateLimitExceeded);
        run_to_block(11);
        assert_ok!(create(BOB, HOT_B));
    });
}

#[test]
fn the_first_creation_waits_for_nobody() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
    });
}

#[test]
fn the_balance_covers_the_price_exactly_and_keeps_the_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        let give = |amount| {
            assert_ok!(Balances::transfer_keep_alive(signed(BOB), PAUPER, amount));
        };
        give(PRICE + EXISTENTIAL_DEPOSIT - 1);
        assert_noop!(create(PAUPER, HOT_A), Error::<Test>::CannotAffordLockCost);
        give(1);
        assert_ok!(create(PAUPER, HOT_A));
        assert_eq!(balance(PAUPER), EXISTENTIAL_DEPOSIT);
    });
}

#[test]
fn a_free_subnet_locks_nothing() {
    let network = NetworkParametersPatch { network_min_lock_cost: Some(Amount::ZERO), ..Default::default() };
    ExtBuilder::default().network(network).build_and_execute(|| {
        assert_ok!(create(PAUPER, HOT_A));
        assert_eq!(Subnets::locked(), Amount::ZERO);
        assert_ok!(Subnets::dissolve_network(signed(PAUPER), netuid(1)));
        assert_eq!(balance(PAUPER), 0);
    });
}

#[test]
fn a_new_subnet_takes_the_lowest_number_that_is_free_and_cleared() {
    quick().subnets(3).network_patch(|network| network.subnet_limit = Some(64)).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        assert!(Subnets::exists(netuid(4)), "1 to 3 are taken");
        assert_ok!(Subnets::root_dissolve_network(RuntimeOrigin::root(), netuid(2)));
        assert_ok!(create(ALICE, HOT_B));
        assert!(Subnets::exists(netuid(5)), "2 is still being cleared");
        run_to_block(5);
        assert_ok!(create(ALICE, HOT_C));
        assert!(Subnets::exists(netuid(2)), "2 is cleared");
    });
}

#[test]
fn a_failed_first_seat_leaves_nothing_behind() {
    quick().subnets(2).build_and_execute(|| {
        run_to_block(6);
        NoSeats::put(true);
        assert_noop!(create(ALICE, HOT_A), NO_SEAT);
        assert!(Subnets::exists(netuid(1)) && Subnets::exists(netuid(2)), "the replaced subnet is still there");
    });
}

#[test]
fn an_identity_comes_before_the_subnet_is_announced() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(create_named(ALICE, HOT_A, named("echo")));
        let stored = crate::Identities::<Test>::get(netuid(1)).expect("it has one");
        assert_eq!(stored.subnet_name.as_slice(), b"echo");
        let locked = Amount::from_rao(PRICE);
        assert_eq!(
            events(),
            [
                Event::SubnetIdentitySet { netuid: netuid(1) },
                Event::NetworkAdded { netuid: netuid(1), modality: 0, owner: ALICE, locked },
            ]
        );
    });
}

#[test]
fn at_the_limit_the_subnet_that_earns_least_makes_room() {
    for (emissions, pruned) in [([5, 4, 4], 2), ([5, 5, 4], 3), ([4, 5, 5], 1)] {
        quick().subnets(3).network_patch(|network| network.subnet_limit = Some(3)).build_and_execute(|| {
            run_to_block(5);
            for (number, emission) in (1..).zip(emissions) {
                EmissionOf::insert(netuid(number), emission);
            }
            assert_eq!(Subnets::subnet_to_prune(), Some(netuid(pruned)));
            assert_ok!(create(ALICE, HOT_A));
            assert!(!Subnets::exists(netuid(pruned)));
            assert!(Subnets::exists(netuid(4)), "creation does not wait for the number to be cleared");
            assert_eq!(Subnets::netuids().len(), 4);
        });
    }
}

#[test]
fn immunity_ends_with_its_last_block() {
    quick().build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        assert_ok!(create(ALICE, HOT_B));
        run_to_block(5);
        assert_eq!(Subnets::subnet_to_prune(), None);
        assert_noop!(create(BOB, HOT_C), Error::<Test>::SubnetLimitReached);
        run_to_block(6);
        assert_eq!(Subnets::subnet_to_prune(), Some(netuid(1)), "the older number of two equals");
        assert_ok!(create(BOB, HOT_C));
        assert_eq!(Subnets::netuids(), [NetUid::ROOT, netuid(2), netuid(3)]);
    });
}

#[test]
fn events_of_a_replacement_come_in_order() {
    quick().network_patch(|network| network.subnet_limit = Some(1)).build_and_execute(|| {
        assert_ok!(create_named(ALICE, HOT_A, named("old")));
        run_to_block(6);
        System::reset_events();
        assert_ok!(create_named(BOB, HOT_B, named("new")));

        let (locked, deposit, withdraw) = (
            Amount::from_rao(PRICE),
            pallet_balances::Event::Deposit { who: ALICE, amount: PRICE },
            pallet_balances::Event::Withdraw { who: BOB, amount: PRICE },
        );
        let own = |event: Event<Test>| RuntimeEvent::from(event);
        let all: Vec<RuntimeEvent> = System::events().into_iter().map(|record| record.event).collect();
        let named: Vec<RuntimeEvent> = all
            .iter()
            .filter(|event| {
                !matches!(
                    event,
                    RuntimeEvent::Balances(
                        pallet_balances::Event::BurnedDebt { .. }
                            | pallet_balances::Event::MintedCredit { .. }
                            | pallet_balances::Event::Issued { .. }
                            | pallet_balances::Event::Rescinded { .. }
                    )
                )
            })
            .cloned()
            .collect();
        assert_eq!(
            named,
            [
                own(Event::NetworkRemoved { netuid: netuid(1), refunded: locked, recycled: Amount::ZERO }),
                own(Event::SubnetIdentityRemoved { netuid: netuid(1) }),
                deposit.into(),
                withdraw.into(),
                own(Event::SubnetIdentitySet { netuid: netuid(2) }),
                own(Event::NetworkAdded { netuid: netuid(2), modality: 0, owner: BOB, locked }),
            ]
        );
        let before =
            |event: &RuntimeEvent| all.iter().position(|other| other == event).and_then(|at| u32::try_from(at).ok());
        let seated = events_before(Told::Created(netuid(2), Some((BOB, HOT_B)))).expect("the first seat was taken");
        assert!(before(&named[3]) < Some(seated) && Some(seated) <= before(&named[4]), "the first seat stands between");
        let ended = events_before(Told::Ended(netuid(1))).expect("the others were told");
        assert!(Some(ended) > before(&named[1]) && Some(ended) <= before(&named[2]));
    });
}

#[test]
fn the_owner_of_the_replaced_subnet_pays_with_its_own_balance() {
    let cheap = |network: &mut NetworkParametersPatch| network.subnet_limit = Some(1);
    quick().network_patch(cheap).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        run_to_block(6);
        let spent = balance(ALICE) - PRICE;
        assert_ok!(Balances::transfer_keep_alive(signed(ALICE), BOB, spent));
        assert_eq!(balance(ALICE), PRICE);
        assert_noop!(create(ALICE, HOT_A), Error::<Test>::CannotAffordLockCost);
    });
}

#[test]
fn a_full_queue_puts_creation_off() {
    quick().subnets(2).build_and_execute(|| {
        run_to_block(6);
        let waiting: Vec<NetUid> = (1_000..).map(NetUid::new).take(256).collect();
        Cleaning::<Test>::put(BoundedVec::<_, MaxNetworks>::truncate_from(waiting));
        assert_noop!(create(ALICE, HOT_A), Error::<Test>::CleaningQueueFull);
        next_block();
        assert_ok!(create(ALICE, HOT_A));
    });
}

#[test]
fn a_lowered_limit_prunes_one_subnet_per_creation() {
    quick().subnets(4).build_and_execute(|| {
        run_to_block(6);
        assert_ok!(create(ALICE, HOT_A));
        assert_eq!(Subnets::netuids().len(), 5, "four of genesis without one, the new one and root");
    });
}
