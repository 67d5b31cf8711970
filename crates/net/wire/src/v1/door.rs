//! The entrance of v1 requests: from received bytes to a verified message. spec neuron-protocol §6, §7.

use super::{AuthenticationError, Freshness, RefusedRequest, V1Refusal, request_text};
use crate::{
    PublicKey, ReceivedRequest, Synapse, UncheckedSignature, UnixNanos, Verified,
    class::Class,
    from_ss58,
    headers::{Headers, is_json},
    replay::{NonceOrder, ReplayWindow, RequestContext},
    synapse::TerminalInfo,
    verified::SignedProof,
};
use std::{collections::BTreeMap, sync::Arc};

/// The longest UUID of a client, in bytes.
const MAX_UUID: usize = 128;

/// The classes that an axon serves, by name, with the ping `Synapse`. spec neuron-protocol §1.
#[derive(Clone, Debug)]
pub struct Classes(BTreeMap<String, Arc<Class>>);

impl Classes {
    /// Returns these classes and the ping.
    pub fn new(classes: impl IntoIterator<Item = Class>) -> Self {
        let all = classes.into_iter().chain([Class::synapse()]);
        Self(all.map(|class| (class.name().to_owned(), Arc::new(class))).collect())
    }

    /// Returns the class of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Class>> {
        self.0.get(name)
    }
}

/// The treatment of fields that the caller did not sign. spec neuron-protocol §12.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnsignedFields {
    /// Unsigned fields are accepted, as between the existing neurons. An attacker on the path can change them.
    #[default]
    Pass,
    /// A message with a value other than the default in such a field is refused.
    Refuse,
}

/// The entrance of v1 requests.
#[derive(Clone, Copy, Debug)]
pub struct V1Door<'a> {
    /// The hotkey that serves.
    pub here: PublicKey,
    /// The classes that it serves.
    pub classes: &'a Classes,
    /// The limits on the age of requests.
    pub freshness: Freshness,
    /// The treatment of fields that the caller did not sign.
    pub unsigned_fields: UnsignedFields,
}

/// The target of the path, found before the signature and answered after it. spec neuron-protocol §1.
#[derive(Clone, Debug, PartialEq)]
enum Route {
    Here,
    Elsewhere(V1Refusal),
}

/// A request whose headers are fresh and signed by their caller.
///
/// It may be a replay, and its body was not read. The caller and the class are known, which is enough to refuse the
/// request.
#[derive(Clone, Debug)]
#[must_use = "the request is neither admitted nor refused yet"]
pub struct V1Authentic {
    message: Synapse,
    proof: SignedProof,
    nonce: UnixNanos,
    order: NonceOrder,
    route: Route,
    is_json: bool,
    unsigned_fields: UnsignedFields,
}

/// An authentic request that was not accepted before, with an unread body.
#[derive(Clone, Debug)]
#[must_use = "the body is not read yet"]
pub struct AdmittedRequest(V1Authentic);

/// Returns the names in lower case, as axons compare them. spec neuron-protocol §2.
fn lower_case(headers: &Headers) -> Headers {
    headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()
}

impl V1Door<'_> {
    /// Finds the class, reads the headers, and checks freshness and signature, in the order of the specification.
    ///
    /// # Errors
    /// [`RefusedRequest`] with the refusal, ready to be answered.
    pub fn open(&self, request: ReceivedRequest<'_>, now: UnixNanos) -> Result<V1Authentic, RefusedRequest> {
        let mut segments = request.path().split('/').skip(1);
        let name = segments.next().unwrap_or_default();
        let unknown = || RefusedRequest::unread(V1Refusal::UnknownSynapse(name.to_owned()));
        let class = self.classes.get(name).ok_or_else(unknown)?;
        let rest: Vec<&str> = segments.take(2).collect();
        let route = match (rest.as_slice(), request.method) {
            ([""], _) => Route::Elsewhere(V1Refusal::Slash(name.to_owned())),
            ([_, ..], _) => Route::Elsewhere(V1Refusal::UnknownPath),
            ([], "POST" | "GET") => Route::Here,
            ([], _) => Route::Elsewhere(V1Refusal::Method),
        };
        let headers = lower_case(request.headers);
        let message = Synapse::from_headers(Arc::clone(class), &headers)
            .map_err(|error| RefusedRequest::unread(V1Refusal::Headers(error)))?;
        match self.authenticate(&message, now) {
            Err(reason) => Err(RefusedRequest::claimed(reason, message)),
            Ok((proof, nonce)) => Ok(V1Authentic {
                order: NonceOrder::rising(
                    message.dendrite.as_ref().and_then(|own| own.uuid.as_deref()).unwrap_or("None"),
                ),
                message,
                proof,
                nonce,
                route,
                is_json: is_json(headers.get("content-type")),
                unsigned_fields: self.unsigned_fields,
            }),
        }
    }

    /// Verifies the signature and returns its proof and its nonce. spec neuron-protocol §5, §6.
    fn authenticate(&self, message: &Synapse, now: UnixNanos) -> Result<(SignedProof, UnixNanos), AuthenticationError> {
        let absent = TerminalInfo::default();
        let claim = message.dendrite.as_ref().unwrap_or(&absent);
        let address = claim.hotkey.as_deref().unwrap_or_default();
        let caller = from_ss58(address)?;
        let nonce = self.freshness.check(claim.nonce, message.timeout, now)?;
        let signature = claim.signature.as_deref().filter(|signature| !signature.is_empty());
        let signature = UncheckedSignature::from_prefixed_hex(signature.ok_or(AuthenticationError::Unsigned)?)?;
        let uuid = claim.uuid.as_deref();
        if uuid.is_some_and(|uuid| uuid.len() > MAX_UUID) {
            return Err(AuthenticationError::Mismatch);
        }
        let hash = message.computed_body_hash.as_deref();
        let text = request_text(&nonce.to_string(), address, &self.here.to_string(), uuid, hash);
        if !signature.is_good_plain_or_wrapped(caller, text.as_bytes()) {
            return Err(AuthenticationError::Mismatch);
        }
        Ok((SignedProof::checked(crate::Scheme::Sr25519, caller, text, signature), nonce))
    }
}

