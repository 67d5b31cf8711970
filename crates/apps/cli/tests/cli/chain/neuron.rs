//! Tests of a miner: registration by TAO or by work, its axon, a commitment and a key swap.

use super::{TAO, Testnet};
use crate::support::{START_TIMEOUT, said};
use serde_json::Value;
use std::{fs, path::PathBuf, process::Stdio, time::Instant};

/// The cost of a pair that a coldkey makes, in rao.
const PAIR_COST: u64 = 5_000_000;

#[test]
fn a_neuron_is_seated_announced_and_given_another_key() {
    let net = Testnet::new();
    net.wallet("bob", 50);
    let hotkey = net.home().json("wallet show --wallet bob")["keys"][1]["address"].clone();

    // A seat for TAO.
    let planned = net.json("neuron register --netuid 1 --max-price 0.5 --wallet bob --dry-run");
    // The price and the cost of the pair of keys, which one plan makes.
    assert_eq!(planned["plan"]["spend"], TAO / 2 + PAIR_COST);
    // Epochs pay into the stake, not into the free balance.
    let free = || net.json("wallet balance bob")["accounts"][0]["free"].as_u64().unwrap();
    let before = free();
    let registered = net.json("neuron register --netuid 1 --max-price 0.5 --wallet bob --yes");
    let result = &registered["done"]["result"];
    assert_eq!(
        (&result["uid"], &result["hotkey"], &result["work"]),
        (&0.into(), &hotkey, &Value::Null),
        "{registered}"
    );
    let paid = result["burned"].as_u64().unwrap() + registered["done"]["fee"].as_u64().unwrap();
    assert_eq!(free(), before - paid - PAIR_COST);
    assert_eq!(net.error("neuron register --netuid 1 --wallet bob"), (1, "impossible".into()));
    assert_eq!(net.json("neuron show --netuid 1 --wallet bob")["hotkey"], hotkey);
    assert!(net.table("neuron show --netuid 1 --uid 0").contains(hotkey.as_str().unwrap()));

    // Its axon.
    let served = net.json("neuron serve 203.0.113.5:8091 --netuid 1 --wallet bob --yes");
    assert_eq!((&served["done"]["result"]["axon"], &served["done"]["fee"]), (&"203.0.113.5:8091".into(), &0.into()));
    net.json("neuron serve 203.0.113.5:9615 --metrics --netuid 1 --wallet bob --yes");
    net.wait_for_block(served["done"]["block"].as_u64().unwrap() + 6);
    let certificate = "01".repeat(33);
    let line = format!("neuron serve [2001:db8::5]:443 --certificate {certificate} --netuid 1 --wallet bob --yes");
    assert!(net.table(&line).contains("with a certificate"));
    let neuron = net.json("neuron show --netuid 1 --uid 0");
    assert_eq!((&neuron["axon"], &neuron["certificate"]), (&"[2001:db8::5]:443".into(), &true.into()));
    assert_eq!(neuron["metrics"], "203.0.113.5:9615");

    // Its commitment.
    assert_eq!(net.json("neuron commitment show --netuid 1 --wallet bob")["item"]["kind"], "nothing");
    net.json("neuron commitment set model-7 --netuid 1 --wallet bob --yes");
    assert_eq!(net.json("neuron commitment show --netuid 1 --wallet bob")["item"]["text"], "model-7");
    assert!(net.table("neuron commitment show --netuid 1 --wallet bob").contains("\"model-7\""));

    // Its key swap.
    let new = net.hotkey("bob", "second");
    let swapped = net.json("neuron swap-hotkey --to second --wallet bob --yes");
    assert_eq!(
        (&swapped["plan"]["spend"], &swapped["done"]["result"]["seats"][0]["uid"]),
        (&(TAO / 10).into(), &0.into())
    );
    assert_eq!(net.json("neuron show --netuid 1 --uid 0")["hotkey"], new.as_str());

    refusals(&net);
}

