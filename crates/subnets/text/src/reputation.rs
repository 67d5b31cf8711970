//! Reputations: the standing of miners by their proven, missing and wrong answers.
//!
//! A consumer cannot use a miner that answers every second question, so such a miner earns far less than half.
//! Reputation grows by a sixteenth with each proven answer. A missing answer halves it, and an answer that is proven
//! wrong sets it to zero. Scores are proportional to its third power. A miner that misses 1 % of the questions keeps 95
//! % of the pay, and one that drops half of them 0.5 %. One proven wrong answer in sixteen halves the pay. A new miner
//! reaches the full reputation after sixteen answers.
//!
//! A reputation belongs to a seat: a hotkey that takes another seat starts over.

use myelin_diagnostic::{Diagnostic, Hints};
use myelin_files::{Access, FileError, FileFault, OnExisting};
use myelin_primitives::{BlockNumber, Fraction, MILLION};
use myelin_subnet_kit::SeatKey;
use myelin_wire::PublicKey;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
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

/// The version of the file. Version 1 is read too.
const VERSION: u32 = 2;

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

/// The reputation of the miner on a seat.
#[derive(Clone, Copy, Debug)]
struct SeatReputation {
    /// The block in which the hotkey took the seat. A file of version 1 does not say it: the next seat counts.
    since: Option<BlockNumber>,
    reputation: Reputation,
}

impl SeatReputation {
    /// Returns the reputation of the hotkey on a seat since this block.
    fn on(self, since: BlockNumber) -> Option<Reputation> {
        self.since.is_none_or(|known| known == since).then_some(self.reputation)
    }
}

type ReputationTable = BTreeMap<PublicKey, SeatReputation>;

/// The reputations of all miners, stored in a file if there is one.
#[derive(Debug, Default)]
pub struct Reputations {
    table: Mutex<ReputationTable>,
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
struct ReputationsFile<Entry> {
    version: u32,
    /// The entries by the addresses of hotkeys.
    reputations: BTreeMap<String, Entry>,
}

/// A reputation in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredReputation {
    since: Option<BlockNumber>,
    steps: u8,
}

/// The version of a file, whatever else it has.
#[derive(Deserialize)]
struct FileVersion {
    version: u32,
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

    /// Returns the reputation of the miner on a seat.
    pub fn of(&self, (miner, since): SeatKey) -> Reputation {
        self.lock().get(&miner).and_then(|known| known.on(since)).unwrap_or_default()
    }

    /// Records the conduct of miners and stores the table.
    ///
    /// # Errors
    /// [`ReputationsError`] if the table cannot be stored. The change in memory stays.
    pub fn note(&self, conducts: impl IntoIterator<Item = (SeatKey, RoundConduct)>) -> Result<(), ReputationsError> {
        let mut table = self.lock();
        for ((miner, since), conduct) in conducts {
            let known = table.get(&miner).and_then(|known| known.on(since));
            let reputation = known.unwrap_or_default().after(conduct);
            if reputation == Reputation::NONE {
                table.remove(&miner);
            } else {
                table.insert(miner, SeatReputation { since: Some(since), reputation });
            }
        }
        while table.len() > MAX_HOTKEYS {
            // The miner with the lowest reputation has the least to lose.
            let least = table.iter().min_by_key(|(_, known)| known.reputation).map(|(miner, _)| *miner);
            least.map(|miner| table.remove(&miner));
        }
        let Some(path) = &self.file else { return Ok(()) };
        let stored = |(miner, known): (&PublicKey, &SeatReputation)| {
            (miner.to_string(), StoredReputation { since: known.since, steps: known.reputation.0 })
        };
        let stored = ReputationsFile { version: VERSION, reputations: table.iter().map(stored).collect() };
        write(path, &stored).map_err(|fault| ReputationsError { doing: "write", path: path.clone(), fault })
    }

