//! Receipts: signed texts that prove one request and its answer to third parties. spec signed-requests §9.

use super::{
    answer::ANSWER,
    hash,
    place::{Place, RequestTarget},
    request::{DOMAIN, UNBOUND},
    stream::{END, HEAD, HashChain, StreamEnd, StreamOutcome},
};
use crate::{PublicKey, Scheme, UncheckedSignature, UnixNanos, from_ss58, verified::SignedProof};
use serde::{Deserialize, Serialize};

/// The name and version of the format.
const FORM: &str = "myelin-receipt/1";

/// The longest signed text, in bytes. Its longest part is the path of the request.
const MAX_TEXT: usize = 64 * 1024;

/// Nanoseconds by which an answer may be older than its request: the greatest age of a request, and the lead of a clock.
const MAX_BEFORE: u64 = 12_000_000_000;

/// A text and a signature over it, as claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedText {
    /// The text, line by line.
    pub text: String,
    /// The signature: `0x` and 128 hex digits.
    pub signature: String,
}

impl From<&SignedProof> for SignedText {
    fn from(proof: &SignedProof) -> Self {
        Self { text: proof.text().to_owned(), signature: proof.signature().to_string() }
    }
}

impl SignedText {
    fn check(&self, scheme: Scheme, signer: PublicKey, part: &'static str) -> Result<(), ReceiptError> {
        let signature = UncheckedSignature::from_hex(&self.signature).map_err(|_| ReceiptError::Form(part))?;
        let is_good = signature.is_good(scheme, signer, self.text.as_bytes());
        if is_good { Ok(()) } else { Err(ReceiptError::Signature(part)) }
    }
}

/// The signed texts of one request and its answer.
///
/// A receipt proves its statement without network or chain. Nothing is proven before [`Receipt::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    form: String,
    /// The request, signed by the caller.
    pub request: SignedText,
    /// The whole answer or the head of the stream, signed by the responder.
    pub answer: SignedText,
    /// The end of the stream, if the answer was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<SignedText>,
}

/// The reason for which a receipt proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// A malformed part.
    #[error("the {0} of the receipt is not of its form")]
    Form(&'static str),
    /// An invalid signature.
    #[error("the signature of the {0} is not good")]
    Signature(&'static str),
    /// Parts that do not belong together.
    #[error("the {0} of the receipt belongs to another one")]
    Stranger(&'static str),
}

/// The content of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// One body with this SHA-256, in hex.
    Whole(String),
    /// A stream of groups.
    Stream {
        /// The number of groups.
        groups: u64,
        /// The outcome of the stream.
        outcome: StreamOutcome,
    },
}

/// The statement that a receipt proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The hotkey of the caller.
    pub caller: PublicKey,
    /// The hotkey of the responder.
    pub responder: PublicKey,
    /// The method of the request.
    pub method: String,
    /// The path and the query of the request.
    pub target: String,
    /// The subnet of the request, if it names one. spec signed-requests §2.
    pub place: Option<Place>,
    /// The class of the request, as its path names it.
    pub class: String,
    /// SHA-256 of the body of the request, in hex.
    pub request_body: String,
    /// The time of the request, by the caller's clock.
    pub asked_at: UnixNanos,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The content type of the answer.
    pub content_type: String,
    /// The time of the answer, by the responder's clock.
    pub answered_at: UnixNanos,
    /// The content of the answer.
    pub content: Content,
    /// The texts of the head and the end of a stream.
    end_text: Option<(String, String)>,
}

/// Returns exactly `N` lines of a text.
fn lines<'a, const N: usize>(text: &'a SignedText, part: &'static str) -> Result<[&'a str; N], ReceiptError> {
    let text = Some(text.text.as_str()).filter(|text| text.len() <= MAX_TEXT).ok_or(ReceiptError::Form(part))?;
    text.split('\n').collect::<Vec<_>>().try_into().map_err(|_| ReceiptError::Form(part))
}

fn read<T: core::str::FromStr>(text: &str, part: &'static str) -> Result<T, ReceiptError> {
    // Only the canonical form of a number is read, so that one statement has one text.
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())).ok_or(ReceiptError::Form(part))
}

impl Receipt {
    /// Returns the receipt of a whole answer.
    pub fn of_answer(request: &SignedProof, answer: &SignedProof) -> Self {
        Self { form: FORM.to_owned(), request: request.into(), answer: answer.into(), end: None }
    }

    /// Returns the receipt of a stream.
    pub fn of_stream(request: &SignedProof, stream: &StreamEnd) -> Self {
        let end = Some(SignedText::from(&stream.end));
        Self { form: FORM.to_owned(), request: request.into(), answer: (&stream.head).into(), end }
    }

