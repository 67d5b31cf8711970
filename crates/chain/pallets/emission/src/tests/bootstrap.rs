//! A subnet without stake. spec tokenomics §10

use super::*;

fn permits() -> Vec<bool> {
    Emission::neurons(SUBNET).iter().map(|record| record.permit).collect()
}

#[test]
fn the_first_stake_of_the_chain_comes_from_the_first_epoch() {
    ExtBuilder::default().subnet(1, None, with_tempo(9)).build_and_execute(|| {
        for hotkey in [10, 11, 12] {
            take_seat(1, hotkey);
        }
        run_to_epoch(1);
        // Six blocks, no owner cut, three neurons.
        assert_eq!([10, 11, 12].map(stake_on), [2 * TAO; 3]);
        assert_eq!(payments(), [10, 11, 12].map(|hotkey| (1, hotkey, 2 * TAO, 0)));
        assert_eq!(Emission::total_issuance(), rao(6 * TAO));
    });
}

#[test]
fn the_remainder_goes_to_the_lowest_uid() {
    ExtBuilder::default().subnet(1, None, with_tempo(9)).build_and_execute(|| {
        for hotkey in [30, 20, 10] {
            take_seat(1, hotkey);
        }
        freeze_pending(1, 5);
        run_to_epoch(1);
        assert_eq!(payments(), [(1, 30, 3, 0), (1, 20, 1, 0), (1, 10, 1, 0)]);
    });
}

#[test]
fn everybody_may_validate_also_beyond_the_number_of_validators() {
    let few = Parameters { max_allowed_validators: 1, ..with_tempo(9) };
    ExtBuilder::default().subnet(1, None, few).build_and_execute(|| {
        for hotkey in [10, 11, 12] {
            take_seat(1, hotkey);
        }
        assert_eq!(permits(), [false; 3]);
        freeze_pending(1, 0);
        run_to_epoch(1);
        assert_eq!(permits(), [true; 3]);
    });
}

#[test]
fn as_soon_as_somebody_has_stake_validators_are_chosen_by_it() {
    let few = Parameters { max_allowed_validators: 2, ..with_tempo(9) };
    ExtBuilder::default().subnet(1, None, few).build_and_execute(|| {
        for hotkey in [10, 11, 12] {
            take_seat(1, hotkey);
        }
        freeze_pending(1, 0);
        run_to_epoch(1);
        add_stake(12, 1);
        run_to_epoch(1);
        assert_eq!(permits(), [false, false, true]);
        assert_eq!(Emission::neurons(SUBNET)[2].stake_weight, u16::MAX);
    });
}

#[test]
fn what_is_rated_in_the_bootstrap_counts_once_there_is_stake() {
    ExtBuilder::default().subnet(1, None, with_tempo(9)).build_and_execute(|| {
        for hotkey in [10, 11] {
            take_seat(1, hotkey);
        }
        run_to_epoch(1);
        next_block();
        set_weights(1, 0, &[(1, 1)]);
        payments();
        run_to_epoch(1);
        // Both hold permits and half of the stake. A rating by exactly half of it is a consensus: kappa is just below.
        assert_eq!(payments(), [(1, 10, 0, 5 * TAO), (1, 11, 5 * TAO, 0)]);
    });
}
