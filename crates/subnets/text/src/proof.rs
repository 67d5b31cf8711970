//! The proof: a check that a model and a seed give an answer.
//!
//! The verifier knows the query and the answer, so it needs no loop. One pass over the prompt and the answer computes
//! all tokens together, and gives the logits from which each token was drawn. The verifier checks some positions,
//! chosen by a seed that the miner does not know:
//!
//! * the token is the one that these logits and the noise of this position give, or would be if logits differed by at
//!   most [`Tolerance::gap_micro`];
//! * the probability that the miner claims for it is the model's, to [`Tolerance::logprob_micro`].
//!
//! The end of the answer costs nothing to check. An answer ends at the requested length, or at a token that ends
//! answers, which is always among the checked ones.
//!
//! The origin and the limits of the tolerance: `docs/text-subnet.md`, "Proof".

use crate::{
    GeneratedToken, GenerationEnd, Model, ModelError, Query,
    model::Session,
    sampling::{Noise, TokenDraw},
};
use myelin_sources::random::Random;
use std::fmt;

/// Positions whose logits are held at once.
const ROWS: usize = 64;

/// The extent of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofCheck {
    /// The seed that chooses the positions. It must not be known before the answer is.
    pub seed: u64,
    /// The number of positions, besides the first and the one that ends the answer. A short answer is checked whole.
    pub positions: usize,
    /// The tolerance for honest miners.
    pub tolerance: Tolerance,
}

impl ProofCheck {
    /// Returns a check of this many positions, chosen by a seed, with the usual tolerance.
    pub const fn new(seed: u64, positions: usize) -> Self {
        Self { seed, positions, tolerance: Tolerance::F32 }
    }

    /// Returns the positions to check of an answer of this length, in order.
    ///
    /// The first position is always among them: the wait for it counts, so it must be right. All others are equally
    /// likely.
    fn choose(&self, length: usize, finish: GenerationEnd) -> Vec<usize> {
        let mut random = Random::new("myelin-check/1", &[self.seed]);
        let mut places: Vec<usize> = (0..length).collect();
        let count = self.positions.min(length);
        for place in 0..count {
            places.swap(place, place + random.below(length - place));
        }
        places.truncate(count);
        places.extend((length > 0).then_some(0));
        if finish == GenerationEnd::Stop {
            places.extend(length.checked_sub(1));
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

/// The greatest differences between honest miners, in millionths.
///
/// The numbers are integers, so that they are equal for all parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// The largest gap of a token to the drawn one, in millionths of a logit.
    pub gap_micro: u32,
    /// The largest error of the claimed logarithm of a token's probability, in millionths.
    pub logprob_micro: u32,
}

impl Tolerance {
    /// The tolerance for computations in `f32`, for any order of sums.
    pub const F32: Self = Self::new(1_000);

    /// Returns the tolerance for claimed logarithms with this error. A comparison of two logits has twice the error.
    pub const fn new(logprob_micro: u32) -> Self {
        Self { gap_micro: logprob_micro.saturating_mul(2), logprob_micro }
    }

    fn gap(self) -> f64 {
        f64::from(self.gap_micro) / 1e6
    }

    fn logprob(self) -> f64 {
        f64::from(self.logprob_micro) / 1e6
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProofResult {
    /// Positions that were computed.
    pub checked: usize,
    /// Positions whose token is within tolerance, but not the one drawn here.
    pub ties: usize,
    /// The largest gap of such a token, in logits.
    pub gap: f64,
    /// The largest error of a claimed probability's logarithm, over the positions before a fault.
    pub deviation: f64,
    /// The fault of the answer, or `None` if it is genuine.
    pub fault: Option<AnswerFault>,
}

impl ProofResult {
    /// Returns true if the answer has no fault.
    pub const fn is_genuine(&self) -> bool {
        self.fault.is_none()
    }

    const fn without_computing(fault: AnswerFault) -> Self {
        Self { checked: 0, ties: 0, gap: 0.0, deviation: 0.0, fault: Some(fault) }
    }
}

/// The fault of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnswerFault {
    /// An early end: without a token that ends answers, and below the requested length.
    Truncated {
        /// The number of its tokens.
        length: usize,
        /// The requested number of tokens.
        wanted: usize,
    },
    /// An answer longer than requested, or with tokens after one that ends answers.
    Overrun {
        /// The position at which it should have ended.
        position: usize,
    },
    /// A token that the model does not have.
    UnknownToken {
        /// The position.
        position: usize,
        /// The token.
        token: u32,
    },
    /// A token that this model and this seed do not give.
    Token {
        /// The position.
        position: usize,
        /// Its gap to the drawn token, in logits.
        gap: f64,
    },
    /// A probability that this model does not give.
    Probability {
        /// The position.
        position: usize,
        /// The claimed logarithm.
        claimed: f32,
        /// The model's logarithm.
        computed: f32,
    },
}

impl fmt::Display for AnswerFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { length, wanted } => {
                write!(out, "it ends after {length} of {wanted} tokens, without an end")
            }
            Self::Overrun { position } => write!(out, "it goes on after token {position}, where it ends"),
            Self::UnknownToken { position, token } => write!(out, "token {position} is {token}, which does not exist"),
            Self::Token { position, gap } => {
                write!(out, "token {position} is not what the model gives for this seed, by {gap:.4}")
            }
            Self::Probability { position, claimed, computed } => {
                write!(out, "token {position} has the log-probability {computed:.4}, and not {claimed:.4}")
            }
        }
    }
}

