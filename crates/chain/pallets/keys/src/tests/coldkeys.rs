//! Swaps of coldkeys. spec staking §10.2 and §10.3

use super::Failure;
use crate::{
    Announced, Call, ColdkeySwaps, Event, Identities, OwnedHotkeys, TotalEscrowed,
    mock::*,
    traits::{IssuanceTerm, Keys},
    types::ColdkeyHash,
};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{CheckIfFeeless, DispatchResult},
    traits::{
        LockableCurrency, ReservableCurrency, WithdrawReasons,
        fungible::Inspect,
        tokens::{Fortitude, Preservation},
    },
};
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
        assert_eq!(free(OWNER), EXISTENTIAL_DEPOSIT);
        assert_eq!(<KeysPallet as IssuanceTerm>::amount().rao(), ENDOWMENT - KEY_SWAP_COST - EXISTENTIAL_DEPOSIT);
        assert_noop!(<KeysPallet as Keys<_>>::ensure_not_swapping(&OWNER), Failure::ColdkeySwapAnnounced);
    });
}

#[test]
fn tao_that_others_froze_moves_with_the_coldkey() {
    ExtBuilder::default().build_and_execute(|| {
        // A lock, as that of a vote. It refers to the account, which so keeps the existential deposit.
        Balances::set_lock(*b"of votes", &OWNER, ENDOWMENT, WithdrawReasons::all());
        assert_eq!(Balances::reducible_balance(&OWNER, Preservation::Expendable, Fortitude::Polite), 0);
        assert_ok!(swap(OWNER, FRESH, 0));
        assert_eq!((free(FRESH), free(OWNER)), (ENDOWMENT - EXISTENTIAL_DEPOSIT, EXISTENTIAL_DEPOSIT));
    });
}

#[test]
fn what_arrives_during_a_swap_is_frozen() {
    ExtBuilder::default().build_and_execute(|| {
        announce(OWNER);
        assert_ok!(Balances::transfer_allow_death(origin(OTHER), OWNER, TEN));
        assert_eq!(free(OWNER), EXISTENTIAL_DEPOSIT + TEN);
        assert_eq!(Balances::reducible_balance(&OWNER, Preservation::Expendable, Fortitude::Polite), 0);
        assert!(Balances::transfer_allow_death(origin(OWNER), OTHER, 1).is_err());
        // A repetition takes it into escrow.
        skip_to_block(1 + DELAY + AGAIN);
        assert_ok!(KeysPallet::announce_coldkey_swap(origin(OWNER), hash(FRESH)));
        assert_eq!(free(OWNER), EXISTENTIAL_DEPOSIT);
        skip(DELAY);
        assert_ok!(KeysPallet::swap_coldkey_announced(origin(OWNER), FRESH));
        assert_eq!((free(OWNER), free(FRESH)), (0, ENDOWMENT - KEY_SWAP_COST + TEN));
        assert_eq!(TotalEscrowed::<Test>::get(), Amount::ZERO);
    });
}

#[test]
fn the_escrow_returns_when_the_swap_is_withdrawn_or_reset() {
    ExtBuilder::default().build_and_execute(|| {
        let mut had = ENDOWMENT;
        for by_governance in [false, true] {
            announce(OWNER);
            had -= KEY_SWAP_COST;
            skip(DELAY + AGAIN);
            if by_governance {
                assert_ok!(KeysPallet::reset_coldkey_swap(RuntimeOrigin::root(), OWNER));
            } else {
                assert_ok!(KeysPallet::clear_coldkey_swap_announcement(origin(OWNER)));
            }
            assert_eq!(free(OWNER), had);
            assert_ok!(Balances::transfer_allow_death(origin(OWNER), OTHER, RAO_PER_TAO));
            had -= RAO_PER_TAO;
            assert_eq!(Announced::<Test>::iter().count(), 0);
        }
    });
}

#[test]
fn an_announced_account_is_reserved() {
    ExtBuilder::default().build_and_execute(|| {
        announce(OWNER);
        assert_noop!(KeysPallet::announce_coldkey_swap(origin(OTHER), hash(FRESH)), Failure::ColdkeyReserved);
        assert_noop!(KeysPallet::try_associate_hotkey(origin(OTHER), FRESH, None), Failure::ColdkeyReserved);
        assert_noop!(KeysPallet::pair(&FRESH, &HOT), Failure::ColdkeyReserved);
        assert_noop!(<KeysPallet as Keys<_>>::ensure_not_reserved(&FRESH), Failure::ColdkeyReserved);
        pair(OTHER, HOT);
        assert_noop!(KeysPallet::swap_hotkey(origin(OTHER), HOT, FRESH, None), Failure::ColdkeyReserved);
        assert_noop!(swap(OTHER, FRESH, 0), Failure::ColdkeyReserved);
        // Another hash sets the account free.
        skip(DELAY + AGAIN);
        assert_ok!(KeysPallet::announce_coldkey_swap(origin(OWNER), hash(HOT_TOO)));
        pair(OTHER, FRESH);
        assert_noop!(<KeysPallet as Keys<_>>::ensure_not_reserved(&HOT_TOO), Failure::ColdkeyReserved);
        skip(DELAY);
        assert_ok!(KeysPallet::swap_coldkey_announced(origin(OWNER), HOT_TOO));
    });
}

