//! Tests of the commands about the chain as a whole.

use super::{TAO, Testnet};
use serde_json::Value;

#[test]
fn the_chain_is_shown_as_a_whole() {
    let net = Testnet::new();
    let bob = net.wallet("bob", 100);
    net.wait_for_block(5);

    let status = net.json("chain status");
    let (best, last) = (status["best"].as_u64().unwrap(), status["finalised"].as_u64().unwrap());
    assert!(best >= last && last >= 5 && status["age"].as_u64().unwrap() < 60_000, "{status}");
    assert_eq!((&status["slot"], &status["subnets"], &status["syncing"]), (&250.into(), &1.into(), &false.into()));
    assert!(net.table("chain status").contains(status["genesis"].as_str().unwrap()));

    let emission = net.json("chain emission");
    let halving = &emission["next_halving"];
    assert_eq!((&emission["block_emission"], &halving["then"]), (&TAO.into(), &(TAO / 2).into()));
    assert_eq!(halving["threshold"], 10_500_000 * TAO);
    let missing = halving["missing"].as_u64().unwrap();
    assert_eq!(halving["blocks"].as_u64().unwrap(), missing.div_ceil(TAO));
    assert!(halving["progress"].as_u64().unwrap() < 1_000_000 && halving["day"].is_string(), "{halving}");
    assert_eq!(emission["subnets"][0]["per_block"], TAO, "the only subnet receives everything");
    let shown = net.table("chain emission");
    assert!(shown.contains("10500000 TAO") && shown.contains('░'), "{shown}");

    blocks(&net);

    let account = net.json("chain account bob");
    assert_eq!((&account["address"], &account["free"]), (&bob.as_str().into(), &(100 * TAO).into()));
    assert_eq!(account["hotkeys"], Value::Array(Vec::new()));
    // The first nonce is the number of the block in which the account began.
    assert!((1..=last).contains(&account["nonce"].as_u64().unwrap()), "{account}");
    net.json("wallet associate-hotkey --wallet alice --yes");
    net.json("stake add 3 --wallet alice --yes");
    let account = net.json("chain account --wallet alice");
    assert_eq!(
        (&account["stakes"][0]["stake"], &account["stakes"][0]["standing"]),
        (&(3 * TAO).into(), &"owner".into())
    );
    assert_eq!(account["stakes"][0]["hotkey"], account["hotkeys"][0]["hotkey"]);
    assert!(net.table(&format!("chain account {bob}")).contains("100 TAO"));
    assert_eq!(net.error("chain account nobody"), (1, "no-wallet".into()));

    let runtime = net.json("chain runtime");
    assert_eq!((&runtime["compatible"], &runtime["name"]), (&true.into(), &"myelin".into()));
    assert!(net.table("chain runtime").contains("Emission"));

    let parameters = net.json("chain parameters");
    let named = |name: &str| {
        let all = parameters["parameters"].as_array().unwrap();
        all.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    };
    assert_eq!(
        (&named("subnet_owner_cut")["value"], &named("subnet_owner_cut")["unit"]),
        (&180_000.into(), &"millionths".into())
    );
    let shown = net.table("chain parameters");
    assert!(shown.contains("18.00 %") && shown.contains("20 blocks"), "{shown}");
}

fn blocks(net: &Testnet) {
    let heights = |rows: &[Value]| rows.iter().map(|row| row["height"].as_u64().unwrap()).collect::<Vec<_>>();
    let rows = net.lines("chain blocks --from 1 --count 3");
    assert_eq!(heights(&rows), [1, 2, 3]);
    assert!(rows.iter().all(|row| row["extrinsics"].as_u64().unwrap() >= 1 && row["failed"] == 0), "{rows:?}");
    let last = net.lines("chain blocks --count 2");
    assert_eq!(heights(&last)[1], heights(&last)[0] + 1);
    let coming = net.lines("chain blocks --follow --count 2");
    assert!(heights(&coming)[0] > heights(&last)[1] && coming.len() == 2, "{coming:?}");
    net.wait_for_block(10);
    assert_eq!(net.table("chain blocks").lines().count(), 10);
    assert_eq!(net.error("chain blocks --from 1000000"), (1, "not-found".into()));
}
