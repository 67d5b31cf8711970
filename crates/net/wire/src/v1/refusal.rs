//! Why an axon does not serve a request, and what it says. spec neuron-protocol §8

use super::NonceError;
use crate::{
    HeaderError, SignatureTextError, Synapse, V1AddressError, Verified, class::Mismatch, python::json::JsonError,
    replay::ReplayError, uuid,
};

/// The characters of a name that an error repeats.
const SHOWN: usize = 64;

/// Why nobody knows who sent a request. The texts are those of the existing neurons, except that none of them repeats
/// what should have been signed. spec neuron-protocol §8, §12
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AuthenticationError {
    /// The caller has no address.
    #[error(transparent)]
    Caller(#[from] V1AddressError),
    /// There is no signature. The existing neurons accept this from anybody.
    #[error("Missing signature")]
    Unsigned,
    /// The signature is none.
    #[error(transparent)]
    Signature(#[from] SignatureTextError),
    /// The caller did not sign this.
    #[error("Signature mismatch")]
    Mismatch,
    /// The request is not fresh.
    #[error(transparent)]
    Nonce(#[from] NonceError),
    /// The request, or a later one of the same client, was accepted before.
    #[error("Nonce is too old, a newer one was last processed")]
    Replayed,
    /// The request is older than the memory of the axon.
    #[error("Nonce is too old: this axon started after it")]
    Forgotten,
    /// The body names somebody else as the caller.
    #[error("The body names another caller than the one who signed")]
    BodyCaller,
    /// Fields are set that nobody signed, and the axon asks for signed ones.
    #[error("The field `{0}` is not signed")]
    UnsignedField(String),
    /// The axon's own check refuses.
    #[error("{0}")]
    Own(String),
}

/// Why a request is not served.
#[derive(Clone, Debug, PartialEq)]
pub enum V1Refusal {
    /// There is no such synapse; its name.
    UnknownSynapse(String),
    /// The path goes on behind the name.
    UnknownPath,
    /// The path ends in `/`; the name before it.
    Slash(String),
    /// Neither `POST` nor `GET`.
    Method,
    /// The headers are not those of a message.
    Headers(HeaderError),
    /// Nobody knows who sent it.
    Unverified(AuthenticationError),
    /// The axon does not serve this caller; why.
    Forbidden(String),
    /// The axon has no room for the request in time.
    Late,
    /// The caller, or everybody together, asks too much.
    Busy,
    /// The body is larger than the axon reads.
    TooLarge,
    /// The body ended early, or is none that HTTP allows; how.
    Cut(String),
    /// The body is not JSON.
    NotJson(JsonError),
    /// The body is not sent as JSON.
    ContentType,
    /// The body is not a message of the class.
    Body(Mismatch),
    /// The body was changed after signing.
    BodyHash,
    /// The answer could not be made; for the log, never for the peer.
    Failed(String),
}

impl V1Refusal {
    /// The HTTP status. spec neuron-protocol §8
    pub const fn status(&self) -> u16 {
        match self {
            Self::UnknownSynapse(_) | Self::UnknownPath => 404,
            Self::Slash(_) => 307,
            Self::Method => 405,
            Self::Unverified(_) => 401,
            Self::Forbidden(_) => 403,
            Self::Late => 408,
            Self::Cut(_) => 400,
            Self::TooLarge => 413,
            Self::NotJson(_) => 422,
            Self::Busy => 429,
            Self::Headers(_) | Self::ContentType | Self::Body(_) | Self::BodyHash | Self::Failed(_) => 500,
        }
    }

    /// What the peer is told. `incident` names the entry in the axon's log where the reason is kept; `timeout` is the
    /// request's. The list of synapses that the existing neurons tell anybody is left out. spec neuron-protocol §12
    pub fn message(&self, incident: u128, timeout: Option<f64>) -> String {
        use crate::python::Value;
        match self {
            Self::UnknownSynapse(name) => {
                let is_shown = |c: &char| c.is_ascii_graphic() && *c != '\'';
                let name: String = name.chars().filter(is_shown).take(SHOWN).collect();
                format!("Synapse name '{name}' not found.")
            }
            Self::UnknownPath => "Not Found".to_owned(),
            Self::Slash(_) => String::new(),
            Self::Method => "Method Not Allowed".to_owned(),
            Self::Unverified(reason) => format!("Not Verified with error: {reason}"),
            Self::Forbidden(reason) => format!("Forbidden. Key is blacklisted: {reason}."),
            Self::Late => {
                let timeout = Value::Float(timeout.unwrap_or(crate::synapse::DEFAULT_TIMEOUT));
                format!("Response timeout after: {}s", timeout.to_python_str())
            }
            Self::Busy => "Too many requests.".to_owned(),
            Self::TooLarge => "The body is too large.".to_owned(),
            Self::Cut(_) => "The body was cut short.".to_owned(),
            Self::NotJson(_) => "JSON decode error".to_owned(),
            Self::Headers(_) | Self::ContentType | Self::Body(_) | Self::BodyHash | Self::Failed(_) => {
                format!("Internal Server Error #{}", uuid::v4(incident))
            }
        }
    }

    /// The reason in full, for the axon's own log.
    pub fn reason(&self) -> String {
        match self {
            Self::Headers(error) => error.to_string(),
            Self::ContentType => "the content type is not JSON".to_owned(),
            Self::NotJson(error) => format!("the body is not JSON: {error}"),
            Self::Body(error) => format!("the body is not a message of its class: {error}"),
            Self::BodyHash => "the body is not the one that was signed".to_owned(),
            Self::Cut(how) => format!("the body was cut short: {how}"),
            Self::Failed(reason) => reason.clone(),
            other => other.message(0, None),
        }
    }
}

impl From<AuthenticationError> for V1Refusal {
    fn from(reason: AuthenticationError) -> Self {
        Self::Unverified(reason)
    }
}

impl From<ReplayError> for V1Refusal {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Repeated => Self::Unverified(AuthenticationError::Replayed),
            ReplayError::Forgotten => Self::Unverified(AuthenticationError::Forgotten),
            ReplayError::Caller | ReplayError::Full => Self::Busy,
        }
    }
}

/// A request that is not served, with what is known of it, so that the answer can be written.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedRequest {
    /// Why.
    pub refusal: V1Refusal,
    /// The message as the headers claim it, once they were read.
    pub(super) message: Option<Box<Synapse>>,
    /// Whether its signature was checked. Nothing is signed in answer to what was not.
    pub(super) is_authentic: bool,
}

impl RefusedRequest {
    pub(super) const fn unread(refusal: V1Refusal) -> Self {
        Self { refusal, message: None, is_authentic: false }
    }

    pub(super) fn claimed(refusal: impl Into<V1Refusal>, message: Synapse) -> Self {
        Self { refusal: refusal.into(), message: Some(Box::new(message)), is_authentic: false }
    }

    pub(super) fn authentic(refusal: impl Into<V1Refusal>, message: Synapse) -> Self {
        Self { is_authentic: true, ..Self::claimed(refusal, message) }
    }

    /// The refusal of a verified message, for instance because its handler failed.
    pub fn after(refusal: V1Refusal, message: &Verified<Synapse>) -> Self {
        Self::authentic(refusal, message.content().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_are_version_4_uuids() {
        let message = V1Refusal::BodyHash.message(0, None);
        assert_eq!(message, "Internal Server Error #00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn an_unknown_name_cannot_break_out_of_its_message() {
        let message = |name: &str| V1Refusal::UnknownSynapse(name.to_owned()).message(0, None);
        assert_eq!(message("a'\r\nключ<b"), "Synapse name 'a<b' not found.");
        assert!(message(&"x".repeat(10_000)).len() < 100);
    }
}
