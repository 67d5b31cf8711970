//! A synapse as headers and as a body, and its hash. spec neuron-protocol §2, §3, §4.

use crate::{
    Headers, PeerText,
    class::{Class, Field, Mismatch, Type},
    python::{Dict, Value, json, parse_float, parse_int},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha3::{Digest, Sha3_256};
use std::{collections::BTreeMap, sync::Arc};

/// The default timeout of a request, in seconds. spec neuron-protocol §11.
pub const DEFAULT_TIMEOUT: f64 = 12.0;

/// The prefix of the headers of an axon. spec neuron-protocol §2.
const AXON: &str = "bt_header_axon_";
/// The prefix of the headers of a dendrite.
const DENDRITE: &str = "bt_header_dendrite_";
/// The prefix of dummy values, without which a Python axon cannot build a class with required fields.
const INPUT: &str = "bt_header_input_obj_";

/// One side of a request, as one of the two sides describes it. All fields are claims. spec neuron-protocol §2.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub struct TerminalInfo {
    pub status_code: Option<i128>,
    pub status_message: Option<String>,
    /// The processing time, in seconds.
    pub process_time: Option<f64>,
    pub ip: Option<String>,
    pub port: Option<i128>,
    /// The version: `major * 1 000 000 + minor * 1 000 + patch`.
    pub version: Option<i128>,
    /// The nonce, in nanoseconds since the Unix epoch.
    pub nonce: Option<i128>,
    pub uuid: Option<String>,
    /// The address of the hotkey.
    pub hotkey: Option<String>,
    /// The signature: `0x` and hex digits.
    pub signature: Option<String>,
}

/// The reason for which headers are not those of a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// A malformed number.
    #[error("the header `{0}` is not a number")]
    Number(PeerText),
    /// A header of the protocol that comes twice.
    #[error("the header `{0}` comes twice")]
    Twice(PeerText),
    /// Dummy values that do not make up the class.
    #[error(transparent)]
    Field(#[from] Mismatch),
}

fn int_value(number: Option<i128>) -> Value {
    number.map_or(Value::None, Value::int)
}

fn float_value(number: Option<f64>) -> Value {
    number.map_or(Value::None, Value::Float)
}

impl TerminalInfo {
    /// Returns the ten fields with their values, in the order of definition.
    fn fields(&self) -> [(&'static str, Value); 10] {
        [
            ("status_code", int_value(self.status_code)),
            ("status_message", Value::text_or_none(self.status_message.as_deref())),
            ("process_time", float_value(self.process_time)),
            ("ip", Value::text_or_none(self.ip.as_deref())),
            ("port", int_value(self.port)),
            ("version", int_value(self.version)),
            ("nonce", int_value(self.nonce)),
            ("uuid", Value::text_or_none(self.uuid.as_deref())),
            ("hotkey", Value::text_or_none(self.hotkey.as_deref())),
            ("signature", Value::text_or_none(self.signature.as_deref())),
        ]
    }

    /// Returns the terminal as it stands in a body. spec neuron-protocol §3.
    pub fn to_value(&self) -> Value {
        Value::Dict(self.fields().into_iter().collect())
    }

    fn slot(&mut self, name: &str) -> Option<TerminalField<'_>> {
        Some(match name {
            "status_code" => TerminalField::Int(&mut self.status_code),
            "status_message" => TerminalField::Text(&mut self.status_message),
            "process_time" => TerminalField::Float(&mut self.process_time),
            "ip" => TerminalField::Text(&mut self.ip),
            "port" => TerminalField::Int(&mut self.port),
            "version" => TerminalField::Int(&mut self.version),
            "nonce" => TerminalField::Int(&mut self.nonce),
            "uuid" => TerminalField::Text(&mut self.uuid),
            "hotkey" => TerminalField::Text(&mut self.hotkey),
            "signature" => TerminalField::Text(&mut self.signature),
            _ => return None,
        })
    }

    /// Takes over all fields that `other` has.
    pub(crate) fn overlay(&mut self, other: &Self) {
        for (name, value) in other.fields() {
            if let (Some(slot), true) = (self.slot(name), value != Value::None) {
                // The value comes out of a field of the same type.
                let _ = slot.read(&value, name);
            }
        }
    }

    fn read_body(value: &Value, at: &str) -> Result<Option<Self>, Mismatch> {
        let dict = match value {
            Value::None => return Ok(None),
            Value::Dict(dict) => dict,
            other => {
                let what = format!("should be object, not {}", other.type_name());
                return Err(Mismatch { at: at.to_owned(), what });
            }
        };
        let mut terminal = Self::default();
        for (name, value) in dict.iter() {
            if let Some(slot) = name.as_text().and_then(|name| terminal.slot(name)) {
                slot.read(value, &format!("{at}.{}", name.to_python_str()))?;
            }
        }
        Ok(Some(terminal))
    }
}

