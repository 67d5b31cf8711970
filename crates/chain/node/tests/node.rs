//! The real program, as a user runs it.

use myelin_testing::TestNode;
use sp_core::crypto::Ss58Codec;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use std::{
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};
use tempfile::TempDir;

const NODE: &str = env!("CARGO_BIN_EXE_myelin-node");

/// Runs the node with arguments with which it ends by itself.
fn run(arguments: &[&str]) -> Output {
    Command::new(NODE).args(arguments).output().expect("the node starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary path is text")
}

/// Returns the slot time in milliseconds, as the runtime states it.
async fn slot_millis(node: &TestNode) -> u64 {
    let answer = node.call("state_call", &["AuraApi_slot_duration".into(), "0x".into()]).await;
    let bytes = sp_core::bytes::from_hex(answer.as_str().expect("an answer in hexadecimal")).expect("hexadecimal");
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

/// Returns the hash of the runtime's code.
async fn code_hash(node: &TestNode) -> String {
    let key = sp_core::bytes::to_hex(sp_core::storage::well_known_keys::CODE, false);
    node.call("state_getStorageHash", &[key.into()]).await.as_str().expect("there is code").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_made_and_become_final() {
    let node = TestNode::start(NODE, &["--chain", "test", "--alice"]).await;
    let height = node.wait_until_finalised(5).await;
    assert!(node.block_hash(height).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_goes_on_with_every_final_block() {
    let mut node = TestNode::start(NODE, &["--chain", "test", "--alice"]).await;
    let before = node.wait_until_finalised(4).await;
    let hash = node.block_hash(before).await;

    node.kill().await;
    node.restart().await;

    assert!(node.finalised().await >= before);
    assert_eq!(node.block_hash(before).await, hash);
    node.wait_until_finalised(before + 3).await;
}

/// Writes the specification of a preset whose only authority is Alice.
fn specification_with_alice(preset: &str, file: &Path) {
    let authority =
        format!("{},{}", Sr25519Keyring::Alice.public().to_ss58check(), Ed25519Keyring::Alice.public().to_ss58check());
    let output = run(&["export-chain-spec", "--chain", preset, "--authority", &authority, "--output", text(file)]);
    assert!(output.status.success(), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_blob_runs_at_every_speed() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let mut blobs = Vec::new();
    for (chain, millis) in [("main", 12_000), ("local", 1_000), ("test", 250)] {
        let file = folder.path().join(chain);
        specification_with_alice(chain, &file);
        let node = TestNode::start(NODE, &["--chain", text(&file)]).await;
        assert_eq!(slot_millis(&node).await, millis, "{chain}");
        blobs.push(code_hash(&node).await);
    }
    assert!(blobs.windows(2).all(|pair| pair[0] == pair[1]), "{blobs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_says_what_its_token_is() {
    let node = TestNode::start(NODE, &["--chain", "test"]).await;
    let properties = node.call("system_properties", &[]).await;
    assert_eq!(properties["tokenSymbol"], "TAO");
    assert_eq!(properties["tokenDecimals"], 9);
    assert_eq!(properties["ss58Format"], 42);
}

#[tokio::test(flavor = "multi_thread")]
async fn rpc_listens_on_loopback() {
    let node = TestNode::start(NODE, &["--chain", "test"]).await;
    assert!(node.rpc_address().starts_with("127.0.0.1:"), "{}", node.rpc_address());
}

#[test]
fn an_unknown_chain_is_refused_with_the_known_ones() {
    let output = run(&["--chain", "mian"]);
    assert!(!output.status.success());
    let said = said(&output);
    assert!(said.contains("`mian` is neither a chain nor a file") && said.contains("`main`"), "{said}");
}

#[test]
fn a_chain_without_authorities_is_refused_with_a_hint() {
    let output = run(&["--chain", "main", "--tmp"]);
    assert!(!output.status.success());
    let said = said(&output);
    assert!(said.contains("names no authorities") && said.contains("--authority"), "{said}");
}

#[test]
fn a_malformed_authority_is_refused() {
    for authority in ["alice", "5Gr,5FA", ""] {
        let output = run(&["export-chain-spec", "--chain", "main", "--authority", authority]);
        assert!(!output.status.success(), "{authority:?} was accepted");
    }
}

#[test]
fn whoever_launches_a_main_chain_can_name_who_may_use_sudo() {
    let alice = sp_keyring::Sr25519Keyring::Alice.to_account_id().to_string();
    let authority = format!("{alice},{}", sp_keyring::Ed25519Keyring::Alice.to_account_id());
    let output = run(&["export-chain-spec", "--chain", "main", "--authority", &authority, "--sudo", &alice]);
    assert!(output.status.success(), "{}", said(&output));
    let specification: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a specification is JSON");
    assert_eq!(specification["genesis"]["runtimeGenesis"]["patch"]["sudo"]["key"], alice);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_finds_its_peer_through_the_specification() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("chain.json");
    let first = TestNode::start(NODE, &["--chain", "test", "--alice"]).await;
    let bootnode = first.peer_address().await;
    let output =
        run(&["export-chain-spec", "--chain", "test", "--bootnode", &bootnode, "--raw", "--output", text(&file)]);
    assert!(output.status.success(), "{}", said(&output));
    let second = TestNode::start(NODE, &["--chain", text(&file)]).await;
    assert!(second.wait_until_finalised(2).await >= 2);
}

#[test]
fn a_bootnode_without_an_identity_is_refused() {
    let output = run(&["export-chain-spec", "--chain", "test", "--bootnode", "/ip4/127.0.0.1/tcp/30333"]);
    assert!(!output.status.success());
}

/// Returns the permissions of a file or folder, or `None` if there is none.
fn mode(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().map(|found| found.permissions().mode() & 0o777)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_keeps_compiled_runtimes_to_itself() {
    let authority = TestNode::start(NODE, &["--chain", "test", "--alice"]).await;
    let folder = authority.state().join("compiled-runtimes");
    assert_eq!(mode(&folder), Some(0o700));
    assert!(std::fs::read_dir(&folder).expect("it can be read").next().is_some(), "the runtime is in it");
    let other = TestNode::start(NODE, &["--chain", "test"]).await;
    assert_eq!(mode(&other.state().join("compiled-runtimes")), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_all_states_goes_on_without_the_flag() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let with = |arguments: &[&str]| {
        run(&[&["export-state", "--chain", "test", "--base-path", text(folder.path())], arguments].concat())
    };
    for arguments in [&["--state-pruning", "archive"][..], &[]] {
        let output = with(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    }
    assert!(!with(&["--state-pruning", "1024"]).status.success(), "the database keeps all states");
}

#[test]
fn an_exported_specification_is_one_that_can_be_given_back() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("chain.json");
    let exported = run(&["export-chain-spec", "--chain", "test", "--raw", "--output", text(&file)]);
    assert!(exported.status.success(), "{}", said(&exported));
    let again = run(&["export-chain-spec", "--chain", text(&file), "--raw"]);
    assert_eq!(again.stdout, std::fs::read(&file).expect("it was exported"));
}

/// Returns the log of a node that is started with these options, up to the first line with this text.
fn log_until(text: &str, options: &[&str]) -> Vec<String> {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let mut node = Command::new(NODE)
        .args(["--alice", "--rpc-port", "0", "--port", "0", "--no-prometheus", "--base-path"])
        .arg(folder.path())
        .args(options)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the node starts");
    let mut log = Vec::new();
    for line in BufReader::new(node.stderr.take().expect("it was piped")).lines().map_while(Result::ok) {
        log.push(line);
        if log.last().is_some_and(|line| line.contains(text)) {
            break;
        }
    }
    node.kill().expect("the node runs");
    node.wait().expect("it ends");
    assert!(log.last().is_some_and(|line| line.contains(text)), "{log:#?}");
    log
}

#[test]
fn the_pool_keeps_one_state_unless_told_otherwise() {
    let pool = |options: &[&str]| log_until("transaction pool", options).pop().expect("the text is there");
    assert!(pool(&["--chain", "test"]).contains("SingleState"));
    assert!(pool(&["--chain", "test", "--pool-type", "fork-aware"]).contains("ForkAware"));
}

#[test]
fn an_authority_of_a_public_network_measures_its_machine() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let file = folder.path().join("main.json");
    specification_with_alice("main", &file);
    let public = ["--chain", text(&file), "--unsafe-force-node-key-generation"];
    let measures =
        |options: &[&str]| log_until("JSON-RPC server", options).iter().any(|line| line.contains("Disk score"));
    assert!(measures(&public));
    assert!(!measures(&[&public[..], &["--no-hardware-check"]].concat()));
    assert!(!measures(&["--chain", "test"]), "a machine of a developer is not judged");
}
