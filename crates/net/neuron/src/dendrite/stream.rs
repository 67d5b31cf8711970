//! Streams as a dendrite receives them.

use super::{
    AskError, Peer,
    connection::{StreamPart, StreamParts},
    kept::KeptConnections,
};
use bytes::Bytes;
use core::fmt;
use myelin_wire::{
    SignedProof,
    strict::{Receipt, StreamEnd, StreamError, StreamOutcome, StreamReader},
};
use std::{collections::VecDeque, mem, sync::Arc, time::Duration};
use tokio::task::{JoinHandle, spawn_blocking, yield_now};

/// The most bytes whose signatures are checked at once on a thread that serves connections.
///
/// They are up to three groups. More of them would delay the answers of other neurons.
const MAX_IN_PLACE: usize = 256;

/// A streamed answer.
///
/// Bytes of a signed stream are returned after their signature was verified. Only its signed end proves that the stream
/// is complete ([`AnswerStream::is_complete`], [`AnswerStream::receipt`]). A plain stream proves nothing, its end
/// included.
pub struct AnswerStream {
    parts: Option<StreamParts>,
    signatures: Signatures,
    ready: VecDeque<Bytes>,
    end: Option<(StreamEnd, SignedProof)>,
    elapsed: Duration,
    left: usize,
    max: usize,
}

type CheckedGroups = Result<Vec<Vec<u8>>, StreamError>;

/// The check of the signatures of a stream.
enum Signatures {
    /// A plain stream has none.
    None,
    /// The bytes so far are checked.
    Checked(Box<SignedPart>),
    /// The newest bytes are being checked.
    Checking(JoinHandle<(Box<SignedPart>, CheckedGroups)>),
    /// No bytes follow.
    Over,
}

/// A signed stream, as far as it was read.
pub(super) struct SignedPart {
    pub(super) reader: StreamReader,
    pub(super) asked: SignedProof,
    /// The peer, and the connections to keep.
    pub(super) kept: (Peer, Arc<KeptConnections>),
}

impl AnswerStream {
    pub(super) fn signed(parts: StreamParts, signed: SignedPart, max: usize) -> Self {
        Self { signatures: Signatures::Checked(Box::new(signed)), ..Self::plain(parts, max) }
    }

    pub(super) const fn plain(parts: StreamParts, max: usize) -> Self {
        Self {
            parts: Some(parts),
            signatures: Signatures::None,
            ready: VecDeque::new(),
            end: None,
            elapsed: Duration::ZERO,
            left: max,
            max,
        }
    }

    /// Returns the next bytes, or `None` at the end, which a signed stream has proven by then.
    ///
    /// No bytes are lost if the future is dropped.
    ///
    /// # Errors
    /// [`AskError`] if the stream breaks off or a part is not signed by the neuron. Earlier bytes stay valid, and no
    /// bytes follow.
    pub async fn next(&mut self) -> Result<Option<Bytes>, AskError> {
        let next = self.advance().await;
        if next.is_err() {
            self.parts = None;
            self.signatures = Signatures::Over;
            self.ready.clear();
        }
        next
    }

    async fn advance(&mut self) -> Result<Option<Bytes>, AskError> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Ok(Some(bytes));
            }
            if let Signatures::Checking(checking) = &mut self.signatures {
                let (signed, groups) =
                    checking.await.map_err(|_| AskError::Content("the check of the stream failed".into()))?;
                self.signatures = Signatures::Checked(signed);
                self.ready.extend(groups?.into_iter().map(Bytes::from));
                continue;
            }
            let Some(parts) = &mut self.parts else { return Ok(None) };
            match parts.next().await? {
                StreamPart::Piece(bytes, elapsed) => {
                    self.left = self.left.checked_sub(bytes.len()).ok_or(AskError::TooLarge(self.max))?;
                    self.elapsed = elapsed;
                    self.check(bytes).await?;
                }
                StreamPart::End(connection) => {
                    self.parts = None;
                    match mem::replace(&mut self.signatures, Signatures::Over) {
                        Signatures::Checked(signed) => {
                            let SignedPart { reader, asked, kept: (peer, kept) } = *signed;
                            self.end = Some((reader.finish()?, asked));
                            kept.put(&peer, connection);
                        }
                        other => self.signatures = other,
                    }
                }
            }
        }
    }

    /// Checks received bytes, or begins to.
    async fn check(&mut self, bytes: Bytes) -> Result<(), AskError> {
        match mem::replace(&mut self.signatures, Signatures::Over) {
            Signatures::Checked(mut signed) if bytes.len() <= MAX_IN_PLACE => {
                let groups = signed.reader.push(&bytes)?;
                self.signatures = Signatures::Checked(signed);
                self.ready.extend(groups.into_iter().map(Bytes::from));
                // A signature takes long, so the tasks of other neurons come first.
                yield_now().await;
            }
            Signatures::Checked(mut signed) => {
                self.signatures = Signatures::Checking(spawn_blocking(move || {
                    let groups = signed.reader.push(&bytes);
                    (signed, groups)
                }));
            }
            other => {
                self.signatures = other;
                self.ready.push_back(bytes);
            }
        }
        Ok(())
    }

    /// Returns the time from the last byte of the request until the bytes that [`Self::next`] returned last were read.
    ///
    /// The time for connecting and for checks of signatures does not count.
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Returns true if the neuron signed that the stream is complete. A plain stream is never complete.
    pub fn is_complete(&self) -> bool {
        self.end.as_ref().is_some_and(|(end, _)| end.outcome == StreamOutcome::Complete)
    }

    /// Returns true if the neuron signed that the stream is broken. A plain stream never is.
    pub fn is_broken(&self) -> bool {
        self.end.as_ref().is_some_and(|(end, _)| end.outcome != StreamOutcome::Complete)
    }

    /// Returns the receipt, which proves request and stream to third parties, after a signed stream has ended.
    pub fn receipt(&self) -> Option<Receipt> {
        self.end.as_ref().map(|(end, asked)| Receipt::of_stream(asked, end))
    }
}

impl fmt::Debug for AnswerStream {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = if matches!(self.signatures, Signatures::None) { "plain" } else { "signed" };
        out.debug_struct("AnswerStream").field("form", &form).field("left", &self.left).finish_non_exhaustive()
    }
}
