//! Evidence of a consumer's answer, which third parties can check offline.
//!
//! Evidence contains the question, the whole reply of the validator and its receipt. The receipt of the miner is in the
//! reply. Together they prove that this consumer asked the question, that the validator sent the reply, and that the
//! miner gave the answer to the same question. A holder of the model can also check that the answer is right. See spec
//! signed-requests §9.

use crate::{
    Model, ModelError, Sampling,
    answer::TextAnswer,
    challenge::TextChallenge,
    consumer::AnswerReader,
    gate::{AnswerReport, ask_class},
    judge::{Finding, examine},
    proof::{ProofCheck, Tolerance},
    task::{TextTask, message},
};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::request_body;
use myelin_subnet_kit::Task;
use myelin_wire::{
    PublicKey, UnixNanos,
    class::Class,
    strict::{Content, Place, Receipt, ReceiptError, Statement, StreamOutcome},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name and version of the format.
const FORM: &str = "myelin-text-evidence/1";

/// The evidence of one answer, as a consumer stores it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    form: String,
    question: QuestionRecord,
    /// The timeout of the consumer in milliseconds, which is signed with the question.
    timeout_ms: u64,
    /// The whole reply of the validator.
    said: String,
    /// The lengths of the signed groups of the reply, in bytes.
    groups: Vec<u32>,
    receipt: Receipt,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuestionRecord {
    model: String,
    prompt: String,
    seed: u64,
    temperature_milli: u32,
    top_k: u32,
    max_tokens: u16,
}

/// The side that signed a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptSide {
    /// The receipt of the validator for the consumer.
    Validator,
    /// The receipt of the miner for the validator.
    Miner,
}

impl fmt::Display for ReceiptSide {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Validator => "validator",
            Self::Miner => "miner",
        })
    }
}

/// Evidence that proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The content is no evidence.
    #[error("not evidence of an answer: {0}")]
    Form(String),
    /// A receipt is missing.
    #[error("there is no receipt of the {0}")]
    Missing(ReceiptSide),
    /// A receipt is invalid.
    #[error("the receipt of the {0} is invalid: {1}")]
    Receipt(ReceiptSide, ReceiptError),
    /// A receipt belongs to another exchange.
    #[error("the receipt of the {0} belongs to another {1}")]
    Other(ReceiptSide, &'static str),
}

impl Diagnostic for EvidenceError {
    fn code(&self) -> &'static str {
        "evidence"
    }

    fn hints(&self, _: &mut Hints) {}
}

/// The statement that evidence proves.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceStatement {
    /// The hotkey of the consumer.
    pub consumer: PublicKey,
    /// The hotkey of the validator, which asked miners.
    pub validator: PublicKey,
    /// The hotkey of the miner.
    pub miner: PublicKey,
    /// The subnet, if the question names one. Evidence of before places has none.
    pub place: Option<Place>,
    /// The time of the question by the clock of the consumer.
    pub asked_at: UnixNanos,
    /// The question.
    pub question: TextChallenge,
    /// The answer.
    pub answer: TextAnswer,
    /// The validator's report of the answer.
    pub report: AnswerReport,
}

impl From<&TextChallenge> for QuestionRecord {
    fn from(challenge: &TextChallenge) -> Self {
        let TextChallenge { model, prompt, seed, sampling, max_tokens, miner: _ } = challenge;
        Self {
            model: model.to_string(),
            prompt: prompt.clone(),
            seed: *seed,
            temperature_milli: sampling.temperature_milli,
            top_k: sampling.top_k,
            max_tokens: *max_tokens,
        }
    }
}

impl TryFrom<&QuestionRecord> for TextChallenge {
    type Error = EvidenceError;

    fn try_from(question: &QuestionRecord) -> Result<Self, EvidenceError> {
        let QuestionRecord { model, prompt, seed, temperature_milli, top_k, max_tokens } = question;
        let challenge = Self {
            model: model.parse().map_err(|error| form(&error))?,
            prompt: prompt.clone(),
            seed: *seed,
            sampling: Sampling { temperature_milli: *temperature_milli, top_k: *top_k },
            max_tokens: *max_tokens,
            miner: None,
        };
        challenge.check().map_err(|error| form(&error))?;
        Ok(challenge)
    }
}

