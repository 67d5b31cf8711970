//! Steps that both protocols of an axon share: decisions, bodies, work.

use super::{Endpoint, HandlerOutput, V1Policy, jumps::ClockJumps, newcomers::NewCallers, strict, v1};
use crate::{
    AxonLimits, Caller, Clock, Metrics, Priority, PriorityError, Rules, Signer,
    http::{self, Body},
    queue::{QueueSlot, RequestQueue},
    quota::{Quota, QuotaHold},
    random,
};
use bytes::Bytes;
use futures::FutureExt;
use http_body_util::BodyExt;
use hyper::{
    Request, Response,
    body::{Body as _, Incoming},
};
use myelin_wire::{
    Headers, Protocol, PublicKey, ReceivedRequest, Synapse, Verified,
    replay::{ReplayWindow, RequestContext},
    strict::StrictDoor,
    v1::{AnswerTime, AuthenticationError, Classes, UnsignedFields, V1Refusal, V1Server},
};
use prometheus_client::metrics::gauge::Gauge;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::time::{Duration, Instant, timeout_at};

/// The state that serving a request needs.
pub(super) struct AxonCore {
    pub(super) wire: V1Server<Signer>,
    pub(super) here: PublicKey,
    pub(super) door: StrictDoor,
    pub(super) classes: Classes,
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    pub(super) rules: Box<dyn Rules>,
    pub(super) limits: AxonLimits,
    pub(super) v1: V1Policy,
    pub(super) unsigned_fields: UnsignedFields,
    pub(super) clock: Box<dyn Clock>,
    pub(super) window: Mutex<ReplayWindow>,
    pub(super) new_callers: NewCallers,
    pub(super) jumps: ClockJumps,
    pub(super) callers: Quota<PublicKey>,
    pub(super) bodies: Quota<IpAddr>,
    pub(super) queue: RequestQueue,
    pub(super) metrics: Arc<Metrics>,
}

/// A request head, before its body is read.
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Headers,
    pub(super) from: IpAddr,
    pub(super) started: Instant,
    /// The number under which the log keeps the reason of a failure.
    pub(super) incident: u128,
}

impl RequestHead {
    pub(super) fn received(&self) -> ReceivedRequest<'_> {
        ReceivedRequest { method: &self.method, target: &self.target, headers: &self.headers }
    }
}

/// A body in memory, with its share of the quota.
pub(super) struct ReadBody {
    pub(super) bytes: Vec<u8>,
    pub(super) hold: QuotaHold<IpAddr>,
}

/// The output of a handler, with its worker slot: a stream occupies a worker until its last byte.
pub(super) struct HandlerResult {
    pub(super) output: HandlerOutput,
    pub(super) slot: QueueSlot,
    pub(super) until: Instant,
}

/// A guard that counts one more in a gauge until it is dropped.
pub(super) struct GaugeGuard(Gauge);

impl GaugeGuard {
    pub(super) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Returns the name of a refusal in metrics, and for strict peers.
pub(super) const fn name(refusal: &V1Refusal) -> &'static str {
    match refusal {
        V1Refusal::UnknownSynapse(_) | V1Refusal::UnknownPath | V1Refusal::Slash(_) => "NotFound",
        V1Refusal::Method => "Method",
        V1Refusal::Headers(_) => "Headers",
        V1Refusal::Unverified(_) => "Unverified",
        V1Refusal::Forbidden(_) => "Forbidden",
        V1Refusal::Late => "Late",
        V1Refusal::Busy => "TooMany",
        V1Refusal::TooLarge => "TooLarge",
        V1Refusal::Cut(_) => "Cut",
        V1Refusal::NotJson(_) => "NotJson",
        V1Refusal::ContentType => "ContentType",
        V1Refusal::Body(_) => "Body",
        V1Refusal::BodyHash => "BodyHash",
        V1Refusal::Failed(_) => "Failed",
    }
}

