//! Values as Python's `str` and `repr` print them. spec neuron-protocol §4.

use super::{Value, number::write_float};
use core::fmt::{self, Write};
use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// Returns true if Python prints a character unchanged inside a container, by the tables of Unicode 14.
fn is_printable(c: char) -> bool {
    use Category::{
        Control, Format, LineSeparator, ParagraphSeparator, PrivateUse, SpaceSeparator, Surrogate, Unassigned,
    };
    c == ' '
        || !matches!(
            get_general_category(c),
            Control
                | Format
                | Surrogate
                | PrivateUse
                | Unassigned
                | LineSeparator
                | ParagraphSeparator
                | SpaceSeparator
        )
}

fn write_quoted(text: &str, out: &mut String) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if is_printable(c) => out.push(c),
            c => match u32::from(c) {
                code @ 0..=0xff => write!(out, "\\x{code:02x}")?,
                code @ 0x100..=0xffff => write!(out, "\\u{code:04x}")?,
                code => write!(out, "\\U{code:08x}")?,
            },
        }
    }
    out.push(quote);
    Ok(())
}

fn write_items<'a>(items: impl IntoIterator<Item = &'a Value>, out: &mut String) -> fmt::Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write_repr(item, out)?;
    }
    Ok(())
}

fn write_repr(value: &Value, out: &mut String) -> fmt::Result {
    match value {
        Value::None => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(number) => write!(out, "{number}")?,
        Value::Float(number) => write_float(*number, out),
        Value::Text(text) => write_quoted(text, out)?,
        Value::List(items) => {
            out.push('[');
            write_items(items, out)?;
            out.push(']');
        }
        Value::Tuple(items) => {
            out.push('(');
            write_items(items, out)?;
            // Without its comma, a tuple of one element would be no tuple.
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Value::Dict(dict) => {
            out.push('{');
            for (index, (key, value)) in dict.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_repr(key, out)?;
                out.push_str(": ");
                write_repr(value, out)?;
            }
            out.push('}');
        }
        Value::Member(member) => {
            write!(out, "<{}.{}: ", member.class, member.name)?;
            write_quoted(&member.value, out)?;
            out.push('>');
        }
    }
    Ok(())
}

impl Value {
    /// Returns the text of Python's `str`, of which body hashes are made. spec neuron-protocol §4.
    pub fn to_python_str(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Member(member) => format!("{}.{}", member.class, member.name),
            other => other.to_python_repr(),
        }
    }

    /// Returns the text of Python's `repr`, which stands for a value inside of a list or a dictionary.
    pub fn to_python_repr(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = write_repr(self, &mut out);
        out
    }
}
