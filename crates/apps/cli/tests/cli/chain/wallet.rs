//! Tests of transfers and balances, and of each kind of error.

use super::{TAO, Testnet};
use crate::support::Home;
use myelin_keys::{
    encode_password, password_variable,
    secrecy::{ExposeSecret, SecretString},
};
use serde_json::Value;

#[test]
fn tao_changes_hands_and_whoever_has_it_sees_it() {
    let net = Testnet::new();
    let bob = net.wallet("bob", 0);
    let before = net.json("wallet balance --wallet alice");
    assert_eq!(before["accounts"][0]["free"], 10_000 * TAO);

    // A dry run changes nothing, and asks no question.
    let planned = net.json("wallet transfer 100 --to bob --wallet alice --dry-run");
    assert_eq!(
        (&planned["dry_run"], &planned["done"], &planned["plan"]["spend"]),
        (&true.into(), &Value::Null, &(100 * TAO).into())
    );
    let fee = planned["plan"]["fee"].as_u64().unwrap();
    assert!(fee > 0 && net.table("wallet transfer 100 --to bob --wallet alice --dry-run").contains("nothing was sent"));
    assert_eq!(net.json("wallet balance --wallet alice")["total"], before["total"]);

    let done = net.json(&format!("wallet transfer 100.5 --to {bob} --wallet alice --yes"));
    assert_eq!((&done["done"]["result"]["amount"], &done["done"]["fee"]), (&(100 * TAO + TAO / 2).into(), &fee.into()));
    let shown = net.run("wallet transfer 250rao --to bob --wallet alice --yes");
    assert!(shown.err.contains("Transfer 0.00000025 TAO") && shown.err.contains("fee"), "{shown:?}");
    assert!(shown.out.contains("final in block"), "{shown:?}");
    assert_eq!(net.json("wallet balance bob")["total"], 100 * TAO + TAO / 2 + 250);

    // At a terminal a question is asked after the plan is shown.
    for (answer, exit) in [("n\n", 3), ("y\n", 0)] {
        let mut typist = net.home().at_terminal("wallet transfer 0.25 --to bob --wallet alice");
        typist.wait_for("spends");
        typist.wait_for("[y/N]");
        typist.types(answer);
        assert_eq!(typist.end().0, exit);
    }
    assert_eq!(net.json("wallet balance bob")["total"], 100 * TAO + 3 * TAO / 4 + 250);

    let all = net.json("wallet balance --all");
    assert_eq!(all["accounts"].as_array().unwrap().len(), 2);
    let paid = 10_000 * TAO - all["total"].as_u64().unwrap();
    assert!((2 * fee..4 * fee).contains(&paid), "{all}");
    let table = net.table("wallet balance --all");
    assert!(table.contains("alice") && table.contains("100.75000025 TAO"), "{table}");

    let rest = net.json("wallet transfer --all --to alice --wallet bob --yes");
    assert_eq!(net.json("wallet balance bob")["total"], 0);
    let paid = rest["done"]["result"]["amount"].as_u64().unwrap() + rest["done"]["fee"].as_u64().unwrap();
    assert_eq!(paid, 100 * TAO + 3 * TAO / 4 + 250);
}

