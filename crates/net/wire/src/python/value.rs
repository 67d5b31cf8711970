//! Python values.

use super::number::canonical_int;
use core::fmt;

/// A Python integer: exact, of any size within the reader's limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Int(IntSize);

/// An integer by its size. Each number has one form, so that equal numbers are equal values.
#[derive(Clone, Debug, PartialEq, Eq)]
enum IntSize {
    /// A number of 64 bits, which needs no memory of its own.
    Word(i64),
    /// The canonical digits of any other number.
    Digits(Box<str>),
}

impl Int {
    /// The longest integer, in digits: the limit of Python's own reader.
    pub const MAX_DIGITS: usize = 4_300;

    /// Reads decimal digits with an optional sign.
    pub fn from_decimal(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || digits.len() > Self::MAX_DIGITS {
            return None;
        }
        Some(Self(text.parse().map_or_else(|_| IntSize::Digits(canonical_int(text).into()), IntSize::Word)))
    }

    /// Returns the number, if it fits.
    pub fn to_i128(&self) -> Option<i128> {
        match &self.0 {
            IntSize::Word(number) => Some((*number).into()),
            IntSize::Digits(digits) => digits.parse().ok(),
        }
    }

    /// Returns the nearest float, if it is finite.
    pub fn to_f64(&self) -> Option<f64> {
        self.to_string().parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl From<i128> for Int {
    fn from(number: i128) -> Self {
        Self(i64::try_from(number).map_or_else(|_| IntSize::Digits(number.to_string().into()), IntSize::Word))
    }
}

impl fmt::Display for Int {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            IntSize::Word(number) => fmt::Display::fmt(number, out),
            IntSize::Digits(digits) => out.write_str(digits),
        }
    }
}

/// A Python dictionary: pairs in the order of insertion.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dict(Vec<(Value, Value)>);

impl Dict {
    /// Returns the value of a text key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find_map(|(name, value)| matches!(name, Value::Text(name) if name == key).then_some(value))
    }

    /// Returns the pairs, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(Value, Value)> {
        self.0.iter()
    }

    /// Returns true if there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Takes distinct keys. A reader of foreign text must make sure that keys are distinct.
impl FromIterator<(Value, Value)> for Dict {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<K: Into<String>> FromIterator<(K, Value)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(pairs: I) -> Self {
        pairs.into_iter().map(|(key, value)| (Value::Text(key.into()), value)).collect()
    }
}

impl IntoIterator for Dict {
    type Item = (Value, Value);
    type IntoIter = std::vec::IntoIter<(Value, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A value of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`, JSON `null`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer, distinct from every float.
    Int(Int),
    /// A float, which may be infinite or not a number.
    Float(f64),
    /// A text.
    Text(String),
    /// `[a, b]`.
    List(Vec<Value>),
    /// `(a, b)`, which is a list in JSON.
    Tuple(Vec<Value>),
    /// `{k: v}`, also for models and tensors.
    Dict(Dict),
    /// A member of an enumeration declared `(str, Enum)`.
    Member(Box<EnumMember>),
}

// A body becomes as many values as it has bytes, so their size bounds its memory.
const _: () = assert!(size_of::<Value>() <= 32);

/// A member of an enumeration declared `(str, Enum)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumMember {
    /// The name of the enumeration.
    pub class: String,
    /// The name of the member.
    pub name: String,
    /// The text of the member in JSON.
    pub value: String,
}

impl Value {
    /// Returns an integer.
    pub fn int(number: impl Into<i128>) -> Self {
        Self::Int(Int::from(number.into()))
    }

    /// Returns a text, or `None`.
    pub fn text_or_none(text: Option<&str>) -> Self {
        text.map_or(Self::None, |text| Self::Text(text.to_owned()))
    }

    /// Returns the text, if the value is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns Python's name of the type, for messages.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::None => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::Member(_) => "enum",
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
