//! Storage of the replay window across restarts (spec signed-requests §8).

use myelin_files::{Access, FileError, FileFault, OnExisting};
use myelin_wire::{
    UnixNanos,
    replay::{ReplayLimits, ReplayWindow, StoredError},
};
use std::path::Path;

/// The greatest size of a stored window in bytes: 64 for each nonce of the default limits, and a reserve.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Reads the file and removes it, because a stored window is valid for one start.
///
/// If the file is missing or damaged, the window refuses all requests that may have been accepted before.
pub(crate) fn take(path: &Path, limits: ReplayLimits, now: UnixNanos, ahead: u64) -> Result<ReplayWindow, FileError> {
    let lost = || ReplayWindow::after_loss(limits, now, ahead);
    let stored = match myelin_files::read(path, Access::Private, MAX_BYTES) {
        Ok(None) => return Ok(lost()),
        Ok(Some(bytes)) => Ok(bytes),
        // No window is that large, so the file is damaged.
        Err(error @ FileError { source: FileFault::TooLarge { .. }, .. }) => Err(error.to_string()),
        Err(error) => return Err(error),
    };
    myelin_files::remove(path)?;
    let window = stored.and_then(|bytes| {
        ReplayWindow::from_bytes(&bytes, limits)
            .map_err(|error @ (StoredError::Form | StoredError::Damaged)| error.to_string())
    });
    let window = window.and_then(|window| {
        let floor = window.floor();
        let ahead = || format!("it refuses requests up to {floor} ns, and the clock shows {now} ns since 1970");
        if window.is_ahead_of(now) { Err(ahead()) } else { Ok(window) }
    });
    Ok(window.unwrap_or_else(|error| {
        tracing::warn!(path = %path.display(), %error, "the replay window is lost; requests made until now are refused");
        lost()
    }))
}

/// Writes an atomic private file.
pub(crate) fn put(path: &Path, window: &ReplayWindow) -> Result<(), FileError> {
    myelin_files::write(path, &window.to_bytes(), Access::Private, OnExisting::Replace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    const SECOND: u64 = 1_000_000_000;
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
        myelin_files::write(&path, b"myelin-replay/1\nnonsense", Access::Private, OnExisting::Replace).unwrap();
        assert_eq!(take(&path, LIMITS, 100, 4).unwrap(), ReplayWindow::after_loss(LIMITS, 100, 4));
        assert!(!path.exists());
    }

    #[test]
    fn nh_73_a_memory_ahead_of_the_clock_counts_as_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay");
        let now = 100 * SECOND;
        let ahead = ReplayWindow::after_loss(LIMITS, now + 3_600 * SECOND, 0);
        put(&path, &ahead).unwrap();
        assert_eq!(take(&path, LIMITS, now, 4).unwrap(), ReplayWindow::after_loss(LIMITS, now, 4));
        put(&path, &ahead).unwrap();
        assert_eq!(take(&path, LIMITS, now + 3_598 * SECOND, 4).unwrap(), ahead);
    }

    #[test]
    fn a_memory_beyond_its_limit_counts_as_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay");
        myelin_files::write(&path, b"", Access::Private, OnExisting::Replace).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(take(&path, LIMITS, 100, 4).unwrap(), ReplayWindow::after_loss(LIMITS, 100, 4));
        assert!(!path.exists());
    }

    #[test]
    fn a_memory_is_nobody_elses_and_a_folder_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replay");
        put(&path, &ReplayWindow::new(LIMITS)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let error = take(folder.path(), LIMITS, 100, 4).unwrap_err();
        assert!(error.to_string().starts_with("cannot read "), "{error}");
    }
}
