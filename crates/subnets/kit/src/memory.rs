//! The persistent state of a validator in one file: the scores of miners, and commits that are not revealed.

use super::scores::{ONE, Score, Scores};
use core::fmt::Debug;
use myelin_client::{PendingReveal, PublicKey};
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::{Access, FileError, FileFault, OnExisting};
use myelin_primitives::{BlockNumber, Entry, NetUid};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The version of the file. Files of other versions are refused.
const VERSION: u32 = 1;

/// The greatest size of the file in bytes: a few hundred for each of 256 seats, 2 000 for each commit, and a reserve.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The owner of the state. The state of another chain, subnet or hotkey is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryOwner {
    /// The hash of block 0.
    pub chain: String,
    /// The subnet.
    pub netuid: NetUid,
    /// The address of the hotkey.
    pub hotkey: String,
}

/// A failure to read or write the state.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is damaged, or of a version that this program does not know.
    #[error("`{}` is damaged, or has another version: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// The cause.
        reason: String,
    },
    /// The file belongs to another neuron.
    #[error("`{}` belongs to hotkey {} on subnet {} of chain {}", path.display(), whose.hotkey, whose.netuid, whose.chain)]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The owner of the file.
        whose: Box<MemoryOwner>,
    },
}

impl Diagnostic for MemoryError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Form { .. } => out.push("restore the file, or move it away and start without scores"),
            Self::Foreign { .. } => out.push("choose another folder for this neuron"),
            Self::File(_) => {}
        }
    }
}

