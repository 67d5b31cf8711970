//! Pairs of keys, and swaps of hotkeys. spec staking §2 and §10.1

use super::Failure;
use crate::{
    ColdkeySwaps, Event, OwnedHotkeys, Owners, Successors,
    mock::*,
    traits::{Keys, OnKeySwap},
    types::ColdkeyHash,
    weights::{SubstrateWeight, WeightInfo},
};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchResultWithPostInfo, GetDispatchInfo},
};
use myelin_primitives::Amount;
use myelin_records::{bounds::MAX_HOTKEYS, key::ColdkeySwap};
use sp_runtime::DispatchError;

fn swap(coldkey: AccountId, old: AccountId, new: AccountId) -> DispatchResultWithPostInfo {
    KeysPallet::swap_hotkey(origin(coldkey), old, new)
}

/// Swaps a hotkey, and checks that this succeeds and is paid.
fn swapped(coldkey: AccountId, old: AccountId, new: AccountId) {
    assert_ok!(swap(coldkey, old, new));
    expect_recycled(KEY_SWAP_COST);
}

fn owned(coldkey: AccountId) -> Vec<AccountId> {
    OwnedHotkeys::<Test>::get(coldkey).into_inner()
}

#[test]
fn the_first_coldkey_owns_a_hotkey() {
    ExtBuilder::default().build_and_execute(|| {
        let associate = |coldkey, hotkey| KeysPallet::try_associate_hotkey(origin(coldkey), hotkey);
        assert_noop!(KeysPallet::try_associate_hotkey(RuntimeOrigin::none(), HOT), DispatchError::BadOrigin);
        assert_ok!(associate(OWNER, HOT));
        assert_eq!(events(), [Event::HotkeyAssociated { coldkey: OWNER, hotkey: HOT }]);
        // Later associations have no effect.
        assert_ok!(associate(OTHER, HOT));
        assert_ok!(associate(OWNER, HOT));
        assert_eq!(events(), []);
        assert_eq!((KeysPallet::owner(&HOT), KeysPallet::owner(&FRESH)), (Some(OWNER), None));
        assert_ok!(associate(OWNER, HOT_TOO));
        assert_eq!((owned(OWNER), KeysPallet::owned(&OWNER)), (vec![HOT, HOT_TOO], vec![HOT, HOT_TOO]));
        assert_noop!(associate(OWNER, SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
    });
}

#[test]
fn an_account_can_own_itself() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(KeysPallet::try_associate_hotkey(origin(OWNER), OWNER));
        assert_eq!((KeysPallet::owner(&OWNER), owned(OWNER)), (Some(OWNER), vec![OWNER]));
    });
}

