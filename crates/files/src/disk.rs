//! The system calls of a write.

use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// The calls that change the disk, so that a test can record each of them and let it fail.
pub(crate) trait Disk {
    /// An open file.
    type File: Write + Seek;
    /// An open folder.
    type Folder;

    /// Creates a folder.
    fn create_folder(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// Opens a folder, so that it can be synced.
    fn open_folder(&self, path: &Path) -> io::Result<Self::Folder>;
    /// Waits until the entries of a folder are on the disk.
    fn sync_folder(&self, folder: &Self::Folder) -> io::Result<()>;
    /// Creates a file that must not exist, not even as a link.
    fn create_file(&self, path: &Path, mode: u32) -> io::Result<Self::File>;
    /// Waits until the content of a file is on the disk.
    fn sync_file(&self, file: &Self::File) -> io::Result<()>;
    /// Moves a file and replaces the file in its way.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Moves a file, unless something is in its way.
    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, unless something is in its way.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file or a link.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The disk of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System;

impl Disk for System {
    type File = File;
    type Folder = File;

    fn create_folder(&self, path: &Path, mode: u32) -> io::Result<()> {
        DirBuilder::new().mode(mode).create(path)
    }

    fn open_folder(&self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    fn sync_folder(&self, folder: &File) -> io::Result<()> {
        folder.sync_all()
    }

    fn create_file(&self, path: &Path, mode: u32) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(mode).custom_flags(flags(OFlags::NOFOLLOW)).open(path)
    }

    fn sync_file(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    #[expect(clippy::disallowed_methods, reason = "this crate is the one that renames; its callers sync the folder")]
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// Returns flags as the standard library takes them.
pub(crate) fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}
