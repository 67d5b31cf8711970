//! Version 1: the protocol of the existing Python neurons, in both directions. spec neuron-protocol.
//!
//! An axon turns a request into a message in three steps, each with a type of its own:
//!
//! ```text
//! ReceivedRequest ─V1Door::open─▶ V1Authentic ─admit─▶ AdmittedRequest ─read─▶ Verified<Synapse>
//!   headers                       signed and fresh     no replay               body read, hash equal
//! ```
//!
//! Between the first two steps the axon decides on serving the caller, whom it knows by then. [`V1Server`] writes the
//! answers, [`V1Client`] writes the requests, and [`ClientReport`] is the result of one.
//!
//! The protocol proves little, and this module promises no more. A request's signature covers the hashed fields only,
//! and an attacker on the path can write the answers. [`crate::strict`] closes both gaps.

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

/// The version that is spoken: that of the Python library in the specification. spec neuron-protocol §2.
pub const VERSION: u64 = crate::address::version_number(10, 2, 0);

/// The longest head of a request, in bytes. spec neuron-protocol §1.
pub const MAX_REQUEST_HEAD: usize = 16 * 1024;

/// The longest line in the head of an answer, in bytes. Peers refuse longer ones. spec neuron-protocol §1.
pub const MAX_RESPONSE_LINE: usize = 8_190;

/// The greatest number of headers of an answer. Peers refuse more. spec neuron-protocol §1.
pub const MAX_RESPONSE_HEADERS: usize = 128;

/// The default limit of a body, in bytes. The protocol itself has no limit.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// The time for which a server keeps an idle connection, in seconds. spec neuron-protocol §1.
///
/// Clients reuse a connection for 15 s.
pub const KEEP_ALIVE_SECONDS: u64 = 30;

/// Returns the text of a value, which prints as `None` if it is absent.
fn or_none(text: Option<&str>) -> &str {
    text.unwrap_or("None")
}

/// Returns the text that a dendrite signs. spec neuron-protocol §5.
///
/// ```
/// let text = myelin_wire::v1::request_text("1700000000000000000", "5FHn…", "5Grw…", Some("2222…"), Some("a7ff…"));
/// assert_eq!(text, "1700000000000000000.5FHn….5Grw….2222….a7ff…");
/// ```
pub fn request_text(nonce: &str, dendrite: &str, axon: &str, uuid: Option<&str>, body_hash: Option<&str>) -> String {
    format!("{nonce}.{dendrite}.{axon}.{}.{}", or_none(uuid), or_none(body_hash))
}

/// Returns the text that an axon signs for a refusal. No peer verifies it. spec neuron-protocol §5.
pub fn response_text(nonce: &str, dendrite: &str, axon: &str, uuid: &str) -> String {
    format!("{nonce}.{dendrite}.{axon}.{uuid}")
}
