//! Streams on their way out.

use super::Pieces;
use crate::{Signer, http::Body, queue::Slot, quota::Hold};
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use myelin_wire::{
    Hotkey,
    strict::{MAX_GROUP, Outcome, StreamWriter},
};
use std::io;
use tokio::time::{Instant, timeout_at};

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
    pieces: Pieces,
    frames: Frames,
    held: Held,
}

/// The body of a streamed answer.
///
/// A stream that cannot go on ends as a broken one where that can be said, and otherwise with the connection, without the
/// end that HTTP asks for, so that no peer takes it for whole.
pub(super) fn streamed(pieces: Pieces, frames: Frames, held: Held) -> Body {
    let going = Going { pieces, frames, held };
    let bytes = stream::unfold(Some(going), |going| async move {
        let Going { mut pieces, mut frames, held } = going?;
        loop {
            let next = match timeout_at(held.until, pieces.next()).await {
                Err(_) => Err("its time is over".to_owned()),
                Ok(next) => next.transpose().map_err(|failure| failure.0),
            };
            let (bytes, broken) = match next {
                Ok(Some(piece)) if piece.is_empty() => continue,
                Ok(Some(piece)) => match framed(&mut frames, piece) {
                    Ok(bytes) => return Some((Ok(bytes), Some(Going { pieces, frames, held }))),
                    Err(error) => (None, Some(error)),
                },
                Ok(None) => (end(frames, Outcome::Complete), None),
                Err(reason) => {
                    tracing::error!(?reason, "stream broken off");
                    (end(frames, Outcome::Broken), Some(reason))
                }
            };
            return match (bytes, broken) {
                (Some(end), _) => Some((Ok(end), None)),
                (None, Some(reason)) => {
                    // What came before is sent first: an error closes the connection with whatever is still in its buffer.
                    tokio::task::yield_now().await;
                    Some((Err(io::Error::other(reason)), None))
                }
                (None, None) => None,
            };
        }
    });
    StreamBody::new(bytes.map(|bytes| bytes.map(Frame::data))).boxed_unsync()
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