/// The state of a validator.
#[derive(Debug)]
pub(super) struct ValidatorMemory {
    path: PathBuf,
    whose: MemoryOwner,
    hotkey: PublicKey,
    /// The number of rounds.
    pub(super) rounds: u64,
    /// The scores of miners.
    pub(super) scores: Scores,
    /// The weights that were committed and are not revealed, oldest first.
    pub(super) pending: Vec<PendingReveal>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryFile {
    version: u32,
    whose: MemoryOwner,
    rounds: u64,
    scores: Vec<StoredScore>,
    promises: Vec<StoredReveal>,
}

/// A [`PendingReveal`] in the file (spec weights §5.3).
#[derive(Serialize, Deserialize)]
struct StoredReveal {
    /// The hash on the chain in hexadecimal, for readers of the file. It follows from the other fields.
    hash: String,
    weights: Vec<Entry>,
    salt: Vec<u16>,
    version_key: u64,
    /// The last final block before the commit.
    after: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredScore {
    hotkey: String,
    since: BlockNumber,
    average: u64,
    asked: u64,
    answered: u64,
}

impl ValidatorMemory {
    /// Reads the file. Without a file the state is empty.
    ///
    /// # Errors
    /// [`MemoryError`] if the file cannot be read. The file stays as it is.
    pub(super) fn open(
        path: PathBuf,
        genesis: impl Debug,
        netuid: NetUid,
        hotkey: PublicKey,
    ) -> Result<Self, MemoryError> {
        let whose = MemoryOwner::new(genesis, netuid, &hotkey);
        match myelin_files::read(&path, Access::Private, MAX_BYTES) {
            Ok(Some(bytes)) => Self::read(&bytes, path, Some(whose)),
            Ok(None) => {
                let (scores, pending) = (Scores::default(), Vec::new());
                Ok(Self { path, whose, hotkey, rounds: 0, scores, pending })
            }
            Err(FileError { source: fault @ FileFault::TooLarge { .. }, .. }) => {
                Err(MemoryError::Form { path, reason: fault.to_string() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the content of a file of this owner, or of any owner if none is given.
    fn read(bytes: &[u8], path: PathBuf, whose: Option<MemoryOwner>) -> Result<Self, MemoryError> {
        let form = |reason: String| MemoryError::Form { path: path.clone(), reason };
        let key_of =
            |address: &str| myelin_wire::from_ss58(address).map_err(|error| form(format!("`{address}`: {error}")));
        let stored: MemoryFile = serde_json::from_slice(bytes).map_err(|error| form(error.to_string()))?;
        if stored.version != VERSION {
            return Err(form(format!("version {} instead of {VERSION}", stored.version)));
        }
        if whose.is_some_and(|whose| whose != stored.whose) {
            return Err(MemoryError::Foreign { path, whose: Box::new(stored.whose) });
        }
        let score = |stored: StoredScore| {
            let StoredScore { hotkey, since, average, asked, answered } = stored;
            let key = key_of(&hotkey)?;
            let score = Score { since, average, asked, answered };
            if average > ONE || answered > asked {
                Err(form(format!("{hotkey} has {score:?}")))
            } else {
                Ok((key, score))
            }
        };
        let scores = stored.scores.into_iter().map(score).collect::<Result<Scores, _>>()?;
        let (netuid, hotkey) = (stored.whose.netuid, key_of(&stored.whose.hotkey)?);
        let pending = stored.promises.into_iter().map(|stored| {
            let StoredReveal { hash: _, weights, salt, version_key, after } = stored;
            PendingReveal { netuid, weights, salt, version_key, made_at: after }
        });
        Ok(Self { path, whose: stored.whose, hotkey, rounds: stored.rounds, scores, pending: pending.collect() })
    }

    /// Returns the content of the file.
    ///
    /// # Errors
    /// [`MemoryError::Form`], which never occurs for a state made here.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, MemoryError> {
        let scores = self.scores.iter().map(|(hotkey, score)| {
            let Score { since, average, asked, answered } = score;
            StoredScore { hotkey: hotkey.to_string(), since, average, asked, answered }
        });
        let promises = self.pending.iter().map(|pending| {
            let hash = format!("{:?}", pending.hash(&self.hotkey));
            let PendingReveal { netuid: _, weights, salt, version_key, made_at } = pending.clone();
            StoredReveal { hash, weights, salt, version_key, after: made_at }
        });
        let stored = MemoryFile {
            version: VERSION,
            whose: self.whose.clone(),
            rounds: self.rounds,
            scores: scores.collect(),
            promises: promises.collect(),
        };
        let form = |error: serde_json::Error| MemoryError::Form { path: self.path.clone(), reason: error.to_string() };
        serde_json::to_vec_pretty(&stored).map_err(form)
    }

    /// Returns the path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes an atomic private file, because it contains salts.
///
/// # Errors
/// [`MemoryError::File`] if the file cannot be written.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), MemoryError> {
    Ok(myelin_files::write(path, bytes, Access::Private, OnExisting::Replace)?)
}

impl MemoryOwner {
    /// Returns the owner for this hotkey on this subnet of this chain.
    fn new(genesis: impl Debug, netuid: NetUid, hotkey: &PublicKey) -> Self {
        Self { chain: format!("{genesis:?}"), netuid, hotkey: hotkey.to_string() }
    }
}

/// Returns the content of a validator's file as this version writes it. For fuzz targets.
///
/// # Errors
/// [`MemoryError::Form`] for bytes that are no such content.
pub fn rewritten(bytes: &[u8]) -> Result<Vec<u8>, MemoryError> {
    ValidatorMemory::read(bytes, PathBuf::new(), None)?.to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use myelin_primitives::Fraction;
    use std::{fs, os::unix::fs::PermissionsExt};

    const NETUID: NetUid = NetUid::new(1);

    fn open(path: PathBuf, netuid: u16) -> Result<ValidatorMemory, MemoryError> {
        ValidatorMemory::open(path, "0x01", NetUid::new(netuid), PublicKey::from_bytes([1; 32]))
    }

    fn filled(path: PathBuf) -> ValidatorMemory {
        let mut memory = open(path, 1).unwrap();
        memory.rounds = 7;
        let (all, half) = (Fraction::from_u16(u16::MAX), Fraction::HALF);
        memory.scores.note((PublicKey::from_bytes([2; 32]), 5), Verdict::Score(all), true, half);
        memory.scores.note((PublicKey::from_bytes([3; 32]), 0), Verdict::Score(Fraction::ZERO), false, half);
        let weights = vec![Entry::from((2, 65_535))];
        memory.pending = vec![PendingReveal { netuid: NETUID, weights, salt: vec![1, 2], version_key: 0, made_at: 9 }];
        memory
    }

    #[test]
    fn nothing_is_lost_from_one_start_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.json");
        let memory = filled(path.clone());
        write(&path, &memory.to_bytes().unwrap()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = open(path, 1).unwrap();
        assert_eq!((again.rounds, &again.scores, &again.pending), (7, &memory.scores, &memory.pending));
    }

    #[test]
    fn committed_weights_keep_their_form() {
        let memory = filled(PathBuf::new());
        let stored: serde_json::Value = serde_json::from_slice(&memory.to_bytes().unwrap()).unwrap();
        let hash = memory.pending[0].hash(&PublicKey::from_bytes([1; 32]));
        let form = serde_json::json!([{
            "hash": format!("{hash:?}"), "weights": [[2, 65_535]], "salt": [1, 2], "version_key": 0, "after": 9,
        }]);
        assert_eq!(stored["promises"], form);
    }

    #[test]
    fn a_file_beyond_its_limit_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.json");
        myelin_files::write(&path, b"", Access::Private, OnExisting::Replace).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let error = open(path.clone(), 1).unwrap_err();
        assert!(matches!(error, MemoryError::Form { .. }), "{error}");
        assert_eq!(fs::metadata(&path).unwrap().len(), MAX_BYTES + 1);
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.json");
        myelin_files::write(&path, &filled(path.clone()).to_bytes().unwrap(), Access::Private, OnExisting::Replace)
            .unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let foreign = open(path.clone(), 2).unwrap_err();
        assert!(matches!(foreign, MemoryError::Foreign { .. }), "{foreign}");
        for (from, to) in [
            ("\"version\": 1", "\"version\": 2"),
            ("\"answered\": 1", "\"answered\": 9"),
            ("\"average\": 2147483648", "\"average\": 4294967297"),
            ("{", "{ \"more\": 1,"),
            ("}", ""),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good, "{from}");
            myelin_files::write(&path, bad.as_bytes(), Access::Private, OnExisting::Replace).unwrap();
            let error = open(path.clone(), 1).unwrap_err();
            assert!(matches!(error, MemoryError::Form { .. }), "{from}: {error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
    }

    mod formats {
        use super::*;
        use crate::fixture;
        use serde_json::{Value, json};

        #[test]
        fn validator_1() {
            let stored = fixture::read("validator/1/validator.json");
            let memory = ValidatorMemory::read(&stored, PathBuf::new(), None).unwrap();
            let score = |(hotkey, score): (PublicKey, Score)| {
                let Score { since, average, asked, answered } = score;
                json!({
                    "hotkey": format!("{hotkey:#x}"),
                    "seat_since": since,
                    "average_of_2^32": average,
                    "asked": asked,
                    "answered": answered,
                })
            };
            let pending = |pending: &PendingReveal| {
                let weights = pending.weights.iter().map(|entry| (entry.uid.get(), entry.value));
                json!({
                    "hash": format!("{:?}", pending.hash(&memory.hotkey)),
                    "weights": weights.collect::<Vec<_>>(),
                    "salt": pending.salt,
                    "version_key": pending.version_key,
                    "made_after_block": pending.made_at,
                })
            };
            let said = json!({
                "genesis": memory.whose.chain,
                "netuid": memory.whose.netuid.get(),
                "validator": memory.whose.hotkey,
                "rounds": memory.rounds,
                "scores": memory.scores.iter().map(score).collect::<Vec<_>>(),
                "pending_reveals": memory.pending.iter().map(pending).collect::<Vec<_>>(),
            });
            let meaning: Value = serde_json::from_slice(&fixture::read("validator/1/meaning.json")).unwrap();
            assert_eq!(said, meaning);
            fixture::assert_written("validator/1/validator.json", &memory.to_bytes().unwrap());
        }
    }
}
