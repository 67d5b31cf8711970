//! The classes of messages that both sides have, and the keys of all participants.

use myelin_neuron::Signer;
use myelin_wire::{
    Sign, Synapse,
    class::{Class, Field, Types},
    python::{Dict, Value},
};
use std::sync::Arc;

/// The seed of the axon.
pub(crate) const AXON: u8 = 1;
/// The seed of the caller.
pub(crate) const CALLER: u8 = 2;
/// The seed of a caller that is not served.
pub(crate) const UNWANTED: u8 = 3;
/// The seed of a key without a role in the exchange.
pub(crate) const OTHER: u8 = 4;

/// A key whose seed is one repeated byte, as Python derives it too.
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

/// Returns the class whose answer has the text in upper case and the numbers in reverse order.
///
/// A text that begins with `!` is an instruction for the handler.
pub(crate) fn echo() -> Class {
    let fields =
        [("text", "str", None), ("numbers", "list[float]", None), ("tensor", "Optional[Tensor]", Some(Value::None))];
    class("Echo", &fields, &["text", "numbers", "tensor"])
}

/// Returns the class whose answer equals the request, with one field of each type.
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

/// Returns the class whose answer is a stream of the words of the text. The word `!break` breaks it off.
pub(crate) fn tokens() -> Class {
    class("Tokens", &[("text", "str", None), ("completion", "str", Some(Value::from("")))], &["text"])
}

/// Returns a class that a rule of the axon refuses.
pub(crate) fn checked() -> Class {
    class("Checked", &[("text", "str", Some(Value::from("")))], &["text"])
}

/// Returns a class that has no priority and is never served.
pub(crate) fn prioritised() -> Class {
    class("Prioritised", &[("text", "str", Some(Value::from("")))], &["text"])
}

/// Returns a class that no axon here serves.
pub(crate) fn unknown() -> Class {
    class("Unknown", &[("text", "str", Some(Value::from("")))], &["text"])
}

pub(crate) fn message(class: Class, fields: &[(&str, Value)]) -> Synapse {
    Synapse::new(Arc::new(class), &fields.iter().cloned().collect::<Dict>()).expect("fields of the class")
}

/// Returns a request for [`echo`].
pub(crate) fn asking(text: &str) -> Synapse {
    message(echo(), &[("text", Value::from(text)), ("numbers", Value::List(vec![Value::Float(0.5)]))])
}

/// Returns the field `text` of a message, or an empty text.
pub(crate) fn text(message: &Synapse) -> &str {
    message.get("text").and_then(Value::as_text).unwrap_or_default()
}
