//! What a validator keeps across restarts, in one file: how miners answered, and the weights it has promised.

use super::scores::{ONE, Score, Scores};
use myelin_client::PublicKey;
use myelin_neuron::file::{self, FileError};
use myelin_primitives::{BlockNumber, NetUid, Uid};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The form of the file. Another one is refused, not guessed at.
const VERSION: u32 = 1;

/// The bytes the file may have: a few hundred for each of 256 seats and for each of the promises, and room for more.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Whose memory it is. One of another chain, subnet or hotkey says nothing here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryOwner {
    /// The hash of block 0.
    pub chain: String,
    /// The subnet.
    pub netuid: NetUid,
    /// The address of the hotkey.
    pub hotkey: String,
}

/// Weights that were promised, with what keeping the promise takes. spec weights §5.3
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PendingReveal {
    /// The hash that is on the chain, in hexadecimal.
    pub(super) hash: String,
    /// The weights, as they are to be revealed.
    pub(super) weights: Vec<(Uid, u16)>,
    /// The salt. Secret until then.
    pub(super) salt: Vec<u16>,
    /// The version of the validator's software.
    pub(super) version_key: u64,
    /// The last final block before it was made.
    pub(super) after: BlockNumber,
}

/// The memory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is damaged, or of a version that this program does not know.
    #[error("`{}` is damaged, or was written by another version: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It is of another neuron.
    #[error("`{}` is of hotkey {} on subnet {} of chain {}", path.display(), whose.hotkey, whose.netuid, whose.chain)]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        whose: Box<MemoryOwner>,
    },
}

/// What a validator keeps.
#[derive(Debug)]
pub(super) struct ValidatorMemory {
    path: PathBuf,
    whose: MemoryOwner,
    /// How many rounds there were.
    pub(super) rounds: u64,
    /// How miners answered.
    pub(super) scores: Scores,
    /// The weights that were promised and are not revealed, oldest first.
    pub(super) promises: Vec<PendingReveal>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryFile {
    version: u32,
    whose: MemoryOwner,
    rounds: u64,
    scores: Vec<StoredScore>,
    promises: Vec<PendingReveal>,
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
    /// Reads the file; without one, nothing is remembered.
    ///
    /// # Errors
    /// [`MemoryError`]. What cannot be read is left as it is.
    pub(super) fn open(path: PathBuf, whose: MemoryOwner) -> Result<Self, MemoryError> {
        match file::read(&path, MAX_BYTES)? {
            Some(bytes) => Self::read(&bytes, path, Some(whose)),
            None => Ok(Self { path, whose, rounds: 0, scores: Scores::default(), promises: Vec::new() }),
        }
    }

    /// Reads the content of a file: of this owner's, if one is given, else of any.
    fn read(bytes: &[u8], path: PathBuf, whose: Option<MemoryOwner>) -> Result<Self, MemoryError> {
        let form = |reason: String| MemoryError::Form { path: path.clone(), reason };
        let stored: MemoryFile = serde_json::from_slice(bytes).map_err(|error| form(error.to_string()))?;
        if stored.version != VERSION {
            return Err(form(format!("version {} instead of {VERSION}", stored.version)));
        }
        if whose.is_some_and(|whose| whose != stored.whose) {
            return Err(MemoryError::Foreign { path, whose: Box::new(stored.whose) });
        }
        let score = |stored: StoredScore| {
            let StoredScore { hotkey, since, average, asked, answered } = stored;
            let key = myelin_wire::from_ss58(&hotkey).map_err(|error| form(format!("`{hotkey}`: {error}")))?;
            let score = Score { since, average, asked, answered };
            if average > ONE || answered > asked {
                Err(form(format!("{hotkey} has {score:?}")))
            } else {
                Ok((key, score))
            }
        };
        let scores = stored.scores.into_iter().map(score).collect::<Result<Scores, _>>()?;
        Ok(Self { path, whose: stored.whose, rounds: stored.rounds, scores, promises: stored.promises })
    }

    /// What the file is to hold.
    ///
    /// # Errors
    /// [`MemoryError::Form`], never for a memory made here.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, MemoryError> {
        let scores = self.scores.iter().map(|(hotkey, score)| {
            let Score { since, average, asked, answered } = score;
            StoredScore { hotkey: hotkey.to_string(), since, average, asked, answered }
        });
        let stored = MemoryFile {
            version: VERSION,
            whose: self.whose.clone(),
            rounds: self.rounds,
            scores: scores.collect(),
            promises: self.promises.clone(),
        };
        let form = |error: serde_json::Error| MemoryError::Form { path: self.path.clone(), reason: error.to_string() };
        serde_json::to_vec_pretty(&stored).map_err(form)
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl MemoryOwner {
    /// The memory of this hotkey on this subnet of this chain.
    pub(super) fn new(genesis: impl core::fmt::Debug, netuid: NetUid, hotkey: &PublicKey) -> Self {
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
    use myelin_primitives::Fraction;
    use std::fs;

    fn whose(netuid: u16) -> MemoryOwner {
        MemoryOwner::new("0x01", NetUid::new(netuid), &PublicKey::from_bytes([1; 32]))
    }

    fn filled(path: PathBuf) -> ValidatorMemory {
        let mut memory = ValidatorMemory::open(path, whose(1)).unwrap();
        memory.rounds = 7;
        let (all, half) = (Fraction::from_u16(u16::MAX), Fraction::HALF);
        memory.scores.note((PublicKey::from_bytes([2; 32]), 5), Some(all), half);
        memory.scores.note((PublicKey::from_bytes([3; 32]), 0), None, half);
        let weights = vec![(Uid::new(2), 65_535)];
        memory.promises =
            vec![PendingReveal { hash: "0xab".to_owned(), weights, salt: vec![1, 2], version_key: 0, after: 9 }];
        memory
    }

    #[test]
    fn nothing_is_lost_from_one_start_to_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.json");
        let memory = filled(path.clone());
        fs::write(&path, memory.to_bytes().unwrap()).unwrap();
        let again = ValidatorMemory::open(path, whose(1)).unwrap();
        assert_eq!((again.rounds, &again.scores, &again.promises), (7, &memory.scores, &memory.promises));
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.json");
        fs::write(&path, filled(path.clone()).to_bytes().unwrap()).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let foreign = ValidatorMemory::open(path.clone(), whose(2)).unwrap_err();
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
            fs::write(&path, &bad).unwrap();
            let error = ValidatorMemory::open(path.clone(), whose(1)).unwrap_err();
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
            let promise = |promise: &PendingReveal| {
                let weights: Vec<_> = promise.weights.iter().map(|(uid, weight)| (uid.get(), weight)).collect();
                json!({
                    "hash": promise.hash,
                    "weights": weights,
                    "salt": promise.salt,
                    "version_key": promise.version_key,
                    "made_after_block": promise.after,
                })
            };
            let said = json!({
                "genesis": memory.whose.chain,
                "netuid": memory.whose.netuid.get(),
                "validator": memory.whose.hotkey,
                "rounds": memory.rounds,
                "scores": memory.scores.iter().map(score).collect::<Vec<_>>(),
                "pending_reveals": memory.promises.iter().map(promise).collect::<Vec<_>>(),
            });
            let meaning: Value = serde_json::from_slice(&fixture::read("validator/1/meaning.json")).unwrap();
            assert_eq!(said, meaning);
            fixture::assert_written("validator/1/validator.json", &memory.to_bytes().unwrap());
        }
    }
}
