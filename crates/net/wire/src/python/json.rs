//! JSON as Python's `json` module reads and writes it. spec neuron-protocol §3.

use super::{Dict, Int, Value, number::write_float};
use core::fmt::Write;
use std::collections::BTreeMap;

/// The greatest depth of nested lists and objects, so that no text exhausts the stack.
pub const MAX_DEPTH: usize = 128;

/// The reason for which a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct JsonError {
    /// The fault.
    pub what: &'static str,
    /// The position of the fault, in bytes from the start.
    pub at: usize,
}

/// The number of values that a text may have, unless a class asks for more.
pub const DEFAULT_VALUES: usize = 65_536;

/// The number of values that a class can ask for: lists of numbers of the older protocol are long.
pub const MAX_VALUES: usize = 1_048_576;

/// Reads a text of JSON with at most [`DEFAULT_VALUES`] values.
///
/// Bare `NaN`, `Infinity` and `-Infinity` are numbers. The last of several members with the same name counts.
///
/// # Errors
/// [`JsonError`] with the fault and its position.
pub fn read(text: &[u8]) -> Result<Value, JsonError> {
    read_within(text, DEFAULT_VALUES)
}

/// Reads a text of JSON with at most this number of values. A list, an object and each of their items is one.
///
/// A short text can have many values, and each takes memory. So the text alone is no bound.
///
/// # Errors
/// [`JsonError`] with the fault and its position, for one value too many as well.
pub fn read_within(text: &[u8], values: usize) -> Result<Value, JsonError> {
    Reader::new(text, values)?.whole(None)
}

