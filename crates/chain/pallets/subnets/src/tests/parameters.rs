//! Setting parameters. spec subnets-and-neurons §17 to §19

use crate::{Error, Event, OwnerChanges, ReadSubnets, mock::*};
use frame_support::{assert_noop, assert_ok};
use myelin_primitives::{Amount, NetUid, Take};
use myelin_records::parameters::{
    AlphaValues, ChangeWindow, NetworkParameters, NetworkParametersPatch, Parameter, ParameterAuthority, Parameters,
    ParametersPatch,
};
use sp_runtime::DispatchError;

/// Returns a chain with short tempos and no freeze window.
fn quick() -> ExtBuilder {
    ExtBuilder::default()
        .network(NetworkParametersPatch { admin_freeze_window: Some(0), min_rate_limit: Some(1), ..Default::default() })
        .defaults(ParametersPatch { tempo: Some(20), weights_set_rate_limit: Some(5), ..Default::default() })
}

fn with_a_subnet_of_alice(test: impl FnOnce()) {
    quick().build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        System::reset_events();
        told();
        test();
    });
}

type Outcome = Result<(), DispatchError>;

fn set_on(origin: RuntimeOrigin, number: u16, change: impl FnOnce(&mut ParametersPatch)) -> Outcome {
    let mut changed = ParametersPatch::default();
    change(&mut changed);
    Subnets::set_parameters(origin, netuid(number), Box::new(changed)).map(|_| ()).map_err(|failed| failed.error)
}

fn as_owner(change: impl FnOnce(&mut ParametersPatch)) -> Outcome {
    set_on(signed(ALICE), 1, change)
}

fn as_root(change: impl FnOnce(&mut ParametersPatch)) -> Outcome {
    set_on(RuntimeOrigin::root(), 1, change)
}

fn parameters() -> Parameters {
    Subnets::parameters(netuid(1)).expect("the subnet exists")
}

#[test]
fn what_is_given_is_set_and_the_rest_stays() {
    with_a_subnet_of_alice(|| {
        let before = parameters();
        assert_ok!(as_owner(|set| {
            set.bonds_penalty = Some(30);
            set.serving_rate_limit = Some(7);
        }));
        assert_eq!(parameters(), Parameters { bonds_penalty: 30, serving_rate_limit: 7, ..before });
        let changed = Box::new(ParametersPatch {
            bonds_penalty: Some(30),
            serving_rate_limit: Some(7),
            ..ParametersPatch::default()
        });
        assert_eq!(events(), [Event::ParametersSet { netuid: netuid(1), changed }]);
        assert_eq!(told(), [Told::Changed(netuid(1), 20)]);
    });
}

#[test]
fn setting_the_same_value_is_told_too() {
    with_a_subnet_of_alice(|| {
        assert_ok!(as_owner(|set| set.bonds_penalty = Some(10)));
        assert_eq!((events().len(), told().len()), (1, 1));
    });
}

#[test]
fn a_new_tempo_is_in_the_index_at_once() {
    with_a_subnet_of_alice(|| {
        assert_ok!(as_root(|set| set.tempo = Some(33)));
        assert_eq!(Subnets::tempos(), [(NetUid::ROOT, 100), (netuid(1), 33)]);
        assert_eq!(told(), [Told::Changed(netuid(1), 33)]);
        assert_ok!(set_on(RuntimeOrigin::root(), 0, |set| {
            (set.tempo, set.weights_set_rate_limit) = (Some(50), Some(50));
        }));
        assert_eq!(Subnets::tempos(), [(NetUid::ROOT, 50), (netuid(1), 33)]);
    });
}

#[test]
fn only_the_owner_and_governance_set_parameters() {
    with_a_subnet_of_alice(|| {
        let penalty = |set: &mut ParametersPatch| set.bonds_penalty = Some(1);
        assert_noop!(set_on(RuntimeOrigin::none(), 1, penalty), DispatchError::BadOrigin);
        Swapping::insert(BOB, ());
        assert_noop!(set_on(signed(BOB), 1, penalty), ANNOUNCED);
        Swapping::remove(BOB);
        assert_noop!(set_on(signed(BOB), 1, penalty), DispatchError::BadOrigin);
        assert_noop!(set_on(signed(ALICE), 0, penalty), DispatchError::BadOrigin);
        assert_noop!(set_on(signed(ALICE), 7, penalty), DispatchError::BadOrigin);
        assert_noop!(set_on(RuntimeOrigin::root(), 7, penalty), Error::<Test>::SubNetworkDoesNotExist);
        assert_ok!(as_owner(penalty));
        assert_ok!(as_root(penalty));
    });
}

