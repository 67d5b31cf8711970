//! Connections of a dendrite, and the time that a neuron takes.

use super::{
    AskError,
    socket::{Socket, Traffic},
    task::OwnedTask,
};
use crate::http::{self, Body};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{
    Method, Request, Uri,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use myelin_wire::{
    Headers,
    v1::{MAX_REQUEST_HEAD, MAX_RESPONSE_HEADERS},
};
use rustls::pki_types::ServerName;
use std::{
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

/// The longest head of an answer, in bytes.
const MAX_HEAD: usize = 4 * MAX_REQUEST_HEAD;

/// The bytes that are read of an answer with another status than 200.
const MAX_REFUSAL: usize = 4 * 1024;

/// The pieces of a stream that are read before their reader takes them.
const PIECE_BUFFER: usize = 8;

/// A request that is being sent.
pub(super) struct OutgoingRequest {
    /// The path, which begins with `/`.
    pub(super) target: String,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
    /// True if the connection may carry further requests.
    pub(super) is_kept: bool,
}

/// A deadline, with the timeout that led to it.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) seconds: f64,
}

impl Deadline {
    /// Waits for a future until the deadline.
    pub(super) async fn wait<T>(self, what: impl Future<Output = T>) -> Result<T, AskError> {
        timeout_at(self.at, what).await.map_err(|_| AskError::TimedOut(self.seconds))
    }
}

/// The answers that arrive as pieces. All others are read to their end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamMode {
    /// No answer.
    Whole,
    /// Answers with status 200.
    Plain,
    /// Answers with status 200, unless their head is that of a whole answer.
    Signed,
}

impl StreamMode {
    fn is_stream(self, status: u16, headers: &Headers) -> bool {
        match self {
            Self::Whole => false,
            Self::Plain => status == 200,
            Self::Signed => status == 200 && !headers.contains(myelin_wire::strict::header::ANSWER_CONTENT),
        }
    }
}

/// A connection to one neuron. It carries one request at a time.
pub(super) struct Connection {
    sender: SendRequest<Body>,
    place: SocketAddr,
    local: Option<IpAddr>,
    opened: Instant,
    opening: OpeningTimes,
    traffic: Arc<Traffic>,
    /// The task that moves the bytes.
    _driver: OwnedTask<()>,
}

/// The times of the steps that opened a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpeningTimes {
    pub(super) connected: Duration,
    /// The time of the TLS handshake, if there was one.
    pub(super) encrypted: Option<Duration>,
}

/// A request without an answer.
pub(super) struct FailedRequest {
    pub(super) error: AskError,
    /// True if no byte of the request was sent.
    pub(super) is_unsent: bool,
}

/// The answer to a request, as far as it has arrived.
pub(super) enum PeerResponse {
    /// A whole answer.
    Whole(WholeResponse),
    /// The head of a stream.
    Stream(StreamResponse),
}

/// A whole answer.
pub(super) struct WholeResponse {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
    /// True if the body goes on after these bytes.
    pub(super) is_cut: bool,
    /// The time from the last byte of the request to the last byte of the answer.
    pub(super) elapsed: Duration,
    /// The connection, if the whole answer was read.
    pub(super) connection: Option<Connection>,
}

/// The head of a stream.
pub(super) struct StreamResponse {
    pub(super) status: u16,
    pub(super) headers: Headers,
    body: Incoming,
    connection: Connection,
}

/// A part of a stream, as the task that reads the socket received it.
pub(super) enum StreamPart {
    /// Bytes, and the time from the last byte of the request until they were read.
    Piece(Bytes, Duration),
    /// The end of the body.
    End(Connection),
}

/// The parts of a stream.
pub(super) struct StreamParts {
    parts: mpsc::Receiver<Result<StreamPart, AskError>>,
    _reader: OwnedTask<()>,
}

