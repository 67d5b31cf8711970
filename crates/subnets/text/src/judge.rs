//! The judge, which checks that the model wrote an answer, and measures its time.

use crate::{
    Model, ModelError,
    answer::{TextAnswer, Token},
    challenge::TextChallenge,
    draw::ChallengeDraw,
    gate::fits,
    proof::{ProofCheck, Tolerance, verify},
    reputation::{Reputations, RoundConduct},
    score::{AnswerLength, AnswerWork, scores},
    task::TextTask,
};
use myelin_primitives::Fraction;
use myelin_subnet_kit::{Exchange, Judge, Reply};
use myelin_wire::PublicKey;
use std::{fmt, sync::Arc};

/// The default number of recomputed tokens of an answer.
pub const CHECKED: usize = 32;

/// The finding about an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The model wrote the answer.
    Genuine {
        /// The number of recomputed tokens.
        checked: usize,
    },
    /// The model did not write the answer, for the reason in the text.
    Wrong(String),
}

/// The judgement of a miner.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The miner.
    pub miner: PublicKey,
    /// The finding about its answer, or `None` without an answer.
    pub finding: Option<Finding>,
    /// The tokens of the answer.
    pub tokens: usize,
}

/// A receiver of judgements, called on the thread that judges.
type JudgementSink = Box<dyn Fn(Judgement) + Send + Sync>;

/// The judge of the text subnet.
pub struct TextJudge {
    model: Model,
    drawing: ChallengeDraw,
    checked: usize,
    tolerance: Tolerance,
    /// The secret that decides on the recomputed tokens, so that no miner can foresee them.
    secret: u64,
    reputations: Arc<Reputations>,
    listener: Option<JudgementSink>,
}

impl TextJudge {
    /// Returns a judge with this model and this rule of drawing challenges.
    ///
    /// `secret` decides on the recomputed tokens and must be random. Challenges ask for at most half of the model's
    /// context, so that prompts have room.
    pub fn new(model: Model, drawing: ChallengeDraw, secret: u64, reputations: Arc<Reputations>) -> Self {
        let most = u16::try_from(model.context_length() / 2).unwrap_or(u16::MAX).max(1);
        let (least, longest) = drawing.lengths.clone().into_inner();
        let drawing = ChallengeDraw { lengths: least.min(most)..=longest.min(most), ..drawing };
        Self { model, drawing, checked: CHECKED, tolerance: Tolerance::F32, secret, reputations, listener: None }
    }

    /// Recomputes this many tokens of each answer.
    #[must_use]
    pub const fn with_checked_tokens(mut self, tokens: usize) -> Self {
        self.checked = tokens;
        self
    }

