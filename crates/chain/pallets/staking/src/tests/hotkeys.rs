//! Stake, families and rate limits after swaps of hotkeys. spec staking §10.1

use super::Failure;
use crate::{Activities, Families, Hotkeys, Nominations, Pools, mock::*, traits::ReadStake};
use frame_support::{BoundedVec, assert_noop, assert_ok};
use myelin_pallet_keys::traits::{OnKeySwap, ReadKeyUse};
use myelin_primitives::{RAO_PER_TAO, Take};
use myelin_records::{parameters::Parameters, stake::Delegation};

const TEN: u64 = 10 * RAO_PER_TAO;

/// Swaps a hotkey and checks that this succeeds.
fn swapped(coldkey: AccountId, old: AccountId, new: AccountId) {
    assert_ok!(swap_hotkey(coldkey, old, new));
}

fn lend(coldkey: AccountId, from: AccountId, to: AccountId) {
    if owner(to).is_none() {
        pair(OWNER, to);
    }
    let children = BoundedVec::try_from(vec![child(50, to)]).unwrap();
    assert_ok!(Staking::set_children(origin(coldkey), from, SUBNET, children));
}

#[test]
fn an_account_can_own_itself() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, OWNER);
        assert_ok!(Staking::add_stake(origin(OWNER), OWNER, rao(TEN)));
        assert_eq!(stake(OWNER, OWNER), TEN);
    });
}

#[test]
fn everything_moves_to_the_new_hotkey() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN).build_and_execute(|| {
        pair(OWNER, HOT_TOO);
        pair(OTHER, HOT_THREE);
        Hotkeys::<Test>::mutate(HOT, |record| {
            record.as_mut().unwrap().delegation = Some(Delegation { take: Take::new(7), changed_at: 1, raise: None });
        });
        lend(OWNER, HOT, 30);
        lend(OTHER, HOT_THREE, HOT);
        skip(7_201);
        activate(SUBNET);
        lend(OWNER, HOT, 31);
        let (record, family) = (Hotkeys::<Test>::get(HOT), Families::<Test>::get(SUBNET, HOT));
        events();

        swapped(OWNER, HOT, FRESH);
        assert_eq!(events(), []);
        assert_eq!((Hotkeys::<Test>::get(HOT), Hotkeys::<Test>::get(FRESH)), (None, record));
        assert_eq!((stake(OWNER, FRESH), stake(NOMINATOR, FRESH), on(FRESH)), (TEN, TEN, 2 * TEN));
        assert_eq!((on(HOT), free(OWNER)), (0, ENDOWMENT));
        assert_eq!(Families::<Test>::get(SUBNET, FRESH), family);
        assert!(!Families::<Test>::contains_key(SUBNET, HOT));
        assert_eq!(Families::<Test>::get(SUBNET, 30).parents[0].hotkey, FRESH);
        assert_eq!(Families::<Test>::get(SUBNET, HOT_THREE).children[0].hotkey, FRESH);
        assert_eq!(Activities::<Test>::get(OWNER).last_at, Some(7_202));
        // The pending children take effect under the new hotkey.
        skip(7_201);
        activate(SUBNET);
        assert_eq!(Families::<Test>::get(SUBNET, 31).parents[0].hotkey, FRESH);
        assert!(!Families::<Test>::contains_key(SUBNET, 30));
    });
}

#[test]
fn a_take_of_the_new_hotkey_does_not_outlive_the_swap() {
    ExtBuilder::default().staked(OTHER, HOT_THREE, TEN).build_and_execute(|| {
        set_global(|network| network.take_notice = 20);
        pair(OWNER, HOT);
        pair(OWNER, HOT_TOO);
        // The parent chose a child that takes nothing.
        lend(OTHER, HOT_THREE, HOT);
        assert_ok!(Staking::set_childkey_take(origin(OWNER), HOT_TOO, SUBNET, Take::new(11_796)));
        skip(20);
        let take = |hotkey| Families::<Test>::get(SUBNET, hotkey).take_at(System::block_number(), Take::new(11_796));
        assert_eq!(take(HOT_TOO), Take::new(11_796));
        swapped(OWNER, HOT, HOT_TOO);
        assert_eq!(take(HOT_TOO), Take::default());
        skip(7_201);
        activate(SUBNET);
        assert_eq!(Families::<Test>::get(SUBNET, HOT_TOO).parents[0].hotkey, HOT_THREE);
        assert_eq!(take(HOT_TOO), Take::default());
    });
}

#[test]
fn pending_children_of_others_follow_the_swap() {
    ExtBuilder::default().staked(OTHER, HOT_THREE, 1_000).build_and_execute(|| {
        pair(OWNER, HOT);
        lend(OTHER, HOT_THREE, HOT);
        swapped(OWNER, HOT, FRESH);
        swapped(OWNER, FRESH, 40);
        skip(7_201);
        activate(SUBNET);
        assert_eq!(Families::<Test>::get(SUBNET, HOT_THREE).children[..], [child(50, 40)]);
        assert_eq!(Staking::weight(SUBNET, &40), rao(499));
    });
}

