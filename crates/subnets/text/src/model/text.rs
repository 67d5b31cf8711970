//! Tokens to text, a token at a time.

use super::{Model, ModelError};

/// Tokens that may wait for the rest of a character. No character has more than four bytes.
const MAX_WAITING: usize = 8;

/// Decodes an answer while it comes.
///
/// Several tokens may make up one character, so a token gives no text, some, or that of the tokens before it.
#[derive(Clone, Debug)]
pub struct Decoder {
    model: Model,
    /// Tokens given out last, before which others decode as they do inside of a text, and those not given out yet.
    tokens: Vec<u32>,
    /// How many of `tokens` were given out.
    out: usize,
}

impl Decoder {
    pub(super) const fn new(model: Model) -> Self {
        Self { model, tokens: Vec::new(), out: 0 }
    }

    /// Takes the next token, and gives the text that is now certain.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`].
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

    /// What is left when no token follows: a character that has no end.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`].
    pub fn finish(self) -> Result<String, ModelError> {
        self.new_text()
    }

    /// What all tokens say beyond what was given out. Bytes that are no text may become some with those after them, so what
    /// was given out need not be the beginning.
    fn new_text(&self) -> Result<String, ModelError> {
        let known = self.model.decode(self.tokens.get(..self.out).unwrap_or_default())?;
        let all = self.model.decode(&self.tokens)?;
        let same = known.chars().zip(all.chars()).take_while(|(known, now)| known == now).count();
        Ok(all.chars().skip(same).collect())
    }
}
