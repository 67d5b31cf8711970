//! Release of stake on a hotkey that has lost its last seat. spec subnets-and-neurons §10.1

use super::Failure;
use crate::{
    Event, FailedReturns, Holdings, Hotkeys, NextPool, Nominations, Pools, Releases, TotalStake,
    mock::*,
    traits::{ReadStake, ReleaseStake},
    types::ReleasePosition,
    weights::{SubstrateWeight, WeightInfo},
};
use codec::{Decode, Encode};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use myelin_economics::pool::Holding;
use myelin_primitives::{Amount, RAO_PER_TAO, Take};
use myelin_records::stake::PoolId;

type Weights = SubstrateWeight<Test>;

const TEN: u64 = 10 * RAO_PER_TAO;

fn removed(coldkey: AccountId, amount: u64) -> Event<Test> {
    Event::StakeRemoved { coldkey, hotkey: HOT, removed: rao(amount), total: Amount::ZERO }
}

fn three_stakers() -> ExtBuilder {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, 2 * TEN).staked(OTHER, HOT, 3 * TEN)
}

#[test]
fn every_staker_gets_its_stake_back() {
    three_stakers().build_and_execute(|| {
        events();
        Staking::release(&HOT);
        // From now on no stake counts, and the owner is paid.
        assert_eq!((on(HOT), stake(NOMINATOR, HOT), free(OWNER)), (0, 0, ENDOWMENT + TEN));
        assert_eq!(Staking::total(), rao(5 * TEN));
        let released = Event::StakeReleased { hotkey: HOT, amount: rao(5 * TEN), nominators: 2 };
        assert_eq!(events(), [removed(OWNER, TEN), released]);
        next_block();
        assert_eq!((free(NOMINATOR), free(OTHER)), (ENDOWMENT + 2 * TEN, ENDOWMENT + 3 * TEN));
        assert_eq!(TotalStake::<Test>::get(), Amount::ZERO);
        let mut paid = events();
        paid.sort_by_key(|event| format!("{event:?}"));
        assert_eq!(paid, [removed(NOMINATOR, 2 * TEN), removed(OTHER, 3 * TEN)]);
        assert_eq!((Pools::<Test>::iter().count(), Releases::<Test>::iter().count()), (0, 0));
        assert_eq!((Holdings::<Test>::iter().count(), Nominations::<Test>::iter().count()), (0, 0));
    });
}

#[test]
fn a_single_staker_is_paid_at_once() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        events();
        Staking::release(&HOT);
        assert_eq!((free(OWNER), Pools::<Test>::iter().count()), (ENDOWMENT + TEN, 0));
        assert_eq!(events(), [removed(OWNER, TEN)]);
    });
}

#[test]
fn a_hotkey_without_stake_has_nothing_to_return() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        events();
        Staking::release(&HOT);
        Staking::release(&FRESH);
        assert_eq!(events(), []);
    });
}

#[test]
fn stake_is_returned_a_page_per_block() {
    let mut builder = ExtBuilder::default().staked(OWNER, HOT, TEN);
    let nominators = 1_000..1_010;
    for nominator in nominators.clone() {
        builder = builder.staked(nominator, HOT, TEN);
    }
    builder.build_and_execute(|| {
        Staking::release(&HOT);
        let paid = || nominators.clone().filter(|nominator| free(*nominator) == TEN).count();
        next_block_with(Weight::zero());
        next_block_with(Weights::next_release());
        assert_eq!(paid(), 0);
        for page in 1..=3 {
            next_block_with(Weights::next_release() + Weights::return_stake() * 3);
            assert_eq!(paid(), page * 3);
            assert_eq!(Staking::total(), rao((10 - 3 * u64::try_from(page).unwrap()) * TEN));
        }
        next_block();
        assert_eq!((paid(), Releases::<Test>::iter().count()), (10, 0));
    });
}

