//! Conversion of values to the declared types, as lenient as the existing neurons. spec neuron-protocol §3.

use super::{Field, Type};
use crate::{
    PeerText,
    python::{Dict, EnumMember, Int, Value, parse_float, parse_int},
    tensor,
};
use core::fmt;

/// A value that is not of its declared type.
///
/// Its text is a [`PeerText`], because a path has the keys of a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", PeerText::from(format!("`{at}` {what}")))]
pub struct Mismatch {
    /// The path to the value, from the field on.
    pub at: String,
    /// The fault of the value, after its path.
    pub what: String,
}

/// A path to a value. It becomes a text in an error only: a peer chooses the lengths of the keys and their number.
#[derive(Clone, Copy)]
enum ValuePath<'a> {
    Field(&'a str),
    Member(&'a ValuePath<'a>, &'a str),
    Item(&'a ValuePath<'a>, usize),
    Key(&'a ValuePath<'a>, &'a Value),
}

impl ValuePath<'_> {
    fn mismatch(&self, what: impl Into<String>) -> Mismatch {
        Mismatch { at: PeerText::from(self.to_string()).to_string(), what: what.into() }
    }

    fn expected(&self, kind: &str, found: &Value) -> Mismatch {
        self.mismatch(format!("should be {kind}, not {}", found.type_name()))
    }
}

impl fmt::Display for ValuePath<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => out.write_str(name),
            Self::Member(of, name) => write!(out, "{of}.{name}"),
            Self::Item(of, index) => write!(out, "{of}.{index}"),
            Self::Key(of, key) => write!(out, "{of}.{}", PeerText::from(key.to_python_str())),
        }
    }
}

/// Returns the integer of a whole float, if it fits into 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "whole and checked to be below 2^63")]
fn whole(number: f64) -> Option<Int> {
    (number.fract() == 0.0 && number.abs() < 9_223_372_036_854_775_808.0).then(|| Int::from(i128::from(number as i64)))
}

fn to_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Int(number) => match number.to_i128() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::Float(number) if *number == 0.0 => Some(false),
        Value::Float(number) if number.to_bits() == 1.0_f64.to_bits() => Some(true),
        Value::Text(text) => match text.to_ascii_lowercase().as_str() {
            "1" | "t" | "true" | "y" | "yes" | "on" => Some(true),
            "0" | "f" | "false" | "n" | "no" | "off" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn to_int(value: &Value) -> Option<Int> {
    match value {
        Value::Int(number) => Some(number.clone()),
        Value::Bool(flag) => Some(Int::from(i128::from(*flag))),
        Value::Float(number) => whole(*number),
        Value::Text(text) => {
            let is_zeros = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte == b'0');
            let whole_part = text.trim().split_once('.').filter(|(_, fraction)| is_zeros(fraction));
            parse_int(whole_part.map_or(text, |(whole, _)| whole))
        }
        _ => None,
    }
}

fn to_float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        Value::Int(number) => number.to_f64(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Text(text) => parse_float(text),
        _ => None,
    }
}

impl Type {
    /// Converts a value to this type. `at` names the value in the error.
    ///
    /// # Errors
    /// [`Mismatch`] with the path to the part that does not fit.
    pub fn read(&self, value: Value, at: &str) -> Result<Value, Mismatch> {
        self.read_at(value, &ValuePath::Field(at))
    }

