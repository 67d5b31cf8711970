//! Neurons of the tests that answer with any bytes.

use crate::{AXON, key};
use myelin_neuron::{Clock, Peer, SystemClock};
use myelin_wire::{
    Headers, ReceivedRequest, Sign, SignedProof,
    replay::{ReplayLimits, ReplayWindow, RequestContext},
    strict::{StreamOutcome, StreamWriter, StrictDoor, sign_answer},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::{
        Barrier,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
};

/// A request as a fake neuron received it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) target: String,
    pub(crate) headers: Headers,
    /// The signed text of the request.
    pub(crate) proof: SignedProof,
}

/// The bytes with which a fake neuron answers, and the connection after them.
pub(crate) enum Reply {
    Keep(Vec<u8>),
    Close(Vec<u8>),
    /// Waits until as many requests have come as the barrier says.
    Together(Arc<Barrier>, Vec<u8>),
}

/// A fake neuron with the key of the axon.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    /// The number of a connection, when it is over.
    pub(crate) closed: UnboundedReceiver<usize>,
    connections: Arc<AtomicUsize>,
}

impl Fake {
    pub(crate) fn peer(&self) -> Peer {
        Peer::strict(key(AXON).hotkey(), self.address)
    }

    /// Returns the number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Starts a neuron that answers each request by this function.
    pub(crate) async fn start(answer: impl FnMut(Asked) -> Reply + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (over, closed) = unbounded_channel();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let (answer, over) = (answer.clone(), over.clone());
                tokio::spawn(talk(stream, number, answer, over));
            }
        });
        Self { address, closed, connections }
    }
}

/// Answers the requests of one connection.
async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    number: usize,
    mut answer: impl FnMut(Asked) -> Reply,
    over: UnboundedSender<usize>,
) {
    let mut buffer = Vec::new();
    while let Some(asked) = read(&mut stream, &mut buffer).await {
        let is_sent = match answer(asked) {
            Reply::Keep(bytes) => stream.write_all(&bytes).await.is_ok(),
            Reply::Together(barrier, bytes) => {
                barrier.wait().await;
                stream.write_all(&bytes).await.is_ok()
            }
            Reply::Close(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                false
            }
        };
        if !is_sent {
            break;
        }
    }
    drop(stream);
    let _ = over.send(number);
}

/// Reads the next request, or returns `None` at the end of the connection, or if bytes are no request.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Asked> {
    loop {
        if let Some((asked, length)) = parse(buffer).ok()? {
            buffer.drain(..length);
            return Some(asked);
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Reads a request from a connection that is no part of the runtime.
pub(crate) fn read_blocking(stream: &mut impl std::io::Read) -> Asked {
    let (mut buffer, mut read) = (Vec::new(), [0; 4_096]);
    loop {
        if let Some((asked, _)) = parse(&buffer).unwrap() {
            return asked;
        }
        let length = stream.read(&mut read).unwrap();
        assert!(length > 0, "the connection ended");
        buffer.extend_from_slice(&read[..length]);
    }
}

/// Returns the first request with its length, or `None` if it is incomplete.
fn parse(bytes: &[u8]) -> Result<Option<(Asked, usize)>, httparse::Error> {
    let mut parsed = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut parsed);
    let httparse::Status::Complete(head) = request.parse(bytes)? else { return Ok(None) };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers: Headers = request.headers.iter().map(|header| (header.name, text(header.value))).collect();
    let target = request.path.unwrap().to_owned();
    let length = head + headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let Some(body) = bytes.get(head..length).map(<[u8]>::to_vec) else { return Ok(None) };
    let now = SystemClock.now();
    let received = ReceivedRequest { method: request.method.unwrap(), target: &target, headers: &headers };
    let signed = StrictDoor::new(key(AXON).hotkey()).open(received, now).unwrap().verify(body).unwrap();
    let mut window = ReplayWindow::new(ReplayLimits::default());
    let proof = signed.admit(&mut window, RequestContext { now, steady: now, has_seat: true }).unwrap().proof().clone();
    Ok(Some((Asked { target, headers, proof }, length)))
}

/// Returns the bytes of an answer with these headers.
pub(crate) fn answer(status: u16, headers: &Headers, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\n{}content-length: {}\r\n\r\n", crate::wire::lines(headers), body.len());
    [head.as_bytes(), body].concat()
}

/// Returns the headers of a signed answer.
pub(crate) fn signed_headers(asked: &Asked, status: u16, body: &[u8]) -> Headers {
    let signed = sign_answer(&key(AXON), &asked.proof, (status, "application/json"), body, SystemClock.now());
    let mut headers = signed.unwrap().headers;
    headers.push("content-type", "application/json");
    headers
}

/// Returns the bytes of a signed answer.
pub(crate) fn signed(asked: &Asked, status: u16, body: &[u8]) -> Vec<u8> {
    answer(status, &signed_headers(asked, status, body), body)
}

/// The body of an answer to the class `Echo`.
pub(crate) const ECHO: &[u8] = br#"{"text": "x"}"#;

/// Returns the bytes of a signed stream of these groups.
pub(crate) fn stream_of(asked: &Asked, groups: &[&[u8]]) -> Vec<u8> {
    let (head, mut writer) =
        StreamWriter::new(key(AXON), &asked.proof, (200, "text/event-stream"), SystemClock.now()).unwrap();
    let mut headers = head.headers;
    headers.push("content-type", "text/event-stream");
    let mut body: Vec<u8> = groups.iter().flat_map(|group| writer.group(group).unwrap()).collect();
    body.extend(writer.end(StreamOutcome::Complete).0);
    answer(200, &headers, &body)
}
