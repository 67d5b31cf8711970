//! Strict requests. spec signed-requests §1 to §3.

use super::{
    VERSION, hash, header, is_line,
    place::{Place, RequestTarget},
};
use crate::{
    Headers, PublicKey, ReceivedRequest, Scheme, Sign, UncheckedSignature, UnixNanos, Verified, from_ss58,
    python::parse_int,
    replay::{NonceOrder, ReplayError, ReplayWindow, RequestContext},
    verified::SignedProof,
};

/// The first line of every signed text of a request.
pub(super) const DOMAIN: &str = "btauth/1";

/// The line of a request without receiver, in place of the receiver.
pub(super) const UNBOUND: &str = "-";

/// Returns the lines that are signed. spec signed-requests §2.
fn text(scheme: Scheme, method: &str, target: &str, body: &[u8], nonce: &str, sender: &str, receiver: &str) -> String {
    [DOMAIN, scheme.name(), &method.to_ascii_uppercase(), target, &hash(body), nonce, sender, receiver].join("\n")
}

/// An error for a method or target that cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("method and path of a request must not be empty or hold control characters")]
pub struct TargetError;

/// Signs a request and returns the headers to send, and the proof to compare the answer with.
///
/// `target` is the path and the query exactly as they will be sent. `nonce` is the clock, with a fresh value for each
/// attempt. A request without a `receiver` is valid at every server that does not demand one. spec signed-requests §1.
///
/// # Errors
/// [`TargetError`] if method or target cannot stand in a signed text.
pub fn sign_request(
    signer: &impl Sign,
    (method, target): (&str, &str),
    body: &[u8],
    nonce: UnixNanos,
    receiver: Option<PublicKey>,
) -> Result<(Headers, SignedProof), TargetError> {
    if !is_line(method) || !is_line(target) {
        return Err(TargetError);
    }
    let sender = signer.hotkey();
    let (address, receiver) = (sender.to_string(), receiver.map(|receiver| receiver.to_string()));
    let bound = receiver.as_deref().unwrap_or(UNBOUND);
    let text = text(Scheme::Sr25519, method, target, body, &nonce.to_string(), &address, bound);
    let signature = UncheckedSignature::new(signer.sign(text.as_bytes()));
    let mut headers = Headers::from_iter([
        (header::VERSION, VERSION.to_owned()),
        (header::HOTKEY, address),
        (header::NONCE, nonce.to_string()),
        (header::SIGNATURE, signature.to_string()),
    ]);
    if let Some(receiver) = receiver {
        headers.push(header::RECEIVER, receiver);
    }
    Ok((headers, SignedProof::checked(Scheme::Sr25519, sender, text, signature)))
}

/// The reason for which a strict request is refused. spec signed-requests §3.
///
/// No text repeats the signature or the signed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrictRefusal {
    /// A header that is missing, empty, doubled or malformed.
    #[error("the request is not signed as `btauth/1`: {0}")]
    MalformedAuth(&'static str),
    /// A request for another hotkey, or one without a receiver at an axon that requires it.
    #[error("the request is not for this hotkey")]
    WrongReceiver,
    /// A request for another subnet or chain, or without a place at an axon that requires it.
    #[error("the request is not for this subnet")]
    WrongPlace,
    /// A request that is too old, or from the future.
    #[error("the request is not fresh; check the clock")]
    StaleRequest,
    /// A signature that the sender did not make over this request.
    #[error("the signature is not that of the sender over this request")]
    BadSignature,
    /// A request that was accepted before.
    #[error("the request was accepted before")]
    ReplayedRequest,
    /// A request without room in the replay window.
    #[error("too many requests at a time")]
    TooMany,
}

impl StrictRefusal {
    /// Returns the name in the specification.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::MalformedAuth(_) => "MalformedAuth",
            Self::WrongReceiver => "WrongReceiver",
            Self::WrongPlace => "WrongPlace",
            Self::StaleRequest => "StaleRequest",
            Self::BadSignature => "BadSignature",
            Self::ReplayedRequest => "ReplayedRequest",
            Self::TooMany => "TooMany",
        }
    }

    /// Returns the HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::MalformedAuth(_) | Self::StaleRequest | Self::BadSignature => 401,
            Self::WrongReceiver | Self::WrongPlace | Self::ReplayedRequest => 403,
            Self::TooMany => 429,
        }
    }
}

