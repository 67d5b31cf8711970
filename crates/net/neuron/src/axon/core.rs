//! What both protocols of an axon have in common: decisions, bodies, work.

use super::{Endpoint, Output, V1, strict, v1};
use crate::{
    Caller, Clock, Limits, Metrics, Priority, Rules, Signer, Unranked,
    http::{self, Body},
    queue::{Queue, Slot},
    quota::{Hold, Quota},
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
    Headers, Hotkey, Mode, Received, Synapse, Verified,
    replay::ReplayWindow,
    v1::{Axon, Classes, Moment, Refusal, UnsignedFields, Unverified},
};
use prometheus_client::metrics::gauge::Gauge;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::time::{Duration, Instant, timeout_at};

/// Everything that serving a request needs.
pub(super) struct Core {
    pub(super) wire: Axon<Signer>,
    pub(super) here: Hotkey,
    pub(super) classes: Classes,
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    pub(super) rules: Box<dyn Rules>,
    pub(super) limits: Limits,
    pub(super) v1: V1,
    pub(super) unsigned_fields: UnsignedFields,
    pub(super) clock: Box<dyn Clock>,
    pub(super) window: Mutex<ReplayWindow>,
    pub(super) callers: Quota<Hotkey>,
    pub(super) bodies: Quota<IpAddr>,
    pub(super) queue: Queue,
    pub(super) metrics: Arc<Metrics>,
}

/// A request as the connection hands it over, beside its body.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Headers,
    pub(super) from: IpAddr,
    pub(super) started: Instant,
    /// The number under which the log keeps what goes wrong.
    pub(super) incident: u128,
}

impl Asked {
    pub(super) fn received(&self) -> Received<'_> {
        Received { method: &self.method, target: &self.target, headers: &self.headers }
    }
}

/// A body in memory, with the room it takes.
pub(super) struct ReadBody {
    pub(super) bytes: Vec<u8>,
    pub(super) hold: Hold<IpAddr>,
}

/// What a handler made, and what it still holds: a stream is work until its last byte.
pub(super) struct Worked {
    pub(super) output: Output,
    pub(super) slot: Slot,
    pub(super) until: Instant,
}

/// One more of something, until dropped.
pub(super) struct Counted(Gauge);

impl Counted {
    pub(super) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The name of a refusal in metrics, and for strict peers.
pub(super) const fn name(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::UnknownSynapse(_) | Refusal::UnknownPath | Refusal::Slash(_) => "NotFound",
        Refusal::Method => "Method",
        Refusal::Headers(_) => "Headers",
        Refusal::Unverified(_) => "Unverified",
        Refusal::Forbidden(_) => "Forbidden",
        Refusal::Late => "Late",
        Refusal::Busy => "TooMany",
        Refusal::TooLarge => "TooLarge",
        Refusal::Cut(_) => "Cut",
        Refusal::NotJson(_) => "NotJson",
        Refusal::ContentType => "ContentType",
        Refusal::Body(_) => "Body",
        Refusal::BodyHash => "BodyHash",
        Refusal::Failed(_) => "Failed",
    }
}

impl Core {
    /// Answers one request. Never fails: whatever happens has an answer.
    pub(super) async fn answer(&self, request: Request<Incoming>, from: IpAddr) -> Response<Body> {
        let (parts, mut body) = request.into_parts();
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let asked = Asked {
            method: parts.method.as_str().to_owned(),
            target,
            headers: http::received(&parts.headers),
            from,
            started: Instant::now(),
            incident: random::bits(),
        };
        let started = asked.started;
        let (protocol, response) = match asked.received().mode() {
            Mode::Strict => ("strict", strict::serve(self, asked, &mut body).await),
            Mode::V1 => ("v1", v1::serve(self, asked, &mut body).await),
        };
        if !body.is_end_stream() {
            self.forget(body);
        }
        self.metrics.answered(protocol, response.status().as_u16(), started.elapsed().as_secs_f64());
        response
    }

    pub(super) fn moment(&self, started: Instant, incident: u128) -> Moment {
        Moment { now: self.clock.now(), process_time: started.elapsed().as_secs_f64(), incident }
    }

