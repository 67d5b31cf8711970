//! A connection for one request.

use super::AskError;
use crate::{
    http::{self, Body},
    tls,
};
use http_body_util::BodyExt;
use hyper::{Method, Request, Uri, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use myelin_primitives::CertificateKey;
use myelin_wire::{
    Headers,
    v1::{MAX_REQUEST_HEAD, MAX_RESPONSE_HEADERS},
};
use rustls::pki_types::ServerName;
use std::{error::Error, io, net::SocketAddr};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;

/// The longest head of an answer, in bytes.
const MAX_HEAD: usize = 4 * MAX_REQUEST_HEAD;

/// A request that is being sent.
pub(super) struct OutgoingRequest<'a> {
    pub(super) place: SocketAddr,
    pub(super) certificate: Option<CertificateKey>,
    /// The path, which begins with `/`.
    pub(super) target: &'a str,
    pub(super) headers: &'a Headers,
    pub(super) body: Vec<u8>,
    pub(super) until: Deadline,
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

/// The head of an answer. The connection lasts as long as this value.
pub(super) struct ResponseHead {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Incoming,
    driver: ConnectionTask,
}

/// The task that moves the bytes. It ends with the value that waits for them.
struct ConnectionTask(JoinHandle<()>);

impl Drop for ConnectionTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends a request and reads the head of the answer.
pub(super) async fn call(call: OutgoingRequest<'_>) -> Result<ResponseHead, AskError> {
    let until = call.until;
    // A handshake is large, and without the box all futures that ask would be as large.
    until.wait(Box::pin(send(call))).await?
}

async fn send(call: OutgoingRequest<'_>) -> Result<ResponseHead, AskError> {
    let stream = TcpStream::connect(call.place).await.map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => AskError::Closed,
        _ => AskError::Unreachable(error.to_string()),
    })?;
    // A request is written in one go, so waiting for more to send only delays it.
    let _ = stream.set_nodelay(true);
    let question = question(&call)?;
    match call.certificate {
        None => exchange(stream, question).await,
        Some(pinned) => {
            let config = tls::client(pinned).map_err(|error| AskError::Tls(error.to_string()))?;
            let name = ServerName::IpAddress(call.place.ip().into());
            let connected = TlsConnector::from(config).connect(name, stream).await;
            exchange(connected.map_err(|error| AskError::Tls(error.to_string()))?, question).await
        }
    }
}

fn question(call: &OutgoingRequest<'_>) -> Result<Request<Body>, AskError> {
    let uri: Uri = call.target.parse().map_err(|_| AskError::Question("the path is invalid".to_owned()))?;
    let mut request = Request::new(http::whole(call.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = http::sent(call.headers);
    let fixed = [
        (header::HOST, call.place.to_string()),
        (header::CONNECTION, "close".to_owned()),
        (header::ACCEPT, "*/*".to_owned()),
        (header::USER_AGENT, concat!("myelin/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    for (name, value) in fixed {
        let value = value.parse().map_err(|_| AskError::Question("a header cannot be sent".to_owned()))?;
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    question: Request<Body>,
) -> Result<ResponseHead, AskError> {
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MAX_RESPONSE_HEADERS)
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    let driver = ConnectionTask(tokio::spawn(async move {
        // The code that waits for the answer reports errors.
        let _ = connection.await;
    }));
    let (parts, body) = sender.send_request(question).await.map_err(|error| failed(&error))?.into_parts();
    Ok(ResponseHead { status: parts.status.as_u16(), headers: http::received(&parts.headers), body, driver })
}

/// Returns the error for a failure before the end of the head.
fn failed(error: &hyper::Error) -> AskError {
    if error.is_parse() { AskError::NotHttp(error.to_string()) } else { AskError::Disconnected }
}

/// Returns the next bytes of a body, or `None` at its end.
pub(super) async fn next(head: &mut ResponseHead, until: Deadline) -> Result<Option<bytes::Bytes>, AskError> {
    loop {
        let Some(frame) = until.wait(head.body.frame()).await? else { return Ok(None) };
        let frame = frame.map_err(|error| {
            AskError::Cut(error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}")))
        })?;
        // A frame without data is a trailer, which does not count.
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

/// Returns the whole body.
pub(super) async fn whole(
    mut head: ResponseHead,
    max: usize,
    until: Deadline,
) -> Result<(u16, Headers, Vec<u8>), AskError> {
    let mut bytes = Vec::new();
    while let Some(data) = next(&mut head, until).await? {
        if bytes.len().saturating_add(data.len()) > max {
            return Err(AskError::TooLarge(max));
        }
        bytes.extend_from_slice(&data);
    }
    let ResponseHead { status, headers, driver, .. } = head;
    drop(driver);
    Ok((status, headers, bytes))
}
