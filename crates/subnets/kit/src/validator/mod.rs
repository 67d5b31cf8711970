//! A validator on a chain: rounds, averages, weights.
//!
//! ```text
//! metagraph ──▶ sample ──▶ round ──▶ averages ──▶ weights ──▶ set, or commit and reveal
//!   seats        a cycle    scores     kept         within      before each epoch
//!   replaced ─────────────────────────▶ forgotten   the limits
//! ```
//!
//! [`engine`] decides, and the loops do what it decides.

mod engine;
mod reveals;
mod rounds;
mod timing;
mod weights;

pub(crate) use engine::SeatView;

use self::{engine::ValidatorEngine, weights::weigh};
use super::{
    Judge, Task,
    event::NeuronEvent,
    member::{Member, MemberError, seat_views},
    memory::{self, MemoryError, ValidatorMemory},
    round::JUDGING_LIMIT,
    scores::{ONE, Score},
};
use core::fmt;
use futures::FutureExt;
use myelin_client::MetagraphInfo;
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::{Dendrite, Peer, V1Policy};
use myelin_primitives::{BlockNumber, Fraction, MILLION, Uid};
use myelin_wire::{PublicKey, v1::MAX_BODY};
use std::{
    cmp::Reverse,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// The file of the persistent state.
const MEMORY: &str = "validator.json";

/// The options of a validator.
#[derive(Clone, Debug)]
pub struct ValidatingOptions {
    /// The greatest number of miners in a round.
    pub sample: usize,
    /// The interval in which the challenges of a round are sent, each at a random moment.
    ///
    /// The next round begins after it, or after the last answer.
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
    /// The longest time for each step of the judge. A round that takes longer is dropped.
    pub judging_limit: Duration,
    /// The treatment of v1 miners. Their answers are claims, and are worth at most a half.
    pub v1: V1Policy,
}

impl Default for ValidatingOptions {
    /// Returns options that ask 16 miners every 12 s, each for up to 12 s, with a tenth for the newest score, and no
    /// v1 miners.
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
            judging_limit: JUDGING_LIMIT,
            v1: V1Policy::Refused,
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
    v1: V1Policy,
    engine: Arc<Mutex<ValidatorEngine>>,
    /// The lock is held while the file is written, so that an older state never replaces a newer one.
    writing: Arc<Mutex<()>>,
}

impl Board {
    /// Returns the miners that can be asked, the best first.
    pub fn standings(&self) -> Vec<BoardEntry> {
        let own = self.member.hotkey();
        let seats = self.seats();
        let engine = self.engine();
        let others = seats.into_iter().filter(|seat| seat.hotkey != own);
        let standing = |seat: SeatView| {
            let score = engine.score(seat.key());
            Some(BoardEntry { uid: seat.uid, peer: seat.reach.ok()?, score })
        };
        let mut standings: Vec<_> = others.filter_map(standing).collect();
        standings.sort_by_key(|standing| (Reverse(standing.score.map_or(0, |score| score.average)), standing.uid));
        standings
    }

    /// Records that a miner failed a consumer: its answer was missing, broken, stalled or wrong.
    ///
    /// It counts as a score of 0 with a quarter of the weight of a challenge, at most once a minute for each pair of
    /// miner and consumer, and not in an own outage. A consumer that leaves is no failure of the miner.
    pub fn note_organic_failure(&self, miner: PublicKey, consumer: PublicKey) {
        let snapshot = self.member.snapshot();
        if let Some(neuron) = snapshot.by_hotkey(&miner) {
            self.engine().organic_failure((miner, neuron.registered_at), consumer, Instant::now());
        }
    }

    /// Returns the median of the clocks of miners that signed answers, less the own clock, in milliseconds.
    pub fn clock_offset(&self) -> Option<i64> {
        self.engine().clock_offset()
    }

    /// Returns all seats of the subnet, as of the last final block that was read.
    fn seats(&self) -> Vec<SeatView> {
        self.seats_of(&self.member.snapshot())
    }

    fn seats_of(&self, snapshot: &MetagraphInfo) -> Vec<SeatView> {
        seat_views(snapshot, self.member.addresses(), self.v1)
    }

    fn engine(&self) -> MutexGuard<'_, ValidatorEngine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and stores it.
    async fn change<R>(&self, change: impl FnOnce(&mut ValidatorEngine) -> R) -> (R, Result<(), String>) {
        let changed = change(&mut self.engine());
        (changed, self.save().await)
    }

    /// Stores the state on a thread that may block. Dropping the future does not interrupt it.
    async fn save(&self) -> Result<(), String> {
        let board = self.clone();
        let saved = tokio::task::spawn_blocking(move || {
            let _writing = board.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let (path, bytes) = {
                let engine = board.engine();
                (engine.memory.path().to_owned(), engine.memory.to_bytes()?)
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
    dendrite: Arc<Dendrite>,
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
        let engine = Arc::new(Mutex::new(ValidatorEngine::new(memory)));
        let board = Board { member: member.clone(), v1: options.v1, engine, writing: Arc::default() };
        let dendrite = member.dendrite().v1(options.v1).max_answer(options.max_answer);
        Ok(Self { board, task, judge, dendrite: Arc::new(dendrite), options })
    }

    /// Returns the dendrite of its challenges.
    ///
    /// Questions of consumers are asked with it too, so that they look the same.
    pub fn dendrite(&self) -> Arc<Dendrite> {
        Arc::clone(&self.dendrite)
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
        // No round can delay a submission. The work ends when the handle is dropped.
        let (work, weighing) = weigh(self.board(), self.options.version_key, self.options.lead).remote_handle();
        drop(tokio::spawn(work));
        let ended = tokio::select! {
            () = stop => Ok(()),
            ended = self.hold_rounds() => Err(ended),
            ended = weighing => Err(ended.into()),
        };
        self.member().send(NeuronEvent::Stopping);
        if let Err(error) = self.board.save().await {
            self.member().send(NeuronEvent::NotSaved { error });
        }
        self.member().report().flush().await;
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