#[test]
fn each_kind_of_error_has_its_code() {
    let net = Testnet::new();
    net.wallet("bob", 1);
    let to_alice = "wallet transfer 0.1 --to alice --wallet bob";
    let code = |code: i32, name: &str| (code, name.to_owned());

    // No node, and no terminal.
    let nowhere = "--network ws://127.0.0.1:1";
    assert_eq!(net.error(&format!("wallet balance --wallet bob {nowhere}")), code(1, "unreachable"));
    let said = net.run(&format!("wallet balance --wallet bob {nowhere}"));
    assert!(said.err.contains("myelin network up"), "{said:?}");
    assert_eq!(net.run("wallet balance --network ws://node.example").code, 2);
    assert_eq!(net.error(to_alice), code(4, "no-terminal"));

    // Keys.
    assert_eq!(net.error("wallet balance --wallet nobody"), code(1, "no-wallet"));
    assert_eq!(net.error("stake add 1 --to nobody --wallet bob --yes"), code(1, "no-key"));
    assert_eq!(
        net.error("wallet transfer 1 --to 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQX --wallet bob"),
        code(2, "address")
    );
    let watched = net.run("wallet show --wallet alice --output json").json()["keys"][0]["address"].clone();
    net.home().run_with_input("wallet restore --wallet watched --from address --file -", watched.as_str().unwrap());
    assert_eq!(net.error("wallet transfer 1 --to bob --wallet watched --yes"), code(1, "no-key"));
    assert_eq!(net.json("wallet transfer 1 --to bob --wallet watched --dry-run")["dry_run"], true);
    assert_eq!(with_password(&net, "right horse battery"), Some(0));
    assert_eq!(with_password(&net, "wrong"), Some(1));

    // Refusals by the balance, the policy and the chain.
    assert_eq!(net.error("wallet transfer 5000 --to alice --wallet bob --yes"), code(1, "funds"));
    assert_eq!(net.error("wallet transfer 1 --to bob --wallet bob --yes"), code(2, "usage"));
    net.home().json("config set policy.max-spend 0.05");
    assert_eq!(net.error(&format!("{to_alice} --yes")), code(3, "policy"));
    assert_eq!(net.error(&format!("{to_alice} --dry-run")), code(3, "policy"));
    net.home().json("config unset policy.max-spend");
    assert_eq!(net.error("stake children show --netuid 77 --wallet bob"), code(1, "not-found"));
    assert_eq!(net.error("stake take set 5% --wallet bob --yes"), code(1, "not-found"));
    assert_eq!(net.error("wallet swap-coldkey clear --wallet bob --yes"), code(1, "impossible"));
    // None of its hotkeys has a seat, which only the chain checks.
    let said = net.run("wallet identity set --name Bob --wallet bob --yes --output json");
    let error: Value = serde_json::from_str(said.err.lines().last().unwrap()).unwrap();
    assert_eq!((said.code, &error["error"]["code"]), (1, &"call-failed".into()), "{said:?}");
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("HotKeyNotRegisteredInNetwork") && message.contains("for a fee of"), "{message}");
}

/// Transfers 0.5 TAO from an encrypted wallet with this password in the environment, and returns the exit code.
fn with_password(net: &Testnet, password: &str) -> Option<i32> {
    let path = net.home().path().join(".bittensor/wallets/locked/coldkey");
    let variable = password_variable(&path).unwrap();
    let run = |line: &str, password: &str| {
        let value = encode_password(&variable, &SecretString::from(password));
        net.command(line).env(&variable, value.expose_secret()).output().unwrap().status.code()
    };
    if !path.exists() {
        assert_eq!(run("wallet create --wallet locked", password), Some(0));
        net.json("wallet transfer 2 --to locked --wallet alice --yes");
    }
    run("wallet transfer 0.5 --to alice --wallet locked --yes", password)
}

/// Runs the command of an error's hint on another machine, and returns the signature that it prints.
fn signed_elsewhere(net: &Testnet, line: &str, elsewhere: &Home) -> String {
    assert_eq!(net.error(line), (1, "impossible".to_owned()));
    let said = net.run(line);
    let command = said.err.split("`myelin ").nth(1).and_then(|rest| rest.split('`').next());
    let command = command.unwrap_or_else(|| panic!("no command in {said:?}"));
    let signed = elsewhere.json(&format!("{command} --yes"));
    signed["signature"].as_str().expect("a signature is a text").to_owned()
}

#[test]
fn a_key_of_another_machine_agrees_to_a_pair() {
    let net = Testnet::new();
    let elsewhere = Home::new();
    let made = elsewhere.json("wallet create --without-password");
    let [coldkey, hotkey] = [0, 1].map(|key| made["keys"][key]["address"].as_str().unwrap().to_owned());

    let associate = format!("wallet associate-hotkey {hotkey} --wallet alice --yes");
    let consent = signed_elsewhere(&net, &associate, &elsewhere);
    let associated = net.json(&format!("{associate} --consent {consent}"));
    assert_eq!(associated["done"]["result"]["hotkey"], hotkey.as_str());

    // A registration by work is signed by the hotkey, so the coldkey agrees.
    net.home().run_with_input("wallet restore --wallet away --from address --file -", &coldkey);
    net.hotkey("away", "default");
    let register = "neuron register --netuid 1 --work --wallet away --yes";
    let consent = signed_elsewhere(&net, register, &elsewhere);
    // The consent to another pair is none.
    assert_eq!(net.error(&format!("{associate} --consent {consent}")).0, 1);
    let worked = net.json(&format!("{register} --consent {consent}"));
    assert_eq!(worked["done"]["result"]["coldkey"], coldkey.as_str());
}
