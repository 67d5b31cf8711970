//! Values of messages: JSON, declared types, tensors, keys of certificates.

use myelin_primitives::CertificateKey;
use myelin_wire::{
    class::{Class, Field, Type, Types},
    python::{Value, json as python},
    synapse::Synapse,
    tensor::Tensor,
};
use std::sync::{Arc, OnceLock};

/// Returns the canonical text of a value that a JSON reader gives.
///
/// Two values have the same text only if they are equal.
fn canonical(value: &Value) -> String {
    python::write_spaced(value)
}

fn read_again(text: &str) -> Value {
    python::read(text.as_bytes()).unwrap_or_else(|error| panic!("what is written is not read: {error}: {text}"))
}

/// Checks a text of JSON: its value is written, in both forms, as a text that reads the same.
pub fn json(bytes: &[u8]) {
    let Ok(value) = python::read(bytes) else { return };
    let spaced = canonical(&value);
    assert_eq!(canonical(&read_again(&spaced)), spaced);
    if let Ok(compact) = python::write_compact(&value) {
        assert_eq!(canonical(&read_again(&compact)), spaced);
    }
    let _ = (value.to_python_str(), value.to_python_repr());
}

/// The types that peers declare.
const KINDS: &[&str] = &[
    "Any",
    "None",
    "bool",
    "int",
    "float",
    "str",
    "list",
    "list[float]",
    "list[list[int]]",
    "tuple[int, ...]",
    "tuple[int, str]",
    "tuple[()]",
    "dict[str, Any]",
    "dict[int, list[str]]",
    "Optional[Tensor]",
    "Union[int, str, list[float]]",
    "Colour",
    "Inner",
    "list[Optional[Inner]]",
];

fn types() -> Types {
    let plain = |name: &str| Types::default().parse(name).expect("Python has it");
    Types::default().with_enum("Colour", &[("RED", "red"), ("BLUE", "blue")]).with_model(
        "Inner",
        vec![Field::required("n", plain("int")), Field::with_default("s", plain("Optional[str]"), None)],
    )
}

fn kinds() -> &'static [Type] {
    static PARSED: OnceLock<Vec<Type>> = OnceLock::new();
    PARSED.get_or_init(|| KINDS.iter().map(|kind| types().parse(kind).expect("it is a type")).collect())
}

/// Checks a type. The first byte chooses a declared type for the JSON after it, or the rest is a type itself.
///
/// A value that was converted to a type is of that type, and a message of a class reads as it was written.
pub fn class(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let Some(kind) = kinds().get(usize::from(*choice)) else {
        let Ok(kind) = types().parse(&String::from_utf8_lossy(rest)) else { return };
        let _ = kind.read(read_again("[{\"n\": 1}, \"x\", [null, 1.5]]"), "x");
        return;
    };
    let Ok(value) = python::read(rest) else { return };
    if let Ok(read) = kind.read(value.clone(), "x") {
        let again = kind.read(read.clone(), "x").expect("it is of its type");
        assert_eq!(again.to_python_repr(), read.to_python_repr());
        let travelled = kind.read(read_again(&canonical(&read)), "x").expect("it is written in its type");
        assert_eq!(travelled.to_python_repr(), read.to_python_repr());
    }
    // A default need not be of the declared type, so this one allows for it.
    let optional = Type::Union(vec![kind.clone(), Type::Null]);
    let fields = vec![Field::with_default("x", optional, None), Field::with_default("y", Type::Any, None)];
    let class = Class::new("Fuzz", fields).and_then(|class| class.hashing(&["x", "name"]));
    let class = Arc::new(class.expect("the names are distinct"));
    if let Ok(message) = Synapse::from_value(Arc::clone(&class), &value) {
        let written = canonical(&message.to_value());
        let again = Synapse::from_value(class, &read_again(&written)).expect("a message is written as one");
        assert_eq!(canonical(&again.to_value()), written);
        assert_eq!(again.body_hash(), message.body_hash());
        // Members that the class does not have make no difference.
        let own = message.class().read_json(rest).expect("a text of JSON is one for each class");
        let own = Synapse::from_value(Arc::clone(message.class()), &own).expect("it has the members of the class");
        assert_eq!(canonical(&own.to_value()), written);
    }
}

/// Checks a tensor: `MessagePack` after an even first byte, the JSON of a field after an odd one.
pub fn tensor(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let read = if choice & 1 == 0 {
        Tensor::from_msgpack(rest)
    } else {
        let Ok(value) = python::read(rest) else { return };
        Tensor::from_value(value)
    };
    let Ok(tensor) = read else { return };
    assert_eq!(Tensor::from_msgpack(&tensor.to_msgpack()).as_ref(), Ok(&tensor));
    // A single number has the shape `[0]` outside, which a tensor without elements has too.
    assert_eq!(Tensor::from_value(tensor.to_value()), Ok(tensor));
}

/// Checks the key of a certificate: it is written as the bytes that were read.
pub fn certificate(bytes: &[u8]) {
    let Ok(key) = CertificateKey::from_bytes(bytes) else { return };
    assert_eq!(key.to_bytes(), bytes);
    assert!(bytes.len() <= 65, "the chain stores at most 65 bytes");
}
