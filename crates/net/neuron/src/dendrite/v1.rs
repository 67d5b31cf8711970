//! v1 requests of a dendrite. spec neuron-protocol §9, §10.

use super::{
    Answer, AnswerStream, AskError, Dendrite, Peer,
    connection::{self, Deadline, OutgoingRequest, ResponseHead},
    strict::deadline,
};
use crate::random;
use myelin_wire::{
    Synapse,
    v1::{self, ClientReport, HttpResponse, PreparedRequest, TransportEvent, V1Target},
};
use std::sync::{Mutex, PoisonError};
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
    /// Sends a request, and returns it with the head of the answer.
    async fn send_v1(
        &self,
        peer: &Peer,
        message: &Synapse,
        client: &ClientId<'_>,
        until: Deadline,
    ) -> (Synapse, Result<ResponseHead, AskError>) {
        let dendrite = v1::V1Client { signer: &self.signer, uuid: client.uuid.clone(), ip: self.ip };
        let target = V1Target { ip: peer.address.ip(), port: peer.address.port(), hotkey: peer.hotkey };
        let PreparedRequest { headers, body, message, .. } = dendrite.prepare(message.clone(), &target, self.nonce());
        let path = format!("/{}", message.class().name());
        let call =
            OutgoingRequest { place: peer.address, certificate: None, target: &path, headers: &headers, body, until };
        (message, connection::call(call).await)
    }

    pub(super) async fn ask_v1(&self, peer: &Peer, message: &Synapse, started: Instant) -> Result<Answer, AskError> {
        let until = deadline(message, started);
        let client = self.clients.take();
        let (sent, head) = self.send_v1(peer, message, &client, until).await;
        let event = match head {
            Ok(head) => match connection::whole(head, self.max_answer, until).await {
                Ok((status, headers, body)) => TransportEvent::Answered(HttpResponse { status, headers, body }),
                Err(error) => event(error)?,
            },
            Err(error) => event(error)?,
        };
        let report = ClientReport::new(&sent, &request_url(peer, &sent), event);
        if report.is_success() { Ok(Answer::Claimed(report.message)) } else { Err(claimed(&report)) }
    }

    pub(super) async fn stream_v1(
        &self,
        peer: &Peer,
        message: &Synapse,
        started: Instant,
    ) -> Result<AnswerStream, AskError> {
        let until = deadline(message, started);
        let client = self.clients.take();
        let (sent, head) = self.send_v1(peer, message, &client, until).await;
        let event = match head {
            Ok(head) if head.status == 200 => {
                let response = HttpResponse { status: 200, headers: head.headers.clone(), body: Vec::new() };
                let report = ClientReport::new(&sent, &request_url(peer, &sent), TransportEvent::Streamed(response));
                if report.is_success() {
                    return Ok(AnswerStream::plain(head, (self.max_answer, until)));
                }
                return Err(claimed(&report));
            }
            Ok(head) => {
                let (status, headers, body) = connection::whole(head, self.max_answer, until).await?;
                TransportEvent::Streamed(HttpResponse { status, headers, body })
            }
            Err(error) => event(error)?,
        };
        Err(claimed(&ClientReport::new(&sent, &request_url(peer, &sent), event)))
    }
}

fn request_url(peer: &Peer, message: &Synapse) -> String {
    format!("{}/{}", peer.address, message.class().name())
}

fn claimed(report: &ClientReport) -> AskError {
    AskError::Claimed { status: report.status(), text: report.status_message().unwrap_or_default().to_owned() }
}

/// Returns the event that existing clients report, or the error if they have no such event.
fn event(error: AskError) -> Result<TransportEvent, AskError> {
    Ok(match error {
        AskError::Closed => TransportEvent::Refused,
        AskError::TimedOut(seconds) => TransportEvent::TimedOut(seconds),
        AskError::Disconnected => TransportEvent::Disconnected,
        AskError::Cut(how) => TransportEvent::Cut(how),
        AskError::NotHttp(what) => TransportEvent::NotHttp(what),
        AskError::Unreachable(what) => TransportEvent::Unreachable(what),
        other => return Err(other),
    })
}