#[test]
fn some_parameters_are_for_governance_alone() {
    use Parameter::*;
    let root_only: Vec<Parameter> = Parameter::ALL
        .iter()
        .copied()
        .filter(|parameter| parameter.authority() == ParameterAuthority::Governance)
        .collect();
    assert_eq!(
        root_only,
        [
            Tempo,
            Rho,
            Kappa,
            MaxAllowedUids,
            MinAllowedUids,
            MaxAllowedValidators,
            AdjustmentInterval,
            TargetRegistrationsPerInterval,
            MaxRegistrationsPerBlock,
            RegistrationAllowed,
            InitialBurn,
            Yuma3,
            MinNonImmuneUids,
            TransfersAllowed,
            MinChildkeyTake,
            OwnerCutEnabled,
            EmissionEnabled,
        ]
    );
    with_a_subnet_of_alice(|| {
        let mixed = |set: &mut ParametersPatch| {
            set.bonds_penalty = Some(1);
            set.kappa = Some(1);
        };
        assert_noop!(as_owner(mixed), DispatchError::BadOrigin);
        assert_ok!(as_root(mixed));
    });
}

#[test]
fn before_an_epoch_parameters_are_frozen_for_everybody() {
    quick().network_patch(|network| network.admin_freeze_window = Some(5)).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        let penalty = |set: &mut ParametersPatch| set.bonds_penalty = Some(1);
        // The epoch of netuid 1 runs when (block + 3) mod 21 = 0: in block 18.
        run_to_block(13);
        assert_ok!(as_root(penalty));
        for block in 14..=18 {
            run_to_block(block);
            assert_noop!(as_owner(penalty), Error::<Test>::AdminActionProhibitedDuringWeightsWindow);
            assert_noop!(as_root(penalty), Error::<Test>::AdminActionProhibitedDuringWeightsWindow);
        }
        run_to_block(19);
        assert_ok!(as_owner(penalty));
    });
}

#[test]
fn some_parameters_are_never_frozen() {
    use Parameter::*;
    let always: Vec<Parameter> =
        Parameter::ALL.iter().copied().filter(|parameter| parameter.window() == ChangeWindow::Always).collect();
    assert_eq!(always, [Kappa, AdjustmentInterval, RegistrationAllowed, MinNonImmuneUids, EmissionEnabled]);
    assert!(always.iter().all(|parameter| parameter.authority() == ParameterAuthority::Governance));
    quick().network_patch(|network| network.admin_freeze_window = Some(u16::MAX)).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        assert_noop!(
            as_owner(|set| set.weights_set_rate_limit = Some(1)),
            Error::<Test>::AdminActionProhibitedDuringWeightsWindow
        );
        assert_noop!(
            as_root(|set| {
                set.kappa = Some(1);
                set.tempo = Some(1);
            }),
            Error::<Test>::AdminActionProhibitedDuringWeightsWindow
        );
        assert_ok!(as_root(|set| {
            set.kappa = Some(1);
            set.adjustment_interval = Some(1);
            set.min_non_immune_uids = Some(1);
            set.registration_allowed = Some(false);
            set.emission_enabled = Some(false);
        }));
    });
}

#[test]
fn an_owner_changes_each_parameter_once_in_two_tempos() {
    with_a_subnet_of_alice(|| {
        let penalty = |set: &mut ParametersPatch| set.bonds_penalty = Some(1);
        assert_ok!(as_owner(penalty));
        assert_noop!(as_owner(penalty), Error::<Test>::TxRateLimitExceeded);
        assert_ok!(as_owner(|set| set.serving_rate_limit = Some(1)));
        run_to_block(40);
        assert_noop!(as_owner(penalty), Error::<Test>::TxRateLimitExceeded);
        let both = |set: &mut ParametersPatch| {
            set.bonds_penalty = Some(1);
            set.immunity_period = Some(42);
        };
        assert_noop!(as_owner(both), Error::<Test>::TxRateLimitExceeded);
        run_to_block(41);
        assert_ok!(as_owner(both));
        let last: Vec<_> = OwnerChanges::<Test>::get(netuid(1)).into_iter().collect();
        assert_eq!(
            last,
            [(Parameter::ImmunityPeriod, 41), (Parameter::BondsPenalty, 41), (Parameter::ServingRateLimit, 1)]
        );
    });
}

