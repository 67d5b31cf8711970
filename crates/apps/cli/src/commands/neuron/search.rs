//! A search for proof of work that outlives the process.

use crate::{
    error::CliError,
    folders,
    output::{OutputError, ProgressLine, note},
    terminal::PromptError,
    transact::ReadyPlan,
};
use myelin_client::records::consent::KeyConsent;
use myelin_client::{
    BlockNumber, CallError, Chain, IncludedTransaction, NetUid, PublicKey,
    subxt::utils::H256,
    work::{SearchEvent, SearchState, WorkSearch, expected_attempts},
};
use myelin_files::{Access, FileError, OnExisting};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    io::{self, IsTerminal},
    num::NonZeroUsize,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    signal::ctrl_c,
    time::{MissedTickBehavior, interval, sleep},
};

/// Number of refused proofs after which the search fails.
///
/// Other searches are faster now and then, but not always.
const ATTEMPTS: u32 = 20;

/// Maximum number of bytes of a search file that are read.
const MAX_BYTES: u64 = 64 * 1024;

/// Seconds between two lines of progress where standard error is no terminal.
const PROGRESS_INTERVAL: u64 = 30;

/// Work of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Effort {
    /// Number of seals that were tried.
    tried: u64,
    /// Duration of the search, in seconds.
    seconds: u64,
}

impl fmt::Display for Effort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} tried seals in {}", count(self.tried), duration(self.seconds))
    }
}

/// Progress of a search, as stored on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchFile {
    /// Genesis hash of the chain.
    genesis: H256,
    /// Number of seals that were tried.
    tried: u64,
    /// Duration of the search, in seconds.
    seconds: u64,
    /// Height, hash and difficulty of the searched block, and the first nonce that was not tried.
    at: Option<(BlockNumber, H256, u64, u64)>,
}

/// The file of a search.
#[derive(Debug)]
struct SearchStore {
    path: PathBuf,
    /// Progress of earlier processes.
    before: SearchFile,
    genesis: H256,
    since: Instant,
}

impl SearchStore {
    /// Reads the progress of an earlier process.
    ///
    /// A file that cannot be read counts as none: nothing but a count is lost.
    fn open(path: PathBuf, genesis: H256) -> Self {
        let read = myelin_files::read(&path, Access::Shared, MAX_BYTES).ok().flatten();
        let read = read.and_then(|bytes| serde_json::from_slice::<SearchFile>(&bytes).ok());
        let before = read.filter(|kept| kept.genesis == genesis).unwrap_or_default();
        Self { path, before, genesis, since: Instant::now() }
    }

    fn position(&self) -> Option<SearchState> {
        self.before.at.map(|(block, hash, difficulty, next_nonce)| SearchState { block, hash, difficulty, next_nonce })
    }

    /// Returns the work of this process and of earlier ones.
    fn effort(&self, tried: u64) -> Effort {
        Effort {
            tried: self.before.tried.saturating_add(tried),
            seconds: self.before.seconds.saturating_add(self.since.elapsed().as_secs()),
        }
    }

    fn keep(&self, work: &WorkSearch) -> Result<(), CliError> {
        let Effort { tried, seconds } = self.effort(work.tried());
        let at = work.position().map(|at| (at.block, at.hash, at.difficulty, at.next_nonce));
        let kept = SearchFile { genesis: self.genesis, tried, seconds, at };
        let bytes = serde_json::to_vec(&kept).map_err(|error| OutputError::Write(error.into()))?;
        let written = myelin_files::write(&self.path, &bytes, Access::Shared, OnExisting::Replace);
        written.map_err(|FileError { source, .. }| CliError::file("write", &self.path)(source))
    }

    fn close(self) {
        // A file that stays has no effect: its hotkey has a seat, so that no search reads it.
        let _ = myelin_files::remove(&self.path);
    }
}

/// Returns the file of the search of a hotkey on a network.
///
/// # Errors
/// As [`folders::data`].
pub(super) fn search_path(netuid: NetUid, hotkey: &PublicKey) -> Result<PathBuf, CliError> {
    Ok(folders::data()?.join("work").join(format!("{netuid}-{hotkey}.json")))
}

/// The seat that a search is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct WantedSeat<'a> {
    /// Number of the subnet.
    pub(super) netuid: NetUid,
    /// Hotkey that takes the seat.
    pub(super) hotkey: &'a PublicKey,
    /// Owner of the hotkey.
    pub(super) coldkey: &'a PublicKey,
    /// Consent of the owner to a new pair.
    pub(super) consent: Option<KeyConsent>,
}

