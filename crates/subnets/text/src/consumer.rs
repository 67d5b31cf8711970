//! Asking the network: a question goes to a validator, which takes it to its best miners.

use crate::{
    answer::{End, Ending, Line, MAX_LINE, Token},
    challenge::Challenge,
    gate::{Report, Said, Whom, ask_class},
    task::fields,
};
use myelin_neuron::{AskError, Dendrite, Peer};
use myelin_wire::{
    Hotkey, Synapse,
    class::Mismatch,
    strict::{Content, Outcome, Receipt},
};
use std::{sync::Arc, time::Duration};

/// The bytes a line of a validator may have: a receipt holds three signed texts.
const MAX_SAID: usize = 64 * 1024;

/// What is heard while an answer comes.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// This miner is asked. What came before is void: the next answer is another text.
    Asking(Whom),
    /// A token.
    Token(Token),
    /// This validator has no answer, and the next one is asked.
    NoAnswer {
        /// Which.
        validator: Hotkey,
        /// Why.
        why: AskFailure,
    },
}

/// A whole answer, and what is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The validator that was asked.
    pub validator: Hotkey,
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Why there are no more.
    pub ending: Ending,
    /// What the validator says of it.
    pub report: Report,
    /// Whether the receipt shows, without trust in the validator, that the miner said exactly this.
    pub miner_signed: bool,
    /// What proves to anybody that the validator told all this.
    pub receipt: Option<Receipt>,
}

impl Told {
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

impl From<serde_json::Error> for AskFailure {
    fn from(error: serde_json::Error) -> Self {
        Self::Nonsense(error.to_string())
    }
}

/// Asks validators, in this order, until one has an answer. `heard` is told what comes, as it comes.
///
/// # Errors
/// [`AskFailure`]: of a validator that says why it has no answer if there is one, otherwise the last one's.
pub async fn ask(
    dendrite: &Dendrite,
    validators: &[Peer],
    challenge: &Challenge,
    patience: Duration,
    heard: &mut dyn FnMut(Heard),
) -> Result<Told, AskFailure> {
    let mut message = Synapse::new(Arc::new(ask_class()), &fields(challenge)).map_err(AskFailure::Question)?;
    message.timeout = Some(patience.as_secs_f64());
    let mut last = AskFailure::NoValidator;
    for validator in validators {
        match ask_one(dendrite, validator, &message, heard).await {
            Ok(told) => return Ok(told),
            Err(error) => {
                heard(Heard::NoAnswer { validator: validator.hotkey, why: error.clone() });
                if !matches!(last, AskFailure::Refused(_)) {
                    last = error;
                }
            }
        }
    }
    Err(last)
}

async fn ask_one(
    dendrite: &Dendrite,
    validator: &Peer,
    message: &Synapse,
    heard: &mut dyn FnMut(Heard),
) -> Result<Told, AskFailure> {
    let mut stream = dendrite.ask_stream(validator, message).await?;
    let (mut rest, mut listener) = (Vec::new(), Listener::default());
    while let Some(piece) = stream.next().await? {
        rest.extend_from_slice(&piece);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = rest.drain(..=end).collect();
            listener.hear(line, heard)?;
        }
        if rest.len() > MAX_SAID {
            return Err(AskFailure::Nonsense("its lines are too long".to_owned()));
        }
    }
    if stream.is_broken() {
        return Err(AskFailure::Asking(AskError::Cut("the validator broke the stream off".to_owned())));
    }
    let Listener { lines, tokens, ending, report, .. } = listener;
    let (Some(ending), Some(report)) = (ending, report) else {
        return Err(AskFailure::Nonsense("its answer has no end".to_owned()));
    };
    let miner_signed = is_signed(&report, validator.hotkey, &lines);
    Ok(Told { validator: validator.hotkey, tokens, ending, report, miner_signed, receipt: stream.receipt() })
}

/// Whether the receipt of a report shows that its miner said these lines to this validator.
fn is_signed(report: &Report, validator: Hotkey, lines: &[Vec<u8>]) -> bool {
    let Some(statement) = report.receipt.as_ref().and_then(|receipt| receipt.verify().ok()) else { return false };
    statement.caller == validator
        && Hotkey::from_ss58(&report.hotkey).is_ok_and(|miner| miner == statement.responder)
        && matches!(statement.content, Content::Stream { outcome: Outcome::Complete, .. })
        && in_groups(&lines.concat(), &report.groups).is_some_and(|groups| statement.is_stream(groups))
}

/// The bytes in groups of these sizes, if they are exactly all of them.
fn in_groups<'a>(mut bytes: &'a [u8], sizes: &[u32]) -> Option<Vec<&'a [u8]>> {
    let mut groups = Vec::with_capacity(sizes.len());
    for size in sizes {
        let (group, rest) = bytes.split_at_checked(usize::try_from(*size).ok()?)?;
        groups.push(group);
        bytes = rest;
    }
    bytes.is_empty().then_some(groups)
}

/// What was heard of the answer that counts.
#[derive(Default)]
struct Listener {
    is_asking: bool,
    lines: Vec<Vec<u8>>,
    tokens: Vec<Token>,
    ending: Option<Ending>,
    report: Option<Report>,
}

impl Listener {
    fn hear(&mut self, line: Vec<u8>, heard: &mut dyn FnMut(Heard)) -> Result<(), AskFailure> {
        let nonsense = |what: &str| Err(AskFailure::Nonsense(what.to_owned()));
        let said = line.strip_suffix(b"\n").unwrap_or(&line);
        if self.report.is_some() {
            return nonsense("it goes on after its report");
        }
        match serde_json::from_slice(said)? {
            Said::Asked(asked) => {
                *self = Self { is_asking: true, ..Self::default() };
                heard(Heard::Asking(asked.asked));
            }
            Said::Failed(failed) => return Err(AskFailure::Refused(failed.failed)),
            _ if !self.is_asking => return nonsense("it answers without a miner"),
            Said::Token(_) | Said::End(_) if self.ending.is_some() => {
                return nonsense("the answer goes on after its end");
            }
            Said::Token(_) | Said::End(_) if line.len() > MAX_LINE => return nonsense("its lines are too long"),
            Said::Token(token) => {
                if let Err(error) = Line::read(said) {
                    return nonsense(&error.to_string());
                }
                self.lines.push(line);
                self.tokens.push(token.clone());
                heard(Heard::Token(token));
            }
            Said::End(End { finish }) => {
                self.lines.push(line);
                self.ending = Some(finish);
            }
            Said::Closing(_) if self.ending.is_none() => return nonsense("it reports on half an answer"),
            Said::Closing(closing) => self.report = Some(closing.report),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(lines: &[&str]) -> (Result<(), AskFailure>, Vec<Heard>, Listener) {
        let (mut listener, mut all) = (Listener::default(), Vec::new());
        let mut heard = |what| all.push(what);
        let result = lines.iter().try_for_each(|line| listener.hear(format!("{line}\n").into_bytes(), &mut heard));
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
    fn groups_are_all_of_the_bytes_or_none() {
        assert_eq!(in_groups(b"abc", &[2, 1]), Some(vec![b"ab".as_slice(), b"c"]));
        assert_eq!(in_groups(b"", &[]), Some(vec![]));
        for sizes in [[1, 1].as_slice(), &[2, 2], &[4], &[]] {
            assert_eq!(in_groups(b"abc", sizes), None);
        }
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
