//! An axon whose address is on the chain.

use super::{
    event::NeuronEvent,
    member::{Member, MemberError, SUBMIT_TIMEOUT},
};
use core::fmt;
use myelin_client::{Backoff, calls};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::{Access, FileError, FileFault, OnExisting};
use myelin_neuron::{
    Axon, AxonLimits, AxonStartError, AxonStopError, Endpoint, PROTOCOL, Rules, SPEAKS_STRICT, TlsError, TlsIdentity,
    TlsOffer, V1Policy,
};
use myelin_primitives::BlockNumber;
use myelin_wire::strict::UnplacedRequests;
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
};

/// The file of the replay window.
const REPLAY: &str = "replay";
/// The file of the port of the last run.
const PORT: &str = "port";
/// The greatest length of the file of the port, in bytes.
const PORT_BYTES: u64 = 5;
/// The file of the TLS key.
const TLS: &str = "tls.pem";
/// The greatest length of the TLS key that is read, in bytes; a key has about 120.
const TLS_BYTES: u64 = 4_096;

/// The `protocol` and the `placeholder1` of the axon record. spec neuron-protocol §11.
const ANNOUNCED: (u8, u8) = (PROTOCOL, SPEAKS_STRICT);

/// The announced version: 10 000 for each major, 100 for each minor and 1 for each patch version.
const VERSION: u32 = version(env!("CARGO_PKG_VERSION").as_bytes());

/// The doublings of the pause after a failed announcement: up to 64 blocks.
const MAX_DOUBLINGS: u32 = 6;

const fn version(mut text: &[u8]) -> u32 {
    let (mut version, mut part) = (0_u32, 0_u32);
    while let [character, rest @ ..] = text {
        match *character {
            digit @ b'0'..=b'9' => part = part.saturating_mul(10).saturating_add((digit - b'0') as u32),
            b'.' => {
                version = version.saturating_add(part).saturating_mul(100);
                part = 0;
            }
            _ => break,
        }
        text = rest;
    }
    version.saturating_add(part)
}

/// The use of TLS by an axon.
///
/// The key is stored with the neuron, and its public half is published on the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AxonTls {
    /// No TLS.
    #[default]
    Off,
    /// TLS for callers that use it.
    Optional,
    /// TLS for all callers.
    Required,
}

/// The options of an axon.
#[derive(Clone, Debug)]
pub struct ServingOptions {
    /// The address at which the axon listens.
    ///
    /// Port 0 is the port of the last run if it is free, else any free port. The chain limits the rate of new
    /// announcements.
    pub listen: SocketAddr,
    /// The address that others use, if it differs. Port 0 is the port at which the axon listens.
    pub announce: Option<SocketAddr>,
    /// The use of TLS.
    pub encryption: AxonTls,
    /// The treatment of v1 requests.
    pub v1: V1Policy,
    /// The treatment of strict requests that name no place, as clients of other origin send them.
    pub unplaced: UnplacedRequests,
    /// The limits of the axon.
    pub limits: AxonLimits,
    /// The address of the metrics, if they are served.
    pub metrics: Option<SocketAddr>,
}

impl Default for ServingOptions {
    /// Returns options that listen on the loopback interface at any free port, in clear text.
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            announce: None,
            encryption: AxonTls::default(),
            v1: V1Policy::default(),
            unplaced: UnplacedRequests::default(),
            limits: AxonLimits::default(),
            metrics: None,
        }
    }
}

/// A failure to serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The axon did not start.
    #[error(transparent)]
    Start(#[from] AxonStartError),
    /// The axon did not stop properly.
    #[error(transparent)]
    Stop(#[from] AxonStopError),
    /// The TLS key cannot be made or read.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The chain does not accept the address, because other machines cannot reach it.
    #[error("cannot announce {0}: other machines cannot reach it")]
    Address(SocketAddr),
    /// The chain has a certificate of this neuron, so other neurons would only use TLS.
    #[error("the chain has a certificate of this neuron, but TLS is off")]
    Certificate,
    /// The seat or the subnet is lost.
    #[error(transparent)]
    Ended(#[from] MemberError),
}

impl Diagnostic for ServeError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Start(error) => error.hints(out),
            Self::Address(address) if address.ip().is_loopback() => {
                out.push("announce an address that other machines reach, or 127.0.0.2 for a network on one machine");
            }
            Self::Address(_) => out.push("announce the address at which other machines reach this one"),
            Self::Certificate => out.push("switch TLS on; a certificate is only removed together with the seat"),
            Self::Tls(TlsError::Key) => out.push("restore the file, or remove it to publish a new key"),
            Self::Ended(ended) => ended.hints(out),
            Self::Stop(_) | Self::Tls(_) | Self::File(_) => {}
        }
    }
}