    fn read_at(&self, value: Value, at: &ValuePath<'_>) -> Result<Value, Mismatch> {
        let refuse = |kind: &str| at.expected(kind, &value);
        match self {
            Self::Any => Ok(value),
            Self::Null => {
                if value == Value::None {
                    Ok(value)
                } else {
                    Err(refuse("null"))
                }
            }
            Self::Bool => to_bool(&value).map(Value::Bool).ok_or_else(|| refuse("bool")),
            Self::Int => to_int(&value).map(Value::Int).ok_or_else(|| refuse("int")),
            Self::Float => to_float(&value).map(Value::Float).ok_or_else(|| refuse("float")),
            Self::Text => match value {
                Value::Text(_) => Ok(value),
                Value::Member(member) => Ok(Value::Text(member.value)),
                other => Err(at.expected("str", &other)),
            },
            Self::List(item) => read_items(value, at, "list", |_| Some(&**item)).map(Value::List),
            Self::TupleOf(item) => read_items(value, at, "tuple", |_| Some(&**item)).map(Value::Tuple),
            Self::Tuple(kinds) => {
                let items = read_items(value, at, "tuple", |index| kinds.get(index))?;
                if items.len() == kinds.len() {
                    Ok(Value::Tuple(items))
                } else {
                    Err(at.mismatch(format!("should have {} items", kinds.len())))
                }
            }
            Self::Dict(key, item) => match value {
                Value::Dict(dict) => read_dict(dict, key, item, at).map(Value::Dict),
                other => Err(at.expected("dict", &other)),
            },
            Self::Union(options) => read_union(&value, options, at),
            Self::Model(fields) => match value {
                Value::Dict(dict) => Ok(Value::Dict(
                    fields
                        .iter()
                        .map(|field| {
                            let inside = ValuePath::Member(at, &field.name);
                            Ok((field.name.clone(), field.read_at(dict.get(&field.name), &inside)?))
                        })
                        .collect::<Result<_, Mismatch>>()?,
                )),
                other => Err(at.expected("object", &other)),
            },
            Self::Enum { name, members } => {
                let text = match &value {
                    Value::Text(text) => text,
                    Value::Member(member) => &member.value,
                    other => return Err(at.expected(name, other)),
                };
                let member = members.iter().find(|(_, value)| value == text);
                let (own, text) = member.ok_or_else(|| refuse(&format!("a member of {name}")))?;
                let member = EnumMember { class: name.clone(), name: own.clone(), value: text.clone() };
                Ok(Value::Member(Box::new(member)))
            }
            Self::Tensor => tensor::read_field(value).map_err(|error| at.mismatch(error.to_string())),
        }
    }

    /// Returns the JSON of an empty value of the same type.
    ///
    /// An axon can build a class from headers alone with such values. spec neuron-protocol §2.
    pub(crate) fn empty_json(value: &Value) -> Option<&'static str> {
        match value {
            Value::None => None,
            Value::Bool(_) => Some("false"),
            Value::Int(_) => Some("0"),
            Value::Float(_) => Some("0.0"),
            Value::Text(_) | Value::Member(_) => Some("\"\""),
            Value::List(_) | Value::Tuple(_) => Some("[]"),
            Value::Dict(_) => Some("{}"),
        }
    }
}

impl Field {
    /// Returns the value of this field in a message that has `given` for it.
    ///
    /// # Errors
    /// [`Mismatch`] if a required value is missing or a value is not of its type.
    pub fn read(&self, given: Option<&Value>) -> Result<Value, Mismatch> {
        self.read_at(given, &ValuePath::Field(&self.name))
    }

    fn read_at(&self, given: Option<&Value>, at: &ValuePath<'_>) -> Result<Value, Mismatch> {
        match (given, &self.default) {
            (Some(value), _) => self.kind.read_at(value.clone(), at),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => Err(at.mismatch("is required")),
        }
    }
}

fn read_items<'a>(
    value: Value,
    at: &ValuePath<'_>,
    kind: &str,
    type_of: impl Fn(usize) -> Option<&'a Type>,
) -> Result<Vec<Value>, Mismatch> {
    let (Value::List(items) | Value::Tuple(items)) = value else { return Err(at.expected(kind, &value)) };
    let read = |(index, item): (usize, Value)| {
        let at = ValuePath::Item(at, index);
        match type_of(index) {
            Some(kind) => kind.read_at(item, &at),
            None => Err(at.mismatch("is one too many")),
        }
    };
    items.into_iter().enumerate().map(read).collect()
}

fn read_dict(dict: Dict, key: &Type, item: &Type, at: &ValuePath<'_>) -> Result<Dict, Mismatch> {
    let mut pairs: Vec<(Value, Value)> = Vec::with_capacity(dict.iter().len());
    let mut places = std::collections::BTreeMap::new();
    for (given, value) in dict {
        let inside = ValuePath::Key(at, &given);
        let name = key.read_at(given.clone(), &inside)?;
        let value = item.read_at(value, &inside)?;
        // Two texts can be one key, as `1` and `01` are. The last one counts, in the position of the first.
        if let Some((_, old)) = places.get(&name.to_python_repr()).and_then(|&place: &usize| pairs.get_mut(place)) {
            *old = value;
        } else {
            places.insert(name.to_python_repr(), pairs.len());
            pairs.push((name, value));
        }
    }
    Ok(pairs.into_iter().collect())
}

