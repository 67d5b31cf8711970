//! Asking neurons of the older protocol. spec neuron-protocol §9, §10

use super::{
    Answer, AnswerStream, AskError, Dendrite, Peer,
    connection::{self, Call, Deadline, Head},
    strict::deadline,
};
use crate::random;
use myelin_wire::{
    Synapse,
    v1::{self, Event, Prepared, Report, Response, Target},
};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// The UUIDs of this client that nobody uses now. spec neuron-protocol §6
///
/// Nonces of one UUID have to arrive in order, so questions side by side use one each. They are used again, because
/// the existing neurons remember every one of them for ever.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<Vec<String>>);

struct Client<'a> {
    clients: &'a Clients,
    uuid: String,
}

impl Clients {
    fn take(&self) -> Client<'_> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Client { clients: self, uuid: idle.unwrap_or_else(random::uuid) }
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        self.clients.0.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut self.uuid));
    }
}

impl Dendrite {
    /// The question, and what becomes of it up to the head of the answer.
    async fn send_v1(
        &self,
        peer: &Peer,
        message: &Synapse,
        client: &Client<'_>,
        until: Deadline,
    ) -> (Synapse, Result<Head, AskError>) {
        let dendrite = v1::Dendrite { signer: &self.signer, uuid: client.uuid.clone(), ip: self.ip };
        let target = Target { ip: peer.address.ip(), port: peer.address.port(), hotkey: peer.hotkey };
        let Prepared { headers, body, message, .. } = dendrite.prepare(message.clone(), &target, self.nonce());
        let path = format!("/{}", message.class().name());
        let place = self.place(peer.address);
        let call = Call { place, certificate: None, target: &path, headers: &headers, body, until };
        (message, connection::call(call).await)
    }

    pub(super) async fn ask_v1(&self, peer: &Peer, message: &Synapse, started: Instant) -> Result<Answer, AskError> {
        let until = deadline(message, started);
        let client = self.clients.take();
        let (sent, head) = self.send_v1(peer, message, &client, until).await;
        let event = match head {
            Ok(head) => match connection::whole(head, self.max_answer, until).await {
                Ok((status, headers, body)) => Event::Answered(Response { status, headers, body }),
                Err(error) => event(error)?,
            },
            Err(error) => event(error)?,
        };
        let report = Report::new(&sent, &place(peer, &sent), event);
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
                let response = Response { status: 200, headers: head.headers.clone(), body: Vec::new() };
                let report = Report::new(&sent, &place(peer, &sent), Event::Streamed(response));
                if report.is_success() {
                    return Ok(AnswerStream::plain(head, (self.max_answer, until)));
                }
                return Err(claimed(&report));
            }
            Ok(head) => {
                let (status, headers, body) = connection::whole(head, self.max_answer, until).await?;
                Event::Streamed(Response { status, headers, body })
            }
            Err(error) => event(error)?,
        };
        Err(claimed(&Report::new(&sent, &place(peer, &sent), event)))
    }
}

fn place(peer: &Peer, message: &Synapse) -> String {
    format!("{}/{}", peer.address, message.class().name())
}

fn claimed(report: &Report) -> AskError {
    AskError::Claimed { status: report.status(), text: report.status_message().unwrap_or_default().to_owned() }
}

/// What the existing clients report; what they never meet stays an error of ours.
fn event(error: AskError) -> Result<Event, AskError> {
    Ok(match error {
        AskError::Closed => Event::Refused,
        AskError::TimedOut(seconds) => Event::TimedOut(seconds),
        AskError::Disconnected => Event::Disconnected,
        AskError::Cut(how) => Event::Cut(how),
        AskError::NotHttp(what) => Event::NotHttp(what),
        AskError::Unreachable(what) => Event::Unreachable(what),
        other => return Err(other),
    })
}
