//! Tests of reads.

use super::*;
use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    process::Command,
};
use tempfile::tempdir;

fn fault(path: &Path, access: Access, limit: u64) -> FileFault {
    let error = read(path, access, limit).unwrap_err();
    assert_eq!((error.doing, error.path.as_path()), ("read", path));
    error.source
}

#[test]
fn a_file_that_is_missing_is_none() {
    let folder = tempdir().unwrap();
    for path in [folder.path().join("file"), folder.path().join("none/file")] {
        for access in [Access::Private, Access::Shared] {
            assert!(read(&path, access, 9).unwrap().is_none());
        }
    }
    let link = folder.path().join("link");
    symlink("nowhere", &link).unwrap();
    assert!(read(&link, Access::Shared, 9).unwrap().is_none());
}

#[test]
fn a_file_under_a_file_is_an_error() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(fault(&file.join("under"), Access::Shared, 9), FileFault::Io(_)));
}

#[test]
fn a_file_may_have_as_many_bytes_as_its_limit() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    for length in [0_u32, 1, 2, 9, 65_536] {
        let content: Vec<u8> = (0..length).map(|number| number.to_le_bytes()[0]).collect();
        fs::write(&path, &content).unwrap();
        let limit = u64::from(length);
        for enough in [limit, limit + 1, u64::MAX] {
            assert_eq!(*read(&path, Access::Shared, enough).unwrap().unwrap(), content);
        }
        for less in [limit.saturating_sub(1), limit / 2].into_iter().filter(|less| *less < limit) {
            let fault = fault(&path, Access::Shared, less);
            assert!(matches!(fault, FileFault::TooLarge { limit } if limit == less), "{fault:?}");
        }
    }
}

#[test]
fn what_is_no_file_is_refused_without_waiting() {
    let folder = tempdir().unwrap();
    let [pipe, socket, link] = ["pipe", "socket", "link"].map(|name| folder.path().join(name));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _listener = UnixListener::bind(&socket).unwrap();
    symlink(&pipe, &link).unwrap();
    let text = |path: &Path| format!("cannot read `{}`: it is not a file", path.display());
    for path in [folder.path(), &pipe, Path::new("/dev/null"), Path::new("/dev/zero")] {
        for access in [Access::Private, Access::Shared] {
            assert_eq!(read(path, access, 9).unwrap_err().to_string(), text(path));
        }
    }
    assert_eq!(read(&link, Access::Shared, 9).unwrap_err().to_string(), text(&link));
    assert!(matches!(fault(&socket, Access::Shared, 9), FileFault::Io(_)));
}

#[test]
fn nh_81_a_link_is_followed_to_a_shared_file_only() {
    let folder = tempdir().unwrap();
    let [file, link, loose] = ["file", "link", "loose"].map(|name| folder.path().join(name));
    fs::write(&file, b"content").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    symlink("file", &link).unwrap();
    symlink("nowhere", &loose).unwrap();
    assert_eq!(**read(&link, Access::Shared, 7).unwrap().unwrap(), *b"content");
    for link in [&link, &loose] {
        assert!(matches!(fault(link, Access::Private, 7), FileFault::Link));
    }
    // The folder of the file may be behind a link: `check_folder` judges folders.
    let behind = folder.path().join("behind");
    symlink(".", &behind).unwrap();
    assert_eq!(**read(&behind.join("file"), Access::Private, 7).unwrap().unwrap(), *b"content");
}

#[test]
fn a_private_file_that_others_may_use_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, b"content").unwrap();
    for open in [0o610, 0o620, 0o640, 0o601, 0o602, 0o604, 0o666, 0o777] {
        fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
        let fault = fault(&path, Access::Private, 9);
        assert!(matches!(fault, FileFault::TooOpen { mode } if mode == open), "{open:o}: {fault:?}");
        assert!(read(&path, Access::Shared, 9).is_ok(), "{open:o}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o4644)).unwrap();
    assert!(matches!(fault(&path, Access::Private, 9), FileFault::TooOpen { mode: 0o644 }));
    for closed in [0o600, 0o400, 0o700, 0o4600] {
        fs::set_permissions(&path, Permissions::from_mode(closed)).unwrap();
        assert!(read(&path, Access::Private, 9).is_ok(), "{closed:o}");
    }
}

/// A file that gives `piece` bytes at a time and is interrupted before each of them.
struct Pieces<'a> {
    rest: &'a [u8],
    piece: usize,
    is_interrupted: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.is_interrupted = !self.is_interrupted;
        if self.is_interrupted {
            return Err(ErrorKind::Interrupted.into());
        }
        assert!(!to.is_empty(), "a read of no bytes cannot see the end");
        let length = self.piece.min(to.len()).min(self.rest.len());
        let (piece, rest) = self.rest.split_at(length);
        to[..length].copy_from_slice(piece);
        self.rest = rest;
        Ok(length)
    }
}

#[test]
fn a_file_that_grows_or_shrinks_meanwhile_is_read_as_it_is() {
    let bytes: Vec<u8> = (0..=40).collect();
    for length in 0..=40_u8 {
        let file = &bytes[..length.into()];
        for limit in 0..=42 {
            for expected in [0, 1, 7, u64::from(length), 41, u64::MAX] {
                for piece in [1, 3, 100] {
                    let mut pieces = Pieces { rest: file, piece, is_interrupted: false };
                    match content(&mut pieces, expected, limit) {
                        Ok(content) => assert!(u64::from(length) <= limit && *content == file),
                        Err(FileFault::TooLarge { limit: told }) => {
                            assert!(u64::from(length) > limit && told == limit);
                            // The rest of a file without end is not read.
                            let read = u64::from(length) - pieces.rest.len() as u64;
                            assert_eq!(read, limit + 1);
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
            }
        }
    }
}

#[test]
fn an_error_in_the_middle_of_a_file_is_reported() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(ErrorKind::UnexpectedEof.into())
        }
    }
    let mut file = b"begin".as_slice().chain(Broken);
    let fault = content(&mut file, 5, 9).unwrap_err();
    assert!(matches!(fault, FileFault::Io(error) if error.kind() == ErrorKind::UnexpectedEof));
}
