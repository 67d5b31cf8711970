use super::*;
use proptest::prelude::*;
use std::{collections::BTreeSet, fs, path::Path};

/// Returns the rows of a table of the specification, without its head, cell by cell.
fn specified(section: &str, next: &str) -> Vec<Vec<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/subnets-and-neurons.md");
    let page = fs::read_to_string(page).unwrap();
    let section = page.split(section).nth(1).unwrap().split(next).next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn the_table_is_that_of_the_specification() {
    let ours: Vec<_> = Parameter::ALL
        .iter()
        .map(|parameter| {
            let (authority, window) = (parameter.authority().to_string(), parameter.window().to_string());
            [parameter.name().to_owned(), parameter.bounds().to_owned(), authority, window]
        })
        .collect();
    let specified: Vec<_> =
        specified("## 17. ", "## 18. ").into_iter().map(|row| [0, 3, 4, 5].map(|cell| row[cell].clone())).collect();
    assert_eq!(ours, specified);
}

#[test]
fn the_table_is_complete() {
    // The record has as many fields as the table has rows: each field of the default record is one value.
    let names: BTreeSet<&str> = Parameter::ALL.iter().map(|parameter| parameter.name()).collect();
    assert_eq!(names.len(), Parameter::ALL.len());
    for parameter in Parameter::ALL {
        assert_eq!(Parameter::named(parameter.name()), Some(*parameter));
        let effect = parameter.effect();
        assert!(effect.starts_with(char::is_uppercase) && !effect.ends_with('.'), "{effect}");
        let is_flag = matches!(parameter.value(&Parameters::default()), ParameterValue::Flag(_));
        assert_eq!(parameter.bounds().is_empty(), is_flag, "{parameter:?}");
    }
    assert_eq!(Parameter::named("immunity"), None);
}

#[test]
fn parameters_are_numbered_in_order() {
    let numbers: Vec<u8> = Parameter::ALL.iter().map(|parameter| parameter.encode()[0]).collect();
    assert!(numbers.into_iter().map(usize::from).eq(0..Parameter::ALL.len()));
    assert_eq!(Parameter::Tempo.encode(), [0]);
    assert_eq!(Parameter::EmissionEnabled.encode(), [38]);
}

#[test]
fn new_subnets_and_root_start_as_specified() {
    let root = Parameters::root();
    assert_eq!(root.validate_on(NetUid::ROOT, &NetworkParameters::default()), Ok(()));
    assert_eq!(
        (root.tempo, root.max_allowed_uids, root.min_allowed_weights, root.adjustment_interval),
        (100, 64, 0, 100)
    );
    let rows = specified("## 17. ", "## 18. ");
    for (parameter, row) in Parameter::ALL.iter().zip(rows) {
        // Only numbers and flags are written the same way here and there.
        let written = |cell: &str| cell.replace([' ', '\u{a0}'], "");
        let new = parameter.value(&Parameters::default());
        if matches!(new, ParameterValue::Flag(_) | ParameterValue::Limits(_))
            || row[1].replace(' ', "").parse::<u64>().is_ok()
        {
            assert_eq!(new.to_string(), written(&row[1]), "{parameter:?}");
            let root = parameter.value(&root).to_string();
            let specified = if row[2] == "same" { written(&row[1]) } else { written(&row[2]) };
            assert_eq!(root, specified, "{parameter:?} of root");
        }
    }
}

#[test]
fn a_record_encodes_field_by_field() {
    let encoded = [
        (360_u16, 10_u16, 32_767_u16, 256_u16, 64_u16, 64_u16, 1_u16, u16::MAX, 5_000_u16, 5_000_u16).encode(),
        (0_u64, 100_u32, 360_u16, 17_893_341_751_498_265_066_u64, 1_u16, 1_u16, true, false).encode(),
        (1_000_000_000_u64, 500_000_u64, 100_000_000_000_u64, 10_000_000_u64, 10_000_000_u64, u64::MAX / 4).encode(),
        (900_000_u32, u16::MAX, true, false, (45_875_u16, 58_982_u16), 1_000_i16, true, 1_u64, 72_u32).encode(),
        (1_u16, 0_u16, true, 0_u16, true, true).encode(),
    ]
    .concat();
    let parameters = Parameters::default();
    assert_eq!(parameters.encode(), encoded);
    assert_eq!(Parameters::decode(&mut &encoded[..]), Ok(parameters));
    assert_eq!(Parameters::max_encoded_len(), encoded.len());
}

