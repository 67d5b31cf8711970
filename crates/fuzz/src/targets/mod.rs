//! The targets, by their subjects. Each panics when its rule breaks.

#![expect(clippy::missing_panics_doc, reason = "to panic is what a target does, and the rule is in its summary")]

mod chain;
mod epoch;
mod keys;
mod primitives;
mod replay;
mod requests;
mod streams;
#[cfg(feature = "text")]
mod subnets;
mod values;

pub use chain::{commitment, patch, pool};
pub use epoch::epoch;
pub use keys::{keyfile, polkadot_export, secret_uri};
pub use primitives::{amount, ss58};
pub use replay::replay_file;
pub use requests::{btauth_head, strict_request, v1_head, v1_request};
pub use streams::{receipt, stream_reader};
#[cfg(feature = "text")]
pub use subnets::{evidence, gate_line, gguf, model_config, text_line, validator_file};
pub use values::{certificate, class, json, tensor};
