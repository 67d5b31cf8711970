//! Answers of a v1 axon. spec neuron-protocol §7, §8, §10.

use super::{RefusedRequest, V1Refusal, VERSION, response_text};
use crate::{
    Headers, Sign, Synapse, UnixNanos,
    class::Class,
    python::{Dict, Value, json},
    synapse::{DEFAULT_TIMEOUT, TerminalInfo},
};
use std::sync::Arc;

/// An answer, ready to be sent. The transport adds the length and the date.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers, with names in lower case, because peers read no others.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Headers::from_iter([("content-type", content_type)]), body: body.into() }
    }

    fn json(status: u16, value: &Value) -> Self {
        // These values hold no floats, so they always have a text.
        Self::new(status, "application/json", json::write_compact(value).unwrap_or_default())
    }

    /// Returns the last resort, if not even the headers of an error can be sent. spec neuron-protocol §8.
    fn plain_failure() -> Self {
        Self::new(500, "text/plain; charset=utf-8", "Internal Server Error")
    }

    /// Returns the answer to bytes that are not HTTP. spec neuron-protocol §1.
    pub fn not_http() -> Self {
        Self::new(400, "text/plain; charset=utf-8", "Invalid HTTP request received.")
    }

    fn with_headers_of(mut self, message: &Synapse) -> Self {
        for (name, value) in message.to_headers() {
            self.headers.push(name, value);
        }
        if self.headers.can_be_sent() { self } else { Self::plain_failure() }
    }
}

/// The reply of a handler to a message.
#[derive(Clone, Debug, PartialEq)]
pub struct HandlerReply {
    /// The message with its fields filled in.
    pub message: Synapse,
    /// A status other than 200.
    pub status: Option<u16>,
    /// A text for the status, in latin-1 without line breaks.
    pub status_message: Option<String>,
}

impl From<Synapse> for HandlerReply {
    fn from(message: Synapse) -> Self {
        Self { message, status: None, status_message: None }
    }
}

/// The time of an answer, and the name under which the log keeps its reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerTime {
    /// The clock, in nanoseconds since the Unix epoch.
    pub now: UnixNanos,
    /// Seconds since the request was received.
    pub process_time: f64,
    /// Random bits that stand in the answer to an error in place of its reason.
    pub incident: u128,
}

/// A neuron that serves v1 requests.
#[derive(Clone, Debug)]
pub struct V1Server<S> {
    /// The signer for the hotkey that serves.
    pub signer: S,
    /// The UUID of this axon, one for its lifetime.
    pub uuid: String,
    /// The IP address that it announces.
    pub ip: String,
    /// The port that it announces.
    pub port: u16,
}