/// Checks an answer to a query.
///
/// # Errors
/// [`ModelError`] for a fault of the query or the model, as [`Model::generate`]. A fault of the answer is in the
/// result.
pub fn verify(
    model: &Model,
    query: &Query<'_>,
    steps: &[GeneratedToken],
    finish: GenerationEnd,
    check: &ProofCheck,
) -> Result<ProofResult, ModelError> {
    let mut session = Session::new(model, query.prompt.len().saturating_add(query.max_tokens))?;
    if let Some(fault) = misshapen(model, query, steps, finish) {
        return Ok(ProofResult::without_computing(fault));
    }
    let positions = check.choose(steps.len(), finish);
    let mut verdict = ProofResult { checked: 0, ties: 0, gap: 0.0, deviation: 0.0, fault: None };
    let Some(last) = positions.last() else { return Ok(verdict) };

    let answered = steps.iter().take(*last).map(|step| step.token);
    let text: Vec<u32> = query.prompt.iter().copied().chain(answered).collect();
    let hidden = session.feed(&text)?;
    let tolerance = check.tolerance;
    // Vocabularies are large, so not all logits are held at once.
    for positions in positions.chunks(ROWS) {
        let rows: Vec<usize> = positions.iter().map(|position| query.prompt.len() - 1 + position).collect();
        for (position, logits) in positions.iter().copied().zip(session.logits(&hidden, &rows)?) {
            let Some(GeneratedToken { token, logprob: claimed }) = steps.get(position).copied() else { continue };
            let draw = TokenDraw::new(&logits, query.sampling, Noise::new(query.seed, position));
            let drawn = draw.token().ok_or(ModelError::NotFinite)?;
            let gap = draw.gap(token, tolerance.gap()).unwrap_or(f64::INFINITY);
            let computed = draw.logprob(token).ok_or(ModelError::NotFinite)?;
            let deviation = (f64::from(claimed) - f64::from(computed)).abs();
            verdict.checked += 1;
            if gap > tolerance.gap() {
                verdict.fault = Some(AnswerFault::Token { position, gap });
            } else if deviation.is_nan() || deviation > tolerance.logprob() {
                verdict.fault = Some(AnswerFault::Probability { position, claimed, computed });
            }
            if verdict.fault.is_some() {
                return Ok(verdict);
            }
            verdict.ties += usize::from(drawn != token);
            verdict.gap = verdict.gap.max(gap);
            verdict.deviation = verdict.deviation.max(deviation);
        }
    }
    Ok(verdict)
}

/// Returns a fault that is visible without the model's weights.
fn misshapen(model: &Model, query: &Query<'_>, steps: &[GeneratedToken], finish: GenerationEnd) -> Option<AnswerFault> {
    let (length, wanted) = (steps.len(), query.max_tokens);
    if length > wanted {
        return Some(AnswerFault::Overrun { position: wanted });
    }
    for (position, step) in steps.iter().enumerate() {
        if step.token as usize >= model.vocabulary() {
            return Some(AnswerFault::UnknownToken { position, token: step.token });
        }
        if model.ends(step.token) && position + 1 < length {
            return Some(AnswerFault::Overrun { position });
        }
    }
    let ended = steps.last().is_some_and(|step| model.ends(step.token));
    let complete = match finish {
        GenerationEnd::Stop => ended,
        GenerationEnd::Length => length == wanted && !ended,
        GenerationEnd::Interrupted => false,
    };
    (!complete).then_some(AnswerFault::Truncated { length, wanted })
}
