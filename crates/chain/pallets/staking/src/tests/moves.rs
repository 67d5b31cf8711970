//! Moves of stake to another hotkey or coldkey. spec staking §5

use super::Failure;
use crate::{Activities, Event, Nominations, TotalStake, mock::*};
use frame_support::{assert_noop, assert_ok};
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO};
use myelin_records::bounds::MAX_NOMINATIONS;
use sp_runtime::DispatchError;

const TEN: u64 = 10 * RAO_PER_TAO;

fn move_stake(coldkey: AccountId, from: AccountId, to: AccountId, amount: u64) -> Result<(), DispatchError> {
    Staking::move_stake(origin(coldkey), from, to, rao(amount)).map(drop).map_err(|error| error.error)
}

fn transfer(from: AccountId, to: AccountId, hotkey: AccountId, amount: u64) -> Result<(), DispatchError> {
    Staking::transfer_stake(origin(from), to, hotkey, rao(amount))
}

/// Returns a chain of an owner with two hotkeys and a nominator of the first.
fn two_hotkeys() -> ExtBuilder {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN).staked(OWNER, HOT_TOO, TEN)
}

#[test]
fn stake_moves_between_hotkeys() {
    two_hotkeys().build_and_execute(|| {
        events();
        assert_ok!(move_stake(OWNER, HOT, HOT_TOO, TEN / 2));
        assert_eq!((stake(OWNER, HOT), stake(OWNER, HOT_TOO)), (TEN / 2, TEN + TEN / 2));
        assert_eq!((on(HOT), on(HOT_TOO)), (TEN + TEN / 2, TEN + TEN / 2));
        assert_eq!(TotalStake::<Test>::get(), rao(3 * TEN));
        let amount = rao(TEN / 2);
        assert_eq!(
            events(),
            [
                Event::StakeRemoved { coldkey: OWNER, hotkey: HOT, removed: amount, total: amount },
                Event::StakeAdded { coldkey: OWNER, hotkey: HOT_TOO, added: amount, total: rao(TEN + TEN / 2) },
                Event::StakeMoved { coldkey: OWNER, origin_hotkey: HOT, destination_hotkey: HOT_TOO, amount },
            ]
        );
        // A move delays swaps of the coldkey's hotkeys.
        assert_eq!(Activities::<Test>::get(OWNER).last_at, Some(1));
    });
}

#[test]
fn the_checks_of_moving_come_in_their_order() {
    two_hotkeys().build_and_execute(|| {
        assert_noop!(Staking::move_stake(RuntimeOrigin::none(), HOT, HOT, rao(0)), DispatchError::BadOrigin);
        assert_noop!(move_stake(OWNER, FRESH, FRESH, TEN), Failure::SameNetuid);
        assert_noop!(move_stake(OWNER, FRESH, HOT, TEN), Failure::HotKeyAccountNotExists);
        assert_noop!(move_stake(OWNER, HOT, FRESH, TEN), Failure::HotKeyAccountNotExists);
        assert_noop!(move_stake(NOMINATOR, HOT, HOT_TOO, 2 * TEN), Failure::HotKeyNotDelegateAndSignerNotOwnHotKey);
        assert_noop!(move_stake(OWNER, HOT, HOT_TOO, TEN + 1), Failure::NotEnoughStakeToWithdraw);
        assert_noop!(move_stake(OWNER, HOT, HOT_TOO, MIN_STAKE - 1), Failure::AmountTooLow);
        set_global(|network| network.nominator_min_required_stake = rao(TEN));
        delegate(OWNER, HOT_TOO, 0);
        assert_noop!(move_stake(NOMINATOR, HOT, HOT_TOO, MIN_STAKE), Failure::NomStakeBelowMinimumThreshold);
        // An owner has no minimum.
        assert_ok!(move_stake(OWNER, HOT, HOT_TOO, MIN_STAKE));
        assert_noop!(move_stake(OWNER, HOT, HOT_TOO, MIN_STAKE - 1), Failure::AmountTooLow);
        assert_noop!(move_stake(OWNER, HOT, HOT_TOO, MIN_STAKE), Failure::StakingRateLimitExceeded);
        // The limit is that of the origin.
        assert_ok!(move_stake(OWNER, HOT_TOO, HOT, MIN_STAKE));
    });
}

#[test]
fn moving_does_not_bypass_the_operation_limit() {
    two_hotkeys().build_and_execute(|| {
        assert_ok!(Staking::add_stake(origin(OWNER), HOT, rao(TEN)));
        assert_noop!(move_stake(OWNER, HOT, HOT_TOO, TEN), Failure::StakingRateLimitExceeded);
        skip(360);
        assert_ok!(move_stake(OWNER, HOT, HOT_TOO, TEN));
        assert_noop!(
            Staking::remove_stake(origin(OWNER), HOT, rao(TEN)).map_err(|error| error.error),
            Failure::StakingRateLimitExceeded
        );
    });
}

