//! Networks for tests: real processes on loopback, with ports of their own and temporary data.
//!
//! A [`TestNode`] is one process, a [`TestNetwork`] consists of several authorities of one chain, and a [`TestChain`]
//! is a client of a node. [`audit`] audits the TAO of a chain block by block.
//!
//! ```no_run
//! # async fn run() {
//! use myelin_client::{mirror::NetUid, runtime};
//! use myelin_testing::{TestNetwork, account, key};
//! use serde_json::json;
//!
//! let mut network = TestNetwork::start("target/debug/myelin-node", "test", &["Alice", "Bob"], &json!({})).await;
//! let chain = network.node("Alice").chain().await;
//! let call = runtime::transactions().neurons().burned_register(NetUid(1), account("Alice//miner"));
//! chain.submit(&call, &key("Alice")).await.expect("Alice can pay for a seat");
//!
//! network.node_mut("Bob").kill().await;
//! network.node_mut("Bob").restart().await;
//! # }
//! ```
//!
//! All functions panic with the reason of a failure, because they are for tests only.

#![allow(clippy::missing_panics_doc, reason = "said once, above")]

pub mod audit;
mod chain;
mod network;
mod node;

pub use chain::{TestChain, TestInclusion, TestRefusal, TestState, account, key};
pub use network::TestNetwork;
pub use node::TestNode;