impl V1Authentic {
    /// Returns the caller, whose signature was verified.
    pub const fn caller(&self) -> PublicKey {
        self.proof.signer()
    }

    /// Returns the class of the message.
    pub fn class(&self) -> &Class {
        self.message.class()
    }

    /// Returns the timeout that the caller claims, in seconds. It is not signed, so use it for planning only.
    pub const fn timeout(&self) -> Option<f64> {
        self.message.timeout
    }

    /// Refuses the request.
    pub fn refuse(self, refusal: V1Refusal) -> RefusedRequest {
        RefusedRequest::authentic(refusal, self.message)
    }

    /// Accepts the request, once. spec neuron-protocol §6.
    ///
    /// # Errors
    /// [`RefusedRequest`] if it was accepted before, or the replay window is full.
    pub fn admit(
        self,
        window: &mut ReplayWindow,
        context: impl Into<RequestContext>,
    ) -> Result<AdmittedRequest, RefusedRequest> {
        match window.admit(self.caller(), self.order, self.nonce, context) {
            Ok(()) => Ok(AdmittedRequest(self)),
            Err(error) => Err(self.refuse(error.into())),
        }
    }
}

impl AdmittedRequest {
    /// Returns the caller, whose signature was verified.
    pub const fn caller(&self) -> PublicKey {
        self.0.caller()
    }

    /// Refuses the request after all, for instance because the queue is full.
    pub fn refuse(self, refusal: V1Refusal) -> RefusedRequest {
        self.0.refuse(refusal)
    }

    /// Reads the body, compares it with the signed hash, and returns the message.
    ///
    /// The caller in the message is the signer, and the status is for the axon to set. The length of `body` was limited
    /// while it was received.
    ///
    /// # Errors
    /// [`RefusedRequest`] for a path that leads elsewhere, and for a body that is malformed, was changed, or names
    /// another caller.
    pub fn read(self, body: &[u8]) -> Result<Verified<Synapse>, RefusedRequest> {
        let V1Authentic { message: claimed, proof, route, is_json, unsigned_fields, .. } = self.0;
        match read_body(&claimed, &proof, (route, is_json), body, unsigned_fields) {
            Ok(message) => Ok(Verified::new(proof, message)),
            Err(refusal) => Err(RefusedRequest::authentic(refusal, claimed)),
        }
    }
}

fn read_body(
    claimed: &Synapse,
    proof: &SignedProof,
    (route, is_json): (Route, bool),
    body: &[u8],
    unsigned_fields: UnsignedFields,
) -> Result<Synapse, V1Refusal> {
    if let Route::Elsewhere(refusal) = route {
        return Err(refusal);
    }
    if !is_json || body.is_empty() {
        return Err(V1Refusal::ContentType);
    }
    let value = claimed.class().read_json(body).map_err(V1Refusal::NotJson)?;
    let mut message = Synapse::from_value(Arc::clone(claimed.class()), &value).map_err(V1Refusal::Body)?;
    if Some(message.body_hash()) != claimed.computed_body_hash {
        return Err(V1Refusal::BodyHash);
    }
    let in_body = message.dendrite.as_ref().and_then(|claim| claim.hotkey.as_deref());
    if in_body.is_some_and(|address| from_ss58(address) != Ok(proof.signer())) {
        return Err(AuthenticationError::BodyCaller.into());
    }
    if unsigned_fields == UnsignedFields::Refuse
        && let Some(field) = message.unsigned_fields().next()
    {
        return Err(AuthenticationError::UnsignedField(field.to_owned()).into());
    }
    let caller = claimed.dendrite.clone().unwrap_or_default();
    message.dendrite = Some(TerminalInfo { hotkey: Some(proof.signer().to_string()), ..caller });
    let axon = message.axon.unwrap_or_default();
    message.axon = Some(TerminalInfo { status_code: None, status_message: None, process_time: None, ..axon });
    message.timeout = message.timeout.or(claimed.timeout);
    Ok(message)
}
