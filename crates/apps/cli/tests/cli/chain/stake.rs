//! Tests of stake, delegates, children and root.

use super::{TAO, Testnet};
use serde_json::Value;

/// Blocks between two settings of weights on this network; a registration counts as one.
const PAUSE: u64 = 5;

#[test]
fn stake_goes_to_hotkeys_and_comes_back() {
    let net = Testnet::new();
    let (bob, carol) = (net.wallet("bob", 100), net.wallet("carol", 100));
    let code = |code: i32, name: &str| (code, name.to_owned());

    // Stake on a hotkey without an owner, or on a foreign hotkey that is not a delegate, is refused.
    assert_eq!(net.error("stake add 1 --to myself --wallet alice --yes"), code(1, "not-found"));
    let associated = net.json("wallet associate-hotkey --wallet alice --yes");
    let delegate = associated["done"]["result"]["hotkey"].as_str().unwrap().to_owned();
    assert_eq!(net.error("wallet associate-hotkey --wallet alice --yes"), code(1, "impossible"));
    // A key that is not on this machine has to sign the text that the command prints.
    let away = "wallet associate-hotkey 5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty --wallet alice --yes";
    assert_eq!(net.error(away), code(1, "impossible"));
    assert!(net.run(away).err.contains("0x6d79656c696e2d706169722f31"), "the text begins with its prefix");
    let wrong = format!("{away} --consent 0x{}", "01".repeat(64));
    assert_eq!(net.error(&wrong), code(2, "usage"));
    assert_eq!(net.error(&format!("stake add 1 --to {delegate} --wallet bob --yes")), code(1, "impossible"));

    let added = net.json("stake add 50 --to myself --wallet alice --yes");
    assert_eq!(added["done"]["result"]["total"], 50 * TAO);
    let became = net.json("stake become-delegate --wallet alice --yes");
    assert_eq!(became["done"]["result"]["take"], 11_796);
    assert_eq!(net.error("stake become-delegate --wallet alice --yes"), code(1, "impossible"));
    let lower = net.json("stake take set 9% --wallet alice --yes");
    assert_eq!(lower["done"]["result"]["take"], 5_898);
    assert_eq!(net.error("stake take set 9% --wallet alice --yes"), code(1, "impossible"));
    let terms = net.json(&format!("stake take show {delegate}"));
    assert_eq!((&terms["take"], &terms["most"]), (&5_898.into(), &11_796.into()));
    assert!(net.table("stake take show --wallet alice").contains("9.00 %"));

    // Nominations.
    net.json(&format!("stake add 20 --to {delegate} --wallet bob --yes"));
    let shown = net.table(&format!("stake add 10.5 --to {delegate} --wallet bob --yes"));
    assert!(shown.contains("30.5 TAO are staked there now"), "{shown}");
    let listed = net.json("stake delegates");
    let row = &listed["delegates"][0];
    assert_eq!(
        (&row["hotkey"], &row["stake"], &row["stakers"]),
        (&delegate.as_str().into(), &(80 * TAO + TAO / 2).into(), &2.into())
    );
    assert_eq!(row["name"], "alice/default");
    assert!(net.table("stake delegates --sort stake --limit 5").contains("1 of 1 as of block"));

    // On another hotkey, and to another coldkey.
    net.json("wallet associate-hotkey --wallet carol --yes");
    net.json("stake become-delegate --wallet carol --yes");
    let moved = net.json(&format!("stake move 5 --from {delegate} --to carol/default --wallet bob --yes"));
    assert_eq!(moved["done"]["result"]["amount"], 5 * TAO);
    let given = net.json("stake transfer --all --on carol/default --to carol --wallet bob --yes");
    assert_eq!(
        (&given["done"]["result"]["amount"], &given["done"]["result"]["to_coldkey"]),
        (&(5 * TAO).into(), &carol.as_str().into())
    );
    let position = |wallet: &str| net.json(&format!("stake show {wallet}"))["positions"][0].clone();
    assert_eq!(
        (&position("bob")["standing"], &position("bob")["stake"]),
        (&"nominator".into(), &(25 * TAO + TAO / 2).into())
    );
    assert_eq!((&position("carol")["standing"], &position("carol")["stake"]), (&"owner".into(), &(5 * TAO).into()));
    assert!(net.table(&format!("stake show {bob}")).contains("25.5 TAO in total"));

    // Removal, without a fee.
    let removed = net.json(&format!("stake remove 5.5 --from {delegate} --wallet bob --yes"));
    assert_eq!((&removed["done"]["fee"], &removed["done"]["result"]["total"]), (&0.into(), &(20 * TAO).into()));
    assert_eq!(net.error(&format!("stake remove 21 --from {delegate} --wallet bob --yes")), code(1, "impossible"));
    net.json(&format!("stake remove --all --from {delegate} --wallet bob --yes"));
    assert!(net.table("stake show bob").contains("has no stake"));
}

