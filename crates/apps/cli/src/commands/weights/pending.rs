//! Committed weights that wait to be revealed: each a file that only its owner can read.
//!
//! The salt keeps others from guessing what was committed, and without it nothing can be revealed. So it is on disk before
//! the commit is sent, and stays until the commit was revealed or is over.

use crate::{error::CliError, output::OutputError};
use myelin_client::{Entry, NetUid, PublicKey, calls, subxt::utils::H256};
use myelin_files::{Access, FileError, OnExisting};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Numbers of a salt: 128 bits, which nobody guesses.
const SALT: usize = 8;

/// The most bytes of a file that is read: a row of all uids and a salt take a tenth.
const MAX_BYTES: u64 = 1 << 16;

/// What was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PendingReveal {
    /// The subnet.
    pub(super) netuid: NetUid,
    /// To whom how much, in the order that was committed.
    pub(super) weights: Vec<Entry>,
    /// What makes the hash unguessable.
    pub(super) salt: Vec<u16>,
    /// The version of the validator's software.
    pub(super) version_key: u64,
    /// The last final block when it was made.
    pub(super) made_at: u64,
}

impl PendingReveal {
    /// Makes one of these weights, with a fresh salt.
    pub(super) fn new(netuid: NetUid, weights: Vec<Entry>, version_key: u64, made_at: u64) -> Result<Self, CliError> {
        Self::with_source(netuid, weights, version_key, made_at, getrandom::fill)
    }

    /// The same, with random numbers from this source.
    fn with_source(
        netuid: NetUid,
        weights: Vec<Entry>,
        version_key: u64,
        made_at: u64,
        source: impl FnOnce(&mut [u8]) -> Result<(), getrandom::Error>,
    ) -> Result<Self, CliError> {
        let mut bytes = [0; SALT * 2];
        source(&mut bytes).map_err(CliError::Randomness)?;
        let salt = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        Ok(Self { netuid, weights, salt, version_key, made_at })
    }

    /// What is committed.
    pub(super) fn hash(&self, hotkey: &PublicKey) -> H256 {
        calls::commit_hash(hotkey, self.netuid, &self.weights, &self.salt, self.version_key)
    }
}

/// The promises of one hotkey on one chain.
#[derive(Clone, Debug)]
pub(super) struct PendingReveals {
    folder: PathBuf,
    hotkey: PublicKey,
}

impl PendingReveals {
    /// Returns those below the folder for data of this machine.
    pub(super) fn below(data: &Path, genesis: H256, hotkey: PublicKey) -> Self {
        let folder = data.join("weights").join(format!("{genesis:x}")).join(hotkey.to_string());
        Self { folder, hotkey }
    }

    /// Where they lie.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where one lies.
    pub(super) fn file(&self, promise: &PendingReveal) -> PathBuf {
        self.folder.join(format!("{}-{:x}.json", promise.netuid, promise.hash(&self.hotkey)))
    }

    /// Keeps one, so that it survives whatever happens next.
    pub(super) fn keep(&self, promise: &PendingReveal) -> Result<PathBuf, CliError> {
        let path = self.file(promise);
        let content = serde_json::to_vec_pretty(promise).map_err(|error| OutputError::Write(error.into()))?;
        let written = myelin_files::write(&path, &content, Access::Private, OnExisting::Replace);
        written.map_err(|FileError { source, .. }| CliError::file("write", &path)(source))?;
        Ok(path)
    }

    /// Forgets one.
    pub(super) fn forget(&self, promise: &PendingReveal) -> Result<(), CliError> {
        let path = self.file(promise);
        myelin_files::remove(&path).map_err(|FileError { source, .. }| CliError::file("remove", path)(source))
    }

    /// All of a subnet, the newest first.
    pub(super) fn all(&self, netuid: NetUid) -> Result<Vec<PendingReveal>, CliError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(CliError::file("read", &self.folder)(error)),
        };
        let mut promises = Vec::new();
        for entry in entries {
            let path = entry.map_err(CliError::file("read", &self.folder))?.path();
            if path.extension().is_some_and(|extension| extension == "json")
                && let Some(promise) = read(&path)?.filter(|promise| promise.netuid == netuid)
            {
                promises.push(promise);
            }
        }
        promises.sort_by_key(|promise| std::cmp::Reverse(promise.made_at));
        Ok(promises)
    }
}

/// A promise, unless the file is gone meanwhile.
fn read(path: &Path) -> Result<Option<PendingReveal>, CliError> {
    let content = myelin_files::read(path, Access::Shared, MAX_BYTES);
    let content = content.map_err(|FileError { source, .. }| CliError::file("read", path)(source))?;
    let promise = content.map(|content| serde_json::from_slice(&content)).transpose();
    promise.map_err(|error| CliError::file("understand", path)(io::Error::from(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_diagnostic::Diagnostic;
    use std::os::unix::fs::PermissionsExt;

    fn promises(folder: &tempfile::TempDir) -> PendingReveals {
        PendingReveals { folder: folder.path().join("mine"), hotkey: PublicKey::from_bytes([7; 32]) }
    }

    fn promise(netuid: u16, made_at: u64) -> PendingReveal {
        PendingReveal::new(NetUid::new(netuid), [(3, 60), (4, 40)].map(Entry::from).into(), 1, made_at).unwrap()
    }

    #[test]
    fn what_is_kept_is_found_again_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let promises = promises(&folder);
        assert_eq!(promises.all(NetUid::new(1)).unwrap(), []);
        let (old, new, elsewhere) = (promise(1, 5), promise(1, 9), promise(2, 9));
        for kept in [&old, &new, &elsewhere] {
            let path = promises.keep(kept).unwrap();
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(promises.all(NetUid::new(1)).unwrap(), [new.clone(), old.clone()]);
        promises.forget(&new).unwrap();
        promises.forget(&new).unwrap();
        assert_eq!(promises.all(NetUid::new(1)).unwrap(), [old]);
    }

    #[test]
    fn a_salt_is_never_the_same_twice() {
        let (one, other) = (promise(1, 5), promise(1, 5));
        assert_eq!(one.salt.len(), SALT);
        let hotkey = PublicKey::from_bytes([7; 32]);
        assert_ne!(one.hash(&hotkey), other.hash(&hotkey));
    }

    /// Without random numbers nothing is committed, and the error is not about a terminal.
    #[test]
    fn missing_randomness_is_named() {
        let missing = |_: &mut [u8]| Err(getrandom::Error::UNSUPPORTED);
        let error = PendingReveal::with_source(NetUid::new(1), Vec::new(), 1, 5, missing).unwrap_err();
        assert!(error.to_string().starts_with("the system gives no random numbers: "), "{error}");
        assert_eq!((error.code(), error.hint()), ("randomness", None));
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let promises = promises(&folder);
        let path = promises.keep(&promise(1, 5)).unwrap();
        fs::write(&path, "{").unwrap();
        let error = promises.all(NetUid::new(1)).unwrap_err().to_string();
        assert!(error.contains("understand") && error.contains(&path.display().to_string()), "{error}");
    }
}
