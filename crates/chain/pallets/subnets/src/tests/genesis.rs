//! The networks of genesis. spec tokenomics §10

use crate::{DefaultParameters, GenesisConfig, GenesisOwner, GenesisSubnet, LastCreation, ReadSubnets, mock::*};
use myelin_primitives::{Amount, NetUid};
use myelin_records::{
    parameters::{NetworkParameters, NetworkParametersPatch, Parameters, ParametersPatch},
    subnet::{LaunchPhase, Subnet},
};

#[test]
fn a_chain_begins_with_root_and_a_subnet_that_work_can_join() {
    ExtBuilder::genesis(GenesisConfig::default()).build_and_execute(|| {
        assert_eq!(Subnets::tempos(), [(NetUid::ROOT, 100), (netuid(1), 360)]);
        assert_eq!(Subnets::parameters(NetUid::ROOT), Some(Parameters::root()));
        let first = Parameters { pow_registration_allowed: true, ..Parameters::default() };
        assert!(first.registration_allowed);
        assert_eq!(Subnets::parameters(netuid(1)), Some(first));
        let nobodys = Subnet { registered_at: 0, owner: None, owner_hotkey: None, locked: Amount::ZERO };
        assert_eq!(Subnets::subnet(NetUid::ROOT), Some(nobodys.clone()));
        assert_eq!(Subnets::subnet(netuid(1)), Some(nobodys));
        assert_eq!(told(), [Told::Created(NetUid::ROOT, None), Told::Created(netuid(1), None)]);
        assert_eq!(Subnets::locked(), Amount::ZERO);
        assert_eq!(LastCreation::<Test>::get(), None);
        assert_eq!(Subnets::lock_cost().rao(), PRICE);
    });
}

#[test]
fn root_is_set_as_the_specification_says() {
    let root = Parameters::root();
    assert_eq!(
        (root.tempo, root.max_allowed_uids, root.max_allowed_validators, root.min_allowed_weights),
        (100, 64, 64, 0)
    );
    assert_eq!(
        (root.max_weight_limit, root.registration_allowed, root.target_registrations_per_interval),
        (65_535, true, 1)
    );
    assert_eq!(root.validate_on(NetUid::ROOT, &NetworkParameters::default()), Ok(()));
}

#[test]
fn genesis_changes_defaults_for_now_and_later() {
    let tempo =
        |tempo| ParametersPatch { tempo: Some(tempo), weights_set_rate_limit: Some(5), ..ParametersPatch::default() };
    let launch = LaunchPhase { opens_at: 3, ends_at: 9, least_seats: 4 };
    let genesis = GenesisConfig {
        launch,
        network_parameters: NetworkParametersPatch {
            subnet_limit: Some(2),
            min_rate_limit: Some(5),
            ..Default::default()
        },
        default_parameters: tempo(10),
        root_parameters: tempo(5),
        subnets: vec![
            GenesisSubnet {
                netuid: netuid(7),
                owner: Some(GenesisOwner { coldkey: ALICE, hotkey: HOT_A }),
                parameters: tempo(20),
            },
            GenesisSubnet { netuid: netuid(3), owner: None, parameters: ParametersPatch::default() },
        ],
    };
    ExtBuilder::genesis(genesis).build_and_execute(|| {
        assert_eq!(Subnets::tempos(), [(NetUid::ROOT, 5), (netuid(3), 10), (netuid(7), 20)]);
        assert_eq!(Subnets::network().subnet_limit, 2);
        assert_eq!(Subnets::launch(), launch);
        assert_eq!(DefaultParameters::<Test>::get().map(|parameters| parameters.tempo), Some(10));
        let owned = Subnet { registered_at: 0, owner: Some(ALICE), owner_hotkey: Some(HOT_A), locked: Amount::ZERO };
        assert_eq!(Subnets::subnet(netuid(7)), Some(owned));
        assert_eq!(OwnerOf::get(HOT_A), Some(ALICE));
        assert_eq!(
            told(),
            [
                Told::Created(NetUid::ROOT, None),
                Told::Created(netuid(7), Some((ALICE, HOT_A))),
                Told::Created(netuid(3), None),
            ]
        );
        assert_eq!(balance(ALICE), ENDOWMENT, "a subnet of genesis costs nothing");
    });
}

fn broken(genesis: GenesisConfig<Test>) {
    ExtBuilder::genesis(genesis).build_and_execute(|| ());
}

#[test]
#[should_panic(expected = "netuid 1 twice")]
fn a_number_is_given_once() {
    let subnet = GenesisSubnet { netuid: netuid(1), owner: None, parameters: ParametersPatch::default() };
    broken(GenesisConfig { subnets: vec![subnet.clone(), subnet], ..Default::default() });
}

