//! Answers: a line of JSON for each token as it is drawn, and a last line with the reason of the end.
//!
//! ```text
//! {"token":17,"logprob":-0.25,"text":" a"}
//! {"token":9,"logprob":-1.5,"text":" fox"}
//! {"finish":"length"}
//! ```
//!
//! The lines are signed as they are sent. Their holder can prove with a receipt that the miner sent them.

use crate::{GeneratedToken, GenerationEnd, challenge::MAX_TOKENS};
use myelin_wire::class::Mismatch;
use serde::{Deserialize, Serialize};

/// The longest line, in bytes.
pub const MAX_LINE: usize = 4 * 1024;

/// A token of an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Token {
    /// Its number in the model's vocabulary.
    pub token: u32,
    /// The natural logarithm of its probability, at temperature 1.
    pub logprob: f32,
    /// The text that can be written once the token is known. It is empty in the middle of a character.
    pub text: String,
}

/// The reason for which an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FinishReason {
    /// The model ended its text.
    Stop,
    /// The answer has the requested length.
    Length,
}

/// The last line of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct EndLine {
    /// The reason of the end.
    pub finish: FinishReason,
}

/// A line of an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, try_from = "AnswerMembers")]
pub enum AnswerLine {
    /// A token.
    Token(Token),
    /// The end.
    End(EndLine),
}

/// The members of lines.
///
/// The library can try one form after the other. This fails if a crate of the program enables numbers of any precision.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerMembers {
    token: Option<u32>,
    logprob: Option<f32>,
    text: Option<String>,
    finish: Option<FinishReason>,
}

impl TryFrom<AnswerMembers> for AnswerLine {
    type Error = &'static str;

    fn try_from(members: AnswerMembers) -> Result<Self, &'static str> {
        match members {
            AnswerMembers { token: Some(token), logprob: Some(logprob), text: Some(text), finish: None } => {
                Ok(Self::Token(Token { token, logprob, text }))
            }
            AnswerMembers { token: None, logprob: None, text: None, finish: Some(finish) } => {
                Ok(Self::End(EndLine { finish }))
            }
            _ => Err("neither a token nor an end"),
        }
    }
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub struct TextAnswer {
    /// The tokens of the answer.
    pub tokens: Vec<Token>,
    /// The reason of the end.
    pub ending: FinishReason,
}

impl From<FinishReason> for GenerationEnd {
    fn from(ending: FinishReason) -> Self {
        match ending {
            FinishReason::Stop => Self::Stop,
            FinishReason::Length => Self::Length,
        }
    }
}

fn mismatch(what: impl Into<String>) -> Mismatch {
    Mismatch { at: "stream".to_owned(), what: what.into() }
}

impl AnswerLine {
    /// Returns the bytes with the end of the line, or `None` for a number that JSON cannot write.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        if matches!(self, Self::Token(token) if !token.logprob.is_finite()) {
            return None;
        }
        let mut bytes = serde_json::to_vec(self).ok()?;
        bytes.push(b'\n');
        Some(bytes)
    }

    /// Reads a line, without its end.
    ///
    /// # Errors
    /// [`Mismatch`] if it is too long, is no line of an answer, or has no probability.
    pub fn read(line: &[u8]) -> Result<Self, Mismatch> {
        if line.len() > MAX_LINE {
            return Err(mismatch(format!("has a line of {} bytes, and {MAX_LINE} are allowed", line.len())));
        }
        let line =
            serde_json::from_slice(line).map_err(|_| mismatch("has a line that is neither a token nor an end"))?;
        match line {
            // Floats may write a certain token with a logarithm slightly above zero.
            Self::Token(Token { logprob, .. }) if !(logprob.is_finite() && logprob <= 1e-3) => {
                Err(mismatch("has a token whose probability is none"))
            }
            line => Ok(line),
        }
    }
}

