//! Seats on root. spec staking §7

use super::Failure;
use crate::{Event, mock::*, traits::ReadStake};
use frame_support::{assert_noop, assert_ok, storage::with_storage_layer};
use myelin_pallet_keys::traits::Keys;
use myelin_primitives::{NetUid, RAO_PER_TAO, Take};
use myelin_records::subnet::LaunchPhase;
use sp_runtime::DispatchError;

const MAX: Take = Take::new(11_796);

fn register(coldkey: AccountId, hotkey: AccountId) -> Result<(), DispatchError> {
    // The pair is made first. It is gone if the registration fails.
    with_storage_layer(|| {
        if owner(hotkey).is_none() {
            Tables::pair(&coldkey, &hotkey)?;
        }
        Staking::root_register(origin(coldkey), hotkey)
    })
}

#[test]
fn a_member_of_root_is_a_delegate() {
    ExtBuilder::default().build_and_execute(|| {
        events();
        assert_ok!(register(OWNER, HOT));
        assert_eq!(RootMembers::get(), [HOT]);
        assert_eq!(events(), [Event::DelegateAdded { coldkey: OWNER, hotkey: HOT, take: MAX }]);
        assert_eq!(owner(HOT), Some(OWNER));
    });
}

#[test]
fn who_is_a_delegate_keeps_its_take() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(OWNER, HOT, 7);
        events();
        assert_ok!(register(OWNER, HOT));
        assert_eq!(Staking::take(&HOT), Some(Take::new(7)));
        assert_eq!(events(), []);
    });
}

#[test]
fn root_is_closed_in_the_launch_phase() {
    ExtBuilder::default().build_and_execute(|| {
        let now = Staking::now();
        let phase = |ends_at| LaunchPhase { opens_at: 0, ends_at, least_seats: 0 };
        Launch::put(phase(now + 1));
        assert_noop!(register(OWNER, HOT), Failure::LaunchPhase);
        Launch::put(phase(now));
        assert_ok!(register(OWNER, HOT));
    });
}

#[test]
fn the_checks_come_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(Staking::root_register(RuntimeOrigin::none(), HOT), DispatchError::BadOrigin);
        pair(OWNER, HOT);
        RootIsCrowded::put(true);
        assert_noop!(register(OTHER, HOT), CROWDED);
        RootIsCrowded::put(false);
        RootMembers::put(vec![HOT]);
        assert_noop!(register(OTHER, HOT), ON_ROOT_ALREADY);
        RootMembers::kill();
        RootBurn::put(ENDOWMENT);
        assert_noop!(register(OTHER, HOT), Failure::NotEnoughBalanceToStake);
        RootBurn::kill();
        // The owner is checked before the stake.
        set_parameters(NetUid::ROOT, |root| root.max_allowed_uids = 0);
        assert_noop!(register(OTHER, HOT), NOT_YOURS);
        assert_noop!(Staking::root_register(origin(OWNER), FRESH), NOT_YOURS);
        assert_noop!(register(OWNER, HOT), Failure::StakeTooLowForRoot);
        end_network(NetUid::ROOT);
        assert_noop!(register(OWNER, HOT), NO_ROOT);
    });
}

#[test]
fn a_seat_on_root_recycles_its_burn() {
    ExtBuilder::default().build_and_execute(|| {
        let most = ENDOWMENT - EXISTENTIAL_DEPOSIT;
        RootBurn::put(most + 1);
        assert_noop!(register(OWNER, HOT), Failure::NotEnoughBalanceToStake);
        RootBurn::put(most);
        let burnt = || {
            System::events().iter().any(|record| {
                let burned = pallet_balances::Event::Burned { who: OWNER, amount: most };
                record.event == RuntimeEvent::Balances(burned)
            })
        };
        assert_ok!(register(OWNER, HOT));
        expect_recycled(most);
        assert!(burnt());
        assert_eq!(free(OWNER), EXISTENTIAL_DEPOSIT);
        // A seat that is not taken costs nothing.
        set_parameters(NetUid::ROOT, |root| root.max_allowed_uids = 1);
        RootBurn::put(5);
        assert_noop!(register(OTHER, HOT_TOO), Failure::StakeTooLowForRoot);
    });
}

#[test]
fn stake_decides_who_sits_on_a_full_root() {
    let hotkeys = |range: core::ops::Range<u64>| range.map(|index| 1_000 + index);
    let mut builder = ExtBuilder::default();
    for (index, hotkey) in hotkeys(0..128).enumerate() {
        builder = builder.staked(hotkey + 1_000, hotkey, 1_000 + u64::try_from(index).unwrap());
    }
    builder.build_and_execute(|| {
        let coldkey = |hotkey| hotkey + 1_000;
        for hotkey in hotkeys(0..64) {
            assert_ok!(register(coldkey(hotkey), hotkey));
        }
        for (index, hotkey) in hotkeys(64..128).enumerate() {
            assert_ok!(register(coldkey(hotkey), hotkey));
            // The member with the least stake made room, and its stake was returned.
            assert_eq!(RootMembers::get()[index], hotkey);
            let leaving = 1_000 + u64::try_from(index).unwrap();
            assert_eq!((on(leaving), free(coldkey(leaving))), (0, leaving));
        }
        assert_eq!(RootMembers::get(), hotkeys(64..128).collect::<Vec<_>>());
        for hotkey in hotkeys(0..64) {
            assert_noop!(register(coldkey(hotkey), hotkey), Failure::StakeTooLowForRoot);
        }
    });
}

#[test]
fn equal_stake_does_not_displace_and_the_lowest_seat_goes_first() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 5).staked(OWNER, HOT_TOO, 5);
    builder.staked(OTHER, HOT_THREE, 5).build_and_execute(|| {
        set_parameters(NetUid::ROOT, |root| root.max_allowed_uids = 2);
        assert_ok!(register(OWNER, HOT));
        assert_ok!(register(OWNER, HOT_TOO));
        assert_noop!(register(OTHER, HOT_THREE), Failure::StakeTooLowForRoot);
        assert_ok!(Staking::add_stake(origin(OTHER), HOT_THREE, rao(RAO_PER_TAO)));
        assert_ok!(register(OTHER, HOT_THREE));
        assert_eq!(RootMembers::get(), [HOT_THREE, HOT_TOO]);
    });
}

#[test]
fn nominations_count() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 100).staked(OTHER, HOT_TOO, 60);
    builder.staked(NOMINATOR, HOT_TOO, 60).build_and_execute(|| {
        set_parameters(NetUid::ROOT, |root| root.max_allowed_uids = 1);
        assert_ok!(register(OWNER, HOT));
        assert_ok!(register(OTHER, HOT_TOO));
        assert_eq!(RootMembers::get(), [HOT_TOO]);
    });
}

#[test]
fn who_makes_room_keeps_its_stake_if_it_sits_elsewhere() {
    ExtBuilder::default().staked(OWNER, HOT, 5).staked(OTHER, HOT_TOO, 6).build_and_execute(|| {
        set_parameters(NetUid::ROOT, |root| root.max_allowed_uids = 1);
        Seated::insert(HOT, ());
        assert_ok!(register(OWNER, HOT));
        assert_ok!(register(OTHER, HOT_TOO));
        assert_eq!(stake(OWNER, HOT), 5);
    });
}
