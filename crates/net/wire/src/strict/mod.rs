//! Signed requests over raw bytes, signed answers and streams, and receipts. spec signed-requests.
//!
//! Neurons of this network use this protocol among themselves, and `btauth/1` clients of any origin use it with them. A
//! request is signed with its method, path, body and receiver, so no party on the path can change any of them:
//!
//! ```text
//! ReceivedRequest ─StrictDoor::open─▶ ClaimedRequest ─verify─▶ StrictAuthentic ─admit─▶ Verified<StrictRequest>
//!   headers                           fresh, for us            signed                   no replay
//! ```
//!
//! [`sign_answer`] and [`StreamWriter`] bind an answer to its request. [`verify_answer`] and [`StreamReader`] verify
//! it. A [`Receipt`] proves both later, offline.

mod answer;
mod place;
mod receipt;
mod request;
mod stream;

pub use answer::{AnswerError, SignedHeaders, WholeAnswer, sign_answer, verify_answer, verify_answer_head};
pub use place::{Place, RequestTarget};
pub use receipt::{Content, Receipt, ReceiptError, SignedText, Statement};
pub use request::{
    ClaimedRequest, Receiver, StrictAuthentic, StrictDoor, StrictRefusal, StrictRequest, TargetError, UnplacedRequests,
    sign_request,
};
pub use stream::{MAX_GROUP, StreamEnd, StreamError, StreamOutcome, StreamReader, StreamWriter};

use sha2::{Digest, Sha256};

/// The names of the headers. They compare without case.
pub mod header {
    /// The version of the signing of requests: `1`.
    pub const VERSION: &str = "X-Bittensor-Version";
    /// The address of the sender.
    pub const HOTKEY: &str = "X-Bittensor-Hotkey";
    /// Nanoseconds since the Unix epoch.
    pub const NONCE: &str = "X-Bittensor-Nonce";
    /// The signature.
    pub const SIGNATURE: &str = "X-Bittensor-Signature";
    /// The address of the hotkey that the request is for.
    pub const RECEIVER: &str = "X-Bittensor-Receiver";
    /// The scheme, if it is not sr25519.
    pub const CRYPTO: &str = "X-Bittensor-Crypto";
    /// The version of the signing of answers: `1`.
    pub const ANSWER_VERSION: &str = "X-Myelin-Version";
    /// The address of the responder.
    pub const ANSWER_HOTKEY: &str = "X-Myelin-Hotkey";
    /// The time of the answer, in nanoseconds since the Unix epoch.
    pub const ANSWER_NONCE: &str = "X-Myelin-Nonce";
    /// The hash of the signed text of the request.
    pub const ANSWER_REQUEST: &str = "X-Myelin-Request";
    /// The hash of the body, absent on streams.
    pub const ANSWER_CONTENT: &str = "X-Myelin-Content";
    /// The signature of the answer, or of the head of the stream.
    pub const ANSWER_SIGNATURE: &str = "X-Myelin-Signature";
}

/// The version of requests and of answers.
const VERSION: &str = "1";

/// Returns SHA-256 in lower-case hex, as it stands in signed texts.
fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Returns true if a text can be one line of a signed text, so that no part of it counts as the next line.
fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}
