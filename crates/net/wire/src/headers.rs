//! The headers of a request or an answer, as received or to be sent.

/// Names and values in order. Names keep their case; values are latin-1 read as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// Returns no headers.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a header.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Returns the value of a header, and `None` if the header is missing or comes twice.
    ///
    /// Names are compared without case. The meaning of two values would be ambiguous.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) => Some(value),
            _ => None,
        }
    }

    /// Returns true if a header of this name exists, compared without case.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// Returns names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns true if all values can be sent: latin-1 without line breaks and zeros. spec neuron-protocol §14.
    pub fn can_be_sent(&self) -> bool {
        let is_sendable = |c: char| u32::from(c) <= 0xff && !matches!(c, '\r' | '\n' | '\0');
        self.0.iter().all(|(_, value)| value.chars().all(is_sendable))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        Self(headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl IntoIterator for Headers {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Returns true if a content type is JSON: `application/json` or with the suffix `+json`.
///
/// Parameters are allowed. spec neuron-protocol §9.
pub fn is_json(content_type: Option<&str>) -> bool {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_comes_twice_has_no_value() {
        let headers: Headers = [("Nonce", "1"), ("nonce", "2"), ("Name", "x")].into_iter().collect();
        assert_eq!(headers.get("nonce"), None);
        assert!(headers.contains("NONCE"));
        assert_eq!(headers.get("name"), Some("x"));
    }

    #[test]
    fn only_latin_1_without_breaks_can_be_sent() {
        let can = |value: &str| Headers::from_iter([("a", value)]).can_be_sent();
        assert!(can("é ok"));
        assert!(!can("ключ") && !can("a\r\nb") && !can("a\nb"));
    }

    #[test]
    fn json_is_known_by_its_type() {
        for (kind, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/vnd.x+json", true),
            ("text/html", false),
            ("", false),
        ] {
            assert_eq!(is_json(Some(kind)), json, "{kind}");
        }
        assert!(!is_json(None));
    }
}