/// Reads a text of JSON with at most this number of values. Of an object it returns the members of these names only.
///
/// Other members are checked for their form, and take no memory and no value.
///
/// # Errors
/// [`JsonError`] with the fault and its position, for one value too many as well.
pub fn read_members(text: &[u8], values: usize, names: &[&str]) -> Result<Value, JsonError> {
    Reader::new(text, values)?.whole(Some(names))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The number of values that may still come.
    left: usize,
    /// True while only the form counts. The values are then all [`Value::None`], and the texts empty.
    is_skipping: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8], values: usize) -> Result<Self, JsonError> {
        let text = core::str::from_utf8(text);
        let text = text.map_err(|error| JsonError { what: "not UTF-8", at: error.valid_up_to() })?;
        Ok(Self { text, at: 0, left: values, is_skipping: false })
    }

    /// Reads the whole text. With names, an object keeps the members of these names only.
    fn whole(mut self, names: Option<&[&str]>) -> Result<Value, JsonError> {
        self.skip_space();
        let value = match names {
            Some(_) if self.rest().starts_with('{') => self.object(MAX_DEPTH.saturating_sub(1), names).map(Value::Dict),
            _ => self.value(MAX_DEPTH),
        }?;
        self.skip_space();
        if self.rest().is_empty() { Ok(value) } else { Err(self.error("extra data")) }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, what: &'static str) -> JsonError {
        JsonError { what, at: self.at }
    }

    fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.skip(rest.len().saturating_sub(rest.trim_start_matches([' ', '\t', '\n', '\r']).len()));
    }

    /// Returns true if `token` comes next, and skips it.
    fn take(&mut self, token: &str) -> bool {
        let here = self.rest().starts_with(token);
        if here {
            self.skip(token.len());
        }
        here
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.skip_space();
        let Some(depth) = depth.checked_sub(1) else { return Err(self.error("nested too deep")) };
        if !self.is_skipping {
            self.left = self.left.checked_sub(1).ok_or_else(|| self.error("too many values"))?;
        }
        for (token, value) in [
            ("null", Value::None),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ] {
            if self.take(token) {
                return Ok(value);
            }
        }
        match self.rest().bytes().next() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'[') => self.list(depth).map(Value::List),
            Some(b'{') => self.object(depth, None).map(Value::Dict),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.error("expecting a value")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value>, JsonError> {
        let mut items = Vec::new();
        self.skip(1);
        self.skip_space();
        if self.take("]") {
            return Ok(items);
        }
        loop {
            let item = self.value(depth)?;
            if !self.is_skipping {
                items.push(item);
            }
            self.skip_space();
            if self.take("]") {
                // Room for items that never come would be most of the memory of many short lists.
                items.shrink_to_fit();
                return Ok(items);
            }
            if !self.take(",") {
                return Err(self.error("expecting `,`"));
            }
        }
    }

    /// Reads an object, or of its members those with these names.
    fn object(&mut self, depth: usize, names: Option<&[&str]>) -> Result<Dict, JsonError> {
        let mut pairs: Vec<(Value, Value)> = Vec::new();
        self.skip(1);
        self.skip_space();
        if self.take("}") {
            return Ok(Dict::default());
        }
        loop {
            self.skip_space();
            if !self.rest().starts_with('"') {
                return Err(self.error("expecting a name in double quotes"));
            }
            let name = match names {
                None => Some(self.string()?),
                Some(names) => self.name_among(names)?,
            };
            self.skip_space();
            if !self.take(":") {
                return Err(self.error("expecting `:`"));
            }
            match name {
                Some(name) => {
                    let value = self.value(depth)?;
                    if !self.is_skipping {
                        pairs.push((Value::Text(name), value));
                    }
                }
                None => self.skipping(|reader| reader.value(depth).map(drop))?,
            }
            self.skip_space();
            if self.take("}") {
                return Ok(distinct(pairs));
            }
            if !self.take(",") {
                return Err(self.error("expecting `,`"));
            }
        }
    }

    fn skipping<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = core::mem::replace(&mut self.is_skipping, true);
        let done = read(self);
        self.is_skipping = before;
        done
    }

    /// Reads a name, and returns it if it is one of these.
    fn name_among(&mut self, names: &[&str]) -> Result<Option<String>, JsonError> {
        /// The greatest number of bytes with which a text of JSON stands for one byte.
        const MAX_ESCAPE: usize = 6;
        let start = self.at;
        self.skipping(|reader| reader.string().map(drop))?;
        let longest = names.iter().map(|name| name.len()).max().unwrap_or(0);
        if self.at.saturating_sub(start) > longest.saturating_mul(MAX_ESCAPE).saturating_add(2) {
            return Ok(None);
        }
        self.at = start;
        let name = self.string()?;
        Ok(names.contains(&name.as_str()).then_some(name))
    }

    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.skip(count);
        count
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        self.take("-");
        if !self.take("0") && self.digits() == 0 {
            return Err(self.error("expecting digits"));
        }
        let whole = self.at;
        if self.rest().starts_with('.')
            && self.rest().as_bytes().get(1).copied().is_some_and(|byte| byte.is_ascii_digit())
        {
            self.skip(1);
            self.digits();
        }
        if self.rest().starts_with(['e', 'E']) {
            let signed = self.rest().as_bytes().get(1).copied().is_some_and(|byte| matches!(byte, b'+' | b'-'));
            let exponent = if signed { 2 } else { 1 };
            if self.rest().as_bytes().get(exponent).copied().is_some_and(|byte| byte.is_ascii_digit()) {
                self.skip(exponent);
                self.digits();
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let value = if self.at == whole {
            Int::from_decimal(text).map(Value::Int)
        } else {
            text.parse().ok().map(Value::Float)
        };
        value.ok_or(JsonError { what: "not a number, or too long", at: start })
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let mut out = String::new();
        self.skip(1);
        loop {
            let rest = self.rest();
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
            if !self.is_skipping {
                out.push_str(rest.get(..plain).unwrap_or_default());
            }
            self.skip(plain);
            if self.take("\"") {
                return Ok(out);
            }
            if !self.take("\\") {
                return Err(self.error("unterminated text or control character"));
            }
            let c = self.escape()?;
            if !self.is_skipping {
                out.push(c);
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let Some(letter) = self.rest().chars().next() else { return Err(self.error("unterminated text")) };
        let plain = match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode(),
            _ => return Err(self.error("unknown escape")),
        };
        self.skip(letter.len_utf8());
        Ok(plain)
    }

    /// Reads `uXXXX`, or two of them for a character outside of the first plane.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let first = self.unit()?;
        let code = if (0xd800..0xdc00).contains(&first) && self.take("\\") {
            let second = self.unit()?;
            char::decode_utf16([first, second]).next().and_then(Result::ok)
        } else {
            char::from_u32(first.into())
        };
        // Python keeps half a pair as it is. No text of UTF-8 can hold it, so it has no hash.
        code.ok_or_else(|| self.error("half of a surrogate pair"))
    }

    fn unit(&mut self) -> Result<u16, JsonError> {
        let digits = self.rest().strip_prefix('u').and_then(|rest| rest.get(..4));
        let unit = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = unit.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        self.skip(if unit.is_some() { 5 } else { 0 });
        unit.ok_or_else(|| self.error("expecting four hex digits"))
    }
}

