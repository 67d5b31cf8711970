//! The Myelin node, which makes, checks and finalises blocks, stores the chain's state and serves it by RPC.
//!
//! `myelin-node --chain local --alice` runs a network of one. `--chain main` or a specification file joins a larger
//! one. The node knows nothing of subnets or TAO, which belong to the runtime that it executes; only its metrics read
//! what blocks say of epochs. It stores state in ParityDB under `--base-path`. It serves RPC by WebSocket and HTTP and
//! metrics for Prometheus on loopback, and connects to its peers with litep2p.

#![allow(clippy::result_large_err, reason = "the engine's own errors are large, and made once in a process's life")]

mod chain_spec;
mod cli;
mod command;
mod hardware;
mod metrics;
mod rpc;
mod service;
mod upgrade;

fn main() -> sc_cli::Result<()> {
    command::run()
}
