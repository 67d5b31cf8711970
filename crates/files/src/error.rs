//! Errors of files and folders.

use myelin_diagnostic::{Diagnostic, Hints};
use std::{
    io,
    path::{Path, PathBuf},
};

/// A file or a folder that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} `{}`: {source}", .path.display())]
pub struct FileError {
    /// The action that failed, as a verb: `read`, `write`, `lock`.
    pub doing: &'static str,
    /// The file or the folder.
    pub path: PathBuf,
    /// The cause.
    pub source: FileFault,
}

/// The cause of a [`FileError`].
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// The system refuses, or the path leads to a folder, a pipe, a socket or a device.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file exists and must not be replaced.
    #[error("it exists")]
    Exists,
    /// Other users may open the private file.
    #[error("its mode {mode:03o} lets other users open it")]
    TooOpen {
        /// The permissions of the file.
        mode: u32,
    },
    /// Other users may write the folder, and so replace each file in it.
    #[error("its mode {mode:03o} lets other users write it")]
    FolderTooOpen {
        /// The permissions of the folder.
        mode: u32,
    },
    /// The private file or its folder belongs to another user.
    #[error("it belongs to another user, of id {owner}")]
    Foreign {
        /// The id of that user.
        owner: u32,
    },
    /// The private file is a link, which another user may have planted.
    #[error("it is a link")]
    Link,
    /// The file is longer than its limit.
    #[error("it has more than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Another process holds the lock of the folder.
    #[error("{} uses it", pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")))]
    Locked {
        /// The id of that process, if it has written it down.
        pid: Option<u32>,
    },
}

impl FileError {
    /// Returns a closure that makes an error of a cause.
    pub(crate) fn at<F: Into<FileFault>>(doing: &'static str, path: &Path) -> impl Fn(F) -> Self {
        move |source| Self { doing, path: path.to_owned(), source: source.into() }
    }
}

impl Diagnostic for FileError {
    fn code(&self) -> &'static str {
        match self.source {
            FileFault::Io(_) => "io",
            FileFault::Exists => "exists",
            FileFault::TooOpen { .. } | FileFault::FolderTooOpen { .. } => "too-open",
            FileFault::Foreign { .. } => "foreign",
            FileFault::Link => "link",
            FileFault::TooLarge { .. } => "too-large",
            FileFault::Locked { .. } => "locked",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self.source {
            FileFault::Io(_) => out.push("check the path and its permissions"),
            FileFault::Exists => out.push("choose another name, or remove the file"),
            FileFault::TooOpen { .. } => out.push(format!("run `chmod 600 {}`", self.path.display())),
            FileFault::FolderTooOpen { .. } => out.push(format!("run `chmod go-w {}`", self.path.display())),
            FileFault::Foreign { .. } => out.push("run as that user, or choose another path"),
            FileFault::Link => out.push("put the file itself in the place of the link"),
            FileFault::TooLarge { .. } => out.push("check that it is the right file"),
            FileFault::Locked { pid: Some(pid) } => {
                out.push(format!("stop process {pid}, or choose another folder"));
            }
            FileFault::Locked { pid: None } => out.push("stop the other process, or choose another folder"),
        }
    }
}

/// Returns the cause for a path that leads to something other than a regular file.
pub(crate) fn no_file() -> io::Error {
    io::Error::other("it is not a file")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(source: impl Into<FileFault>) -> FileError {
        FileError::at("read", Path::new("/x/y"))(source)
    }

    #[test]
    fn an_error_names_action_path_and_cause() {
        for (source, code, text, hint) in [
            (io::Error::other("broken").into(), "io", "broken", "check the path and its permissions"),
            (FileFault::Exists, "exists", "it exists", "choose another name, or remove the file"),
            (
                FileFault::TooOpen { mode: 0o44 },
                "too-open",
                "its mode 044 lets other users open it",
                "run `chmod 600 /x/y`",
            ),
            (
                FileFault::FolderTooOpen { mode: 0o777 },
                "too-open",
                "its mode 777 lets other users write it",
                "run `chmod go-w /x/y`",
            ),
            (
                FileFault::Foreign { owner: 7 },
                "foreign",
                "it belongs to another user, of id 7",
                "run as that user, or choose another path",
            ),
            (FileFault::Link, "link", "it is a link", "put the file itself in the place of the link"),
            (
                FileFault::TooLarge { limit: 9 },
                "too-large",
                "it has more than 9 bytes",
                "check that it is the right file",
            ),
            (
                FileFault::Locked { pid: Some(7) },
                "locked",
                "process 7 uses it",
                "stop process 7, or choose another folder",
            ),
            (
                FileFault::Locked { pid: None },
                "locked",
                "another process uses it",
                "stop the other process, or choose another folder",
            ),
        ] {
            let error = error(source);
            assert_eq!(error.to_string(), format!("cannot read `/x/y`: {text}"));
            assert_eq!(error.code(), code);
            assert!(Hints::of(&error).iter().eq([hint]), "{error}");
        }
    }

    #[test]
    fn the_cause_is_the_source() {
        let error = error(io::Error::from(io::ErrorKind::StorageFull));
        let source = std::error::Error::source(&error).unwrap().downcast_ref::<FileFault>();
        assert!(matches!(source, Some(FileFault::Io(error)) if error.kind() == io::ErrorKind::StorageFull));
    }
}