/// A reference to a field of a terminal.
enum TerminalField<'a> {
    Int(&'a mut Option<i128>),
    Float(&'a mut Option<f64>),
    Text(&'a mut Option<String>),
}

impl TerminalField<'_> {
    fn read(self, value: &Value, at: &str) -> Result<(), Mismatch> {
        if *value == Value::None {
            return Ok(());
        }
        let mismatch = || Mismatch { at: at.to_owned(), what: "is not of its type".to_owned() };
        match self {
            Self::Int(to) => match Type::Int.read(value.clone(), at)? {
                Value::Int(number) => *to = Some(number.to_i128().ok_or_else(mismatch)?),
                _ => return Err(mismatch()),
            },
            Self::Float(to) => match Type::Float.read(value.clone(), at)? {
                Value::Float(number) => *to = Some(number),
                _ => return Err(mismatch()),
            },
            Self::Text(to) => *to = Some(value.as_text().ok_or_else(mismatch)?.to_owned()),
        }
        Ok(())
    }
}

/// A message of a class, with the claims of both sides about themselves. Nothing in it is verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Synapse {
    class: Arc<Class>,
    fields: Vec<Value>,
    /// The timeout of the caller, in seconds.
    pub timeout: Option<f64>,
    /// A size in bytes without meaning outside of Python.
    pub total_size: Option<i128>,
    /// Another size without meaning outside of Python.
    pub header_size: Option<i128>,
    /// The claims about the caller.
    pub dendrite: Option<TerminalInfo>,
    /// The claims about the called neuron.
    pub axon: Option<TerminalInfo>,
    /// The hash as a header claims it, empty in bodies.
    pub computed_body_hash: Option<String>,
}

impl Synapse {
    /// Returns a message with these values for the fields of its class. spec neuron-protocol §3.
    ///
    /// Missing fields take their defaults, and unknown ones are ignored.
    ///
    /// # Errors
    /// [`Mismatch`] if a required field is missing or a value is not of its type.
    pub fn new(class: Arc<Class>, fields: &Dict) -> Result<Self, Mismatch> {
        let values = class.fields().iter().map(|field| field.read(fields.get(field.name())));
        let fields = values.collect::<Result<_, _>>()?;
        Ok(Self {
            class,
            fields,
            timeout: Some(DEFAULT_TIMEOUT),
            total_size: Some(0),
            header_size: Some(0),
            dendrite: Some(TerminalInfo::default()),
            axon: Some(TerminalInfo::default()),
            computed_body_hash: Some(String::new()),
        })
    }

    /// Returns the class.
    pub const fn class(&self) -> &Arc<Class> {
        &self.class
    }

    /// Returns the fields of its own with their values, in the order of definition.
    pub fn fields(&self) -> impl Iterator<Item = (&Field, &Value)> {
        self.class.fields().iter().zip(&self.fields)
    }

