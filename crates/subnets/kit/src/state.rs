//! The folder of a neuron's persistent state.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::{Access, FileError, FileFault, FolderLock, check_folder, create_folder};
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
            Self::File(error) => {
                error.hints(out);
                out.push("choose another folder");
            }
        }
    }
}

impl StateFolder {
    /// Opens a folder, or creates it with mode 0700, and locks it until this value is dropped or the process ends.
    ///
    /// # Errors
    /// [`StateError`] if the folder cannot be created, if another user owns or may write it, or if another process uses
    /// it.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StateError> {
        let folder = folder.into();
        create_folder(&folder, Access::Private)?;
        check_folder(&folder)?;
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
    use std::{
        fs::{self, Permissions},
        os::unix::fs::{PermissionsExt, symlink},
    };

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
    fn nh_82_a_folder_that_others_may_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        let error = StateFolder::open(&folder).unwrap_err();
        assert!(matches!(&error, StateError::File(error) if matches!(error.source, FileFault::FolderTooOpen { .. })));
        let fix = format!("run `chmod go-w {}`", folder.display());
        assert_eq!(Hints::of(&error).first(), Some(fix.as_str()));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is written there");
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        StateFolder::open(&folder).unwrap();
    }

    #[test]
    fn nh_81_a_planted_lock_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let [state, other] = ["a", "x"].map(|name| folder.path().join(name));
        fs::create_dir(&state).unwrap();
        fs::write(&other, "kept").unwrap();
        symlink(&other, state.join("lock")).unwrap();
        assert!(matches!(StateFolder::open(&state), Err(StateError::File(_))));
        assert_eq!(fs::read_to_string(&other).unwrap(), "kept");
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
