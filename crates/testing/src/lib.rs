//! Whole nodes for tests: real processes on loopback, with ports of their own and data that goes when they do.
//!
//! ```no_run
//! # async fn run() {
//! let mut node = myelin_testing::Node::start("target/debug/myelin-node", &["--chain", "test", "--alice"]).await;
//! node.wait_until_finalised(3).await;
//! node.kill().await;
//! node.restart().await;
//! # }
//! ```
//!
//! Everything here panics with what went wrong and what the node last said: it is for tests only.

#![allow(clippy::missing_panics_doc, reason = "said once, above")]

mod node;

pub use node::Node;
