//! Coldkeys that are swapped. spec staking §10.2 and §10.3

use super::Failure;
use crate::{
    Activities, ColdkeySwaps, Event, Identities, Nominations, OwnedHotkeys, TotalStake,
    mock::*,
    traits::{ReadStake, ReleaseStake},
    types::{ChainIdentity, ColdkeyHash, MAX_HOTKEYS, MAX_NOMINATIONS, StoredChainIdentity},
};
use frame_support::{BoundedVec, assert_noop, assert_ok};
use myelin_pallet_subnets::traits::Keys;
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO, Take};
use sp_runtime::{
    DispatchError,
    traits::{BlakeTwo256, Hash},
};

const TEN: u64 = 10 * RAO_PER_TAO;
const DELAY: u32 = 36_000;
const AGAIN: u32 = 7_200;

fn hash(account: AccountId) -> ColdkeyHash {
    BlakeTwo256::hash_of(&account)
}

fn identity(name: &[u8]) -> StoredChainIdentity {
    ChainIdentity { name: name.to_vec(), ..ChainIdentity::default() }.bounded().unwrap()
}

/// Announces the swap to FRESH.
fn announce(who: AccountId) {
    assert_ok!(Staking::announce_coldkey_swap(origin(who), hash(FRESH)));
    expect_recycled(KEY_SWAP_COST);
}

#[test]
fn an_announcement_costs_and_binds() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Staking::announce_coldkey_swap(RuntimeOrigin::none(), hash(FRESH)), DispatchError::BadOrigin);
        assert_noop!(
            Staking::announce_coldkey_swap(origin(FRESH), hash(OWNER)),
            Failure::NotEnoughBalanceToPaySwapColdKey
        );
        assert_ok!(<Staking as Keys<_>>::ensure_not_swapping(&OWNER));
        announce(OWNER);
        let due = 1 + DELAY;
        assert_eq!(events(), [Event::ColdkeySwapAnnounced { who: OWNER, new_coldkey_hash: hash(FRESH), due }]);
        assert_eq!(free(OWNER), ENDOWMENT - KEY_SWAP_COST);
        assert_noop!(<Staking as Keys<_>>::ensure_not_swapping(&OWNER), Failure::ColdkeySwapAnnounced);
    });
}

/// Every call of a coldkey that is none of the four about its swap.
fn other_calls() -> Vec<crate::Call<Test>> {
    use crate::Call;
    let (hotkey, amount, take) = (HOT, rao(TEN), Take::new(1));
    vec![
        Call::try_associate_hotkey { hotkey },
        Call::add_stake { hotkey, amount },
        Call::remove_stake { hotkey, amount },
        Call::unstake_all { hotkey },
        Call::move_stake { origin_hotkey: hotkey, destination_hotkey: HOT_TOO, amount },
        Call::transfer_stake { destination_coldkey: OTHER, hotkey, amount },
        Call::become_delegate { hotkey },
        Call::increase_take { hotkey, take },
        Call::decrease_take { hotkey, take },
        Call::set_children { hotkey, netuid: SUBNET, children: BoundedVec::new() },
        Call::set_childkey_take { hotkey, netuid: SUBNET, take },
        Call::root_register { hotkey },
        Call::set_identity { identity: ChainIdentity::default() },
    ]
}

#[test]
fn nothing_else_is_possible_meanwhile() {
    use sp_runtime::traits::Dispatchable;
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        let each_fails_with = |failure: Failure| {
            let failure = DispatchError::from(failure);
            for call in other_calls() {
                let call = RuntimeCall::StakingPallet(call);
                let result = call.clone().dispatch(origin(OWNER)).map_err(|refused| refused.error);
                assert_eq!(result, Err(failure), "{call:?}");
            }
        };
        announce(OWNER);
        each_fails_with(Failure::ColdkeySwapAnnounced);
        assert_ok!(Staking::dispute_coldkey_swap(origin(OWNER)));
        each_fails_with(Failure::ColdkeySwapDisputed);
    });
}