/// The content of an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Announcement {
    address: SocketAddr,
    certificate: Option<Vec<u8>>,
}

/// An axon that serves, and whose address is kept up to date on the chain.
pub struct AnnouncedAxon {
    axon: Axon,
    member: Member,
    wanted: Announcement,
}

impl AnnouncedAxon {
    /// Starts an axon with these endpoints for the callers that the rules allow.
    ///
    /// # Errors
    /// [`ServeError`] if the axon cannot start, or its address or certificate cannot be announced.
    pub async fn start(
        member: &Member,
        options: ServingOptions,
        rules: impl Rules,
        endpoints: Vec<Endpoint>,
    ) -> Result<Self, ServeError> {
        let ServingOptions { listen, announce, encryption, v1, unplaced, limits, metrics } = options;
        let seen_at = announce.unwrap_or(listen);
        if !member.addresses().contains(seen_at.ip()) {
            return Err(ServeError::Address(seen_at));
        }
        let mut builder = Axon::builder(member.signer(), rules)
            .listen(at_last_port(member, listen)?)
            .v1(v1)
            .place(member.place())
            .unplaced(unplaced)
            .final_block_at(member.started_after())
            .limits(limits)
            .remember_in(member.state().file(REPLAY));
        if let Some(announced) = announce.filter(|announced| announced.port() != 0) {
            builder = builder.announce(announced);
        }
        if let Some(address) = metrics {
            builder = builder.metrics_at(address);
        }
        let mut certificate = None;
        if encryption == AxonTls::Off {
            let snapshot = member.snapshot();
            let known = snapshot.by_hotkey(&member.hotkey()).and_then(|neuron| neuron.axon.as_ref());
            if known.is_some_and(|axon| axon.certificate.is_some()) {
                return Err(ServeError::Certificate);
            }
        } else {
            let identity = identity(&member.state().file(TLS))?;
            certificate = Some(identity.certificate()?.to_bytes());
            let offer = if encryption == AxonTls::Required { TlsOffer::Required } else { TlsOffer::Optional };
            builder = builder.tls(identity, offer);
        }
        let axon = endpoints.into_iter().fold(builder, myelin_neuron::AxonBuilder::endpoint).start().await?;
        if listen.port() == 0 {
            write(&member.state().file(PORT), axon.address().port().to_string().as_bytes())?;
        }
        let mut address = announce.unwrap_or(axon.address());
        if address.port() == 0 {
            address.set_port(axon.address().port());
        }
        member.send(NeuronEvent::Serving { address: axon.address() });
        Ok(Self { axon, member: member.clone(), wanted: Announcement { address, certificate } })
    }

    /// Returns the address at which the axon listens.
    pub const fn address(&self) -> SocketAddr {
        self.axon.address()
    }

    /// Returns the address that others use.
    pub const fn announced(&self) -> SocketAddr {
        self.wanted.address
    }

    /// Returns the address of the metrics, if they are served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.axon.metrics_address()
    }

    /// Serves until `stop`, announces the address whenever the chain has another one, and then finishes open answers.
    ///
    /// # Errors
    /// [`ServeError`] if the seat or the subnet is lost, or the axon does not stop properly.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), ServeError> {
        let Self { axon, member, wanted } = self;
        let ended = tokio::select! {
            () = stop => Ok(()),
            ended = announce(&member, &wanted) => Err(ended),
        };
        member.send(NeuronEvent::Stopping);
        axon.stop().await?;
        Ok(ended?)
    }
}

impl fmt::Debug for AnnouncedAxon {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Serving({:?} at {})", self.member, self.wanted.address)
    }
}

/// Returns the address with the port of the last run instead of port 0, if that port is free.
fn at_last_port(member: &Member, listen: SocketAddr) -> Result<SocketAddr, FileError> {
    if listen.port() != 0 {
        return Ok(listen);
    }
    let last = SocketAddr::new(listen.ip(), last_port(&member.state().file(PORT))?);
    Ok(if last.port() != 0 && TcpListener::bind(last).is_ok() { last } else { listen })
}

/// Returns the port in a file, or 0. A file with other content counts as missing.
fn last_port(path: &Path) -> Result<u16, FileError> {
    let bytes = match myelin_files::read(path, Access::Shared, PORT_BYTES) {
        Err(FileError { source: FileFault::TooLarge { .. }, .. }) => None,
        bytes => bytes?,
    };
    Ok(bytes.and_then(|bytes| core::str::from_utf8(&bytes).ok()?.parse().ok()).unwrap_or(0))
}