impl From<ReplayError> for StrictRefusal {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Repeated => Self::ReplayedRequest,
            ReplayError::Forgotten => Self::StaleRequest,
            ReplayError::Caller | ReplayError::Full => Self::TooMany,
        }
    }
}

/// The demand on requests to name their receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Receiver {
    /// A request must name its receiver. Otherwise one receiver could forward it to others.
    #[default]
    Required,
    /// A request may leave out its receiver.
    Optional,
}

/// The treatment of requests whose path names no place, as clients of other origin send them. spec signed-requests §2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnplacedRequests {
    /// Such requests are served. An axon of the same hotkey at another place accepts the same request.
    #[default]
    Served,
    /// Such requests are answered 403.
    Refused,
}

/// The entrance of strict requests, which checks receiver, place and freshness.
#[derive(Clone, Copy, Debug)]
pub struct StrictDoor {
    /// The hotkey that serves.
    pub here: PublicKey,
    /// The demand on requests to name this hotkey.
    pub receiver: Receiver,
    /// The place of the axon, if it has one. Requests for other places are refused.
    pub place: Option<Place>,
    /// The treatment of requests without a place.
    pub unplaced: UnplacedRequests,
    /// The greatest age of a request, in nanoseconds.
    pub max_age: u64,
    /// The largest lead of a sender's clock, in nanoseconds.
    pub ahead: u64,
}

impl StrictDoor {
    /// Returns a door with the limits of the specification: 10 s and 2 s, receiver required. It has no place.
    pub const fn new(here: PublicKey) -> Self {
        Self {
            here,
            receiver: Receiver::Required,
            place: None,
            unplaced: UnplacedRequests::Served,
            max_age: 10_000_000_000,
            ahead: 2_000_000_000,
        }
    }

    /// Returns the target of a request, if this axon is at its place.
    fn target<'a>(&self, target: &'a str) -> Result<RequestTarget<'a>, StrictRefusal> {
        let target = RequestTarget::read(target).ok_or(StrictRefusal::WrongPlace)?;
        let is_here = match target.place {
            None => self.unplaced == UnplacedRequests::Served,
            place => place == self.place,
        };
        if is_here { Ok(target) } else { Err(StrictRefusal::WrongPlace) }
    }
}

/// A fresh request for this hotkey with a claimed sender, which is not proven yet.
///
/// The claim is enough to decide on reading the body, by the limits of the claimed sender.
#[derive(Clone, Copy, Debug)]
#[must_use = "the signature is not checked yet"]
pub struct ClaimedRequest<'a> {
    request: ReceivedRequest<'a>,
    scheme: Scheme,
    address: &'a str,
    sender: PublicKey,
    nonce: UnixNanos,
    signature: UncheckedSignature,
    receiver: &'a str,
    target: RequestTarget<'a>,
}

/// A request that its sender signed, with its body. It may be a replay.
#[derive(Clone, Debug)]
#[must_use = "the request is neither admitted nor refused yet"]
pub struct StrictAuthentic {
    proof: SignedProof,
    nonce: UnixNanos,
    request: StrictRequest,
}

/// A request as its sender signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrictRequest {
    /// The method, in upper case.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Returns the value of a header that comes at most once.
fn single<'a>(headers: &'a Headers, name: &str) -> Result<Option<&'a str>, StrictRefusal> {
    match headers.get(name) {
        None if headers.contains(name) => Err(StrictRefusal::MalformedAuth("a header comes twice")),
        value => Ok(value),
    }
}

fn present<'a>(headers: &'a Headers, name: &str) -> Result<&'a str, StrictRefusal> {
    let value = single(headers, name)?.filter(|value| !value.is_empty());
    value.ok_or(StrictRefusal::MalformedAuth("a header is missing or empty"))
}

/// Reads the address of a sender, which is not that of the zeros: any caller can sign for them.
fn sender(address: &str) -> Result<PublicKey, StrictRefusal> {
    let sender = from_ss58(address).ok().filter(|key| key.as_bytes() != &[0; 32]);
    sender.ok_or(StrictRefusal::MalformedAuth("the sender is not an address of a key"))
}

