//! Files and lines of the subnets.

use core::fmt::Debug;
use myelin_subnet_text::{
    answer::{AnswerLine, MAX_LINE, TextAnswer},
    evidence::{Evidence, EvidenceStatement},
    fuzzing::{read_gguf, rewritten_config},
    gate::GateLine,
};
use myelin_wire::{PublicKey, from_ss58};
use serde_json::{Value, from_slice, to_vec};
use std::{collections::BTreeMap, sync::OnceLock};

/// Checks the file of a validator: it is written as a file that reads the same, with the same content.
pub fn validator_file(bytes: &[u8]) {
    let Ok(written) = myelin_subnet_kit::rewritten_memory(bytes) else { return };
    let again = myelin_subnet_kit::rewritten_memory(&written).expect("a state is written as one");
    assert_eq!(again, written);
    // A member that is ignored may hold what is JSON only by its brackets.
    let Ok(given) = from_slice(bytes) else { return };
    let written = from_slice(&written).expect("a state is written as JSON");
    assert_eq!(ValidatorContent::of(&written), ValidatorContent::of(&given), "a state loses content");
}

/// The content of a validator's file, read without the crate under test.
#[derive(Debug, PartialEq)]
struct ValidatorContent<'a> {
    head: Vec<&'a Value>,
    owner: Vec<&'a Value>,
    /// The scores by hotkey. The last one of a hotkey counts, and any spelling of its address.
    scores: BTreeMap<PublicKey, Vec<&'a Value>>,
    /// The commits without their hashes, which follow from the rest.
    commits: Vec<Vec<&'a Value>>,
}

impl<'a> ValidatorContent<'a> {
    fn of(file: &'a Value) -> Self {
        let scores = elements(member(file, 3, "scores")).map(|score| {
            let hotkey = member(score, 0, "hotkey").as_str().and_then(|address| from_ss58(address).ok());
            let rest = ["since", "average", "asked", "answered"];
            (hotkey.expect("a score has an address"), members(score, 1, rest))
        });
        let commits = elements(member(file, 4, "promises"));
        Self {
            head: [(0, "version"), (2, "rounds")].map(|(place, name)| member(file, place, name)).into(),
            owner: members(member(file, 1, "whose"), 0, ["chain", "netuid", "hotkey"]),
            scores: scores.collect(),
            commits: commits.map(|commit| members(commit, 1, ["weights", "salt", "version_key", "after"])).collect(),
        }
    }
}

/// Returns a member of an object, or of a list, which is read as an object without names.
fn member<'a>(of: &'a Value, place: usize, name: &str) -> &'a Value {
    of.get(name).or_else(|| of.get(place)).expect("a file that is read has all members")
}

fn members<'a, const N: usize>(of: &'a Value, first: usize, names: [&str; N]) -> Vec<&'a Value> {
    (first..).zip(names).map(|(place, name)| member(of, place, name)).collect()
}

fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// Checks the lines of an answer: each is written as it was read.
pub fn text_line(bytes: &[u8]) {
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(read) = AnswerLine::read(line) else { continue };
        assert!(line.len() <= MAX_LINE);
        let written = read.to_bytes().expect("what is read has a text");
        let again = AnswerLine::read(written.strip_suffix(b"\n").expect("a line has an end"));
        assert_eq!(again.as_ref(), Ok(&read));
    }
    if let Ok(answer) = TextAnswer::read(bytes) {
        assert_eq!(answer.steps().len(), answer.tokens.len());
        let _ = answer.text();
    }
}

/// Checks the lines of a gate: each is written as it was read.
pub fn gate_line(bytes: &[u8]) {
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(read) = from_slice::<GateLine>(line) else { continue };
        let written = to_vec(&read).expect("what is read has a text");
        same(&from_slice::<GateLine>(&written).expect("a line is written as one"), &read);
    }
}

/// Compares two values by their texts, because NaN is not equal to itself.
fn same<T: Debug>(one: &T, other: &T) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

/// Genuine evidence. All other evidence is altered.
const GENUINE: &str = include_str!("../../../../vectors/formats/evidence/1/evidence.json");

fn genuine() -> &'static EvidenceStatement {
    static STATEMENT: OnceLock<EvidenceStatement> = OnceLock::new();
    STATEMENT.get_or_init(|| {
        let evidence: Evidence = serde_json::from_str(GENUINE).expect("it is evidence");
        evidence.check().expect("it was signed")
    })
}

/// Checks evidence: it is written as it was read, and altered evidence proves nothing but what was signed.
pub fn evidence(bytes: &[u8]) {
    let Ok(read) = from_slice::<Evidence>(bytes) else { return };
    let written = to_vec(&read).expect("evidence has a text");
    assert_eq!(from_slice::<Evidence>(&written).ok().as_ref(), Some(&read));
    if let Ok(statement) = read.check() {
        same(&statement, genuine());
    }
}

/// Reads a GGUF file: its head, its configuration, its tokenizer and its weights.
pub fn gguf(bytes: &[u8]) {
    let _ = read_gguf(bytes);
}

/// Checks the configuration of a model: it is written as a text that can be read.
///
/// The two texts may differ, because the JSON reader may round a float in its last bit.
pub fn model_config(bytes: &[u8]) {
    let Ok(written) = rewritten_config(bytes) else { return };
    assert!(rewritten_config(&written).is_ok(), "a configuration is not written as one");
}