impl Connection {
    /// Connects to an address, over TLS if there is a connector.
    pub(super) async fn open(place: SocketAddr, tls: Option<TlsConnector>) -> Result<Self, AskError> {
        let started = Instant::now();
        let stream = TcpStream::connect(place).await.map_err(|error| match error.kind() {
            io::ErrorKind::ConnectionRefused => AskError::Closed,
            _ => AskError::Unreachable(error.to_string()),
        })?;
        // A request is written in one go, so waiting for more to send only delays it.
        let _ = stream.set_nodelay(true);
        let local = stream.local_addr().ok().map(|address| address.ip());
        let connected = started.elapsed();
        let is_encrypted = tls.is_some();
        let socket = match tls {
            None => Socket::plain(stream),
            Some(tls) => {
                let name = ServerName::IpAddress(place.ip().into());
                let encrypted = tls.connect(name, stream).await;
                Socket::encrypted(encrypted.map_err(|error| AskError::Tls(error.to_string().into()))?)
            }
        };
        let encrypted = is_encrypted.then(|| started.elapsed().saturating_sub(connected));
        let opening = OpeningTimes { connected, encrypted };
        let traffic = socket.traffic();
        let (sender, connection) = http1::Builder::new()
            .max_headers(MAX_RESPONSE_HEADERS)
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(socket))
            .await
            .map_err(|error| failed(&error))?;
        let driver = OwnedTask::spawn(async move {
            // The code that waits for the answer reports errors.
            let _ = connection.await;
        });
        Ok(Self { sender, place, local, opened: Instant::now(), opening, traffic, _driver: driver })
    }

    /// Returns the own address of this connection.
    pub(super) const fn local(&self) -> Option<IpAddr> {
        self.local
    }

    /// Returns the times of the steps that opened the connection.
    pub(super) const fn opening(&self) -> OpeningTimes {
        self.opening
    }

    /// Returns the time since the connection was opened.
    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Waits until the connection can carry the next request. Returns false if it never will.
    pub(super) async fn is_ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Returns true if the neuron has closed the connection, as far as this process has noticed.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends a request and receives the answer, in a task of its own.
    ///
    /// The work of this program with other answers therefore delays neither the reading nor the measured time.
    pub(super) async fn ask(
        self,
        request: OutgoingRequest,
        (mode, max): (StreamMode, usize),
        until: Deadline,
    ) -> Result<PeerResponse, FailedRequest> {
        let traffic = Arc::clone(&self.traffic);
        let asking = OwnedTask::spawn(async move {
            let response = until.wait(self.send(request)).await??;
            if mode.is_stream(response.status, &response.headers) {
                return Ok(PeerResponse::Stream(response));
            }
            response.whole(max, until).await.map(PeerResponse::Whole)
        });
        let answered = asking.join().await.unwrap_or(Err(AskError::Disconnected));
        answered.map_err(|error| FailedRequest { error, is_unsent: !traffic.has_begun() })
    }

    async fn send(mut self, request: OutgoingRequest) -> Result<StreamResponse, AskError> {
        let request = self.http(request)?;
        self.traffic.begin();
        let answered = self.sender.send_request(request).await.map_err(|error| failed(&error))?;
        let (parts, body) = answered.into_parts();
        let headers = http::received(&parts.headers);
        Ok(StreamResponse { status: parts.status.as_u16(), headers, body, connection: self })
    }

    fn http(&self, request: OutgoingRequest) -> Result<Request<Body>, AskError> {
        let OutgoingRequest { target, headers, body, is_kept } = request;
        let uri: Uri = target.parse().map_err(|_| AskError::Question("the path is invalid".to_owned()))?;
        let mut request = Request::new(http::whole(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = http::sent(&headers);
        let fixed = [
            (header::HOST, self.place.to_string()),
            (header::CONNECTION, if is_kept { "keep-alive" } else { "close" }.to_owned()),
            (header::ACCEPT, "*/*".to_owned()),
            (header::USER_AGENT, concat!("myelin/", env!("CARGO_PKG_VERSION")).to_owned()),
        ];
        for (name, value) in fixed {
            let value = value.parse().map_err(|_| AskError::Question("a header cannot be sent".to_owned()))?;
            request.headers_mut().insert(name, value);
        }
        Ok(request)
    }
}

impl StreamResponse {
    /// Reads the whole body. Of a refusal it reads the beginning only.
    async fn whole(mut self, max: usize, until: Deadline) -> Result<WholeResponse, AskError> {
        let is_refusal = self.status != 200;
        let max = if is_refusal { max.min(MAX_REFUSAL) } else { max };
        let (mut body, mut is_cut) = (Vec::new(), false);
        while let Some(data) = next(&mut self.body, until).await? {
            let room = max.saturating_sub(body.len());
            if data.len() > room {
                if !is_refusal {
                    return Err(AskError::TooLarge(max));
                }
                is_cut = true;
            }
            body.extend_from_slice(data.get(..room).unwrap_or(&data));
            if is_cut {
                break;
            }
        }
        let Self { status, headers, connection, .. } = self;
        let elapsed = connection.traffic.elapsed();
        Ok(WholeResponse { status, headers, body, is_cut, elapsed, connection: (!is_cut).then_some(connection) })
    }

    /// Begins to read the body in a task of its own.
    pub(super) fn parts(self, until: Deadline) -> StreamParts {
        let Self { mut body, connection, .. } = self;
        let (sender, parts) = mpsc::channel(PIECE_BUFFER);
        let reader = OwnedTask::spawn(async move {
            loop {
                let part = match next(&mut body, until).await {
                    Ok(Some(bytes)) => Ok(StreamPart::Piece(bytes, connection.traffic.elapsed())),
                    Ok(None) => {
                        let _ = sender.send(Ok(StreamPart::End(connection))).await;
                        return;
                    }
                    Err(error) => Err(error),
                };
                let is_end = part.is_err();
                // Without a reader the stream is not read on.
                if sender.send(part).await.is_err() || is_end {
                    return;
                }
            }
        });
        StreamParts { parts, _reader: reader }
    }
}

impl StreamParts {
    /// Returns the next part. Nothing is lost if the future is dropped.
    pub(super) async fn next(&mut self) -> Result<StreamPart, AskError> {
        self.parts.recv().await.unwrap_or(Err(AskError::Disconnected))
    }
}

/// Returns the error for a failure before the end of the head.
fn failed(error: &hyper::Error) -> AskError {
    if error.is_parse() { AskError::NotHttp(error.to_string().into()) } else { AskError::Disconnected }
}

/// Returns the next bytes of a body, or `None` at its end.
async fn next(body: &mut Incoming, until: Deadline) -> Result<Option<Bytes>, AskError> {
    loop {
        let Some(frame) = until.wait(body.frame()).await? else { return Ok(None) };
        let frame = frame.map_err(|error| {
            let text = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
            AskError::Cut(text.into())
        })?;
        // A frame without data is a trailer, which does not count.
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}