impl StrictDoor {
    /// Reads the headers: form, receiver, place, freshness, in the order of the specification. spec signed-requests §3.
    ///
    /// # Errors
    /// [`StrictRefusal::MalformedAuth`] for a malformed header, [`StrictRefusal::WrongReceiver`] for a request to
    /// another hotkey, [`StrictRefusal::WrongPlace`] for one to another place, [`StrictRefusal::StaleRequest`] for one
    /// that is not fresh.
    pub fn open<'a>(&self, request: ReceivedRequest<'a>, now: UnixNanos) -> Result<ClaimedRequest<'a>, StrictRefusal> {
        let headers = request.headers;
        let malformed = StrictRefusal::MalformedAuth;
        if present(headers, header::VERSION)? != VERSION {
            return Err(malformed("another version"));
        }
        let address = present(headers, header::HOTKEY)?;
        let nonce = parse_int(present(headers, header::NONCE)?).ok_or(malformed("the nonce is not an integer"))?;
        let signature = present(headers, header::SIGNATURE)?;
        let scheme = match single(headers, header::CRYPTO)? {
            None | Some("") => Scheme::Sr25519,
            Some(name) => Scheme::from_name(name).ok_or(malformed("an unknown scheme"))?,
        };
        let digits = signature.strip_prefix("0x").unwrap_or(signature);
        if hex::decode(digits).is_err() {
            return Err(malformed("the signature is not hex"));
        }
        let receiver = single(headers, header::RECEIVER)?.filter(|receiver| !receiver.is_empty());
        match receiver {
            Some(receiver) if from_ss58(receiver) == Ok(self.here) => {}
            None if self.receiver == Receiver::Optional => {}
            _ => return Err(StrictRefusal::WrongReceiver),
        }
        let target = self.target(request.target)?;
        let nonce = nonce.to_i128().ok_or(StrictRefusal::StaleRequest)?;
        let age = i128::from(now).saturating_sub(nonce);
        if age > self.max_age.into() || age < i128::from(self.ahead).saturating_neg() {
            return Err(StrictRefusal::StaleRequest);
        }
        if !is_line(request.method) || !is_line(request.target) {
            return Err(malformed("method or path hold control characters"));
        }
        Ok(ClaimedRequest {
            request,
            scheme,
            address,
            sender: sender(address)?,
            nonce: UnixNanos::try_from(nonce).map_err(|_| StrictRefusal::StaleRequest)?,
            signature: UncheckedSignature::from_hex(signature)
                .map_err(|_| malformed("the signature has another length"))?,
            receiver: receiver.unwrap_or(UNBOUND),
            target,
        })
    }
}

impl ClaimedRequest<'_> {
    /// Returns the class and the form of the answer, as the target claims them.
    pub const fn target(&self) -> RequestTarget<'_> {
        self.target
    }

    /// Returns the claimed sender, for limits only: any caller can claim any hotkey.
    pub const fn claimed_sender(&self) -> PublicKey {
        self.sender
    }

    /// Verifies the signature over the body as received. spec signed-requests §3.
    ///
    /// # Errors
    /// [`StrictRefusal::BadSignature`] if the claimed sender did not sign this request.
    pub fn verify(self, body: Vec<u8>) -> Result<StrictAuthentic, StrictRefusal> {
        let ReceivedRequest { method, target, .. } = self.request;
        // The line is the integer, so spaces and zeros around it do not matter.
        let nonce = self.nonce.to_string();
        let text = text(self.scheme, method, target, &body, &nonce, self.address, self.receiver);
        if !self.signature.is_good(self.scheme, self.sender, text.as_bytes()) {
            return Err(StrictRefusal::BadSignature);
        }
        Ok(StrictAuthentic {
            proof: SignedProof::checked(self.scheme, self.sender, text, self.signature),
            nonce: self.nonce,
            request: StrictRequest { method: method.to_ascii_uppercase(), target: target.to_owned(), body },
        })
    }
}

impl StrictAuthentic {
    /// Returns the caller, whose signature was verified.
    pub const fn caller(&self) -> PublicKey {
        self.proof.signer()
    }

    /// Accepts the request, once. spec signed-requests §3.
    ///
    /// # Errors
    /// [`StrictRefusal::ReplayedRequest`] if it was accepted before, [`StrictRefusal::TooMany`] if the replay window is
    /// full.
    pub fn admit(
        self,
        window: &mut ReplayWindow,
        context: impl Into<RequestContext>,
    ) -> Result<Verified<StrictRequest>, StrictRefusal> {
        window.admit(self.caller(), NonceOrder::Once, self.nonce, context)?;
        Ok(Verified::new(self.proof, self.request))
    }
}