#[test]
fn nothing_cannot_be_moved() {
    two_hotkeys().build_and_execute(|| {
        LeastStake::set(Amount::ZERO);
        assert_noop!(move_stake(OWNER, HOT, HOT_TOO, 0), Failure::AmountTooLow);
    });
}

#[test]
fn a_nominator_moves_to_a_delegate() {
    two_hotkeys().build_and_execute(|| {
        delegate(OWNER, HOT_TOO, 0);
        assert_ok!(move_stake(NOMINATOR, HOT, HOT_TOO, TEN));
        assert_eq!((stake(NOMINATOR, HOT), stake(NOMINATOR, HOT_TOO)), (0, TEN));
    });
}

#[test]
fn the_rest_of_a_nomination_that_moved_follows_the_minimum() {
    two_hotkeys().build_and_execute(|| {
        delegate(OWNER, HOT_TOO, 0);
        set_global(|network| network.nominator_min_required_stake = rao(TEN / 2));
        assert_ok!(move_stake(NOMINATOR, HOT, HOT_TOO, TEN / 2 + 1));
        assert_eq!((stake(NOMINATOR, HOT), stake(NOMINATOR, HOT_TOO)), (0, TEN / 2 + 1));
        assert_eq!(free(NOMINATOR), ENDOWMENT + TEN / 2 - 1);
        // An owner's rest stays.
        assert_ok!(move_stake(OWNER, HOT, HOT_TOO, TEN / 2 + 1));
        assert_eq!(stake(OWNER, HOT), TEN / 2 - 1);
    });
}

#[test]
fn stake_passes_to_another_coldkey() {
    two_hotkeys().build_and_execute(|| {
        events();
        assert_ok!(transfer(NOMINATOR, FRESH, HOT, TEN));
        assert_eq!((stake(NOMINATOR, HOT), stake(FRESH, HOT), on(HOT)), (0, TEN, 2 * TEN));
        let amount = rao(TEN);
        assert_eq!(
            events(),
            [
                Event::StakeRemoved { coldkey: NOMINATOR, hotkey: HOT, removed: amount, total: Amount::ZERO },
                Event::StakeAdded { coldkey: FRESH, hotkey: HOT, added: amount, total: amount },
                Event::StakeTransferred { origin_coldkey: NOMINATOR, destination_coldkey: FRESH, hotkey: HOT, amount },
            ]
        );
    });
}

#[test]
fn stake_passes_from_the_owner_to_a_nominator_and_back() {
    two_hotkeys().build_and_execute(|| {
        assert_ok!(transfer(OWNER, NOMINATOR, HOT, TEN));
        assert_eq!((stake(OWNER, HOT), stake(NOMINATOR, HOT)), (0, 2 * TEN));
        assert_ok!(transfer(NOMINATOR, OWNER, HOT, 2 * TEN));
        assert_eq!((stake(OWNER, HOT), stake(NOMINATOR, HOT)), (2 * TEN, 0));
    });
}

#[test]
fn the_checks_of_transferring_come_in_their_order() {
    two_hotkeys().build_and_execute(|| {
        set_parameters(NetUid::ROOT, |root| root.transfers_allowed = false);
        assert_noop!(Staking::transfer_stake(RuntimeOrigin::none(), OWNER, HOT, rao(0)), DispatchError::BadOrigin);
        assert_noop!(transfer(NOMINATOR, NOMINATOR, FRESH, 0), Failure::SameNetuid);
        assert_noop!(transfer(NOMINATOR, FRESH, FRESH, 0), Failure::HotKeyAccountNotExists);
        assert_noop!(transfer(OWNER, FRESH, HOT_TOO, TEN + 1), Failure::HotKeyNotDelegateAndSignerNotOwnHotKey);
        assert_noop!(transfer(NOMINATOR, FRESH, HOT, TEN + 1), Failure::NotEnoughStakeToWithdraw);
        assert_noop!(transfer(NOMINATOR, FRESH, HOT, MIN_STAKE - 1), Failure::TransferDisallowed);
        set_parameters(NetUid::ROOT, |root| root.transfers_allowed = true);
        assert_noop!(transfer(NOMINATOR, FRESH, HOT, MIN_STAKE - 1), Failure::AmountTooLow);
        set_global(|network| network.nominator_min_required_stake = rao(MIN_STAKE + 1));
        assert_noop!(transfer(NOMINATOR, FRESH, HOT, MIN_STAKE), Failure::NomStakeBelowMinimumThreshold);
        set_global(|network| network.nominator_min_required_stake = rao(MIN_STAKE));
        assert_ok!(transfer(NOMINATOR, FRESH, HOT, MIN_STAKE));
        // Only the coldkey that signs has to rest.
        assert_eq!(Activities::<Test>::get(NOMINATOR).last_at, Some(1));
        assert_eq!(Activities::<Test>::get(FRESH).last_at, None);
        assert_noop!(transfer(NOMINATOR, FRESH, HOT, MIN_STAKE), Failure::StakingRateLimitExceeded);
    });
}

