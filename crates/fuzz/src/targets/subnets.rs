//! Files and lines of the subnets.

use core::fmt::Debug;
use myelin_subnet_text::{
    answer::{AnswerLine, MAX_LINE, TextAnswer},
    evidence::{Evidence, EvidenceStatement},
    fuzzing::{read_gguf, rewritten_config},
    gate::GateLine,
};
use serde_json::{from_slice, to_vec};
use std::sync::OnceLock;

/// Checks the file of a validator: it is written as a file that reads the same.
pub fn validator_file(bytes: &[u8]) {
    let Ok(written) = myelin_subnet_kit::rewritten_memory(bytes) else { return };
    let again = myelin_subnet_kit::rewritten_memory(&written).expect("a state is written as one");
    assert_eq!(again, written);
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