fn form(error: &dyn fmt::Display) -> EvidenceError {
    EvidenceError::Form(error.to_string())
}

impl Evidence {
    /// Returns the evidence, or `None` if the reply is not UTF-8, which no validator sends.
    pub(crate) fn new(
        challenge: &TextChallenge,
        timeout_ms: u64,
        (said, groups): (Vec<u8>, Vec<u32>),
        receipt: Receipt,
    ) -> Option<Self> {
        let said = String::from_utf8(said).ok()?;
        Some(Self { form: FORM.to_owned(), question: challenge.into(), timeout_ms, said, groups, receipt })
    }

    /// Checks all signatures, and that all parts belong to one exchange.
    ///
    /// # Errors
    /// [`EvidenceError`] with the fault.
    pub fn check(&self) -> Result<EvidenceStatement, EvidenceError> {
        if self.form != FORM {
            return Err(form(&format!("its form is not `{FORM}`")));
        }
        let question = TextChallenge::try_from(&self.question)?;
        let asked = QuestionContext { class: ask_class(), question: &question, timeout_ms: self.timeout_ms };
        let said = (self.said.as_bytes(), self.groups.as_slice());
        let told = statement(ReceiptSide::Validator, &self.receipt, &asked, said)?;

        let mut listener = AnswerReader::default();
        for line in self.said.split_inclusive('\n') {
            listener.read_line(line.as_bytes().to_vec(), &mut |_| ()).map_err(|error| form(&error))?;
        }
        let AnswerReader { lines, tokens, ending: Some(ending), report: Some(report), .. } = listener else {
            return Err(form(&"the answer has no end"));
        };
        let miner = miner_said(&report, (told.responder, told.place), &lines, &question)?;
        if report.model != self.question.model || usize::try_from(report.tokens) != Ok(tokens.len()) {
            return Err(EvidenceError::Other(ReceiptSide::Validator, "answer"));
        }
        Ok(EvidenceStatement {
            consumer: told.caller,
            validator: told.responder,
            miner,
            place: told.place,
            asked_at: told.asked_at,
            question,
            answer: TextAnswer { tokens, ending },
            report,
        })
    }
}

impl Evidence {
    /// Checks the evidence as [`Self::check`] does, and that it is of this subnet.
    ///
    /// # Errors
    /// [`EvidenceError`] with the fault.
    pub fn check_at(&self, place: Place) -> Result<EvidenceStatement, EvidenceError> {
        let shown = self.check()?;
        if shown.place == Some(place) { Ok(shown) } else { Err(EvidenceError::Other(ReceiptSide::Validator, "subnet")) }
    }
}

impl EvidenceStatement {
    /// Compares each token of the answer with the model's answer for this miner.
    ///
    /// # Errors
    /// [`ModelError::Other`] for another model than the requested one; another variant if the computation fails.
    pub fn examine(&self, model: &Model, tolerance: Tolerance) -> Result<Finding, ModelError> {
        let model = model.clone().expect(self.question.model)?;
        let check = ProofCheck { seed: 0, positions: usize::MAX, tolerance };
        examine(&model, &check, &self.question, self.miner, &self.answer)
    }
}

/// Checks by the receipt in a report that the miner gave these lines to this validator for this question.
///
/// The validator asks at the subnet at which it was asked.
pub(crate) fn miner_said(
    report: &AnswerReport,
    (validator, place): (PublicKey, Option<Place>),
    lines: &[Vec<u8>],
    question: &TextChallenge,
) -> Result<PublicKey, EvidenceError> {
    let receipt = report.receipt.as_ref().ok_or(EvidenceError::Missing(ReceiptSide::Miner))?;
    let asked = QuestionContext { class: TextTask.class(), question, timeout_ms: report.timeout_ms };
    let said = statement(ReceiptSide::Miner, receipt, &asked, (&lines.concat(), &report.groups))?;
    if said.caller != validator {
        return Err(EvidenceError::Other(ReceiptSide::Miner, "validator"));
    }
    if said.place != place {
        return Err(EvidenceError::Other(ReceiptSide::Miner, "subnet"));
    }
    if myelin_wire::from_ss58(&report.hotkey) != Ok(said.responder) {
        return Err(EvidenceError::Other(ReceiptSide::Miner, "miner"));
    }
    Ok(said.responder)
}

