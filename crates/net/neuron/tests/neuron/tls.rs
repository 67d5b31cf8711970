//! TLS with the key on the chain.

use crate::{AXON, CALLER, builder, dendrite_of, echo, fake, key, message, signer, soon, wire};
use myelin_neuron::{Answer, AskError, AxonLimits, Peer, ServeAnyone, ServedAxon, TlsIdentity, TlsOffer};
use myelin_primitives::CertificateKey;
use myelin_wire::Sign;
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    HandshakeKind, ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::TLS13,
};
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::TlsAcceptor;

/// A server with the certificate of one key that signs with another.
#[derive(Debug)]
struct Certificate(Arc<CertifiedKey>);

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Returns a server with the certificate of an identity, and the certificate as published.
pub(crate) fn server(identity: &TlsIdentity) -> (Arc<ServerConfig>, CertificateKey) {
    server_signing_with(identity, identity)
}

fn server_signing_with(identity: &TlsIdentity, signs: &TlsIdentity) -> (Arc<ServerConfig>, CertificateKey) {
    let pair = |identity: &TlsIdentity| KeyPair::from_pem(&identity.to_pem()).unwrap();
    let certificate = CertificateParams::default().self_signed(&pair(identity)).unwrap();
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair(signs).serialize_der()));
    let provider = Arc::new(ring::default_provider());
    let key = provider.key_provider.load_private_key(secret).unwrap();
    let key = Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key));
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13]).unwrap();
    let config = config.with_no_client_auth().with_cert_resolver(Arc::new(Certificate(key)));
    (Arc::new(config), identity.certificate().unwrap())
}

/// Serves TLS, and returns the peer and the kind of each handshake.
async fn serve(config: Arc<ServerConfig>, certificate: CertificateKey) -> (Peer, Receiver<Option<HandshakeKind>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = Peer::encrypted(key(AXON).hotkey(), listener.local_addr().unwrap(), certificate);
    let (sender, kinds) = channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = TlsAcceptor::from(Arc::clone(&config)).accept(stream).await else { continue };
            let Some(asked) = fake::read(&mut stream, &mut Vec::new()).await else { continue };
            let _ = sender.send(stream.get_ref().1.handshake_kind());
            stream.write_all(&fake::signed(&asked, 200, fake::ECHO)).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (peer, kinds)
}

#[tokio::test]
async fn a_certificate_without_its_key_proves_nothing() {
    let (identity, other) = (TlsIdentity::generate().unwrap(), TlsIdentity::generate().unwrap());
    let (config, certificate) = server(&identity);
    assert!(ask(&serve(config, certificate).await.0).await.is_ok());
    let (config, certificate) = server_signing_with(&identity, &other);
    assert!(matches!(ask(&serve(config, certificate).await.0).await, Err(AskError::Tls(_))));
}

#[tokio::test]
async fn nh_94_sessions_resume() {
    let (config, certificate) = server(&TlsIdentity::generate().unwrap());
    let (peer, kinds) = serve(config, certificate).await;
    let dendrite = dendrite_of(signer(CALLER));
    for _ in 0..100 {
        assert!(soon(dendrite.ask(&peer, &message(echo(), "hello"))).await.result.is_ok());
    }
    let kinds: Vec<_> = kinds.try_iter().collect();
    let full = kinds.iter().filter(|kind| **kind != Some(HandshakeKind::Resumed)).count();
    assert_eq!((kinds.len(), full), (100, 1), "{kinds:?}");
    // A session proves the key of one certificate only.
    let other = TlsIdentity::generate().unwrap().certificate().unwrap();
    let impostor = Peer::encrypted(peer.hotkey, peer.address, other);
    let asked = soon(dendrite.ask(&impostor, &message(echo(), "hello"))).await.result;
    assert!(matches!(asked, Err(AskError::Tls(_))), "{asked:?}");
}

async fn ask(peer: &Peer) -> Result<Answer, AskError> {
    soon(dendrite_of(signer(CALLER)).ask(peer, &message(echo(), "hello"))).await.result
}

#[tokio::test]
async fn the_published_key_is_reached_and_no_other() {
    let identity = TlsIdentity::generate().unwrap();
    let certificate = identity.certificate().unwrap();
    let axon = builder(ServeAnyone).tls(identity, TlsOffer::Optional).start().await.unwrap();
    let announced = ServedAxon {
        address: axon.address(),
        placeholder1: 0,
        certificate: Some(certificate.to_bytes()),
        announced_at: 1,
    };
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
