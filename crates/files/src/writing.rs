//! Writes that survive a crash: a temporary file beside the target, then a move.

use crate::{
    Access, FileError, FileFault,
    disk::{Disk, System},
    error::no_file,
};
use std::{
    fs,
    io::{self, ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The beginning of the names of temporary files.
///
/// A crash can leave such a file behind. Programs pass over names that begin so.
pub const TEMPORARY_PREFIX: &str = ".myelin-";

/// The treatment of a file that is in the way.
///
/// A link counts as existing and is replaced itself; the file that it leads to is not touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExisting {
    /// The write fails with [`FileFault::Exists`].
    Refuse,
    /// The new file takes its place. A folder, pipe, socket or device is refused.
    Replace,
}

/// Writes a file whole or not at all, and creates the folders above it.
///
/// The content and its name are on the disk when this returns. Until then readers see the old file, or none. Folders
/// that exist keep their mode.
///
/// # Errors
/// [`FileFault::Exists`] with [`OnExisting::Refuse`]; [`FileFault::Io`] from the system. The old file is then
/// untouched and the temporary one removed. After an error of `sync` on the folder the new file is in its place, but a
/// power cut can still undo it.
pub fn write(path: &Path, bytes: &[u8], access: Access, on_existing: OnExisting) -> Result<(), FileError> {
    write_on(System, path, bytes, access, on_existing)
}

/// A file that is written piece by piece and appears whole or not at all.
///
/// The pieces are not buffered. A writer that is dropped before [`Writer::finish`] leaves no trace.
#[derive(Debug)]
pub struct Writer(Draft<System>);

impl Writer {
    /// Begins a file, and creates the folders above it.
    ///
    /// # Errors
    /// [`FileFault::Exists`] with [`OnExisting::Refuse`]; [`FileFault::Io`] from the system.
    pub fn create(path: &Path, access: Access, on_existing: OnExisting) -> Result<Self, FileError> {
        Draft::create(System, path, access, on_existing).map(Self)
    }

    /// Moves the file to its place.
    ///
    /// # Errors
    /// As [`write()`].
    pub fn finish(self) -> Result<(), FileError> {
        self.0.finish()
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.file.flush()
    }
}

impl Seek for Writer {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.0.file.seek(position)
    }
}

/// Creates a folder and the folders above it, unless they exist.
///
/// # Errors
/// [`FileFault::Io`] from the system; also if something other than a folder is in the way.
pub fn create_folder(path: &Path, access: Access) -> Result<(), FileError> {
    create_folder_on(&System, path, access)
}

/// Removes a file, unless there is none. A link is removed itself.
///
/// The file stays gone after a power cut.
///
/// # Errors
/// [`FileFault::Io`] from the system; also for a folder.
pub fn remove(path: &Path) -> Result<(), FileError> {
    remove_on(&System, path)
}

/// Renames a file, and replaces the file that has the new name.
///
/// The new name stays after a power cut.
///
/// # Errors
/// [`FileFault::Io`] from the system; also if there is no file.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    rename_on(&System, from, to)
}

pub(crate) fn write_on(
    disk: impl Disk,
    path: &Path,
    bytes: &[u8],
    access: Access,
    on_existing: OnExisting,
) -> Result<(), FileError> {
    let mut draft = Draft::create(disk, path, access, on_existing)?;
    draft.file.write_all(bytes).map_err(FileError::at("write", path))?;
    draft.finish()
}

/// A file under its temporary name, which is removed unless the file is finished.
#[derive(Debug)]
pub(crate) struct Draft<D: Disk> {
    disk: D,
    path: PathBuf,
    temporary: PathBuf,
    on_existing: OnExisting,
    file: D::File,
    // Opened before anything is written, so that a folder that cannot be synced changes nothing.
    folder: D::Folder,
    is_finished: bool,
}