#[test]
fn a_name_that_is_used_again_means_who_uses_it() {
    ExtBuilder::default().staked(OTHER, HOT_THREE, 1_000).build_and_execute(|| {
        pair(OWNER, HOT);
        lend(OTHER, HOT_THREE, HOT);
        swapped(OWNER, HOT, FRESH);
        // Swaps back and forth make no cycle of successors.
        swapped(OWNER, FRESH, HOT);
        swapped(OWNER, HOT, FRESH);
        pair(NOMINATOR, HOT);
        skip(7_201);
        activate(SUBNET);
        assert_eq!(Families::<Test>::get(SUBNET, HOT_THREE).children[..], [child(50, HOT)]);
    });
}

#[test]
fn a_hotkey_that_lends_or_borrows_is_in_use() {
    ExtBuilder::default().staked(OTHER, HOT_THREE, TEN).build_and_execute(|| {
        pair(OWNER, HOT);
        pair(OWNER, HOT_TOO);
        lend(OWNER, HOT_TOO, 30);
        assert_noop!(swap_hotkey(OWNER, HOT, HOT_TOO), IN_USE);
        lend(OTHER, HOT_THREE, FRESH);
        skip(7_201);
        activate(SUBNET);
        assert_noop!(swap_hotkey(OWNER, HOT, FRESH), IN_USE);
        assert_noop!(swap_hotkey(OWNER, HOT, HOT_TOO), IN_USE);
    });
}

#[test]
fn a_hotkey_with_stake_is_in_use() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(OWNER, HOT_TOO, TEN).build_and_execute(|| {
        assert!(Staking::hotkey_in_use(&HOT) && !Staking::hotkey_in_use(&FRESH));
        assert_noop!(swap_hotkey(OWNER, HOT, HOT_TOO), IN_USE);
        // A delegate without stake is not in use. After the swap it is a delegate only if the old hotkey was.
        pair(OWNER, HOT_THREE);
        delegate(OWNER, HOT_THREE, 9);
        assert!(!Staking::hotkey_in_use(&HOT_THREE));
    });
}

#[test]
fn a_stake_operation_and_a_swap_let_keys_rest() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        assert_eq!(Staking::last_active(&OWNER), None);
        assert_ok!(Staking::add_stake(origin(OWNER), HOT, rao(TEN)));
        assert_eq!(Staking::last_active(&OWNER), Some(1));
        skip(9);
        swapped(OWNER, HOT, FRESH);
        assert_eq!(Staking::last_active(&OWNER), Some(10));
    });
}

#[test]
fn an_own_hotkey_without_anything_can_be_swapped_to() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(OWNER, HOT_TOO, TEN).build_and_execute(|| {
        delegate(OWNER, HOT_TOO, 9);
        assert_ok!(Staking::unstake_all(origin(OWNER), HOT_TOO));
        let pools = Pools::<Test>::iter().count();
        swapped(OWNER, HOT, HOT_TOO);
        assert_eq!((on(HOT_TOO), on(HOT)), (TEN, 0));
        // Its empty pool is gone, and it is a delegate only if the old one was.
        assert_eq!((Pools::<Test>::iter().count(), Staking::take(&HOT_TOO)), (pools - 1, None));
    });
}

#[test]
fn a_swap_moves_one_pool_however_many_nominators_there_are() {
    let mut builder = ExtBuilder::default().staked(OWNER, HOT, TEN);
    for nominator in 1_000..2_000 {
        builder = builder.staked(nominator, HOT, TEN);
    }
    let mut ext = builder.build();
    ext.commit_all().unwrap();
    ext.execute_with(|| swapped(OWNER, HOT, FRESH));
    // The writes are both records, the pool, the activity and the tables of keys.
    let keys = ext.overlayed_changes().changes().count();
    assert!(keys < 12, "{keys} keys were written");
    ext.execute_with(|| {
        assert_eq!((on(FRESH), stake(1_999, FRESH)), (1_001 * TEN, TEN));
        assert_eq!(Nominations::<Test>::get(1_999).len(), 1);
        check();
    });
}

#[test]
fn a_swapped_hotkey_keeps_its_operation_limits() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN).build_and_execute(|| {
        assert_ok!(Staking::add_stake(origin(NOMINATOR), HOT, rao(TEN)));
        swapped(OWNER, HOT, FRESH);
        assert_noop!(Staking::add_stake(origin(NOMINATOR), FRESH, rao(TEN)), Failure::StakingRateLimitExceeded);
    });
}

#[test]
fn the_cost_of_a_swap_grows_with_the_networks() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        let (most, weight) = (Staking::hotkey_swap_weight(), swap_hotkey(OWNER, HOT, HOT_TOO).unwrap());
        create_network(2.into(), Parameters::default());
        assert!(Staking::hotkey_swap_weight().ref_time() > most.ref_time());
        let one_more = swap_hotkey(OWNER, HOT_TOO, HOT).unwrap();
        assert!(one_more.ref_time() > weight.ref_time());
        // The move of a family weighs more, and at most the announced weight.
        lend(OWNER, HOT, 30);
        let with_family = swap_hotkey(OWNER, HOT, HOT_TOO).unwrap();
        assert!(with_family.ref_time() > one_more.ref_time() && with_family.all_lte(Staking::hotkey_swap_weight()));
    });
}
