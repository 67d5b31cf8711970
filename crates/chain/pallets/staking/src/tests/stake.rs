//! Adding and removing stake. spec staking §3 and §4

use super::Failure;
use crate::{Activities, Call, Event, Nominations, Pools, TotalStake, mock::*};
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use myelin_primitives::{Amount, RAO_PER_TAO};
use myelin_records::bounds::MAX_NOMINATIONS;
use sp_runtime::{DispatchError, transaction_validity::InvalidTransaction};

const TEN: u64 = 10 * RAO_PER_TAO;

fn add(coldkey: AccountId, hotkey: AccountId, amount: u64) -> Result<(), DispatchError> {
    Staking::add_stake(origin(coldkey), hotkey, rao(amount))
}

fn remove(coldkey: AccountId, hotkey: AccountId, amount: u64) -> Result<(), DispatchError> {
    Staking::remove_stake(origin(coldkey), hotkey, rao(amount)).map(drop).map_err(|error| error.error)
}

fn unstake_all(coldkey: AccountId, hotkey: AccountId) -> Result<(), DispatchError> {
    Staking::unstake_all(origin(coldkey), hotkey).map(drop).map_err(|error| error.error)
}

#[test]
fn stake_comes_from_the_free_balance() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        events();
        assert_ok!(add(OWNER, HOT, TEN));
        assert_eq!(free(OWNER), ENDOWMENT - TEN);
        assert_eq!((stake(OWNER, HOT), on(HOT), TotalStake::<Test>::get()), (TEN, TEN, rao(TEN)));
        assert_eq!(events(), [Event::StakeAdded { coldkey: OWNER, hotkey: HOT, added: rao(TEN), total: rao(TEN) }]);
        assert_eq!(Activities::<Test>::get(OWNER).last_at, Some(1));
    });
}

#[test]
fn the_checks_of_adding_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Staking::add_stake(RuntimeOrigin::none(), HOT, rao(0)), DispatchError::BadOrigin);
        assert_noop!(add(OWNER, HOT, MIN_STAKE - 1), Failure::AmountTooLow);
        // The balance is checked before the hotkey, which does not exist.
        assert_noop!(add(FRESH, HOT, TEN), Failure::NotEnoughBalanceToStake);
        assert_noop!(add(OWNER, HOT, ENDOWMENT + 1), Failure::NotEnoughBalanceToStake);
        assert_noop!(add(NOMINATOR, HOT, TEN), Failure::HotKeyAccountNotExists);
        pair(OWNER, HOT);
        assert_noop!(add(NOMINATOR, HOT, TEN), Failure::HotKeyNotDelegateAndSignerNotOwnHotKey);
        delegate(OWNER, HOT, 0);
        set_global(|network| network.nominator_min_required_stake = rao(TEN + 1));
        assert_noop!(add(NOMINATOR, HOT, TEN), Failure::NomStakeBelowMinimumThreshold);
        assert_ok!(add(NOMINATOR, HOT, TEN + 1));
        // The minimum is checked before the operation limit.
        set_global(|network| network.nominator_min_required_stake = rao(100 * TEN));
        assert_noop!(add(NOMINATOR, HOT, TEN), Failure::NomStakeBelowMinimumThreshold);
        set_global(|network| network.nominator_min_required_stake = rao(2 * TEN + 1));
        assert_noop!(add(NOMINATOR, HOT, TEN), Failure::StakingRateLimitExceeded);
    });
}

#[test]
fn a_whole_balance_stakes_all_but_the_existential_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        events();
        assert_ok!(add(OWNER, HOT, ENDOWMENT));
        let staked = ENDOWMENT - EXISTENTIAL_DEPOSIT;
        assert_eq!((free(OWNER), stake(OWNER, HOT)), (EXISTENTIAL_DEPOSIT, staked));
        assert!(matches!(events()[..], [Event::StakeAdded { added, .. }] if added == rao(staked)));
    });
}

