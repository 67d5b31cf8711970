//! Swaps of coldkeys. spec staking §10.2 and §10.3

use super::Failure;
use crate::{Call, ColdkeySwaps, Event, Identities, OwnedHotkeys, mock::*, traits::Keys, types::ColdkeyHash};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use myelin_primitives::{Amount, RAO_PER_TAO};
use myelin_records::{
    bounds::MAX_HOTKEYS,
    key::{ChainIdentity, StoredChainIdentity},
    pool_code::PoolCode,
};
use sp_runtime::{
    DispatchError,
    traits::{BlakeTwo256, Hash},
};

const TEN: u64 = 10 * RAO_PER_TAO;

fn hash(account: AccountId) -> ColdkeyHash {
    BlakeTwo256::hash_of(&account)
}

fn identity(name: &[u8]) -> StoredChainIdentity {
    ChainIdentity { name: name.to_vec(), ..ChainIdentity::default() }.bounded().unwrap()
}

/// Announces the swap to FRESH.
fn announce(who: AccountId) {
    assert_ok!(KeysPallet::announce_coldkey_swap(origin(who), hash(FRESH)));
    expect_recycled(KEY_SWAP_COST);
}

/// Swaps a coldkey by governance, at this cost.
fn swap(old: AccountId, new: AccountId, cost: u64) -> DispatchResult {
    KeysPallet::swap_coldkey(RuntimeOrigin::root(), old, new, Amount::from_rao(cost))
}

#[test]
fn an_announcement_costs_and_binds() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(KeysPallet::announce_coldkey_swap(RuntimeOrigin::none(), hash(FRESH)), DispatchError::BadOrigin);
        assert_noop!(
            KeysPallet::announce_coldkey_swap(origin(FRESH), hash(OWNER)),
            Failure::NotEnoughBalanceToPaySwapColdKey
        );
        assert_ok!(<KeysPallet as Keys<_>>::ensure_not_swapping(&OWNER));
        announce(OWNER);
        assert_eq!(burnt(), [(OWNER, KEY_SWAP_COST)]);
        let due = 1 + DELAY;
        assert_eq!(events(), [Event::ColdkeySwapAnnounced { who: OWNER, new_coldkey_hash: hash(FRESH), due }]);
        assert_eq!(free(OWNER), ENDOWMENT - KEY_SWAP_COST);
        assert_noop!(<KeysPallet as Keys<_>>::ensure_not_swapping(&OWNER), Failure::ColdkeySwapAnnounced);
    });
}

/// Returns each call of a coldkey except the four about its swap.
fn other_calls() -> Vec<Call<Test>> {
    vec![
        Call::try_associate_hotkey { hotkey: HOT },
        Call::swap_hotkey { hotkey: HOT, new_hotkey: HOT_TOO },
        Call::set_identity { identity: ChainIdentity::default() },
    ]
}

#[test]
fn nothing_else_is_possible_meanwhile() {
    use sp_runtime::traits::Dispatchable;
    ExtBuilder::default().build_and_execute(|| {
        let each_fails_with = |failure: Failure| {
            let failure = DispatchError::from(failure);
            for call in other_calls() {
                let call = RuntimeCall::KeysPallet(call);
                let result = call.clone().dispatch(origin(OWNER)).map_err(|refused| refused.error);
                assert_eq!(result, Err(failure), "{call:?}");
            }
        };
        announce(OWNER);
        each_fails_with(Failure::ColdkeySwapAnnounced);
        assert_ok!(KeysPallet::dispute_coldkey_swap(origin(OWNER)));
        each_fails_with(Failure::ColdkeySwapDisputed);
    });
}

#[test]
fn an_announcement_is_repeated_a_while_after_it_was_due() {
    ExtBuilder::default().build_and_execute(|| {
        announce(OWNER);
        skip_to_block(1 + DELAY + AGAIN - 1);
        assert_noop!(
            KeysPallet::announce_coldkey_swap(origin(OWNER), hash(OTHER)),
            Failure::ColdkeySwapReannouncedTooEarly
        );
        skip(1);
        // The repetition is free, and restarts the delay.
        events();
        assert_ok!(KeysPallet::announce_coldkey_swap(origin(OWNER), hash(OTHER)));
        assert_eq!(burnt(), []);
        assert_noop!(KeysPallet::swap_coldkey_announced(origin(OWNER), OTHER), Failure::ColdkeySwapTooEarly);
        assert_eq!(free(OWNER), ENDOWMENT - KEY_SWAP_COST);
    });
}

#[test]
fn the_checks_of_carrying_out_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        let swap = |new| KeysPallet::swap_coldkey_announced(origin(OWNER), new);
        assert_noop!(KeysPallet::swap_coldkey_announced(RuntimeOrigin::none(), FRESH), DispatchError::BadOrigin);
        assert_noop!(swap(FRESH), Failure::ColdkeySwapAnnouncementNotFound);
        announce(OWNER);
        assert_noop!(swap(OTHER), Failure::AnnouncedColdkeyHashDoesNotMatch);
        skip_to_block(DELAY);
        assert_noop!(swap(FRESH), Failure::ColdkeySwapTooEarly);
        skip_to_block(1 + DELAY);
        pair(FRESH, FRESH);
        assert_noop!(swap(FRESH), Failure::ColdKeyAlreadyAssociated);
        assert_ok!(KeysPallet::dispute_coldkey_swap(origin(OWNER)));
        assert_noop!(swap(OTHER), Failure::ColdkeySwapDisputed);
    });
}

