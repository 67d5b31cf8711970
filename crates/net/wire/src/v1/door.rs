//! From a received request to a verified message. spec neuron-protocol §6, §7

use super::{Freshness, Refusal, Refused, Unverified, request_text};
use crate::{
    Hotkey, Received, Signature, Synapse, UnixNanos, Verified,
    class::Class,
    headers::{Headers, is_json},
    python::json,
    replay::{Order, ReplayWindow},
    synapse::Terminal,
    verified::Proof,
};
use std::{collections::BTreeMap, sync::Arc};

/// The characters a UUID of a client may have.
const MAX_UUID: usize = 128;

/// The classes an axon serves, by name. The ping `Synapse` is always among them. spec neuron-protocol §1
#[derive(Clone, Debug)]
pub struct Classes(BTreeMap<String, Arc<Class>>);

impl Classes {
    /// These classes and the ping.
    pub fn new(classes: impl IntoIterator<Item = Class>) -> Self {
        let all = classes.into_iter().chain([Class::synapse()]);
        Self(all.map(|class| (class.name().to_owned(), Arc::new(class))).collect())
    }

    /// The class of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Class>> {
        self.0.get(name)
    }
}

/// What happens to fields that the caller did not sign. spec neuron-protocol §12
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnsignedFields {
    /// They pass, as between the existing neurons: whoever sits on the path can change them.
    #[default]
    Pass,
    /// A message with a value other than the default in such a field is refused.
    Refuse,
}

/// Where requests of the old protocol come in.
#[derive(Clone, Copy, Debug)]
pub struct Door<'a> {
    /// The hotkey that serves.
    pub here: Hotkey,
    /// What it serves.
    pub classes: &'a Classes,
    /// How old requests may be.
    pub freshness: Freshness,
    /// What happens to fields that nobody signed.
    pub unsigned_fields: UnsignedFields,
}

/// Where the path leads, found before the signature and answered after it. spec neuron-protocol §1
#[derive(Clone, Debug, PartialEq)]
enum Route {
    Here,
    Elsewhere(Refusal),
}

/// A request whose headers are signed by their caller and fresh.
///
/// It may be a replay, and its body was not read. What is known is who asks and for what class; that is enough to
/// turn somebody away.
#[derive(Clone, Debug)]
#[must_use = "the request is neither admitted nor refused yet"]
pub struct Authentic {
    message: Synapse,
    proof: Proof,
    nonce: UnixNanos,
    order: Order,
    route: Route,
    is_json: bool,
    unsigned_fields: UnsignedFields,
}

/// An authentic request that was not accepted before, its body still unread.
#[derive(Clone, Debug)]
#[must_use = "the body is not read yet"]
pub struct Admitted(Authentic);

/// The names in lower case, as axons compare them. spec neuron-protocol §2
fn lower_case(headers: &Headers) -> Headers {
    headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()
}

impl Door<'_> {
    /// Finds the class, reads the headers, and checks freshness and signature, in the order of the specification.
    ///
    /// # Errors
    /// [`Refused`], ready to be answered.
    pub fn open(&self, request: Received<'_>, now: UnixNanos) -> Result<Authentic, Refused> {
        let mut segments = request.path().split('/').skip(1);
        let name = segments.next().unwrap_or_default();
        let unknown = || Refused::unread(Refusal::UnknownSynapse(name.to_owned()));
        let class = self.classes.get(name).ok_or_else(unknown)?;
        let rest: Vec<&str> = segments.take(2).collect();
        let route = match (rest.as_slice(), request.method) {
            ([""], _) => Route::Elsewhere(Refusal::Slash(name.to_owned())),
            ([_, ..], _) => Route::Elsewhere(Refusal::UnknownPath),
            ([], "POST" | "GET") => Route::Here,
            ([], _) => Route::Elsewhere(Refusal::Method),
        };
        let headers = lower_case(request.headers);
        let message = Synapse::from_headers(Arc::clone(class), &headers)
            .map_err(|error| Refused::unread(Refusal::Headers(error)))?;
        match self.authenticate(&message, now) {
            Err(reason) => Err(Refused::claimed(reason, message)),
            Ok((proof, nonce)) => Ok(Authentic {
                order: Order::rising(message.dendrite.as_ref().and_then(|own| own.uuid.as_deref()).unwrap_or("None")),
                message,
                proof,
                nonce,
                route,
                is_json: is_json(headers.get("content-type")),
                unsigned_fields: self.unsigned_fields,
            }),
        }
    }

    /// The proof of who sent this, and when. spec neuron-protocol §5, §6
    fn authenticate(&self, message: &Synapse, now: UnixNanos) -> Result<(Proof, UnixNanos), Unverified> {
        let absent = Terminal::default();
        let claim = message.dendrite.as_ref().unwrap_or(&absent);
        let address = claim.hotkey.as_deref().unwrap_or_default();
        let caller = Hotkey::from_ss58(address)?;
        let nonce = self.freshness.check(claim.nonce, message.timeout, now)?;
        let signature = claim.signature.as_deref().filter(|signature| !signature.is_empty());
        let signature = Signature::from_prefixed_hex(signature.ok_or(Unverified::Unsigned)?)?;
        let uuid = claim.uuid.as_deref();
        if uuid.is_some_and(|uuid| uuid.len() > MAX_UUID) {
            return Err(Unverified::Mismatch);
        }
        let hash = message.computed_body_hash.as_deref();
        let text = request_text(&nonce.to_string(), address, &self.here.to_ss58(), uuid, hash);
        if !signature.is_good_plain_or_wrapped(caller, text.as_bytes()) {
            return Err(Unverified::Mismatch);
        }
        Ok((Proof::checked(crate::Scheme::Sr25519, caller, text, signature), nonce))
    }
}

