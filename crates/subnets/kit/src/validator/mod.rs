//! A validator on a real chain: rounds, averages, weights.
//!
//! ```text
//! metagraph ──▶ sample ──▶ round ──▶ averages ──▶ weights ──▶ set, or commit and reveal
//!   seats        seeded     scores     kept         within      before each epoch
//!   replaced ─────────────────────────▶ forgotten   the limits
//! ```

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
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The file of what is kept.
const MEMORY: &str = "validator.json";

/// How a validator asks and weighs.
#[derive(Clone, Debug)]
pub struct ValidatingOptions {
    /// The miners that are asked in a round, at most.
    pub sample: usize,
    /// From the beginning of one round to that of the next, if the round is over by then.
    pub every: Duration,
    /// How long a question is waited for.
    pub patience: Duration,
    /// How much of an average is its newest score.
    pub newest: Fraction,
    /// The version of the validator's software, for subnets that ask for a newer one.
    pub version_key: u64,
    /// How many blocks before an epoch weights are due; by default a third of the blocks between two, 3 to 25.
    pub lead: Option<BlockNumber>,
    /// What challenges and samples are drawn from, for trials that are to be had again. Miners who know it know what comes;
    /// by default nobody does.
    pub seed: Option<u64>,
    /// The bytes that an answer may have.
    pub max_answer: usize,
    /// Whether miners of the older protocol are asked.
    pub v1: V1Policy,
    /// At which address this machine is seen from outside: neurons there are asked on the loopback interface.
    pub seen_at: Option<IpAddr>,
}

impl Default for ValidatingOptions {
    /// Asks 16 miners every 12 s for at most that long; a tenth of an average is new.
    fn default() -> Self {
        Self {
            sample: 16,
            every: Duration::from_secs(12),
            patience: Duration::from_secs(12),
            newest: Fraction::from_ppm(MILLION / 10).unwrap_or(Fraction::HALF),
            version_key: 0,
            lead: None,
            seed: None,
            max_answer: MAX_BODY,
            v1: V1Policy::default(),
            seen_at: None,
        }
    }
}

/// A validator cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// What it kept cannot be read.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The seat or the subnet is gone.
    #[error(transparent)]
    Ended(#[from] MemberError),
    /// The system gives no randomness, so miners could foresee what they are asked.
    #[error("the system gives no randomness: {0}")]
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

/// What a validator knows of a miner that serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardEntry {
    /// Its seat.
    pub uid: Uid,
    /// How to ask it.
    pub peer: Peer,
    /// How it answered, if it was asked yet.
    pub score: Option<Score>,
}

/// What a validator knows of miners, for whoever wants the best ones. Copies show the same.
#[derive(Clone)]
pub struct Board {
    member: Member,
    memory: Arc<Mutex<ValidatorMemory>>,
    /// Held while the file is written, so that an older memory never replaces a newer one.
    writing: Arc<Mutex<()>>,
}

impl Board {
    /// The miners that serve, the best first.
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

    /// Changes what is kept, and writes it down.
    async fn change<R>(&self, change: impl FnOnce(&mut ValidatorMemory) -> R) -> (R, Result<(), String>) {
        let changed = change(&mut self.memory());
        (changed, self.save().await)
    }

    /// Writes down what is kept, on a thread that may wait, also if whoever waits for it goes.
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

/// An average in parts of a million.
pub fn average_ppm(average: u64) -> u64 {
    u64::try_from(u128::from(average.min(ONE)).saturating_mul(MILLION.into()) / u128::from(ONE)).unwrap_or(0)
}

/// A validator.
pub struct Validator<T, J> {
    board: Board,
    task: Arc<T>,
    judge: Arc<J>,
    dendrite: Dendrite,
    options: ValidatingOptions,
}

impl<T: Task, J: Judge<T>> Validator<T, J> {
    /// A validator that goes on with what it kept.
    ///
    /// # Errors
    /// [`ValidateError::Memory`].
    pub fn open(
        member: &Member,
        task: Arc<T>,
        judge: Arc<J>,
        options: ValidatingOptions,
    ) -> Result<Self, ValidateError> {
        let path = member.state().file(MEMORY);
        let memory = ValidatorMemory::open(path, member.chain().genesis(), member.netuid(), member.public())?;
        let memory = Arc::new(Mutex::new(memory));
        let board = Board { member: member.clone(), memory, writing: Arc::default() };
        let mut dendrite = Dendrite::new(member.signer()).v1(options.v1).max_answer(options.max_answer);
        if let Some(ip) = options.seen_at {
            dendrite = dendrite.at(ip);
        }
        Ok(Self { board, task, judge, dendrite, options })
    }

    /// What it knows of miners.
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Asks, scores and weighs until `stop`. What it learned is written down by then.
    ///
    /// # Errors
    /// [`ValidateError`], if it cannot go on.
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
