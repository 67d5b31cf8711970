//! Tests of a subnet's owner, from the price to the end of the subnet.

use super::{TAO, Testnet};
use serde_json::Value;

#[test]
fn a_subnet_is_created_set_handed_over_and_ended() {
    let net = Testnet::new();
    let bob = net.wallet("bob", 10);
    let alice = net.json("wallet balance alice")["accounts"][0]["address"].as_str().unwrap().to_owned();

    // The price doubles with each creation and falls again.
    let price = net.json("subnet price");
    assert_eq!(
        (&price["price"], &price["last"], &price["replaced"]),
        (&(100 * TAO).into(), &Value::Null, &Value::Null)
    );
    assert!(net.table("subnet price").contains("tomorrow"));
    assert_eq!((&price["vesting"], &price["comes_back"][0]["amount"]), (&1_200.into(), &(100 * TAO).into()));
    let planned = net.json("subnet create --name text --wallet alice --dry-run");
    // The price, and 0.005 TAO for the pair with the hotkey.
    assert_eq!((&planned["plan"]["spend"], &planned["done"]), (&(100 * TAO + TAO / 200).into(), &Value::Null));
    let created = net.json("subnet create --name text --wallet alice --yes");
    assert_eq!(created["done"]["result"]["netuid"], 2, "{created}");
    assert_eq!(created["done"]["result"]["locked"], 100 * TAO);
    let later = net.json("subnet price");
    assert!(later["price"].as_u64().unwrap() > 150 * TAO && later["last"]["paid"] == 100 * TAO, "{later}");
    assert_eq!(later["later"][1]["price"], 100 * TAO, "a day of such blocks brings it down: {later}");

    let list = net.json("subnet list");
    assert_eq!((&list["subnets"][2]["name"], &list["subnets"][2]["owner"]), (&"text".into(), &alice.as_str().into()));
    assert!(net.table("subnet list").contains("text"));
    assert_eq!(net.json("subnet show 2")["neurons"], 1, "the owner's hotkey has the first seat");
    assert!(net.table("subnet show 2").contains("100 TAO"));

    wait_past_epoch(&net);
    let set = net.json("subnet parameters set 2 weights_set_rate_limit=7 --wallet alice --yes");
    let changed = &set["done"]["result"]["changed"];
    assert_eq!(
        (&changed[0]["name"], &changed[0]["before"], &changed[0]["after"]),
        (&"weights_set_rate_limit".into(), &5.into(), &7.into())
    );
    assert_eq!(net.json("subnet parameters show 2 weights_set_rate_limit")["parameters"][0]["value"], 7);
    assert_eq!(net.json("subnet parameters show 2")["parameters"].as_array().unwrap().len(), 39);
    assert!(net.table("subnet parameters show 2 tempo").contains("1..50 400; min_rate_limit..stake_interval"));

    let said = net.json("subnet identity set 2 --description demo --url https://text.example --wallet alice --yes");
    assert_eq!(said["done"]["result"]["name"], "text", "a text that is not given stays: {said}");
    assert_eq!(net.json("subnet identity show 2")["url"], "https://text.example");
    assert!(net.table("subnet identity show 2").contains("demo"));

    net.hotkey("alice", "second");
    net.json("neuron register second --netuid 2 --wallet alice --yes");
    let named = net.json("subnet owner-hotkey 2 second --wallet alice --yes");
    assert_eq!(net.json("subnet show 2")["owner_hotkey"], named["done"]["result"]["hotkey"]);

    refusals(&net);

    let handed = net.json("subnet transfer 2 --to bob --wallet alice --yes");
    assert_eq!(handed["done"]["result"]["owner"], bob.as_str());
    assert_eq!(net.error("subnet remove 2 --wallet alice --yes"), (1, "impossible".into()));
    let before = net.json("wallet balance bob")["total"].as_u64().unwrap();
    let removed = net.json("subnet remove 2 --wallet bob --yes");
    // A young subnet gets back little of its lock.
    let [refunded, recycled] = ["refunded", "recycled"].map(|part| removed["done"]["result"][part].as_u64().unwrap());
    assert!(refunded < 100 * TAO && refunded + recycled == 100 * TAO, "{removed}");
    let after = net.json("wallet balance bob")["total"].as_u64().unwrap();
    // An epoch may have paid the owner cut meanwhile.
    assert!(after >= before + refunded - removed["done"]["fee"].as_u64().unwrap(), "{before} {after}");
    assert_eq!(net.error("subnet show 2"), (1, "not-found".into()));
}

/// Waits until the subnet's next epoch is half a tempo away, since no owner changes parameters right before one.
fn wait_past_epoch(net: &Testnet) {
    let subnet = net.json("subnet show 2");
    let [epoch, tempo] = ["next_epoch", "tempo"].map(|name| subnet[name].as_u64().expect("a subnet has it"));
    if net.finalised() + tempo / 2 > epoch {
        net.wait_for_block(epoch);
    }
}

/// Tests each kind of mistake once.
fn refusals(net: &Testnet) {
    let code = |code: i32, name: &str| (code, name.to_owned());
    assert_eq!(net.error("subnet parameters show 77"), code(1, "not-found"));
    assert_eq!(net.error("subnet identity show 77"), code(1, "not-found"));
    let said = net.run("subnet parameters set 2 tempoo=5 --wallet alice");
    assert!(said.code == 1 && said.err.contains("did you mean `tempo`"), "{said:?}");
    assert_eq!(net.error("subnet parameters set 2 tempo=5 --wallet alice"), code(1, "impossible"));
    assert_eq!(net.error("subnet parameters set 2 weights_set_rate_limit=x --wallet alice"), code(2, "usage"));
    assert_eq!(net.error("subnet parameters set 2 kappa=1 kappa=2 --wallet alice"), code(1, "impossible"));
    assert_eq!(net.run("subnet parameters set 2 rho --wallet alice").code, 2);
    assert_eq!(net.error("subnet parameters set 1 registration_allowed=no --wallet alice"), code(1, "impossible"));
    assert_eq!(net.error("subnet identity set 2 --wallet alice"), code(2, "usage"));
    assert_eq!(net.error("subnet identity set 2 --name other --wallet bob"), code(1, "impossible"));
    assert_eq!(net.error("subnet owner-hotkey 2 bob/default --wallet alice --yes"), code(1, "impossible"));
    assert_eq!(net.error("subnet transfer 2 --to alice --wallet alice"), code(2, "usage"));
    assert_eq!(net.error("subnet create --wallet bob --yes"), code(1, "funds"));
    net.home().json("config set policy.subnets 1");
    wait_past_epoch(net);
    let refused = net.error("subnet parameters set 2 weights_set_rate_limit=8 --wallet alice --yes");
    assert_eq!(refused, code(3, "policy"));
    net.home().json("config unset policy.subnets");
}
