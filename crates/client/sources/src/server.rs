//! A world for other processes, over HTTP.

use crate::world::{MarketForm, World, WorldAnswer, WorldClock, answer};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use sha2::{Digest, Sha256};
use std::{
    convert::Infallible,
    io,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::Semaphore,
    task::{JoinSet, spawn_blocking},
    time::{Instant, sleep},
};

/// The most connections at a time. Others wait.
const MOST_CONNECTIONS: usize = 64;

/// The longest wait for the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// The longest head of a request, in bytes.
const MOST_HEAD: usize = 16 * 1024;

/// The pause after a connection could not be accepted, mostly because the process has too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The behaviour of a server.
#[derive(Clone)]
pub struct ServerOptions {
    /// The form of the market.
    pub form: MarketForm,
    /// The requests of a second; others are refused with 429.
    pub limit: Option<NonZeroU32>,
    /// The clock, after which nothing is told.
    pub clock: WorldClock,
}

/// Serves a world until it is stopped.
pub async fn serve(world: Arc<World>, listener: TcpListener, options: ServerOptions, stop: impl Future<Output = ()>) {
    let accept = async || listener.accept().await.map(|(stream, _)| stream);
    accept_all(Arc::new(WorldServer::new(world, options)), accept, stop).await;
}

/// Serves a world at a Unix socket until it is stopped.
pub async fn serve_at_socket(
    world: Arc<World>,
    listener: UnixListener,
    options: ServerOptions,
    stop: impl Future<Output = ()>,
) {
    let accept = async || listener.accept().await.map(|(stream, _)| stream);
    accept_all(Arc::new(WorldServer::new(world, options)), accept, stop).await;
}

async fn accept_all<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    server: Arc<WorldServer>,
    accept: impl AsyncFn() -> io::Result<S>,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    let accepting = async {
        loop {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let Ok(stream) = accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let server = Arc::clone(&server);
            connections.spawn(async move {
                let service = service_fn(|request| Arc::clone(&server).respond(request));
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIME)
                    .max_buf_size(MOST_HEAD)
                    .serve_connection(TokioIo::new(stream), service);
                // A client that fails has nobody to tell.
                let _ = connection.await;
                drop(place);
            });
            while connections.try_join_next().is_some() {}
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
}

struct WorldServer {
    world: Arc<World>,
    options: ServerOptions,
    rate: Mutex<RequestRate>,
}

impl WorldServer {
    fn new(world: Arc<World>, options: ServerOptions) -> Self {
        let rate = RequestRate { began: Instant::now(), served: 0 };
        Self { world, options, rate: Mutex::new(rate) }
    }

    async fn respond(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        if let Some(limit) = self.options.limit {
            let wait = self.rate.lock().unwrap_or_else(PoisonError::into_inner).wait(limit, Instant::now());
            if let Some(seconds) = wait {
                let mut response = respond(refusal(429, "limited"), request.headers());
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                return Ok(response);
            }
        }
        if request.method() != Method::GET {
            return Ok(respond(refusal(405, "method"), request.headers()));
        }
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let now = (self.options.clock)();
        // The first question about a late time computes all steps before it.
        let answered = spawn_blocking(move || answer(&self.world, self.options.form, &target, now)).await;
        Ok(respond(answered.unwrap_or_else(|_| refusal(500, "failed")), request.headers()))
    }
}

fn refusal(status: u16, name: &str) -> WorldAnswer {
    WorldAnswer { status, content_type: "application/json", body: format!("{{\"error\":\"{name}\"}}") }
}

fn respond(answer: WorldAnswer, asked: &HeaderMap) -> Response<Full<Bytes>> {
    let WorldAnswer { status, content_type, body } = answer;
    let tag = format!("\"{}\"", hex::encode(Sha256::digest(&body)));
    let is_known =
        status == 200 && asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let (status, body) = if is_known { (304, String::new()) } else { (status, body) };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The requests of the present second.
struct RequestRate {
    began: Instant,
    served: u32,
}

impl RequestRate {
    /// Counts a request. Returns the seconds to wait if its second has enough of them.
    fn wait(&mut self, limit: NonZeroU32, now: Instant) -> Option<u64> {
        if now.duration_since(self.began) >= Duration::from_secs(1) {
            *self = Self { began: now, served: 0 };
        }
        if self.served >= limit.get() {
            return Some(1);
        }
        self.served = self.served.saturating_add(1);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fw_62_a_second_has_as_many_requests_as_its_limit() {
        let (limit, began) = (NonZeroU32::new(3).unwrap(), Instant::now());
        let mut rate = RequestRate { began, served: 0 };
        let served = |rate: &mut RequestRate, at| (0..100_000).filter(|_| rate.wait(limit, at).is_none()).count();
        assert_eq!(served(&mut rate, began + Duration::from_millis(999)), 3);
        assert_eq!(served(&mut rate, began + Duration::from_secs(1)), 3);
        assert_eq!(rate.wait(limit, began + Duration::from_secs(1)), Some(1));
    }
}