#[test]
fn an_account_that_can_spare_nothing_stakes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        LeastStake::set(Amount::ZERO);
        pair(OWNER, HOT);
        assert_ok!(add(OWNER, HOT, ENDOWMENT));
        skip(360);
        assert_noop!(add(OWNER, HOT, EXISTENTIAL_DEPOSIT), Failure::InsufficientBalance);
        assert_noop!(add(OWNER, HOT, 0), Failure::InsufficientBalance);
    });
}

#[test]
fn owners_need_no_delegate_and_no_minimum() {
    ExtBuilder::default().build_and_execute(|| {
        LeastStake::set(Amount::ZERO);
        set_global(|network| network.nominator_min_required_stake = rao(10_000_000));
        delegate(OWNER, HOT, 0);
        assert_noop!(add(NOMINATOR, HOT, 50_000), Failure::NomStakeBelowMinimumThreshold);
        assert_ok!(add(OWNER, HOT, 50_000));
    });
}

#[test]
fn stake_goes_back_to_the_free_balance_at_once() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        events();
        assert_ok!(remove(OWNER, HOT, TEN - MIN_STAKE));
        assert_eq!((free(OWNER), stake(OWNER, HOT)), (ENDOWMENT + TEN - MIN_STAKE, MIN_STAKE));
        assert_eq!(TotalStake::<Test>::get(), rao(MIN_STAKE));
        let (removed, total) = (rao(TEN - MIN_STAKE), rao(MIN_STAKE));
        assert_eq!(events(), [Event::StakeRemoved { coldkey: OWNER, hotkey: HOT, removed, total }]);
        assert_eq!(Activities::<Test>::get(OWNER).last_at, Some(1));
    });
}

#[test]
fn the_checks_of_removing_come_in_their_order() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN).build_and_execute(|| {
        assert_noop!(Staking::remove_stake(RuntimeOrigin::none(), HOT, rao(0)), DispatchError::BadOrigin);
        assert_noop!(remove(OWNER, FRESH, 0), Failure::HotKeyAccountNotExists);
        assert_noop!(remove(OWNER, HOT, 0), Failure::AmountTooLow);
        // Stake of other coldkeys on the same hotkey does not count.
        assert_noop!(remove(OWNER, HOT, TEN + 1), Failure::NotEnoughStakeToWithdraw);
        assert_noop!(remove(OTHER, HOT, 1), Failure::NotEnoughStakeToWithdraw);
        assert_noop!(remove(OWNER, HOT, MIN_STAKE - 1), Failure::AmountTooLow);
        assert_ok!(remove(OWNER, HOT, MIN_STAKE));
        assert_noop!(remove(OWNER, HOT, MIN_STAKE - 1), Failure::AmountTooLow);
        assert_noop!(remove(OWNER, HOT, MIN_STAKE), Failure::StakingRateLimitExceeded);
    });
}

#[test]
fn a_whole_row_below_the_least_operation_can_be_removed() {
    ExtBuilder::default().staked(OWNER, HOT, MIN_STAKE - 1).build_and_execute(|| {
        assert_noop!(remove(OWNER, HOT, MIN_STAKE - 2), Failure::AmountTooLow);
        assert_ok!(remove(OWNER, HOT, MIN_STAKE - 1));
        assert_eq!(stake(OWNER, HOT), 0);
    });
}

#[test]
fn stake_that_would_vanish_stays() {
    let little = EXISTENTIAL_DEPOSIT - 1;
    ExtBuilder::default().staked(FRESH, HOT, little).build_and_execute(|| {
        assert_noop!(remove(FRESH, HOT, little), Failure::AmountTooLow);
        assert_noop!(unstake_all(FRESH, HOT), Failure::AmountTooLow);
        assert_ok!(Balances::transfer_allow_death(origin(OWNER), FRESH, EXISTENTIAL_DEPOSIT));
        assert_ok!(remove(FRESH, HOT, little));
        assert_eq!(free(FRESH), EXISTENTIAL_DEPOSIT + little);
    });
}

#[test]
fn a_coldkey_can_always_take_back_its_own() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN).build_and_execute(|| {
        crate::Hotkeys::<Test>::mutate(HOT, |record| record.as_mut().unwrap().delegation = None);
        assert_ok!(remove(NOMINATOR, HOT, TEN));
        assert_eq!(free(NOMINATOR), ENDOWMENT + TEN);
        assert!(!Nominations::<Test>::contains_key(NOMINATOR));
    });
}

