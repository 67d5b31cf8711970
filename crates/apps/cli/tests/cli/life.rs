//! A test of a whole network: nodes, a text subnet, validators, honest and dishonest miners, each a process.

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

/// Largest number of epochs to wait for a condition.
const EPOCHS: usize = 60;

/// Rao in one TAO.
const TAO: u64 = 1_000_000_000;

/// The dishonest miners.
const CHEATS: [&str; 3] = ["smaller", "copies", "drops"];

/// The public seed of `//Alice`, whose account has a balance at genesis.
const ALICE: &str = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";

/// A network with neurons, and its home folder.
struct Life<'a> {
    home: &'a Home,
    supervisor: Supervisor,
}

/// The incentive of each neuron, as a fraction `v / 65535`, by its name in the report.
type Incentives = BTreeMap<String, u64>;

/// Ends the network, also after a failed test.
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

    /// Waits for the next event of this kind.
    fn wait_for(&self, kind: &str) -> Value {
        let until = Instant::now() + START_TIMEOUT;
        loop {
            let event = self.supervisor.next(until.saturating_duration_since(Instant::now()));
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// Waits for the report of the next epoch, and checks its division.
    fn epoch(&self) -> Value {
        loop {
            let report = self.wait_for("neurons");
            if report["epoch"]["now"] == true {
                the_division_is_the_rule(&report);
                return report;
            }
        }
    }

    /// Waits for an epoch after which the incentives satisfy `is`.
    fn wait_until(&self, what: &str, mut is: impl FnMut(&Incentives) -> bool) -> Incentives {
        let mut last = Incentives::new();
        for _ in 0..EPOCHS {
            last = incentives(&self.epoch());
            if is(&last) {
                return last;
            }
        }
        panic!("not in {EPOCHS} epochs: {what}; the last one gave {last:?}");
    }

    /// Returns the process number of a node or neuron.
    fn pid(&self, name: &str) -> u64 {
        let status = self.home.json("network status");
        let nodes = status["nodes"].as_array().unwrap();
        let node = nodes.iter().find(|node| node["name"] == name).unwrap_or_else(|| panic!("no {name}: {status}"));
        node["pid"].as_u64().unwrap()
    }

    /// Ends the network with Ctrl-C, and asserts that no process is left.
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

/// Asserts the division of an epoch. spec tokenomics §6.2
///
/// The network itself audits the payments of each neuron, and ends if they differ from the rules.
fn the_division_is_the_rule(report: &Value) {
    let part = |name: &str| report["epoch"][name].as_u64().unwrap();
    let (emission, owner) = (part("emission"), part("owner"));
    assert_eq!(owner, emission * 18 / 100, "{report}");
    // Each half goes to those with a claim on it. Without one it is recycled.
    let rest = emission - owner;
    for half in ["miners", "validators"] {
        assert!(part(half) == 0 || part(half).abs_diff(rest / 2) <= 1, "{half}: {report}");
    }
    let a_miner_earns = incentives(report).values().any(|incentive| *incentive > 0);
    assert_eq!(part("miners") > 0, a_miner_earns, "{report}");
    for row in report["neurons"].as_array().unwrap() {
        assert!(row["pay"]["difference"].as_i64().is_none_or(|difference| difference == 0), "{row}");
    }
}

/// Returns true if honest miners are paid by speed, and each dishonest one less than 1 % of their average.
fn is_fair(incentives: &Incentives) -> bool {
    let (fast, slow) = (incentives["fast"], incentives["slow"]);
    let honest = u64::midpoint(fast, slow);
    fast > slow && slow > 0 && CHEATS.iter().all(|cheat| incentives[*cheat] * 100 < honest)
}

/// Starts a miner outside of the supervisor, which does not restart it.
fn mine(home: &Home, netuid: u64, model: &Path) -> Child {
    let line = format!("mine text --netuid {netuid} --model {} --port 0 --wallet mine --output json", model.display());
    home.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn last_answer(home: &Home, line: &str) -> Value {
    let said = home.run(line);
    assert_eq!(said.code, 0, "{said:?}");
    serde_json::from_str(said.out.lines().last().unwrap()).unwrap()
}

/// Returns the `served` events in the logs of miners.
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
    // While all reputations are new, one answer of the miner that drops most of them counts for much.
    let mut in_a_row = 0;
    life.wait_until("work pays by speed, and lies do not, in five epochs in a row", |now| {
        in_a_row = if is_fair(now) { in_a_row + 1 } else { 0 };
        in_a_row == 5
    });

    // The answer of the network equals the output of the model for its miner, to the token.
    for temperature in ["0", "0.8"] {
        let writing = format!("Once --temperature {temperature} --seed 11 --max-tokens 24 --output json");
        let answer = last_answer(&home, &format!("ask {writing}"));
        assert_eq!((&answer["event"], &answer["proven"]), (&"answer".into(), &true.into()), "{answer}");
        let miner = answer["miner"].as_str().unwrap();
        let written = last_answer(&home, &format!("text run {writing} --model {} --miner {miner}", model.display()));
        assert_eq!(answer["tokens"], written["tokens"]);
        assert!(!answer["tokens"].as_array().unwrap().is_empty());
    }

    // A validator that is killed restarts with its state.
    send(life.pid("validator-1"), "-KILL");
    assert_eq!(life.wait_for("back")["node"], "validator-1");
    for _ in 0..3 {
        let report = life.epoch();
        assert!(is_fair(&incentives(&report)), "a restart changed who is paid: {report}");
    }

    // An additional miner is paid, is not paid while it is stopped, and is paid again.
    let restored = home.run_with_input("wallet restore --wallet alice --from seed --file - --without-password", ALICE);
    assert_eq!(restored.code, 0, "{restored:?}");
    home.json("wallet create --wallet mine --without-password");
    home.json("wallet transfer 10 --to mine --wallet alice --yes");
    home.json(&format!("neuron register --netuid {netuid} --wallet mine --yes"));
    // The copying miner becomes a validator, which miners serve, and relays its challenges to them.
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
    life.wait_until("a stopped miner is paid nothing", |now| now[hotkey] * 100 < now["fast"]);
    let mut miner = mine(&home, netuid, &model);
    life.wait_until("a restarted miner is paid", |now| now[hotkey] > slow(now));
    // Other miners have answered the copying miner, and its incentive did not rise.
    let report = life.epoch();
    let copies = report["neurons"].as_array().unwrap().iter().find(|row| row["name"] == "copies").unwrap();
    let served = served(&home).filter(|event| event["uid"] == copies["uid"] && event["failure"].is_null()).count();
    assert!(served > 0, "no miner answered the copying miner");
    for _ in 0..3 {
        let report = life.epoch();
        assert!(is_fair(&incentives(&report)), "the copied answers were paid: {report}");
    }
    miner.kill().unwrap();
    miner.wait().unwrap();

    // The sum of all TAO is conserved to the rao.
    let status = home.json("network status");
    let rpc = status["nodes"][0]["rpc"].as_str().unwrap().strip_prefix("ws://").unwrap();
    let height = status["nodes"][0]["finalised"].as_u64().unwrap();
    let account = audit(&TestChain::connect(rpc).await, 0..=height).await;
    assert!(account.issuance > 10 * TAO && account.epochs.len() > 5);
    life.down();

    // The next start continues the same chain, with all neurons in their seats.
    let life = Life::up(&home, &options);
    let report = life.wait_for("neurons");
    assert!(report["height"].as_u64().unwrap() > height && report["netuid"] == netuid, "{report}");
    assert_eq!(incentives(&report).len(), 9, "a neuron registered twice: {report}");
    life.wait_until("work pays as before", is_fair);
    life.down();
}
