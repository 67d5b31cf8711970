//! The protocol of the existing Python neurons, in both directions. spec neuron-protocol
//!
//! An axon turns a request into a message in three steps, each a type of its own:
//!
//! ```text
//! Received ──Door::open──▶ Authentic ──admit──▶ Admitted ──read──▶ Verified<Synapse>
//!   headers                signed and fresh     not a replay      body read, hash equal
//! ```
//!
//! Between the first two the axon decides whether it wants this caller at all; it knows by then who it is.
//! [`V1Server`] writes the answers, [`V1Client`] requests, and [`ClientReport`] is what came of one.
//!
//! The old protocol proves little, and this module promises no more: a request's signature covers the hashed fields
//! only, and answers are claims of whoever sits on the path. [`crate::strict`] closes that.

mod axon;
mod dendrite;
mod door;
mod freshness;
mod refusal;

pub use axon::{AnswerTime, HandlerReply, HttpAnswer, V1Server};
pub use dendrite::{ClientReport, HttpResponse, PreparedRequest, TransportEvent, V1Client, V1Target};
pub use door::{AdmittedRequest, Classes, UnsignedFields, V1Authentic, V1Door};
pub use freshness::{Freshness, NonceError};
pub use refusal::{AuthenticationError, RefusedRequest, V1Refusal};

/// The version that is spoken: that of the Python library the specification describes. spec neuron-protocol §2
pub const VERSION: u64 = crate::address::version_number(10, 2, 0);

/// The bytes that the head of a request may have. spec neuron-protocol §1
pub const MAX_REQUEST_HEAD: usize = 16 * 1024;

/// The bytes that one line of the head of an answer may have; peers refuse longer ones. spec neuron-protocol §1
pub const MAX_RESPONSE_LINE: usize = 8_190;

/// The headers that an answer may have; peers refuse more. spec neuron-protocol §1
pub const MAX_RESPONSE_HEADERS: usize = 128;

/// The bytes a body should be allowed to have, where nothing else was decided. The protocol itself has no limit.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// The seconds a server keeps an idle connection; clients reuse them for 15. spec neuron-protocol §1
pub const KEEP_ALIVE_SECONDS: u64 = 30;

/// What a value prints as when it is absent.
fn or_none(text: Option<&str>) -> &str {
    text.unwrap_or("None")
}

/// The text a dendrite signs. spec neuron-protocol §5
///
/// ```
/// let text = myelin_wire::v1::request_text("1700000000000000000", "5FHn…", "5Grw…", Some("2222…"), Some("a7ff…"));
/// assert_eq!(text, "1700000000000000000.5FHn….5Grw….2222….a7ff…");
/// ```
pub fn request_text(nonce: &str, dendrite: &str, axon: &str, uuid: Option<&str>, body_hash: Option<&str>) -> String {
    format!("{nonce}.{dendrite}.{axon}.{}.{}", or_none(uuid), or_none(body_hash))
}

/// The text an axon signs when it refuses. Nobody checks it. spec neuron-protocol §5
pub fn response_text(nonce: &str, dendrite: &str, axon: &str, uuid: &str) -> String {
    format!("{nonce}.{dendrite}.{axon}.{uuid}")
}
