//! Tests of the library against a scripted chain, without sockets or sleeps.
//!
//! Limits are a minute, which no test reaches, or zero, so that each wait ends at once.

mod blocks;
mod codes;
mod layouts;
mod link;
mod metagraph;
mod node;
mod pages;
mod submit;
mod work;
