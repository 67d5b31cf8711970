//! Tests of settings from all sources.

use crate::support::{Home, said};
use serde_json::{Value, json};

#[test]
fn a_flag_is_above_the_environment_and_that_above_the_file() {
    let home = Home::new();
    let network = |environment: Option<&str>, flag: &str| {
        let mut command = home.command(&format!("config get network --output json {flag}"));
        command.envs(environment.map(|value| ("MYELIN_NETWORK", value)));
        let output = command.output().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (value["value"].as_str().unwrap().to_owned(), value["source"].as_str().unwrap().to_owned())
    };
    let is = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    assert_eq!(network(None, ""), is("local", "default"));
    home.json("config set network wss://file:1");
    assert_eq!(network(None, ""), is("wss://file:1", "file"));
    assert_eq!(network(Some("wss://environment:1"), ""), is("wss://environment:1", "environment"));
    assert_eq!(network(Some("wss://environment:1"), "--network wss://flag:1"), is("wss://flag:1", "flag"));
    home.json("config unset network");
    assert_eq!(network(None, ""), is("local", "default"));
}

#[test]
fn the_file_decides_how_answers_are_written() {
    let home = Home::new();
    home.json("config set output json");
    assert_eq!(home.run("config get wallet.name").json()["value"], "default");
    assert_eq!(home.run("config get wallet.name --output table").out, "default\n");
}

#[test]
fn settings_are_listed_with_their_source() {
    let home = Home::new();
    home.json("config set policy.max-spend 1.5tao");
    let list = home.run("config list").out;
    assert!(list.contains("policy.max-spend  1.5tao                file"), "{list}");
    let list = home.json("config list");
    let spend = list.as_array().unwrap().iter().find(|entry| entry["name"] == "policy.max-spend");
    assert_eq!(spend, Some(&json!({ "name": "policy.max-spend", "value": "1.5tao", "source": "file" })));
    let path = home.json("config path");
    assert_eq!(path["exists"], true);
    assert!(path["path"].as_str().unwrap().starts_with(home.path().to_str().unwrap()));
}

#[test]
fn what_makes_no_sense_is_refused_and_not_written() {
    let home = Home::new();
    for line in [
        "config set policy.max-spend much --output json",
        "config set policy.max-spend 1.5rao --output json",
        "config set max-spend 1 --output json",
        "config get nothing --output json",
    ] {
        let said = home.run(line);
        assert_eq!((said.code, said.error().as_str()), (2, "config"), "{line}");
    }
    assert_eq!(home.json("config path")["exists"], false);
    // Errors of the parser are reported by the parser.
    for line in [
        "config set",
        "nonsense",
        "config list --output xml",
        "config list --network nowhere",
        "wallet list --wallet a/b",
    ] {
        let said = home.run(line);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{line}");
        assert!(said.err.starts_with("error:"), "{said:?}");
    }
}

#[test]
fn a_broken_file_stops_everything_before_it_begins() {
    let home = Home::new();
    let path = home.path().join("broken.toml");
    std::fs::write(&path, "[policy]\nmax_spend = \"1\"\n").unwrap();
    let said = home.run(&format!("wallet list --output json --config {}", path.display()));
    assert_eq!((said.code, said.error().as_str()), (2, "config"));
    let said = home.run(&format!("wallet list --config {}", path.display()));
    assert!(said.err.contains("policy.max_spend") && said.err.contains("\nhint: correct"), "{said:?}");
}

#[test]
fn without_a_home_there_is_no_folder_for_data() {
    let home = Home::new();
    let place = format!("--wallet-path {} --config /dev/null --output json", home.path().join("wallets").display());
    assert_eq!(home.run(&format!("wallet create --without-password {place}")).code, 0);
    for line in ["weights commit 1 3=1", "weights reveal 1", "neuron register --netuid 1 --work"] {
        // A relative path is no folder for data, as the XDG specification says.
        for data in [None, Some("data")] {
            let mut command = home.command(&format!("{line} {place}"));
            let said =
                said(command.env_remove("HOME").envs(data.map(|data| ("XDG_DATA_HOME", data))).output().unwrap());
            assert_eq!((said.code, said.error().as_str()), (1, "io"), "{line}: {said:?}");
            let error: Value = serde_json::from_str(&said.err).unwrap();
            assert_eq!(error["error"]["message"], "there is no home folder for data", "{line}");
            assert_eq!(error["error"]["hint"], "set `HOME`", "{line}");
        }
    }
}
