//! What came in, and what was proven about it, as two types.

use crate::{Headers, PublicKey, Scheme, UncheckedSignature};
use sha2::{Digest, Sha256};

/// A clock reading: nanoseconds since the Unix epoch. 64 bits last until the year 2554.
pub type UnixNanos = u64;

/// A request as it came in, without its body. Holds no promise about anybody.
///
/// Handlers take [`Verified`] messages, and only [`v1::V1Door`](crate::v1::V1Door) and
/// [`strict::StrictDoor`](crate::strict::StrictDoor) make those.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedRequest<'a> {
    /// The method, in upper case unless the peer is odd.
    pub method: &'a str,
    /// Path and query, exactly as sent.
    pub target: &'a str,
    /// The headers.
    pub headers: &'a Headers,
}

/// Which of the two protocols a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Signed requests over raw bytes: [`crate::strict`].
    Strict,
    /// Messages of the existing Python neurons: [`crate::v1`].
    V1,
}

impl ReceivedRequest<'_> {
    /// The protocol of this request. Whoever starts to speak strictly is never taken for a peer of the old protocol,
    /// so that nobody on the way can turn the one into the other. spec signed-requests §5
    pub fn mode(&self) -> Protocol {
        const PREFIX: &str = "x-bittensor-";
        let is_strict = |name: &str| name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        if self.headers.iter().any(|(name, _)| is_strict(name)) { Protocol::Strict } else { Protocol::V1 }
    }

    /// The path, without the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// A text that its signer signed: checked, and kept to be shown to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedProof {
    scheme: Scheme,
    signer: PublicKey,
    text: String,
    signature: UncheckedSignature,
}

impl SignedProof {
    /// Only after the signature was checked.
    pub(crate) const fn checked(
        scheme: Scheme,
        signer: PublicKey,
        text: String,
        signature: UncheckedSignature,
    ) -> Self {
        Self { scheme, signer, text, signature }
    }

    /// Who signed.
    pub const fn signer(&self) -> PublicKey {
        self.signer
    }

    /// By which scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// What was signed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature over the text.
    pub const fn signature(&self) -> UncheckedSignature {
        self.signature
    }

    /// SHA-256 of the signed text, by which an answer names its request. spec signed-requests §4
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.text).into()
    }
}

/// A message whose sender, freshness and receiver were checked, and that was not accepted before.
///
/// There is no public way to make one, so a handler that takes `Verified<T>` cannot be reached by anybody unsigned:
///
/// ```compile_fail
/// fn forge(proof: myelin_wire::Proof) -> myelin_wire::Verified<&'static str> {
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

    /// Who sent it: whoever signed, and nobody else.
    pub const fn sender(&self) -> PublicKey {
        self.proof.signer
    }

    /// The signed text and its signature.
    pub const fn proof(&self) -> &SignedProof {
        &self.proof
    }

    /// The message.
    pub const fn content(&self) -> &T {
        &self.content
    }

    /// The message alone.
    pub fn into_content(self) -> T {
        self.content
    }

    /// The same message read as something else, for instance its bytes as a class.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Verified<U>, E> {
        Ok(Verified { proof: self.proof, content: read(self.content)? })
    }
}