#[test]
fn the_weights_version_has_a_limit_of_its_own() {
    with_a_subnet_of_alice(|| {
        let version = |set: &mut ParametersPatch| set.weights_version_key = Some(1);
        assert_ok!(as_owner(version));
        run_to_block(100);
        assert_noop!(as_owner(version), Error::<Test>::TxRateLimitExceeded);
        run_to_block(101);
        assert_ok!(as_owner(version));
    });
}

#[test]
fn governance_is_not_limited_and_does_not_limit_the_owner() {
    with_a_subnet_of_alice(|| {
        let penalty = |set: &mut ParametersPatch| set.bonds_penalty = Some(1);
        for _ in 0..3 {
            assert_ok!(as_root(penalty));
        }
        assert!(!OwnerChanges::<Test>::contains_key(netuid(1)));
        assert_ok!(as_owner(penalty));
    });
}

#[test]
fn a_refused_change_starts_no_timer() {
    with_a_subnet_of_alice(|| {
        assert_noop!(as_owner(|set| set.activity_cutoff = Some(359)), Error::<Test>::ActivityCutoffTooLow);
        assert_ok!(as_owner(|set| set.activity_cutoff = Some(360)));
    });
}

#[test]
fn checks_come_in_order() {
    quick().network_patch(|network| network.admin_freeze_window = Some(5)).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        assert_ok!(as_owner(|set| set.activity_cutoff = Some(400)));
        let wrong = |set: &mut ParametersPatch| set.activity_cutoff = Some(0);
        run_to_block(16);
        assert_noop!(
            as_owner(|set| {
                set.tempo = Some(0);
                set.activity_cutoff = Some(0);
            }),
            DispatchError::BadOrigin
        );
        assert_noop!(as_owner(wrong), Error::<Test>::AdminActionProhibitedDuringWeightsWindow);
        run_to_block(20);
        assert_noop!(as_owner(wrong), Error::<Test>::TxRateLimitExceeded);
        run_to_block(41);
        assert_noop!(as_owner(wrong), Error::<Test>::ActivityCutoffTooLow);
    });
}

#[test]
fn seats_stay_between_the_neurons_and_256() {
    with_a_subnet_of_alice(|| {
        SeatsOf::insert(netuid(1), 70);
        assert_noop!(as_root(|set| set.max_allowed_uids = Some(69)), Error::<Test>::MaxAllowedUIdsLessThanCurrentUIds);
        assert_ok!(as_root(|set| set.max_allowed_uids = Some(70)));
        assert_noop!(
            as_root(|set| set.max_allowed_uids = Some(257)),
            Error::<Test>::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids
        );
        assert_ok!(as_root(|set| set.max_allowed_uids = Some(256)));
        assert_noop!(
            as_root(|set| set.min_allowed_uids = Some(70)),
            Error::<Test>::MinAllowedUidsGreaterThanCurrentUids
        );
        assert_noop!(
            as_root(|set| {
                set.max_allowed_uids = Some(70);
                set.min_allowed_uids = Some(70);
            }),
            Error::<Test>::MinAllowedUidsGreaterThanCurrentUids
        );
        assert_ok!(as_root(|set| {
            set.max_allowed_uids = Some(70);
            set.min_allowed_uids = Some(69);
        }));
        SeatsOf::insert(netuid(1), 60);
        assert_ok!(as_root(|set| {
            set.max_allowed_uids = Some(60);
            set.max_allowed_validators = Some(60);
        }));
        SeatsOf::insert(netuid(1), 61);
        assert_noop!(
            as_root(|set| set.min_allowed_uids = Some(60)),
            Error::<Test>::MinAllowedUidsGreaterThanMaxAllowedUids
        );
    });
}

