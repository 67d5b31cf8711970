//! The corpora: for each target a folder of inputs.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Bytes that the corpus of one target may have.
pub const MAX_TARGET: u64 = 64 << 10;

/// Bytes that all corpora together may have.
pub const MAX_TOTAL: u64 = 1 << 20;

/// Returns the folder of all corpora.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// Reads the corpus of a target, in the order of the names of its files.
///
/// # Errors
/// The error of the system if the folder or a file cannot be read.
pub fn read(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let mut files: Vec<_> =
        fs::read_dir(folder().join(target))?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    files.sort_unstable();
    files.into_iter().map(fs::read).collect()
}
