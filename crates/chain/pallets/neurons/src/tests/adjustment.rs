//! The adjustment of burn and difficulty. spec subnets-and-neurons §8.4

use super::{admission, burned_register};
use crate::{
    Adjustments, Admissions, Event,
    mock::{ExtBuilder, Neurons, SUBNET, Test, create, events, next_block, open_wide, run_to_block, set},
    weights::{SubstrateWeight, WeightInfo},
};
use frame_support::{assert_ok, traits::Hooks, weights::constants::WEIGHT_REF_TIME_PER_SECOND};
use myelin_economics::adjustment::{Registrations, SeatPrice};
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO};
use myelin_records::{
    bounds::MAX_NETWORKS,
    parameters::{Parameters, ParametersPatch},
};

fn registered(netuid: NetUid, total: u16, by_work: u16, by_burn: u16) {
    Admissions::<Test>::mutate_extant(netuid, |admission| {
        admission.interval = Registrations { total, by_work, by_burn };
    });
}

/// Returns a patch with a price of 1 000 rao that follows the demand at once.
fn nimble() -> ParametersPatch {
    ParametersPatch {
        adjustment_alpha: Some(0),
        adjustment_interval: Some(10),
        initial_burn: Some(Amount::from_rao(1_000)),
        min_burn: Some(Amount::from_rao(1)),
        initial_difficulty: Some(1_000),
        min_difficulty: Some(1),
        ..Default::default()
    }
}

fn terms(burn: u64, difficulty: u64) -> SeatPrice {
    SeatPrice { burn: Amount::from_rao(burn), difficulty }
}

#[test]
fn nothing_is_adjusted_before_the_interval_has_passed() {
    ExtBuilder::default().parameters(&nimble()).build_and_execute(|| {
        registered(SUBNET, 2, 0, 2);
        run_to_block(9);
        assert_eq!(admission(SUBNET).terms, terms(1_000, 1_000));
        assert_eq!(admission(SUBNET).adjusted_at, 0);
        next_block();
        assert_eq!(admission(SUBNET).terms, terms(1_500, 1_000));
        assert_eq!(admission(SUBNET).interval, Registrations::default());
        assert_eq!(admission(SUBNET).adjusted_at, 10);
        assert_eq!(events(), [Event::BurnSet { netuid: SUBNET, burn: Amount::from_rao(1_500) }]);
    });
}

#[test]
fn the_busier_way_becomes_dearer_and_the_quieter_one_cheaper() {
    for (case, (total, by_work, by_burn), expected) in [
        ("A", (3, 2, 1), terms(1_000, 2_000)),
        ("B", (3, 1, 2), terms(2_000, 1_000)),
        ("C", (1, 1, 0), terms(1_000, 1_000)),
        ("D", (1, 0, 1), terms(1_000, 1_000)),
        ("E", (0, 0, 0), terms(500, 500)),
        ("F", (2, 1, 1), terms(1_500, 1_500)),
    ] {
        ExtBuilder::default().parameters(&nimble()).build_and_execute(|| {
            registered(SUBNET, total, by_work, by_burn);
            run_to_block(10);
            assert_eq!(admission(SUBNET).terms, expected, "case {case}");
            let burn = Event::BurnSet { netuid: SUBNET, burn: expected.burn };
            let difficulty = Event::DifficultySet { netuid: SUBNET, difficulty: expected.difficulty };
            assert_eq!(events().contains(&burn), expected.burn.rao() != 1_000, "case {case}");
            assert_eq!(events().contains(&difficulty), expected.difficulty != 1_000, "case {case}");
        });
    }
}

#[test]
fn without_demand_the_price_falls_to_its_bound() {
    let patch = ParametersPatch { initial_burn: Some(Amount::from_rao(4)), ..nimble() };
    ExtBuilder::default().parameters(&patch).build_and_execute(|| {
        for (block, burn) in [(10, 2), (20, 1), (30, 1)] {
            run_to_block(block);
            assert_eq!(admission(SUBNET).terms.burn.rao(), burn, "block {block}");
        }
        // The price did not change, so there is no event.
        assert!(!events().iter().any(|event| matches!(event, Event::BurnSet { .. })));
    });
}

