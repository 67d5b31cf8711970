//! Tests of weights, and of the explanation of the epochs that use them.

use super::{TAO, Testnet};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt};

/// The value 1 in the fixed-point fractions of the outputs.
const ONE: u64 = 1 << 32;

#[test]
fn validators_rate_and_every_epoch_is_explained() {
    let net = Testnet::new();
    net.wallet("bob", 100);
    assert_eq!(net.json("subnet create --name text --wallet alice --yes")["done"]["result"]["netuid"], 2);
    net.json("stake add 50 --wallet alice --yes");
    net.json("neuron register --netuid 2 --wallet bob --yes");
    refusals(&net);
    assert!(net.table("weights show 2").contains("no weights to show"));
    // The first epoch gives permits.
    next_epoch(&net);

    let planned = net.json("weights set 2 1=3 --wallet alice --dry-run");
    assert_eq!((&planned["plan"]["subnets"][0], &planned["done"]), (&2.into(), &Value::Null));
    let set = net.json("weights set 2 1=3 --wallet alice --yes");
    assert_eq!((&set["done"]["fee"], &set["done"]["result"]["weights"][0]["part"]), (&0.into(), &1_000_000.into()));
    let said = net.json("weights show 2 --by alice/default");
    assert_eq!((&said["neurons"][0]["name"], &said["neurons"][0]["permit"]), (&"alice/default".into(), &true.into()));
    assert_eq!(said["neurons"][0]["weights"][0]["uid"], 1);
    assert!(net.table("weights show 2 --of 1").contains("100.00 %"));
    assert!(net.table("weights show 2 --of 0").contains("no weights to show"));

    next_epoch(&net);
    explanations(&net);
    seats(&net);
    promises(&net);
}

/// Waits for an epoch of the subnet.
fn next_epoch(net: &Testnet) {
    let epoch = net.json("metagraph show 2")["next_epoch"].as_u64().expect("its tempo is not zero");
    net.wait_for_block(epoch);
}

fn refusals(net: &Testnet) {
    let code = |code: i32, name: &str| (code, name.to_owned());
    assert_eq!(net.error("weights set 2 9=1 --wallet alice --yes"), code(1, "impossible"));
    assert_eq!(net.error("weights set 2 1=1 1=2 --wallet alice --yes"), code(2, "usage"));
    assert_eq!(net.error("weights set 2 1=0 --wallet alice --yes"), code(2, "usage"));
    assert_eq!(net.error("weights set 0 1=1 --wallet alice --yes"), code(2, "usage"));
    assert_eq!(net.error("weights set 7 1=1 --wallet alice --yes"), code(1, "not-found"));
    assert_eq!(net.error("weights set 2 0=1 --wallet bob --yes"), code(1, "impossible"));
    assert_eq!(net.error("weights commit 2 1=1 --wallet bob --yes"), code(1, "impossible"));
    assert_eq!(net.error("weights reveal 2 --wallet alice --yes"), code(1, "not-found"));
    assert_eq!(net.error("weights show 7"), code(1, "not-found"));
    assert_eq!(net.error("explain emission 0"), code(1, "not-found"));
    assert_eq!(net.error("explain emission 7"), code(1, "not-found"));
    assert_eq!(net.error("explain seat 2 --uid 9"), code(1, "not-found"));
}