/// Returns pairs as a dictionary. A name that comes again keeps its position and takes the new value.
fn distinct(mut pairs: Vec<(Value, Value)>) -> Dict {
    let mut names: Vec<_> = pairs.iter().filter_map(|(name, _)| name.as_text()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair.first() == pair.last()) {
        let mut places = BTreeMap::new();
        let mut kept: Vec<(Value, Value)> = Vec::new();
        for (name, value) in pairs {
            let text = name.as_text().unwrap_or_default();
            if let Some((_, old)) = places.get(text).and_then(|&place: &usize| kept.get_mut(place)) {
                *old = value;
            } else {
                places.insert(text.to_owned(), kept.len());
                kept.push((name, value));
            }
        }
        pairs = kept;
    }
    pairs.shrink_to_fit();
    pairs.into_iter().collect()
}

/// An error for a value without JSON text in the chosen form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a float that is not finite cannot be written")]
pub struct NotFinite;

/// Writes JSON as a dendrite does: `", "` and `": "`, only ASCII, bare `NaN` and `Infinity`. spec neuron-protocol §3.
pub fn write_spaced(value: &Value) -> String {
    let mut out = String::new();
    // This form can write every float, so it never fails.
    let _ = write(value, JsonForm::Spaced, &mut out);
    out
}

