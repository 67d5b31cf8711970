//! The serving of strict requests. spec signed-requests §3, §6, §7.
//!
//! The body of a request is a JSON object of the fields of the class. A `timeout` in seconds may shorten the default.
//! The body of an answer is an object of the same fields. Errors are `{"error": …, "message": …}`.

use super::{
    HandlerOutput,
    body::BodySender,
    core::{self, AxonCore, RequestHead, ServedRequest},
    room::BusyConnection,
    stream::{Frames, StreamGuards, streamed},
};
use crate::{
    Caller,
    http::{self, Body},
};
use hyper::{Response, body::Incoming};
use myelin_wire::{
    Headers, Protocol, PublicKey, SignedProof, Synapse, TerminalInfo,
    class::Class,
    python::{Dict, Value, json},
    strict::{self, RequestTarget, StreamWriter, StrictRequest, sign_answer},
    v1::{HandlerReply, V1Refusal},
};
use std::sync::Arc;

const JSON: &str = "application/json";
const STREAM: &str = "text/event-stream";

/// The reason for which a strict request is not served.
enum RequestError {
    /// A refusal by the rules of signing.
    Signing(strict::StrictRefusal),
    /// A refusal by this axon.
    Own(V1Refusal),
    /// Too many failures of this address before.
    Unheard,
}

impl From<strict::StrictRefusal> for RequestError {
    fn from(refusal: strict::StrictRefusal) -> Self {
        Self::Signing(refusal)
    }
}

impl From<V1Refusal> for RequestError {
    fn from(refusal: V1Refusal) -> Self {
        Self::Own(refusal)
    }
}

pub(super) async fn serve(
    core: &AxonCore,
    asked: &RequestHead<'_>,
    busy: BusyConnection,
    body: &mut Incoming,
) -> ServedRequest {
    let from = asked.place.address;
    let mut caller = None;
    let refusal = match exchange(core, asked, busy, body, &mut caller).await {
        Ok(response) => return ServedRequest::Answered(response),
        Err(refusal) => refusal,
    };
    // No caller is verified and admitted here, so the answer is not signed.
    let (status, text) = match &refusal {
        RequestError::Signing(refusal) => {
            core.metrics.refused("strict", refusal.name());
            tracing::debug!(protocol = "strict", kind = refusal.name(), %from, "request refused");
            (refusal.status(), error_body(refusal.name(), &refusal.to_string()))
        }
        RequestError::Own(refusal) => {
            core.refused("strict", refusal, (from, caller), asked.incident);
            error(refusal, asked.incident)
        }
        RequestError::Unheard => return ServedRequest::Unheard,
    };
    let headers = Headers::from_iter([("content-type", JSON)]);
    let response = http::response(status, &headers, http::whole(text));
    match refusal {
        // Its signature is good. As a failure it would count against callers with a seat at the same address.
        RequestError::Signing(strict::StrictRefusal::TooMany) => ServedRequest::Answered(response),
        _ => ServedRequest::Refused(response),
    }
}

