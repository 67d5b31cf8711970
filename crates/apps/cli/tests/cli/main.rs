//! Tests of the built program at a terminal and in scripts, each with a home folder of its own.

mod calls;
mod chain;
mod config;
mod generated;
mod life;
mod network;
mod support;
mod wallet;
mod world;