#[test]
fn values_that_belong_together_are_set_together() {
    with_a_subnet_of_alice(|| {
        assert_noop!(as_root(|set| set.max_allowed_uids = Some(10)), Error::<Test>::MaxValidatorsLargerThanMaxUIds);
        assert_ok!(as_root(|set| {
            set.max_allowed_uids = Some(10);
            set.max_allowed_validators = Some(10);
        }));
        let values = AlphaValues { low: 2_000, high: 3_000 };
        assert_noop!(as_owner(|set| set.alpha_values = Some(values)), Error::<Test>::LiquidAlphaDisabled);
        assert_ok!(as_owner(|set| {
            set.liquid_alpha = Some(true);
            set.alpha_values = Some(values);
        }));
        assert_noop!(
            as_root(|set| {
                set.liquid_alpha = Some(false);
                set.alpha_values = Some(values);
            }),
            Error::<Test>::LiquidAlphaDisabled
        );
    });
}

#[test]
fn an_owner_cannot_make_immunity_shorter_than_two_epochs() {
    with_a_subnet_of_alice(|| {
        let immunity = |blocks| move |set: &mut ParametersPatch| set.immunity_period = Some(blocks);
        assert_noop!(as_owner(immunity(41)), Error::<Test>::InvalidValue);
        assert_ok!(as_owner(immunity(42)));
        assert_ok!(as_root(immunity(41)));
        assert_noop!(as_root(immunity(50_401)), Error::<Test>::InvalidValue);
    });
}

#[test]
fn owners_have_narrower_bounds_for_bonds() {
    with_a_subnet_of_alice(|| {
        let keep = |millionths| move |set: &mut ParametersPatch| set.bonds_moving_average = Some(millionths);
        assert_noop!(as_owner(keep(975_001)), Error::<Test>::BondsMovingAverageMaxReached);
        assert_noop!(as_root(keep(1_000_001)), Error::<Test>::BondsMovingAverageMaxReached);
        assert_ok!(as_root(keep(1_000_000)));
        assert_ok!(as_owner(keep(975_000)));
        let steep = |steepness| move |set: &mut ParametersPatch| set.alpha_sigmoid_steepness = Some(steepness);
        assert_noop!(as_owner(steep(-1)), Error::<Test>::NegativeSigmoidSteepness);
        assert_ok!(as_root(steep(-1)));
        // A value set by governance does not block other changes by the owner.
        assert_ok!(as_owner(|set| set.bonds_penalty = Some(1)));
        assert_ok!(as_owner(steep(0)));
    });
}

#[test]
fn the_floor_of_the_childkey_take_is_within_that_of_all_networks() {
    quick().network_patch(|network| network.max_childkey_take = Some(Take::new(20))).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        let floor = |take| move |set: &mut ParametersPatch| set.min_childkey_take = Some(Take::new(take));
        assert_noop!(as_root(floor(21)), Error::<Test>::ValueNotInBounds);
        for within in [0, 20] {
            assert_ok!(as_root(floor(within)));
        }
    });
}

#[test]
fn a_change_of_all_networks_leaves_each_of_them_valid() {
    quick().build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        let set = |change: fn(&mut NetworkParametersPatch)| {
            let mut changed = NetworkParametersPatch::default();
            change(&mut changed);
            Subnets::set_network_parameters(RuntimeOrigin::root(), Box::new(changed))
        };
        assert_noop!(set(|set| set.min_rate_limit = Some(6)), Error::<Test>::InvalidValue);
        assert_ok!(set(|set| set.min_rate_limit = Some(5)));
        assert_noop!(set(|set| set.stake_interval = Some(99)), Error::<Test>::InvalidValue);
        assert_ok!(set(|set| set.stake_interval = Some(100)));
        assert_noop!(set(|set| set.min_work_difficulty = Some(10_000_001)), Error::<Test>::ValueNotInBounds);
        assert_ok!(set(|set| set.min_work_difficulty = Some(10_000_000)));
        assert_noop!(set(|set| set.min_childkey_take = Some(Take::new(1))), Error::<Test>::ValueNotInBounds);
        let hard = ParametersPatch { min_childkey_take: Some(Take::new(1)), ..Default::default() };
        assert_ok!(Subnets::set_default_parameters(RuntimeOrigin::root(), Box::new(hard)));
        assert_noop!(set(|set| set.max_childkey_take = Some(Take::new(0))), Error::<Test>::ValueNotInBounds);
    });
}

