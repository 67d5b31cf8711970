//! The commands, by their words: `stake add` is in `stake/add.rs`.

pub mod ask;
pub mod chain;
pub mod completions;
pub mod config;
pub mod explain;
pub mod man;
pub mod metagraph;
pub mod mine;
pub mod network;
pub mod neuron;
mod role;
pub mod root;
pub mod stake;
pub mod subnet;
pub mod text;
pub mod validate;
pub mod wallet;
pub mod weights;
pub mod world;
