//! Generation: tokens from a prompt and a seed.

use crate::{
    Model, ModelError, Sampling,
    model::Session,
    sampling::{Noise, TokenDraw},
};
use std::ops::ControlFlow;

/// A query. Together with the model it decides on all tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    /// Tokens to continue, at least one.
    pub prompt: &'a [u32],
    /// The seed that replaces chance.
    pub seed: u64,
    /// The sampling of tokens.
    pub sampling: Sampling,
    /// The greatest number of tokens, including the one that ends the answer.
    pub max_tokens: usize,
}

/// One token of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeneratedToken {
    /// The token.
    pub token: u32,
    /// The natural logarithm of its probability at temperature 1, for any temperature of the draw.
    pub logprob: f32,
}

/// The reason for which an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenerationEnd {
    /// The last token is one that ends an answer.
    Stop,
    /// The answer has the requested number of tokens.
    Length,
    /// The receiver of the tokens stopped the generation.
    Interrupted,
}

impl Model {
    /// Generates an answer, and gives out each token as soon as it is known. [`ControlFlow::Break`] ends it early.
    ///
    /// # Errors
    /// [`ModelError::EmptyPrompt`] for an empty prompt, [`ModelError::UnknownToken`] for a token outside of the
    /// vocabulary. [`ModelError::TooLong`] unless prompt and `max_tokens` fit the context, or an error of the
    /// computation.
    pub fn generate(
        &self,
        query: &Query<'_>,
        give: &mut dyn FnMut(GeneratedToken) -> ControlFlow<()>,
    ) -> Result<GenerationEnd, ModelError> {
        let mut session = Session::new(self, query.prompt.len().saturating_add(query.max_tokens))?;
        let mut hidden = session.feed(query.prompt)?;
        let mut last = query.prompt.len() - 1;
        for position in 0..query.max_tokens {
            let logits = session.logits(&hidden, &[last])?.pop().unwrap_or_default();
            let draw = TokenDraw::new(&logits, query.sampling, Noise::new(query.seed, position));
            let token = draw.token().ok_or(ModelError::NotFinite)?;
            let logprob = draw.logprob(token).ok_or(ModelError::NotFinite)?;
            let flow = give(GeneratedToken { token, logprob });
            if self.ends(token) {
                return Ok(GenerationEnd::Stop);
            }
            if position + 1 == query.max_tokens {
                break;
            }
            if flow.is_break() {
                return Ok(GenerationEnd::Interrupted);
            }
            hidden = session.feed(&[token])?;
            last = 0;
        }
        Ok(GenerationEnd::Length)
    }

    /// Returns the natural logarithm of the probability of each token of a text but the first, in one pass.
    ///
    /// # Errors
    /// The errors of [`Self::generate`].
    pub fn logprobs(&self, text: &[u32]) -> Result<Vec<f32>, ModelError> {
        let mut session = Session::new(self, text.len())?;
        let hidden = session.feed(text)?;
        let rows: Vec<usize> = (0..text.len().saturating_sub(1)).collect();
        let mut logprobs = Vec::with_capacity(rows.len());
        for (logits, token) in session.logits(&hidden, &rows)?.iter().zip(text.iter().skip(1)) {
            let draw = TokenDraw::new(logits, Sampling::GREEDY, Noise::new(0, 0));
            logprobs.push(draw.logprob(*token).ok_or(ModelError::NotFinite)?);
        }
        Ok(logprobs)
    }
}
