//! Fuzz targets: functions over bytes that panic when a rule of the project breaks.
//!
//! The crate is for two users. The test `corpus` replays the committed corpora and seeded mutations of them in
//! `make test`, without any tool. cargo-fuzz runs the same functions through the wrappers in `libfuzzer`, which is
//! outside of the workspace.
//!
//! ```
//! use myelin_fuzz::{check, corpus, mutation, target};
//!
//! let json = target("json").ok_or("there is no such target")?;
//! let seeds = corpus::read(json.name)?;
//! check(json.name, &mutation::mutated(&seeds, json.max_len, 1))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | Question | Item |
//! |---|---|
//! | Which targets are there, and which limits do they have? | [`TARGETS`] |
//! | What does a target check? | [`targets`] |
//! | How is a target run on one input? | [`check`] |
//! | Where does an input come from? | [`corpus`], [`mutation`] |
//! | How much memory did an input take? | [`memory`] |
//! | How is a target run for minutes? | `make fuzz TARGET=json SECONDS=600` |
//! | How is a corpus made again? | `cargo run -p myelin-fuzz --example seeds` |
//!
//! Limits: calls of pallets are played by `tests/prop.rs` of each pallet, and timed measurements are benchmarks.

pub mod corpus;
pub mod memory;
pub mod mutation;
pub mod signing;
pub mod targets;

mod input;
mod message;

use memory::MemoryUse;
use std::{fmt, panic};

/// A fuzz target: a function over bytes with its limits.
#[derive(Clone, Copy, Debug)]
pub struct FuzzTarget {
    /// Name, which is that of its corpus.
    pub name: &'static str,
    /// Length of the longest input, in bytes.
    pub max_len: usize,
    function: fn(&[u8]),
    /// Bytes that an input may take besides 16 times its length.
    allowance: usize,
}

/// The failure of a target on one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FuzzFailure {
    /// No target has the name.
    Unknown,
    /// The input is longer than the target allows.
    TooLong {
        /// Bytes of the input.
        length: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// A rule of the target broke.
    Panicked,
    /// The input took more memory than its length allows.
    Memory {
        /// Bytes that were allocated at a time.
        peak: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
}

impl fmt::Display for FuzzFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => out.write_str("no target has this name"),
            Self::TooLong { length, limit } => write!(out, "it has {length} bytes, and {limit} are allowed"),
            Self::Panicked => out.write_str("a rule of the target broke"),
            Self::Memory { peak, limit } => write!(out, "it took {peak} bytes of memory, and {limit} are allowed"),
        }
    }
}

impl std::error::Error for FuzzFailure {}

/// Bytes that an input may take for each of its own.
const MEMORY_FACTOR: usize = 16;

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Memory of the derivation of a key by scrypt, as `myelin-keys` limits it.
const DERIVATION: usize = 256 * MIB;

impl FuzzTarget {
    const fn new(name: &'static str, function: fn(&[u8])) -> Self {
        Self { name, max_len: 4 * KIB, function, allowance: MIB }
    }

    const fn up_to(self, max_len: usize) -> Self {
        Self { max_len, ..self }
    }

    const fn with_allowance(self, allowance: usize) -> Self {
        Self { allowance, ..self }
    }

    /// Runs the target on one input. Returns the most bytes at a time that it took.
    fn run(&self, input: &[u8]) -> Result<usize, FuzzFailure> {
        let memory = MemoryUse::begin();
        panic::catch_unwind(|| (self.function)(input)).map_err(|_| FuzzFailure::Panicked)?;
        Ok(memory.peak())
    }
}

/// Runs the target of this name on one input, with all limits of the target.
///
/// The replay of the corpora, the seeded mutations and the wrappers of libFuzzer use this function.
///
/// # Errors
/// [`FuzzFailure::Unknown`] if no target has the name, [`FuzzFailure::TooLong`] if the input is longer than
/// [`FuzzTarget::max_len`], [`FuzzFailure::Panicked`] if the target panics, [`FuzzFailure::Memory`] if it took more than
/// 16 times the input and its allowance, which is 1 MiB for most targets.
pub fn check(name: &str, input: &[u8]) -> Result<(), FuzzFailure> {
    let target = target(name).ok_or(FuzzFailure::Unknown)?;
    if input.len() > target.max_len {
        return Err(FuzzFailure::TooLong { length: input.len(), limit: target.max_len });
    }
    let limit = input.len().saturating_mul(MEMORY_FACTOR).saturating_add(target.allowance);
    // Values that a target makes once for all inputs are no part of the memory of one. A second run does not make them.
    let peak = match target.run(input)? {
        peak if peak > limit => target.run(input)?,
        peak => peak,
    };
    if peak <= limit { Ok(()) } else { Err(FuzzFailure::Memory { peak, limit }) }
}

/// All targets, in the order of their names within each crate.
pub const TARGETS: &[FuzzTarget] = &[
    FuzzTarget::new("amount", targets::amount).up_to(256),
    FuzzTarget::new("ss58", targets::ss58).up_to(256),
    FuzzTarget::new("btauth_head", targets::btauth_head),
    FuzzTarget::new("certificate", targets::certificate).up_to(256),
    FuzzTarget::new("class", targets::class),
    FuzzTarget::new("json", targets::json),
    FuzzTarget::new("receipt", targets::receipt),
    FuzzTarget::new("replay_file", targets::replay_file),
    FuzzTarget::new("stream_reader", targets::stream_reader),
    FuzzTarget::new("strict_request", targets::strict_request),
    FuzzTarget::new("tensor", targets::tensor),
    FuzzTarget::new("v1_head", targets::v1_head),
    FuzzTarget::new("v1_request", targets::v1_request),
    FuzzTarget::new("keyfile", targets::keyfile),
    FuzzTarget::new("polkadot_export", targets::polkadot_export).with_allowance(2 * DERIVATION + MIB),
    FuzzTarget::new("secret_uri", targets::secret_uri).up_to(512),
    FuzzTarget::new("commitment", targets::commitment).up_to(256),
    FuzzTarget::new("patch", targets::patch).up_to(KIB),
    FuzzTarget::new("pool", targets::pool).up_to(KIB),
    FuzzTarget::new("epoch", targets::epoch),
    #[cfg(feature = "text")]
    FuzzTarget::new("validator_file", targets::validator_file),
    #[cfg(feature = "text")]
    FuzzTarget::new("evidence", targets::evidence).up_to(8 * KIB),
    #[cfg(feature = "text")]
    FuzzTarget::new("gate_line", targets::gate_line),
    #[cfg(feature = "text")]
    FuzzTarget::new("gguf", targets::gguf).up_to(24 * KIB),
    #[cfg(feature = "text")]
    FuzzTarget::new("model_config", targets::model_config),
    #[cfg(feature = "text")]
    FuzzTarget::new("text_line", targets::text_line),
];

/// Returns the target of this name.
pub fn target(name: &str) -> Option<FuzzTarget> {
    TARGETS.iter().find(|target| target.name == name).copied()
}