#[test]
fn pairs_are_made_once_and_never_changed() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(KeysPallet::ensure_pairable(&OWNER, &HOT));
        assert_ok!(KeysPallet::pair(&OWNER, &HOT));
        assert_ok!(KeysPallet::pair(&OWNER, &HOT));
        assert_ok!(KeysPallet::ensure_pairable(&OWNER, &HOT));
        assert_eq!(owned(OWNER), [HOT]);
        assert_noop!(KeysPallet::ensure_pairable(&OTHER, &HOT), Failure::NonAssociatedColdKey);
        assert_noop!(KeysPallet::pair(&OTHER, &HOT), Failure::NonAssociatedColdKey);
        assert_noop!(KeysPallet::ensure_pairable(&OWNER, &SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
        assert_noop!(KeysPallet::pair(&OWNER, &SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
    });
}

#[test]
fn hotkeys_of_a_coldkey_are_bounded() {
    ExtBuilder::default().build_and_execute(|| {
        for hotkey in 1_000..1_000 + u64::from(MAX_HOTKEYS) {
            pair(OWNER, hotkey);
        }
        assert_noop!(KeysPallet::ensure_pairable(&OWNER, &HOT), Failure::TooManyHotkeys);
        assert_noop!(KeysPallet::pair(&OWNER, &HOT), Failure::TooManyHotkeys);
        assert_noop!(KeysPallet::try_associate_hotkey(origin(OWNER), HOT), Failure::TooManyHotkeys);
        assert_ok!(KeysPallet::ensure_pairable(&OWNER, &1_000));
        // A swap takes no further place.
        swapped(OWNER, 1_000, HOT);
        assert_eq!(owned(OWNER)[0], HOT);
    });
}

#[test]
fn a_new_hotkey_takes_the_place_of_the_old_one() {
    ExtBuilder::default().paired(OWNER, HOT).paired(OWNER, HOT_TOO).build_and_execute(|| {
        events();
        swapped(OWNER, HOT, FRESH);
        assert_eq!(burnt(), [(OWNER, KEY_SWAP_COST)]);
        assert_eq!(events(), [Event::HotkeySwapped { coldkey: OWNER, old_hotkey: HOT, new_hotkey: FRESH }]);
        assert_eq!(told(), [Told::Hotkey(OWNER, HOT, FRESH)]);
        assert_eq!((Owners::<Test>::get(HOT), Owners::<Test>::get(FRESH)), (None, Some(OWNER)));
        assert_eq!(owned(OWNER), [FRESH, HOT_TOO]);
        assert_eq!((KeysPallet::successor(&HOT), KeysPallet::successor(&FRESH)), (Some(FRESH), None));
        assert_eq!(free(OWNER), ENDOWMENT - KEY_SWAP_COST);
    });
}

#[test]
fn an_own_hotkey_without_anything_can_be_swapped_to() {
    ExtBuilder::default().build_and_execute(|| {
        for hotkey in [HOT, HOT_TOO, HOT_THREE] {
            pair(OWNER, hotkey);
        }
        swapped(OWNER, HOT, HOT_THREE);
        // The new hotkey takes the place of the old one in the list.
        assert_eq!((owned(OWNER), KeysPallet::owner(&HOT)), (vec![HOT_THREE, HOT_TOO], None));
    });
}

#[test]
fn a_name_that_is_used_again_has_no_successor() {
    ExtBuilder::default().build_and_execute(|| {
        SwapRateLimit::set(0);
        pair(OWNER, HOT);
        swapped(OWNER, HOT, FRESH);
        // Swaps back and forth make no cycle of successors.
        swapped(OWNER, FRESH, HOT);
        assert!(!Successors::<Test>::contains_key(HOT));
        assert_eq!(KeysPallet::successor(&FRESH), Some(HOT));
        swapped(OWNER, HOT, FRESH);
        pair(NOMINATOR, HOT);
        assert!(!Successors::<Test>::contains_key(HOT));
    });
}

#[test]
fn the_checks_of_a_swap_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(KeysPallet::swap_hotkey(RuntimeOrigin::root(), HOT, FRESH), DispatchError::BadOrigin);
        pair(OWNER, HOT);
        pair(OWNER, HOT_TOO);
        pair(OTHER, HOT_THREE);
        ColdkeySwaps::<Test>::insert(
            OWNER,
            ColdkeySwap { new_coldkey_hash: ColdkeyHash::default(), due: 1, disputed: false, escrow: Amount::ZERO },
        );
        assert_noop!(swap(OWNER, FRESH, HOT), Failure::ColdkeySwapAnnounced);
        ColdkeySwaps::<Test>::remove(OWNER);
        assert_noop!(swap(OTHER, HOT, HOT), Failure::NonAssociatedColdKey);
        assert_noop!(swap(OWNER, FRESH, HOT), Failure::NonAssociatedColdKey);
        LastActive::insert(OWNER, 1);
        Seated::insert(HOT_TOO, ());
        UsedHotkeys::insert(HOT_TOO, ());
        assert_ok!(Balances::transfer_allow_death(origin(OWNER), OTHER, ENDOWMENT - KEY_SWAP_COST));
        assert_noop!(swap(OWNER, HOT, HOT_THREE), Failure::NonAssociatedColdKey);
        assert_noop!(swap(OWNER, HOT, SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
        assert_noop!(swap(OWNER, HOT, HOT), Failure::NewHotKeyIsSameWithOld);
        // A stake operation delays swaps of hotkeys.
        skip_to_block(1_001);
        assert_noop!(swap(OWNER, HOT, HOT_TOO), Failure::HotKeySetTxRateLimitExceeded);
        skip_to_block(1_002);
        assert_noop!(swap(OWNER, HOT, HOT_TOO), Failure::HotKeyAlreadyRegisteredInSubNet);
        Seated::remove(HOT_TOO);
        assert_noop!(swap(OWNER, HOT, HOT_TOO), Failure::NewHotKeyInUse);
        // The account must keep the existential deposit.
        assert_noop!(swap(OWNER, HOT, FRESH), Failure::NotEnoughBalanceToPaySwapHotKey);
        assert_ok!(Balances::transfer_allow_death(origin(OTHER), OWNER, KEY_SWAP_COST));
        swapped(OWNER, HOT, FRESH);
        assert_noop!(swap(OWNER, FRESH, HOT), Failure::HotKeySetTxRateLimitExceeded);
    });
}

#[test]
fn a_rate_limit_of_zero_limits_nothing() {
    ExtBuilder::default().paired(OWNER, HOT).build_and_execute(|| {
        LastActive::insert(OWNER, 1);
        assert_noop!(swap(OWNER, HOT, FRESH), Failure::HotKeySetTxRateLimitExceeded);
        SwapRateLimit::set(0);
        swapped(OWNER, HOT, FRESH);
    });
}

#[test]
fn a_key_in_use_is_refused_before_anything_moves() {
    ExtBuilder::default().paired(OWNER, HOT).build_and_execute(|| {
        UsedHotkeys::insert(FRESH, ());
        assert_noop!(swap(OWNER, HOT, FRESH), Failure::NewHotKeyInUse);
        UsedHotkeys::remove(FRESH);
        Seated::insert(FRESH, ());
        assert_noop!(swap(OWNER, HOT, FRESH), Failure::HotKeyAlreadyRegisteredInSubNet);
        assert_eq!(TimesTold::get(), 0, "a listener was told of a swap that does not happen");
    });
}

#[test]
fn a_listener_that_fails_undoes_the_whole_call() {
    ExtBuilder::default().paired(OWNER, HOT).build_and_execute(|| {
        RefuseSwaps::put(true);
        assert_noop!(swap(OWNER, HOT, FRESH), SWAP_REFUSED);
        assert_eq!(TimesTold::get(), 1, "the listener before it had moved everything");
        assert_eq!((owned(OWNER), free(OWNER), told()), (vec![HOT], ENDOWMENT, Vec::new()));
    });
}

#[test]
fn a_swap_weighs_what_its_listeners_do() {
    ExtBuilder::default().paired(OWNER, HOT).build_and_execute(|| {
        let own = SubstrateWeight::<Test>::swap_hotkey();
        let call = crate::Call::<Test>::swap_hotkey { hotkey: HOT, new_hotkey: FRESH };
        assert_eq!(call.get_dispatch_info().call_weight, own + MAX_TOLD);
        assert_eq!(swap(OWNER, HOT, FRESH).unwrap().actual_weight, Some(own + TOLD));
        expect_recycled(KEY_SWAP_COST);
        assert_eq!(<<Test as crate::Config>::OnKeySwap as OnKeySwap<_>>::coldkey_swap_weight(), MAX_TOLD);
    });
}
