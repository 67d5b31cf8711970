//! Nominations below the minimum. spec staking §4.1

use super::Failure;
use crate::{
    Event, MinimumSweep, Nominations, TotalStake,
    mock::*,
    types::SweepStage,
    weights::{SubstrateWeight, WeightInfo},
};
use frame_support::{assert_noop, assert_ok};
use myelin_primitives::Amount;

type Weights = SubstrateWeight<Test>;

const OTHER_OWNER: AccountId = 4;
const OTHER_NOMINATOR: AccountId = 5;

#[test]
fn a_raised_minimum_returns_what_is_below_it() {
    let stakes = ExtBuilder::default().staked(OWNER, HOT, 1).staked(NOMINATOR, HOT, 1);
    let stakes = stakes.staked(OTHER_OWNER, HOT_TOO, 1).staked(OTHER_NOMINATOR, HOT_TOO, 1);
    stakes.build_and_execute(|| {
        next_block();
        assert_eq!(TotalStake::<Test>::get(), rao(4));
        set_global(|network| network.nominator_min_required_stake = rao(10));
        events();
        next_block();
        assert_eq!((stake(OWNER, HOT), stake(NOMINATOR, HOT)), (1, 0));
        assert_eq!((stake(OTHER_OWNER, HOT_TOO), stake(OTHER_NOMINATOR, HOT_TOO)), (1, 0));
        assert_eq!(TotalStake::<Test>::get(), rao(2));
        assert_eq!((free(NOMINATOR), free(OTHER_NOMINATOR)), (ENDOWMENT + 1, ENDOWMENT + 1));
        assert!(!Nominations::<Test>::contains_key(NOMINATOR));
        assert_eq!(events().len(), 2);
        assert_eq!(MinimumSweep::<Test>::get().stage, SweepStage::Done);
    });
}

#[test]
fn a_lowered_minimum_does_nothing_and_a_later_rise_counts() {
    ExtBuilder::default().staked(OWNER, HOT, 1).staked(NOMINATOR, HOT, 50).build_and_execute(|| {
        for (minimum, left) in [(20, 50), (10, 50), (60, 0)] {
            set_global(|network| network.nominator_min_required_stake = rao(minimum));
            next_block();
            assert_eq!(stake(NOMINATOR, HOT), left, "at a minimum of {minimum}");
        }
    });
}

#[test]
fn a_lowered_minimum_is_not_applied_to_what_is_below_it() {
    ExtBuilder::default().staked(OWNER, HOT, 1).staked(NOMINATOR, HOT, 50).build_and_execute(|| {
        set_global(|network| network.nominator_min_required_stake = rao(20));
        next_block();
        // Only genesis makes a nomination below the minimum.
        assert_ok!(Staking::stake_at_genesis(&OTHER, &HOT, rao(5)));
        expect_minted(5);
        set_global(|network| network.nominator_min_required_stake = rao(10));
        next_block();
        assert_eq!(stake(OTHER, HOT), 5);
        set_global(|network| network.nominator_min_required_stake = rao(11));
        next_block();
        assert_eq!(stake(OTHER, HOT), 0);
    });
}

#[test]
fn a_nomination_of_exactly_the_minimum_stays() {
    ExtBuilder::default().staked(OWNER, HOT, 1).staked(NOMINATOR, HOT, 50).build_and_execute(|| {
        LeastStake::set(Amount::ZERO);
        set_global(|network| network.nominator_min_required_stake = rao(40));
        next_block();
        assert_ok!(Staking::remove_stake(origin(NOMINATOR), HOT, rao(10)));
        assert_eq!(stake(NOMINATOR, HOT), 40);
    });
}

#[test]
fn what_is_left_below_the_minimum_is_returned_with_a_removal() {
    let stakes = ExtBuilder::default().staked(OWNER, HOT, 100_000).staked(NOMINATOR, HOT, 100_000);
    stakes.build_and_execute(|| {
        LeastStake::set(Amount::ZERO);
        set_global(|network| network.nominator_min_required_stake = rao(50_000));
        assert_ok!(Staking::remove_stake(origin(OWNER), HOT, rao(51_000)));
        assert_eq!(stake(OWNER, HOT), 49_000);
        events();
        assert_ok!(Staking::remove_stake(origin(NOMINATOR), HOT, rao(51_000)));
        assert_eq!((stake(NOMINATOR, HOT), free(NOMINATOR)), (0, ENDOWMENT + 100_000));
        let removed = |removed, total| Event::StakeRemoved {
            coldkey: NOMINATOR,
            hotkey: HOT,
            removed: rao(removed),
            total: rao(total),
        };
        assert_eq!(events(), [removed(51_000, 49_000), removed(49_000, 0)]);
        assert!(!Nominations::<Test>::contains_key(NOMINATOR));
    });
}

#[test]
fn with_no_minimum_nothing_is_returned() {
    ExtBuilder::default().staked(OWNER, HOT, 1).staked(NOMINATOR, HOT, 1).build_and_execute(|| {
        next_block();
        assert_eq!((stake(OWNER, HOT), stake(NOMINATOR, HOT)), (1, 1));
    });
}

#[test]
fn a_walk_goes_on_where_the_block_before_ended() {
    let nominators: Vec<_> = (2..=LAST_ENDOWED).collect();
    let mut builder = ExtBuilder::default().staked(OWNER, HOT, 5);
    for nominator in &nominators {
        builder = builder.staked(*nominator, HOT, 5);
    }
    builder.build_and_execute(|| {
        set_global(|network| network.nominator_min_required_stake = rao(10));
        let two_rows = Weights::next_release() + Weights::sweep_none() + Weights::sweep_holding() * 2;
        let left = || nominators.iter().filter(|nominator| stake(**nominator, HOT) > 0).count();
        let mut blocks = 0;
        let mut before = left();
        while MinimumSweep::<Test>::get().minimum.is_zero() || MinimumSweep::<Test>::get().stage != SweepStage::Done {
            next_block_with(two_rows);
            assert!(before - left() <= 2);
            before = left();
            blocks += 1;
        }
        assert_eq!((left(), stake(OWNER, HOT)), (0, 5));
        // Nine holdings, two per block; the last block also finds the end.
        assert_eq!(blocks, 5);
    });
}

#[test]
fn a_return_that_would_vanish_is_left_out() {
    ExtBuilder::default().staked(OWNER, HOT, 1).staked(FRESH, HOT, 400).build_and_execute(|| {
        set_global(|network| network.nominator_min_required_stake = rao(1_000));
        next_block();
        assert_eq!(stake(FRESH, HOT), 400);
    });
}

#[test]
fn new_nominations_obey_the_minimum_while_a_walk_is_under_way() {
    ExtBuilder::default().staked(OWNER, HOT, 5).staked(NOMINATOR, HOT, 5).build_and_execute(|| {
        set_global(|network| network.nominator_min_required_stake = rao(MIN_STAKE + 10));
        assert_noop!(Staking::add_stake(origin(OTHER), HOT, rao(MIN_STAKE)), Failure::NomStakeBelowMinimumThreshold);
    });
}
