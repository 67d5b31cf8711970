//! A whole network at work: nodes, a subnet that pays for text, validators, honest miners and cheats, each of them a process.

use crate::{
    network::{Supervisor, assert_gone, send},
    support::{Home, START_TIMEOUT},
};
use myelin_testing::{TestChain, audit::audit};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Stdio},
    time::Instant,
};

/// Epochs that anything may take to become as it should be.
const EPOCHS: usize = 60;

/// Rao in one TAO.
const TAO: u64 = 1_000_000_000;

/// Those who want to be paid for less than the work.
const CHEATS: [&str; 3] = ["smaller", "copies", "drops"];

/// The seed of `//Alice`, whose account the preset endows. Everybody knows it.
const ALICE: &str = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";

/// A network with neurons, and the home that it is in.
struct Life<'a> {
    home: &'a Home,
    supervisor: Supervisor,
}

/// The incentive of each neuron, of 65535, by the name that the table has for it.
type Incentives = BTreeMap<String, u64>;

/// Whatever became of the test, nothing runs afterwards.
impl Drop for Life<'_> {
    fn drop(&mut self) {
        let said = self.home.run("network down --output json");
        if !std::thread::panicking() {
            assert_eq!(said.code, 0, "{said:?}");
        }
    }
}

impl<'a> Life<'a> {
    fn up(home: &'a Home, options: &str) -> Self {
        Self { home, supervisor: Supervisor::start(home, &format!("--subnet text {options}")) }
    }