#[test]
fn a_hash_reserves_no_account_that_is_in_use() {
    ExtBuilder::default().paired(OTHER, HOT).build_and_execute(|| {
        for used in [OTHER, HOT] {
            announce(OWNER);
            ColdkeySwaps::<Test>::mutate_extant(OWNER, |swap| {
                Announced::<Test>::remove(swap.new_coldkey_hash);
                swap.new_coldkey_hash = hash(used);
            });
            Announced::<Test>::insert(hash(used), OWNER);
            assert_ok!(<KeysPallet as Keys<_>>::ensure_not_reserved(&used));
            assert_ok!(KeysPallet::reset_coldkey_swap(RuntimeOrigin::root(), OWNER));
        }
    });
}

#[test]
fn a_swap_stays_due_until_it_ends() {
    ExtBuilder::default().build_and_execute(|| {
        announce(OWNER);
        skip(DELAY + 50_000);
        assert_ok!(KeysPallet::swap_coldkey_announced(origin(OWNER), FRESH));
    });
}

#[test]
fn what_cannot_open_the_new_account_stays() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Balances::reserve(&OWNER, RAO_PER_TAO));
        let rest = 900;
        assert_ok!(Balances::transfer_keep_alive(origin(OWNER), OTHER, ENDOWMENT - RAO_PER_TAO - rest));
        assert_ok!(swap(OWNER, FRESH, 0));
        assert_eq!((free(OWNER), free(FRESH)), (rest, 0));
        assert_eq!(told(), [Told::Coldkey(OWNER, FRESH, Vec::new())]);
    });
}

#[test]
fn calls_about_a_swap_are_free_during_it_and_checked_before() {
    ExtBuilder::default().build_and_execute(|| {
        let again = || Call::<Test>::announce_coldkey_swap { new_coldkey_hash: hash(FRESH) };
        let execute = || Call::<Test>::swap_coldkey_announced { new_coldkey: FRESH };
        let (dispute, clear) =
            (|| Call::<Test>::dispute_coldkey_swap {}, || Call::<Test>::clear_coldkey_swap_announcement {});
        let calls = || [again(), execute(), dispute(), clear()];
        let free_ones = |who| calls().map(|call| call.is_feeless(&origin(who)));
        assert_eq!(free_ones(OWNER), [false; 4]);
        announce(OWNER);
        assert_eq!((free_ones(OWNER), free_ones(OTHER)), ([true; 4], [false; 4]));
        let passing = || calls().map(|call| KeysPallet::check_free_call(&OWNER, &call).is_ok());
        assert_eq!(passing(), [false, false, true, false]);
        skip(DELAY);
        assert_eq!(passing(), [false, true, true, false]);
        skip(AGAIN);
        assert_eq!(passing(), [true; 4]);
        UsedColdkeys::insert(FRESH, ());
        assert_eq!(passing(), [true, false, true, true]);
        assert_ok!(KeysPallet::dispute_coldkey_swap(origin(OWNER)));
        assert_eq!(passing(), [false; 4]);
    });
}

/// Returns each call of a coldkey except the four about its swap.
fn other_calls() -> Vec<Call<Test>> {
    vec![
        Call::try_associate_hotkey { hotkey: HOT, consent: None },
        Call::swap_hotkey { hotkey: HOT, new_hotkey: HOT_TOO, consent: None },
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
        assert_eq!(<KeysPallet as IssuanceTerm>::amount().rao(), ENDOWMENT - KEY_SWAP_COST - EXISTENTIAL_DEPOSIT);
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
        UsedColdkeys::insert(FRESH, ());
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
        assert_eq!((free(OWNER), free(FRESH)), (EXISTENTIAL_DEPOSIT, 0));
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
        pair(OWNER, HOT_TOO);
        assert_eq!((KeysPallet::owned(&OWNER), KeysPallet::owned(&FRESH)), (vec![HOT_TOO], vec![HOT]));
    });
}
