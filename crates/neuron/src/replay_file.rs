//! The memory of accepted requests across restarts. spec signed-requests §8

use myelin_wire::{
    UnixNanos,
    replay::{ReplayLimits, ReplayWindow, StoredError},
};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// The bytes a stored memory may have: 64 for each nonce of the default limits, and room for more.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The memory cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} `{}`: {error}", path.display())]
pub struct ReplayFileError {
    doing: &'static str,
    path: PathBuf,
    #[source]
    error: io::Error,
}

fn failed<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> ReplayFileError + 'a {
    move |error| ReplayFileError { doing, path: path.to_owned(), error }
}

/// Reads the file and removes it: a stored memory is good for one start. Without a file, or with a damaged one, nothing is
/// accepted that could have been accepted before.
pub(crate) fn take(
    path: &Path,
    limits: ReplayLimits,
    now: UnixNanos,
    ahead: u64,
) -> Result<ReplayWindow, ReplayFileError> {
    let mut bytes = Vec::new();
    let lost = || ReplayWindow::after_loss(limits, now, ahead);
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(lost()),
        file => file
            .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
            .map_err(failed("read the replay memory", path))?,
    };
    fs::remove_file(path).map_err(failed("remove the replay memory", path))?;
    sync_folder(path)?;
    match ReplayWindow::from_bytes(&bytes, limits) {
        Ok(window) => Ok(window),
        Err(error @ (StoredError::Form | StoredError::Damaged)) => {
            tracing::warn!(path = %path.display(), %error, "the replay memory is lost; requests made until now are refused");
            Ok(lost())
        }
    }
}

/// Writes the file whole or not at all.
pub(crate) fn put(path: &Path, window: &ReplayWindow) -> Result<(), ReplayFileError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file = File::create(&beside).map_err(failed("create", &beside))?;
    file.write_all(&window.to_bytes()).and_then(|()| file.sync_all()).map_err(failed("write", &beside))?;
    fs::rename(&beside, path).map_err(failed("write the replay memory", path))?;
    sync_folder(path)
}

/// Makes sure that a file stays there, or gone, if the machine stops now.
fn sync_folder(path: &Path) -> Result<(), ReplayFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("write the folder", folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ReplayLimits = ReplayLimits { keep: 16, callers: 3, per_caller: 4, total: 100 };

    #[test]
    fn a_memory_is_good_for_one_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay");
        let lost = ReplayWindow::after_loss(LIMITS, 100, 4);
        assert_eq!(take(&path, LIMITS, 100, 4).unwrap(), lost);
        let window = ReplayWindow::new(LIMITS);
        put(&path, &window).unwrap();
        put(&path, &window).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(take(&path, LIMITS, 100, 4).unwrap(), window);
        assert_eq!(take(&path, LIMITS, 100, 4).unwrap(), lost);
    }

    #[test]
    fn a_damaged_memory_counts_as_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay");
        fs::write(&path, b"myelin-replay/1\nnonsense").unwrap();
        assert_eq!(take(&path, LIMITS, 100, 4).unwrap(), ReplayWindow::after_loss(LIMITS, 100, 4));
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = put(&folder.path().join("none/replay"), &ReplayWindow::new(LIMITS)).unwrap_err();
        assert!(error.to_string().starts_with("cannot create "), "{error}");
    }
}
