//! The folder in which a neuron keeps what outlives it.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::file::{self, FileError};
use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

/// The folder in which one neuron keeps what outlives it, while no other neuron uses it.
#[derive(Debug)]
pub struct StateFolder {
    folder: PathBuf,
    #[expect(dead_code, reason = "kept for its drop, which lets others in")]
    lock: File,
}

/// A folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process uses it.
    #[error("another neuron uses `{}`", .0.display())]
    Used(PathBuf),
}

impl Diagnostic for StateError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Used(_) => out.push("stop the other one, or choose another folder"),
            Self::File(_) => out.push("choose another folder"),
        }
    }
}

impl StateFolder {
    /// Opens a folder, which is made if it is not there, and locks others out until this is dropped or the process ends.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StateError> {
        let folder = folder.into();
        file::create_folder(&folder)?;
        let path = folder.join("lock");
        let lock = file::private().open(&path).map_err(file::failed("create", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder, lock }),
            Err(TryLockError::WouldBlock) => Err(StateError::Used(folder)),
            Err(TryLockError::Error(error)) => Err(file::failed("lock", &path)(error).into()),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file of this name in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_neuron_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a/b");
        let state = StateFolder::open(&folder).unwrap();
        assert!(matches!(StateFolder::open(&folder), Err(StateError::Used(_))));
        drop(state);
        StateFolder::open(&folder).unwrap();
    }
}