#[test]
fn the_record_of_all_networks_encodes_field_by_field() {
    let encoded = [
        (64_u16, 7_200_u32, 50_400_u32, 100_000_000_000_u64, 100_800_u32, 201_600_u32, 180_000_u32, 50_400_u32)
            .encode(),
        (2_u16, 10_u16, 0_u16, 11_796_u16, 0_u16, 11_796_u16, 1_000_u32, 216_000_u32, 216_000_u32, 50_400_u32).encode(),
        (7_200_u32, 0_u64, 10_000_000_000_u64, 0_u64, 1_u64, 360_u32, 36_000_u32, 7_200_u32).encode(),
        (72_u32, 10_000_000_u64, false, true).encode(),
    ]
    .concat();
    let network = NetworkParameters::default();
    assert_eq!(network.encode(), encoded);
    assert_eq!(NetworkParameters::decode(&mut &encoded[..]), Ok(network));
}

#[test]
fn a_patch_encodes_an_option_for_each_field() {
    let patch = ParametersPatch { tempo: Some(9), emission_enabled: Some(false), ..ParametersPatch::default() };
    assert_eq!(patch.encode(), [&[1, 9, 0][..], &[0; 37], &[1, 0]].concat());
    assert_eq!(ParametersPatch::decode(&mut &patch.encode()[..]), Ok(patch));
    assert_eq!(NetworkParametersPatch::default().encode(), [0; 30]);
}

#[test]
fn a_patch_tells_which_parameters_it_gives() {
    assert_eq!(ParametersPatch::default().given().count(), 0);
    let some = ParametersPatch { yuma3: Some(true), tempo: Some(9), ..Default::default() };
    assert_eq!(some.given().collect::<Vec<_>>(), [Parameter::Tempo, Parameter::Yuma3]);
}

#[test]
fn a_text_that_is_a_value_is_set() {
    let mut patch = ParametersPatch::default();
    for (name, text) in [
        ("tempo", "99"),
        ("adjustment_alpha", "18446744073709551615"),
        ("registration_allowed", "no"),
        ("min_burn", "0.5"),
        ("max_burn", "250rao"),
        ("alpha_values", "2000,3000"),
        ("alpha_sigmoid_steepness", "-5"),
        ("min_childkey_take", "7"),
    ] {
        Parameter::named(name).unwrap().assign(&mut patch, text).unwrap();
    }
    let expected = ParametersPatch {
        tempo: Some(99),
        adjustment_alpha: Some(u64::MAX),
        registration_allowed: Some(false),
        min_burn: Some(Amount::from_rao(500_000_000)),
        max_burn: Some(Amount::from_rao(250)),
        alpha_values: Some(AlphaValues { low: 2_000, high: 3_000 }),
        alpha_sigmoid_steepness: Some(-5),
        min_childkey_take: Some(Take::new(7)),
        ..ParametersPatch::default()
    };
    assert_eq!(patch, expected);
}

#[test]
fn a_text_that_is_no_value_names_what_would_be_one() {
    let refused = |name: &str, text| {
        Parameter::named(name).unwrap().assign(&mut ParametersPatch::default(), text).unwrap_err().to_string()
    };
    assert_eq!(refused("tempo", "65536"), "not a whole number from 0 to 65535");
    assert_eq!(refused("tempo", "-1"), "not a whole number from 0 to 65535");
    assert_eq!(refused("alpha_sigmoid_steepness", "40000"), "not a whole number from -32768 to 32767");
    assert_eq!(refused("adjustment_alpha", "x"), "not a whole number from 0 to 18446744073709551615");
    assert_eq!(refused("yuma3", "maybe"), "neither yes nor no");
    assert!(refused("min_burn", "much").contains("not an amount"));
    assert!(refused("alpha_values", "5").contains("comma"));
    assert_eq!(refused("alpha_values", "5,x"), "not a whole number from 0 to 65535");
}

