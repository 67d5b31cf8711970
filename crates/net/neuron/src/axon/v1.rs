//! The serving of v1 requests. spec neuron-protocol §7.

use super::{
    HandlerOutput,
    core::{AxonCore, HandlerResult, RequestHead},
    stream::{Frames, StreamGuards, streamed},
};
use crate::{
    Caller,
    http::{self, Body},
};
use hyper::{Response, body::Incoming};
use myelin_wire::{
    Protocol, Synapse, Verified,
    v1::{Freshness, HttpAnswer, RefusedRequest, V1Door, V1Refusal},
};

pub(super) async fn serve(core: &AxonCore, asked: RequestHead, body: &mut Incoming) -> Response<Body> {
    match exchange(core, &asked, body).await {
        Ok(response) => response,
        Err((refused, caller)) => {
            core.refused("v1", &refused.refusal, (asked.from, caller), asked.incident);
            plain(core.wire.refuse(&refused, core.moment(asked.started, asked.incident)))
        }
    }
}

fn plain(answer: HttpAnswer) -> Response<Body> {
    http::response(answer.status, &answer.headers, http::whole(answer.body))
}

type RefusedCaller = (RefusedRequest, Option<myelin_wire::PublicKey>);

async fn exchange(core: &AxonCore, asked: &RequestHead, body: &mut Incoming) -> Result<Response<Body>, RefusedCaller> {
    let door = V1Door {
        here: core.here,
        classes: &core.classes,
        freshness: Freshness::default(),
        unsigned_fields: core.unsigned_fields,
    };
    let authentic = door.open(asked.received(), core.clock.now()).map_err(|refused| (refused, None))?;
    let hotkey = authentic.caller();
    let known = |refused| (refused, Some(hotkey));
    let caller = Caller { hotkey, address: asked.from, endpoint: authentic.class().name(), mode: Protocol::V1 };
    let (priority, share) = match core.decide(&caller) {
        Ok(decided) => decided,
        Err(refusal) => return Err(known(authentic.refuse(refusal))),
    };
    let Some(context) = core.context(&caller) else { return Err(known(authentic.refuse(V1Refusal::Busy))) };
    let admitted = core.with_window(|window| authentic.admit(window, context)).map_err(known)?;
    let body = match core.read(body, asked.from).await {
        Ok(body) => body,
        Err(refusal) => return Err(known(admitted.refuse(refusal))),
    };
    let message: Verified<Synapse> = admitted.read(&body.bytes).map_err(known)?;
    let memory = body.hold;
    drop(body.bytes);
    let worked = core.work(message.clone(), priority, asked.started).await;
    drop(memory);
    let HandlerResult { output, slot, until } =
        worked.map_err(|refusal| known(RefusedRequest::after(refusal, &message)))?;
    let at = core.moment(asked.started, asked.incident);
    Ok(match output {
        HandlerOutput::Whole(reply) => plain(core.wire.answer(reply, at)),
        HandlerOutput::Stream { message, pieces } => {
            let head = core.wire.stream_head(message, at);
            if head.status == 200 {
                let body = streamed(pieces, Frames::Plain, StreamGuards { slot, share, until });
                http::response(head.status, &head.headers, body)
            } else {
                plain(head)
            }
        }
    })
}
