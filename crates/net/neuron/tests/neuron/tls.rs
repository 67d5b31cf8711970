//! TLS with the key on the chain.

use crate::{AXON, CALLER, builder, echo, key, message, signer, soon, wire};
use myelin_neuron::{Answer, AskError, AxonLimits, Dendrite, Peer, ServeAnyone, ServedAxon, TlsIdentity, TlsOffer};
use myelin_wire::Sign;
use std::time::Duration;

async fn ask(peer: &Peer) -> Result<Answer, AskError> {
    soon(Dendrite::new(signer(CALLER)).ask(peer, &message(echo(), "hello"))).await.result
}

#[tokio::test]
async fn the_published_key_is_reached_and_no_other() {
    let identity = TlsIdentity::generate().unwrap();
    let certificate = identity.certificate().unwrap();
    let axon = builder(ServeAnyone).tls(identity, TlsOffer::Optional).start().await.unwrap();
    let announced =
        ServedAxon { address: axon.address(), protocol: 0, certificate: Some(certificate.to_bytes()), announced_at: 1 };
    assert!(matches!(ask(&announced.peer(axon.hotkey()).unwrap()).await, Ok(Answer::Signed { .. })));

    let other = TlsIdentity::generate().unwrap().certificate().unwrap();
    let impostor = Peer::encrypted(axon.hotkey(), axon.address(), other);
    assert!(matches!(ask(&impostor).await, Err(AskError::Tls(_))));

    // The existing neurons have no TLS, and share the port.
    assert!(matches!(ask(&Peer::v1(axon.hotkey(), axon.address())).await, Ok(Answer::Claimed(_))));
    soon(axon.stop()).await.unwrap();
}

#[tokio::test]
async fn whoever_has_a_certificate_is_never_asked_in_clear_text() {
    let certificate = TlsIdentity::generate().unwrap().certificate().unwrap();
    let axon = builder(ServeAnyone).start().await.unwrap();
    assert!(matches!(ask(&Peer::encrypted(axon.hotkey(), axon.address(), certificate)).await, Err(AskError::Tls(_))));
}

#[tokio::test]
async fn clear_text_can_be_refused() {
    let identity = TlsIdentity::generate().unwrap();
    let certificate = identity.certificate().unwrap();
    let axon = builder(ServeAnyone).tls(identity, TlsOffer::Required).start().await.unwrap();
    assert_eq!(ask(&Peer::strict(key(AXON).hotkey(), axon.address())).await, Err(AskError::Disconnected));
    assert!(ask(&Peer::encrypted(axon.hotkey(), axon.address(), certificate)).await.is_ok());
}

#[tokio::test]
async fn a_handshake_ends_in_time() {
    let limits = AxonLimits { first_head_time: Duration::from_millis(100), ..AxonLimits::default() };
    let identity = TlsIdentity::generate().unwrap();
    let axon = builder(ServeAnyone).limits(limits).tls(identity, TlsOffer::Optional).start().await.unwrap();
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(&[0x16, 3, 1]).await;
    raw.closed().await;
    let mut raw = wire::Raw::open(axon.address()).await;
    raw.say(&[0x16; 5_000]).await;
    raw.closed().await;
    assert!(axon.metrics().text().contains("myelin_axon_handshakes_failed_total 2\n"));
}
