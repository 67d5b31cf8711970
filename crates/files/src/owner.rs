//! Owners and modes that other users cannot misuse.

use crate::{FileError, FileFault};
use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// The bits of a mode that are permissions.
const PERMISSIONS: u32 = 0o777;

/// The permissions of group and others, which a private file must not have.
const OTHERS: u32 = 0o077;

/// The permissions to write of group and others, which the folder of a private file must not have.
const OTHERS_WRITE: u32 = 0o022;

/// The id of the user that may do all.
const ROOT: u32 = 0;

/// Checks that a folder belongs to this user or to root, and that no other user may write it.
///
/// Another user who may write a folder can replace each file in it, also a private one.
///
/// # Errors
/// [`FileFault::Foreign`], [`FileFault::FolderTooOpen`], or [`FileFault::Io`] from the system.
pub fn check_folder(path: &Path) -> Result<(), FileError> {
    let metadata = fs::metadata(path).map_err(FileError::at("open", path))?;
    folder(metadata.uid(), metadata.mode(), user()).map_err(FileError::at("use the folder", path))
}

/// Checks that an open file belongs to this user, and that no other user may open it.
pub(crate) fn check_private(metadata: &Metadata) -> Result<(), FileFault> {
    private(metadata.uid(), metadata.mode(), user())
}

fn folder(owner: u32, mode: u32, user: u32) -> Result<(), FileFault> {
    if ![user, ROOT].contains(&owner) {
        return Err(FileFault::Foreign { owner });
    }
    if mode & OTHERS_WRITE == 0 { Ok(()) } else { Err(FileFault::FolderTooOpen { mode: mode & PERMISSIONS }) }
}

fn private(owner: u32, mode: u32, user: u32) -> Result<(), FileFault> {
    if owner != user {
        return Err(FileFault::Foreign { owner });
    }
    if mode & OTHERS == 0 { Ok(()) } else { Err(FileFault::TooOpen { mode: mode & PERMISSIONS }) }
}

/// Returns the id of the user whose rights this process has.
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    #[test]
    fn nh_81_a_private_file_is_its_owners_only() {
        assert!(matches!(private(7, 0o100_600, 7), Ok(())));
        for owner in [ROOT, 8] {
            let refused = private(owner, 0o100_600, 7);
            assert!(matches!(refused, Err(FileFault::Foreign { owner: told }) if told == owner), "{owner}");
        }
        for mode in [0o610, 0o620, 0o640, 0o601, 0o602, 0o604] {
            let refused = private(7, 0o100_000 | mode, 7);
            assert!(matches!(refused, Err(FileFault::TooOpen { mode: told }) if told == mode), "{mode:o}");
        }
    }

    #[test]
    fn nh_82_a_folder_is_written_by_its_owner_only() {
        for owner in [ROOT, 7] {
            for mode in [0o700, 0o755, 0o1755, 0o555] {
                assert!(matches!(folder(owner, 0o40_000 | mode, 7), Ok(())), "{owner} {mode:o}");
            }
        }
        assert!(matches!(folder(8, 0o40_700, 7), Err(FileFault::Foreign { owner: 8 })));
        for mode in [0o777, 0o770, 0o720, 0o702] {
            let refused = folder(7, 0o41_000 | mode, 7);
            assert!(matches!(refused, Err(FileFault::FolderTooOpen { mode: told }) if told == mode), "{mode:o}");
        }
    }

    #[test]
    fn a_refused_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        check_folder(folder.path()).unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        let error = check_folder(folder.path()).unwrap_err();
        let path = folder.path().display();
        assert_eq!(
            error.to_string(),
            format!("cannot use the folder `{path}`: its mode 777 lets other users write it")
        );
        assert!(matches!(check_folder(&folder.path().join("none")).unwrap_err().source, FileFault::Io(_)));
    }
}