    pub(super) fn with_window<T>(&self, change: impl FnOnce(&mut ReplayWindow) -> T) -> T {
        change(&mut self.window.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the operator decides about a caller whose signature is good, and its share of the requests at a time.
    /// spec neuron-protocol §7
    pub(super) fn decide(&self, caller: &Caller<'_>) -> Result<(Priority, Hold<Hotkey>), Refusal> {
        if caller.mode == Mode::V1 && self.v1 == V1::Refused {
            return Err(Refusal::Forbidden("this axon serves signed requests only".to_owned()));
        }
        self.rules.verify(caller).map_err(|text| Refusal::Unverified(Unverified::Own(text)))?;
        self.rules.blacklist(caller).map_err(Refusal::Forbidden)?;
        let priority = self.rules.priority(caller).map_err(|unranked| match unranked {
            Unranked::Late => Refusal::Late,
            Unranked::Failed(reason) => Refusal::Failed(reason),
        })?;
        Ok((priority, self.callers.take(caller.hotkey, 1).ok_or(Refusal::Busy)?))
    }

    /// Reads a body within its limits of size, time and share of the memory.
    pub(super) async fn read(&self, body: &mut Incoming, from: IpAddr) -> Result<ReadBody, Refusal> {
        let announced = body.size_hint().exact().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |announced| announced > self.limits.body) {
            return Err(Refusal::TooLarge);
        }
        let until = Instant::now() + self.limits.body_time;
        let mut hold = self.bodies.take(http::shared(from), 0).ok_or(Refusal::Busy)?;
        let mut bytes = Vec::new();
        while let Some(frame) = timeout_at(until, body.frame()).await.map_err(|_| Refusal::Late)? {
            let frame = frame.map_err(|error| Refusal::Cut(error.to_string()))?;
            // What is no data is a trailer, which says nothing that counts.
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len().saturating_add(data.len()) > self.limits.body {
                return Err(Refusal::TooLarge);
            }
            if !hold.grow(data.len()) {
                return Err(Refusal::Busy);
            }
            self.metrics.received.inc_by(u64::try_from(data.len()).unwrap_or(u64::MAX));
            bytes.extend_from_slice(&data);
        }
        Ok(ReadBody { bytes, hold })
    }

    /// Reads on beside the answer, and keeps nothing: a connection that closes before all was said takes the answer with
    /// it. As long, and as much, as a body may be.
    fn forget(&self, mut body: Incoming) {
        let (until, mut left) = (Instant::now() + self.limits.body_time, self.limits.body);
        tokio::spawn(async move {
            while let Ok(Some(Ok(frame))) = timeout_at(until, body.frame()).await {
                let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { return };
                left = rest;
            }
        });
    }

    /// Waits for a worker and lets the handler answer, all of it within the caller's patience.
    pub(super) async fn work(
        &self,
        message: Verified<Synapse>,
        priority: Priority,
        started: Instant,
    ) -> Result<Worked, Refusal> {
        let seconds = message.content().timeout.filter(|seconds| *seconds > 0.0);
        let patience = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let until = started + patience.unwrap_or(Duration::MAX).min(self.limits.answer_time);
        let name = message.content().class().name();
        let endpoint = self.endpoints.get(name).ok_or_else(|| Refusal::UnknownSynapse(name.to_owned()))?;
        let slot = {
            let _waiting = Counted::new(&self.metrics.waiting);
            let entered = timeout_at(until, self.queue.enter(priority)).await;
            entered.map_err(|_| Refusal::Late)?.map_err(|_| Refusal::Busy)?
        };
        // A handler that panics has failed; the connection and the others on it have not.
        let answer = AssertUnwindSafe(async { endpoint.answer(message).await }).catch_unwind();
        let output = match timeout_at(until, answer).await {
            Err(_) => return Err(Refusal::Late),
            Ok(Err(_)) => return Err(Refusal::Failed("the handler panicked".to_owned())),
            Ok(Ok(output)) => output.map_err(|failure| Refusal::Failed(failure.0))?,
        };
        match &output {
            Output::Whole(reply) if reply.status.is_some_and(|status| !may_answer(status)) => {
                Err(Refusal::Failed(format!("the handler chose the status {:?}", reply.status)))
            }
            _ => Ok(Worked { output, slot, until }),
        }
    }

    /// Counts and logs what was not served.
    pub(super) fn refused(
        &self,
        protocol: &'static str,
        refusal: &Refusal,
        (from, caller): (IpAddr, Option<Hotkey>),
        incident: u128,
    ) {
        self.metrics.refused(protocol, name(refusal));
        let caller = caller.map(Hotkey::to_ss58).unwrap_or_default();
        let (kind, reason) = (name(refusal), refusal.reason());
        if let Refusal::Failed(_) = refusal {
            let said = refusal.message(incident, None);
            tracing::error!(protocol, kind, ?reason, %from, caller, said, "request failed");
        } else {
            tracing::debug!(protocol, kind, ?reason, %from, caller, "request refused");
        }
    }
}

/// Statuses that come with a body.
const fn may_answer(status: u16) -> bool {
    matches!(status, 200..=203 | 206..=303 | 305..=599)
}