#[test]
fn an_announcement_is_repeated_a_while_after_it_was_due() {
    ExtBuilder::default().build_and_execute(|| {
        announce(OWNER);
        skip_to_block(1 + DELAY + AGAIN - 1);
        assert_noop!(
            Staking::announce_coldkey_swap(origin(OWNER), hash(OTHER)),
            Failure::ColdkeySwapReannouncedTooEarly
        );
        skip(1);
        // Free of charge, and with another delay.
        assert_ok!(Staking::announce_coldkey_swap(origin(OWNER), hash(OTHER)));
        assert_noop!(Staking::swap_coldkey_announced(origin(OWNER), OTHER), Failure::ColdkeySwapTooEarly);
        assert_eq!(free(OWNER), ENDOWMENT - KEY_SWAP_COST);
    });
}

#[test]
fn the_checks_of_carrying_out_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        let swap = |new| Staking::swap_coldkey_announced(origin(OWNER), new);
        assert_noop!(Staking::swap_coldkey_announced(RuntimeOrigin::none(), FRESH), DispatchError::BadOrigin);
        assert_noop!(swap(FRESH), Failure::ColdkeySwapAnnouncementNotFound);
        announce(OWNER);
        assert_noop!(swap(OTHER), Failure::AnnouncedColdkeyHashDoesNotMatch);
        skip_to_block(DELAY);
        assert_noop!(swap(FRESH), Failure::ColdkeySwapTooEarly);
        skip_to_block(1 + DELAY);
        pair(FRESH, FRESH);
        assert_noop!(swap(FRESH), Failure::ColdKeyAlreadyAssociated);
        assert_ok!(Staking::dispute_coldkey_swap(origin(OWNER)));
        assert_noop!(swap(OTHER), Failure::ColdkeySwapDisputed);
    });
}

#[test]
fn the_new_coldkey_is_fresh() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN);
    builder.build_and_execute(|| {
        let swap = |new| Staking::swap_coldkey(RuntimeOrigin::root(), OTHER, new, Amount::ZERO);
        assert_noop!(swap(OWNER), Failure::ColdKeyAlreadyAssociated);
        assert_noop!(swap(NOMINATOR), Failure::ColdKeyAlreadyAssociated);
        assert_noop!(swap(OTHER), Failure::ColdKeyAlreadyAssociated);
        assert_noop!(swap(HOT), Failure::NewColdKeyIsHotkey);
        assert_ok!(swap(FRESH));
    });
}

#[test]
fn everything_moves_to_the_new_coldkey() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, TEN).staked(OWNER, HOT_TOO, 2 * TEN);
    builder.staked(OTHER, HOT_THREE, TEN).staked(OWNER, HOT_THREE, 3 * TEN).build_and_execute(|| {
        pair(OWNER, 30);
        let identity = identity(b"owner");
        Identities::<Test>::insert(OWNER, identity.clone());
        announce(OWNER);
        skip_to_block(1 + DELAY);
        events();
        assert_ok!(Staking::swap_coldkey_announced(origin(OWNER), FRESH));
        assert_eq!(events(), [Event::ColdkeySwapped { old_coldkey: OWNER, new_coldkey: FRESH }]);
        assert_eq!(told(), [Told::Coldkey(OWNER, FRESH)]);
        for (hotkey, staked) in [(HOT, TEN), (HOT_TOO, 2 * TEN), (HOT_THREE, 3 * TEN)] {
            assert_eq!((stake(OWNER, hotkey), stake(FRESH, hotkey)), (0, staked));
        }
        assert_eq!((on(HOT_THREE), TotalStake::<Test>::get()), (4 * TEN, rao(7 * TEN)));
        assert_eq!(OwnedHotkeys::<Test>::get(FRESH)[..], [HOT, HOT_TOO, 30]);
        assert!(!OwnedHotkeys::<Test>::contains_key(OWNER) && !Nominations::<Test>::contains_key(OWNER));
        assert_eq!((Staking::owner(&HOT), Staking::owner(&HOT_THREE)), (Some(FRESH), Some(OTHER)));
        assert_eq!(Identities::<Test>::get(FRESH), Some(identity));
        assert_eq!((Identities::<Test>::get(OWNER), ColdkeySwaps::<Test>::get(OWNER)), (None, None));
        // The old account is gone.
        assert_eq!((free(OWNER), free(FRESH)), (0, ENDOWMENT - KEY_SWAP_COST));
        assert!(!System::account_exists(&OWNER));
        assert_eq!(Activities::<Test>::get(FRESH).last_at, Some(1 + DELAY));
        assert_eq!(Activities::<Test>::get(OWNER).last_at, None);
        // The new owner earns.
        assert_ok!(pay(SUBNET, HOT, TEN, 0));
        assert_eq!(stake(FRESH, HOT), 2 * TEN);
    });
}

