//! Stake and rate limits after swaps of coldkeys. spec staking §10.2

use super::Failure;
use crate::{
    Activities, Call, Nominations, TotalStake,
    mock::*,
    traits::{ReadStake, ReleaseStake},
};
use frame_support::{BoundedVec, assert_noop, assert_ok};
use myelin_pallet_keys::traits::{OnKeySwap, ReadKeyUse};
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO, Take};
use myelin_records::bounds::{MAX_HOTKEYS, MAX_NOMINATIONS};

const TEN: u64 = 10 * RAO_PER_TAO;

/// Returns each call of the pallet.
fn all_calls() -> Vec<crate::Call<Test>> {
    let (hotkey, amount, take) = (HOT, rao(TEN), Take::new(1));
    vec![
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
    ]
}

#[test]
fn no_call_is_possible_while_its_coldkey_is_swapped() {
    use sp_runtime::traits::Dispatchable;
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        Swapping::insert(OWNER, 0);
        for call in all_calls() {
            let call = RuntimeCall::StakingPallet(call);
            let result = call.clone().dispatch(origin(OWNER)).map_err(|refused| refused.error);
            assert_eq!(result, Err(IN_SWAP), "{call:?}");
        }
    });
}

#[test]
fn a_coldkey_with_stake_on_hotkeys_of_others_is_in_use() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN);
    builder.build_and_execute(|| {
        // Own hotkeys do not count here: the pallet of keys checks them.
        assert!(!Staking::coldkey_in_use(&OWNER) && !Staking::coldkey_in_use(&FRESH));
        assert!(Staking::coldkey_in_use(&NOMINATOR));
        assert_noop!(swap_coldkey(OTHER, NOMINATOR), ASSOCIATED);
        assert_ok!(swap_coldkey(OTHER, FRESH));
    });
}

#[test]
fn everything_moves_to_the_new_coldkey() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, TEN).staked(OWNER, HOT_TOO, 2 * TEN);
    builder.staked(OTHER, HOT_THREE, TEN).staked(OWNER, HOT_THREE, 3 * TEN).build_and_execute(|| {
        pair(OWNER, 30);
        skip(9);
        events();
        assert_ok!(swap_coldkey(OWNER, FRESH));
        assert_eq!(events(), []);
        for (hotkey, staked) in [(HOT, TEN), (HOT_TOO, 2 * TEN), (HOT_THREE, 3 * TEN)] {
            assert_eq!((stake(OWNER, hotkey), stake(FRESH, hotkey)), (0, staked));
        }
        assert_eq!((on(HOT_THREE), TotalStake::<Test>::get()), (4 * TEN, rao(7 * TEN)));
        assert!(!Nominations::<Test>::contains_key(OWNER));
        assert_eq!(Activities::<Test>::get(FRESH).last_at, Some(10));
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
        assert_ok!(swap_coldkey(OWNER, FRESH));
        assert_noop!(Staking::add_stake(origin(FRESH), HOT, rao(TEN)), Failure::StakingRateLimitExceeded);
    });
}

#[test]
fn stake_on_its_way_back_goes_to_the_new_coldkey() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(NOMINATOR, HOT, TEN).build_and_execute(|| {
        Staking::release(&HOT);
        assert_noop!(swap_coldkey(OTHER, NOMINATOR), ASSOCIATED);
        assert_ok!(swap_coldkey(NOMINATOR, FRESH));
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
        assert_ok!(swap_coldkey(OWNER, FRESH));
        let positions = Staking::positions(&FRESH);
        assert_eq!(positions.len(), usize::try_from(MAX_HOTKEYS + MAX_NOMINATIONS).unwrap());
        assert_eq!(Staking::total(), rao(u64::from(MAX_HOTKEYS + MAX_NOMINATIONS)));
    });
}

#[test]
fn the_old_coldkey_may_begin_anew() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).build_and_execute(|| {
        delegate(OWNER, HOT, 0);
        assert_ok!(swap_coldkey(OWNER, FRESH));
        assert_ok!(Balances::transfer_allow_death(origin(OTHER), OWNER, 2 * TEN));
        // The old coldkey nominates the hotkey that it once owned.
        assert_ok!(Staking::add_stake(origin(OWNER), HOT, rao(TEN)));
        assert_eq!((stake(OWNER, HOT), Nominations::<Test>::get(OWNER).len()), (TEN, 1));
        assert_eq!(Staking::weight(NetUid::ROOT, &HOT), rao(2 * TEN));
    });
}

#[test]
fn the_weight_of_a_swap_holds_all_that_a_coldkey_can_have() {
    ExtBuilder::default().build_and_execute(|| {
        let holdings = u64::from(MAX_HOTKEYS + MAX_NOMINATIONS);
        let least = <Test as frame_system::Config>::DbWeight::get().writes(2 * holdings);
        assert!(least.all_lte(Staking::coldkey_swap_weight()));
    });
}
