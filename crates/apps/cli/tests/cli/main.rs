//! Drives the built program as a person or a script would, each time with a home folder of its own.

mod calls;
mod chain;
mod config;
mod generated;
mod life;
mod network;
mod support;
mod wallet;
