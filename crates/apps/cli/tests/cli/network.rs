//! Tests of networks of real nodes, and of all ways to end one.

use crate::support::{Home, START_TIMEOUT, Said, said};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// Returns the path of the node program, which the workspace builds beside this program.
fn node() -> PathBuf {
    let node = Path::new(env!("CARGO_BIN_EXE_myelin")).with_file_name("myelin-node");
    assert!(node.is_file(), "no {}; build it with `cargo build -p myelin-node`", node.display());
    node
}

/// A network that ends when it is dropped, also after a failed test.
pub(crate) struct Network(pub(crate) Home);

/// A supervisor in the foreground.
pub(crate) struct Supervisor {
    process: Child,
    events: Receiver<Value>,
}

impl Network {
    pub(crate) fn new() -> Self {
        node();
        Self(Home::new())
    }

    fn up(&self, options: &str) -> Supervisor {
        Supervisor::start(&self.0, options)
    }

    pub(crate) fn status(&self) -> Value {
        self.0.json("network status")
    }

    fn down(&self) -> Said {
        self.0.run("network down --output json")
    }

    /// Waits until the status satisfies `is`.
    fn wait_until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + START_TIMEOUT;
        loop {
            // No pause: each call takes some time, and tests the status command.
            let status = self.status();
            if is(&status) {
                return status;
            }
            assert!(Instant::now() < until, "{what}: {status}");
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // A test that failed leaves nothing running either.
        let said = self.down();
        if !thread::panicking() {
            assert_eq!(said.code, 0, "{said:?}");
        }
    }
}

