//! Connections: accepted within their limits, encrypted if TLS is offered, closed in order.

use super::{
    core::{AxonCore, GaugeGuard},
    room::{ConnectionPlace, ConnectionRoom},
};
use crate::{Metrics, TlsOffer, http};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use myelin_wire::Headers;
use std::{
    convert::Infallible,
    future::pending,
    pin::{Pin, pin},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Duration, Instant, sleep, timeout, timeout_at},
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

/// The first byte of a TLS handshake, with which no method of HTTP begins.
const TLS_HANDSHAKE: u8 = 0x16;

/// The pause after the system refused to accept, as it does without free file handles.
const RETRY_DELAY: Duration = Duration::from_millis(50);

/// The smallest buffer with which hyper can read a head, in bytes.
const MIN_HEAD: usize = 8_192;

#[derive(Clone)]
pub(super) struct Secure {
    pub(super) acceptor: TlsAcceptor,
    pub(super) offer: TlsOffer,
}

/// Waits for the signal to stop, or for the end of its sender.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Serves until the signal to stop, then finishes open answers.
pub(super) async fn serve(
    core: Arc<AxonCore>,
    listener: TcpListener,
    secure: Option<Secure>,
    mut stop: watch::Receiver<bool>,
) {
    let room = ConnectionRoom::new(&core.limits);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                sleep(RETRY_DELAY).await;
                continue;
            }
        };
        let (ip, now) = (peer.ip(), Instant::now());
        let entered = if core.failures.is_empty(ip, now) { None } else { room.enter(ip, now) };
        let Some((place, displaced)) = entered else {
            core.metrics.turned_away.inc();
            continue;
        };
        let (core, secure, stop) = (Arc::clone(&core), secure.clone(), stop.clone());
        connections.spawn(async move {
            let _open = GaugeGuard::new(&core.metrics.connections);
            tokio::select! {
                () = connection(&core, stream, &place, secure, stop) => {}
                // The room drops the other side of this channel to take the place back.
                _ = displaced => {
                    core.metrics.displaced.inc();
                }
            }
        });
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if timeout(core.limits.stop_time, finished).await.is_err() {
        tracing::warn!("the axon stops before all its answers are sent");
        connections.shutdown().await;
    }
}

async fn connection(
    core: &AxonCore,
    stream: TcpStream,
    place: &ConnectionPlace,
    secure: Option<Secure>,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are written in one go, so waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let (limits, until) = (&core.limits, Instant::now() + core.limits.first_head_time);
    let Some(secure) = secure else {
        speak(core, guarded(stream, limits.write_stall), (place, until), stop).await;
        return;
    };
    let mut first = [0; 1];
    let peeked = tokio::select! {
        () = stopped(&mut stop) => return,
        peeked = timeout_at(until, stream.peek(&mut first)) => peeked,
    };
    match peeked {
        Ok(Ok(1)) if first == [TLS_HANDSHAKE] => {
            let handshake = secure.acceptor.accept(guarded(stream, limits.write_stall));
            let has_asked = if let Ok(Ok(stream)) = timeout_at(until, handshake).await {
                speak(core, stream, (place, until), stop).await
            } else {
                core.metrics.handshakes_failed.inc();
                false
            };
            // A handshake costs as much as a request. One without a request is a failure.
            if !has_asked {
                core.failures.take(place.address, Instant::now());
            }
        }
        Ok(Ok(1)) if secure.offer == TlsOffer::Optional => {
            speak(core, guarded(stream, limits.write_stall), (place, until), stop).await;
        }
        _ => {}
    }
}

type GuardedStream = Pin<Box<TimeoutStream<TcpStream>>>;

/// Returns a stream that ends if its peer reads nothing for too long.
fn guarded(stream: TcpStream, stall: Duration) -> GuardedStream {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(stall));
    Box::pin(stream)
}

/// Waits until the time is over in which the first head must arrive, or for ever if it has arrived.
async fn silent(until: Instant, mut heard: watch::Receiver<bool>) {
    if timeout_at(until, heard.wait_for(|heard| *heard)).await.is_ok() {
        pending::<()>().await;
    }
}

/// Serves the requests of a connection. Returns true if there was any.
async fn speak(
    core: &AxonCore,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    (place, first_head): (&ConnectionPlace, Instant),
    mut stop: watch::Receiver<bool>,
) -> bool {
    let (rests, mut refused) = mpsc::channel(1);
    let (heard, first) = watch::channel(false);
    let service = service_fn(|request: Request<Incoming>| {
        heard.send_replace(true);
        core.answer(request, place, &rests)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(core.limits.head_time)
        .max_buf_size(core.limits.head.max(MIN_HEAD))
        .max_headers(core.limits.headers)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let serving = async {
        tokio::select! {
            ended = connection.as_mut() => ended,
            // The caller of `stop` bounds the time of open answers.
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            () = sleep(core.limits.connection_time) => {
                connection.as_mut().graceful_shutdown();
                timeout(core.limits.answer_time, connection).await.unwrap_or(Ok(()))
            }
        }
    };
    let ended = tokio::select! {
        ended = serving => ended,
        () = silent(first_head, first) => Ok(()),
        () = core.forget(place.address, &mut refused) => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %place.address, %error, "connection ended early");
    }
    *heard.borrow()
}

/// The time that one reader of metrics has.
const METRICS_TIME: Duration = Duration::from_secs(5);

/// The number of readers of metrics at a time.
const MAX_READERS: usize = 4;

/// Sends the metrics to each client that connects, for any request.
///
/// A few clients are served at a time: the exporter is for one Prometheus, at an address that is not public.
pub(super) async fn export(metrics: Arc<Metrics>, listener: TcpListener) {
    let mut readers = JoinSet::new();
    loop {
        if readers.len() >= MAX_READERS {
            readers.join_next().await;
        }
        let accepted = tokio::select! {
            Some(_) = readers.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            sleep(RETRY_DELAY).await;
            continue;
        };
        let metrics = Arc::clone(&metrics);
        readers.spawn(async move {
            let service = service_fn(|_: Request<Incoming>| {
                let headers = Headers::from_iter([("content-type", Metrics::CONTENT_TYPE)]);
                let response = http::response(200, &headers, http::whole(metrics.text()));
                std::future::ready(Ok::<_, Infallible>(response))
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .keep_alive(false)
                .max_buf_size(MIN_HEAD)
                .serve_connection(TokioIo::new(stream), service);
            // A reader that goes away or takes too long comes again.
            let _ = timeout(METRICS_TIME, connection).await;
        });
    }
}
