//! The root epoch. spec tokenomics §5

use super::*;
use crate::traits::EmissionShares;
use myelin_economics::root::{RootValidator, Share, shares};
use myelin_pallet_subnets::traits::ReadEmission;

/// Seats ten validators of equal stake. Validator `i` rates the networks 0 to `i - 1` alike. spec tokenomics §5.2
fn seat_staircase() {
    for i in 0..10_u16 {
        let hotkey = 100 + u64::from(i);
        take_seat(0, hotkey);
        add_stake(hotkey, TAO);
        set_root_weights(hotkey, &(0..i).map(|netuid| (netuid, 1)).collect::<Vec<_>>());
    }
}

fn per_block(netuids: impl IntoIterator<Item = u16>) -> Vec<u64> {
    netuids.into_iter().map(|netuid| Emission::of_subnet(NetUid::new(netuid)).rao()).collect()
}

/// Returns a chain with two subnets, whose root has an epoch in blocks 3, 8, 13 and so on.
fn quick_root() -> ExtBuilder {
    ExtBuilder::default().subnet(0, None, Parameters { tempo: 4, ..Parameters::root() }).subnet(
        2,
        None,
        Parameters::default(),
    )
}

fn seat_root_validator(hotkey: u64, stake: u64, ratings: &[(u16, u16)]) {
    take_seat(0, hotkey);
    add_stake(hotkey, stake);
    set_root_weights(hotkey, ratings);
}

#[test]
fn the_staircase_of_the_specification() {
    for (rho, expected) in [
        (10, [456_439_292, 266_761_349, 156_968_852, 77_974_418, 30_087_485, 9_132_416, 2_239_784, 396_404, 0, 0]),
        (30, [448_083_652, 282_551_859, 191_287_194, 72_931_523, 4_962_997, 177_197, 5_451, 127, 0, 0]),
    ] {
        let root = ExtBuilder::default().subnet(0, None, Parameters { rho, ..Parameters::root() });
        let chain = (1..=10).fold(root, |builder, netuid| builder.subnet(netuid, None, Parameters::default()));
        chain.build_and_execute(|| {
            seat_staircase();
            run_to_block(98);
            assert_eq!(per_block(1..=10), [TAO / 10; 10]);
            next_block();
            let divided = per_block(1..=10);
            assert_eq!(divided.iter().sum::<u64>(), TAO);
            let near = divided.iter().zip(expected).all(|(one, other)| one.abs_diff(other) <= 2);
            assert!(near, "{divided:?}");
            assert!(matches!(&events()[..], [Event::SharesSet { shares }] if shares.len() == 10));
        });
    }
}

#[test]
fn new_shares_hold_for_the_block_of_the_root_epoch() {
    quick_root().build_and_execute(|| {
        seat_root_validator(100, TAO, &[(2, 1)]);
        next_block();
        assert_eq!([1, 2].map(pending), [TAO / 2; 2]);
        next_block();
        assert_eq!([1, 2].map(pending), [TAO / 2, TAO * 3 / 2]);
        let all = Share::from_bits(u64::MAX);
        assert_eq!(events(), [Event::SharesSet { shares: vec![(SUBNET, Share::ZERO), (NetUid::new(2), all)] }]);
    });
}

#[test]
fn shares_stay_in_force_until_an_epoch_finds_others() {
    quick_root().build_and_execute(|| {
        seat_root_validator(100, TAO, &[(2, 1)]);
        run_to_block(3);
        set_root_weights(100, &[(1, 1), (2, 1)]);
        run_to_block(7);
        assert_eq!(per_block([1, 2]), [0, TAO]);
        next_block();
        assert_eq!(per_block([1, 2]), [TAO / 2; 2]);
        set_root_weights(100, &[(1, 0), (2, 0)]);
        run_to_block(13);
        let reason = Error::<Test>::NoRootRating.into();
        assert_eq!(events(), [Event::SharesKept { reason }]);
        assert_eq!(per_block([1, 2]), [TAO / 2; 2]);
    });
}