impl<D: Disk> Draft<D> {
    pub(crate) fn create(disk: D, path: &Path, access: Access, on_existing: OnExisting) -> Result<Self, FileError> {
        let failed = FileError::at::<FileFault>("write", path);
        if path.file_name().is_none() {
            return Err(failed(no_file().into()));
        }
        check_place(path, on_existing).map_err(&failed)?;
        let parent = folder_of(path);
        create_folder_on(&disk, parent, access)?;
        let folder = disk.open_folder(parent).map_err(FileError::at("open", parent))?;
        let temporary = parent.join(temporary_name().map_err(FileError::at("write", path))?);
        let file = disk.create_file(&temporary, access.file_mode()).map_err(FileError::at("write", path))?;
        Ok(Self { disk, path: path.to_owned(), temporary, on_existing, file, folder, is_finished: false })
    }

    pub(crate) fn finish(mut self) -> Result<(), FileError> {
        let failed = FileError::at::<io::Error>("write", &self.path);
        self.disk.sync_file(&self.file).map_err(&failed)?;
        match self.on_existing {
            OnExisting::Replace => self.disk.rename(&self.temporary, &self.path).map_err(&failed)?,
            OnExisting::Refuse => self.place_new()?,
        }
        self.is_finished = true;
        synced(self.disk.sync_folder(&self.folder), folder_of(&self.path))
    }

    /// Gives the file its name, unless something has that name.
    fn place_new(&self) -> Result<(), FileError> {
        let is_linked = match self.disk.link(&self.temporary, &self.path) {
            // Some file systems have no second names, such as FAT.
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
                self.disk.rename_new(&self.temporary, &self.path).map(|()| false)
            }
            linked => linked.map(|()| true),
        };
        let is_linked = is_linked.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => FileError::at("write", &self.path)(FileFault::Exists),
            _ => FileError::at("write", &self.path)(error),
        })?;
        if is_linked {
            self.disk.remove(&self.temporary).map_err(FileError::at("remove", &self.temporary))?;
        }
        Ok(())
    }
}

impl<D: Disk> Drop for Draft<D> {
    fn drop(&mut self) {
        if !self.is_finished {
            // The error that led here says more than one of the removal.
            let _ = self.disk.remove(&self.temporary);
        }
    }
}

/// Refuses a place before any work is done for it. The move itself refuses an existing file once more.
fn check_place(path: &Path, on_existing: OnExisting) -> Result<(), FileFault> {
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    match on_existing {
        OnExisting::Refuse => Err(FileFault::Exists),
        OnExisting::Replace if kind.is_file() || kind.is_symlink() => Ok(()),
        OnExisting::Replace => Err(no_file().into()),
    }
}

pub(crate) fn create_folder_on(disk: &impl Disk, path: &Path, access: Access) -> Result<(), FileError> {
    let missing: Vec<&Path> =
        path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()).collect();
    for folder in missing.into_iter().rev() {
        match disk.create_folder(folder, access.folder_mode()) {
            // Another process was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
            created => created.map_err(FileError::at("create the folder", folder))?,
        }
        sync(disk, folder_of(folder))?;
    }
    Ok(())
}

pub(crate) fn remove_on(disk: &impl Disk, path: &Path) -> Result<(), FileError> {
    match disk.remove(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(FileError::at("remove", path)).and_then(|()| sync(disk, folder_of(path))),
    }
}

pub(crate) fn rename_on(disk: &impl Disk, from: &Path, to: &Path) -> Result<(), FileError> {
    disk.rename(from, to).map_err(FileError::at("rename", from))?;
    let (left, entered) = (folder_of(from), folder_of(to));
    sync(disk, entered)?;
    if left == entered { Ok(()) } else { sync(disk, left) }
}

/// Waits until the entries of a folder are on the disk.
fn sync(disk: &impl Disk, folder: &Path) -> Result<(), FileError> {
    synced(disk.open_folder(folder).and_then(|folder| disk.sync_folder(&folder)), folder)
}

/// Accepts the error of file systems without folder syncs, such as some network ones.
fn synced(synced: io::Result<()>, folder: &Path) -> Result<(), FileError> {
    match synced {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced.map_err(FileError::at("sync", folder)),
    }
}

/// Returns the folder of a path. A name alone is in the current one.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns a name that no other process chooses.
fn temporary_name() -> io::Result<String> {
    let mut number = [0; 8];
    getrandom::fill(&mut number).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(format!("{TEMPORARY_PREFIX}{:016x}", u64::from_le_bytes(number)))
}

#[cfg(test)]
mod tests;
