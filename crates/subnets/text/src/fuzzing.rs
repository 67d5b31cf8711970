//! Readers of the files of models, for fuzz targets. They are no part of the interface of this crate.

pub use crate::model::{read_gguf, rewritten_config};
