//! Committed weights that are not revealed yet: one file each, which only its owner can read.
//!
//! The salt prevents that other neurons guess the weights, and the reveal needs it. It is written to disk before the
//! commit is sent, and stays until the commit is revealed or expired.

use crate::{error::CliError, output::OutputError};
use myelin_client::{NetUid, PendingReveal, PublicKey, subxt::utils::H256};
use myelin_files::{Access, FileError, OnExisting};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Largest size of a file that is read, in bytes. A row of all uids and a salt need a tenth.
const MAX_BYTES: u64 = 1 << 16;

/// The pending reveals of one hotkey on one chain.
#[derive(Clone, Debug)]
pub(super) struct PendingReveals {
    folder: PathBuf,
    hotkey: PublicKey,
}

impl PendingReveals {
    /// Returns the pending reveals below the data folder of this machine.
    pub(super) fn below(data: &Path, genesis: H256, hotkey: PublicKey) -> Self {
        let folder = data.join("weights").join(format!("{genesis:x}")).join(hotkey.to_string());
        Self { folder, hotkey }
    }

    /// Returns the folder of the files.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the file of a pending reveal.
    pub(super) fn file(&self, pending: &PendingReveal) -> PathBuf {
        self.folder.join(format!("{}-{:x}.json", pending.netuid, pending.hash(&self.hotkey)))
    }

    /// Writes a pending reveal to its file, and returns the path.
    pub(super) fn keep(&self, pending: &PendingReveal) -> Result<PathBuf, CliError> {
        let path = self.file(pending);
        let content = serde_json::to_vec_pretty(pending).map_err(|error| OutputError::Write(error.into()))?;
        let written = myelin_files::write(&path, &content, Access::Private, OnExisting::Replace);
        written.map_err(|FileError { source, .. }| CliError::file("write", &path)(source))?;
        Ok(path)
    }

    /// Removes the file of a pending reveal.
    pub(super) fn forget(&self, pending: &PendingReveal) -> Result<(), CliError> {
        let path = self.file(pending);
        myelin_files::remove(&path).map_err(|FileError { source, .. }| CliError::file("remove", path)(source))
    }

    /// Returns all pending reveals of a subnet, the newest first.
    pub(super) fn all(&self, netuid: NetUid) -> Result<Vec<PendingReveal>, CliError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(CliError::file("read", &self.folder)(error)),
        };
        let mut reveals = Vec::new();
        for entry in entries {
            let path = entry.map_err(CliError::file("read", &self.folder))?.path();
            if path.extension().is_some_and(|extension| extension == "json")
                && let Some(pending) = read(&path)?.filter(|pending| pending.netuid == netuid)
            {
                reveals.push(pending);
            }
        }
        reveals.sort_by_key(|pending| std::cmp::Reverse(pending.made_at));
        Ok(reveals)
    }
}

/// Reads a pending reveal. Returns `None` if the file no longer exists.
fn read(path: &Path) -> Result<Option<PendingReveal>, CliError> {
    let content = myelin_files::read(path, Access::Private, MAX_BYTES);
    let content = content.map_err(|FileError { source, .. }| CliError::file("read", path)(source))?;
    let pending = content.map(|content| serde_json::from_slice(&content)).transpose();
    pending.map_err(|error| CliError::file("understand", path)(io::Error::from(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_client::Entry;
    use std::os::unix::fs::PermissionsExt;

    fn reveals(folder: &tempfile::TempDir) -> PendingReveals {
        PendingReveals { folder: folder.path().join("mine"), hotkey: PublicKey::from_bytes([7; 32]) }
    }

    fn pending(netuid: u16, made_at: u64) -> PendingReveal {
        PendingReveal::new(NetUid::new(netuid), [(3, 60), (4, 40)].map(Entry::from).into(), 1, made_at).unwrap()
    }

    #[test]
    fn what_is_kept_is_found_again_and_only_its_owner_can_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let reveals = reveals(&folder);
        assert_eq!(reveals.all(NetUid::new(1)).unwrap(), []);
        let (old, new, elsewhere) = (pending(1, 5), pending(1, 9), pending(2, 9));
        for kept in [&old, &new, &elsewhere] {
            let path = reveals.keep(kept).unwrap();
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(reveals.all(NetUid::new(1)).unwrap(), [new.clone(), old.clone()]);
        reveals.forget(&new).unwrap();
        reveals.forget(&new).unwrap();
        assert_eq!(reveals.all(NetUid::new(1)).unwrap(), [old]);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let reveals = reveals(&folder);
        let path = reveals.keep(&pending(1, 5)).unwrap();
        myelin_files::write(&path, b"{", Access::Private, OnExisting::Replace).unwrap();
        let error = reveals.all(NetUid::new(1)).unwrap_err().to_string();
        assert!(error.contains("understand") && error.contains(&path.display().to_string()), "{error}");
    }

    mod formats {
        use super::*;
        use crate::fixture;
        use serde_json::{Value, json};

        #[test]
        fn pending_reveal_1() {
            let pending: PendingReveal =
                serde_json::from_slice(&fixture::read("pending-reveal/1/pending.json")).unwrap();
            let weights = pending.weights.iter().map(|entry| json!({ "uid": entry.uid.get(), "weight": entry.value }));
            let said = json!({
                "netuid": pending.netuid.get(),
                "weights": weights.collect::<Vec<_>>(),
                "salt": pending.salt,
                "version_key": pending.version_key,
                "made_after_block": pending.made_at,
            });
            let meaning: Value = serde_json::from_slice(&fixture::read("pending-reveal/1/meaning.json")).unwrap();
            assert_eq!(said, meaning);
            // As `PendingReveals::keep` writes it.
            fixture::assert_written("pending-reveal/1/pending.json", &serde_json::to_vec_pretty(&pending).unwrap());
        }
    }
}
