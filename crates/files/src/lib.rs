//! Files that are written whole or not at all, private files, and folders for one process.
//!
//! ```
//! use myelin_files::{Access, FileFault, FolderLock, OnExisting, read, write};
//! use std::time::Duration;
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let lock = FolderLock::take(folder, Duration::ZERO)?;
//! let path = folder.join("salts/1.json");
//! write(&path, b"[1, 2]", Access::Private, OnExisting::Refuse)?;
//! let content = read(&path, Access::Private, 1024)?;
//! assert_eq!(content.unwrap().as_slice(), b"[1, 2]");
//!
//! let error = write(&path, b"[3, 4]", Access::Private, OnExisting::Refuse).unwrap_err();
//! assert!(matches!(error.source, FileFault::Exists));
//! # drop(lock);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | Question | Answer |
//! |---|---|
//! | How is a small file written? | [`write()`] |
//! | How is a large file written, piece by piece? | [`Writer`] |
//! | How is a file read that may be missing, huge or open to others? | [`read()`] |
//! | May other users replace the files of a folder? | [`check_folder`] |
//! | How is a folder kept for one process? | [`FolderLock`] |
//! | How does a removal or a rename survive a power cut? | [`remove`], [`rename`] |
//! | What can fail? | [`FileError`] |
//!
//! Not here: formats of files, lists of folders, and folders that appear whole (`train` of the text subnet).
//!
//! For Unix only: modes, links and folder syncs are those of POSIX.

#![forbid(unsafe_code)]

mod access;
mod disk;
mod error;
mod lock;
mod owner;
mod reading;
#[cfg(test)]
mod testing;
mod writing;

pub use access::Access;
pub use error::{FileError, FileFault};
pub use lock::FolderLock;
pub use owner::check_folder;
pub use reading::read;
pub use writing::{OnExisting, TEMPORARY_PREFIX, Writer, create_folder, remove, rename, write};
