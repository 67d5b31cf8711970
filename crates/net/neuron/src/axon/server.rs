//! Connections: accepted within their limits, encrypted if TLS is offered, closed in order.

use super::core::{AxonCore, GaugeGuard};
use crate::{Metrics, TlsOffer, http, quota::Quota};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use myelin_wire::Headers;
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Duration, sleep, timeout},
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
    let room = Quota::new(core.limits.connections, core.limits.connections_each);
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
        let Some(hold) = room.take(http::shared(peer.ip()), 1) else {
            core.metrics.turned_away.inc();
            continue;
        };
        let (core, secure, stop) = (Arc::clone(&core), secure.clone(), stop.clone());
        connections.spawn(async move {
            let _open = (hold, GaugeGuard::new(&core.metrics.connections));
            connection(&core, stream, peer, secure, stop).await;
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
    core: &Arc<AxonCore>,
    stream: TcpStream,
    peer: SocketAddr,
    secure: Option<Secure>,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are written in one go, so waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let limits = &core.limits;
    let Some(secure) = secure else { return speak(core, guarded(stream, limits.write_stall), peer.ip(), stop).await };
    let mut first = [0; 1];
    let peeked = tokio::select! {
        () = stopped(&mut stop) => return,
        peeked = timeout(limits.head_time, stream.peek(&mut first)) => peeked,
    };
    match peeked {
        Ok(Ok(1)) if first == [TLS_HANDSHAKE] => {
            let handshake = secure.acceptor.accept(guarded(stream, limits.write_stall));
            match timeout(limits.handshake_time, handshake).await {
                Ok(Ok(stream)) => speak(core, stream, peer.ip(), stop).await,
                Ok(Err(_)) | Err(_) => {
                    core.metrics.handshakes_failed.inc();
                }
            }
        }
        Ok(Ok(1)) if secure.offer == TlsOffer::Optional => {
            speak(core, guarded(stream, limits.write_stall), peer.ip(), stop).await;
        }
        _ => {}
    }
}

type GuardedStream = std::pin::Pin<Box<TimeoutStream<TcpStream>>>;

/// Returns a stream that ends if its peer reads nothing for too long.
fn guarded(stream: TcpStream, stall: Duration) -> GuardedStream {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(stall));
    Box::pin(stream)
}

async fn speak(
    core: &Arc<AxonCore>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: IpAddr,
    mut stop: watch::Receiver<bool>,
) {
    let service =
        service_fn(|request: Request<Incoming>| async move { Ok::<_, Infallible>(core.answer(request, peer).await) });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(core.limits.head_time)
        .max_buf_size(core.limits.head.max(MIN_HEAD))
        .max_headers(core.limits.headers)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
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
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}

/// The time that one reader of metrics has.
const METRICS_TIME: Duration = Duration::from_secs(5);

/// Sends the metrics to each client that connects, for any request.
///
/// Clients are served one at a time: the exporter is for one Prometheus, at an address that is not public.
pub(super) async fn export(metrics: Arc<Metrics>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            sleep(RETRY_DELAY).await;
            continue;
        };
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
    }
}
