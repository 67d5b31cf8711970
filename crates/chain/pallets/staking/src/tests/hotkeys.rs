//! Pairs of keys, and hotkeys that are swapped. spec staking §2 and §10.1

use super::Failure;
use crate::{
    Activities, Event, Families, Hotkeys, Nominations, OwnedHotkeys, Pools, Successors,
    mock::*,
    traits::{MoveHotkey, ReadStake},
    types::{Delegation, MAX_HOTKEYS},
};
use frame_support::{BoundedVec, assert_noop, assert_ok, storage::with_storage_layer};
use myelin_pallet_subnets::{parameters::Parameters, traits::Keys};
use myelin_primitives::{RAO_PER_TAO, Take};
use sp_runtime::DispatchError;

const TEN: u64 = 10 * RAO_PER_TAO;

/// As the call of the pallet of seats does it.
fn swap(coldkey: AccountId, old: AccountId, new: AccountId) -> Result<(), DispatchError> {
    with_storage_layer(|| Staking::move_hotkey(&coldkey, &old, &new))
}

/// A swap that succeeds and is paid for.
fn swapped(coldkey: AccountId, old: AccountId, new: AccountId) {
    assert_ok!(swap(coldkey, old, new));
    expect_recycled(KEY_SWAP_COST);
}

fn owned(coldkey: AccountId) -> Vec<AccountId> {
    OwnedHotkeys::<Test>::get(coldkey).into_inner()
}

fn lend(coldkey: AccountId, from: AccountId, to: AccountId) {
    let children = BoundedVec::try_from(vec![child(50, to)]).unwrap();
    assert_ok!(Staking::set_children(origin(coldkey), from, SUBNET, children));
}

#[test]
fn whoever_comes_first_owns_a_hotkey() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Staking::try_associate_hotkey(RuntimeOrigin::none(), HOT), DispatchError::BadOrigin);
        assert_ok!(Staking::try_associate_hotkey(origin(OWNER), HOT));
        assert_eq!(events(), [Event::HotkeyAssociated { coldkey: OWNER, hotkey: HOT }]);
        // Later ones do nothing.
        assert_ok!(Staking::try_associate_hotkey(origin(OTHER), HOT));
        assert_ok!(Staking::try_associate_hotkey(origin(OWNER), HOT));
        assert_eq!(events(), []);
        assert_eq!((Staking::owner(&HOT), Staking::owner(&FRESH)), (Some(OWNER), None));
        assert_ok!(Staking::try_associate_hotkey(origin(OWNER), HOT_TOO));
        assert_eq!(owned(OWNER), [HOT, HOT_TOO]);
        assert_noop!(Staking::try_associate_hotkey(origin(OWNER), SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
    });
}

#[test]
fn an_account_can_own_itself() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Staking::try_associate_hotkey(origin(OWNER), OWNER));
        assert_ok!(Staking::add_stake(origin(OWNER), OWNER, rao(TEN)));
        assert_eq!(stake(OWNER, OWNER), TEN);
    });
}

#[test]
fn pairs_are_made_once_and_never_changed() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Staking::ensure_pairable(&OWNER, &HOT));
        assert_ok!(Staking::pair(&OWNER, &HOT));
        assert_ok!(Staking::pair(&OWNER, &HOT));
        assert_ok!(Staking::ensure_pairable(&OWNER, &HOT));
        assert_eq!(owned(OWNER), [HOT]);
        assert_noop!(Staking::ensure_pairable(&OTHER, &HOT), Failure::NonAssociatedColdKey);
        assert_noop!(Staking::pair(&OTHER, &HOT), Failure::NonAssociatedColdKey);
        assert_noop!(Staking::ensure_pairable(&OWNER, &SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
        assert_noop!(Staking::pair(&OWNER, &SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
    });
}

#[test]
fn hotkeys_of_a_coldkey_are_bounded() {
    ExtBuilder::default().build_and_execute(|| {
        for hotkey in 1_000..1_000 + u64::from(MAX_HOTKEYS) {
            pair(OWNER, hotkey);
        }
        assert_noop!(Staking::ensure_pairable(&OWNER, &HOT), Failure::TooManyHotkeys);
        assert_noop!(Staking::pair(&OWNER, &HOT), Failure::TooManyHotkeys);
        assert_ok!(Staking::ensure_pairable(&OWNER, &1_000));
        // A swap takes no further place.
        swapped(OWNER, 1_000, HOT);
    });
}

#[test]
fn everything_moves_to_the_new_hotkey() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN).build_and_execute(|| {
        pair(OWNER, HOT_TOO);
        pair(OTHER, HOT_THREE);
        Hotkeys::<Test>::mutate(HOT, |record| {
            record.as_mut().unwrap().delegation = Some(Delegation { take: Take::new(7), changed_at: 1 });
        });
        lend(OWNER, HOT, 30);
        lend(OTHER, HOT_THREE, HOT);
        skip(7_201);
        activate(SUBNET);
        lend(OWNER, HOT, 31);
        let (record, family) = (Hotkeys::<Test>::get(HOT), Families::<Test>::get(SUBNET, HOT));
        events();

        swapped(OWNER, HOT, FRESH);
        assert_eq!(events(), [Event::HotkeySwapped { coldkey: OWNER, old_hotkey: HOT, new_hotkey: FRESH }]);
        assert_eq!(told(), [Told::Hotkey(HOT, FRESH)]);
        assert_eq!((Hotkeys::<Test>::get(HOT), Hotkeys::<Test>::get(FRESH)), (None, record));
        assert_eq!(owned(OWNER), [FRESH, HOT_TOO]);
        assert_eq!((stake(OWNER, FRESH), stake(NOMINATOR, FRESH), on(FRESH)), (TEN, TEN, 2 * TEN));
        assert_eq!((on(HOT), free(OWNER)), (0, ENDOWMENT - KEY_SWAP_COST));
        assert_eq!(Families::<Test>::get(SUBNET, FRESH), family);
        assert!(!Families::<Test>::contains_key(SUBNET, HOT));
        assert_eq!(Families::<Test>::get(SUBNET, 30).parents[0].hotkey, FRESH);
        assert_eq!(Families::<Test>::get(SUBNET, HOT_THREE).children[0].hotkey, FRESH);
        assert_eq!(Activities::<Test>::get(OWNER).last_at, Some(7_202));
        // The pending children take effect under the new name.
        skip(7_201);
        activate(SUBNET);
        assert_eq!(Families::<Test>::get(SUBNET, 31).parents[0].hotkey, FRESH);
        assert!(!Families::<Test>::contains_key(SUBNET, 30));
    });
}

