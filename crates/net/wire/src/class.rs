//! Classes of messages: the fields of a synapse, their types, and the fields that are hashed.
//!
//! spec neuron-protocol §3, §4.
//!
//! Peers declare their messages as Python classes. The types decide on the reading and the hashing of values: `1` in a
//! `float` field hashes as `1.0`. A class is therefore data here, with the types in Python's own words:
//!
//! ```
//! use myelin_wire::class::{Class, Field, Types};
//!
//! let types = Types::default();
//! let echo = Class::new("Echo", vec![
//!     Field::required("text", types.parse("str")?),
//!     Field::required("numbers", types.parse("list[float]")?),
//!     Field::with_default("tensor", types.parse("Optional[Tensor]")?, None),
//! ])?
//! .hashing(&["text", "numbers", "tensor"])?;
//! assert_eq!(echo.hash_order(), ["text", "numbers", "tensor"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod convert;
mod parse;

pub use convert::Mismatch;
pub use parse::{TypeError, Types};

use crate::python::{
    Value,
    json::{self, JsonError},
};

/// The name of the built-in class without fields of its own, a ping. spec neuron-protocol §1.
pub const SYNAPSE: &str = "Synapse";

/// The names of the members that every body begins with. spec neuron-protocol §3.
pub const BASE_FIELDS: [&str; 7] =
    ["name", "timeout", "total_size", "header_size", "dendrite", "axon", "computed_body_hash"];

/// The field by which old classes declare the hashed fields. spec neuron-protocol §4.
const HASH_FIELDS: &str = "required_hash_fields";

/// A type of values, as Python annotates it.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `Any`: a value as it is.
    Any,
    /// `None`.
    Null,
    /// `bool`.
    Bool,
    /// `int`, of any size.
    Int,
    /// `float`.
    Float,
    /// `str`.
    Text,
    /// `list[T]`.
    List(Box<Type>),
    /// `tuple[T, ...]`: any number of elements of one type.
    TupleOf(Box<Type>),
    /// `tuple[A, B]`: exactly these elements.
    Tuple(Vec<Type>),
    /// `dict[K, V]`.
    Dict(Box<Type>, Box<Type>),
    /// `Union[A, B]`, and `Optional[A]` for `Union[A, None]`.
    Union(Vec<Type>),
    /// A nested model.
    Model(Vec<Field>),
    /// An enumeration declared `(str, Enum)`: its name, and the names and texts of its members.
    Enum {
        /// The name of the enumeration.
        name: String,
        /// The name and the text of each member.
        members: Vec<(String, String)>,
    },
    /// A tensor. spec neuron-protocol §11.
    Tensor,
}

/// A field of a class or of a nested model.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    name: String,
    kind: Type,
    default: Option<Value>,
}

impl Field {
    /// Returns a field that every message must have.
    pub fn required(name: &str, kind: Type) -> Self {
        Self { name: name.to_owned(), kind, default: None }
    }

    /// Returns a field with a default. No default stands for `None`.
    pub fn with_default(name: &str, kind: Type, default: impl Into<Option<Value>>) -> Self {
        Self { name: name.to_owned(), kind, default: Some(default.into().unwrap_or(Value::None)) }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the type.
    pub const fn kind(&self) -> &Type {
        &self.kind
    }

    /// Returns the value of a message without this field, or `None` if the field is required.
    pub const fn default(&self) -> Option<&Value> {
        self.default.as_ref()
    }
}

/// The reason for which a class cannot be declared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    /// A name that is not one segment of a path.
    #[error("`{0}` cannot be the name of a class: use letters, digits and `_`")]
    Name(String),
    /// Two fields of the same name, or a field with the name of a base field.
    #[error("the field `{0}` is declared twice")]
    Twice(String),
    /// A hashed field that the class does not have.
    #[error("`{0}` cannot be hashed: there is no such field")]
    Unknown(String),
}

/// The default limit of the body of a message, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// A class of messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    name: String,
    fields: Vec<Field>,
    hashed: Vec<String>,
    /// The number of values of a body.
    values: usize,
    max_body: usize,
}