#[test]
fn root_has_at_most_sixty_four_seats() {
    quick().build_and_execute(|| {
        let seats = |count| set_on(RuntimeOrigin::root(), 0, |set| set.max_allowed_uids = Some(count));
        assert_noop!(seats(65), Error::<Test>::MaxAllowedUidsGreaterThanDefaultMaxAllowedUids);
        assert_ok!(seats(64));
        assert_ok!(set_on(RuntimeOrigin::root(), 0, |set| set.min_allowed_weights = Some(0)));
    });
}

#[test]
fn every_bound_reaches_the_caller_under_its_name() {
    with_a_subnet_of_alice(|| {
        let refused = |change: fn(&mut ParametersPatch), error: Error<Test>| {
            assert_noop!(as_root(change), error);
        };
        refused(|set| set.tempo = Some(0), Error::InvalidValue);
        refused(|set| set.min_burn = Some(Amount::ONE_TAO), Error::ValueNotInBounds);
        refused(|set| set.reveal_period_epochs = Some(0), Error::RevealPeriodTooSmall);
        refused(|set| set.reveal_period_epochs = Some(9), Error::RevealPeriodTooLarge);
        refused(|set| set.activity_cutoff = Some(359), Error::ActivityCutoffTooLow);
        refused(|set| set.initial_difficulty = Some(0), Error::ValueNotInBounds);
        let alpha = |low, high| {
            move |set: &mut ParametersPatch| {
                set.liquid_alpha = Some(true);
                set.alpha_values = Some(AlphaValues { low, high });
            }
        };
        assert_noop!(as_root(alpha(1, 1)), Error::<Test>::AlphaHighTooLow);
        assert_noop!(as_root(alpha(1, 2_000)), Error::<Test>::AlphaLowOutOfRange);
    });
}

#[test]
fn governance_sets_what_all_networks_share() {
    ExtBuilder::default().build_and_execute(|| {
        let changed = || {
            Box::new(NetworkParametersPatch {
                subnet_limit: Some(255),
                subnet_owner_cut: Some(1),
                ..Default::default()
            })
        };
        assert_noop!(Subnets::set_network_parameters(signed(ALICE), changed()), DispatchError::BadOrigin);
        assert_ok!(Subnets::set_network_parameters(RuntimeOrigin::root(), changed()));
        let expected = NetworkParameters { subnet_limit: 255, subnet_owner_cut: 1, ..NetworkParameters::default() };
        assert_eq!(Subnets::network(), expected);
        assert_eq!(events(), [Event::NetworkParametersSet { changed: changed() }]);
    });
}

#[test]
fn governance_sets_the_parameters_of_new_subnets() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        System::reset_events();
        let changed = |kappa| Box::new(ParametersPatch { kappa: Some(kappa), ..Default::default() });
        let set = |origin, changed| Subnets::set_default_parameters(origin, changed);
        assert_noop!(set(signed(ALICE), changed(7)), DispatchError::BadOrigin);
        let wrong = Box::new(ParametersPatch { tempo: Some(0), ..Default::default() });
        assert_noop!(set(RuntimeOrigin::root(), wrong), Error::<Test>::InvalidValue);
        assert_ok!(set(RuntimeOrigin::root(), changed(7)));
        assert_eq!(events(), [Event::DefaultParametersSet { changed: changed(7) }]);
        assert_eq!(parameters().kappa, 32_767, "what exists stays");
        run_to_block(7_201);
        assert_ok!(create(BOB, HOT_B));
        assert_eq!(Subnets::parameters(netuid(2)).map(|new| new.kappa), Some(7));
    });
}

#[test]
fn shared_parameters_have_bounds() {
    ExtBuilder::default().build_and_execute(|| {
        let refused = |change: fn(&mut NetworkParametersPatch), error: Error<Test>| {
            let mut changed = NetworkParametersPatch::default();
            change(&mut changed);
            assert_noop!(Subnets::set_network_parameters(RuntimeOrigin::root(), Box::new(changed)), error);
        };
        refused(|set| set.subnet_limit = Some(256), Error::InvalidValue);
        refused(|set| set.network_lock_reduction_interval = Some(0), Error::InvalidValue);
        refused(|set| set.subnet_owner_cut = Some(1_000_001), Error::InvalidValue);
        refused(|set| set.min_delegate_take = Some(Take::new(11_797)), Error::ValueNotInBounds);
        refused(|set| set.min_childkey_take = Some(Take::new(11_797)), Error::ValueNotInBounds);
    });
}