/// Searches until a proof has taken a seat.
///
/// Ctrl-C ends the search, and the next search continues it.
pub(super) async fn search(
    chain: &Chain,
    ready: &ReadyPlan,
    seat: WantedSeat<'_>,
    cores: Option<NonZeroUsize>,
    path: PathBuf,
) -> Result<(H256, IncludedTransaction, Effort), CliError> {
    let WantedSeat { netuid, hotkey, coldkey, consent } = seat;
    let notebook = SearchStore::open(path, chain.genesis());
    let cores = match cores {
        Some(cores) => cores,
        None => thread::available_parallelism().map_err(OutputError::Write)?,
    };
    tokio::select! {
        opened = wait_for_opening(chain) => opened?,
        signal = ctrl_c() => {
            signal.map_err(PromptError::Terminal)?;
            return Err(CliError::Interrupted);
        }
    }
    let mut work = WorkSearch::begin(chain, netuid, *hotkey, cores, notebook.position()).map_err(OutputError::Write)?;
    if notebook.before.tried > 0 {
        note(&format!("continuing after {}", notebook.effort(0)));
    }
    let mut attempts = 0;
    loop {
        let found = tokio::select! {
            found = find(&mut work, &notebook) => found,
            signal = ctrl_c() => {
                signal.map_err(PromptError::Terminal)?;
                Err(CliError::Interrupted)
            }
        };
        let proof = match found {
            Ok(proof) => proof,
            Err(error) => {
                notebook.keep(&work)?;
                if matches!(error, CliError::Interrupted) {
                    note(&format!("paused after {}; the same command goes on", notebook.effort(work.tried())));
                }
                return Err(error);
            }
        };
        match ready.submit(&proof.call(netuid, hotkey, coldkey, consent)).await {
            Ok((transaction, included)) => {
                let effort = notebook.effort(work.tried());
                notebook.close();
                return Ok((transaction, included, effort));
            }
            // The proof is lost, and the next one is as good.
            Err(error) if is_lost(&error) && attempts < ATTEMPTS => {
                attempts += 1;
                if let Some(uid) = chain.at_best().await?.uid(netuid, hotkey).await? {
                    return Err(CliError::Impossible {
                        message: format!("{hotkey} already has seat {uid} on subnet {netuid}"),
                        hint: format!("show it with `myelin neuron show --netuid {netuid}`").into(),
                    });
                }
                note(&format!("{error}; continuing the search"));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Waits until the next block is one in which registration by work is open (spec tokenomics §10).
async fn wait_for_opening(chain: &Chain) -> Result<(), CliError> {
    let mut is_told = false;
    loop {
        let now = chain.at_best().await?;
        let opens_at = now.launch().await?.opens_at;
        let left = u64::from(opens_at).saturating_sub(now.height().saturating_add(1));
        if left == 0 {
            return Ok(());
        }
        let slot = now.slot_duration().await?;
        if !is_told {
            let seconds = slot.saturating_mul(u32::try_from(left).unwrap_or(u32::MAX)).as_secs();
            note(&format!("registration opens in block {opens_at}, in {}", duration(seconds)));
            is_told = true;
        }
        sleep(slot).await;
    }
}

/// Returns true if the proof came too late, or other registrations took the seats of the block.
///
/// Work that was not seen is lost too: no block takes it later than three blocks after the one worked on.
fn is_lost(error: &CliError) -> bool {
    match error {
        CliError::Call { error, .. } => {
            matches!(**error, CallError::Refused(_) | CallError::Expired { .. } | CallError::Pallet { .. })
        }
        CliError::Unseen { .. } => true,
        _ => false,
    }
}

/// Searches until a proof is found, and shows the progress.
async fn find(work: &mut WorkSearch, notebook: &SearchStore) -> Result<myelin_client::work::SeatWork, CliError> {
    let watched = io::stderr().is_terminal();
    let mut progress = ProgressLine::new("waiting for a block to work on");
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (began, tried_before, mut ticks, mut said) = (Instant::now(), work.tried(), 0_u64, false);
    loop {
        tokio::select! {
            happened = work.next() => match happened {
                Ok(SearchEvent::Found(proof)) => return Ok(proof),
                Ok(SearchEvent::Block(_)) => notebook.keep(work)?,
                Err(error) if error.is_outage() => note(&format!("{error}; trying again")),
                Err(error) => return Err(error.into()),
            },
            _ = seconds.tick() => {
                ticks += 1;
                if watched || !said || ticks.is_multiple_of(PROGRESS_INTERVAL) {
                    let tried = work.tried() - tried_before;
                    if let (Some(at), Some(rate)) = (work.position(), rate(tried, began.elapsed())) {
                        said = true;
                        progress.step(state(&at, rate, work.threads(), notebook.effort(work.tried()).tried));
                    }
                }
            }
        }
    }
}

/// Returns the seals per second, once they can be measured.
fn rate(tried: u64, time: Duration) -> Option<NonZeroRate> {
    let rate = u128::from(tried) * 1_000 / time.as_millis().max(1);
    u64::try_from(rate).ok().and_then(NonZeroRate::new)
}

/// Seals per second, at least one.
type NonZeroRate = std::num::NonZeroU64;

/// Describes the progress of a search in words.
fn state(at: &SearchState, rate: NonZeroRate, cores: usize, tried: u64) -> String {
    let expected = expected_attempts(at.difficulty);
    format!(
        "block {}: {} seals a second on {cores} cores; {} takes {} on average, {} tried so far",
        at.block,
        count(rate.get()),
        count(expected),
        duration(expected / rate),
        count(tried)
    )
}

/// Formats a number with three or four digits and a word for its magnitude.
fn count(number: u64) -> String {
    let (unit, name) = match number {
        0..10_000 => return number.to_string(),
        10_000..1_000_000 => (1_000, "thousand"),
        1_000_000..1_000_000_000 => (1_000_000, "million"),
        1_000_000_000..1_000_000_000_000 => (1_000_000_000, "billion"),
        _ => (1_000_000_000_000, "trillion"),
    };
    let hundredths = u128::from(number) * 100 / unit;
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    match whole {
        0..10 => format!("{whole}.{rest:02} {name}"),
        10..100 => format!("{whole}.{} {name}", rest / 10),
        _ => format!("{whole} {name}"),
    }
}

/// Formats a duration in its two largest units.
fn duration(seconds: u64) -> String {
    match seconds {
        0 => "less than a second".into(),
        1..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn numbers_and_times_are_short() {
        let counts = [0, 9_999, 10_000, 123_456, 1_234_567, 12_345_678, u64::MAX].map(count);
        let expected =
            ["0", "9999", "10.0 thousand", "123 thousand", "1.23 million", "12.3 million", "18446744 trillion"];
        assert_eq!(counts, expected);
        let times = [0, 59, 60, 3_725, 90_061].map(duration);
        assert_eq!(times, ["less than a second", "59 s", "1 min 0 s", "1 h 2 min", "1 d 1 h"]);
    }

    #[test]
    fn the_time_that_it_takes_follows_from_the_rate() {
        let at = SearchState { block: 7, hash: H256::zero(), difficulty: 10_000_000, next_nonce: 0 };
        let rate = rate(5_000_000, Duration::from_millis(2_500)).unwrap();
        assert_eq!(
            state(&at, rate, 2, 5_000_000),
            "block 7: 2.00 million seals a second on 2 cores; 10.0 million takes 5 s on average, 5.00 million tried so \
             far"
        );
        assert_eq!(super::rate(0, Duration::ZERO), None);
    }

    #[test]
    fn what_was_kept_is_found_again_on_the_same_chain() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.json");
        let kept =
            SearchFile { genesis: H256::repeat_byte(1), tried: 5, seconds: 6, at: Some((7, H256::zero(), 8, 9)) };
        fs::write(&path, serde_json::to_vec(&kept).unwrap()).unwrap();
        let notebook = SearchStore::open(path.clone(), H256::repeat_byte(1));
        assert_eq!(notebook.before, kept);
        assert_eq!(notebook.position().map(|at| at.next_nonce), Some(9));
        assert_eq!(notebook.effort(10).tried, 15);
        assert_eq!(SearchStore::open(path.clone(), H256::repeat_byte(2)).before, SearchFile::default());
        fs::write(&path, "{").unwrap();
        assert_eq!(SearchStore::open(path, H256::repeat_byte(1)).before, SearchFile::default());
    }

    mod formats {
        use super::*;
        use crate::fixture;
        use serde_json::{Value, json};

        #[test]
        fn search_state_1() {
            let kept: SearchFile = serde_json::from_slice(&fixture::read("search-state/1/search.json")).unwrap();
            let (block, hash, difficulty, next_nonce) = kept.at.unwrap();
            let said = json!({
                "genesis": kept.genesis,
                "seals_tried": kept.tried,
                "seconds": kept.seconds,
                "block": block,
                "block_hash": hash,
                "difficulty": difficulty,
                "next_nonce": next_nonce,
            });
            let meaning: Value = serde_json::from_slice(&fixture::read("search-state/1/meaning.json")).unwrap();
            assert_eq!(said, meaning);
            // As `SearchStore::keep` writes it.
            fixture::assert_written("search-state/1/search.json", &serde_json::to_vec(&kept).unwrap());
        }
    }
}
