//! One connection for one question.

use super::AskError;
use crate::{
    http::{self, Body},
    tls,
};
use http_body_util::BodyExt;
use hyper::{Method, Request, Uri, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use myelin_wire::{
    Headers,
    certificate::CertificateKey,
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

/// The bytes that the head of an answer may have.
const MAX_HEAD: usize = 4 * MAX_REQUEST_HEAD;

/// A question on its way.
pub(super) struct OutgoingRequest<'a> {
    pub(super) place: SocketAddr,
    pub(super) certificate: Option<CertificateKey>,
    /// The path, beginning with `/`.
    pub(super) target: &'a str,
    pub(super) headers: &'a Headers,
    pub(super) body: Vec<u8>,
    pub(super) until: Deadline,
}

/// Until when, and how long that was in the beginning.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) seconds: f64,
}

impl Deadline {
    /// Waits for something, but not beyond.
    pub(super) async fn wait<T>(self, what: impl Future<Output = T>) -> Result<T, AskError> {
        timeout_at(self.at, what).await.map_err(|_| AskError::TimedOut(self.seconds))
    }
}

/// The head of an answer. The connection lasts as long as this does.
pub(super) struct ResponseHead {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: Incoming,
    driver: ConnectionTask,
}

/// The task that moves the bytes; it ends with whoever waits for them.
struct ConnectionTask(JoinHandle<()>);

impl Drop for ConnectionTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends a question and reads the head of the answer.
pub(super) async fn call(call: OutgoingRequest<'_>) -> Result<ResponseHead, AskError> {
    let until = call.until;
    // A handshake is large, and the futures of everybody who asks would be as large.
    until.wait(Box::pin(send(call))).await?
}

async fn send(call: OutgoingRequest<'_>) -> Result<ResponseHead, AskError> {
    let stream = TcpStream::connect(call.place).await.map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused => AskError::Closed,
        _ => AskError::Unreachable(error.to_string()),
    })?;
    // A question is written in one go, so waiting for more to send only delays it.
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
    let uri: Uri = call.target.parse().map_err(|_| AskError::Question("the path is none".to_owned()))?;
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
        // What goes wrong is reported to whoever waits for the answer.
        let _ = connection.await;
    }));
    let (parts, body) = sender.send_request(question).await.map_err(|error| failed(&error))?.into_parts();
    Ok(ResponseHead { status: parts.status.as_u16(), headers: http::received(&parts.headers), body, driver })
}

/// What a failure before the end of the head was.
fn failed(error: &hyper::Error) -> AskError {
    if error.is_parse() { AskError::NotHttp(error.to_string()) } else { AskError::Disconnected }
}

/// The next bytes of a body; `None` at its end.
pub(super) async fn next(head: &mut ResponseHead, until: Deadline) -> Result<Option<bytes::Bytes>, AskError> {
    loop {
        let Some(frame) = until.wait(head.body.frame()).await? else { return Ok(None) };
        let frame = frame.map_err(|error| {
            AskError::Cut(error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}")))
        })?;
        // What is no data is a trailer, which says nothing that counts.
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

/// The whole body.
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
