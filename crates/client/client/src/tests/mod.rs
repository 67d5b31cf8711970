//! The library against a scripted chain: no sockets, no sleeps, the same every time.
//!
//! Limits are either a minute, and nothing comes near, or zero, and whatever has to be waited for is over at once.

mod blocks;
mod codes;
mod link;
mod metagraph;
mod node;
mod submit;
mod work;
