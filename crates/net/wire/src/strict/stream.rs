//! Streamed answers. spec signed-requests §7.
//!
//! Chunks of HTTP are no message boundaries, and a broken stream looks like a complete one. The pieces are therefore
//! framed. Each group has a signature over all bytes up to it, and a signed end closes the stream. A group that was
//! changed, left out, repeated or moved breaks the chain of hashes at that position.

use super::answer::{AnswerError, AnswerHead, SignedHeaders, line, read_headers, sign};
use crate::{Headers, PublicKey, Scheme, Sign, UncheckedSignature, UnixNanos, verified::SignedProof};
use sha2::{Digest, Sha256};

/// The first line of the signed text of the head of a stream.
pub(super) const HEAD: &str = "myelin-stream/1";
/// The first line of the signed text of a group.
const GROUP: &str = "myelin-group/1";
/// The first line of the signed text of the end.
pub(super) const END: &str = "myelin-end/1";

/// The largest group, in bytes, which bounds the buffer of a reader.
pub const MAX_GROUP: usize = 1 << 20;

/// The number of groups that a stream of any length may have.
const MIN_GROUPS: usize = 64;

/// The bytes of an answer for which a stream may have one more group. Each group costs the reader a signature.
const BYTES_PER_GROUP: usize = 256;

/// The longest answer that a reader expects unless it is told another one, in bytes.
const MAX_ANSWER: usize = 8 << 20;

/// The length of a signature, in bytes.
const SIGNATURE: usize = 64;

/// The first byte of the frame of a group.
const GROUP_FRAME: u8 = 1;
/// The first byte of the last frame.
const END_FRAME: u8 = 2;

/// The outcome of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamOutcome {
    /// A stream that the neuron finished.
    Complete,
    /// A stream that the neuron could not continue.
    Broken,
}

impl StreamOutcome {
    const ALL: [(Self, &'static str, u8); 2] = [(Self::Complete, "complete", 0), (Self::Broken, "broken", 1)];

    /// Returns the word in the signed text.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find_map(|(own, word, _)| (own == self).then_some(word)).unwrap_or_default()
    }

    /// Returns the outcome of this word.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(own, text, _)| (text == word).then_some(own))
    }

    fn byte(self) -> u8 {
        Self::ALL.into_iter().find_map(|(own, _, byte)| (own == self).then_some(byte)).unwrap_or_default()
    }

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(own, _, code)| (code == byte).then_some(own))
    }
}

/// The reason for which a stream is not accepted as one of the neuron that was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// A head without a valid signature.
    #[error(transparent)]
    Head(#[from] AnswerError),
    /// Bytes that are no frame, a group that is empty or too large, or too many groups.
    #[error("the stream holds something that is not a frame")]
    Frame,
    /// A group or an end without a valid signature for its position.
    #[error("a part of the stream was changed, left out, repeated or moved")]
    BadSignature,
    /// Bytes after the end.
    #[error("the stream goes on after its end")]
    AfterEnd,
    /// A connection that closed before the end.
    #[error("the stream ended before its end")]
    Truncated,
}

/// The running hash over the head and the groups so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HashChain {
    stream: [u8; 32],
    running: [u8; 32],
    groups: u64,
}

impl HashChain {
    pub(super) fn new(head: &str) -> Self {
        let stream = Sha256::digest(head).into();
        Self { stream, running: stream, groups: 0 }
    }

    /// Adds a group. All parts have a fixed length, so no two sequences of groups have the same chain.
    pub(super) fn add(&mut self, group: &[u8]) {
        self.groups = self.groups.saturating_add(1);
        self.running = Sha256::new()
            .chain_update(self.running)
            .chain_update(self.groups.to_be_bytes())
            .chain_update(Sha256::digest(group))
            .finalize()
            .into();
    }

    fn text(&self, domain: &str) -> String {
        [domain, &hex::encode(self.stream), &self.groups.to_string(), &hex::encode(self.running)].join("\n")
    }

    fn group_text(&self) -> String {
        self.text(GROUP)
    }

    pub(super) fn end_text(&self, outcome: StreamOutcome) -> String {
        [self.text(END).as_str(), outcome.word()].join("\n")
    }
}