fn explanations(net: &Testnet) {
    let whole = net.json("explain emission 2");
    assert_eq!((&whole["exact"], &whole["difference"], &whole["unseen"]), (&true.into(), &0.into(), &0.into()));
    assert_eq!((&whole["expected"], whole["neurons"].as_array().unwrap().len()), (&whole["paid"], 2));
    let amount = |row: &Value, name: &str| row[name].as_u64().unwrap();
    let paid = &whole["paid"];
    assert_eq!(amount(paid, "owner"), amount(paid, "accrued") * 18 / 100);
    assert!(amount(paid, "validators") - amount(paid, "miners") <= 1, "{paid}");
    assert!(whole["pools"].as_array().unwrap().iter().all(|pool| pool["difference"] == 0), "{whole}");
    let shown = net.table("explain emission 2");
    assert!(shown.contains("to the rao") && shown.contains("18.00 %"), "{shown}");

    let epoch = whole["epoch"].as_u64().unwrap();
    let miner = &net.json(&format!("explain emission 2 --of bob/default --epoch {epoch}"))["derivation"];
    let opinion = &miner["received"][0];
    assert_eq!((&opinion["validator"], &opinion["weight"], &opinion["clipped"]), (&0.into(), &ONE.into(), &ONE.into()));
    assert_eq!((&miner["incentive"], &miner["mining"]), (&ONE.into(), &paid["miners"]));
    assert_eq!((&miner["paid"], &miner["difference"]), (&paid["miners"], &0.into()));
    let validator = &net.json("explain emission 2 --uid 0")["derivation"];
    assert_eq!((&validator["dividends"], &validator["bonds"][0]["miner"]), (&ONE.into(), &1.into()));
    let shown = net.table("explain emission 2 --uid 0");
    assert!(shown.contains("as the rules say") && shown.contains("Bonds on miners"), "{shown}");

    assert_eq!(net.error("explain emission 2 --uid 9"), (1, "not-found".into()));
    assert_eq!(net.error("explain emission 2 --epoch 1"), (1, "not-found".into()));
    let nobody = net.json("explain emission 1");
    assert_eq!((&nobody["exact"], &nobody["paid"]["recycled"]), (&true.into(), &nobody["paid"]["accrued"]));
    assert!(net.table("explain emission 1").contains("no neuron"));
}

fn seats(net: &Testnet) {
    let all = net.json("explain seat 2");
    let [miner, owner] = &all["seats"].as_array().unwrap()[..] else { panic!("there are two seats: {all}") };
    assert_eq!((&owner["uid"], &owner["protected"], &owner["rank"]), (&0.into(), &true.into(), &Value::Null));
    assert_eq!((&miner["uid"], &miner["immune"], &miner["rank"]), (&1.into(), &true.into(), &1.into()));
    let free = all["free"].as_u64().unwrap();
    assert_eq!(miner["newcomers_until_lost"].as_u64().unwrap(), free + 1);
    assert!(net.table("explain seat 2").contains("kept for the owner"));
    let one = net.json("explain seat 2 --of bob/default");
    assert_eq!((one["seats"].as_array().unwrap().len(), &one["ranked"]), (1, &1.into()));
    let shown = net.table("explain seat 2 --uid 1");
    assert!(shown.contains("immune for") && shown.contains("1 of 1"), "{shown}");
    net.json("root register --wallet alice --yes");
    let root = net.json("explain seat 0");
    let (score, rank) = (root["seats"][0]["score"].as_u64().unwrap(), &root["seats"][0]["rank"]);
    assert!(score > 50 * TAO && *rank == 1, "stake and what it earned: {root}");
    assert!(net.table("explain seat 0 --uid 0").contains("staked on it"));
}

fn promises(net: &Testnet) {
    let code = |code: i32, name: &str| (code, name.to_owned());
    net.json("subnet parameters set 2 commit_reveal=on --wallet alice --yes");
    assert_eq!(net.error("weights set 2 1=1 --wallet alice --yes"), code(1, "impossible"));
    let planned = net.json("weights commit 2 1=7 --wallet alice --dry-run");
    assert_eq!(planned["done"], Value::Null);
    let committed = &net.json("weights commit 2 1=7 --wallet alice --yes")["done"]["result"];
    let file = committed["file"].as_str().unwrap();
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(committed["reveal_from"].as_u64().unwrap() <= committed["reveal_until"].as_u64().unwrap());

    let said = net.json("weights show 2 --by alice/default");
    assert_eq!(said["neurons"][0]["commits"][0]["hash"], committed["hash"]);
    assert!(net.table("weights show 2").contains("has committed"));
    // Too early, and on a machine without the file.
    assert_eq!(net.error("weights reveal 2 --wallet alice --yes"), code(1, "impossible"));
    let hidden = format!("{file}.hidden");
    move_file(file, &hidden);
    assert_eq!(net.error("weights reveal 2 --wallet alice --yes"), code(1, "not-found"));
    move_file(&hidden, file);

    let revealed = net.json("weights reveal 2 --when-open --wallet alice --yes");
    assert_eq!(revealed["done"]["result"]["weights"][0]["uid"], 1);
    assert!(!fs::exists(file).unwrap(), "what is revealed is kept no longer");
    assert_eq!(net.error("weights reveal 2 --wallet alice --yes"), code(1, "not-found"));
}

#[expect(clippy::disallowed_methods, reason = "a file that is away for a moment, as on another machine")]
fn move_file(from: &str, to: &str) {
    fs::rename(from, to).unwrap();
}
