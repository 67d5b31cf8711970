//! The roles of the subnet on a real chain: everything that a process of a miner or a validator does, until it is to
//! stop.

use crate::{
    Model, ModelHash,
    draw::{ChallengeDraw, Prompts},
    gate::{Candidate, Candidates, Gate, GateLimits},
    judge::{CHECKED, Judgement, TextJudge},
    proof::Tolerance,
    published::{PublishedModelError, require},
    reputation::{Reputations, ReputationsError},
    task::TextTask,
};
use futures::FutureExt;
use myelin_client::ChainState;
use myelin_diagnostic::{Diagnostic, Hints};
use myelin_neuron::{Caller, Dendrite, Directory, MemoryDirectory, Priority, PriorityError, Rules};
use myelin_primitives::BlockNumber;
use myelin_subnet_kit::{
    AnnouncedAxon, Board, BoardEntry, Member, Miner, MiningOptions, ServeError, ServingOptions, ValidateError,
    ValidatingOptions, Validator, mine as serve_miner,
};
use std::{ops::RangeInclusive, sync::Arc};

/// The file of the reputations of miners.
const REPUTATIONS: &str = "reputations.json";

/// How often the chain is asked whether the subnet still has the same model, in blocks.
const POLL_INTERVAL: BlockNumber = 20;

/// Why a role cannot be taken, or ends.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// The subnet has another model, or none.
    #[error(transparent)]
    Published(#[from] PublishedModelError),
    /// The subnet has another model now.
    #[error("the subnet's model has changed: {0}")]
    Changed(Arc<PublishedModelError>),
    /// The axon.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The validator.
    #[error(transparent)]
    Validate(#[from] ValidateError),
    /// What is known of miners.
    #[error(transparent)]
    Reputations(#[from] ReputationsError),
    /// The system gives no randomness, so miners could foresee what is checked.
    #[error("the system gives no randomness: {0}")]
    Randomness(String),
}

impl Diagnostic for RoleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Published(error) => error.code(),
            Self::Changed(_) => "other-model",
            Self::Serve(error) => error.code(),
            Self::Validate(error) => error.code(),
            Self::Reputations(error) => error.code(),
            Self::Randomness(_) => "randomness",
        }
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Published(error) => error.hints(out),
            Self::Changed(error) => error.hints(out),
            Self::Serve(error) => error.hints(out),
            Self::Validate(error) => error.hints(out),
            Self::Reputations(error) => error.hints(out),
            Self::Randomness(_) => {}
        }
    }
}

/// How a validator of the text subnet works.
#[derive(Clone, Debug)]
pub struct TextValidatorOptions {
    /// How it asks and weighs.
    pub rounds: ValidatingOptions,
    /// How consumers reach it.
    pub serving: ServingOptions,
    /// How much they may ask.
    pub limits: GateLimits,
    /// Where prompts come from.
    pub prompts: Prompts,
    /// How many tokens are asked for.
    pub lengths: RangeInclusive<u16>,
    /// How many tokens of an answer are recomputed.
    pub checked: usize,
    /// What honest miners may differ by.
    pub tolerance: Tolerance,
}

impl Default for TextValidatorOptions {
    /// Prompts that a program makes, answers of 32 to 128 tokens, 32 of them checked.
    fn default() -> Self {
        Self {
            rounds: ValidatingOptions::default(),
            serving: ServingOptions::default(),
            limits: GateLimits::default(),
            prompts: Prompts::Made,
            lengths: 32..=128,
            checked: CHECKED,
            tolerance: Tolerance::F32,
        }
    }
}

/// Mines until `stop`, or until the subnet has another model than this.
///
/// # Errors
/// [`RoleError`].
pub async fn mine(
    member: &Member,
    model: ModelHash,
    miner: Arc<impl Miner<TextTask>>,
    options: MiningOptions,
    stop: impl Future<Output = ()>,
) -> Result<(), RoleError> {
    require(&now(member).await?, member.netuid(), model).await?;
    let stop = stop_or_change(member, model, stop).shared();
    serve_miner(member, Arc::new(TextTask), miner, options, stop.clone().map(drop)).await?;
    why(stop.peek())
}