#[test]
fn a_nomination_that_reaches_the_minimum_takes_any_addition() {
    two_hotkeys().build_and_execute(|| {
        delegate(OWNER, HOT_TOO, 0);
        set_global(|network| network.nominator_min_required_stake = rao(TEN / 2));
        assert_noop!(move_stake(NOMINATOR, HOT, HOT_TOO, TEN / 2 - 1), Failure::NomStakeBelowMinimumThreshold);
        assert_ok!(Staking::add_stake(origin(NOMINATOR), HOT_TOO, rao(TEN / 2)));
        assert_ok!(move_stake(NOMINATOR, HOT, HOT_TOO, MIN_STAKE));
        assert_eq!(stake(NOMINATOR, HOT_TOO), TEN / 2 + MIN_STAKE);
    });
}

#[test]
fn gifts_fill_half_of_a_list_of_nominations() {
    let delegates = 1_000..1_000 + u64::from(MAX_NOMINATIONS);
    let builder = delegates.clone().fold(ExtBuilder::default(), |builder, hotkey| {
        builder.staked(OWNER, hotkey, 1).staked(NOMINATOR, hotkey, 2 * TEN)
    });
    builder.build_and_execute(|| {
        let give = |hotkey| transfer(NOMINATOR, OTHER, hotkey, MIN_STAKE);
        let given: Vec<_> = delegates.clone().filter(|hotkey| give(*hotkey).is_ok()).collect();
        assert_eq!(given, (1_000..1_128).collect::<Vec<_>>());
        assert_noop!(give(1_128), Failure::TooManyNominations);
        // A gift to an owner, and one to a nomination that exists, is no new nomination.
        assert_ok!(transfer(NOMINATOR, OWNER, 1_128, MIN_STAKE));
        skip(360);
        assert_ok!(give(1_000));
        // The victim can nominate the other half.
        for hotkey in 1_128..1_256 {
            assert_ok!(Staking::add_stake(origin(OTHER), hotkey, rao(MIN_STAKE)));
        }
        assert_eq!(Nominations::<Test>::get(OTHER).len(), 256);
        // Its own moves are not gifts: the whole of one nomination becomes another.
        assert_ok!(transfer(OTHER, FRESH, 1_000, 2 * MIN_STAKE));
        assert_ok!(move_stake(OTHER, 1_001, 1_000, MIN_STAKE));
        assert_eq!(Nominations::<Test>::get(OTHER).len(), 255);
    });
}

#[test]
fn moving_to_an_own_hotkey_is_no_transfer() {
    two_hotkeys().build_and_execute(|| {
        set_parameters(NetUid::ROOT, |root| root.transfers_allowed = false);
        assert_ok!(move_stake(OWNER, HOT, HOT_TOO, TEN));
    });
}

#[test]
fn nothing_is_lost_however_often_stake_moves() {
    two_hotkeys().build_and_execute(|| {
        set_global(|network| network.target_stakes_per_interval = 100);
        delegate(OWNER, HOT_TOO, 0);
        assert_ok!(pay(SUBNET, HOT, 0, 1_234_567));
        assert_ok!(pay(SUBNET, HOT_TOO, 0, 7_654_321));
        let before = on(HOT) + on(HOT_TOO);
        for _ in 0..20 {
            let all = stake(NOMINATOR, HOT);
            assert_ok!(move_stake(NOMINATOR, HOT, HOT_TOO, all));
            let all = stake(NOMINATOR, HOT_TOO);
            assert_ok!(move_stake(NOMINATOR, HOT_TOO, HOT, all));
        }
        assert_eq!(on(HOT) + on(HOT_TOO), before);
    });
}

#[test]
fn an_account_that_a_coldkey_will_be_swapped_for_receives_no_stake() {
    two_hotkeys().build_and_execute(|| {
        delegate(OWNER, HOT, 7);
        Reserved::insert(FRESH, ());
        assert_noop!(transfer(NOMINATOR, FRESH, HOT, TEN / 2), KEPT);
        assert_noop!(Staking::add_stake(origin(FRESH), HOT, rao(TEN)), KEPT);
        Reserved::remove(FRESH);
        assert_ok!(transfer(NOMINATOR, FRESH, HOT, TEN / 2));
    });
}
