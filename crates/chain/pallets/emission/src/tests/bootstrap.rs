//! A subnet without stake. spec tokenomics §10

use super::*;

fn permits() -> Vec<bool> {
    Emission::neurons(SUBNET).iter().map(|record| record.permit).collect()
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
