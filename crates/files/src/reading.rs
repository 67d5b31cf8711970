//! Bounded reads.

use crate::{Access, FileError, FileFault, disk::flags, error::no_file, owner};
use rustix::{fs::OFlags, io::Errno};
use std::{
    fs::OpenOptions,
    io::{ErrorKind, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};
use zeroize::Zeroizing;

/// Reads a file of at most `limit` bytes. Returns `None` if there is none.
///
/// With [`Access::Private`] a link is refused; with [`Access::Shared`] it is followed. The memory of the content is
/// wiped when it is dropped, and no copy is left behind.
///
/// # Errors
/// With [`Access::Private`], [`FileFault::Link`], [`FileFault::Foreign`] for a file of another user, and
/// [`FileFault::TooOpen`] for one that other users may open. [`FileFault::TooLarge`] beyond the limit, never a part of
/// the content. [`FileFault::Io`] for a folder, pipe, socket or device, and from the system.
pub fn read(path: &Path, access: Access, limit: u64) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let refused = FileError::at::<FileFault>("read", path);
    // Without waiting for the writer of a pipe, and without taking a terminal.
    let no_wait = OFlags::NONBLOCK | OFlags::NOCTTY;
    let how = match access {
        Access::Private => no_wait | OFlags::NOFOLLOW,
        Access::Shared => no_wait,
    };
    let mut file = match OpenOptions::new().read(true).custom_flags(flags(how)).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if access == Access::Private && error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err(refused(FileFault::Link));
        }
        file => file.map_err(FileError::at("read", path))?,
    };
    let metadata = file.metadata().map_err(FileError::at("read", path))?;
    if !metadata.is_file() {
        return Err(refused(no_file().into()));
    }
    if access == Access::Private {
        owner::check_private(&metadata).map_err(&refused)?;
    }
    content(&mut file, metadata.len(), limit).map(Some).map_err(refused)
}

/// Reads to the end, if it comes within `limit` bytes. `expected` bytes fit without a copy.
fn content(file: &mut impl Read, expected: u64, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileFault> {
    let bytes = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    // One byte more than the limit, to see that the file ends before it.
    let most = bytes(limit).saturating_add(1);
    let mut content = Zeroizing::new(vec![0; bytes(expected).saturating_add(1).min(most)]);
    let mut length = 0;
    loop {
        if length == content.len() {
            if length == most {
                return Err(FileFault::TooLarge { limit });
            }
            // The file has grown. A vector that grows by itself would leave its old memory unwiped.
            let mut larger = Zeroizing::new(vec![0; length.saturating_mul(2).min(most)]);
            larger[..length].copy_from_slice(&content);
            content = larger;
        }
        match file.read(&mut content[length..]) {
            Ok(0) => break,
            Ok(more) => length = length.saturating_add(more),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    content.truncate(length);
    Ok(content)
}

#[cfg(test)]
mod tests;
