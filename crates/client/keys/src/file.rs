//! Reads and writes of key files, with the errors of wallets (spec wallets §1).

use crate::wallet_error::WalletError;
use myelin_files::{Access, OnExisting};
use std::{fs, io::ErrorKind, path::Path};
use zeroize::Zeroizing;

/// The longest file that is read, in bytes. Real files have a few kilobytes.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads a file. Returns `None` if there is none.
pub(crate) fn read(path: &Path, access: Access) -> Result<Option<Zeroizing<Vec<u8>>>, WalletError> {
    Ok(myelin_files::read(path, access, MAX_BYTES)?)
}

/// Writes an atomic file with mode 0600. Other users must not change public files either.
pub(crate) fn write(path: &Path, content: &[u8], existing: OnExisting) -> Result<(), WalletError> {
    Ok(myelin_files::write(path, content, Access::Private, existing)?)
}

/// Fails if the path exists and may not be replaced. [`write`] checks too; this check comes before slow work.
pub(crate) fn check_free(path: &Path, existing: OnExisting) -> Result<(), WalletError> {
    match (existing, fs::symlink_metadata(path)) {
        (OnExisting::Refuse, Ok(_)) => Err(WalletError::Exists { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// Lists the names in a folder that `parse` accepts and whose entries satisfy `is`, in order.
///
/// Returns `None` if there is no such folder.
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
        // Follows links, and skips those without a target.
        if fs::metadata(entry.path()).is_ok_and(|about| is(&about)) {
            names.extend(entry.file_name().to_str().and_then(&parse));
        }
    }
    names.sort();
    Ok(Some(names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt, symlink},
    };

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_and_folders_are_their_owners_only() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/file");
        write(&path, b"content", OnExisting::Refuse).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&root.path().join("a")), 0o700);
        assert_eq!(mode(&root.path().join("a/b")), 0o700);
        assert_eq!(fs::read_dir(root.path().join("a/b")).unwrap().count(), 1);
    }

    #[test]
    fn a_file_is_replaced_only_when_told_so() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        write(&path, b"old", OnExisting::Refuse).unwrap();
        assert!(matches!(write(&path, b"new", OnExisting::Refuse), Err(WalletError::Exists { .. })));
        assert!(matches!(check_free(&path, OnExisting::Refuse), Err(WalletError::Exists { .. })));
        assert_eq!(**read(&path, Access::Private).unwrap().unwrap(), *b"old");
        check_free(&path, OnExisting::Replace).unwrap();
        write(&path, b"new", OnExisting::Replace).unwrap();
        assert_eq!(**read(&path, Access::Private).unwrap().unwrap(), *b"new");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_counts_as_existing() {
        let root = tempfile::tempdir().unwrap();
        let (link, target) = (root.path().join("link"), root.path().join("target"));
        symlink(&target, &link).unwrap();
        assert!(matches!(check_free(&link, OnExisting::Refuse), Err(WalletError::Exists { .. })));
        assert!(matches!(write(&link, b"new", OnExisting::Refuse), Err(WalletError::Exists { .. })));
        write(&link, b"new", OnExisting::Replace).unwrap();
        assert!(!target.exists());
    }

    #[test]
    fn a_failed_write_says_what_was_tried() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("in the way");
        fs::create_dir(&path).unwrap();
        let error = write(&path, b"new", OnExisting::Replace).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write {}: it is not a file", path.display()));
        fs::write(root.path().join("file"), b"").unwrap();
        let folder = root.path().join("file/folder");
        let error = write(&folder.join("key"), b"new", OnExisting::Replace).unwrap_err();
        assert!(matches!(&error, WalletError::Io { .. }), "{error}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2, "the temporary file is left");
    }

    #[test]
    fn a_private_file_open_to_others_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        write(&path, b"content", OnExisting::Refuse).unwrap();
        for open in [0o640, 0o604, 0o620, 0o666, 0o601] {
            fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
            let error = read(&path, Access::Private).unwrap_err();
            assert!(matches!(error, WalletError::TooOpen { mode, .. } if mode == open), "{open:o}");
            assert!(read(&path, Access::Shared).is_ok());
        }
        for closed in [0o600, 0o400] {
            fs::set_permissions(&path, Permissions::from_mode(closed)).unwrap();
            assert!(read(&path, Access::Private).is_ok(), "{closed:o}");
        }
    }

    #[test]
    fn only_files_of_reasonable_length_are_read() {
        let root = tempfile::tempdir().unwrap();
        assert!(matches!(read(&root.path().join("none"), Access::Shared), Ok(None)));
        assert!(matches!(read(root.path(), Access::Shared), Err(WalletError::Io { .. })));
        let path = root.path().join("file");
        fs::write(&path, vec![b' '; 64 * 1024]).unwrap();
        assert!(matches!(read(&path, Access::Shared), Ok(Some(_))));
        fs::write(&path, vec![b' '; 64 * 1024 + 1]).unwrap();
        assert!(matches!(read(&path, Access::Shared), Err(WalletError::TooLarge { .. })));
    }
}