impl TextAnswer {
    /// Reads a whole stream.
    ///
    /// # Errors
    /// [`Mismatch`] if a line is malformed, the end is missing or not last, or there are too many tokens.
    pub fn read(bytes: &[u8]) -> Result<Self, Mismatch> {
        let bytes = bytes.strip_suffix(b"\n").ok_or_else(|| mismatch("does not end with a line"))?;
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let mut tokens = Vec::new();
        let ending = loop {
            match AnswerLine::read(lines.next().ok_or_else(|| mismatch("has no end"))?)? {
                AnswerLine::Token(_) if tokens.len() >= usize::from(MAX_TOKENS) => {
                    return Err(mismatch(format!("has more than {MAX_TOKENS} tokens")));
                }
                AnswerLine::Token(token) => tokens.push(token),
                AnswerLine::End(EndLine { finish }) => break finish,
            }
        };
        if lines.next().is_some() {
            return Err(mismatch("goes on after its end"));
        }
        Ok(Self { tokens, ending })
    }

    /// Returns the tokens that the model is claimed to have drawn.
    pub fn steps(&self) -> Vec<GeneratedToken> {
        self.tokens.iter().map(|token| GeneratedToken { token: token.token, logprob: token.logprob }).collect()
    }

    /// Returns the text.
    pub fn text(&self) -> String {
        self.tokens.iter().map(|token| token.text.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: &str = "{\"token\":17,\"logprob\":-0.25,\"text\":\" a\"}\n{\"finish\":\"length\"}\n";

    #[test]
    fn an_answer_is_lines() {
        let token = Token { token: 17, logprob: -0.25, text: " a".into() };
        let lines = [AnswerLine::Token(token.clone()), AnswerLine::End(EndLine { finish: FinishReason::Length })];
        let bytes: Vec<u8> = lines.iter().flat_map(|line| line.to_bytes().unwrap()).collect();
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), WHOLE);
        let answer = TextAnswer::read(&bytes).unwrap();
        assert_eq!(answer, TextAnswer { tokens: vec![token], ending: FinishReason::Length });
        assert_eq!(answer.text(), " a");
        let nothing = AnswerLine::Token(Token { token: 0, logprob: f32::NAN, text: String::new() });
        assert_eq!(nothing.to_bytes(), None);
    }

    #[test]
    fn what_is_no_answer_says_why() {
        let wrong = |bytes: &[u8]| TextAnswer::read(bytes).unwrap_err().what;
        assert_eq!(wrong(b""), "does not end with a line");
        assert_eq!(wrong(&WHOLE.as_bytes()[..WHOLE.len() - 1]), "does not end with a line");
        assert_eq!(wrong(WHOLE.lines().next().map(|line| format!("{line}\n")).unwrap().as_bytes()), "has no end");
        assert_eq!(wrong(WHOLE.repeat(2).as_bytes()), "goes on after its end");
        assert_eq!(wrong(b"\n"), "has a line that is neither a token nor an end");
        assert_eq!(wrong(b"{\"token\":1,\"logprob\":0.5,\"text\":\"\"}\n"), "has a token whose probability is none");
        assert!(wrong(b"{\"token\":-1,\"logprob\":-1,\"text\":\"\"}\n").starts_with("has a line"));
        assert!(wrong(b"{\"token\":1,\"logprob\":-1,\"text\":\"\",\"more\":1}\n").starts_with("has a line"));
        assert!(wrong(&[vec![b' '; MAX_LINE + 1], vec![b'\n']].concat()).starts_with("has a line of"));
        let line = WHOLE.lines().next().unwrap().to_owned() + "\n";
        let long = line.repeat(usize::from(MAX_TOKENS) + 1) + "{\"finish\":\"stop\"}\n";
        assert_eq!(wrong(long.as_bytes()), format!("has more than {MAX_TOKENS} tokens"));
    }

    proptest! {
        #[test]
        fn lines_read_as_they_are_written(token: u32, logprob in -50_f32..=0.0, text in "\\PC{0,20}") {
            let line = AnswerLine::Token(Token { token, logprob, text });
            let bytes = line.to_bytes().unwrap();
            prop_assert_eq!(AnswerLine::read(bytes.strip_suffix(b"\n").unwrap()), Ok(line));
        }

        #[test]
        fn garbage_is_refused_in_peace(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = TextAnswer::read(&bytes);
        }
    }
}