#[test]
fn an_identity_does_not_replace_another() {
    ExtBuilder::default().build_and_execute(|| {
        Identities::<Test>::insert(OWNER, identity(b"old"));
        Identities::<Test>::insert(FRESH, identity(b"new"));
        assert_ok!(KeysPallet::swap_coldkey(RuntimeOrigin::root(), OWNER, FRESH, Amount::ZERO));
        assert_eq!(Identities::<Test>::get(FRESH), Some(identity(b"new")));
    });
}

#[test]
fn a_dispute_stops_everything_until_governance_decides() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(KeysPallet::dispute_coldkey_swap(RuntimeOrigin::none()), DispatchError::BadOrigin);
        assert_noop!(KeysPallet::dispute_coldkey_swap(origin(OWNER)), Failure::ColdkeySwapAnnouncementNotFound);
        announce(OWNER);
        events();
        assert_ok!(KeysPallet::dispute_coldkey_swap(origin(OWNER)));
        assert_eq!(events(), [Event::ColdkeySwapDisputed { coldkey: OWNER }]);
        assert_noop!(KeysPallet::dispute_coldkey_swap(origin(OWNER)), Failure::ColdkeySwapAlreadyDisputed);
        skip(2 * DELAY);
        assert_noop!(<KeysPallet as Keys<_>>::ensure_not_swapping(&OWNER), Failure::ColdkeySwapDisputed);
        let (announced, carried_out) = (hash(FRESH), FRESH);
        assert_noop!(KeysPallet::announce_coldkey_swap(origin(OWNER), announced), Failure::ColdkeySwapDisputed);
        assert_noop!(KeysPallet::swap_coldkey_announced(origin(OWNER), carried_out), Failure::ColdkeySwapDisputed);
        assert_noop!(KeysPallet::clear_coldkey_swap_announcement(origin(OWNER)), Failure::ColdkeySwapDisputed);
        assert_noop!(KeysPallet::reset_coldkey_swap(origin(OWNER), OWNER), DispatchError::BadOrigin);
        assert_ok!(KeysPallet::reset_coldkey_swap(RuntimeOrigin::root(), OWNER));
        assert_eq!(events(), [Event::ColdkeySwapReset { who: OWNER }]);
        assert_ok!(<KeysPallet as Keys<_>>::ensure_not_swapping(&OWNER));
    });
}

#[test]
fn an_announcement_is_withdrawn_a_while_after_it_was_due() {
    ExtBuilder::default().build_and_execute(|| {
        let clear = || KeysPallet::clear_coldkey_swap_announcement(origin(OWNER));
        assert_noop!(KeysPallet::clear_coldkey_swap_announcement(RuntimeOrigin::none()), DispatchError::BadOrigin);
        assert_noop!(clear(), Failure::ColdkeySwapAnnouncementNotFound);
        announce(OWNER);
        skip_to_block(1 + DELAY + AGAIN - 1);
        assert_noop!(clear(), Failure::ColdkeySwapClearTooEarly);
        skip(1);
        events();
        assert_ok!(clear());
        assert_eq!(events(), [Event::ColdkeySwapCleared { who: OWNER }]);
        assert_ok!(<KeysPallet as Keys<_>>::ensure_not_swapping(&OWNER));
    });
}

#[test]
fn the_new_coldkey_is_fresh() {
    ExtBuilder::default().paired(OWNER, HOT).build_and_execute(|| {
        UsedColdkeys::insert(NOMINATOR, ());
        assert_noop!(swap(OTHER, OWNER, 0), Failure::ColdKeyAlreadyAssociated);
        assert_noop!(swap(OTHER, NOMINATOR, 0), Failure::ColdKeyAlreadyAssociated);
        assert_noop!(swap(OTHER, OTHER, 0), Failure::ColdKeyAlreadyAssociated);
        assert_noop!(swap(OTHER, HOT, 0), Failure::NewColdKeyIsHotkey);
        assert_eq!(TimesTold::get(), 0, "a listener was told of a swap that does not happen");
        assert_ok!(swap(OTHER, FRESH, 0));
    });
}

