//! What dishonest miners do, for trying the defences of a subnet. Nobody earns anything with it, which is what
//! `docs/text-subnet.md` shows.

use crate::{
    Model,
    answer::{AnswerLine, TextAnswer},
    challenge::TextChallenge,
    miner::{TextMiner, failed},
    task::TextTask,
};
use myelin_neuron::{Dendrite, Failure, Peer};
use myelin_subnet_kit::Miner as _;
use myelin_wire::Synapse;
use std::{
    fmt,
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Handle;

/// What a miner does instead of its work.
pub enum Mischief {
    /// It writes with another model, most likely a smaller one.
    Smaller(Model),
    /// It lets others work: it takes the challenge to other miners, and says again what it has heard when they refuse.
    Copies {
        /// Asks the others.
        dendrite: Dendrite,
        /// Where they are.
        others: Box<dyn Fn() -> Vec<Peer> + Send + Sync>,
        /// What it heard last.
        heard: Mutex<Vec<Vec<u8>>>,
        /// Where the asking is done.
        runtime: Handle,
    },
    /// It answers the first of so many questions, and drops the others.
    Drops {
        /// Of how many.
        of: u64,
        /// The questions so far.
        count: AtomicU64,
    },
    /// It does this every so many questions, and is honest otherwise.
    Sometimes {
        /// Once in how many.
        of: u64,
        /// What.
        what: Box<Mischief>,
        /// The questions so far.
        count: AtomicU64,
    },
    /// It is silent.
    Silent,
    /// It takes this many times as long, and is honest otherwise.
    Slow(u32),
    /// It ends its answers in the middle.
    Truncates,
    /// It says the first thing that comes to mind.
    Nonsense,
}

/// A miner with something in mind.
pub struct MischievousMiner {
    honest: TextMiner<Model>,
    mischief: Mischief,
}

impl MischievousMiner {
    /// A miner that could do the work, and does this.
    pub const fn new(honest: TextMiner<Model>, mischief: Mischief) -> Self {
        Self { honest, mischief }
    }
}

impl Mischief {
    /// Answers one of so many questions.
    pub const fn drops(of: u64) -> Self {
        Self::Drops { of, count: AtomicU64::new(0) }
    }

    /// Misses one of so many questions.
    pub fn misses(of: u64) -> Self {
        Self::sometimes(of, Self::Silent)
    }

    /// Does something once in so many questions.
    pub fn sometimes(of: u64, what: Self) -> Self {
        Self::Sometimes { of, what: Box::new(what), count: AtomicU64::new(0) }
    }

    /// Takes challenges to these miners.
    pub fn copies(dendrite: Dendrite, others: impl Fn() -> Vec<Peer> + Send + Sync + 'static, runtime: Handle) -> Self {
        Self::Copies { dendrite, others: Box::new(others), heard: Mutex::default(), runtime }
    }
}

impl fmt::Debug for Mischief {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Smaller(_) => "Smaller",
            Self::Copies { .. } => "Copies",
            Self::Drops { .. } => "Drops",
            Self::Sometimes { .. } => "Sometimes",
            Self::Silent => "Silent",
            Self::Slow(_) => "Slow",
            Self::Truncates => "Truncates",
            Self::Nonsense => "Nonsense",
        })
    }
}

impl fmt::Debug for MischievousMiner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mischief.fmt(out)
    }
}

type Pieces<'a> = &'a mut dyn FnMut(Vec<u8>) -> ControlFlow<()>;

impl myelin_subnet_kit::Miner<TextTask> for MischievousMiner {
    fn answer(&self, challenge: TextChallenge) -> Result<TextAnswer, Failure> {
        self.honest.answer(challenge)
    }

    fn stream(&self, challenge: TextChallenge, pieces: Pieces<'_>) -> Result<(), Failure> {
        self.misbehave(&self.mischief, challenge, pieces)
    }
}

