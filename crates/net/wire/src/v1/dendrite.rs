//! What a dendrite asks, and what it makes of the answer. spec neuron-protocol §9, §10, §14

use super::{VERSION, request_text};
use crate::{
    Headers, PublicKey, Sign, Synapse, UncheckedSignature, UnixNanos,
    address::request_url,
    class::Class,
    headers::is_json,
    python::{Dict, Value, json},
    synapse::TerminalInfo,
};
use core::net::IpAddr;
use std::sync::Arc;

/// A neuron to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct V1Target {
    /// Where it listens.
    pub ip: IpAddr,
    /// On which port.
    pub port: u16,
    /// Who it should be.
    pub hotkey: PublicKey,
}

/// A neuron that asks.
#[derive(Clone, Debug)]
pub struct V1Client<S> {
    /// Signs for the hotkey that asks.
    pub signer: S,
    /// The UUID of this client. Its nonces have to rise; clients that send side by side use one each.
    pub uuid: String,
    /// The address it is seen at from outside.
    pub ip: IpAddr,
}

/// A request, ready to be sent with `POST`.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedRequest {
    /// Where to.
    pub url: String,
    /// Its headers; the transport adds the host and the length.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// The message as it was sent.
    pub message: Synapse,
}

impl<S: Sign> V1Client<S> {
    /// Signs a message for a neuron. `nonce` is the clock, and above every one used before with this UUID.
    /// spec neuron-protocol §14
    pub fn prepare(&self, mut message: Synapse, target: &V1Target, nonce: UnixNanos) -> PreparedRequest {
        let (caller, receiver) = (self.signer.hotkey().to_string(), target.hotkey.to_string());
        let hash = message.body_hash();
        let text = request_text(&nonce.to_string(), &caller, &receiver, Some(&self.uuid), Some(&hash));
        message.dendrite = Some(TerminalInfo {
            ip: Some(self.ip.to_string()),
            version: Some(VERSION.into()),
            nonce: Some(nonce.into()),
            uuid: Some(self.uuid.clone()),
            hotkey: Some(caller),
            signature: Some(UncheckedSignature::new(self.signer.sign(text.as_bytes())).to_string()),
            ..TerminalInfo::default()
        });
        message.axon = Some(TerminalInfo {
            ip: Some(target.ip.to_string()),
            port: Some(target.port.into()),
            hotkey: Some(receiver),
            ..TerminalInfo::default()
        });
        message.computed_body_hash = Some(String::new());
        let mut headers = message.to_headers();
        headers.push("content-type", "application/json");
        PreparedRequest {
            url: request_url(target.ip, target.port, Some(self.ip), message.class().name()),
            headers,
            body: json::write_spaced(&message.to_value()).into_bytes(),
            message,
        }
    }
}

/// An answer as it came in, its body whole.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers, names as received.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// What became of a request, as the transport saw it.
#[derive(Clone, Debug, PartialEq)]
pub enum TransportEvent {
    /// An answer came.
    Answered(HttpResponse),
    /// The head of a stream came, and its pieces were handed on.
    Streamed(HttpResponse),
    /// Nobody listens there.
    Refused,
    /// No whole answer within the timeout, in seconds.
    TimedOut(f64),
    /// The connection closed without an answer.
    Disconnected,
    /// The body of the answer ended early; how.
    Cut(String),
    /// What came is not HTTP, or has too long or too many headers; which.
    NotHttp(String),
    /// The address cannot be reached at all: a bad URL, a name that is unknown; which.
    Unreachable(String),
}

/// What came of a request, as a client reports it.
///
/// **Claims**: answers of the old protocol are signed by nobody. Whoever sits on the path can have written all of it,
/// the name of the axon included. spec neuron-protocol §12
#[derive(Clone, Debug, PartialEq)]
pub struct ClientReport {
    /// The message, with the fields of the answer.
    pub message: Synapse,
}

