//! The commands, by group.

pub mod config;
pub mod network;
pub mod shell;
pub mod wallet;
