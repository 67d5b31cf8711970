//! Reputations: the standing of miners by their proven, missing and wrong answers.
//!
//! A consumer cannot use a miner that answers every second question, so such a miner earns far less than half.
//! Reputation grows by a sixteenth with each proven answer. A missing answer halves it, and an answer that is proven
//! wrong sets it to zero. Scores are proportional to its third power. A miner that misses 1 % of the questions keeps 95
//! % of the pay, and one that drops half of them 0.5 %. One proven wrong answer in sixteen halves the pay. A new miner
//! reaches the full reputation after sixteen answers.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::{Access, FileError, FileFault, OnExisting};
use myelin_primitives::{Fraction, MILLION};
use myelin_wire::PublicKey;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The number of steps from no reputation to the full one.
const STEPS: u8 = 16;

/// The greatest number of miners in the table, which is above the seats of any subnet.
const MAX_HOTKEYS: usize = 4_096;

/// The greatest size of the file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The version of the file.
const VERSION: u32 = 1;

/// The reputation of a miner, from 0 to 16 steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reputation(u8);

/// The conduct of a miner in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundConduct {
    /// A proven answer.
    Proven,
    /// No valid answer in time.
    Missing,
    /// An answer that is not the model's.
    Wrong,
}

impl Reputation {
    /// The reputation of a new miner, and after a wrong answer.
    pub const NONE: Self = Self(0);
    /// The full reputation.
    pub const FULL: Self = Self(STEPS);

    /// Returns the reputation after a round with this conduct.
    #[must_use]
    pub fn after(self, conduct: RoundConduct) -> Self {
        match conduct {
            RoundConduct::Proven => Self(self.0.saturating_add(1).min(STEPS)),
            RoundConduct::Missing => Self(self.0 / 2),
            RoundConduct::Wrong => Self::NONE,
        }
    }

    /// Returns the third power, to which scores are proportional.
    pub fn cubed(self) -> Fraction {
        let cube = |number: u8| u32::from(number).saturating_pow(3);
        let parts = u64::from(cube(self.0)).saturating_mul(MILLION.into()).checked_div(cube(STEPS).into()).unwrap_or(0);
        u32::try_from(parts).ok().and_then(|parts| Fraction::from_ppm(parts).ok()).unwrap_or(Fraction::from_u16(0))
    }
}

/// The reputations of all miners, stored in a file if there is one.
#[derive(Debug, Default)]
pub struct Reputations {
    table: Mutex<BTreeMap<PublicKey, Reputation>>,
    file: Option<PathBuf>,
}

/// A failure to read or write the table of reputations.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} the reputations of miners in `{}`: {fault}", path.display())]
pub struct ReputationsError {
    doing: &'static str,
    path: PathBuf,
    #[source]
    fault: FileFault,
}

