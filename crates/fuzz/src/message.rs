//! Requests and answers as a text: a first line, headers, an empty line, a body.

use myelin_wire::{Headers, ReceivedRequest};

/// A request or an answer, parsed without the rules of HTTP, so that a target sees more than an HTTP library passes.
#[derive(Debug)]
pub(crate) struct MessageText {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// Returns bytes as latin-1, which is how headers travel.
fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

impl MessageText {
    /// Cuts bytes. Any bytes are a message.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let mut taken = 0;
        let mut line = || {
            let line = lines.next()?;
            taken += line.len();
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            Some(latin_1(line.strip_suffix(b"\r").unwrap_or(line)))
        };
        let first = line().unwrap_or_default();
        let mut words = first.split(' ').map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Headers::new();
        while let Some(line) = line().filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
            headers.push(name, value);
        }
        Self { method, target, headers, body: bytes[taken..].to_vec() }
    }

    pub(crate) fn request(&self) -> ReceivedRequest<'_> {
        ReceivedRequest { method: &self.method, target: &self.target, headers: &self.headers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_a_line_headers_and_a_body() {
        let message = MessageText::new(b"POST /a?b HTTP/1.1\r\nName: x: y\r\nEmpty\r\n\r\nbody\n\nmore");
        assert_eq!((message.method.as_str(), message.target.as_str()), ("POST", "/a?b"));
        assert_eq!(message.headers.iter().collect::<Vec<_>>(), [("Name", "x: y"), ("Empty", "")]);
        assert_eq!(message.body, b"body\n\nmore");
        let nothing = MessageText::new(b"");
        assert!(nothing.method.is_empty() && nothing.body.is_empty());
    }
}