#[test]
fn several_pools_are_returned_one_after_the_other() {
    let builder = three_stakers().staked(OTHER, HOT_TOO, TEN).staked(NOMINATOR, HOT_TOO, TEN);
    builder.build_and_execute(|| {
        Staking::release(&HOT);
        Staking::release(&HOT_TOO);
        next_block();
        assert_eq!((free(NOMINATOR), free(OTHER)), (ENDOWMENT + 3 * TEN, ENDOWMENT + 4 * TEN));
        assert_eq!(Pools::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_released_hotkey_accepts_stake_again_at_once() {
    three_stakers().build_and_execute(|| {
        Staking::release(&HOT);
        assert_ok!(Staking::add_stake(origin(NOMINATOR), HOT, rao(TEN)));
        assert_ok!(pay(SUBNET, HOT, 0, 1_000));
        assert_eq!(on(HOT), TEN + 1_000);
        next_block();
        // The returned stake and the added stake are separate.
        assert_eq!(free(NOMINATOR), ENDOWMENT + TEN);
        assert!(stake(NOMINATOR, HOT) >= TEN);
        assert_eq!(Staking::take(&HOT), Some(Take::new(11_796)), "a delegate stays one");
    });
}

#[test]
fn what_is_on_its_way_back_cannot_be_removed_or_moved() {
    three_stakers().build_and_execute(|| {
        Staking::release(&HOT);
        assert_noop!(
            Staking::remove_stake(origin(NOMINATOR), HOT, rao(TEN)).map_err(|refused| refused.error),
            Failure::NotEnoughStakeToWithdraw
        );
        assert_noop!(
            Staking::transfer_stake(origin(NOMINATOR), OTHER, HOT, rao(TEN)),
            Failure::NotEnoughStakeToWithdraw
        );
    });
}

#[test]
fn a_raised_minimum_leaves_stake_on_its_way_back_alone() {
    three_stakers().build_and_execute(|| {
        Staking::release(&HOT);
        set_global(|network| network.nominator_min_required_stake = rao(100 * TEN));
        events();
        next_block();
        assert_eq!(events().len(), 2);
        assert_eq!(free(OTHER), ENDOWMENT + 3 * TEN);
    });
}

#[test]
fn what_is_too_little_for_an_account_is_recycled() {
    let little = EXISTENTIAL_DEPOSIT - 1;
    ExtBuilder::default().staked(FRESH, HOT, little).staked(30, HOT, little).build_and_execute(|| {
        events();
        Staking::release(&HOT);
        expect_recycled(2 * little);
        next_block();
        assert_eq!((free(FRESH), free(30), Staking::total()), (0, 0, Amount::ZERO));
        let recycled = |coldkey| Event::StakeRecycled { coldkey, amount: rao(little) };
        let released = Event::StakeReleased { hotkey: HOT, amount: rao(little), nominators: 1 };
        assert_eq!(events(), [removed(FRESH, little), recycled(FRESH), released, removed(30, little), recycled(30)]);
    });
}

#[test]
fn a_chain_can_leave_stake_where_it_is() {
    three_stakers().build_and_execute(|| {
        UnstakeOnDeregistration::set(false);
        Staking::release(&HOT);
        next_block();
        assert_eq!(on(HOT), 6 * TEN);
    });
}

#[test]
fn a_swapped_hotkey_does_not_take_its_released_pool_along() {
    three_stakers().build_and_execute(|| {
        Staking::release(&HOT);
        assert_ok!(swap_hotkey(OWNER, HOT, FRESH));
        assert_eq!((on(FRESH), Hotkeys::<Test>::get(FRESH).unwrap().pool), (0, None));
        next_block();
        assert_eq!(free(OTHER), ENDOWMENT + 3 * TEN);
    });
}

#[test]
fn a_hotkey_has_a_record_while_it_has_a_pool_or_is_a_delegate() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        assert!(!Hotkeys::<Test>::contains_key(HOT));
        assert_ok!(Staking::add_stake(origin(OWNER), HOT, rao(TEN)));
        assert!(Hotkeys::<Test>::contains_key(HOT));
        Staking::release(&HOT);
        assert!(!Hotkeys::<Test>::contains_key(HOT));
        assert_eq!((owner(HOT), free(OWNER)), (Some(OWNER), ENDOWMENT));
        delegate(OWNER, HOT, 7);
        Staking::release(&HOT);
        assert!(Hotkeys::<Test>::contains_key(HOT));
    });
}

/// Gives a coldkey more shares than its pool has, so that its stake cannot be withdrawn. Returns the shares it had.
fn spoil(id: PoolId, coldkey: AccountId) -> Holding {
    let had = Holdings::<Test>::get(id, coldkey);
    let foreign = Holding::decode(&mut &(u128::MAX, 0_u32).encode()[..]).expect("shares and splits");
    Holdings::<Test>::insert(id, coldkey, foreign);
    had
}

/// Does for a coldkey what a migration would do after its return has failed: its stake is released again.
fn mend(id: PoolId, coldkey: AccountId, had: Holding) {
    assert_eq!(Staking::do_try_state(), Err("stake could not be returned to its coldkey".into()));
    FailedReturns::<Test>::remove(id, coldkey);
    Holdings::<Test>::insert(id, coldkey, had);
    Releases::<Test>::insert(ReleasePosition::new(System::block_number(), id), None::<AccountId>);
}

fn failures() -> usize {
    events().iter().filter(|event| matches!(event, Event::StakeReturnFailed { hotkey: HOT, .. })).count()
}

#[test]
fn a_return_that_fails_is_listed_once_and_others_go_on() {
    let mut builder = three_stakers().staked(OTHER, HOT_TOO, TEN).staked(NOMINATOR, HOT_TOO, TEN);
    let nominators = 1_000..1_010;
    for nominator in nominators.clone() {
        builder = builder.staked(nominator, HOT, TEN);
    }
    builder.build_and_execute(|| {
        let id = Hotkeys::<Test>::get(HOT).unwrap().pool.unwrap();
        Staking::release(&HOT);
        Staking::release(&HOT_TOO);
        let [had, had_too] = [NOMINATOR, 1_003].map(|coldkey| spoil(id, coldkey));
        events();
        // Pages of three holders: a failure is not met again by the next page.
        for _ in 0..6 {
            end_block_with(Weights::next_release() + Weights::return_stake() * 3);
        }
        assert_eq!(failures(), 2);
        assert_eq!(nominators.clone().filter(|nominator| free(*nominator) == TEN).count(), 9);
        end_block_with(Weight::MAX);
        assert_eq!(failures(), 0);
        assert_eq!((free(OTHER), free(NOMINATOR)), (ENDOWMENT + 4 * TEN, ENDOWMENT + TEN));
        assert_eq!((Releases::<Test>::iter().count(), FailedReturns::<Test>::iter().count()), (0, 2));
        assert_eq!(Staking::total(), rao(3 * TEN), "what failed is still in the pool");

        mend(id, NOMINATOR, had);
        mend(id, 1_003, had_too);
        next_block();
        assert_eq!((free(NOMINATOR), free(1_003), Staking::total()), (ENDOWMENT + 3 * TEN, TEN, Amount::ZERO));
        assert_eq!(Pools::<Test>::iter().count(), 0);
    });
}

#[test]
fn an_owner_whose_return_fails_does_not_hold_up_nominators() {
    three_stakers().build_and_execute(|| {
        let id = Hotkeys::<Test>::get(HOT).unwrap().pool.unwrap();
        let had = spoil(id, OWNER);
        events();
        Staking::release(&HOT);
        end_block_with(Weight::MAX);
        assert_eq!((failures(), free(OWNER), free(OTHER)), (1, ENDOWMENT, ENDOWMENT + 3 * TEN));
        assert_eq!(FailedReturns::<Test>::iter().count(), 1);

        mend(id, OWNER, had);
        next_block();
        assert_eq!((free(OWNER), Staking::total()), (ENDOWMENT + TEN, Amount::ZERO));
    });
}

#[test]
fn a_sweep_that_fails_is_listed() {
    three_stakers().build_and_execute(|| {
        let id = Hotkeys::<Test>::get(HOT).unwrap().pool.unwrap();
        set_global(|network| network.nominator_min_required_stake = rao(25 * RAO_PER_TAO));
        let had = Pools::<Test>::get(id).unwrap();
        // Fewer holders than there are: the last of them to leave would be one too many.
        Pools::<Test>::mutate_extant(id, |stake| stake.holders = 0);
        end_block_with(Weight::MAX);
        assert_eq!((failures(), FailedReturns::<Test>::contains_key(id, NOMINATOR)), (1, true));
        FailedReturns::<Test>::remove(id, NOMINATOR);
        Pools::<Test>::insert(id, had);
    });
}

#[test]
fn pools_are_paid_in_the_order_of_their_release() {
    let mut builder = ExtBuilder::default().staked(OWNER, HOT_TOO, TEN).staked(OTHER, HOT_TOO, TEN);
    builder = builder.staked(OWNER, HOT, TEN);
    for nominator in 1_000..1_010 {
        builder = builder.staked(nominator, HOT, TEN);
    }
    builder.build_and_execute(|| {
        Staking::release(&HOT);
        let page = Weights::next_release() + Weights::return_stake() * 3;
        next_block_with(page);
        // The small pool is the older one, but it is released later.
        Staking::release(&HOT_TOO);
        next_block_with(page);
        next_block_with(page);
        assert_eq!((free(OTHER), Releases::<Test>::iter().count()), (ENDOWMENT, 2));
        next_block();
        assert_eq!((free(OTHER), Releases::<Test>::iter().count()), (ENDOWMENT + TEN, 0));
    });
}

#[test]
fn pools_that_are_released_together_are_paid_by_age() {
    ExtBuilder::default().build_and_execute(|| {
        NextPool::<Test>::put(PoolId::new(255));
        for (hotkey, nominator) in [(HOT, NOMINATOR), (HOT_TOO, OTHER)] {
            delegate(OWNER, hotkey, 0);
            assert_ok!(Staking::add_stake(origin(nominator), hotkey, rao(TEN)));
        }
        Staking::release(&HOT);
        Staking::release(&HOT_TOO);
        next_block_with(Weights::next_release() + Weights::return_stake());
        assert_eq!((free(NOMINATOR), free(OTHER)), (ENDOWMENT, ENDOWMENT - TEN));
    });
}