async fn exchange(
    core: &AxonCore,
    asked: &RequestHead<'_>,
    busy: BusyConnection,
    body: &mut Incoming,
    verified: &mut Option<PublicKey>,
) -> Result<Response<Body>, RequestError> {
    let from = asked.place.address;
    let claimed = core.door.open(asked.received(), core.clock.now())?;
    let RequestTarget { class: name, is_streamed, .. } = claimed.target();
    let class = core.classes.get(name).ok_or_else(|| V1Refusal::UnknownSynapse(name.to_owned()))?;
    if asked.method != "POST" {
        return Err(V1Refusal::Method.into());
    }
    let mut caller =
        Caller { hotkey: claimed.claimed_sender(), address: from, endpoint: class.name(), mode: Protocol::Strict };
    // No memory is spent on a sender that would be refused even with a valid signature.
    core.blacklist(&caller)?;
    let (bytes, body) = core.receive(body, class.max_body(), (asked.place, BodySender::Claimed)).await?;
    let length = bytes.len();
    let checked = core.check(from, || {
        core.metrics.signatures_checked.inc();
        claimed.verify(bytes)
    });
    let authentic = checked.ok_or(RequestError::Unheard)??;
    caller.hotkey = authentic.caller();
    *verified = Some(caller.hotkey);
    let decided = match core.decide(&caller) {
        // No memory is spent on these callers either.
        Err(refusal @ (V1Refusal::Unverified(_) | V1Refusal::Forbidden(_))) => return Err(refusal.into()),
        decided => decided,
    };
    let context = core.context(&caller).ok_or(strict::StrictRefusal::TooMany)?;
    // From here on the nonce is consumed. A signed answer, also a refusal, is the only answer to this request. A replay
    // therefore yields nothing that could replace the answer.
    let request = core.with_window(|window| authentic.admit(window, context))?;
    asked.place.admitted(asked.started);

    let proof = request.proof().clone();
    let signed = |status, kind, body: Vec<u8>| sign(core, &proof, (status, kind), body);
    let refuse = |refusal: V1Refusal| {
        core.refused("strict", &refusal, (from, Some(proof.signer())), asked.incident);
        let (status, body) = error(&refusal, asked.incident);
        signed(status, JSON, body)
    };
    let worked = async {
        let (priority, share) = (decided?, core.share(proof.signer())?);
        let memory = core.trusted(body, from)?;
        let place = core.enter(asked, (proof.signer(), priority), (share, memory)).await?;
        let (class, caller, here) = (Arc::clone(class), proof.signer(), core.here);
        let (message, place) = core
            .read(place, length, move |place| {
                place.charge(&request.content().body, class.max_values())?;
                request.try_map(|request| read(class, &request, caller, here))
            })
            .await;
        core.work(message?, place, asked.started).await
    };
    let (output, until) = match worked.await {
        Ok(worked) => worked,
        Err(refusal) => return Ok(refuse(refusal)),
    };
    Ok(match output {
        HandlerOutput::Whole(HandlerReply { message, status, .. }) => match json::write_compact(&fields(&message)) {
            Ok(body) => signed(status.unwrap_or(200), JSON, body.into()),
            Err(error) => refuse(V1Refusal::Failed(error.to_string())),
        },
        HandlerOutput::Stream { pieces, .. } => {
            let held = StreamGuards { busy, until };
            let kind = Headers::from_iter([("content-type", STREAM)]);
            if !is_streamed {
                return Ok(http::response(200, &kind, streamed(pieces, Frames::Plain, held)));
            }
            match StreamWriter::new(core.wire.signer.clone(), &proof, (200, STREAM), core.clock.now()) {
                Ok((signed, writer)) => {
                    let headers = signed.headers.iter().chain(kind.iter()).collect();
                    http::response(200, &headers, streamed(pieces, Frames::Signed(writer), held))
                }
                Err(error) => refuse(V1Refusal::Failed(error.to_string())),
            }
        }
    })
}

/// Reads the body as a message of the class, with the signer as its caller.
fn read(class: Arc<Class>, request: &StrictRequest, caller: PublicKey, here: PublicKey) -> Result<Synapse, V1Refusal> {
    let value = class.read_json(&request.body).map_err(V1Refusal::NotJson)?;
    let mut message = Synapse::from_value(class, &value).map_err(V1Refusal::Body)?;
    let terminal =
        |hotkey: PublicKey| Some(TerminalInfo { hotkey: Some(hotkey.to_string()), ..TerminalInfo::default() });
    message.dendrite = terminal(caller);
    message.axon = terminal(here);
    Ok(message)
}

/// Returns the fields of its own, as an object.
fn fields(message: &Synapse) -> Value {
    Value::Dict(message.fields().map(|(field, value)| (field.name(), value.clone())).collect())
}

fn error_body(name: &str, text: &str) -> Vec<u8> {
    let fields = Dict::from_iter([("error", Value::from(name)), ("message", Value::from(text))]);
    // A value of texts always has a text.
    json::write_compact(&Value::Dict(fields)).unwrap_or_default().into()
}

/// Returns status and body of a refusal.
///
/// A body that is no message of its class is an error of the caller here, unlike in v1. The caller learns the fault.
fn error(refusal: &V1Refusal, incident: u128) -> (u16, Vec<u8>) {
    let (status, text) = match refusal {
        V1Refusal::Body(_) | V1Refusal::NotJson(_) => (422, refusal.reason()),
        _ => (refusal.status(), refusal.message(incident, None)),
    };
    (status, error_body(core::name(refusal), &text))
}

fn sign(core: &AxonCore, proof: &SignedProof, (status, kind): (u16, &str), body: Vec<u8>) -> Response<Body> {
    match sign_answer(&core.wire.signer, proof, (status, kind), &body, core.clock.now()) {
        Ok(signed) => {
            let mut headers = signed.headers;
            headers.push("content-type", kind);
            http::response(status, &headers, http::whole(body))
        }
        // Only a content type that cannot be signed fails. Both content types of this axon can be signed.
        Err(_) => http::response(500, &Headers::new(), http::whole("")),
    }
}
