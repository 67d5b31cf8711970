//! Streams as they come in.

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
/// Bytes of a signed stream are handed out when their signature was checked, and not before; only its end says that it was
/// all ([`AnswerStream::is_complete`], [`AnswerStream::receipt`]). A plain stream proves nothing, its end included.
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

    /// The next bytes; `None` when the stream has ended, which a signed one has said by then.
    ///
    /// # Errors
    /// [`AskError`] when it breaks off or a part is not of the neuron. What came before stays good, nothing follows.
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

    /// Whether the neuron signed that this was all of it. Never so for a plain stream.
    pub fn is_complete(&self) -> bool {
        self.end.as_ref().is_some_and(|(end, _)| end.outcome == StreamOutcome::Complete)
    }

    /// Whether the neuron signed that this was not all of it. Never so for a plain stream.
    pub fn is_broken(&self) -> bool {
        self.end.as_ref().is_some_and(|(end, _)| end.outcome != StreamOutcome::Complete)
    }

    /// What proves to anybody what was asked and streamed, once a signed stream has ended.
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