impl Class {
    /// Returns a class without hashed fields. spec neuron-protocol §3.
    ///
    /// # Errors
    /// [`ClassError::Name`] if the name cannot stand in a path, [`ClassError::Twice`] if two fields have one name.
    pub fn new(name: &str, fields: Vec<Field>) -> Result<Self, ClassError> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(ClassError::Name(name.to_owned()));
        }
        let mut names: Vec<&str> = BASE_FIELDS.into_iter().chain(fields.iter().map(Field::name)).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first())) {
            return Err(ClassError::Twice(twice.copied().unwrap_or_default().to_owned()));
        }
        let (values, max_body) = (json::DEFAULT_VALUES, MAX_BODY);
        Ok(Self { name: name.to_owned(), fields, hashed: Vec::new(), values, max_body })
    }

    /// Returns the built-in class without fields of its own, a ping. spec neuron-protocol §1.
    pub fn synapse() -> Self {
        let (values, max_body) = (json::DEFAULT_VALUES, MAX_BODY);
        Self { name: SYNAPSE.to_owned(), fields: Vec::new(), hashed: Vec::new(), values, max_body }
    }

    /// Returns the same class with these fields hashed, in this order.
    ///
    /// A name that comes twice counts twice, and base fields can be hashed too. The old form of a class declares
    /// `required_hash_fields` as a field of its own; its order is the order of definition. spec neuron-protocol §4.
    ///
    /// # Errors
    /// [`ClassError::Unknown`] if a field does not exist.
    pub fn hashing(mut self, names: &[&str]) -> Result<Self, ClassError> {
        let own = self.fields.iter().map(Field::name);
        let known: Vec<&str> = BASE_FIELDS.into_iter().chain(own).collect();
        if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
            return Err(ClassError::Unknown((*unknown).to_owned()));
        }
        let in_order = if known.contains(&HASH_FIELDS) {
            known.into_iter().filter(|name| names.contains(name)).collect()
        } else {
            names.to_vec()
        };
        self.hashed = in_order.into_iter().map(str::to_owned).collect();
        Ok(self)
    }

    /// Returns the same class, whose bodies may have this many values, at most [`json::MAX_VALUES`].
    ///
    /// Without it a body has at most [`json::DEFAULT_VALUES`]. Long lists of numbers need more.
    #[must_use]
    pub fn values(self, values: usize) -> Self {
        Self { values: values.min(json::MAX_VALUES), ..self }
    }

    /// Returns the limit of the values of a body.
    pub const fn max_values(&self) -> usize {
        self.values
    }

    /// Reads a body of this class as JSON, with at most as many values as the class allows.
    ///
    /// Members that the class does not have are checked for their form and left out.
    ///
    /// # Errors
    /// [`JsonError`] with the fault and its position.
    pub fn read_json(&self, body: &[u8]) -> Result<Value, JsonError> {
        let names: Vec<&str> = BASE_FIELDS.into_iter().chain(self.fields.iter().map(Field::name)).collect();
        json::read_members(body, self.values, &names)
    }

    /// Returns the same class with this limit of the body of a request, in bytes, instead of 1 MiB.
    #[must_use]
    pub const fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Returns the limit of the body of a request, in bytes.
    pub const fn max_body(&self) -> usize {
        self.max_body
    }

    /// Returns the name, which is also the path of the class and the value of the header `name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the fields of its own, in the order of definition.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Returns the names of the fields whose digests make up the body hash, in order.
    pub fn hash_order(&self) -> &[String] {
        &self.hashed
    }

    /// Returns true if the signature of a message covers this field.
    pub fn is_hashed(&self, name: &str) -> bool {
        self.hashed.iter().any(|hashed| hashed == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> Field {
        Field::required(name, Type::Text)
    }

    #[test]
    fn a_class_has_a_name_for_a_path_and_distinct_fields() {
        assert_eq!(Class::new("a/b", vec![]), Err(ClassError::Name("a/b".to_owned())));
        assert_eq!(Class::new("", vec![]), Err(ClassError::Name(String::new())));
        assert_eq!(Class::new("A", vec![text("x"), text("x")]), Err(ClassError::Twice("x".to_owned())));
        assert_eq!(Class::new("A", vec![text("axon")]), Err(ClassError::Twice("axon".to_owned())));
    }

    #[test]
    fn nh_1_a_class_may_ask_for_more_values() {
        let class = Class::new("A", vec![Field::required("x", Type::Any)]).unwrap();
        let body = |values: usize| format!("{{\"x\":[{}0]}}", "0,".repeat(values - 2));
        let reads = |class: &Class, values| class.read_json(body(values).as_bytes()).is_ok();
        assert!(reads(&class, 65_536) && !reads(&class, 65_537));
        let class = class.values(100_000);
        assert!(reads(&class, 100_000) && !reads(&class, 100_001));
        let class = class.values(usize::MAX);
        assert!(reads(&class, 1_048_576) && !reads(&class, 1_048_577));
    }

    #[test]
    fn only_fields_that_are_there_are_hashed() {
        let class = Class::new("A", vec![text("x"), text("y")]).unwrap();
        assert_eq!(class.clone().hashing(&["y", "x", "y"]).unwrap().hash_order(), ["y", "x", "y"]);
        assert_eq!(class.hashing(&["z"]), Err(ClassError::Unknown("z".to_owned())));
    }
}
