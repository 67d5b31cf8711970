//! A probe: the steps on the way to a neuron, each with its time.

use super::{
    AskError, Dendrite, Peer,
    connection::{Deadline, PeerResponse, StreamMode, WholeResponse},
    strict::request_body,
};
use myelin_wire::{
    Synapse,
    class::Class,
    python::Dict,
    strict::{AnswerError, verify_answer},
};
use std::time::Duration;
use tokio::time::Instant;

/// The steps on the way to a neuron. A step that was not reached has no time.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeReport {
    /// The time until the connection was established.
    pub connected: Option<Duration>,
    /// The time of the TLS handshake, if the chain has a key of the neuron.
    pub encrypted: Option<Duration>,
    /// The time from the request to the signed answer.
    pub answered: Option<Duration>,
    /// The clock of the neuron, less the own one, in nanoseconds.
    pub clock_offset: Option<i64>,
    /// The error that ended the probe. A signed refusal is none: it proves the hotkey.
    pub error: Option<AskError>,
}

impl Dendrite {
    /// Connects to a neuron and asks it for a signed answer to `/Synapse`.
    pub async fn probe(&self, peer: &Peer, timeout: Duration) -> ProbeReport {
        let mut report =
            ProbeReport { connected: None, encrypted: None, answered: None, clock_offset: None, error: None };
        report.error = self.try_probe(peer, timeout, &mut report).await.err();
        report
    }

    async fn try_probe(&self, peer: &Peer, timeout: Duration, report: &mut ProbeReport) -> Result<(), AskError> {
        let mut dial = self.begin(peer)?;
        let until = Deadline { at: Instant::now() + timeout, seconds: timeout.as_secs_f64() };
        let connection = self.connect(peer, until).await?;
        let opening = connection.opening();
        (report.connected, report.encrypted) = (Some(opening.connected), opening.encrypted);
        let hello = Synapse::new(Class::synapse().into(), &Dict::default());
        let mut hello = hello.map_err(|error| AskError::Question(error.to_string()))?;
        hello.timeout = Some(until.seconds);
        let (request, asked) =
            self.request(peer, hello.class().name(), request_body(&hello).into(), StreamMode::Whole)?;
        let response = connection.ask(request, (StreamMode::Whole, self.max_answer), until).await;
        let PeerResponse::Whole(response) = response.map_err(|failed| failed.error)? else {
            return Err(AskError::Disconnected);
        };
        let WholeResponse { status, headers, body, elapsed, .. } = response;
        match verify_answer(&asked, peer.hotkey, status, &headers, body) {
            Ok(answer) => {
                dial.proved();
                report.answered = Some(elapsed);
                let (theirs, own) = (answer.content().answered_at, self.clock.now());
                report.clock_offset = i64::try_from(i128::from(theirs) - i128::from(own)).ok();
                Ok(())
            }
            Err(reason) => {
                if reason == AnswerError::Unsigned {
                    dial.answered();
                }
                Err(AskError::Unproven { status, reason })
            }
        }
    }
}