#[test]
fn operation_limits_move_too() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        assert_ok!(Staking::add_stake(origin(OWNER), HOT, rao(TEN)));
        assert_ok!(Staking::swap_coldkey(RuntimeOrigin::root(), OWNER, FRESH, Amount::ZERO));
        assert_noop!(Staking::add_stake(origin(FRESH), HOT, rao(TEN)), Failure::StakingRateLimitExceeded);
    });
}

#[test]
fn an_identity_does_not_replace_another() {
    ExtBuilder::default().build_and_execute(|| {
        Identities::<Test>::insert(OWNER, identity(b"old"));
        Identities::<Test>::insert(FRESH, identity(b"new"));
        assert_ok!(Staking::swap_coldkey(RuntimeOrigin::root(), OWNER, FRESH, Amount::ZERO));
        assert_eq!(Identities::<Test>::get(FRESH), Some(identity(b"new")));
    });
}

#[test]
fn stake_on_its_way_back_goes_to_the_new_coldkey() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN).build_and_execute(|| {
        Staking::release(&HOT);
        assert_noop!(
            Staking::swap_coldkey(RuntimeOrigin::root(), OTHER, NOMINATOR, Amount::ZERO),
            Failure::ColdKeyAlreadyAssociated
        );
        assert_ok!(Staking::swap_coldkey(RuntimeOrigin::root(), NOMINATOR, FRESH, Amount::ZERO));
        next_block();
        assert_eq!((free(NOMINATOR), free(FRESH)), (0, ENDOWMENT + TEN));
    });
}

#[test]
fn a_coldkey_with_all_it_can_have_moves_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        LeastStake::set(Amount::ZERO);
        for index in 0..u64::from(MAX_HOTKEYS) {
            pair(OWNER, 1_000 + index);
            assert_ok!(Staking::add_stake(origin(OWNER), 1_000 + index, rao(1)));
        }
        for index in 0..u64::from(MAX_NOMINATIONS) {
            delegate(5_000 + index, 2_000 + index, 0);
            assert_ok!(Staking::add_stake(origin(OWNER), 2_000 + index, rao(1)));
        }
        assert_ok!(Staking::swap_coldkey(RuntimeOrigin::root(), OWNER, FRESH, Amount::ZERO));
        let positions = Staking::positions(&FRESH);
        assert_eq!(positions.len(), usize::try_from(MAX_HOTKEYS + MAX_NOMINATIONS).unwrap());
        assert_eq!(Staking::total(), rao(u64::from(MAX_HOTKEYS + MAX_NOMINATIONS)));
    });
}