impl Diagnostic for ReputationsError {
    fn code(&self) -> &'static str {
        "io"
    }

    fn hints(&self, out: &mut Hints) {
        out.push("check that you may read and write the folder");
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReputationsFile {
    version: u32,
    reputations: BTreeMap<String, u8>,
}

impl Reputations {
    /// Opens the reputations in this file, which need not exist. An invalid file is moved aside.
    ///
    /// # Errors
    /// [`ReputationsError`] if the file exists and cannot be read.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, ReputationsError> {
        let path = path.into();
        let stored = match myelin_files::read(&path, Access::Private, MAX_BYTES) {
            Ok(None) => Ok(BTreeMap::new()),
            Ok(Some(bytes)) => parse(&bytes),
            Err(FileError { source: fault @ FileFault::TooLarge { .. }, .. }) => Err(fault.to_string()),
            Err(FileError { source: fault, .. }) => return Err(ReputationsError { doing: "read", path, fault }),
        };
        let table = match stored {
            Ok(table) => table,
            Err(reason) => {
                tracing::warn!(path = %path.display(), reason, "the reputations of miners are lost");
                myelin_files::rename(&path, &path.with_extension("damaged")).map_err(|error| ReputationsError {
                    doing: "move aside",
                    path: path.clone(),
                    fault: error.source,
                })?;
                BTreeMap::new()
            }
        };
        Ok(Self { table: Mutex::new(table), file: Some(path) })
    }

    /// Returns the reputation of a miner.
    pub fn of(&self, miner: PublicKey) -> Reputation {
        self.lock().get(&miner).copied().unwrap_or_default()
    }

    /// Records the conduct of miners and stores the table.
    ///
    /// # Errors
    /// [`ReputationsError`] if the table cannot be stored. The change in memory stays.
    pub fn note(&self, conducts: impl IntoIterator<Item = (PublicKey, RoundConduct)>) -> Result<(), ReputationsError> {
        let mut table = self.lock();
        for (miner, conduct) in conducts {
            let reputation = table.get(&miner).copied().unwrap_or_default().after(conduct);
            if reputation == Reputation::NONE {
                table.remove(&miner);
            } else {
                table.insert(miner, reputation);
            }
        }
        while table.len() > MAX_HOTKEYS {
            // The miner with the lowest reputation has the least to lose.
            let least = table.iter().min_by_key(|(_, reputation)| **reputation).map(|(miner, _)| *miner);
            least.map(|miner| table.remove(&miner));
        }
        let Some(path) = &self.file else { return Ok(()) };
        let reputations = table.iter().map(|(miner, reputation)| (miner.to_string(), reputation.0)).collect();
        let stored = ReputationsFile { version: VERSION, reputations };
        write(path, &stored).map_err(|fault| ReputationsError { doing: "write", path: path.clone(), fault })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PublicKey, Reputation>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Parses the table of a file.
///
/// # Errors
/// The fault of the content, as a text.
fn parse(bytes: &[u8]) -> Result<BTreeMap<PublicKey, Reputation>, String> {
    let stored: ReputationsFile = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if stored.version != VERSION || stored.reputations.len() > MAX_HOTKEYS {
        return Err(format!("it has version {} and {} entries", stored.version, stored.reputations.len()));
    }
    let entry = |(address, steps): (String, u8)| {
        let miner = myelin_wire::from_ss58(&address).map_err(|error| error.to_string())?;
        Ok((miner, Reputation(steps.min(STEPS))))
    };
    stored.reputations.into_iter().map(entry).collect()
}

/// Writes an atomic private file.
fn write(path: &Path, stored: &ReputationsFile) -> Result<(), FileFault> {
    let bytes = serde_json::to_vec(stored).map_err(io::Error::from)?;
    myelin_files::write(path, &bytes, Access::Private, OnExisting::Replace).map_err(|error| error.source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    fn after(conducts: &[RoundConduct]) -> Reputation {
        conducts.iter().fold(Reputation::FULL, |reputation, conduct| reputation.after(*conduct))
    }

    #[test]
    fn it_is_earned_slowly_and_lost_quickly() {
        use RoundConduct::{Missing, Proven, Wrong};
        assert_eq!(after(&[Proven]), Reputation::FULL);
        assert_eq!(after(&[Missing, Proven]), Reputation(9));
        assert_eq!(after(&[Wrong]), Reputation::NONE);
        assert_eq!(after(&[[Wrong].as_slice(), &[Proven; 16]].concat()), Reputation::FULL);
        assert_eq!(Reputation(8).cubed().of(1_000_000), 125_000);
        assert_eq!(Reputation::FULL.cubed().of(1_000_000), 1_000_000);
    }

    /// Returns the part of the pay, in millionths, that a miner keeps with this conduct in so many of a million rounds.
    fn keeps(conduct: RoundConduct, ppm: u64) -> u64 {
        let (mut reputation, mut dice, mut pay, rounds) = (Reputation::FULL, 1_u64, 0, 200_000);
        for _ in 0..rounds {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let proven = (dice >> 33) % 1_000_000 >= ppm;
            reputation = reputation.after(if proven { RoundConduct::Proven } else { conduct });
            pay += if proven { reputation.cubed().of(1_000_000) } else { 0 };
        }
        pay / rounds
    }

    #[test]
    fn the_page_says_what_unreliability_costs() {
        assert!((940_000..960_000).contains(&keeps(RoundConduct::Missing, 10_000)));
        assert!((3_000..7_000).contains(&keeps(RoundConduct::Missing, 500_000)));
        assert!(keeps(RoundConduct::Missing, 666_667) < 1_500);
        assert!((400_000..500_000).contains(&keeps(RoundConduct::Wrong, 62_500)));
    }

    #[test]
    fn it_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reputations.json");
        let (good, bad) = (PublicKey::from_bytes([1; 32]), PublicKey::from_bytes([2; 32]));
        let reputations = Reputations::open(&path).unwrap();
        reputations.note([(good, RoundConduct::Proven), (bad, RoundConduct::Proven)]).unwrap();
        reputations.note([(good, RoundConduct::Proven), (bad, RoundConduct::Wrong)]).unwrap();
        let again = Reputations::open(&path).unwrap();
        assert_eq!((again.of(good), again.of(bad)), (Reputation(2), Reputation::NONE));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_table_beyond_its_limit_is_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reputations.json");
        fs::File::create(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(Reputations::open(&path).unwrap().of(PublicKey::from_bytes([1; 32])), Reputation::NONE);
        assert_eq!(fs::metadata(folder.path().join("reputations.damaged")).unwrap().len(), MAX_BYTES + 1);
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_in_the_place_of_the_table_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = Reputations::open(folder.path()).unwrap_err();
        assert!(error.to_string().starts_with("cannot read the reputations of miners in `/"), "{error}");
    }

    #[test]
    fn a_damaged_table_is_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reputations.json");
        for damaged in ["", "{}", "{\"version\":2,\"reputations\":{}}", "{\"version\":1,\"reputations\":{\"x\":1}}"] {
            myelin_files::write(&path, &damaged, Access::Private, OnExisting::Replace).unwrap();
            assert_eq!(Reputations::open(&path).unwrap().of(PublicKey::from_bytes([1; 32])), Reputation::NONE);
            assert_eq!(fs::read_to_string(folder.path().join("reputations.damaged")).unwrap(), damaged);
            assert!(!path.exists());
        }
    }

    proptest! {
        #[test]
        fn the_table_is_bounded(keys in proptest::collection::btree_set(any::<u32>(), 0..50)) {
            let reputations = Reputations::default();
            let hotkey = |number: u32| PublicKey::from_bytes([number.to_le_bytes(); 8].concat().try_into().unwrap());
            reputations.note(keys.iter().map(|key| (hotkey(*key), RoundConduct::Proven))).unwrap();
            prop_assert_eq!(reputations.lock().len(), keys.len());
        }
    }

    mod formats {
        use super::*;
        use crate::fixture;
        use serde_json::{Value, json};

        #[test]
        fn reputations_1() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("reputations.json");
            myelin_files::write(
                &path,
                &fixture::read("reputations/1/reputations.json"),
                Access::Private,
                OnExisting::Replace,
            )
            .unwrap();
            let reputations = Reputations::open(&path).unwrap();
            let said: Vec<_> = reputations
                .lock()
                .iter()
                .map(|(miner, reputation)| {
                    json!({
                        "hotkey": format!("{miner:#x}"),
                        "steps_of_16": reputation.0,
                        "score_ppm": reputation.cubed().of(MILLION.into()),
                    })
                })
                .collect();
            let meaning: Value = serde_json::from_slice(&fixture::read("reputations/1/meaning.json")).unwrap();
            assert_eq!(json!({ "reputations": said }), meaning);
            reputations.note([]).unwrap();
            fixture::assert_written("reputations/1/reputations.json", &fs::read(&path).unwrap());
        }
    }
}
