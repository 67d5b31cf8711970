//! The serving of v1 requests. spec neuron-protocol §7.

use super::{
    HandlerOutput,
    body::BodySender,
    core::{AxonCore, RequestHead, ServedRequest},
    room::BusyConnection,
    stream::{Frames, StreamGuards, streamed},
};
use crate::{
    Caller,
    http::{self, Body},
};
use hyper::{Response, body::Incoming};
use myelin_wire::{
    Protocol, PublicKey,
    v1::{AuthenticationError, Freshness, HttpAnswer, RefusedRequest, V1Door, V1Refusal},
};

/// The reason for which a v1 request is not admitted.
enum RequestError {
    /// A refusal, with the caller if it is proven.
    Refused(RefusedRequest, Option<PublicKey>),
    /// Too many failures of this address before.
    Unheard,
}

pub(super) async fn serve(
    core: &AxonCore,
    asked: &RequestHead<'_>,
    busy: BusyConnection,
    body: &mut Incoming,
) -> ServedRequest {
    match exchange(core, asked, busy, body).await {
        Ok(response) => ServedRequest::Answered(response),
        Err(RequestError::Refused(refused, caller)) => ServedRequest::Refused(refuse(core, asked, &refused, caller)),
        Err(RequestError::Unheard) => ServedRequest::Unheard,
    }
}

fn refuse(
    core: &AxonCore,
    asked: &RequestHead<'_>,
    refused: &RefusedRequest,
    caller: Option<PublicKey>,
) -> Response<Body> {
    core.refused("v1", &refused.refusal, (asked.place.address, caller), asked.incident);
    plain(core.wire.refuse(refused, core.moment(asked.started, asked.incident)))
}

fn plain(answer: HttpAnswer) -> Response<Body> {
    http::response(answer.status, &answer.headers, http::whole(answer.body))
}

async fn exchange(
    core: &AxonCore,
    asked: &RequestHead<'_>,
    busy: BusyConnection,
    body: &mut Incoming,
) -> Result<Response<Body>, RequestError> {
    let door = V1Door {
        here: core.here,
        classes: &core.classes,
        freshness: Freshness::default(),
        unsigned_fields: core.unsigned_fields,
    };
    let opened = core.check(asked.place.address, || {
        let opened = door.open(asked.received(), core.clock.now());
        // All other refusals come before the check of the signature.
        let mismatch = V1Refusal::Unverified(AuthenticationError::Mismatch);
        if opened.as_ref().map_or_else(|refused| refused.refusal == mismatch, |_| true) {
            core.metrics.signatures_checked.inc();
        }
        opened
    });
    let opened = opened.ok_or(RequestError::Unheard)?;
    let authentic = opened.map_err(|refused| RequestError::Refused(refused, None))?;
    let hotkey = authentic.caller();
    let known = |refused| RequestError::Refused(refused, Some(hotkey));
    let caller =
        Caller { hotkey, address: asked.place.address, endpoint: authentic.class().name(), mode: Protocol::V1 };
    let priority = match core.decide(&caller) {
        Ok(priority) => priority,
        Err(refusal) => return Err(known(authentic.refuse(refusal))),
    };
    let (max_body, max_values) = (authentic.class().max_body(), authentic.class().max_values());
    let Some(context) = core.context(&caller) else {
        return Ok(refuse(core, asked, &authentic.refuse(V1Refusal::Busy), Some(hotkey)));
    };
    let admitted = core.with_window(|window| authentic.admit(window, context)).map_err(known)?;
    asked.place.admitted(asked.started);

    let refuse = |refused: &RefusedRequest| refuse(core, asked, refused, Some(hotkey));
    let placed = async {
        let share = core.share(hotkey)?;
        let (bytes, body) = core.receive(body, max_body, (asked.place, BodySender::Verified)).await?;
        let memory = core.trusted(body, asked.place.address)?;
        Ok((core.enter(asked, (hotkey, priority), (share, memory)).await?, bytes))
    };
    let (place, bytes) = match placed.await {
        Ok(placed) => placed,
        Err(refusal) => return Ok(refuse(&admitted.refuse(refusal))),
    };
    let (message, place) = core
        .read(place, bytes.len(), move |place| match place.charge(&bytes, max_values) {
            Ok(()) => admitted.read(&bytes),
            Err(refusal) => Err(admitted.refuse(refusal)),
        })
        .await;
    let message = match message {
        Ok(message) => message,
        Err(refused) => return Ok(refuse(&refused)),
    };
    let (output, until) = match core.work(message.clone(), place, asked.started).await {
        Ok(worked) => worked,
        Err(refusal) => return Ok(refuse(&RefusedRequest::after(refusal, &message))),
    };
    let at = core.moment(asked.started, asked.incident);
    Ok(match output {
        HandlerOutput::Whole(reply) => plain(core.wire.answer(reply, at)),
        HandlerOutput::Stream { message, pieces } => {
            let head = core.wire.stream_head(message, at);
            if head.status == 200 {
                let body = streamed(pieces, Frames::Plain, StreamGuards { busy, until });
                http::response(head.status, &head.headers, body)
            } else {
                plain(head)
            }
        }
    })
}