    fn lock(&self) -> MutexGuard<'_, ReputationTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Parses the table of a file.
///
/// # Errors
/// The fault of the content, as a text.
fn parse(bytes: &[u8]) -> Result<ReputationTable, String> {
    let FileVersion { version } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match version {
        1 => entries(bytes, |steps: u8| StoredReputation { since: None, steps }),
        VERSION => entries(bytes, |stored| stored),
        other => Err(format!("it has version {other}")),
    }
}

/// Parses the entries of a file, which `read` converts to those of today.
fn entries<Entry: DeserializeOwned>(
    bytes: &[u8],
    read: impl Fn(Entry) -> StoredReputation,
) -> Result<ReputationTable, String> {
    let stored: ReputationsFile<Entry> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if stored.reputations.len() > MAX_HOTKEYS {
        return Err(format!("it has {} entries", stored.reputations.len()));
    }
    let entry = |(address, stored): (String, Entry)| {
        let miner = myelin_wire::from_ss58(&address).map_err(|error| error.to_string())?;
        let StoredReputation { since, steps } = read(stored);
        Ok((miner, SeatReputation { since, reputation: Reputation(steps.min(STEPS)) }))
    };
    stored.reputations.into_iter().map(entry).collect()
}

/// Writes an atomic private file.
fn write(path: &Path, stored: &ReputationsFile<StoredReputation>) -> Result<(), FileFault> {
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
        let (good, bad) = ((PublicKey::from_bytes([1; 32]), 7), (PublicKey::from_bytes([2; 32]), 8));
        let reputations = Reputations::open(&path).unwrap();
        reputations.note([(good, RoundConduct::Proven), (bad, RoundConduct::Proven)]).unwrap();
        reputations.note([(good, RoundConduct::Proven), (bad, RoundConduct::Wrong)]).unwrap();
        let again = Reputations::open(&path).unwrap();
        assert_eq!((again.of(good), again.of(bad)), (Reputation(2), Reputation::NONE));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn nh_38_the_same_hotkey_on_another_seat_starts_over() {
        let (hotkey, reputations) = (PublicKey::from_bytes([1; 32]), Reputations::default());
        reputations.note([((hotkey, 5), RoundConduct::Proven); 3]).unwrap();
        assert_eq!((reputations.of((hotkey, 5)), reputations.of((hotkey, 9))), (Reputation(3), Reputation::NONE));
        reputations.note([((hotkey, 9), RoundConduct::Proven)]).unwrap();
        assert_eq!((reputations.of((hotkey, 5)), reputations.of((hotkey, 9))), (Reputation::NONE, Reputation(1)));
    }

    #[test]
    fn a_table_beyond_its_limit_is_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reputations.json");
        myelin_files::write(&path, b"", Access::Private, OnExisting::Replace).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(Reputations::open(&path).unwrap().of((PublicKey::from_bytes([1; 32]), 0)), Reputation::NONE);
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
        for damaged in ["", "{}", "{\"version\":3,\"reputations\":{}}", "{\"version\":1,\"reputations\":{\"x\":1}}"] {
            myelin_files::write(&path, damaged.as_bytes(), Access::Private, OnExisting::Replace).unwrap();
            assert_eq!(Reputations::open(&path).unwrap().of((PublicKey::from_bytes([1; 32]), 0)), Reputation::NONE);
            assert_eq!(fs::read_to_string(folder.path().join("reputations.damaged")).unwrap(), damaged);
            assert!(!path.exists());
        }
    }

    proptest! {
        #[test]
        fn the_table_is_bounded(keys in proptest::collection::btree_set(any::<u32>(), 0..50)) {
            let reputations = Reputations::default();
            let hotkey = |number: u32| PublicKey::from_bytes([number.to_le_bytes(); 8].concat().try_into().unwrap());
            reputations.note(keys.iter().map(|key| ((hotkey(*key), 0), RoundConduct::Proven))).unwrap();
            prop_assert_eq!(reputations.lock().len(), keys.len());
        }
    }

    mod formats {
        use super::*;
        use crate::fixture;
        use serde_json::{Value, json};

        /// Opens a copy of a file of this version, and returns its path and its meaning.
        fn opened(folder: &Path, version: u32) -> (PathBuf, Reputations, Value) {
            let path = folder.join("reputations.json");
            let content = fixture::read(&format!("reputations/{version}/reputations.json"));
            myelin_files::write(&path, &content, Access::Private, OnExisting::Replace).unwrap();
            let reputations = Reputations::open(&path).unwrap();
            let said: Vec<_> = reputations
                .lock()
                .iter()
                .map(|(miner, known)| {
                    json!({
                        "hotkey": format!("{miner:#x}"),
                        "seat_since": known.since,
                        "steps_of_16": known.reputation.0,
                        "score_ppm": known.reputation.cubed().of(MILLION.into()),
                    })
                })
                .collect();
            (path, reputations, json!({ "reputations": said }))
        }

        fn meaning(version: u32) -> Value {
            serde_json::from_slice(&fixture::read(&format!("reputations/{version}/meaning.json"))).unwrap()
        }

        #[test]
        fn reputations_1() {
            let folder = tempfile::tempdir().unwrap();
            let (_, reputations, mut said) = opened(folder.path(), 1);
            for entry in said["reputations"].as_array_mut().unwrap() {
                assert_eq!(entry.as_object_mut().unwrap().remove("seat_since"), Some(Value::Null));
            }
            assert_eq!(said, meaning(1));
            // The first seat on which the hotkey is noted keeps the reputation, and no other.
            let miner = PublicKey::from_bytes([3; 32]);
            assert_eq!(reputations.of((miner, 77)), Reputation(5));
            reputations.note([((miner, 77), RoundConduct::Proven)]).unwrap();
            assert_eq!((reputations.of((miner, 77)), reputations.of((miner, 78))), (Reputation(6), Reputation::NONE));
        }

        #[test]
        fn reputations_2() {
            let folder = tempfile::tempdir().unwrap();
            let (path, reputations, said) = opened(folder.path(), 2);
            assert_eq!(said, meaning(2));
            reputations.note([]).unwrap();
            fixture::assert_written("reputations/2/reputations.json", &fs::read(&path).unwrap());
        }
    }
}
