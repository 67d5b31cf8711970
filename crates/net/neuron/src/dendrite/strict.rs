//! Strict requests of a dendrite. spec signed-requests §1, §6, §7.

use super::{
    Answer, AnswerStream, AskError, Dendrite, Peer, PeerProtocol, UnsignedAnswers, answer_timeout,
    connection::{Connection, Deadline, OutgoingRequest, PeerResponse, StreamMode, WholeResponse},
    dials::Dial,
    exchanges::MAX_UNKNOWN,
    stream::SignedPart,
    task::examine,
};
use myelin_wire::{
    PeerText, PublicKey, SignedProof, Synapse, TerminalInfo,
    class::Class,
    python::{Dict, Value, json},
    strict::{
        AnswerError, Receipt, RequestTarget, StreamReader, header, sign_request, verify_answer, verify_answer_head,
    },
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

impl Dendrite {
    /// Connects to a neuron.
    pub(super) async fn connect(&self, peer: &Peer, until: Deadline) -> Result<Connection, AskError> {
        let tls = match &peer.speaks {
            PeerProtocol::Strict { certificate: Some(certificate) } => {
                Some(self.tls.of(certificate).map_err(|error| AskError::Tls(error.to_string().into()))?)
            }
            PeerProtocol::Strict { certificate: None } | PeerProtocol::V1 => None,
        };
        // A handshake is large, and without the box all futures that ask would be as large.
        until.wait(Box::pin(Connection::open(peer.address, tls))).await?
    }

    /// Sends a request and receives the answer, on a kept connection if there is one.
    async fn send_strict(
        &self,
        peer: &Peer,
        message: &Synapse,
        (mode, until): (StreamMode, Deadline),
    ) -> Result<(PeerResponse, SignedProof), AskError> {
        let body = request_body(message).into_bytes();
        if body.len() > MAX_UNKNOWN && !self.exchanges.is_known(peer, Instant::now()) {
            self.introduce(peer, message.timeout, until).await;
        }
        self.send_body(peer, message.class().name(), body, (mode, until)).await
    }

    /// Sends `/Synapse`, so that the axon knows the address of this neuron and accepts a large body from it.
    ///
    /// A neuron that refuses it may accept the large request nevertheless.
    async fn introduce(&self, peer: &Peer, timeout: Option<f64>, until: Deadline) {
        let Ok(mut hello) = Synapse::new(Class::synapse().into(), &Dict::default()) else { return };
        hello.timeout = timeout;
        let body = request_body(&hello).into_bytes();
        let sent = self.send_body(peer, hello.class().name(), body, (StreamMode::Whole, until)).await;
        let Ok((PeerResponse::Whole(response), asked)) = sent else { return };
        let WholeResponse { status, headers, body, connection, .. } = response;
        if verify_answer(&asked, peer.hotkey, status, &headers, body).is_ok() {
            self.has_served(peer, connection);
        }
    }

    /// Signs a request.
    pub(super) fn request(
        &self,
        peer: &Peer,
        class: &str,
        body: Vec<u8>,
        mode: StreamMode,
    ) -> Result<(OutgoingRequest, SignedProof), AskError> {
        let is_streamed = mode == StreamMode::Signed;
        let target = RequestTarget { place: self.place, class, is_streamed }.to_string();
        let signed = sign_request(&self.signer, ("POST", &target), &body, self.nonce(), Some(peer.hotkey));
        let (mut headers, asked) = signed.map_err(|error| AskError::Question(error.to_string()))?;
        headers.push("content-type", "application/json");
        Ok((OutgoingRequest { target, headers, body, is_kept: false }, asked))
    }

    /// Signs and sends a body. It is sent again only if a kept connection was closed before any byte was sent.
    async fn send_body(
        &self,
        peer: &Peer,
        class: &str,
        body: Vec<u8>,
        (mode, until): (StreamMode, Deadline),
    ) -> Result<(PeerResponse, SignedProof), AskError> {
        let is_kept = self.kept.has(peer);
        loop {
            let kept = until.wait(self.kept.take(peer)).await?;
            let was_kept = kept.is_some();
            let connection = match kept {
                Some(connection) => connection,
                None => self.connect(peer, until).await?,
            };
            let (request, asked) = self.request(peer, class, body.clone(), mode)?;
            let request = OutgoingRequest { is_kept, ..request };
            match connection.ask(request, (mode, self.max_answer), until).await {
                Ok(received) => return Ok((received, asked)),
                Err(failed) if was_kept && failed.is_unsent => {}
                Err(failed) => return Err(failed.error),
            }
        }
    }

    /// Notes a verified answer, and keeps its connection.
    fn has_served(&self, peer: &Peer, connection: Option<Connection>) {
        self.exchanges.note(peer, Instant::now());
        if let Some(connection) = connection {
            self.kept.put(peer, connection);
        }
    }

    pub(super) async fn ask_strict(
        &self,
        peer: &Peer,
        message: &Synapse,
        started: Instant,
        dial: &mut Dial<'_>,
    ) -> Result<(Answer, Duration), AskError> {
        let until = deadline(message, started);
        match self.send_strict(peer, message, (StreamMode::Whole, until)).await? {
            (PeerResponse::Whole(response), asked) => self.read_whole(response, asked, (peer, message), dial).await,
            (PeerResponse::Stream(_), _) => Err(AskError::Disconnected),
        }
    }

    async fn read_whole(
        &self,
        response: WholeResponse,
        asked: SignedProof,
        (peer, message): (&Peer, &Synapse),
        dial: &mut Dial<'_>,
    ) -> Result<(Answer, Duration), AskError> {
        let WholeResponse { status, headers, body, is_cut, elapsed, connection } = response;
        let (responder, length) = (peer.hotkey, body.len());
        let (class, timeout) = (Arc::clone(message.class()), message.timeout);
        // Half a signature is a broken one, so only an answer without any part counts as unsigned.
        let is_signed = headers.contains(header::ANSWER_VERSION) || headers.contains(header::ANSWER_SIGNATURE);
        if !is_signed && self.unsigned_answers == UnsignedAnswers::Accepted {
            if status != 200 {
                return Err(AskError::Claimed { status: Some(status.into()), text: said(&body) });
            }
            let answer = examine(length, move || read(class, timeout, responder, &body)).await?;
            dial.answered();
            return Ok((Answer::Claimed(answer), elapsed));
        }
        let unproven = move |reason| AskError::Unproven { status, reason };
        if is_cut {
            verify_answer_head(&asked, responder, status, &headers).map_err(unproven)?;
            dial.proved();
            self.has_served(peer, None);
            return Err(AskError::Refused { status, text: PeerText::default() });
        }
        let check = move || {
            let answer = verify_answer(&asked, responder, status, &headers, body).map_err(unproven)?;
            Ok((Receipt::of_answer(&asked, answer.proof()), answer))
        };
        let (receipt, answer) = examine(length, check).await?;
        dial.proved();
        self.has_served(peer, connection);
        if status != 200 {
            return Err(AskError::Refused { status, text: said(&answer.content().body) });
        }
        let parse = move || answer.try_map(|answer| read(class, timeout, responder, &answer.body));
        let message = examine(length, parse).await?;
        Ok((Answer::Signed { message, receipt }, elapsed))
    }

    pub(super) async fn stream_strict(
        &self,
        peer: &Peer,
        message: &Synapse,
        started: Instant,
        dial: &mut Dial<'_>,
    ) -> Result<AnswerStream, AskError> {
        let until = deadline(message, started);
        let (received, asked) = self.send_strict(peer, message, (StreamMode::Signed, until)).await?;
        let head = match received {
            PeerResponse::Stream(head) => head,
            PeerResponse::Whole(response) => {
                self.read_whole(response, asked, (peer, message), dial).await?;
                return Err(AskError::NotAStream);
            }
        };
        match StreamReader::new(&asked, peer.hotkey, head.status, &head.headers) {
            Ok(reader) => {
                dial.proved();
                self.has_served(peer, None);
                let reader = reader.max_answer(self.max_answer);
                let signed = SignedPart { reader, asked, kept: (peer.clone(), Arc::clone(&self.kept)) };
                Ok(AnswerStream::signed(head.parts(until), signed, self.max_answer))
            }
            Err(AnswerError::Unsigned) if self.unsigned_answers == UnsignedAnswers::Accepted => {
                dial.answered();
                Ok(AnswerStream::plain(head.parts(until), self.max_answer))
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

/// Reads an answer as a message of the class of the request.
fn read(class: Arc<Class>, timeout: Option<f64>, responder: PublicKey, body: &[u8]) -> Result<Synapse, AskError> {
    let value = class.read_json(body).map_err(|error| AskError::Content(error.to_string().into()))?;
    let mut message =
        Synapse::from_value(class, &value).map_err(|error| AskError::Content(error.to_string().into()))?;
    message.axon =
        Some(TerminalInfo { hotkey: Some(responder.to_string()), status_code: Some(200), ..TerminalInfo::default() });
    message.timeout = timeout;
    Ok(message)
}

/// Returns the text of an error.
fn said(body: &[u8]) -> PeerText {
    match json::read(body) {
        Ok(Value::Dict(fields)) => {
            fields.get("message").and_then(Value::as_text).map(PeerText::new).unwrap_or_default()
        }
        _ => PeerText::default(),
    }
}