impl<S: Sign> V1Server<S> {
    /// Returns the answer to a request that is refused. spec neuron-protocol §8.
    ///
    /// The answer is signed only if the request was: an axon that signs texts of strangers signs requests for them.
    /// spec neuron-protocol §12.
    pub fn refuse(&self, refused: &RefusedRequest, at: AnswerTime) -> HttpAnswer {
        let RefusedRequest { refusal, message, is_authentic } = refused;
        let status = refusal.status();
        let timeout = message.as_ref().and_then(|message| message.timeout);
        let text = refusal.message(at.incident, timeout);
        match refusal {
            V1Refusal::UnknownPath | V1Refusal::Method => {
                let mut answer = HttpAnswer::json(status, &object("detail", Value::Text(text)));
                if *refusal == V1Refusal::Method {
                    answer.headers.push("allow", "POST, GET");
                }
                return answer;
            }
            V1Refusal::Slash(name) => {
                let headers = Headers::from_iter([("location", format!("/{name}"))]);
                return HttpAnswer { status, headers, body: Vec::new() };
            }
            V1Refusal::NotJson(error) => {
                let at = u64::try_from(error.at).unwrap_or(u64::MAX);
                let detail = [
                    ("type", Value::from("json_invalid")),
                    ("loc", Value::List(vec![Value::from("body"), Value::int(at)])),
                    ("msg", Value::Text(text)),
                ];
                let detail = Value::Dict(detail.into_iter().collect());
                return HttpAnswer::json(status, &object("detail", Value::List(vec![detail])));
            }
            _ => {}
        }
        let status_fields = TerminalInfo {
            status_code: Some(status.into()),
            status_message: Some(text.clone()),
            process_time: Some(at.process_time),
            ..TerminalInfo::default()
        };
        let answer = HttpAnswer::json(status, &object("message", Value::Text(text)));
        if let Some(message) = message {
            let mut message = (**message).clone();
            message.timeout = message.timeout.or(Some(DEFAULT_TIMEOUT));
            let caller = message.dendrite.as_ref().and_then(|claim| claim.hotkey.clone());
            let axon = self.terminal(status_fields, at.now);
            let caller = caller.filter(|_| *is_authentic);
            let signature = caller.map(|caller| self.sign_refusal(&caller, at.now));
            message.axon = Some(TerminalInfo { signature, ..axon });
            answer.with_headers_of(&message)
        } else {
            // No part of the request was understood, so the answer is one of the base class.
            let Ok(mut message) = Synapse::new(Arc::new(Class::synapse()), &Dict::default()) else {
                return HttpAnswer::plain_failure();
            };
            message.axon = Some(status_fields);
            answer.with_headers_of(&message)
        }
    }

    fn terminal(&self, status: TerminalInfo, now: UnixNanos) -> TerminalInfo {
        TerminalInfo {
            ip: Some(self.ip.clone()),
            port: Some(self.port.into()),
            version: Some(VERSION.into()),
            nonce: Some(now.into()),
            uuid: Some(self.uuid.clone()),
            hotkey: Some(self.signer.hotkey().to_string()),
            ..status
        }
    }

    fn sign_refusal(&self, caller: &str, now: UnixNanos) -> String {
        let text = response_text(&now.to_string(), caller, &self.signer.hotkey().to_string(), &self.uuid);
        crate::UncheckedSignature::new(self.signer.sign(text.as_bytes())).to_string()
    }

    /// Returns the answer of a handler. spec neuron-protocol §7, step 10.
    pub fn answer(&self, reply: HandlerReply, at: AnswerTime) -> HttpAnswer {
        let (status, message) = self.finish(reply, at);
        match json::write_compact(&message.to_value()) {
            Ok(body) => HttpAnswer::new(status, "application/json", body).with_headers_of(&message),
            Err(error) => {
                let failed = RefusedRequest::authentic(V1Refusal::Failed(error.to_string()), message);
                self.refuse(&failed, at)
            }
        }
    }

    /// Returns the head of a streamed answer, which the bytes of the stream follow. spec neuron-protocol §10.
    ///
    /// The stream has no end mark: a peer cannot tell a complete stream from a broken one.
    pub fn stream_head(&self, message: Synapse, at: AnswerTime) -> HttpAnswer {
        let (_, message) = self.finish(HandlerReply::from(message), at);
        HttpAnswer::new(200, "text/event-stream", Vec::new()).with_headers_of(&message)
    }

    fn finish(&self, reply: HandlerReply, at: AnswerTime) -> (u16, Synapse) {
        let HandlerReply { mut message, status, status_message } = reply;
        let status = status.unwrap_or(200);
        let success = (status == 200).then(|| "Success".to_owned());
        message.axon = Some(TerminalInfo {
            status_code: Some(status.into()),
            status_message: status_message.or(success),
            process_time: Some(at.process_time),
            hotkey: Some(self.signer.hotkey().to_string()),
            ..message.axon.unwrap_or_default()
        });
        message.timeout = message.timeout.or(Some(DEFAULT_TIMEOUT));
        (status, message)
    }
}

fn object(name: &str, value: Value) -> Value {
    Value::Dict([(name, value)].into_iter().collect())
}