    /// Verifies all signatures, and that the parts belong together. spec signed-requests §9.
    ///
    /// Freshness is not checked, because receipts are shown later. The reader looks up the seats of the hotkeys at the
    /// time.
    ///
    /// # Errors
    /// [`ReceiptError::Form`] for a malformed part, [`ReceiptError::Signature`] for an invalid signature,
    /// [`ReceiptError::Stranger`] for a part of another exchange.
    pub fn verify(&self) -> Result<Statement, ReceiptError> {
        if self.form != FORM {
            return Err(ReceiptError::Form("name"));
        }
        let address = |text: &str, part| from_ss58(text).map_err(|_| ReceiptError::Form(part));
        let [domain, scheme, method, target, body, asked_at, sender, receiver] = lines(&self.request, "request")?;
        let scheme = Scheme::from_name(scheme).filter(|_| domain == DOMAIN).ok_or(ReceiptError::Form("request"))?;
        let caller = address(sender, "request")?;
        self.request.check(scheme, caller, "request")?;

        let (head, content) = match &self.end {
            None => {
                let [domain, responder, to, at, request, status, kind, content] = lines(&self.answer, "answer")?;
                ([domain, responder, to, at, request, status, kind], Content::Whole(content.to_owned()))
            }
            Some(end) => {
                let [_, _, groups, _, outcome] = lines(end, "end")?;
                let outcome = StreamOutcome::from_word(outcome).ok_or(ReceiptError::Form("end"))?;
                (lines(&self.answer, "answer")?, Content::Stream { groups: read(groups, "end")?, outcome })
            }
        };
        let [domain, responder, to, answered_at, request, status, content_type] = head;
        if domain != if self.end.is_some() { HEAD } else { ANSWER } {
            return Err(ReceiptError::Form("answer"));
        }
        let responder = address(responder, "answer")?;
        self.answer.check(Scheme::Sr25519, responder, "answer")?;
        let is_to_caller = address(to, "answer")? == caller;
        let is_bound = receiver == UNBOUND || address(receiver, "request")? == responder;
        if !is_to_caller || !is_bound || request != hash(self.request.text.as_bytes()) {
            return Err(ReceiptError::Stranger("answer"));
        }
        if let Some(end) = &self.end {
            end.check(Scheme::Sr25519, responder, "end")?;
            let [domain, stream, ..] = lines::<5>(end, "end")?;
            if domain != END {
                return Err(ReceiptError::Form("end"));
            }
            if stream != hash(self.answer.text.as_bytes()) {
                return Err(ReceiptError::Stranger("end"));
            }
        }
        let (asked_at, answered_at): (UnixNanos, UnixNanos) =
            (read(asked_at, "request")?, read(answered_at, "answer")?);
        if answered_at.saturating_add(MAX_BEFORE) < asked_at {
            return Err(ReceiptError::Form("answer"));
        }
        let RequestTarget { place, class, .. } = RequestTarget::read(target).ok_or(ReceiptError::Form("request"))?;
        Ok(Statement {
            caller,
            responder,
            method: method.to_owned(),
            target: target.to_owned(),
            place,
            class: class.to_owned(),
            request_body: body.to_owned(),
            asked_at,
            status: read(status, "answer")?,
            content_type: content_type.to_owned(),
            answered_at,
            content,
            end_text: self.end.as_ref().map(|end| (self.answer.text.clone(), end.text.clone())),
        })
    }

    /// Verifies the receipt as [`Self::verify`] does, and that the request names this place.
    ///
    /// # Errors
    /// As [`Self::verify`], and [`ReceiptError::Stranger`] for a request that names another place or none.
    pub fn verify_at(&self, place: Place) -> Result<Statement, ReceiptError> {
        let statement = self.verify()?;
        if statement.place == Some(place) { Ok(statement) } else { Err(ReceiptError::Stranger("place")) }
    }

    /// Returns true if two receipts prove two answers of one responder to one request. spec signed-requests §9.
    ///
    /// An axon accepts each request once, so its hotkey signed for more than one axon, or for one that forgets.
    pub fn contradicts(&self, other: &Self) -> bool {
        let (Ok(one), Ok(two)) = (self.verify(), other.verify()) else { return false };
        let text = |part: &Option<SignedText>| part.as_ref().map(|part| part.text.clone());
        let is_one = self.answer.text == other.answer.text && text(&self.end) == text(&other.end);
        one.responder == two.responder && self.request.text == other.request.text && !is_one
    }
}

impl Statement {
    /// Returns true if this was the body of the request.
    pub fn is_request(&self, body: &[u8]) -> bool {
        self.request_body == hash(body)
    }

    /// Returns true if this was the body of the whole answer.
    pub fn is_answer(&self, body: &[u8]) -> bool {
        matches!(&self.content, Content::Whole(content) if *content == hash(body))
    }

    /// Returns true if these were the groups of the stream.
    pub fn is_stream<'a>(&self, groups: impl IntoIterator<Item = &'a [u8]>) -> bool {
        let (Some((head, end)), Content::Stream { outcome, .. }) = (&self.end_text, &self.content) else {
            return false;
        };
        let mut chain = HashChain::new(head);
        groups.into_iter().for_each(|group| chain.add(group));
        chain.end_text(*outcome) == *end
    }
}