    /// The next event of this kind.
    fn wait_for(&self, kind: &str) -> Value {
        let until = Instant::now() + START_TIMEOUT;
        loop {
            let event = self.supervisor.next(until.saturating_duration_since(Instant::now()));
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// The report of the next block that ran an epoch, whose division is the rule.
    fn epoch(&self) -> Value {
        loop {
            let report = self.wait_for("neurons");
            if report["epoch"]["now"] == true {
                the_division_is_the_rule(&report);
                return report;
            }
        }
    }

    /// Waits for an epoch after which the incentives are like this.
    fn wait_until(&self, what: &str, is: impl Fn(&Incentives) -> bool) -> Incentives {
        let mut last = Incentives::new();
        for _ in 0..EPOCHS {
            last = incentives(&self.epoch());
            if is(&last) {
                return last;
            }
        }
        panic!("not in {EPOCHS} epochs: {what}; the last one gave {last:?}");
    }

    /// The process of a node or neuron.
    fn pid(&self, name: &str) -> u64 {
        let status = self.home.json("network status");
        let nodes = status["nodes"].as_array().unwrap();
        let node = nodes.iter().find(|node| node["name"] == name).unwrap_or_else(|| panic!("no {name}: {status}"));
        node["pid"].as_u64().unwrap()
    }

    /// Ends it as Ctrl-C does. Nothing may be left of it.
    fn down(mut self) {
        let status = self.home.json("network status");
        self.supervisor.signal("-INT");
        assert_eq!(self.supervisor.exit_code(), Some(0));
        assert_gone(&status["nodes"]);
    }
}

fn incentives(report: &Value) -> Incentives {
    let neurons = report["neurons"].as_array().unwrap();
    let incentive = |row: &Value| (row["name"].as_str().unwrap().to_owned(), row["incentive"].as_u64().unwrap());
    neurons.iter().map(incentive).collect()
}

/// spec tokenomics §6.2. That everybody was paid what is due, the network itself sees to: it ends if not.
fn the_division_is_the_rule(report: &Value) {
    let part = |name: &str| report["epoch"][name].as_u64().unwrap();
    let (emission, owner) = (part("emission"), part("owner"));
    assert_eq!(owner, emission * 18 / 100, "{report}");
    assert_eq!(owner + part("miners") + part("validators"), emission, "{report}");
    // Until a miner has earned something there is nobody to halve it with.
    let somebody_mines = incentives(report).values().any(|incentive| *incentive > 0);
    assert!(!somebody_mines || part("validators").abs_diff(part("miners")) <= 1, "{report}");
    for row in report["neurons"].as_array().unwrap() {
        assert!(row["pay"]["difference"].as_i64().is_none_or(|difference| difference == 0), "{row}");
    }
}

/// Whether the honest ones are paid by their speed, and the others next to nothing.
fn is_fair(incentives: &Incentives) -> bool {
    let (fast, slow) = (incentives["fast"], incentives["slow"]);
    let honest = u64::midpoint(fast, slow);
    fast > slow && slow > 0 && CHEATS.iter().all(|cheat| incentives[*cheat] * 100 < honest)
}

/// A miner of one's own, which nobody starts again.
fn mine(home: &Home, netuid: u64, model: &Path) -> Child {
    let line = format!("mine text --netuid {netuid} --model {} --port 0 --wallet mine --output json", model.display());
    home.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn last_answer(home: &Home, line: &str) -> Value {
    let said = home.run(line);
    assert_eq!(said.code, 0, "{said:?}");
    serde_json::from_str(said.out.lines().last().unwrap()).unwrap()
}

/// The questions that miners were asked, as their logs tell.
fn served(home: &Home) -> impl Iterator<Item = Value> {
    let logs = home.run("network logs --lines 100000 --output json").out;
    let lines: Vec<Value> = logs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events =
        lines.into_iter().filter_map(|line| serde_json::from_str::<Value>(line["line"].as_str().unwrap()).ok());
    events.filter(|event| event["event"] == "served")
}

#[tokio::test(flavor = "multi_thread")]
async fn work_pays_lies_do_not_and_everybody_may_fall_and_rise() {
    let home = Home::new();
    let [model, smaller] = ["model", "smaller"].map(|name| home.path().join(name));
    home.json(&format!("text train --steps 30 --out {}", model.display()));
    home.json(&format!("text train --smaller --steps 15 --out {}", smaller.display()));
    let options =
        format!("--preset test --authorities 2 --model {} --smaller-model {}", model.display(), smaller.display());
    let life = Life::up(&home, &options);
    let netuid = life.wait_for("neurons")["netuid"].as_u64().unwrap();
    life.wait_until("work pays by speed, and lies do not", is_fair);

    // What the network answers is what the model writes for that miner, to the token.
    for temperature in ["0", "0.8"] {
        let writing = format!("Once --temperature {temperature} --seed 11 --max-tokens 24 --output json");
        let answer = last_answer(&home, &format!("ask {writing}"));
        assert_eq!((&answer["event"], &answer["proven"]), (&"answer".into(), &true.into()), "{answer}");
        let miner = answer["miner"].as_str().unwrap();
        let written = last_answer(&home, &format!("text run {writing} --model {} --miner {miner}", model.display()));
        assert_eq!(answer["tokens"], written["tokens"]);
        assert!(!answer["tokens"].as_array().unwrap().is_empty());
    }

    // A validator that is killed comes back with all it knew.
    send(life.pid("validator-1"), "-KILL");
    assert_eq!(life.wait_for("back")["node"], "validator-1");
    for _ in 0..3 {
        let report = life.epoch();
        assert!(is_fair(&incentives(&report)), "a restart changed who is paid: {report}");
    }

    // A miner of one's own is paid, is not while it is gone, and is again.
    let restored = home.run_with_input("wallet restore --wallet alice --from seed --file - --without-password", ALICE);
    assert_eq!(restored.code, 0, "{restored:?}");
    home.json("wallet create --wallet mine --without-password");
    home.json("wallet transfer 10 --to mine --wallet alice --yes");
    home.json(&format!("neuron register --netuid {netuid} --wallet mine --yes"));
    // The one that copies becomes a validator whom miners serve, and passes on what it is asked.
    let copies = format!("--wallet copies --wallet-path {}/.local/share/myelin/network/wallets", home.path().display());
    let coldkey = home.json(&format!("wallet show {copies}"));
    let coldkey = coldkey["keys"][0]["address"].as_str().unwrap();
    home.json(&format!("wallet transfer 60 --to {coldkey} --wallet alice --yes"));
    home.json(&format!("stake add 50 --to myself {copies} --yes"));
    let hotkey = home.json("wallet show --wallet mine");
    let hotkey = hotkey["keys"][1]["address"].as_str().unwrap();
    let mut miner = mine(&home, netuid, &model);
    let slow = |incentives: &Incentives| incentives["slow"];
    life.wait_until("a new miner is paid", |now| now[hotkey] > slow(now));
    miner.kill().unwrap();
    miner.wait().unwrap();
    life.wait_until("who is gone is paid nothing", |now| now[hotkey] * 100 < now["fast"]);
    let mut miner = mine(&home, netuid, &model);
    life.wait_until("who is back is paid", |now| now[hotkey] > slow(now));
    // By now others have answered the copier, and that was worth nothing.
    let report = life.epoch();
    let copies = report["neurons"].as_array().unwrap().iter().find(|row| row["name"] == "copies").unwrap();
    let served = served(&home).filter(|event| event["uid"] == copies["uid"] && event["failure"].is_null()).count();
    assert!(served > 0, "nobody answered the copier");
    for _ in 0..3 {
        let report = life.epoch();
        assert!(is_fair(&incentives(&report)), "the answers of others were worth something: {report}");
    }
    miner.kill().unwrap();
    miner.wait().unwrap();

    // No rao came from nowhere, and none is lost.
    let status = home.json("network status");
    let rpc = status["nodes"][0]["rpc"].as_str().unwrap().strip_prefix("ws://").unwrap();
    let height = status["nodes"][0]["finalised"].as_u64().unwrap();
    let account = audit(&TestChain::connect(rpc).await, 0..=height).await;
    assert!(account.issuance > 10 * TAO && account.epochs.len() > 5);
    life.down();

    // The next start continues the same chain, with everybody in their seats.
    let life = Life::up(&home, &options);
    let report = life.wait_for("neurons");
    assert!(report["height"].as_u64().unwrap() > height && report["netuid"] == netuid, "{report}");
    assert_eq!(incentives(&report).len(), 9, "nobody came twice: {report}");
    life.wait_until("work pays as before", is_fair);
    life.down();
}