/// The context of a question: its class, content and timeout.
struct QuestionContext<'a> {
    class: Class,
    question: &'a TextChallenge,
    timeout_ms: u64,
}

/// Returns the statement of a receipt, if it belongs to this question and these bytes.
fn statement(
    whose: ReceiptSide,
    receipt: &Receipt,
    asked: &QuestionContext<'_>,
    (said, groups): (&[u8], &[u32]),
) -> Result<Statement, EvidenceError> {
    let statement = receipt.verify().map_err(|error| EvidenceError::Receipt(whose, error))?;
    let message = message(&asked.class, asked.question, asked.timeout_ms).map_err(|error| form(&error))?;
    if statement.class != asked.class.name() || !statement.is_request(request_body(&message).as_bytes()) {
        return Err(EvidenceError::Other(whose, "question"));
    }
    let is_whole = matches!(statement.content, Content::Stream { outcome: StreamOutcome::Complete, .. });
    if is_whole && in_groups(said, groups).is_some_and(|groups| statement.is_stream(groups)) {
        Ok(statement)
    } else {
        Err(EvidenceError::Other(whose, "answer"))
    }
}

/// Splits the bytes into groups of these sizes. Returns `None` unless the sizes add up to all bytes.
fn in_groups<'a>(mut bytes: &'a [u8], sizes: &[u32]) -> Option<Vec<&'a [u8]>> {
    let mut groups = Vec::with_capacity(sizes.len());
    for size in sizes {
        let (group, rest) = bytes.split_at_checked(usize::try_from(*size).ok()?)?;
        groups.push(group);
        bytes = rest;
    }
    bytes.is_empty().then_some(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ModelHash, answer::FinishReason};
    use myelin_keys::{Secret, Seed};
    use myelin_neuron::Signer;
    use myelin_primitives::NetUid;
    use myelin_wire::{
        Sign,
        strict::{RequestTarget, StreamReader, StreamWriter, sign_request},
    };

    const NOW: UnixNanos = 1_760_000_000_000_000_000;
    const LINES: [&str; 2] = ["{\"token\":1,\"logprob\":-1.0,\"text\":\" a\"}\n", "{\"finish\":\"stop\"}\n"];

    fn signer(seed: u8) -> Signer {
        let seed: Seed = format!("0x{}", format!("{seed:02x}").repeat(32)).parse().unwrap();
        myelin_subnet_kit::signer_of(Secret::from_seed(seed).into_keypair())
    }

    fn challenge() -> TextChallenge {
        TextChallenge {
            model: ModelHash::from_bytes([3; 32]),
            prompt: "Once".into(),
            seed: 7,
            sampling: Sampling::GREEDY,
            max_tokens: 8,
            miner: None,
        }
    }

    /// Returns the receipt of a stream in groups that answers a question without a place.
    fn receipt(sides: (&Signer, &Signer), class: &Class, groups: &[&str], outcome: StreamOutcome) -> Receipt {
        receipt_at(None, sides, class, groups, outcome)
    }

    /// Returns the receipt of a stream in groups that answers a question at a place.
    fn receipt_at(
        place: Option<Place>,
        (asker, speaker): (&Signer, &Signer),
        class: &Class,
        groups: &[&str],
        outcome: StreamOutcome,
    ) -> Receipt {
        let body = request_body(&message(class, &challenge(), 9_000).unwrap());
        let target = RequestTarget { place, class: class.name(), is_streamed: true }.to_string();
        let (_, request) =
            sign_request(asker, ("POST", &target), body.as_bytes(), NOW, Some(speaker.hotkey())).unwrap();
        let (head, mut writer) =
            StreamWriter::new(speaker.clone(), &request, (200, "text/event-stream"), NOW + 1).unwrap();
        let mut headers = head.headers;
        headers.push("content-type", "text/event-stream");
        let mut reader = StreamReader::new(&request, speaker.hotkey(), 200, &headers).unwrap();
        for group in groups {
            reader.push(&writer.group(group.as_bytes()).unwrap()).unwrap();
        }
        reader.push(&writer.end(outcome).0).unwrap();
        Receipt::of_stream(&request, &reader.finish().unwrap())
    }

    fn report(validator: &Signer, outcome: StreamOutcome) -> AnswerReport {
        let miner = signer(2);
        AnswerReport {
            uid: 3,
            hotkey: miner.hotkey().to_string(),
            model: challenge().model.to_string(),
            tokens: 1,
            first_us: 1,
            elapsed_us: 2,
            proven: true,
            checked: 1,
            incentive: 4,
            consensus: 5,
            timeout_ms: 9_000,
            groups: LINES.map(|line| u32::try_from(line.len()).unwrap()).to_vec(),
            receipt: Some(receipt((validator, &miner), &TextTask.class(), &LINES, outcome)),
        }
    }

    #[test]
    fn what_a_miner_said_is_what_its_receipt_says() {
        let validator = signer(1);
        let lines = LINES.map(|line| line.as_bytes().to_vec());
        let of = |report: &AnswerReport| miner_said(report, (validator.hotkey(), None), &lines, &challenge());
        let good = report(&validator, StreamOutcome::Complete);
        assert_eq!(of(&good), Ok(signer(2).hotkey()));

        let other = |what| Err(EvidenceError::Other(ReceiptSide::Miner, what));
        assert_eq!(
            of(&AnswerReport { receipt: None, ..good.clone() }),
            Err(EvidenceError::Missing(ReceiptSide::Miner))
        );
        assert_eq!(of(&AnswerReport { timeout_ms: 8_000, ..good.clone() }), other("question"));
        assert_eq!(of(&AnswerReport { groups: vec![], ..good.clone() }), other("answer"));
        assert_eq!(of(&AnswerReport { hotkey: signer(4).hotkey().to_string(), ..good.clone() }), other("miner"));
        assert_eq!(of(&report(&signer(5), StreamOutcome::Complete)), other("validator"));
        assert_eq!(of(&report(&validator, StreamOutcome::Broken)), other("answer"));
        let here = Some(Place::new(&[7; 32], NetUid::new(1)));
        assert_eq!(miner_said(&good, (validator.hotkey(), here), &lines, &challenge()), other("subnet"));
        let asked_otherwise = TextChallenge { seed: 8, ..challenge() };
        assert_eq!(miner_said(&good, (validator.hotkey(), None), &lines, &asked_otherwise), other("question"));
        let forged = good.receipt.clone().map(|mut receipt| {
            receipt.answer.text.push('1');
            receipt
        });
        let forged = of(&AnswerReport { receipt: forged, ..good });
        assert!(matches!(forged, Err(EvidenceError::Receipt(ReceiptSide::Miner, _))), "{forged:?}");
    }

    #[test]
    fn a_validator_that_signs_nonsense_shows_nothing() {
        let (consumer, validator) = (signer(9), signer(1));
        let closing = serde_json::json!({ "report": report(&validator, StreamOutcome::Complete) }).to_string() + "\n";
        let asked = "{\"asked\":{\"uid\":3,\"hotkey\":\"5F\"}}\n";
        let check = |groups: &[&str]| {
            let receipt = receipt((&consumer, &validator), &ask_class(), groups, StreamOutcome::Complete);
            let sizes = groups.iter().map(|group| u32::try_from(group.len()).unwrap()).collect();
            let said = (groups.concat().into_bytes(), sizes);
            Evidence::new(&challenge(), 9_000, said, receipt).unwrap().check()
        };
        let shown = check(&[asked, LINES[0], LINES[1], &closing]).unwrap();
        assert_eq!((shown.consumer, shown.validator), (consumer.hotkey(), validator.hotkey()));
        assert_eq!(shown.place, None);
        assert_eq!((shown.miner, shown.asked_at, shown.answer.ending), (signer(2).hotkey(), NOW, FinishReason::Stop));
        for nonsense in [&[asked, LINES[1], &closing][..], &[asked, LINES[0], LINES[0], LINES[1], &closing]] {
            assert_eq!(check(nonsense).unwrap_err(), EvidenceError::Other(ReceiptSide::Miner, "answer"));
        }
        let other = AnswerReport { tokens: 2, ..report(&validator, StreamOutcome::Complete) };
        let other = serde_json::json!({ "report": other }).to_string() + "\n";
        let error = check(&[asked, LINES[0], LINES[1], &other]).unwrap_err();
        assert_eq!(error, EvidenceError::Other(ReceiptSide::Validator, "answer"));
        for nonsense in [&[asked][..], &[LINES[0], LINES[1], &closing], &[asked, LINES[0], LINES[1]], &["x"], &[]] {
            assert!(matches!(check(nonsense), Err(EvidenceError::Form(_))), "{nonsense:?}");
        }
    }

    #[test]
    fn nh_67_evidence_is_of_one_subnet() {
        let (consumer, validator, miner) = (signer(9), signer(1), signer(2));
        let place = |netuid| Some(Place::new(&[7; 32], NetUid::new(netuid)));
        let evidence = |asked_at, answered_at| {
            let complete = StreamOutcome::Complete;
            let of_miner = receipt_at(answered_at, (&validator, &miner), &TextTask.class(), &LINES, complete);
            let report = AnswerReport { receipt: Some(of_miner), ..report(&validator, complete) };
            let closing = serde_json::json!({ "report": report }).to_string() + "\n";
            let groups = ["{\"asked\":{\"uid\":3,\"hotkey\":\"5F\"}}\n", LINES[0], LINES[1], &closing];
            let receipt = receipt_at(asked_at, (&consumer, &validator), &ask_class(), &groups, complete);
            let sizes = groups.iter().map(|group| u32::try_from(group.len()).unwrap()).collect();
            Evidence::new(&challenge(), 9_000, (groups.concat().into_bytes(), sizes), receipt).unwrap()
        };
        let shown = evidence(place(1), place(1)).check_at(place(1).unwrap()).unwrap();
        assert_eq!((shown.place, shown.miner), (place(1), miner.hotkey()));
        let refused = |evidence: Evidence, netuid| evidence.check_at(place(netuid).unwrap()).unwrap_err();
        let of_validator = EvidenceError::Other(ReceiptSide::Validator, "subnet");
        assert_eq!(refused(evidence(place(1), place(1)), 2), of_validator);
        assert_eq!(refused(evidence(None, None), 1), of_validator);
        for (asked_at, answered_at) in [(place(1), place(2)), (place(1), None), (None, place(1))] {
            let error = evidence(asked_at, answered_at).check().unwrap_err();
            assert_eq!(error, EvidenceError::Other(ReceiptSide::Miner, "subnet"));
        }
    }

    #[test]
    fn groups_are_all_of_the_bytes_or_none() {
        assert_eq!(in_groups(b"abc", &[2, 1]), Some(vec![b"ab".as_slice(), b"c"]));
        assert_eq!(in_groups(b"", &[]), Some(vec![]));
        for sizes in [[1, 1].as_slice(), &[2, 2], &[4], &[]] {
            assert_eq!(in_groups(b"abc", sizes), None);
        }
    }

    mod formats {
        use super::*;
        use crate::fixture;
        use serde_json::{Value, json};

        #[test]
        fn evidence_1() {
            let evidence: Evidence = serde_json::from_slice(&fixture::read("evidence/1/evidence.json")).unwrap();
            let shown = evidence.check().unwrap();
            let TextChallenge { model, prompt, seed, sampling, max_tokens, miner: _ } = &shown.question;
            let said = json!({
                "consumer": shown.consumer.to_string(),
                "validator": shown.validator.to_string(),
                "miner": shown.miner.to_string(),
                "asked_at": shown.asked_at,
                "question": {
                    "model": model.to_string(),
                    "prompt": prompt,
                    "seed": seed,
                    "temperature_milli": sampling.temperature_milli,
                    "top_k": sampling.top_k,
                    "max_tokens": max_tokens,
                },
                "answer": shown.answer.text(),
                "tokens": shown.answer.tokens.iter().map(|token| token.token).collect::<Vec<_>>(),
                "ending": shown.answer.ending,
                "proven": shown.report.proven,
                "incentive": shown.report.incentive,
            });
            let meaning: Value = serde_json::from_slice(&fixture::read("evidence/1/meaning.json")).unwrap();
            assert_eq!(said, meaning);
            // `myelin ask` writes this form.
            fixture::assert_written(
                "evidence/1/evidence.json",
                serde_json::to_string_pretty(&evidence).unwrap().as_bytes(),
            );
        }
    }
}
