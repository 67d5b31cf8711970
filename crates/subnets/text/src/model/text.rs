//! Conversion of tokens to text, one token at a time.

use super::{Model, ModelError};

/// The number of tokens that may wait for the rest of a character, which has at most four bytes.
const MAX_WAITING: usize = 8;

/// A decoder of an answer that is received token by token.
///
/// Several tokens may make up one character. A token therefore gives no text, some text, or the text of the tokens
/// before it.
#[derive(Clone, Debug)]
pub struct Decoder {
    model: Model,
    /// The tokens given out last, which later tokens decode after, and the tokens not given out yet.
    tokens: Vec<u32>,
    /// The number of `tokens` that were given out.
    out: usize,
}

impl Decoder {
    pub(super) const fn new(model: Model) -> Self {
        Self { model, tokens: Vec::new(), out: 0 }
    }

    /// Takes the next token, and returns the text that is now certain.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`] if the tokenizer fails.
    pub fn push(&mut self, token: u32) -> Result<String, ModelError> {
        self.tokens.push(token);
        let waiting = self.tokens.len() - self.out;
        let text = self.new_text()?;
        if text.is_empty() || (text.ends_with(char::REPLACEMENT_CHARACTER) && waiting < MAX_WAITING) {
            return Ok(String::new());
        }
        self.tokens.drain(..self.out);
        self.out = self.tokens.len();
        Ok(text)
    }

    /// Returns the rest after the last token: a character without an end.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`] if the tokenizer fails.
    pub fn finish(self) -> Result<String, ModelError> {
        self.new_text()
    }

    /// Returns the text of all tokens beyond the text that was given out.
    ///
    /// Invalid bytes may become text with the bytes after them. The text that was given out is therefore not always the
    /// beginning of the new text.
    fn new_text(&self) -> Result<String, ModelError> {
        let known = self.model.decode(self.tokens.get(..self.out).unwrap_or_default())?;
        let all = self.model.decode(&self.tokens)?;
        let same = known.chars().zip(all.chars()).take_while(|(known, now)| known == now).count();
        Ok(all.chars().skip(same).collect())
    }
}
