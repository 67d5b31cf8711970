//! Networks of real node processes, seen from the outside: over RPC, as every client sees them.

mod authorities;
mod bad_input;
mod conservation;
mod explain;
mod fair_launch;
mod metadata_hash;
mod metrics;
mod outage;
mod subnet;
mod sync;
mod upgrade;

const NODE: &str = env!("CARGO_BIN_EXE_myelin-node");

/// One TAO in rao.
const TAO: u64 = 1_000_000_000;
