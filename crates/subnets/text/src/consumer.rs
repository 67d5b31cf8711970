//! Asking the network: a question goes to a validator, which takes it to its best miners.

use crate::{
    answer::{AnswerLine, EndLine, FinishReason, MAX_LINE, Token},
    challenge::TextChallenge,
    evidence::{Evidence, miner_said},
    gate::{AnswerReport, GateLine, MinerRef, ask_class},
    task::message,
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::{AskError, Dendrite, LineTooLong, Lines, Peer};
use myelin_wire::{PublicKey, Synapse, class::Mismatch};
use std::time::Duration;

/// The bytes a line of a validator may have: a receipt holds three signed texts.
const MAX_SAID: usize = 64 * 1024;

/// What is heard while an answer comes.
#[derive(Clone, Debug, PartialEq)]
pub enum AskEvent {
    /// This miner is asked. What came before is void: the next answer may be another text.
    Asking(MinerRef),
    /// A token.
    Token(Token),
    /// This validator has no answer, and the next one is asked.
    NoAnswer {
        /// Which.
        validator: PublicKey,
        /// Why.
        why: AskFailure,
    },
}

/// A whole answer, and what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerAnswer {
    /// The validator that was asked.
    pub validator: PublicKey,
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Why there are no more.
    pub ending: FinishReason,
    /// What the validator says of it.
    pub report: AnswerReport,
    /// Whether the receipt shows, without trust in the validator, that the miner said exactly this.
    pub miner_signed: bool,
    /// What shows all this to anybody, if the validator signed it.
    pub evidence: Option<Evidence>,
}

impl ConsumerAnswer {
    /// The text.
    pub fn text(&self) -> String {
        self.tokens.iter().map(|token| token.text.as_str()).collect()
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AskFailure {
    /// There is nobody to ask.
    #[error("no validator can be asked")]
    NoValidator,
    /// The validator cannot be asked, or broke off.
    #[error(transparent)]
    Asking(#[from] AskError),
    /// What it says makes no sense.
    #[error("the validator says what makes no sense: {0}")]
    Nonsense(String),
    /// It has no answer, and says why.
    #[error("the validator has no answer: {0}")]
    Refused(String),
    /// The question is none.
    #[error("the question cannot be asked: {0}")]
    Question(Mismatch),
}

impl Diagnostic for AskFailure {
    fn code(&self) -> &'static str {
        "no-answer"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::NoValidator | Self::Asking(_) => out.push("look up who validates and serves"),
            Self::Nonsense(_) => out.push("ask another validator"),
            Self::Refused(_) => out.push("ask again, or another validator"),
            Self::Question(_) => {}
        }
    }
}

impl From<serde_json::Error> for AskFailure {
    fn from(error: serde_json::Error) -> Self {
        Self::Nonsense(error.to_string())
    }
}

impl From<LineTooLong> for AskFailure {
    fn from(_: LineTooLong) -> Self {
        Self::Nonsense("its lines are too long".to_owned())
    }
}

/// Asks validators, in this order, until one has an answer. `heard` is told what comes, as it comes.
///
/// # Errors
/// [`AskFailure`]: of a validator that says why it has no answer if there is one, otherwise the last one's.
pub async fn ask(
    dendrite: &Dendrite,
    validators: &[Peer],
    challenge: &TextChallenge,
    patience: Duration,
    heard: &mut dyn FnMut(AskEvent),
) -> Result<ConsumerAnswer, AskFailure> {
    let timeout_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
    let message = message(&ask_class(), challenge, timeout_ms).map_err(AskFailure::Question)?;
    let question = PreparedQuestion { challenge, timeout_ms, message };
    let mut last = AskFailure::NoValidator;
    for validator in validators {
        match ask_one(dendrite, validator, &question, heard).await {
            Ok(told) => return Ok(told),
            Err(error) => {
                heard(AskEvent::NoAnswer { validator: validator.hotkey, why: error.clone() });
                if !matches!(last, AskFailure::Refused(_)) {
                    last = error;
                }
            }
        }
    }
    Err(last)
}

/// What is asked, and how it travels.
struct PreparedQuestion<'a> {
    challenge: &'a TextChallenge,
    timeout_ms: u64,
    message: Synapse,
}

