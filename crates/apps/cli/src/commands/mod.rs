//! The commands, by group.

pub mod ask;
pub mod chain;
pub mod config;
pub mod explain;
pub mod metagraph;
pub mod network;
pub mod neuron;
pub mod outcome;
pub mod role;
pub mod root;
pub mod shell;
pub mod stake;
pub mod subnet;
pub mod text;
pub mod wallet;
pub mod weights;