#[test]
#[should_panic(expected = "0 is root")]
fn root_is_no_subnet_of_genesis() {
    let subnet = GenesisSubnet { netuid: NetUid::ROOT, owner: None, parameters: ParametersPatch::default() };
    broken(GenesisConfig { subnets: vec![subnet], ..Default::default() });
}

#[test]
#[should_panic(expected = "subnets.defaultParameters do not go together")]
fn genesis_parameters_go_together() {
    let default_parameters = ParametersPatch { tempo: Some(0), ..ParametersPatch::default() };
    broken(GenesisConfig { default_parameters, ..Default::default() });
}

#[test]
#[should_panic(expected = "subnets.networkParameters do not go together")]
fn shared_genesis_parameters_go_together() {
    let network_parameters = NetworkParametersPatch { subnet_limit: Some(256), ..Default::default() };
    broken(GenesisConfig { network_parameters, ..Default::default() });
}

/// Parameters below the floors of all networks.
fn low() -> ParametersPatch {
    ParametersPatch {
        serving_rate_limit: Some(3),
        initial_difficulty: Some(700),
        min_difficulty: Some(500),
        ..ParametersPatch::default()
    }
}

#[test]
fn a_floor_that_genesis_does_not_name_makes_room() {
    ExtBuilder::genesis(GenesisConfig { default_parameters: low(), ..Default::default() }).build_and_execute(|| {
        let network = Subnets::network();
        assert_eq!((network.min_rate_limit, network.min_work_difficulty), (3, 500));
    });
}

#[test]
#[should_panic(expected = "the parameters of a subnet in subnets.subnets do not go together")]
fn one_subnet_lowers_no_floor() {
    let subnet = GenesisSubnet { netuid: netuid(1), owner: None, parameters: low() };
    broken(GenesisConfig { subnets: vec![subnet], ..Default::default() });
}

#[test]
fn a_floor_of_genesis_is_never_above_the_default() {
    let default = NetworkParameters::default();
    let default_parameters = ParametersPatch { serving_rate_limit: Some(7_000), ..ParametersPatch::default() };
    ExtBuilder::genesis(GenesisConfig { default_parameters, ..Default::default() }).build_and_execute(|| {
        let network = Subnets::network();
        assert_eq!(network.min_rate_limit, default.min_rate_limit);
        assert_eq!(network.min_work_difficulty, default.min_work_difficulty);
    });
}

#[test]
#[should_panic(expected = "subnets.defaultParameters do not go together")]
fn a_floor_that_genesis_names_holds() {
    let network_parameters = NetworkParametersPatch { min_rate_limit: Some(4), ..Default::default() };
    broken(GenesisConfig { network_parameters, default_parameters: low(), ..Default::default() });
}

#[test]
#[should_panic(expected = "network 2 cannot begin")]
fn a_hotkey_of_genesis_has_one_owner() {
    let subnet = |number, coldkey| GenesisSubnet {
        netuid: netuid(number),
        owner: Some(GenesisOwner { coldkey, hotkey: HOT_A }),
        parameters: ParametersPatch::default(),
    };
    broken(GenesisConfig { subnets: vec![subnet(1, ALICE), subnet(2, BOB)], ..Default::default() });
}

#[test]
fn genesis_reads_from_json_by_field() {
    let genesis: GenesisConfig<Test> = serde_json::from_str(
        r#"{
            "networkParameters": { "networkRateLimit": 0, "minRateLimit": 5 },
            "defaultParameters": { "tempo": 10, "weightsSetRateLimit": 5, "alphaValues": { "low": 2000, "high": 3000 } },
            "rootParameters": {},
            "subnets": [{ "netuid": 1, "owner": { "coldkey": 1, "hotkey": 101 } }]
        }"#,
    )
    .expect("fields left out stay as they are");
    ExtBuilder::genesis(genesis).build_and_execute(|| {
        assert_eq!(Subnets::network().network_rate_limit, 0);
        assert_eq!(Subnets::parameters(netuid(1)).map(|set| (set.tempo, set.alpha_values.high)), Some((10, 3_000)));
    });
}

#[test]
fn genesis_knows_every_field_it_is_given() {
    let misspelt =
        r#"{ "networkParameters": { "tempi": 1 }, "defaultParameters": {}, "rootParameters": {}, "subnets": [] }"#;
    assert!(serde_json::from_str::<GenesisConfig<Test>>(misspelt).is_err());
}

#[test]
fn a_default_genesis_is_written_as_short_as_it_can_be() {
    let json = serde_json::to_string(&GenesisConfig::<Test>::default()).expect("it can be written");
    assert_eq!(
        json,
        concat!(
            r#"{"launch":{"opensAt":0,"endsAt":0,"leastSeats":0},"#,
            r#""networkParameters":{},"defaultParameters":{},"rootParameters":{},"#,
            r#""subnets":[{"netuid":1,"parameters":{"registrationAllowed":true,"powRegistrationAllowed":true}}]}"#,
        )
    );
}