async fn ask_one(
    dendrite: &Dendrite,
    validator: &Peer,
    question: &PreparedQuestion<'_>,
    heard: &mut dyn FnMut(AskEvent),
) -> Result<ConsumerAnswer, AskFailure> {
    let mut stream = dendrite.ask_stream(validator, &question.message).await?;
    let (mut lines, mut listener) = (Lines::new(MAX_SAID), AnswerReader::default());
    let (mut said, mut groups) = (Vec::new(), Vec::new());
    while let Some(piece) = stream.next().await? {
        groups.push(u32::try_from(piece.len()).unwrap_or(u32::MAX));
        said.extend_from_slice(&piece);
        lines.push(&piece);
        while let Some(line) = lines.next_line()? {
            listener.read_line(line, heard)?;
        }
    }
    if !lines.is_at_end_of_line() {
        return Err(AskFailure::Nonsense("its last line has no end".to_owned()));
    }
    if stream.is_broken() {
        return Err(AskFailure::Asking(AskError::Cut("the validator broke the stream off".to_owned())));
    }
    let AnswerReader { lines, tokens, ending, report, .. } = listener;
    let (Some(ending), Some(report)) = (ending, report) else {
        return Err(AskFailure::Nonsense("its answer has no end".to_owned()));
    };
    let PreparedQuestion { challenge, timeout_ms, .. } = *question;
    let miner_signed = miner_said(&report, validator.hotkey, &lines, challenge).is_ok();
    let evidence = stream.receipt().and_then(|receipt| Evidence::new(challenge, timeout_ms, (said, groups), receipt));
    Ok(ConsumerAnswer { validator: validator.hotkey, tokens, ending, report, miner_signed, evidence })
}

/// What was heard of the answer that counts.
#[derive(Default)]
pub(crate) struct AnswerReader {
    is_asking: bool,
    /// The lines of the miner.
    pub(crate) lines: Vec<Vec<u8>>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) ending: Option<FinishReason>,
    pub(crate) report: Option<AnswerReport>,
}

impl AnswerReader {
    pub(crate) fn read_line(&mut self, line: Vec<u8>, heard: &mut dyn FnMut(AskEvent)) -> Result<(), AskFailure> {
        let nonsense = |what: &str| Err(AskFailure::Nonsense(what.to_owned()));
        let said = line.strip_suffix(b"\n").unwrap_or(&line);
        if self.report.is_some() {
            return nonsense("it goes on after its report");
        }
        match serde_json::from_slice(said)? {
            GateLine::Asked(asked) => {
                *self = Self { is_asking: true, ..Self::default() };
                heard(AskEvent::Asking(asked.asked));
            }
            GateLine::Failed(failed) => return Err(AskFailure::Refused(failed.failed)),
            _ if !self.is_asking => return nonsense("it answers without a miner"),
            GateLine::Token(_) | GateLine::End(_) if self.ending.is_some() => {
                return nonsense("the answer goes on after its end");
            }
            GateLine::Token(_) | GateLine::End(_) if line.len() > MAX_LINE => {
                return nonsense("its lines are too long");
            }
            GateLine::Token(token) => {
                if let Err(error) = AnswerLine::read(said) {
                    return nonsense(&error.to_string());
                }
                self.lines.push(line);
                self.tokens.push(token.clone());
                heard(AskEvent::Token(token));
            }
            GateLine::End(EndLine { finish }) => {
                self.lines.push(line);
                self.ending = Some(finish);
            }
            GateLine::Closing(_) if self.ending.is_none() => return nonsense("it reports on half an answer"),
            GateLine::Closing(closing) => self.report = Some(closing.report),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(lines: &[&str]) -> (Result<(), AskFailure>, Vec<AskEvent>, AnswerReader) {
        let (mut listener, mut all) = (AnswerReader::default(), Vec::new());
        let mut heard = |what| all.push(what);
        let result = lines.iter().try_for_each(|line| listener.read_line(format!("{line}\n").into_bytes(), &mut heard));
        (result, all, listener)
    }

    const ASKED: &str = r#"{"asked":{"uid":3,"hotkey":"5F"}}"#;
    const TOKEN: &str = r#"{"token":1,"logprob":-1.0,"text":" a"}"#;
    const END: &str = r#"{"finish":"stop"}"#;

    #[test]
    fn another_miner_makes_what_came_before_void() {
        let (result, heard, listener) = hear(&[ASKED, TOKEN, TOKEN, ASKED, TOKEN, END]);
        assert_eq!(result, Ok(()));
        assert_eq!(heard.len(), 5);
        assert_eq!((listener.tokens.len(), listener.lines.len()), (1, 2));
    }

    #[test]
    fn what_makes_no_sense_is_not_an_answer() {
        for lines in [[TOKEN].as_slice(), &[END], &[ASKED, END, TOKEN], &[ASKED, END, END], &["{}"], &[ASKED, "x"]] {
            assert!(matches!(hear(lines).0, Err(AskFailure::Nonsense(_))), "{lines:?}");
        }
        let refused = hear(&[ASKED, TOKEN, r#"{"failed":"busy"}"#]).0;
        assert_eq!(refused, Err(AskFailure::Refused("busy".to_owned())));
    }
}