#[test]
fn an_emptied_pool_stays_with_its_hotkey() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        let id = crate::Hotkeys::<Test>::get(HOT).unwrap().pool;
        assert_ok!(remove(OWNER, HOT, TEN));
        assert!(Pools::<Test>::get(id.unwrap()).unwrap().pool.is_empty());
        skip(360);
        assert_ok!(add(OWNER, HOT, TEN));
        assert_eq!(crate::Hotkeys::<Test>::get(HOT).unwrap().pool, id);
    });
}

#[test]
fn a_rest_worth_less_than_a_rao_is_given_up() {
    let mut given_up = 0;
    for paid in 1..100 {
        ExtBuilder::default().staked(OWNER, HOT, 200).staked(NOMINATOR, HOT, 300).build_and_execute(|| {
            LeastStake::set(Amount::ZERO);
            assert_ok!(pay(SUBNET, HOT, 0, paid));
            let row = stake(NOMINATOR, HOT);
            assert_ok!(remove(NOMINATOR, HOT, row - 1));
            let left = stake(NOMINATOR, HOT);
            // Rounding may have taken the last rao. The nomination has ended then.
            assert!(left <= 1);
            assert_eq!(Nominations::<Test>::contains_key(NOMINATOR), left == 1);
            given_up += u64::from(left == 0);
        });
    }
    assert!(given_up > 0, "no payout left a rest below a rao");
}

#[test]
fn a_pair_has_one_operation_per_interval() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(OWNER, HOT_TOO, TEN).build_and_execute(|| {
        assert_ok!(add(OWNER, HOT, TEN));
        assert_noop!(add(OWNER, HOT, TEN), Failure::StakingRateLimitExceeded);
        assert_noop!(remove(OWNER, HOT, TEN), Failure::StakingRateLimitExceeded);
        assert_ok!(remove(OWNER, HOT_TOO, TEN));
        skip_to_block(360);
        assert_noop!(remove(OWNER, HOT, TEN), Failure::StakingRateLimitExceeded);
        skip_to_block(361);
        assert_ok!(remove(OWNER, HOT, TEN));
        assert_noop!(add(OWNER, HOT, TEN), Failure::StakingRateLimitExceeded);
    });
}

#[test]
fn an_interval_counts_from_its_first_operation() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        set_global(|network| network.target_stakes_per_interval = 2);
        assert_ok!(add(OWNER, HOT, TEN));
        skip_to_block(300);
        assert_ok!(add(OWNER, HOT, TEN));
        assert_noop!(add(OWNER, HOT, TEN), Failure::StakingRateLimitExceeded);
        skip_to_block(361);
        assert_ok!(add(OWNER, HOT, TEN));
        assert_ok!(add(OWNER, HOT, TEN));
        assert_noop!(add(OWNER, HOT, TEN), Failure::StakingRateLimitExceeded);
    });
}

#[test]
fn emptying_a_row_does_not_restart_its_interval() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        set_global(|network| network.target_stakes_per_interval = 2);
        assert_ok!(add(OWNER, HOT, TEN));
        assert_ok!(remove(OWNER, HOT, TEN));
        assert_noop!(add(OWNER, HOT, TEN), Failure::StakingRateLimitExceeded);
    });
}

#[test]
fn windows_that_have_ended_are_forgotten() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(OWNER, HOT_TOO, TEN).build_and_execute(|| {
        assert_ok!(add(OWNER, HOT, TEN));
        skip(360);
        assert_ok!(add(OWNER, HOT_TOO, TEN));
        assert_eq!(Activities::<Test>::get(OWNER).windows.len(), 1);
    });
}