    /// Returns the value of a field of its own.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields().find_map(|(field, value)| (field.name() == name).then_some(value))
    }

    /// Sets the value of a field.
    ///
    /// # Errors
    /// [`Mismatch`] if the field does not exist or the value is not of its type.
    pub fn set(&mut self, name: &str, value: Value) -> Result<(), Mismatch> {
        let slots = self.class.fields().iter().zip(&mut self.fields);
        for (field, slot) in slots {
            if field.name() == name {
                *slot = field.kind().read(value, name)?;
                return Ok(());
            }
        }
        Err(Mismatch { at: name.to_owned(), what: "is not a field".to_owned() })
    }

    /// Returns the own fields that differ from their default and that no signature of this message covers.
    ///
    /// spec neuron-protocol §12.
    pub fn unsigned_fields(&self) -> impl Iterator<Item = &str> {
        self.fields()
            .filter(|(field, value)| field.default() != Some(value) && !self.class.is_hashed(field.name()))
            .map(|(field, _)| field.name())
    }

    fn base(&self) -> [(&'static str, Value); 7] {
        let terminal = |terminal: &Option<TerminalInfo>| terminal.as_ref().map_or(Value::None, TerminalInfo::to_value);
        [
            ("name", Value::from(self.class.name())),
            ("timeout", float_value(self.timeout)),
            ("total_size", int_value(self.total_size)),
            ("header_size", int_value(self.header_size)),
            ("dendrite", terminal(&self.dendrite)),
            ("axon", terminal(&self.axon)),
            ("computed_body_hash", Value::text_or_none(self.computed_body_hash.as_deref())),
        ]
    }

    /// Returns the object of the body: base fields, then its own. spec neuron-protocol §3.
    pub fn to_value(&self) -> Value {
        let own = self.fields().map(|(field, value)| (field.name(), value.clone()));
        Value::Dict(self.base().into_iter().chain(own).collect())
    }

    /// Reads the object of a body. The name in it does not matter. spec neuron-protocol §3.
    ///
    /// # Errors
    /// [`Mismatch`] if it is no object, a required field is missing or a value is not of its type.
    pub fn from_value(class: Arc<Class>, value: &Value) -> Result<Self, Mismatch> {
        let Value::Dict(dict) = value else {
            return Err(Mismatch { at: "body".to_owned(), what: "is not an object".to_owned() });
        };
        let mut synapse = Self::new(class, dict)?;
        for (name, value) in dict.iter() {
            let is_null = *value == Value::None;
            match name.as_text().unwrap_or_default() {
                "timeout" => {
                    TerminalField::Float(&mut synapse.timeout).read(value, "timeout")?;
                    synapse.timeout = synapse.timeout.filter(|_| !is_null);
                }
                "total_size" => {
                    TerminalField::Int(&mut synapse.total_size).read(value, "total_size")?;
                    synapse.total_size = synapse.total_size.filter(|_| !is_null);
                }
                "header_size" => {
                    TerminalField::Int(&mut synapse.header_size).read(value, "header_size")?;
                    synapse.header_size = synapse.header_size.filter(|_| !is_null);
                }
                "dendrite" => synapse.dendrite = TerminalInfo::read_body(value, "dendrite")?,
                "axon" => synapse.axon = TerminalInfo::read_body(value, "axon")?,
                "computed_body_hash" => {
                    synapse.computed_body_hash = None;
                    TerminalField::Text(&mut synapse.computed_body_hash).read(value, "computed_body_hash")?;
                }
                _ => {}
            }
        }
        Ok(synapse)
    }

    /// Builds the message that headers describe: both terminals as claimed, and dummies in place of the values.
    ///
    /// Names are compared as they are, so an axon converts them to lower case first. spec neuron-protocol §2.
    ///
    /// # Errors
    /// [`HeaderError::Number`] for a malformed number, [`HeaderError::Twice`] for a header that comes twice,
    /// [`HeaderError::Field`] if required dummies are missing.
    pub fn from_headers(class: Arc<Class>, headers: &Headers) -> Result<Self, HeaderError> {
        let mut known = BTreeMap::new();
        let (mut dendrite, mut axon) = (TerminalInfo::default(), TerminalInfo::default());
        let mut inputs: Vec<(String, Value)> = Vec::new();
        for (name, value) in headers.iter() {
            let is_base = matches!(name, "timeout" | "header_size" | "total_size" | "computed_body_hash");
            let of_protocol = is_base || [AXON, DENDRITE, INPUT].iter().any(|prefix| name.contains(prefix));
            if of_protocol && known.insert(name, value).is_some() {
                return Err(HeaderError::Twice(name.into()));
            }
            let text = Value::from(value);
            let read = |terminal: &mut TerminalInfo, field: &str| match terminal.slot(field) {
                Some(TerminalField::Int(to)) => {
                    parse_int(value).and_then(|number| number.to_i128()).map(|number| *to = Some(number))
                }
                Some(TerminalField::Float(to)) => parse_float(value).map(|number| *to = Some(number)),
                Some(TerminalField::Text(to)) => text.as_text().map(|text| *to = Some(text.to_owned())),
                None => Some(()),
            };
            let number = |read: Option<()>| read.ok_or_else(|| HeaderError::Number(name.into()));
            if let Some(field) = after(name, AXON) {
                number(read(&mut axon, field))?;
            } else if let Some(field) = after(name, DENDRITE) {
                number(read(&mut dendrite, field))?;
            } else if let Some(field) = after(name, INPUT) {
                let bytes = STANDARD.decode(value).ok();
                // A malformed dummy counts as absent.
                if let Some(value) = bytes.and_then(|bytes| json::read(&bytes).ok()) {
                    inputs.retain(|(other, _)| other != field);
                    inputs.push((field.to_owned(), value));
                }
            }
        }
        let int = |name: &str| match known.get(name) {
            None => Ok(None),
            Some(text) => parse_int(text)
                .and_then(|number| number.to_i128())
                .map(Some)
                .ok_or_else(|| HeaderError::Number(name.into())),
        };
        let timeout = match known.get("timeout") {
            None => None,
            Some(text) => Some(parse_float(text).ok_or_else(|| HeaderError::Number("timeout".into()))?),
        };
        Ok(Self {
            timeout,
            total_size: int("total_size")?,
            header_size: int("header_size")?,
            dendrite: Some(dendrite),
            axon: Some(axon),
            computed_body_hash: known.get("computed_body_hash").map(|&hash| hash.to_owned()),
            ..Self::new(class, &inputs.into_iter().collect())?
        })
    }

    /// Returns the headers of the protocol for this message. spec neuron-protocol §2.
    ///
    /// The sizes are those of Python's memory and mean nothing here, but peers demand integers.
    pub fn to_headers(&self) -> Headers {
        let mut headers = Headers::new();
        headers.push("name", self.class.name());
        headers.push("timeout", float_value(self.timeout).to_python_str());
        for (prefix, terminal) in [(AXON, &self.axon), (DENDRITE, &self.dendrite)] {
            for (name, value) in terminal.iter().flat_map(TerminalInfo::fields) {
                if value != Value::None {
                    headers.push(format!("{prefix}{name}"), value.to_python_str());
                }
            }
        }
        for (field, value) in self.fields() {
            if let (None, Some(empty)) = (field.default(), Type::empty_json(value)) {
                headers.push(format!("{INPUT}{}", field.name()), STANDARD.encode(empty));
            }
        }
        headers.push("header_size", self.header_size.unwrap_or_default().to_string());
        headers.push("total_size", self.total_size.unwrap_or_default().to_string());
        headers.push("computed_body_hash", self.body_hash());
        headers
    }

    /// Returns the values that are hashed, as texts, in order. spec neuron-protocol §4.
    pub fn hashed_texts(&self) -> impl Iterator<Item = String> {
        let base = self.base();
        self.class.hash_order().iter().filter_map(move |name| {
            let of_base = base.iter().find_map(|(own, value)| (own == name).then_some(value));
            of_base.or_else(|| self.get(name)).map(Value::to_python_str)
        })
    }

    /// Returns the body hash: SHA3-256 over the digests of the hashed values, as 64 hex digits.
    ///
    /// spec neuron-protocol §4.
    pub fn body_hash(&self) -> String {
        let digest = |hash: Sha3_256, text: String| hash.chain_update(hex::encode(Sha3_256::digest(text)));
        hex::encode(self.hashed_texts().fold(Sha3_256::new(), digest).finalize())
    }
}

