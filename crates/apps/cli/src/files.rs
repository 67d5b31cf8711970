//! Files that are whole or not there.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

/// Who may read a file and look into its folder.
#[derive(Clone, Copy)]
struct Modes {
    file: u32,
    folder: u32,
}

/// Whoever the process lets.
const OPEN: Modes = Modes { file: 0o666, folder: 0o777 };

/// Its owner.
const SECRET: Modes = Modes { file: 0o600, folder: 0o700 };

/// Writes a file under a temporary name and moves it to its place, with the folders above it.
///
/// # Errors
/// What the system says. The file is then as it was.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    write(path, content, OPEN)
}

/// The same for what only its owner may read, with folders that only the owner may look into.
///
/// # Errors
/// As [`write_whole`].
pub(crate) fn write_secret(path: &Path, content: &[u8]) -> io::Result<()> {
    write(path, content, SECRET)
}

fn write(path: &Path, content: &[u8], modes: Modes) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(modes.folder).create(folder)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = folder.join(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(modes.file).open(&temporary)?;
    let written = file.write_all(content).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error says more than one of the clearing up.
        let _ = fs::remove_file(&temporary);
    }
    written
}
