//! Replay of the vectors of `vectors/neuron`, or of the folder that `NEURON_VECTORS` names relative to the workspace.
//!
//! All cases of all files are replayed. If the recorded library does something insecure, the test demands that this
//! crate does not.

mod btauth;
mod exchanges;
mod http;
mod messages;
mod nonces;
mod outcomes;
mod values;

use myelin_wire::{
    Sign, class,
    class::{Class, Field},
    python::{Value, json},
};
use std::{
    env, fs,
    io::{self, Write},
    path::Path,
};

/// Returns the file, or `None` if a folder of `NEURON_VECTORS` does not have it.
fn file(name: &str) -> Option<Value> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let own = env::var_os("NEURON_VECTORS");
    let path = workspace.join(own.as_deref().unwrap_or("vectors/neuron".as_ref())).join(name);
    if own.is_some() && !path.exists() {
        report(&format!("{name}: not there"));
        return None;
    }
    let text = fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    Some(json::read(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Writes past the capture of the test harness, so that the count is seen if all tests pass.
fn report(line: &str) {
    let mut terminal = io::stderr();
    writeln!(terminal, "{line}").unwrap();
}

/// Runs all cases and reports those that failed.
fn replay<'a>(
    what: &str,
    cases: impl IntoIterator<Item = &'a Value>,
    mut case: impl FnMut(&'a Value) -> Result<(), String>,
) {
    let (mut count, mut faults) = (0, Vec::new());
    for (index, value) in cases.into_iter().enumerate() {
        count += 1;
        if let Err(fault) = case(value) {
            let names = ["id", "name", "note", "class"].map(|key| optional(value, key).and_then(Value::as_text));
            faults.push(format!("#{index} {}: {fault}", names.into_iter().flatten().collect::<Vec<_>>().join(" ")));
        }
    }
    report(&format!("{what}: {count} cases"));
    assert!(faults.is_empty(), "{what}: {} of {count} failed:\n{}", faults.len(), faults.join("\n"));
    assert!(count > 0, "{what} has no cases");
}

/// Returns the member, unless it is absent or null.
fn optional<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let Value::Dict(dict) = value else { panic!("not an object: {value:?}") };
    dict.get(key).filter(|value| **value != Value::None)
}

fn get<'a>(value: &'a Value, key: &str) -> &'a Value {
    optional(value, key).unwrap_or_else(|| panic!("no `{key}` in {value:?}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    get(value, key).as_text().unwrap_or_else(|| panic!("`{key}` is not text"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    let Value::List(items) = get(value, key) else { panic!("`{key}` is not a list") };
    items
}

fn texts(value: &Value) -> Vec<&str> {
    let Value::List(items) = value else { panic!("not a list") };
    items.iter().map(|item| item.as_text().expect("a list of texts")).collect()
}

fn int(value: &Value) -> i128 {
    match value {
        Value::Int(number) => number.to_i128().expect("a number of 128 bits"),
        Value::Text(digits) => digits.parse().expect("digits"),
        other => panic!("not a number: {other:?}"),
    }
}

fn flag(value: &Value, key: &str) -> bool {
    optional(value, key) == Some(&Value::Bool(true))
}

fn pairs(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let Value::Dict(dict) = value else { panic!("not an object: {value:?}") };
    dict.iter().map(|(key, value)| (key.as_text().expect("JSON keys are text"), value))
}

fn parse(text: &str) -> Value {
    json::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Checks that two values are equal.
#[expect(clippy::needless_pass_by_value, reason = "both sides are made for the comparison")]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours:?} instead of {theirs:?}")) }
}

/// Returns the types that the files use beside Python's own.
fn types() -> class::Types {
    class::Types::default().with_enum("Colour", &[("RED", "red"), ("BLUE", "blue")]).with_model(
        "Inner",
        vec![
            Field::required("n", class::Types::default().parse("int").unwrap()),
            Field::required("s", class::Types::default().parse("str").unwrap()),
        ],
    )
}

/// Returns a class from pairs of name and type. The JSON of a default follows ` = `.
fn class_of<'a>(name: &str, fields: impl IntoIterator<Item = (&'a str, &'a str)>, hashed: &[&str]) -> Class {
    let field = |(name, kind): (&str, &str)| match kind.split_once(" = ") {
        None => Field::required(name, types().parse(kind).unwrap()),
        Some((kind, default)) => Field::with_default(name, types().parse(kind).unwrap(), parse(default)),
    };
    let class = if name == "Synapse" {
        Class::synapse()
    } else {
        Class::new(name, fields.into_iter().map(field).collect()).unwrap()
    };
    class.hashing(hashed).unwrap()
}

/// A key of the tests.
#[derive(Clone)]
struct Key(schnorrkel::Keypair);

impl Key {
    fn new(seed: u8) -> Self {
        let secret = schnorrkel::MiniSecretKey::from_bytes(&[seed; 32]).unwrap();
        Self(secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519))
    }
}

impl Sign for Key {
    fn public(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_simple(b"substrate", message).to_bytes()
    }
}
