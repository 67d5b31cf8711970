//! The reads of runtime APIs, and the state of genesis. spec staking §11

use crate::{
    Hotkeys,
    mock::*,
    traits::{ReadStake, ReleaseStake},
};
use myelin_primitives::{Amount, NetUid};
use myelin_records::{info::StakeInfo, stake::StakeRole};

fn position(hotkey: AccountId, stake: u64, role: StakeRole) -> StakeInfo<AccountId> {
    StakeInfo { hotkey, stake: rao(stake), role }
}

#[test]
fn a_coldkey_sees_all_that_it_has() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 10).staked(OTHER, HOT_TOO, 20);
    builder.staked(OWNER, HOT_TOO, 30).staked(OTHER, HOT_THREE, 0).staked(OWNER, HOT_THREE, 40).build_and_execute(
        || {
            pair(OWNER, FRESH);
            Staking::release(&HOT_THREE);
            assert_eq!(
                Staking::positions(&OWNER),
                [
                    position(HOT, 10, StakeRole::Owner),
                    position(HOT_TOO, 30, StakeRole::Nominator),
                    position(HOT_THREE, 40, StakeRole::Returning),
                ]
            );
            assert_eq!(Staking::delegated(&OWNER), [position(HOT_TOO, 30, StakeRole::Nominator)]);
            assert_eq!(Staking::positions(&FRESH), []);
        },
    );
}

#[test]
fn a_hotkey_shows_its_stakers() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 10).staked(NOMINATOR, HOT, 20);
    builder.build_and_execute(|| {
        let mut stakers = Staking::stakers(&HOT);
        stakers.sort_unstable();
        assert_eq!(stakers, [(OWNER, rao(10)), (NOMINATOR, rao(20))]);
        assert_eq!(Staking::stakers(&FRESH), []);
        assert_eq!((Staking::of(&NOMINATOR, &HOT), Staking::of(&NOMINATOR, &FRESH)), (rao(20), Amount::ZERO));
        assert_eq!((Staking::on(&FRESH), Staking::weight(NetUid::ROOT, &FRESH)), (Amount::ZERO, Amount::ZERO));
    });
}

#[test]
fn genesis_makes_pairs_delegates_and_stake() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 10).staked(OWNER, HOT, 5).staked(NOMINATOR, HOT, 20);
    builder.staked(OTHER, HOT_TOO, 0).build_and_execute(|| {
        assert_eq!((stake(OWNER, HOT), stake(NOMINATOR, HOT), on(HOT)), (15, 20, 35));
        // Stake of genesis comes from no account.
        assert_eq!((free(OWNER), Staking::total()), (ENDOWMENT, rao(35)));
        assert!(Hotkeys::<Test>::get(HOT).unwrap().delegation.is_some());
        assert!(Hotkeys::<Test>::get(HOT_TOO).unwrap().delegation.is_none());
        assert_eq!((owner(HOT), owner(HOT_TOO)), (Some(OWNER), Some(OTHER)));
    });
}

#[test]
#[should_panic(expected = "cannot exist")]
fn genesis_refuses_stake_that_cannot_exist() {
    ExtBuilder::default().staked(OWNER, SYSTEM_ACCOUNT, 10).build_and_execute(|| {});
}
