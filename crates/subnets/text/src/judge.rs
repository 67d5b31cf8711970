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
    settings::ConsumerSettings,
    task::TextTask,
};
use myelin_primitives::{BlockNumber, Fraction};
use myelin_subnet_kit::{Exchange, Judge, Reply, SeatKey, Verdict};
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

/// The block in which a hotkey took its seat, if it has one.
type SeatLookup = Box<dyn Fn(PublicKey) -> Option<BlockNumber> + Send + Sync>;

/// The judge of the text subnet.
pub struct TextJudge {
    model: Model,
    drawing: ChallengeDraw,
    checked: usize,
    tolerance: Tolerance,
    /// The secret that decides on the recomputed tokens, so that no miner can foresee them.
    secret: u64,
    reputations: Arc<Reputations>,
    seats: SeatLookup,
    /// The settings of the questions that were answered, from which those of challenges are drawn.
    asked: ConsumerSettings,
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
        Self {
            model,
            drawing,
            checked: CHECKED,
            tolerance: Tolerance::F32,
            secret,
            reputations,
            seats: Box::new(|_| Some(0)),
            asked: ConsumerSettings::default(),
            listener: None,
        }
    }

    /// Sets the lookup of the block in which a hotkey took its seat. By default all have one since block 0.
    #[must_use]
    pub fn with_seats(mut self, seats: impl Fn(PublicKey) -> Option<BlockNumber> + Send + Sync + 'static) -> Self {
        self.seats = Box::new(seats);
        self
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
        self.note_all(self.seat(miner).map(|seat| (seat, conduct)));
    }

    fn note_all(&self, conducts: impl IntoIterator<Item = (SeatKey, RoundConduct)>) {
        if let Err(error) = self.reputations.note(conducts) {
            tracing::error!(%error, "reputations are not kept");
        }
    }

    /// Returns the seat of a miner, to which its reputation belongs.
    fn seat(&self, miner: PublicKey) -> Option<SeatKey> {
        Some((miner, (self.seats)(miner)?))
    }

    /// Records the settings of a consumer's question that was answered. Challenges take them over.
    pub fn note_question(&self, question: &TextChallenge) {
        self.asked.push(question);
    }

    /// Returns true if challenges look like this question, so that a miner that fails it fails challenges too.
    pub fn is_usual(&self, question: &TextChallenge) -> bool {
        self.drawing.covers(question) || self.asked.covers(question)
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
        let mut challenge = self.drawing.draw(seed, miner, self.asked.draw(seed));
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
        match self.rank(&alone).pop() {
            Some(Verdict::Score(score)) => score,
            Some(Verdict::Abstain) | None => Fraction::ZERO,
        }
    }

    fn rank(&self, round: &[Exchange<TextTask>]) -> Vec<Verdict> {
        let looked: Vec<_> = round.iter().map(|exchange| self.examine_exchange(exchange)).collect();
        let seats: Vec<_> = round.iter().map(|(challenge, _)| self.seat(challenge.miner?)).collect();
        let conducts = seats.iter().zip(&looked);
        self.note_all(conducts.filter_map(|(seat, looked)| Some(((*seat)?, looked.as_ref()?.conduct))));
        let length = AnswerLength {
            asked: round.first().map_or(0, |(challenge, _)| challenge.max_tokens),
            longest: self.drawing.longest(),
        };
        let work = |(seat, looked): (Option<SeatKey>, &Option<ExaminedAnswer>)| {
            Some((looked.as_ref()?.work?, self.reputations.of(seat?)))
        };
        let works: Vec<_> = seats.into_iter().zip(&looked).map(work).collect();
        let verdict = |(score, looked): (Fraction, Option<ExaminedAnswer>)| match looked {
            Some(_) => Verdict::Score(score),
            // An answer that cannot be examined is no fault of its miner.
            None => Verdict::Abstain,
        };
        scores(length, &works).into_iter().zip(looked).map(verdict).collect()
    }
}

impl fmt::Debug for TextJudge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Examiner").field("model", &self.model).field("drawing", &self.drawing).finish_non_exhaustive()
    }
}
