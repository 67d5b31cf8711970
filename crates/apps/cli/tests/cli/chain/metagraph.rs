//! Tests of the metagraph: shown once, followed, and exported to files.

use super::Testnet;
use crate::support::START_TIMEOUT;
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
    sync::mpsc::channel,
    thread,
};

#[test]
fn a_metagraph_is_shown_followed_and_written_down() {
    let net = Testnet::new();
    net.wallet("bob", 5_000);
    let empty = net.json("metagraph show 1");
    assert_eq!((&empty["seats_taken"], empty["neurons"].as_array().unwrap().len()), (&0.into(), 0));
    assert!(net.table("metagraph show 1").contains("no neuron"));

    // A follower sees each new neuron.
    let mut watch = net.command("metagraph watch 1 --output json");
    let mut watch = watch.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let changes = BufReader::new(watch.stdout.take().unwrap());
    let (sender, seen) = channel();
    thread::spawn(move || {
        changes.lines().map_while(Result::ok).take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
    });
    for wallet in ["alice", "bob"] {
        net.json(&format!("neuron register --netuid 1 --max-price 1 --wallet {wallet} --yes"));
    }
    let mut seated = Vec::new();
    while seated.len() < 2 {
        let line = seen.recv_timeout(START_TIMEOUT).expect("a change is seen");
        let change: Value = serde_json::from_str(&line).unwrap();
        super::check("metagraph watch 1", &change);
        if change["change"] == "seated" {
            seated.push(change["neuron"]["uid"].as_u64().unwrap());
        }
    }
    assert_eq!(seated, [0, 1]);
    watch.kill().unwrap();
    watch.wait().unwrap();
    let mut screen = net.home().at_terminal("metagraph watch 1");
    screen.wait_for("INCENTIVE");
    screen.types("\x03");
    assert_eq!(screen.end().0, 130);

    // In each order, and filtered. The stake is larger than the emission of the epochs meanwhile.
    net.json("stake add 4000 --wallet bob --yes");
    let uids = |line: &str| {
        let neurons = net.json(line)["neurons"].clone();
        neurons.as_array().unwrap().iter().map(|neuron| neuron["uid"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(uids("metagraph show 1"), [0, 1]);
    assert_eq!(uids("metagraph show 1 --sort stake"), [1, 0]);
    assert_eq!(uids("metagraph show 1 --sort stake --limit 1"), [1]);
    assert_eq!(uids("metagraph show 1 --only myself --wallet alice"), [0]);
    assert_eq!(uids("metagraph show 1 --serving"), Vec::<u64>::new());
    let table = net.table("metagraph show 1 --long");
    assert!(table.contains("HOTKEY") && table.contains(" TAO"), "{table}");

    // To a file, and to standard output.
    let file = net.home().path().join("subnet-1.csv");
    let exported = net.json(&format!("metagraph export 1 --file {}", file.display()));
    assert_eq!((&exported["neurons"], &exported["text"]), (&2.into(), &Value::Null));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("uid,hotkey,") && text.lines().count() == 3, "{text}");
    let shown: Value = serde_json::from_str(&net.table("metagraph export 1 json")).unwrap();
    assert_eq!(shown["neurons"].as_array().unwrap().len(), 2);

    let code = |code: i32, name: &str| (code, name.to_owned());
    assert_eq!(net.error("metagraph show 9"), code(1, "not-found"));
    assert_eq!(net.error("metagraph watch 9"), code(1, "not-found"));
    assert_eq!(net.error("metagraph export 1 --file /dev/null/x.csv"), code(1, "io"));
    assert_eq!(net.run("metagraph show one").code, 2);
}