#[test]
fn a_value_reads_as_it_shows() {
    for parameter in Parameter::ALL {
        let shown = parameter.value(&Parameters::default());
        let mut patch = ParametersPatch::default();
        assert_eq!(parameter.assign(&mut patch, &shown.to_string()), Ok(shown));
        assert_eq!(patch.given().collect::<Vec<_>>(), [*parameter]);
        assert_eq!(patch.applied_to(&Parameters::default()), Parameters::default());
    }
}

#[test]
fn every_bound_refuses_its_neighbour_and_takes_itself() {
    use ParametersError::*;
    type Case = (fn(&mut Parameters), Result<(), ParametersError>);
    let cases: &[Case] = &[
        (|p| (p.tempo, p.weights_set_rate_limit) = (71, 72), Err(InvalidValue)),
        (|p| (p.tempo, p.weights_set_rate_limit) = (72, 72), Ok(())),
        (|p| p.tempo = 361, Err(InvalidValue)),
        (|p| p.max_allowed_uids = 257, Err(MaxAllowedUidsGreaterThanDefaultMaxAllowedUids)),
        (|p| p.max_allowed_uids = 63, Err(MaxValidatorsLargerThanMaxUIds)),
        (|p| p.max_allowed_uids = 64, Ok(())),
        (|p| p.max_allowed_validators = 257, Err(MaxValidatorsLargerThanMaxUIds)),
        (|p| p.max_allowed_validators = 256, Ok(())),
        (|p| p.min_allowed_weights = 0, Err(InvalidValue)),
        (|p| p.min_allowed_weights = 64, Ok(())),
        (|p| p.min_allowed_weights = 65, Err(InvalidValue)),
        (|p| p.max_weight_limit = 6_553, Err(InvalidValue)),
        (|p| p.max_weight_limit = 6_554, Ok(())),
        (|p| p.immunity_period = 0, Ok(())),
        (|p| p.immunity_period = 50_400, Ok(())),
        (|p| p.immunity_period = 50_401, Err(InvalidValue)),
        // (1 + 3) * 361 + 100
        (|p| p.activity_cutoff = 1_543, Err(ActivityCutoffTooLow)),
        (|p| p.activity_cutoff = 1_544, Ok(())),
        (|p| (p.activity_cutoff, p.reveal_period_epochs) = (1_904, 2), Err(ActivityCutoffTooLow)),
        (|p| (p.activity_cutoff, p.reveal_period_epochs) = (1_905, 2), Ok(())),
        (|p| (p.tempo, p.weights_set_rate_limit, p.activity_cutoff) = (72, 72, 363), Err(ActivityCutoffTooLow)),
        (|p| (p.tempo, p.weights_set_rate_limit, p.activity_cutoff) = (72, 72, 364), Ok(())),
        (|p| p.weights_set_rate_limit = 71, Err(InvalidValue)),
        (|p| p.weights_set_rate_limit = 72, Ok(())),
        (|p| p.weights_set_rate_limit = 360, Ok(())),
        (|p| p.weights_set_rate_limit = 361, Err(InvalidValue)),
        (|p| p.serving_rate_limit = 71, Err(InvalidValue)),
        (|p| p.serving_rate_limit = 72, Ok(())),
        (|p| p.serving_rate_limit = 7_200, Ok(())),
        (|p| p.serving_rate_limit = 7_201, Err(InvalidValue)),
        (|p| p.adjustment_interval = 0, Err(InvalidValue)),
        (|p| p.adjustment_interval = 1, Ok(())),
        (|p| p.target_registrations_per_interval = 0, Err(InvalidValue)),
        (|p| p.target_registrations_per_interval = 1, Ok(())),
        (|p| p.min_burn = Amount::from_rao(1_000_000_000), Err(ValueNotInBounds)),
        (|p| p.min_burn = Amount::from_rao(999_999_999), Ok(())),
        (|p| p.max_burn = Amount::from_rao(100_000_000), Err(ValueNotInBounds)),
        (|p| p.max_burn = Amount::from_rao(100_000_001), Ok(())),
        (
            |p| (p.min_burn, p.max_burn) = (Amount::from_rao(200_000_000), Amount::from_rao(200_000_000)),
            Err(ValueNotInBounds),
        ),
        (|p| (p.min_burn, p.max_burn) = (Amount::from_rao(200_000_000), Amount::from_rao(200_000_001)), Ok(())),
        (|p| p.min_difficulty = 9_999_999, Err(ValueNotInBounds)),
        (|p| p.initial_difficulty = 9_999_999, Err(ValueNotInBounds)),
        (|p| p.initial_difficulty = p.max_difficulty + 1, Err(ValueNotInBounds)),
        (|p| p.initial_difficulty = p.max_difficulty, Ok(())),
        (|p| p.max_difficulty = 9_999_999, Err(ValueNotInBounds)),
        (|p| p.max_difficulty = 10_000_000, Ok(())),
        (|p| p.min_childkey_take = Take::new(11_797), Err(ValueNotInBounds)),
        (|p| p.min_childkey_take = Take::new(11_796), Ok(())),
        (|p| p.bonds_moving_average = 1_000_001, Err(BondsMovingAverageMaxReached)),
        (|p| p.bonds_moving_average = 1_000_000, Ok(())),
        (|p| p.alpha_values = AlphaValues { low: 1_637, high: 1_637 }, Err(AlphaHighTooLow)),
        (|p| p.alpha_values = AlphaValues { low: 1_637, high: 1_638 }, Err(AlphaLowOutOfRange)),
        (|p| p.alpha_values = AlphaValues { low: 1_639, high: 1_638 }, Err(AlphaLowOutOfRange)),
        (|p| p.alpha_values = AlphaValues { low: 1_638, high: 1_638 }, Ok(())),
        (|p| p.reveal_period_epochs = 0, Err(RevealPeriodTooSmall)),
        (|p| p.reveal_period_epochs = 1, Ok(())),
        (|p| p.reveal_period_epochs = 8, Ok(())),
        (|p| p.reveal_period_epochs = 9, Err(RevealPeriodTooLarge)),
        (|p| p.owner_immune_uids_limit = 0, Err(InvalidValue)),
        (|p| p.owner_immune_uids_limit = 1, Ok(())),
        (|p| p.owner_immune_uids_limit = 10, Ok(())),
        (|p| p.owner_immune_uids_limit = 11, Err(InvalidValue)),
    ];
    for (number, (change, expected)) in cases.iter().enumerate() {
        let mut parameters = Parameters::default();
        change(&mut parameters);
        assert_eq!(parameters.validate(&NetworkParameters::default()), *expected, "case {number}");
    }
}

