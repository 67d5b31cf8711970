//! Pairs of keys, and swaps of hotkeys. spec staking §2 and §10.1

use super::Failure;
use crate::{
    ColdkeySwaps, Event, MAX_SUCCESSIONS, OwnedHotkeys, Owners, Successors,
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
use myelin_records::{
    bounds::MAX_HOTKEYS,
    consent::{KeyConsent, pair_text, wrapped},
    key::ColdkeySwap,
    pool_code::PoolCode,
};
use sp_runtime::DispatchError;

fn swap(coldkey: AccountId, old: AccountId, new: AccountId) -> DispatchResultWithPostInfo {
    KeysPallet::swap_hotkey(origin(coldkey), old, new, consent(new, coldkey, new))
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
        let associate = |coldkey, hotkey| {
            KeysPallet::try_associate_hotkey(origin(coldkey), hotkey, consent(hotkey, coldkey, hotkey))
        };
        assert_noop!(KeysPallet::try_associate_hotkey(RuntimeOrigin::none(), HOT, None), DispatchError::BadOrigin);
        assert_ok!(associate(OWNER, HOT));
        assert_eq!(burnt(), [(OWNER, PAIR_COST)]);
        assert_eq!(events(), [Event::HotkeyAssociated { coldkey: OWNER, hotkey: HOT }]);
        // Later associations have no effect.
        assert_ok!(associate(OTHER, HOT));
        assert_ok!(associate(OWNER, HOT));
        assert_eq!(events(), []);
        assert_eq!((KeysPallet::owner(&HOT), KeysPallet::owner(&FRESH)), (Some(OWNER), None));
        assert_ok!(associate(OWNER, HOT_TOO));
        assert_eq!((owned(OWNER), KeysPallet::owned(&OWNER)), (vec![HOT, HOT_TOO], vec![HOT, HOT_TOO]));
        assert_noop!(associate(OWNER, SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
        expect_recycled(2 * PAIR_COST);
        assert!(associate(FRESH, HOT_THREE).is_err(), "the account cannot pay");
    });
}

#[test]
fn an_account_can_own_itself() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(KeysPallet::try_associate_hotkey(origin(OWNER), OWNER, None));
        expect_recycled(PAIR_COST);
        assert_eq!((KeysPallet::owner(&OWNER), owned(OWNER)), (Some(OWNER), vec![OWNER]));
    });
}

