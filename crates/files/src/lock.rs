//! Folders for one process.

use crate::{Access, FileError, FileFault, disk::flags, error::no_file, read};
use rustix::fs::OFlags;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process,
    sync::mpsc,
    thread,
    time::Duration,
};

/// The name of the file that is locked. It stays when the lock is gone.
const NAME: &str = "lock";

/// The permissions to read of owner, group and others.
const READ_ALL: u32 = 0o444;

/// A folder that no other process uses, by a lock of the operating system on the file `lock` in it.
///
/// The lock ends when this is dropped and when the process ends, also by a signal.
#[derive(Debug)]
pub struct FolderLock {
    #[expect(dead_code, reason = "the lock is on the open file")]
    file: File,
}

impl FolderLock {
    /// Takes the lock of a folder that exists, and waits for its holder up to `timeout`.
    ///
    /// The users that may read the folder may read a new file `lock`, so that they see the holder. Only the owner may
    /// write it.
    ///
    /// # Errors
    /// [`FileFault::Locked`] after `timeout`, with the folder and the id of the other process. [`FileFault::Io`] if
    /// `lock` is a link or no file, and from the system.
    pub fn take(folder: &Path, timeout: Duration) -> Result<Self, FileError> {
        let path = Self::path(folder);
        let mut options = OpenOptions::new();
        let mode = fs::metadata(folder).map_err(FileError::at("lock", &path))?.mode() & READ_ALL;
        // Not truncated: it names the holder.
        options.read(true).write(true).create(true).truncate(false).mode(mode | Access::Private.file_mode());
        let file = open(&mut options, &path).map_err(FileError::at("lock", &path))?;
        let mut file = lock(file, timeout).map_err(FileError::at("lock", &path))?.ok_or_else(|| FileError {
            doing: "lock",
            path: folder.to_owned(),
            source: FileFault::Locked { pid: pid(&path) },
        })?;
        file.set_len(0).and_then(|()| write!(file, "{}", process::id())).map_err(FileError::at("write", &path))?;
        Ok(Self { file })
    }

    /// Returns the path of the file that is locked.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join(NAME)
    }

    /// Returns the id of the process that holds the lock of a folder, as the file `lock` names it.
    ///
    /// `None` if the folder is free, or if the holder has not written its id yet. The file names an earlier holder while
    /// a new one has not written its id, and while another user holds the lock of a file that it may read. Send no signal
    /// to a process that does not have the file open.
    ///
    /// # Errors
    /// [`FileFault::Io`] if `lock` is a link or no file, and from the system.
    pub fn holder(folder: &Path) -> Result<Option<u32>, FileError> {
        let path = Self::path(folder);
        let file = match open(OpenOptions::new().read(true), &path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(FileError::at("read", &path))?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(pid(&path)),
            Err(TryLockError::Error(error)) => Err(FileError::at("lock", &path)(error)),
        }
    }
}

/// Opens the file of a lock, without following a link or waiting at a pipe.
fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY)).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) }
}

/// Locks a file within `timeout`. Returns `None` if another process holds it that long.
fn lock(file: File, timeout: Duration) -> io::Result<Option<File>> {
    match file.try_lock() {
        Ok(()) => return Ok(Some(file)),
        Err(TryLockError::WouldBlock) if timeout.is_zero() => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let (sender, locked) = mpsc::channel();
    // The system has no wait with a limit. A thread that waits too long lets go of the lock as soon as it has it.
    thread::Builder::new().spawn(move || {
        let locked = loop {
            match file.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                locked => break locked.map(|()| file),
            }
        };
        let _ = sender.send(locked);
    })?;
    locked.recv_timeout(timeout).ok().transpose()
}

/// Returns the number in the file of a lock, if there is one.
fn pid(path: &Path) -> Option<u32> {
    /// The bytes of the longest number, and room for white space.
    const LIMIT: u64 = 16;
    let content = read(path, Access::Shared, LIMIT).ok()??;
    std::str::from_utf8(&content).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests;
