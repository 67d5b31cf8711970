//! Refusals of a v1 axon, with their statuses and texts. spec neuron-protocol §8.

use super::NonceError;
use crate::{
    HeaderError, SignatureTextError, Synapse, V1AddressError, Verified, class::Mismatch, python::json::JsonError,
    replay::ReplayError, uuid,
};

/// The number of characters of a name that an error repeats.
const SHOWN: usize = 64;

/// The reason for which the sender of a request is not known. spec neuron-protocol §8, §12.
///
/// The texts are those of the existing neurons, except that none repeats the text to sign.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AuthenticationError {
    /// A caller without a valid address.
    #[error(transparent)]
    Caller(#[from] V1AddressError),
    /// No signature. The existing neurons accept this from any caller.
    #[error("Missing signature")]
    Unsigned,
    /// A malformed signature.
    #[error(transparent)]
    Signature(#[from] SignatureTextError),
    /// A signature that the caller did not make over this request.
    #[error("Signature mismatch")]
    Mismatch,
    /// A request that is not fresh.
    #[error(transparent)]
    Nonce(#[from] NonceError),
    /// A request that was accepted before, as it is or as a later one of the same client.
    #[error("Nonce is too old, a newer one was last processed")]
    Replayed,
    /// A request older than the replay window of the axon.
    #[error("Nonce is too old: this axon started after it")]
    Forgotten,
    /// A body that names another caller.
    #[error("The body names another caller than the one who signed")]
    BodyCaller,
    /// A field that the caller did not sign, at an axon that demands signed fields.
    #[error("The field `{0}` is not signed")]
    UnsignedField(String),
    /// A refusal by the axon's own check.
    #[error("{0}")]
    Own(String),
}

/// The reason for which a request is not served.
#[derive(Clone, Debug, PartialEq)]
pub enum V1Refusal {
    /// An unknown synapse, with its name.
    UnknownSynapse(String),
    /// A path that goes on behind the name.
    UnknownPath,
    /// A path that ends in `/`, with the name before it.
    Slash(String),
    /// Another method than `POST` or `GET`.
    Method,
    /// Headers that are not those of a message.
    Headers(HeaderError),
    /// A caller that is not proven.
    Unverified(AuthenticationError),
    /// A caller that the axon does not serve, with the reason.
    Forbidden(String),
    /// No capacity for the request in time.
    Late,
    /// Too many requests of the caller, or of all callers together.
    Busy,
    /// A body larger than the limit of the axon.
    TooLarge,
    /// A body that ended early or is malformed in HTTP, with the reason.
    Cut(String),
    /// A body that is not JSON.
    NotJson(JsonError),
    /// A body that is not sent as JSON.
    ContentType,
    /// A body that is not a message of the class.
    Body(Mismatch),
    /// A body that was changed after signing.
    BodyHash,
    /// A failure to make the answer, with a reason for the log and never for the peer.
    Failed(String),
}

impl V1Refusal {
    /// Returns the HTTP status. spec neuron-protocol §8.
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

    /// Returns the text for the peer.
    ///
    /// `incident` names the entry of the axon's log with the reason. `timeout` is the timeout of the request. The list
    /// of synapses, which the existing neurons give to any caller, is left out. spec neuron-protocol §12.
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

    /// Returns the reason in full, for the axon's own log.
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

/// A refused request, with the known parts of it, so that the answer can be written.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedRequest {
    /// The refusal.
    pub refusal: V1Refusal,
    /// The message as the headers claim it, once they were read.
    pub(super) message: Option<Box<Synapse>>,
    /// True if the signature of the request was verified. An answer to an unverified request is not signed.
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

    /// Returns the refusal of a verified message, for instance because its handler failed.
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
