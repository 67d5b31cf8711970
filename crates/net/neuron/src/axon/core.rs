//! Steps that both protocols of an axon share: decisions, places, work.

use super::{
    Endpoint, HandlerOutput, V1Policy, WorkPlace, jumps::ClockJumps, newcomers::NewCallers, room::ConnectionPlace,
    strict, v1,
};
use crate::{
    AxonLimits, Caller, Clock, Metrics, Priority, PriorityError, Rules, Signer,
    failures::FailureBuckets,
    http::{self, Body},
    queue::RequestQueue,
    quota::{Quota, QuotaHold},
    random,
};
use futures::FutureExt;
use hyper::{
    Request, Response,
    body::{Body as _, Incoming},
    header::{CONNECTION, HeaderValue},
};
use myelin_wire::{
    Headers, Protocol, PublicKey, ReceivedRequest, Synapse, Verified,
    class::SYNAPSE,
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
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Duration, Instant, timeout_at},
};

/// The least timeout of a request. No useful answer takes less.
const MIN_TIMEOUT: Duration = Duration::from_millis(100);

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
    /// Bodies of unknown addresses, before their signatures are verified.
    pub(super) unproven: Quota<IpAddr>,
    /// Bytes that follow refusals.
    pub(super) rests: Quota<IpAddr>,
    /// Readers of large messages.
    pub(super) readers: Arc<Semaphore>,
    pub(super) failures: FailureBuckets,
    pub(super) queue: RequestQueue,
    pub(super) metrics: Arc<Metrics>,
}

/// A request head, before its body is read.
pub(super) struct RequestHead<'a> {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Headers,
    pub(super) place: &'a ConnectionPlace,
    pub(super) started: Instant,
    /// The number under which the log keeps the reason of a failure.
    pub(super) incident: u128,
}

impl RequestHead<'_> {
    pub(super) fn received(&self) -> ReceivedRequest<'_> {
        ReceivedRequest { method: &self.method, target: &self.target, headers: &self.headers }
    }
}

/// The end of a request.
pub(super) enum ServedRequest {
    /// An answer to a request that is no failure: an admitted one, or one over a limit of its caller or address.
    Answered(Response<Body>),
    /// A refusal before admission.
    Refused(Response<Body>),
    /// No answer, because the requests of this address fail too often.
    Unheard,
}

