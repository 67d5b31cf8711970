//! Streams as a dendrite receives them.

use super::{
    AskError,
    connection::{self, Deadline, ResponseHead},
};
use bytes::Bytes;
use core::fmt;
use myelin_wire::{
    SignedProof,
    strict::{Receipt, StreamEnd, StreamOutcome, StreamReader},
};
use std::collections::VecDeque;

/// A streamed answer.
///
/// Bytes of a signed stream are returned after their signature was verified. Only its signed end proves that the stream
/// is complete ([`AnswerStream::is_complete`], [`AnswerStream::receipt`]). A plain stream proves nothing, its end
/// included.
pub struct AnswerStream {
    head: Option<ResponseHead>,
    signed: Option<SignedPart>,
    ready: VecDeque<Bytes>,
    end: Option<(StreamEnd, SignedProof)>,
    left: usize,
    max: usize,
    until: Deadline,
}

struct SignedPart {
    reader: StreamReader,
    asked: SignedProof,
}

impl AnswerStream {
    pub(super) fn signed(
        head: ResponseHead,
        reader: StreamReader,
        asked: SignedProof,
        (max, until): (usize, Deadline),
    ) -> Self {
        Self { signed: Some(SignedPart { reader, asked }), ..Self::plain(head, (max, until)) }
    }

    pub(super) fn plain(head: ResponseHead, (max, until): (usize, Deadline)) -> Self {
        Self { head: Some(head), signed: None, ready: VecDeque::new(), end: None, left: max, max, until }
    }

    /// Returns the next bytes, or `None` at the end, which a signed stream has proven by then.
    ///
    /// # Errors
    /// [`AskError`] if the stream breaks off or a part is not signed by the neuron. Earlier bytes stay valid, and no
    /// bytes follow.
    pub async fn next(&mut self) -> Result<Option<Bytes>, AskError> {
        let next = self.advance().await;
        if next.is_err() {
            self.head = None;
            self.ready.clear();
        }
        next
    }

    async fn advance(&mut self) -> Result<Option<Bytes>, AskError> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Ok(Some(bytes));
            }
            let Some(head) = &mut self.head else { return Ok(None) };
            let Some(bytes) = connection::next(head, self.until).await? else {
                self.head = None;
                if let Some(SignedPart { reader, asked }) = self.signed.take() {
                    self.end = Some((reader.finish()?, asked));
                }
                continue;
            };
            self.left = self.left.checked_sub(bytes.len()).ok_or(AskError::TooLarge(self.max))?;
            match &mut self.signed {
                Some(signed) => self.ready.extend(signed.reader.push(&bytes)?.into_iter().map(Bytes::from)),
                None => self.ready.push_back(bytes),
            }
        }
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
        let form = if self.signed.is_some() || self.end.is_some() { "signed" } else { "plain" };
        out.debug_struct("AnswerStream").field("form", &form).field("left", &self.left).finish_non_exhaustive()
    }
}