#[test]
fn registrations_move_the_price_that_the_next_ones_pay() {
    let patch = ParametersPatch { initial_burn: None, ..nimble() };
    ExtBuilder::default().parameters(&patch).build_and_execute(|| {
        open_wide(SUBNET);
        set(SUBNET, &ParametersPatch { target_registrations_per_interval: Some(1), ..Default::default() });
        for hotkey in 101..104 {
            assert_ok!(burned_register(1, hotkey));
        }
        run_to_block(10);
        assert_eq!(admission(SUBNET).terms.burn.rao(), 2 * RAO_PER_TAO);
        assert_ok!(burned_register(1, 104));
        assert_eq!(admission(SUBNET).recycled.rao(), 5 * RAO_PER_TAO);
    });
}

#[test]
fn every_network_has_its_own_interval_and_root_takes_part() {
    let late = NetUid::new(2);
    ExtBuilder::default().parameters(&nimble()).build_and_execute(|| {
        run_to_block(5);
        create(late, Parameters { adjustment_interval: 7, ..Parameters::default() }, None);
        registered(NetUid::ROOT, 3, 0, 0);
        run_to_block(11);
        assert_eq!([SUBNET, late].map(|netuid| admission(netuid).adjusted_at), [10, 5]);
        next_block();
        assert_eq!([SUBNET, late].map(|netuid| admission(netuid).adjusted_at), [10, 12]);
        run_to_block(99);
        assert_eq!(admission(NetUid::ROOT).interval.total, 3);
        next_block();
        assert_eq!(admission(NetUid::ROOT).interval.total, 0);
    });
}

#[test]
fn a_new_interval_counts_from_the_last_adjustment() {
    ExtBuilder::default().build_and_execute(|| {
        let interval = |blocks| ParametersPatch { adjustment_interval: Some(blocks), ..Default::default() };
        run_to_block(5);
        set(SUBNET, &interval(20));
        assert_eq!(Adjustments::<Test>::get().get(&SUBNET), Some(&20));
        run_to_block(15);
        // The new interval has passed already, so the next block adjusts.
        set(SUBNET, &interval(10));
        next_block();
        assert_eq!(admission(SUBNET).adjusted_at, 16);
        assert_eq!(Adjustments::<Test>::get().get(&SUBNET), Some(&26));
    });
}

#[test]
fn a_new_initial_price_applies_at_once_and_is_announced() {
    ExtBuilder::default().build_and_execute(|| {
        let unrelated = ParametersPatch { immunity_period: Some(1), ..Default::default() };
        set(SUBNET, &unrelated);
        assert!(events().is_empty());
        let patch = ParametersPatch {
            initial_burn: Some(Amount::from_rao(3)),
            initial_difficulty: Some(77),
            min_difficulty: Some(1),
            ..Default::default()
        };
        set(SUBNET, &patch);
        // The burn stays within its bounds.
        assert_eq!(admission(SUBNET).terms, terms(500_000, 77));
        assert_eq!(
            events(),
            [
                Event::BurnSet { netuid: SUBNET, burn: Amount::from_rao(500_000) },
                Event::DifficultySet { netuid: SUBNET, difficulty: 77 },
            ]
        );
    });
}

#[test]
fn a_block_weighs_what_it_adjusts() {
    type Costs = SubstrateWeight<Test>;
    ExtBuilder::default().parameters(&nimble()).build_and_execute(|| {
        assert_eq!(Neurons::on_initialize(1), Costs::adjust_none());
        run_to_block(99);
        frame_system::Pallet::<Test>::set_block_number(100);
        // Root and the subnet are due together.
        assert_eq!(Neurons::on_initialize(100), Costs::adjust_none() + Costs::adjust_network() * 2);
        assert_eq!(Neurons::on_initialize(100), Costs::adjust_none());
    });
}

#[test]
fn the_block_in_which_every_network_is_due_stays_small() {
    type Costs = SubstrateWeight<Test>;
    let worst = Costs::adjust_none() + Costs::adjust_network() * u64::from(MAX_NETWORKS);
    assert!(worst.ref_time() < WEIGHT_REF_TIME_PER_SECOND / 10, "{worst:?}");
}