/// A signer of a stream while it is sent.
///
/// ```
/// # use myelin_wire::{Sign, SignedProof, strict::{StreamOutcome, StreamWriter}};
/// # fn stream(signer: &impl Sign, request: &SignedProof, send: impl Fn(&[u8])) -> Result<(), Box<dyn std::error::Error>> {
/// let (head, mut writer) = StreamWriter::new(signer, request, (200, "text/event-stream"), 1_760_000_000_000_000_000)?;
/// for piece in ["one", " two"] {
///     send(&writer.group(piece.as_bytes())?);
/// }
/// send(&writer.end(StreamOutcome::Complete).0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StreamWriter<S> {
    signer: S,
    chain: HashChain,
}

impl<S: Sign> StreamWriter<S> {
    /// Signs the head, whose headers are sent before the first byte.
    ///
    /// # Errors
    /// [`AnswerError::Malformed`] if the content type cannot stand in a signed text.
    pub fn new(
        signer: S,
        request: &SignedProof,
        (status, content_type): (u16, &str),
        now: UnixNanos,
    ) -> Result<(SignedHeaders, Self), AnswerError> {
        let digest = hex::encode(request.digest());
        let head = AnswerHead {
            domain: HEAD,
            responder: signer.hotkey(),
            caller: request.signer(),
            nonce: now,
            request: &digest,
            status,
            content_type,
        };
        let first = sign(&signer, head.text()?, (now, &digest), None);
        let chain = HashChain::new(first.proof.text());
        Ok((first, Self { signer, chain }))
    }

    /// Returns the frame of one group of bytes.
    ///
    /// The caller decides on the size of a group. Each group costs both sides a signature, and the reader receives no
    /// byte of it before its end.
    ///
    /// # Errors
    /// [`StreamError::Frame`] for no bytes, and above [`MAX_GROUP`] bytes.
    pub fn group(&mut self, bytes: &[u8]) -> Result<Vec<u8>, StreamError> {
        let length = u32::try_from(bytes.len()).ok().filter(|_| is_group(bytes.len())).ok_or(StreamError::Frame)?;
        self.chain.add(bytes);
        let signature = self.signer.sign(self.chain.group_text().as_bytes());
        Ok([&[GROUP_FRAME], length.to_be_bytes().as_slice(), bytes, &signature].concat())
    }

    /// Returns the last frame, and the proof of the whole stream.
    pub fn end(self, outcome: StreamOutcome) -> (Vec<u8>, SignedProof) {
        let text = self.chain.end_text(outcome);
        let signature = UncheckedSignature::new(self.signer.sign(text.as_bytes()));
        let frame = [&[END_FRAME, outcome.byte()], signature.as_bytes().as_slice()].concat();
        (frame, SignedProof::checked(Scheme::Sr25519, self.signer.hotkey(), text, signature))
    }
}

/// The proof of a whole stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEnd {
    /// The outcome of the stream.
    pub outcome: StreamOutcome,
    /// The number of groups.
    pub groups: u64,
    /// The signed head.
    pub head: SignedProof,
    /// The signed end.
    pub end: SignedProof,
}

/// A verifier of a stream while it is received. It returns no byte before its signature was verified.
#[derive(Clone, Debug)]
pub struct StreamReader {
    head: SignedProof,
    chain: HashChain,
    buffer: Vec<u8>,
    end: Option<(StreamOutcome, SignedProof)>,
    /// The number of groups that may still come.
    left: usize,
}

impl StreamReader {
    /// Verifies the head: `responder` answers this request. spec signed-requests §7.
    ///
    /// # Errors
    /// [`AnswerError::Unsigned`] without a signature, otherwise the variant of the part that does not fit.
    pub fn new(
        request: &SignedProof,
        responder: PublicKey,
        status: u16,
        headers: &Headers,
    ) -> Result<Self, AnswerError> {
        let digest = hex::encode(request.digest());
        let (nonce, signature) = read_headers(headers, responder, &digest)?;
        let content_type = line(headers, "content-type")?;
        let caller = request.signer();
        let text =
            AnswerHead { domain: HEAD, responder, caller, nonce, request: &digest, status, content_type }.text()?;
        if !signature.is_good(Scheme::Sr25519, responder, text.as_bytes()) {
            return Err(AnswerError::BadSignature);
        }
        let chain = HashChain::new(&text);
        let head = SignedProof::checked(Scheme::Sr25519, responder, text, signature);
        Ok(Self { head, chain, buffer: Vec::new(), end: None, left: 0 }.max_answer(MAX_ANSWER))
    }