impl Supervisor {
    pub(crate) fn start(home: &Home, options: &str) -> Self {
        let mut command = home.command(&format!("network up --output json {options}"));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let (sender, events) = channel();
        thread::spawn(move || {
            for line in answers.lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        Self { process, events }
    }

    /// Waits for the next event of any kind.
    pub(crate) fn next(&self, patience: Duration) -> Value {
        self.events.recv_timeout(patience).unwrap_or_else(|error| panic!("no event: {error}"))
    }

    /// Waits for the next event, which must be of this kind.
    fn event(&self, kind: &str) -> Value {
        let event = self.next(START_TIMEOUT);
        assert_eq!(event["event"], kind, "{event}");
        event
    }

    pub(crate) fn signal(&self, signal: &str) {
        send(self.process.id().into(), signal);
    }

    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

pub(crate) fn send(pid: u64, signal: &str) {
    let sent = std::process::Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(sent.success(), "no process {pid}");
}

fn pids(nodes: &Value) -> Vec<u64> {
    nodes.as_array().unwrap().iter().filter_map(|node| node["pid"].as_u64()).collect()
}

fn runs(pid: u64) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    // A zombie process holds no port and no file.
    !status.is_empty() && !status.contains("State:\tZ")
}

/// Asserts that no process is left, and no port is open.
pub(crate) fn assert_gone(nodes: &Value) {
    let until = Instant::now() + Duration::from_secs(30);
    while pids(nodes).into_iter().any(runs) {
        assert!(Instant::now() < until, "still there: {nodes}");
        thread::yield_now();
    }
    // Only nodes of the chain have an RPC server.
    for rpc in nodes.as_array().unwrap().iter().filter_map(|node| node["rpc"].as_str()) {
        let address = rpc.strip_prefix("ws://").unwrap();
        assert!(TcpStream::connect(address).is_err(), "a process listens on {address}");
    }
}

fn final_height(status: &Value) -> u64 {
    let nodes = status["nodes"].as_array().unwrap();
    nodes.iter().filter_map(|node| node["finalised"].as_u64()).max().unwrap_or(0)
}

#[test]
fn a_network_comes_up_survives_and_goes_on() {
    let network = Network::new();
    let mut supervisor = network.up("--preset test --authorities 2 --full-nodes 1");
    let first = supervisor.event("up");
    let names: Vec<_> = first["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["alice", "bob", "full-1"]);

    // A second supervisor for this folder is refused.
    let second = network.0.run("network up --output json");
    assert_eq!((second.code, second.err.lines().last().unwrap().contains("network-up")), (1, true), "{second:?}");

    // A node that is killed restarts, and the status shows the reason.
    send(pids(&first["nodes"])[1], "-KILL");
    let died = supervisor.event("died");
    assert_eq!((&died["node"], &died["how"]), (&"bob".into(), &"killed by signal 9".into()));
    assert_eq!(supervisor.event("back")["node"], "bob");
    let status = network.wait_until("bob answers", |status| status["nodes"][1]["height"].as_u64() > Some(0));
    assert_eq!(status["nodes"][1]["restarts"], 1);
    assert_eq!(status["nodes"][1]["last_end"], "killed by signal 9");
    assert!(status["nodes"][1]["memory"].as_u64() > Some(1 << 20), "{status}");
    let table = network.0.run("network status").out;
    assert!(table.contains("authority  running") && table.contains("bob died: killed by signal 9"), "{table}");

    // The chain continues after the supervisor is killed, and no earlier process is left.
    let status = network.wait_until("blocks are final again", |status| final_height(status) > 1);
    let height = final_height(&status);
    supervisor.signal("-KILL");
    assert_eq!(supervisor.exit_code(), None);
    let mut supervisor = network.up("");
    let mut event = supervisor.next(START_TIMEOUT);
    while event["event"] == "swept" {
        event = supervisor.next(START_TIMEOUT);
    }
    assert_eq!(event["event"], "up", "{event}");
    for pid in pids(&status["nodes"]) {
        assert!(!runs(pid), "{pid} is left");
    }
    assert_eq!(event["nodes"].as_array().unwrap().len(), 3, "the full node was forgotten: {event}");
    let status = network.wait_until("the chain goes on", |status| final_height(status) > height);

    // Ctrl-C ends it.
    supervisor.signal("-INT");
    supervisor.event("down");
    assert_eq!(supervisor.exit_code(), Some(0));
    assert_gone(&status["nodes"]);
    assert_eq!(network.status()["up"], false);
}

#[test]
fn a_network_in_the_background_is_taken_down_and_deleted() {
    let network = Network::new();
    let mut up = network.0.command("network up --preset test --detach --output json");
    let up = said(up.env("BT_PW_COLDKEY", "secret").output().unwrap()).json();
    assert_eq!(up["event"], "up");
    let status = network.status();
    assert_eq!(status["up"], true);

    // Passwords of the user's keys are for the first process only.
    for pid in pids(&up["nodes"]).into_iter().chain([status["supervisor"].as_u64().unwrap()]) {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
        let text = String::from_utf8_lossy(&environment);
        assert!(text.contains("HOME=") && !text.contains("BT_PW_") && !text.contains("secret"), "{pid}: {text}");
    }

    // No process reads the output any more; the log has the events.
    send(pids(&up["nodes"])[0], "-KILL");
    let status = network.wait_until("alice is back", |status| {
        status["nodes"][0]["height"].is_u64() && status["nodes"][0]["restarts"] == 1
    });
    let log = network.0.run("network logs supervisor").out;
    assert!(log.contains("alice died: killed by signal 9") && log.contains("alice is back at ws://"), "{log}");

    let refused = network.0.run("network reset --yes --output json");
    assert_eq!((refused.code, refused.error().as_str()), (1, "network-up"));

    let down = network.down().json();
    assert_eq!(down["supervisor"], status["supervisor"]);
    assert_gone(&status["nodes"]);
    assert!(!runs(status["supervisor"].as_u64().unwrap()));
    assert_eq!(network.down().json()["supervisor"], Value::Null);

    let logs = network.0.run("network logs alice -n 3 --output json").out;
    assert_eq!(logs.lines().count(), 3);
    assert!(serde_json::from_str::<Value>(logs.lines().next().unwrap()).unwrap()["line"].is_string());

    // Another chain needs another folder, unless this one is deleted.
    let other = network.0.run("network up --preset local --output json");
    assert!(other.err.contains("network-different"), "{other:?}");
    assert_eq!(network.0.json("network reset --yes")["chain"], true);
    assert_eq!(network.0.json("network reset --yes")["chain"], false);
}

#[test]
fn a_node_that_never_lives_is_given_up_and_nothing_is_left() {
    let network = Network::new();
    // A node program that makes a chain specification, and then fails to run.
    let broken = network.0.path().join("broken-node");
    let script = format!("#!/bin/sh\n[ \"$1\" = export-chain-spec ] && exec {} \"$@\"\nexit 7\n", node().display());
    fs::write(&broken, script).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&broken, executable).unwrap();
    let said = network.0.run(&format!("network up --preset test --output json --node {}", broken.display()));
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.lines().last().unwrap().contains("network-failed"), "{said:?}");
    assert_eq!(said.out.matches("\"died\"").count(), 5, "{said:?}");
    assert_eq!(said.out.matches("failed with exit code 7").count(), 6, "{said:?}");
    assert_eq!(network.status()["up"], false);

    // The error is the same in the background.
    let said = network.0.run(&format!("network up --detach --output json --node {}", broken.display()));
    assert!(said.err.lines().last().unwrap().contains("network-failed"), "{said:?}");
    assert_eq!(network.down().json()["supervisor"], Value::Null);
}

#[test]
fn whoever_does_not_wait_for_the_background_has_no_network() {
    let network = Network::new();
    let mut typist = network.0.at_terminal("network up --preset test --detach");
    typist.wait_for("starting the network");
    // The supervisor has begun once it has the lock.
    network.wait_until("a supervisor runs", |status| status["up"] == true);
    typist.types("\x03");
    let (code, screen) = typist.end();
    assert_eq!(code, 130, "{screen}");
    assert_eq!(network.status()["up"], false);
    assert_eq!(network.down().json()["left_behind"], Value::Array(Vec::new()));
}