/// Returns the text behind `prefix`, wherever it is, up to its next appearance.
fn after<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    name.split(prefix).nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn echo() -> Arc<Class> {
        let fields = vec![Field::required("text", Type::Text), Field::with_default("extra", Type::Int, Value::int(7))];
        Arc::new(Class::new("Echo", fields).unwrap().hashing(&["text"]).unwrap())
    }

    #[test]
    fn a_header_of_the_protocol_that_comes_twice_is_refused() {
        let headers = Headers::from_iter([("timeout", "1"), ("timeout", "2")]);
        let error = Synapse::from_headers(Arc::new(Class::synapse()), &headers);
        assert_eq!(error, Err(HeaderError::Twice("timeout".into())));
    }

    #[test]
    fn fields_outside_of_the_hash_are_known() {
        let mut message = Synapse::new(echo(), &[("text", Value::from("a"))].into_iter().collect()).unwrap();
        assert_eq!(message.unsigned_fields().count(), 0);
        message.set("extra", Value::int(8)).unwrap();
        assert_eq!(message.unsigned_fields().collect::<Vec<_>>(), ["extra"]);
        assert!(message.set("extra", Value::from("x")).is_err());
        assert!(message.set("other", Value::None).is_err());
    }

    proptest! {
        #[test]
        fn bodies_read_back(text: String, extra: i128, port: Option<u16>, time in proptest::option::of(0.0..1e9)) {
            let fields = [("text", Value::Text(text)), ("extra", Value::int(extra))].into_iter().collect();
            let mut message = Synapse::new(echo(), &fields).unwrap();
            message.axon = Some(TerminalInfo { port: port.map(i128::from), process_time: time, ..TerminalInfo::default() });
            let read = |text: String| Synapse::from_value(echo(), &json::read(text.as_bytes()).unwrap());
            prop_assert_eq!(read(json::write_spaced(&message.to_value())), Ok(message.clone()));
            prop_assert_eq!(read(json::write_compact(&message.to_value()).unwrap()), Ok(message.clone()));
            let headers = Synapse::from_headers(echo(), &message.to_headers()).unwrap();
            prop_assert_eq!(headers.axon, message.axon);
        }

        #[test]
        fn garbage_never_panics(headers: Vec<(String, String)>, field in "[a-z_]{0,12}", value: String) {
            let mut headers = Headers::from_iter(headers);
            headers.push(format!("{DENDRITE}{field}"), value.clone());
            headers.push(format!("{INPUT}{field}"), value.clone());
            headers.push("timeout", value);
            let _ = Synapse::from_headers(echo(), &headers);
        }
    }
}
