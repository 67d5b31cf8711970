//! Errors of requests.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_wire::{
    PeerText,
    strict::{AnswerError, StreamError},
};

/// The reason for which a request has no valid answer. Texts of the neuron in it are short and safe to show.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AskError {
    /// A v1 neuron, while v1 is switched off in this dendrite.
    #[error("the neuron supports v1 only, which is switched off in this dendrite")]
    V1Refused,
    /// The address of a neuron that does not serve.
    #[error("the neuron does not serve")]
    NotServing,
    /// An address that no neuron of the chain may announce.
    #[error("no neuron of the chain may announce the address")]
    OutOfScope,
    /// An address that has not proved its hotkey, and was dialled a short time ago.
    #[error("the address has not proved the hotkey of the neuron, and was dialled a short time ago")]
    NotProved,
    /// A request that cannot be sent.
    #[error("the request cannot be sent: {0}")]
    Question(String),
    /// A closed port at the address of the neuron.
    #[error("no program listens at the address of the neuron")]
    Closed,
    /// An address that cannot be reached.
    #[error("the neuron cannot be reached: {0}")]
    Unreachable(String),
    /// No whole answer within the timeout, in seconds.
    #[error("no whole answer within {0} s")]
    TimedOut(f64),
    /// A TLS connection with another key than the one on the chain, or without TLS.
    #[error("the neuron does not have the TLS key that is on the chain: {0}")]
    Tls(PeerText),
    /// A connection that closed without an answer.
    #[error("the connection closed without an answer")]
    Disconnected,
    /// An answer that ended early.
    #[error("the answer was cut short: {0}")]
    Cut(PeerText),
    /// Bytes that are not HTTP, or a head that is too large.
    #[error("the answer is not HTTP: {0}")]
    NotHttp(PeerText),
    /// An answer larger than the limit, in bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// An answer without proof that it is from the neuron. Its content is a claim.
    #[error("the answer with status {status} is not proven: {reason}")]
    Unproven {
        /// The HTTP status.
        status: u16,
        /// The part that does not fit.
        reason: AnswerError,
    },
    /// A signed refusal of the neuron.
    #[error("the neuron refuses with status {status}: {text}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The text of the refusal.
        text: PeerText,
    },
    /// A refusal without signature. v1 has no other.
    #[error("refused with status {status:?}: {text}")]
    Claimed {
        /// The status that a client reports. spec neuron-protocol §9.
        status: Option<i128>,
        /// The text of the answer.
        text: PeerText,
    },
    /// A signed answer that is no message of its class.
    #[error("the answer is not a message of its class: {0}")]
    Content(PeerText),
    /// A whole answer to a request for a stream.
    #[error("the neuron does not stream")]
    NotAStream,
    /// A stream without proof, from here on, that it is from the neuron.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl Diagnostic for AskError {
    fn code(&self) -> &'static str {
        "no-answer"
    }

    fn hints(&self, _: &mut Hints) {}
}
