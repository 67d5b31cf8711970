//! A reader of Python's names of types.

use super::{Field, Type};
use std::collections::BTreeMap;

/// The greatest depth of nested types.
const MAX_DEPTH: usize = 32;

/// The reason for which a text is not the name of a usable type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// A type that is not declared.
    #[error("there is no type `{0}`; declare it first, as a model or an enumeration")]
    Unknown(String),
    /// Wrong brackets or commas.
    #[error("`{0}` is not a type")]
    Syntax(String),
}

/// The types that can be used by name: Python's own, tensors, and declared ones.
#[derive(Clone, Debug, Default)]
pub struct Types(BTreeMap<String, Type>);

impl Types {
    /// Declares a nested model.
    #[must_use]
    pub fn with_model(mut self, name: &str, fields: Vec<Field>) -> Self {
        self.0.insert(name.to_owned(), Type::Model(fields));
        self
    }

    /// Declares an enumeration `(str, Enum)` with the names and texts of its members.
    #[must_use]
    pub fn with_enum(mut self, name: &str, members: &[(&str, &str)]) -> Self {
        let members = members.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        self.0.insert(name.to_owned(), Type::Enum { name: name.to_owned(), members });
        self
    }

    /// Reads a type as Python writes it. Names may have their modules in front.
    ///
    /// Examples are `list[float]`, `Optional[str]`, `dict[str, Any]`, `tuple[int, ...]` and `int | None`.
    ///
    /// # Errors
    /// [`TypeError::Unknown`] for a name that is not declared, [`TypeError::Syntax`] for wrong brackets or commas. Both
    /// have the part that is wrong.
    pub fn parse(&self, text: &str) -> Result<Type, TypeError> {
        self.read(text, MAX_DEPTH)
    }

    fn read(&self, text: &str, depth: usize) -> Result<Type, TypeError> {
        let text = text.trim();
        let syntax = || TypeError::Syntax(text.to_owned());
        let depth = depth.checked_sub(1).ok_or_else(syntax)?;
        let options = split(text, '|').ok_or_else(syntax)?;
        if options.len() > 1 {
            return options
                .into_iter()
                .map(|option| self.read(option, depth))
                .collect::<Result<_, _>>()
                .map(Type::Union);
        }
        match text.split_once('[') {
            None => self.named(text),
            Some((name, arguments)) => {
                let arguments = arguments.strip_suffix(']').ok_or_else(syntax)?;
                self.generic(last_name(name), &split(arguments, ',').ok_or_else(syntax)?, depth)
                    .unwrap_or_else(|| Err(syntax()))
            }
        }
    }

    fn named(&self, text: &str) -> Result<Type, TypeError> {
        let any = || Box::new(Type::Any);
        Ok(match last_name(text) {
            "str" => Type::Text,
            "int" => Type::Int,
            "float" => Type::Float,
            "bool" => Type::Bool,
            "Any" => Type::Any,
            "None" | "NoneType" => Type::Null,
            "list" | "List" => Type::List(any()),
            "tuple" | "Tuple" => Type::TupleOf(any()),
            "dict" | "Dict" => Type::Dict(any(), any()),
            "Tensor" => Type::Tensor,
            name => self.0.get(name).cloned().ok_or_else(|| TypeError::Unknown(text.to_owned()))?,
        })
    }

    /// Returns the generic type, or `None` if this number of arguments does not fit the name.
    fn generic(&self, name: &str, arguments: &[&str], depth: usize) -> Option<Result<Type, TypeError>> {
        let each = |arguments: &[&str]| -> Result<Vec<Type>, TypeError> {
            arguments.iter().map(|argument| self.read(argument, depth)).collect()
        };
        Some(match (name, arguments) {
            ("list" | "List", [item]) => self.read(item, depth).map(|item| Type::List(Box::new(item))),
            ("tuple" | "Tuple", [item, more]) if more.trim() == "..." => {
                self.read(item, depth).map(|item| Type::TupleOf(Box::new(item)))
            }
            ("tuple" | "Tuple", [none]) if none.trim() == "()" => Ok(Type::Tuple(Vec::new())),
            ("tuple" | "Tuple", items) => each(items).map(Type::Tuple),
            ("dict" | "Dict", [key, value]) => {
                self.read(key, depth).and_then(|key| Ok(Type::Dict(Box::new(key), Box::new(self.read(value, depth)?))))
            }
            ("Optional", [inner]) => self.read(inner, depth).map(|inner| Type::Union(vec![inner, Type::Null])),
            ("Union", options) => each(options).map(Type::Union),
            _ => return None,
        })
    }
}

fn last_name(text: &str) -> &str {
    text.trim().rsplit('.').next().unwrap_or_default()
}

/// Returns the parts between separators outside of brackets, or `None` if brackets do not match.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '[' | '(' => depth = depth.saturating_add(1),
            ']' | ')' => depth = depth.checked_sub(1)?,
            c if c == separator && depth == 0 => {
                parts.push(text.get(start..at)?);
                start = at.saturating_add(c.len_utf8());
            }
            _ => {}
        }
    }
    parts.push(text.get(start..)?);
    (depth == 0).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Type, TypeError> {
        Types::default().with_enum("Colour", &[("RED", "red")]).parse(text)
    }

    #[test]
    fn types_are_read_as_python_writes_them() {
        let boxed = Box::new;
        for (text, kind) in [
            ("str", Type::Text),
            ("list[ list[int] ]", Type::List(boxed(Type::List(boxed(Type::Int))))),
            ("typing.Optional[bittensor.core.tensor.Tensor]", Type::Union(vec![Type::Tensor, Type::Null])),
            ("float | None", Type::Union(vec![Type::Float, Type::Null])),
            ("dict[str, dict[int, Any]]", {
                Type::Dict(boxed(Type::Text), boxed(Type::Dict(boxed(Type::Int), boxed(Type::Any))))
            }),
            ("tuple[int, str]", Type::Tuple(vec![Type::Int, Type::Text])),
            ("tuple[float, ...]", Type::TupleOf(boxed(Type::Float))),
            ("tuple[()]", Type::Tuple(vec![])),
            ("Union[bool, list[str | None]]", {
                Type::Union(vec![Type::Bool, Type::List(boxed(Type::Union(vec![Type::Text, Type::Null])))])
            }),
        ] {
            assert_eq!(parse(text), Ok(kind), "{text}");
        }
        assert!(matches!(parse("Colour"), Ok(Type::Enum { .. })));
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in ["", "list[", "list]", "list[int, int]", "dict[int]", "Shape", "set[int]", "int[str]", "a b"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&format!("{}int{}", "list[".repeat(100), "]".repeat(100))).is_err());
    }

    proptest! {
        #[test]
        fn garbage_never_panics(text in "[a-zA-Z\\[\\](),|. ]{0,40}", other: String) {
            let _ = parse(&text);
            let _ = parse(&other);
        }
    }
}