#[test]
fn everything_moves_to_the_new_coldkey() {
    ExtBuilder::default().build_and_execute(|| {
        for hotkey in [HOT, HOT_TOO, HOT_THREE] {
            pair(OWNER, hotkey);
        }
        pair(OTHER, 30);
        let identity = identity(b"owner");
        Identities::<Test>::insert(OWNER, identity.clone());
        announce(OWNER);
        skip_to_block(1 + DELAY);
        events();
        assert_ok!(KeysPallet::swap_coldkey_announced(origin(OWNER), FRESH));
        assert_eq!(events(), [Event::ColdkeySwapped { old_coldkey: OWNER, new_coldkey: FRESH }]);
        assert_eq!(told(), [Told::Coldkey(OWNER, FRESH, vec![HOT, HOT_TOO, HOT_THREE])]);
        assert_eq!(OwnedHotkeys::<Test>::get(FRESH)[..], [HOT, HOT_TOO, HOT_THREE]);
        assert!(!OwnedHotkeys::<Test>::contains_key(OWNER));
        assert_eq!((KeysPallet::owner(&HOT), KeysPallet::owner(&30)), (Some(FRESH), Some(OTHER)));
        assert_eq!(Identities::<Test>::get(FRESH), Some(identity));
        assert_eq!((Identities::<Test>::get(OWNER), ColdkeySwaps::<Test>::get(OWNER)), (None, None));
        // The old account is gone.
        assert_eq!((free(OWNER), free(FRESH)), (0, ENDOWMENT - KEY_SWAP_COST));
        assert!(!System::account_exists(&OWNER));
    });
}

#[test]
fn a_coldkey_without_hotkeys_moves_too() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(swap(OWNER, FRESH, 0));
        assert_eq!(told(), [Told::Coldkey(OWNER, FRESH, Vec::new())]);
        assert!(!OwnedHotkeys::<Test>::contains_key(FRESH));
        assert_eq!(free(FRESH), ENDOWMENT);
    });
}

#[test]
fn a_coldkey_with_all_it_can_have_moves_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        let hotkeys: Vec<_> = (1_000..1_000 + u64::from(MAX_HOTKEYS)).collect();
        for hotkey in &hotkeys {
            pair(OWNER, *hotkey);
        }
        assert_ok!(swap(OWNER, FRESH, 0));
        assert_eq!(KeysPallet::owned(&FRESH), hotkeys);
        assert!(hotkeys.iter().all(|hotkey| KeysPallet::owner(hotkey) == Some(FRESH)));
    });
}

#[test]
fn governance_swaps_at_once_and_may_charge() {
    ExtBuilder::default().build_and_execute(|| {
        let (amount, all) = (Amount::from_rao(TEN), Amount::from_rao(ENDOWMENT));
        assert_noop!(KeysPallet::swap_coldkey(origin(OWNER), OWNER, FRESH, amount), DispatchError::BadOrigin);
        assert_noop!(
            KeysPallet::swap_coldkey(RuntimeOrigin::root(), OWNER, FRESH, all),
            Failure::NotEnoughBalanceToPaySwapColdKey
        );
        announce(OWNER);
        assert_ok!(KeysPallet::dispute_coldkey_swap(origin(OWNER)));
        assert_ok!(swap(OWNER, FRESH, TEN));
        expect_recycled(TEN);
        assert_eq!(free(FRESH), ENDOWMENT - KEY_SWAP_COST - TEN);
        assert_eq!(ColdkeySwaps::<Test>::get(OWNER), None);
    });
}

#[test]
fn a_listener_that_fails_undoes_the_whole_call() {
    ExtBuilder::default().paired(OWNER, HOT).build_and_execute(|| {
        Identities::<Test>::insert(OWNER, identity(b"owner"));
        announce(OWNER);
        skip_to_block(1 + DELAY);
        RefuseSwaps::put(true);
        assert_noop!(swap(OWNER, FRESH, TEN), SWAP_REFUSED);
        assert_noop!(KeysPallet::swap_coldkey_announced(origin(OWNER), FRESH), SWAP_REFUSED);
        assert_eq!(TimesTold::get(), 2, "the listener before it had moved everything");
        assert_eq!((free(OWNER), free(FRESH)), (ENDOWMENT - KEY_SWAP_COST, 0));
        assert_eq!(KeysPallet::owner(&HOT), Some(OWNER));
        assert!(ColdkeySwaps::<Test>::contains_key(OWNER));
    });
}

#[test]
fn the_lock_has_a_number_for_the_transaction_pool() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(KeysPallet::swap_code(&OWNER), None);
        announce(OWNER);
        assert_eq!(KeysPallet::swap_code(&OWNER), Some(PoolCode::ColdkeySwapAnnounced));
        assert_ok!(KeysPallet::dispute_coldkey_swap(origin(OWNER)));
        assert_eq!(
            (KeysPallet::swap_code(&OWNER), KeysPallet::swap_code(&OTHER)),
            (Some(PoolCode::ColdkeySwapDisputed), None)
        );
    });
}

#[test]
fn the_old_coldkey_may_begin_anew() {
    ExtBuilder::default().paired(OWNER, HOT).build_and_execute(|| {
        announce(OWNER);
        assert_ok!(swap(OWNER, FRESH, 0));
        assert_ok!(<KeysPallet as Keys<_>>::ensure_not_swapping(&OWNER));
        assert_ok!(Balances::transfer_allow_death(origin(OTHER), OWNER, TEN));
        assert_ok!(KeysPallet::try_associate_hotkey(origin(OWNER), HOT_TOO));
        assert_eq!((KeysPallet::owned(&OWNER), KeysPallet::owned(&FRESH)), (vec![HOT_TOO], vec![HOT]));
    });
}
