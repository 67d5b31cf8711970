//! The classes of messages that both sides have, and the keys of everybody.

use myelin_neuron::Signer;
use myelin_wire::{
    Sign, Synapse,
    class::{Class, Field, Types},
    python::{Dict, Value},
};
use std::sync::Arc;

/// Who serves.
pub(crate) const AXON: u8 = 1;
/// Who asks.
pub(crate) const CALLER: u8 = 2;
/// Who asks and is not served.
pub(crate) const UNWANTED: u8 = 3;
/// Who has nothing to do with it.
pub(crate) const OTHER: u8 = 4;

/// The key of a seed of one repeated byte, as Python derives it too.
#[derive(Clone)]
pub(crate) struct Key(schnorrkel::Keypair);

impl Sign for Key {
    fn public(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_simple(b"substrate", message).to_bytes()
    }
}

pub(crate) fn key(seed: u8) -> Key {
    let secret = schnorrkel::MiniSecretKey::from_bytes(&[seed; 32]).expect("32 bytes are a seed");
    Key(secret.expand_to_keypair(schnorrkel::ExpansionMode::Ed25519))
}

pub(crate) fn signer(seed: u8) -> Signer {
    Signer::new(key(seed))
}

fn class(name: &str, fields: &[(&str, &str, Option<Value>)], hashed: &[&str]) -> Class {
    let types = Types::default();
    let field = |(name, kind, default): &(&str, &str, Option<Value>)| {
        let kind = types.parse(kind).expect("a type of Python");
        match default {
            None => Field::required(name, kind),
            Some(default) => Field::with_default(name, kind, default.clone()),
        }
    };
    let class = Class::new(name, fields.iter().map(field).collect()).expect("a class of Python");
    class.hashing(hashed).expect("its own fields are hashed")
}

/// Answered with the text in upper case and the numbers backwards. Texts that begin with `!` are orders to the handler.
pub(crate) fn echo() -> Class {
    let fields =
        [("text", "str", None), ("numbers", "list[float]", None), ("tensor", "Optional[Tensor]", Some(Value::None))];
    class("Echo", &fields, &["text", "numbers", "tensor"])
}

/// Answered as it is: one field of each type.
pub(crate) fn everything() -> Class {
    let fields = [
        ("count", "int", None),
        ("ratio", "float", None),
        ("flag", "bool", None),
        ("items", "list[str]", None),
        ("table", "dict[str, int]", None),
        ("several", "tuple[int, ...]", None),
        ("maybe", "Optional[str]", Some(Value::None)),
        ("free", "Any", Some(Value::None)),
    ];
    class("Everything", &fields, &["count", "ratio", "flag", "items", "table", "several", "maybe", "free"])
}

/// Answered with a stream of the words of the text; the word `!break` breaks it off.
pub(crate) fn tokens() -> Class {
    class("Tokens", &[("text", "str", None), ("completion", "str", Some(Value::from("")))], &["text"])
}

/// Never served, for a check of the axon's own.
pub(crate) fn checked() -> Class {
    class("Checked", &[("text", "str", Some(Value::from("")))], &["text"])
}

/// Never served, for want of room.
pub(crate) fn prioritised() -> Class {
    class("Prioritised", &[("text", "str", Some(Value::from("")))], &["text"])
}

/// A class that no axon here serves.
pub(crate) fn unknown() -> Class {
    class("Unknown", &[("text", "str", Some(Value::from("")))], &["text"])
}

pub(crate) fn message(class: Class, fields: &[(&str, Value)]) -> Synapse {
    Synapse::new(Arc::new(class), &fields.iter().cloned().collect::<Dict>()).expect("fields of the class")
}

/// What [`echo`] is asked.
pub(crate) fn asking(text: &str) -> Synapse {
    message(echo(), &[("text", Value::from(text)), ("numbers", Value::List(vec![Value::Float(0.5)]))])
}

/// What somebody says, unless it is the other form.
pub(crate) fn text(message: &Synapse) -> &str {
    message.get("text").and_then(Value::as_text).unwrap_or_default()
}