/// Returns the value of the first option that takes it unchanged, otherwise of the first that takes it at all.
///
/// Each option reads the value once: with a second reading for its error, the time would double with each level of
/// nesting.
fn read_union(value: &Value, options: &[Type], at: &ValuePath<'_>) -> Result<Value, Mismatch> {
    let (mut converted, mut refused) = (None, None);
    for option in options {
        match option.read_at(value.clone(), at) {
            Ok(read) if read == *value => return Ok(read),
            Ok(read) => converted = converted.or(Some(read)),
            Err(error) if *option != Type::Null => refused = refused.or(Some(error)),
            Err(_) => {}
        }
    }
    match (converted, refused) {
        (Some(read), _) => Ok(read),
        // With one option besides null, its error says more.
        (None, Some(error)) if options.len() <= 2 => Err(error),
        _ => Err(at.expected("of one of the declared types", value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{class::Types, python::json};

    fn read(kind: &str, text: &str) -> Result<String, String> {
        let types = Types::default().with_enum("Colour", &[("RED", "red")]).with_model(
            "Inner",
            vec![Field::required("n", Type::Int), Field::with_default("s", Type::Text, Value::from("-"))],
        );
        let kind = types.parse(kind).unwrap();
        kind.read(json::read(text.as_bytes()).unwrap(), "x")
            .map(|value| value.to_python_repr())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_brought_to_their_types() {
        for (kind, json, expected) in [
            ("float", "1", "1.0"),
            ("float", "\"1_0.5\"", "10.5"),
            ("float", "true", "1.0"),
            ("int", "2.0", "2"),
            ("int", "1e18", "1000000000000000000"),
            ("int", "\" 42 \"", "42"),
            ("int", "\"7.00\"", "7"),
            ("bool", "\"Yes\"", "True"),
            ("bool", "0", "False"),
            ("list[float]", "[1, 2.5]", "[1.0, 2.5]"),
            ("tuple[int, str]", "[1, \"a\"]", "(1, 'a')"),
            ("dict[int, str]", "{\"1\": \"a\", \"01\": \"b\"}", "{1: 'b'}"),
            ("Optional[str]", "null", "None"),
            ("Union[int, str]", "\"1\"", "'1'"),
            ("Union[str, int]", "1", "1"),
            ("Colour", "\"red\"", "<Colour.RED: 'red'>"),
            ("Inner", "{\"y\": 0, \"n\": \"3\"}", "{'n': 3, 's': '-'}"),
            ("Any", "[1, 1.0]", "[1, 1.0]"),
        ] {
            assert_eq!(read(kind, json).as_deref(), Ok(expected), "{kind} {json}");
        }
    }

    #[test]
    fn what_does_not_fit_says_where() {
        for (kind, json, error) in [
            ("str", "1", "`x` should be str, not int"),
            ("int", "1.5", "`x` should be int, not float"),
            ("int", "1e19", "`x` should be int, not float"),
            ("int", "\"1.\"", "`x` should be int, not str"),
            ("bool", "2", "`x` should be bool, not int"),
            ("list[int]", "[1, \"a\"]", "`x.1` should be int, not str"),
            ("tuple[int]", "[1, 2]", "`x.1` is one too many"),
            ("tuple[int, int]", "[1]", "`x` should have 2 items"),
            ("Inner", "{}", "`x.n` is required"),
            ("Optional[int]", "\"a\"", "`x` should be int, not str"),
            ("Colour", "\"blue\"", "`x` should be a member of Colour, not str"),
        ] {
            assert_eq!(read(kind, json), Err(error.to_owned()), "{kind} {json}");
        }
    }

    #[test]
    fn nh_20_the_place_of_a_fault_is_short() {
        let long = "\u{1b}".repeat(1_000_000);
        let text = json::write_spaced(&Value::Dict([(long, Value::List(vec![Value::None]))].into_iter().collect()));
        let error = read("dict[str, list[int]]", &text).unwrap_err();
        assert!(error.starts_with("`x.") && error.chars().count() <= 256, "{}", error.len());
        assert!(!error.chars().any(char::is_control));
    }

    #[test]
    fn nh_1_the_time_of_a_list_does_not_grow_with_its_path() {
        // 60 GB of text, if each item wrote its path.
        let items = Value::List(vec![Value::int(0); 60_000]);
        let text = json::write_spaced(&Value::Dict([("k".repeat(1_000_000), items)].into_iter().collect()));
        assert!(read("dict[str, list[int]]", &text).is_ok());
    }

    #[test]
    fn the_time_of_a_union_does_not_grow_with_its_depth() {
        // 2^31 readings, if each level read twice.
        let nested = format!("{}int{}", "Optional[".repeat(31), "]".repeat(31));
        assert_eq!(read(&nested, "\"a\""), Err("`x` should be int, not str".to_owned()));
        assert_eq!(read(&nested, "\"7\"").as_deref(), Ok("7"));
    }
}