#[test]
fn root_has_bounds_of_its_own() {
    use ParametersError::*;
    let network = NetworkParameters::default();
    let root = |change: fn(&mut Parameters)| {
        let mut parameters = Parameters::root();
        change(&mut parameters);
        parameters.validate_on(NetUid::ROOT, &network)
    };
    assert_eq!(root(|p| p.max_allowed_uids = 65), Err(MaxAllowedUidsGreaterThanDefaultMaxAllowedUids));
    assert_eq!(root(|p| p.min_allowed_weights = 64), Ok(()));
    assert_eq!(root(|p| p.min_allowed_weights = 65), Err(InvalidValue));
    assert_eq!(
        Parameters::root().validate_on(NetUid::new(1), &network),
        Err(InvalidValue),
        "a subnet asks for weights"
    );
}

#[test]
fn the_longest_tempo_needs_a_long_stake_interval() {
    let network = NetworkParameters { stake_interval: 100_000, ..NetworkParameters::default() };
    let with_tempo = |tempo| {
        let long = Parameters { tempo, activity_cutoff: u16::MAX, ..Parameters::default() };
        long.validate(&network)
    };
    assert_eq!(with_tempo(16_357), Ok(()), "4 * 16 358 + 100 blocks");
    assert_eq!(with_tempo(16_358), Err(ParametersError::ActivityCutoffTooLow));
    assert_eq!(with_tempo(50_401), Err(ParametersError::InvalidValue));
}