/// Validates, and answers consumers, until `stop`, or until the subnet has another model than this. `with_judgement_sink` is told
/// of every judgement.
///
/// # Errors
/// [`RoleError`].
pub async fn validate(
    member: &Member,
    model: Model,
    options: TextValidatorOptions,
    telling: impl Fn(Judgement) + Send + Sync + 'static,
    stop: impl Future<Output = ()>,
) -> Result<(), RoleError> {
    let hash = model.hash();
    require(&now(member).await?, member.netuid(), hash).await?;
    let TextValidatorOptions { rounds, serving, limits, prompts, lengths, checked, tolerance } = options;
    let reputations = Arc::new(Reputations::open(member.state().file(REPUTATIONS))?);
    let drawing = ChallengeDraw { model: hash, prompts, lengths };
    let examiner = TextJudge::new(model, drawing, secret()?, reputations);
    let examiner =
        Arc::new(examiner.with_checked_tokens(checked).with_tolerance(tolerance).with_judgement_sink(telling));

    let mut dendrite = Dendrite::new(member.signer()).v1(rounds.v1).max_answer(rounds.max_answer);
    if let Some(ip) = rounds.seen_at {
        dendrite = dendrite.at(ip);
    }
    let validator = Validator::open(member, Arc::new(TextTask), Arc::clone(&examiner), rounds)?;
    let best = Arc::new(Best { board: validator.board(), member: member.clone() });
    let gate = Gate::new(Arc::new(dendrite), examiner, best, limits);
    let consumers = Consumers(member.table());
    let serving = AnnouncedAxon::start(member, serving, consumers, vec![gate.endpoint()]).await?;

    let stop = stop_or_change(member, hash, stop).shared();
    let serving = async { serving.run(stop.clone().map(drop)).await.map_err(RoleError::from) };
    let validating = async { validator.run(stop.clone().map(drop)).await.map_err(RoleError::from) };
    tokio::try_join!(serving, validating)?;
    why(stop.peek())
}

async fn now(member: &Member) -> Result<ChainState, PublishedModelError> {
    Ok(member.chain().at_finalised().await?)
}

/// What nobody else knows.
fn secret() -> Result<u64, RoleError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| RoleError::Randomness(error.to_string()))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Waits until it is to stop, or the subnet has another model; says why then.
async fn stop_or_change(
    member: &Member,
    model: ModelHash,
    stop: impl Future<Output = ()>,
) -> Option<Arc<PublishedModelError>> {
    tokio::select! {
        () = stop => None,
        why = change(member, model) => Some(Arc::new(why)),
    }
}

/// Waits until the subnet has another model.
async fn change(member: &Member, model: ModelHash) -> PublishedModelError {
    let mut seen = member.seen();
    let mut next = seen.borrow().block.saturating_add(POLL_INTERVAL);
    loop {
        if seen.changed().await.is_err() {
            // The subnet has ended, which others see and say.
            std::future::pending::<()>().await;
        }
        let block = seen.borrow_and_update().block;
        if block < next {
            continue;
        }
        next = block.saturating_add(POLL_INTERVAL);
        let looked = match now(member).await {
            Ok(now) => require(&now, member.netuid(), model).await.map(drop),
            Err(error) => Err(error),
        };
        match looked {
            // What was true stays true while the chain does not answer.
            Ok(()) | Err(PublishedModelError::Chain(_)) => {}
            Err(error) => return error,
        }
    }
}

fn why(stopped: Option<&Option<Arc<PublishedModelError>>>) -> Result<(), RoleError> {
    match stopped {
        Some(Some(error)) => Err(RoleError::Changed(Arc::clone(error))),
        _ => Ok(()),
    }
}

/// Serves everybody who signs, neurons of the subnet first, by stake. What strangers may ask is the gate's to say.
struct Consumers(Arc<MemoryDirectory>);

impl Rules for Consumers {
    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        Ok(self.0.seat(caller.hotkey).map(|seat| seat.stake.into()).unwrap_or_default())
    }
}

/// The best miners by what this validator found.
struct Best {
    board: Board,
    member: Member,
}

impl Candidates for Best {
    fn best(&self) -> Vec<Candidate> {
        let snapshot = self.member.snapshot();
        let candidate = |standing: BoardEntry| {
            let neuron = snapshot.neuron(standing.uid);
            Candidate {
                uid: standing.uid,
                peer: standing.peer,
                incentive: neuron.map_or(0, |neuron| neuron.incentive),
                consensus: neuron.map_or(0, |neuron| neuron.consensus),
            }
        };
        // Whoever has earned nothing is no answer to anybody.
        let has_earned = |standing: &BoardEntry| standing.score.is_some_and(|score| score.average > 0);
        self.board.standings().into_iter().filter(has_earned).map(candidate).collect()
    }
}
