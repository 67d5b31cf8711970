//! The miner: from a challenge to the lines of its answer, with any backend that draws tokens.

use crate::{
    GeneratedToken, GenerationEnd, Model, ModelHash, Query,
    answer::{AnswerLine, EndLine, FinishReason, TextAnswer, Token},
    challenge::TextChallenge,
    task::TextTask,
};
use myelin_neuron::Failure;
use myelin_wire::PublicKey;
use std::{fmt::Display, ops::ControlFlow};

/// A backend that draws the tokens of answers.
pub trait TokenBackend: Send + Sync + 'static {
    /// Draws the tokens that follow a prompt, and hands each out as soon as it is known.
    ///
    /// # Errors
    /// [`Failure`] with a reason for the log.
    fn generate(
        &self,
        query: &Query<'_>,
        steps: &mut dyn FnMut(GeneratedToken) -> ControlFlow<()>,
    ) -> Result<GenerationEnd, Failure>;
}

/// Draws on this machine.
impl TokenBackend for Model {
    fn generate(
        &self,
        query: &Query<'_>,
        steps: &mut dyn FnMut(GeneratedToken) -> ControlFlow<()>,
    ) -> Result<GenerationEnd, Failure> {
        Self::generate(self, query, steps).map_err(|error| failed(&error))
    }
}

pub(crate) fn failed(error: &dyn Display) -> Failure {
    Failure(error.to_string())
}

/// A miner of the text subnet.
#[derive(Clone, Debug)]
pub struct TextMiner<B> {
    /// The model whose vocabulary and limits are used, for any backend.
    model: Model,
    /// The model that it answers for.
    answers_for: ModelHash,
    /// Its hotkey, which decides on its noise.
    hotkey: PublicKey,
    backend: B,
}

impl TextMiner<Model> {
    /// Returns a miner that draws with the model itself.
    pub fn local(model: Model, hotkey: PublicKey) -> Self {
        Self { answers_for: model.hash(), hotkey, backend: model.clone(), model }
    }

    /// Returns the same miner, which writes with another model and does not say so.
    pub(crate) fn secretly_with(&self, other: &Model) -> Self {
        Self { model: other.clone(), backend: other.clone(), ..*self }
    }
}

impl<B: TokenBackend> TextMiner<B> {
    /// Returns a miner that draws with this backend, which must give the same tokens as the model.
    pub fn with_backend(model: Model, hotkey: PublicKey, backend: B) -> Self {
        Self { answers_for: model.hash(), model, hotkey, backend }
    }

    /// Answers a challenge [line by line](lines).
    ///
    /// # Errors
    /// [`Failure`] if the challenge is for another model, does not fit this one, or the backend fails.
    pub fn lines(
        &self,
        challenge: &TextChallenge,
        each: &mut dyn FnMut(AnswerLine) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        if challenge.model != self.answers_for {
            let (asked, ours) = (challenge.model, self.answers_for);
            return Err(Failure(format!("asked for the model {asked}, and this is {ours}")));
        }
        let prompt = self.model.encode(&challenge.prompt).map_err(|error| failed(&error))?;
        lines(&self.model, &self.backend, &challenge.query(&prompt, self.hotkey), each)
    }
}

/// Writes an answer, line by line, with the words of this model and the tokens of this backend.
///
/// # Errors
/// [`Failure`] of the backend, or of a token that the model does not have.
pub fn lines(
    model: &Model,
    backend: &impl TokenBackend,
    query: &Query<'_>,
    each: &mut dyn FnMut(AnswerLine) -> ControlFlow<()>,
) -> Result<(), Failure> {
    let mut decoder = model.decoder();
    let mut wrong = Ok(());
    let mut give = |GeneratedToken { token, logprob }: GeneratedToken| match decoder.push(token) {
        Ok(text) => each(AnswerLine::Token(Token { token, logprob, text })),
        Err(error) => {
            wrong = Err(failed(&error));
            ControlFlow::Break(())
        }
    };
    let finish = backend.generate(query, &mut give)?;
    wrong?;
    let finish = match finish {
        GenerationEnd::Stop => FinishReason::Stop,
        GenerationEnd::Length => FinishReason::Length,
        GenerationEnd::Interrupted => return Ok(()),
    };
    // The receiver may have stopped listening.
    let _ = each(AnswerLine::End(EndLine { finish }));
    Ok(())
}

impl<B: TokenBackend> myelin_subnet_kit::Miner<TextTask> for TextMiner<B> {
    fn answer(&self, _: TextChallenge) -> Result<TextAnswer, Failure> {
        Err(Failure::from("answers of this task are streams"))
    }

    fn stream(
        &self,
        challenge: TextChallenge,
        pieces: &mut dyn FnMut(Vec<u8>) -> ControlFlow<()>,
    ) -> Result<(), Failure> {
        let mut has_numbers = true;
        self.lines(&challenge, &mut |line| {
            let Some(bytes) = line.to_bytes() else {
                has_numbers = false;
                return ControlFlow::Break(());
            };
            pieces(bytes)
        })?;
        let odd = "the model gives no probabilities: its weights are damaged";
        if has_numbers { Ok(()) } else { Err(Failure::from(odd)) }
    }
}