#[test]
fn every_number_of_neurons_can_satisfy_the_weight_limit() {
    let tight = Parameters { max_weight_limit: 6_554, ..Parameters::default() };
    assert_eq!([0, 1, 2, 3].map(|neurons| tight.weight_limit(neurons)), [65_535, 65_535, 65_535, 32_768]);
    assert_eq!([10, 11, 12, 256].map(|neurons| tight.weight_limit(neurons)), [7_282, 6_554, 6_554, 6_554]);
    for neurons in 2..=256 {
        assert!(u32::from(tight.weight_limit(neurons)) * u32::from(neurons - 1) >= 65_535, "{neurons}");
    }
    assert_eq!(Parameters::default().weight_limit(256), 65_535);
}

#[test]
fn work_has_a_least_difficulty_on_every_network() {
    let network = NetworkParameters::default();
    assert_eq!(
        [0, 9_999_999, 10_000_000, u64::MAX].map(|asked| network.work_difficulty(asked)),
        [10_000_000, 10_000_000, 10_000_000, u64::MAX]
    );
}

#[test]
fn shared_bounds_refuse_their_neighbours() {
    use ParametersError::*;
    type Case = (fn(&mut NetworkParameters), Result<(), ParametersError>);
    let cases: &[Case] = &[
        (|p| p.subnet_limit = 255, Ok(())),
        (|p| p.subnet_limit = 256, Err(InvalidValue)),
        (|p| p.network_lock_reduction_interval = 1, Ok(())),
        (|p| p.network_lock_reduction_interval = 0, Err(InvalidValue)),
        (|p| p.subnet_owner_cut = 1_000_000, Ok(())),
        (|p| p.subnet_owner_cut = 1_000_001, Err(InvalidValue)),
        (|p| p.min_delegate_take = Take::new(11_796), Ok(())),
        (|p| p.min_delegate_take = Take::new(11_797), Err(ValueNotInBounds)),
        (|p| p.min_childkey_take = Take::new(11_796), Ok(())),
        (|p| p.min_childkey_take = Take::new(11_797), Err(ValueNotInBounds)),
    ];
    for (number, (change, expected)) in cases.iter().enumerate() {
        let mut network = NetworkParameters::default();
        change(&mut network);
        assert_eq!(network.validate(), *expected, "case {number}");
    }
}

#[test]
fn parameters_read_as_what_the_rules_take() {
    let parameters = Parameters { min_non_immune_uids: 3, ..Parameters::default() };
    assert_eq!(parameters.schedule(NetUid::new(1)).blocks_until_epoch(0), Some(358));
    assert_eq!(parameters.sigmoid(), Sigmoid { rho: 10, kappa: 32_767 });
    assert_eq!(parameters.kappa().of(65_535), 32_767);
    assert_eq!(parameters.activity_cutoff(), 5_000);
    assert_eq!(parameters.bonds_moving_average().of(1_000), 900);
    assert_eq!(parameters.bonds_penalty().of(1_000), 1_000);
    assert_eq!((parameters.alpha_values.low().of(65_535), parameters.alpha_values.high().of(65_535)), (45_875, 58_982));
    assert_eq!(parameters.least_immunity_by_owner(), 722);
    assert_eq!(parameters.neuron_immunity(), NeuronImmunity { period: 5_000, min_non_immune: 3 });
    let rule = AdjustmentRule {
        target: 1,
        inertia: INERTIA,
        burn: Bounds { min: Amount::from_rao(500_000), max: Amount::from_rao(100_000_000_000) },
        difficulty: Bounds { min: 10_000_000, max: u64::MAX / 4 },
    };
    assert_eq!(parameters.adjustment_rule(), rule);
    let network = NetworkParameters::default();
    assert_eq!(network.owner_cut().of(100), 18);
    assert_eq!(network.price_rule(), PriceRule::default());
    assert_eq!(network.vested(Amount::from_rao(8), 50_400).rao(), 2);
}