impl AxonCore {
    /// Answers one request. Each failure has an answer too.
    pub(super) async fn answer(&self, request: Request<Incoming>, from: IpAddr) -> Response<Body> {
        let (parts, mut body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let asked = RequestHead {
            method: parts.method.as_str().to_owned(),
            target,
            headers: http::received(&parts.headers),
            from,
            started: Instant::now(),
            incident: random::bits(),
        };
        let started = asked.started;
        let (protocol, response) = match asked.received().mode() {
            Protocol::Strict => ("strict", strict::serve(self, asked, &mut body).await),
            Protocol::V1 => ("v1", v1::serve(self, asked, &mut body).await),
        };
        if !body.is_end_stream() {
            self.forget(body);
        }
        self.metrics.answered(protocol, response.status().as_u16(), started.elapsed().as_secs_f64());
        response
    }

    pub(super) fn moment(&self, started: Instant, incident: u128) -> AnswerTime {
        AnswerTime { now: self.clock.now(), process_time: started.elapsed().as_secs_f64(), incident }
    }

    pub(super) fn with_window<T>(&self, change: impl FnOnce(&mut ReplayWindow) -> T) -> T {
        change(&mut self.window.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns what the replay window needs to know of a request, unless its address brings too many new callers.
    pub(super) fn context(&self, caller: &Caller<'_>) -> Option<RequestContext> {
        let (now, steady) = (self.clock.now(), self.clock.steady());
        if let Some(jump) = self.jumps.note(now, steady) {
            tracing::warn!(nanoseconds = %jump, "the clock jumped; fresh requests stay fresh, and old ones are known");
        }
        let has_seat = self.rules.has_seat(caller);
        let is_new = !has_seat && self.with_window(|window| window.is_new(caller.hotkey));
        let is_allowed = !is_new || self.new_callers.take(http::shared(caller.address), steady);
        is_allowed.then_some(RequestContext { now, steady, has_seat })
    }

    /// Returns the priority of a caller with a valid signature, and takes its share of the requests in flight.
    ///
    /// The operator's rules decide. spec neuron-protocol §7.
    pub(super) fn decide(&self, caller: &Caller<'_>) -> Result<(Priority, QuotaHold<PublicKey>), V1Refusal> {
        if caller.mode == Protocol::V1 && self.v1 == V1Policy::Refused {
            return Err(V1Refusal::Forbidden("this axon serves signed requests only".to_owned()));
        }
        self.rules.verify(caller).map_err(|text| V1Refusal::Unverified(AuthenticationError::Own(text)))?;
        self.rules.blacklist(caller).map_err(V1Refusal::Forbidden)?;
        let priority = self.rules.priority(caller).map_err(|unranked| match unranked {
            PriorityError::Late => V1Refusal::Late,
            PriorityError::Failed(reason) => V1Refusal::Failed(reason),
        })?;
        Ok((priority, self.callers.take(caller.hotkey, 1).ok_or(V1Refusal::Busy)?))
    }

    /// Reads a body within its limits of size and time and its quota of memory.
    pub(super) async fn read(&self, body: &mut Incoming, from: IpAddr) -> Result<ReadBody, V1Refusal> {
        let announced = body.size_hint().exact().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |announced| announced > self.limits.body) {
            return Err(V1Refusal::TooLarge);
        }
        let until = Instant::now() + self.limits.body_time;
        let mut hold = self.bodies.take(http::shared(from), 0).ok_or(V1Refusal::Busy)?;
        let mut bytes = Vec::new();
        while let Some(frame) = timeout_at(until, body.frame()).await.map_err(|_| V1Refusal::Late)? {
            let frame = frame.map_err(|error| V1Refusal::Cut(error.to_string()))?;
            // A frame without data is a trailer, which does not count.
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len().saturating_add(data.len()) > self.limits.body {
                return Err(V1Refusal::TooLarge);
            }
            if !hold.grow(data.len()) {
                return Err(V1Refusal::Busy);
            }
            self.metrics.received.inc_by(u64::try_from(data.len()).unwrap_or(u64::MAX));
            bytes.extend_from_slice(&data);
        }
        Ok(ReadBody { bytes, hold })
    }

    /// Reads the rest of a body beside the answer, and drops it.
    ///
    /// A connection that closes before its peer has sent all bytes can lose the answer. The limits of time and size are
    /// those of a body.
    fn forget(&self, mut body: Incoming) {
        let (until, mut left) = (Instant::now() + self.limits.body_time, self.limits.body);
        tokio::spawn(async move {
            while let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await {
                let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
                left = rest;
            }
        });
    }

    /// Waits in the priority queue for a worker, then lets the handler answer, all within the caller's timeout.
    pub(super) async fn work(
        &self,
        message: Verified<Synapse>,
        priority: Priority,
        started: Instant,
    ) -> Result<HandlerResult, V1Refusal> {
        let seconds = message.content().timeout.filter(|seconds| *seconds > 0.0);
        let patience = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let until = started + patience.unwrap_or(Duration::MAX).min(self.limits.answer_time);
        let name = message.content().class().name();
        let endpoint = self.endpoints.get(name).ok_or_else(|| V1Refusal::UnknownSynapse(name.to_owned()))?;
        let slot = {
            let _waiting = GaugeGuard::new(&self.metrics.waiting);
            let entered = timeout_at(until, self.queue.enter(priority)).await;
            entered.map_err(|_| V1Refusal::Late)?.map_err(|_| V1Refusal::Busy)?
        };
        // A handler that panics has failed. The connection and its other requests have not.
        let answer = AssertUnwindSafe(async { endpoint.answer(message).await }).catch_unwind();
        let output = match timeout_at(until, answer).await {
            Err(_) => return Err(V1Refusal::Late),
            Ok(Err(_)) => return Err(V1Refusal::Failed("the handler panicked".to_owned())),
            Ok(Ok(output)) => output.map_err(|failure| V1Refusal::Failed(failure.0))?,
        };
        match &output {
            HandlerOutput::Whole(reply) if reply.status.is_some_and(|status| !may_answer(status)) => {
                Err(V1Refusal::Failed(format!("the handler chose the status {:?}", reply.status)))
            }
            _ => Ok(HandlerResult { output, slot, until }),
        }
    }

    /// Counts and logs a refused request.
    pub(super) fn refused(
        &self,
        protocol: &'static str,
        refusal: &V1Refusal,
        (from, caller): (IpAddr, Option<PublicKey>),
        incident: u128,
    ) {
        self.metrics.refused(protocol, name(refusal));
        let caller = caller.map(|caller| caller.to_string()).unwrap_or_default();
        let (kind, reason) = (name(refusal), refusal.reason());
        if let V1Refusal::Failed(_) = refusal {
            let said = refusal.message(incident, None);
            tracing::error!(protocol, kind, ?reason, %from, caller, said, "request failed");
        } else {
            tracing::debug!(protocol, kind, ?reason, %from, caller, "request refused");
        }
    }
}

/// Returns true if an answer with this status may have a body.
const fn may_answer(status: u16) -> bool {
    matches!(status, 200..=203 | 206..=303 | 305..=599)
}