    /// Sets the tolerance for honest miners.
    #[must_use]
    pub const fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Sends all judgements to a receiver.
    #[must_use]
    pub fn with_judgement_sink(mut self, listener: impl Fn(Judgement) + Send + Sync + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Returns the model whose answers count.
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// Returns the reputations of miners.
    pub const fn reputations(&self) -> &Arc<Reputations> {
        &self.reputations
    }

    /// Examines an answer: whether the model wrote it for this miner. It takes about as long as writing a part of it.
    ///
    /// # Errors
    /// [`ModelError`] if the model cannot be computed, which is no finding about the answer.
    pub fn examine(
        &self,
        challenge: &TextChallenge,
        miner: PublicKey,
        answer: &TextAnswer,
    ) -> Result<Finding, ModelError> {
        let seed = self.secret ^ challenge.seed;
        let check = ProofCheck { seed, positions: self.checked, tolerance: self.tolerance };
        examine(&self.model, &check, challenge, miner, answer)
    }

    /// Notes the conduct of a miner outside of a round.
    pub fn note(&self, miner: PublicKey, conduct: RoundConduct) {
        if let Err(error) = self.reputations.note([(miner, conduct)]) {
            tracing::error!(%error, "reputations are not kept");
        }
    }

    fn examine_exchange(&self, (challenge, reply): &Exchange<TextTask>) -> Option<ExaminedAnswer> {
        let miner = challenge.miner?;
        let finding = match reply {
            None => None,
            Some(reply) => match self.examine(challenge, miner, &reply.answer) {
                Ok(finding) => Some(finding),
                Err(error) => {
                    // The fault may be of this machine, so the miner gains and loses nothing.
                    tracing::error!(%error, ?miner, "an answer cannot be examined");
                    return None;
                }
            },
        };
        let conduct = match &finding {
            Some(Finding::Genuine { .. }) => RoundConduct::Proven,
            Some(Finding::Wrong(_)) => RoundConduct::Wrong,
            None => RoundConduct::Missing,
        };
        let tokens = reply.as_ref().map_or(0, |reply| reply.answer.tokens.len());
        if let Some(listener) = &self.listener {
            listener(Judgement { miner, finding, tokens });
        }
        let work = reply.as_ref().filter(|_| conduct == RoundConduct::Proven).map(|reply| AnswerWork {
            tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
            first: reply.first,
            elapsed: reply.elapsed,
        });
        Some(ExaminedAnswer { conduct, work })
    }
}

/// Examines an answer with this model.
pub(crate) fn examine(
    model: &Model,
    check: &ProofCheck,
    challenge: &TextChallenge,
    miner: PublicKey,
    answer: &TextAnswer,
) -> Result<Finding, ModelError> {
    let prompt = model.encode(&challenge.prompt)?;
    let verdict = verify(model, &challenge.query(&prompt, miner), &answer.steps(), answer.ending.into(), check)?;
    if let Some(fault) = verdict.fault {
        return Ok(Finding::Wrong(fault.to_string()));
    }
    // All tokens exist, and there are no more than requested.
    Ok(match first_wrong_text(model, &answer.tokens)? {
        None => Finding::Genuine { checked: verdict.checked },
        Some(at) => Finding::Wrong(format!("the text of token {at} is not that token's")),
    })
}

/// Returns the position of the first token with the text of another token.
fn first_wrong_text(model: &Model, tokens: &[Token]) -> Result<Option<usize>, ModelError> {
    let mut decoder = model.decoder();
    for (at, token) in tokens.iter().enumerate() {
        if decoder.push(token.token)? != token.text {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

struct ExaminedAnswer {
    conduct: RoundConduct,
    work: Option<AnswerWork>,
}

impl Judge<TextTask> for TextJudge {
    fn draw(&self, seed: u64, miner: PublicKey) -> TextChallenge {
        let mut challenge = self.drawing.draw(seed, miner);
        while fits(&self.model, &challenge).is_err() {
            // Words may have more tokens than the context has room for.
            let half = challenge.prompt.split_whitespace().count() / 2;
            if half == 0 {
                break;
            }
            challenge.prompt = challenge.prompt.split_whitespace().take(half).collect::<Vec<_>>().join(" ");
        }
        challenge
    }

    fn score(&self, challenge: &TextChallenge, reply: &Reply<TextAnswer>) -> Fraction {
        let alone = [(challenge.clone(), Some(reply.clone()))];
        self.rank(&alone).pop().unwrap_or(Fraction::from_u16(0))
    }

    fn rank(&self, round: &[Exchange<TextTask>]) -> Vec<Fraction> {
        let looked: Vec<_> = round.iter().map(|exchange| self.examine_exchange(exchange)).collect();
        // If no miner answers, the connection of this machine is broken.
        let is_silent =
            looked.len() > 1 && looked.iter().flatten().all(|looked| looked.conduct == RoundConduct::Missing);
        let conducts = round.iter().zip(&looked).filter_map(|((challenge, _), looked)| {
            Some((challenge.miner?, looked.as_ref().filter(|_| !is_silent)?.conduct))
        });
        if let Err(error) = self.reputations.note(conducts) {
            tracing::error!(%error, "reputations are not kept");
        }
        let length = AnswerLength {
            asked: round.first().map_or(0, |(challenge, _)| challenge.max_tokens),
            longest: self.drawing.longest(),
        };
        let works: Vec<_> = round
            .iter()
            .zip(looked)
            .map(|((challenge, _), looked)| Some((looked?.work?, self.reputations.of(challenge.miner?))))
            .collect();
        scores(length, &works)
    }
}

impl fmt::Debug for TextJudge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Examiner").field("model", &self.model).field("drawing", &self.drawing).finish_non_exhaustive()
    }
}