#[test]
fn lending_needs_both_minima_and_the_owners_hotkey_one() {
    let least = |threshold, lending| {
        let network = NetworkParameters {
            stake_threshold: Amount::from_rao(threshold),
            min_lending_stake: Amount::from_rao(lending),
            ..NetworkParameters::default()
        };
        (network.least_lending_stake(false).rao(), network.least_lending_stake(true).rao())
    };
    assert_eq!([least(3, 2), least(2, 3), least(0, 0)], [(3, 2), (3, 3), (0, 0)]);
}

#[test]
fn a_burn_out_of_its_bounds_starts_at_the_nearer_one() {
    let burn = |rao| Parameters { initial_burn: Amount::from_rao(rao), ..Parameters::default() }.initial_terms().burn;
    assert_eq!(burn(1).rao(), 500_000);
    assert_eq!(burn(500_001).rao(), 500_001);
    assert_eq!(burn(u64::MAX).rao(), 100_000_000_000);
    let easy = Parameters { initial_difficulty: 1, ..Parameters::default() };
    assert_eq!(easy.initial_terms().difficulty, 1, "any difficulty may be set; the next adjustment bounds it");
}

#[cfg(feature = "serde")]
#[test]
fn json_names_are_those_of_genesis_files_and_clients() {
    let patch: ParametersPatch =
        serde_json::from_str(r#"{"tempo":9,"minBurn":5,"alphaValues":{"low":1,"high":2}}"#).unwrap();
    assert_eq!(patch.given().collect::<Vec<_>>(), [Parameter::Tempo, Parameter::MinBurn, Parameter::AlphaValues]);
    assert_eq!(serde_json::to_string(&patch).unwrap(), r#"{"tempo":9,"minBurn":5,"alphaValues":{"low":1,"high":2}}"#);
    assert!(serde_json::from_str::<ParametersPatch>(r#"{"tempos":9}"#).is_err());
    let json = |parameter: Parameter| {
        let value = parameter.value(&Parameters::default());
        serde_json::to_string(&(parameter.authority(), parameter.window(), value)).unwrap()
    };
    assert_eq!(json(Parameter::Tempo), r#"["governance","not-frozen",360]"#);
    assert_eq!(json(Parameter::RegistrationAllowed), r#"["governance","always",true]"#);
    assert_eq!(json(Parameter::AlphaValues), r#"["owner","not-frozen",{"low":45875,"high":58982}]"#);
}

proptest! {
    #[test]
    fn a_patch_reads_as_it_was_written(
        tempo: Option<u16>,
        version: Option<u64>,
        burn: Option<u64>,
        steepness: Option<i16>,
        flag: Option<bool>,
        low: u16,
    ) {
        let patch = ParametersPatch {
            tempo,
            weights_version_key: version,
            min_burn: burn.map(Amount::from_rao),
            alpha_sigmoid_steepness: steepness,
            yuma3: flag,
            alpha_values: flag.map(|_| AlphaValues { low, high: low }),
            ..ParametersPatch::default()
        };
        prop_assert_eq!(ParametersPatch::decode(&mut &patch.encode()[..]), Ok(patch.clone()));
        let applied = patch.applied_to(&Parameters::default());
        prop_assert_eq!(applied.tempo, tempo.unwrap_or(360));
        prop_assert_eq!(Parameters::decode(&mut &applied.encode()[..]), Ok(applied));
    }

    #[test]
    fn no_text_makes_a_parameter_panic(text in ".*", number in 0..Parameter::ALL.len()) {
        let _ = Parameter::ALL[number].assign(&mut ParametersPatch::default(), &text);
    }
}
