//! Tests of commands against a chain of real nodes.
//!
//! Nodes start slowly, and each test is a process of its own. One test therefore runs all commands of a group on one
//! [`Testnet`].

mod look;
mod metagraph;
mod neuron;
mod race;
mod stake;
mod subnet;
mod swap;
mod text;
mod wallet;
mod weights;

use crate::{
    network::Network,
    support::{Home, START_TIMEOUT, Said, crate_folder},
};
use jsonschema::Validator;
use myelin_cli::{reference, registry};
use serde_json::Value;
use std::{fs, process::Command, time::Instant};

/// The public seed of `//Alice`, whose account has a balance at genesis.
const ALICE: &str = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";

/// Rao in one TAO.
pub(crate) const TAO: u64 = 1_000_000_000;

/// A network with four blocks per second, and a home folder with the wallet `alice`, which has 10 000 TAO.
///
/// The network ends when it is dropped.
pub(crate) struct Testnet(Network);

impl Testnet {
    /// Starts a network with one authority.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// Starts a network with these additional options of `network up`.
    pub(crate) fn with(options: &str) -> Self {
        let testnet = Self(Network::new());
        let up = testnet.home().run(&format!("network up --preset test --detach {options}"));
        assert_eq!(up.code, 0, "{up:?}");
        let restored = testnet
            .home()
            .run_with_input("wallet restore --wallet alice --from seed --file - --without-password", ALICE);
        assert_eq!(restored.code, 0, "{restored:?}");
        testnet.hotkey("alice", "default");
        testnet
    }

    pub(crate) fn home(&self) -> &Home {
        &self.0.0
    }

    /// Returns the output of `network status`.
    pub(crate) fn status(&self) -> Value {
        self.0.status()
    }

    /// Creates a wallet with a hotkey `default`, funds it, and returns its address.
    pub(crate) fn wallet(&self, name: &str, tao: u64) -> String {
        let made = self.home().json(&format!("wallet create --wallet {name} --without-password"));
        if tao > 0 {
            self.json(&format!("wallet transfer {tao} --to {name} --wallet alice --yes"));
        }
        made["keys"][0]["address"].as_str().expect("a coldkey has an address").to_owned()
    }

    /// Adds a hotkey to a wallet and returns its address.
    pub(crate) fn hotkey(&self, wallet: &str, name: &str) -> String {
        let made = self.home().json(&format!("wallet new-hotkey {name} --wallet {wallet}"));
        made["keys"][0]["address"].as_str().expect("a hotkey has an address").to_owned()
    }

    /// Returns the command of the program on this network.
    pub(crate) fn command(&self, line: &str) -> Command {
        self.home().command(line)
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, line: &str) -> Said {
        self.home().run(line)
    }

    /// Runs the program and returns its JSON output, which must match its schema.
    pub(crate) fn json(&self, line: &str) -> Value {
        let answer = self.home().json(line);
        check(line, &answer);
        answer
    }

    /// Runs the program and returns all its JSON outputs, one per line, which must match the schema.
    pub(crate) fn lines(&self, line: &str) -> Vec<Value> {
        let said = self.run(&format!("{line} --output json"));
        assert_eq!(said.code, 0, "{said:?}");
        let answers: Vec<Value> = said.out.lines().map(|answer| serde_json::from_str(answer).unwrap()).collect();
        for answer in &answers {
            check(line, answer);
        }
        answers
    }

    /// Runs the program and returns its output for people, which must not be empty.
    pub(crate) fn table(&self, line: &str) -> String {
        let said = self.run(line);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(!said.out.trim().is_empty(), "{said:?}");
        said.out
    }

    /// Runs the program and returns its exit code and error code.
    pub(crate) fn error(&self, line: &str) -> (i32, String) {
        let said = self.run(&format!("{line} --output json"));
        let last = said.err.lines().last().unwrap_or_default();
        let report: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        assert!(report["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{said:?}");
        (said.code, report["error"]["code"].as_str().expect("an error has a code").to_owned())
    }

    /// Returns the height of the last final block.
    pub(crate) fn finalised(&self) -> u64 {
        self.json("root shares")["block"].as_u64().expect("a block has a height")
    }

    /// Waits until this block is final.
    pub(crate) fn wait_for_block(&self, height: u64) {
        let until = Instant::now() + START_TIMEOUT;
        while self.finalised() < height {
            assert!(Instant::now() < until, "block {height} does not come");
        }
    }
}

/// Asserts that an output matches the committed schema of its command.
fn check(line: &str, answer: &Value) {
    let words = ["myelin"].into_iter().chain(line.split_whitespace());
    let matches = registry::parser().try_get_matches_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    let (entry, _) = registry::called(&matches).expect("it names a command");
    let (name, _) = reference::schema(entry);
    let schema = fs::read_to_string(crate_folder().join("schemas").join(&name)).expect("every command has a schema");
    let schema: Value = serde_json::from_str(&schema).expect("a schema is JSON");
    let validator: Validator = jsonschema::validator_for(&schema).expect("a schema is one");
    let errors: Vec<_> = validator.iter_errors(answer).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{line}: {answer} is not as {name} has it: {errors:?}");
}
