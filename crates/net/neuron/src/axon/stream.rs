//! Streams on their way out.

use super::{Failure, Pieces};
use crate::{Signer, http::Body, queue::Slot, quota::Hold};
use bytes::Bytes;
use futures::stream::{self, ReadyChunks, StreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use myelin_wire::{
    Hotkey,
    strict::{MAX_GROUP, Outcome, StreamWriter},
};
use std::io;
use tokio::time::{Instant, timeout_at};

/// The pieces that go out together when they are there at the same time: a signature for all of them costs as much as for
/// one. A piece that comes by itself is not kept waiting.
const TOGETHER: usize = 32;

/// What the bytes of a stream are wrapped in.
pub(super) enum Frames {
    /// Nothing: neither the order nor the end of the bytes is proven. spec neuron-protocol §10
    Plain,
    /// Signed groups and a signed end. spec signed-requests §7
    Signed(StreamWriter<Signer>),
}

/// What a stream keeps while it lasts.
pub(super) struct Held {
    #[expect(dead_code, reason = "kept for its drop")]
    pub(super) slot: Slot,
    #[expect(dead_code, reason = "kept for its drop")]
    pub(super) share: Hold<Hotkey>,
    /// When it ends, complete or not.
    pub(super) until: Instant,
}

struct Going {
    pieces: ReadyChunks<Pieces>,
    frames: Frames,
    held: Held,
    /// Why nothing follows what was read last.
    failed: Option<String>,
}

/// What goes out.
enum Next {
    Bytes(Bytes),
    End,
    Broken(String),
}

impl Going {
    async fn next(&mut self) -> Next {
        loop {
            if let Some(reason) = self.failed.take() {
                return Next::Broken(reason);
            }
            let Ok(pieces) = timeout_at(self.held.until, self.pieces.next()).await else {
                return Next::Broken("its time is over".to_owned());
            };
            let Some(pieces) = pieces else { return Next::End };
            let bytes;
            (bytes, self.failed) = joined(pieces);
            match framed(&mut self.frames, bytes) {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Next::Bytes(bytes),
                Err(reason) => return Next::Broken(reason),
            }
        }
    }
}

/// The body of a streamed answer.
///
/// A stream that cannot go on ends as a broken one where that can be said, and otherwise with the connection, without the
/// end that HTTP asks for, so that no peer takes it for whole.
pub(super) fn streamed(pieces: Pieces, frames: Frames, held: Held) -> Body {
    let going = Going { pieces: pieces.ready_chunks(TOGETHER), frames, held, failed: None };
    let bytes = stream::unfold(Some(going), |going| async move {
        let mut going = going?;
        match going.next().await {
            Next::Bytes(bytes) => Some((Ok(bytes), Some(going))),
            Next::End => end(going.frames, Outcome::Complete).map(|end| (Ok(end), None)),
            Next::Broken(reason) => {
                tracing::error!(?reason, "stream broken off");
                if let Some(end) = end(going.frames, Outcome::Broken) {
                    return Some((Ok(end), None));
                }
                // What came before is sent first: an error closes the connection with whatever is still in its buffer.
                tokio::task::yield_now().await;
                Some((Err(io::Error::other(reason)), None))
            }
        }
    });
    StreamBody::new(bytes.map(|bytes| bytes.map(Frame::data))).boxed_unsync()
}

/// The bytes of pieces up to the first that failed, and why it did.
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

fn end(frames: Frames, outcome: Outcome) -> Option<Bytes> {
    match frames {
        Frames::Plain => None,
        Frames::Signed(writer) => Some(writer.end(outcome).0.into()),
    }
}
