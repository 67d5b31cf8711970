//! Probes: the steps on the way to a neuron.

use crate::{
    AXON, CALLER, builder, dendrite_of, echo,
    fake::{Fake, Reply, answer},
    key, message, signer, soon,
};
use myelin_neuron::{AskError, Caller, Peer, ProbeReport, Rules, ServeAnyone, TlsIdentity, TlsOffer};
use myelin_wire::{Headers, Sign, strict::AnswerError};
use std::time::Duration;
use tokio::net::TcpListener;

const TIMEOUT: Duration = Duration::from_secs(20);

async fn probe(seed: u8, peer: &Peer) -> ProbeReport {
    soon(dendrite_of(signer(seed)).probe(peer, TIMEOUT)).await
}

/// Rules that serve no caller.
struct Closed;

impl Rules for Closed {
    fn blacklist(&self, _: &Caller<'_>) -> Result<(), String> {
        Err("closed".to_owned())
    }
}

#[tokio::test]
async fn a_neuron_that_answers_is_reached_in_each_step() {
    let identity = TlsIdentity::generate().unwrap();
    let certificate = identity.certificate().unwrap();
    let axon = builder(ServeAnyone).tls(identity, TlsOffer::Optional).start().await.unwrap();
    let clear = probe(CALLER, &Peer::strict(axon.hotkey(), axon.address())).await;
    assert_eq!((clear.error, clear.encrypted), (None, None));
    assert!(clear.connected.is_some() && clear.answered.is_some());
    assert!(clear.clock_offset.unwrap().unsigned_abs() < TIMEOUT.as_nanos().try_into().unwrap());
    let encrypted = probe(CALLER, &Peer::encrypted(axon.hotkey(), axon.address(), certificate)).await;
    assert!(encrypted.error.is_none() && encrypted.encrypted.is_some() && encrypted.answered.is_some());
}

#[tokio::test]
async fn a_neuron_serves_its_own_ping_whatever_its_rules_are() {
    let axon = builder(Closed).start().await.unwrap();
    let peer = Peer::strict(axon.hotkey(), axon.address());
    assert_eq!(probe(AXON, &peer).await.error, None);
    let refused = probe(CALLER, &peer).await;
    assert_eq!(refused.error, Some(AskError::Unproven { status: 403, reason: AnswerError::Unsigned }));
    assert!(refused.connected.is_some() && refused.answered.is_none());
    // Only the ping is free of the rules.
    let asked = soon(dendrite_of(signer(AXON)).ask(&peer, &message(echo(), "x"))).await;
    assert!(matches!(asked.result, Err(AskError::Unproven { status: 403, .. })));
}

#[tokio::test]
async fn the_step_that_fails_has_no_time() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let report = probe(CALLER, &Peer::strict(key(AXON).hotkey(), closed)).await;
    assert_eq!((report.error, report.connected), (Some(AskError::Closed), None));

    let other = Fake::start(|_| Reply::Close(answer(200, &Headers::default(), b"{}"))).await;
    let report = probe(CALLER, &other.peer()).await;
    assert_eq!(report.error, Some(AskError::Unproven { status: 200, reason: AnswerError::Unsigned }));
    assert!(report.connected.is_some() && report.answered.is_none() && report.clock_offset.is_none());
    let certificate = TlsIdentity::generate().unwrap().certificate().unwrap();
    let report = probe(CALLER, &Peer::encrypted(other.peer().hotkey, other.address, certificate)).await;
    assert!(matches!(report.error, Some(AskError::Tls(_))) && report.connected.is_none());
}