#[test]
fn without_a_basis_the_reason_is_told() {
    let kept = |reason: Error<Test>| {
        run_to_block(3);
        assert_eq!(events(), [Event::SharesKept { reason: reason.into() }]);
    };
    quick_root().build_and_execute(|| kept(Error::NoRootValidators));
    quick_root().build_and_execute(|| {
        seat_root_validator(100, 0, &[(1, 1)]);
        kept(Error::NoRootStake);
    });
    quick_root().build_and_execute(|| {
        seat_root_validator(100, TAO, &[(0, 1), (9, 1)]);
        kept(Error::NoRootRating);
    });
    quick_root().build_and_execute(|| {
        seat_root_validator(100, TAO, &[(1, 1)]);
        end_subnet(1);
        end_subnet(2);
        kept(Error::NoSubnets);
    });
    quick_root().build_and_break(|| {
        seat_root_validator(100, u64::MAX, &[(1, 1)]);
        seat_root_validator(101, 1, &[(1, 1)]);
        let reason = RootRatings::<Test>::shares(vec![SUBNET]).unwrap_err();
        assert_eq!(reason, Error::<Test>::RootStakeOverflow.into());
    });
    quick_root().build_and_break(|| {
        end_subnet(0);
        let reason = RootRatings::<Test>::shares(vec![SUBNET]).unwrap_err();
        assert_eq!(reason, Error::<Test>::RootNetworkDoesNotExist.into());
    });
}

#[test]
fn the_stake_of_who_rates_nothing_counts_against_all() {
    quick_root().build_and_execute(|| {
        seat_root_validator(100, 3 * TAO, &[(1, 1)]);
        seat_root_validator(101, TAO, &[(2, 1)]);
        // This validator has no row.
        take_seat(0, 102);
        add_stake(102, 2 * TAO);
        let subnets = [SUBNET, NetUid::new(2)];
        let validator = |stake, rated: &[NetUid]| RootValidator {
            stake: rao(stake),
            weights: rated.iter().map(|netuid| (*netuid, 1)).collect(),
        };
        let sigmoid = Parameters::root().sigmoid();
        let loud = [validator(3 * TAO, &subnets[..1]), validator(TAO, &subnets[1..])];
        let all = [loud.as_slice(), &[validator(2 * TAO, &[])]].concat();
        let found = RootRatings::<Test>::shares(subnets.to_vec()).unwrap();
        assert_eq!(found, shares(subnets, &all, sigmoid).unwrap());
        assert_ne!(found, shares(subnets, &loud, sigmoid).unwrap());
    });
}

#[test]
fn a_row_without_a_seat_counts_for_nothing() {
    quick_root().build_and_execute(|| {
        seat_root_validator(100, TAO, &[(1, 1)]);
        add_stake(101, 50 * TAO);
        set_root_weights(101, &[(2, 1)]);
        run_to_block(3);
        assert_eq!(per_block([1, 2]), [TAO, 0]);
    });
}

#[test]
fn a_halving_between_root_epochs_keeps_the_shares() {
    let rich = 99;
    let below = 10_500_000_000_000_000 - 10 * TAO;
    quick_root().balance(rich, below).build_and_execute(|| {
        seat_root_validator(100, TAO, &[(1, 3), (2, 1)]);
        run_to_block(3);
        assert_eq!(per_block([1, 2]), [TAO / 4 * 3, TAO / 4]);
        run_to_block(12);
        assert_eq!(per_block([1, 2]), [TAO / 8 * 3, TAO / 8]);
    });
}

#[test]
fn shares_of_subnets_out_of_the_division_wait_for_them() {
    quick_root().build_and_execute(|| {
        seat_root_validator(100, TAO, &[(1, 1), (2, 1)]);
        run_to_block(3);
        set_parameters(1, &emission_enabled(false));
        next_block();
        assert_eq!(per_block([1, 2]), [0, TAO]);
        set_parameters(1, &emission_enabled(true));
        next_block();
        assert_eq!(per_block([1, 2]), [TAO / 2; 2]);
    });
}

#[test]
fn if_only_subnets_without_a_share_are_eligible_they_share_equally() {
    quick_root().subnet(3, None, Parameters::default()).build_and_execute(|| {
        seat_root_validator(100, TAO, &[(1, 1)]);
        run_to_block(3);
        assert_eq!(per_block([1, 2, 3]), [TAO, 0, 0]);
        set_parameters(1, &emission_enabled(false));
        next_block();
        assert_eq!(per_block([1, 2, 3]), [0, TAO / 2, TAO / 2]);
    });
}
