//! TLS between neurons: a self-signed certificate, whose public key is published on the chain.
//!
//! spec neuron-protocol §13. Names and certificate authorities mean nothing here. A client accepts exactly the key that
//! the chain binds to the hotkey, and a server proves itself by having it.

use core::fmt;
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_primitives::CertificateKey;
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519, PublicKeyData};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime},
    server::ParsedCertificate,
    version::TLS13,
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// The key of a neuron for TLS, always Ed25519. Keep it across restarts: publishing another takes a transaction.
pub struct TlsIdentity {
    key: KeyPair,
}

/// The reason for which a key cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A text that is no private key of Ed25519 in PEM.
    #[error("not an Ed25519 key in PEM (PKCS#8)")]
    Key,
    /// A refusal of the TLS library.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

impl Diagnostic for TlsError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, _: &mut Hints) {}
}

fn setup(error: impl fmt::Display) -> TlsError {
    TlsError::Setup(error.to_string())
}

/// The demand on callers to use TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsOffer {
    /// Callers may use TLS. Others are served in clear text on the same port, as the existing neurons need.
    #[default]
    Optional,
    /// All callers must use TLS.
    Required,
}

impl TlsIdentity {
    /// Generates a new key.
    ///
    /// # Errors
    /// [`TlsError::Setup`] if the system has no randomness.
    pub fn generate() -> Result<Self, TlsError> {
        Ok(Self { key: KeyPair::generate_for(&PKCS_ED25519).map_err(setup)? })
    }

    /// Reads a key that [`Self::to_pem`] wrote.
    ///
    /// # Errors
    /// [`TlsError::Key`] for a text that is no such key.
    pub fn from_pem(pem: &str) -> Result<Self, TlsError> {
        let key = KeyPair::from_pem_and_sign_algo(pem, &PKCS_ED25519).map_err(|_| TlsError::Key)?;
        Ok(Self { key })
    }

    /// Returns the **secret** key. Store it in a private file.
    pub fn to_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.key.serialize_pem())
    }

    /// Returns the public key, to be published on the chain.
    ///
    /// # Errors
    /// [`TlsError::Key`], never for a key made or read here.
    pub fn certificate(&self) -> Result<CertificateKey, TlsError> {
        self.key.der_bytes().try_into().map(CertificateKey::Ed25519).map_err(|_| TlsError::Key)
    }

    pub(crate) fn server(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        let certificate = parameters.self_signed(&self.key).map_err(setup)?;
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .map_err(setup)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .map_err(setup)?;
        Ok(Arc::new(config))
    }
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TlsIdentity(…)")
    }
}

/// The clients of a dendrite, one for each certificate.
///
/// A client remembers the sessions of its neuron, so that most handshakes are short ones.
#[derive(Default)]
pub(crate) struct TlsClients(Mutex<BTreeMap<Vec<u8>, TlsConnector>>);

/// The number of clients that a dendrite remembers.
const MAX_CLIENTS: usize = 1_024;

impl TlsClients {
    /// Returns the client for the neuron with this key.
    ///
    /// # Errors
    /// [`TlsError::Setup`] if the TLS library refuses it.
    pub(crate) fn of(&self, pinned: &CertificateKey) -> Result<TlsConnector, TlsError> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = pinned.to_bytes();
        if let Some(client) = clients.get(&name) {
            return Ok(client.clone());
        }
        let client = TlsConnector::from(client(pinned.clone())?);
        if clients.len() >= MAX_CLIENTS {
            clients.clear();
        }
        clients.insert(name, client.clone());
        Ok(client)
    }
}

/// Returns a client that accepts the neuron with this key and no other.
fn client(pinned: CertificateKey) -> Result<Arc<ClientConfig>, TlsError> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(setup)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedKey { pinned, algorithms }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A verifier that accepts one key.
#[derive(Debug)]
struct PinnedKey {
    pinned: CertificateKey,
    algorithms: WebPkiSupportedAlgorithms,
}

/// The DER of the `SubjectPublicKeyInfo` of Ed25519, up to the key.
const ED25519_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// The DER of the `SubjectPublicKeyInfo` of P-256, up to the coordinates.
const P256_INFO: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];

fn is_key(info: &[u8], pinned: &CertificateKey) -> bool {
    match pinned {
        CertificateKey::Ed25519(key) => info.strip_prefix(&ED25519_INFO) == Some(key),
        CertificateKey::P256(key) => info.strip_prefix(&P256_INFO) == Some(key),
        CertificateKey::InfoHash(hash) => Sha256::digest(info)[..] == *hash,
    }
}

impl ServerCertVerifier for PinnedKey {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let info = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
        if is_key(&info, &self.pinned) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("only TLS 1.3 is spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_and_never_shown() {
        let identity = TlsIdentity::generate().unwrap();
        let pem = identity.to_pem();
        let again = TlsIdentity::from_pem(&pem).unwrap();
        assert_eq!(identity.certificate().unwrap(), again.certificate().unwrap());
        assert_ne!(identity.certificate().unwrap(), TlsIdentity::generate().unwrap().certificate().unwrap());
        assert_eq!(format!("{identity:?}"), "TlsIdentity(…)");
        assert!(TlsIdentity::from_pem("nonsense").is_err());
    }

    #[test]
    fn exactly_the_pinned_key_counts() {
        let info = |algorithm: &'static rcgen::SignatureAlgorithm| {
            let pair = KeyPair::generate_for(algorithm).unwrap();
            let certificate = CertificateParams::default().self_signed(&pair).unwrap();
            let info = ParsedCertificate::try_from(certificate.der()).unwrap().subject_public_key_info().to_vec();
            (pair.der_bytes().to_vec(), info)
        };
        let (key, ed25519) = info(&PKCS_ED25519);
        assert!(is_key(&ed25519, &CertificateKey::Ed25519(key.clone().try_into().unwrap())));
        assert!(!is_key(&ed25519, &CertificateKey::Ed25519([0; 32])));
        let (point, p256) = info(&rcgen::PKCS_ECDSA_P256_SHA256);
        assert!(is_key(&p256, &CertificateKey::P256(point[1..].try_into().unwrap())));
        assert!(!is_key(&ed25519, &CertificateKey::P256(point[1..].try_into().unwrap())));
        assert!(is_key(&p256, &CertificateKey::InfoHash(Sha256::digest(&p256).into())));
        assert!(!is_key(&p256, &CertificateKey::InfoHash(Sha256::digest(&ed25519).into())));
    }
}