impl MischievousMiner {
    fn misbehave(&self, mischief: &Mischief, challenge: TextChallenge, pieces: Pieces<'_>) -> Result<(), Failure> {
        match mischief {
            Mischief::Smaller(other) => self.honest.secretly_with(other).stream(challenge, pieces),
            Mischief::Copies { dendrite, others, heard, runtime } => {
                let said = match runtime.block_on(relayed(dendrite, &others(), &challenge)) {
                    Some(said) => said,
                    None => heard.lock().unwrap_or_else(PoisonError::into_inner).clone(),
                };
                let said = if said.is_empty() { self.overheard(&challenge)? } else { said };
                heard.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&said);
                // Nobody needs to listen to the end.
                let _ = said.into_iter().try_for_each(pieces);
                Ok(())
            }
            Mischief::Drops { of, count } => match count.fetch_add(1, Ordering::Relaxed).checked_rem(*of) {
                Some(0) | None => self.honest.stream(challenge, pieces),
                Some(_) => Err(Failure::from("dropped")),
            },
            Mischief::Sometimes { of, what, count } => match count.fetch_add(1, Ordering::Relaxed).checked_rem(*of) {
                Some(0) => self.misbehave(what, challenge, pieces),
                _ => self.honest.stream(challenge, pieces),
            },
            Mischief::Silent => Err(Failure::from("silent")),
            Mischief::Slow(factor) => self.slowly(*factor, challenge, pieces),
            Mischief::Truncates => {
                let half = challenge.max_tokens / 2;
                let shorter = TextChallenge { max_tokens: half.max(1), ..challenge };
                self.honest.stream(shorter, pieces)
            }
            Mischief::Nonsense => {
                let other = TextChallenge { prompt: "Nonsense".to_owned(), ..challenge };
                self.honest.stream(other, pieces)
            }
        }
    }

    /// An answer to something else, as if it had been overheard.
    fn overheard(&self, challenge: &TextChallenge) -> Result<Vec<Vec<u8>>, Failure> {
        let mut said = Vec::new();
        let other = TextChallenge { seed: 0, ..challenge.clone() };
        self.honest.stream(other, &mut |piece| {
            said.push(piece);
            ControlFlow::Continue(())
        })?;
        Ok(said)
    }

    fn slowly(&self, factor: u32, challenge: TextChallenge, pieces: Pieces<'_>) -> Result<(), Failure> {
        let mut since = Instant::now();
        self.honest.stream(challenge, &mut |piece| {
            let took = since.elapsed();
            let wait = took.saturating_mul(factor.saturating_sub(1));
            #[expect(clippy::disallowed_methods, reason = "to be slow is what it is for")]
            thread::sleep(wait);
            let flow = pieces(piece);
            since = Instant::now();
            flow
        })
    }
}

/// What the first of some miners says that answers this.
async fn relayed(dendrite: &Dendrite, others: &[Peer], challenge: &TextChallenge) -> Option<Vec<Vec<u8>>> {
    let mut message = myelin_subnet_kit::question(&TextTask, challenge).ok()?;
    message.timeout = Some(Duration::from_secs(5).as_secs_f64());
    for other in others {
        if let Ok(said) = listen(dendrite, other, &message).await {
            return Some(said);
        }
    }
    None
}

async fn listen(dendrite: &Dendrite, other: &Peer, message: &Synapse) -> Result<Vec<Vec<u8>>, Failure> {
    let mut stream = dendrite.ask_stream(other, message).await.map_err(|error| failed(&error))?;
    let mut said = Vec::new();
    while let Some(piece) = stream.next().await.map_err(|error| failed(&error))? {
        said.push(piece.to_vec());
    }
    // A piece may be several lines.
    let whole = said.concat();
    let last = whole.strip_suffix(b"\n").and_then(|lines| lines.rsplit(|byte| *byte == b'\n').next());
    let ends = last.and_then(|line| AnswerLine::read(line).ok());
    if matches!(ends, Some(AnswerLine::End(_))) { Ok(said) } else { Err(Failure::from("half an answer")) }
}