impl ClientReport {
    /// What a client makes of an event. spec neuron-protocol §9
    ///
    /// `endpoint_text` is the `ip:port/Name` that was asked, for messages.
    pub fn new(sent: &Synapse, place: &str, event: TransportEvent) -> Self {
        let mut message = sent.clone();
        let failure = match event {
            TransportEvent::Answered(response) => {
                read(&mut message, &response).err().map(|error| (422, unparsed(&error)))
            }
            TransportEvent::Streamed(response) => {
                let read = match response.status {
                    200 => overlay(&mut message, &response.headers),
                    _ => read(&mut message, &response),
                };
                read.err().map(|error| (422, unparsed(&error)))
            }
            TransportEvent::Refused => Some((503, format!("Service unavailable at {place}"))),
            TransportEvent::TimedOut(seconds) => {
                Some((408, format!("Request timeout after {} seconds", Value::Float(seconds).to_python_str())))
            }
            TransportEvent::Disconnected => Some((503, "Service disconnected: Server disconnected".to_owned())),
            TransportEvent::Cut(how) => Some((400, format!("Payload error: {how}"))),
            TransportEvent::NotHttp(what) => Some((400, format!("Client response error: {what}"))),
            TransportEvent::Unreachable(what) => Some((422, unparsed(&what))),
        };
        if let Some((status, text)) = failure {
            let dendrite = message.dendrite.get_or_insert_default();
            dendrite.status_code = Some(status);
            dendrite.status_message = Some(text);
        }
        Self { message }
    }

    /// The fields of the answer, as an object.
    pub fn fields(&self) -> Dict {
        self.message.fields().map(|(field, value)| (field.name(), value.clone())).collect()
    }

    /// The status the client reports.
    pub fn status(&self) -> Option<i128> {
        self.message.dendrite.as_ref().and_then(|dendrite| dendrite.status_code)
    }

    /// The text of the status.
    pub fn status_message(&self) -> Option<&str> {
        self.message.dendrite.as_ref().and_then(|dendrite| dendrite.status_message.as_deref())
    }

    /// Whether the answer says that it is one: status 200 in its headers or in the axon of its body. HTTP's own 200
    /// is not enough. spec neuron-protocol §9
    pub fn is_success(&self) -> bool {
        self.status() == Some(200)
    }
}

fn unparsed(what: &str) -> String {
    format!("Failed to parse response: {what}")
}

/// Reads an answer into the message. What was taken over before an error stays.
fn read(message: &mut Synapse, response: &HttpResponse) -> Result<(), String> {
    let content_type = response.headers.get("content-type");
    if !is_json(content_type) {
        return Err(format!("unexpected content type: {}", content_type.unwrap_or_default()));
    }
    let value = json::read(&response.body).map_err(|error| error.to_string())?;
    if response.status == 200 {
        *message = Synapse::from_value(Arc::clone(message.class()), &value).map_err(|error| error.to_string())?;
    } else {
        let Value::Dict(body) = value else { return Err("the body is not an object".to_owned()) };
        let axon = message.axon.get_or_insert_default();
        axon.status_code = Some(response.status.into());
        axon.status_message = body.get("message").and_then(Value::as_text).map(str::to_owned);
    }
    overlay(message, &response.headers)
}

/// Puts what the headers say over what the body said. Only names in lower case count. spec neuron-protocol §2
fn overlay(message: &mut Synapse, headers: &Headers) -> Result<(), String> {
    let is_lower = |name: &str| !name.bytes().any(|byte| byte.is_ascii_uppercase());
    let seen = headers.iter().filter(|(name, _)| is_lower(name)).collect::<Headers>();
    let base = Class::synapse();
    let claims = Synapse::from_headers(Arc::new(base), &seen).map_err(|error| error.to_string())?;
    let dendrite = message.dendrite.get_or_insert_default();
    dendrite.overlay(&claims.dendrite.unwrap_or_default());
    let axon = message.axon.get_or_insert_default();
    axon.overlay(&claims.axon.unwrap_or_default());
    dendrite.status_code = axon.status_code;
    dendrite.status_message.clone_from(&axon.status_message);
    Ok(())
}
