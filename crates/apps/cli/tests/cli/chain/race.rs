//! Tests of concurrent submissions, and of submissions whose node fails.

use super::{TAO, Testnet};
use crate::{network::send, support::said};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
};

fn begin(net: &Testnet, line: &str) -> Child {
    let mut command = net.command(&format!("{line} --output json"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn balance(net: &Testnet, account: &str) -> u64 {
    net.json(&format!("wallet balance {account}"))["total"].as_u64().unwrap()
}

#[test]
fn two_processes_with_one_key_both_get_through() {
    let net = Testnet::new();
    net.wallet("bob", 0);
    net.wallet("carol", 0);
    for round in 1..=2 {
        let race = ["bob", "carol"].map(|to| begin(&net, &format!("wallet transfer 3 --to {to} --wallet alice --yes")));
        let blocks = race.map(|racer| said(racer.wait_with_output().unwrap()).json()["done"]["block"].clone());
        assert!(blocks.iter().all(Value::is_u64), "{blocks:?}");
        for account in ["bob", "carol"] {
            assert_eq!(balance(&net, account), round * 3 * TAO);
        }
    }
}

/// Reads standard error until the transaction is sent, and returns the reader for the rest.
fn until_sent(child: &mut Child) -> BufReader<impl Read + use<>> {
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("sent, waiting") {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended before it had sent anything");
    }
    told
}

fn node(net: &Testnet) -> u64 {
    net.status()["nodes"][0]["pid"].as_u64().unwrap()
}

#[test]
fn a_submission_whose_node_dies_says_the_truth() {
    let net = Testnet::new();
    net.wallet("bob", 1);
    let mut transfer = begin(&net, "wallet transfer 5 --to bob --wallet alice --yes");
    let _told = until_sent(&mut transfer);
    send(node(&net), "-KILL");
    // The node restarts. Its block with the transfer may or may not be on disk; the output must match either way.
    let out = said(transfer.wait_with_output().unwrap());
    let expected = match out.code {
        0 => 6 * TAO,
        1 => TAO,
        _ => panic!("{out:?}"),
    };
    assert_eq!(balance(&net, "bob"), expected, "{out:?}");

    // A node that does not answer for a while: the transaction is not seen in time, and found by a later search.
    let mut transfer = begin(&net, "wallet transfer 5 --to bob --wallet alice --yes --wait 2");
    let mut told = until_sent(&mut transfer);
    let pid = node(&net);
    send(pid, "-STOP");
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    let code = transfer.wait().unwrap().code();
    send(pid, "-CONT");
    if code == Some(5) {
        found(&net, &rest, "unseen");
    } else {
        assert_eq!(code, Some(0), "{rest}");
    }
    assert_eq!(balance(&net, "bob"), expected + 5 * TAO);

    // A transaction that Ctrl-C interrupted is found later too, on the network of the command line.
    let mut transfer = begin(&net, "wallet transfer 5 --to bob --wallet alice --yes --network local");
    let mut told = until_sent(&mut transfer);
    let pid = node(&net);
    send(pid, "-STOP");
    send(transfer.id().into(), "-INT");
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    let code = transfer.wait().unwrap().code();
    send(pid, "-CONT");
    assert_eq!(code, Some(130), "{rest}");
    assert!(found(&net, &rest, "interrupted").ends_with(" --network local"), "{rest}");
    assert_eq!(balance(&net, "bob"), expected + 10 * TAO);
}

/// Runs the command of the error's hint, which must find the transaction, and returns its command line.
fn found(net: &Testnet, told: &str, code: &str) -> String {
    let error: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["code"], code);
    let hint = error["error"]["hint"].as_str().unwrap();
    let line = hint.split('`').nth(1).unwrap().strip_prefix("myelin ").unwrap();
    let found = net.json(line);
    assert!(found["block"].is_u64() && net.table(line).contains("done"), "{found}");
    line.to_owned()
}
