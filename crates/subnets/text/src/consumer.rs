//! The client of a consumer: it sends a question to a validator, which asks its best miners.

use crate::{
    answer::{AnswerLine, EndLine, FinishReason, MAX_LINE, Token},
    challenge::TextChallenge,
    evidence::{Evidence, miner_said},
    gate::{AnswerReport, GateLine, MinerRef, ReportLine, ask_class},
    task::message,
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::{AskError, Dendrite, LineTooLong, Lines, Peer};
use myelin_wire::{PeerText, PublicKey, Synapse, class::Mismatch};
use std::time::Duration;

/// The longest line of a validator, in bytes. A receipt has three signed texts.
const MAX_SAID: usize = 64 * 1024;

/// An event while an answer arrives.
#[derive(Clone, Debug, PartialEq)]
pub enum AskEvent {
    /// The validator asks this miner. Earlier tokens are void, because the next answer may have another text.
    Asking(MinerRef),
    /// A token.
    Token(Token),
    /// This validator has no answer, and the next one is asked.
    NoAnswer {
        /// The hotkey of the validator.
        validator: PublicKey,
        /// The cause.
        why: AskFailure,
    },
}

/// A whole answer and its proofs.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsumerAnswer {
    /// The hotkey of the validator.
    pub validator: PublicKey,
    /// The tokens of the answer.
    pub tokens: Vec<Token>,
    /// The reason of the end.
    pub ending: FinishReason,
    /// The validator's report of the answer.
    pub report: AnswerReport,
    /// True if the receipt proves, without trust in the validator, that the miner sent exactly this answer.
    pub miner_signed: bool,
    /// The evidence for third parties, if the validator signed its answer.
    pub evidence: Option<Evidence>,
}

impl ConsumerAnswer {
    /// Returns the text of the answer.
    pub fn text(&self) -> String {
        self.tokens.iter().map(|token| token.text.as_str()).collect()
    }
}

/// A question without an answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AskFailure {
    /// There is no validator to ask.
    #[error("no validator can be asked")]
    NoValidator,
    /// The request to the validator failed.
    #[error(transparent)]
    Asking(#[from] AskError),
    /// The reply of the validator is malformed.
    #[error("the reply of the validator is malformed: {0}")]
    Nonsense(PeerText),
    /// The validator has no answer, for this reason.
    #[error("the validator has no answer: {0}")]
    Refused(PeerText),
    /// The question is invalid.
    #[error("the question is invalid: {0}")]
    Question(Mismatch),
}

impl Diagnostic for AskFailure {
    fn code(&self) -> &'static str {
        "no-answer"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::NoValidator | Self::Asking(_) => out.push("look up the validators that serve"),
            Self::Nonsense(_) => out.push("ask another validator"),
            Self::Refused(_) => out.push("ask again, or ask another validator"),
            Self::Question(_) => {}
        }
    }
}

impl From<serde_json::Error> for AskFailure {
    fn from(error: serde_json::Error) -> Self {
        Self::Nonsense(error.to_string().into())
    }
}

impl From<LineTooLong> for AskFailure {
    fn from(_: LineTooLong) -> Self {
        Self::Nonsense("a line is too long".into())
    }
}

/// Asks validators in this order until one has an answer. Events are passed to `heard` as they occur.
///
/// # Errors
/// [`AskFailure::Refused`] of the first validator with a reason, otherwise the error of the last validator.
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
        dendrite.keep(validator);
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

/// A question, and the message that carries it.
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
        return Err(AskFailure::Nonsense("the last line has no end".into()));
    }
    if stream.is_broken() {
        return Err(AskFailure::Asking(AskError::Cut("the validator broke the stream off".into())));
    }
    let AnswerReader { lines, tokens, ending, report, .. } = listener;
    let (Some(ending), Some(report)) = (ending, report) else {
        return Err(AskFailure::Nonsense("the answer has no end".into()));
    };
    let PreparedQuestion { challenge, timeout_ms, .. } = *question;
    let validated = (validator.hotkey, dendrite.asked_place());
    let miner_signed = miner_said(&report, validated, &lines, challenge).is_ok();
    let evidence = stream.receipt().and_then(|receipt| Evidence::new(challenge, timeout_ms, (said, groups), receipt));
    Ok(ConsumerAnswer { validator: validator.hotkey, tokens, ending, report, miner_signed, evidence })
}

/// A reader of the lines of a validator. It keeps the last answer only.
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
        let nonsense = |what: &str| Err(AskFailure::Nonsense(what.into()));
        let said = line.strip_suffix(b"\n").unwrap_or(&line);
        if self.report.is_some() {
            return nonsense("a line follows the report");
        }
        match serde_json::from_slice(said)? {
            GateLine::Asked(asked) => {
                *self = Self { is_asking: true, ..Self::default() };
                heard(AskEvent::Asking(MinerRef { hotkey: shown(&asked.asked.hotkey), ..asked.asked }));
            }
            GateLine::Failed(failed) => return Err(AskFailure::Refused(failed.failed.into())),
            _ if !self.is_asking => return nonsense("an answer without a miner"),
            GateLine::Token(_) | GateLine::End(_) if self.ending.is_some() => {
                return nonsense("a token follows the end of the answer");
            }
            GateLine::Token(_) | GateLine::End(_) if line.len() > MAX_LINE => {
                return nonsense("a line is too long");
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
            GateLine::Closing(_) if self.ending.is_none() => return nonsense("a report on an incomplete answer"),
            GateLine::Closing(closing) => {
                let ReportLine { report } = *closing;
                let (hotkey, model) = (shown(&report.hotkey), shown(&report.model));
                self.report = Some(AnswerReport { hotkey, model, ..report });
            }
        }
        Ok(())
    }
}

/// Returns a name that a validator chose as a text that can be shown. An address and a hash stay as they are.
fn shown(text: &str) -> String {
    PeerText::new(text).to_string()
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
        assert_eq!(refused, Err(AskFailure::Refused("busy".into())));
    }

    #[test]
    fn nh_20_texts_of_a_validator_are_short_and_command_no_terminal() {
        let long = "\\u001b[2J".repeat(100_000);
        let (refused, ..) = hear(&[ASKED, &format!(r#"{{"failed":"{long}"}}"#)]);
        let refused = refused.unwrap_err().to_string();
        let (result, heard, _) = hear(&[&format!(r#"{{"asked":{{"uid":3,"hotkey":"{long}"}}}}"#)]);
        assert_eq!(result, Ok(()));
        let [AskEvent::Asking(miner)] = heard.as_slice() else { panic!("{heard:?}") };
        for text in [refused.as_str(), &miner.hotkey] {
            assert!(text.chars().count() < 300 && !text.chars().any(char::is_control), "{text}");
        }
    }
}
