//! Whole answers. spec signed-requests §6.

use super::{VERSION, hash, header, is_line};
use crate::{
    Headers, PublicKey, Scheme, Sign, UncheckedSignature, UnixNanos, Verified, from_ss58, verified::SignedProof,
};

/// The first line of the signed text of a whole answer.
pub(super) const ANSWER: &str = "myelin-answer/1";

/// Headers to send, with their signed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
    /// The headers of the signature.
    pub headers: Headers,
    /// The signed text and its signature.
    pub proof: SignedProof,
}

/// The reason for which an answer is not accepted as one of the neuron that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// An answer without a signature. The operator decides on accepting it.
    #[error("the answer is not signed")]
    Unsigned,
    /// A header that is missing, doubled or malformed.
    #[error("the signature of the answer is malformed: {0}")]
    Malformed(&'static str),
    /// An answer of another hotkey.
    #[error("the answer is from another hotkey than the one that was asked")]
    WrongResponder,
    /// An answer to another request.
    #[error("the answer is to another request")]
    WrongRequest,
    /// A body that was changed.
    #[error("the body is not the one that was signed")]
    WrongContent,
    /// An invalid signature.
    #[error("the signature is not that of the neuron that was asked")]
    BadSignature,
}

/// The first lines of all answers, whole ones and streams. spec signed-requests §6.
pub(super) struct AnswerHead<'a> {
    pub(super) domain: &'a str,
    pub(super) responder: PublicKey,
    pub(super) caller: PublicKey,
    pub(super) nonce: UnixNanos,
    pub(super) request: &'a str,
    pub(super) status: u16,
    pub(super) content_type: &'a str,
}

impl AnswerHead<'_> {
    pub(super) fn text(&self) -> Result<String, AnswerError> {
        if !is_line(self.content_type) {
            return Err(AnswerError::Malformed("the content type is empty or holds control characters"));
        }
        Ok([
            self.domain,
            &self.responder.to_string(),
            &self.caller.to_string(),
            &self.nonce.to_string(),
            self.request,
            &self.status.to_string(),
            self.content_type,
        ]
        .join("\n"))
    }
}

pub(super) fn sign(
    signer: &impl Sign,
    text: String,
    (nonce, request): (UnixNanos, &str),
    content: Option<String>,
) -> SignedHeaders {
    let responder = signer.hotkey();
    let signature = UncheckedSignature::new(signer.sign(text.as_bytes()));
    let mut headers = Headers::from_iter([
        (header::ANSWER_VERSION, VERSION.to_owned()),
        (header::ANSWER_HOTKEY, responder.to_string()),
        (header::ANSWER_NONCE, nonce.to_string()),
        (header::ANSWER_REQUEST, request.to_owned()),
    ]);
    if let Some(content) = content {
        headers.push(header::ANSWER_CONTENT, content);
    }
    headers.push(header::ANSWER_SIGNATURE, signature.to_string());
    SignedHeaders { headers, proof: SignedProof::checked(Scheme::Sr25519, responder, text, signature) }
}

/// Signs a whole answer to a request. `now` is the clock. spec signed-requests §6.
///
/// # Errors
/// [`AnswerError::Malformed`] if the content type cannot stand in a signed text.
pub fn sign_answer(
    signer: &impl Sign,
    request: &SignedProof,
    (status, content_type): (u16, &str),
    body: &[u8],
    now: UnixNanos,
) -> Result<SignedHeaders, AnswerError> {
    let digest = hex::encode(request.digest());
    let head = AnswerHead {
        domain: ANSWER,
        responder: signer.hotkey(),
        caller: request.signer(),
        nonce: now,
        request: &digest,
        status,
        content_type,
    };
    let content = hash(body);
    Ok(sign(signer, [head.text()?, content.clone()].join("\n"), (now, &digest), Some(content)))
}

/// A whole answer as the neuron signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// The time of the answer, by the clock of the neuron.
    pub answered_at: UnixNanos,
}

pub(super) fn line<'a>(headers: &'a Headers, name: &str) -> Result<&'a str, AnswerError> {
    headers.get(name).ok_or(AnswerError::Malformed("a header is missing or comes twice"))
}

/// Returns the nonce and the signature after it checked version, responder and request.
pub(super) fn read_headers(
    headers: &Headers,
    responder: PublicKey,
    request: &str,
) -> Result<(UnixNanos, UncheckedSignature), AnswerError> {
    if !headers.contains(header::ANSWER_VERSION) && !headers.contains(header::ANSWER_SIGNATURE) {
        return Err(AnswerError::Unsigned);
    }
    if line(headers, header::ANSWER_VERSION)? != VERSION {
        return Err(AnswerError::Malformed("another version"));
    }
    if from_ss58(line(headers, header::ANSWER_HOTKEY)?) != Ok(responder) {
        return Err(AnswerError::WrongResponder);
    }
    if line(headers, header::ANSWER_REQUEST)? != request {
        return Err(AnswerError::WrongRequest);
    }
    let nonce = line(headers, header::ANSWER_NONCE)?;
    let nonce = nonce.parse().map_err(|_| AnswerError::Malformed("the nonce is not an integer"))?;
    let signature = UncheckedSignature::from_hex(line(headers, header::ANSWER_SIGNATURE)?);
    Ok((nonce, signature.map_err(|_| AnswerError::Malformed("the signature is not 64 bytes of hex"))?))
}

/// Verifies that `responder` gave exactly this answer to this request. spec signed-requests §6.
///
/// # Errors
/// [`AnswerError::Unsigned`] without a signature, otherwise the variant of the part that does not fit.
pub fn verify_answer(
    request: &SignedProof,
    responder: PublicKey,
    status: u16,
    headers: &Headers,
    body: Vec<u8>,
) -> Result<Verified<WholeAnswer>, AnswerError> {
    let (proof, answered_at) = signed_head(request, responder, status, headers, |content| content == hash(&body))?;
    let content_type = line(headers, "content-type")?.to_owned();
    Ok(Verified::new(proof, WholeAnswer { status, content_type, body, answered_at }))
}

/// Verifies that `responder` gave an answer with this status to this request, whose body was not read to its end.
///
/// Nothing is known of the body then.
///
/// # Errors
/// [`AnswerError::Unsigned`] without a signature, otherwise the variant of the part that does not fit.
pub fn verify_answer_head(
    request: &SignedProof,
    responder: PublicKey,
    status: u16,
    headers: &Headers,
) -> Result<(), AnswerError> {
    signed_head(request, responder, status, headers, |_| true).map(drop)
}

/// Returns the signed text of a whole answer and its nonce. `fits` compares the hash of the body.
fn signed_head(
    request: &SignedProof,
    responder: PublicKey,
    status: u16,
    headers: &Headers,
    fits: impl FnOnce(&str) -> bool,
) -> Result<(SignedProof, UnixNanos), AnswerError> {
    let digest = hex::encode(request.digest());
    let (nonce, signature) = read_headers(headers, responder, &digest)?;
    let content = line(headers, header::ANSWER_CONTENT)?;
    if !fits(content) {
        return Err(AnswerError::WrongContent);
    }
    let content_type = line(headers, "content-type")?;
    let caller = request.signer();
    let head = AnswerHead { domain: ANSWER, responder, caller, nonce, request: &digest, status, content_type };
    let text = [head.text()?.as_str(), content].join("\n");
    if !signature.is_good(Scheme::Sr25519, responder, text.as_bytes()) {
        return Err(AnswerError::BadSignature);
    }
    Ok((SignedProof::checked(Scheme::Sr25519, responder, text, signature), nonce))
}
