//! Strict requests of a dendrite. spec signed-requests §1, §6, §7.

use super::{
    Answer, AnswerStream, AskError, Dendrite, Peer, UnsignedAnswers, answer_timeout,
    connection::{self, Deadline, OutgoingRequest, ResponseHead},
    dials::Dial,
};
use myelin_primitives::CertificateKey;
use myelin_wire::{
    PublicKey, SignedProof, Synapse, TerminalInfo,
    python::{Value, json},
    strict::{AnswerError, Receipt, RequestTarget, StreamReader, header, sign_request, verify_answer},
};
use std::sync::Arc;
use tokio::time::Instant;

/// The form of the answer: whole or a signed stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StreamMode {
    Whole,
    Stream,
}

impl Dendrite {
    async fn send_strict(
        &self,
        peer: &Peer,
        certificate: Option<CertificateKey>,
        message: &Synapse,
        (form, until): (StreamMode, Deadline),
    ) -> Result<(ResponseHead, SignedProof), AskError> {
        let is_streamed = form == StreamMode::Stream;
        let target = RequestTarget { place: self.place, class: message.class().name(), is_streamed }.to_string();
        let body = request_body(message).into_bytes();
        let signed = sign_request(&self.signer, ("POST", &target), &body, self.nonce(), Some(peer.hotkey));
        let (mut headers, proof) = signed.map_err(|error| AskError::Question(error.to_string()))?;
        headers.push("content-type", "application/json");
        let call =
            OutgoingRequest { place: peer.address, certificate, target: &target, headers: &headers, body, until };
        Ok((connection::call(call).await?, proof))
    }

    pub(super) async fn ask_strict(
        &self,
        peer: &Peer,
        certificate: Option<CertificateKey>,
        message: &Synapse,
        started: Instant,
        dial: &mut Dial<'_>,
    ) -> Result<Answer, AskError> {
        let until = deadline(message, started);
        let (head, asked) = self.send_strict(peer, certificate, message, (StreamMode::Whole, until)).await?;
        self.read_whole(head, &asked, message, until, dial).await
    }

    async fn read_whole(
        &self,
        head: ResponseHead,
        asked: &SignedProof,
        message: &Synapse,
        until: Deadline,
        dial: &mut Dial<'_>,
    ) -> Result<Answer, AskError> {
        let responder = dial.hotkey();
        let (status, headers, bytes) = connection::whole(head, self.max_answer, until).await?;
        // Half a signature is a broken one, so only an answer without any part counts as unsigned.
        let is_signed = headers.contains(header::ANSWER_VERSION) || headers.contains(header::ANSWER_SIGNATURE);
        if !is_signed && self.unsigned_answers == UnsignedAnswers::Accepted {
            if status != 200 {
                return Err(AskError::Claimed { status: Some(status.into()), text: said(&bytes) });
            }
            let answer = read(message, responder, &bytes)?;
            dial.answered();
            return Ok(Answer::Claimed(answer));
        }
        let unproven = |reason| AskError::Unproven { status, reason };
        let answer = verify_answer(asked, responder, status, &headers, bytes).map_err(unproven)?;
        dial.proved();
        if status != 200 {
            return Err(AskError::Refused { status, text: said(&answer.content().body) });
        }
        let receipt = Receipt::of_answer(asked, answer.proof());
        let message = answer.try_map(|answer| read(message, responder, &answer.body))?;
        Ok(Answer::Signed { message, receipt })
    }

    pub(super) async fn stream_strict(
        &self,
        peer: &Peer,
        certificate: Option<CertificateKey>,
        message: &Synapse,
        started: Instant,
        dial: &mut Dial<'_>,
    ) -> Result<AnswerStream, AskError> {
        let until = deadline(message, started);
        let (head, asked) = self.send_strict(peer, certificate, message, (StreamMode::Stream, until)).await?;
        if head.headers.contains(header::ANSWER_CONTENT) || head.status != 200 {
            self.read_whole(head, &asked, message, until, dial).await?;
            return Err(AskError::NotAStream);
        }
        match StreamReader::new(&asked, peer.hotkey, head.status, &head.headers) {
            Ok(reader) => {
                dial.proved();
                let reader = reader.max_answer(self.max_answer);
                Ok(AnswerStream::signed(head, reader, asked, (self.max_answer, until)))
            }
            Err(AnswerError::Unsigned) if self.unsigned_answers == UnsignedAnswers::Accepted => {
                dial.answered();
                Ok(AnswerStream::plain(head, (self.max_answer, until)))
            }
            Err(reason) => Err(AskError::Unproven { status: head.status, reason }),
        }
    }
}

pub(super) fn deadline(message: &Synapse, started: Instant) -> Deadline {
    let patience = answer_timeout(message);
    Deadline { at: started + patience, seconds: patience.as_secs_f64() }
}

/// Returns the body of a strict request: the fields of the message, and the timeout of the caller.
///
/// The holder of a receipt compares it with the body's hash. spec signed-requests §2, §9.
pub fn request_body(message: &Synapse) -> String {
    let timeout = message.timeout.map_or(Value::None, Value::Float);
    let own = message.fields().map(|(field, value)| (field.name(), value.clone()));
    json::write_spaced(&Value::Dict([("timeout", timeout)].into_iter().chain(own).collect()))
}

/// Reads the answer as a message of the class of the request.
fn read(asked: &Synapse, responder: PublicKey, body: &[u8]) -> Result<Synapse, AskError> {
    let value = asked.class().read_json(body).map_err(|error| AskError::Content(error.to_string()))?;
    let read = Synapse::from_value(Arc::clone(asked.class()), &value);
    let mut message = read.map_err(|error| AskError::Content(error.to_string()))?;
    message.axon =
        Some(TerminalInfo { hotkey: Some(responder.to_string()), status_code: Some(200), ..TerminalInfo::default() });
    message.timeout = asked.timeout;
    Ok(message)
}

/// Returns the text of an error.
fn said(body: &[u8]) -> String {
    match json::read(body) {
        Ok(Value::Dict(fields)) => {
            fields.get("message").and_then(Value::as_text).map(str::to_owned).unwrap_or_default()
        }
        _ => String::new(),
    }
}
