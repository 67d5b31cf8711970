//! Received requests and verified messages, as two types.

use crate::{Headers, PublicKey, Scheme, UncheckedSignature};
use sha2::{Digest, Sha256};

/// A clock reading: nanoseconds since the Unix epoch. 64 bits last until the year 2554.
pub type UnixNanos = u64;

/// A request as received, without its body. Nothing in it is verified.
///
/// Handlers take [`Verified`] messages, and only [`v1::V1Door`](crate::v1::V1Door) and
/// [`strict::StrictDoor`](crate::strict::StrictDoor) make those.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedRequest<'a> {
    /// The method, in upper case unless the peer is odd.
    pub method: &'a str,
    /// The path and the query, exactly as sent.
    pub target: &'a str,
    /// The headers.
    pub headers: &'a Headers,
}

/// The protocol of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Signed requests over raw bytes: [`crate::strict`].
    Strict,
    /// Messages of the existing Python neurons: [`crate::v1`].
    V1,
}

impl ReceivedRequest<'_> {
    /// Returns the protocol of this request. spec signed-requests §5.
    ///
    /// A request with any strict header counts as strict. An attacker on the path therefore cannot turn a strict
    /// request into a v1 request.
    pub fn mode(&self) -> Protocol {
        const PREFIX: &str = "x-bittensor-";
        let is_strict = |name: &str| name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        if self.headers.iter().any(|(name, _)| is_strict(name)) { Protocol::Strict } else { Protocol::V1 }
    }

    /// Returns the path, without the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// A text with its verified signature, kept as a proof for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedProof {
    scheme: Scheme,
    signer: PublicKey,
    text: String,
    signature: UncheckedSignature,
}

impl SignedProof {
    /// Returns the proof. The caller has verified the signature.
    pub(crate) const fn checked(
        scheme: Scheme,
        signer: PublicKey,
        text: String,
        signature: UncheckedSignature,
    ) -> Self {
        Self { scheme, signer, text, signature }
    }

    /// Returns the signer.
    pub const fn signer(&self) -> PublicKey {
        self.signer
    }

    /// Returns the scheme of the signature.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the signed text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the signature over the text.
    pub const fn signature(&self) -> UncheckedSignature {
        self.signature
    }

    /// Returns SHA-256 of the signed text, by which an answer names its request. spec signed-requests §4.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.text).into()
    }
}

/// A message whose sender, freshness and receiver were checked, and that was not accepted before.
///
/// There is no public constructor, so no unsigned request reaches a handler that takes `Verified<T>`:
///
/// ```compile_fail
/// fn forge(proof: myelin_wire::SignedProof) -> myelin_wire::Verified<&'static str> {
///     myelin_wire::Verified { proof, content: "hello" }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Verified<T> {
    proof: SignedProof,
    content: T,
}

impl<T> Verified<T> {
    pub(crate) const fn new(proof: SignedProof, content: T) -> Self {
        Self { proof, content }
    }

    /// Returns the sender, whose signature was verified.
    pub const fn sender(&self) -> PublicKey {
        self.proof.signer
    }

    /// Returns the signed text and its signature.
    pub const fn proof(&self) -> &SignedProof {
        &self.proof
    }

    /// Returns the message.
    pub const fn content(&self) -> &T {
        &self.content
    }

    /// Returns the message without its proof.
    pub fn into_content(self) -> T {
        self.content
    }

    /// Returns the same message, converted by `read`, for instance from bytes to a class.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Verified<U>, E> {
        Ok(Verified { proof: self.proof, content: read(self.content)? })
    }
}