#[test]
fn stake_weight_is_lent_and_root_shares_the_emission() {
    let net = Testnet::new();
    net.wallet("bob", 100);
    let code = |code: i32, name: &str| (code, name.to_owned());
    let child = net.json("wallet associate-hotkey --wallet bob --yes")["done"]["result"]["hotkey"].clone();
    net.json("wallet associate-hotkey --wallet alice --yes");
    net.json("stake add 50 --wallet alice --yes");

    // Children.
    let line = "stake children set bob/default=25% --netuid 1 --wallet alice --yes";
    let lent = net.json(line);
    assert_eq!(lent["plan"]["subnets"], Value::from(vec![1]));
    assert_eq!(lent["done"]["result"]["children"][0]["hotkey"], child);
    let family = net.json("stake children show --netuid 1 --wallet alice");
    assert_eq!(family["pending"]["children"][0]["proportion"], u64::MAX / 4);
    assert!(net.table("stake children show --netuid 1 --wallet alice").contains("pending child"));
    assert_eq!(net.error(line), code(1, "call-failed"));
    assert_eq!(
        net.error("stake children set --none --netuid 1 --from bob/default --wallet alice --yes"),
        code(1, "impossible")
    );
    let take = net.json("stake children take 5% --netuid 1 --wallet bob --yes");
    assert_eq!(take["done"]["result"]["take"], 3_276);
    assert!(take["done"]["result"]["from"].as_u64() > take["done"]["block"].as_u64(), "{take}");
    let family = net.json("stake children show --netuid 1 --wallet bob");
    assert_eq!((&family["take"], &family["take_raise"]["take"]), (&0.into(), &3_276.into()));

    // Root.
    assert!(net.table("root weights show").contains("root has no validators"));
    assert_eq!(net.error("root weights set 1=1 --wallet alice --yes"), code(1, "not-found"));
    let registered = net.json("root register --wallet alice --yes");
    assert_eq!(registered["done"]["result"]["uid"], 0);
    let burn = registered["plan"]["spend"].as_u64().unwrap();
    assert!(burn > 0 && burn <= TAO / 10, "{burn}");
    assert_eq!(net.error("root register --wallet alice --yes"), code(1, "impossible"));
    assert_eq!(net.error("root weights set 9=1 --wallet alice --yes"), code(1, "not-found"));
    assert_eq!(net.error("root weights set 1=1 1=2 --wallet alice --yes"), code(2, "usage"));
    net.wait_for_block(registered["done"]["block"].as_u64().unwrap() + PAUSE);
    net.json("root weights set 1=40 --wallet alice --yes");
    let said = net.json("root weights show");
    assert_eq!((&said["validators"][0]["uid"], &said["validators"][0]["weights"]["1"]), (&0.into(), &65_535.into()));
    assert!(net.table("root weights show default --wallet alice").contains("1: 100.00 %"));
    let shares = net.json("root shares");
    assert_eq!((&shares["subnets"][0]["netuid"], &shares["subnets"][0]["emission"]), (&1.into(), &TAO.into()));
    assert!(net.table("root shares").contains("100.00 %"));
    assert!(net.table("root register --wallet bob --dry-run").contains("free seat"));

    // A coldkey with a seat can set an identity.
    let said = net.json("wallet identity set --name Alice --description first --wallet alice --yes");
    assert_eq!(said["done"]["result"]["identity"]["name"], "Alice");
    let said = net.json("wallet identity set --url https://alice.example --wallet alice --yes");
    assert_eq!(said["done"]["result"]["identity"]["description"], "first");
    assert_eq!(net.json("wallet identity show alice")["identity"]["url"], "https://alice.example");
    assert!(net.table("wallet identity show bob").contains("has no identity"));
}
