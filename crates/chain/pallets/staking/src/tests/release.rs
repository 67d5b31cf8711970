//! Release of stake on a hotkey that has lost its last seat. spec subnets-and-neurons §10.1

use super::Failure;
use crate::{
    Event, Holdings, Hotkeys, Nominations, Pools, Releases, TotalStake,
    mock::*,
    traits::{ReadStake, ReleaseStake},
    weights::{SubstrateWeight, WeightInfo},
};
use frame_support::{assert_noop, assert_ok, weights::Weight};
use myelin_primitives::{Amount, RAO_PER_TAO, Take};

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
