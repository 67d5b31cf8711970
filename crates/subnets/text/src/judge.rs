//! Judging: is it what the model writes, and how long did it take?

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

/// The tokens of an answer that are recomputed, unless told otherwise.
pub const CHECKED: usize = 32;

/// What was found out about an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The model wrote it.
    Genuine {
        /// How many tokens were recomputed.
        checked: usize,
    },
    /// The model did not write it; the text says why.
    Wrong(String),
}

/// A miner was judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The miner.
    pub miner: PublicKey,
    /// What its answer is; nothing if there is none.
    pub finding: Option<Finding>,
    /// The tokens of the answer.
    pub tokens: usize,
}

/// Told of every judgement, on the thread that judges.
type JudgementSink = Box<dyn Fn(Judgement) + Send + Sync>;

/// The judge of the text subnet.
pub struct TextJudge {
    model: Model,
    drawing: ChallengeDraw,
    checked: usize,
    tolerance: Tolerance,
    /// What nobody else knows, so that nobody knows which tokens are recomputed.
    secret: u64,
    reputations: Arc<Reputations>,
    listener: Option<JudgementSink>,
}

impl TextJudge {
    /// A judge that knows this model and draws like this. `secret` decides which tokens are recomputed: let it be
    /// random.
    ///
    /// No more tokens are asked for than half of what the model can look back on, so that prompts have room.
    pub fn new(model: Model, drawing: ChallengeDraw, secret: u64, reputations: Arc<Reputations>) -> Self {
        let most = u16::try_from(model.context_length() / 2).unwrap_or(u16::MAX).max(1);
        let (least, longest) = drawing.lengths.clone().into_inner();
        let drawing = ChallengeDraw { lengths: least.min(most)..=longest.min(most), ..drawing };
        Self { model, drawing, checked: CHECKED, tolerance: Tolerance::F32, secret, reputations, listener: None }
    }

    /// Recomputes so many tokens of each answer.
    #[must_use]
    pub const fn with_checked_tokens(mut self, tokens: usize) -> Self {
        self.checked = tokens;
        self
    }

    /// Lets honest miners differ by so much.
    #[must_use]
    pub const fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Tells of every judgement.
    #[must_use]
    pub fn with_judgement_sink(mut self, listener: impl Fn(Judgement) + Send + Sync + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// The model whose answers count.
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// How reliable miners are.
    pub const fn reputations(&self) -> &Arc<Reputations> {
        &self.reputations
    }

    /// Whether the model wrote this for this miner. Takes about as long as writing a part of it.
    ///
    /// # Errors
    /// If the model cannot be computed with, which says nothing about the answer.
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

    /// Takes down what was found out about a miner outside of a round.
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
                    // It may as well be the fault of this machine: nothing is held against the miner, and nothing for
                    // it.
                    tracing::error!(%error, ?miner, "an answer could not be examined");
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

/// Whether this model wrote this for this miner.
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
    // Only of tokens that exist, and of no more than were asked for.
    Ok(match first_wrong_text(model, &answer.tokens)? {
        None => Finding::Genuine { checked: verdict.checked },
        Some(at) => Finding::Wrong(format!("the text of token {at} is not that token's")),
    })
}

/// The first token whose text is another's.
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
            // Words may have more tokens than there is room for.
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
        // When nobody answers, the way is broken on this side.
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
