//! Files that are only their owner's, and appear whole or not at all. spec wallets §1

use crate::{wallet::OnExisting, wallet_error::WalletError};
use std::{
    fs::{self, DirBuilder, File, Permissions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};
use zeroize::Zeroizing;

/// How files are called while they are written. No name of a wallet or hotkey begins so, so what a crash leaves is
/// never taken for one.
pub(crate) const TEMPORARY_PREFIX: &str = ".myelin-";
/// Longer files are refused; real ones have a few kilobytes.
const MAX_LENGTH: u64 = 64 * 1024;
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
const OTHERS: u32 = 0o077;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privacy {
    /// Its owner only, else it is refused.
    Private,
    /// Anybody.
    Public,
}

/// A file's content, or `None` if there is no such file.
pub(crate) fn read(path: &Path, privacy: Privacy) -> Result<Option<Zeroizing<Vec<u8>>>, WalletError> {
    let failed = |error| WalletError::io(path, "read", error);
    // Looked at before it is opened, because opening a pipe waits for a writer.
    let about = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        about => about.map_err(failed)?,
    };
    if !about.is_file() {
        return Err(failed(io::Error::other("it is not a file")));
    }
    let mode = about.permissions().mode() & 0o777;
    if privacy == Privacy::Private && mode & OTHERS != 0 {
        return Err(WalletError::TooOpen { path: path.to_owned(), mode });
    }
    // Room for everything, so that no part is left behind in freed memory.
    let room = about.len().min(MAX_LENGTH).saturating_add(1);
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(room).unwrap_or(0)));
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_LENGTH.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
    if u64::try_from(content.len()).is_ok_and(|length| length > MAX_LENGTH) {
        return Err(WalletError::TooLarge { path: path.to_owned() });
    }
    Ok(Some(content))
}

/// Writes a file beside its place and then moves it there, so that others see the old one, the new one or none.
pub(crate) fn write(path: &Path, content: &[u8], existing: OnExisting) -> Result<(), WalletError> {
    let failed = |error| WalletError::io(path, "write", error);
    let folder = path.parent().unwrap_or(Path::new(""));
    create_folder(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .permissions(Permissions::from_mode(FILE_MODE))
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    let moved = match existing {
        OnExisting::Refuse => file.persist_noclobber(path),
        OnExisting::Replace => file.persist(path),
    };
    moved.map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => WalletError::Exists { path: path.to_owned() },
        _ => failed(error.error),
    })?;
    sync_folder(folder)
}

/// Refuses if there is something at a place that may not be replaced. [`write`] does too; this is for before the work.
pub(crate) fn check_free(path: &Path, existing: OnExisting) -> Result<(), WalletError> {
    match (existing, fs::symlink_metadata(path)) {
        (OnExisting::Refuse, Ok(_)) => Err(WalletError::Exists { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// The names in a folder that `parse` takes and whose entries are of the kind that `is` tells, in order. `None` if
/// there is no such folder.
pub(crate) fn list<T: Ord>(
    folder: &Path,
    parse: impl Fn(&str) -> Option<T>,
    is: impl Fn(&fs::Metadata) -> bool,
) -> Result<Option<Vec<T>>, WalletError> {
    let failed = |error| WalletError::io(folder, "read", error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(failed)?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        // Follows links, and passes over those that lead nowhere.
        if fs::metadata(entry.path()).is_ok_and(|about| is(&about)) {
            names.extend(entry.file_name().to_str().and_then(&parse));
        }
    }
    names.sort();
    Ok(Some(names))
}

/// Creates a folder and those above it, for their owner only. Leaves folders alone that exist.
fn create_folder(folder: &Path) -> Result<(), WalletError> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(Path::new(""));
    create_folder(above)?;
    match DirBuilder::new().mode(FOLDER_MODE).create(folder) {
        // Somebody else was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        made => made.map_err(|error| WalletError::io(folder, "create", error)),
    }?;
    sync_folder(above)
}

/// Makes sure that what was just created in a folder survives a loss of power.
fn sync_folder(folder: &Path) -> Result<(), WalletError> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| WalletError::io(folder, "write", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{os::unix::fs::symlink, path::PathBuf};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn entries(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn files_and_folders_are_their_owners_only() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/file");
        write(&path, b"content", OnExisting::Refuse).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&root.path().join("a")), 0o700);
        assert_eq!(mode(&root.path().join("a/b")), 0o700);
        assert_eq!(entries(&root.path().join("a/b")), [path]);
    }

    #[test]
    fn folders_that_exist_are_left_alone() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), Permissions::from_mode(0o755)).unwrap();
        write(&root.path().join("file"), b"content", OnExisting::Refuse).unwrap();
        assert_eq!(mode(root.path()), 0o755);
    }

    #[test]
    fn a_file_is_replaced_only_when_told_so() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        write(&path, b"old", OnExisting::Refuse).unwrap();
        assert!(matches!(write(&path, b"new", OnExisting::Refuse), Err(WalletError::Exists { .. })));
        assert!(matches!(check_free(&path, OnExisting::Refuse), Err(WalletError::Exists { .. })));
        assert_eq!(**read(&path, Privacy::Private).unwrap().unwrap(), *b"old");
        check_free(&path, OnExisting::Replace).unwrap();
        write(&path, b"new", OnExisting::Replace).unwrap();
        assert_eq!(**read(&path, Privacy::Private).unwrap().unwrap(), *b"new");
        assert_eq!(entries(root.path()), [path]);
    }

    #[test]
    fn a_file_that_was_open_to_others_is_not_when_replaced() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        write(&path, b"new", OnExisting::Replace).unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_link_counts_as_existing_and_is_replaced_itself() {
        let root = tempfile::tempdir().unwrap();
        let (link, target) = (root.path().join("link"), root.path().join("target"));
        symlink(&target, &link).unwrap();
        assert!(matches!(write(&link, b"new", OnExisting::Refuse), Err(WalletError::Exists { .. })));
        assert!(!target.exists());
        write(&link, b"new", OnExisting::Replace).unwrap();
        assert!(!target.exists());
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
    }

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("in the way");
        fs::create_dir(&path).unwrap();
        assert!(matches!(write(&path, b"new", OnExisting::Replace), Err(WalletError::Io { .. })));
        assert_eq!(entries(root.path()), [path], "the temporary file is left");
    }

    #[test]
    fn a_private_file_open_to_others_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        write(&path, b"content", OnExisting::Refuse).unwrap();
        for open in [0o640, 0o604, 0o620, 0o666, 0o601] {
            fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
            let error = read(&path, Privacy::Private).unwrap_err();
            assert!(matches!(error, WalletError::TooOpen { mode, .. } if mode == open), "{open:o}");
            assert!(read(&path, Privacy::Public).is_ok());
        }
        for closed in [0o600, 0o400] {
            fs::set_permissions(&path, Permissions::from_mode(closed)).unwrap();
            assert!(read(&path, Privacy::Private).is_ok(), "{closed:o}");
        }
    }

    #[test]
    fn only_files_of_reasonable_length_are_read() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(read(&root.path().join("none"), Privacy::Public), Ok(None)));
        assert!(matches!(read(root.path(), Privacy::Public), Err(WalletError::Io { .. })));
        let path = root.path().join("file");
        fs::write(&path, vec![b' '; 64 * 1024]).unwrap();
        assert!(matches!(read(&path, Privacy::Public), Ok(Some(_))));
        fs::write(&path, vec![b' '; 64 * 1024 + 1]).unwrap();
        assert!(matches!(read(&path, Privacy::Public), Err(WalletError::TooLarge { .. })));
    }
}