/// An error that closes the connection of an address whose requests fail too often.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too many requests of this address have failed")]
pub(super) struct TooManyFailures;

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
    /// Answers one request. A failure has an answer too, as long as the address has not failed too often.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        place: &ConnectionPlace,
        rests: &mpsc::Sender<Incoming>,
    ) -> Result<Response<Body>, TooManyFailures> {
        if self.failures.is_empty(place.address, Instant::now()) {
            return Err(TooManyFailures);
        }
        let busy = place.busy();
        let (parts, mut body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let asked = RequestHead {
            method: parts.method.as_str().to_owned(),
            target,
            headers: http::received(&parts.headers),
            place,
            started: Instant::now(),
            incident: random::bits(),
        };
        let (protocol, served) = match asked.received().mode() {
            Protocol::Strict => ("strict", strict::serve(self, &asked, busy, &mut body).await),
            Protocol::V1 => ("v1", v1::serve(self, &asked, busy, &mut body).await),
        };
        let response = match served {
            ServedRequest::Answered(response) => response,
            ServedRequest::Refused(mut response) => {
                self.failures.take(place.address, Instant::now());
                if matches!(response.status().as_u16(), 401 | 403) {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                response
            }
            ServedRequest::Unheard => return Err(TooManyFailures),
        };
        if !body.is_end_stream() {
            // The rest of the body before has been read, or this request would not have arrived.
            let _ = rests.try_send(body);
        }
        self.metrics.answered(protocol, response.status().as_u16(), asked.started.elapsed().as_secs_f64());
        Ok(response)
    }

    /// Checks a signature, which takes a token of the address for the time of the check.
    ///
    /// Returns `None`, without the check, if there is no token. Without it, many threads could check at a time.
    pub(super) fn check<T>(&self, from: IpAddr, check: impl FnOnce() -> T) -> Option<T> {
        if !self.failures.take(from, Instant::now()) {
            return None;
        }
        let checked = check();
        self.failures.give_back(from);
        Some(checked)
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

    /// Checks that the rules allow a caller.
    ///
    /// A neuron that asks itself for nothing is always allowed, so that it finds out if it can be reached.
    pub(super) fn blacklist(&self, caller: &Caller<'_>) -> Result<(), V1Refusal> {
        if caller.hotkey == self.here && caller.endpoint == SYNAPSE && caller.mode == Protocol::Strict {
            return Ok(());
        }
        self.rules.blacklist(caller).map_err(V1Refusal::Forbidden)
    }

    /// Returns the priority of a caller with a valid signature.
    ///
    /// The operator's rules decide. spec neuron-protocol §7.
    pub(super) fn decide(&self, caller: &Caller<'_>) -> Result<Priority, V1Refusal> {
        if caller.mode == Protocol::V1 && self.v1 == V1Policy::Refused {
            return Err(V1Refusal::Forbidden("this axon serves signed requests only".to_owned()));
        }
        self.rules.verify(caller).map_err(|text| V1Refusal::Unverified(AuthenticationError::Own(text)))?;
        self.blacklist(caller)?;
        self.rules.priority(caller).map_err(|unranked| match unranked {
            PriorityError::Late => V1Refusal::Late,
            PriorityError::Failed(reason) => V1Refusal::Failed(reason),
        })
    }

    /// Takes the share of an admitted caller of the requests at a time.
    pub(super) fn share(&self, caller: PublicKey) -> Result<QuotaHold<PublicKey>, V1Refusal> {
        self.callers.take(caller, 1).ok_or(V1Refusal::Busy)
    }

    /// Waits in the priority queue for a place among the running requests.
    pub(super) async fn enter(
        &self,
        asked: &RequestHead<'_>,
        (caller, priority): (PublicKey, Priority),
        (share, memory): (QuotaHold<PublicKey>, QuotaHold<IpAddr>),
    ) -> Result<WorkPlace, V1Refusal> {
        let _waiting = GaugeGuard::new(&self.metrics.waiting);
        let until = asked.started + self.limits.answer_time;
        let entered = timeout_at(until, self.queue.enter(caller, priority)).await;
        let slot = entered.map_err(|_| V1Refusal::Late)?.map_err(|_| V1Refusal::Busy)?;
        Ok(WorkPlace { address: http::shared(asked.place.address), slot, share, memory })
    }

    /// Lets the handler answer within the caller's timeout. Returns the output and the end of that time.
    pub(super) async fn work(
        &self,
        message: Verified<Synapse>,
        place: WorkPlace,
        started: Instant,
    ) -> Result<(HandlerOutput, Instant), V1Refusal> {
        let seconds = message.content().timeout.filter(|seconds| *seconds > 0.0);
        let patience = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let patience = patience.unwrap_or(Duration::MAX).min(self.limits.answer_time);
        let until = started + patience;
        if patience < MIN_TIMEOUT || until <= Instant::now() {
            return Err(V1Refusal::Late);
        }
        let name = message.content().class().name();
        let endpoint = self.endpoints.get(name).ok_or_else(|| V1Refusal::UnknownSynapse(name.to_owned()))?;
        // A handler that panics has failed. The connection and its other requests have not.
        let answer = AssertUnwindSafe(async { endpoint.answer(message, place).await }).catch_unwind();
        let output = match timeout_at(until, answer).await {
            Err(_) => return Err(V1Refusal::Late),
            Ok(Err(_)) => return Err(V1Refusal::Failed("the handler panicked".to_owned())),
            Ok(Ok(output)) => output.map_err(|failure| V1Refusal::Failed(failure.0))?,
        };
        match &output {
            HandlerOutput::Whole(reply) if reply.status.is_some_and(|status| !may_answer(status)) => {
                Err(V1Refusal::Failed(format!("the handler chose the status {:?}", reply.status)))
            }
            _ => Ok((output, until)),
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