#[test]
fn all_stake_is_removed_at_once() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN).build_and_execute(|| {
        assert_noop!(unstake_all(OWNER, FRESH), Failure::HotKeyAccountNotExists);
        assert_ok!(unstake_all(NOMINATOR, HOT));
        assert_eq!((stake(NOMINATOR, HOT), free(NOMINATOR)), (0, ENDOWMENT + TEN));
        assert_noop!(unstake_all(NOMINATOR, HOT), Failure::AmountTooLow);
        assert_noop!(unstake_all(OTHER, HOT), Failure::AmountTooLow);
    });
}

#[test]
fn all_stake_is_removed_once_in_an_interval() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        assert_ok!(add(OWNER, HOT, TEN));
        assert_noop!(unstake_all(OWNER, HOT), Failure::StakingRateLimitExceeded);
        skip(360);
        assert_ok!(unstake_all(OWNER, HOT));
        assert_eq!(stake(OWNER, HOT), 0);
    });
}

#[test]
fn nominations_are_bounded_and_own_hotkeys_are_not_among_them() {
    ExtBuilder::default().build_and_execute(|| {
        let many = u64::from(MAX_NOMINATIONS);
        for hotkey in 1_000..=1_000 + many {
            delegate(OTHER + hotkey, hotkey, 0);
        }
        for hotkey in 1_000..1_000 + many {
            assert_ok!(add(NOMINATOR, hotkey, MIN_STAKE));
        }
        assert_noop!(add(NOMINATOR, 1_000 + many, MIN_STAKE), Failure::TooManyNominations);
        pair(NOMINATOR, HOT);
        assert_ok!(add(NOMINATOR, HOT, MIN_STAKE));
        skip(360);
        assert_ok!(unstake_all(NOMINATOR, 1_000));
        assert_ok!(add(NOMINATOR, 1_000 + many, MIN_STAKE));
    });
}

#[test]
fn only_removing_stake_is_free_of_fees() {
    ExtBuilder::default().build_and_execute(|| {
        use frame_support::dispatch::CheckIfFeeless;
        let free = |call: Call<Test>| call.is_feeless(&origin(OWNER));
        assert!(free(Call::remove_stake { hotkey: HOT, amount: rao(1) }));
        assert!(free(Call::unstake_all { hotkey: HOT }));
        assert!(!free(Call::add_stake { hotkey: HOT, amount: rao(1) }));
        let info = Call::<Test>::remove_stake { hotkey: HOT, amount: rao(1) }.get_dispatch_info();
        assert!(
            info.call_weight
                .any_gt(Call::<Test>::add_stake { hotkey: HOT, amount: rao(1) }.get_dispatch_info().call_weight)
        );
    });
}

#[test]
fn the_pool_is_told_which_free_calls_would_fail() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        let checked = |who, call: Call<Test>| Staking::check_free_call(&who, &call);
        let removing = |hotkey, amount| Call::remove_stake { hotkey, amount: rao(amount) };
        let refused = |code| Err(InvalidTransaction::Custom(code));
        assert_eq!(checked(OWNER, removing(HOT, TEN)), Ok(()));
        assert_eq!(checked(OWNER, removing(HOT, 0)), refused(1));
        assert_eq!(checked(OWNER, removing(FRESH, TEN)), refused(4));
        assert_eq!(checked(OWNER, removing(HOT, TEN + 1)), refused(5));
        assert_eq!(checked(OTHER, Call::unstake_all { hotkey: HOT }), refused(1));
        assert_eq!(checked(OWNER, Call::unstake_all { hotkey: HOT }), Ok(()));
        // Calls with a fee are not checked.
        assert_eq!(checked(OTHER, Call::add_stake { hotkey: FRESH, amount: rao(0) }), Ok(()));
        assert_ok!(add(OWNER, HOT, TEN));
        assert_eq!(checked(OWNER, removing(HOT, TEN)), refused(6));
        assert_eq!(checked(OWNER, Call::unstake_all { hotkey: HOT }), refused(6));
        // The lock of a coldkey swap is checked first.
        Swapping::insert(OWNER, 0);
        assert_eq!(checked(OWNER, removing(HOT, TEN)), refused(0));
        Swapping::insert(OWNER, 21);
        assert_eq!(checked(OWNER, removing(FRESH, 0)), refused(21));
    });
}
