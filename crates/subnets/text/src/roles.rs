//! The roles of the subnet on a real chain: the whole process of a miner or a validator, until it stops.

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
use myelin_neuron::{Caller, Directory, MemoryDirectory, Priority, PriorityError, Rules};
use myelin_primitives::BlockNumber;
use myelin_subnet_kit::{
    AnnouncedAxon, Board, BoardEntry, Member, Miner, MiningOptions, ServeError, ServingOptions, ValidateError,
    ValidatingOptions, Validator, mine as serve_miner,
};
use myelin_wire::strict::UnplacedRequests;
use std::{ops::RangeInclusive, sync::Arc};

/// The file of the reputations of miners.
const REPUTATIONS: &str = "reputations.json";

/// Blocks between two checks that the subnet still has the same model.
const POLL_INTERVAL: BlockNumber = 20;

/// The reason for which a role cannot begin, or ends.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// A subnet with another model, or without one.
    #[error(transparent)]
    Published(#[from] PublishedModelError),
    /// A change of the subnet's model.
    #[error("the subnet's model has changed: {0}")]
    Changed(Arc<PublishedModelError>),
    /// A failure of the axon.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A failure of the validator.
    #[error(transparent)]
    Validate(#[from] ValidateError),
    /// A failure to read or write the reputations of miners.
    #[error(transparent)]
    Reputations(#[from] ReputationsError),
    /// A system without randomness, on which miners could foresee the checks.
    #[error("the system gives no random numbers: {0}")]
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

/// The options of a validator of the text subnet.
#[derive(Clone, Debug)]
pub struct TextValidatorOptions {
    /// The options of challenges and weights.
    pub rounds: ValidatingOptions,
    /// The options of the axon that consumers ask.
    pub serving: ServingOptions,
    /// The limits of consumers.
    pub limits: GateLimits,
    /// The source of prompts.
    pub prompts: Prompts,
    /// The range of the number of tokens of a challenge.
    pub lengths: RangeInclusive<u16>,
    /// The number of recomputed tokens of an answer.
    pub checked: usize,
    /// The tolerance for honest miners.
    pub tolerance: Tolerance,
}

impl Default for TextValidatorOptions {
    /// Returns generated prompts, answers of 32 to 128 tokens, and the default number of checked tokens.
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

/// Mines until `stop`, or until the subnet has another model.
///
/// # Errors
/// [`RoleError::Published`] if the subnet has another model, [`RoleError::Changed`] if its model changed meanwhile,
/// [`RoleError::Serve`] if the axon fails.
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

/// Validates, and answers consumers, until `stop`, or until the subnet has another model.
///
/// `telling` receives all judgements.
///
/// # Errors
/// [`RoleError`] with the failure of the model, the axon, the validator, the reputations or the randomness.
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

    let dendrite = member.dendrite().v1(rounds.v1).max_answer(rounds.max_answer);
    let validator = Validator::open(member, Arc::new(TextTask), Arc::clone(&examiner), rounds)?;
    let best = Arc::new(Best { board: validator.board(), member: member.clone() });
    let gate = Gate::new(Arc::new(dendrite), examiner, best, limits);
    let consumers = Consumers(member.table());
    // A question that names no place could be asked again at another subnet of this validator.
    let serving = ServingOptions { unplaced: UnplacedRequests::Refused, ..serving };
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

/// Returns a secret random number.
fn secret() -> Result<u64, RoleError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| RoleError::Randomness(error.to_string()))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Waits for `stop`, or until the subnet has another model, and returns the reason in the second case.
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
            // The subnet has ended. Other tasks notice and report it.
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
            // The last known model counts while the chain does not answer.
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

/// Rules that serve each signed request, with neurons of the subnet first, by stake. The gate limits other consumers.
struct Consumers(Arc<MemoryDirectory>);

impl Rules for Consumers {
    fn priority(&self, caller: &Caller<'_>) -> Result<Priority, PriorityError> {
        Ok(self.0.seat(caller.hotkey).map(|seat| seat.stake.into()).unwrap_or_default())
    }

    fn has_seat(&self, caller: &Caller<'_>) -> bool {
        self.0.seat(caller.hotkey).is_some()
    }
}

/// The best miners by the scores of this validator.
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
        // A miner without a score is no candidate.
        let has_earned = |standing: &BoardEntry| standing.score.is_some_and(|score| score.average > 0);
        self.board.standings().into_iter().filter(has_earned).map(candidate).collect()
    }
}