fn refusals(net: &Testnet) {
    let code = |code: i32, name: &str| (code, name.to_owned());
    assert_eq!(net.error("neuron register --netuid 9 --wallet bob"), code(1, "not-found"));
    assert_eq!(net.error("neuron register --netuid 0 --wallet bob"), code(2, "usage"));
    assert_eq!(net.error("neuron register --netuid 1 --max-price 1rao --wallet alice"), code(1, "impossible"));
    assert_eq!(net.error("neuron register bob/second --netuid 1 --wallet alice"), code(1, "impossible"));
    assert_eq!(net.error("neuron show --netuid 1 --wallet alice"), code(1, "not-found"));
    assert_eq!(net.error("neuron show --netuid 1 --uid 200"), code(1, "not-found"));
    assert_eq!(net.error("neuron serve 203.0.113.5:1 --netuid 1 --wallet alice"), code(1, "not-found"));
    assert_eq!(net.run("neuron serve 127.0.0.1:8091 --netuid 1 --wallet bob").code, 2);
    assert_eq!(net.error("neuron commitment set 0xzz --netuid 1 --wallet bob"), code(2, "usage"));
    assert_eq!(net.error("neuron swap-hotkey --to default --from bob/second --wallet alice"), code(1, "impossible"));
}

#[test]
fn a_seat_is_worked_for_and_the_work_is_paused() {
    let net = Testnet::new();
    // Without any TAO.
    let carol = net.wallet("carol", 0);
    let plan = net.json("neuron register --netuid 1 --work --wallet carol --dry-run");
    assert_eq!((&plan["plan"]["spend"], &plan["plan"]["fee"], &plan["done"]), (&0.into(), &0.into(), &Value::Null));
    let worked = net.json("neuron register --netuid 1 --work --wallet carol --yes");
    let result = &worked["done"]["result"];
    assert!(result["uid"] == 0 && result["burned"] == 0 && result["coldkey"] == carol.as_str(), "{worked}");
    assert!(result["work"]["tried"].as_u64() > Some(0), "{worked}");

    // Ctrl-C pauses the work on a subnet with a very high difficulty.
    net.json("subnet create --wallet alice --yes");
    assert_eq!(net.error("neuron register --netuid 2 --work --wallet carol"), (1, "impossible".into()));
    set(&net, "pow_registration_allowed=yes initial_difficulty=4611686018427387903");
    net.hotkey("carol", "second");
    let line = "neuron register --netuid 2 --work --cores 1 --wallet carol --hotkey second --yes";
    let working = net.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_notes(&net);
    let stopped = std::process::Command::new("kill").args(["-INT", &working.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    let paused = said(working.wait_with_output().unwrap());
    assert!(paused.code == 130 && paused.err.contains("the same command goes on"), "{paused:?}");
    let before: Value = serde_json::from_slice(&fs::read(notes(&net).unwrap()).unwrap()).unwrap();
    let tried = before["tried"].as_u64().unwrap();

    // With a low difficulty, it continues and finishes.
    set(&net, "min_difficulty=1000 initial_difficulty=1000");
    let worked = net.json(line);
    assert!(worked["done"]["result"]["work"]["tried"].as_u64().unwrap() > tried, "{worked}");
    assert_eq!(notes(&net), None, "what is done is forgotten");
    assert!(net.table("metagraph show 2 --long").contains(worked["done"]["result"]["hotkey"].as_str().unwrap()));
}

/// Sets parameters of subnet 2, and waits while they are frozen before an epoch.
fn set(net: &Testnet, changes: &str) {
    let until = Instant::now() + START_TIMEOUT;
    loop {
        let said = net.run(&format!("subnet parameters set 2 {changes} --wallet alice --yes"));
        if said.code == 0 {
            return;
        }
        let frozen = said.err.contains("cannot be changed until") || said.err.contains("DuringWeightsWindow");
        assert!(frozen && Instant::now() < until, "{said:?}");
        net.wait_for_block(net.finalised() + 1);
    }
}

/// Returns the file that keeps the progress of a search.
fn notes(net: &Testnet) -> Option<PathBuf> {
    let folder = net.home().path().join(".local/share/myelin/work");
    let files = fs::read_dir(folder).ok()?.map(|file| file.unwrap().path());
    files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "json"))
}

fn wait_for_notes(net: &Testnet) {
    let until = Instant::now() + START_TIMEOUT;
    while notes(net).is_none() {
        assert!(Instant::now() < until, "no search writes anything down");
        net.wait_for_block(net.finalised() + 1);
    }
}
