//! Modes of files and folders.

/// The users that may open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The owner alone: files of mode 0600 in folders of mode 0700.
    Private,
    /// All users that the umask of the process allows: 0666 in folders of mode 0777, less the umask.
    Shared,
}

impl Access {
    /// Returns the mode of a new file.
    pub(crate) const fn file_mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Shared => 0o666,
        }
    }

    /// Returns the mode of a new folder.
    pub(crate) const fn folder_mode(self) -> u32 {
        match self {
            Self::Private => 0o700,
            Self::Shared => 0o777,
        }
    }
}