/// Reads the TLS key of the neuron, or makes one if there is none.
fn identity(path: &Path) -> Result<TlsIdentity, ServeError> {
    let stored = match myelin_files::read(path, Access::Shared, TLS_BYTES) {
        Err(FileError { source: FileFault::TooLarge { .. }, .. }) => return Err(TlsError::Key.into()),
        stored => stored?,
    };
    if let Some(pem) = stored {
        let pem = core::str::from_utf8(&pem).map_err(|_| TlsError::Key)?;
        return Ok(TlsIdentity::from_pem(pem)?);
    }
    let identity = TlsIdentity::generate()?;
    write(path, identity.to_pem().as_bytes())?;
    Ok(identity)
}

/// Writes an atomic private file.
fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    myelin_files::write(path, bytes, Access::Private, OnExisting::Replace)
}

/// Announces the neuron whenever the chain has another address or certificate.
async fn announce(member: &Member, wanted: &Announcement) -> MemberError {
    let mut seen = member.seen();
    let mut backoff = Backoff::new(MAX_DOUBLINGS);
    loop {
        let snapshot = Arc::clone(&seen.borrow_and_update());
        if let Err(ended) = member.uid_in(&snapshot) {
            return ended;
        }
        let axon = snapshot.by_hotkey(&member.hotkey()).and_then(|neuron| neuron.axon.as_ref());
        let is_known = axon.is_some_and(|axon| {
            let known = (axon.endpoint.socket_address(), axon.certificate.as_deref(), axon.version);
            known == (Some(wanted.address), wanted.certificate.as_ref(), VERSION)
                && (axon.protocol, axon.placeholder1) == ANNOUNCED
        });
        if !is_known && backoff.is_over(snapshot.block) {
            match tell_chain(member, wanted).await {
                Ok(block) => {
                    let block = BlockNumber::try_from(block).unwrap_or(BlockNumber::MAX);
                    member.send(NeuronEvent::Announced { address: wanted.address, block });
                    // The snapshot contains the announcement by then.
                    backoff.succeeded(block.saturating_add(1));
                }
                Err(error) => {
                    member.send(NeuronEvent::AnnounceFailed { error });
                    backoff.failed(snapshot.block);
                }
            }
        }
        if seen.changed().await.is_err() {
            return MemberError::NoSubnet(member.netuid());
        }
    }
}

/// Submits the announcement, and waits until its outcome is known.
async fn tell_chain(member: &Member, wanted: &Announcement) -> Result<u64, String> {
    let (netuid, address, account) = (member.netuid(), wanted.address, member.account());
    let included = match &wanted.certificate {
        None => {
            let call = calls::serve_axon(netuid, VERSION, address, ANNOUNCED);
            account.submit_until_known(&call, SUBMIT_TIMEOUT, |_| {}).await
        }
        Some(certificate) => {
            let call = calls::serve_axon_tls(netuid, VERSION, address, ANNOUNCED, certificate.clone());
            account.submit_until_known(&call, SUBMIT_TIMEOUT, |_| {}).await
        }
    };
    included.map(|included| included.height).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn versions_are_numbers() {
        assert_eq!(version(b"0.1.0"), 100);
        assert_eq!(version(b"2.13.4"), 21_304);
        assert_eq!(version(b"10.2.0-rc.1"), 100_200);
    }

    #[test]
    fn a_file_that_says_no_port_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(PORT);
        assert_eq!(last_port(&path).unwrap(), 0);
        for (text, port) in [("8091", 8_091), ("65535", 65_535), ("", 0), ("http", 0), ("65536", 0), ("0000080", 0)] {
            write(&path, text.as_bytes()).unwrap();
            assert_eq!(last_port(&path).unwrap(), port, "{text}");
        }
        assert!(last_port(folder.path()).is_err());
    }

    #[test]
    fn a_tls_key_stays_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(TLS);
        let made = identity(&path).unwrap().certificate().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(identity(&path).unwrap().certificate().unwrap().to_bytes(), made.to_bytes());
        for damaged in [vec![0xff], vec![b'x'; 5_000]] {
            fs::write(&path, damaged).unwrap();
            let error = identity(&path).unwrap_err();
            assert!(matches!(error, ServeError::Tls(TlsError::Key)), "{error}");
            assert!(Hints::of(&error).first().is_some_and(|hint| hint.contains("restore the file")));
        }
    }
}
