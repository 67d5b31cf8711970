//! Data that validators share: sources that can be asked again, and a world that is the same for every process.
//!
//! A subnet whose truth comes from outside needs a source that tells two validators the same, and tells it again later.
//!
//! | Wanted | Here |
//! |---|---|
//! | The seam | [`DataSource`], with [`DataPoint`] and [`Item`] |
//! | A series in a file | [`CsvSource`] |
//! | A series of an HTTP server | [`HttpSource`] |
//! | No trust in one source | [`MedianSource`] |
//! | Markets, feeds and texts without the internet | [`world`]: in the process as [`world::WorldSource`], for others by [`serve()`] |
//!
//! ```
//! use myelin_sources::{DataSource, world::{DEFAULT_START, World, WorldOptions, WorldSource}};
//! use std::sync::Arc;
//!
//! let world = Arc::new(World::new(WorldOptions { seed: 7, ..WorldOptions::default() })?);
//! let source = WorldSource::new(world, Arc::new(|| (DEFAULT_START + 60) * 1_000));
//! let point = source.value("a0", DEFAULT_START + 30)?.unwrap();
//! assert_eq!(point.at, DEFAULT_START + 24);
//! assert_eq!(source.value("a0", DEFAULT_START + 61)?, None, "that time has not come");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Values are millionths in integers, never floats. Not here: the judgement of a forecast, and rows of data subnets.

#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unreachable, clippy::unwrap_used)
)]

mod csv;
mod decimal;
mod http;
mod median;
pub mod random;
mod server;
mod source;
mod time;
pub mod world;

pub use csv::CsvSource;
pub use http::{HttpForm, HttpOptions, HttpSource};
pub use median::MedianSource;
pub use server::{ServerOptions, serve, serve_at_socket};
pub use source::{DataPoint, DataSource, Item, ItemPage, SourceError, UnixMillis, UnixSeconds};
pub use time::{format_time, parse_time};
