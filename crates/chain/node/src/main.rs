//! The Myelin node: makes, checks and finalises blocks, keeps the chain's state and answers for it.
//!
//! `myelin-node --chain local --alice` runs a network of one; `--chain main` or a specification file joins a larger one.
//! The node knows nothing of subnets or TAO: those are the runtime's, which it executes. It keeps state in ParityDB
//! under `--base-path`, serves WebSocket and HTTP RPC and Prometheus metrics on loopback, and speaks to its peers with
//! litep2p.

#![allow(clippy::result_large_err, reason = "the engine's own errors are large, and made once in a process's life")]

mod chain_spec;
mod cli;
mod command;
mod rpc;
mod service;

fn main() -> sc_cli::Result<()> {
    command::run()
}