/// Writes JSON as an axon does: without spaces, in raw UTF-8. spec neuron-protocol §3.
///
/// # Errors
/// [`NotFinite`] for a float that is infinite or not a number, which this form cannot write.
pub fn write_compact(value: &Value) -> Result<String, NotFinite> {
    let mut out = String::new();
    write(value, JsonForm::Compact, &mut out)?;
    Ok(out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum JsonForm {
    Spaced,
    Compact,
}

impl JsonForm {
    fn separators(self) -> (&'static str, &'static str) {
        match self {
            Self::Spaced => (", ", ": "),
            Self::Compact => (",", ":"),
        }
    }
}

fn write(value: &Value, form: JsonForm, out: &mut String) -> Result<(), NotFinite> {
    let (comma, colon) = form.separators();
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(number) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{number}");
        }
        Value::Float(number) if number.is_finite() => write_float(*number, out),
        Value::Float(_) if form == JsonForm::Compact => return Err(NotFinite),
        Value::Float(number) if number.is_nan() => out.push_str("NaN"),
        Value::Float(number) => out.push_str(if *number > 0.0 { "Infinity" } else { "-Infinity" }),
        Value::Text(text) => write_string(text, form, out),
        Value::Member(member) => write_string(&member.value, form, out),
        Value::List(items) | Value::Tuple(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(comma);
                }
                write(item, form, out)?;
            }
            out.push(']');
        }
        Value::Dict(dict) => {
            out.push('{');
            for (index, (key, value)) in dict.iter().enumerate() {
                if index > 0 {
                    out.push_str(comma);
                }
                match key {
                    Value::Text(key) => write_string(key, form, out),
                    Value::Member(key) => write_string(&key.value, form, out),
                    other => write_string(&key_text(other, form)?, form, out),
                }
                out.push_str(colon);
                write(value, form, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Returns the text of a key. A key that is no text becomes the text of its JSON.
fn key_text(key: &Value, form: JsonForm) -> Result<String, NotFinite> {
    let mut out = String::new();
    write(key, form, &mut out)?;
    Ok(out)
}

fn write_string(text: &str, form: JsonForm, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' || (form == JsonForm::Spaced && !c.is_ascii()) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_keep_their_kind_and_size() {
        let value = read(b"[1, 1.0, 1e2, -0, -0.0, 1180591620717411303424, NaN, -Infinity]").unwrap();
        assert_eq!(value.to_python_str(), "[1, 1.0, 100.0, 0, -0.0, 1180591620717411303424, nan, -inf]");
        assert_eq!(write_spaced(&value), "[1, 1.0, 100.0, 0, -0.0, 1180591620717411303424, NaN, -Infinity]");
        assert_eq!(write_compact(&value), Err(NotFinite));
    }

    #[test]
    fn the_last_of_equal_names_counts_in_the_first_place() {
        assert_eq!(write_compact(&read(br#"{"a":1,"b":2,"a":3}"#).unwrap()).unwrap(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "[1 2]",
            "{'a':1}",
            "{\"a\"}",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "\"\u{1}\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\u12g4\"",
            "nul",
            "[1]x",
            "{nope",
            "\"a",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read(b"\"\xff\"").is_err());
    }

    #[test]
    fn depth_has_a_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(read(nested(MAX_DEPTH + 1).as_bytes()).map_err(|error| error.what), Err("nested too deep"));
        assert!(read("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn nh_1_the_number_of_values_has_a_limit() {
        let list = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
        assert!(read(list(DEFAULT_VALUES - 1).as_bytes()).is_ok());
        let at = 2 * (DEFAULT_VALUES - 1) + 1;
        assert_eq!(read(list(DEFAULT_VALUES).as_bytes()), Err(JsonError { what: "too many values", at }));
        assert!(read_within(list(DEFAULT_VALUES).as_bytes(), DEFAULT_VALUES + 1).is_ok());
        // The name of a member is no value, and its value is one. One that comes again counts again.
        assert!(read_within(br#"{"a":[],"a":{"b":null}}"#, 4).is_ok());
        assert!(read_within(br#"{"a":[],"a":{"b":null}}"#, 3).is_err());
        assert!(read_within(b"0", 0).is_err());
    }

    #[test]
    fn nh_2_other_members_are_checked_and_left_out() {
        let kept = |text: &str| read_members(text.as_bytes(), 3, &["a", "ключ"]).map(|value| value.to_python_repr());
        let text = r#"{"b":[1,[2,{"a":3}],"x\n"],"a":1,"\u0061\u0061":2,"\u0061":{"b":4},"c":"\u00e9"}"#;
        assert_eq!(kept(text).as_deref(), Ok("{'a': {'b': 4}}"));
        let escaped = r#"{"\u043a\u043b\u044e\u0447":1}"#;
        assert_eq!(kept(escaped).as_deref(), Ok("{'ключ': 1}"));
        assert_eq!(kept("[1, 2]").as_deref(), Ok("[1, 2]"));
        assert_eq!(kept("{}").as_deref(), Ok("{}"));
        let deep = format!("{{\"b\":{}{}}}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        let long = format!("{{\"b\":{}}}", "1".repeat(Int::MAX_DIGITS + 1));
        for text in [
            r#"{"b":[1,}"#,
            r#"{"b":1 "a":2}"#,
            r#"{"b":"\ud800"}"#,
            r#"{"b":nul}"#,
            r#"{"b\x":1}"#,
            r#"{"b":01}"#,
            r#"{"a":[1,2,3]}"#,
            r#"{"a":1,}"#,
            r#"{"a":1}}"#,
            &deep,
            &long,
        ] {
            assert!(kept(text).is_err(), "{text}");
        }
    }

    #[test]
    fn text_is_ascii_in_the_spaced_form_only() {
        let value = Value::from("é🧠\u{7f}\n\u{1}");
        assert_eq!(write_spaced(&value), "\"\\u00e9\\ud83e\\udde0\u{7f}\\n\\u0001\"");
        assert_eq!(write_compact(&value).unwrap(), "\"é🧠\u{7f}\\n\\u0001\"");
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::None),
            any::<bool>().prop_map(Value::Bool),
            any::<i128>().prop_map(Value::int),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::Float),
            any::<String>().prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|pairs| Value::Dict(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in value()) {
            prop_assert_eq!(read(write_spaced(&value).as_bytes()), Ok(value.clone()));
            prop_assert_eq!(read(write_compact(&value).unwrap().as_bytes()), Ok(value));
        }

        #[test]
        fn nh_2_a_member_is_read_as_in_the_whole(value in value(), other in value(), name: String) {
            let object = Value::Dict([(name.clone(), value), (format!("{name}+"), other)].into_iter().collect());
            let text = write_spaced(&object);
            let kept = read_members(text.as_bytes(), DEFAULT_VALUES, &[&name]).unwrap();
            let Value::Dict(kept) = kept else { panic!("an object") };
            let Value::Dict(whole) = object else { panic!("an object") };
            prop_assert_eq!((kept.iter().len(), kept.get(&name)), (1, whole.get(&name)));
        }

        #[test]
        fn garbage_never_panics(bytes: Vec<u8>, text in "[\\[\\]{}\",:0-9eE.+\\\\u -]{0,60}") {
            let _ = read(&bytes);
            let _ = read(text.as_bytes());
        }
    }
}
