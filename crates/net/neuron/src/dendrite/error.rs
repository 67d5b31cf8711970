//! Why there is no answer.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_wire::strict::{AnswerError, StreamError};

/// Why a question has no answer that counts.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AskError {
    /// The neuron is of the older protocol, which this dendrite does not speak.
    #[error("the neuron speaks the older protocol only, which is switched off here")]
    V1Refused,
    /// Its address says that the neuron does not serve.
    #[error("the neuron does not serve")]
    NotServing,
    /// The question cannot be sent.
    #[error("the question cannot be sent: {0}")]
    Question(String),
    /// Nobody listens there.
    #[error("nobody listens at the address of the neuron")]
    Closed,
    /// The address cannot be reached.
    #[error("the neuron cannot be reached: {0}")]
    Unreachable(String),
    /// No whole answer in time; the seconds that were waited for.
    #[error("no whole answer within {0} s")]
    TimedOut(f64),
    /// The connection was encrypted with another key than the one on the chain, or not at all.
    #[error("the neuron does not have the TLS key that is on the chain: {0}")]
    Tls(String),
    /// The connection closed without an answer.
    #[error("the connection closed without an answer")]
    Disconnected,
    /// The answer ended early.
    #[error("the answer was cut short: {0}")]
    Cut(String),
    /// What came is not HTTP, or its head is too large.
    #[error("the answer is not HTTP: {0}")]
    NotHttp(String),
    /// The answer is larger than is read.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer does not prove to be from the neuron. What it says is somebody's claim.
    #[error("the answer, of status {status}, proves nothing: {reason}")]
    Unproven {
        /// The HTTP status.
        status: u16,
        /// What does not fit.
        reason: AnswerError,
    },
    /// The neuron refuses, and signed that.
    #[error("the neuron refuses with status {status}: {text}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says.
        text: String,
    },
    /// Somebody says that the neuron refuses. All that the older protocol can say.
    #[error("refused with status {status:?}: {text}")]
    Claimed {
        /// The status that a client reports. spec neuron-protocol §9
        status: Option<i128>,
        /// What the answer says.
        text: String,
    },
    /// The answer is of the neuron, and no message of its class.
    #[error("the answer is not a message of its class: {0}")]
    Content(String),
    /// A whole answer came where a stream was asked for.
    #[error("the neuron does not stream")]
    NotAStream,
    /// The stream does not prove to be from the neuron, from here on.
    #[error(transparent)]
    Stream(#[from] StreamError),
}

impl Diagnostic for AskError {
    fn code(&self) -> &'static str {
        "no-answer"
    }

    fn hints(&self, _: &mut Hints) {}
}
