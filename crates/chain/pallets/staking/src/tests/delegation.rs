//! Delegates and their takes. spec staking §6

use super::Failure;
use crate::{Activities, Event, Hotkeys, mock::*, traits::ReadStake};
use frame_support::{assert_noop, assert_ok};
use myelin_primitives::{RAO_PER_TAO, Take};
use myelin_records::stake::Delegation;
use sp_runtime::DispatchError;

const MAX: Take = Take::new(11_796);

fn delegation(hotkey: AccountId) -> Option<Delegation> {
    Hotkeys::<Test>::get(hotkey)?.delegation
}

fn increase(take: u16) -> Result<(), DispatchError> {
    Staking::increase_take(origin(OWNER), HOT, Take::new(take))
}

fn decrease(take: u16) -> Result<(), DispatchError> {
    Staking::decrease_take(origin(OWNER), HOT, Take::new(take))
}

#[test]
fn a_delegate_begins_with_the_highest_take() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        assert_eq!(Staking::take(&HOT), None);
        events();
        assert_ok!(Staking::become_delegate(origin(OWNER), HOT));
        assert_eq!(Staking::take(&HOT), Some(MAX));
        assert_eq!(delegation(HOT), Some(Delegation { take: MAX, changed_at: 1, raise: None }));
        assert_eq!(Activities::<Test>::get(OWNER).last_at, Some(1));
        assert_eq!(events(), [Event::DelegateAdded { coldkey: OWNER, hotkey: HOT, take: MAX }]);
    });
}

#[test]
fn the_checks_of_becoming_a_delegate_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        let become_delegate = |who, hotkey| Staking::become_delegate(origin(who), hotkey);
        assert_noop!(Staking::become_delegate(RuntimeOrigin::none(), HOT), DispatchError::BadOrigin);
        assert_noop!(become_delegate(OWNER, HOT), Failure::HotKeyAccountNotExists);
        pair(OWNER, HOT);
        pair(OWNER, HOT_TOO);
        assert_noop!(become_delegate(OTHER, HOT), Failure::NonAssociatedColdKey);
        assert_ok!(become_delegate(OWNER, HOT));
        assert_noop!(become_delegate(OTHER, HOT), Failure::NonAssociatedColdKey);
        assert_noop!(become_delegate(OWNER, HOT), Failure::HotKeyAlreadyDelegate);
        assert_noop!(become_delegate(OWNER, HOT_TOO), Failure::DelegateTxRateLimitExceeded);
        skip_to_block(1_001);
        assert_noop!(become_delegate(OWNER, HOT_TOO), Failure::DelegateTxRateLimitExceeded);
        skip_to_block(1_002);
        assert_ok!(become_delegate(OWNER, HOT_TOO));
    });
}

#[test]
fn a_rate_limit_of_zero_limits_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        set_global(|network| network.tx_rate_limit = 0);
        set_global(|network| network.tx_delegate_take_rate_limit = 0);
        set_global(|network| network.take_notice = 0);
        for hotkey in [HOT, HOT_TOO] {
            pair(OWNER, hotkey);
            assert_ok!(Staking::become_delegate(origin(OWNER), hotkey));
        }
        assert_ok!(decrease(0));
        assert_ok!(increase(1));
        assert_ok!(increase(2));
    });
}

#[test]
fn a_stake_operation_lets_delegates_wait() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        assert_ok!(Staking::add_stake(origin(OWNER), HOT, rao(RAO_PER_TAO)));
        assert_noop!(Staking::become_delegate(origin(OWNER), HOT), Failure::DelegateTxRateLimitExceeded);
    });
}

#[test]
fn a_take_falls_to_the_minimum_and_not_below() {
    ExtBuilder::default().build_and_execute(|| {
        set_global(|network| network.min_delegate_take = Take::new(5_898));
        delegate(OWNER, HOT, MAX.get());
        events();
        assert_noop!(decrease(5_897), Failure::DelegateTakeTooLow);
        assert_ok!(decrease(5_898));
        assert_eq!(events(), [Event::TakeDecreased { coldkey: OWNER, hotkey: HOT, take: Take::new(5_898) }]);
        assert_eq!(Staking::take(&HOT), Some(Take::new(5_898)));
    });
}

#[test]
fn a_take_rises_to_the_maximum_and_not_above() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(OWNER, HOT, 10_000);
        skip(216_001);
        events();
        assert_noop!(increase(MAX.get() + 1), Failure::DelegateTakeTooHigh);
        assert_ok!(increase(MAX.get()));
        let from = 216_002 + 50_400;
        assert_eq!(events(), [Event::TakeRaiseAnnounced { hotkey: HOT, netuid: None, take: MAX, from }]);
    });
}