#[test]
fn a_dispute_stops_everything_until_governance_decides() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Staking::dispute_coldkey_swap(RuntimeOrigin::none()), DispatchError::BadOrigin);
        assert_noop!(Staking::dispute_coldkey_swap(origin(OWNER)), Failure::ColdkeySwapAnnouncementNotFound);
        announce(OWNER);
        events();
        assert_ok!(Staking::dispute_coldkey_swap(origin(OWNER)));
        assert_eq!(events(), [Event::ColdkeySwapDisputed { coldkey: OWNER }]);
        assert_noop!(Staking::dispute_coldkey_swap(origin(OWNER)), Failure::ColdkeySwapAlreadyDisputed);
        skip(2 * DELAY);
        assert_noop!(<Staking as Keys<_>>::ensure_not_swapping(&OWNER), Failure::ColdkeySwapDisputed);
        let (announced, carried_out) = (hash(FRESH), FRESH);
        assert_noop!(Staking::announce_coldkey_swap(origin(OWNER), announced), Failure::ColdkeySwapDisputed);
        assert_noop!(Staking::swap_coldkey_announced(origin(OWNER), carried_out), Failure::ColdkeySwapDisputed);
        assert_noop!(Staking::clear_coldkey_swap_announcement(origin(OWNER)), Failure::ColdkeySwapDisputed);
        assert_noop!(Staking::reset_coldkey_swap(origin(OWNER), OWNER), DispatchError::BadOrigin);
        assert_ok!(Staking::reset_coldkey_swap(RuntimeOrigin::root(), OWNER));
        assert_eq!(events(), [Event::ColdkeySwapReset { who: OWNER }]);
        assert_ok!(<Staking as Keys<_>>::ensure_not_swapping(&OWNER));
    });
}

#[test]
fn an_announcement_is_withdrawn_a_while_after_it_was_due() {
    ExtBuilder::default().build_and_execute(|| {
        let clear = || Staking::clear_coldkey_swap_announcement(origin(OWNER));
        assert_noop!(Staking::clear_coldkey_swap_announcement(RuntimeOrigin::none()), DispatchError::BadOrigin);
        assert_noop!(clear(), Failure::ColdkeySwapAnnouncementNotFound);
        announce(OWNER);
        skip_to_block(1 + DELAY + AGAIN - 1);
        assert_noop!(clear(), Failure::ColdkeySwapClearTooEarly);
        skip(1);
        events();
        assert_ok!(clear());
        assert_eq!(events(), [Event::ColdkeySwapCleared { who: OWNER }]);
        assert_ok!(<Staking as Keys<_>>::ensure_not_swapping(&OWNER));
    });
}

#[test]
fn governance_swaps_at_once_and_may_charge() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        let swap = |who, cost| Staking::swap_coldkey(who, OWNER, FRESH, rao(cost));
        assert_noop!(swap(origin(OWNER), 0), DispatchError::BadOrigin);
        assert_noop!(swap(RuntimeOrigin::root(), ENDOWMENT), Failure::NotEnoughBalanceToPaySwapColdKey);
        announce(OWNER);
        assert_ok!(Staking::dispute_coldkey_swap(origin(OWNER)));
        assert_ok!(swap(RuntimeOrigin::root(), TEN));
        expect_recycled(TEN);
        assert_eq!((free(FRESH), stake(FRESH, HOT)), (ENDOWMENT - KEY_SWAP_COST - TEN, TEN));
        assert_eq!(ColdkeySwaps::<Test>::get(OWNER), None);
    });
}

#[test]
fn a_swap_that_others_refuse_does_not_happen() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        RefuseSwaps::put(true);
        assert_noop!(Staking::swap_coldkey(RuntimeOrigin::root(), OWNER, FRESH, Amount::ZERO), SWAP_REFUSED);
    });
}

#[test]
fn the_old_coldkey_may_begin_anew() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        delegate(OWNER, HOT, 0);
        assert_ok!(Staking::swap_coldkey(RuntimeOrigin::root(), OWNER, FRESH, Amount::ZERO));
        assert_ok!(Balances::transfer_allow_death(origin(OTHER), OWNER, 2 * TEN));
        // A nominator of the hotkey that it once owned.
        assert_ok!(Staking::add_stake(origin(OWNER), HOT, rao(TEN)));
        assert_eq!((stake(OWNER, HOT), Nominations::<Test>::get(OWNER).len()), (TEN, 1));
        assert_eq!(Staking::weight(NetUid::ROOT, &HOT), rao(2 * TEN));
    });
}
