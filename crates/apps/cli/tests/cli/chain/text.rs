//! Tests of owner, miner, validator and consumer of the text subnet on one machine.

use super::Testnet;
use crate::support::START_TIMEOUT;
use myelin_subnet_text::{Shape, train};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Instant,
};

/// The process of a miner or a validator, which ends when it is dropped.
struct Worker {
    process: Child,
    events: Receiver<Value>,
}

impl Worker {
    fn start(net: &Testnet, line: &str) -> Self {
        let mut command = net.command(&format!("{line} --output json"));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, events) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        Self { process, events }
    }

    /// Waits for an event of this kind that satisfies `is`.
    fn wait_for(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + START_TIMEOUT;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let event = self.events.recv_timeout(left).unwrap_or_else(|error| panic!("no {what}: {error}"));
            if event["event"] == what && is(&event) {
                return event;
            }
        }
    }

    /// Sends Ctrl-C, waits until the process has ended, and returns its exit code.
    fn end(mut self) -> Option<i32> {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.wait_for("stopping", |_| true);
        self.process.wait().unwrap().code()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_text_subnet_answers_what_its_model_writes() {
    let net = Testnet::new();
    let folder = net.home().path().to_owned();
    for (name, seed) in [("model", 1), ("other", 2)] {
        train::initialise(&folder.join(name), &Shape::TINY, seed).unwrap();
    }
    let [model, other] = ["model", "other"].map(|name| folder.join(name).display().to_string());
    let code = |code: i32, name: &str| (code, name.to_owned());
    net.json("subnet create --name text --wallet alice --yes");
    net.wallet("bob", 50);
    net.json("neuron register --netuid 2 --wallet bob --yes");
    net.json("stake add 2000 --wallet alice --yes");

    // No model is published.
    assert_eq!(net.error("text show --netuid 2"), code(1, "no-model"));
    assert_eq!(net.error("ask Once --netuid 2"), code(1, "no-model"));
    assert_eq!(net.error(&format!("mine text --model {model} --netuid 2 --port 0 --wallet bob")), code(1, "no-model"));
    assert_eq!(net.error(&format!("text publish {model} --netuid 2 --wallet bob --yes")), code(1, "impossible"));
    assert_eq!(net.error("text hash /nowhere"), code(1, "model"));
    let hash = net.json(&format!("text hash {model}"))["model"].clone();
    let published = net.json(&format!("text publish {model} --netuid 2 --wallet alice --yes"));
    assert_eq!(published["done"]["result"]["model"], hash);
    assert_eq!(net.json("text show --netuid 2")["model"], hash);
    assert!(net.table("text show --netuid 2").contains("in block"));

    // Another model, no seat, and no validator to ask.
    assert_eq!(
        net.error(&format!("mine text --model {other} --netuid 2 --port 0 --wallet bob")),
        code(1, "other-model")
    );
    assert_eq!(
        net.error(&format!("validate text --model {model} --netuid 2 --port 0 --wallet carol")),
        code(1, "no-wallet")
    );
    net.wallet("carol", 0);
    assert_eq!(net.error(&format!("mine text --model {model} --netuid 2 --port 0 --wallet carol")), code(1, "neuron"));
    assert_eq!(net.error("ask Once --netuid 2"), code(1, "not-found"));
    assert_eq!(net.error("ask Once --netuid 9"), code(1, "not-found"));

    let miner = Worker::start(&net, &format!("mine text --model {model} --netuid 2 --port 0 --wallet bob"));
    miner.wait_for("announced", |_| true);
    let rounds = "--every 500ms --lengths 8-16 --newest 50%";
    let validator =
        Worker::start(&net, &format!("validate text --model {model} --netuid 2 --port 0 --wallet alice {rounds}"));
    validator.wait_for("announced", |_| true);
    let scored = validator.wait_for("scored", |event| event["average_ppm"].as_u64() > Some(1_000));
    assert_eq!(scored["uid"], 1);
    let served = miner.wait_for("served", |event| event["failure"].is_null());
    assert_eq!(served["uid"], 0);
    let probe = net.json("neuron probe --netuid 2 --wallet bob");
    assert_eq!((&probe["outcome"], &probe["uid"], &probe["in_scope"]), (&"reachable".into(), &1.into(), &true.into()));
    assert!(probe["connected_us"].is_u64() && probe["answered_us"].is_u64(), "{probe}");
    assert!(net.table("neuron probe --netuid 2 --wallet bob").contains("signed ping"));
    assert_eq!(net.json("neuron probe 0 --netuid 2 --wallet bob")["outcome"], "reachable");
    // The miner serves validators and itself, so the owner of another seat learns little.
    assert_eq!(net.run("neuron probe bob/default --netuid 2 --wallet carol").code, 10);
    validator.wait_for("weighed", |_| true);
    miner.wait_for("paid", |event| event["incentive"] == u16::MAX);

    // Asked without a wallet, and computed on this machine.
    let asked = "ask Once --netuid 2 --seed 7 --max-tokens 12 --wallet nobody";
    let heard = net.lines(asked);
    let answer = heard.last().unwrap();
    assert_eq!((&answer["event"], &answer["model"], &answer["uid"]), (&"answer".into(), &hash, &1.into()), "{heard:?}");
    assert_eq!((&answer["proven"], &answer["miner_signed"]), (&true.into(), &true.into()), "{answer}");
    assert_eq!(answer["incentive"], u16::MAX);
    let writing = format!("text run Once --model {model} --seed 7 --max-tokens 12");
    let run = net.json(&format!("{writing} --miner bob/default"));
    assert_eq!(run["miner"], answer["miner"]);
    assert_eq!((&answer["tokens"], &answer["text"]), (&run["tokens"], &run["text"]));
    assert_eq!(heard.iter().filter(|event| event["event"] == "token").count(), run["tokens"].as_array().unwrap().len());
    // The seed alone gives the answer of no miner.
    assert_ne!(net.json(&writing)["tokens"], run["tokens"]);
    let evidence = folder.join("answer.json").display().to_string();
    let said = net.run(&format!("{asked} --evidence {evidence}"));
    // An untrained model writes control characters, too, which the program does not print.
    let shown = |text: &str| text.chars().filter(|it| !it.is_control()).collect::<String>();
    assert_eq!((said.code, shown(&said.out)), (0, shown(run["text"].as_str().unwrap())), "{said:?}");
    assert!(said.err.contains("answered by") && said.err.contains("proven"), "{said:?}");
    // The evidence proves the answer offline, and changed evidence is refused.
    let checked = net.json(&format!("text check {evidence} --model {model}"));
    assert_eq!(
        (&checked["text"], &checked["miner"], &checked["prompt"]),
        (&run["text"], &run["miner"], &"Once".into())
    );
    assert_eq!((&checked["validator"], &checked["written_by_model"]), (&answer["validator"], &true.into()));
    assert!(net.json(&format!("text check {evidence}"))["written_by_model"].is_null());
    assert_eq!((&checked["proven"], &checked["recomputed"]), (&true.into(), &answer["checked"]));
    assert_eq!(net.error(&format!("text check {evidence} --model {other}")), code(1, "model"));
    let whole = fs::read_to_string(&evidence).unwrap();
    fs::write(&evidence, whole.replace("\"Once\"", "\"Twice\"")).unwrap();
    assert_eq!(net.error(&format!("text check {evidence}")), code(1, "evidence"));
    fs::write(&evidence, whole.replace("\"form\"", "\"\\u001b[2J\\nsigned\"")).unwrap();
    let said = net.run(&format!("text check {evidence}"));
    assert!(said.err.contains("unknown field `[2Jsigned`") && !said.err.contains("\u{1b}[2J"), "{said:?}");
    fs::write(&evidence, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(net.error(&format!("text check {evidence}")), code(1, "evidence"));
    assert_eq!(net.error("ask Once --netuid 2 --max-tokens 2048"), code(1, "no-answer"));

    // Both processes end cleanly.
    assert_eq!((miner.end(), validator.end()), (Some(0), Some(0)));
    assert_eq!(net.run("neuron probe --netuid 2 --wallet bob").code, 11);
}
