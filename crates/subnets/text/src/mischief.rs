//! Mischief: dishonest miners, to test the defences of a subnet.
//!
//! No mischief earns anything, as `docs/text-subnet.md` shows.

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

/// The dishonest behaviour of a miner.
pub enum Mischief {
    /// Writing with another model, usually a smaller one.
    Smaller(Model),
    /// Relaying challenges to other miners, and repeating an earlier answer if they refuse.
    Copies {
        /// The client that asks the others.
        dendrite: Box<Dendrite>,
        /// The other miners.
        others: Box<dyn Fn() -> Vec<Peer> + Send + Sync>,
        /// The last answer that the miner received.
        heard: Mutex<Vec<Vec<u8>>>,
        /// The runtime on which the miner asks.
        runtime: Handle,
    },
    /// Answering one of `of` challenges, and dropping the others.
    Drops {
        /// The number of challenges for one answer.
        of: u64,
        /// The challenges so far.
        count: AtomicU64,
    },
    /// Misbehaving at one of `of` challenges, and honest work otherwise.
    Sometimes {
        /// The number of challenges for one misbehaviour.
        of: u64,
        /// The misbehaviour.
        what: Box<Mischief>,
        /// The challenges so far.
        count: AtomicU64,
    },
    /// Silence.
    Silent,
    /// Taking this many times as long, and honest work otherwise.
    Slow(u32),
    /// Ending answers in the middle.
    Truncates,
    /// Answering another prompt.
    Nonsense,
}

/// A dishonest miner.
pub struct MischievousMiner {
    honest: TextMiner<Model>,
    mischief: Mischief,
}

impl MischievousMiner {
    /// Returns a miner that could do the work, and does this mischief instead.
    pub const fn new(honest: TextMiner<Model>, mischief: Mischief) -> Self {
        Self { honest, mischief }
    }
}

impl Mischief {
    /// Returns a mischief that answers one of this many challenges.
    pub const fn drops(of: u64) -> Self {
        Self::Drops { of, count: AtomicU64::new(0) }
    }

    /// Returns a mischief that misses one of this many challenges.
    pub fn misses(of: u64) -> Self {
        Self::sometimes(of, Self::Silent)
    }

    /// Returns a mischief that misbehaves at one of this many challenges.
    pub fn sometimes(of: u64, what: Self) -> Self {
        Self::Sometimes { of, what: Box::new(what), count: AtomicU64::new(0) }
    }

    /// Returns a mischief that relays challenges to these miners.
    pub fn copies(dendrite: Dendrite, others: impl Fn() -> Vec<Peer> + Send + Sync + 'static, runtime: Handle) -> Self {
        Self::Copies { dendrite: Box::new(dendrite), others: Box::new(others), heard: Mutex::default(), runtime }
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
                // The receiver may have stopped listening.
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

    /// Returns an answer to another challenge, as an earlier relay could have received it.
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

/// Returns the answer of the first of these miners that answers.
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