#[test]
fn pending_children_of_others_follow_the_swap() {
    ExtBuilder::default().staked(OTHER, HOT_THREE, 1_000).build_and_execute(|| {
        set_global(|network| network.tx_rate_limit = 0);
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
        set_global(|network| network.tx_rate_limit = 0);
        pair(OWNER, HOT);
        lend(OTHER, HOT_THREE, HOT);
        swapped(OWNER, HOT, FRESH);
        // Back and forth: no name leads in a circle.
        swapped(OWNER, FRESH, HOT);
        assert!(!Successors::<Test>::contains_key(HOT));
        swapped(OWNER, HOT, FRESH);
        pair(NOMINATOR, HOT);
        skip(7_201);
        activate(SUBNET);
        assert_eq!(Families::<Test>::get(SUBNET, HOT_THREE).children[..], [child(50, HOT)]);
    });
}

#[test]
fn the_checks_of_a_swap_come_in_their_order() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(OWNER, HOT_TOO, TEN).build_and_execute(|| {
        pair(OTHER, HOT_THREE);
        assert_noop!(swap(OTHER, HOT, HOT), Failure::NonAssociatedColdKey);
        assert_noop!(swap(OWNER, FRESH, HOT), Failure::NonAssociatedColdKey);
        assert_ok!(Staking::add_stake(origin(OWNER), HOT_TOO, rao(ENDOWMENT)));
        Seated::insert(HOT_TOO, ());
        assert_noop!(swap(OWNER, HOT, HOT_THREE), Failure::NonAssociatedColdKey);
        assert_noop!(swap(OWNER, HOT, SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
        assert_noop!(swap(OWNER, HOT, HOT), Failure::NewHotKeyIsSameWithOld);
        // A stake operation lets keys rest.
        skip_to_block(1_001);
        assert_noop!(swap(OWNER, HOT, HOT_TOO), Failure::HotKeySetTxRateLimitExceeded);
        skip_to_block(1_002);
        assert_noop!(swap(OWNER, HOT, HOT_TOO), Failure::HotKeyAlreadyRegisteredInSubNet);
        Seated::remove(HOT_TOO);
        assert_noop!(swap(OWNER, HOT, HOT_TOO), Failure::NewHotKeyInUse);
        assert_noop!(swap(OWNER, HOT, FRESH), Failure::NotEnoughBalanceToPaySwapHotKey);
        assert_ok!(Balances::transfer_allow_death(origin(OTHER), OWNER, KEY_SWAP_COST));
        swapped(OWNER, HOT, FRESH);
        assert_noop!(swap(OWNER, FRESH, HOT), Failure::HotKeySetTxRateLimitExceeded);
    });
}

#[test]
fn a_hotkey_that_lends_or_borrows_is_in_use() {
    ExtBuilder::default().staked(OTHER, HOT_THREE, TEN).build_and_execute(|| {
        pair(OWNER, HOT);
        pair(OWNER, HOT_TOO);
        lend(OWNER, HOT_TOO, 30);
        assert_noop!(swap(OWNER, HOT, HOT_TOO), Failure::NewHotKeyInUse);
        lend(OTHER, HOT_THREE, FRESH);
        skip(7_201);
        activate(SUBNET);
        assert_noop!(swap(OWNER, HOT, FRESH), Failure::NewHotKeyInUse);
        assert_noop!(swap(OWNER, HOT, HOT_TOO), Failure::NewHotKeyInUse);
    });
}

#[test]
fn an_own_hotkey_without_anything_can_be_swapped_to() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(OWNER, HOT_TOO, TEN).build_and_execute(|| {
        delegate(OWNER, HOT_TOO, 9);
        assert_ok!(Staking::unstake_all(origin(OWNER), HOT_TOO));
        skip(1_001);
        let pools = Pools::<Test>::iter().count();
        swapped(OWNER, HOT, HOT_TOO);
        assert_eq!((owned(OWNER), on(HOT_TOO)), (vec![HOT_TOO], TEN));
        // Its empty pool is gone, and it is a delegate only if the old one was.
        assert_eq!((Pools::<Test>::iter().count(), Staking::take(&HOT_TOO)), (pools - 1, None));
    });
}

#[test]
fn a_swap_that_others_refuse_does_not_happen() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        RefuseSwaps::put(true);
        assert_noop!(swap(OWNER, HOT, FRESH), SWAP_REFUSED);
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
    // Both records, both names, the owned hotkeys, the pool, the activity; account, issuance and events; the mock.
    let keys = ext.overlayed_changes().changes().count();
    assert!(keys < 20, "{keys} keys were written");
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
        let before = <Staking as MoveHotkey<_>>::move_weight();
        create_network(2.into(), Parameters::default());
        assert!(<Staking as MoveHotkey<_>>::move_weight().ref_time() > before.ref_time());
    });
}
