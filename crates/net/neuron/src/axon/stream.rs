//! Streamed answers of an axon.

use super::{Failure, Pieces, room::BusyConnection};
use crate::{Signer, http::Body};
use bytes::Bytes;
use futures::stream::{self, ReadyChunks, StreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use myelin_wire::strict::{MAX_GROUP, StreamOutcome, StreamWriter};
use std::io;
use tokio::time::{Instant, timeout_at};

/// The greatest number of pieces in one group. Pieces that are ready together share a signature.
///
/// A signature for many pieces costs as much as for one. A single piece is not delayed.
const MAX_PIECES_PER_GROUP: usize = 32;

/// The framing of the bytes of a stream.
pub(super) enum Frames {
    /// No frames: neither the order nor the end of the bytes is proven. spec neuron-protocol §10.
    Plain,
    /// Signed groups and a signed end. spec signed-requests §7.
    Signed(StreamWriter<Signer>),
}

/// The limits of a stream.
pub(super) struct StreamGuards {
    #[expect(dead_code, reason = "kept for its drop")]
    pub(super) busy: BusyConnection,
    /// The deadline of the stream.
    pub(super) until: Instant,
}

struct StreamState {
    pieces: ReadyChunks<Pieces>,
    frames: Frames,
    held: StreamGuards,
    /// The reason for which nothing follows the pieces read last.
    failed: Option<String>,
}

/// The next part of a stream.
enum NextFrame {
    Bytes(Bytes),
    End,
    Broken(String),
}

impl StreamState {
    async fn next(&mut self) -> NextFrame {
        loop {
            if let Some(reason) = self.failed.take() {
                return NextFrame::Broken(reason);
            }
            let Ok(pieces) = timeout_at(self.held.until, self.pieces.next()).await else {
                return NextFrame::Broken("its time is over".to_owned());
            };
            let Some(pieces) = pieces else { return NextFrame::End };
            let bytes;
            (bytes, self.failed) = joined(pieces);
            match framed(&mut self.frames, bytes) {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return NextFrame::Bytes(bytes),
                Err(reason) => return NextFrame::Broken(reason),
            }
        }
    }
}

/// Returns the body of a streamed answer.
///
/// A stream that cannot go on ends with a signed broken end. Without signatures the connection closes without the end
/// that HTTP demands, so no peer takes the stream for complete.
pub(super) fn streamed(pieces: Pieces, frames: Frames, held: StreamGuards) -> Body {
    let going = StreamState { pieces: pieces.ready_chunks(MAX_PIECES_PER_GROUP), frames, held, failed: None };
    let bytes = stream::unfold(Some(going), |going| async move {
        let mut going = going?;
        match going.next().await {
            NextFrame::Bytes(bytes) => Some((Ok(bytes), Some(going))),
            NextFrame::End => end(going.frames, StreamOutcome::Complete).map(|end| (Ok(end), None)),
            NextFrame::Broken(reason) => {
                tracing::error!(?reason, "stream broken off");
                if let Some(end) = end(going.frames, StreamOutcome::Broken) {
                    return Some((Ok(end), None));
                }
                // Earlier bytes are sent first, because an error closes the connection and drops its buffer.
                tokio::task::yield_now().await;
                Some((Err(io::Error::other(reason)), None))
            }
        }
    });
    StreamBody::new(bytes.map(|bytes| bytes.map(Frame::data))).boxed_unsync()
}

/// Returns the bytes of the pieces up to the first failure, and its reason.
fn joined(pieces: Vec<Result<Bytes, Failure>>) -> (Bytes, Option<String>) {
    let mut all = Vec::new();
    for piece in pieces {
        match piece {
            Ok(piece) => all.extend_from_slice(&piece),
            Err(failure) => return (all.into(), Some(failure.0)),
        }
    }
    (all.into(), None)
}

fn framed(frames: &mut Frames, piece: Bytes) -> Result<Bytes, String> {
    let Frames::Signed(writer) = frames else { return Ok(piece) };
    let mut bytes = Vec::new();
    for group in piece.chunks(MAX_GROUP) {
        bytes.extend(writer.group(group).map_err(|error| error.to_string())?);
    }
    Ok(bytes.into())
}

fn end(frames: Frames, outcome: StreamOutcome) -> Option<Bytes> {
    match frames {
        Frames::Plain => None,
        Frames::Signed(writer) => Some(writer.end(outcome).0.into()),
    }
}