#[test]
fn a_raise_is_in_force_after_the_notice() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000).staked(NOMINATOR, HOT, 9_000).build_and_execute(|| {
        set_global(|network| network.take_notice = 20);
        delegate(OWNER, HOT, 0);
        skip(216_001);
        assert_ok!(increase(MAX.get()));
        // An epoch in the next block, and one in the last block before the raise, pay by the old take.
        let announced = System::block_number();
        for (block, before) in [(announced + 1, 9_000), (announced + 19, 9_900)] {
            skip_to_block(block);
            assert_eq!((Staking::take(&HOT), stake(NOMINATOR, HOT)), (Some(Take::new(0)), before));
            assert_ok!(pay(SUBNET, HOT, 0, 1_000));
        }
        skip_to_block(announced + 20);
        assert_eq!((Staking::take(&HOT), stake(NOMINATOR, HOT)), (Some(MAX), 10_800));
        assert_ok!(pay(SUBNET, HOT, 0, 1_000));
        // The nominator has nine tenths of 821.
        assert_eq!(stake(NOMINATOR, HOT), 10_800 + 738);
    });
}

#[test]
fn a_lower_take_withdraws_the_raise_and_a_raise_replaces_the_one_before() {
    ExtBuilder::default().build_and_execute(|| {
        set_global(|network| {
            network.take_notice = 20;
            network.tx_delegate_take_rate_limit = 0;
        });
        delegate(OWNER, HOT, 5_000);
        assert_ok!(increase(9_000));
        // A raise compares with the take in force, so a smaller one can replace it.
        assert_ok!(increase(7_000));
        assert_noop!(increase(5_000), Failure::DelegateTakeTooLow);
        skip(10);
        assert_noop!(decrease(5_000), Failure::DelegateTakeTooLow);
        assert_ok!(decrease(4_000));
        skip(30);
        assert_eq!(Staking::take(&HOT), Some(Take::new(4_000)));
        assert_ok!(increase(7_000));
        skip(20);
        // A raise that is in force is the take from which the next one starts.
        assert_noop!(increase(7_000), Failure::DelegateTakeTooLow);
        assert_ok!(increase(8_000));
        assert_eq!(Staking::take(&HOT), Some(Take::new(7_000)));
        skip(20);
        assert_eq!(Staking::take(&HOT), Some(Take::new(8_000)));
        assert_ok!(decrease(7_500));
        assert_eq!(Staking::take(&HOT), Some(Take::new(7_500)));
    });
}

#[test]
fn takes_above_a_lowered_maximum_are_the_maximum() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000).staked(NOMINATOR, HOT, 9_000).build_and_execute(|| {
        delegate(OWNER, HOT, MAX.get());
        set_global(|network| network.max_delegate_take = Take::new(5_898));
        assert_eq!(Staking::take(&HOT), Some(Take::new(5_898)));
        assert_ok!(pay(SUBNET, HOT, 0, 1_000));
        assert_eq!(stake(NOMINATOR, HOT), 9_000 + 911 * 9 / 10);
        assert_noop!(increase(5_899), Failure::DelegateTakeTooHigh);
        assert_noop!(decrease(5_898), Failure::DelegateTakeTooLow);
        assert_ok!(decrease(5_897));
    });
}

#[test]
fn a_take_moves_in_the_direction_of_the_call() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(OWNER, HOT, 10_000);
        skip(216_001);
        assert_noop!(increase(10_000), Failure::DelegateTakeTooLow);
        assert_noop!(increase(9_999), Failure::DelegateTakeTooLow);
        assert_noop!(decrease(10_000), Failure::DelegateTakeTooLow);
        assert_noop!(decrease(10_001), Failure::DelegateTakeTooLow);
    });
}

#[test]
fn the_checks_of_takes_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        let (max, calls) = (MAX.get(), [Staking::increase_take, Staking::decrease_take]);
        for call in calls {
            assert_noop!(call(RuntimeOrigin::none(), HOT, MAX), DispatchError::BadOrigin);
            assert_noop!(call(origin(OWNER), HOT, MAX), Failure::HotKeyAccountNotExists);
        }
        pair(OWNER, HOT);
        for call in calls {
            assert_noop!(call(origin(OTHER), HOT, MAX), Failure::NonAssociatedColdKey);
            assert_noop!(call(origin(OWNER), HOT, MAX), Failure::HotKeyNotDelegate);
        }
        delegate(OWNER, HOT, 10_000);
        // The maximum is checked before the rate limit.
        assert_noop!(increase(max + 1), Failure::DelegateTakeTooHigh);
        assert_noop!(increase(max), Failure::DelegateTxRateLimitExceeded);
    });
}

#[test]
fn every_change_of_the_take_restarts_the_time_to_the_next_rise() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        assert_ok!(Staking::become_delegate(origin(OWNER), HOT));
        skip_to_block(100);
        assert_ok!(decrease(5_000));
        skip_to_block(100 + 216_000);
        assert_noop!(increase(6_000), Failure::DelegateTxRateLimitExceeded);
        skip_to_block(100 + 216_001);
        assert_ok!(increase(6_000));
        assert_noop!(increase(7_000), Failure::DelegateTxRateLimitExceeded);
        // Lowering has no rate limit.
        assert_ok!(decrease(1));
    });
}

#[test]
fn bounds_that_move_leave_takes_alone() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(OWNER, HOT, 5_000);
        set_global(|network| network.min_delegate_take = Take::new(6_000));
        assert_eq!(Staking::take(&HOT), Some(Take::new(5_000)));
        assert_noop!(decrease(4_999), Failure::DelegateTakeTooLow);
    });
}