    /// Sets the length of the longest answer, in bytes, which bounds the number of groups: 64, and one for 256 bytes.
    ///
    /// Without it the answer has at most 8 MiB. The caller of the reader counts the bytes.
    #[must_use]
    pub fn max_answer(self, bytes: usize) -> Self {
        Self { left: MIN_GROUPS.saturating_add(bytes / BYTES_PER_GROUP), ..self }
    }

    /// Takes bytes as they are received, cut anywhere, and returns the groups that are complete and verified.
    ///
    /// # Errors
    /// [`StreamError::Frame`] for bytes that are no frame and for one group too many, [`StreamError::BadSignature`] for a part that was not signed
    /// for this position, [`StreamError::AfterEnd`] for bytes after the end. The groups returned before stay valid, and
    /// no later byte is.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, StreamError> {
        self.buffer.extend_from_slice(bytes);
        let mut groups = Vec::new();
        let mut taken = 0_usize;
        while let Some((frame, length)) = next_frame(self.buffer.get(taken..).unwrap_or_default())? {
            if self.end.is_some() {
                return Err(StreamError::AfterEnd);
            }
            match frame {
                Frame::Group(group, signature) => {
                    self.left = self.left.checked_sub(1).ok_or(StreamError::Frame)?;
                    self.chain.add(group);
                    self.check(&self.chain.group_text(), signature)?;
                    groups.push(group.to_vec());
                }
                Frame::End(outcome, signature) => {
                    let text = self.chain.end_text(outcome);
                    self.check(&text, signature)?;
                    let signer = self.head.signer();
                    self.end = Some((outcome, SignedProof::checked(Scheme::Sr25519, signer, text, signature)));
                }
            }
            taken = taken.saturating_add(length);
        }
        self.buffer.drain(..taken.min(self.buffer.len()));
        if self.end.is_some() && !self.buffer.is_empty() {
            return Err(StreamError::AfterEnd);
        }
        Ok(groups)
    }

    fn check(&self, text: &str, signature: UncheckedSignature) -> Result<(), StreamError> {
        let is_good = signature.is_good(Scheme::Sr25519, self.head.signer(), text.as_bytes());
        if is_good { Ok(()) } else { Err(StreamError::BadSignature) }
    }

    /// Returns the proof of the stream, after the connection has ended.
    ///
    /// # Errors
    /// [`StreamError::Truncated`] if the end was not received.
    pub fn finish(self) -> Result<StreamEnd, StreamError> {
        let (outcome, end) = self.end.ok_or(StreamError::Truncated)?;
        Ok(StreamEnd { outcome, groups: self.chain.groups, head: self.head, end })
    }
}

/// Returns true if a group may have this many bytes.
const fn is_group(length: usize) -> bool {
    length > 0 && length <= MAX_GROUP
}

enum Frame<'a> {
    Group(&'a [u8], UncheckedSignature),
    End(StreamOutcome, UncheckedSignature),
}

/// Returns the first frame and its length, or `None` while it is incomplete.
fn next_frame(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, StreamError> {
    match bytes {
        [GROUP_FRAME, a, b, c, d, rest @ ..] => {
            let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
            if !is_group(length) {
                return Err(StreamError::Frame);
            }
            let Some((group, rest)) = rest.split_at_checked(length) else { return Ok(None) };
            let Some(signature) = rest.first_chunk::<SIGNATURE>() else { return Ok(None) };
            let frame = Frame::Group(group, UncheckedSignature::new(*signature));
            Ok(Some((frame, length.saturating_add(5 + SIGNATURE))))
        }
        [END_FRAME, outcome, rest @ ..] => {
            let outcome = StreamOutcome::from_byte(*outcome).ok_or(StreamError::Frame)?;
            let Some(signature) = rest.first_chunk::<SIGNATURE>() else { return Ok(None) };
            Ok(Some((Frame::End(outcome, UncheckedSignature::new(*signature)), 2 + SIGNATURE)))
        }
        [] | [GROUP_FRAME | END_FRAME, ..] => Ok(None),
        _ => Err(StreamError::Frame),
    }
}
