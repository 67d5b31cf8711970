//! The socket of a connection, which notes the times of its bytes.

use core::{
    pin::Pin,
    task::{Context, Poll},
};
use socket2::SockRef;
use std::{
    io,
    mem::MaybeUninit,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};
use tokio_rustls::client::TlsStream;

/// A socket, with or without TLS. It notes when the bytes of a request were sent and those of an answer received.
pub(super) struct Socket {
    stream: Stream,
    traffic: Arc<Traffic>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// The times of the bytes of one request and its answer.
#[derive(Default)]
pub(super) struct Traffic(Mutex<TrafficTimes>);

#[derive(Clone, Copy, Default)]
struct TrafficTimes {
    /// The number of earlier requests on the connection.
    earlier: u64,
    /// The time of the first byte of the request.
    begun: Option<Instant>,
    /// True if bytes of the request wait inside of TLS.
    is_unflushed: bool,
    /// The time at which the last byte of the request was handed to the socket.
    sent: Option<Instant>,
    /// The time at which the last byte of the answer was read.
    received: Option<Instant>,
}

impl Traffic {
    fn times(&self) -> MutexGuard<'_, TrafficTimes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the next request of the connection.
    pub(super) fn begin(&self) {
        let mut times = self.times();
        let earlier = times.earlier.saturating_add(u64::from(times.begun.is_some()));
        *times = TrafficTimes { earlier, ..TrafficTimes::default() };
    }

    /// Returns true if a byte of the request was sent.
    pub(super) fn has_begun(&self) -> bool {
        self.times().begun.is_some()
    }

    /// Returns the time from the last byte of the request to the last byte that was read.
    ///
    /// A neuron that answers before it has the whole request is measured from the first byte.
    pub(super) fn elapsed(&self) -> Duration {
        self.times().elapsed()
    }
}

impl TrafficTimes {
    fn elapsed(&self) -> Duration {
        let Some(received) = self.received else { return Duration::ZERO };
        let since = self.sent.filter(|sent| *sent <= received).or(self.begun);
        since.map_or(Duration::ZERO, |since| received.saturating_duration_since(since))
    }
}

impl Socket {
    pub(super) fn plain(stream: TcpStream) -> Self {
        Self { stream: Stream::Plain(stream), traffic: Arc::default() }
    }

    pub(super) fn encrypted(stream: TlsStream<TcpStream>) -> Self {
        Self { stream: Stream::Tls(Box::new(stream)), traffic: Arc::default() }
    }

    /// Returns the times of the bytes, which change as the connection is used.
    pub(super) fn traffic(&self) -> Arc<Traffic> {
        Arc::clone(&self.traffic)
    }

    /// Returns true if the neuron has closed the connection, or sent bytes without a request.
    ///
    /// The runtime may learn of it later than the system knows it, so this asks the system.
    fn has_ended(&self) -> bool {
        let tcp = match &self.stream {
            Stream::Plain(tcp) => tcp,
            Stream::Tls(tls) => tls.get_ref().0,
        };
        let read = SockRef::from(tcp).peek(&mut [MaybeUninit::uninit()]);
        !matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if buffer.filled().len() > before {
            this.traffic.times().received = Some(Instant::now());
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let times = *this.traffic.times();
        if times.begun.is_none() && times.earlier > 0 && this.has_ended() {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        }
        let written = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        };
        if matches!(written, Poll::Ready(Ok(1..))) {
            let mut times = this.traffic.times();
            times.begun.get_or_insert_with(Instant::now);
            times.is_unflushed = true;
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        };
        if matches!(flushed, Poll::Ready(Ok(()))) {
            let mut times = this.traffic.times();
            if std::mem::take(&mut times.is_unflushed) {
                times.sent = Some(Instant::now());
            }
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nh_45_the_time_begins_with_the_last_byte_of_the_request() {
        let begun = Instant::now();
        let at = |millis| Some(begun + Duration::from_millis(millis));
        let elapsed =
            |sent, received| TrafficTimes { begun: at(0), sent, received, ..TrafficTimes::default() }.elapsed();
        assert_eq!(elapsed(at(30), at(100)), Duration::from_millis(70));
        assert_eq!(elapsed(at(30), None), Duration::ZERO);
        // A neuron that answers before it has the whole request does not seem faster.
        assert_eq!(elapsed(None, at(100)), Duration::from_millis(100));
        assert_eq!(elapsed(at(101), at(100)), Duration::from_millis(100));
    }

    #[test]
    fn each_request_of_a_connection_has_times_of_its_own() {
        let traffic = Traffic::default();
        traffic.begin();
        assert!(!traffic.has_begun() && traffic.times().earlier == 0);
        traffic.times().begun = Some(Instant::now());
        traffic.times().received = Some(Instant::now() + Duration::from_secs(1));
        assert!(traffic.has_begun() && traffic.elapsed() > Duration::ZERO);
        traffic.begin();
        assert!(!traffic.has_begun() && traffic.times().earlier == 1);
        assert_eq!(traffic.elapsed(), Duration::ZERO);
    }
}