impl Authentic {
    /// Who asks: whoever signed.
    pub const fn caller(&self) -> Hotkey {
        self.proof.signer()
    }

    /// The class that is asked for.
    pub fn class(&self) -> &Class {
        self.message.class()
    }

    /// The seconds the caller says it waits. Unsigned, so for planning only.
    pub const fn timeout(&self) -> Option<f64> {
        self.message.timeout
    }

    /// Turns the caller away.
    pub fn refuse(self, refusal: Refusal) -> Refused {
        Refused::authentic(refusal, self.message)
    }

    /// Accepts the request, once. spec neuron-protocol §6
    ///
    /// # Errors
    /// [`Refused`] when it was accepted before, or the memory for that is full.
    pub fn admit(self, window: &mut ReplayWindow, now: UnixNanos) -> Result<Admitted, Refused> {
        match window.admit(self.caller(), self.order, self.nonce, now) {
            Ok(()) => Ok(Admitted(self)),
            Err(error) => Err(self.refuse(error.into())),
        }
    }
}

impl Admitted {
    /// Who asks: whoever signed.
    pub const fn caller(&self) -> Hotkey {
        self.0.caller()
    }

    /// Turns the caller away after all, for instance because the queue is full.
    pub fn refuse(self, refusal: Refusal) -> Refused {
        self.0.refuse(refusal)
    }

    /// Reads the body, compares it with what was signed, and hands out the message.
    ///
    /// The caller in it is the one who signed, and the status is the axon's to set. The length of `body` was limited
    /// before, while it was received.
    ///
    /// # Errors
    /// [`Refused`] when the path leads elsewhere, or the body is not a message of the class, not the one that was
    /// signed, or names another caller.
    pub fn read(self, body: &[u8]) -> Result<Verified<Synapse>, Refused> {
        let Authentic { message: claimed, proof, route, is_json, unsigned_fields, .. } = self.0;
        match read_body(&claimed, &proof, (route, is_json), body, unsigned_fields) {
            Ok(message) => Ok(Verified::new(proof, message)),
            Err(refusal) => Err(Refused::authentic(refusal, claimed)),
        }
    }
}

fn read_body(
    claimed: &Synapse,
    proof: &Proof,
    (route, is_json): (Route, bool),
    body: &[u8],
    unsigned_fields: UnsignedFields,
) -> Result<Synapse, Refusal> {
    if let Route::Elsewhere(refusal) = route {
        return Err(refusal);
    }
    if !is_json || body.is_empty() {
        return Err(Refusal::ContentType);
    }
    let value = json::read(body).map_err(Refusal::NotJson)?;
    let mut message = Synapse::from_value(Arc::clone(claimed.class()), &value).map_err(Refusal::Body)?;
    if Some(message.body_hash()) != claimed.computed_body_hash {
        return Err(Refusal::BodyHash);
    }
    let in_body = message.dendrite.as_ref().and_then(|claim| claim.hotkey.as_deref());
    if in_body.is_some_and(|address| Hotkey::from_ss58(address) != Ok(proof.signer())) {
        return Err(Unverified::BodyCaller.into());
    }
    if unsigned_fields == UnsignedFields::Refuse
        && let Some(field) = message.unsigned_fields().next()
    {
        return Err(Unverified::UnsignedField(field.to_owned()).into());
    }
    let caller = claimed.dendrite.clone().unwrap_or_default();
    message.dendrite = Some(Terminal { hotkey: Some(proof.signer().to_ss58()), ..caller });
    let axon = message.axon.unwrap_or_default();
    message.axon = Some(Terminal { status_code: None, status_message: None, process_time: None, ..axon });
    message.timeout = message.timeout.or(claimed.timeout);
    Ok(message)
}
