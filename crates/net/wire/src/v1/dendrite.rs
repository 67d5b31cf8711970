//! Requests of a v1 dendrite, and its reading of the answers. spec neuron-protocol §9, §10, §14.

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

/// A neuron that receives a v1 request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct V1Target {
    /// The IP address of its axon.
    pub ip: IpAddr,
    /// The port of its axon.
    pub port: u16,
    /// The hotkey that it should have.
    pub hotkey: PublicKey,
}

/// A neuron that sends v1 requests.
#[derive(Clone, Debug)]
pub struct V1Client<S> {
    /// The signer for the hotkey that asks.
    pub signer: S,
    /// The UUID of this client. Its nonces must rise, so clients that send side by side use one UUID each.
    pub uuid: String,
    /// The address of the client as seen from outside.
    pub ip: IpAddr,
}

/// A request, ready to be sent with `POST`.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparedRequest {
    /// The URL of the request.
    pub url: String,
    /// Its headers. The transport adds the host and the length.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
    /// The message as it was sent.
    pub message: Synapse,
}

impl<S: Sign> V1Client<S> {
    /// Signs a message for a neuron. spec neuron-protocol §14.
    ///
    /// `nonce` is the clock, and must exceed all nonces used before with this UUID.
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

/// An answer as received, with its whole body.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers, with names as received.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// The end of a request, as the transport saw it.
#[derive(Clone, Debug, PartialEq)]
pub enum TransportEvent {
    /// An answer was received.
    Answered(HttpResponse),
    /// The head of a stream was received, and its pieces were handed on.
    Streamed(HttpResponse),
    /// The connection was refused.
    Refused,
    /// The timeout passed without a whole answer, in seconds.
    TimedOut(f64),
    /// The connection closed without an answer.
    Disconnected,
    /// The body of the answer ended early, for this reason.
    Cut(String),
    /// The bytes received are not HTTP, or have too long or too many headers, as the text says.
    NotHttp(String),
    /// The address cannot be reached: a bad URL or an unknown name, as the text says.
    Unreachable(String),
}

/// The result of a request, as a client reports it.
///
/// All of it is **claims**: v1 answers are not signed. An attacker on the path can have written the whole answer, the
/// name of the axon included. spec neuron-protocol §12.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientReport {
    /// The message, with the fields of the answer.
    pub message: Synapse,
}

impl ClientReport {
    /// Returns the report of an event. spec neuron-protocol §9.
    ///
    /// `place` is the `ip:port/Name` that was asked, for messages.
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

    /// Returns the fields of the answer, as an object.
    pub fn fields(&self) -> Dict {
        self.message.fields().map(|(field, value)| (field.name(), value.clone())).collect()
    }

    /// Returns the status that the client reports.
    pub fn status(&self) -> Option<i128> {
        self.message.dendrite.as_ref().and_then(|dendrite| dendrite.status_code)
    }

    /// Returns the text of the status.
    pub fn status_message(&self) -> Option<&str> {
        self.message.dendrite.as_ref().and_then(|dendrite| dendrite.status_message.as_deref())
    }

    /// Returns true if the answer claims success: status 200 in its headers or in the axon of its body.
    ///
    /// The status 200 of HTTP is not enough. spec neuron-protocol §9.
    pub fn is_success(&self) -> bool {
        self.status() == Some(200)
    }
}

fn unparsed(what: &str) -> String {
    format!("Failed to parse response: {what}")
}

/// Reads an answer into the message. The parts read before an error stay.
fn read(message: &mut Synapse, response: &HttpResponse) -> Result<(), String> {
    let content_type = response.headers.get("content-type");
    if !is_json(content_type) {
        return Err(format!("unexpected content type: {}", content_type.unwrap_or_default()));
    }
    if response.status == 200 {
        let value = message.class().read_json(&response.body).map_err(|error| error.to_string())?;
        *message = Synapse::from_value(Arc::clone(message.class()), &value).map_err(|error| error.to_string())?;
    } else {
        let value = json::read_members(&response.body, json::DEFAULT_VALUES, &["message"]);
        let Value::Dict(body) = value.map_err(|error| error.to_string())? else {
            return Err("the body is not an object".to_owned());
        };
        let axon = message.axon.get_or_insert_default();
        axon.status_code = Some(response.status.into());
        axon.status_message = body.get("message").and_then(Value::as_text).map(str::to_owned);
    }
    overlay(message, &response.headers)
}

/// Overwrites the claims of the body by those of the headers. Only names in lower case count. spec neuron-protocol §2.
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
