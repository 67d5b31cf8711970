//! Seats on root, which hotkeys take by stake. spec staking §7, subnets-and-neurons §8.6

use super::{admission, uid};
use crate::{
    Error, Event,
    mock::{
        ExtBuilder, Neurons, Test, Told, account, events, fill, next_block, open_wide, released, run_to_block, told,
    },
    traits::ReadSeats,
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult, storage::with_transaction};
use myelin_economics::adjustment::Registrations;
use myelin_pallet_keys::traits::ReadSeated;
use myelin_pallet_staking::traits::RootSeats;
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO, Uid};
use sp_runtime::TransactionOutcome;

const ROOT: NetUid = NetUid::ROOT;

/// Registers on root as staking does: checks, then takes the seat, all or nothing.
fn join(hotkey: u16, replaced: Option<u16>) -> DispatchResult {
    with_transaction(|| {
        let seated = Neurons::ensure_open(&account(hotkey))
            .and_then(|()| Neurons::seat(&account(hotkey), replaced.map(Uid::new)).map(drop));
        if seated.is_ok() { TransactionOutcome::Commit(seated) } else { TransactionOutcome::Rollback(seated) }
    })
}

#[test]
fn a_free_seat_on_root_is_taken_and_counted() {
    ExtBuilder::default().build_and_execute(|| {
        assert!(Neurons::members().is_empty());
        assert_ok!(join(100, None));
        assert_eq!(Neurons::members(), [(uid(0), account(100))]);
        assert_eq!(Neurons::uid(ROOT, &account(100)), Some(uid(0)));
        assert!(Neurons::is_seated_anywhere(&account(100)));
        assert_eq!(admission(ROOT).interval, Registrations { total: 1, by_work: 0, by_burn: 0 });
        assert_eq!(told(), [Told::Taken(ROOT, uid(0), account(100))]);
        assert_eq!(events(), [Event::NeuronRegistered { netuid: ROOT, uid: uid(0), hotkey: account(100) }]);
    });
}

#[test]
fn root_admits_one_in_a_block_and_three_in_an_interval() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(join(100, None));
        assert_noop!(join(101, None), Error::<Test>::TooManyRegistrationsThisBlock);
        for hotkey in [101, 102] {
            next_block();
            assert_ok!(join(hotkey, None));
        }
        next_block();
        assert_noop!(join(103, None), Error::<Test>::TooManyRegistrationsThisInterval);
        run_to_block(99);
        assert_noop!(join(103, None), Error::<Test>::TooManyRegistrationsThisInterval);
        next_block();
        assert_ok!(join(103, None));
    });
}

#[test]
fn the_burn_of_root_follows_the_demand() {
    const MOST: u16 = 64;
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(Neurons::price().rao(), RAO_PER_TAO);
        // All three slots of each interval, for a day.
        let mut cost = Amount::ZERO;
        for number in 0..216 {
            if number % 3 == 0 {
                run_to_block((u32::from(number) / 3 * 100).max(1));
            }
            cost = cost.checked_add(Neurons::price()).unwrap();
            assert_ok!(join(100 + number, (number >= MOST).then_some(number % MOST)));
            next_block();
        }
        assert_eq!(cost.rao() / RAO_PER_TAO, 740);
        assert_eq!(admission(ROOT).recycled, cost);
        // Without demand it falls again.
        let dear = Neurons::price();
        run_to_block(7_400);
        assert!(Neurons::price() < dear);
    });
}

#[test]
fn a_member_cannot_join_again() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(join(100, None));
        next_block();
        assert_noop!(join(100, None), Error::<Test>::HotKeyAlreadyRegisteredInSubNet);
    });
}

#[test]
fn the_chosen_member_makes_room_without_immunity() {
    ExtBuilder::default().build_and_execute(|| {
        fill(ROOT, 64);
        assert_noop!(join(100, None), Error::<Test>::NoNeuronIdAvailable);
        assert_noop!(join(100, Some(64)), Error::<Test>::NoNeuronIdAvailable);
        told();
        assert_ok!(join(100, Some(17)));
        assert_eq!(Neurons::hotkey(ROOT, uid(17)), Some(account(100)));
        assert_eq!(<Neurons as ReadSeats<_>>::count(ROOT), 64);
        assert_eq!(told(), [Told::Replaced(ROOT, uid(17), account(1_017), account(100))]);
        assert_eq!(released(), [account(1_017)]);
    });
}

#[test]
fn there_is_nothing_to_join_without_root() {
    ExtBuilder::default().build_and_execute(|| {
        crate::mock::end(ROOT);
        assert_noop!(join(100, None), Error::<Test>::RootNetworkDoesNotExist);
        assert_noop!(Neurons::seat(&account(100), None), Error::<Test>::RootNetworkDoesNotExist);
    });
}

#[test]
fn root_seats_do_not_follow_earnings() {
    ExtBuilder::default().build_and_execute(|| {
        open_wide(ROOT);
        for hotkey in 100..110 {
            assert_ok!(join(hotkey, None));
        }
        let members: Vec<_> = (0..10).map(|seat| (uid(seat), account(100 + seat))).collect();
        assert_eq!(Neurons::members(), members);
    });
}