#[test]
fn pairs_are_made_once_and_never_changed() {
    ExtBuilder::default().build_and_execute(|| {
        let pairable = |coldkey, hotkey| {
            <KeysPallet as Keys<_>>::ensure_pairable(&coldkey, &hotkey, consent(coldkey, coldkey, hotkey).as_ref())
        };
        assert_ok!(pairable(OWNER, HOT));
        assert_ok!(KeysPallet::pair(&OWNER, &HOT));
        assert_ok!(KeysPallet::pair(&OWNER, &HOT));
        assert_ok!(pairable(OWNER, HOT));
        assert_eq!(owned(OWNER), [HOT]);
        assert_noop!(pairable(OTHER, HOT), Failure::NonAssociatedColdKey);
        assert_noop!(KeysPallet::pair(&OTHER, &HOT), Failure::NonAssociatedColdKey);
        assert_noop!(pairable(OWNER, SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
        assert_noop!(KeysPallet::pair(&OWNER, &SYSTEM_ACCOUNT), Failure::CannotUseSystemAccount);
    });
}

#[test]
fn hotkeys_of_a_coldkey_are_bounded() {
    ExtBuilder::default().build_and_execute(|| {
        for hotkey in 1_000..1_000 + u64::from(MAX_HOTKEYS) {
            pair(OWNER, hotkey);
        }
        let pairable = |hotkey| <KeysPallet as Keys<_>>::ensure_pairable(&OWNER, &hotkey, None);
        assert_noop!(pairable(HOT), Failure::TooManyHotkeys);
        assert_noop!(KeysPallet::pair(&OWNER, &HOT), Failure::TooManyHotkeys);
        assert_noop!(KeysPallet::try_associate_hotkey(origin(OWNER), HOT, None), Failure::TooManyHotkeys);
        assert_ok!(pairable(1_000));
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
        assert_eq!((KeysPallet::latest_successor(&HOT), KeysPallet::latest_successor(&FRESH)), (FRESH, FRESH));
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
fn a_retired_hotkey_is_followed_through_so_many_swaps() {
    ExtBuilder::default().build_and_execute(|| {
        SwapRateLimit::set(0);
        let names: Vec<AccountId> = (5_000..).take(MAX_SUCCESSIONS + 2).collect();
        pair(OWNER, names[0]);
        for swap in names.windows(2).take(MAX_SUCCESSIONS) {
            swapped(OWNER, swap[0], swap[1]);
        }
        assert_ok!(KeysPallet::ensure_not_retired(&OWNER, &names[0]));
        assert!(matches!(KeysPallet::ensure_not_retired(&OTHER, &names[0]), Err(Failure::HotKeyRetired)));
        swapped(OWNER, names[MAX_SUCCESSIONS], names[MAX_SUCCESSIONS + 1]);
        assert!(matches!(KeysPallet::ensure_not_retired(&OWNER, &names[0]), Err(Failure::HotKeyRetired)));
        assert_ok!(KeysPallet::ensure_not_retired(&OWNER, &names[1]));
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
        assert_eq!(KeysPallet::latest_successor(&FRESH), HOT);
        swapped(OWNER, HOT, FRESH);
        pair(OWNER, HOT);
        assert!(!Successors::<Test>::contains_key(HOT));
    });
}

#[test]
fn the_checks_of_a_swap_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(KeysPallet::swap_hotkey(RuntimeOrigin::root(), HOT, FRESH, None), DispatchError::BadOrigin);
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
        let call = crate::Call::<Test>::swap_hotkey { hotkey: HOT, new_hotkey: FRESH, consent: None };
        assert_eq!(call.get_dispatch_info().call_weight, own + MAX_TOLD);
        assert_eq!(swap(OWNER, HOT, FRESH).unwrap().actual_weight, Some(own + TOLD));
        expect_recycled(KEY_SWAP_COST);
        assert_eq!(<<Test as crate::Config>::OnKeySwap as OnKeySwap<_>>::coldkey_swap_weight(), MAX_TOLD);
    });
}

#[test]
fn a_pair_needs_the_consent_of_the_hotkey() {
    ExtBuilder::default().build_and_execute(|| {
        let associate = |consent| KeysPallet::try_associate_hotkey(origin(OWNER), HOT, consent);
        let text = pair_text(&System::block_hash(0), &OWNER, &HOT);
        let other_chain = pair_text(&[9_u8; 32], &OWNER, &HOT);
        for wrong in [
            None,
            Some([0; 64]),
            consent(OWNER, OWNER, HOT),
            consent(HOT, OTHER, HOT),
            consent(HOT, OWNER, HOT_TOO),
            consent(HOT, HOT, OWNER),
            Some(signature(HOT, &other_chain)),
            Some(signature(HOT, &wrapped(&wrapped(&text)))),
        ] {
            assert_noop!(associate(wrong), Failure::KeyConsentMissing);
        }
        assert_ok!(associate(Some(signature(HOT, &wrapped(&text)))));
        expect_recycled(PAIR_COST);
        // A pair that exists needs no consent, for whatever it is asked.
        assert_ok!(associate(None));
        assert_eq!(owned(OWNER), [HOT]);
    });
}

#[test]
fn a_registration_needs_the_consent_of_the_coldkey() {
    ExtBuilder::default().build_and_execute(|| {
        let code = |coldkey, hotkey, consent: Option<KeyConsent>| {
            <KeysPallet as Keys<_>>::pair_code(&coldkey, &hotkey, consent.as_ref())
        };
        for wrong in [None, consent(HOT, OWNER, HOT), consent(OWNER, OWNER, HOT_TOO)] {
            assert_eq!(code(OWNER, HOT, wrong), Some(PoolCode::KeyConsentMissing));
        }
        assert_eq!(code(OWNER, HOT, consent(OWNER, OWNER, HOT)), None);
        assert_eq!(code(OWNER, OWNER, None), None);
        pair(OWNER, HOT);
        assert_eq!((code(OWNER, HOT, None), code(OTHER, HOT, None)), (None, Some(PoolCode::ForeignHotkey)));
        assert_ok!(<KeysPallet as Keys<_>>::ensure_pair(&OWNER, &HOT));
        assert_noop!(<KeysPallet as Keys<_>>::ensure_pair(&OTHER, &HOT), Failure::NonAssociatedColdKey);
        assert_noop!(<KeysPallet as Keys<_>>::ensure_pair(&OWNER, &FRESH), Failure::NonAssociatedColdKey);
    });
}

#[test]
fn a_swap_needs_the_consent_of_a_new_key() {
    ExtBuilder::default().paired(OWNER, HOT).paired(OWNER, HOT_TOO).build_and_execute(|| {
        SwapRateLimit::set(0);
        let swap = |from, to, consent| KeysPallet::swap_hotkey(origin(OWNER), from, to, consent);
        for wrong in [None, consent(HOT, OWNER, FRESH), consent(FRESH, OTHER, FRESH)] {
            assert_noop!(swap(HOT, FRESH, wrong), Failure::KeyConsentMissing);
        }
        // The caller owns the one and is the other.
        assert_ok!(swap(HOT, HOT_TOO, None));
        assert_ok!(swap(HOT_TOO, OWNER, None));
        expect_recycled(2 * KEY_SWAP_COST);
    });
}

#[test]
fn a_swapped_hotkey_is_retired() {
    ExtBuilder::default().paired(OWNER, HOT).paired(OTHER, HOT_THREE).build_and_execute(|| {
        SwapRateLimit::set(0);
        swapped(OWNER, HOT, HOT_TOO);
        swapped(OWNER, HOT_TOO, FRESH);
        for old in [HOT, HOT_TOO] {
            let by_thief = KeysPallet::try_associate_hotkey(origin(OTHER), old, consent(old, OTHER, old));
            assert_noop!(by_thief, Failure::HotKeyRetired);
            assert_noop!(swap(OTHER, HOT_THREE, old), Failure::HotKeyRetired);
            assert_noop!(KeysPallet::pair(&OTHER, &old), Failure::HotKeyRetired);
        }
        // The owner of the latest successor decides, also after a swap of its coldkey.
        assert_ok!(KeysPallet::swap_coldkey(RuntimeOrigin::root(), OWNER, FRESH + 1, Amount::ZERO));
        assert_noop!(KeysPallet::pair(&OWNER, &HOT), Failure::HotKeyRetired);
        pair(FRESH + 1, HOT);
    });
}
