//! Each invariant detects its broken state.

use crate::{Announced, FreezeReason, OwnedHotkeys, Owners, Successors, TotalEscrowed, mock::*};
use frame_support::{
    assert_ok,
    storage::with_transaction,
    traits::fungible::{InspectFreeze, MutateFreeze},
};
use myelin_primitives::{Amount, RAO_PER_TAO};
use sp_runtime::{
    BoundedVec, DispatchError, TransactionOutcome,
    traits::{BlakeTwo256, Hash},
};

const HOTKEY: AccountId = 31;

/// Returns the error of the invariants after `harm`, and undoes the harm.
///
/// OWNER has a hotkey, and announced a swap to FRESH.
fn after(harm: impl FnOnce()) -> DispatchError {
    let mut answer = Ok(());
    ExtBuilder::default().paired(OWNER, HOTKEY).build_and_execute(|| {
        assert_ok!(KeysPallet::announce_coldkey_swap(origin(OWNER), BlakeTwo256::hash_of(&FRESH)));
        expect_recycled(KEY_SWAP_COST);
        answer = with_transaction(|| {
            harm();
            TransactionOutcome::Rollback(KeysPallet::do_try_state())
        });
    });
    answer.expect_err("the harm is noticed")
}

fn broken(what: &'static str) -> DispatchError {
    DispatchError::Other(what)
}

#[test]
fn hotkeys_are_listed_under_their_owner_and_have_no_successor() {
    let list = |hotkeys: &[AccountId]| {
        OwnedHotkeys::<Test>::insert(OTHER, BoundedVec::truncate_from(hotkeys.to_vec()));
    };
    assert_eq!(after(|| list(&[])), broken("a coldkey without hotkeys has a list of them"));
    assert_eq!(after(|| list(&[HOTKEY])), broken("a listed hotkey has another owner"));
    let twice = || OwnedHotkeys::<Test>::insert(OWNER, BoundedVec::truncate_from(vec![HOTKEY, HOTKEY]));
    assert_eq!(after(twice), broken("a hotkey is listed twice"));
    let unlisted = || Owners::<Test>::insert(FRESH, OTHER);
    assert_eq!(after(unlisted), broken("a hotkey is not listed under its owner"));
    assert_eq!(after(|| Successors::<Test>::insert(HOTKEY, FRESH)), broken("a hotkey has a successor"));
}

#[test]
fn a_swap_reserves_an_account_and_freezes_another() {
    let hash = BlakeTwo256::hash_of(&FRESH);
    assert_eq!(after(|| Announced::<Test>::remove(hash)), broken("a swap reserves no account"));
    assert_eq!(after(|| Announced::<Test>::insert(hash, OTHER)), broken("a swap reserves no account"));
    let other = BlakeTwo256::hash_of(&OTHER);
    assert_eq!(after(|| Announced::<Test>::insert(other, OTHER)), broken("an account is reserved without a swap"));
    let reason = FreezeReason::Swap.into();
    let not_frozen = broken("a coldkey under swap is not frozen");
    let thawed = || {
        assert_ok!(Balances::thaw(&reason, &OWNER));
    };
    assert_eq!(after(thawed), not_frozen);
    let in_part = || {
        assert_ok!(Balances::set_freeze(&reason, &OWNER, RAO_PER_TAO));
        assert_eq!(Balances::balance_frozen(&reason, &OWNER), RAO_PER_TAO);
    };
    assert_eq!(after(in_part), not_frozen);
}

#[test]
fn the_total_escrow_is_the_sum_of_escrows() {
    let change = |change: fn(u64) -> u64| {
        let total = TotalEscrowed::<Test>::get().rao();
        TotalEscrowed::<Test>::put(Amount::from_rao(change(total)));
    };
    let wrong = broken("the total escrow is not the sum of escrows");
    assert_eq!(after(|| change(|total| total - 1)), wrong);
    assert_eq!(after(|| change(|total| total + 1)), wrong);
}
