//! v1 requests of a dendrite. spec neuron-protocol §9, §10.

use super::{
    Answer, AnswerStream, AskError, Dendrite, Peer,
    connection::{Connection, Deadline, OutgoingRequest, PeerResponse, StreamMode, WholeResponse},
    strict::deadline,
    task::examine,
};
use crate::random;
use myelin_wire::{
    Synapse,
    v1::{self, ClientReport, HttpResponse, PreparedRequest, TransportEvent, V1Target},
};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The UUIDs of this client that are free. spec neuron-protocol §6.
///
/// Nonces of one UUID must arrive in order, so requests side by side use one UUID each. UUIDs are used again, because
/// the existing neurons store all of them for ever.
#[derive(Debug, Default)]
pub(super) struct ClientIds(Mutex<Vec<String>>);

struct ClientId<'a> {
    clients: &'a ClientIds,
    uuid: String,
}

impl ClientIds {
    fn take(&self) -> ClientId<'_> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        ClientId { clients: self, uuid: idle.unwrap_or_else(random::uuid) }
    }
}

impl Drop for ClientId<'_> {
    fn drop(&mut self) {
        self.clients.0.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.uuid));
    }
}

impl Dendrite {
    /// Sends a request, and returns it with the answer.
    async fn send_v1(
        &self,
        peer: &Peer,
        message: &Synapse,
        client: &ClientId<'_>,
        (mode, until): (StreamMode, Deadline),
    ) -> (Synapse, Result<PeerResponse, AskError>) {
        let connection = self.connect(peer, until).await;
        let local = connection.as_ref().ok().and_then(Connection::local);
        let ip = local.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let dendrite = v1::V1Client { signer: &self.signer, uuid: client.uuid.clone(), ip };
        let target = V1Target { ip: peer.address.ip(), port: peer.address.port(), hotkey: peer.hotkey };
        let PreparedRequest { headers, body, message, .. } = dendrite.prepare(message.clone(), &target, self.nonce());
        let target = format!("/{}", message.class().name());
        let request = OutgoingRequest { target, headers, body, is_kept: false };
        let received = match connection {
            Ok(connection) => connection.ask(request, (mode, self.max_answer), until).await,
            Err(error) => return (message, Err(error)),
        };
        (message, received.map_err(|failed| failed.error))
    }

    pub(super) async fn ask_v1(
        &self,
        peer: &Peer,
        message: &Synapse,
        started: Instant,
    ) -> Result<(Answer, Duration), AskError> {
        let until = deadline(message, started);
        let client = self.clients.take();
        let (sent, received) = self.send_v1(peer, message, &client, (StreamMode::Whole, until)).await;
        let (event, length, elapsed) = match received {
            Ok(PeerResponse::Whole(response)) => {
                let (length, elapsed) = (response.body.len(), response.elapsed);
                (TransportEvent::Answered(http_response(response)), length, elapsed)
            }
            Ok(PeerResponse::Stream(_)) => return Err(AskError::Disconnected),
            Err(error) => (event(error)?, 0, Duration::ZERO),
        };
        let url = request_url(peer, &sent);
        let report = examine(length, move || Ok(ClientReport::new(&sent, &url, event))).await?;
        if report.is_success() { Ok((Answer::Claimed(report.message), elapsed)) } else { Err(claimed(&report)) }
    }

    pub(super) async fn stream_v1(
        &self,
        peer: &Peer,
        message: &Synapse,
        started: Instant,
    ) -> Result<AnswerStream, AskError> {
        let until = deadline(message, started);
        let client = self.clients.take();
        let (sent, received) = self.send_v1(peer, message, &client, (StreamMode::Plain, until)).await;
        let event = match received {
            Ok(PeerResponse::Stream(head)) => {
                let response = HttpResponse { status: head.status, headers: head.headers.clone(), body: Vec::new() };
                let report = ClientReport::new(&sent, &request_url(peer, &sent), TransportEvent::Streamed(response));
                if report.is_success() {
                    return Ok(AnswerStream::plain(head.parts(until), self.max_answer));
                }
                return Err(claimed(&report));
            }
            Ok(PeerResponse::Whole(response)) => TransportEvent::Streamed(http_response(response)),
            Err(error) => event(error)?,
        };
        Err(claimed(&ClientReport::new(&sent, &request_url(peer, &sent), event)))
    }
}

fn http_response(response: WholeResponse) -> HttpResponse {
    HttpResponse { status: response.status, headers: response.headers, body: response.body }
}

fn request_url(peer: &Peer, message: &Synapse) -> String {
    format!("{}/{}", peer.address, message.class().name())
}

fn claimed(report: &ClientReport) -> AskError {
    AskError::Claimed { status: report.status(), text: report.status_message().unwrap_or_default().into() }
}

/// Returns the event that existing clients report, or the error if they have no such event.
fn event(error: AskError) -> Result<TransportEvent, AskError> {
    Ok(match error {
        AskError::Closed => TransportEvent::Refused,
        AskError::TimedOut(seconds) => TransportEvent::TimedOut(seconds),
        AskError::Disconnected => TransportEvent::Disconnected,
        AskError::Cut(how) => TransportEvent::Cut(how.to_string()),
        AskError::NotHttp(what) => TransportEvent::NotHttp(what.to_string()),
        AskError::Unreachable(what) => TransportEvent::Unreachable(what),
        other => return Err(other),
    })
}
