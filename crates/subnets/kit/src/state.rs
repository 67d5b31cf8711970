//! The folder of a neuron's persistent state.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::{Access, FileError, FileFault, FolderLock, create_folder};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The folder of one neuron's persistent state, locked against other neurons.
#[derive(Debug)]
pub struct StateFolder {
    folder: PathBuf,
    #[expect(dead_code, reason = "kept for its drop, which lets others in")]
    lock: FolderLock,
}

/// A folder that is not usable.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The folder cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process uses the folder.
    #[error(
        "another neuron uses `{}`{}",
        .folder.display(),
        .pid.map_or_else(String::new, |pid| format!(": process {pid}"))
    )]
    Used {
        /// The folder.
        folder: PathBuf,
        /// The id of the process, if it has written it down.
        pid: Option<u32>,
    },
}

impl Diagnostic for StateError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Used { .. } => out.push("stop the other neuron, or choose another folder"),
            Self::File(_) => out.push("choose another folder"),
        }
    }
}

impl StateFolder {
    /// Opens a folder, or creates it, and locks it until this value is dropped or the process ends.
    ///
    /// # Errors
    /// [`StateError`] if the folder cannot be created, or another process uses it.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StateError> {
        let folder = folder.into();
        create_folder(&folder, Access::Private)?;
        match FolderLock::take(&folder, Duration::ZERO) {
            Ok(lock) => Ok(Self { folder, lock }),
            Err(FileError { source: FileFault::Locked { pid }, .. }) => Err(StateError::Used { folder, pid }),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the path of the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the path of a file of this name in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn one_neuron_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a/b");
        let state = StateFolder::open(&folder).unwrap();
        let error = StateFolder::open(&folder).unwrap_err();
        let own = std::process::id();
        assert!(matches!(error, StateError::Used { pid: Some(pid), .. } if pid == own), "{error}");
        assert!(error.to_string().ends_with(&format!("a/b`: process {own}")), "{error}");
        drop(state);
        StateFolder::open(&folder).unwrap();
    }

    #[test]
    fn the_folder_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a");
        let state = StateFolder::open(&folder).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(state.folder()), mode(&state.file("lock"))), (0o700, 0o600));
        assert_eq!(fs::read_to_string(state.file("lock")).unwrap().trim(), std::process::id().to_string());
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a");
        fs::write(&place, "").unwrap();
        let error = StateFolder::open(&place).unwrap_err();
        assert!(matches!(error, StateError::File(_)), "{error}");
    }
}
