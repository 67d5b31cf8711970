//! A validator on a chain: rounds, averages, weights.
//!
//! ```text
//! metagraph ──▶ sample ──▶ round ──▶ averages ──▶ weights ──▶ set, or commit and reveal
//!   seats        seeded     scores     kept         within      before each epoch
//!   replaced ─────────────────────────▶ forgotten   the limits
//! ```

mod reveals;
mod rounds;
mod timing;
mod weights;

use super::{
    Judge, Task,
    event::NeuronEvent,
    member::{Member, MemberError, peer},
    memory::{self, MemoryError, ValidatorMemory},
    scores::{ONE, Score},
};
use core::fmt;
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::{Dendrite, Directory, DirectoryEntry, Peer, V1Policy};
use myelin_primitives::{BlockNumber, Fraction, MILLION, Uid};
use myelin_wire::{PublicKey, v1::MAX_BODY};
use std::{
    cmp::Reverse,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The file of the persistent state.
const MEMORY: &str = "validator.json";

/// The options of a validator.
#[derive(Clone, Debug)]
pub struct ValidatingOptions {
    /// The greatest number of miners in a round.
    pub sample: usize,
    /// The time between the beginnings of two rounds, unless the first one takes longer.
    pub every: Duration,
    /// The longest wait for an answer.
    pub patience: Duration,
    /// The part of an average that the newest score makes up.
    pub newest: Fraction,
    /// The version key to send. By default the one that the subnet asks for.
    pub version_key: Option<u64>,
    /// The blocks before an epoch at which weights are due; by default a third of the tempo, 3 to 25.
    pub lead: Option<BlockNumber>,
    /// The seed of challenges and samples, for reproducible trials.
    ///
    /// A miner that knows it knows the challenges in advance. By default the seed is random and secret.
    pub seed: Option<u64>,
    /// The greatest length of an answer, in bytes.
    pub max_answer: usize,
    /// The treatment of v1 miners.
    pub v1: V1Policy,
}

impl Default for ValidatingOptions {
    /// Returns options that ask 16 miners every 12 s, each for up to 12 s, with a tenth for the newest score.
    fn default() -> Self {
        Self {
            sample: 16,
            every: Duration::from_secs(12),
            patience: Duration::from_secs(12),
            newest: Fraction::from_ppm(MILLION / 10).unwrap_or(Fraction::HALF),
            version_key: None,
            lead: None,
            seed: None,
            max_answer: MAX_BODY,
            v1: V1Policy::default(),
        }
    }
}

/// A failure that ends a validator.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// The persistent state cannot be read.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The seat or the subnet is lost.
    #[error(transparent)]
    Ended(#[from] MemberError),
    /// The system provides no random numbers, so miners could foresee their challenges.
    #[error("the system gives no random numbers: {0}")]
    Randomness(String),
}

impl Diagnostic for ValidateError {
    fn code(&self) -> &'static str {
        "neuron"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Memory(error) => error.hints(out),
            Self::Ended(ended) => ended.hints(out),
            Self::Randomness(_) => {}
        }
    }
}

/// The entry of a serving miner on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardEntry {
    /// The uid of the miner.
    pub uid: Uid,
    /// The miner as a peer.
    pub peer: Peer,
    /// The score of the miner, if it was asked yet.
    pub score: Option<Score>,
}

/// The board of a validator: the serving miners and their scores. All copies share one state.
#[derive(Clone)]
pub struct Board {
    member: Member,
    memory: Arc<Mutex<ValidatorMemory>>,
    /// The lock is held while the file is written, so that an older state never replaces a newer one.
    writing: Arc<Mutex<()>>,
}

impl Board {
    /// Returns the miners that serve, the best first.
    pub fn standings(&self) -> Vec<BoardEntry> {
        let seats = self.member.table().seats();
        let own = self.member.hotkey();
        let memory = self.memory();
        let others = seats.into_iter().filter(|(hotkey, _)| *hotkey != own);
        let standing = |seat: (PublicKey, DirectoryEntry)| {
            Some(BoardEntry { uid: seat.1.uid, peer: peer(&seat)?, score: memory.scores.get(seat.0) })
        };
        let mut standings: Vec<_> = others.filter_map(standing).collect();
        standings.sort_by_key(|standing| (Reverse(standing.score.map_or(0, |score| score.average)), standing.uid));
        standings
    }

    fn memory(&self) -> MutexGuard<'_, ValidatorMemory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and stores it.
    async fn change<R>(&self, change: impl FnOnce(&mut ValidatorMemory) -> R) -> (R, Result<(), String>) {
        let changed = change(&mut self.memory());
        (changed, self.save().await)
    }

    /// Stores the state on a thread that may block. Dropping the future does not interrupt it.
    async fn save(&self) -> Result<(), String> {
        let board = self.clone();
        let saved = tokio::task::spawn_blocking(move || {
            let _writing = board.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let (path, bytes) = {
                let memory = board.memory();
                (memory.path().to_owned(), memory.to_bytes()?)
            };
            memory::write(&path, &bytes)
        });
        match saved.await {
            Ok(saved) => saved.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Board").field(&self.member).finish()
    }
}

/// Returns an average in parts of a million.
pub fn average_ppm(average: u64) -> u64 {
    u64::try_from(u128::from(average.min(ONE)).saturating_mul(MILLION.into()) / u128::from(ONE)).unwrap_or(0)
}

/// A validator of one subnet.
pub struct Validator<T, J> {
    board: Board,
    task: Arc<T>,
    judge: Arc<J>,
    dendrite: Dendrite,
    options: ValidatingOptions,
}

impl<T: Task, J: Judge<T>> Validator<T, J> {
    /// Opens a validator with its persistent state.
    ///
    /// # Errors
    /// [`ValidateError::Memory`] if the state cannot be read.
    pub fn open(
        member: &Member,
        task: Arc<T>,
        judge: Arc<J>,
        options: ValidatingOptions,
    ) -> Result<Self, ValidateError> {
        let path = member.state().file(MEMORY);
        let memory = ValidatorMemory::open(path, member.chain().genesis(), member.netuid(), member.hotkey())?;
        let memory = Arc::new(Mutex::new(memory));
        let board = Board { member: member.clone(), memory, writing: Arc::default() };
        let dendrite = member.dendrite().v1(options.v1).max_answer(options.max_answer);
        Ok(Self { board, task, judge, dendrite, options })
    }

    /// Returns the board.
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Holds rounds and sets weights until `stop`. All results are stored by then.
    ///
    /// # Errors
    /// [`ValidateError`] if the validator cannot go on.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), ValidateError> {
        let ended = tokio::select! {
            () = stop => Ok(()),
            ended = self.hold_rounds() => Err(ended),
            ended = self.weigh() => Err(ended.into()),
        };
        self.member().send(NeuronEvent::Stopping);
        if let Err(error) = self.board.save().await {
            self.member().send(NeuronEvent::NotSaved { error });
        }
        ended
    }

    fn member(&self) -> &Member {
        &self.board.member
    }
}

impl<T, J> fmt::Debug for Validator<T, J> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Validator").field(&self.board.member).finish()
    }
}
